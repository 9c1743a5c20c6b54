/* What each service does with sockets. */
#include "service.h"

/* Connections that may wait for accept: enough for a burst, and little memory. */
#define BACKLOG 128

static int bind_and_listen(struct berth_host *host, int descriptor, enum berth_socket_type type,
			   const struct berth_socket_address *local)
{
	int on = 1;
	int r = 0;

	if (type == BERTH_STREAM)
		r = berth_setsockopt(host, descriptor, BERTH_SOL_SOCKET, BERTH_SO_REUSEADDR, &on, sizeof(on));
	if (r == 0)
		r = berth_bind(host, descriptor, local);
	if (r == 0 && type == BERTH_STREAM)
		r = berth_listen(host, descriptor, BACKLOG);
	return r;
}

int service_open(struct berth_host *host, enum berth_socket_type type, const struct berth_socket_address *local,
		 struct berth_loop_socket *socket)
{
	/* An IPv6 socket speaks IPv4, too, unless it is told not to (RFC 3493 section 5.3). */
	enum berth_family family = local->address.family ? local->address.family : BERTH_IP6;
	int descriptor = berth_socket(host, family, type), alone = local->address.family == BERTH_IP6, r = 0;

	if (descriptor < 0)
		return descriptor;
	if (family == BERTH_IP6)
		r = berth_setsockopt(host, descriptor, BERTH_SOL_IPV6, BERTH_IPV6_V6ONLY, &alone, sizeof(alone));
	if (r == 0)
		r = bind_and_listen(host, descriptor, type, local);
	if (r == 0)
		r = berth_set_user(host, descriptor, socket);
	if (r < 0) {
		berth_close(host, descriptor);
		return r;
	}
	return descriptor;
}

void service_reset(struct berth_host *host, int descriptor)
{
	struct berth_linger linger = {.on = 1, .seconds = 0};

	berth_setsockopt(host, descriptor, BERTH_SOL_SOCKET, BERTH_SO_LINGER, &linger, sizeof(linger));
	berth_close(host, descriptor);
}
