/* Neighbour discovery in the host: answers, questions, and the states of a neighbour. */
#include <stdio.h>

#include "one_host6.h"

#define OWN "fd00::7"
#define OTHER "fd00::5"

static void init(struct one *o)
{
	one_init(o);
	give6(o, OWN, 64);
	one_run(o, o->now + 5 * SECOND);
	one_clear(o);
}

static int socket6(struct one *o)
{
	struct berth_socket_address any = {.port = 1000};
	int s = berth_socket(o->host, BERTH_IP6, BERTH_DATAGRAM);

	assert_true(s >= 0);
	assert_int_equal(berth_bind(o->host, s, &any), 0);
	return s;
}

static void send_to(struct one *o, int s, const char *text)
{
	struct ip ip = six(text);
	struct berth_socket_address to = {ip_to_address(&ip), 9};

	berth_sendto(o->host, s, "x", 1, 0, &to);
	one_out(o);
}

static struct neighbour *other(struct one *o)
{
	struct ip ip = six(OTHER);

	return neighbour_find(o->host, 1, &ip);
}

/* ---- answers, RFC 4861 section 7.2.4 ---- */

static struct nd_neighbour only_advert(struct one *o, struct sent6 *sent)
{
	struct nd_neighbour nd;
	unsigned i = 0;

	one_out(o);
	assert_int_equal(count_icmp6(o, ICMP6_NEIGHBOUR_ADVERT), 1);
	assert_true(next_icmp6(o, &i, ICMP6_NEIGHBOUR_ADVERT, sent));
	assert_int_equal(sent->ip.hop_limit, 255);
	sent->message.body = o->out[i - 1].bytes + ETH_HEADER + IP6_HEADER + ICMP_HEADER;
	assert_true(nd_neighbour_parse(&sent->message, &nd));
	return nd;
}

static void answers_who_asks_all(void **state)
{
	struct nd_neighbour nd;
	struct sent6 sent;
	struct one o;

	init(&o);
	one_solicit(&o, OTHER, OWN, mac_peer);
	nd = only_advert(&o, &sent);
	assert_ip(&sent.source, OWN);
	assert_ip(&sent.destination, OTHER);
	assert_memory_equal(sent.to, mac_peer, 6);
	assert_int_equal(nd.flags, ND_SOLICITED | ND_OVERRIDE);
	assert_true(nd.has_mac);
	assert_memory_equal(nd.mac, mac_host, 6);
	assert_counter(&o, "nd_solicits_in", 1);
	one_deinit(&o);
}

static void answers_who_asks_it_alone(void **state)
{
	struct nd_neighbour nd;
	struct sent6 sent;
	struct one o;

	init(&o);
	one_nd(&o, &(struct nd_spec){.type = ICMP6_NEIGHBOUR_SOLICIT,
				     .source = six(OTHER),
				     .destination = six(OWN),
				     .target = six(OWN),
				     .mac = mac_peer});
	nd = only_advert(&o, &sent);
	assert_int_equal(nd.flags, ND_SOLICITED | ND_OVERRIDE);
	one_deinit(&o);
}

/* Without a MAC in the question it has to be asked for first. */
static void asks_for_who_asks(void **state)
{
	struct sent6 sent;
	struct one o;
	unsigned i = 0;

	init(&o);
	one_nd(&o, &(struct nd_spec){.type = ICMP6_NEIGHBOUR_SOLICIT,
				     .source = six(OTHER),
				     .destination = six(OWN),
				     .target = six(OWN)});
	one_out(&o);
	assert_int_equal(count_icmp6(&o, ICMP6_NEIGHBOUR_ADVERT), 0);
	assert_true(next_icmp6(&o, &i, ICMP6_NEIGHBOUR_SOLICIT, &sent));
	assert_ip(&sent.destination, "ff02::1:ff00:5");
	one_advert(&o, OTHER, OWN, mac_peer, ND_SOLICITED | ND_OVERRIDE);
	only_advert(&o, &sent);
	one_deinit(&o);
}

