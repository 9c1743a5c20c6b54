/* Values that are ends of a conversation: ports and addresses. */
#ifndef NETSTAT_FILTER_END_H
#define NETSTAT_FILTER_END_H

#include "ask/filter_word.h"

/* A port, a range of them, or a service. 0, or BERTH_EINVAL and values->error. */
int filter_read_port(const struct filter_field *field, const struct filter_token *token, struct filter_ranges *ranges,
		     struct filter_values *values);

/* An address or a prefix, with or without a port: leaves. 0, or BERTH_EINVAL and values->error. */
int filter_read_end(const struct filter_field *field, const struct filter_token *token, struct filter_values *values);

#endif
