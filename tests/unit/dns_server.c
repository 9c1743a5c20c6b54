/* The server's thread receives questions, and sends what their behaviour says at once or when it is due. Packets are
 * put together byte by byte, as many of them must be wrong. */
#include "dns_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	HEADER = 12,
	PACKET = 1500,
	DELAYED_MAX = 2048,
	MS_SLOW = 20,
	TYPE_CNAME = 5,
	TYPE_PTR = 12,
	FLAG_TC = 0x200,
};

struct packet {
	uint8_t bytes[PACKET];
	size_t n;
};

struct question {
	struct sockaddr_storage from;
	socklen_t n_from;
	uint8_t bytes[512]; /* header and question */
	size_t n;
	unsigned behaviour, c, d;
	int64_t ms_due;
};

struct run {
	struct dns_server *server;
	struct question delayed[DELAYED_MAX];
	size_t n_delayed;
};

static int64_t ms_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- packets ---- */

static void put(struct packet *packet, const void *bytes, size_t n)
{
	if (n > sizeof(packet->bytes) - packet->n)
		abort();
	memcpy(packet->bytes + packet->n, bytes, n);
	packet->n += n;
}

static void put16(struct packet *packet, unsigned value)
{
	put(packet, (uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

/* A name's labels, which a '.' ends; any other byte is taken as it is. */
static void put_name(struct packet *packet, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");
		put(packet, &(uint8_t){(uint8_t)n}, 1);
		put(packet, name, n);
		name += n + (name[n] == '.');
	}
	put(packet, "", 1);
}

static void begin(struct packet *packet, const struct question *question, unsigned flags, unsigned n_answers)
{
	packet->n = 0;
	put(packet, question->bytes, question->n);
	memcpy(packet->bytes + 2, (uint8_t[]){0x81 | (uint8_t)(flags >> 8), 0x80 | (uint8_t)flags}, 2);
	memcpy(packet->bytes + 4, (uint8_t[]){0, 1, 0, (uint8_t)n_answers, 0, 0, 0, 0}, 8);
}

static void put_record(struct packet *packet, const char *owner, unsigned type, const char *name)
{
	struct packet data = {.n = 0};

	put_name(&data, name);
	if (owner)
		put_name(packet, owner);
	else
		put16(packet, 0xc000 | HEADER); /* the question's */
	put16(packet, type);
	put16(packet, 1);
	put(packet, (uint8_t[]){0, 0, 0, 60}, 4);
	put16(packet, (unsigned)data.n);
	put(packet, data.bytes, data.n);
}

static void send_packet(const struct run *run, const struct question *to, const struct packet *packet)
{
	sendto(run->server->fd, packet->bytes, packet->n, 0, (const struct sockaddr *)&to->from, to->n_from);
}

/* ---- behaviours ---- */

static void send_name(const struct run *run, const struct question *question, unsigned flags, const char *name)
{
	struct packet packet;

	begin(&packet, question, flags, 1);
	put_record(&packet, NULL, TYPE_PTR, name);
	send_packet(run, question, &packet);
}

static void send_empty(const struct run *run, const struct question *question, unsigned flags)
{
	struct packet packet;

	begin(&packet, question, flags, 0);
	send_packet(run, question, &packet);
}

static void send_garbage(const struct run *run, const struct question *question)
{
	struct packet packet;

	begin(&packet, question, 0, 1);
	for (size_t i = 2; i < packet.n; i++)
		packet.bytes[i] = (uint8_t)(i * 73 + question->d);
	packet.bytes[2] |= 0x80;
	send_packet(run, question, &packet);
}

static void send_short(const struct run *run, const struct question *question, const char *name)
{
	struct packet packet;

	begin(&packet, question, 0, 1);
	put_record(&packet, NULL, TYPE_PTR, name);
	packet.n -= strlen(name) / 2;
	send_packet(run, question, &packet);
}

static void send_wrong_id(const struct run *run, const struct question *question)
{
	struct question other = *question;

	other.bytes[0] ^= 0x55;
	send_name(run, &other, 0, "wrong.example");
}

static void send_wrong_question(const struct run *run, const struct question *question)
{
	struct question other = *question;

	other.bytes[HEADER + 1] ^= 1; /* another digit of D */
	send_name(run, &other, 0, "wrong.example");
}

static void send_loop(const struct run *run, const struct question *question)
{
	struct packet packet;

	begin(&packet, question, 0, 1);
	put16(&packet, 0xc000 | HEADER);
	put16(&packet, TYPE_PTR);
	put16(&packet, 1);
	put(&packet, (uint8_t[]){0, 0, 0, 60, 0, 2}, 6);
	put16(&packet, 0xc000 | (unsigned)packet.n);
	send_packet(run, question, &packet);
}

static void send_cname(const struct run *run, const struct question *question, const char *name)
{
	static const char target[] = "1.0-63.0.0.10.in-addr.arpa";
	struct packet packet;

	begin(&packet, question, 0, 2);
	put_record(&packet, NULL, TYPE_CNAME, target);
	put_record(&packet, target, TYPE_PTR, name);
	send_packet(run, question, &packet);
}

/* A name of n labels of 63 bytes, the last of them `less` shorter. */
static void send_long(const struct run *run, const struct question *question, unsigned n, unsigned less)
{
	char name[512];
	size_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		memset(name + at, 'a', 63);
		at += 63;
		name[at++] = '.';
	}
	name[at - 1 - less] = 0;
	send_name(run, question, 0, name);
}

static void behave(const struct run *run, const struct question *question)
{
	char name[64];

	snprintf(name, sizeof(name), "host-%u-%u.example", question->c, question->d);
	switch ((enum dns_behaviour)question->behaviour) {
	case DNS_TWICE:
		send_name(run, question, 0, name);
		send_name(run, question, 0, name);
		break;
	case DNS_SLOW:
	case DNS_ANSWER:
		send_name(run, question, 0, name);
		break;
	case DNS_NXDOMAIN:
		send_empty(run, question, 3);
		break;
	case DNS_SERVFAIL:
		send_empty(run, question, 2);
		break;
	case DNS_REFUSED:
		send_empty(run, question, 5);
		break;
	case DNS_NODATA:
		send_empty(run, question, 0);
		break;
	case DNS_SILENCE:
		break;
	case DNS_GARBAGE:
		send_garbage(run, question);
		break;
	case DNS_SHORT:
		send_short(run, question, name);
		break;
	case DNS_TRUNCATED:
		send_name(run, question, FLAG_TC, name);
		break;
	case DNS_TRUNCATED_EMPTY:
		send_empty(run, question, FLAG_TC);
		break;
	case DNS_WRONG_ID:
		send_wrong_id(run, question);
		send_name(run, question, 0, name);
		break;
	case DNS_WRONG_ID_ONLY:
		send_wrong_id(run, question);
		break;
	case DNS_WRONG_QUESTION:
		send_wrong_question(run, question);
		send_name(run, question, 0, name);
		break;
	case DNS_CONTROL:
		send_name(run, question, 0, "a\x1b[31mred.example");
		break;
	case DNS_NEWLINE:
		send_name(run, question, 0, "a\nb.example");
		break;
	case DNS_UTF8:
		send_name(run, question, 0, "m\xc3\xbcller.example");
		break;
	case DNS_LONG:
		send_long(run, question, 5, 0);
		break;
	case DNS_LONGEST:
		send_long(run, question, 4, 2);
		break;
	case DNS_LOOP:
		send_loop(run, question);
		break;
	case DNS_ADDRESS:
		send_name(run, question, 0, "127.0.0.1");
		break;
	case DNS_OPTION:
		send_name(run, question, 0, "-n.example");
		break;
	case DNS_ROOT:
		send_name(run, question, 0, "");
		break;
	case DNS_CNAME:
		send_cname(run, question, name);
		break;
	}
}

static void behave_six(const struct run *run, const struct question *question)
{
	char name[32];

	snprintf(name, sizeof(name), "six-%c.example", question->bytes[HEADER + 1]);
	send_name(run, question, 0, name);
}

/* ---- questions ---- */

/* Takes the header and the question, without the additional records, and the first three labels of its name. */
static bool parse(struct question *question, size_t n, bool *six)
{
	char labels[4][64] = {{0}};
	size_t at = HEADER;

	for (unsigned i = 0; at < n && question->bytes[at]; i++) {
		size_t n_label = question->bytes[at];
		if (n_label > 63 || at + 1 + n_label >= n)
			return false;
		if (i < 4) {
			memcpy(labels[i], question->bytes + at + 1, n_label);
			labels[i][n_label] = 0;
		}
		at += 1 + n_label;
	}
	if (at + 5 > n)
		return false;
	question->n = at + 5;
	*six = at > 60;
	question->d = (unsigned)strtoul(labels[0], NULL, 10) & 0xff;
	question->c = (unsigned)strtoul(labels[1], NULL, 10) & 0xff;
	question->behaviour = (unsigned)strtoul(labels[2], NULL, 10);
	return true;
}

static void count(struct dns_server *server, const struct question *question)
{
	bool *asked = &server->asked[question->c << 8 | question->d];

	server->n_packets++;
	if (*asked)
		return;
	*asked = true;
	server->n_asked++;
	server->n_under_way++;
	if (server->n_under_way > server->max_under_way)
		server->max_under_way = server->n_under_way;
}

static void receive(struct run *run)
{
	struct question question = {.n_from = sizeof(question.from)};
	ssize_t n = recvfrom(run->server->fd, question.bytes, sizeof(question.bytes), MSG_DONTWAIT,
			     (struct sockaddr *)&question.from, &question.n_from);
	bool six;

	if (n < HEADER || !parse(&question, (size_t)n, &six))
		return;
	count(run->server, &question);
	if (!six && question.behaviour == DNS_SLOW && run->n_delayed < DELAYED_MAX) {
		question.ms_due = ms_now() + MS_SLOW;
		run->delayed[run->n_delayed++] = question;
		return;
	}
	run->server->n_under_way--;
	if (six)
		behave_six(run, &question);
	else
		behave(run, &question);
}

/* All delays are the same, so that what came first is due first. How long until the next is due, in ms; -1: none is. */
static int answer_due(struct run *run)
{
	size_t n = 0;
	int64_t now = ms_now();

	for (; n < run->n_delayed && run->delayed[n].ms_due <= now; n++) {
		run->server->n_under_way--;
		behave(run, &run->delayed[n]);
	}
	run->n_delayed -= n;
	memmove(run->delayed, run->delayed + n, run->n_delayed * sizeof(run->delayed[0]));
	return run->n_delayed ? (int)(run->delayed[0].ms_due - now) : -1;
}

static void *serve(void *data)
{
	struct run *run = data;
	struct pollfd polls[2] = {{.fd = run->server->fd, .events = POLLIN},
				  {.fd = run->server->stop[0], .events = POLLIN}};

	while (!polls[1].revents) {
		int ms = answer_due(run);
		if (poll(polls, 2, ms) > 0 && polls[0].revents)
			receive(run);
	}
	free(run);
	return NULL;
}

/* ---- begin and end ---- */

static bool bind_loopback(struct dns_server *server, enum berth_family family)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr *to = family == BERTH_IP4 ? (struct sockaddr *)&in : (struct sockaddr *)&in6;
	socklen_t n = family == BERTH_IP4 ? sizeof(in) : sizeof(in6);

	if (server->fd < 0 || bind(server->fd, to, n) < 0 || getsockname(server->fd, to, &n) < 0)
		return false;
	server->port = ntohs(family == BERTH_IP4 ? in.sin_port : in6.sin6_port);
	return true;
}

bool dns_server_start(struct dns_server *server, enum berth_family family)
{
	struct run *run = calloc(1, sizeof(*run));

	memset(server, 0, sizeof(*server));
	server->fd = socket(family == BERTH_IP4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (!run || !bind_loopback(server, family) || pipe(server->stop) < 0) {
		free(run);
		if (server->fd >= 0)
			close(server->fd);
		return false;
	}
	run->server = server;
	if (pthread_create(&server->thread, NULL, serve, run) != 0)
		abort();
	return true;
}

void dns_server_stop(struct dns_server *server)
{
	if (write(server->stop[1], "", 1) != 1)
		abort();
	pthread_join(server->thread, NULL);
	close(server->fd);
	close(server->stop[0]);
	close(server->stop[1]);
}

char *dns_server_address(const struct dns_server *server, enum berth_family family, char out[BERTH_ADDRESS_TEXT])
{
	snprintf(out, BERTH_ADDRESS_TEXT, family == BERTH_IP4 ? "127.0.0.1:%u" : "[::1]:%u", (unsigned)server->port);
	return out;
}
