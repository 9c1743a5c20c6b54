/* The other side of IGMP and MLD: a router that asks, a host that reports, and what the host under test has said. */
#ifndef GROUP_PEER_H
#define GROUP_PEER_H

#include "one_host.h"

#include "group.h"
#include "igmp.h"
#include "ip6.h"
#include "mld.h"

#define GROUPS_SEEN_MAX 600

static inline struct ip ip_from(const char *text)
{
	struct berth_address address;

	assert_int_equal(berth_address_parse(text, &address), 0);
	return ip_of_address(&address);
}

/* ---- frames in ---- */

/* How a packet is sent; all zero is as it should be. */
struct group_wire {
	const char *source, *destination; /* NULL: the router; what goes with the message */
	uint8_t ttl;                      /* 0: 1 */
	bool no_alert;
};

static inline size_t emit_igmp(uint8_t *to, const struct group_wire *wire, const struct ip *destination, size_t n)
{
	struct ip source = ip_from(wire->source ? wire->source : "192.168.1.5");
	struct ip4_header h = {.tos = 0xc0, .ttl = wire->ttl ? wire->ttl : 1, .protocol = IP_PROTOCOL_IGMP};
	size_t len = wire->no_alert ? IP4_HEADER : IGMP_IP4_HEADER;

	h.total_len = (uint16_t)(len + n);
	ip_to_bytes(&source, h.source);
	ip_to_bytes(destination, h.destination);
	if (wire->no_alert)
		ip4_emit(&h, to);
	else
		igmp_ip4_emit(&h, to);
	return len;
}

/* An IGMP message of n bytes whose checksum is put right. */
static inline void igmp_message_in(struct one *o, const struct group_wire *wire, const char *destination,
				   const uint8_t *message, size_t n)
{
	struct ip to = ip_from(wire->destination ? wire->destination : destination);
	struct eth_header eth = {.destination = {1, 0, 0x5e, 0, 0, 1}, .type = ETH_TYPE_IP4};
	uint8_t bytes[256], *p = bytes;

	assert_true(n <= 128);
	memcpy(eth.source, mac_peer, 6);
	p = eth_emit(&eth, p);
	p += emit_igmp(p, wire, &to, n);
	memcpy(p, message, n);
	if (n >= 4) {
		put_be16(p + 2, 0);
		put_be16(p + 2, checksum_finish(checksum_add(0, p, n)));
	}
	one_frame(o, bytes, (size_t)(p - bytes) + n);
}

/* A query about a group, or NULL for all. `code` is the response time as it stands on the wire. */
static inline void igmp_query_in(struct one *o, const struct group_wire *wire, unsigned version, const char *group,
				 uint8_t code)
{
	uint8_t message[16] = {IGMP_QUERY, version == 1 ? 0 : code};

	if (group)
		put_be32(message + 4, ip_to_ip4(&(struct ip){.low = ip_from(group).low}));
	message[8] = 2; /* robustness */
	message[9] = 125;
	igmp_message_in(o, wire, group ? group : "224.0.0.1", message, version == 3 ? 12 : 8);
}

/* An MLD message: what ICMPv6 says, and n bytes behind its header. */
static inline void mld_message_in(struct one *o, const struct group_wire *wire, const char *destination, uint8_t type,
				  uint32_t rest, const uint8_t *body, size_t n)
{
	struct ip to = ip_from(wire->destination ? wire->destination : destination);
	struct ip from = ip_from(wire->source ? wire->source : "fe80::5");
	struct eth_header eth = {.destination = {0x33, 0x33, 0, 0, 0, 1}, .type = ETH_TYPE_IP6};
	struct ip6_header h = {.hop_limit = wire->ttl ? wire->ttl : 1,
			       .next_header = wire->no_alert ? IP_PROTOCOL_ICMP6 : IP6_NEXT_HOP_BY_HOP};
	struct icmp_message icmp = {.type = type, .rest = rest, .body = body, .len_body = n};
	uint8_t bytes[512], *p = bytes;

	memcpy(eth.source, mac_peer, 6);
	h.payload_len = (uint16_t)((wire->no_alert ? 0 : IP6_ROUTER_ALERT) + ICMP_HEADER + n);
	ip_to_bytes(&from, h.source);
	ip_to_bytes(&to, h.destination);
	p = ip6_emit(&h, eth_emit(&eth, p));
	if (!wire->no_alert)
		p = ip6_emit_router_alert(IP_PROTOCOL_ICMP6, p);
	p = icmp6_emit(&icmp, h.source, h.destination, p);
	one_frame(o, bytes, (size_t)(p - bytes));
}

static inline void mld_query_in(struct one *o, const struct group_wire *wire, unsigned version, const char *group,
				uint16_t ms)
{
	uint8_t body[20] = {[16] = 2, 125};
	struct ip ip = group ? ip_from(group) : (struct ip){0};

	ip_to_bytes(&ip, body);
	mld_message_in(o, wire, group ? group : "ff02::1", ICMP6_MLD_QUERY, (uint32_t)ms << 16, body,
		       version == 2 ? 20 : 16);
}

/* ---- what came out ---- */

/* One statement about a group: a record of a report, or a message of an older version. */
struct said {
	unsigned frame;
	uint8_t type; /* of the message */
	uint8_t record;
	struct ip group, source, destination;
};

