/* MLD: membership of IPv6 groups, RFC 2710 (version 1) and RFC 3810 (2). Its messages are ICMPv6's. */
#ifndef WIRE_MLD_H
#define WIRE_MLD_H

#include "icmp.h"
#include "membership.h"

#define ICMP6_MLD_QUERY 130
#define ICMP6_MLD1_REPORT 131
#define ICMP6_MLD1_DONE 132
#define ICMP6_MLD2_REPORT 143

#define MLD1_BODY 16 /* the group, which is all of a message of version 1 behind ICMPv6's header */

struct mld_message {
	uint8_t type;
	struct ip group;                   /* of a report of version 1, or a done: multicast */
	struct membership_query query;     /* of a query */
	struct membership_records records; /* of a report of version 2: they fit */
};

/* Reads a message whose checksum icmp6_parse has verified. true and *out; false: of another type, a query of a length
 * that no version has (RFC 3810 section 8.1), a group that is none, or sources or records that do not fit. The code is
 * not looked at (RFC 3810 section 5.1.2). */
bool mld_parse(const struct icmp_message *m, struct mld_message *out);

/* Writes the MLD1_BODY bytes of a message of version 1; returns the next position. (The body of a report of version 2
 * is its records, one after the other, and their number is ICMPv6's `rest`.) */
uint8_t *mld1_emit(const struct ip *group, uint8_t *to);

#endif
