/* OpenMetrics: sockets counted by state, service and program, and the health of TCP, as Prometheus reads them
 * (OpenMetrics 1.0). */
#ifndef NETSTAT_METRICS_H
#define NETSTAT_METRICS_H

#include "row.h"
#include <stdio.h>

#define METRICS_NEEDS                                                                                                  \
	(NETSTAT_NEED_TCP | NETSTAT_NEED_OWNERS | NETSTAT_NEED_SERVICES | NETSTAT_NEED_LISTENER |                      \
	 NETSTAT_NEED_DIRECTION)

/* So many programs and services have samples of their own, those with the most sockets; the rest is "other". */
#define METRICS_TOP 64u

struct metrics;
struct metrics *metrics_new(void); /* NULL: out of memory */
struct metrics *metrics_free(struct metrics *metrics);
int metrics_add(struct metrics *metrics, const struct netstat_row *row); /* 0 or BERTH_ENOMEM */
/* A counter of the kernel's or of a berth host's (host NULL: the kernel's): "Tcp", "RetransSegs". A host's has the name
 * that berth_host_counter gives it, whatever its group. Those that the exposition does not have are ignored; hosts of
 * one name are added up. 0 or BERTH_ENOMEM. */
int metrics_counter(struct metrics *metrics, const char *host, const char *group, const char *name, uint64_t value);
/* The whole exposition, "# EOF" at its end. 0, BERTH_EIO or BERTH_ENOMEM. */
int metrics_write(const struct metrics *metrics, FILE *out);

#endif
