/* Options of IP: one set of values a socket, by the names of both levels.
 *
 * An IPv6 socket speaks IPv4, too, and takes the names of both; an IPv4 socket those of IPv4 alone. */
#include <limits.h>
#include <string.h>

#include "error_queue.h"
#include "socket_private.h"

enum ip_option {
	OPTION_NONE,
	OPTION_TOS,
	OPTION_TTL,
	OPTION_V6ONLY,
	OPTION_RECVERR,
	OPTION_PMTU_MODE,
	OPTION_MTU,
	/* From here on UDP's alone. */
	OPTION_TELL_INTERFACE,
	OPTION_TELL_TTL,
	OPTION_TELL_TOS,
	OPTION_MULTICAST_INTERFACE,
	OPTION_MULTICAST_TTL,
	OPTION_MULTICAST_LOOP,
	OPTION_JOIN,
	OPTION_LEAVE,
};

static const struct {
	int level, option;
	enum ip_option which;
	int least, most; /* -1: back to the default (RFC 3493 sections 5.1 and 5.2, 3542 section 6.5) */
} names[] = {
	{BERTH_SOL_IP, BERTH_IP_TOS, OPTION_TOS, 0, 255},
	{BERTH_SOL_IP, BERTH_IP_TTL, OPTION_TTL, 1, 255},
	{BERTH_SOL_IP, BERTH_IP_PKTINFO, OPTION_TELL_INTERFACE, INT_MIN, INT_MAX},
	{BERTH_SOL_IP, BERTH_IP_MTU_DISCOVER, OPTION_PMTU_MODE, BERTH_PMTUDISC_DONT, BERTH_PMTUDISC_PROBE},
	{BERTH_SOL_IP, BERTH_IP_RECVERR, OPTION_RECVERR, INT_MIN, INT_MAX},
	{BERTH_SOL_IP, BERTH_IP_RECVTTL, OPTION_TELL_TTL, INT_MIN, INT_MAX},
	{BERTH_SOL_IP, BERTH_IP_RECVTOS, OPTION_TELL_TOS, INT_MIN, INT_MAX},
	{BERTH_SOL_IP, BERTH_IP_MTU, OPTION_MTU, 0, 0},
	{BERTH_SOL_IP, BERTH_IP_MULTICAST_IF, OPTION_MULTICAST_INTERFACE, 0, HOST_INTERFACES_MAX},
	{BERTH_SOL_IP, BERTH_IP_MULTICAST_TTL, OPTION_MULTICAST_TTL, -1, 255},
	{BERTH_SOL_IP, BERTH_IP_MULTICAST_LOOP, OPTION_MULTICAST_LOOP, INT_MIN, INT_MAX},
	{BERTH_SOL_IP, BERTH_IP_ADD_MEMBERSHIP, OPTION_JOIN, 0, 0},
	{BERTH_SOL_IP, BERTH_IP_DROP_MEMBERSHIP, OPTION_LEAVE, 0, 0},
	{BERTH_SOL_IPV6, BERTH_IPV6_TCLASS, OPTION_TOS, -1, 255},
	{BERTH_SOL_IPV6, BERTH_IPV6_UNICAST_HOPS, OPTION_TTL, -1, 255},
	{BERTH_SOL_IPV6, BERTH_IPV6_V6ONLY, OPTION_V6ONLY, INT_MIN, INT_MAX},
	{BERTH_SOL_IPV6, BERTH_IPV6_MTU_DISCOVER, OPTION_PMTU_MODE, BERTH_PMTUDISC_DONT, BERTH_PMTUDISC_PROBE},
	{BERTH_SOL_IPV6, BERTH_IPV6_MTU, OPTION_MTU, 0, 0},
	{BERTH_SOL_IPV6, BERTH_IPV6_RECVERR, OPTION_RECVERR, INT_MIN, INT_MAX},
	{BERTH_SOL_IPV6, BERTH_IPV6_RECVPKTINFO, OPTION_TELL_INTERFACE, INT_MIN, INT_MAX},
	{BERTH_SOL_IPV6, BERTH_IPV6_RECVHOPLIMIT, OPTION_TELL_TTL, INT_MIN, INT_MAX},
	{BERTH_SOL_IPV6, BERTH_IPV6_RECVTCLASS, OPTION_TELL_TOS, INT_MIN, INT_MAX},
	{BERTH_SOL_IPV6, BERTH_IPV6_MULTICAST_IF, OPTION_MULTICAST_INTERFACE, 0, HOST_INTERFACES_MAX},
	{BERTH_SOL_IPV6, BERTH_IPV6_MULTICAST_HOPS, OPTION_MULTICAST_TTL, -1, 255},
	{BERTH_SOL_IPV6, BERTH_IPV6_MULTICAST_LOOP, OPTION_MULTICAST_LOOP, INT_MIN, INT_MAX},
	{BERTH_SOL_IPV6, BERTH_IPV6_JOIN_GROUP, OPTION_JOIN, 0, 0},
	{BERTH_SOL_IPV6, BERTH_IPV6_LEAVE_GROUP, OPTION_LEAVE, 0, 0},
	{.which = OPTION_NONE},
};

