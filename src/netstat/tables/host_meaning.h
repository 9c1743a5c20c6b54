/* What a berth host's counters mean. */
#ifndef NETSTAT_HOST_MEANING_H
#define NETSTAT_HOST_MEANING_H

#include "index.h"

/* Name of a counter ("tcp_segments_in") to text. 0 or BERTH_ENOMEM; index_deinit in any case. */
int host_meanings_init(struct index *meanings);

/* A few plain words, or "": a counter of another version's. Static text. */
const char *host_meaning(const struct index *meanings, const char *name);

#endif
