/* Messages and options of IPv6 neighbour discovery, RFC 4861 section 4.
 *
 * Method: a message is looked over once, all option lengths included, before anything of it is handed out; options are
 * then read one at a time by an iterator over the message's own bytes, so that nothing is stored and nothing needs a
 * bound but the message's length. Each step of the iterator moves on by at least eight bytes. */
#include "nd.h"

#include <assert.h>
#include <string.h>

#include "bytes.h"

enum {
	LEN_MAC = 8,
	LEN_PREFIX = 32,
	LEN_MTU = 8,
	LEN_NONCE = 2 + ND_NONCE,
	BODY_NEIGHBOUR = 16,
	BODY_ROUTER = 8,
	BODY_REDIRECT = 32,
	LABEL_MAX = 63,
	NAME_WIRE_MAX = 255,
};

#define FLAGS_NEIGHBOUR (ND_ROUTER | ND_SOLICITED | ND_OVERRIDE)
#define PREFIX_ON_LINK 0x80
#define PREFIX_AUTONOMOUS 0x40
#define ROUTER_MANAGED 0x80
#define ROUTER_OTHER 0x40

/* ---- options: one by one ---- */

/* RFC 4191 section 2.1: two bits, signed, of which -2 is reserved. */
static int8_t preference_of(uint8_t byte)
{
	static const int8_t values[4] = {0, 1, -2, -1};

	return values[byte >> 3 & 3];
}

static uint8_t preference_bits(int8_t preference)
{
	return (uint8_t)((unsigned)preference << 3 & 0x18);
}

/* The next option's length in bytes; 0: there is none, or a bad one. */
static size_t option_len(const struct nd_options *options)
{
	size_t len;

	if (options->left < 2)
		return 0;
	len = (size_t)options->at[1] * 8;
	return len <= options->left ? len : 0;
}

/* RFC 4861 sections 6.1, 7.1 and 8.1: one option of length 0 spoils the message, and so does one that runs over. */
static bool options_sound(struct nd_options options)
{
	size_t len;

	while ((len = option_len(&options))) {
		options.at += len;
		options.left -= len;
	}
	return options.left == 0;
}

static bool parse_prefix(const uint8_t *p, size_t len, struct nd_prefix *out)
{
	if (len != LEN_PREFIX || p[2] > 128)
		return false;
	*out = (struct nd_prefix){.len = p[2],
				  .on_link = p[3] & PREFIX_ON_LINK,
				  .autonomous = p[3] & PREFIX_AUTONOMOUS,
				  .s_valid = get_be32(p + 4),
				  .s_preferred = get_be32(p + 8)};
	memcpy(out->prefix, p + 16, 16);
	return true;
}

/* RFC 4191 section 2.3: as many eights of the prefix as it needs, or more; with a reserved preference it is ignored. */
static bool parse_route(const uint8_t *p, size_t len, struct nd_route *out)
{
	int8_t preference = preference_of(p[3]);

	if (len > 24 || p[2] > 128 || (len - 8) * 8 < p[2] || preference == -2)
		return false;
	*out = (struct nd_route){.len = p[2], .preference = preference, .s_lifetime = get_be32(p + 4)};
	memcpy(out->prefix, p + 8, len - 8);
	return true;
}

/* RFC 8106 section 5.1: at least one address, and whole ones. */
static bool parse_servers(const uint8_t *p, size_t len, struct nd_dns_servers *out)
{
	if (len < 24 || (len - 8) % 16)
		return false;
	*out = (struct nd_dns_servers){get_be32(p + 4), p + 8, (len - 8) / 16};
	return true;
}

static bool parse_names(const uint8_t *p, size_t len, struct nd_search_names *out)
{
	if (len < 16)
		return false;
	*out = (struct nd_search_names){get_be32(p + 4), p + 8, len - 8};
	return true;
}

/* One option of len (8 or more) bytes. false: of an unknown kind, or not as its kind has to be. */
static bool option_parse(const uint8_t *p, size_t len, struct nd_option *out)
{
	out->type = p[0];
	switch (p[0]) {
	case ND_SOURCE_MAC:
	case ND_TARGET_MAC:
		memcpy(out->mac, p + 2, 6);
		return len == LEN_MAC; /* a longer one belongs to another sort of link */
	case ND_PREFIX:
		return parse_prefix(p, len, &out->prefix);
	case ND_REDIRECTED:
		out->redirected.bytes = p + 8;
		out->redirected.len = len - 8;
		return true;
	case ND_MTU:
		out->mtu = get_be32(p + 4);
		return len == LEN_MTU;
	case ND_NONCE_OPTION:
		memcpy(out->nonce, p + 2, ND_NONCE);
		return len == LEN_NONCE;
	case ND_ROUTE:
		return parse_route(p, len, &out->route);
	case ND_DNS_SERVERS:
		return parse_servers(p, len, &out->servers);
	case ND_SEARCH_NAMES:
		return parse_names(p, len, &out->names);
	default:
		return false;
	}
}

