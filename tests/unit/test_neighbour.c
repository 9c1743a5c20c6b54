/* Neighbours and ARP: who is asked for, how often, what is believed, and what is bounded. */
#include "one_host.h"

static const uint8_t mac_other[6] = {2, 0, 0, 0, 0, 9};

static void send_to(struct one *o, int s, uint32_t ip)
{
	struct berth_socket_address to = socket_address(ip, 9);

	assert_int_equal(berth_sendto(o->host, s, "hello", 5, 0, &to), 5);
	one_out(o);
}

static struct neighbour *peer(struct one *o)
{
	return NEIGHBOUR_AT(o->host, PEER);
}

static void asks_and_sends(void **state)
{
	struct arp_packet arp;
	const uint8_t *udp;
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	s = one_udp_socket(&o, 1000);
	send_to(&o, s, PEER);
	assert_int_equal(o.n_out, 1);
	assert_true(sent_is_arp(&o, 0, &arp));
	assert_memory_equal(o.out[0].bytes, mac_everybody, 6);
	assert_int_equal(arp.operation, ARP_REQUEST);
	assert_int_equal(get_be32(arp.target_ip), PEER);
	assert_int_equal(get_be32(arp.sender_ip), HOST);
	one_arp(&o, ARP_REPLY, mac_peer, PEER, HOST);
	assert_int_equal(one_out(&o), 2);
	sent_ip(&o, 1, &udp);
	assert_memory_equal(o.out[1].bytes, mac_peer, 6);
	assert_memory_equal(udp + 8, "hello", 5);
	assert_int_equal(peer(&o)->state, NEIGHBOUR_REACHABLE);
	one_deinit(&o);
}

/* RFC 1122 section 2.3.2.1: at most one request a second; three without an answer are enough, and the sender is told.
 */
static void gives_up_after_three(void **state)
{
	struct berth_socket_address to = socket_address(PEER, 9);
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	s = one_udp_socket(&o, 1000);
	assert_int_equal(berth_connect(o.host, s, &to), 0);
	assert_int_equal(berth_send(o.host, s, "hello", 5, 0), 5);
	one_run(&o, o.now + 900 * MS);
	assert_counter(&o, "arp_requests_out", 1);
	one_run(&o, o.now + SECOND);
	assert_counter(&o, "arp_requests_out", 2);
	one_run(&o, o.now + SECOND);
	assert_counter(&o, "arp_requests_out", 3);
	assert_int_equal(berth_ready(o.host, s), BERTH_WRITABLE);
	one_run(&o, o.now + SECOND);
	assert_counter(&o, "arp_requests_out", 3);
	assert_counter(&o, "neighbour_failed", 1);
	assert_int_equal(berth_ready(o.host, s), BERTH_WRITABLE | BERTH_FAILED);
	assert_int_equal(berth_send(o.host, s, "hello", 5, 0), BERTH_EHOSTUNREACH);
	assert_null(peer(&o));
	one_deinit(&o);
}

/* A connection to nobody ends with the same error. */
static void connect_to_nobody(void **state)
{
	struct berth_socket_address to = socket_address(PEER, 80);
	int error = 0;
	size_t n = sizeof(error);
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	s = berth_socket(o.host, BERTH_IP4, BERTH_STREAM);
	assert_int_equal(berth_connect(o.host, s, &to), BERTH_EINPROGRESS);
	one_run(&o, o.now + 4 * SECOND);
	assert_true(berth_ready(o.host, s) & (int)BERTH_FAILED);
	assert_int_equal(berth_getsockopt(o.host, s, BERTH_SOL_SOCKET, BERTH_SO_ERROR, &error, &n), 0);
	assert_int_equal(error, -BERTH_EHOSTUNREACH);
	one_deinit(&o);
}

