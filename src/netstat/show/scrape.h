/* What a request for metrics is answered with: HTTP, as far as a scraper speaks it (RFC 9112). */
#ifndef NETSTAT_SCRAPE_H
#define NETSTAT_SCRAPE_H

#define SCRAPE_PATH "/metrics"

struct scrape_verdict {
	int status;         /* 200: the metrics are wanted */
	const char *reason; /* phrase; static */
	const char *more;   /* header lines that belong to it, each with its CRLF, or ""; static */
};

/* Judges a request by its head, the NUL-terminated text up to and with the empty line: GET of "/metrics" or "/" (what
 * follows a '?' does not matter), of HTTP/1.0 or 1.1, for a Host that is the loopback's. */
struct scrape_verdict scrape_judge(const char *head);

#endif
