/* Requests for metrics: whatever the bytes, a verdict that HTTP knows, and the metrics only for a GET. */
#include <string.h>

#include "show/scrape.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *head = malloc(n + 1);
	struct scrape_verdict verdict;

	CHECK(head);
	memcpy(head, data, n);
	head[n] = '\0';
	verdict = scrape_judge(head);
	CHECK(verdict.status == 200 || (verdict.status >= 400 && verdict.status < 500));
	if (verdict.status == 200) {
		CHECK(!strncmp(head, "GET /", 5));
		CHECK(strstr(head, " HTTP/1."));
		CHECK(strstr(head, "HTTP/1.0") || strstr(head, "127.0.0.1") || strcasestr(head, "localhost"));
	}
	free(head);
	return 0;
}
