/* Values: what stands behind a field's name, as leaves of the tree.
 *
 * A value is read from its text alone, without a look at the system, save that a service that IANA's registry does not
 * have is looked for in the system's own list. An ordering operator turns what was read into everything on one side of
 * it; `!=` is the parser's business. */
#include "ask/filter_name.h"

#include <berth/error.h>
#include <berth/ports.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

enum {
	VALUE_TEXT = 256, /* room for any value that is no pattern */
	SHOWN = 48,       /* as much of a word as a message has room for */
};

struct range {
	uint64_t least, most;
};

struct ranges {
	struct range ranges[FILTER_RANGES_MAX];
	size_t n;
};

char *filter_show(const struct filter_token *token, char *out, size_t n)
{
	size_t length = token->length;
	const char *dots = "";

	if (length > n - 1) {
		length = n - 1 - 3;
		while (length > 0 && ((unsigned char)token->at[length] & 0xc0) == 0x80)
			length--; /* not within a character of UTF-8 */
		dots = "...";
	}
	snprintf(out, n, "%.*s%s", (int)length, token->at, dots);
	for (char *c = out; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return out;
}

/* What is no value of the field, and what is. */
static int no_value(struct filter_values *values, const struct filter_field *field, const struct filter_token *token)
{
	char shown[SHOWN];

	snprintf(values->error, sizeof(values->error), "'%s' is not %s", filter_show(token, shown, sizeof(shown)),
		 field->what);
	return BERTH_EINVAL;
}

static int no_value_but(struct filter_values *values, const struct filter_field *field,
			const struct filter_token *token, const char *nearest)
{
	size_t n;

	no_value(values, field, token);
	n = strlen(values->error);
	if (nearest)
		snprintf(values->error + n, sizeof(values->error) - n, "; did you mean '%s'?", nearest);
	return BERTH_EINVAL;
}

/* ---- sets ---- */

static int read_set(const struct filter_field *field, const struct filter_token *token, struct filter_values *values)
{
	char word[VALUE_TEXT] = "";
	uint64_t bits = filter_word(token, word, sizeof(word)) ? filter_set_bits(field->set, word) : 0;
	struct nearest nearest = {.word = word};

	if (bits) {
		values->leaves[values->n++] = (struct filter_node){.set = bits};
		return 0;
	}
	filter_set_nearest(field->set, &nearest);
	return no_value_but(values, field, token, nearest.name);
}

/* ---- numbers ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Decimal digits at p; what is behind them, or NULL: none, or too many. */
static const char *read_digits(const char *p, uint64_t *out)
{
	uint64_t value = 0;

	if (!is_digit(*p))
		return NULL;
	for (; is_digit(*p); p++)
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (unsigned)(*p - '0'), &value))
			return NULL;
	*out = value;
	return p;
}

static const char *read_hex(const char *p, uint64_t *out)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit;
	uint64_t value = 0;
	unsigned n = 0;

	for (; *p && (digit = strchr(digits, *p)); p++, n++)
		value = value << 4 | (uint64_t)(digit - digits);
	*out = value;
	return n > 0 && n <= 16 ? p : NULL;
}

/* "17", "0x11", "64k": with a binary multiple. The whole text, in lower case. */
static bool read_number(const char *text, uint64_t *out)
{
	static const char multiples[] = "kmgt";
	const char *end = text[0] == '0' && text[1] == 'x' ? read_hex(text + 2, out) : read_digits(text, out);
	const char *multiple;

	if (!end)
		return false;
	if (*end && (multiple = strchr(multiples, *end))) {
		if (__builtin_mul_overflow(*out, UINT64_C(1) << 10 * (multiple - multiples + 1), out))
			return false;
		end++;
		if (*end == 'i')
			end++;
		if (*end == 'b')
			end++;
	}
	return *end == 0;
}

/* Nanoseconds of a unit; 0: it is none. */
static uint64_t unit_of(const char *text)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"ns", 1},
		{"us", 1000},
		{"\xc2\xb5s", 1000}, /* the micro sign */
		{"\xce\xbcs", 1000}, /* the letter mu */
		{"ms", 1000000},
		{"s", 1000000000},
		{"min", 60000000000},
		{"h", 3600000000000},
		{"d", 86400000000000},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].name, text) == 0)
			return units[i].ns;
	return 0;
}

