/* A static HTTP/1.1 server (RFC 9110, RFC 9112) on a host: GET and HEAD of the files below one directory, with
 * keep-alive, pipelining, single byte ranges and directory listings. */
#ifndef SERVICES_HTTP_H
#define SERVICES_HTTP_H

#include "service.h"

struct http_config {
	struct berth_host *host;
	struct berth_loop *loop;
	struct berth_socket_address local; /* family 0: every address of the host, of both families */
	const char *root;                  /* the directory; borrowed for the call */
	unsigned n_connections_max;        /* more wait in the backlog, or take an idle one's place; 512 */
	berth_time ns_idle;                /* an open connection may wait so long for the next request; 60 s */
	berth_time ns_request;             /* a request may take so long to arrive; 30 s */
	berth_time ns_stall;               /* an answer may stand still for so long; 60 s */
};

void http_config_default(struct http_config *config); /* host, loop, local and root are zero */

struct http_server;

/* Opens the directory and the socket. 0 and *out, or *out untouched and BERTH_ENOENT, BERTH_EACCES, BERTH_EIO (the
 * directory; BERTH_EINVAL: it is none), the error of service_open, BERTH_ENOMEM, or BERTH_EPROTONOSUPPORT (built
 * without the HTTP parser). */
int http_server_new(const struct http_config *config, struct http_server **out);

/* Closes all connections and the socket. Accepts NULL, returns NULL. */
struct http_server *http_server_free(struct http_server *server);

#endif
