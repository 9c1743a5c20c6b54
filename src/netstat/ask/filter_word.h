/* Words as values: what all readers of values (filter_value.c, filter_end.c) share. */
#ifndef NETSTAT_FILTER_WORD_H
#define NETSTAT_FILTER_WORD_H

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

static inline bool filter_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Decimal digits at p; what is behind them, or NULL: none, or too many. */
const char *filter_read_digits(const char *p, uint64_t *out);

#endif