/* Who has no address yet hears with all others that this one is taken. */
static void answers_who_has_no_address(void **state)
{
	struct nd_neighbour nd;
	struct sent6 sent;
	struct one o;

	init(&o);
	one_nd(&o, &(struct nd_spec){.type = ICMP6_NEIGHBOUR_SOLICIT,
				     .source = six("::"),
				     .destination = solicited_node(OWN),
				     .target = six(OWN),
				     .nonce = (const uint8_t *)"nonce!"});
	nd = only_advert(&o, &sent);
	assert_ip(&sent.destination, "ff02::1");
	assert_memory_equal(sent.to, "\x33\x33\0\0\0\1", 6);
	assert_int_equal(nd.flags, ND_OVERRIDE);
	assert_memory_equal(nd.mac, mac_host, 6);
	one_deinit(&o);
}

static void silent_for_others(void **state)
{
	struct one o;

	init(&o);
	one_solicit(&o, OTHER, "fd00::1:0:7", mac_peer);   /* the same group */
	one_solicit(&o, OTHER, "fd00:0:0:1::7", mac_peer); /* the same group */
	one_out(&o);
	assert_int_equal(count_icmp6(&o, ICMP6_NEIGHBOUR_ADVERT), 0);
	assert_counter(&o, "nd_not_for_us", 2);
	assert_null(other(&o));
	one_deinit(&o);
}

/* RFC 4861 sections 7.1.1 and 7.1.2, RFC 6980. */
static void invalid_ones(void **state)
{
	const struct nd_spec solicit = {.type = ICMP6_NEIGHBOUR_SOLICIT,
					.source = six(OTHER),
					.destination = solicited_node(OWN),
					.target = six(OWN),
					.mac = mac_peer};
	struct nd_spec s = solicit;
	struct one o;
	unsigned n = 0;

	init(&o);
	s.hop_limit_1 = true;
	one_nd(&o, &s);
	assert_counter(&o, "nd_bad", ++n);
	/* From nobody, with a MAC address, or not to the solicited-node group. */
	s = solicit;
	s.source = six("::");
	one_nd(&o, &s);
	assert_counter(&o, "nd_bad", ++n);
	s.mac = NULL;
	s.destination = six("ff02::1");
	one_nd(&o, &s);
	assert_counter(&o, "nd_bad", ++n);
	s.destination = six(OWN);
	one_nd(&o, &s);
	assert_counter(&o, "nd_bad", ++n);
	/* A group's MAC address. */
	s = solicit;
	s.mac = (const uint8_t *)"\x33\x33\0\0\0\1";
	one_nd(&o, &s);
	assert_counter(&o, "nd_bad", ++n);
	/* Solicited, but told to all. */
	one_advert(&o, OTHER, "ff02::1", mac_peer, ND_SOLICITED);
	assert_counter(&o, "nd_bad", ++n);
	one_out(&o);
	assert_int_equal(o.n_out, 0);
	assert_null(other(&o));
	one_deinit(&o);
}

/* A fragment header, even if it is that of a whole packet. */
static void none_in_fragments(void **state)
{
	uint8_t bytes[200], *p = bytes + ETH_HEADER + IP6_HEADER;
	struct nd_neighbour nd = {.has_mac = true, .mac = {2, 0, 0, 0, 0, 5}};
	uint8_t body[ND_NEIGHBOUR_MAX];
	struct icmp6_spec s = {.source = six(OTHER),
			       .destination = solicited_node(OWN),
			       .type = ICMP6_NEIGHBOUR_SOLICIT,
			       .body = body};
	struct ip own = six(OWN);
	struct one o;
	size_t n;

	init(&o);
	ip_to_bytes(&own, nd.target);
	s.len_body = nd_neighbour_emit(s.type, &nd, body);
	n = make_icmp6(bytes, &s);
	memmove(p + 8, p, n - ETH_HEADER - IP6_HEADER);
	memset(p, 0, 8);
	p[0] = IP_PROTOCOL_ICMP6;
	bytes[ETH_HEADER + 6] = 44;
	put_be16(bytes + ETH_HEADER + 4, (uint16_t)(n + 8 - ETH_HEADER - IP6_HEADER));
	one_frame(&o, bytes, n + 8);
	assert_counter(&o, "nd_bad", 1);
	assert_null(other(&o));
	one_deinit(&o);
}

