/* MLD for a host: which messages are believed, and how those of this host look (RFC 3810, 2710, 3590).
 *
 * What is said when is group_report.c's. */
#include "mld.h"

#include "group_report.h"
#include "in.h"
#include "out.h"

#define HOP_LIMIT 1 /* RFC 3810 section 5 */

#define LINK_GROUP(number) ((struct ip){.high = UINT64_C(0xff02) << 48, .low = (number)})
#define ALL_NODES 1
#define ALL_ROUTERS 2
#define MLD2_ROUTERS 0x16

/* ---- in ---- */

/* RFC 3810 sections 5.1.14, 5.1.15 and 6.2, 2710 section 4. */
static bool is_from_this_link(const struct ip_packet *packet)
{
	return ip_is_link_local(&packet->source) && packet->ttl == HOP_LIMIT && packet->router_alert &&
	       !packet->was_fragment;
}

static bool is_same(const struct ip *a, const struct ip *b)
{
	return a->high == b->high && a->low == b->low;
}

static bool query_is_valid(const struct ip_packet *packet, const struct membership_query *query)
{
	struct ip all = LINK_GROUP(ALL_NODES);

	return !ip_is_none(&query->group) || !ip_is_multicast(&packet->destination) ||
	       is_same(&packet->destination, &all);
}

static bool take(struct berth_host *host, const struct ip_packet *packet, const struct mld_message *message)
{
	struct group_counters *counters = &host->counters.mld;

	switch (message->type) {
	case ICMP6_MLD_QUERY:
		if (!query_is_valid(packet, &message->query))
			return false;
		counters->queries_in++;
		group_asked(host, packet->interface, BERTH_IP6, &message->query);
		return true;
	case ICMP6_MLD1_REPORT:
		if (!is_same(&packet->destination, &message->group))
			return false;
		counters->reports_in++;
		group_heard(host, packet->interface, &message->group);
		return true;
	default:
		counters->ignored++;
		return true;
	}
}

void mld_in(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *icmp)
{
	struct mld_message message;

	if (!mld_parse(icmp, &message))
		host->counters.mld.bad++;
	else if (!is_from_this_link(packet) || !take(host, packet, &message))
		host->counters.mld.invalid++;
}

/* ---- out ---- */

/* RFC 3590 section 4: from the unspecified address while there is no link-local one that is known to be unique. */
static struct ip source_of(const struct berth_host *host, unsigned interface)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		const struct host_address *a = &host->addresses[i];

		if (a->interface == interface && ip_is_link_local(&a->ip) && host_address_usable(a))
			return a->ip;
	}
	return (struct ip){0};
}

/* Sends a message whose body of len bytes lies behind room for its header. */
static void send(struct berth_host *host, unsigned interface, struct ip to, uint8_t type, uint32_t rest,
		 uint8_t *message, uint32_t len)
{
	struct icmp_message icmp = {.type = type, .rest = rest, .body = message + ICMP_HEADER, .len_body = len};
	struct ip_send what = {
		.protocol = IP_PROTOCOL_ICMP6,
		.ttl = HOP_LIMIT,
		.router_alert = true,
		.payload = message,
		.len = ICMP_HEADER + len,
	};
	uint8_t source[16], destination[16];
	struct host_path path;

	to.scope = interface;
	if (!host->interfaces[interface].ip6 || !host_route(host, &to, &path))
		return;
	path.source = source_of(host, interface);
	ip_to_bytes(&path.source, source);
	ip_to_bytes(&to, destination);
	icmp6_emit(&icmp, source, destination, message);
	host->counters.icmp6.messages_out++;
	ip_send(host, &path, &what);
}

void mld_send_records(struct berth_host *host, unsigned interface, uint8_t *message, uint32_t len, uint16_t n)
{
	host->counters.mld.reports_out++;
	send(host, interface, LINK_GROUP(MLD2_ROUTERS), ICMP6_MLD2_REPORT, n, message, len - ICMP_HEADER);
}

void mld_send_one(struct berth_host *host, unsigned interface, const struct ip *group, bool leave)
{
	uint8_t message[ICMP_HEADER + MLD1_BODY];

	mld1_emit(group, message + ICMP_HEADER);
	if (leave) {
		host->counters.mld.leaves_out++;
		send(host, interface, LINK_GROUP(ALL_ROUTERS), ICMP6_MLD1_DONE, 0, message, MLD1_BODY);
	} else {
		host->counters.mld.reports_out++;
		send(host, interface, *group, ICMP6_MLD1_REPORT, 0, message, MLD1_BODY);
	}
}