static void ages_and_is_probed(void **state)
{
	struct arp_packet arp;
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	s = one_udp_socket(&o, 1000);
	send_to(&o, s, PEER);
	one_arp(&o, ARP_REPLY, mac_peer, PEER, HOST);
	one_run(&o, o.now + 29 * SECOND);
	assert_int_equal(peer(&o)->state, NEIGHBOUR_REACHABLE);
	one_run(&o, o.now + 2 * SECOND);
	assert_int_equal(peer(&o)->state, NEIGHBOUR_STALE);
	one_clear(&o);
	/* Used: the packet goes at once, and if nothing is heard of the station a request goes to it alone. */
	send_to(&o, s, PEER);
	assert_int_equal(o.n_out, 1);
	assert_int_equal(peer(&o)->state, NEIGHBOUR_DELAY);
	one_run(&o, o.now + 5 * SECOND);
	assert_int_equal(o.n_out, 2);
	assert_false(sent_is_arp(&o, 0, &arp));
	assert_true(sent_is_arp(&o, 1, &arp));
	assert_memory_equal(o.out[0].bytes, mac_peer, 6);
	assert_memory_equal(o.out[1].bytes, mac_peer, 6);
	assert_int_equal(peer(&o)->state, NEIGHBOUR_PROBE);
	one_arp(&o, ARP_REPLY, mac_peer, PEER, HOST);
	assert_int_equal(peer(&o)->state, NEIGHBOUR_REACHABLE);
	/* Not answered three times: forgotten. */
	one_run(&o, o.now + 31 * SECOND);
	send_to(&o, s, PEER);
	one_run(&o, o.now + 9 * SECOND);
	assert_null(peer(&o));
	/* Not used for long: forgotten. */
	one_introduce(&o);
	assert_int_equal(peer(&o)->state, NEIGHBOUR_STALE);
	one_run(&o, o.now + 601 * SECOND);
	assert_null(peer(&o));
	assert_int_equal(berth_host_deadline(o.host), BERTH_NEVER);
	one_deinit(&o);
}

static void answers_for_itself_alone(void **state)
{
	struct arp_packet arp;
	struct one o;

	(void)state;
	one_init(&o);
	one_arp(&o, ARP_REQUEST, mac_peer, PEER, HOST);
	assert_int_equal(one_out(&o), 1);
	assert_true(sent_is_arp(&o, 0, &arp));
	assert_int_equal(arp.operation, ARP_REPLY);
	assert_memory_equal(arp.sender_mac, mac_host, 6);
	assert_int_equal(get_be32(arp.sender_ip), HOST);
	assert_memory_equal(o.out[0].bytes, mac_peer, 6);
	assert_int_equal(peer(&o)->state, NEIGHBOUR_STALE);
	one_arp(&o, ARP_REQUEST, mac_peer, PEER, IP(192, 168, 1, 8));
	one_arp(&o, ARP_REQUEST, mac_peer, PEER, IP(127, 0, 0, 1));
	assert_int_equal(one_out(&o), 1);
	/* RFC 5227: a probe of one that has no address yet. */
	one_arp(&o, ARP_REQUEST, mac_other, 0, HOST);
	assert_int_equal(one_out(&o), 2);
	assert_int_equal(o.host->neighbours.n, 1);
	one_deinit(&o);
}

static void believes_little(void **state)
{
	static const uint8_t group[6] = {3, 0, 0, 0, 0, 9}, none[6];
	struct one o;

	(void)state;
	one_init(&o);
	/* Announcements and replies make no entry. */
	one_arp(&o, ARP_REQUEST, mac_other, PEER, PEER);
	one_arp(&o, ARP_REPLY, mac_other, PEER, HOST);
	one_arp(&o, ARP_REPLY, mac_other, PEER, PEER);
	assert_null(peer(&o));
	assert_counter(&o, "arp_unsolicited", 3);
	/* Senders that cannot be. */
	one_arp(&o, ARP_REQUEST, group, PEER, HOST);
	one_arp(&o, ARP_REQUEST, none, PEER, HOST);
	one_arp(&o, ARP_REQUEST, mac_other, IP(192, 168, 1, 255), HOST);
	one_arp(&o, ARP_REQUEST, mac_other, IP(224, 0, 0, 1), HOST);
	one_arp(&o, ARP_REPLY, mac_other, 0, HOST);
	assert_counter(&o, "eth_bad_source", 1);
	assert_counter(&o, "arp_bad", 4);
	one_arp(&o, ARP_REPLY, mac_other, HOST, HOST);
	assert_counter(&o, "arp_conflicts", 1);
	/* One that is not of our network is answered but not kept. */
	one_arp(&o, ARP_REQUEST, mac_other, IP(10, 0, 0, 1), HOST);
	assert_int_equal(o.host->neighbours.n, 0);
	/* What is known may change. */
	one_introduce(&o);
	one_arp(&o, ARP_REPLY, mac_other, PEER, HOST);
	assert_counter(&o, "neighbour_changed", 1);
	assert_memory_equal(peer(&o)->mac, mac_other, 6);
	one_deinit(&o);
}

