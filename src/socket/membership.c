/* Joining and leaving groups: what the socket hears, and what its host is a member of on its behalf. */
#include <string.h>

#include "group.h"
#include "socket_private.h"

/* The group of a membership, as what arrives there will have it: with the interface as scope where one is needed. */
static struct ip on_interface(const struct ip *group, unsigned interface)
{
	struct ip ip = {.high = group->high, .low = group->low};

	if (ip_high_is_link_local(ip.high))
		ip.scope = interface;
	return ip;
}

/* Reads the option's value. The interface is 0 when neither it nor the group's scope say one. */
static int take_value(const struct berth_host *host, uint8_t family, const void *value, size_t n, struct ip *group,
		      unsigned *interface)
{
	struct berth_membership m;
	struct ip ip;

	if (n != sizeof(m))
		return BERTH_EINVAL;
	memcpy(&m, value, sizeof(m));
	ip = ip_of_address(&m.group);
	if (m.group.family != family || ip_family(&ip) != family || !ip_is_multicast(&ip))
		return BERTH_EINVAL;
	if (m.interface < 0 || (uint32_t)m.interface >= host->n_interfaces || ip.scope >= host->n_interfaces)
		return BERTH_EINVAL;
	if (m.interface && ip.scope && ip.scope != (uint32_t)m.interface)
		return BERTH_EINVAL;
	*interface = m.interface ? (unsigned)m.interface : ip.scope;
	*group = ip;
	return BERTH_OK;
}

static int join(struct berth_host *host, struct udp_socket *s, struct ip group, unsigned interface)
{
	int error;

	if (interface == 0) {
		const struct host_path *path = host_path(host, &group);

		if (!path)
			return BERTH_ENETUNREACH;
		interface = path->interface;
	}
	group = on_interface(&group, interface);
	error = udp_join(&host->udp, s, interface, &group);
	if (error)
		return error;
	error = group_join(host, interface, &group);
	if (error)
		udp_leave(&host->udp, s, interface, &group);
	return error;
}

static int leave(struct berth_host *host, struct udp_socket *s, struct ip group, unsigned interface)
{
	int error;

	for (uint32_t i = 0; interface == 0 && i < s->n_memberships; i++) {
		const struct udp_membership *m = &s->memberships[i];

		if (m->group.high == group.high && m->group.low == group.low)
			interface = m->interface;
	}
	group = on_interface(&group, interface);
	error = udp_leave(&host->udp, s, interface, &group);
	return error ? error : group_leave(host, interface, &group);
}

int socket_membership(struct berth_host *host, struct udp_socket *s, uint8_t family, bool joins, const void *value,
		      size_t n)
{
	unsigned interface;
	struct ip group;
	int error = take_value(host, family, value, n, &group, &interface);

	if (error)
		return error;
	return joins ? join(host, s, group, interface) : leave(host, s, group, interface);
}

void socket_leave_all(struct berth_host *host, struct udp_socket *s)
{
	while (s->n_memberships) {
		struct udp_membership m = s->memberships[0];

		udp_leave(&host->udp, s, m.interface, &m.group);
		group_leave(host, m.interface, &m.group);
	}
}
