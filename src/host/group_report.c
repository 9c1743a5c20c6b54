/* The host's half of IGMP and MLD: what is told when.
 *
 * Scope: which groups are reported in which form at what time. How a report looks and which queries are valid is in
 * igmp.c and mld.c. Sources are not kept: this host wants whatever is sent to a group, and says so also when it is
 * asked about some sources of it. That is its whole state, so it is a good answer to the part; and nothing that a
 * query has can make the host store more (RFC 3376 section 5.2 has the sources kept).
 *
 * Method: times that are due stand in the struct of the interface and in its groups; one timer is armed for the
 * earliest and looks at all of them. */
#include "group_report.h"

#include "group.h"

#define ROBUSTNESS 2         /* RFC 3376 section 8.1, 3810 section 9.1 */
#define S_QUERY_INTERVAL 125 /* RFC 3376 section 8.2, 3810 section 9.2 */
#define NEWEST_IGMP 3
#define NEWEST_MLD 2

/* Unsolicited report interval: RFC 3376 section 8.11 and 3810 section 9.11; RFC 2236 section 8.10 and 2710
 * section 7.10. */
#define NS_CHANGE HOST_SECOND
#define NS_CHANGE_OLDER (10 * HOST_SECOND)

/* Answers come no closer than this, whatever queries ask for: a flood of those that want one at once gets ten a
 * second. */
#define NS_PACE (HOST_SECOND / 10)

/* Of one report, so that it fits the smallest MTU there may be: 576 less an IPv4 header with options. */
#define RECORDS_LEN 512

void group_reports_init(struct group_reports *reports, unsigned interface, uint8_t family)
{
	*reports = (struct group_reports){
		.due_at = BERTH_NEVER,
		.answer_at = BERTH_NEVER,
		.change_at = BERTH_NEVER,
		.s_interval = S_QUERY_INTERVAL,
		.robustness = ROBUSTNESS,
		.version = family == BERTH_IP4 ? NEWEST_IGMP : NEWEST_MLD,
		.interface = (uint8_t)interface,
		.family = family,
	};
}

static struct host_groups *groups_of(const struct berth_host *host, const struct group_reports *reports)
{
	return host->interfaces[reports->interface].groups;
}

static struct group_reports *reports_of(struct host_groups *groups, const struct ip *group)
{
	return ip_is_ip4(group) ? &groups->igmp : &groups->mld;
}

static bool is_of(const struct group_reports *reports, const struct host_group *group)
{
	return ip_family(&group->ip) == reports->family;
}

/* RFC 2236 section 6, 3810 section 6: all hosts, all nodes, and what never leaves the interface, are nothing to
 * routers. */
static bool is_told(const struct group_reports *reports, const struct host_group *group)
{
	if (reports->interface == HOST_LOOPBACK)
		return false;
	if (ip_is_ip4(&group->ip))
		return ip_to_ip4(&group->ip) != 0xe0000001;
	return !ip_is_interface_local(&group->ip) && !(group->ip.high == UINT64_C(0xff02) << 48 && group->ip.low == 1);
}

static uint8_t newest(const struct group_reports *reports)
{
	return reports->family == BERTH_IP4 ? NEWEST_IGMP : NEWEST_MLD;
}

static berth_time sooner(berth_time a, berth_time b)
{
	return a < b ? a : b;
}

static void due(struct berth_host *host, struct host_timer *timer);

/* The timer goes off at `at` or before. */
static void arm(struct berth_host *host, struct group_reports *reports, berth_time at)
{
	if (at >= reports->due_at)
		return;
	reports->due_at = at;
	reports->timer.due = due;
	host_arm(host, &reports->timer, at);
}

/* ---- versions ---- */

/* RFC 3376 section 7.2.1, 3810 section 8.2.1: the oldest of those whose queriers have been heard of late. */
static uint8_t version_now(const struct berth_host *host, const struct group_reports *reports)
{
	for (uint8_t version = 1; version < newest(reports); version++) {
		if (host->now < reports->older_until[version])
			return version;
	}
	return newest(reports);
}

/* What was to be said again, or to be answered, is not said in another version (RFC 3376 section 7.2.1). What has not
 * been told at all stays. */
static void cancel(struct berth_host *host, struct group_reports *reports)
{
	struct host_groups *groups = groups_of(host, reports);

	reports->answer_at = BERTH_NEVER;
	for (uint32_t i = groups->n; i-- > 0;) {
		struct host_group *group = &groups->items[i];

		if (!is_of(reports, group))
			continue;
		group->answer_at = BERTH_NEVER;
		if (group->is_new)
			continue;
		group->n_changes = 0;
		if (!group_is_wanted(group))
			group_remove(groups, group);
	}
}

/* Whoever looks at the version does this first. */
static void look_at_version(struct berth_host *host, struct group_reports *reports)
{
	uint8_t version = version_now(host, reports);

	if (version == reports->version)
		return;
	reports->version = version;
	cancel(host, reports);
}

