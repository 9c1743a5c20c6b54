/* The words that a filter's sets are made of, and those of them that may stand alone.
 *
 * Words are compared as filter_word makes them: lower case, '-' for '_'. States have ss's spellings and net-tools'; the
 * groups of states are ss's. */
#include "ask/filter_name.h"

#include "finding.h"

#include <string.h>

#define STATE(name) NETSTAT_BIT(NETSTAT_STATE_##name)
#define CONNECTED (NETSTAT_ALL_STATES & ~(STATE(LISTEN) | STATE(CLOSED) | STATE(OPEN)))
#define BUCKET (STATE(SYN_RECEIVED) | STATE(TIME_WAIT))

const struct filter_name filter_states[] = {
	{"established", STATE(ESTABLISHED)},
	{"syn-sent", STATE(SYN_SENT)},
	{"syn-recv", STATE(SYN_RECEIVED)},
	{"syn-received", STATE(SYN_RECEIVED)},
	{"syn-rcvd", STATE(SYN_RECEIVED)},
	{"fin-wait-1", STATE(FIN_WAIT_1)},
	{"fin-wait1", STATE(FIN_WAIT_1)},
	{"fin-wait-2", STATE(FIN_WAIT_2)},
	{"fin-wait2", STATE(FIN_WAIT_2)},
	{"time-wait", STATE(TIME_WAIT)},
	{"closed", STATE(CLOSED)},
	{"close", STATE(CLOSED)},
	{"close-wait", STATE(CLOSE_WAIT)},
	{"last-ack", STATE(LAST_ACK)},
	{"listening", STATE(LISTEN)},
	{"listen", STATE(LISTEN)},
	{"closing", STATE(CLOSING)},
	{"open", STATE(OPEN)},
	{"unconnected", STATE(OPEN)},
	{"unconn", STATE(OPEN)},
	{"all", NETSTAT_ALL_STATES},
	{"connected", CONNECTED},
	{"synchronized", CONNECTED & ~STATE(SYN_SENT)},
	{"bucket", BUCKET},
	{"big", NETSTAT_ALL_STATES & ~BUCKET},
	{0},
};

const struct filter_name filter_protocols[] = {
#define X(name, text) {text, NETSTAT_BIT(NETSTAT_##name)},
	NETSTAT_PROTOCOL_MAP(X)
#undef X
		{0},
};

const struct filter_name filter_families[] = {
	{"inet", NETSTAT_IP4},        {"inet6", NETSTAT_IP6},
	{"ipv4", NETSTAT_IP4},        {"ipv6", NETSTAT_IP6},
	{"ip4", NETSTAT_IP4},         {"ip6", NETSTAT_IP6},
	{"unix", FILTER_FAMILY_UNIX}, {"4", NETSTAT_IP4},
	{"6", NETSTAT_IP6},           {0},
};

const struct filter_name filter_scopes[] = {
	{"any", NETSTAT_BIT(NETSTAT_SCOPE_ANY)},       {"loopback", NETSTAT_BIT(NETSTAT_SCOPE_LOOPBACK)},
	{"link", NETSTAT_BIT(NETSTAT_SCOPE_LINK)},     {"private", NETSTAT_BIT(NETSTAT_SCOPE_PRIVATE)},
	{"public", NETSTAT_BIT(NETSTAT_SCOPE_PUBLIC)}, {"multicast", NETSTAT_BIT(NETSTAT_SCOPE_MULTICAST)},
	{"none", NETSTAT_BIT(NETSTAT_SCOPE_NONE)},     {0},
};

const struct filter_name filter_directions[] = {
	{"in", NETSTAT_BIT(NETSTAT_DIRECTION_IN)},
	{"out", NETSTAT_BIT(NETSTAT_DIRECTION_OUT)},
	{"inbound", NETSTAT_BIT(NETSTAT_DIRECTION_IN)},
	{"outbound", NETSTAT_BIT(NETSTAT_DIRECTION_OUT)},
	{"unknown", NETSTAT_BIT(NETSTAT_DIRECTION_UNKNOWN)},
	{"none", NETSTAT_BIT(NETSTAT_DIRECTION_NONE)},
	{0},
};

const struct filter_name filter_timers[] = {
	{"off", NETSTAT_BIT(NETSTAT_TIMER_OFF)},
	{"on", NETSTAT_BIT(NETSTAT_TIMER_ON)},
	{"keepalive", NETSTAT_BIT(NETSTAT_TIMER_KEEPALIVE)},
	{"timewait", NETSTAT_BIT(NETSTAT_TIMER_TIMEWAIT)},
	{"probe", NETSTAT_BIT(NETSTAT_TIMER_PROBE)},
	{0},
};

const struct filter_name filter_findings[] = {
#define X(name, id, text) {id, UINT64_C(1) << FINDING_##name},
	FINDING_MAP(X)
#undef X
		{"any", FILTER_ANY_FINDING},
	{0},
};

uint64_t filter_set_bits(const struct filter_name *set, const char *word)
{
	for (; set->name; set++)
		if (strcmp(set->name, word) == 0)
			return set->bits;
	return 0;
}

void filter_set_nearest(const struct filter_name *set, struct nearest *nearest)
{
	for (; set->name; set++)
		nearest_try(nearest, set->name);
}
