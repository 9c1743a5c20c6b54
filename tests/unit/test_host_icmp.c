/* ICMP: what the host answers, what it says by itself and how often, and what it believes. */
#include "one_host.h"

static void echo(void **state)
{
	struct icmp_message m;
	const uint8_t *payload;
	struct ip4_header ip;
	struct one o;

	(void)state;
	one_init(&o);
	one_introduce(&o);
	one_icmp(&o, 0, ICMP4_ECHO_REQUEST, 0, 0x12340001, "abcdefgh", 8);
	one_out(&o);
	m = sent_icmp(&o, 0);
	ip = sent_ip(&o, 0, &payload);
	assert_int_equal(m.type, ICMP4_ECHO_REPLY);
	assert_int_equal(m.rest, 0x12340001);
	assert_int_equal(m.len_body, 8);
	assert_memory_equal(m.body, "abcdefgh", 8);
	assert_int_equal(get_be32(ip.source), HOST);
	assert_int_equal(get_be32(ip.destination), PEER);
	one_icmp(&o, 0, ICMP4_ECHO_REPLY, 0, 0x12340001, "abcdefgh", 8);
	assert_counter(&o, "icmp_echo_replies_in", 1);
	one_deinit(&o);
}

/* An echo longer than the MTU is answered in fragments. */
static void large_echo(void **state)
{
	static uint8_t body[65507 - 8], request[65507];
	const uint8_t *payload;
	struct one o;
	unsigned total = 0;

	(void)state;
	one_init(&o);
	one_arp(&o, ARP_REQUEST, mac_peer, PEER, HOST);
	icmp4_emit(&(struct icmp_message){.type = 8, .rest = 1, .body = body, .len_body = sizeof(body)}, request);
	for (unsigned off = 0; off < sizeof(request); off += 1480) {
		unsigned n = sizeof(request) - off < 1480 ? (unsigned)sizeof(request) - off : 1480;

		one_packet(&o, &(struct packet_spec){
				       .protocol = 1,
				       .id = 77,
				       .off = (uint16_t)off,
				       .more = off + n < sizeof(request),
				       .payload = request + off,
				       .n = n,
			       });
	}
	one_out(&o);
	for (unsigned i = 0; i < o.n_out; i++) {
		struct arp_packet arp;

		if (sent_is_arp(&o, i, &arp))
			continue;
		total += sent_ip(&o, i, &payload).total_len - 20u;
	}
	assert_int_equal(total, sizeof(request));
	assert_counter(&o, "icmp_echo_out", 1);
	one_deinit(&o);
}

/* attacks row 17 for IPv4, and row 5 (Ripple20 CVE-2020-11910): messages of every length, of every type. */
static void every_length(void **state)
{
	uint8_t bytes[64];
	struct one o;

	(void)state;
	one_init(&o);
	for (unsigned type = 0; type < 256; type++) {
		for (size_t n = 0; n < 8; n++) {
			memset(bytes, 0, sizeof(bytes));
			bytes[0] = (uint8_t)type;
			if (n >= 4)
				put_be16(bytes + 2, checksum_finish(checksum_add(0, bytes, n)));
			one_packet(&o, &(struct packet_spec){.protocol = 1, .payload = bytes, .n = n});
		}
	}
	assert_counter(&o, "icmp_bad", 256 * 8);
	assert_int_equal(one_out(&o), 0);
	one_deinit(&o);
}

/* attacks row 5: address mask and timestamp requests are not answered, redirects and source quenches not obeyed. */
static void ignored_types(void **state)
{
	static const uint8_t types[] = {4, 5, 9, 10, 13, 15, 17, 18, 30, 255};
	struct one o;

	(void)state;
	one_init(&o);
	for (size_t i = 0; i < sizeof(types); i++)
		one_icmp(&o, 0, types[i], 0, 0, "01234567890123456789012345678", 28);
	assert_counter(&o, "icmp_ignored", sizeof(types));
	assert_int_equal(one_out(&o), 0);
	one_deinit(&o);
}

static void echo_to_broadcast(void **state)
{
	uint8_t request[8];
	struct one o;

	(void)state;
	one_init(&o);
	icmp4_emit(&(struct icmp_message){.type = 8}, request);
	one_packet(&o, &(struct packet_spec){
			       .destination = IP(192, 168, 1, 255),
			       .to = mac_everybody,
			       .protocol = 1,
			       .payload = request,
			       .n = 8,
		       });
	assert_counter(&o, "icmp_broadcast", 1);
	assert_int_equal(one_out(&o), 0);
	one_deinit(&o);
}

