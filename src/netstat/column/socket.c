/* What columns say of any socket: protocol, state, queues, timer, where it lives, and what was found about it. */
#include "finding.h"
#include "say.h"

#include <sys/socket.h>

/* A word with its length, as the columns of every listing are said of each row. */
struct word {
	const char *text;
	uint8_t n;
};
#define WORD(text)                                                                                                     \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}

static void say_word(struct cell *cell, struct word word)
{
	cell_plain(cell, word.text, word.n);
}

/* ---- what every listing has ---- */

/* As net-tools has it: with a 6 behind it for IPv6. */
void say_proto(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	static const struct word names[] = {
#define X(name, text) WORD(text),
		NETSTAT_PROTOCOL_MAP(X)
#undef X
	};
	static const struct word names_ip6[] = {
#define X(name, text) WORD(text "6"),
		NETSTAT_PROTOCOL_MAP(X)
#undef X
	};

	if (row->protocol >= NETSTAT_PROTOCOL_N)
		cell_none(cell);
	else
		say_word(cell, (row->family == BERTH_IP6 ? names_ip6 : names)[row->protocol]);
}

void say_protocol(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_word(cell, netstat_protocol_name(row->protocol));
}

void say_family(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_word(cell, row->family == BERTH_IP4 ? "ipv4" : row->family == BERTH_IP6 ? "ipv6" : "");
}

void say_recv_q(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_number(cell, row->recv_q);
}

void say_send_q(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_number(cell, row->send_q);
}

/* A socket that is just open has no state to show, which is a text, too: "". */
void say_state(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	static const struct word names[] = {
#define X(name, text) WORD(text),
		NETSTAT_STATE_MAP(X)
#undef X
	};

	if (row->protocol == NETSTAT_UNIX || row->state >= NETSTAT_STATE_N) {
		const char *name = netstat_state_name(row);
		cell_plain(cell, name, strlen(name));
	} else {
		say_word(cell, names[row->state]);
	}
}

/* ---- the timer ---- */

void say_timer_kind(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_word(cell, row->protocol == NETSTAT_UNIX ? "" : netstat_timer_name(row->timer));
}

void say_timer_ms(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	if (row->protocol == NETSTAT_UNIX || row->timer == NETSTAT_TIMER_OFF)
		cell_none(cell);
	else
		cell_duration_ms(cell, row->ms_timer);
}

void say_timer_count(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	if (row->protocol == NETSTAT_UNIX || row->timer == NETSTAT_TIMER_OFF)
		cell_none(cell);
	else
		cell_number(cell, row->timer_count);
}

/* net-tools' "keepalive (6176.47/0/0)": seconds, retransmissions, probes. The kernel counts probes when it is probing
 * and retransmissions otherwise. */
void say_timer(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	bool probing = row->timer == NETSTAT_TIMER_KEEPALIVE || row->timer == NETSTAT_TIMER_PROBE;
	uint64_t centiseconds = row->timer == NETSTAT_TIMER_OFF ? 0 : row->ms_timer / 10;
	char fraction[] = {'.', (char)('0' + centiseconds / 10 % 10), (char)('0' + centiseconds % 10), '/'};

	if (row->protocol == NETSTAT_UNIX) {
		cell_none(cell);
		return;
	}
	char *at = cell_put_text(cell, cell->buffer, netstat_timer_name(row->timer));
	at = cell_put_text(cell, at, " (");
	at = cell_put_number(cell, at, centiseconds / 100);
	at = cell_put(cell, at, fraction, sizeof(fraction));
	at = cell_put_number(cell, at, probing ? 0 : row->timer_count);
	at = cell_put_text(cell, at, "/");
	at = cell_put_number(cell, at, probing ? row->timer_count : 0);
	cell_done(cell, cell_put_text(cell, at, ")"), true);
}

/* Unix sockets, which have none, come last. */
int compare_timer(const struct netstat_row *a, const struct netstat_row *b)
{
	int unix_sockets = (a->protocol == NETSTAT_UNIX) - (b->protocol == NETSTAT_UNIX);

	if (unix_sockets || a->timer != b->timer)
		return unix_sockets ? unix_sockets : (int)a->timer - (int)b->timer;
	return (a->ms_timer > b->ms_timer) - (a->ms_timer < b->ms_timer);
}

/* ---- where it lives ---- */

void say_host(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_text(cell, row->host ? row->host : "kernel");
}

/* netstat's own has no name unless a better one is known. */
void say_namespace(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_text(cell, row->ns && *row->ns->name ? row->ns->name : NULL);
}

void say_interface(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	if (row->interface_name)
		cell_text(cell, row->interface_name);
	else if (row->interface)
		cell_done(cell, cell_put_number(cell, cell->buffer, row->interface), true);
	else
		cell_none(cell);
}

void say_inode(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_number_known(cell, row->inode);
}

void say_cookie(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_number_known(cell, row->cookie);
}

/* ---- what else its source knows ---- */

void say_age(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	if (row->has_age)
		cell_duration_ms(cell, row->ms_age);
	else
		cell_none(cell);
}

void say_drops(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_number(cell, row->drops);
}

void say_mark(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_number_known(cell, row->mark);
}

void say_v6only(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	if (row->family == BERTH_IP6)
		cell_bool(cell, row->v6only);
	else
		cell_none(cell);
}

void say_congestion(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_text(cell, row->congestion && *row->congestion ? row->congestion : NULL);
}

void say_direction(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_word(cell, netstat_direction_name(row->direction));
}

/* ---- Unix sockets ---- */

void say_type(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	switch (row->unix_type) {
	case SOCK_STREAM:
		cell_word(cell, "STREAM");
		break;
	case SOCK_DGRAM:
		cell_word(cell, "DGRAM");
		break;
	case SOCK_SEQPACKET:
		cell_word(cell, "SEQPACKET");
		break;
	default:
		cell_none(cell);
	}
}

void say_path(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_text(cell, row->path);
}

void say_peer(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_number_known(cell, row->peer_inode);
}

/* ---- what was found about it ---- */

void say_findings(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	char *at = cell->buffer;

	for (unsigned i = 0; i < FINDING_N; i++) {
		if (!(row->findings >> i & 1))
			continue;
		if (at > cell->buffer)
			at = cell_put_text(cell, at, ",");
		at = cell_put_text(cell, at, finding_id((enum finding)i));
	}
	if (at > cell->buffer)
		cell_done(cell, at, true);
	else
		cell_none(cell);
}

void say_explanation(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_text(cell, row->explanation);
}
