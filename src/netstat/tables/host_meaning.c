/* What a berth host's counters mean: a snapshot carries their names and values, and the texts are those of any host of
 * this version, so one is made and asked. */
#include "host_meaning.h"

#include <berth/error.h>
#include <berth/snapshot.h>
#include <string.h>

static int meanings_fill(struct index *meanings, const struct berth_host *host)
{
	struct berth_counter counter;

	for (size_t i = 0; berth_host_counter(host, i, &counter); i++) {
		const char **text = index_get(meanings, counter.name, strlen(counter.name), NULL);
		if (!text)
			return BERTH_ENOMEM;
		*text = counter.text;
	}
	return 0;
}

int host_meanings_init(struct index *meanings)
{
	struct berth_host_config config;
	struct berth_host *host = NULL;
	int r = index_init(meanings, sizeof(const char *));

	berth_host_config_default(&config);
	if (r == 0)
		r = berth_host_new(&config, &host);
	if (r == 0)
		r = meanings_fill(meanings, host);
	berth_host_free(host);
	return r < 0 ? BERTH_ENOMEM : 0;
}

const char *host_meaning(const struct index *meanings, const char *name)
{
	const char *const *text = index_find(meanings, name, strlen(name));

	return text ? *text : "";
}

/* ARP, conflict detection, DHCP and IGMP are IPv4's, neighbour discovery and MLD are messages of ICMPv6. What TCP and
 * UDP count is of both families at once. */
bool host_counter_about(const char *name, struct host_counter_about *out)
{
	static const struct {
		const char *group;
		struct host_counter_about about;
	} groups[] = {
		{"eth", {0, NETSTAT_ALL_FAMILIES}},
		{"arp", {0, NETSTAT_IP4}},
		{"acd", {0, NETSTAT_IP4}},
		{"dhcp", {0, NETSTAT_IP4}},
		{"nd", {NETSTAT_BIT(NETSTAT_RAW), NETSTAT_IP6}},
		{"neighbour", {0, NETSTAT_ALL_FAMILIES}},
		{"ip", {NETSTAT_BIT(NETSTAT_RAW), NETSTAT_IP4}},
		{"ip6", {NETSTAT_BIT(NETSTAT_RAW), NETSTAT_IP6}},
		{"icmp", {NETSTAT_BIT(NETSTAT_RAW), NETSTAT_IP4}},
		{"icmp6", {NETSTAT_BIT(NETSTAT_RAW), NETSTAT_IP6}},
		{"igmp", {NETSTAT_BIT(NETSTAT_RAW), NETSTAT_IP4}},
		{"mld", {NETSTAT_BIT(NETSTAT_RAW), NETSTAT_IP6}},
		{"memory", {0, NETSTAT_ALL_FAMILIES}},
		{"tcp", {NETSTAT_BIT(NETSTAT_TCP), NETSTAT_ALL_FAMILIES}},
		{"udp", {NETSTAT_BIT(NETSTAT_UDP), NETSTAT_ALL_FAMILIES}},
	};
	size_t n = strcspn(name, "_");

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (strlen(groups[i].group) == n && memcmp(name, groups[i].group, n) == 0) {
			*out = groups[i].about;
			return true;
		}
	*out = (struct host_counter_about){0, NETSTAT_ALL_FAMILIES};
	return false;
}
