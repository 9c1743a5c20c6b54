/* Who opened a connection: by the state where that says it, by the sum of sequence numbers where they are known, else
 * by listeners and ports. direction.h has the argument. */
#include "enrich/direction.h"

enum {
	FIRST_EPHEMERAL = 32768, /* Linux's default; those of RFC 6335 section 6 begin later */
};

static bool is_connection(const struct netstat_row *row)
{
	switch ((enum netstat_protocol)row->protocol) {
	case NETSTAT_TCP:
	case NETSTAT_MPTCP:
	case NETSTAT_SCTP:
	case NETSTAT_DCCP:
		break;
	case NETSTAT_UDP:
	case NETSTAT_UDPLITE:
	case NETSTAT_RAW:
	case NETSTAT_UNIX:
	case NETSTAT_PROTOCOL_N:
		return false;
	}
	return row->state != NETSTAT_STATE_LISTEN && row->state != NETSTAT_STATE_CLOSED &&
	       row->state != NETSTAT_STATE_OPEN && netstat_row_has_peer(row);
}

/* A FIN is the last thing in the queue: it was sent when nothing there is unsent. */
static bool fin_sent(const struct netstat_row *row)
{
	switch (row->state) {
	case NETSTAT_STATE_FIN_WAIT_1:
	case NETSTAT_STATE_FIN_WAIT_2:
	case NETSTAT_STATE_CLOSING:
	case NETSTAT_STATE_LAST_ACK:
		return row->tcp->notsent == 0;
	default:
		return false;
	}
}

/* UNKNOWN when the numbers are not there or do not add up. All of them are taken modulo 2^64, as differences. */
static enum netstat_direction by_sum(const struct netstat_row *row)
{
	const struct netstat_tcp *tcp = row->tcp;

	if (!tcp || !tcp->has_bytes || row->state == NETSTAT_STATE_TIME_WAIT)
		return NETSTAT_DIRECTION_UNKNOWN;
	uint64_t sum = tcp->bytes_acked + (row->send_q - tcp->notsent) - tcp->bytes_sent - fin_sent(row);
	if (sum > 1)
		return NETSTAT_DIRECTION_UNKNOWN;
	return sum ? NETSTAT_DIRECTION_OUT : NETSTAT_DIRECTION_IN;
}

/* Only the kernel has it: nothing but its addresses is left. FIN_WAIT2 becomes such, too, when its program is gone. */
static bool is_remains(const struct netstat_row *row)
{
	return row->state == NETSTAT_STATE_TIME_WAIT || (row->state == NETSTAT_STATE_FIN_WAIT_2 && !row->tcp);
}

static enum netstat_direction by_listener(const struct netstat_row *row)
{
	if (row->listener || row->foreign_listens) {
		if (row->listener && row->foreign_listens)
			return NETSTAT_DIRECTION_UNKNOWN;
		return row->listener ? NETSTAT_DIRECTION_IN : NETSTAT_DIRECTION_OUT;
	}
	if (!is_remains(row) && row->local.port >= FIRST_EPHEMERAL && row->foreign.port < FIRST_EPHEMERAL)
		return NETSTAT_DIRECTION_OUT;
	return NETSTAT_DIRECTION_UNKNOWN;
}

void direction_enrich(struct netstat_row *row, bool has_listeners)
{
	enum netstat_direction direction;

	if (!is_connection(row)) {
		row->direction = NETSTAT_DIRECTION_NONE;
		return;
	}
	if (row->state == NETSTAT_STATE_SYN_SENT) {
		row->direction = NETSTAT_DIRECTION_OUT;
		return;
	}
	direction = by_sum(row);
	/* A simultaneous open (RFC 9293 section 3.5) is in SYN_RECV as well, with numbers that say OUT. */
	if (row->state == NETSTAT_STATE_SYN_RECEIVED && direction != NETSTAT_DIRECTION_OUT)
		direction = NETSTAT_DIRECTION_IN;
	else if (direction == NETSTAT_DIRECTION_UNKNOWN && has_listeners)
		direction = by_listener(row);
	row->direction = (uint8_t)direction;
}
