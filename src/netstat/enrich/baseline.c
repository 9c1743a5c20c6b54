/* A baseline: entries in the order of their lines, and what they were asked about. Many sockets are the same
 * conversation to a baseline, so that the answer to each line is kept. */
#include "enrich/baseline.h"

#include "enrich/baseline_private.h"

#include <berth/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct baseline *baseline_new(const struct services *services)
{
	struct baseline *baseline = calloc(1, sizeof(*baseline));

	if (baseline && (index_init(&baseline->lines, sizeof(struct baseline_item)) < 0 ||
			 index_init(&baseline->checked, sizeof(bool)) < 0))
		return baseline_free(baseline);
	if (baseline)
		baseline->services = services;
	return baseline;
}

struct baseline *baseline_free(struct baseline *baseline)
{
	if (baseline) {
		index_deinit(&baseline->lines);
		index_deinit(&baseline->checked);
		keep_free(&baseline->patterns);
		free(baseline);
	}
	return NULL;
}

/* ---- entries ---- */

static int keep_patterns(struct baseline *baseline, struct baseline_entry *entry)
{
	const char **patterns[] = {&entry->program, &entry->user};

	for (size_t i = 0; i < 2; i++) {
		const char *pattern = *patterns[i];
		if (pattern && !(*patterns[i] = keep_text(&baseline->patterns, pattern, strlen(pattern))))
			return BERTH_ENOMEM;
	}
	return 0;
}

int baseline_add(struct baseline *baseline, const char *text, size_t n, bool from_file, struct baseline_error *error)
{
	struct baseline_entry entry;
	char patterns[BASELINE_LINE + 2];
	int parsed = baseline_parse(text, n, &entry, patterns, error);
	bool is_new;

	if (parsed <= 0)
		return parsed;
	struct baseline_item *line = index_get(&baseline->lines, entry.text, entry.n_text, &is_new);
	if (!line)
		return BERTH_ENOMEM;
	line->from_file |= from_file;
	if (!is_new)
		return 1;
	if (keep_patterns(baseline, &entry) < 0)
		return BERTH_ENOMEM; /* the line matches nothing: its sets are empty */
	line->entry = entry;
	return 1;
}

/* ---- rows ---- */

/* What of the row is compared; false: none of a baseline's business. digits[12] is for a user without a name. */
static bool subject_of(const struct baseline *baseline, const struct netstat_row *row, char *digits,
		       struct baseline_subject *out)
{
	struct conversation c = conversation_of(row, baseline->services);
	const struct berth_socket_address *end = c.kind == CONVERSATION_LISTEN ? &row->local : &row->foreign;
	enum netstat_scope scope = netstat_scope(&end->address);

	*out = (struct baseline_subject){
		.kind = c.kind,
		.protocol = row->protocol,
		/* A berth host's wildcard is no address at all. */
		.scope = scope == NETSTAT_SCOPE_NONE ? NETSTAT_SCOPE_ANY : scope,
		.port = c.port,
		.ephemeral = services_is_ephemeral(baseline->services, c.port),
		.picked = c.picked,
		.program = c.process ? c.process->program : NULL,
		.executable = c.process ? c.process->executable : NULL,
		.user = row->user,
	};
	if (!row->user && row->has_uid) {
		snprintf(digits, 12, "%lu", (unsigned long)row->uid);
		out->user = digits;
	}
	return c.kind != CONVERSATION_NONE;
}

static bool ask(struct baseline *baseline, const struct baseline_subject *subject)
{
	bool found = false;

	for (struct baseline_item *line = NULL; (line = index_next(&baseline->lines, line));) {
		if (baseline_matches(&line->entry, subject))
			found = line->seen = true;
	}
	return found;
}

/* What is compared, as bytes: the line, and what it leaves out. */
struct asked {
	char key[BASELINE_LINE + 600];
	size_t n;
};

static void asked_of(const struct baseline_subject *subject, const char *line, struct asked *out)
{
	int n = snprintf(out->key, sizeof(out->key), "%s\n%u %s", line, subject->port,
			 subject->program ? subject->program : "");

	out->n = n < 0 ? 0 : (size_t)n < sizeof(out->key) ? (size_t)n : sizeof(out->key) - 1;
}

/* As ask; the first answer counts for all that are the same. */
static bool ask_once(struct baseline *baseline, const struct baseline_subject *subject, const struct asked *asked)
{
	bool is_new;
	bool *known = index_get(&baseline->checked, asked->key, asked->n, &is_new);

	if (!known)
		return ask(baseline, subject);
	if (is_new)
		*known = ask(baseline, subject);
	return *known;
}

bool baseline_check(struct baseline *baseline, const struct netstat_row *row, char *line, size_t n)
{
	struct baseline_subject subject;
	char text[BASELINE_LINE + 1], digits[12];
	struct asked asked;

	if (line && n)
		line[0] = 0;
	if (!subject_of(baseline, row, digits, &subject))
		return true;
	baseline_line(&subject, text);
	if (line)
		snprintf(line, n, "%s", text);
	asked_of(&subject, text, &asked);
	return ask_once(baseline, &subject, &asked);
}

int baseline_record(struct baseline *baseline, const struct netstat_row *row)
{
	struct baseline_subject subject;
	struct baseline_error error;
	char text[BASELINE_LINE + 1], digits[12];
	struct asked asked;

	if (!subject_of(baseline, row, digits, &subject))
		return 0;
	baseline_line(&subject, text);
	asked_of(&subject, text, &asked);
	if (ask_once(baseline, &subject, &asked))
		return 0;
	int added = baseline_add(baseline, text, strlen(text), false, &error);
	bool *known = index_find(&baseline->checked, asked.key, asked.n);
	if (known)
		*known = true;
	return added < 0 ? added : 0;
}

void baseline_each_unseen(const struct baseline *baseline, uint32_t protocols,
			  void (*each)(void *user, const char *line), void *user)
{
	/* Those that a baseline says nothing of need not have been asked for. */
	uint32_t not_asked =
		NETSTAT_ALL_PROTOCOLS & ~NETSTAT_BIT(NETSTAT_UNIX) & ~NETSTAT_BIT(NETSTAT_RAW) & ~protocols;

	for (const struct baseline_item *line = NULL; (line = index_next(&baseline->lines, line));) {
		if (line->from_file && !line->seen && !(line->entry.protocols & not_asked))
			each(user, index_key(line, NULL));
	}
}
