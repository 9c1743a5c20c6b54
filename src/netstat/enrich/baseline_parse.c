/* The grammar of a baseline's line, and the way back from a conversation to a line.
 *
 *     line      = [ "allow" kinds protocols ports { clause } ] [ "#" anything ]
 *     kinds     = "*" | kind { "," kind }             kind: listen in out
 *     protocols = "*" | protocol { "," protocol }     protocol: tcp udp ...
 *     ports     = "*" | port { "," port }             port: NUMBER, NUMBER "-" NUMBER, "ephemeral"
 *     clause    = ( "at" | "from" | "to" | "with" ) scopes | "program" pattern | "user" pattern
 *     scopes    = "*" | scope { "," scope }           scope: any loopback link private multicast public
 *
 * Words are separated by blanks; a backslash takes the meaning from the character behind it. One function a word, each
 * of which says what it expected. */
#include "enrich/baseline_entry.h"

#include "enrich/plain.h"
#include "words.h"

#include <berth/error.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

/* ---- words ---- */

struct word {
	const char *text;
	size_t n;
};

struct parser {
	const char *begin, *at, *end;
	const char *last; /* where the last word ends */
	char *patterns;   /* where the next pattern goes */
	struct baseline_error *error;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word; false: there is none. */
static bool next_word(struct parser *p, struct word *word)
{
	while (p->at < p->end && is_blank(*p->at))
		p->at++;
	word->text = p->at;
	if (p->at == p->end || *p->at == '#') {
		word->n = 0;
		return false;
	}
	while (p->at < p->end && !is_blank(*p->at))
		p->at += *p->at == '\\' && p->end - p->at > 1 ? 2 : 1;
	word->n = (size_t)(p->at - word->text);
	p->last = p->at;
	return true;
}

static bool is(struct word word, const char *text)
{
	return word.n == strlen(text) && memcmp(word.text, text, word.n) == 0;
}

/* "expected a direction, not 'foo'", at the word. */
static int fail(struct parser *p, struct word word, const char *expected)
{
	char copy[48];
	struct plain plain = {.n = 0};
	size_t n = word.n < sizeof(copy) - 1 ? word.n : sizeof(copy) - 1;

	memcpy(copy, word.text, n);
	copy[n] = 0;
	plain_word(&plain, copy);
	p->error->column = (unsigned)(word.text - p->begin) + 1;
	if (word.n)
		snprintf(p->error->text, sizeof(p->error->text), "expected %s, not '%.48s'", expected, plain.text);
	else
		snprintf(p->error->text, sizeof(p->error->text), "expected %s", expected);
	return BERTH_EINVAL;
}

/* ---- lists ---- */

/* Takes the next part of a list off the front of `list`. */
static bool next_part(struct word *list, struct word *part)
{
	if (!list->text)
		return false;
	const char *comma = memchr(list->text, ',', list->n);
	*part = *list;
	if (comma) {
		part->n = (size_t)(comma - list->text);
		list->n -= part->n + 1;
		list->text = comma + 1;
	} else {
		list->text = NULL;
	}
	return true;
}

struct name {
	const char *text;
	uint32_t bit;
};

static const struct name kinds[] = {
	{"listen", NETSTAT_BIT(CONVERSATION_LISTEN)},
	{"in", NETSTAT_BIT(CONVERSATION_IN)},
	{"out", NETSTAT_BIT(CONVERSATION_OUT)},
	{NULL, 0},
};

static const struct name protocols[] = {
#define X(name, text) {text, NETSTAT_BIT(NETSTAT_##name)},
	NETSTAT_PROTOCOL_MAP(X)
#undef X
		{NULL, 0},
};

static const struct name scopes[] = {
	{"any", NETSTAT_BIT(NETSTAT_SCOPE_ANY)},
	{"loopback", NETSTAT_BIT(NETSTAT_SCOPE_LOOPBACK)},
	{"link", NETSTAT_BIT(NETSTAT_SCOPE_LINK)},
	{"private", NETSTAT_BIT(NETSTAT_SCOPE_PRIVATE)},
	{"public", NETSTAT_BIT(NETSTAT_SCOPE_PUBLIC)},
	{"multicast", NETSTAT_BIT(NETSTAT_SCOPE_MULTICAST)},
	{NULL, 0},
};

static int parse_set(struct parser *p, struct word list, const struct name *names, const char *expected, uint32_t *out)
{
	struct word part;
	uint32_t set = 0;

	if (is(list, "*")) {
		*out = UINT32_MAX;
		return 0;
	}
	while (next_part(&list, &part)) {
		size_t i = 0;
		while (names[i].text && !is(part, names[i].text))
			i++;
		if (!names[i].text)
			return fail(p, part, expected);
		set |= names[i].bit;
	}
	*out = set;
	return 0;
}

/* ---- ports ---- */

/* The digits that `word` begins with; how many there are, 0: none, or above 65535. */
static size_t parse_number(struct word word, uint16_t *out)
{
	uint64_t value = 0;
	size_t n = words_digits(word.text, word.n, UINT16_MAX, &value);

	*out = (uint16_t)value;
	return n;
}

static bool parse_range(struct word word, uint16_t *first, uint16_t *last)
{
	size_t n = parse_number(word, first);

	*last = *first;
	if (!n || n == word.n)
		return n != 0;
	if (word.text[n] != '-')
		return false;
	struct word rest = {word.text + n + 1, word.n - n - 1};
	return rest.n && parse_number(rest, last) == rest.n && *first <= *last;
}

static int parse_ports(struct parser *p, struct word list, struct baseline_entry *out)
{
	struct word part;

	if (is(list, "*"))
		return 0;
	while (next_part(&list, &part)) {
		uint16_t first, last;
		if (is(part, "ephemeral")) {
			out->ephemeral = true;
			continue;
		}
		if (!parse_range(part, &first, &last))
			return fail(p, part, "a port (443), a range (6000-6063), 'ephemeral' or '*'");
		if (out->n_ports == BASELINE_RANGES)
			return fail(p, part, "no more than 32 ports and ranges");
		out->ports[out->n_ports].first = first;
		out->ports[out->n_ports++].last = last;
	}
	return 0;
}

/* ---- clauses ---- */

/* Entries are shown as they stand in the file. */
static bool is_shown(struct word word)
{
	for (size_t i = 0, n; i < word.n; i += n) {
		if (!plain_shows(word.text + i, word.text + word.n, &n))
			return false;
	}
	return true;
}

static int parse_pattern(struct parser *p, const char *expected, const char **out)
{
	struct word word;

	if (*out)
		return fail(p, (struct word){p->at, 0}, "each of program, user and scope once at most");
	if (!next_word(p, &word))
		return fail(p, word, expected);
	if (!is_shown(word))
		return fail(p, word, "UTF-8 without control characters");
	size_t backslashes = 0;
	while (backslashes < word.n && word.text[word.n - 1 - backslashes] == '\\')
		backslashes++;
	if (backslashes % 2)
		return fail(p, (struct word){word.text + word.n, 0}, "a character behind '\\'");
	*out = p->patterns;
	memcpy(p->patterns, word.text, word.n);
	p->patterns[word.n] = 0;
	p->patterns += word.n + 1;
	return 0;
}

static int parse_scopes(struct parser *p, struct baseline_entry *out)
{
	static const char expected[] = "a scope (any, loopback, link, private, public, multicast) or '*'";
	struct word word;

	if (out->scopes)
		return fail(p, (struct word){p->at, 0}, "each of program, user and scope once at most");
	return next_word(p, &word) ? parse_set(p, word, scopes, expected, &out->scopes) : fail(p, word, expected);
}

static int parse_clause(struct parser *p, struct word word, struct baseline_entry *out)
{
	if (is(word, "program"))
		return parse_pattern(p, "a program's name or path, or a pattern", &out->program);
	if (is(word, "user"))
		return parse_pattern(p, "a user's name, or a pattern", &out->user);
	if (is(word, "at") || is(word, "from") || is(word, "to") || is(word, "with"))
		return parse_scopes(p, out);
	return fail(p, word, "'at', 'from', 'to', 'program' or 'user'");
}

static int parse_entry(struct parser *p, struct baseline_entry *out)
{
	static const char kind[] = "a direction (listen, in, out) or '*'",
			  protocol[] = "a protocol (tcp, udp, ...) or '*'",
			  port[] = "a port (443), a range (6000-6063), 'ephemeral' or '*'";
	struct word word;
	int error = 0;

	if (!next_word(p, &word))
		return fail(p, word, kind);
	if ((error = parse_set(p, word, kinds, kind, &out->kinds)) < 0)
		return error;
	if (!next_word(p, &word))
		return fail(p, word, protocol);
	if ((error = parse_set(p, word, protocols, protocol, &out->protocols)) < 0)
		return error;
	if (!next_word(p, &word))
		return fail(p, word, port);
	error = parse_ports(p, word, out);
	while (error == 0 && next_word(p, &word))
		error = parse_clause(p, word, out);
	return error;
}

static bool is_star(const char *pattern)
{
	return pattern && pattern[0] == '*' && !pattern[1];
}

int baseline_parse(const char *text, size_t n, struct baseline_entry *out, char *patterns, struct baseline_error *error)
{
	struct parser parser = {.begin = text, .at = text, .end = text + n, .patterns = patterns, .error = error};
	struct word word;

	if (n && text[n - 1] == '\r')
		parser.end--;
	if (!next_word(&parser, &word))
		return 0;
	if (!is(word, "allow"))
		return fail(&parser, word, "'allow' or '#'");
	*out = (struct baseline_entry){.text = word.text};
	int failed = parse_entry(&parser, out);
	if (failed < 0)
		return failed;
	out->n_text = (size_t)(parser.last - out->text);
	if (!out->scopes)
		out->scopes = UINT32_MAX;
	if (is_star(out->program))
		out->program = NULL;
	if (is_star(out->user))
		out->user = NULL;
	return 1;
}

/* ---- matching ---- */

/* A process may call itself what it likes, a path as well: a '/' of a name is written as "\/", and only one without
 * the backslash makes a pattern one of paths. */
static bool is_of_paths(const char *pattern)
{
	for (; *pattern && *pattern != '/'; pattern++) {
		if (*pattern == '\\' && pattern[1])
			pattern++;
	}
	return *pattern == '/';
}

/* "-" is for what is not known. */
static bool pattern_matches(const char *pattern, const char *name, const char *path)
{
	const char *text = is_of_paths(pattern) ? path : name;

	if (strcmp(pattern, "-") == 0)
		return !name;
	return text && fnmatch(pattern, text, 0) == 0;
}

static bool port_matches(const struct baseline_entry *entry, const struct baseline_subject *subject)
{
	if (!entry->n_ports && !entry->ephemeral)
		return true;
	for (unsigned i = 0; i < entry->n_ports; i++) {
		if (subject->port >= entry->ports[i].first && subject->port <= entry->ports[i].last)
			return true;
	}
	return entry->ephemeral && subject->ephemeral;
}

bool baseline_matches(const struct baseline_entry *entry, const struct baseline_subject *subject)
{
	return (entry->kinds & NETSTAT_BIT(subject->kind)) && (entry->protocols & NETSTAT_BIT(subject->protocol)) &&
	       (entry->scopes & NETSTAT_BIT(subject->scope)) && port_matches(entry, subject) &&
	       (!entry->program || pattern_matches(entry->program, subject->program, subject->executable)) &&
	       (!entry->user || pattern_matches(entry->user, subject->user, subject->user));
}

/* ---- lines ---- */

/* A name as the pattern that matches it: what means something is escaped, what cannot be shown is a '*', and what is
 * too long ends in one. */
static void escape(const char *name, const char *meaningful, char *out, size_t room)
{
	const char *end = name + strlen(name);
	size_t n = 0, length;

	for (; name < end; name += length) {
		bool shown = plain_shows(name, end, &length);
		if (n + length + 2 > room) {
			out[n++] = '*';
			break;
		}
		if (!shown) {
			if (!n || out[n - 1] != '*' || (n > 1 && out[n - 2] == '\\'))
				out[n++] = '*';
			continue;
		}
		if (strchr(meaningful, *name) || (*name == '-' && !n && !name[1]))
			out[n++] = '\\';
		memcpy(out + n, name, length);
		n += length;
	}
	out[n] = 0;
}

static void known_or_not(const char *name, bool is_path, char *out, size_t room)
{
	if (!name)
		strcpy(out, "-");
	else if (!*name)
		strcpy(out, "*");
	else
		escape(name, is_path ? " *?[]\\#" : " *?[]\\#/", out, room);
}

void baseline_line(const struct baseline_subject *subject, char out[BASELINE_LINE + 1])
{
	static const char *const directions[] = {"", "listen", "in", "out"}, *const words[] = {"", "at", "from", "to"};
	bool is_path = subject->executable && strchr(subject->executable, '/');
	char program[2048], user[512], port[16];

	if (subject->picked)
		strcpy(port, "ephemeral");
	else
		snprintf(port, sizeof(port), "%u", subject->port);
	known_or_not(is_path ? subject->executable : subject->program, is_path, program, sizeof(program) - 2);
	known_or_not(subject->user, true, user, sizeof(user) - 2);
	snprintf(out, BASELINE_LINE + 1, "allow %-6s %-4s %-9s %-4s %-9s program %s user %s", directions[subject->kind],
		 netstat_protocol_name(subject->protocol), port, words[subject->kind],
		 netstat_scope_name(subject->scope), program, user);
}
