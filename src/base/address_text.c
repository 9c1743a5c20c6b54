/* Addresses written as text.
 *
 * A listing writes hundreds of thousands of them, so numbers are written out here instead of by snprintf, which costs
 * more than everything else about a line: a byte in decimal is looked up, a group in hexadecimal is shifted out. */
#include "address_text.h"
#include "bytes.h"

#include <string.h>

enum {
	IP6_GROUPS = 8,
};

/* A byte in decimal: its digits, and how many they are. */
#define DIGITS(n)                                                                                                      \
	{                                                                                                              \
		'0' + ((n) >= 100  ? (n) / 100                                                                         \
		       : (n) >= 10 ? (n) / 10                                                                          \
				   : (n)),                                                                             \
			'0' + ((n) >= 100 ? (n) / 10 % 10 : (n) % 10), '0' + (n) % 10,                                 \
			(n) >= 100  ? 3                                                                                \
			: (n) >= 10 ? 2                                                                                \
				    : 1                                                                                \
	}
#define DIGITS_4(n) DIGITS(n), DIGITS((n) + 1), DIGITS((n) + 2), DIGITS((n) + 3)
#define DIGITS_16(n) DIGITS_4(n), DIGITS_4((n) + 4), DIGITS_4((n) + 8), DIGITS_4((n) + 12)
#define DIGITS_64(n) DIGITS_16(n), DIGITS_16((n) + 16), DIGITS_16((n) + 32), DIGITS_16((n) + 48)

static const char decimal[256][4] = {DIGITS_64(0), DIGITS_64(64), DIGITS_64(128), DIGITS_64(192)};

static char *write_ip4(const uint8_t *bytes, char *p)
{
	for (unsigned i = 0; i < 4; i++) {
		memcpy(p, decimal[bytes[i]], 4);
		p += decimal[bytes[i]][3];
		*p++ = '.';
	}
	return p - 1;
}

struct run {
	unsigned first, n;
};

/* The longest run of zero groups, the first of equals; none is shorter than two (RFC 5952 section 4.2). */
static struct run longest_zero_run(const uint8_t *bytes)
{
	struct run best = {IP6_GROUPS, 0};
	unsigned n = 0;

	for (unsigned i = 0; i < IP6_GROUPS; i++) {
		n = get_be16(bytes + 2 * i) == 0 ? n + 1 : 0;
		if (n >= 2 && n > best.n)
			best = (struct run){i + 1 - n, n};
	}
	return best;
}

static char *write_group(unsigned group, char *p)
{
	static const char hex[] = "0123456789abcdef";

	if (group > 0xfff)
		*p++ = hex[group >> 12];
	if (group > 0xff)
		*p++ = hex[group >> 8 & 15];
	if (group > 0xf)
		*p++ = hex[group >> 4 & 15];
	*p++ = hex[group & 15];
	return p;
}

/* RFC 5952 section 4; IPv4-mapped addresses with their IPv4 address in dots (section 5). */
static char *write_ip6(const uint8_t *bytes, char *p)
{
	struct run zeros = longest_zero_run(bytes);

	if (zeros.first == 0 && zeros.n == 5 && get_be16(bytes + 10) == 0xffff) {
		memcpy(p, "::ffff:", 7);
		return write_ip4(bytes + 12, p + 7);
	}
	for (unsigned i = 0; i < IP6_GROUPS; i++) {
		if (i == zeros.first) {
			*p++ = ':';
			*p++ = ':';
			i += zeros.n - 1;
			continue;
		}
		if (i > 0 && i != zeros.first + zeros.n)
			*p++ = ':';
		p = write_group(get_be16(bytes + 2 * i), p);
	}
	return p;
}

static char *put_pair(uint64_t number, char *p)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
				    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";

	memcpy(p, pairs + 2 * number, 2);
	return p + 2;
}

/* Two digits at a time, from the last ones on. */
static char *write_long_number(uint64_t number, char *text)
{
	char digits[20], *p = digits + sizeof(digits);

	for (; number >= 100; number /= 100)
		put_pair(number % 100, p -= 2);
	if (number >= 10)
		put_pair(number, p -= 2);
	else
		*--p = (char)('0' + number);
	size_t n = (size_t)(digits + sizeof(digits) - p);
	memcpy(text, p, n);
	return text + n;
}

char *address_text_number(uint64_t number, char *text)
{
	if (number < 256) {
		memcpy(text, decimal[number], 3);
		return text + decimal[number][3];
	}
	if (number >= 100000)
		return write_long_number(number, text);
	/* Most of the rest are ports. */
	if (number >= 10000)
		*text++ = (char)('0' + number / 10000);
	if (number >= 1000)
		text = put_pair(number / 100 % 100, text);
	else
		*text++ = (char)('0' + number / 100);
	return put_pair(number % 100, text);
}

char *address_text_write(const struct berth_address *a, char *text)
{
	char *end = text;

	if (a->family == BERTH_IP4)
		return write_ip4(a->bytes, text);
	if (a->family != BERTH_IP6) {
		*end++ = '*';
		return end;
	}
	end = write_ip6(a->bytes, text);
	if (a->scope) {
		*end++ = '%';
		end = address_text_number(a->scope, end);
	}
	return end;
}