static bool speaks_newest(const struct group_reports *reports)
{
	return reports->version == newest(reports);
}

/* What general queries say about the querier (RFC 3376 sections 4.1.6, 4.1.7, 7.2.1, 8.12). */
static void learn(struct berth_host *host, struct group_reports *reports, const struct membership_query *query)
{
	uint64_t s_older;

	if (query->version == newest(reports)) {
		reports->robustness = query->robustness ? query->robustness : ROBUSTNESS;
		reports->s_interval = query->s_interval ? query->s_interval : S_QUERY_INTERVAL;
	} else {
		s_older = (uint64_t)reports->robustness * reports->s_interval;
		reports->older_until[query->version] =
			host->now + s_older * HOST_SECOND + query->ms_response * (HOST_SECOND / 1000);
	}
	look_at_version(host, reports);
}

/* ---- what is sent ---- */

struct report {
	struct group_reports *reports;
	uint16_t n;
	uint32_t len; /* of `message` */
	uint8_t message[GROUP_HEADER + RECORDS_LEN];
};

static void report_send(struct berth_host *host, struct report *report)
{
	const struct group_reports *reports = report->reports;

	if (report->n == 0)
		return;
	if (reports->family == BERTH_IP4)
		igmp_send_records(host, reports->interface, report->message, report->len, report->n);
	else
		mld_send_records(host, reports->interface, report->message, report->len, report->n);
	report->n = 0;
	report->len = GROUP_HEADER;
}

static void report_add(struct berth_host *host, struct report *report, uint8_t type, const struct ip *group)
{
	if (report->len + membership_record_len(group) > sizeof(report->message))
		report_send(host, report);
	membership_record_emit(type, group, report->message + report->len);
	report->len += (uint32_t)membership_record_len(group);
	report->n++;
}

/* In an older version. */
static void send_one(struct berth_host *host, const struct group_reports *reports, struct host_group *group)
{
	bool leave = !group_is_wanted(group);

	group->last_reporter = true;
	if (reports->family == BERTH_IP4)
		igmp_send_one(host, reports->interface, reports->version, &group->ip, leave);
	else
		mld_send_one(host, reports->interface, &group->ip, leave);
}

/* How often a change has to be told. */
static uint8_t times_to_tell(const struct group_reports *reports, const struct host_group *group)
{
	if (group_is_wanted(group) || speaks_newest(reports))
		return reports->robustness;
	/* RFC 1112 has no message for leaving; RFC 2236 section 3 and 2710 section 4 leave it to the last who reported.
	 */
	if (reports->family == BERTH_IP4 && reports->version == 1)
		return 0;
	return group->last_reporter ? 1 : 0;
}

static void tell_change(struct berth_host *host, struct report *report, struct host_group *group)
{
	if (!speaks_newest(report->reports))
		send_one(host, report->reports, group);
	else
		report_add(host, report, group_is_wanted(group) ? MEMBERSHIP_TO_EXCLUDE : MEMBERSHIP_TO_INCLUDE,
			   &group->ip);
}

/* All changes that have yet to be told, once (RFC 3376 section 5.1). */
static void tell_changes(struct berth_host *host, struct group_reports *reports)
{
	struct report report = {.reports = reports, .len = GROUP_HEADER};
	struct host_groups *groups = groups_of(host, reports);
	bool again = false;

	for (uint32_t i = groups->n; i-- > 0;) {
		struct host_group *group = &groups->items[i];

		if (!is_of(reports, group) || group->n_changes == 0)
			continue;
		if (group->is_new)
			group->n_changes = times_to_tell(reports, group);
		group->is_new = false;
		if (group->n_changes > 0) {
			tell_change(host, &report, group);
			group->n_changes--;
		}
		if (group->n_changes > 0)
			again = true;
		else if (!group_is_wanted(group))
			group_remove(groups, group);
	}
	report_send(host, &report);
	reports->change_at = BERTH_NEVER;
	if (again)
		reports->change_at =
			host->now + 1 + rng_below(&host->rng, speaks_newest(reports) ? NS_CHANGE : NS_CHANGE_OLDER);
}

/* The answers that are due: to a query of all groups, and to those of one. */
static void answer(struct berth_host *host, struct group_reports *reports)
{
	struct report report = {.reports = reports, .len = GROUP_HEADER};
	struct host_groups *groups = groups_of(host, reports);
	bool all = reports->answer_at <= host->now;

	for (uint32_t i = 0; i < groups->n; i++) {
		struct host_group *group = &groups->items[i];

		if (!is_of(reports, group) || (!all && group->answer_at > host->now))
			continue;
		group->answer_at = BERTH_NEVER;
		reports->answered_at = host->now;
		if (!group_is_wanted(group) || !is_told(reports, group))
			continue;
		if (speaks_newest(reports))
			report_add(host, &report, MEMBERSHIP_IS_EXCLUDE, &group->ip);
		else
			send_one(host, reports, group);
	}
	report_send(host, &report);
	if (all)
		reports->answer_at = BERTH_NEVER;
}

