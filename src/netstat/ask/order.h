/* The order of rows, and the first of them: `--sort recv_q,-rtt`, `--top N`. */
#ifndef NETSTAT_ORDER_H
#define NETSTAT_ORDER_H

#include "column.h"

#define ORDER_KEYS_MAX 8u

struct order {
	const struct column *keys[ORDER_KEYS_MAX];
	bool descending[ORDER_KEYS_MAX];
	size_t n;
};

/* "recv_q,-rtt": '-' is the greatest first. 0, or BERTH_EINVAL, *out untouched, and *at, *length: which part of the
 * text names no column, or is one too many. */
int order_parse(const char *text, struct order *out, size_t *at, size_t *length);
uint32_t order_needs(const struct order *order);

/* Sorts; rows that are equal stay as they are, and those that say nothing in a column come after those that do, either
 * way. When top is not 0 and less than rows->n, only the first `top` are left
 * (the others stay allocated). Faster than sorting all when top is small. 0 or BERTH_ENOMEM. */
int order_apply(const struct order *order, struct netstat_rows *rows, size_t top);

#endif
