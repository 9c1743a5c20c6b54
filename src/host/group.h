/* The groups that the host's interfaces have joined (RFC 1112 section 7, 4291 section 2.8).
 *
 * Two kinds of users have them: programs, and the host's own addresses, whose solicited-node groups neighbour discovery
 * needs. All hosts (224.0.0.1) and all nodes (ff02::1) are joined always and never reported. What routers are told of
 * the others is group_report.h's.
 *
 * Membership is for everything that is sent to a group: a host that wants certain sources alone filters by itself
 * (RFC 3376's mode EXCLUDE without sources; the other modes are not here). */
#ifndef HOST_GROUP_H
#define HOST_GROUP_H

#include "host_private.h"

#define HOST_GROUPS_MAX 64 /* of programs, on one interface */

/* ---- for the socket layer ---- */

/* A program joins the group on an interface; each join wants its leave. The scope of `group` is not looked at: the
 * interface says it. A first join is reported to the link's routers once time has gone on (the host's deadline says
 * when), so that several at once go in one report. 0, or BERTH_EINVAL (no multicast address, one of reserved scope, no
 * such interface), BERTH_ENOBUFS (HOST_GROUPS_MAX groups are joined there), BERTH_ENOMEM. */
int group_join(struct berth_host *host, unsigned interface, const struct ip *group);
/* Undoes one join. 0, or BERTH_EADDRNOTAVAIL: no program has joined it there. */
int group_leave(struct berth_host *host, unsigned interface, const struct ip *group);

/* ---- for what arrives ---- */

/* What is sent to this group (a multicast address of any scope) is for the interface. */
bool group_joined(const struct berth_host *host, unsigned interface, const struct ip *group);

/* ---- for the host's own addresses ---- */

/* Joins what neighbour discovery needs for an address, in whatever state: its solicited-node group (RFC 4862 section
 * 5.4.2). Nothing for IPv4, or where there are no neighbours. 0 or BERTH_ENOMEM. */
int group_own_join(struct berth_host *host, unsigned interface, const struct ip *address);
void group_own_leave(struct berth_host *host, unsigned interface, const struct ip *address);
/* The interface has got a link-local address to speak from: what was reported from none counts for nothing with routers
 * and is said again (RFC 3590 section 4). */
void group_source_ready(struct berth_host *host, unsigned interface);

/* ---- for snapshots, and the end ---- */

/* The i-th group of an interface, those that are always joined left out: true, or false: there are no more. `users`:
 * joins of programs, and addresses. */
bool group_row(const struct berth_host *host, unsigned interface, size_t i, struct ip *group, uint32_t *users);
void group_deinit(struct berth_host *host);

#endif