static void due(struct berth_host *host, struct host_timer *timer)
{
	struct group_reports *reports = CONTAINER_OF(timer, struct group_reports, timer);
	const struct host_groups *groups = groups_of(host, reports);
	berth_time next;

	look_at_version(host, reports);
	if (reports->change_at <= host->now)
		tell_changes(host, reports);
	answer(host, reports);
	next = sooner(reports->answer_at, reports->change_at);
	for (uint32_t i = 0; i < groups->n; i++) {
		if (is_of(reports, &groups->items[i]))
			next = sooner(next, groups->items[i].answer_at);
	}
	reports->due_at = BERTH_NEVER;
	arm(host, reports, next);
}

/* ---- what makes it be sent ---- */

/* Time may not have gone on for long when a program calls: all that is decided here is that there is something to tell,
 * and the rest once the timer says how late it is. */
static void tell_soon(struct berth_host *host, struct group_reports *reports, struct host_group *group)
{
	group->n_changes = 1;
	group->is_new = true;
	reports->change_at = host->now;
	arm(host, reports, host->now);
}

void group_changed(struct berth_host *host, struct host_groups *groups, struct host_group *group)
{
	struct group_reports *reports = reports_of(groups, &group->ip);

	group->answer_at = BERTH_NEVER;
	if (is_told(reports, group))
		tell_soon(host, reports, group);
	else if (!group_is_wanted(group))
		group_remove(groups, group);
}

void group_tell_again(struct berth_host *host, struct host_groups *groups, struct group_reports *reports)
{
	for (uint32_t i = 0; i < groups->n; i++) {
		struct host_group *group = &groups->items[i];

		if (is_of(reports, group) && group_is_wanted(group) && is_told(reports, group))
			tell_soon(host, reports, group);
	}
}

/* When to answer a query (RFC 3376 section 5.2): at random within the time that it gives. */
static berth_time answer_time(struct berth_host *host, const struct group_reports *reports, uint32_t ms_response)
{
	berth_time at = host->now + rng_below(&host->rng, ms_response * (HOST_SECOND / 1000) + 1);

	if (reports->answered_at && at < reports->answered_at + NS_PACE)
		at = reports->answered_at + NS_PACE;
	return at;
}

static void ask_group(struct berth_host *host, struct group_reports *reports, struct host_group *group,
		      uint32_t ms_response)
{
	berth_time at = answer_time(host, reports, ms_response);

	if (!is_of(reports, group) || !group_is_wanted(group) || !is_told(reports, group))
		return;
	/* A report of all groups that comes sooner has this one in it. */
	if (at >= reports->answer_at)
		return;
	group->answer_at = sooner(group->answer_at, at);
	arm(host, reports, group->answer_at);
}

static void ask_all(struct berth_host *host, struct group_reports *reports, uint32_t ms_response)
{
	struct host_groups *groups = groups_of(host, reports);

	if (speaks_newest(reports)) {
		reports->answer_at = sooner(reports->answer_at, answer_time(host, reports, ms_response));
		arm(host, reports, reports->answer_at);
		return;
	}
	/* RFC 2236 section 3: each group at a time of its own, so that one host of many speaks for it. */
	for (uint32_t i = 0; i < groups->n; i++)
		ask_group(host, reports, &groups->items[i], ms_response);
}

void group_asked(struct berth_host *host, unsigned interface, uint8_t family, const struct membership_query *query)
{
	struct host_groups *groups = group_all(host, interface);
	struct group_reports *reports;
	struct host_group *group;

	if (!groups)
		return;
	reports = family == BERTH_IP4 ? &groups->igmp : &groups->mld;
	if (ip_is_any(&query->group)) {
		learn(host, reports, query);
		ask_all(host, reports, query->ms_response);
		return;
	}
	look_at_version(host, reports);
	group = group_find(groups, &query->group);
	if (group)
		ask_group(host, reports, group, query->ms_response);
}

void group_heard(struct berth_host *host, unsigned interface, const struct ip *ip)
{
	struct host_groups *groups = host->interfaces[interface].groups;
	struct group_reports *reports;
	struct host_group *group;

	if (!groups)
		return;
	reports = reports_of(groups, ip);
	look_at_version(host, reports);
	group = group_find(groups, ip);
	if (!group || speaks_newest(reports) || !group_is_wanted(group))
		return;
	if (group->answer_at != BERTH_NEVER || group->n_changes > 0)
		(reports->family == BERTH_IP4 ? &host->counters.igmp : &host->counters.mld)->suppressed++;
	group->answer_at = BERTH_NEVER;
	group->n_changes = 0;
	group->is_new = false;
	group->last_reporter = false;
}
