/* Writing DHCP messages, RFC 2131 section 2.
 *
 * Method: one walk over what the message has, in which a writer either counts or writes. The type comes first, where
 * people look for it, the rest by number; what is longer than an option can be goes on in another one of the same
 * number (RFC 3396). Search domains are not compressed: nobody is short of room. */
#include "dhcp_message.h"

#include "bytes.h"

#define HARDWARE_ETHERNET 1
#define FLAG_BROADCAST 0x8000
#define LEN_NAMES 192 /* sname and file */
#define LEN_MAC_PADDING 10
#define COOKIE 0x63825363u
#define OPTION_END 255
#define OPTION_LEN_MAX 255
/* A search domain takes a byte more than its text and NUL. */
#define VALUE_MAX (DHCP_SEARCH_MAX + UINT8_MAX)

struct writer {
	uint8_t *at; /* NULL: only counts */
	size_t n;
};

static void put(struct writer *w, const void *bytes, size_t n)
{
	if (w->at)
		w->at = put_bytes(w->at, bytes, n);
	w->n += n;
}

static void put_option(struct writer *w, uint8_t code, const void *value, size_t n)
{
	const uint8_t *p = value;

	while (n > 0) {
		uint8_t len = (uint8_t)(n < OPTION_LEN_MAX ? n : OPTION_LEN_MAX);

		put(w, &code, 1);
		put(w, &len, 1);
		put(w, p, len);
		p += len;
		n -= len;
	}
}

static void put_u16(struct writer *w, bool has, uint8_t code, uint16_t v)
{
	uint8_t bytes[2];

	put_be16(bytes, v);
	put_option(w, code, bytes, has ? 2 : 0);
}

static void put_u32(struct writer *w, bool has, uint8_t code, uint32_t v)
{
	uint8_t bytes[4];

	put_be32(bytes, v);
	put_option(w, code, bytes, has ? 4 : 0);
}

static void put_ips(struct writer *w, uint8_t code, const struct dhcp_ips *ips)
{
	uint8_t bytes[4 * DHCP_IPS_MAX], *to = bytes;

	for (unsigned i = 0; i < ips->n; i++)
		to = put_be32(to, ips->ip[i]);
	put_option(w, code, bytes, (size_t)(to - bytes));
}

static void put_name(struct writer *w, uint8_t code, const char *name)
{
	put_option(w, code, name, strlen(name));
}

static void put_routes(struct writer *w, const struct dhcp_message *m)
{
	uint8_t bytes[9 * DHCP_ROUTES_MAX], *to = bytes;

	for (unsigned i = 0; i < m->n_routes; i++) {
		const struct dhcp_route *route = &m->routes[i];

		to = put_u8(to, route->prefix);
		for (unsigned bit = 0; bit < route->prefix; bit += 8)
			to = put_u8(to, (uint8_t)(route->destination >> (24 - bit)));
		to = put_be32(to, route->gateway);
	}
	put_option(w, DHCP_OPTION_ROUTES, bytes, (size_t)(to - bytes));
}

static uint8_t *put_dns_name(uint8_t *to, const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".");

		to = put_u8(to, (uint8_t)len);
		to = put_bytes(to, name, len);
		name += len + (name[len] == '.');
	}
	return put_u8(to, 0);
}

static void put_search(struct writer *w, const struct dhcp_message *m)
{
	uint8_t bytes[VALUE_MAX], *to = bytes;

	for (unsigned i = 0; i < m->n_search; i++)
		to = put_dns_name(to, dhcp_search(m, i));
	put_option(w, DHCP_OPTION_SEARCH, bytes, (size_t)(to - bytes));
}

static void put_header(struct writer *w, const struct dhcp_message *m)
{
	static const uint8_t zeros[LEN_NAMES];
	uint8_t bytes[28], *to = bytes;

	to = put_u8(to, m->op);
	to = put_u8(to, HARDWARE_ETHERNET);
	to = put_u8(to, 6);
	to = put_u8(to, 0);
	to = put_be32(to, m->xid);
	to = put_be16(to, m->secs);
	to = put_be16(to, m->broadcast ? FLAG_BROADCAST : 0);
	to = put_be32(to, m->client);
	to = put_be32(to, m->yours);
	to = put_be32(to, m->server);
	to = put_be32(to, m->relay);
	put(w, bytes, (size_t)(to - bytes));
	put(w, m->mac, 6);
	put(w, zeros, LEN_MAC_PADDING);
	put(w, zeros, LEN_NAMES);
	put_be32(bytes, COOKIE);
	put(w, bytes, 4);
}

static void put_options(struct writer *w, const struct dhcp_message *m)
{
	put_option(w, DHCP_OPTION_TYPE, &m->type, m->type != DHCP_NO_TYPE);
	put_u32(w, m->has_mask, DHCP_OPTION_MASK, m->mask);
	put_ips(w, DHCP_OPTION_ROUTERS, &m->routers);
	put_ips(w, DHCP_OPTION_DNS, &m->dns);
	put_name(w, DHCP_OPTION_HOST_NAME, m->host_name);
	put_name(w, DHCP_OPTION_DOMAIN, m->domain);
	put_u16(w, m->has_mtu, DHCP_OPTION_MTU, m->mtu);
	put_u32(w, m->has_broadcast_ip, DHCP_OPTION_BROADCAST, m->broadcast_ip);
	put_u32(w, m->has_requested, DHCP_OPTION_REQUESTED, m->requested);
	put_u32(w, m->has_lease, DHCP_OPTION_LEASE, m->s_lease);
	put_u32(w, m->has_server_id, DHCP_OPTION_SERVER, m->server_id);
	put_option(w, DHCP_OPTION_PARAMETERS, m->parameters, m->n_parameters);
	put_u16(w, m->has_largest, DHCP_OPTION_LARGEST, m->largest);
	put_u32(w, m->has_t1, DHCP_OPTION_T1, m->s_t1);
	put_u32(w, m->has_t2, DHCP_OPTION_T2, m->s_t2);
	put_option(w, DHCP_OPTION_CLIENT_ID, m->client_id, m->n_client_id);
	put_search(w, m);
	put_routes(w, m);
}

static size_t write_message(const struct dhcp_message *m, uint8_t *to)
{
	static const uint8_t zeros[DHCP_LEN_MIN - DHCP_HEADER];
	static const uint8_t end = OPTION_END;
	struct writer w = {.at = to};

	put_header(&w, m);
	put_options(&w, m);
	put(&w, &end, 1);
	if (w.n < DHCP_LEN_MIN)
		put(&w, zeros, DHCP_LEN_MIN - w.n);
	return w.n;
}

size_t dhcp_len(const struct dhcp_message *m)
{
	return write_message(m, NULL);
}

uint8_t *dhcp_emit(const struct dhcp_message *m, uint8_t *to)
{
	return to + write_message(m, to);
}
