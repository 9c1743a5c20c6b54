/* Address conflict detection, RFC 5227: what the steps of acd_machine.c mean for the host's addresses.
 *
 * There is one machine for each place in the table of addresses, and one timer for all: a host has a handful, and most
 * are watched, which takes no time at all. */
#include "acd.h"

#include <string.h>

#include "dhcp.h"
#include "neighbour.h"

/* Of the RFC itself, where the program has not said how fast its link is. */
#define MS_PACE 1000

static struct acd *acd_of(struct berth_host *host, const struct host_address *a)
{
	return &host->acds.items[a - host->addresses];
}

static void rearm(struct berth_host *host)
{
	berth_time at = BERTH_NEVER;

	for (unsigned i = 0; i < host->n_addresses; i++) {
		const struct acd *acd = &host->acds.items[i];

		if (acd->phase != ACD_OFF && acd->at < at)
			at = acd->at;
	}
	host_arm(host, &host->acds.timer, at);
}

/* Nobody has it. */
static void use(struct berth_host *host, struct host_address *a)
{
	host->counters.acd.announcements_out++;
	arp_announce(host, a->interface, &a->ip);
	host_address_set_state(host, a, ADDRESS_PREFERRED);
	if (a->origin == ORIGIN_DHCP)
		dhcp_address_free(host, a->interface);
}

static void step(struct berth_host *host, struct host_address *a)
{
	switch (acd_due(acd_of(host, a), host->now, &host->rng)) {
	case ACD_NOTHING:
		break;
	case ACD_PROBE:
		host->counters.acd.probes_out++;
		arp_probe(host, a->interface, &a->ip);
		break;
	case ACD_USE:
		use(host, a);
		break;
	case ACD_ANNOUNCE:
		host->counters.acd.announcements_out++;
		arp_announce(host, a->interface, &a->ip);
		break;
	}
}

static void due(struct berth_host *host, struct host_timer *timer)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		const struct acd *acd = &host->acds.items[i];

		if (acd->phase != ACD_OFF && acd->at <= host->now)
			step(host, &host->addresses[i]);
	}
	rearm(host);
}

void acd_init(struct berth_host *host)
{
	host->acds.timer.due = due;
}

void acd_begin(struct berth_host *host, const struct host_address *a)
{
	const struct host_interface *interface = &host->interfaces[a->interface];

	if (!interface->ethernet || !ip_is_ip4(&a->ip))
		return;
	if (a->state == ADDRESS_TENTATIVE)
		acd_start(acd_of(host, a), host->now, interface->ms_acd ? interface->ms_acd : MS_PACE, &host->rng);
	else
		acd_watch(acd_of(host, a));
	rearm(host);
}

void acd_end(struct berth_host *host, const struct host_address *a)
{
	acd_of(host, a)->phase = ACD_OFF;
	rearm(host);
}

/* Somebody else has it, and this host does not use it (any more). */
static void yield(struct berth_host *host, struct host_address *a, const uint8_t mac[6])
{
	host_address_duplicate(host, a, mac);
	rearm(host);
	if (a->origin == ORIGIN_DHCP)
		dhcp_address_taken(host, a->interface);
}

static void conflict(struct berth_host *host, struct host_address *a, const uint8_t mac[6])
{
	host->counters.arp.conflicts++;
	switch (acd_conflict(acd_of(host, a), host->now)) {
	case ACD_IGNORED:
		break;
	case ACD_TAKEN:
		host->counters.acd.taken++;
		yield(host, a, mac);
		break;
	case ACD_DEFEND:
		host->counters.acd.defended++;
		arp_announce(host, a->interface, &a->ip);
		break;
	case ACD_GIVE_UP:
		host->counters.acd.given_up++;
		yield(host, a, mac);
		break;
	}
}

static bool is_own_mac(const struct berth_host *host, const uint8_t mac[6])
{
	for (unsigned i = 0; i < host->n_interfaces; i++) {
		if (host->interfaces[i].ethernet && memcmp(host->interfaces[i].mac, mac, 6) == 0)
			return true;
	}
	return false;
}

/* Sections 2.1.1 and 2.4: the sender says that it has the address; or it probes for it while this host does. */
static bool claims(const struct acd *acd, const struct arp_packet *arp, const struct ip *ip)
{
	uint32_t sender = get_be32(arp->sender_ip);

	if (sender)
		return sender == ip_to_ip4(ip);
	return acd->phase == ACD_PROBING && get_be32(arp->target_ip) == ip_to_ip4(ip);
}

bool acd_in(struct berth_host *host, unsigned interface, const struct arp_packet *arp)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		struct host_address *a = &host->addresses[i];
		struct acd *acd = &host->acds.items[i];

		if (acd->phase == ACD_OFF || a->interface != interface || !claims(acd, arp, &a->ip))
			continue;
		if (!is_own_mac(host, arp->sender_mac))
			conflict(host, a, arp->sender_mac);
		return true;
	}
	return false;
}
