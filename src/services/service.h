/* Services: programs that ride on a host's sockets.
 *
 * A service is an ordinary user of the public API. Each of its sockets has a struct berth_loop_socket as its user
 * pointer, by which the loop hands every event of the host to the socket's own function. So any number of services
 * share a host and know nothing of each other. */
#ifndef SERVICES_SERVICE_H
#define SERVICES_SERVICE_H

#include <berth/berth.h>

/* A new socket bound to `local`, listening when it is TCP, whose events go to `socket`. Without an address (family 0)
 * it is for all of the host's, of both families; all of one family is 0.0.0.0 or ::. The descriptor, or the error of
 * berth_socket, berth_bind or berth_listen, and no socket is left. */
int service_open(struct berth_host *host, enum berth_socket_type type, const struct berth_socket_address *local,
		 struct berth_loop_socket *socket);

/* Closes a connection at once, with a reset: for a peer that does not keep up its side. */
void service_reset(struct berth_host *host, int descriptor);

#endif
