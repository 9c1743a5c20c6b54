/* berth serve: a host on a TAP device with HTTP and echo services, until a signal ends it. */
#include "echo.h"
#include "host_setup.h"
#include "http.h"
#include "tool.h"
#include "verbs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICES_MAX 16
/* A service is told of at so many addresses. */
#define ADDRESSES_MAX 64
/* After the signal: time for connections to say good-bye. */
#define NS_SETTLE 1000000000ull

const char serve_usage[] = "usage: berth serve --link tap:NAME --address A/P [options]\n"
			   "\n"
			   "A host on a TAP device with services of its own. Runs until SIGINT or SIGTERM.\n"
			   "\n"
			   "  --http PORT:DIR     serve the files below DIR over HTTP; may be repeated\n"
			   "  --echo PORT         send back what comes, over TCP and UDP; may be repeated\n" HOST_USAGE
			   "  -h, --help          this text\n";

struct http_option {
	uint16_t port;
	const char *root;
	struct http_server *server;
};

struct echo_option {
	uint16_t port;
	struct echo_server *server;
};

struct serve {
	struct host_options options;
	struct host_setup setup;
	struct http_option http[SERVICES_MAX];
	struct echo_option echo[SERVICES_MAX];
	size_t n_http, n_echo;
};

static int take_http(struct serve *s, const char *value)
{
	char port[64];
	size_t n = strcspn(value, ":");
	struct http_option *http = &s->http[s->n_http];

	if (s->n_http == SERVICES_MAX)
		return tool_fail("serve", TOOL_USAGE, "--http '%s': at most %d of them", value, SERVICES_MAX);
	if (value[n] == '\0' || value[n + 1] == '\0')
		return tool_fail("serve", TOOL_USAGE, "--http '%s' is not PORT:DIR, such as 80:/srv/www", value);
	snprintf(port, sizeof(port), "%.*s", (int)(n < sizeof(port) ? n : sizeof(port) - 1), value);
	if (!host_port_parse(port, BERTH_TRANSPORT_TCP, &http->port))
		return tool_fail("serve", TOOL_USAGE,
				 "--http '%s': '%s' is no port from 1 to 65535 and no service's name", value, port);
	http->root = value + n + 1;
	s->n_http++;
	return TOOL_DONE;
}

static int take_echo(struct serve *s, const char *value)
{
	if (s->n_echo == SERVICES_MAX)
		return tool_fail("serve", TOOL_USAGE, "--echo '%s': at most %d of them", value, SERVICES_MAX);
	if (!host_port_parse(value, BERTH_TRANSPORT_TCP | BERTH_TRANSPORT_UDP, &s->echo[s->n_echo].port))
		return tool_fail("serve", TOOL_USAGE, "--echo '%s' is no port from 1 to 65535 and no service's name",
				 value);
	s->n_echo++;
	return TOOL_DONE;
}

enum {
	OPTION_HTTP = HOST_OPTION_END,
	OPTION_ECHO,
};

