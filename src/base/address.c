/* Addresses from text and to text; address_text.c does the writing.
 *
 * The parsers are written out here because the core makes no call to the system's libraries, and because they are
 * stricter: one spelling of IPv4 (four decimal numbers without leading zeros, which others read as octal), and numeric
 * scopes only. Each parse_ function reads one thing at p and returns the position behind it, or NULL. */
#include <stdio.h>
#include <string.h>

#include <berth/address.h>
#include <berth/error.h>

#include "address_text.h"
#include "bytes.h"

enum {
	IP6_GROUPS = 8,
	TEXT_MAX = BERTH_ADDRESS_TEXT,
};

struct berth_address berth_ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct berth_address){.family = BERTH_IP4, .bytes = {a, b, c, d}};
}

/* Bytes of an address of this family. */
static size_t family_length(uint8_t family)
{
	return family == BERTH_IP4 ? 4 : family == BERTH_IP6 ? 16 : 0;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	uint8_t any = 0;

	for (size_t i = 0; i < n; i++)
		any |= p[i];
	return any == 0;
}

bool berth_address_equal(const struct berth_address *a, const struct berth_address *b)
{
	return a->family == b->family && a->scope == b->scope &&
	       memcmp(a->bytes, b->bytes, family_length(a->family)) == 0;
}

bool berth_address_is_any(const struct berth_address *a)
{
	return all_zero(a->bytes, family_length(a->family));
}

bool berth_address_is_multicast(const struct berth_address *a)
{
	return a->family == BERTH_IP4 ? a->bytes[0] >> 4 == 14 : a->family == BERTH_IP6 && a->bytes[0] == 0xff;
}

bool berth_address_is_loopback(const struct berth_address *a)
{
	if (a->family == BERTH_IP4)
		return a->bytes[0] == 127;
	return a->family == BERTH_IP6 && all_zero(a->bytes, 15) && a->bytes[15] == 1;
}

bool berth_address_in_prefix(const struct berth_address *a, const struct berth_address *b, unsigned prefix)
{
	size_t n_bits = family_length(a->family) * 8, n_whole;

	if (a->family != b->family)
		return false;
	if (prefix > n_bits)
		prefix = (unsigned)n_bits;
	n_whole = prefix / 8;
	if (memcmp(a->bytes, b->bytes, n_whole) != 0)
		return false;
	return prefix % 8 == 0 || (a->bytes[n_whole] ^ b->bytes[n_whole]) >> (8 - prefix % 8) == 0;
}

/* ---- reading ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The value of a hexadecimal digit, or -1. */
static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* A decimal number up to max, without leading zeros. */
static const char *parse_number(const char *p, uint32_t max, uint32_t *out)
{
	uint64_t value = 0;

	if (!is_digit(*p) || (*p == '0' && is_digit(p[1])))
		return NULL;
	for (; is_digit(*p); p++) {
		value = value * 10 + (uint64_t)(*p - '0');
		if (value > max)
			return NULL;
	}
	*out = (uint32_t)value;
	return p;
}

static const char *parse_ip4(const char *p, uint8_t out[4])
{
	for (unsigned i = 0; i < 4; i++) {
		uint32_t value;

		if (i > 0 && *p++ != '.')
			return NULL;
		p = parse_number(p, 255, &value);
		if (!p)
			return NULL;
		out[i] = (uint8_t)value;
	}
	return p;
}

/* One to four hexadecimal digits. */
static const char *parse_group(const char *p, uint16_t *out)
{
	unsigned value = 0, n = 0;

	for (; hex_value(*p) >= 0; p++) {
		if (++n > 4)
			return NULL;
		value = value << 4 | (unsigned)hex_value(*p);
	}
	*out = (uint16_t)value;
	return n > 0 ? p : NULL;
}

/* What stands on one side of "::", or the whole address: groups with colons between, up to n_max of them, the last two
 * perhaps as an IPv4 address (RFC 4291 section 2.2). Stops before a "::". */
static const char *parse_groups(const char *p, uint8_t *out, unsigned n_max, unsigned *n_out)
{
	unsigned n = 0;

	for (;;) {
		uint16_t group;
		const char *end;

		if (n == n_max)
			return NULL;
		end = parse_group(p, &group);
		if (!end)
			return NULL;
		if (*end == '.') {
			*n_out = n + 2;
			end = n + 2 <= n_max ? parse_ip4(p, out + 2 * n) : NULL;
			return end && *end != ':' ? end : NULL;
		}
		put_be16(out + 2 * n++, group);
		p = end;
		if (*p != ':' || p[1] == ':')
			break;
		p++;
	}
	*n_out = n;
	return p;
}

