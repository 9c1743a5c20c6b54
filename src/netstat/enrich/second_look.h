/* A second look at sockets that nobody seems to have. Processes and sockets are looked at one after the other: what
 * began or ended in between has no owner in the first look, and says nothing about the machine. */
#ifndef NETSTAT_SECOND_LOOK_H
#define NETSTAT_SECOND_LOOK_H

#include "process/process_table.h"
#include "source/source.h"

/* The sources once more: hands on the rows of all sockets that there are now. */
typedef int second_look_source(void *source, netstat_on_row *on_row, void *user);

/* Of the rows that are kept, those whose owner could not be found (NETSTAT_UNOWNED_ELSEWHERE) get the one that is found
 * now, with what `needs` wants to be known of it; what has ended meanwhile is NETSTAT_UNOWNED_CLOSED; the rest stays as
 * it is. When there is no such row nothing is looked at. `found`, unless NULL, is called for each that got an owner. 0;
 * what `found` or the source returned; an error of process_table_scan. */
int second_look(struct netstat_rows *rows, struct process_table *processes, enum process_way way, uint32_t needs,
		second_look_source *sources, void *source, netstat_on_row *found, void *user);

#endif