bool nd_option_next(struct nd_options *options, struct nd_option *out)
{
	struct nd_option option;
	size_t len;

	while ((len = option_len(options))) {
		const uint8_t *p = options->at;

		options->at += len;
		options->left -= len;
		if (option_parse(p, len, &option)) {
			*out = option;
			return true;
		}
	}
	return false;
}

/* ---- writing options ---- */

static uint8_t *emit_head(uint8_t type, size_t len, uint8_t *to)
{
	assert(len % 8 == 0 && len <= 255 * 8);
	return put_u8(put_u8(to, type), (uint8_t)(len / 8));
}

/* Type, length, two bytes of nothing, a lifetime (or nothing again), and what follows, padded. */
static uint8_t *emit_long(uint8_t type, uint32_t word, const uint8_t *bytes, size_t n, uint8_t *to)
{
	size_t padding = -n % 8;
	uint8_t *p = emit_head(type, 8 + n + padding, to);

	p = put_be32(put_be16(p, 0), word);
	if (n)
		p = put_bytes(p, bytes, n);
	memset(p, 0, padding);
	return p + padding;
}

static uint8_t *emit_prefix(const struct nd_prefix *prefix, uint8_t *to)
{
	uint8_t *p = emit_head(ND_PREFIX, LEN_PREFIX, to);
	unsigned flags = (prefix->on_link ? PREFIX_ON_LINK : 0u) | (prefix->autonomous ? PREFIX_AUTONOMOUS : 0u);

	p = put_u8(put_u8(p, prefix->len), (uint8_t)flags);
	p = put_be32(put_be32(put_be32(p, prefix->s_valid), prefix->s_preferred), 0);
	return put_bytes(p, prefix->prefix, 16);
}

static uint8_t *emit_route(const struct nd_route *route, uint8_t *to)
{
	size_t n = (route->len + 63u) / 64 * 8;
	uint8_t *p = emit_head(ND_ROUTE, 8 + n, to);

	p = put_u8(put_u8(p, route->len), preference_bits(route->preference));
	return put_bytes(put_be32(p, route->s_lifetime), route->prefix, n);
}

uint8_t *nd_option_emit(const struct nd_option *option, uint8_t *to)
{
	switch ((enum nd_option_type)option->type) {
	case ND_SOURCE_MAC:
	case ND_TARGET_MAC:
		return put_bytes(emit_head(option->type, LEN_MAC, to), option->mac, 6);
	case ND_PREFIX:
		return emit_prefix(&option->prefix, to);
	case ND_REDIRECTED:
		return emit_long(ND_REDIRECTED, 0, option->redirected.bytes, option->redirected.len, to);
	case ND_MTU:
		return emit_long(ND_MTU, option->mtu, NULL, 0, to);
	case ND_NONCE_OPTION:
		return put_bytes(emit_head(ND_NONCE_OPTION, LEN_NONCE, to), option->nonce, ND_NONCE);
	case ND_ROUTE:
		return emit_route(&option->route, to);
	case ND_DNS_SERVERS:
		return emit_long(ND_DNS_SERVERS, option->servers.s_lifetime, option->servers.addresses,
				 option->servers.n * 16, to);
	case ND_SEARCH_NAMES:
		return emit_long(ND_SEARCH_NAMES, option->names.s_lifetime, option->names.names, option->names.len, to);
	}
	assert(!"an option of a known kind");
	return to;
}

/* ---- search domains ---- */

static bool is_host_name(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t lower = p[i] | 0x20;

		if (!(lower >= 'a' && lower <= 'z') && !(p[i] >= '0' && p[i] <= '9') && p[i] != '-' && p[i] != '_')
			return false;
	}
	return true;
}

/* One name of n bytes or less at p, as text: how many bytes it took, 0: it is not one. out is empty when the name is
 * the root, or has bytes that a host name has not. */
static size_t name_parse(const uint8_t *p, size_t n, char out[ND_NAME_MAX])
{
	bool sound = true;
	size_t at = 0, len = 0;

	while (at < n && p[at]) {
		size_t n_label = p[at];

		/* Above 63 are the pointers of RFC 1035 section 4.1.4. The last byte is for the root's length. */
		if (n_label > LABEL_MAX || n - at <= n_label || at + 1 + n_label >= NAME_WIRE_MAX)
			return 0;
		sound = sound && is_host_name(p + at + 1, n_label);
		if (len)
			out[len++] = '.';
		memcpy(out + len, p + at + 1, n_label);
		len += n_label;
		at += 1 + n_label;
	}
	if (at == n)
		return 0;
	out[sound ? len : 0] = '\0';
	return at + 1;
}

bool nd_name_next(struct nd_search_names *names, char out[ND_NAME_MAX])
{
	char name[ND_NAME_MAX];
	size_t n;

	while ((n = name_parse(names->names, names->len, name))) {
		names->names += n;
		names->len -= n;
		/* An empty one is the padding behind the last name. */
		if (name[0]) {
			strcpy(out, name);
			return true;
		}
	}
	names->len = 0;
	return false;
}

/* ---- messages ---- */