#define N_NAMES (sizeof(names) / sizeof(names[0]))

/* The place in `names`; that of the last, which is none, when e has no such option. */
static size_t find(const struct endpoint *e, int level, int option)
{
	size_t i = 0;

	if (level == BERTH_SOL_IPV6 && e->family != BERTH_IP6)
		return N_NAMES - 1;
	while (names[i].which != OPTION_NONE && (names[i].level != level || names[i].option != option))
		i++;
	return i;
}

/* Only datagrams go to groups, and have each its own header. */
static bool is_for(const struct endpoint *e, enum ip_option which)
{
	return which != OPTION_NONE && (which < OPTION_TELL_INTERFACE || e->kind == ENDPOINT_UDP);
}

/* The bit of struct berth_control that the option turns on; 0: it is none of those. */
static uint8_t told_by(enum ip_option which)
{
	switch (which) {
	case OPTION_TELL_INTERFACE:
		return BERTH_CONTROL_INTERFACE;
	case OPTION_TELL_TTL:
		return BERTH_CONTROL_TTL;
	case OPTION_TELL_TOS:
		return BERTH_CONTROL_TOS;
	default:
		return 0;
	}
}

static void set_told(struct udp_socket *s, uint8_t bit, bool on)
{
	s->tells = (uint8_t)(on ? s->tells | bit : s->tells & ~bit);
}

/* As on Linux, to turn it off throws away what was queued. */
static void set_recverr(struct berth_host *host, struct endpoint *e, bool on)
{
	e->recv_error = on;
	if (!on)
		error_queue_deinit(&e->errors, host->memory);
}

static int get_mtu(struct berth_host *host, const struct endpoint *e, void *value, size_t *n)
{
	struct ip peer = ip_of_bytes(e->pair.foreign, e->pair.family, e->pair.scope);
	const struct host_path *path;

	if (!socket_operations(e)->has_peer(e))
		return BERTH_ENOTCONN;
	path = host_path(host, &peer);
	return path ? socket_option_get_int((int)path->mtu, value, n) : BERTH_ENETUNREACH;
}

static int set_multicast(const struct berth_host *host, struct udp_multicast *multicast, enum ip_option which,
			 int number)
{
	switch (which) {
	case OPTION_MULTICAST_INTERFACE:
		if ((uint32_t)number >= host->n_interfaces)
			return BERTH_EINVAL;
		multicast->interface = (uint8_t)number;
		return BERTH_OK;
	case OPTION_MULTICAST_TTL:
		multicast->ttl = number < 0 ? 1 : (uint8_t)number;
		return BERTH_OK;
	case OPTION_MULTICAST_LOOP:
		multicast->loop = number != 0;
		return BERTH_OK;
	default:
		return BERTH_ENOPROTOOPT;
	}
}

