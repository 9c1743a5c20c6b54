/* The ends of a pair as programs see them. */
#include <string.h>

#include "endpoint.h"

/* RFC 4291 section 2.5.5.2: ten bytes of zero, two of ones, the IPv4 address. */
static void map(struct berth_address *address)
{
	memmove(address->bytes + 12, address->bytes, 4);
	memset(address->bytes, 0, 10);
	address->bytes[10] = address->bytes[11] = 0xff;
	address->family = BERTH_IP6;
}

static struct berth_socket_address end_of(const struct socket_pair *pair, const uint8_t bytes[16], uint16_t port,
					  uint8_t family)
{
	struct berth_socket_address a = {.address.family = pair->family, .port = port};

	memcpy(a.address.bytes, bytes, 16);
	if (endpoint_needs_scope(bytes, pair->family))
		a.address.scope = pair->scope;
	if (family == BERTH_IP6 && pair->family == BERTH_IP4)
		map(&a.address);
	return a;
}

struct berth_socket_address endpoint_local(const struct socket_pair *pair, uint8_t family)
{
	return end_of(pair, pair->local, pair->local_port, family);
}

struct berth_socket_address endpoint_foreign(const struct socket_pair *pair, uint8_t family)
{
	return end_of(pair, pair->foreign, pair->foreign_port, family);
}
