/* Filters: an expression over a row, such as `state established and dport 443 and not scope loopback`, with a small
 * grammar of its own (docs: berth-netstat(1), FILTERS) that takes ss's common words, too. */
#ifndef NETSTAT_FILTER_H
#define NETSTAT_FILTER_H

#include "source/source.h"

struct filter;

/* What is wrong with a text, and which part of it: bytes [at, at + length); length 0: at its end. */
struct filter_error {
	size_t at, length;
	char text[200];
};

/* 0 and *out; BERTH_EINVAL and *error; BERTH_ENOMEM. Depth and size are bounded: too long or too deep is an error, too.
 */
int filter_parse(const char *text, struct filter **out, struct filter_error *error);
struct filter *filter_free(struct filter *filter);

/* What must be known of a row before it can be matched: set of enum netstat_need. */
uint32_t filter_needs(const struct filter *filter);

bool filter_match(const struct filter *filter, const struct netstat_row *row);

/* Narrows protocols, states, families and ends of a request to what can match at all, so that a source need not walk
 * the rest. The filter has to be asked all the same. */
void filter_narrow(const struct filter *filter, struct netstat_request *request);

/* The filter says something about states: whoever asks for one wants to see it, be it a listener's or not. */
bool filter_has_state(const struct filter *filter);

#endif
