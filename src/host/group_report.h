/* What an interface tells the routers of its groups: the host's half of IGMP (RFC 3376 section 5, 2236, 1112) and of
 * MLD (RFC 3810 section 6, 2710), which are one protocol in two formats. Only group.c, igmp.c and mld.c read this.
 *
 * Each interface has for each family one timer, the time of whatever is due first. Of a group there are kept how many
 * reports of its last change have yet to be sent, and when a question about it alone is due to be answered. So a flood
 * of queries moves two times and makes nothing grow. */
#ifndef HOST_GROUP_REPORT_H
#define HOST_GROUP_REPORT_H

#include "host_private.h"
#include "membership.h"

struct host_group {
	struct ip ip;         /* without scope */
	uint32_t n_users;     /* joins of programs */
	uint32_t n_own;       /* addresses of the host's */
	berth_time answer_at; /* a report that was asked for; BERTH_NEVER: none */
	uint8_t n_changes;    /* times that joining, or having left, has yet to be told */
	bool is_new;          /* it has not been told at all, and how often it will be is not decided: n_changes is 1 */
	bool last_reporter;   /* nobody has reported it since we did (versions that go by this) */
};

/* One interface's part in IGMP or MLD. */
struct group_reports {
	struct host_timer timer;
	berth_time due_at;         /* when the timer is; BERTH_NEVER: it is not armed */
	berth_time answer_at;      /* a report of all groups; BERTH_NEVER: none */
	berth_time change_at;      /* a report of the changes; BERTH_NEVER: there are none to be told */
	berth_time answered_at;    /* the last answer */
	berth_time older_until[3]; /* a querier of version 1, 2 is there up to then (RFC 3376 section 7.2.1) */
	uint32_t s_interval;       /* the querier's query interval */
	uint8_t robustness;        /* times that a change is told */
	uint8_t version;           /* that is spoken, as of the last look */
	uint8_t interface, family;
};

/* The items of both families. A group that nobody wants any more stays as long as that has to be told. */
struct host_groups {
	struct group_reports igmp, mld;
	struct host_group *items;
	uint32_t n, capacity;
	uint32_t n_programs; /* items with users */
};

static inline bool group_is_wanted(const struct host_group *group)
{
	return group->n_users > 0 || group->n_own > 0;
}

/* ---- group.c ---- */

/* The interface's, made when there are none yet; NULL when out of memory. */
struct host_groups *group_all(struct berth_host *host, unsigned interface);
/* NULL: it is not there. */
struct host_group *group_find(const struct host_groups *groups, const struct ip *group);
/* Forgets an item; the last takes its place. */
void group_remove(struct host_groups *groups, struct host_group *group);

/* ---- group_report.c ---- */

void group_reports_init(struct group_reports *reports, unsigned interface, uint8_t family);
/* The group has become wanted, or is no longer. It may be gone after this. */
void group_changed(struct berth_host *host, struct host_groups *groups, struct host_group *group);
/* All groups of the family are told of once more. */
void group_tell_again(struct berth_host *host, struct host_groups *groups, struct group_reports *reports);
/* A valid query has arrived. */
void group_asked(struct berth_host *host, unsigned interface, uint8_t family, const struct membership_query *query);
/* Another host has reported the group in a way that speaks for all. */
void group_heard(struct berth_host *host, unsigned interface, const struct ip *group);

/* ---- igmp.c, mld.c: sending. `message` has room for a header of 8 bytes, and then the records or nothing. ---- */

#define GROUP_HEADER 8

void igmp_send_records(struct berth_host *host, unsigned interface, uint8_t *message, uint32_t len, uint16_t n);
void mld_send_records(struct berth_host *host, unsigned interface, uint8_t *message, uint32_t len, uint16_t n);
/* A report of an older version; or that the group is left, if it has that. */
void igmp_send_one(struct berth_host *host, unsigned interface, unsigned version, const struct ip *group, bool leave);
void mld_send_one(struct berth_host *host, unsigned interface, const struct ip *group, bool leave);

#endif
