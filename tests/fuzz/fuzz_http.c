/* HTTP requests: a stream of bytes, in pieces whose size is the first of them, as a connection would bring it. What is
 * taken is in its bounds, whatever the pieces; paths and ranges that follow from it are ones that a file server can
 * use. */
#include <string.h>

#include "fuzz.h"
#include "http_request.h"

static void check_request(const struct http_request *request)
{
	char path[HTTP_TARGET_MAX + 1];
	uint64_t first, last;

	CHECK(strlen(request->target) == request->n_target && request->n_target <= HTTP_TARGET_MAX);
	CHECK(strlen(request->range) < sizeof(request->range));
	if (http_target_path(request->target, path, sizeof(path)) == 0) {
		CHECK(path[0] != '\0' && path[0] != '/');
		for (const char *c = path; *c; c++)
			CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
	}
	for (uint64_t size = 0; size < 3; size++)
		if (http_range_parse(request->range, size, &first, &last) == HTTP_RANGE_PART)
			CHECK(first <= last && last < size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct http_request *request = malloc(sizeof(*request));
	size_t n_piece = n ? data[0] % 64 + 1u : 1, at = 1;

	CHECK(request);
	http_request_init(request);
	while (at < n) {
		size_t len = n - at < n_piece ? n - at : n_piece;
		size_t used = http_request_parse(request, (const char *)data + at, len);
		CHECK(used <= len);
		CHECK(used == len || request->complete || request->status);
		at += used;
		if (request->status)
			break;
		if (request->complete) {
			/* Every request takes something, so that a connection makes progress. */
			check_request(request);
			http_request_init(request);
		}
	}
	free(request);
	return 0;
}