/* What an IPv4 packet of len bytes says about groups, and its records. false: nothing. */
static inline bool igmp_said(const uint8_t *frame, size_t len, struct said *s, struct membership_records *records)
{
	const uint8_t *p = frame + ETH_HEADER;
	struct igmp_message m;
	struct ip4_header h;

	assert_int_equal(ip4_parse(p, len, &h), IP4_OK);
	if (h.protocol != IP_PROTOCOL_IGMP)
		return false;
	assert_true(igmp_parse(p + h.len_header, (size_t)h.total_len - h.len_header, &m));
	assert_int_equal(h.ttl, 1);
	assert_int_equal(h.tos, 0xc0);
	assert_int_equal(igmp_router_alert(p, h.len_header), m.type != IGMP1_REPORT);
	assert_memory_equal(frame, "\x01\x00\x5e", 3);
	assert_int_equal(get_be32(frame + 2) & 0x7fffff, get_be32(h.destination) & 0x7fffff);
	s->type = m.type;
	s->group = m.group;
	s->source = ip_of_bytes(h.source, BERTH_IP4, 0);
	s->destination = ip_of_bytes(h.destination, BERTH_IP4, 0);
	*records = m.records;
	return true;
}

static inline bool mld_said(const uint8_t *frame, size_t len, struct said *s, struct membership_records *records)
{
	const uint8_t *p = frame + ETH_HEADER;
	struct ip6_payload payload;
	struct icmp_message icmp;
	struct mld_message m;
	struct ip6_header h;

	assert_int_equal(ip6_parse(p, len, &h, &payload, NULL), IP6_OK);
	assert_int_equal(icmp6_parse(p + payload.off, payload.len, h.source, h.destination, &icmp), ICMP_HEADER);
	if (!mld_parse(&icmp, &m))
		return false;
	assert_int_equal(h.hop_limit, 1);
	assert_true(payload.router_alert);
	assert_memory_equal(frame, "\x33\x33", 2);
	assert_memory_equal(frame + 2, h.destination + 12, 4);
	s->type = m.type;
	s->group = m.group;
	s->source = ip_of_bytes(h.source, BERTH_IP6, 0);
	s->destination = ip_of_bytes(h.destination, BERTH_IP6, 0);
	*records = m.records;
	return true;
}

/* Everything that the frames say about groups, in the order in which they left; how much. Each is as it has to be. */
static inline unsigned all_said(const struct one *o, struct said *said)
{
	unsigned n = 0;

	for (unsigned i = 0; i < o->n_out; i++) {
		const uint8_t *frame = o->out[i].bytes;
		size_t len = o->out[i].n - ETH_HEADER;
		uint16_t type = get_be16(frame + ETH_OFF_TYPE);
		struct membership_records records = {.n = 0};
		struct membership_record record;
		struct said s = {.frame = i};

		if ((type != ETH_TYPE_IP4 || !igmp_said(frame, len, &s, &records)) &&
		    (type != ETH_TYPE_IP6 || !mld_said(frame, len, &s, &records)))
			continue;
		assert_memory_equal(frame + 6, mac_host, 6);
		assert_true(n < GROUPS_SEEN_MAX);
		if (records.n == 0)
			said[n++] = s;
		while (membership_record_next(&records, &record)) {
			assert_true(n < GROUPS_SEEN_MAX);
			assert_int_equal(record.n_sources, 0);
			s.record = record.type;
			s.group = record.group;
			said[n++] = s;
		}
	}
	return n;
}

/* How often this was said since one_clear; record 0: a message of an older version. */
static inline unsigned times_said(const struct one *o, uint8_t type, uint8_t record, const char *group)
{
	struct said said[GROUPS_SEEN_MAX];
	struct ip ip = ip_from(group);
	unsigned n = all_said(o, said), times = 0;

	for (unsigned i = 0; i < n; i++)
		times += said[i].type == type && said[i].record == record && said[i].group.high == ip.high &&
			 said[i].group.low == ip.low;
	return times;
}

static inline unsigned anything_said(const struct one *o)
{
	struct said said[GROUPS_SEEN_MAX];

	return all_said(o, said);
}

/* ---- the program ---- */

static inline void join(struct one *o, const char *group)
{
	struct ip ip = ip_from(group);

	assert_int_equal(group_join(o->host, 1, &ip), 0);
}

static inline void leave(struct one *o, const char *group)
{
	struct ip ip = ip_from(group);

	assert_int_equal(group_leave(o->host, 1, &ip), 0);
}

static inline bool is_joined(const struct one *o, const char *group)
{
	struct ip ip = ip_from(group);

	return group_joined(o->host, 1, &ip);
}

/* The IPv6 address of the host's, on its link, in this state. */
static inline struct host_address *give_address(struct one *o, const char *text, enum host_address_state state)
{
	struct ip ip = ip_from(text);
	struct host_address *a;

	if (ip_is_link_local(&ip))
		ip.scope = 1;
	a = host_address_make(o->host, 1, &ip, 64, ORIGIN_HAND, state);
	assert_non_null(a);
	return a;
}

/* Runs for so long, with nothing seen before. */
static inline void listen_for(struct one *o, berth_time ns)
{
	one_clear(o);
	one_run(o, o->now + ns);
}

#endif
