/* IPv4 in: every packet meets one verdict with a name, whatever its bytes. */
#include "one_host.h"

/* What a packet must not do beyond its own counter. */
static void assert_silent(struct one *o, const char *name, uint64_t times)
{
	assert_counter(o, name, times);
	assert_counter(o, "ip_delivered", 0);
	assert_int_equal(one_out(o), 0);
}

/* attacks row 7 (Ripple20, CVE-2020-11913 and -11914): frames of 0 to 60 bytes, of every type. */
static void runt_frames(void **state)
{
	static const uint16_t types[] = {ETH_TYPE_IP4, ETH_TYPE_ARP, ETH_TYPE_IP6, 0x1234, 0};
	static const uint8_t fills[] = {0, 0x45, 0xff, 0x5a};
	struct one o;

	(void)state;
	one_init(&o);
	for (size_t n = 0; n <= 60; n++) {
		for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
			for (size_t f = 0; f < sizeof(fills); f++) {
				uint8_t bytes[60];

				memset(bytes, fills[f], sizeof(bytes));
				memcpy(bytes, mac_host, 6);
				memcpy(bytes + 6, mac_peer, 6);
				put_be16(bytes + 12, types[t]);
				one_frame(&o, bytes, n);
			}
		}
	}
	assert_counter(&o, "eth_frames_in", 61 * 5 * 4);
	assert_counter(&o, "eth_too_short", 14 * 5 * 4);
	assert_counter(&o, "eth_unknown_type", 47 * 3 * 4);
	assert_counter(&o, "ip_packets_in", 47 * 4);
	assert_counter(&o, "ip_delivered", 0);
	assert_int_equal(one_out(&o), 0);
	one_deinit(&o);
}

static void frames_for_others(void **state)
{
	static const uint8_t other[6] = {2, 0, 0, 0, 0, 9};
	struct one o;
	uint8_t bytes[64];
	size_t n;

	(void)state;
	one_init(&o);
	one_packet(&o, &(struct packet_spec){.protocol = 17, .to = other});
	assert_counter(&o, "eth_other_host", 1);
	n = make_packet(bytes, &(struct packet_spec){.protocol = 17});
	bytes[6] |= 1;
	one_frame(&o, bytes, n);
	assert_counter(&o, "eth_bad_source", 1);
	one_frame_on(&o, 2, bytes, n);
	one_frame_on(&o, -1, bytes, n);
	assert_counter(&o, "eth_no_interface", 2);
	assert_counter(&o, "ip_packets_in", 0);
	one_deinit(&o);
}