/* "10ms", "1.5s". The whole text. */
static bool read_time(const char *text, uint64_t *out)
{
	uint64_t whole, fraction = 0, ns_unit, scale = 1;
	const char *p = read_digits(text, &whole);

	if (p && *p == '.')
		for (p++; is_digit(*p); p++) {
			if (scale < 1000000000) {
				scale *= 10;
				fraction = fraction * 10 + (uint64_t)(*p - '0');
			}
		}
	if (!p || !(ns_unit = unit_of(p)) || __builtin_mul_overflow(whole, ns_unit, &whole))
		return false;
	/* The unit is divided first, to stay below 2^64; what is less than a nanosecond does not count. */
	fraction = ns_unit % scale == 0 ? ns_unit / scale * fraction
					: (uint64_t)((double)ns_unit / (double)scale * (double)fraction);
	return !__builtin_add_overflow(whole, fraction, out);
}

static bool read_amount(const struct filter_field *field, const char *text, uint64_t *out)
{
	return field->value == VALUE_TIME ? read_time(text, out) : read_number(text, out);
}

/* A number or a time, or two with '-' between them. */
static int read_range(const struct filter_field *field, const struct filter_token *token, struct ranges *ranges,
		      struct filter_values *values)
{
	struct range range;
	char text[VALUE_TEXT], *dash;

	if (!filter_word(token, text, sizeof(text)))
		return no_value(values, field, token);
	dash = strchr(text, '-');
	if (dash)
		*dash = 0;
	if (!read_amount(field, text, &range.least))
		return no_value(values, field, token);
	range.most = range.least;
	if (dash && (!read_amount(field, dash + 1, &range.most) || range.most < range.least))
		return no_value(values, field, token);
	ranges->ranges[ranges->n++] = range;
	return 0;
}

/* ---- ports ---- */

static void add_range(struct ranges *ranges, uint64_t least, uint64_t most)
{
	for (size_t i = 0; i < ranges->n; i++)
		if (ranges->ranges[i].least == least && ranges->ranges[i].most == most)
			return;
	if (ranges->n < FILTER_RANGES_MAX)
		ranges->ranges[ranges->n++] = (struct range){least, most};
}

/* The ports of a service, each transport's; none when nobody knows it. */
static void service_ports(const char *name, struct ranges *ranges)
{
	struct berth_service service;
	struct servent entry, *found = NULL;
	char buffer[4096];

	for (unsigned transport = 1; transport <= BERTH_TRANSPORT_ALL; transport *= 2)
		if (berth_service_by_name(name, transport, &service))
			add_range(ranges, service.first, service.last);
	if (ranges->n == 0 && getservbyname_r(name, NULL, &entry, buffer, sizeof(buffer), &found) == 0 && found) {
		uint16_t port = (uint16_t)((uint16_t)found->s_port >> 8 | (uint16_t)found->s_port << 8);
		add_range(ranges, port, port);
	}
}

static const char *nearest_service(const char *name)
{
	struct nearest nearest = {.word = name};
	struct berth_service service;

	for (size_t i = 0; berth_service_get(i, &service); i++)
		nearest_try(&nearest, service.name);
	return nearest.name;
}

/* "443", "1000-2000", "*": the whole text; false: it is none of them. */
static bool read_port_numbers(const char *text, struct range *out)
{
	const char *p;

	*out = (struct range){0, UINT16_MAX};
	if (strcmp(text, "*") == 0)
		return true;
	p = read_digits(text, &out->least);
	out->most = out->least;
	if (p && *p == '-')
		p = read_digits(p + 1, &out->most);
	return p && *p == 0;
}

/* What may be a service's name and nothing else: it has a letter (RFC 6335 section 5.1). */
static bool has_letter(const char *text)
{
	for (; *text; text++)
		if (*text >= 'a' && *text <= 'z')
			return true;
	return false;
}

