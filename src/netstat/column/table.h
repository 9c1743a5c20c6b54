/* The table of columns, for column.c alone. */
#ifndef NETSTAT_COLUMN_TABLE_H
#define NETSTAT_COLUMN_TABLE_H

#include "column.h"

struct column_list {
	const struct column *columns;
	size_t n;
};

/* Those that have a name for everybody. */
extern const struct column_list columns_known;

/* Those that only stand for another when it is taken apart for machines: found here before among the known ones. */
extern const struct column_list columns_of_machines;

#endif
