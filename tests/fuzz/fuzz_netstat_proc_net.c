/* Lines of /proc/net, each read as one of every file. What is read is a row that others may use. */
#include <string.h>

#include "fuzz.h"
#include "source/proc_net.h"

static void check_row(const struct netstat_row *row, enum netstat_protocol protocol)
{
	CHECK(row->protocol == protocol && row->state < NETSTAT_STATE_N);
	CHECK(*netstat_timer_name(row->timer));
	CHECK(netstat_unowned_text(row->unowned));
	CHECK(!row->has_age || row->ms_age <= 60000);
	CHECK(!row->tcp && !row->congestion);
	if (protocol != NETSTAT_UNIX)
		CHECK(row->family == BERTH_IP4 || row->family == BERTH_IP6);
}

static void check_line(const char *line, size_t n)
{
	struct netstat_row row;
	char path[PROC_NET_PATH_ROOM];

	for (unsigned protocol = NETSTAT_TCP; protocol <= NETSTAT_RAW; protocol++) {
		if (proc_net_inet_line(line, n, protocol, BERTH_IP4, &row))
			check_row(&row, protocol);
		if (proc_net_inet_line(line, n, protocol, BERTH_IP6, &row))
			check_row(&row, protocol);
	}
	if (proc_net_sctp_endpoint_line(line, n, &row))
		check_row(&row, NETSTAT_SCTP);
	if (proc_net_sctp_association_line(line, n, &row))
		check_row(&row, NETSTAT_SCTP);
	memset(path, 'x', sizeof(path));
	if (!proc_net_unix_line(line, n, &row, path))
		return;
	check_row(&row, NETSTAT_UNIX);
	CHECK(!row.path || strnlen(path, sizeof(path)) < sizeof(path));
	for (const char *c = row.path; c && *c; c++)
		CHECK((uint8_t)*c >= ' ' && *c != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *line = (const char *)data, *end = line + n;

	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		check_line(line, (size_t)((newline ? newline : end) - line));
		line = newline ? newline + 1 : end;
	}
	return 0;
}
