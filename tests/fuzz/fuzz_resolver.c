/* A resolver whose server answers with any bytes: two hosts on a cable, one lookup.
 *
 * The first byte says what of the answer is right: bit 0 its number, bit 1 the question, bit 2 that UDP only says to
 * come over TCP, where the bytes are sent as they are, bit 3 that their length is put before them there. */
#include <string.h>

#include <berth/berth.h>

#include "fuzz.h"

#define NAME "a.example"
#define ROUNDS 24

struct bed {
	struct berth_loop *loop;
	struct berth_link *links[2];
	struct berth_host *hosts[2];
	int udp, tcp, stream;
	struct berth_loop_socket on_udp, on_tcp, on_stream;
	const uint8_t *data;
	size_t n;
	bool sent;
	uint8_t question[512];
};

#define BED_OF(socket, member) ((struct bed *)(void *)((char *)(socket)-offsetof(struct bed, member)))

enum {
	RIGHT_ID = 1,
	RIGHT_QUESTION = 2,
	OVER_TCP = 4,
	RIGHT_LENGTH = 8,
	HEADER = 12,
	QUESTION = sizeof(NAME) + 1 + 4,
};

/* The input as an answer to the question; how long it is. */
static size_t answer(const struct bed *bed, uint8_t *out)
{
	size_t n = 0;

	if (bed->data[0] & RIGHT_ID) {
		memcpy(out, bed->question, 2);
		n = 2;
	}
	memcpy(out + n, bed->data + 1, bed->n - 1);
	n += bed->n - 1;
	if (bed->data[0] & RIGHT_QUESTION && n >= HEADER + QUESTION)
		memcpy(out + HEADER, bed->question + HEADER, QUESTION);
	return n;
}

static void udp_ready(struct berth_loop_socket *socket, unsigned ready)
{
	struct bed *bed = BED_OF(socket, on_udp);
	struct berth_socket_address from;
	uint8_t out[4096 + 2];
	long n;

	while ((n = berth_recvfrom(bed->hosts[1], bed->udp, bed->question, sizeof(bed->question), 0, &from)) > 0) {
		size_t n_out = answer(bed, out);

		CHECK(n >= HEADER + QUESTION);
		if (bed->data[0] & OVER_TCP) {
			memcpy(out, bed->question, HEADER + QUESTION);
			memcpy(out + 2, (uint8_t[]){0x83, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, 10);
			n_out = HEADER + QUESTION;
		}
		berth_sendto(bed->hosts[1], bed->udp, out, n_out, 0, &from);
	}
}

static void stream_ready(struct berth_loop_socket *socket, unsigned ready)
{
	struct bed *bed = BED_OF(socket, on_stream);
	uint8_t question[514], out[4096 + 4];

	if (bed->sent || berth_recv(bed->hosts[1], bed->stream, question, sizeof(question), 0) <= HEADER)
		return;
	bed->sent = true;
	memcpy(bed->question, question + 2, sizeof(bed->question));
	size_t n = answer(bed, out + 2);
	out[0] = (uint8_t)(n >> 8);
	out[1] = (uint8_t)n;
	if (bed->data[0] & RIGHT_LENGTH)
		berth_send(bed->hosts[1], bed->stream, out, n + 2, 0);
	else
		berth_send(bed->hosts[1], bed->stream, out + 2, n, 0);
	berth_shutdown(bed->hosts[1], bed->stream, BERTH_SHUT_WR);
}

static void tcp_ready(struct berth_loop_socket *socket, unsigned ready)
{
	struct bed *bed = BED_OF(socket, on_tcp);

	bed->stream = berth_accept(bed->hosts[1], bed->tcp, NULL);
	if (bed->stream >= 0)
		berth_set_user(bed->hosts[1], bed->stream, &bed->on_stream);
}

static void host_add(struct bed *bed, unsigned i)
{
	struct berth_host_config config;
	struct berth_interface_config interface;
	struct berth_address address = berth_ip4(10, 0, 0, (uint8_t)(i + 1));

	berth_host_config_default(&config);
	config.seed = i + 1;
	CHECK(berth_host_new(&config, &bed->hosts[i]) == 0);
	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth0");
	interface.ethernet = false;
	CHECK(berth_host_interface_add(bed->hosts[i], &interface) == 1);
	CHECK(berth_host_address_add(bed->hosts[i], 1, &address, 24) == 0);
	CHECK(berth_loop_attach(bed->loop, bed->hosts[i], 1, bed->links[i], NULL, NULL) == 0);
}

static int serve(struct bed *bed, enum berth_socket_type type, struct berth_loop_socket *socket)
{
	struct berth_socket_address local = {berth_ip4(10, 0, 0, 2), 53};
	int fd = berth_socket(bed->hosts[1], BERTH_IP4, type);

	CHECK(fd >= 0 && berth_bind(bed->hosts[1], fd, &local) == 0);
	CHECK(type == BERTH_DATAGRAM || berth_listen(bed->hosts[1], fd, 4) == 0);
	berth_set_user(bed->hosts[1], fd, socket);
	return fd;
}

static void bed_init(struct bed *bed, const uint8_t *data, size_t n)
{
	struct berth_memory_pair_config config;

	*bed = (struct bed){
		.data = data, .n = n, .on_udp = {udp_ready}, .on_tcp = {tcp_ready}, .on_stream = {stream_ready}};
	bed->loop = berth_loop_new();
	berth_memory_pair_config_default(&config);
	config.ethernet = false;
	CHECK(bed->loop && berth_link_memory_pair(&config, &bed->links[0], &bed->links[1]) == 0);
	for (unsigned i = 0; i < 2; i++)
		host_add(bed, i);
	bed->udp = serve(bed, BERTH_DATAGRAM, &bed->on_udp);
	bed->tcp = serve(bed, BERTH_STREAM, &bed->on_tcp);
}

static void bed_deinit(struct bed *bed)
{
	for (unsigned i = 0; i < 2; i++) {
		berth_loop_detach(bed->loop, bed->hosts[i]);
		berth_host_free(bed->hosts[i]);
		berth_link_free(bed->links[i]);
	}
	berth_loop_free(bed->loop);
}

static void on_done(void *user, int n, const struct berth_address *addresses)
{
	CHECK(n != 0 && n <= BERTH_RESOLVE_MAX);
	for (int i = 0; i < n; i++)
		CHECK(addresses[i].family == BERTH_IP4 || addresses[i].family == BERTH_IP6);
	*(bool *)user = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct berth_socket_address server = {berth_ip4(10, 0, 0, 2), 53};
	struct berth_resolver *resolver;
	struct bed bed;
	bool done = false;

	if (n < 1 || n > 4096)
		return 0;
	bed_init(&bed, data, n);
	CHECK(berth_resolver_new(bed.loop, bed.hosts[0], &resolver) == 0);
	CHECK(berth_resolver_servers(resolver, &server, 1) == 0);
	CHECK(berth_resolver_patience(resolver, 1000, 1) == 0);
	CHECK(berth_resolve(resolver, NAME, data[0] & 0x80 ? BERTH_IP6 : BERTH_IP4, on_done, &done, NULL) == 0);
	for (unsigned i = 0; i < ROUNDS && !done; i++)
		CHECK(berth_loop_once(bed.loop, 0) == 0);
	berth_resolver_free(resolver);
	bed_deinit(&bed);
	return 0;
}
