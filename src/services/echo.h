/* The echo service, RFC 862: what comes in goes back, over TCP and over UDP. */
#ifndef SERVICES_ECHO_H
#define SERVICES_ECHO_H

#include "service.h"

struct echo_config {
	struct berth_host *host;
	struct berth_loop *loop;
	struct berth_socket_address local; /* family 0: every address of the host, of both families */
	unsigned n_connections_max;        /* TCP; more wait in the backlog; 256 */
	berth_time ns_idle;                /* a connection on which nothing moves for so long is reset; 5 minutes */
};

void echo_config_default(struct echo_config *config); /* host, loop and local are zero */

struct echo_server;

/* Opens both sockets. 0 and *out, or the error of service_open, or BERTH_ENOMEM; *out is untouched then. */
int echo_server_new(const struct echo_config *config, struct echo_server **out);

/* Closes all connections and both sockets. Accepts NULL, returns NULL. */
struct echo_server *echo_server_free(struct echo_server *server);

#endif
