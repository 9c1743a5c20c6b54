/* A host on a TAP device that is one end of TCP connections: tcp_end DEVICE ADDRESS/PREFIX FILE [KEY=VALUE...]
 *
 * It listens on port 7 (sends back what comes), 9 (takes what comes), 11 (the same, slowly) and 19 (sends FILE); what
 * comes on any of them is FILE or its beginning. A line on standard input is "take ADDRESS PORT", "send ADDRESS PORT",
 * "fast ADDRESS PORT" (send, with TCP fast open) or "echo ADDRESS PORT", and makes such a connection by this host.
 *
 * How each ends is a line on standard output: "KIND same N", the N bytes that came were FILE's, "KIND differs N", or
 * "KIND failed ERROR". An urgent byte that comes is a line "urgent N", where N bytes came before. The byte before the
 * end of what "send" sends is urgent with urgent=1.
 *
 * Keys: those of berth_host_config congestion, ecn, receive_buffer, sack, timestamps, window_scaling, rack, fast_open;
 * offload=0, wire=SPEC, pcap=FILE, keepalive=1 (after a second, and given up after three), urgent=1.
 */
#include <berth/berth.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_MS 1000000ull
#define SLOW_BYTES 20000
#define CONNECTIONS_MAX 64

enum kind { ECHO, TAKE, SLOW, SEND };

static const char *const kind_names[] = {"echo", "take", "slow", "send"};

struct connection {
	int descriptor; /* -1: none */
	enum kind kind;
	bool waits; /* the slow one, for its next time */
	bool came_to_end, sent_end, differs;
	size_t came, sent;
};

struct end {
	struct berth_loop *loop;
	struct berth_host *host;
	struct berth_link *link;
	uint8_t *file;
	size_t n_file;
	int listeners[4]; /* by kind */
	struct connection connections[CONNECTIONS_MAX];
	bool keepalive, urgent;
	char line[512];
	size_t n_line;
};

static void finish(struct end *e, struct connection *c, int error)
{
	const char *name = kind_names[c->kind];

	if (error < 0)
		printf("%s failed %s\n", name, berth_error_text(error));
	else
		printf("%s %s %zu\n", name, c->differs ? "differs" : "same", c->came);
	fflush(stdout);
	berth_close(e->host, c->descriptor);
	c->descriptor = -1;
}

/* Bytes that may be sent now. */
static size_t limit(const struct end *e, const struct connection *c)
{
	return c->kind == SEND ? e->n_file : c->kind == ECHO ? c->came : 0;
}

static void pump(struct end *e, struct connection *c);

static void again(void *user)
{
	struct end *e = user;

	for (struct connection *c = e->connections; c < e->connections + CONNECTIONS_MAX; c++) {
		if (c->descriptor < 0 || !c->waits)
			continue;
		c->waits = false;
		pump(e, c);
	}
}

static void read_urgent(struct end *e, struct connection *c)
{
	uint8_t byte;

	if (berth_recv(e->host, c->descriptor, &byte, 1, BERTH_MSG_OOB) != 1)
		return; /* read already, or not here yet */
	printf("urgent %zu\n", c->came);
	c->differs |= c->came >= e->n_file || byte != e->file[c->came];
	c->came++;
	fflush(stdout);
}

/* Reads what there is. An error, or 0. */
static int take(struct end *e, struct connection *c)
{
	static uint8_t bytes[65536];
	size_t most = c->kind == SLOW ? SLOW_BYTES : sizeof(bytes);
	long n;

	while (!c->came_to_end && !c->waits) {
		if (berth_sockatmark(e->host, c->descriptor) == 1)
			read_urgent(e, c);
		n = berth_recv(e->host, c->descriptor, bytes, most, 0);
		if (n < 0)
			return n == BERTH_EAGAIN || n == BERTH_ENOTCONN ? 0 : (int)n;
		size_t room = e->n_file - c->came;
		c->came_to_end = n == 0;
		c->differs |= (size_t)n > room || memcmp(bytes, e->file + c->came, (size_t)n) != 0;
		c->came += (size_t)n < room ? (size_t)n : room;
		if (c->kind == SLOW && n > 0) {
			c->waits = true;
			berth_loop_at(e->loop, berth_loop_now(e->loop) + NS_MS, again, e);
		}
	}
	return 0;
}

static int give(struct end *e, struct connection *c)
{
	long n = 0;

	while (c->sent < limit(e, c)) {
		size_t left = limit(e, c) - c->sent;
		bool last = e->urgent && c->kind == SEND && left <= 2;

		if (e->urgent && c->kind == SEND && left > 2)
			left -= 2;
		else if (last)
			left = 1;
		n = berth_send(e->host, c->descriptor, e->file + c->sent, left,
			       last && c->sent + 2 == e->n_file ? BERTH_MSG_OOB : 0);
		if (n < 0)
			break;
		c->sent += (size_t)n;
	}
	bool complete = c->kind == SEND ? c->sent == e->n_file : c->came_to_end && c->sent == limit(e, c);
	if (complete && !c->sent_end) {
		c->sent_end = true;
		berth_shutdown(e->host, c->descriptor, BERTH_SHUT_WR);
	}
	return n < 0 && n != BERTH_EAGAIN && n != BERTH_ENOTCONN && n != BERTH_EPIPE ? (int)n : 0;
}