/* Every cut of a question, its checksum right: a whole one without options is left of it, or none. */
static void cut(void **state)
{
	uint8_t bytes[200], body[ND_NEIGHBOUR_MAX];
	struct nd_neighbour nd = {.has_mac = true, .mac = {2, 0, 0, 0, 0, 5}};
	struct icmp6_spec s = {.source = six(OTHER),
			       .destination = solicited_node(OWN),
			       .type = ICMP6_NEIGHBOUR_SOLICIT,
			       .body = body};
	struct ip own = six(OWN);
	unsigned n_bad = 0;
	struct one o;
	size_t n;

	init(&o);
	ip_to_bytes(&own, nd.target);
	n = nd_neighbour_emit(s.type, &nd, body);
	for (s.len_body = 0; s.len_body < n; s.len_body++) {
		one_frame(&o, bytes, make_icmp6(bytes, &s));
		n_bad += s.len_body != 16;
		assert_counter(&o, "nd_bad", n_bad);
	}
	one_deinit(&o);
}

/* ---- the states, RFC 4861 appendix C ---- */

/* Takes the entry of OTHER to a state, by what really takes it there. The host knows mac_peer for it. */
static void bring_to(struct one *o, int s, int state)
{
	if (state < 0)
		return;
	if (state == NEIGHBOUR_INCOMPLETE) {
		send_to(o, s, OTHER);
	} else if (state == NEIGHBOUR_REACHABLE) {
		send_to(o, s, OTHER);
		one_advert(o, OTHER, OWN, mac_peer, ND_SOLICITED | ND_OVERRIDE);
	} else {
		one_solicit(o, OTHER, OWN, mac_peer);
		/* The answer uses the entry. */
		assert_int_equal(other(o)->state, NEIGHBOUR_DELAY);
		if (state == NEIGHBOUR_PROBE)
			one_run(o, o->now + 5500 * MS);
		if (state == NEIGHBOUR_STALE) {
			neighbour_learn(o->host, other(o), mac_other, false);
			neighbour_learn(o->host, other(o), mac_peer, false);
		}
	}
	one_out(o);
	assert_int_equal(other(o)->state, state);
	one_clear(o);
}

enum event {
	TIMEOUT,
	SEND,
	CONFIRM, /* a transport's */
	ADVERT,  /* a neighbour advertisement */
	SOLICIT, /* a solicitation, or anything else that says where somebody is without having been asked */
};

enum mac {
	NO_MAC,
	SAME_MAC,
	OTHER_MAC,
};

#define NONE -1
#define ANY 3
#define UNCHANGED 9
#define INCOMPLETE NEIGHBOUR_INCOMPLETE
#define REACHABLE NEIGHBOUR_REACHABLE
#define STALE NEIGHBOUR_STALE
#define DELAY NEIGHBOUR_DELAY
#define PROBE NEIGHBOUR_PROBE

/* The rows of appendix C, in its order. In states other than INCOMPLETE and PROBE nobody has been asked, so that a
 * "solicited" advertisement is no answer: it counts as unsolicited (neighbour_advert says why). */
