/* One IPv6 host and a test that plays everybody else on its link: the IPv6 side of one_host.h. */
#ifndef ONE_HOST6_H
#define ONE_HOST6_H

#include "nd.h"
#include "one_host.h"

static const uint8_t mac_router[6] = {2, 0, 0, 0, 0, 1}, mac_other[6] = {2, 0, 0, 0, 0, 9};

/* An address by its text; a link-local one is of interface 1. */
static inline struct ip six(const char *text)
{
	struct berth_address address;
	struct ip ip;

	assert_int_equal(berth_address_parse(text, &address), 0);
	ip = ip_of_address(&address);
	if (ip_high_is_link_local(ip.high))
		ip.scope = 1;
	return ip;
}

static inline void give6(struct one *o, const char *text, unsigned prefix)
{
	struct berth_address address;

	assert_int_equal(berth_address_parse(text, &address), 0);
	assert_int_equal(berth_host_address_add(o->host, 1, &address, prefix), 0);
}

/* All 16 bytes, also of what stands for IPv4. */
static inline void ip_to_16_bytes(const struct ip *ip, uint8_t bytes[16])
{
	put_be32(put_be32(bytes, (uint32_t)(ip->high >> 32)), (uint32_t)ip->high);
	put_be32(put_be32(bytes + 8, (uint32_t)(ip->low >> 32)), (uint32_t)ip->low);
}

/* ---- messages to the host ---- */

struct icmp6_spec {
	struct ip source, destination;
	const uint8_t *from; /* MAC; NULL: the peer's */
	bool hop_limit_1;    /* less than 255 */
	uint8_t type, code;
	uint32_t rest;
	const uint8_t *body;
	size_t len_body;
};

/* Where frames to this address go. */
static inline void mac_of(const struct ip *ip, uint8_t mac[6])
{
	if (!ip_is_multicast(ip)) {
		memcpy(mac, mac_host, 6);
		return;
	}
	put_be16(mac, 0x3333);
	put_be32(mac + 2, (uint32_t)ip->low);
}

/* An Ethernet frame with the message, its checksum right; its length. */
static inline size_t make_icmp6(uint8_t *to, const struct icmp6_spec *s)
{
	struct eth_header eth = {.type = ETH_TYPE_IP6};
	struct ip6_header ip = {
		.payload_len = (uint16_t)(ICMP_HEADER + s->len_body),
		.next_header = IP_PROTOCOL_ICMP6,
		.hop_limit = s->hop_limit_1 ? 254 : 255,
	};
	struct icmp_message m = {
		.type = s->type, .code = s->code, .rest = s->rest, .body = s->body, .len_body = s->len_body};
	uint8_t *p;

	mac_of(&s->destination, eth.destination);
	memcpy(eth.source, s->from ? s->from : mac_peer, 6);
	ip_to_bytes(&s->source, ip.source);
	ip_to_bytes(&s->destination, ip.destination);
	p = ip6_emit(&ip, eth_emit(&eth, to));
	return (size_t)(icmp6_emit(&m, ip.source, ip.destination, p) - to);
}

static inline void one_icmp6(struct one *o, const struct icmp6_spec *s)
{
	uint8_t *bytes = malloc(ETH_HEADER + IP6_HEADER + ICMP_HEADER + s->len_body);

	one_frame(o, bytes, make_icmp6(bytes, s));
	free(bytes);
}

/* A neighbour solicitation or advertisement. */
struct nd_spec {
	uint8_t type;
	struct ip source, destination, target;
	const uint8_t *from;  /* MAC of the frame; NULL: the peer's */
	const uint8_t *mac;   /* option; NULL: none */
	const uint8_t *nonce; /* option; NULL: none */
	uint32_t flags;
	bool hop_limit_1;
};

