/* Reading DHCP messages, RFC 2131 section 2 with the options of RFC 2132, 3396, 3397, 3442.
 *
 * Scope: what a message says; whether to believe it is the client's matter (host/dhcp_lease.c). Method: one walk notes
 * where each option lies, in the options field and then, when that is overloaded, in file and sname (the order of RFC
 * 3396 section 5). Each number that we know is then put together from all its parts and read once, so that an option
 * costs the same however it is spread. An option that appears twice and whose length is fixed comes out too long, and
 * is left out: it says two things.
 *
 * The bytes are a stranger's. Lengths are checked against the field, never the other way round; compression pointers of
 * option 119 lead backwards only (RFC 9267 section 2); names have no byte that a terminal or a resolver would take for
 * anything but a name. */
#include "dhcp_message.h"

#include "bytes.h"

#define HARDWARE_ETHERNET 1
#define FLAG_BROADCAST 0x8000

#define OFF_MAC 28
#define OFF_SNAME 44
#define OFF_FILE 108
#define OFF_COOKIE 236
#define LEN_SNAME 64
#define LEN_FILE 128
#define COOKIE 0x63825363u

#define OPTION_PAD 0
#define OPTION_END 255

/* What is put together of an option: the longest that we keep all of is option 119's. */
#define VALUE_MAX 1280

/* Where the parts of options lie. */
struct part {
	const uint8_t *value;
	uint8_t code, len;
};

struct parts {
	struct part item[DHCP_OPTIONS_MAX];
	uint16_t n;
	uint16_t n_bad, n_cut;
};

/* One option, whole. */
struct value {
	uint8_t bytes[VALUE_MAX];
	size_t len;
	bool cut; /* there was more */
};

static void walk_field(const uint8_t *p, const uint8_t *end, struct parts *parts)
{
	while (p < end && *p != OPTION_END) {
		if (*p == OPTION_PAD) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] > end - p - 2) {
			parts->n_bad++;
			return;
		}
		if (parts->n == DHCP_OPTIONS_MAX) {
			parts->n_cut++;
			return;
		}
		parts->item[parts->n++] = (struct part){.value = p + 2, .code = p[0], .len = p[1]};
		p += 2 + p[1];
	}
}

/* false: there is none. */
static bool collect(const struct parts *parts, uint8_t code, struct value *out)
{
	bool found = false;

	out->len = 0;
	out->cut = false;
	for (unsigned i = 0; i < parts->n; i++) {
		const struct part *part = &parts->item[i];
		size_t n = part->len;

		if (part->code != code)
			continue;
		found = true;
		if (n > VALUE_MAX - out->len) {
			n = VALUE_MAX - out->len;
			out->cut = true;
		}
		memcpy(out->bytes + out->len, part->value, n);
		out->len += n;
	}
	return found;
}

/* ---- kinds of values: true when good ---- */

static bool read_u8(const struct value *v, uint8_t *out)
{
	if (v->len != 1)
		return false;
	*out = v->bytes[0];
	return true;
}

static bool read_u16(const struct value *v, uint16_t least, uint16_t *out, bool *has)
{
	if (v->len != 2 || get_be16(v->bytes) < least)
		return false;
	*out = get_be16(v->bytes);
	return *has = true;
}

static bool read_u32(const struct value *v, uint32_t *out, bool *has)
{
	if (v->len != 4)
		return false;
	*out = get_be32(v->bytes);
	return *has = true;
}

static bool read_ips(struct value *v, struct dhcp_ips *out)
{
	if (v->len == 0 || v->len % 4 != 0)
		return false;
	for (size_t i = 0; i < v->len; i += 4) {
		if (out->n == DHCP_IPS_MAX) {
			v->cut = true;
			break;
		}
		out->ip[out->n++] = get_be32(v->bytes + i);
	}
	return true;
}

static bool read_client_id(const struct value *v, struct dhcp_message *m)
{
	if (v->len < 2 || v->len > DHCP_CLIENT_ID_MAX)
		return false;
	memcpy(m->client_id, v->bytes, v->len);
	m->n_client_id = (uint8_t)v->len;
	return true;
}

static bool read_parameters(struct value *v, struct dhcp_message *m)
{
	if (v->len > DHCP_PARAMETERS_MAX) {
		v->len = DHCP_PARAMETERS_MAX;
		v->cut = true;
	}
	memcpy(m->parameters, v->bytes, v->len);
	m->n_parameters = (uint8_t)v->len;
	return v->len > 0;
}

static bool is_name_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool dhcp_name(const uint8_t *p, size_t n, char *out)
{
	size_t label = 0;

	if (n > 0 && p[n - 1] == '.')
		n--;
	if (n == 0 || n >= DHCP_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '.' ? label == 0 : !is_name_byte(p[i]) || label == 63)
			return false;
		label = p[i] == '.' ? 0 : label + 1;
	}
	if (label == 0)
		return false;
	memcpy(out, p, n);
	out[n] = 0;
	return true;
}

