/* HTTP responses: what to send for a request. */
#ifndef SERVICES_HTTP_RESPONSE_H
#define SERVICES_HTTP_RESPONSE_H

#include "http_request.h"

/* A response: text (the header section, and the content unless it is a file's), then bytes of a file. */
struct http_response {
	bool close; /* the connection ends with it */
	char *text; /* owned */
	size_t n_text;
	int fd;             /* owned; -1: no file */
	uint64_t off, left; /* the file's bytes to send: from off, left of them */
};

/* The response to a request that is complete or has a status, from the files below `root`. false when out of memory;
 * *out is then clear. */
bool http_response_make(struct http_response *out, const struct http_request *request, int root);

/* A response with nothing but a status; the connection ends with it. */
bool http_response_refuse(struct http_response *out, unsigned status);

/* Gives back what it owns. */
void http_response_clear(struct http_response *response);

#endif
