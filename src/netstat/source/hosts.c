/* The sockets of running berth hosts.
 *
 * Each host's snapshot comes socket by socket in the order in which they were opened. It is kept until its end, so that
 * what listens can come first and what was cut short is said once, then handed on, and forgotten. */
#include "source/host_items.h"
#include "source/source.h"

#include <berth/error.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The whole of a hosts_rows. */
struct reading {
	const struct netstat_request *request;
	netstat_on_row *on_row;
	void *user;
	struct berth_socket_row *rows; /* of the host being read */
	size_t n, room;
};

/* ---- one row ---- */

static uint8_t state_of(const struct berth_socket_row *from)
{
	if (from->protocol == BERTH_PROTOCOL_TCP)
		return from->state;
	return from->foreign.port || (from->foreign.address.family && !berth_address_is_any(&from->foreign.address))
		       ? NETSTAT_STATE_ESTABLISHED
		       : NETSTAT_STATE_OPEN;
}

static uint8_t family_of(const struct berth_socket_row *from)
{
	if (from->local.address.family)
		return from->local.address.family;
	return from->foreign.address.family ? from->foreign.address.family : BERTH_IP4;
}

static struct netstat_tcp tcp_of(const struct berth_socket_row *from)
{
	return (struct netstat_tcp){
		.ns_srtt = from->ns_srtt,
		.ns_rttvar = from->ns_rttvar,
		.ns_rto = from->ns_rto,
		.cwnd = from->cwnd,
		.ssthresh = from->ssthresh,
		.snd_wnd = from->snd_wnd,
		.rcv_wnd = from->rcv_wnd,
		.mss = from->mss,
		.bytes_sent = from->bytes_sent,
		.bytes_received = from->bytes_received,
		.bytes_retransmitted = from->bytes_retransmitted,
		.segments_sent = from->segments_sent,
		.segments_received = from->segments_received,
		.segments_retransmitted = from->segments_retransmitted,
		.delivery_rate = from->delivery_rate,
	};
}

static struct netstat_row row_of(const struct berth_socket_row *from)
{
	return (struct netstat_row){
		.protocol = from->protocol == BERTH_PROTOCOL_TCP ? NETSTAT_TCP : NETSTAT_UDP,
		.state = state_of(from),
		.family = family_of(from),
		.local = from->local,
		.foreign = from->foreign,
		.recv_q = from->recv_queue,
		.send_q = from->send_queue,
		.drops = from->drops,
		.congestion = from->congestion[0] ? from->congestion : NULL,
	};
}

/* Whatever has no descriptor any more is still the process's: it is the host. */
static int hand_on(const struct reading *reading, const struct berth_snapshot_head *head,
		   const struct berth_socket_row *from)
{
	const struct netstat_process process = {.pid = (int)head->pid, .uid = geteuid(), .program = ""};
	const struct netstat_owner owner = {.process = &process, .descriptor = from->descriptor};
	const struct netstat_tcp tcp = tcp_of(from);
	struct netstat_row row = row_of(from);

	if (!netstat_wants(reading->request, row.protocol, row.family, row.state))
		return 0;
	row.host = head->host;
	/* Only hosts of the user's own are read. */
	row.uid = process.uid;
	row.has_uid = true;
	/* It lives for this call only; who asks for owners has the table of processes put a lasting one in its place.
	 */
	if (reading->request->needs & NETSTAT_NEED_OWNERS) {
		row.owners = &owner;
		row.n_owners = 1;
	}
	/* A listener has sent nothing, and has no round trips. */
	if (row.protocol == NETSTAT_TCP && row.state != NETSTAT_STATE_LISTEN &&
	    (reading->request->needs & NETSTAT_NEED_TCP))
		row.tcp = &tcp;
	return reading->on_row(reading->user, &row);
}

/* ---- a host ---- */

static int compare_places(const struct berth_socket_address *a, const struct berth_socket_address *b)
{
	int order = (int)a->port - (int)b->port;

	return order ? order : memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes));
}

static bool waits(const struct berth_socket_row *row)
{
	uint8_t state = state_of(row);

	return state == NETSTAT_STATE_LISTEN || state == NETSTAT_STATE_OPEN;
}

/* By protocol, those that wait for a peer first, then by local port. */
static int compare_rows(const void *a, const void *b)
{
	const struct berth_socket_row *x = a, *y = b;
	int order = (int)x->protocol - (int)y->protocol;

	if (!order)
		order = (int)waits(y) - (int)waits(x);
	if (!order)
		order = (int)x->local.port - (int)y->local.port;
	if (!order)
		order = compare_places(&x->foreign, &y->foreign);
	return order ? order : compare_places(&x->local, &y->local);
}

static int host_end(struct reading *reading, const struct berth_snapshot_head *head)
{
	int r = 0;

	if (reading->n)
		qsort(reading->rows, reading->n, sizeof(*reading->rows), compare_rows);
	for (size_t i = 0; i < reading->n && r == 0; i++)
		r = hand_on(reading, head, &reading->rows[i]);
	return r;
}

static int host_socket(struct reading *reading, const struct berth_socket_row *row)
{
	if (row->protocol != BERTH_PROTOCOL_TCP && row->protocol != BERTH_PROTOCOL_UDP)
		return 0;
	if (row->protocol == BERTH_PROTOCOL_TCP && row->state >= BERTH_TCP_STATE_N)
		return 0;
	if (reading->n == reading->room) {
		size_t room = reading->room ? 2 * reading->room : 64;
		struct berth_socket_row *rows = reallocarray(reading->rows, room, sizeof(*rows));
		if (!rows)
			return BERTH_ENOMEM;
		reading->rows = rows;
		reading->room = room;
	}
	reading->rows[reading->n++] = *row;
	return 0;
}

static int on_item(void *user, const struct berth_snapshot_head *head, int kind, const struct berth_snapshot_item *item)
{
	struct reading *reading = user;

	if (kind == BERTH_SNAPSHOT_SOCKET)
		return host_socket(reading, &item->row);
	if (kind == BERTH_SNAPSHOT_END)
		return host_end(reading, head);
	if (kind == BERTH_SNAPSHOT_HEAD)
		reading->n = 0;
	return 0;
}

int hosts_rows(const struct netstat_request *request, const char *name, netstat_on_row *on_row, void *user,
	       size_t *n_hosts)
{
	const struct host_items_query query = {.name = name, .warn = request->warn, .warn_user = request->warn_user};
	struct reading reading = {.request = request, .on_row = on_row, .user = user};
	int r = host_items(&query, on_item, &reading, n_hosts);

	free(reading.rows);
	return r;
}
