/* HTTP requests: http_parser finds the parts, this file keeps those that a file server needs and checks them.
 *
 * Everything a client can make us hold is in struct http_request and bounded. The first thing found wrong decides the
 * status. */
#include "http_request.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static struct http_request *request_of(http_parser *parser)
{
	return parser->data;
}

/* Callbacks return this to stop the parser. */
static int refuse(struct http_request *request, unsigned status)
{
	if (request->status == 0)
		request->status = status;
	return 1;
}

static int count_head(struct http_request *request, size_t n)
{
	request->n_head += n;
	return request->n_head > HTTP_HEAD_MAX ? refuse(request, 431) : 0;
}

static int on_url(http_parser *parser, const char *at, size_t n)
{
	struct http_request *request = request_of(parser);

	if (n > HTTP_TARGET_MAX - request->n_target)
		return refuse(request, 414);
	memcpy(request->target + request->n_target, at, n);
	request->n_target += n;
	request->target[request->n_target] = '\0';
	return 0;
}

static int on_field(http_parser *parser, const char *at, size_t n)
{
	struct http_request *request = request_of(parser);

	if (request->in_value) {
		request->in_value = false;
		request->n_field = 0;
	}
	for (size_t i = 0; i < n; i++, request->n_field++) {
		/* RFC 9112 section 5.1: no space before the colon. A parser built without its strict mode lets it
		 * through. */
		if (at[i] == ' ' || at[i] == '\t')
			return refuse(request, 400);
		if (request->n_field < sizeof(request->field))
			request->field[request->n_field] = at[i];
	}
	return count_head(request, n);
}

static bool field_is(const struct http_request *request, const char *name)
{
	return request->n_field == strlen(name) && strncasecmp(request->field, name, request->n_field) == 0;
}

/* A value begins: what becomes of it. */
static void begin_value(struct http_request *request)
{
	request->in_value = true;
	request->n_value = 0;
	request->value = NULL;
	if (field_is(request, "Host")) {
		request->n_hosts++;
	} else if (field_is(request, "Range")) {
		request->has_range = true;
		request->value = request->range;
	} else if (field_is(request, "If-Range")) {
		request->has_if_range = true;
		request->value = request->if_range;
	}
}

static int on_value(http_parser *parser, const char *at, size_t n)
{
	struct http_request *request = request_of(parser);

	if (!request->in_value)
		begin_value(request);
	if (request->value) {
		/* Both values have the same room. */
		size_t room = sizeof(request->range) - 1 - request->n_value;
		size_t n_copy = n < room ? n : room;
		memcpy(request->value + request->n_value, at, n_copy);
		request->n_value += n_copy;
		request->value[request->n_value] = '\0';
	}
	return count_head(request, n);
}

static int on_headers_complete(http_parser *parser)
{
	struct http_request *request = request_of(parser);

	if (parser->http_major != 1)
		return refuse(request, 505);
	/* RFC 9112 section 3.2: exactly one Host field in HTTP/1.1, at most one in 1.0. */
	if (request->n_hosts > 1 || (request->n_hosts == 0 && parser->http_minor >= 1))
		return refuse(request, 400);
	return 0;
}

static int on_body(http_parser *parser, const char *at, size_t n)
{
	struct http_request *request = request_of(parser);

	/* RFC 9110 section 9.3.1: content in a GET has no meaning. It is read over, within limits. */
	request->n_body += n;
	return request->n_body > HTTP_BODY_MAX ? refuse(request, 413) : 0;
}

static int on_complete(http_parser *parser)
{
	struct http_request *request = request_of(parser);

	request->complete = true;
	request->keep_alive = http_should_keep_alive(parser);
	/* The next request is for a parser of its own. */
	http_parser_pause(parser, 1);
	return 0;
}

void http_request_init(struct http_request *request)
{
	/* The target is large and needs no more than its first byte cleared. */
	memset(request, 0, offsetof(struct http_request, target));
	request->target[0] = '\0';
	http_parser_init(&request->parser, HTTP_REQUEST);
	request->parser.data = request;
}

