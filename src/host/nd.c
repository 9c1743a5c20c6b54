/* Neighbour discovery, RFC 4861 section 7.2: answering for the host's own addresses, asking for others, and believing
 * as little as possible. */
#include <string.h>

#include "in.h"
#include "nd.h"
#include "neighbour.h"
#include "out.h"

#define HOP_LIMIT 255 /* RFC 4861 section 7.1: so nothing from beyond the link is believed */

/* RFC 4291 section 2.7.1. */
static struct ip solicited_node(const struct ip *ip, unsigned interface)
{
	return (struct ip){
		.high = UINT64_C(0xff02) << 48,
		.low = UINT64_C(0x1ff000000) | (ip->low & 0xffffff),
		.scope = interface,
	};
}

static void send(struct berth_host *host, unsigned interface, const struct ip *to, const struct ip *from, uint8_t type,
		 const struct nd_neighbour *nd)
{
	uint8_t body[ND_NEIGHBOUR_MAX], buffer[ICMP_HEADER + ND_NEIGHBOUR_MAX], source[16], destination[16];
	struct icmp_message message = {
		.type = type, .rest = nd->flags, .body = body, .len_body = nd_neighbour_emit(type, nd, body)};
	struct ip_send what = {
		.source = *from,
		.protocol = IP_PROTOCOL_ICMP6,
		.ttl = HOP_LIMIT,
		.payload = buffer,
		.len = ICMP_HEADER + (uint32_t)message.len_body,
	};
	struct ip towards = *to;
	struct host_path path;

	/* By this interface, whatever the routes say. */
	towards.scope = interface;
	if (!host_route(host, &towards, &path)) {
		host->counters.ip6.no_route++;
		return;
	}
	ip_to_bytes(from, source);
	ip_to_bytes(to, destination);
	icmp6_emit(&message, source, destination, buffer);
	host->counters.icmp6.messages_out++;
	ip_send(host, &path, &what);
}

void nd_ask(struct berth_host *host, unsigned interface, const struct ip *ip, const uint8_t *mac)
{
	const struct host_address *source = host_address_towards(host, interface, ip);
	struct ip to = mac ? *ip : solicited_node(ip, interface);
	struct nd_neighbour nd = {.has_mac = true};

	if (!source)
		return;
	ip_to_bytes(ip, nd.target);
	memcpy(nd.mac, host->interfaces[interface].mac, 6);
	host->counters.nd.solicits_out++;
	send(host, interface, &to, &source->ip, ICMP6_NEIGHBOUR_SOLICIT, &nd);
}

/* RFC 4861 section 7.2.4; who has no address yet hears it with everybody else. */
static void answer(struct berth_host *host, const struct ip_packet *packet, const struct ip *target)
{
	const struct ip all_nodes = {.high = UINT64_C(0xff02) << 48, .low = 1, .scope = packet->interface};
	bool to_all = ip_is_none(&packet->source);
	struct nd_neighbour nd = {.has_mac = true, .flags = ND_OVERRIDE | (to_all ? 0 : ND_SOLICITED)};

	ip_to_bytes(target, nd.target);
	memcpy(nd.mac, host->interfaces[packet->interface].mac, 6);
	host->counters.nd.adverts_out++;
	send(host, packet->interface, to_all ? &all_nodes : &packet->source, target, ICMP6_NEIGHBOUR_ADVERT, &nd);
}

static void solicit_in(struct berth_host *host, const struct ip_packet *packet, const struct nd_neighbour *nd,
		       const struct ip *target)
{
	const struct host_address *a = host_address_find(host, target);
	struct neighbour *n;

	if (!a || a->interface != packet->interface || !host_address_usable(a)) {
		host->counters.nd.not_for_us++;
		return;
	}
	host->counters.nd.solicits_in++;
	if (nd->has_mac && !ip_is_none(&packet->source)) {
		n = neighbour_find(host, packet->interface, &packet->source);
		if (n)
			neighbour_learn(host, n, nd->mac, false);
		else if (host_is_on_link(host, packet->interface, &packet->source))
			neighbour_introduce(host, packet->interface, &packet->source, nd->mac);
	}
	answer(host, packet, target);
}

static void advert_in(struct berth_host *host, const struct ip_packet *packet, const struct nd_neighbour *nd,
		      const struct ip *target)
{
	struct neighbour *n = neighbour_find(host, packet->interface, target);

	host->counters.nd.adverts_in++;
	if (host_is_own(host, target)) {
		host->counters.nd.conflicts++;
		return;
	}
	if (!n) {
		host->counters.nd.unsolicited++;
		return;
	}
	if (nd->has_mac)
		neighbour_learn(host, n, nd->mac, nd->flags & ND_SOLICITED);
}

/* RFC 4861 section 7.1. */
static bool is_valid(const struct ip_packet *packet, const struct nd_neighbour *nd, uint8_t type)
{
	if (packet->ttl != HOP_LIMIT || packet->was_fragment)
		return false;
	if (type == ICMP6_NEIGHBOUR_ADVERT)
		return !((nd->flags & ND_SOLICITED) && packet->to_many);
	return !ip_is_none(&packet->source) || (packet->to_many && !nd->has_mac);
}

void nd_in(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *message)
{
	struct nd_neighbour nd;
	struct ip target;

	if (!nd_neighbour_parse(message, &nd) || !is_valid(packet, &nd, message->type)) {
		host->counters.nd.bad++;
		return;
	}
	target = ip_of_bytes(nd.target, BERTH_IP6, packet->interface);
	if (message->type == ICMP6_NEIGHBOUR_SOLICIT)
		solicit_in(host, packet, &nd, &target);
	else
		advert_in(host, packet, &nd, &target);
}