/* RFC 2132 section 2: NULs at the end are no part of the text. */
static bool read_name(const struct value *v, char *out)
{
	size_t n = v->len;

	while (n > 0 && v->bytes[n - 1] == 0)
		n--;
	return !v->cut && dhcp_name(v->bytes, n, out);
}

/* RFC 3442: prefix, the bytes of the destination that it reaches into, gateway. */
static bool read_routes(struct value *v, struct dhcp_message *m)
{
	const uint8_t *p = v->bytes, *end = p + v->len;
	uint8_t n = 0;

	while (p < end && n < DHCP_ROUTES_MAX) {
		struct dhcp_route *route = &m->routes[n];
		unsigned prefix = *p++, n_bytes = (prefix + 7) / 8;

		if (prefix > 32 || (size_t)(end - p) < n_bytes + 4)
			return false;
		*route = (struct dhcp_route){.prefix = (uint8_t)prefix};
		for (unsigned i = 0; i < n_bytes; i++)
			route->destination |= (uint32_t)*p++ << (24 - 8 * i);
		route->destination &= prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
		route->gateway = get_be32(p);
		p += 4;
		n++;
	}
	v->cut = v->cut || p < end;
	m->n_routes = n;
	return n > 0;
}

/* A label of DNS's format at bytes[i] as text and a dot behind out[n]. The new n, 0: it cannot be. */
static size_t read_label(const struct value *v, size_t i, char out[DHCP_NAME_MAX], size_t n)
{
	size_t len = v->bytes[i];

	if (len > 63 || len >= v->len - i || len + 1 > DHCP_NAME_MAX - n)
		return 0;
	for (size_t j = 0; j < len; j++) {
		/* A dot in a label is a byte like others to DNS; as text it would make two labels. */
		if (!is_name_byte(v->bytes[i + 1 + j]))
			return 0;
		out[n++] = (char)v->bytes[i + 1 + j];
	}
	out[n++] = '.';
	return n;
}

/* The name at *at of DNS's format as text; *at moves behind it. The length of the text with its NUL, 0: it cannot be. A
 * pointer must lead to before where the name began, the next to before where that led: so pointers come to an end, and
 * labels are bounded by the name's length. */
static size_t read_dns_name(const struct value *v, size_t *at, char out[DHCP_NAME_MAX])
{
	size_t i = *at, lowest = *at, n = 0;
	bool jumped = false;

	while (i < v->len && v->bytes[i] != 0) {
		if (v->bytes[i] >= 0xc0) {
			if (v->len - i < 2)
				return 0;
			if (!jumped)
				*at = i + 2;
			jumped = true;
			i = get_be16(v->bytes + i) & 0x3fff;
			if (i >= lowest)
				return 0;
			lowest = i;
			continue;
		}
		n = read_label(v, i, out, n);
		if (n == 0)
			return 0;
		i += 1 + v->bytes[i];
	}
	if (i >= v->len || n == 0)
		return 0;
	if (!jumped)
		*at = i + 1;
	out[n - 1] = 0;
	return n;
}

/* RFC 3397. */
static bool read_search(struct value *v, struct dhcp_message *m)
{
	size_t at = 0, used = 0;
	uint8_t n = 0;

	while (at < v->len) {
		char name[DHCP_NAME_MAX];
		size_t len = read_dns_name(v, &at, name);

		if (len == 0 && !(v->cut && n > 0))
			return false;
		if (len == 0 || n == UINT8_MAX || len > DHCP_SEARCH_MAX - used) {
			v->cut = true;
			break;
		}
		memcpy(m->search + used, name, len);
		used += len;
		n++;
	}
	m->n_search = n;
	return n > 0;
}

/* ---- options ---- */

static const uint8_t known[] = {
	DHCP_OPTION_MASK,      DHCP_OPTION_ROUTERS,    DHCP_OPTION_DNS,       DHCP_OPTION_HOST_NAME, DHCP_OPTION_DOMAIN,
	DHCP_OPTION_MTU,       DHCP_OPTION_BROADCAST,  DHCP_OPTION_REQUESTED, DHCP_OPTION_LEASE,     DHCP_OPTION_TYPE,
	DHCP_OPTION_SERVER,    DHCP_OPTION_PARAMETERS, DHCP_OPTION_LARGEST,   DHCP_OPTION_T1,        DHCP_OPTION_T2,
	DHCP_OPTION_CLIENT_ID, DHCP_OPTION_SEARCH,     DHCP_OPTION_ROUTES,
};

static bool read_type(const struct value *v, struct dhcp_message *m)
{
	uint8_t type;

	if (!read_u8(v, &type) || type < DHCP_DISCOVER || type > DHCP_INFORM)
		return false;
	m->type = type;
	return true;
}