static void says_unreachable(void **state)
{
	struct icmp_message m;
	struct one o;

	(void)state;
	one_init(&o);
	one_introduce(&o);
	one_udp(&o, 1000, 9, "nobody", 6);
	one_out(&o);
	m = sent_icmp(&o, 0);
	assert_int_equal(m.type, ICMP4_UNREACHABLE);
	assert_int_equal(m.code, ICMP4_PORT_UNREACHABLE);
	assert_int_equal(m.len_body, 34); /* all of the packet */
	assert_int_equal(get_be16(m.body + 20), 1000);
	one_packet(&o, &(struct packet_spec){.protocol = 132, .payload = "sctp", .n = 4});
	one_out(&o);
	assert_int_equal(sent_icmp(&o, 1).code, ICMP4_PROTOCOL_UNREACHABLE);
	assert_counter(&o, "ip_unknown_protocol", 1);
	one_deinit(&o);
}

/* attacks row 33 (SAD DNS CVE-2020-25705): a limit, for each peer and in all, and not the same twice. */
static void limited(void **state)
{
	unsigned answered[8] = {0};
	bool differ = false;
	struct one o;

	(void)state;
	for (unsigned seed = 0; seed < 8; seed++) {
		struct berth_host_config config;

		berth_host_config_default(&config);
		config.seed = seed;
		one_init_with(&o, &config);
		one_introduce(&o);
		for (unsigned i = 0; i < 1000; i++)
			one_udp(&o, 1000, (uint16_t)(2000 + i), "x", 1);
		answered[seed] = (unsigned)counter(o.host, "icmp_errors_out");
		assert_in_range(answered[seed], 5, 20);
		assert_counter(&o, "icmp_errors_limited", 1000 - answered[seed]);
		differ |= answered[seed] != answered[0];
		/* It recovers with time. */
		one_run(&o, o.now + 10 * SECOND);
		one_udp(&o, 1000, 9, "x", 1);
		assert_counter(&o, "icmp_errors_out", answered[seed] + 1);
		one_deinit(&o);
	}
	assert_true(differ);
	/* In all, from many peers. */
	one_init(&o);
	for (unsigned i = 0; i < 5000; i++) {
		uint8_t udp[9];

		make_udp(udp, IP(10, 0, 0, 1) + i, 0, 1, 2, "x", 1);
		one_packet(&o, &(struct packet_spec){
				       .source = IP(10, 0, 0, 1) + i, .protocol = 17, .payload = udp, .n = 9});
	}
	assert_in_range(counter(o.host, "icmp_errors_out"), 100, 400);
	one_deinit(&o);
}

/* A datagram as the host would have sent it, to be quoted: its length. */
static size_t quote(uint8_t *to, uint32_t source, uint32_t destination, uint8_t protocol, uint16_t port,
		    uint16_t peer_port)
{
	uint8_t frame[64], transport[20] = {0};

	put_be16(transport, port);
	put_be16(transport + 2, peer_port);
	put_be16(transport + 4, 8);
	make_packet(frame, &(struct packet_spec){
				   .source = source,
				   .destination = destination,
				   .protocol = protocol,
				   .payload = transport,
				   .n = 8,
			   });
	memcpy(to, frame + 14, 28);
	return 28;
}

static int connected(struct one *o, uint16_t port, uint16_t peer_port)
{
	struct berth_socket_address to = socket_address(PEER, peer_port);
	int s = one_udp_socket(o, port);

	assert_int_equal(berth_connect(o->host, s, &to), 0);
	return s;
}

static int pending_error(struct one *o, int s)
{
	int error = 0;
	size_t n = sizeof(error);

	assert_int_equal(berth_getsockopt(o->host, s, BERTH_SOL_SOCKET, BERTH_SO_ERROR, &error, &n), 0);
	return -error;
}