static void holds_three_packets(void **state)
{
	const uint8_t *udp;
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	s = one_udp_socket(&o, 1000);
	for (unsigned i = 0; i < 5; i++) {
		struct berth_socket_address to = socket_address(PEER, (uint16_t)(10 + i));

		berth_sendto(o.host, s, "x", 1, 0, &to);
	}
	one_out(&o);
	assert_counter(&o, "neighbour_queue_full", 2);
	one_clear(&o);
	one_arp(&o, ARP_REPLY, mac_peer, PEER, HOST);
	assert_int_equal(one_out(&o), 3);
	for (unsigned i = 0; i < 3; i++) {
		sent_ip(&o, i, &udp);
		assert_int_equal(get_be16(udp + 2), 12 + i);
	}
	assert_int_equal(o.host->neighbours.bytes_held, 0);
	one_deinit(&o);
}

/* A datagram in fragments counts once, and none of it is lost. */
static void holds_a_large_datagram(void **state)
{
	struct berth_socket_address to = socket_address(PEER, 9);
	static uint8_t data[65507];
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	s = one_udp_socket(&o, 1000);
	assert_int_equal(berth_sendto(o.host, s, data, sizeof(data), 0, &to), sizeof(data));
	one_out(&o);
	one_clear(&o);
	one_arp(&o, ARP_REPLY, mac_peer, PEER, HOST);
	assert_int_equal(one_out(&o), 45);
	assert_counter(&o, "neighbour_queue_full", 0);
	one_deinit(&o);
}

/* A storm of stations: the table stays within its bounds, and those that the host asked for itself stay usable. */
static void storms(void **state)
{
	struct berth_address net = berth_ip4(10, 0, 0, 7);
	struct one o;
	size_t bytes;
	int s;

	(void)state;
	one_init(&o);
	assert_int_equal(berth_host_address_add(o.host, 1, &net, 8), 0);
	s = one_udp_socket(&o, 1000);
	send_to(&o, s, PEER);
	one_arp(&o, ARP_REPLY, mac_peer, PEER, HOST);
	for (uint32_t i = 1; i <= 5000; i++) {
		uint8_t mac[6] = {2, 1, 0, 0, (uint8_t)(i >> 8), (uint8_t)i};

		one_arp(&o, ARP_REQUEST, mac, IP(10, 1, 0, 0) + i, IP(10, 0, 0, 7));
		one_arp(&o, ARP_REPLY, mac, IP(10, 2, 0, 0) + i, IP(10, 0, 0, 7));
		one_out(&o);
		one_clear(&o);
	}
	assert_int_equal(o.host->neighbours.n, 256);
	assert_non_null(peer(&o));
	bytes = o.heap.n_bytes;
	for (uint32_t i = 1; i <= 5000; i++) {
		send_to(&o, s, IP(10, 3, 0, 0) + i);
		one_clear(&o);
	}
	assert_int_equal(o.host->neighbours.n, 512);
	assert_true(counter(o.host, "neighbour_replaced") >= 5000 - 512);
	assert_true(o.heap.n_bytes < bytes + (1u << 20));
	one_deinit(&o);
}

static void broken_packets(void **state)
{
	uint8_t bytes[ETH_HEADER + ARP_LEN];
	struct one o;

	(void)state;
	one_init(&o);
	one_arp(&o, ARP_REQUEST, mac_peer, PEER, HOST);
	one_out(&o);
	memcpy(bytes, mac_host, 6);
	memcpy(bytes + 6, mac_peer, 6);
	put_be16(bytes + 12, ETH_TYPE_ARP);
	for (size_t n = 0; n < ARP_LEN; n++) {
		memcpy(bytes + ETH_HEADER, o.out[0].bytes + ETH_HEADER, ARP_LEN);
		one_frame(&o, bytes, ETH_HEADER + n);
	}
	assert_counter(&o, "arp_bad", ARP_LEN);
	assert_int_equal(one_out(&o), 1);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_and_sends),
		cmocka_unit_test(gives_up_after_three),
		cmocka_unit_test(connect_to_nobody),
		cmocka_unit_test(ages_and_is_probed),
		cmocka_unit_test(answers_for_itself_alone),
		cmocka_unit_test(believes_little),
		cmocka_unit_test(holds_three_packets),
		cmocka_unit_test(holds_a_large_datagram),
		cmocka_unit_test(storms),
		cmocka_unit_test(broken_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