static inline void one_nd(struct one *o, const struct nd_spec *s)
{
	struct nd_neighbour nd = {.flags = s->flags, .has_mac = s->mac, .has_nonce = s->nonce};
	uint8_t body[ND_NEIGHBOUR_MAX];
	struct icmp6_spec icmp = {.source = s->source,
				  .destination = s->destination,
				  .from = s->from,
				  .hop_limit_1 = s->hop_limit_1,
				  .type = s->type,
				  .rest = s->flags,
				  .body = body};

	ip_to_bytes(&s->target, nd.target);
	if (s->mac)
		memcpy(nd.mac, s->mac, 6);
	if (s->nonce)
		memcpy(nd.nonce, s->nonce, ND_NONCE);
	icmp.len_body = nd_neighbour_emit(s->type, &nd, body);
	one_icmp6(o, &icmp);
}

/* The group that who has this address hears. */
static inline struct ip solicited_node(const char *text)
{
	struct ip ip = six(text);

	return (struct ip){
		.high = UINT64_C(0xff02) << 48, .low = UINT64_C(0x1ff000000) | (ip.low & 0xffffff), .scope = 1};
}

/* Somebody asks all for one of the host's addresses. */
static inline void one_solicit(struct one *o, const char *source, const char *target, const uint8_t *mac)
{
	one_nd(o, &(struct nd_spec){.type = ICMP6_NEIGHBOUR_SOLICIT,
				    .source = six(source),
				    .destination = solicited_node(target),
				    .target = six(target),
				    .from = mac,
				    .mac = mac});
}

/* Somebody tells the host's `destination` about `target`. */
static inline void one_advert(struct one *o, const char *target, const char *destination, const uint8_t *mac,
			      uint32_t flags)
{
	one_nd(o, &(struct nd_spec){.type = ICMP6_NEIGHBOUR_ADVERT,
				    .source = six(target),
				    .destination = six(destination),
				    .target = six(target),
				    .mac = mac,
				    .flags = flags});
}

/* ---- a router's advertisement, put together ---- */

struct advert {
	struct icmp_message message;
	uint8_t body[65000];
};

static inline void advert_begin(struct advert *a, const struct nd_router *router)
{
	a->message = (struct icmp_message){.body = a->body};
	a->message.len_body = (size_t)(nd_router_emit(router, &a->message, a->body) - a->body);
}

static inline void advert_add(struct advert *a, const struct nd_option *option)
{
	uint8_t *end = nd_option_emit(option, a->body + a->message.len_body);

	a->message.len_body = (size_t)(end - a->body);
}

static inline void advert_prefix(struct advert *a, const char *prefix, unsigned len, bool on_link, bool autonomous,
				 uint32_t s_valid, uint32_t s_preferred)
{
	struct nd_option option = {.type = ND_PREFIX};
	struct ip ip = six(prefix);

	option.prefix = (struct nd_prefix){.len = (uint8_t)len,
					   .on_link = on_link,
					   .autonomous = autonomous,
					   .s_valid = s_valid,
					   .s_preferred = s_preferred};
	ip_to_16_bytes(&ip, option.prefix.prefix);
	advert_add(a, &option);
}

static inline void advert_route(struct advert *a, const char *prefix, unsigned len, int preference, uint32_t s_lifetime)
{
	struct nd_option option = {.type = ND_ROUTE};
	struct ip ip = six(prefix);

	option.route =
		(struct nd_route){.len = (uint8_t)len, .preference = (int8_t)preference, .s_lifetime = s_lifetime};
	ip_to_16_bytes(&ip, option.route.prefix);
	advert_add(a, &option);
}

static inline void advert_mac(struct advert *a, const uint8_t mac[6])
{
	struct nd_option option = {.type = ND_SOURCE_MAC};

	memcpy(option.mac, mac, 6);
	advert_add(a, &option);
}

/* To all nodes, from `source`. */
static inline void one_advertise(struct one *o, const struct advert *a, const char *source)
{
	one_icmp6(o, &(struct icmp6_spec){.source = six(source),
					  .destination = six("ff02::1"),
					  .from = mac_router,
					  .type = a->message.type,
					  .rest = a->message.rest,
					  .body = a->message.body,
					  .len_body = a->message.len_body});
	one_out(o);
}

/* ---- what came of it ---- */

