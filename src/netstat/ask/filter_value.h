/* Inside the reading of values: what filter_value.c and filter_end.c share. */
#ifndef NETSTAT_FILTER_VALUE_H
#define NETSTAT_FILTER_VALUE_H

#include "ask/filter_tree.h"

enum {
	FILTER_VALUE_TEXT = 256, /* room for any value that is no pattern */
	FILTER_SHOWN = 48,       /* as much of a word as a message has room for */
};

struct filter_range {
	uint64_t least, most;
};

struct filter_ranges {
	struct filter_range ranges[FILTER_RANGES_MAX];
	size_t n;
};

/* Says that the token is no value of the field, and what is. Returns BERTH_EINVAL. */
int filter_no_value(struct filter_values *values, const struct filter_field *field, const struct filter_token *token);

/* Decimal digits at p; what is behind them, or NULL: none, or too many. */
const char *filter_read_digits(const char *p, uint64_t *out);

/* A port, a range of them, or a service. 0, or BERTH_EINVAL and values->error. */
int filter_read_port(const struct filter_field *field, const struct filter_token *token, struct filter_ranges *ranges,
		     struct filter_values *values);

/* An address or a prefix, with or without a port: leaves. 0, or BERTH_EINVAL and values->error. */
int filter_read_end(const struct filter_field *field, const struct filter_token *token, struct filter_values *values);

#endif
