/* Names of ports: berth's registry, and /etc/services where it says more. A port in the range that the system takes
 * ephemeral ports from has no name merely because the registry has one: only when it is a service's end for certain
 * (something listens there, or it is the foreign end of what this side opened). */
#ifndef NETSTAT_SERVICES_H
#define NETSTAT_SERVICES_H

#include "row.h"

struct services;
/* Reads /etc/services (`path`; NULL: none) and takes [first, last] as the ephemeral range; first > last: none. NULL:
 * out of memory. A file that cannot be read is none. */
struct services *services_new(const char *path, uint16_t first, uint16_t last);
struct services *services_free(struct services *services);

/* The system's own range, from /proc/sys/net/ipv4/ip_local_port_range; 32768 to 60999 when that cannot be read. */
void services_system_range(uint16_t *first, uint16_t *last);

bool services_is_ephemeral(const struct services *services, uint16_t port);

/* The name of a port of this protocol, whatever range it is in, or NULL. Borrowed from `services` or static. */
const char *services_name(const struct services *services, enum netstat_protocol protocol, uint16_t port);

/* Fills in row->local_service and row->foreign_service by the rule above. row->direction is used when known. */
void services_enrich(const struct services *services, struct netstat_row *row);

#endif
