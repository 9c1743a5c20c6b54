/* Requests for metrics: which are answered, and how the others are refused. */
#include "show/scrape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HOST "Host: 127.0.0.1:9464\r\n\r\n"

static void test_requests(void **state)
{
	static const struct {
		const char *head;
		int status;
	} cases[] = {
		{"GET /metrics HTTP/1.1\r\n" HOST, 200},
		{"GET / HTTP/1.1\r\n" HOST, 200},
		{"GET /metrics?name[]=x HTTP/1.1\r\n" HOST, 200},
		{"GET /metrics HTTP/1.1\r\nAccept: */*\r\nhOST:localhost\r\n\r\n", 200},
		{"GET /metrics HTTP/1.1\nHost: 127.0.0.1 \n\n", 200},
		{"GET /metrics HTTP/1.1 \r\n" HOST, 200}, /* RFC 9112 section 3 lets that pass */
		{"GET /metrics HTTP/1.0\r\n\r\n", 200},   /* it knows no Host */
		{"GET /metrics HTTP/1.0\r\nHost: evil.example\r\n\r\n", 421},
		{"GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421},
		{"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n", 421},
		{"GET /metrics HTTP/1.1\r\nHost: localhosts\r\n\r\n", 421},
		{"GET /metrics HTTP/1.1\r\nHost:\r\n\r\n", 421},
		{"GET /metrics HTTP/1.1\r\n\r\n", 400},
		{"GET /metrics HTTP/1.1\r\nX-Host: 127.0.0.1\r\n\r\n", 400},
		{"GET /metrics HTTP/1.1\r\n\r\nHost: 127.0.0.1\r\n\r\n", 400}, /* that is no header any more */
		{"GET /metric HTTP/1.1\r\n" HOST, 404},
		{"GET /metrics/ HTTP/1.1\r\n" HOST, 404},
		{"GET ../metrics HTTP/1.1\r\n" HOST, 404},
		{"GET ?/metrics HTTP/1.1\r\n" HOST, 404},
		{"HEAD /metrics HTTP/1.1\r\n" HOST, 405},
		{"POST /metrics HTTP/1.1\r\n" HOST, 405},
		{"get /metrics HTTP/1.1\r\n" HOST, 405},
		{"GET /metrics HTTP/2.0\r\n" HOST, 400},
		{"GET /metrics HTTP/1.1 x\r\n" HOST, 400},
		{"GET  /metrics HTTP/1.1\r\n" HOST, 400},
		{" /metrics HTTP/1.1\r\n" HOST, 400},
		{"GET /metrics\r\n" HOST, 400},
		{"GET\r\n" HOST, 400},
		{"\r\n\r\n", 400},
		{"", 400},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scrape_verdict verdict = scrape_judge(cases[i].head);
		if (verdict.status != cases[i].status)
			fail_msg("%d, not %d: %s", verdict.status, cases[i].status, cases[i].head);
		/* RFC 9110 section 15.5.6: a 405 says what is allowed. */
		assert_int_equal(strcmp(verdict.more, "Allow: GET\r\n") == 0, verdict.status == 405);
		assert_true(verdict.reason[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_requests)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