static const struct row {
	int from;
	enum event event;
	int solicited, override, mac;
	int to;
	bool recorded;          /* the MAC of the message */
	int n_solicits, n_data; /* that leave */
} rows[] = {
	{NONE, SEND, ANY, ANY, ANY, INCOMPLETE, false, 1, 0},
	{INCOMPLETE, TIMEOUT, ANY, ANY, ANY, INCOMPLETE, false, 1, 0},
	{INCOMPLETE, ADVERT, 0, ANY, SAME_MAC, STALE, true, 0, 1},
	{INCOMPLETE, ADVERT, 0, ANY, OTHER_MAC, STALE, true, 0, 1},
	{INCOMPLETE, ADVERT, 1, ANY, SAME_MAC, REACHABLE, true, 0, 1},
	{INCOMPLETE, ADVERT, 1, ANY, OTHER_MAC, REACHABLE, true, 0, 1},
	{INCOMPLETE, ADVERT, ANY, ANY, NO_MAC, INCOMPLETE, false, 0, 0},
	{INCOMPLETE, CONFIRM, ANY, ANY, ANY, INCOMPLETE, false, 0, 0},
	{REACHABLE, CONFIRM, ANY, ANY, ANY, REACHABLE, false, 0, 0},
	{STALE, CONFIRM, ANY, ANY, ANY, REACHABLE, false, 0, 0},
	{DELAY, CONFIRM, ANY, ANY, ANY, REACHABLE, false, 0, 0},
	{PROBE, CONFIRM, ANY, ANY, ANY, REACHABLE, false, 0, 0},
	{PROBE, ADVERT, 1, 0, SAME_MAC, REACHABLE, true, 0, 0},
	{PROBE, ADVERT, 1, 0, NO_MAC, REACHABLE, false, 0, 0},
	{REACHABLE, ADVERT, ANY, 0, OTHER_MAC, STALE, false, 0, 0},
	{STALE, ADVERT, ANY, 0, OTHER_MAC, STALE, false, 0, 0},
	{DELAY, ADVERT, ANY, 0, OTHER_MAC, DELAY, false, 0, 0},
	{PROBE, ADVERT, ANY, 0, OTHER_MAC, PROBE, false, 0, 0},
	{PROBE, ADVERT, 1, 1, ANY, REACHABLE, true, 0, 0},
	{REACHABLE, ADVERT, ANY, ANY, SAME_MAC, REACHABLE, true, 0, 0},
	{REACHABLE, ADVERT, ANY, ANY, NO_MAC, REACHABLE, false, 0, 0},
	{STALE, ADVERT, ANY, ANY, SAME_MAC, STALE, true, 0, 0},
	{STALE, ADVERT, ANY, ANY, NO_MAC, STALE, false, 0, 0},
	{DELAY, ADVERT, ANY, ANY, SAME_MAC, DELAY, true, 0, 0},
	{DELAY, ADVERT, ANY, ANY, NO_MAC, DELAY, false, 0, 0},
	{PROBE, ADVERT, 0, ANY, SAME_MAC, PROBE, true, 0, 0},
	{PROBE, ADVERT, 0, ANY, NO_MAC, PROBE, false, 0, 0},
	{REACHABLE, ADVERT, ANY, 1, OTHER_MAC, STALE, true, 0, 0},
	{STALE, ADVERT, ANY, 1, OTHER_MAC, STALE, true, 0, 0},
	{DELAY, ADVERT, ANY, 1, OTHER_MAC, STALE, true, 0, 0},
	{PROBE, ADVERT, 0, 1, OTHER_MAC, STALE, true, 0, 0},
	{REACHABLE, TIMEOUT, ANY, ANY, ANY, STALE, false, 0, 0},
	{STALE, SEND, ANY, ANY, ANY, DELAY, false, 0, 1},
	{DELAY, TIMEOUT, ANY, ANY, ANY, PROBE, false, 1, 0},
	{PROBE, TIMEOUT, ANY, ANY, ANY, PROBE, false, 1, 0},
	{REACHABLE, SEND, ANY, ANY, ANY, REACHABLE, false, 0, 1},
	{DELAY, SEND, ANY, ANY, ANY, DELAY, false, 0, 1},
	{PROBE, SEND, ANY, ANY, ANY, PROBE, false, 0, 1},
	{INCOMPLETE, SEND, ANY, ANY, ANY, INCOMPLETE, false, 0, 0},
	/* The second table: who is there though nobody has asked. */
	{NONE, SOLICIT, ANY, ANY, SAME_MAC, STALE, true, 0, 0},
	{NONE, SOLICIT, ANY, ANY, OTHER_MAC, STALE, true, 0, 0},
	{INCOMPLETE, SOLICIT, ANY, ANY, SAME_MAC, STALE, true, 0, 1},
	{INCOMPLETE, SOLICIT, ANY, ANY, OTHER_MAC, STALE, true, 0, 1},
	{REACHABLE, SOLICIT, ANY, ANY, SAME_MAC, REACHABLE, true, 0, 0},
	{REACHABLE, SOLICIT, ANY, ANY, OTHER_MAC, STALE, true, 0, 0},
	{STALE, SOLICIT, ANY, ANY, SAME_MAC, STALE, true, 0, 0},
	{STALE, SOLICIT, ANY, ANY, OTHER_MAC, STALE, true, 0, 0},
	{DELAY, SOLICIT, ANY, ANY, SAME_MAC, DELAY, true, 0, 0},
	{DELAY, SOLICIT, ANY, ANY, OTHER_MAC, STALE, true, 0, 0},
	{PROBE, SOLICIT, ANY, ANY, SAME_MAC, PROBE, true, 0, 0},
	{PROBE, SOLICIT, ANY, ANY, OTHER_MAC, STALE, true, 0, 0},
	/* Nobody there, and nobody asked: nothing is made of it. */
	{NONE, ADVERT, ANY, ANY, ANY, NONE, false, 0, 0},
};

