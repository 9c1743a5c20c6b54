/* The hosts, the server, and packets put together byte by byte, as many of them must be wrong. */
#include "names_bed.h"

#include <stdio.h>
#include <strings.h>

#define NS_PATIENCE (60000 * MS)

/* A socket of the server, and of each connection to it. */
struct bed_socket {
	struct berth_loop_socket loop_socket;
	struct names_bed *bed;
	struct bed_socket *next; /* of all */
	int fd;
	struct dns_packet in; /* TCP: what has arrived of a question, with its length */
};

/* An answer that waits. */
struct slow {
	struct names_bed *bed;
	struct slow *next;
	struct dns_packet question;
	struct bed_socket *asked;
	struct berth_socket_address asker;
};

/* Not what is tested: a test may have an allocation fail. */
static void *alloc(size_t n)
{
	void *p = NULL;

	for (unsigned i = 0; !p && i < 2; i++)
		p = calloc(1, n);
	assert_non_null(p);
	return p;
}

/* ---- packets ---- */

void dns_put(struct dns_packet *packet, const void *bytes, size_t n)
{
	assert_true(n <= sizeof(packet->bytes) - packet->n);
	memcpy(packet->bytes + packet->n, bytes, n);
	packet->n += n;
}

void dns_put16(struct dns_packet *packet, unsigned value)
{
	dns_put(packet, (uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

void dns_put_name(struct dns_packet *packet, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");

		dns_put(packet, &(uint8_t){(uint8_t)n}, 1);
		dns_put(packet, name, n);
		name += n + (name[n] == '.');
	}
	dns_put(packet, "", 1);
}

static size_t question_end(const struct dns_packet *question)
{
	size_t at = DNS_HEADER;

	while (question->bytes[at])
		at += 1 + question->bytes[at];
	return at + 5;
}

void dns_begin(struct dns_packet *packet, const struct dns_packet *question, unsigned flags, unsigned n_answers)
{
	packet->n = 0;
	dns_put(packet, question->bytes, question_end(question));
	memcpy(packet->bytes + 2, (uint8_t[]){0x81 | (uint8_t)(flags >> 8), 0x80 | (uint8_t)flags}, 2);
	memcpy(packet->bytes + 4, (uint8_t[]){0, 1, (uint8_t)(n_answers >> 8), (uint8_t)n_answers, 0, 0, 0, 0}, 8);
}

void dns_put_record(struct dns_packet *packet, unsigned type, const void *data, size_t n)
{
	dns_put16(packet, 0xc000 | DNS_HEADER);
	dns_put16(packet, type);
	dns_put16(packet, 1);
	dns_put(packet, (uint8_t[]){0, 0, 0, 60}, 4);
	dns_put16(packet, (unsigned)n);
	dns_put(packet, data, n);
}

static void question_name(const struct dns_packet *question, char out[256])
{
	size_t at = DNS_HEADER, n = 0;

	while (question->bytes[at]) {
		memcpy(out + n, question->bytes + at + 1, question->bytes[at]);
		n += question->bytes[at];
		out[n++] = '.';
		at += 1 + question->bytes[at];
	}
	out[n ? n - 1 : 0] = 0;
}

static unsigned question_type(const struct dns_packet *question)
{
	const uint8_t *end = question->bytes + question_end(question);

	return (unsigned)end[-4] << 8 | end[-3];
}

/* ---- answering ---- */

void bed_stream_send(struct names_bed *bed, const void *bytes, size_t n)
{
	long r = -1;

	/* Again without memory. */
	for (unsigned i = 0; r < 0 && i < 2; i++)
		r = berth_send(bed->server, bed->asker_stream->fd, bytes, n, 0);
	assert_int_equal(r, n);
}

void bed_reply(struct names_bed *bed, const struct dns_packet *packet)
{
	uint8_t length[2] = {(uint8_t)(packet->n >> 8), (uint8_t)packet->n};

	bed->n_replies++;
	if (!bed->asker_stream) {
		/* Without memory it is lost. */
		long r = berth_sendto(bed->server, bed->asked->fd, packet->bytes, packet->n, 0, &bed->asker);
		assert_true(r >= 0 || r == BERTH_ENOMEM || r == BERTH_ENOBUFS);
		return;
	}
	bed_stream_send(bed, length, 2);
	bed_stream_send(bed, packet->bytes, packet->n);
}

static void reply_code(struct names_bed *bed, const struct dns_packet *question, unsigned flags)
{
	dns_begin(&bed->reply, question, flags, 0);
	bed_reply(bed, &bed->reply);
}

static const struct zone_line *zone_find(const struct names_bed *bed, const char *name, unsigned type)
{
	for (size_t i = 0; i < bed->n_zone; i++) {
		const struct zone_line *line = &bed->zone[i];

		if (strcasecmp(line->name, name) == 0 && (!type || line->type == type))
			return line;
	}
	return NULL;
}

/* Adds what the zone says of a name, that of its alias behind it. How many records. */
static unsigned put_lines(struct names_bed *bed, struct dns_packet *packet, const char *name, unsigned type)
{
	unsigned n = 0;

	for (size_t i = 0; i < bed->n_zone; i++) {
		const struct zone_line *line = &bed->zone[i];
		struct dns_packet *data = alloc(sizeof(*data));
		struct berth_address address;

		if (strcasecmp(line->name, name) == 0 && (line->type == type || line->type == DNS_CNAME)) {
			if (line->type == DNS_CNAME) {
				dns_put_name(data, line->text);
			} else {
				assert_int_equal(berth_address_parse(line->text, &address), 0);
				dns_put(data, address.bytes, type == DNS_A ? 4 : 16);
			}
			dns_put_name(packet, name);
			dns_put16(packet, line->type);
			dns_put16(packet, 1);
			dns_put(packet, (uint8_t[]){0, 0, 0, 60}, 4);
			dns_put16(packet, (unsigned)data->n);
			dns_put(packet, data->bytes, data->n);
			n += 1 + (line->type == DNS_CNAME ? put_lines(bed, packet, line->text, type) : 0);
		}
		free(data);
	}
	return n;
}

static void reply_from_zone(struct names_bed *bed, const struct dns_packet *question)
{
	struct dns_packet *reply = &bed->reply;
	char name[256];
	unsigned n;

	question_name(question, name);
	if (!zone_find(bed, name, 0)) {
		reply_code(bed, question, 3);
		return;
	}
	dns_begin(reply, question, 0, 0);
	n = put_lines(bed, reply, name, question_type(question));
	reply->bytes[6] = (uint8_t)(n >> 8);
	reply->bytes[7] = (uint8_t)n;
	bed_reply(bed, reply);
}

static void slow_over(void *user)
{
	struct slow *slow = user, **at = &slow->bed->slow;

	while (*at != slow)
		at = &(*at)->next;
	*at = slow->next;
	slow->bed->asked = slow->asked;
	slow->bed->asker = slow->asker;
	slow->bed->asker_stream = NULL;
	reply_from_zone(slow->bed, &slow->question);
	free(slow);
}

static void reply_slowly(struct names_bed *bed, const struct dns_packet *question, unsigned ms)
{
	struct slow *slow = alloc(sizeof(*slow));

	*slow = (struct slow){bed, bed->slow, *question, bed->asked, bed->asker};
	bed->slow = slow;
	assert_int_equal(berth_loop_at(bed->loop, berth_loop_now(bed->loop) + ms * MS, slow_over, slow), 0);
}

/* What the server does with a question; NULL: it answers it. */
static const struct zone_line *behaviour(const struct names_bed *bed, const struct dns_packet *question)
{
	char name[256];

	question_name(question, name);
	for (unsigned type = ZONE_SILENT; type <= ZONE_FORGED; type++) {
		const struct zone_line *line = zone_find(bed, name, type);

		if (line && (!line->only || line->only == question_type(question)))
			return line;
	}
	return NULL;
}

static void reply(struct names_bed *bed, const struct dns_packet *question)
{
	const struct zone_line *line = behaviour(bed, question);
	bool edns = question->n > question_end(question);

	switch (line ? line->type : 0) {
	case ZONE_SILENT:
		break;
	case ZONE_RCODE:
		reply_code(bed, question, (unsigned)atoi(line->text));
		break;
	case ZONE_SLOW:
		reply_slowly(bed, question, (unsigned)atoi(line->text));
		break;
	case ZONE_FORGED:
		bed->forge(bed, question);
		break;
	case ZONE_TRUNCATED:
		if (!bed->asker_stream)
			reply_code(bed, question, 0x200);
		else
			reply_from_zone(bed, question);
		break;
	case ZONE_NO_EDNS:
		if (edns)
			reply_code(bed, question, 1);
		else
			reply_from_zone(bed, question);
		break;
	default:
		reply_from_zone(bed, question);
	}
}

/* ---- sockets ---- */

static struct bed_socket *socket_of(struct names_bed *bed, int fd,
				    void (*on_ready)(struct berth_loop_socket *socket, unsigned ready))
{
	struct bed_socket *socket = alloc(sizeof(*socket));

	assert_true(fd >= 0);
	socket->loop_socket.on_ready = on_ready;
	socket->bed = bed;
	socket->fd = fd;
	socket->next = bed->sockets;
	bed->sockets = socket;
	berth_set_user(bed->server, fd, socket);
	return socket;
}

static void socket_end(struct bed_socket *socket)
{
	struct names_bed *bed = socket->bed;
	struct bed_socket **at = &bed->sockets;

	while (*at != socket)
		at = &(*at)->next;
	*at = socket->next;
	berth_close(bed->server, socket->fd);
	if (bed->asker_stream == socket)
		bed->asker_stream = NULL;
	free(socket);
}

static void udp_ready(struct berth_loop_socket *loop_socket, unsigned ready)
{
	struct bed_socket *socket = (struct bed_socket *)loop_socket;
	struct names_bed *bed = socket->bed;
	struct dns_packet question;
	long n;

	while ((n = berth_recvfrom(bed->server, socket->fd, question.bytes, sizeof(question.bytes), 0, &bed->asker)) >
	       0) {
		question.n = (size_t)n;
		if (bed->n_udp < 64) {
			bed->ids[bed->n_udp] = (uint16_t)(question.bytes[0] << 8 | question.bytes[1]);
			bed->ports[bed->n_udp] = bed->asker.port;
		}
		bed->n_udp++;
		bed->asked = socket;
		bed->asker_stream = NULL;
		reply(bed, &question);
	}
}

static void stream_ready(struct berth_loop_socket *loop_socket, unsigned ready)
{
	struct bed_socket *socket = (struct bed_socket *)loop_socket;
	struct names_bed *bed = socket->bed;
	struct dns_packet *in = &socket->in, question;
	long n;

	while ((n = berth_recv(bed->server, socket->fd, in->bytes + in->n, sizeof(in->bytes) - in->n, 0)) > 0)
		in->n += (size_t)n;
	while (in->n >= 2 && in->n >= 2u + (in->bytes[0] << 8 | in->bytes[1])) {
		question.n = (size_t)(in->bytes[0] << 8 | in->bytes[1]);
		memcpy(question.bytes, in->bytes + 2, question.n);
		in->n -= 2 + question.n;
		memmove(in->bytes, in->bytes + 2 + question.n, in->n);
		bed->n_tcp++;
		bed->asker_stream = socket;
		reply(bed, &question);
	}
	if (n != BERTH_EAGAIN)
		socket_end(socket);
}

static void tcp_ready(struct berth_loop_socket *loop_socket, unsigned ready)
{
	struct bed_socket *socket = (struct bed_socket *)loop_socket;
	struct names_bed *bed = socket->bed;
	int fd;

	while ((fd = berth_accept(bed->server, socket->fd, NULL)) >= 0)
		stream_ready(&socket_of(bed, fd, stream_ready)->loop_socket, 0);
}

static struct bed_socket *serve(struct names_bed *bed, const char *at, enum berth_socket_type type,
				void (*on_ready)(struct berth_loop_socket *socket, unsigned ready))
{
	struct berth_socket_address local = bed_address(at);
	int fd = berth_socket(bed->server, local.address.family, type);

	assert_int_equal(berth_bind(bed->server, fd, &local), 0);
	if (type == BERTH_STREAM)
		assert_int_equal(berth_listen(bed->server, fd, 16), 0);
	return socket_of(bed, fd, on_ready);
}

/* ---- hosts ---- */

static struct berth_host *host_new(struct names_bed *bed, unsigned i)
{
	struct berth_host_config config;
	struct berth_interface_config interface;
	struct berth_address ip4 = berth_ip4(10, 0, 0, (uint8_t)(i + 1)),
			     ip6 = {.bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)(i + 1)}, .family = BERTH_IP6};
	struct berth_host *host;

	assert_int_equal(berth_host_config_real(&config), 0);
	config.ms_msl = 1;
	assert_int_equal(berth_host_new(&config, &host), 0);
	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth0");
	memcpy(interface.mac, (uint8_t[6]){2, 0, 0, 0, 0, (uint8_t)(i + 1)}, 6);
	interface.mtu = bed->links[i]->mtu;
	interface.ms_dad = 0;
	interface.capabilities = bed->links[i]->capabilities;
	assert_int_equal(berth_host_interface_add(host, &interface), 1);
	assert_int_equal(berth_host_address_add(host, 1, &ip4, 24), 0);
	assert_int_equal(berth_host_address_add(host, 1, &ip6, 64), 0);
	assert_int_equal(berth_loop_attach(bed->loop, host, 1, bed->links[i], NULL, NULL), 0);
	return host;
}