/* The ports that a text (in lower case) stands for, with or without ss's leading colon. */
static int read_ports(const char *text, struct ranges *ranges, struct filter_values *values)
{
	struct range range;
	char shown[SHOWN];
	const char *near;

	if (*text == ':')
		text++;
	filter_show(&(struct filter_token){TOKEN_WORD, text, strlen(text)}, shown, sizeof(shown));
	if (read_port_numbers(text, &range)) {
		if (range.most <= UINT16_MAX && range.least <= range.most) {
			add_range(ranges, range.least, range.most);
			return 0;
		}
		snprintf(values->error, sizeof(values->error),
			 range.least > range.most ? "the range '%s' ends before it begins"
						  : "'%s' is beyond the last port, 65535",
			 shown);
		return BERTH_EINVAL;
	}
	if (has_letter(text))
		service_ports(text, ranges);
	if (ranges->n > 0)
		return 0;
	near = nearest_service(text);
	snprintf(values->error, sizeof(values->error), "'%s' is neither a port nor a service%s%s%s", shown,
		 near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return BERTH_EINVAL;
}

static int read_port(const struct filter_field *field, const struct filter_token *token, struct ranges *ranges,
		     struct filter_values *values)
{
	char text[VALUE_TEXT];

	if (!filter_word(token, text, sizeof(text)) || !*text)
		return no_value(values, field, token);
	return read_ports(text, ranges, values);
}

/* ---- addresses ---- */

bool filter_unmap(const struct berth_address *address, struct berth_address *out)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	if (address->family != BERTH_IP6 || memcmp(address->bytes, prefix, sizeof(prefix)) != 0)
		return false;
	*out = berth_ip4(address->bytes[12], address->bytes[13], address->bytes[14], address->bytes[15]);
	return true;
}

/* "10/8", "192.168/16": an IPv4 prefix without the zeros at its end. Writes the whole of it into out[n]. */
static const char *complete_prefix(const char *text, char *out, size_t n)
{
	const char *slash = strchr(text, '/');
	unsigned n_dots = 0;

	if (!slash || strspn(text, "0123456789.") != (size_t)(slash - text))
		return text;
	for (const char *p = text; p < slash; p++)
		n_dots += *p == '.';
	if (n_dots >= 3)
		return text;
	snprintf(out, n, "%.*s%.*s%s", (int)(slash - text), text, (int)(2 * (3 - n_dots)), ".0.0.0", slash);
	return out;
}

/* An address or a prefix, whole. */
static bool read_address(const char *text, struct filter_end *end)
{
	char complete[VALUE_TEXT + 8];
	unsigned prefix;
	struct berth_address address;

	if (berth_prefix_parse(complete_prefix(text, complete, sizeof(complete)), &address, &prefix) < 0)
		return false;
	if (prefix >= 96 && filter_unmap(&address, &end->address)) {
		end->prefix = (uint8_t)(prefix - 96);
	} else {
		end->address = address;
		end->prefix = (uint8_t)prefix;
	}
	return true;
}

/* Where the port of "10.0.0.1:443", "[::1]:443", ":443" begins, its colon; the end when there is none. An IPv6 address
 * without brackets has none. */
static char *port_of(char *text)
{
	char *bracket = text[0] == '[' ? strchr(text, ']') : NULL;
	char *colon = strchr(bracket ? bracket : text, ':');

	if (!colon || (!bracket && strchr(colon + 1, ':')))
		return text + strlen(text);
	return colon;
}

/* Takes the brackets off "[fe80::1]", "[fe80::]/10", "[fe80::/10]". Only IPv6 addresses have them. */
static bool unbracket(char *text)
{
	char *bracket;

	if (text[0] != '[')
		return true;
	bracket = strchr(text, ']');
	if (!bracket || !memchr(text, ':', (size_t)(bracket - text)))
		return false;
	memmove(bracket, bracket + 1, strlen(bracket + 1) + 1);
	memmove(text, text + 1, strlen(text + 1) + 1);
	return true;
}

/* Why a text is no address, where that can be told. */
static int no_address(struct filter_values *values, const struct filter_field *field, const struct filter_token *token)
{
	char shown[SHOWN], word[VALUE_TEXT];
	const char *more = "";

	filter_show(token, shown, sizeof(shown));
	if (token->length > 0 && token->at[0] == '/')
		more = "; 'path' compares those of Unix sockets";
	else if (filter_word(token, word, sizeof(word)) && has_letter(word) && !memchr(word, ':', token->length))
		more = "; 'hostname' compares names";
	else if (memchr(token->at, ':', token->length))
		more = "; IPv6 with a port is written [fe80::1]:443";
	snprintf(values->error, sizeof(values->error), "'%s' is not %s%s", shown, field->what, more);
	return BERTH_EINVAL;
}

