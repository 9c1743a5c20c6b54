/* Values that say where a conversation ends: ports and addresses.
 *
 * A service that IANA's registry does not have is looked for in the system's own list; nothing else here asks the
 * system. */
#include "ask/filter_end.h"
#include "ask/filter_name.h"

#include <berth/error.h>
#include <berth/ports.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

/* ---- ports ---- */

static void add_range(struct filter_ranges *ranges, uint64_t least, uint64_t most)
{
	for (size_t i = 0; i < ranges->n; i++)
		if (ranges->ranges[i].least == least && ranges->ranges[i].most == most)
			return;
	if (ranges->n < FILTER_RANGES_MAX)
		ranges->ranges[ranges->n++] = (struct filter_range){least, most};
}

/* The ports of a service, each transport's; none when nobody knows it. */
static void service_ports(const char *name, struct filter_ranges *ranges)
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
static bool read_port_numbers(const char *text, struct filter_range *out)
{
	const char *p;

	*out = (struct filter_range){0, UINT16_MAX};
	if (strcmp(text, "*") == 0)
		return true;
	p = filter_read_digits(text, &out->least);
	out->most = out->least;
	if (p && *p == '-')
		p = filter_read_digits(p + 1, &out->most);
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
static int read_ports(const char *text, struct filter_ranges *ranges, struct filter_values *values)
{
	struct filter_range range;
	char shown[FILTER_SHOWN];
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

int filter_read_port(const struct filter_field *field, const struct filter_token *token, struct filter_ranges *ranges,
		     struct filter_values *values)
{
	char text[FILTER_VALUE_TEXT];

	if (!filter_word(token, text, sizeof(text)) || !*text)
		return filter_no_value(values, field, token);
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
	char complete[FILTER_VALUE_TEXT + 8];
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
	char shown[FILTER_SHOWN], word[FILTER_VALUE_TEXT];
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

int filter_read_end(const struct filter_field *field, const struct filter_token *token, struct filter_values *values)
{
	char text[FILTER_VALUE_TEXT], *port;
	struct filter_end end = {.any_port = true};
	struct filter_ranges ranges = {0};

	if (!filter_word(token, text, sizeof(text)) || !*text)
		return filter_no_value(values, field, token);
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