static void serve_at(struct names_bed *bed, unsigned i, const char *at)
{
	bed->udp[i] = serve(bed, at, BERTH_DATAGRAM, udp_ready);
	bed->tcp[i] = serve(bed, at, BERTH_STREAM, tcp_ready);
}

void bed_serve_link_local(struct names_bed *bed)
{
	struct berth_address client, server;

	assert_int_equal(berth_address_parse("fe80::1%1", &client), 0);
	assert_int_equal(berth_address_parse("fe80::2%1", &server), 0);
	assert_int_equal(berth_host_address_add(bed->client, 1, &client, 64), 0);
	assert_int_equal(berth_host_address_add(bed->server, 1, &server, 64), 0);
	socket_end(bed->udp[1]);
	socket_end(bed->tcp[1]);
	serve_at(bed, 1, "[fe80::2%1]:53");
}

void bed_init(struct names_bed *bed, const struct zone_line *zone, size_t n_zone)
{
	struct berth_memory_pair_config config;
	struct berth_socket_address server = bed_address("10.0.0.2:53");

	memset(bed, 0, sizeof(*bed));
	bed->zone = zone;
	bed->n_zone = n_zone;
	bed->loop = berth_loop_new();
	berth_memory_pair_config_default(&config);
	assert_int_equal(berth_link_memory_pair(&config, &bed->links[0], &bed->links[1]), 0);
	bed->client = host_new(bed, 0);
	bed->server = host_new(bed, 1);
	serve_at(bed, 0, "10.0.0.2:53");
	serve_at(bed, 1, "[2001:db8::2]:53");
	assert_int_equal(berth_resolver_new(bed->loop, bed->client, &bed->resolver), 0);
	assert_int_equal(berth_resolver_servers(bed->resolver, &server, 1), 0);
}

