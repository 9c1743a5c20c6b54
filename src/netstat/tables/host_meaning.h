/* What a berth host's counters mean, and what they are about. */
#ifndef NETSTAT_HOST_MEANING_H
#define NETSTAT_HOST_MEANING_H

#include "index.h"
#include "row.h"

/* Name of a counter ("tcp_segments_in") to text. 0 or BERTH_ENOMEM; index_deinit in any case. */
int host_meanings_init(struct index *meanings);

/* A few plain words, or "": a counter of another version's. Static text. */
const char *host_meaning(const struct index *meanings, const char *name);

/* What a counter is about, by the word that its name begins with ("tcp" of "tcp_segments_in"). */
struct host_counter_about {
	uint32_t protocols; /* a set of NETSTAT_BIT(protocol); none: of what is below or beside them */
	uint32_t families;
};

/* true; false: a group of another version's, about no protocol and both families. */
bool host_counter_about(const char *name, struct host_counter_about *out);

#endif
