/* One entry of a baseline: a line of its file, taken apart. */
#ifndef NETSTAT_BASELINE_ENTRY_H
#define NETSTAT_BASELINE_ENTRY_H

#include "enrich/baseline.h"
#include "enrich/conversation.h"

enum {
	BASELINE_LINE = 4096, /* bytes of a line at most, without its end */
	BASELINE_RANGES = 32,
};

/* Sets by bits: of enum conversation_kind, enum netstat_protocol, enum netstat_scope. */
struct baseline_entry {
	uint32_t kinds, protocols, scopes;
	struct {
		uint16_t first, last;
	} ports[BASELINE_RANGES];
	unsigned n_ports;           /* 0, and not ephemeral: any port */
	bool ephemeral;             /* whatever port the system chooses from */
	const char *program, *user; /* shell patterns; NULL: any, or none known */
	const char *text;           /* the line without comment and blanks around it; borrowed from the line */
	size_t n_text;
};

/* What is compared with entries. */
struct baseline_subject {
	enum conversation_kind kind;
	uint8_t protocol, scope;
	bool ephemeral; /* the port is in the system's range */
	bool picked;    /* another port next time, so that the line says "ephemeral" */
	uint16_t port;
	const char *program, *executable, *user; /* NULL: not known */
};

/* Takes a line apart, text[n] without its end; the patterns are put into `patterns`, of n + 2 bytes at least. 1: an
 * entry, 0: nothing but a comment; BERTH_EINVAL, and error->column and error->text. */
int baseline_parse(const char *text, size_t n, struct baseline_entry *out, char *patterns,
		   struct baseline_error *error);

/* Writes the line that an entry for this subject is, NUL-terminated and no longer than BASELINE_LINE. */
void baseline_line(const struct baseline_subject *subject, char out[BASELINE_LINE + 1]);

bool baseline_matches(const struct baseline_entry *entry, const struct baseline_subject *subject);

#endif