void bed_deinit(struct names_bed *bed)
{
	berth_resolver_free(bed->resolver);
	while (bed->sockets)
		socket_end(bed->sockets);
	berth_loop_detach(bed->loop, bed->client);
	berth_loop_detach(bed->loop, bed->server);
	berth_host_free(bed->client);
	berth_host_free(bed->server);
	berth_link_free(bed->links[0]);
	berth_link_free(bed->links[1]);
	berth_loop_free(bed->loop);
	for (struct slow *slow = bed->slow, *next; slow; slow = next) {
		next = slow->next;
		free(slow);
	}
}

void bed_run(struct names_bed *bed, const bool *done)
{
	berth_time end = berth_clock_now() + NS_PATIENCE;

	while (!*done) {
		assert_int_equal(berth_loop_once(bed->loop, end), 0);
		assert_true(berth_clock_now() < end);
	}
}

void bed_run_for(struct names_bed *bed, berth_time ns)
{
	berth_time end = berth_clock_now() + ns;

	while (berth_clock_now() < end)
		assert_int_equal(berth_loop_once(bed->loop, end), 0);
}

/* ---- lookups ---- */

void answer_take(void *user, int n, const struct berth_address *addresses)
{
	struct answer *answer = user;

	assert_false(answer->done);
	assert_int_not_equal(n, 0);
	assert_in_range(n + 1000, 0, 1000 + BERTH_RESOLVE_MAX);
	answer->done = true;
	answer->n = n;
	if (n > 0)
		memcpy(answer->addresses, addresses, (size_t)n * sizeof(addresses[0]));
}

struct answer bed_resolve(struct names_bed *bed, const char *name, enum berth_family family)
{
	struct answer answer = {.done = false};

	assert_int_equal(berth_resolve(bed->resolver, name, family, answer_take, &answer, NULL), 0);
	assert_false(answer.done);
	bed_run(bed, &answer.done);
	return answer;
}

const char *answer_text(const struct answer *answer)
{
	static char text[BERTH_RESOLVE_MAX * BERTH_ADDRESS_TEXT];
	size_t n = 0;

	if (answer->n < 0)
		return berth_error_name(answer->n);
	for (int i = 0; i < answer->n; i++) {
		berth_address_format(&answer->addresses[i], text + n, sizeof(text) - n);
		n += strlen(text + n);
		text[n++] = i + 1 < answer->n ? ' ' : 0;
	}
	return text;
}

struct berth_socket_address bed_address(const char *text)
{
	struct berth_socket_address address;

	assert_int_equal(berth_socket_address_parse(text, &address), 0);
	return address;
}
