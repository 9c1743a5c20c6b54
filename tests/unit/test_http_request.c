/* HTTP requests, targets and ranges, without a connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http_request.h"

#define CRLF "\r\n"
#define HOST "Host: x" CRLF

struct request_case {
	const char *text;
	unsigned status;
	bool complete, keep_alive;
};

static const struct request_case requests[] = {
	{"GET / HTTP/1.1" CRLF HOST CRLF, 0, true, true},
	{CRLF CRLF "GET / HTTP/1.1" CRLF HOST CRLF, 0, true, true},
	{"GET / HTTP/1.1" CRLF HOST "Connection: close" CRLF CRLF, 0, true, false},
	{"GET / HTTP/1.0" CRLF CRLF, 0, true, false},
	{"GET / HTTP/1.0" CRLF "Connection: keep-alive" CRLF CRLF, 0, true, true},
	{"HEAD / HTTP/1.1" CRLF HOST CRLF, 0, true, true},
	{"POST / HTTP/1.1" CRLF HOST "Content-Length: 3" CRLF CRLF "abc", 0, true, true},
	{"POST / HTTP/1.1" CRLF HOST "Transfer-Encoding: chunked" CRLF CRLF "3" CRLF "abc" CRLF "0" CRLF CRLF, 0, true,
	 true},
	{"CONNECT x:80 HTTP/1.1" CRLF HOST CRLF, 0, true, true},
	{"GET / HTTP/1.1" CRLF HOST "Upgrade: h2c" CRLF "Connection: Upgrade" CRLF CRLF, 0, true, true},
	{"", 0, false, false},
	{"GET / HTTP/1.1" CRLF HOST, 0, false, false},
	{"POST / HTTP/1.1" CRLF HOST "Content-Length: 3" CRLF CRLF "ab", 0, false, false},
	{"GET / HTTP/1.1" CRLF CRLF, 400, false, false},
	{"GET / HTTP/1.1" CRLF HOST HOST CRLF, 400, false, false},
	{"GET / HTTP/1.1" CRLF HOST "Content-Length: 1" CRLF "Content-Length: 2" CRLF CRLF, 400, false, false},
	{"GET / HTTP/1.1" CRLF HOST "Content-Length: 1" CRLF "Transfer-Encoding: chunked" CRLF CRLF, 400, false, false},
	{"GET / HTTP/1.1" CRLF HOST "Content-Length: x" CRLF CRLF, 400, false, false},
	{"GET / HTTP/1.1" CRLF "Host : x" CRLF CRLF, 400, false, false},
	{"GET / HTTP/1.1" CRLF HOST "no colon" CRLF CRLF, 400, false, false},
	{"get / HTTP/1.1" CRLF HOST CRLF, 400, false, false},
	{"\x16\x03\x01", 400, false, false},
	{"FROB / HTTP/1.1" CRLF HOST CRLF, 501, false, false},
	{"GETS / HTTP/1.1" CRLF HOST CRLF, 501, false, false},
	{"GET / HTTP/2.0" CRLF HOST CRLF, 505, false, false},
	{"GET / HTTP/0.9" CRLF CRLF, 505, false, false},
	{"GET / HTTP/x.1" CRLF HOST CRLF, 400, false, false},
	{"GET / HTTP/1.1" CRLF HOST "Content-Length : 5" CRLF CRLF, 400, false, false},
};

/* Feeds the text in pieces of n bytes. How many were taken. */
static size_t feed(struct http_request *request, const char *text, size_t len, size_t n)
{
	size_t used = 0;

	http_request_init(request);
	while (used < len && !request->complete && !request->status) {
		size_t n_piece = len - used < n ? len - used : n;
		used += http_request_parse(request, text + used, n_piece);
	}
	return used;
}

static void test_requests_in_pieces_of_every_size(void **state)
{
	struct http_request *request = malloc(sizeof(*request));

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		const struct request_case *c = &requests[i];
		for (size_t n = 1; n <= strlen(c->text) + 1; n++) {
			feed(request, c->text, strlen(c->text), n);
			if (request->status != c->status || request->complete != c->complete)
				print_message("%s\n", c->text);
			assert_int_equal(request->status, c->status);
			assert_int_equal(request->complete, c->complete);
			if (c->complete)
				assert_int_equal(request->keep_alive, c->keep_alive);
		}
	}
	free(request);
}

static void test_one_request_at_a_time(void **state)
{
	static const char two[] = "GET /a HTTP/1.1" CRLF HOST CRLF "GET /b HTTP/1.1" CRLF HOST CRLF;
	struct http_request *request = malloc(sizeof(*request));
	size_t used = feed(request, two, strlen(two), strlen(two));

	assert_int_equal(used, strlen(two) / 2);
	assert_string_equal(request->target, "/a");
	feed(request, two + used, strlen(two) - used, 3);
	assert_true(request->complete);
	assert_string_equal(request->target, "/b");
	free(request);
}

