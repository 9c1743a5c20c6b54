/* The kernel's numbers for states: all protocols use those of TCP, and those that have no connections two of them. */
#include "source/state.h"

static const uint8_t states[] = {
	[KERNEL_ESTABLISHED] = NETSTAT_STATE_ESTABLISHED,
	[KERNEL_SYN_SENT] = NETSTAT_STATE_SYN_SENT,
	[KERNEL_SYN_RECV] = NETSTAT_STATE_SYN_RECEIVED,
	[KERNEL_FIN_WAIT1] = NETSTAT_STATE_FIN_WAIT_1,
	[KERNEL_FIN_WAIT2] = NETSTAT_STATE_FIN_WAIT_2,
	[KERNEL_TIME_WAIT] = NETSTAT_STATE_TIME_WAIT,
	[KERNEL_CLOSE] = NETSTAT_STATE_CLOSED,
	[KERNEL_CLOSE_WAIT] = NETSTAT_STATE_CLOSE_WAIT,
	[KERNEL_LAST_ACK] = NETSTAT_STATE_LAST_ACK,
	[KERNEL_LISTEN] = NETSTAT_STATE_LISTEN,
	[KERNEL_CLOSING] = NETSTAT_STATE_CLOSING,
	[KERNEL_NEW_SYN_RECV] = NETSTAT_STATE_SYN_RECEIVED,
};

enum {
	N_STATES = sizeof(states) / sizeof(states[0]),
};

static bool has_connections(enum netstat_protocol protocol)
{
	return protocol == NETSTAT_TCP || protocol == NETSTAT_MPTCP || protocol == NETSTAT_SCTP ||
	       protocol == NETSTAT_DCCP;
}

bool kernel_state_read(enum netstat_protocol protocol, unsigned number, uint8_t *state)
{
	if (number < KERNEL_ESTABLISHED || number >= N_STATES)
		return false;
	*state = states[number];
	/* Of those without connections "closed" says no more than that they have no peer. */
	if (!has_connections(protocol) && *state != NETSTAT_STATE_ESTABLISHED &&
	    (*state != NETSTAT_STATE_LISTEN || protocol != NETSTAT_UNIX))
		*state = NETSTAT_STATE_OPEN;
	return true;
}

/* include/net/sctp/constants.h. TCP has most of them under other names: whoever shuts down waits until what it sent has
 * arrived (pending), then for the peer (sent); the peer the same way (received), then for the last word (acknowledged):
 * RFC 9260 section 9.2. */
bool kernel_state_read_association(unsigned number, uint8_t *state)
{
	static const uint8_t associations[] = {
		NETSTAT_STATE_CLOSED,      /* closed */
		NETSTAT_STATE_SYN_SENT,    /* cookie waited for */
		NETSTAT_STATE_SYN_SENT,    /* cookie echoed */
		NETSTAT_STATE_ESTABLISHED, /* established */
		NETSTAT_STATE_FIN_WAIT_1,  /* shutdown pending */
		NETSTAT_STATE_FIN_WAIT_2,  /* shutdown sent */
		NETSTAT_STATE_CLOSE_WAIT,  /* shutdown received */
		NETSTAT_STATE_LAST_ACK,    /* shutdown acknowledged */
	};

	if (number >= sizeof(associations))
		return false;
	*state = associations[number];
	return true;
}

uint32_t kernel_state_set(enum netstat_protocol protocol, uint32_t set)
{
	uint32_t numbers = 0;
	uint8_t state;

	for (unsigned number = KERNEL_ESTABLISHED; number < N_STATES; number++)
		if (kernel_state_read(protocol, number, &state) && (set & NETSTAT_BIT(state)))
			numbers |= NETSTAT_BIT(number);
	return numbers;
}

enum netstat_unowned kernel_state_unowned(enum netstat_protocol protocol, uint8_t state)
{
	if (!has_connections(protocol))
		return NETSTAT_OWNED;
	switch ((enum netstat_state)state) {
	case NETSTAT_STATE_TIME_WAIT:
		return NETSTAT_UNOWNED_TIMEWAIT;
	case NETSTAT_STATE_SYN_RECEIVED:
	case NETSTAT_STATE_ESTABLISHED:
	case NETSTAT_STATE_CLOSE_WAIT:
		/* A program that closes leaves none of these behind: it is one that nobody has accepted. */
		return NETSTAT_UNOWNED_WAITING;
	case NETSTAT_STATE_FIN_WAIT_1:
	case NETSTAT_STATE_FIN_WAIT_2:
	case NETSTAT_STATE_CLOSING:
	case NETSTAT_STATE_LAST_ACK:
	case NETSTAT_STATE_CLOSED:
		return NETSTAT_UNOWNED_CLOSED;
	case NETSTAT_STATE_LISTEN:
	case NETSTAT_STATE_SYN_SENT:
	case NETSTAT_STATE_OPEN:
	case NETSTAT_STATE_N:
		break;
	}
	return NETSTAT_OWNED;
}