/* attacks row 19 (INFRA:HALT) and row 1 (Ripple20 CVE-2020-11896): the total length against header and frame. */
static void total_length(void **state)
{
	static const struct {
		uint16_t total;
		const char *counter;
	} cases[] = {
		{0, "ip_bad_length"},  {1, "ip_bad_length"},      {19, "ip_bad_length"},
		{49, "ip_bad_length"}, {0xffff, "ip_bad_length"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[64] = {0}, udp[28];
		struct one o;
		size_t n;

		one_init(&o);
		make_udp(udp, 0, 0, 1, 2, "12345678901234567890", 20);
		n = make_packet(bytes, &(struct packet_spec){.protocol = 17, .payload = udp, .n = 28});
		put_be16(bytes + 16, cases[i].total);
		put_be16(bytes + 24, 0);
		put_be16(bytes + 24, checksum_finish(checksum_add(0, bytes + 14, 20)));
		one_frame(&o, bytes, n);
		assert_silent(&o, cases[i].counter, 1);
		one_deinit(&o);
	}
}

static void broken_headers(void **state)
{
	static const struct {
		unsigned at;
		uint8_t value;
		const char *counter;
	} cases[] = {
		{14, 0x65, "ip_bad_version"},
		{14, 0x44, "ip_bad_header"},
		{14, 0x40, "ip_bad_header"},
		{22, 63, "ip_bad_checksum"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[64];
		struct one o;
		size_t n;

		one_init(&o);
		n = make_packet(bytes, &(struct packet_spec){.protocol = 17, .payload = "12345678", .n = 8});
		bytes[cases[i].at] = cases[i].value;
		one_frame(&o, bytes, n);
		assert_silent(&o, cases[i].counter, 1);
		one_deinit(&o);
	}
}

/* A packet with options, its checksum right. */
static void with_options(struct one *o, const uint8_t *options, size_t n_options, unsigned ihl)
{
	uint8_t bytes[14 + 60 + 8] = {0}, plain[64], udp[8];
	size_t n = 14 + (size_t)ihl * 4 + 8;

	make_udp(udp, 0, 0, 9, 9, NULL, 0);
	make_packet(plain, &(struct packet_spec){.protocol = 17});
	memcpy(bytes, plain, 34);
	bytes[14] = (uint8_t)(0x40 | ihl);
	put_be16(bytes + 16, (uint16_t)(ihl * 4 + 8));
	memcpy(bytes + 34, options, n_options);
	memcpy(bytes + n - 8, udp, 8);
	put_be16(bytes + 24, 0);
	put_be16(bytes + 24, checksum_finish(checksum_add(0, bytes + 14, ihl * 4)));
	one_frame(o, bytes, n);
}

/* attacks row 9 (URGENT/11 CVE-2019-12256): every header length, and options of every length in it. */
static void options_sweep(void **state)
{
	struct one o;
	unsigned n_sent = 0;

	(void)state;
	one_init(&o);
	for (unsigned ihl = 6; ihl <= 15; ihl++) {
		unsigned room = (ihl - 5) * 4;

		for (unsigned kind = 2; kind < 256; kind += 11) {
			for (unsigned len = 0; len <= 41; len++) {
				uint8_t options[40] = {(uint8_t)kind, (uint8_t)len};

				if (kind == 131 || kind == 137)
					continue;
				with_options(&o, options, room, ihl);
				n_sent++;
			}
		}
	}
	assert_counter(&o, "ip_packets_in", n_sent);
	assert_counter(&o, "ip_source_routed", 0);
	assert_true(counter(o.host, "ip_bad_option") > 0);
	assert_int_equal(counter(o.host, "ip_bad_option") + counter(o.host, "ip_delivered"), n_sent);
	assert_int_equal(counter(o.host, "udp_no_socket"), counter(o.host, "ip_delivered"));
	one_deinit(&o);
}

/* attacks row 2 (Ripple20 CVE-2020-11897): loose and strict source routes. */
static void source_routes(void **state)
{
	static const uint8_t kinds[] = {131, 137};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const uint8_t options[] = {1, kinds[i], 7, 4, 192, 168, 1, 9};
		struct one o;

		one_init(&o);
		with_options(&o, options, 8, 7);
		assert_silent(&o, "ip_source_routed", 1);
		one_deinit(&o);
	}
}

/* attacks row 3 (Ripple20 CVE-2020-11898): IP in IP, with a packet inside that would be taken by itself. */
static void tunnels(void **state)
{
	static const uint8_t protocols[] = {4, 41};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		uint8_t inner[64];
		struct one o;
		size_t n;

		one_init(&o);
		one_udp_socket(&o, 7);
		n = make_packet(inner, &(struct packet_spec){.protocol = 17, .payload = "\0\1\0\7\0\10\0\0", .n = 8});
		one_packet(&o, &(struct packet_spec){
				       .protocol = protocols[i],
				       .payload = inner + 14,
				       .n = n - 14,
			       });
		assert_silent(&o, "ip_tunnelled", 1);
		assert_counter(&o, "udp_datagrams_in", 0);
		one_deinit(&o);
	}
}

/* RFC 1122 section 3.2.1.3. */
static void addresses(void **state)
{
	static const struct {
		uint32_t source, destination;
		const uint8_t *mac;
		const char *counter;
	} cases[] = {
		{IP(0, 0, 0, 0) + 1, HOST, NULL, "ip_martian_source"},
		{IP(127, 0, 0, 1), HOST, NULL, "ip_martian_source"},
		{IP(224, 0, 0, 1), HOST, NULL, "ip_martian_source"},
		{IP(240, 0, 0, 1), HOST, NULL, "ip_martian_source"},
		{IP(255, 255, 255, 255), HOST, NULL, "ip_martian_source"},
		{IP(192, 168, 1, 255), HOST, NULL, "ip_martian_source"},
		{HOST, HOST, NULL, "ip_martian_source"}, /* "land" */
		{PEER, IP(127, 0, 0, 1), NULL, "ip_martian_destination"},
		{PEER, IP(0, 0, 0, 7), NULL, "ip_martian_destination"},
		{PEER, IP(241, 0, 0, 7), NULL, "ip_martian_destination"},
		{PEER, IP(192, 168, 1, 8), NULL, "ip_not_for_us"},
		{PEER, IP(10, 0, 0, 1), NULL, "ip_not_for_us"},
		{PEER, IP(224, 0, 0, 251), NULL, "ip_not_joined"},
		{PEER, HOST, mac_everybody, "ip_link_broadcast"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct one o;

		one_init(&o);
		one_packet(&o, &(struct packet_spec){
				       .source = cases[i].source,
				       .destination = cases[i].destination,
				       .to = cases[i].mac,
				       .protocol = 17,
				       .payload = "\0\1\0\7\0\10\0\0",
				       .n = 8,
			       });
		assert_silent(&o, cases[i].counter, 1);
		one_deinit(&o);
	}
}

/* RFC 9293 MUST-57: a SYN to everybody is nobody's, not even a reset's. */
static void tcp_to_broadcast(void **state)
{
	static const uint8_t syn[20] = {0, 9, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 1, 0};
	static const uint32_t destinations[] = {IP(255, 255, 255, 255), IP(192, 168, 1, 255)};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct one o;

		one_init(&o);
		one_packet(&o, &(struct packet_spec){
				       .destination = destinations[i],
				       .to = mac_everybody,
				       .protocol = 6,
				       .payload = syn,
				       .n = sizeof(syn),
			       });
		assert_silent(&o, "ip_broadcast_refused", 1);
		one_deinit(&o);
	}
}

