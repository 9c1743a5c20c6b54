/* Names: what a program's address means for a socket, binding, and which of the host's addresses a socket speaks from.
 *
 * Within the host an IPv4 address is its v4-mapped form, so an IPv6 socket's ::ffff:a.b.c.d is IPv4 as soon as it is a
 * struct ip, and what remains to be asked of it is whether the socket may speak IPv4. */
#include <string.h>

#include "socket_private.h"

static bool is_bound_to_one(const struct endpoint *e)
{
	return e->bound && !e->bound_any;
}

bool socket_is_bound_to_group(const struct endpoint *e)
{
	struct ip local = ip_of_bytes(e->pair.local, e->pair.family, 0);

	return is_bound_to_one(e) && ip_is_multicast(&local);
}

/* The address as the host has it: only what needs a scope has one (RFC 4007 section 6), and where the program says none
 * it is that of the link-local address that the socket is bound to. 0, BERTH_EAFNOSUPPORT, or BERTH_EINVAL: no such
 * interface, or not the one of the socket's address. */
static int take_address(const struct berth_host *host, const struct endpoint *e, const struct berth_address *address,
			struct ip *out)
{
	struct ip ip = ip_of_address(address);
	uint32_t bound = is_bound_to_one(e) && endpoint_needs_scope(e->pair.local, e->pair.family) ? e->pair.scope : 0;

	if (address->family != e->family)
		return BERTH_EAFNOSUPPORT;
	if (!ip_high_is_link_local(ip.high)) {
		ip.scope = 0;
	} else {
		if (ip.scope == 0)
			ip.scope = bound;
		if (ip.scope >= host->n_interfaces || (bound && ip.scope != bound))
			return BERTH_EINVAL;
	}
	*out = ip;
	return BERTH_OK;
}

int socket_peer(const struct berth_host *host, const struct endpoint *e, const struct berth_socket_address *foreign,
		struct ip *out)
{
	struct ip ip;
	int error = take_address(host, e, &foreign->address, &ip);

	if (error)
		return error;
	if (foreign->port == 0 || (ip_is_link_local(&ip) && ip.scope == 0))
		return BERTH_EINVAL;
	if (e->v6only && ip_is_ip4(&ip))
		return BERTH_ENETUNREACH;
	*out = ip;
	return BERTH_OK;
}

int socket_path(struct berth_host *host, const struct endpoint *e, const struct ip *foreign, struct socket_pair *pair,
		const struct host_path **path)
{
	const struct host_path *p = host_path(host, foreign);
	struct ip local;

	if (!p)
		return BERTH_ENETUNREACH;
	/* A group is nobody's source (RFC 1122 section 3.2.1.3, 4291 section 2.7). */
	if (is_bound_to_one(e) && !socket_is_bound_to_group(e))
		local = ip_of_bytes(e->pair.local, e->pair.family, e->pair.scope);
	else
		local = p->source;
	if (ip_is_none(&local) || ip_is_ip4(&local) != ip_is_ip4(foreign))
		return BERTH_ENETUNREACH;
	if (e->bound && e->bound_ip4 && !ip_is_ip4(foreign))
		return BERTH_ENETUNREACH;
	/* RFC 1122 section 3.2.1.3: 127.0.0.0/8 must not appear outside a host, nor ::1 (RFC 4291 section 2.5.3), nor a
	 * link-local address on another link (RFC 4007 section 9). */
	if (p->reach != REACH_LOCAL && (ip_is_loopback(&local) || (local.scope && local.scope != p->interface)))
		return BERTH_ENETUNREACH;
	*pair = (struct socket_pair){
		.family = ip_family(foreign),
		.protocol = e->pair.protocol,
		.local_port = e->pair.local_port,
		.scope = (uint8_t)local.scope,
	};
	if (ip_high_is_link_local(foreign->high))
		pair->scope = (uint8_t)(foreign->scope ? foreign->scope : p->interface);
	ip_to_bytes(&local, pair->local);
	ip_to_bytes(foreign, pair->foreign);
	*path = p;
	return BERTH_OK;
}

/* ---- binding ---- */

void socket_unname(struct endpoint *e)
{
	e->pair = (struct socket_pair){.family = e->family, .protocol = e->pair.protocol};
}

/* May e be bound there? BERTH_EADDRNOTAVAIL: it is not the host's, or not yet (RFC 4862 section 5.4: tentative). */
static int check_local(const struct berth_host *host, const struct endpoint *e, const struct ip *ip)
{
	/* RFC 3493 section 5.3: it has nothing to do with IPv4. */
	if (e->v6only && ip_is_ip4(ip))
		return BERTH_EINVAL;
	if (ip_is_any(ip))
		return BERTH_OK;
	if (ip_high_is_link_local(ip->high) && ip->scope == 0)
		return BERTH_EINVAL;
	if (ip_is_multicast(ip))
		return e->kind == ENDPOINT_UDP ? BERTH_OK : BERTH_EADDRNOTAVAIL;
	return host_is_own(host, ip) ? BERTH_OK : BERTH_EADDRNOTAVAIL;
}

int berth_bind(struct berth_host *host, int descriptor, const struct berth_socket_address *local)
{
	struct endpoint *e = socket_endpoint(host, descriptor);
	struct socket_pair before;
	struct ip ip;
	int error = BERTH_OK;

	if (!e)
		return BERTH_EBADF;
	if (e->bound)
		return BERTH_EINVAL;
	if (local->address.family == BERTH_ANY_FAMILY)
		ip = e->family == BERTH_IP4 ? ip_of_ip4(0) : (struct ip){0};
	else
		error = take_address(host, e, &local->address, &ip);
	if (!error)
		error = check_local(host, e, &ip);
	if (error)
		return error;
	before = e->pair;
	socket_unname(e);
	e->pair.family = ip_family(&ip);
	e->pair.scope = (uint8_t)ip.scope;
	ip_to_bytes(&ip, e->pair.local);
	error = pairs_bind(&host->pairs, e, local->port);
	if (error)
		e->pair = before;
	return error;
}

/* ---- names ---- */

int berth_getsockname(struct berth_host *host, int descriptor, struct berth_socket_address *out)
{
	struct endpoint *e = socket_endpoint(host, descriptor);

	if (!e)
		return BERTH_EBADF;
	*out = endpoint_local(&e->pair, e->family);
	return BERTH_OK;
}

int berth_getpeername(struct berth_host *host, int descriptor, struct berth_socket_address *out)
{
	struct endpoint *e = socket_endpoint(host, descriptor);

	if (!e)
		return BERTH_EBADF;
	if (!socket_operations(e)->has_peer(e))
		return BERTH_ENOTCONN;
	*out = endpoint_foreign(&e->pair, e->family);
	return BERTH_OK;
}