static bool read_option(uint8_t code, struct value *v, struct dhcp_message *m)
{
	switch ((enum dhcp_option)code) {
	case DHCP_OPTION_MASK:
		return read_u32(v, &m->mask, &m->has_mask);
	case DHCP_OPTION_ROUTERS:
		return read_ips(v, &m->routers);
	case DHCP_OPTION_DNS:
		return read_ips(v, &m->dns);
	case DHCP_OPTION_HOST_NAME:
		return read_name(v, m->host_name);
	case DHCP_OPTION_DOMAIN:
		return read_name(v, m->domain);
	case DHCP_OPTION_MTU:
		return read_u16(v, 68, &m->mtu, &m->has_mtu);
	case DHCP_OPTION_BROADCAST:
		return read_u32(v, &m->broadcast_ip, &m->has_broadcast_ip);
	case DHCP_OPTION_REQUESTED:
		return read_u32(v, &m->requested, &m->has_requested);
	case DHCP_OPTION_LEASE:
		return read_u32(v, &m->s_lease, &m->has_lease);
	case DHCP_OPTION_TYPE:
		return read_type(v, m);
	case DHCP_OPTION_SERVER:
		return read_u32(v, &m->server_id, &m->has_server_id);
	case DHCP_OPTION_PARAMETERS:
		return read_parameters(v, m);
	case DHCP_OPTION_LARGEST:
		return read_u16(v, 576, &m->largest, &m->has_largest);
	case DHCP_OPTION_T1:
		return read_u32(v, &m->s_t1, &m->has_t1);
	case DHCP_OPTION_T2:
		return read_u32(v, &m->s_t2, &m->has_t2);
	case DHCP_OPTION_CLIENT_ID:
		return read_client_id(v, m);
	case DHCP_OPTION_SEARCH:
		return read_search(v, m);
	case DHCP_OPTION_ROUTES:
		return read_routes(v, m);
	case DHCP_OPTION_OVERLOAD:
		break;
	}
	return true;
}

/* Notes the parts of all fields that have options. */
static void find_parts(const uint8_t *p, size_t n, struct parts *parts)
{
	struct value v;
	uint8_t overload = 0;

	parts->n = parts->n_bad = parts->n_cut = 0;
	walk_field(p + DHCP_HEADER, p + n, parts);
	if (!collect(parts, DHCP_OPTION_OVERLOAD, &v))
		return;
	if (!read_u8(&v, &overload) || overload < 1 || overload > 3) {
		parts->n_bad++;
		return;
	}
	if (overload & 1)
		walk_field(p + OFF_FILE, p + OFF_FILE + LEN_FILE, parts);
	if (overload & 2)
		walk_field(p + OFF_SNAME, p + OFF_SNAME + LEN_SNAME, parts);
}

static void read_options(const struct parts *parts, struct dhcp_message *m)
{
	struct value v;

	for (size_t i = 0; i < sizeof(known); i++) {
		if (!collect(parts, known[i], &v))
			continue;
		if (!read_option(known[i], &v, m))
			m->n_bad++;
		else if (v.cut)
			m->n_cut++;
	}
}

static void read_header(const uint8_t *p, struct dhcp_message *m)
{
	m->op = p[0];
	m->xid = get_be32(p + 4);
	m->secs = get_be16(p + 8);
	m->broadcast = get_be16(p + 10) & FLAG_BROADCAST;
	m->client = get_be32(p + 12);
	m->yours = get_be32(p + 16);
	m->server = get_be32(p + 20);
	m->relay = get_be32(p + 24);
	memcpy(m->mac, p + OFF_MAC, 6);
}

enum dhcp_verdict dhcp_parse(const uint8_t *p, size_t n, struct dhcp_message *out)
{
	struct parts parts;

	if (n < DHCP_HEADER)
		return DHCP_SHORT;
	if (p[0] != DHCP_TO_SERVER && p[0] != DHCP_TO_CLIENT)
		return DHCP_BAD_OP;
	if (p[1] != HARDWARE_ETHERNET || p[2] != 6)
		return DHCP_BAD_HARDWARE;
	if (get_be32(p + OFF_COOKIE) != COOKIE)
		return DHCP_BAD_COOKIE;
	memset(out, 0, sizeof(*out));
	read_header(p, out);
	find_parts(p, n, &parts);
	out->n_bad = parts.n_bad;
	out->n_cut = parts.n_cut;
	read_options(&parts, out);
	return DHCP_OK;
}

const char *dhcp_search(const struct dhcp_message *m, unsigned i)
{
	const char *name = m->search;

	while (i-- > 0)
		name += strlen(name) + 1;
	return name;
}

const char *dhcp_type_name(uint8_t type)
{
	static const char *const names[] = {"BOOTP",   "DHCPDISCOVER", "DHCPOFFER",   "DHCPREQUEST", "DHCPDECLINE",
					    "DHCPACK", "DHCPNAK",      "DHCPRELEASE", "DHCPINFORM"};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "DHCP";
}
