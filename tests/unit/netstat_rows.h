/* Rows and processes for tests of what is found out about them. */
#ifndef TESTS_NETSTAT_ROWS_H
#define TESTS_NETSTAT_ROWS_H

#include "row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* A row between two socket addresses as text; NULL: none. */
static inline struct netstat_row row_of(uint8_t protocol, uint8_t state, const char *local, const char *foreign)
{
	struct netstat_row row = {.protocol = protocol, .state = state};

	if (local)
		assert_int_equal(berth_socket_address_parse(local, &row.local), 0);
	if (foreign)
		assert_int_equal(berth_socket_address_parse(foreign, &row.foreign), 0);
	row.family = row.local.address.family;
	return row;
}

/* The row belongs to these owners; the array is borrowed. */
static inline struct netstat_row owned(struct netstat_row row, const struct netstat_owner *owners, uint32_t n)
{
	row.owners = owners;
	row.n_owners = n;
	return row;
}

static inline struct netstat_row directed(struct netstat_row row, uint8_t direction)
{
	row.direction = direction;
	return row;
}

#endif
