/* The lines of snapshots: what one is read from is written and read again as the same, and carries no control
 * character. */
#include <string.h>

#include <berth/snapshot.h>

#include "fuzz.h"

static void check_plain(const char *text)
{
	for (; *text; text++)
		CHECK((uint8_t)*text >= ' ' && *text != 0x7f);
}

static void check_line(const char *line, size_t n)
{
	CHECK(n == strlen(line) && n < BERTH_SNAPSHOT_LINE && line[n - 1] == '\n');
	CHECK(strchr(line, '\n') == line + n - 1);
}

static void check_socket(const struct berth_socket_row *row)
{
	struct berth_snapshot_item again;
	char line[BERTH_SNAPSHOT_LINE], twice[BERTH_SNAPSHOT_LINE];

	check_plain(row->congestion);
	check_line(line, berth_snapshot_write_socket(row, line));
	memcpy(twice, line, sizeof(twice));
	CHECK(berth_snapshot_parse(twice, &again) == BERTH_SNAPSHOT_SOCKET);
	berth_snapshot_write_socket(&again.row, twice);
	CHECK(!strcmp(line, twice));
	CHECK(!memcmp(&row->recv_queue, &again.row.recv_queue,
		      offsetof(struct berth_socket_row, congestion) - offsetof(struct berth_socket_row, recv_queue)));
}

/* The line of what a row of this kind is. */
static size_t write_row(int kind, const struct berth_snapshot_item *item, char *out)
{
	switch (kind) {
	case BERTH_SNAPSHOT_INTERFACE:
		return berth_snapshot_write_interface(&item->interface, out);
	case BERTH_SNAPSHOT_ADDRESS:
		return berth_snapshot_write_address(&item->address, out);
	case BERTH_SNAPSHOT_ROUTE:
		return berth_snapshot_write_route(&item->route, out);
	case BERTH_SNAPSHOT_GROUP:
		return berth_snapshot_write_group(&item->group, out);
	case BERTH_SNAPSHOT_NEIGHBOUR:
		return berth_snapshot_write_neighbour(&item->neighbour, out);
	case BERTH_SNAPSHOT_DNS:
		return berth_snapshot_write_dns(&item->dns, out);
	case BERTH_SNAPSHOT_SEARCH:
		return berth_snapshot_write_search(&item->search, out);
	default:
		CHECK(kind == BERTH_EPROTO || kind == BERTH_EPROTONOSUPPORT || kind == BERTH_SNAPSHOT_UNKNOWN ||
		      kind == BERTH_SNAPSHOT_END);
		return 0;
	}
}

static void check_row(int kind, const struct berth_snapshot_item *item)
{
	struct berth_snapshot_item again;
	char line[BERTH_SNAPSHOT_LINE], twice[BERTH_SNAPSHOT_LINE];
	size_t n = write_row(kind, item, line);

	if (!n)
		return;
	check_line(line, n);
	memcpy(twice, line, sizeof(twice));
	CHECK(berth_snapshot_parse(twice, &again) == kind);
	write_row(kind, &again, twice);
	CHECK(!strcmp(line, twice));
}

static void check_head(const struct berth_snapshot_head *head)
{
	struct berth_snapshot_item again;
	char line[BERTH_SNAPSHOT_LINE];

	check_plain(head->host);
	check_line(line, berth_snapshot_write_head(head, line));
	CHECK(berth_snapshot_parse(line, &again) == BERTH_SNAPSHOT_HEAD);
	CHECK(again.head.pid == head->pid && !strcmp(again.head.host, head->host));
}

static void check_counter(const struct berth_counter *counter)
{
	char line[BERTH_SNAPSHOT_LINE];

	check_plain(counter->name);
	check_line(line, berth_snapshot_write_counter(counter, line));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1), *line = text;
	struct berth_snapshot_item item;

	CHECK(text);
	memcpy(text, data, n);
	text[n] = 0;
	while (line) {
		char *newline = strchr(line, '\n');
		int kind;

		if (newline)
			*newline = 0;
		kind = berth_snapshot_parse(line, &item);
		if (kind == BERTH_SNAPSHOT_SOCKET)
			check_socket(&item.row);
		else if (kind == BERTH_SNAPSHOT_HEAD)
			check_head(&item.head);
		else if (kind == BERTH_SNAPSHOT_COUNTER)
			check_counter(&item.counter);
		else
			check_row(kind, &item);
		line = newline ? newline + 1 : NULL;
	}
	free(text);
	return 0;
}
