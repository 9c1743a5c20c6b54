/* Names of ports: berth's registry, and /etc/services where it says more. A port in the range that the system takes
 * ephemeral ports from has no name merely because the registry has one: only when it is a service's end for certain
 * (something listens there, or it is the foreign end of what this side opened). services.c has the rule as a table. */
#ifndef NETSTAT_SERVICES_H
#define NETSTAT_SERVICES_H

#include "row.h"

struct services;
/* Reads /etc/services (`path`; NULL: none) and takes [first, last] as the ephemeral range; first > last: none. NULL:
 * out of memory. A file that cannot be read is none. */
struct services *services_new(const char *path, uint16_t first, uint16_t last);
struct services *services_free(struct services *services);

/* Reads text[n], which is in the form of /etc/services: "NAME PORT/PROTOCOL [ALIAS...] [# COMMENT]" a line. What names
 * a port and protocol first counts; the registry before the file. A line that says something else is passed over. 0 or
 * BERTH_ENOMEM. */
int services_read(struct services *services, const char *text, size_t n);

/* The system's own range, from /proc/sys/net/ipv4/ip_local_port_range; 32768 to 60999 when that cannot be read. */
void services_system_range(uint16_t *first, uint16_t *last);

/* Takes another range from now on: a saved snapshot has that of its machine. */
void services_use_range(struct services *services, uint16_t first, uint16_t last);

/* Reads that file's text: "FIRST LAST", which ends in a NUL. false, and nothing is written: it is something else. */
bool services_parse_range(const char *text, uint16_t *first, uint16_t *last);

bool services_is_ephemeral(const struct services *services, uint16_t port);

/* The name of a port of this protocol, whatever range it is in, or NULL. Borrowed from `services` or static. Port 0 has
 * none, nor has any of RAW and UNIX. A name consists of visible ASCII characters. */
const char *services_name(const struct services *services, enum netstat_protocol protocol, uint16_t port);

/* Fills in row->local_service and row->foreign_service by the rule above. row->direction and row->listener are used
 * when known. */
void services_enrich(const struct services *services, struct netstat_row *row);

#endif
