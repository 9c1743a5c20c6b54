/* Metrics over HTTP, once: for a scraper that cannot read a file. */
#ifndef TOOLS_METRICS_HTTP_H
#define TOOLS_METRICS_HTTP_H

#include <stdint.h>
#include <stdio.h>

/* Listens on 127.0.0.1, and no other address, at `port` (0: one that is free), says on stderr where, and answers the
 * first GET of "/metrics" or "/" with what write(user, out) writes: that is called once, when the request is there.
 * Whoever asks for something else, or wrongly, is told so (4xx), who asks for nothing within five seconds is dropped,
 * and the next is taken; one at a time. Returns an exit status; TOOL_FAILED when the port cannot be had or `write`
 * returned other than 0 (the client is told 500), and the error line is written, for the latter by `write`. */
int metrics_http(uint16_t port, int (*write)(void *user, FILE *out), void *user);

#endif
