/* Which members of each kind of row a snapshot has, by which key and in which form. */
#ifndef HOST_SNAPSHOT_ROWS_H
#define HOST_SNAPSHOT_ROWS_H

#include "snapshot_field.h"

extern const struct snapshot_table snapshot_socket, snapshot_interface, snapshot_address, snapshot_route,
	snapshot_group, snapshot_neighbour, snapshot_dns, snapshot_search;

#endif
