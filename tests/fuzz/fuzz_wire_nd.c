/* Messages of neighbour discovery: whatever is read is written and read again the same. The input is a message's type,
 * code, four bytes of its header and its body. */
#include <string.h>

#include "bytes.h"
#include "fuzz.h"
#include "nd.h"

static void check_names(struct nd_search_names names)
{
	const uint8_t *end = names.names + names.len;
	char name[ND_NAME_MAX];

	while (nd_name_next(&names, name)) {
		size_t len = strnlen(name, sizeof(name));

		CHECK(len > 0 && len < sizeof(name));
		CHECK(names.names + names.len == end);
		CHECK(strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len);
	}
	CHECK(names.len == 0);
}

static void check_same(const struct nd_option *a, const struct nd_option *b)
{
	CHECK(a->type == b->type);
	switch ((enum nd_option_type)a->type) {
	case ND_SOURCE_MAC:
	case ND_TARGET_MAC:
	case ND_NONCE_OPTION:
		CHECK(memcmp(a->mac, b->mac, 6) == 0);
		break;
	case ND_PREFIX:
		CHECK(a->prefix.len <= 128 && a->prefix.len == b->prefix.len);
		CHECK(memcmp(a->prefix.prefix, b->prefix.prefix, 16) == 0);
		CHECK(a->prefix.on_link == b->prefix.on_link && a->prefix.autonomous == b->prefix.autonomous);
		CHECK(a->prefix.s_valid == b->prefix.s_valid && a->prefix.s_preferred == b->prefix.s_preferred);
		break;
	case ND_REDIRECTED:
		CHECK(a->redirected.len == b->redirected.len);
		CHECK(memcmp(a->redirected.bytes, b->redirected.bytes, a->redirected.len) == 0);
		break;
	case ND_MTU:
		CHECK(a->mtu == b->mtu);
		break;
	case ND_ROUTE:
		CHECK(a->route.len <= 128 && a->route.len == b->route.len);
		CHECK(a->route.preference >= -1 && a->route.preference <= 1);
		CHECK(a->route.preference == b->route.preference && a->route.s_lifetime == b->route.s_lifetime);
		CHECK(memcmp(a->route.prefix, b->route.prefix, a->route.len / 8) == 0);
		break;
	case ND_DNS_SERVERS:
		CHECK(a->servers.n > 0 && a->servers.n == b->servers.n);
		CHECK(a->servers.s_lifetime == b->servers.s_lifetime);
		CHECK(memcmp(a->servers.addresses, b->servers.addresses, 16 * a->servers.n) == 0);
		break;
	case ND_SEARCH_NAMES:
		CHECK(a->names.s_lifetime == b->names.s_lifetime && a->names.len == b->names.len);
		CHECK(memcmp(a->names.names, b->names.names, a->names.len) == 0);
		check_names(a->names);
		break;
	}
}

/* Each option of a sound message fits into what the message has, and all are gone through. */
static void check_options(struct nd_options options)
{
	struct nd_option option, back;
	uint8_t bytes[256 * 8];
	size_t left = options.left;

	while (nd_option_next(&options, &option)) {
		struct nd_options again = {bytes, 0};

		CHECK(options.left <= left - 8);
		again.left = (size_t)(nd_option_emit(&option, bytes) - bytes);
		CHECK(again.left >= 8 && again.left <= left - options.left && again.left % 8 == 0);
		CHECK(nd_option_next(&again, &back));
		CHECK(again.left == 0);
		check_same(&option, &back);
		left = options.left;
	}
	CHECK(options.left == 0);
}

static void check_neighbour(const struct icmp_message *m)
{
	struct nd_neighbour nd, back;
	uint8_t body[ND_NEIGHBOUR_MAX];
	struct icmp_message again = {.type = m->type, .body = body};

	if (!nd_neighbour_parse(m, &nd))
		return;
	CHECK(m->code == 0 && m->len_body >= 16 && m->body[0] != 0xff);
	check_options((struct nd_options){m->body + 16, m->len_body - 16});
	again.rest = nd.flags;
	again.len_body = nd_neighbour_emit(m->type, &nd, body);
	CHECK(again.len_body <= sizeof(body) && again.len_body <= m->len_body);
	CHECK(nd_neighbour_parse(&again, &back));
	CHECK(memcmp(nd.target, back.target, 16) == 0 && nd.flags == back.flags);
	CHECK(nd.has_mac == back.has_mac && memcmp(nd.mac, back.mac, 6) == 0);
	CHECK(nd.has_nonce == back.has_nonce && memcmp(nd.nonce, back.nonce, ND_NONCE) == 0);
}

static void check_router(const struct icmp_message *m)
{
	struct nd_router router, back;
	struct icmp_message again = {.len_body = 8};
	uint8_t body[8];

	if (!nd_router_parse(m, &router))
		return;
	CHECK(m->code == 0 && router.preference >= -1 && router.preference <= 1);
	CHECK(router.options.left == m->len_body - 8);
	check_options(router.options);
	CHECK(nd_router_emit(&router, &again, body) == body + 8);
	CHECK(memcmp(body, m->body, 8) == 0);
	again.body = body;
	CHECK(nd_router_parse(&again, &back));
	CHECK(router.hop_limit == back.hop_limit && router.s_lifetime == back.s_lifetime);
	CHECK(router.managed == back.managed && router.other == back.other && router.preference == back.preference);
}

static void check_redirect(const struct icmp_message *m)
{
	struct nd_redirect redirect;
	uint8_t body[32];

	if (!nd_redirect_parse(m, &redirect))
		return;
	CHECK(redirect.destination[0] != 0xff);
	check_options(redirect.options);
	CHECK(nd_redirect_emit(&redirect, body) == body + 32);
	CHECK(memcmp(body, m->body, 32) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct nd_options options;
	struct icmp_message m;

	if (n < 6)
		return 0;
	m = (struct icmp_message){
		.type = data[0], .code = data[1], .rest = get_be32(data + 2), .body = data + 6, .len_body = n - 6};
	check_neighbour(&m);
	check_router(&m);
	check_redirect(&m);
	if (nd_router_solicit_parse(&m, &options))
		check_options(options);
	return 0;
}
