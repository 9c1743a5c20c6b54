/* Snapshots of running hosts: the host's rows, kind after kind, and the line of each. */
#include "control_text.h"

#include <stdio.h>
#include <unistd.h>

/* Each writes the line at the cursor and moves it; 0: there are no more. */
typedef size_t line_writer(struct berth_host *host, berth_time now, uint64_t *cursor, char *out);

static size_t head_line(struct berth_host *host, berth_time now, uint64_t *cursor, char *out)
{
	struct berth_snapshot_head head = {.pid = getpid()};

	if ((*cursor)++)
		return 0;
	snprintf(head.host, sizeof(head.host), "%s", berth_host_name(host));
	return berth_snapshot_write_head(&head, out);
}

static size_t interface_line(struct berth_host *host, berth_time now, uint64_t *cursor, char *out)
{
	struct berth_interface_row row;

	return berth_host_interface_next(host, cursor, &row) ? berth_snapshot_write_interface(&row, out) : 0;
}

static size_t address_line(struct berth_host *host, berth_time now, uint64_t *cursor, char *out)
{
	struct berth_address_row row;

	return berth_host_address_next(host, now, cursor, &row) ? berth_snapshot_write_address(&row, out) : 0;
}

static size_t route_line(struct berth_host *host, berth_time now, uint64_t *cursor, char *out)
{
	struct berth_route_row row;

	return berth_host_route_next(host, now, cursor, &row) ? berth_snapshot_write_route(&row, out) : 0;
}

static size_t group_line(struct berth_host *host, berth_time now, uint64_t *cursor, char *out)
{
	struct berth_group_row row;

	return berth_host_group_next(host, cursor, &row) ? berth_snapshot_write_group(&row, out) : 0;
}

static size_t neighbour_line(struct berth_host *host, berth_time now, uint64_t *cursor, char *out)
{
	struct berth_neighbour_row row;

	return berth_host_neighbour_next(host, now, cursor, &row) ? berth_snapshot_write_neighbour(&row, out) : 0;
}

static size_t dns_line(struct berth_host *host, berth_time now, uint64_t *cursor, char *out)
{
	struct berth_dns_row row;

	return berth_host_dns_next(host, now, cursor, &row) ? berth_snapshot_write_dns(&row, out) : 0;
}

static size_t search_line(struct berth_host *host, berth_time now, uint64_t *cursor, char *out)
{
	struct berth_search_row row;

	return berth_host_search_next(host, now, cursor, &row) ? berth_snapshot_write_search(&row, out) : 0;
}

static size_t socket_line(struct berth_host *host, berth_time now, uint64_t *cursor, char *out)
{
	struct berth_socket_row row;

	return berth_host_snapshot_next(host, cursor, &row) ? berth_snapshot_write_socket(&row, out) : 0;
}

static size_t counter_line(struct berth_host *host, berth_time now, uint64_t *cursor, char *out)
{
	struct berth_counter row;

	return berth_host_counter(host, (size_t)(*cursor)++, &row) ? berth_snapshot_write_counter(&row, out) : 0;
}

static size_t end_line(struct berth_host *host, berth_time now, uint64_t *cursor, char *out)
{
	return (*cursor)++ ? 0 : berth_snapshot_write_end(out);
}

size_t control_text_line(struct control_text *text, struct berth_host *host, berth_time now, char *out)
{
	static line_writer *const stages[] = {
		head_line, interface_line, address_line, route_line,   group_line, neighbour_line,
		dns_line,  search_line,    socket_line,  counter_line, end_line,
	};

	for (; text->stage < sizeof(stages) / sizeof(stages[0]); text->stage++) {
		size_t n = stages[text->stage](host, now, &text->cursor, out);

		if (n)
			return n;
		text->cursor = 0;
	}
	return 0;
}
