/* Ports: the three groups, and the registry that says which service a port stands for. */
#ifndef BERTH_PORTS_H
#define BERTH_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The groups of RFC 6335 section 6. */
enum berth_port_group {
	BERTH_PORT_WELL_KNOWN, /* 0-1023, "system ports" */
	BERTH_PORT_REGISTERED, /* 1024-49151, "user ports" */
	BERTH_PORT_PRIVATE,    /* 49152-65535, "dynamic ports" */
};

enum berth_port_group berth_port_group(uint16_t port);

/* "well-known", "registered", "private". Static text. */
const char *berth_port_group_name(enum berth_port_group group);

/* The transports that the registry knows; a set is several of them or-ed. */
#define BERTH_TRANSPORT_TCP 1u
#define BERTH_TRANSPORT_UDP 2u
#define BERTH_TRANSPORT_SCTP 4u
#define BERTH_TRANSPORT_DCCP 8u
#define BERTH_TRANSPORT_ALL 15u

/* A registered service: a name for a range of ports (mostly one). Texts are static and NUL-terminated. */
struct berth_service {
	const char *name;        /* IANA's first name for the port and transport, else an alias */
	const char *description; /* "" when IANA has none */
	uint16_t first, last;    /* ports, first <= last */
	unsigned transports;     /* set of BERTH_TRANSPORT_... */
	bool alias;              /* another name of a port whose name is another entry's */
};

/* How many entries the registry has, and the i-th of them: by first port, then names before aliases. Fills *out; false
 * when i is beyond the end. */
size_t berth_service_count(void);
bool berth_service_get(size_t i, struct berth_service *out);

/* The service of a port: its name (never an alias) for one transport. true and *out, or false: IANA names none. */
bool berth_service_by_port(uint16_t port, unsigned transport, struct berth_service *out);

/* The first entry with this name or alias (case does not matter) for any of `transports`. true and *out, or false. */
bool berth_service_by_name(const char *name, unsigned transports, struct berth_service *out);

#ifdef __cplusplus
}
#endif
#endif