/* RFC 1122 section 4.1.3.3. */
static void errors_reach_the_socket(void **state)
{
	static const struct {
		uint8_t type, code;
		int error;
	} cases[] = {
		{3, 3, BERTH_ECONNREFUSED},
		{3, 2, BERTH_ENOPROTOOPT},
		{12, 0, BERTH_EPROTO},
		{3, 0, 0},
		{3, 1, 0},
		{3, 13, BERTH_EHOSTUNREACH},
		{11, 0, 0},
		{3, 255, 0},
	};
	uint8_t q[28];
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	s = connected(&o, 1000, 9);
	quote(q, HOST, PEER, 17, 1000, 9);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		one_icmp(&o, IP(192, 168, 1, 1), cases[i].type, cases[i].code, 0, q, sizeof(q));
		assert_int_equal(pending_error(&o, s), cases[i].error);
		assert_int_equal(pending_error(&o, s), 0);
	}
	assert_counter(&o, "udp_errors_in", 4);
	assert_counter(&o, "udp_errors_ignored", 4);
	one_deinit(&o);
}

/* attacks row 5 (Ripple20 CVE-2020-11910, -11911): quotations cut at every byte, and quotations of others' packets. */
static void quotations_are_checked(void **state)
{
	uint8_t q[68];
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	s = connected(&o, 1000, 9);
	quote(q, HOST, PEER, 17, 1000, 9);
	for (size_t n = 0; n < 28; n++)
		one_icmp(&o, 0, 3, 3, 0, q, n);
	assert_counter(&o, "icmp_bad_quote", 28);
	/* A header that says it is longer than the quotation. */
	for (uint8_t ihl = 6; ihl < 16; ihl++) {
		q[0] = 0x40 | ihl;
		one_icmp(&o, 0, 3, 3, 0, q, 28);
	}
	q[0] = 0x43;
	one_icmp(&o, 0, 3, 3, 0, q, 28);
	assert_counter(&o, "icmp_bad_quote", 39);
	/* Not sent by us; not a first fragment; of a protocol without ports. */
	one_icmp(&o, 0, 3, 3, 0, q, quote(q, PEER, HOST, 17, 1000, 9));
	quote(q, HOST, PEER, 17, 1000, 9);
	q[7] = 1;
	one_icmp(&o, 0, 3, 3, 0, q, 28);
	one_icmp(&o, 0, 3, 3, 0, q, quote(q, HOST, PEER, 1, 1000, 9));
	assert_counter(&o, "icmp_bad_quote", 42);
	/* Nobody's conversation. */
	one_icmp(&o, 0, 3, 3, 0, q, quote(q, HOST, PEER, 17, 1001, 9));
	one_icmp(&o, 0, 3, 3, 0, q, quote(q, HOST, PEER, 6, 1000, 9));
	assert_counter(&o, "icmp_no_match", 2);
	/* An unconnected socket could not say whose error it is. */
	one_udp_socket(&o, 2000);
	one_icmp(&o, 0, 3, 3, 0, q, quote(q, HOST, PEER, 17, 2000, 9));
	assert_counter(&o, "udp_errors_ignored", 1);
	assert_int_equal(pending_error(&o, s), 0);
	assert_int_equal(one_out(&o), 0);
	one_deinit(&o);
}

/* RFC 1122 section 3.2.2: no error about an error. */
static void no_error_about_errors(void **state)
{
	uint8_t bytes[36] = {3, 3}, udp[8];
	struct one o;

	(void)state;
	one_init(&o);
	one_packet(&o, &(struct packet_spec){.protocol = 1, .id = 1, .more = true, .payload = bytes, .n = 32});
	one_run(&o, o.now + 31 * SECOND);
	assert_counter(&o, "ip_reassembly_timeouts", 1);
	assert_counter(&o, "icmp_errors_out", 0);
	/* An echo request is no error. */
	bytes[0] = 8;
	one_packet(&o, &(struct packet_spec){.protocol = 1, .id = 2, .more = true, .payload = bytes, .n = 32});
	make_udp(udp, 0, 0, 1, 2, NULL, 0);
	one_packet(&o, &(struct packet_spec){.protocol = 17, .id = 3, .more = true, .payload = udp, .n = 8});
	one_run(&o, o.now + 31 * SECOND);
	assert_counter(&o, "icmp_errors_out", 2);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echo),
		cmocka_unit_test(large_echo),
		cmocka_unit_test(every_length),
		cmocka_unit_test(ignored_types),
		cmocka_unit_test(echo_to_broadcast),
		cmocka_unit_test(says_unreachable),
		cmocka_unit_test(limited),
		cmocka_unit_test(errors_reach_the_socket),
		cmocka_unit_test(quotations_are_checked),
		cmocka_unit_test(no_error_about_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
