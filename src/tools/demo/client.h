/* The PC's side of the demo when the PC is a berth host, too: a download over HTTP. */
#ifndef DEMO_CLIENT_H
#define DEMO_CLIENT_H

#include "service.h"

struct client_config {
	struct berth_host *host;
	struct berth_socket_address local, foreign;
	const char *path; /* "/file"; borrowed for the call of client_new */
	int out;          /* the content goes here; the client's own */
	/* Called once. `error`: 0 when all of the content came; berth's error, BERTH_EPROTO when the answer was not 200
	 * with a length, or was cut short; BERTH_EIO when out failed. out is closed then. */
	void (*on_end)(void *user, int error);
	void *user;
};

struct client;

/* Begins. Takes config->out in any case. 0 and *out, or an error of the socket calls. */
int client_new(const struct client_config *config, struct client **out);

/* Accepts NULL, returns NULL. */
struct client *client_free(struct client *client);

#endif