static const struct row *row_of(int from, enum event event, int solicited, int override, int mac)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		if (r->from == from && r->event == event && (r->solicited == ANY || r->solicited == solicited) &&
		    (r->override == ANY || r->override == override) && (r->mac == ANY || r->mac == mac))
			return r;
	}
	return NULL;
}

/* A link's time that is well inside every state's, and one that is behind it. */
static void pass_timeout(struct one *o, int from)
{
	static const berth_time spans[] = {
		[INCOMPLETE] = SECOND, [REACHABLE] = 46 * SECOND, [STALE] = 0, [DELAY] = 5 * SECOND, [PROBE] = SECOND};

	one_run(o, o->now + spans[from]);
}

static void apply(struct one *o, int s, const struct row *row, int solicited, int override, int mac)
{
	static const uint8_t *const macs[] = {[NO_MAC] = NULL, [SAME_MAC] = mac_peer, [OTHER_MAC] = mac_other};
	struct nd_spec solicit = {.type = ICMP6_NEIGHBOUR_SOLICIT,
				  .source = six(OTHER),
				  .destination = solicited_node(OWN),
				  .target = six(OWN),
				  .mac = macs[mac]};

	switch (row->event) {
	case TIMEOUT:
		pass_timeout(o, row->from);
		break;
	case SEND:
		send_to(o, s, OTHER);
		break;
	case CONFIRM:
		neighbour_confirm(o->host, other(o));
		break;
	case ADVERT:
		one_advert(o, OTHER, OWN, macs[mac], (solicited ? ND_SOLICITED : 0) | (override ? ND_OVERRIDE : 0));
		break;
	case SOLICIT:
		/* For an address that the host does not have, nothing is learned; and an answer uses the entry. */
		one_nd(o, &solicit);
		break;
	}
	one_out(o);
}

/* Datagrams among what came out. */
static unsigned count_data(const struct one *o)
{
	unsigned n = 0;

	for (unsigned i = 0; i < o->n_out; i++)
		n += get_be16(o->out[i].bytes + 12) == ETH_TYPE_IP6 &&
		     o->out[i].bytes[ETH_HEADER + 6] == IP_PROTOCOL_UDP;
	return n;
}

