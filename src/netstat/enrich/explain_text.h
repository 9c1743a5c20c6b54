/* The words of an explanation. */
#ifndef NETSTAT_EXPLAIN_TEXT_H
#define NETSTAT_EXPLAIN_TEXT_H

#include "enrich/peers.h"
#include "enrich/plain.h"
#include "enrich/services.h"

struct explain_words {
	const struct services *services;
	const struct peer *peer; /* who is at the other end, when that is here; else NULL */
	bool numeric;
};

/* Writes the line for a row whose findings are filled in. */
void explain_text(struct plain *out, const struct netstat_row *row, const struct explain_words *words);

#endif
