/* Attacks on how connections begin, against a host in the middle of a conversation. Rows are those of the list of known
 * attacks. (Row 23, initial sequence numbers, is tests/rfc/rfc6528.c.) */
#include "siege.h"

#include "tcb.h"

#define OPEN_PORT 8080
#define BACKLOG 64
#define FLOOD_MOST (512 << 10) /* with the neighbours that are asked for, and what waits for them */

static int open_port(struct siege *s)
{
	struct berth_socket_address at = {.port = OPEN_PORT};
	int listener = berth_socket(s->host, s->family == BERTH_IP6 ? BERTH_IP6 : BERTH_IP4, BERTH_STREAM);

	assert_int_equal(berth_bind(s->host, listener, &at), 0);
	assert_int_equal(berth_listen(s->host, listener, BACKLOG), 0);
	return listener;
}

/* A segment from `who` with data behind it. */
static void segment_in(struct siege *s, const struct ip *who, const struct tcp_header *h, size_t len)
{
	uint8_t bytes[FRAME_MOST] = {0};
	struct foul f = {.source = *who, .protocol = IP_PROTOCOL_TCP, .payload = bytes};

	f.n = (size_t)(tcp_header_emit(h, bytes) - bytes) + len;
	foul_seal(s, &f, bytes, TCP_OFF_CHECKSUM);
	siege_packet(s, &f);
}

static struct tcp_header syn_of(uint16_t port, uint32_t seq)
{
	return (struct tcp_header){.source_port = port,
				   .destination_port = OPEN_PORT,
				   .seq = seq,
				   .flags = TCP_SYN,
				   .window = 65535,
				   .has_mss = true,
				   .mss = 1460};
}

/* A real client gets in, and is served. */
static void client_gets_in(struct siege *s, int listener)
{
	struct berth_socket_address to = cable_at(&s->c, B, OPEN_PORT);
	int c = berth_socket(s->c.host[0], s->family == BERTH_IP6 ? BERTH_IP6 : BERTH_IP4, BERTH_STREAM), accepted;
	char got[8];

	assert_int_equal(berth_connect(s->c.host[0], c, &to), BERTH_EINPROGRESS);
	cable_run(&s->c, s->c.now + 200 * MS);
	assert_true(berth_ready(s->c.host[0], c) & BERTH_WRITABLE);
	accepted = berth_accept(s->host, listener, NULL);
	assert_true(accepted >= 0);
	assert_int_equal(berth_send(s->c.host[0], c, "ask", 3, 0), 3);
	cable_run(&s->c, s->c.now + 200 * MS);
	assert_int_equal(berth_recv(s->host, accepted, got, sizeof(got), 0), 3);
	berth_close(s->c.host[0], c);
	berth_close(s->host, accepted);
	cable_run(&s->c, s->c.now + 200 * MS);
}

/* Row 35, SYN flood: 100,000 SYNs of as many addresses that never answer. What is kept of them is flat, it goes by
 * itself, and real clients get in all the time. */
static void syn_flood(void **state)
{
	struct siege s;
	int listener;

	siege_init(&s, family_of(state));
	listener = open_port(&s);
	for (uint32_t i = 0; i < 100000; i++) {
		struct ip who = siege_stranger(&s, i);
		struct tcp_header h = syn_of((uint16_t)(1024 + i % 60000), i * 2654435761u);

		segment_in(&s, &who, &h, 0);
		if (i % 100 == 99) {
			s.c.now += MS;
			cable_settle(&s.c);
		}
		siege_bounded(&s, FLOOD_MOST);
		if (i % 10000 == 9999)
			client_gets_in(&s, listener);
	}
	assert_true(counter(s.host, "tcp_syn_cookies_out") > 90000);
	assert_true(counter(s.host, "tcp_syn_cookies_in") >= 5);
	cable_run(&s.c, s.c.now + 120 * SECOND);
	client_gets_in(&s, listener);
	assert_int_equal(s.host->tcp.requests.table.n, 0);
	berth_close(s.host, listener);
	siege_talk(&s);
	siege_deinit(&s);
}

