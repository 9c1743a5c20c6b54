/* ICMP of both families that has broken other stacks, or has made them talk too much, at a host in the middle of a
 * conversation. Rows are those of the list of known attacks. */
#include "siege.h"

#include "igmp.h"

#define NOTHING 256 /* bytes that an attack may leave */

static bool is_six(const struct siege *s)
{
	return s->family == BERTH_IP6;
}

static uint8_t protocol_of(const struct siege *s)
{
	return is_six(s) ? IP_PROTOCOL_ICMP6 : IP_PROTOCOL_ICMP4;
}

/* Row 17 (AMNESIA:33 CVE-2020-17443): messages of 0 to 7 bytes, echo requests among them, their checksums right. */
static void short_messages(void **state)
{
	struct siege s;

	siege_init(&s, family_of(state));
	siege_meet(&s);
	for (unsigned type = 0; type < 256; type++) {
		for (size_t n = 0; n < ICMP_HEADER; n++) {
			uint8_t bytes[ICMP_HEADER] = {(uint8_t)type};
			struct foul f = {.protocol = protocol_of(&s), .hop_limit = 255, .payload = bytes, .n = n};

			foul_seal(&s, &f, bytes, 2);
			siege_packet(&s, &f);
		}
	}
	assert_siege_counter(&s, "icmp", "bad", 256 * ICMP_HEADER);
	cable_settle(&s.c);
	assert_int_equal(s.n_seen, 0);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* ---- row 5: quotations ---- */

/* A segment of the conversation, from b to a, as an error would quote it; with headers in between over IPv6. Its
 * length. */
static size_t quoted_segment(struct siege *s, bool with_headers, uint8_t *to)
{
	static const uint8_t headers[24] = {
		IP6_NEXT_ROUTING, 0, 1, 4, 0, 0, 0, 0, IP6_NEXT_DESTINATION, 0, 3, 0, 0, 0, 0, 0, IP_PROTOCOL_TCP};
	struct foul f = {.source = siege_ip(s, B), .destination = siege_ip(s, A), .protocol = IP_PROTOCOL_TCP};
	uint8_t tcp[20] = {PORT_B >> 8, PORT_B & 255, PORT_A >> 8, PORT_A & 255, [12] = 0x50, 0x10}, frame[FRAME_MOST];
	size_t n;

	f.payload = tcp;
	f.n = sizeof(tcp);
	if (with_headers) {
		f.next = IP6_NEXT_HOP_BY_HOP;
		f.before = headers;
		f.n_before = sizeof(headers);
	}
	n = foul_make(s, &f, frame) - ETH_HEADER;
	memcpy(to, frame + ETH_HEADER, n);
	return n;
}

/* The types of errors, and what would end or slow a conversation if it were believed. */
static const struct {
	uint8_t type4, code4, type6, code6;
	uint32_t rest4, rest6;
} errors[] = {
	{3, 3, ICMP6_UNREACHABLE, 4, 0, 0}, {3, 2, ICMP6_PARAMETER, 1, 0, 6},      {3, 4, ICMP6_TOO_BIG, 0, 68, 1280},
	{3, 4, ICMP6_TOO_BIG, 0, 0, 0},     {11, 0, ICMP6_TIME_EXCEEDED, 0, 0, 0}, {12, 0, ICMP6_PARAMETER, 0, 0, 40},
	{3, 1, ICMP6_UNREACHABLE, 0, 0, 0},
};
#define N_ERRORS (sizeof(errors) / sizeof(errors[0]))

static void tell_error(struct siege *s, unsigned i, const uint8_t *quote, size_t n)
{
	struct foul f = {0};

	if (is_six(s))
		siege_icmp(s, f, errors[i].type6, errors[i].code6, errors[i].rest6, quote, n);
	else
		siege_icmp(s, f, errors[i].type4, errors[i].code4, errors[i].rest4, quote, n);
}

/* Row 5 (Ripple20 CVE-2020-11910): what is quoted ends at every byte up to where ports and sequence number end, and so
 * with extension headers on the way. */
static void quotations_cut(void **state)
{
	uint8_t quote[256];
	struct siege s;
	uint64_t n_sent = 0;

	siege_init(&s, family_of(state));
	for (unsigned with_headers = 0; with_headers <= is_six(&s); with_headers++) {
		size_t len = quoted_segment(&s, with_headers, quote) - 12;

		for (unsigned i = 0; i < N_ERRORS; i++) {
			for (size_t n = 0; n < len; n++, n_sent++)
				tell_error(&s, i, quote, n);
		}
	}
	assert_siege_counter(&s, "icmp", "bad_quote", n_sent);
	assert_siege_counter(&s, "icmp", "errors_in", n_sent);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* The same with every byte of the quoted headers changed: lengths, kinds, addresses. It may be anybody's packet then,
 * and even when it is one of the conversation, its sequence number is not in flight (RFC 5927). */
static void quotations_changed(void **state)
{
	uint8_t quote[256];
	struct siege s;

	siege_init(&s, family_of(state));
	for (unsigned with_headers = 0; with_headers <= is_six(&s); with_headers++) {
		size_t len = quoted_segment(&s, with_headers, quote);

		for (size_t at = 0; at < len; at++) {
			uint8_t before = quote[at];

			for (unsigned value = 0; value < 256; value += 5) {
				quote[at] = (uint8_t)value;
				for (unsigned i = 0; i < N_ERRORS; i++)
					tell_error(&s, i, quote, len);
			}
			quote[at] = before;
		}
	}
	assert_true(counter(s.host, "tcp_icmp_ignored") > 1000);
	assert_true(siege_counter(&s, "icmp", "bad_quote") > 1000);
	assert_true(siege_counter(&s, "icmp", "no_match") > 1000);
	assert_int_equal(counter(s.host, "tcp_mtu_lowered"), 0);
	assert_siege_counter(&s, "ip", "mtu_lowered", 0);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* A packet of the other family is none that the message could be about. */
static void quotations_of_others(void **state)
{
	struct siege s;
	uint8_t quote[256];
	size_t n;

	siege_init(&s, family_of(state));
	s.family = is_six(&s) ? BERTH_IP4 : BERTH_IP6;
	n = quoted_segment(&s, false, quote);
	s.family = family_of(state);
	for (unsigned i = 0; i < N_ERRORS; i++)
		tell_error(&s, i, quote, n);
	assert_siege_counter(&s, "icmp", "bad_quote", N_ERRORS);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* Row 5 (CVE-2020-11911): address mask requests and replies, and the other questions that a host has no business with.
 */
static void odd_questions(void **state)
{
	static const uint8_t ip4[] = {4, 5, 9, 10, 13, 14, 15, 16, 17, 18, 30, 40, 255};
	/* Node information, certificates, mobility, inverse discovery, and some that nobody has named. */
	static const uint8_t ip6[] = {100, 101, 127, 138, 139, 140, 141, 142, 144,
				      145, 146, 147, 148, 149, 155, 200, 255};
	uint8_t body[64] = {0};
	struct siege s;
	size_t n;

	siege_init(&s, family_of(state));
	siege_meet(&s);
	n = is_six(&s) ? sizeof(ip6) : sizeof(ip4);
	for (size_t i = 0; i < n; i++) {
		for (size_t len = 0; len <= sizeof(body); len += 4)
			siege_icmp(&s, (struct foul){.hop_limit = 255}, is_six(&s) ? ip6[i] : ip4[i], 0, 0, body, len);
	}
	assert_siege_counter(&s, "icmp", "ignored", n * (sizeof(body) / 4 + 1));
	cable_settle(&s.c);
	assert_int_equal(s.n_seen, 0);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* ---- redirects ---- */

/* "By me, please": from the station that the conversation goes to, or would go by. */
static void redirect(struct siege *s, const struct ip *from)
{
	struct nd_redirect nd = {.has_mac = true};
	struct nd_option mac = {.type = ND_TARGET_MAC};
	struct ip a = siege_ip(s, A), enemy = {.high = UINT64_C(0xfe80) << 48, .low = ENEMY};
	uint8_t body[256];
	size_t n;

	if (!is_six(s)) {
		n = quoted_segment(s, false, body);
		siege_icmp(s, (struct foul){.source = *from}, 5, 1, 0xc0a80100u + ENEMY, body, n);
		return;
	}
	ip_to_bytes(&enemy, nd.target);
	ip_to_bytes(&a, nd.destination);
	memcpy(mac.mac, mac_enemy, 6);
	n = (size_t)(nd_option_emit(&mac, nd_redirect_emit(&nd, body)) - body);
	siege_icmp(s, (struct foul){.source = *from, .hop_limit = 255}, ICMP6_REDIRECT, 0, 0, body, n);
}

static void redirects(void **state)
{
	struct ip link_local = {.high = UINT64_C(0xfe80) << 48, .low = 1, .scope = 1};
	struct ip senders[3];
	struct siege s;
	uint32_t n_routes;

	siege_init(&s, family_of(state));
	senders[0] = siege_ip(&s, A);
	senders[1] = siege_ip(&s, 1);
	senders[2] = is_six(&s) ? link_local : siege_ip(&s, ENEMY);
	n_routes = s.host->n_routes;
	for (unsigned i = 0; i < 3000; i++)
		redirect(&s, &senders[i % 3]);
	if (is_six(&s))
		assert_int_equal(counter(s.host, "nd_ignored") + counter(s.host, "nd_bad"), 3000);
	else
		assert_siege_counter(&s, "icmp", "ignored", 3000);
	assert_int_equal(s.host->n_routes, n_routes);
	siege_holds(&s, NOTHING);
	assert_int_equal(s.n_seen, 0);
	siege_deinit(&s);
}

/* ---- row 33: how much the host says ---- */

static uint64_t errors_of_a_flood(struct siege *s, unsigned n)
{
	uint64_t before = siege_counter(s, "icmp", "errors_out");

	for (unsigned i = 0; i < n; i++)
		siege_udp(s, (struct foul){0}, (uint16_t)(20000 + i), "x", 1);
	return siege_counter(s, "icmp", "errors_out") - before;
}

/* Row 33 (SAD DNS CVE-2020-25705): errors are limited for a peer, and by no number that it could count with. */
static void limit_of_one(void **state)
{
	uint64_t n[8];
	bool differ = false;
	struct siege s;

	siege_init(&s, family_of(state));
	for (unsigned i = 0; i < 8; i++) {
		siege_meet(&s);
		n[i] = errors_of_a_flood(&s, 1000);
		assert_in_range(n[i], 5, 20);
		differ |= n[i] != n[0];
		cable_settle(&s.c);
		assert_int_equal(s.n_seen, n[i]);
		cable_run(&s.c, s.c.now + 10 * SECOND);
	}
	assert_true(differ);
	assert_true(siege_counter(&s, "icmp", "errors_limited") >= 8 * 980);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* In all, from as many as there can be, and of every kind of error. Echo replies are not errors, but no more than asked
 * for. */
static void limit_of_all(void **state)
{
	struct siege s;

	siege_init(&s, family_of(state));
	for (uint32_t i = 0; i < 5000; i++) {
		struct foul f = {.source = siege_stranger(&s, i)};

		siege_udp(&s, f, 9, "x", 1);
		f.protocol = 132;
		f.payload = "x";
		f.n = 1;
		siege_packet(&s, &f);
	}
	assert_in_range(siege_counter(&s, "icmp", "errors_out"), 100, 400);
	assert_int_equal(siege_counter(&s, "icmp", "errors_out") + siege_counter(&s, "icmp", "errors_limited"), 10000);
	siege_bounded(&s, 2u << 20);
	siege_talk(&s);
	/* By then the neighbours that never were are forgotten. */
	siege_holds(&s, 65536);
	siege_deinit(&s);
}

/* ---- every message cut at every byte ---- */

struct message {
	uint8_t type;
	uint32_t rest;
	const uint8_t *body;
	size_t n;
};

static const uint8_t neighbour[] = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, B, 1,  1, 2, 0, 0, 0, 0, 9,
				    14,   1, 1, 2, 3, 4, 5, 6, 2, 1, 2, 0, 0, 0, 0, 9, 99, 1, 0, 0, 0, 0, 0, 0};
static const uint8_t advert[] = {
	0,  0, 0,  0, 0, 0, 0, 0, 1,  1, 2,  0,   0,  0, 0,  9,   5,  1, 0, 0, 0, 0,   5,   220, 3,   4, 64, 0xc0,
	0,  1, 0,  0, 0, 1, 0, 0, 0,  0, 0,  0,   32, 1, 13, 184, 0,  0, 0, 0, 0, 0,   0,   0,   0,   0, 0,  0,
	24, 2, 48, 8, 0, 1, 0, 0, 32, 1, 13, 184, 0,  1, 0,  0,   25, 3, 0, 0, 0, 1,   0,   0,   32,  1, 13, 184,
	0,  0, 0,  0, 0, 0, 0, 0, 0,  0, 0,  53,  31, 2, 0,  0,   0,  1, 0, 0, 4, 't', 'e', 's', 't', 0, 0,  0};
static const uint8_t redirecting[] = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0xfd, 0, 0, 0, 0, 0, 0, 0,
				      0,    0,    0, 0, 0, 0, 0, 5, 2, 1, 2, 0, 0, 0, 0, 9, 4,    1, 0, 0, 0, 0, 0, 0};
static const uint8_t query[] = {0xff, 0x0e, 0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 125,
				0,    2,    0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
				0xfd, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
static const uint8_t report[] = {4,    1, 0, 1, 0xff, 0x0e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
				 0xfd, 0, 0, 0, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};

static const struct message messages6[] = {
	{ICMP6_ECHO_REQUEST, 1, query, sizeof(query)},
	{ICMP6_NEIGHBOUR_SOLICIT, 0, neighbour, sizeof(neighbour)},
	{ICMP6_NEIGHBOUR_ADVERT, 0x60000000, neighbour, sizeof(neighbour)},
	{ICMP6_ROUTER_SOLICIT, 0, neighbour + 16, 8},
	{ICMP6_ROUTER_ADVERT, 0x40000708, advert, sizeof(advert)},
	{ICMP6_REDIRECT, 0, redirecting, sizeof(redirecting)},
	{ICMP6_MLD_QUERY, 1000u << 16, query, sizeof(query)},
	{ICMP6_MLD1_REPORT, 0, query, 16},
	{ICMP6_MLD1_DONE, 0, query, 16},
	{ICMP6_MLD2_REPORT, 1, report, sizeof(report)},
};

/* The message, whole or `cut` bytes of its body, from who may say such things: once by the frame alone, once by what
 * the packet says, its checksum made before the cut, and once more with its checksum right. */
static void say_cut(struct siege *s, const struct message *m, size_t cut, unsigned how)
{
	static const uint8_t alert[8] = {IP_PROTOCOL_ICMP6, 0, 5, 2, 0, 0, 1, 0};
	bool is_mld = m->type >= ICMP6_MLD_QUERY && m->type <= ICMP6_MLD1_DONE;
	struct foul f = {.source = {.high = UINT64_C(0xfe80) << 48, .low = ENEMY, .scope = 1},
			 .protocol = IP_PROTOCOL_ICMP6,
			 .hop_limit = 255};
	uint8_t bytes[512] = {m->type}, frame[FRAME_MOST];
	size_t whole = ICMP_HEADER + m->n, len;

	if (is_mld || m->type == ICMP6_MLD2_REPORT) {
		f.hop_limit = 1;
		f.next = IP6_NEXT_HOP_BY_HOP;
		f.before = alert;
		f.n_before = sizeof(alert);
	}
	put_be32(bytes + 4, m->rest);
	memcpy(bytes + ICMP_HEADER, m->body, m->n);
	f.payload = bytes;
	f.n = how == 2 ? cut : whole;
	foul_seal(s, &f, bytes, 2);
	if (how == 1)
		f.n = cut;
	len = foul_make(s, &f, frame);
	siege_frame(s, frame, how == 0 ? len - whole + cut : len);
}

/* Rows 14, 16 and 17 for all that ICMPv6 carries: echo, neighbour discovery, routers, listeners. */
static void every_message_cut(void **state)
{
	uint64_t n_cut = 0;
	struct siege s;

	(void)state;
	siege_init(&s, BERTH_IP6);
	assert_int_equal(berth_host_interface_auto(s.host, 1, 7), 0);
	siege_meet(&s);
	for (size_t i = 0; i < sizeof(messages6) / sizeof(messages6[0]); i++) {
		for (unsigned how = 0; how < 3; how++) {
			for (size_t cut = 0; cut < ICMP_HEADER + messages6[i].n; cut++) {
				say_cut(&s, &messages6[i], cut, how);
				n_cut += how == 0;
			}
			cable_run(&s.c, s.c.now + 10 * MS);
		}
		siege_talk(&s);
	}
	assert_siege_counter(&s, "ip", "bad_length", n_cut);
	assert_true(siege_counter(&s, "icmp", "bad") > n_cut);
	assert_true(counter(s.host, "nd_bad") > 100);
	assert_true(counter(s.host, "mld_bad") + counter(s.host, "mld_invalid") > 20);
	cable_run(&s.c, s.c.now + 60 * SECOND);
	siege_holds(&s, 16384); /* what a router has said whose message ended between two options */
	siege_deinit(&s);
}

/* The same of IPv4: echo and the messages of groups. */
static void every_message_cut4(void **state)
{
	static const uint8_t igmp[] = {IGMP_QUERY, 10, 0, 0, 239, 1, 2, 3, 2, 125, 0, 2, 10, 0, 0, 1, 10, 0, 0, 2};
	struct siege s;
	uint64_t n_cut = 0;

	(void)state;
	siege_init(&s, BERTH_IP4);
	for (unsigned is_igmp = 0; is_igmp < 2; is_igmp++) {
		for (unsigned how = 0; how < 3; how++) {
			for (size_t cut = 0; cut < sizeof(igmp); cut++, n_cut += how == 0) {
				struct foul f = {.protocol = is_igmp ? 2 : IP_PROTOCOL_ICMP4, .hop_limit = 1};
				uint8_t bytes[sizeof(igmp)], frame[FRAME_MOST];
				size_t len;

				memcpy(bytes, igmp, sizeof(igmp));
				bytes[0] = is_igmp ? IGMP_QUERY : 8;
				f.payload = bytes;
				f.n = how == 2 ? cut : sizeof(bytes);
				foul_seal(&s, &f, bytes, 2);
				f.n = how == 1 ? cut : f.n;
				len = foul_make(&s, &f, frame);
				siege_frame(&s, frame, how == 0 ? len - sizeof(bytes) + cut : len);
			}
		}
	}
	assert_siege_counter(&s, "ip", "bad_length", n_cut);
	assert_true(counter(s.host, "icmp_bad") >= 20);
	assert_true(counter(s.host, "igmp_bad") >= 20);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH_FAMILIES(short_messages),
		IN_BOTH_FAMILIES(quotations_cut),
		IN_BOTH_FAMILIES(quotations_changed),
		IN_BOTH_FAMILIES(quotations_of_others),
		IN_BOTH_FAMILIES(odd_questions),
		IN_BOTH_FAMILIES(redirects),
		IN_BOTH_FAMILIES(limit_of_one),
		IN_BOTH_FAMILIES(limit_of_all),
		IN_FAMILY(every_message_cut, "IPv6", family_ip6),
		IN_FAMILY(every_message_cut4, "IPv4", family_ip4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
