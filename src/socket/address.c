/* Names: binding, and which of the host's addresses a socket speaks from. */
#include <string.h>

#include "socket_private.h"

int socket_path(struct berth_host *host, const struct endpoint *e, const struct ip *foreign, uint8_t local[16],
		const struct host_path **path)
{
	const struct host_path *p = host_path(host, foreign);
	struct ip from;

	if (!p)
		return BERTH_ENETUNREACH;
	memset(local, 0, 16);
	if (e->bound && !e->bound_any)
		memcpy(local, e->pair.local, 16);
	else
		ip_to_bytes(&p->source, local);
	/* RFC 1122 section 3.2.1.3: 127.0.0.0/8 must not appear outside a host. */
	from = ip_of_bytes(local, e->pair.family, 0);
	if (ip_is_loopback(&from) && p->reach != REACH_LOCAL)
		return BERTH_ENETUNREACH;
	*path = p;
	return BERTH_OK;
}

int berth_bind(struct berth_host *host, int descriptor, const struct berth_socket_address *local)
{
	struct endpoint *e = socket_endpoint(host, descriptor);
	const struct berth_address *address = &local->address;
	uint8_t before[16];
	struct ip ip;
	int error;

	if (!e)
		return BERTH_EBADF;
	if (e->bound)
		return BERTH_EINVAL;
	if (address->family != BERTH_ANY_FAMILY && address->family != e->pair.family)
		return BERTH_EAFNOSUPPORT;
	memcpy(before, e->pair.local, sizeof(before));
	memset(e->pair.local, 0, sizeof(e->pair.local));
	ip = ip_of_address(address);
	if (!ip_is_any(&ip)) {
		if (!host_is_own(host, &ip))
			return BERTH_EADDRNOTAVAIL;
		ip_to_bytes(&ip, e->pair.local);
	}
	error = pairs_bind(&host->pairs, e, local->port);
	if (error)
		memcpy(e->pair.local, before, sizeof(before));
	return error;
}

int berth_getsockname(struct berth_host *host, int descriptor, struct berth_socket_address *out)
{
	struct endpoint *e = socket_endpoint(host, descriptor);

	if (!e)
		return BERTH_EBADF;
	*out = endpoint_address(e->pair.local, e->pair.family, e->pair.local_port);
	return BERTH_OK;
}

int berth_getpeername(struct berth_host *host, int descriptor, struct berth_socket_address *out)
{
	struct endpoint *e = socket_endpoint(host, descriptor);

	if (!e)
		return BERTH_EBADF;
	if (!socket_operations(e)->has_peer(e))
		return BERTH_ENOTCONN;
	*out = endpoint_address(e->pair.foreign, e->pair.family, e->pair.foreign_port);
	return BERTH_OK;
}
