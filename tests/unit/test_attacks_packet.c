/* Packets that have broken other stacks: runts, lengths that lie, source routes, tunnels, groups, headers without end.
 * Each is thrown at a host in the middle of a conversation; it meets the verdict that a counter names, is not
 * delivered, leaves nothing behind, and the conversation goes on. Rows are those of the list of known attacks. */
#include "siege.h"

#define NOTHING 256 /* bytes that an attack may leave */
#define PORT 7

/* ---- rows 7, 1, 14, 19: what is not there ---- */

/* Row 7 (Ripple20 CVE-2020-11913, -11914): frames of 0 to 60 bytes. */
static void runts(void **state)
{
	static const uint8_t fills[] = {0, 0x45, 0x60, 0xff, 0x5a};
	uint64_t delivered;
	struct siege s;

	siege_init(&s, family_of(state));
	delivered = siege_counter(&s, "ip", "delivered");
	for (size_t n = 0; n <= 60; n++) {
		for (size_t f = 0; f < sizeof(fills); f++) {
			uint8_t bytes[60];

			memset(bytes, fills[f], sizeof(bytes));
			memcpy(bytes, mac_b, 6);
			memcpy(bytes + 6, mac_enemy, 6);
			put_be16(bytes + 12, s.family == BERTH_IP6 ? ETH_TYPE_IP6 : ETH_TYPE_IP4);
			siege_frame(&s, bytes, n);
		}
	}
	assert_int_equal(counter(s.host, "eth_too_short"), 14 * 5);
	/* All that have a header are of another version but those of the right fill, and these are shorter than
	 * they say. */
	if (s.family == BERTH_IP6) {
		assert_siege_counter(&s, "ip", "too_short", 5 * 40);
		assert_siege_counter(&s, "ip", "bad_version", 4 * 7);
		assert_siege_counter(&s, "ip", "bad_length", 7);
	} else {
		assert_siege_counter(&s, "ip", "too_short", 5 * 20);
	}
	assert_siege_counter(&s, "ip", "delivered", delivered);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* Rows 1, 14 and 19 (Ripple20 CVE-2020-11896, AMNESIA:33 CVE-2020-17441, INFRA:HALT CVE-2020-31401): the length that
 * the header says, with each transport behind it whose checksum takes the length from there. */
static void lengths_that_lie(void **state)
{
	static const uint8_t protocols[] = {IP_PROTOCOL_TCP, IP_PROTOCOL_UDP, IP_PROTOCOL_ICMP4, IP_PROTOCOL_ICMP6};
	/* Above what is there; of IPv4 also below its own header, by wrapping. */
	static const uint16_t lies[] = {1, 2, 7, 8, 9, 255, 256, 0x7f00, 0x8000, 0xff00, 0xffc0};
	uint64_t delivered;
	struct siege s;

	siege_init(&s, family_of(state));
	delivered = siege_counter(&s, "ip", "delivered");
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		for (size_t p = 0; p < sizeof(protocols); p++) {
			uint8_t bytes[32] = {0x10, 0, 0, PORT, 0, 32, [12] = 0x50, 0x12};

			siege_packet(&s, &(struct foul){.protocol = protocols[p],
							.payload = bytes,
							.n = sizeof(bytes),
							.lie = lies[i]});
		}
	}
	assert_siege_counter(&s, "ip", "bad_length", 4 * sizeof(lies) / sizeof(lies[0]));
	if (s.family != BERTH_IP6) {
		for (size_t total = 0; total < IP4_HEADER; total++)
			siege_packet(&s, &(struct foul){.protocol = IP_PROTOCOL_UDP,
							.payload = "",
							.n = 1,
							.lie = total - IP4_HEADER - 1});
		assert_siege_counter(&s, "ip", "bad_length", 44 + IP4_HEADER);
	}
	/* No length at all, and one in an option that would be four bytes long (RFC 2675). */
	if (s.family == BERTH_IP6) {
		siege_packet(&s, &(struct foul){.next = IP6_NEXT_HOP_BY_HOP,
						.before = "\21\0\302\4\0\1\0\0",
						.n_before = 8,
						.lie = (size_t)-8});
		assert_siege_counter(&s, "ip", "bad_length", 45);
	}
	assert_siege_counter(&s, "ip", "delivered", delivered);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* The same one layer up: a datagram's own length against the packet's. */
static void datagram_lengths(void **state)
{
	struct siege s;
	int socket;

	siege_init(&s, family_of(state));
	socket = siege_udp_socket(&s, PORT);
	s.bytes_quiet = s.heap.n_bytes;
	for (unsigned len = 0; len < 70000; len += len < 64 ? 1 : 977) {
		struct foul f = {.protocol = IP_PROTOCOL_UDP};
		uint8_t bytes[UDP_HEADER + 16];

		foul_udp(&s, &f, bytes, PORT, "0123456789abcdef", 16);
		put_be16(bytes + 4, (uint16_t)len);
		foul_seal(&s, &f, bytes, UDP_OFF_CHECKSUM);
		if ((uint16_t)len < UDP_HEADER || (uint16_t)len > sizeof(bytes))
			siege_packet(&s, &f);
	}
	for (size_t n = 0; n < UDP_HEADER; n++)
		siege_packet(&s, &(struct foul){.protocol = IP_PROTOCOL_UDP, .payload = "\0\1\0\7\0\10\0", .n = n});
	assert_true(counter(s.host, "udp_bad_length") > 100);
	assert_nothing_came(&s, socket);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* ---- rows 2, 3, 4: what is for somebody else ---- */

static const uint8_t loose_route[] = {1, 131, 7, 4, 192, 168, 1, 9}, strict_route[] = {1, 137, 7, 4, 192, 168, 1, 9};
/* Routing headers; the first byte, what comes next, is UDP. */
static const uint8_t type_0[24] = {17, 2, 0, 1, [8] = 0xfd, [23] = 9}, type_0_over[24] = {17, 2, 0, 0, [8] = 0xfd},
		     type_2[24] = {17, 2, 2, 1, [8] = 0xfd, [23] = 9}, type_3[8] = {17, 0, 3, 1},
		     type_4[24] = {17, 2, 4, 1}, type_253[8] = {17, 0, 253, 255};

/* Row 2 (Ripple20 CVE-2020-11897, -11909): source routes; routing headers with somewhere to go, and type 0 at all. */
static void source_routes(void **state)
{
	static const struct {
		const uint8_t *bytes;
		size_t n;
	} ip4[] = {{loose_route, 8}, {strict_route, 8}},
	  ip6[] = {{type_0, 24}, {type_0_over, 24}, {type_2, 24}, {type_3, 8}, {type_4, 24}, {type_253, 8}};
	bool six = family_of(state) == BERTH_IP6;
	size_t n_cases = six ? 6 : 2;
	struct siege s;
	int socket;

	siege_init(&s, family_of(state));
	siege_meet(&s);
	socket = siege_udp_socket(&s, PORT);
	s.bytes_quiet = s.heap.n_bytes;
	for (size_t i = 0; i < n_cases; i++)
		siege_udp(&s,
			  (struct foul){.next = IP6_NEXT_ROUTING,
					.before = six ? ip6[i].bytes : ip4[i].bytes,
					.n_before = six ? ip6[i].n : ip4[i].n},
			  PORT, "route", 5);
	assert_int_equal(counter(s.host, six ? "ip6_routed" : "ip_source_routed"), n_cases);
	assert_nothing_came(&s, socket);
	/* Nothing is sent on: what leaves is about the packet, to who sent it. RFC 5095 would be told of. */
	cable_settle(&s.c);
	assert_int_equal(s.n_seen, six ? 5 : 0);
	assert_siege_counter(&s, "icmp", "errors_out", six ? 5 : 0);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* Row 3 (Ripple20 CVE-2020-11898, -11900, -11902): IP in IP, with packets inside that would be taken by themselves. */
static void tunnels(void **state)
{
	static const uint8_t options[8] = {0, 0, 1, 4};
	uint64_t n = 0;
	struct siege s;
	int socket;

	siege_init(&s, family_of(state));
	socket = siege_udp_socket(&s, PORT);
	s.bytes_quiet = s.heap.n_bytes;
	for (unsigned i = 0; i < 16; i++) {
		uint8_t inner[FRAME_MOST], udp[32], before[8];
		struct foul in = {.source = siege_ip(&s, A)}, out = {.payload = inner + ETH_HEADER};

		foul_udp(&s, &in, udp, PORT, "inside", 6);
		out.n = foul_make(&s, &in, inner) - ETH_HEADER;
		out.protocol = i & 1 ? IP_PROTOCOL_IP6 : IP_PROTOCOL_IP4;
		out.is_fragment = out.more = i & 2; /* the second half follows */
		out.id = i;
		if ((i & 4) && s.family == BERTH_IP6) {
			memcpy(before, options, 8);
			before[0] = i & 2 ? IP6_NEXT_FRAGMENT : out.protocol;
			out.next = IP6_NEXT_DESTINATION;
			out.before = before;
			out.n_before = 8;
		}
		if (i & 2) {
			size_t all = out.n;

			out.n = 24;
			siege_packet(&s, &out);
			out.payload = inner + ETH_HEADER + 24;
			out.n = all - 24;
			out.off = 24;
			out.more = false;
		}
		siege_packet(&s, &out);
		n++;
		assert_siege_counter(&s, "ip", "tunnelled", n);
	}
	assert_nothing_came(&s, socket);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* Row 4 (Ripple20 CVE-2020-11899): groups that nobody here has joined, of every scope. */
static void groups(void **state)
{
	struct siege s;
	uint64_t before, n = 0;
	int socket;

	siege_init(&s, family_of(state));
	before = siege_counter(&s, "ip", "not_joined");
	socket = siege_udp_socket(&s, PORT);
	s.bytes_quiet = s.heap.n_bytes;
	for (unsigned i = 0; i < 16; i++) {
		struct ip group = ip_of_ip4(0xe0000000u | i << 24 | 0x010203);
		bool on_a_wire = true;

		if (s.family == BERTH_IP6) {
			/* Scopes 0 and 1 are on no wire at all (RFC 4291 section 2.7). */
			group = (struct ip){.high = (UINT64_C(0xff00) | i) << 48, .low = 0x10203, .scope = i == 2};
			on_a_wire = i > 1;
		}
		siege_udp(&s, (struct foul){.destination = group}, PORT, "group", 5);
		siege_icmp(&s, (struct foul){.destination = group}, s.family == BERTH_IP6 ? ICMP6_ECHO_REQUEST : 8, 0,
			   0, NULL, 0);
		n += on_a_wire ? 2 : 0;
	}
	assert_siege_counter(&s, "ip", "not_joined", before + n);
	assert_siege_counter(&s, "ip", "martian_destination", 32 - n);
	assert_nothing_came(&s, socket);
	cable_settle(&s.c);
	assert_int_equal(s.n_seen, 0);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* Nobody can have sent it: a group, everybody, nobody, the loopback, this host itself, IPv4 in disguise. SYNs, which
 * would begin a conversation with him (LAND). */
static void impossible_sources(void **state)
{
	const struct ip ip4[] = {ip_of_ip4(0xe0000001), ip_of_ip4(UINT32_MAX), ip_of_ip4(0xc0a801ff),
				 ip_of_ip4(0x7f000001), ip_of_ip4(0x00000001), ip_of_ip4(0xf0000001),
				 ip_of_ip4(0xc0a80107)};
	const struct ip ip6[] = {{.high = UINT64_C(0xff02) << 48, .low = 1, .scope = 1},
				 {.low = 1},
				 ip_of_ip4(0xc0a80105),
				 ip_of_ip4(0x7f000001),
				 {.high = UINT64_C(0xfd) << 56, .low = B}};
	struct siege s;
	size_t n;

	siege_init(&s, family_of(state));
	n = s.family == BERTH_IP6 ? sizeof(ip6) / sizeof(ip6[0]) : sizeof(ip4) / sizeof(ip4[0]);
	for (size_t i = 0; i < n; i++) {
		uint8_t syn[20] = {PORT_B >> 8, PORT_B & 255, PORT_B >> 8, PORT_B & 255, [12] = 0x50, 0x02, 0xff, 0xff};
		struct foul f = {.source = s.family == BERTH_IP6 ? ip6[i] : ip4[i],
				 .protocol = IP_PROTOCOL_TCP,
				 .payload = syn,
				 .n = sizeof(syn)};

		if (s.family != BERTH_IP6 || !ip_is_ip4(&f.source))
			foul_seal(&s, &f, syn, 16);
		siege_packet(&s, &f);
	}
	assert_siege_counter(&s, "ip", "martian_source", n);
	assert_int_equal(counter(s.host, "tcp_passive_opens"), 1);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* ---- rows 15 and 16: headers of IPv6 without end ---- */

/* Row 15 (AMNESIA:33 CVE-2020-17442, -17444): a chain as long as a packet, of each kind; and every length that a header
 * can say of itself, which would wrap a counter of 8 or 16 bits. */
static void chains(void **state)
{
	static const uint8_t kinds[] = {IP6_NEXT_HOP_BY_HOP, IP6_NEXT_ROUTING, IP6_NEXT_DESTINATION};
	uint8_t chain[1400];
	struct siege s;
	int socket;

	siege_init(&s, BERTH_IP6);
	(void)state;
	socket = siege_udp_socket(&s, PORT);
	s.bytes_quiet = s.heap.n_bytes;
	for (size_t k = 0; k < sizeof(kinds); k++) {
		for (size_t i = 0; i < sizeof(chain); i += 8)
			memcpy(chain + i, (uint8_t[8]){kinds[k], 0, 1, 0}, 8);
		if (kinds[k] == IP6_NEXT_ROUTING) {
			for (size_t i = 0; i < sizeof(chain); i += 8)
				chain[i + 2] = 3;
		} else {
			for (size_t i = 0; i < sizeof(chain); i += 8)
				chain[i + 3] = 4;
		}
		siege_udp(&s, (struct foul){.next = kinds[k], .before = chain, .n_before = sizeof(chain)}, PORT, "x",
			  1);
	}
	assert_int_equal(counter(s.host, "ip6_too_many_headers"), 2);
	assert_int_equal(counter(s.host, "ip6_bad_order"), 1);
	for (size_t k = 0; k < sizeof(kinds); k++) {
		for (unsigned len = 1; len < 256; len++) {
			memset(chain, 0, 8);
			memcpy(chain, (uint8_t[8]){17, (uint8_t)len, 3, 0}, 4);
			siege_udp(&s, (struct foul){.next = kinds[k], .before = chain, .n_before = 8}, PORT, "x", 1);
		}
	}
	/* With 9 bytes behind, a header of 16 is there. */
	assert_true(counter(s.host, "ip6_bad_length") >= 3 * 254);
	assert_nothing_came(&s, socket);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* Every header that there may be, then a datagram. */
static const uint8_t every_header[] = {
	IP6_NEXT_ROUTING,     0, 5,    2,  0, 0, 1, 0, /* hop by hop */
	IP6_NEXT_DESTINATION, 0, 4,    0,  0, 0, 0, 0, /* routing */
	IP6_NEXT_FRAGMENT,    2, 0x1e, 4,  1, 2, 3, 4, 0x3e, 9, 1, 2, 3, 4,  5, 6, 7, 8, 9, 1, 1, 0, 0, 0, /* options */
	IP6_NEXT_DESTINATION, 0, 0,    0,  0, 0, 0, 9,                             /* fragment */
	IP_PROTOCOL_UDP,      1, 0x1e, 10, 1, 2, 3, 4, 5,    6, 7, 8, 9, 10, 1, 0, /* options */
};

static uint64_t verdicts(const struct siege *s)
{
	static const char *const names[] = {"ip6_too_short",    "ip6_bad_length",       "ip6_bad_option",
					    "ip6_routed",       "ip6_bad_fragment",     "ip6_headers_cut",
					    "ip6_bad_order",    "ip6_unknown_protocol", "udp_bad_length",
					    "udp_bad_checksum", "ip6_too_many_headers"};
	uint64_t n = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		n += counter(s->host, names[i]);
	return n;
}

/* Row 16 (AMNESIA:33 CVE-2020-17445): headers and their options cut at every byte, by the frame alone and by what the
 * packet says of its length. Then every byte of them has every value. */
static void headers_cut(void **state)
{
	uint8_t whole[FRAME_MOST], udp[UDP_HEADER + 4];
	struct foul f = {.next = IP6_NEXT_HOP_BY_HOP, .before = every_header, .n_before = sizeof(every_header)};
	struct siege s;
	size_t len, n;
	int socket;

	(void)state;
	siege_init(&s, BERTH_IP6);
	socket = siege_udp_socket(&s, PORT);
	s.bytes_quiet = s.heap.n_bytes;
	foul_udp(&s, &f, udp, PORT, "last", 4);
	len = foul_make(&s, &f, whole);
	for (n = ETH_HEADER; n < len; n++)
		siege_frame(&s, whole, n);
	assert_int_equal(verdicts(&s), len - ETH_HEADER);
	for (n = 0; n < len - ETH_HEADER - IP6_HEADER; n++) {
		put_be16(whole + ETH_HEADER + IP6_OFF_PAYLOAD, (uint16_t)n);
		siege_frame(&s, whole, ETH_HEADER + IP6_HEADER + n);
	}
	assert_int_equal(verdicts(&s), 2 * (len - ETH_HEADER) - IP6_HEADER);
	assert_nothing_came(&s, socket);
	foul_make(&s, &f, whole);
	for (n = 0; n < sizeof(every_header); n++) {
		uint8_t *at = whole + ETH_HEADER + IP6_HEADER + n, before = *at;

		for (unsigned value = 0; value < 256; value++) {
			uint8_t got[8];

			*at = (uint8_t)value;
			siege_frame(&s, whole, len);
			berth_recv(s.host, socket, got, sizeof(got), 0);
		}
		*at = before;
	}
	siege_frame(&s, whole, len);
	assert_int_equal(berth_recv(s.host, socket, udp, sizeof(udp), 0), 4);
	cable_run(&s.c, s.c.now + 40 * SECOND); /* those that came to be fragments */
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH_FAMILIES(runts),
		IN_BOTH_FAMILIES(lengths_that_lie),
		IN_BOTH_FAMILIES(datagram_lengths),
		IN_BOTH_FAMILIES(source_routes),
		IN_BOTH_FAMILIES(tunnels),
		IN_BOTH_FAMILIES(groups),
		IN_BOTH_FAMILIES(impossible_sources),
		IN_FAMILY(chains, "IPv6", family_ip6),
		IN_FAMILY(headers_cut, "IPv6", family_ip6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
