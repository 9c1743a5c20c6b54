/* The texts of /proc/net that carry the kernel's counters, taken apart: pure functions over one or two lines. Lines are
 * NUL-terminated, with or without their newline, and are written to. */
#ifndef NETSTAT_COUNTER_TEXT_H
#define NETSTAT_COUNTER_TEXT_H

#include <stdint.h>

/* One counter: group "Tcp", name "RetransSegs". The texts are borrowed for the call. 0 to go on; anything else ends the
 * walk, which returns it. */
typedef int counter_found(void *user, const char *group, const char *name, uint64_t value);

/* The two lines that /proc/net/snmp and /proc/net/netstat have for a group: "Tcp: RtoMin ActiveOpens" and "Tcp: 200 7".
 * A value below 0 says "no limit", which no counter can: it is left out, as is what is no number and what has no name
 * or no value on the other line. 0, what `found` returned, or BERTH_EPROTO: the lines are not one group's. */
int counter_pair(char *names, char *values, counter_found *found, void *user);

/* A line of /proc/net/snmp6: "Ip6InReceives  2" is "InReceives" of group "Ip6". 0, what `found` returned, or
 * BERTH_EPROTO: it is no such line. */
int counter_line6(char *line, counter_found *found, void *user);

/* A few plain words about a counter of the kernel's, or "". Static text. */
const char *counter_meaning(const char *group, const char *name);

#endif