/* The interface's only address of this kind. */
static inline struct host_address *address_in(struct one *o, const char *network, unsigned prefix)
{
	struct ip ip = six(network);
	struct host_address *found = NULL;

	for (unsigned i = 0; i < o->host->n_addresses; i++) {
		struct host_address *a = &o->host->addresses[i];

		if (a->state == ADDRESS_FREE || a->interface != 1 || ip_is_ip4(&a->ip) ||
		    !ip_in_prefix(&a->ip, &ip, prefix))
			continue;
		assert_null(found);
		found = a;
	}
	return found;
}

/* The next notice that is of this kind. */
static inline bool next_notice(struct one *o, enum berth_notice_kind kind, struct berth_notice *out)
{
	while (berth_host_next_notice(o->host, out)) {
		if (out->kind == kind)
			return true;
	}
	return false;
}

static inline unsigned count_notices(struct one *o, enum berth_notice_kind kind)
{
	struct berth_notice notice;
	unsigned n = 0;

	while (next_notice(o, kind, &notice))
		n++;
	return n;
}

/* By whom packets to `destination` go first; false: by nobody. */
static inline bool next_hop(struct one *o, const char *destination, struct ip *hop)
{
	struct ip ip = six(destination);
	struct host_path *path = host_path(o->host, &ip);

	if (path)
		*hop = path->next_hop;
	return path != NULL;
}

#define assert_next_hop(o, destination, expected)                                                                      \
	do {                                                                                                           \
		struct ip hop_ = {0}, expected_ = six(expected);                                                       \
		assert_true(next_hop(o, destination, &hop_));                                                          \
		assert_true(ip_equal(&hop_, &expected_));                                                              \
	} while (0)

/* Packets to `destination` come from an address in that network. */
static inline void assert_source(struct one *o, const char *destination, const char *network, unsigned prefix)
{
	struct ip to = six(destination), from = six(network);
	struct host_path *path = host_path(o->host, &to);

	assert_non_null(path);
	assert_true(ip_in_prefix(&path->source, &from, prefix));
}

static inline void assert_no_way(struct one *o, const char *destination)
{
	struct ip hop = {0};

	assert_false(next_hop(o, destination, &hop));
}

/* ---- what came out ---- */

struct sent6 {
	struct ip6_header ip;
	struct ip source, destination;
	struct icmp_message message;
	const uint8_t *to; /* MAC */
};

/* Frame i is ICMPv6 with a right checksum. */
static inline bool sent_icmp6(const struct one *o, unsigned i, struct sent6 *out)
{
	const uint8_t *frame = o->out[i].bytes;
	struct ip6_payload payload;
	struct ip6_problem problem;

	assert_true(i < o->n_out);
	if (get_be16(frame + 12) != ETH_TYPE_IP6)
		return false;
	assert_int_equal(ip6_parse(frame + ETH_HEADER, o->out[i].n - ETH_HEADER, &out->ip, &payload, &problem), IP6_OK);
	if (payload.protocol != IP_PROTOCOL_ICMP6)
		return false;
	out->to = frame;
	out->source = ip_of_bytes(out->ip.source, BERTH_IP6, 1);
	out->destination = ip_of_bytes(out->ip.destination, BERTH_IP6, 1);
	assert_int_equal(icmp6_parse(frame + ETH_HEADER + payload.off, payload.len, out->ip.source, out->ip.destination,
				     &out->message),
			 ICMP_HEADER);
	return true;
}

/* The first frame from `*i` on that is a message of this type, *i behind it; false: there is none. */
static inline bool next_icmp6(const struct one *o, unsigned *i, uint8_t type, struct sent6 *out)
{
	while (*i < o->n_out) {
		if (sent_icmp6(o, (*i)++, out) && out->message.type == type)
			return true;
	}
	return false;
}

/* How many messages of this type came out. */
static inline unsigned count_icmp6(const struct one *o, uint8_t type)
{
	struct sent6 sent;
	unsigned n = 0, i = 0;

	while (next_icmp6(o, &i, type, &sent))
		n++;
	return n;
}

static inline void assert_ip(const struct ip *ip, const char *text)
{
	struct ip expected = six(text);

	assert_true(ip_equal(ip, &expected));
}

#endif