static void pump(struct end *e, struct connection *c)
{
	int r = take(e, c);

	if (r == 0)
		r = give(e, c);
	if (r < 0 || (c->came_to_end && c->sent_end))
		finish(e, c, r);
}

static struct connection *add(struct end *e, int descriptor, enum kind kind)
{
	for (struct connection *c = e->connections; c < e->connections + CONNECTIONS_MAX; c++) {
		int on = 1, second = 1, probes = 2;

		if (c->descriptor >= 0)
			continue;
		*c = (struct connection){.descriptor = descriptor, .kind = kind};
		berth_set_user(e->host, descriptor, c);
		if (e->keepalive) {
			berth_setsockopt(e->host, descriptor, BERTH_SOL_SOCKET, BERTH_SO_KEEPALIVE, &on, sizeof(on));
			berth_setsockopt(e->host, descriptor, BERTH_SOL_TCP, BERTH_TCP_KEEPIDLE, &second,
					 sizeof(second));
			berth_setsockopt(e->host, descriptor, BERTH_SOL_TCP, BERTH_TCP_KEEPINTVL, &second,
					 sizeof(second));
			berth_setsockopt(e->host, descriptor, BERTH_SOL_TCP, BERTH_TCP_KEEPCNT, &probes,
					 sizeof(probes));
		}
		return c;
	}
	berth_close(e->host, descriptor);
	return NULL;
}

static void on_event(void *user, struct berth_host *host, const struct berth_event *event)
{
	struct end *e = user;
	struct connection *c = event->user;

	if (c && c->descriptor == event->descriptor)
		pump(e, c);
	for (int kind = ECHO; kind <= SEND; kind++) {
		int descriptor;

		if (event->descriptor != e->listeners[kind])
			continue;
		while ((descriptor = berth_accept(host, event->descriptor, NULL)) >= 0)
			if ((c = add(e, descriptor, (enum kind)kind)))
				pump(e, c);
	}
}

/* ---- commands ---- */

static int begin(struct end *e, enum kind kind, bool fast, const struct berth_socket_address *to)
{
	int descriptor = berth_socket(e->host, to->address.family, BERTH_STREAM), on = 1;
	struct connection *c = descriptor < 0 ? NULL : add(e, descriptor, kind);

	if (!c)
		return BERTH_ENOMEM;
	if (fast)
		berth_setsockopt(e->host, descriptor, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_CONNECT, &on, sizeof(on));
	int r = berth_connect(e->host, descriptor, to);
	if (r == 0)
		pump(e, c);
	return r == BERTH_EINPROGRESS ? 0 : r;
}

static void obey(struct end *e)
{
	char *at = e->line, *verb = strtok_r(at, " ", &at), *name = strtok_r(at, " ", &at);
	struct berth_socket_address to;
	bool fast = verb && strcmp(verb, "fast") == 0;
	int r = BERTH_EINVAL;

	if (name && berth_address_parse(name, &to.address) == 0) {
		to.port = (uint16_t)atoi(at);
		for (int kind = ECHO; kind <= SEND; kind++)
			if (strcmp(fast ? "send" : verb, kind_names[kind]) == 0)
				r = begin(e, (enum kind)kind, fast, &to);
	}
	if (r < 0) {
		printf("%s failed %s\n", verb ? verb : "", berth_error_text(r));
		fflush(stdout);
	}
}

static void on_input(void *user, unsigned ready)
{
	struct end *e = user;
	ssize_t n = read(STDIN_FILENO, e->line + e->n_line, sizeof(e->line) - 1 - e->n_line);
	char *end;

	(void)ready;
	if (n <= 0) {
		berth_loop_stop(e->loop);
		return;
	}
	e->n_line += (size_t)n;
	while ((end = memchr(e->line, '\n', e->n_line))) {
		size_t used = (size_t)(end - e->line) + 1;

		*end = '\0';
		obey(e);
		memmove(e->line, e->line + used, e->n_line - used);
		e->n_line -= used;
	}
}

/* ---- setting it up ---- */

static const char *value_of(char **words, const char *key)
{
	size_t n = strlen(key);

	for (; *words; words++)
		if (strncmp(*words, key, n) == 0 && (*words)[n] == '=')
			return *words + n + 1;
	return NULL;
}

static unsigned number_of(char **words, const char *key, unsigned otherwise)
{
	const char *value = value_of(words, key);

	return value ? (unsigned)strtoul(value, NULL, 10) : otherwise;
}

static int read_file(struct end *e, const char *path)
{
	FILE *f = fopen(path, "rb");
	long n = -1;

	if (f && fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) > 0 && (e->file = malloc((size_t)n))) {
		rewind(f);
		e->n_file = fread(e->file, 1, (size_t)n, f);
	}
	if (f)
		fclose(f);
	return e->n_file && e->n_file == (size_t)n ? 0 : BERTH_EIO;
}