static void udp_to_broadcast(void **state)
{
	uint8_t udp[16], got[8];
	struct berth_vector vector = {got, sizeof(got)};
	struct berth_message message = {.vectors = &vector, .n_vectors = 1};
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	s = one_udp_socket(&o, 7);
	make_udp(udp, 0, IP(192, 168, 1, 255), 1000, 7, "to all..", 8);
	one_packet(&o, &(struct packet_spec){
			       .destination = IP(192, 168, 1, 255),
			       .to = mac_everybody,
			       .protocol = 17,
			       .payload = udp,
			       .n = sizeof(udp),
		       });
	assert_int_equal(berth_recvmsg(o.host, s, &message, 0), 8);
	assert_int_equal(message.local.address.bytes[3], 255);
	/* To a port that nobody has: no answer to everybody's question (RFC 1122 section 3.2.2). */
	make_udp(udp, 0, IP(192, 168, 1, 255), 1000, 8, "to all..", 8);
	one_packet(&o, &(struct packet_spec){
			       .destination = IP(192, 168, 1, 255),
			       .to = mac_everybody,
			       .protocol = 17,
			       .payload = udp,
			       .n = sizeof(udp),
		       });
	assert_counter(&o, "udp_no_socket", 1);
	assert_int_equal(one_out(&o), 0);
	one_deinit(&o);
}

/* attacks row 18 (CVE-2020-24341): a TCP header that says it is longer than the segment. */
static void tcp_offset_beyond_the_segment(void **state)
{
	uint8_t syn[24] = {0, 9, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0xf0, 2, 1, 0};
	static const uint8_t a[4] = {192, 168, 1, 5}, b[4] = {192, 168, 1, 7};
	struct one o;

	(void)state;
	one_init(&o);
	put_be16(syn + 16, checksum_finish(checksum_add(checksum_pseudo(a, b, 4, 6, 24), syn, 24)));
	one_packet(&o, &(struct packet_spec){.protocol = 6, .payload = syn, .n = 24});
	assert_counter(&o, "ip_bad_tcp_header", 1);
	syn[0] ^= 1;
	one_packet(&o, &(struct packet_spec){.protocol = 6, .payload = syn, .n = 24});
	assert_counter(&o, "ip_bad_tcp_checksum", 1);
	assert_counter(&o, "tcp_segments_in", 0);
	assert_int_equal(one_out(&o), 0);
	one_deinit(&o);
}

/* A segment for nobody is answered with a reset, whose checksum and addresses are right. */
static void reset_for_nobody(void **state)
{
	uint8_t syn[20] = {0, 9, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 1, 0};
	static const uint8_t a[4] = {192, 168, 1, 5}, b[4] = {192, 168, 1, 7};
	struct ip4_header ip;
	const uint8_t *tcp;
	struct one o;

	(void)state;
	one_init(&o);
	one_introduce(&o);
	put_be16(syn + 16, checksum_finish(checksum_add(checksum_pseudo(a, b, 4, 6, 20), syn, 20)));
	one_packet(&o, &(struct packet_spec){.protocol = 6, .payload = syn, .n = 20});
	assert_int_equal(one_out(&o), 1);
	ip = sent_ip(&o, 0, &tcp);
	assert_int_equal(ip.protocol, 6);
	assert_memory_equal(ip.source, b, 4);
	assert_memory_equal(ip.destination, a, 4);
	assert_int_equal(tcp[13], TCP_RST | TCP_ACK);
	assert_int_equal(get_be32(tcp + 8), 2);
	assert_int_equal(checksum_finish(checksum_add(checksum_pseudo(b, a, 4, 6, 20), tcp, 20)), 0);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runt_frames),
		cmocka_unit_test(frames_for_others),
		cmocka_unit_test(total_length),
		cmocka_unit_test(broken_headers),
		cmocka_unit_test(options_sweep),
		cmocka_unit_test(source_routes),
		cmocka_unit_test(tunnels),
		cmocka_unit_test(addresses),
		cmocka_unit_test(tcp_to_broadcast),
		cmocka_unit_test(udp_to_broadcast),
		cmocka_unit_test(tcp_offset_beyond_the_segment),
		cmocka_unit_test(reset_for_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