static int read_end(const struct filter_field *field, const struct filter_token *token, struct filter_values *values)
{
	char text[VALUE_TEXT], *port;
	struct filter_end end = {.any_port = true};
	struct ranges ranges = {0};

	if (!filter_word(token, text, sizeof(text)) || !*text)
		return no_value(values, field, token);
	port = port_of(text);
	if (*port) {
		*port = 0;
		if (strcmp(port + 1, "*") != 0 && read_ports(port + 1, &ranges, values) < 0)
			return BERTH_EINVAL;
	}
	if (*text && strcmp(text, "*") != 0 && (!unbracket(text) || !read_address(text, &end)))
		return no_address(values, field, token);
	if (ranges.n == 0)
		values->leaves[values->n++] = (struct filter_node){.end = end};
	for (size_t i = 0; i < ranges.n; i++) {
		end.any_port = false;
		end.first = (uint16_t)ranges.ranges[i].least;
		end.last = (uint16_t)ranges.ranges[i].most;
		values->leaves[values->n++] = (struct filter_node){.end = end};
	}
	return 0;
}

/* ---- patterns ---- */

static int read_pattern(const struct filter_field *field, const struct filter_token *token, struct keep *keep,
			struct filter_values *values)
{
	struct filter_node leaf = {0};
	const char *suffix = field->suffix && !memchr(token->at, '.', token->length) ? field->suffix : "";
	uint64_t number;
	char *text = keep_bytes(keep, token->length + strlen(suffix) + 1);

	if (!text)
		return BERTH_ENOMEM;
	memcpy(text, token->at, token->length);
	leaf.pattern.wild = strpbrk(text, "*?[\\") != NULL;
	if (!leaf.pattern.wild)
		memcpy(text + token->length, suffix, strlen(suffix));
	leaf.pattern.text = text;
	if (field->number_test && token->kind == TOKEN_WORD && is_digit(*text) && read_number(text, &number)) {
		leaf.test = field->number_test;
		leaf.range.least = leaf.range.most = number;
	}
	values->leaves[values->n++] = leaf;
	return 0;
}

/* ---- operators ---- */

/* Everything on one side of a range that is one value, or one service's ports. Port 0 is no port, so that nothing but
 * itself compares with it. */
static void compare(enum filter_operator operator, bool port, struct range *range)
{
	uint64_t least = port ? 1 : 0, most = port ? UINT16_MAX : UINT64_MAX;
	struct range none = {1, 0};

	switch (operator) {
	case OPERATOR_EQUAL:
	case OPERATOR_UNEQUAL:
		return;
	case OPERATOR_LESS:
		*range = range->least > least ? (struct range){least, range->least - 1} : none;
		return;
	case OPERATOR_AT_MOST:
		*range = (struct range){least, range->most};
		return;
	case OPERATOR_GREATER:
		*range = range->most < most ? (struct range){range->most + 1, most} : none;
		return;
	case OPERATOR_AT_LEAST:
		*range = (struct range){range->least > least ? range->least : least, most};
		return;
	}
}

static int read_ranges(const struct filter_field *field, enum filter_operator operator,
		       const struct filter_token * token, struct filter_values *values)
{
	struct ranges ranges = {0};
	bool port = field->value == VALUE_PORT;
	int error = port ? read_port(field, token, &ranges, values) : read_range(field, token, &ranges, values);

	if (error < 0)
		return error;
	if (operator> OPERATOR_UNEQUAL && ranges.n> 1)
		ranges.n = 1; /* a service's first port stands for it */
	for (size_t i = 0; i < ranges.n; i++) {
		struct filter_node leaf = {0};
		compare(operator, port, &ranges.ranges[i]);
		leaf.range.least = ranges.ranges[i].least;
		leaf.range.most = ranges.ranges[i].most;
		values->leaves[values->n++] = leaf;
	}
	return 0;
}

int filter_value_read(const struct filter_field *field, enum filter_operator operator,
		      const struct filter_token * token, struct keep *keep, struct filter_values *values)
{
	int error = 0;

	*values = (struct filter_values){0};
	switch ((enum filter_value)field->value) {
	case VALUE_SET:
		error = read_set(field, token, values);
		break;
	case VALUE_PORT:
	case VALUE_NUMBER:
	case VALUE_TIME:
		error = read_ranges(field, operator, token, values);
		break;
	case VALUE_END:
		error = read_end(field, token, values);
		break;
	case VALUE_PATTERN:
		error = read_pattern(field, token, keep, values);
		break;
	}
	for (size_t i = 0; i < values->n; i++) {
		values->leaves[i].kind = FILTER_LEAF;
		values->leaves[i].field = field;
		if (!values->leaves[i].test)
			values->leaves[i].test = field->test;
	}
	return error;
}