/* TOOL_DONE, another status, or -1: help was wanted. */
static int parse_options(struct serve *s, int argc, char **argv)
{
	static const struct option options[] = {
		HOST_LONG_OPTIONS,
		{"http", required_argument, NULL, OPTION_HTTP},
		{"echo", required_argument, NULL, OPTION_ECHO},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c, status = TOOL_DONE;

	while (status == TOOL_DONE && (c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h')
			return -1;
		if (c == OPTION_HTTP)
			status = take_http(s, optarg);
		else if (c == OPTION_ECHO)
			status = take_echo(s, optarg);
		else if ((status = host_options_take(&s->options, c, optarg)) < 0)
			status = tool_bad_option("serve", argv, c);
	}
	if (status == TOOL_DONE && optind < argc)
		status = tool_bad_argument("serve", argv[optind]);
	if (status == TOOL_DONE)
		status = host_options_check(&s->options);
	if (status == TOOL_DONE && s->n_http + s->n_echo == 0)
		status = tool_fail("serve", TOOL_USAGE, "nothing to serve; add --http PORT:DIR or --echo PORT");
	return status;
}

static int http_failed(const struct http_option *http, int error)
{
	switch (error) {
	case BERTH_EPROTONOSUPPORT:
		return tool_fail("serve", TOOL_FAILED, "--http: this berth was built without the HTTP parser library");
	case BERTH_EADDRINUSE:
		return tool_fail("serve", TOOL_FAILED, "--http %u: the port is in use by another service; take another",
				 http->port);
	case BERTH_EINVAL:
		return tool_fail("serve", TOOL_FAILED, "--http %s: not a directory; name the one whose files to serve",
				 http->root);
	case BERTH_ENOENT:
		return tool_fail("serve", TOOL_FAILED, "--http %s: no such directory; make it or name another",
				 http->root);
	default:
		return tool_fail("serve", TOOL_FAILED, "--http %u:%s: %s", http->port, http->root,
				 berth_error_text(error));
	}
}

/* The lines that say where a service is: one for each of the host's addresses. */
static void announce(const struct serve *s, uint16_t port, const char *before, const char *after)
{
	struct berth_address addresses[ADDRESSES_MAX];
	unsigned n = host_addresses(&s->setup, addresses, ADDRESSES_MAX);
	char where[BERTH_ADDRESS_TEXT];

	for (unsigned i = 0; i < n; i++) {
		struct berth_socket_address local = {addresses[i], port};
		local.address.scope = 0; /* others have another name for the link */
		fprintf(stderr, "berth serve: %s%s%s\n", before,
			berth_socket_address_format(&local, where, sizeof(where)), after);
	}
}

static int start_http(struct serve *s, struct http_option *http)
{
	struct http_config config;
	char after[PATH_MAX + 16];

	http_config_default(&config);
	config.host = s->setup.host;
	config.loop = s->setup.loop;
	config.local = (struct berth_socket_address){host_listen_address(&s->options), http->port};
	config.root = http->root;
	int r = http_server_new(&config, &http->server);
	if (r < 0)
		return http_failed(http, r);
	snprintf(after, sizeof(after), "/ serves %s", http->root);
	announce(s, http->port, "http://", after);
	return TOOL_DONE;
}

static int start_echo(struct serve *s, struct echo_option *echo)
{
	struct echo_config config;

	echo_config_default(&config);
	config.host = s->setup.host;
	config.loop = s->setup.loop;
	config.local = (struct berth_socket_address){host_listen_address(&s->options), echo->port};
	int r = echo_server_new(&config, &echo->server);
	if (r == BERTH_EADDRINUSE)
		return tool_fail("serve", TOOL_FAILED, "--echo %u: the port is in use by another service; take another",
				 echo->port);
	if (r < 0)
		return tool_fail("serve", TOOL_FAILED, "--echo %u: %s", echo->port, berth_error_text(r));
	announce(s, echo->port, "echo at ", ", tcp and udp");
	return TOOL_DONE;
}

static int start_services(struct serve *s)
{
	int status = TOOL_DONE;

	for (size_t i = 0; status == TOOL_DONE && i < s->n_http; i++)
		status = start_http(s, &s->http[i]);
	for (size_t i = 0; status == TOOL_DONE && i < s->n_echo; i++)
		status = start_echo(s, &s->echo[i]);
	return status;
}

static void stop_services(struct serve *s)
{
	for (size_t i = 0; i < s->n_http; i++)
		s->http[i].server = http_server_free(s->http[i].server);
	for (size_t i = 0; i < s->n_echo; i++)
		s->echo[i].server = echo_server_free(s->echo[i].server);
}

static int run(struct serve *s)
{
	int status = start_services(s);

	if (status == TOOL_DONE && berth_loop_run(s->setup.loop) < 0)
		status = tool_fail("serve", TOOL_FAILED, "the event loop failed");
	stop_services(s);
	if (status == TOOL_DONE)
		host_settle(s->setup.loop, s->setup.host, NS_SETTLE);
	return host_setup_close(&s->setup, status);
}

int serve_main(int argc, char **argv)
{
	struct serve *s = calloc(1, sizeof(*s));

	if (!s)
		return tool_fail("serve", TOOL_FAILED, "out of memory");
	s->options.verb = "serve";
	s->setup.talks = true;
	int status = parse_options(s, argc, argv);
	if (status == -1)
		status = tool_help(serve_usage);
	else if (status == TOOL_DONE && (status = host_setup_open(&s->setup, &s->options)) == TOOL_DONE)
		status = run(s);
	free(s);
	return status;
}