/* Row 35: under that pressure, ACKs that guess at cookies win nothing. */
static void ack_flood(void **state)
{
	struct siege s;
	size_t bytes;
	int listener;

	siege_init(&s, family_of(state));
	listener = open_port(&s);
	siege_meet(&s);
	for (uint32_t i = 0; i <= BACKLOG; i++) {
		struct ip who = siege_ip(&s, ENEMY);
		struct tcp_header h = syn_of((uint16_t)(1024 + i), i);

		segment_in(&s, &who, &h, 0);
	}
	cable_settle(&s.c);
	bytes = s.heap.n_bytes;
	for (uint32_t i = 0; i < 50000; i++) {
		struct ip who = siege_ip(&s, ENEMY);
		struct tcp_header h = {.source_port = (uint16_t)(2048 + i % 60000),
				       .destination_port = OPEN_PORT,
				       .seq = i * 97,
				       .ack = i * 2654435761u,
				       .window = 1000,
				       .flags = TCP_ACK};

		segment_in(&s, &who, &h, i % 3);
		cable_settle(&s.c);
	}
	assert_true(counter(s.host, "tcp_syn_cookies_bad") >= 45000);
	assert_int_equal(counter(s.host, "tcp_syn_cookies_in"), 0);
	assert_true(s.heap.n_bytes <= bytes + 16384);
	client_gets_in(&s, listener);
	siege_talk(&s);
	siege_deinit(&s);
}

/* Row 34, middlebox reflection: data before a handshake is answered by no data, and by no more than came. */
static void reflection(void **state)
{
	static const uint8_t flags[] = {TCP_SYN,           TCP_SYN | TCP_PSH, TCP_PSH,          0,
					TCP_PSH | TCP_ACK, TCP_FIN,           TCP_SYN | TCP_FIN};
	struct siege s;
	int listener;

	siege_init(&s, family_of(state));
	listener = open_port(&s);
	siege_meet(&s);
	for (size_t i = 0; i < sizeof(flags); i++) {
		struct ip who = siege_ip(&s, ENEMY);
		struct tcp_header h = syn_of((uint16_t)(5000 + i), 77);

		h.flags = flags[i];
		h.has_mss = flags[i] & TCP_SYN;
		siege_quiet(&s);
		segment_in(&s, &who, &h, 200);
		cable_settle(&s.c);
		assert_true(s.n_seen <= 1);
		/* A SYN-ACK or reset without data. */
		assert_true(s.n_last <= ETH_HEADER + (s.family == BERTH_IP6 ? IP6_HEADER : IP4_HEADER) + 24);
		assert_int_equal(berth_accept(s.host, listener, NULL), BERTH_EAGAIN);
	}
	siege_talk(&s);
	siege_deinit(&s);
}

/* Row 38, hash flooding: half-open connections of chosen pairs lie as evenly in their table as any, since nobody else
 * knows its key. */
static void hash_flooding(void **state)
{
	const struct table *table;
	size_t longest = 0;
	struct siege s;

	siege_init(&s, family_of(state));
	open_port(&s);
	table = &s.host->tcp.requests.table;
	for (unsigned k = 0; k < 63; k++) { /* 63 of one stranger: ports in steps that a plain hash would fold */
		struct ip who = siege_stranger(&s, 0);
		struct tcp_header h = syn_of((uint16_t)(1024 + k * 1024), 0);

		segment_in(&s, &who, &h, 0);
	}
	assert_int_equal(table->n, 63);
	for (size_t i = 0; i < table->n_buckets; i++) {
		size_t n = 0;

		for (const struct table_node *node = table->buckets[i]; node; node = node->next)
			n++;
		longest = n > longest ? n : longest;
	}
	assert_true(longest <= 8);
	siege_talk(&s);
	siege_deinit(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH_FAMILIES(syn_flood),
		IN_BOTH_FAMILIES(ack_flood),
		IN_BOTH_FAMILIES(reflection),
		IN_BOTH_FAMILIES(hash_flooding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