static void check_row(const struct row *row, int solicited, int override, int mac)
{
	static const uint8_t *const macs[] = {[SAME_MAC] = mac_peer, [OTHER_MAC] = mac_other};
	int to = row->to, s;
	struct one o;

	init(&o);
	s = socket6(&o);
	bring_to(&o, s, row->from);
	apply(&o, s, row, solicited, override, mac);
	/* The answer to a solicitation is a packet that is sent. */
	if (row->event == SOLICIT && to == STALE)
		to = DELAY;
	if (to == NONE) {
		assert_null(other(&o));
	} else {
		assert_non_null(other(&o));
		assert_int_equal(other(&o)->state, to);
		if (row->recorded && mac != NO_MAC)
			assert_memory_equal(other(&o)->mac, macs[mac], 6);
		else if (row->from > INCOMPLETE)
			assert_memory_equal(other(&o)->mac, mac_peer, 6);
	}
	assert_int_equal(count_icmp6(&o, ICMP6_NEIGHBOUR_SOLICIT), row->n_solicits);
	assert_int_equal(count_data(&o), row->n_data);
	one_deinit(&o);
}

static void appendix_c(void **state)
{
	static const enum event events[] = {TIMEOUT, SEND, CONFIRM, ADVERT, SOLICIT};
	bool seen[sizeof(rows) / sizeof(rows[0])] = {false};

	for (int from = NONE; from <= PROBE; from++) {
		for (size_t e = 0; e < 5; e++) {
			for (int bits = 0; bits < 12; bits++) {
				int solicited = bits & 1, override = bits >> 1 & 1, mac = bits >> 2;
				const struct row *row = row_of(from, events[e], solicited, override, mac);

				if (!row)
					continue;
				seen[row - rows] = true;
				check_row(row, solicited, override, mac);
			}
		}
	}
	for (size_t i = 0; i < sizeof(seen); i++)
		assert_true(seen[i]);
}

/* INCOMPLETE, retransmit timeout, N or more retransmissions: the entry goes, and who sent hears it. */
static void nobody_answers(void **state)
{
	struct ip ip = six(OTHER);
	struct berth_socket_address to = {ip_to_address(&ip), 9};
	int error = 0, s;
	size_t n = sizeof(error);
	struct one o;

	init(&o);
	s = socket6(&o);
	assert_int_equal(berth_connect(o.host, s, &to), 0);
	assert_int_equal(berth_send(o.host, s, "x", 1, 0), 1);
	one_run(&o, o.now + 2900 * MS);
	assert_int_equal(count_icmp6(&o, ICMP6_NEIGHBOUR_SOLICIT), 3);
	assert_non_null(other(&o));
	one_run(&o, o.now + 200 * MS);
	assert_null(other(&o));
	assert_counter(&o, "neighbour_failed", 1);
	assert_int_equal(berth_getsockopt(o.host, s, BERTH_SOL_SOCKET, BERTH_SO_ERROR, &error, &n), 0);
	assert_int_equal(error, -BERTH_EHOSTUNREACH);
	one_deinit(&o);
}

/* PROBE, retransmit timeout, N or more: to the station alone, three times, then it is forgotten. */
static void is_probed_and_forgotten(void **state)
{
	struct sent6 sent;
	struct one o;
	unsigned i = 0, n = 0;
	int s;

	init(&o);
	s = socket6(&o);
	bring_to(&o, s, STALE);
	send_to(&o, s, OTHER);
	one_clear(&o);
	one_run(&o, o.now + 7900 * MS);
	while (next_icmp6(&o, &i, ICMP6_NEIGHBOUR_SOLICIT, &sent)) {
		assert_ip(&sent.destination, OTHER);
		assert_memory_equal(sent.to, mac_peer, 6);
		n++;
	}
	assert_int_equal(n, 3);
	assert_int_equal(other(&o)->state, PROBE);
	one_run(&o, o.now + 200 * MS);
	assert_null(other(&o));
	one_deinit(&o);
}

