/* The words of a filter's sets. Each list ends with an entry without name. */
#ifndef NETSTAT_FILTER_NAME_H
#define NETSTAT_FILTER_NAME_H

#include "ask/filter_tree.h"
#include "finding.h"
#include "nearest.h"

#define FILTER_ANY_FINDING ((UINT64_C(1) << FINDING_N) - 1)

extern const struct filter_name filter_states[], filter_protocols[], filter_families[], filter_scopes[],
	filter_directions[], filter_timers[], filter_findings[];

/* The bits of a name; 0: the set does not have it. */
uint64_t filter_set_bits(const struct filter_name *set, const char *word);

/* Tries each of the set's names. */
void filter_set_nearest(const struct filter_name *set, struct nearest *nearest);

#endif
