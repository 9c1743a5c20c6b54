/* Socket addresses, to and fro. */
#include <netinet/in.h>
#include <string.h>

#include "object.h"

int address_take(const struct sockaddr *from, socklen_t n, struct berth_socket_address *to)
{
	const struct sockaddr_in6 *six = (const void *)from;
	const struct sockaddr_in *four = (const void *)from;

	*to = (struct berth_socket_address){0};
	if (n < sizeof(from->sa_family))
		return BERTH_EINVAL;
	switch (from->sa_family) {
	case AF_UNSPEC:
		return 0;
	case AF_INET:
		if (n < sizeof(*four))
			return BERTH_EINVAL;
		to->address.family = BERTH_IP4;
		memcpy(to->address.bytes, &four->sin_addr, 4);
		to->port = ntohs(four->sin_port);
		return 0;
	case AF_INET6:
		if (n < sizeof(*six))
			return BERTH_EINVAL;
		to->address.family = BERTH_IP6;
		memcpy(to->address.bytes, &six->sin6_addr, 16);
		to->port = ntohs(six->sin6_port);
		return 0;
	default:
		return BERTH_EAFNOSUPPORT;
	}
}

void address_give(const struct berth_socket_address *from, int domain, struct sockaddr *to, socklen_t *n)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(from->port)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(from->port)};
	socklen_t len = domain == AF_INET ? sizeof(four) : sizeof(six);

	if (!to || !n)
		return;
	memcpy(&four.sin_addr, from->address.bytes, 4);
	memcpy(&six.sin6_addr, from->address.bytes, 16);
	memcpy(to, domain == AF_INET ? (void *)&four : (void *)&six, *n < len ? *n : len);
	*n = len;
}