/* RFC 4861 section 7.2.3: of a router nothing that a solicitation says makes a host; only its own advertisement. */
static void router_flag(void **state)
{
	struct one o;
	int s;

	init(&o);
	s = socket6(&o);
	bring_to(&o, s, INCOMPLETE);
	one_advert(&o, OTHER, OWN, mac_peer, ND_SOLICITED | ND_OVERRIDE | ND_ROUTER);
	assert_true(other(&o)->is_router);
	one_solicit(&o, OTHER, OWN, mac_peer);
	assert_true(other(&o)->is_router);
	one_advert(&o, OTHER, OWN, mac_other, 0);
	assert_true(other(&o)->is_router);
	one_advert(&o, OTHER, OWN, mac_peer, ND_OVERRIDE);
	assert_false(other(&o)->is_router);
	one_deinit(&o);
}

/* Somebody claims the host's own address: nothing changes but a number. */
static void conflict(void **state)
{
	struct one o;

	init(&o);
	one_advert(&o, OWN, "ff02::1", mac_other, ND_OVERRIDE);
	assert_counter(&o, "ip6_martian_source", 1);
	one_nd(&o, &(struct nd_spec){.type = ICMP6_NEIGHBOUR_ADVERT,
				     .source = six(OTHER),
				     .destination = six("ff02::1"),
				     .target = six(OWN),
				     .mac = mac_other,
				     .flags = ND_OVERRIDE});
	assert_counter(&o, "nd_conflicts", 1);
	one_solicit(&o, OTHER, OWN, mac_peer);
	one_out(&o);
	assert_int_equal(count_icmp6(&o, ICMP6_NEIGHBOUR_ADVERT), 1);
	one_deinit(&o);
}

/* ---- storms ---- */

/* A conversation goes on while the table is stormed from both sides. */
static void storms(void **state)
{
	struct one o;
	size_t bytes;
	int s;

	init(&o);
	s = socket6(&o);
	bring_to(&o, s, REACHABLE);
	for (unsigned i = 0; i < 5000; i++) {
		char text[32];
		uint8_t mac[6] = {2, 9, 9, 9, (uint8_t)(i >> 8), (uint8_t)i};

		snprintf(text, sizeof(text), "fd00::1:%x", i);
		one_solicit(&o, text, OWN, mac);
		one_advert(&o, text, OWN, mac, ND_SOLICITED | ND_OVERRIDE);
		one_out(&o);
		one_clear(&o);
	}
	assert_int_equal(o.host->neighbours.n, 256);
	assert_counter(&o, "nd_unanswered", 0);
	assert_true(counter(o.host, "nd_adverts_out") >= 5000);
	bytes = o.heap.n_bytes;
	/* Nor does it matter whom the host is made to look for. */
	for (unsigned i = 0; i < 5000; i++) {
		char text[32];

		snprintf(text, sizeof(text), "fd00::2:%x", i);
		send_to(&o, s, text);
		if (i % 100 == 0) {
			one_clear(&o);
			send_to(&o, s, OTHER);
			assert_int_equal(count_data(&o), 1);
		}
		one_clear(&o);
	}
	assert_int_equal(o.host->neighbours.n, 512);
	assert_true(o.heap.n_bytes < bytes + (1u << 20));
	assert_int_equal(other(&o)->state, REACHABLE);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_who_asks_all),
		cmocka_unit_test(answers_who_asks_it_alone),
		cmocka_unit_test(asks_for_who_asks),
		cmocka_unit_test(answers_who_has_no_address),
		cmocka_unit_test(silent_for_others),
		cmocka_unit_test(invalid_ones),
		cmocka_unit_test(none_in_fragments),
		cmocka_unit_test(cut),
		cmocka_unit_test(appendix_c),
		cmocka_unit_test(nobody_answers),
		cmocka_unit_test(is_probed_and_forgotten),
		cmocka_unit_test(router_flag),
		cmocka_unit_test(conflict),
		cmocka_unit_test(storms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
