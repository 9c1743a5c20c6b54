/* Only the first line and the Host header of a request matter (RFC 9112 sections 3 and 3.2).
 *
 * Only programs of this machine ask. But a web page that somebody looks at here can ask, too, under a name of the
 * page's own that DNS says is 127.0.0.1, and would then read the answer: that is why the Host must be a name of the
 * loopback.
 */
#include "show/scrape.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* A word of the request's first line. */
struct word {
	const char *text;
	size_t n;
};

static bool word_is(struct word word, const char *text)
{
	return word.n == strlen(text) && memcmp(word.text, text, word.n) == 0;
}

/* The next word of [*at, end), which one space ends or the end does. */
static struct word next_word(const char **at, const char *end)
{
	const char *begin = *at, *space = memchr(begin, ' ', (size_t)(end - begin));
	const char *stop = space ? space : end;

	*at = space ? space + 1 : end;
	return (struct word){begin, (size_t)(stop - begin)};
}

/* The value of the first header of this name, up to a space; text NULL: none. An empty line ends the headers. */
static struct word header(const char *head, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = strchr(head, '\n'); line; line = strchr(line, '\n')) {
		line++;
		if (*line == '\r' || *line == '\n' || *line == '\0')
			break;
		if (strncasecmp(line, name, n) != 0 || line[n] != ':')
			continue;
		const char *value = line + n + 1 + strspn(line + n + 1, " \t");
		return (struct word){value, strcspn(value, " \t\r\n")};
	}
	return (struct word){0};
}

/* "127.0.0.1", "localhost", each with or without a port; RFC 9110 section 7.2. */
static bool host_is_loopback(struct word host)
{
	static const char *const names[] = {"127.0.0.1", "localhost"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);

		if (host.n >= n && strncasecmp(host.text, names[i], n) == 0 && (host.n == n || host.text[n] == ':'))
			return true;
	}
	return false;
}

struct scrape_verdict scrape_judge(const char *head)
{
	const char *at = head, *end = head + strcspn(head, "\r\n");
	struct word method = next_word(&at, end), target = next_word(&at, end), version = next_word(&at, end);
	struct word host = header(head, "Host");
	const char *query = memchr(target.text, '?', target.n);

	if (query)
		target.n = (size_t)(query - target.text);
	if (at != end || method.n == 0 || (!word_is(version, "HTTP/1.1") && !word_is(version, "HTTP/1.0")))
		return (struct scrape_verdict){400, "Bad Request", ""};
	if (host.text ? !host_is_loopback(host) : word_is(version, "HTTP/1.1"))
		return host.text ? (struct scrape_verdict){421, "Misdirected Request", ""}
				 : (struct scrape_verdict){400, "Bad Request", ""};
	if (!word_is(target, "/") && !word_is(target, SCRAPE_PATH))
		return (struct scrape_verdict){404, "Not Found", ""};
	if (!word_is(method, "GET"))
		return (struct scrape_verdict){405, "Method Not Allowed", "Allow: GET\r\n"};
	return (struct scrape_verdict){200, "OK", ""};
}