static int open_link(struct end *e, const char *device, char **words)
{
	struct berth_tap_config tap;
	struct berth_wire_config wire;
	const char *capture = value_of(words, "pcap"), *spec = value_of(words, "wire"), *why;
	int r;

	berth_tap_config_default(&tap);
	snprintf(tap.name, sizeof(tap.name), "%s", device);
	tap.offload = number_of(words, "offload", 1);
	r = berth_link_tap(&tap, &e->link);
	if (r == 0 && capture)
		r = berth_link_capture(e->link, capture, &e->link);
	if (r == 0 && spec && (r = berth_wire_parse(spec, &wire, NULL, &why)) == 0)
		r = berth_link_wire(e->link, &wire, berth_memory_libc(), &e->link);
	if (r == 0 && (e->link->capabilities & BERTH_LINK_SEGMENT) == 0)
		r = berth_link_offload(e->link, berth_memory_libc(), &e->link);
	return r;
}

static int add_host(struct end *e, char **words)
{
	struct berth_host_config config;
	const char *congestion = value_of(words, "congestion");
	int r = berth_host_config_real(&config);

	if (congestion)
		snprintf(config.congestion, sizeof(config.congestion), "%s", congestion);
	config.ecn = (uint8_t)number_of(words, "ecn", config.ecn);
	config.receive_buffer = number_of(words, "receive_buffer", config.receive_buffer);
	if (value_of(words, "receive_buffer"))
		config.receive_buffer_max = config.receive_buffer;
	config.sack = number_of(words, "sack", 1);
	config.timestamps = number_of(words, "timestamps", 1);
	config.window_scaling = number_of(words, "window_scaling", 1);
	config.rack = number_of(words, "rack", 1);
	config.fast_open = number_of(words, "fast_open", config.fast_open);
	return r ? r : berth_host_new(&config, &e->host);
}

static int add_address(struct end *e, const char *text)
{
	struct berth_interface_config interface;
	struct berth_address address;
	unsigned prefix;
	int r = berth_prefix_parse(text, &address, &prefix);

	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth0");
	memcpy(interface.mac, "\2berth", 6);
	interface.mtu = e->link->mtu;
	interface.capabilities = e->link->capabilities;
	interface.ms_acd = interface.ms_dad = 0;
	if (r == 0)
		r = berth_host_interface_add(e->host, &interface);
	return r < 0 ? r : berth_host_address_add(e->host, r, &address, prefix);
}

static int listen_all(struct end *e, enum berth_family family, unsigned fast_open)
{
	static const uint16_t ports[] = {[ECHO] = 7, [TAKE] = 9, [SLOW] = 11, [SEND] = 19};
	int r = 0, queue = 16;

	for (int kind = ECHO; r == 0 && kind <= SEND; kind++) {
		struct berth_socket_address local = {{.family = family}, ports[kind]};
		int descriptor = e->listeners[kind] = berth_socket(e->host, family, BERTH_STREAM);

		r = descriptor < 0 ? descriptor : berth_bind(e->host, descriptor, &local);
		if (r == 0 && (fast_open & BERTH_FAST_OPEN_SERVER))
			r = berth_setsockopt(e->host, descriptor, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN, &queue,
					     sizeof(queue));
		if (r == 0)
			r = berth_listen(e->host, descriptor, 64);
	}
	return r;
}

static int run(struct end *e, char **arguments)
{
	char **words = arguments + 3;
	int r = read_file(e, arguments[2]);

	for (int i = 0; i < CONNECTIONS_MAX; i++)
		e->connections[i].descriptor = -1;
	e->keepalive = number_of(words, "keepalive", 0);
	e->urgent = number_of(words, "urgent", 0);
	e->loop = berth_loop_new();
	if (r || !e->loop || (r = open_link(e, arguments[0], words)) || (r = add_host(e, words)) ||
	    (r = add_address(e, arguments[1])) ||
	    (r = listen_all(e, strchr(arguments[1], ':') ? BERTH_IP6 : BERTH_IP4, number_of(words, "fast_open", 0))) ||
	    (r = berth_loop_attach(e->loop, e->host, 1, e->link, on_event, e)) ||
	    (r = berth_loop_watch(e->loop, STDIN_FILENO, BERTH_READABLE, on_input, e)))
		return r;
	printf("ready\n");
	fflush(stdout);
	r = berth_loop_run(e->loop);
	berth_loop_detach(e->loop, e->host);
	berth_host_free(e->host);
	berth_link_free(e->link);
	berth_loop_free(e->loop);
	free(e->file);
	return r;
}

int main(int n, char **arguments)
{
	static struct end e;
	int r = n < 4 ? BERTH_EINVAL : run(&e, arguments + 1);

	if (r)
		fprintf(stderr, "tcp_end: %s\n", berth_error_text(r));
	return r != 0;
}
