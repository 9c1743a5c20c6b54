/* Namespaces' texts: fields between blanks, each taken as a whole or not at all. */
#include "namespace_text.h"
#include "words.h"

#include <string.h>

/* "net:[4026531840]", as a link and as the root of a mount. */
static uint64_t inode_of(const char *word, size_t n)
{
	uint64_t inode;

	if (n < 7 || memcmp(word, "net:[", 5) != 0 || word[n - 1] != ']' ||
	    !words_decimal(word + 5, n - 6, UINT64_MAX, &inode))
		return 0;
	return inode;
}

uint64_t namespace_of_link(const char *text)
{
	return inode_of(text, strlen(text));
}

static bool octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Blanks, newlines and backslashes stand in mountinfo as three octal digits. false: it does not fit. */
static bool unescape(const char *word, size_t n_word, char *out, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n_word; i++) {
		char c = word[i];
		if (at + 1 >= n)
			return false;
		if (c == '\\' && n_word - i > 3 && octal(word[i + 1]) && octal(word[i + 2]) && octal(word[i + 3])) {
			c = (char)((word[i + 1] - '0') << 6 | (word[i + 2] - '0') << 3 | (word[i + 3] - '0'));
			i += 3;
		}
		out[at++] = c;
	}
	out[at] = 0;
	return at > 0 && strlen(out) == at;
}

/* "36 35 0:4 net:[4026532177] /run/netns/blue rw shared:7 - nsfs nsfs rw": between the sixth field and the dash there
 * may be any number. */
bool namespace_of_mount(const char *line, uint64_t *inode, char *path, size_t n)
{
	const char *at = line, *word, *root = NULL, *where = NULL;
	size_t n_word, n_root = 0, n_where = 0, i = 0;

	while ((n_word = words_next(&at, &word)) && !(i >= 6 && words_is(word, n_word, "-"))) {
		if (i == 3) {
			root = word;
			n_root = n_word;
		} else if (i == 4) {
			where = word;
			n_where = n_word;
		}
		i++;
	}
	n_word = words_next(&at, &word);
	if (!where || !words_is(word, n_word, "nsfs"))
		return false;
	*inode = inode_of(root, n_root);
	return *inode != 0 && unescape(where, n_where, path, n);
}

const char *namespace_ip_name(const char *path)
{
	static const char *const places[] = {"/run/netns/", "/var/run/netns/"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		size_t n = strlen(places[i]);
		if (strncmp(path, places[i], n) == 0 && path[n] && !strchr(path + n, '/'))
			return path + n;
	}
	return NULL;
}

void namespace_census_init(struct namespace_census *census)
{
	*census = (struct namespace_census){.tcp4 = UINT64_MAX, .tcp6 = UINT64_MAX, .tw = UINT64_MAX};
	memset(census->families, NETSTAT_ALL_FAMILIES, sizeof(census->families));
}

struct counted {
	const char *word;
	enum netstat_protocol protocol;
	uint8_t family;
};

/* The number that follows the word `name` in the line's pairs of name and number. false: there is none. */
static bool value_of(const char *at, const char *name, uint64_t *value)
{
	const char *word, *number;
	size_t n;

	while ((n = words_next(&at, &word))) {
		size_t n_number = words_next(&at, &number);
		if (words_is(word, n, name))
			return words_decimal(number, n_number, UINT64_MAX, value);
	}
	return false;
}

void namespace_census_line(const char *line, struct namespace_census *census)
{
	static const struct counted lines[] = {
		{"UDP:", NETSTAT_UDP, NETSTAT_IP4},         {"UDP6:", NETSTAT_UDP, NETSTAT_IP6},
		{"UDPLITE:", NETSTAT_UDPLITE, NETSTAT_IP4}, {"UDPLITE6:", NETSTAT_UDPLITE, NETSTAT_IP6},
		{"RAW:", NETSTAT_RAW, NETSTAT_IP4},         {"RAW6:", NETSTAT_RAW, NETSTAT_IP6},
	};
	const char *at = line, *word;
	size_t n = words_next(&at, &word);
	uint64_t inuse;

	if (words_is(word, n, "TCP:"))
		value_of(at, "tw", &census->tw);
	if (!value_of(at, "inuse", &inuse))
		return;
	if (words_is(word, n, "TCP:"))
		census->tcp4 = inuse;
	else if (words_is(word, n, "TCP6:"))
		census->tcp6 = inuse;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (inuse == 0 && words_is(word, n, lines[i].word))
			census->families[lines[i].protocol] &= (uint8_t)~lines[i].family;
}

void namespace_census_protocol_line(const char *line, struct namespace_census *census)
{
	const char *at = line, *word, *size, *number;
	size_t n = words_next(&at, &word);
	uint8_t family = words_is(word, n, "MPTCP") ? NETSTAT_IP4 : words_is(word, n, "MPTCPv6") ? NETSTAT_IP6 : 0;
	uint64_t count;

	words_next(&at, &size);
	n = words_next(&at, &number);
	if (family && words_decimal(number, n, UINT64_MAX, &count) && count == 0)
		census->families[NETSTAT_MPTCP] &= (uint8_t)~family;
}

/* A socket of MPTCP has at least one of TCP: where there are none of these, there are none of those. */
void namespace_census_end(struct namespace_census *census)
{
	census->families[NETSTAT_TCP] = (uint8_t)namespace_census_connected(census, 0, 0);
	if (!census->families[NETSTAT_TCP])
		census->families[NETSTAT_MPTCP] = 0;
}

uint32_t namespace_census_connected(const struct namespace_census *census, uint64_t listeners4, uint64_t listeners6)
{
	if (census->tw != 0)
		return NETSTAT_ALL_FAMILIES;
	return (census->tcp4 == listeners4 ? 0 : NETSTAT_IP4) | (census->tcp6 == listeners6 ? 0 : NETSTAT_IP6);
}

enum netstat_protocol namespace_protocol_line(const char *line)
{
	static const struct {
		const char *word;
		enum netstat_protocol protocol;
	} names[] = {
		{"TCP", NETSTAT_TCP},          {"TCPv6", NETSTAT_TCP},         {"MPTCP", NETSTAT_MPTCP},
		{"MPTCPv6", NETSTAT_MPTCP},    {"UDP", NETSTAT_UDP},           {"UDPv6", NETSTAT_UDP},
		{"UDP-Lite", NETSTAT_UDPLITE}, {"UDPLITEv6", NETSTAT_UDPLITE}, {"SCTP", NETSTAT_SCTP},
		{"SCTPv6", NETSTAT_SCTP},      {"DCCP", NETSTAT_DCCP},         {"DCCPv6", NETSTAT_DCCP},
		{"RAW", NETSTAT_RAW},          {"RAWv6", NETSTAT_RAW},         {"UNIX", NETSTAT_UNIX},
		{"UNIX-STREAM", NETSTAT_UNIX},
	};
	const char *at = line, *word;
	size_t n = words_next(&at, &word);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (words_is(word, n, names[i].word))
			return names[i].protocol;
	return NETSTAT_PROTOCOL_N;
}