/* The status for what http_parser did not like. `c` is where it stopped. */
static unsigned status_of(enum http_errno error, char c)
{
	switch (error) {
	case HPE_INVALID_METHOD:
		/* A word that is no method we know, or no word at all. */
		return (c >= 'A' && c <= 'Z') || c == ' ' ? 501 : 400;
	case HPE_HEADER_OVERFLOW:
		return 431;
	default:
		return 400;
	}
}

size_t http_request_parse(struct http_request *request, const char *data, size_t n)
{
	static const http_parser_settings settings = {
		.on_url = on_url,
		.on_header_field = on_field,
		.on_header_value = on_value,
		.on_headers_complete = on_headers_complete,
		.on_body = on_body,
		.on_message_complete = on_complete,
	};

	if (n == 0)
		return 0;
	request->begun = true;
	size_t used = http_parser_execute(&request->parser, &settings, data, n);
	enum http_errno error = HTTP_PARSER_ERRNO(&request->parser);
	if (error != HPE_OK && error != HPE_PAUSED && request->status == 0)
		request->status = status_of(error, used < n ? data[used] : '\0');
	if (request->status)
		request->complete = false;
	return used < n ? used : n;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* RFC 3986 section 2.1. false: a bad escape, a NUL or another control character, or too long. */
static bool percent_decode(const char *text, size_t n_text, char *out, size_t n)
{
	size_t n_out = 0;

	for (size_t i = 0; i < n_text; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '%') {
			int high = i + 2 < n_text ? hex_digit(text[i + 1]) : -1;
			int low = i + 2 < n_text ? hex_digit(text[i + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			c = (unsigned char)(high << 4 | low);
			i += 2;
		}
		if (c < 0x20 || c == 0x7f || n_out + 1 >= n)
			return false;
		out[n_out++] = (char)c;
	}
	out[n_out] = '\0';
	return true;
}

unsigned http_target_path(const char *target, char *out, size_t n)
{
	/* RFC 9112 section 3.2.2: a server takes the absolute form too. */
	if (strncasecmp(target, "http://", 7) == 0)
		target += 7 + strcspn(target + 7, "/?#");
	else if (target[0] != '/')
		return 400;
	while (*target == '/')
		target++;
	if (!percent_decode(target, strcspn(target, "?#"), out, n))
		return 400;
	/* Slashes that came as %2F. */
	size_t n_slashes = strspn(out, "/");
	memmove(out, out + n_slashes, strlen(out + n_slashes) + 1);
	if (out[0] == '\0')
		snprintf(out, n, ".");
	return 0;
}

/* Digits of a number, of which *text goes past; false: none, or beyond 64 bits. */
static bool take_number(const char **text, uint64_t *out)
{
	const char *c = *text;
	uint64_t value = 0;

	for (; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*c - '0'), &value))
			return false;
	if (c == *text)
		return false;
	*text = c;
	*out = value;
	return true;
}

static enum http_range range_of_suffix(const char *text, uint64_t size, uint64_t *first, uint64_t *last)
{
	uint64_t n;

	if (!take_number(&text, &n) || *text != '\0')
		return HTTP_RANGE_WHOLE;
	if (n == 0 || size == 0)
		return HTTP_RANGE_UNSATISFIABLE;
	*first = n < size ? size - n : 0;
	*last = size - 1;
	return HTTP_RANGE_PART;
}

enum http_range http_range_parse(const char *text, uint64_t size, uint64_t *first, uint64_t *last)
{
	uint64_t from, to = UINT64_MAX;

	if (strncasecmp(text, "bytes=", 6) != 0)
		return HTTP_RANGE_WHOLE;
	text += 6;
	if (*text == '-')
		return range_of_suffix(text + 1, size, first, last);
	if (!take_number(&text, &from) || *text++ != '-')
		return HTTP_RANGE_WHOLE;
	if (*text != '\0' && (!take_number(&text, &to) || *text != '\0' || to < from))
		return HTTP_RANGE_WHOLE;
	if (from >= size)
		return HTTP_RANGE_UNSATISFIABLE;
	*first = from;
	*last = to < size ? to : size - 1;
	return HTTP_RANGE_PART;
}
