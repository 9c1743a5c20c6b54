/* Explanation: what all rows tell together (habits, other ends), and then each row's findings and words. */
#include "enrich/explain.h"

#include "enrich/explain_text.h"
#include "enrich/findings.h"

#include <berth/error.h>
#include <stdlib.h>

struct explain {
	const struct services *services;
	struct habits *habits;
	struct peers *peers;
	struct plain line;
	struct keep keep; /* the lines that rows were given */
};

struct explain *explain_new(const struct services *services)
{
	struct explain *explain = calloc(1, sizeof(*explain));

	if (!explain)
		return NULL;
	explain->services = services;
	explain->habits = habits_new(services);
	explain->peers = peers_new();
	return explain->habits && explain->peers ? explain : explain_free(explain);
}

struct explain *explain_free(struct explain *explain)
{
	if (explain) {
		habits_free(explain->habits);
		peers_free(explain->peers);
		keep_free(&explain->keep);
		free(explain);
	}
	return NULL;
}

int explain_look(struct explain *explain, const struct netstat_row *row)
{
	int error = habits_look(explain->habits, row);

	return error < 0 ? error : peers_look(explain->peers, row);
}

int explain_enrich(struct explain *explain, struct netstat_row *row, bool numeric)
{
	const struct explain_words words = {
		.services = explain->services,
		.peer = peers_of(explain->peers, row),
		.numeric = numeric,
	};

	row->findings = findings_of(row, explain->habits, explain->services);
	explain_text(&explain->line, row, &words);
	row->explanation = keep_text(&explain->keep, explain->line.text, explain->line.n);
	return row->explanation ? 0 : BERTH_ENOMEM;
}