static int set_number(struct berth_host *host, struct endpoint *e, enum ip_option which, int number)
{
	switch (which) {
	case OPTION_TOS:
		if (number < 0)
			number = 0;
		/* RFC 3168 section 6.1: the ECN bits of a connection are TCP's. */
		e->tos = (uint8_t)(e->kind == ENDPOINT_UDP ? number : (number & ~3) | (e->tos & 3));
		return BERTH_OK;
	case OPTION_TTL:
		if (number == 0)
			return BERTH_EINVAL;
		e->ttl = number < 0 ? 0 : (uint8_t)number;
		return BERTH_OK;
	case OPTION_V6ONLY:
		if (e->bound)
			return BERTH_EINVAL;
		e->v6only = number != 0;
		return BERTH_OK;
	case OPTION_RECVERR:
		set_recverr(host, e, number != 0);
		return BERTH_OK;
	case OPTION_PMTU_MODE:
		e->pmtu_mode = (uint8_t)number;
		return BERTH_OK;
	case OPTION_MTU:
		return BERTH_ENOPROTOOPT;
	case OPTION_TELL_INTERFACE:
	case OPTION_TELL_TTL:
	case OPTION_TELL_TOS:
		set_told(udp_of_endpoint(e), told_by(which), number != 0);
		return BERTH_OK;
	default:
		return set_multicast(host, &udp_of_endpoint(e)->multicast, which, number);
	}
}

int socket_ip_option_set(struct berth_host *host, struct endpoint *e, int level, int option, const void *value,
			 size_t n)
{
	size_t i = find(e, level, option);
	int number, error;

	if (!is_for(e, names[i].which))
		return BERTH_ENOPROTOOPT;
	if (names[i].which == OPTION_JOIN || names[i].which == OPTION_LEAVE)
		return socket_membership(host, udp_of_endpoint(e), level == BERTH_SOL_IP ? BERTH_IP4 : BERTH_IP6,
					 names[i].which == OPTION_JOIN, value, n);
	error = socket_option_int(value, n, names[i].least, names[i].most, &number);
	return error ? error : set_number(host, e, names[i].which, number);
}

int socket_ip_option_get(struct berth_host *host, const struct endpoint *e, int level, int option, void *value,
			 size_t *n)
{
	const struct udp_socket *s = (const struct udp_socket *)(const void *)e;
	const struct udp_multicast *multicast = &s->multicast;
	enum ip_option which = names[find(e, level, option)].which;

	if (!is_for(e, which))
		return BERTH_ENOPROTOOPT;
	switch (which) {
	case OPTION_TOS:
		return socket_option_get_int(e->tos, value, n);
	case OPTION_TTL:
		return socket_option_get_int(e->ttl ? e->ttl : host->config.ttl, value, n);
	case OPTION_V6ONLY:
		return socket_option_get_int(e->v6only, value, n);
	case OPTION_RECVERR:
		return socket_option_get_int(e->recv_error, value, n);
	case OPTION_PMTU_MODE:
		return socket_option_get_int(e->pmtu_mode, value, n);
	case OPTION_MTU:
		return get_mtu(host, e, value, n);
	case OPTION_TELL_INTERFACE:
	case OPTION_TELL_TTL:
	case OPTION_TELL_TOS:
		return socket_option_get_int(!!(s->tells & told_by(which)), value, n);
	case OPTION_MULTICAST_INTERFACE:
		return socket_option_get_int(multicast->interface, value, n);
	case OPTION_MULTICAST_TTL:
		return socket_option_get_int(multicast->ttl, value, n);
	case OPTION_MULTICAST_LOOP:
		return socket_option_get_int(multicast->loop, value, n);
	case OPTION_JOIN:
	case OPTION_LEAVE:
	case OPTION_NONE:
		break;
	}
	return BERTH_ENOPROTOOPT;
}
