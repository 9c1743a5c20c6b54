/* HTTP requests: from bytes to what was asked for. Pure; http_parser does the grammar. */
#ifndef SERVICES_HTTP_REQUEST_H
#define SERVICES_HTTP_REQUEST_H

#include <http_parser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest request target, header section and (unwanted) body that are taken. */
#define HTTP_TARGET_MAX 4096
#define HTTP_HEAD_MAX 16384
#define HTTP_BODY_MAX 65536

struct http_request {
	http_parser parser;
	unsigned status; /* 0: nothing wrong so far; else the status to answer, and the connection is of no further use
			  */
	bool begun;      /* a byte of it has arrived */
	bool complete;
	bool keep_alive; /* when complete: the client lets the connection live */
	bool has_range;  /* a Range field, in range[] */
	bool has_if_range;
	unsigned n_hosts; /* Host fields */
	size_t n_head, n_body;
	size_t n_target;
	char range[128]; /* cut short when longer: no single range is */
	char if_range[128];
	/* The header field that is being read. */
	bool in_value;
	char field[16];
	size_t n_field;
	char *value; /* where its value goes, NULL: nowhere */
	size_t n_value;
	char target[HTTP_TARGET_MAX + 1];
};

/* Ready for a new request. */
void http_request_init(struct http_request *request);

/* Takes up to n bytes of the connection and returns how many: all of them, or fewer when the request is complete (the
 * rest is the next one's) or wrong (status says how). */
size_t http_request_parse(struct http_request *request, const char *data, size_t n);

/* The file that a target asks for: the path decoded, without query and leading slashes, "." for the root; in out[n]. 0,
 * or the status to answer. */
unsigned http_target_path(const char *target, char *out, size_t n);

enum http_range {
	HTTP_RANGE_WHOLE, /* no range, or one that we need not understand: the whole file */
	HTTP_RANGE_PART,
	HTTP_RANGE_UNSATISFIABLE,
};

/* Reads "bytes=0-99", "bytes=100-", "bytes=-100" for a file of `size` bytes: PART and bytes *first to *last
 * (inclusive). RFC 9110 section 14.1.2; several ranges at once are answered with the whole file, as section 14.2
 * allows. */
enum http_range http_range_parse(const char *text, uint64_t size, uint64_t *first, uint64_t *last);

#endif