/* "GET /aaa... HTTP/1.1", or a long header, or a long body. */
static unsigned status_of_long(const char *before, size_t n, const char *after)
{
	struct http_request *request = malloc(sizeof(*request));
	size_t n_before = strlen(before), n_after = strlen(after), len = n_before + n + n_after;
	char *text = malloc(len);

	memcpy(text, before, n_before);
	memset(text + n_before, 'a', n);
	memcpy(text + n_before + n, after, n_after);
	feed(request, text, len, 100);
	unsigned status = request->status ? request->status : request->complete ? 200 : 0;
	free(text);
	free(request);
	return status;
}

static void test_limits(void **state)
{
	static const char end[] = " HTTP/1.1" CRLF HOST CRLF;
	static const char header[] = "GET / HTTP/1.1" CRLF HOST "A: ";
	static const char post[] = "POST / HTTP/1.1" CRLF HOST "Content-Length: 100000" CRLF CRLF;

	assert_int_equal(status_of_long("GET /", HTTP_TARGET_MAX - 1, end), 200);
	assert_int_equal(status_of_long("GET /", HTTP_TARGET_MAX, end), 414);
	assert_int_equal(status_of_long(header, HTTP_HEAD_MAX - 7, CRLF CRLF), 200);
	assert_int_equal(status_of_long(header, HTTP_HEAD_MAX + 1, CRLF CRLF), 431);
	assert_int_equal(status_of_long(header, 1000000, CRLF CRLF), 431);
	assert_int_equal(status_of_long(post, HTTP_BODY_MAX, ""), 0);
	assert_int_equal(status_of_long(post, HTTP_BODY_MAX + 1, ""), 413);
}

static void test_range_fields(void **state)
{
	static const char text[] =
		"GET / HTTP/1.1" CRLF HOST "rAnGe: bytes=1-2" CRLF "If-Range: \"tag\"" CRLF "Ranger: x" CRLF CRLF;
	struct http_request *request = malloc(sizeof(*request));

	for (size_t n = 1; n < sizeof(text); n++) {
		feed(request, text, strlen(text), n);
		assert_true(request->has_range && request->has_if_range);
		assert_string_equal(request->range, "bytes=1-2");
		assert_string_equal(request->if_range, "\"tag\"");
	}
	free(request);
}

static void test_targets(void **state)
{
	static const struct {
		const char *target, *path; /* path NULL: 400 */
	} cases[] = {
		{"/", "."},
		{"//", "."},
		{"/a/b", "a/b"},
		{"/a/b/", "a/b/"},
		{"//a", "a"},
		{"/%2F%2fa", "a"},
		{"/a%20b", "a b"},
		{"/%41%c3%a4", "A\xc3\xa4"},
		{"/a?b=%zz", "a"},
		{"/a#b", "a"},
		{"/?", "."},
		{"http://host/a", "a"},
		{"HTTP://host:80", "."},
		{"http://host?x", "."},
		{"/../a", "../a"}, /* opening it is what is refused */
		{"a", NULL},
		{"*", NULL},
		{"", NULL},
		{"/%", NULL},
		{"/%4", NULL},
		{"/%4g", NULL},
		{"/%00", NULL},
		{"/%0a", NULL},
		{"/%7f", NULL},
	};
	char path[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned status = http_target_path(cases[i].target, path, sizeof(path));
		assert_int_equal(status, cases[i].path ? 0 : 400);
		if (cases[i].path)
			assert_string_equal(path, cases[i].path);
	}
	assert_int_equal(http_target_path("/1234567", path, 8), 0);
	assert_int_equal(http_target_path("/12345678", path, 8), 400);
}

static void test_ranges(void **state)
{
	static const struct {
		const char *text;
		uint64_t size;
		enum http_range range;
		uint64_t first, last;
	} cases[] = {
		{"bytes=0-0", 10, HTTP_RANGE_PART, 0, 0},
		{"bytes=0-9", 10, HTTP_RANGE_PART, 0, 9},
		{"Bytes=2-", 10, HTTP_RANGE_PART, 2, 9},
		{"bytes=-3", 10, HTTP_RANGE_PART, 7, 9},
		{"bytes=-10", 10, HTTP_RANGE_PART, 0, 9},
		{"bytes=-11", 10, HTTP_RANGE_PART, 0, 9},
		{"bytes=5-100", 10, HTTP_RANGE_PART, 5, 9},
		{"bytes=5-18446744073709551615", 10, HTTP_RANGE_PART, 5, 9},
		{"bytes=10-", 10, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=-0", 10, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=0-", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=-1", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=5-4", 10, HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=0-1,3-4", 10, HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=0-1 ", 10, HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=", 10, HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=-", 10, HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=--1", 10, HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=x-", 10, HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=18446744073709551616-", 10, HTTP_RANGE_WHOLE, 0, 0},
		{"lines=0-1", 10, HTTP_RANGE_WHOLE, 0, 0},
		{"", 10, HTTP_RANGE_WHOLE, 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t first = 0, last = 0;
		assert_int_equal(http_range_parse(cases[i].text, cases[i].size, &first, &last), cases[i].range);
		assert_int_equal(first, cases[i].first);
		assert_int_equal(last, cases[i].last);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests_in_pieces_of_every_size),
		cmocka_unit_test(test_one_request_at_a_time),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_range_fields),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
