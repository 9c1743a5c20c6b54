/* IGMP for a host: which messages are believed, and how those of this host look (RFC 3376, 2236, 1112).
 *
 * What is said when is group_report.c's. */
#include "igmp.h"

#include "group_report.h"
#include "in.h"
#include "out.h"

#define TTL 1    /* RFC 3376 section 4: so nothing leaves the link, and what is from elsewhere shows it */
#define TOS 0xc0 /* internetwork control */

#define ALL_HOSTS 0xe0000001u
#define ALL_ROUTERS 0xe0000002u
#define IGMP3_ROUTERS 0xe0000016u

/* ---- in ---- */

/* RFC 3376 section 9.1. Its source says nothing: a link may have networks that this host is not on, and a switch that
 * asks in a router's stead has no address at all (RFC 4541 section 2.1.1). */
static bool query_is_valid(const struct ip_packet *packet, const struct membership_query *query)
{
	size_t len_header = packet->off_payload - (size_t)(packet->bytes - packet->frame->data);

	if (query->version > 1 && !igmp_router_alert(packet->bytes, len_header))
		return false;
	return !ip_is_any(&query->group) || !ip_is_multicast(&packet->destination) ||
	       ip_to_ip4(&packet->destination) == ALL_HOSTS;
}

/* RFC 2236 section 10: somebody who is not on this network must not keep others silent. */
static bool report_is_valid(const struct berth_host *host, const struct ip_packet *packet, const struct ip *group)
{
	return ip_equal(&packet->destination, group) && host_is_on_link(host, packet->interface, &packet->source);
}

static bool take(struct berth_host *host, const struct ip_packet *packet, const struct igmp_message *message)
{
	struct group_counters *counters = &host->counters.igmp;

	switch (message->type) {
	case IGMP_QUERY:
		if (!query_is_valid(packet, &message->query))
			return false;
		counters->queries_in++;
		group_asked(host, packet->interface, BERTH_IP4, &message->query);
		return true;
	case IGMP1_REPORT:
	case IGMP2_REPORT:
		if (!report_is_valid(host, packet, &message->group))
			return false;
		counters->reports_in++;
		group_heard(host, packet->interface, &message->group);
		return true;
	default:
		counters->ignored++;
		return true;
	}
}

void igmp_in(struct berth_host *host, const struct ip_packet *packet)
{
	struct igmp_message message;

	if (!igmp_parse(packet->frame->data + packet->off_payload, packet->len_payload, &message))
		host->counters.igmp.bad++;
	else if (packet->ttl != TTL || !take(host, packet, &message))
		host->counters.igmp.invalid++;
}

/* ---- out ---- */

static void send(struct berth_host *host, unsigned interface, uint32_t to, bool alert, const uint8_t *message,
		 uint32_t len)
{
	struct ip towards = ip_of_ip4(to);
	struct ip_send what = {
		.protocol = IP_PROTOCOL_IGMP,
		.tos = TOS,
		.ttl = TTL,
		.router_alert = alert,
		.payload = message,
		.len = len,
	};
	struct host_path path;

	towards.scope = interface;
	/* Without an address it comes from 0.0.0.0 (RFC 3376 section 4.2.13). */
	if (host_route(host, &towards, &path))
		ip_send(host, &path, &what);
}

void igmp_send_records(struct berth_host *host, unsigned interface, uint8_t *message, uint32_t len, uint16_t n)
{
	igmp3_report_finish(message, len, n);
	host->counters.igmp.reports_out++;
	send(host, interface, IGMP3_ROUTERS, true, message, len);
}

void igmp_send_one(struct berth_host *host, unsigned interface, unsigned version, const struct ip *group, bool leave)
{
	uint8_t message[IGMP_HEADER];

	if (leave) {
		igmp_emit(IGMP2_LEAVE, group, message);
		host->counters.igmp.leaves_out++;
		send(host, interface, ALL_ROUTERS, true, message, sizeof(message));
		return;
	}
	igmp_emit(version == 1 ? IGMP1_REPORT : IGMP2_REPORT, group, message);
	host->counters.igmp.reports_out++;
	send(host, interface, ip_to_ip4(group), version != 1, message, sizeof(message));
}