/* The options behind the first n bytes of a message's body: true and *out, or false: the message is bad. */
static bool take_options(const struct icmp_message *m, size_t n, struct nd_options *out)
{
	struct nd_options options;

	if (m->code != 0 || m->len_body < n)
		return false;
	options = (struct nd_options){m->body + n, m->len_body - n};
	if (!options_sound(options))
		return false;
	*out = options;
	return true;
}

bool nd_neighbour_parse(const struct icmp_message *m, struct nd_neighbour *out)
{
	bool advert = m->type == ICMP6_NEIGHBOUR_ADVERT;
	uint8_t kind_mac = advert ? ND_TARGET_MAC : ND_SOURCE_MAC;
	struct nd_neighbour nd = {.has_mac = false};
	struct nd_options options;
	struct nd_option option;

	if (!advert && m->type != ICMP6_NEIGHBOUR_SOLICIT)
		return false;
	if (!take_options(m, BODY_NEIGHBOUR, &options) || m->body[0] == 0xff)
		return false;
	memcpy(nd.target, m->body, 16);
	nd.flags = advert ? m->rest & FLAGS_NEIGHBOUR : 0;
	while (nd_option_next(&options, &option)) {
		if (option.type == kind_mac && !nd.has_mac) {
			nd.has_mac = true;
			memcpy(nd.mac, option.mac, 6);
		} else if (option.type == ND_NONCE_OPTION && !nd.has_nonce) {
			nd.has_nonce = true;
			memcpy(nd.nonce, option.nonce, ND_NONCE);
		}
	}
	*out = nd;
	return true;
}

size_t nd_neighbour_emit(uint8_t type, const struct nd_neighbour *nd, uint8_t *to)
{
	struct nd_option option = {.type = type == ICMP6_NEIGHBOUR_ADVERT ? ND_TARGET_MAC : ND_SOURCE_MAC};
	uint8_t *p = put_bytes(to, nd->target, 16);

	assert(type == ICMP6_NEIGHBOUR_SOLICIT || type == ICMP6_NEIGHBOUR_ADVERT);
	if (nd->has_mac) {
		memcpy(option.mac, nd->mac, 6);
		p = nd_option_emit(&option, p);
	}
	if (nd->has_nonce) {
		option.type = ND_NONCE_OPTION;
		memcpy(option.nonce, nd->nonce, ND_NONCE);
		p = nd_option_emit(&option, p);
	}
	return (size_t)(p - to);
}

bool nd_router_solicit_parse(const struct icmp_message *m, struct nd_options *out)
{
	return m->type == ICMP6_ROUTER_SOLICIT && take_options(m, 0, out);
}

bool nd_router_parse(const struct icmp_message *m, struct nd_router *out)
{
	uint8_t flags = (uint8_t)(m->rest >> 16);
	struct nd_options options;

	if (m->type != ICMP6_ROUTER_ADVERT || !take_options(m, BODY_ROUTER, &options))
		return false;
	*out = (struct nd_router){.hop_limit = (uint8_t)(m->rest >> 24),
				  .managed = flags & ROUTER_MANAGED,
				  .other = flags & ROUTER_OTHER,
				  .preference = preference_of(flags),
				  .s_lifetime = (uint16_t)m->rest,
				  .ms_reachable = get_be32(m->body),
				  .ms_retransmit = get_be32(m->body + 4),
				  .options = options};
	if (out->preference == -2)
		out->preference = 0;
	return true;
}

uint8_t *nd_router_emit(const struct nd_router *router, struct icmp_message *m, uint8_t *to)
{
	unsigned flags = (router->managed ? ROUTER_MANAGED : 0u) | (router->other ? ROUTER_OTHER : 0u) |
			 preference_bits(router->preference);

	m->type = ICMP6_ROUTER_ADVERT;
	m->code = 0;
	m->rest = (uint32_t)router->hop_limit << 24 | flags << 16 | router->s_lifetime;
	return put_be32(put_be32(to, router->ms_reachable), router->ms_retransmit);
}

static bool is_link_local(const uint8_t address[16])
{
	return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

bool nd_redirect_parse(const struct icmp_message *m, struct nd_redirect *out)
{
	struct nd_redirect redirect = {.has_mac = false};
	struct nd_options options;
	struct nd_option option;

	if (m->type != ICMP6_REDIRECT || !take_options(m, BODY_REDIRECT, &options))
		return false;
	memcpy(redirect.target, m->body, 16);
	memcpy(redirect.destination, m->body + 16, 16);
	if (redirect.destination[0] == 0xff)
		return false;
	if (!is_link_local(redirect.target) && memcmp(redirect.target, redirect.destination, 16) != 0)
		return false;
	redirect.options = options;
	while (!redirect.has_mac && nd_option_next(&options, &option)) {
		if (option.type == ND_TARGET_MAC) {
			redirect.has_mac = true;
			memcpy(redirect.mac, option.mac, 6);
		}
	}
	*out = redirect;
	return true;
}

uint8_t *nd_redirect_emit(const struct nd_redirect *redirect, uint8_t *to)
{
	return put_bytes(put_bytes(to, redirect->target, 16), redirect->destination, 16);
}
