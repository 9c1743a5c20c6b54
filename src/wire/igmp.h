/* IGMP: membership of IPv4 groups, RFC 1112 (version 1), RFC 2236 (2) and RFC 3376 (3). */
#ifndef WIRE_IGMP_H
#define WIRE_IGMP_H

#include "ip4.h"
#include "membership.h"

#define IP_PROTOCOL_IGMP 2

#define IGMP_HEADER 8 /* the shortest message, and what comes before the records of a report of version 3 */

#define IGMP_QUERY 0x11
#define IGMP1_REPORT 0x12
#define IGMP2_REPORT 0x16
#define IGMP2_LEAVE 0x17
#define IGMP3_REPORT 0x22

struct igmp_message {
	uint8_t type;
	struct ip group;                   /* of a report of version 1 or 2, or a leave: multicast */
	struct membership_query query;     /* of a query */
	struct membership_records records; /* of a report of version 3: they fit */
};

/* Reads a message of n bytes. true and *out; of a type that is none of those above, only its type. false: short, a
 * wrong checksum, a query of a length that no version has (RFC 3376 section 7.1), a group that is none, or sources or
 * records that do not fit. */
bool igmp_parse(const uint8_t *p, size_t n, struct igmp_message *out);

/* Writes the IGMP_HEADER bytes of a report of version 1 or 2, or of a leave; returns the next position. */
uint8_t *igmp_emit(uint8_t type, const struct ip *group, uint8_t *to);

/* A report of version 3 whose n records, without sources, lie behind its first IGMP_HEADER bytes: fills these in.
 * `len` is that of header and records. */
void igmp3_report_finish(uint8_t *report, size_t len, uint16_t n);

/* IPv4's header with the router alert option (RFC 2113), which every message of versions 2 and 3 has. */
#define IGMP_IP4_HEADER 24
/* As ip4_emit, but writes IGMP_IP4_HEADER bytes. The total length is to include them. */
uint8_t *igmp_ip4_emit(const struct ip4_header *h, uint8_t *to);
/* A header of len bytes, which ip4_parse has found sound, has the option. */
bool igmp_router_alert(const uint8_t *ip4, size_t len);

#endif