static bool starts_group(const char *p)
{
	return hex_value(*p) >= 0;
}

/* An IPv6 address in any form of RFC 4291 section 2.2. "::" stands for at least one group. */
static const char *parse_ip6(const char *p, uint8_t out[16])
{
	uint8_t tail[16];
	unsigned n_head = 0, n_tail = 0;

	memset(out, 0, 16);
	if (starts_group(p)) {
		p = parse_groups(p, out, IP6_GROUPS, &n_head);
		if (!p || n_head == IP6_GROUPS)
			return p;
	}
	if (p[0] != ':' || p[1] != ':' || n_head == IP6_GROUPS)
		return NULL;
	p += 2;
	if (starts_group(p)) {
		p = parse_groups(p, tail, IP6_GROUPS - 1 - n_head, &n_tail);
		if (!p)
			return NULL;
		memcpy(out + 16 - 2 * n_tail, tail, 2 * n_tail);
	}
	return p;
}

/* Only addresses that mean something on one link alone have a scope (RFC 4007 section 6): fe80::/10, and multicast of
 * the interface or the link. */
static bool has_scope(const struct berth_address *a)
{
	if (a->bytes[0] == 0xff)
		return (a->bytes[1] & 15) == 1 || (a->bytes[1] & 15) == 2;
	return a->bytes[0] == 0xfe && a->bytes[1] >> 6 == 2;
}

static const char *parse_address(const char *p, struct berth_address *out)
{
	const char *end;

	memset(out, 0, sizeof(*out));
	end = parse_ip4(p, out->bytes);
	if (end) {
		out->family = BERTH_IP4;
		return end;
	}
	end = parse_ip6(p, out->bytes);
	if (!end)
		return NULL;
	out->family = BERTH_IP6;
	if (*end != '%')
		return end;
	return has_scope(out) ? parse_number(end + 1, UINT32_MAX, &out->scope) : NULL;
}

int berth_address_parse(const char *text, struct berth_address *out)
{
	struct berth_address address;
	const char *end = parse_address(text, &address);

	if (!end || *end)
		return BERTH_EINVAL;
	*out = address;
	return 0;
}

int berth_prefix_parse(const char *text, struct berth_address *address, unsigned *prefix)
{
	struct berth_address parsed;
	const char *end = parse_address(text, &parsed);
	uint32_t n_bits;

	if (!end)
		return BERTH_EINVAL;
	n_bits = (uint32_t)family_length(parsed.family) * 8;
	if (*end == '/')
		end = parse_number(end + 1, n_bits, &n_bits);
	if (!end || *end)
		return BERTH_EINVAL;
	*address = parsed;
	*prefix = n_bits;
	return 0;
}

/* The address of a socket address: "*", IPv4, or IPv6 in brackets (RFC 3986 section 3.2.2). */
static const char *parse_host(const char *p, struct berth_address *out)
{
	if (*p == '*') {
		memset(out, 0, sizeof(*out));
		return p + 1;
	}
	if (*p == '[') {
		p = parse_address(p + 1, out);
		return p && *p == ']' && out->family == BERTH_IP6 ? p + 1 : NULL;
	}
	p = parse_address(p, out);
	return p && out->family == BERTH_IP4 ? p : NULL;
}

int berth_socket_address_parse(const char *text, struct berth_socket_address *out)
{
	struct berth_socket_address parsed = {.port = 0};
	const char *end = parse_host(text, &parsed.address);
	uint32_t port = 0;

	if (!end || *end != ':')
		return BERTH_EINVAL;
	end = parse_number(end + 1, UINT16_MAX, &port);
	if (!end || *end)
		return BERTH_EINVAL;
	parsed.port = (uint16_t)port;
	*out = parsed;
	return 0;
}

/* ---- writing ---- */

char *berth_address_format(const struct berth_address *a, char *out, size_t n)
{
	char text[TEXT_MAX];

	*address_text_write(a, text) = 0;
	snprintf(out, n, "%s", text);
	return out;
}

char *berth_socket_address_format(const struct berth_socket_address *a, char *out, size_t n)
{
	char text[TEXT_MAX];

	*address_text_write(&a->address, text) = 0;
	snprintf(out, n, a->address.family == BERTH_IP6 ? "[%s]:%u" : "%s:%u", text, a->port);
	return out;
}
