/* Neighbour discovery, RFC 4861 section 7.2: answering for the host's own addresses, asking for others, and believing
 * as little as possible.
 *
 * Everybody who is talked to here is on the link, whatever the routes say: messages leave by the interface that they
 * are about. What arrives updates entries that are there. It makes one only when a station asks for this host (it is
 * about to talk to us), and only while there is plenty of room, so that a storm of questions changes little and one of
 * advertisements nothing. */
#include <string.h>

#include "discovery.h"
#include "in.h"
#include "neighbour.h"
#include "out.h"

/* n: where `to` is, when that is known; else NULL. */
static void send(struct berth_host *host, unsigned interface, const struct ip *from, const struct ip *to,
		 const struct icmp_message *message, struct neighbour *n)
{
	uint8_t buffer[ICMP_HEADER + ND_NEIGHBOUR_MAX], source[16], destination[16];
	struct host_path path = {
		.destination = *to,
		.next_hop = *to,
		.source = *from,
		.mtu = host->interfaces[interface].mtu,
		.family = BERTH_IP6,
		.eth_type = ETH_TYPE_IP6,
		.interface = (uint8_t)interface,
		.reach = ip_is_multicast(to) ? REACH_MULTICAST : REACH_UNICAST,
		.neighbour = n,
	};
	struct ip_send what = {
		.protocol = IP_PROTOCOL_ICMP6,
		.ttl = ND_HOP_LIMIT,
		.payload = buffer,
		.len = ICMP_HEADER + (uint32_t)message->len_body,
	};

	ip_to_bytes(from, source);
	ip_to_bytes(to, destination);
	icmp6_emit(message, source, destination, buffer);
	host->counters.icmp6.messages_out++;
	ip_send(host, &path, &what);
}

void nd_send(struct berth_host *host, unsigned interface, const struct ip *from, const struct ip *to,
	     const struct icmp_message *message)
{
	send(host, interface, from, to, message, NULL);
}

static void send_neighbour(struct berth_host *host, unsigned interface, const struct ip *from, const struct ip *to,
			   uint8_t type, struct nd_neighbour *nd, struct neighbour *n)
{
	uint8_t body[ND_NEIGHBOUR_MAX];
	struct icmp_message message = {.type = type, .rest = nd->flags, .body = body};

	nd->has_mac = host->interfaces[interface].ethernet && !ip_is_none(from);
	if (nd->has_mac)
		memcpy(nd->mac, host->interfaces[interface].mac, 6);
	message.len_body = nd_neighbour_emit(type, nd, body);
	if (type == ICMP6_NEIGHBOUR_ADVERT)
		host->counters.nd.adverts_out++;
	else if (ip_is_none(from))
		host->counters.nd.dad_out++;
	else
		host->counters.nd.solicits_out++;
	send(host, interface, from, to, &message, n);
}

void nd_send_neighbour(struct berth_host *host, unsigned interface, const struct ip *from, const struct ip *to,
		       uint8_t type, struct nd_neighbour *nd)
{
	send_neighbour(host, interface, from, to, type, nd, NULL);
}

void nd_ask(struct berth_host *host, unsigned interface, const struct ip *ip, const uint8_t *mac)
{
	const struct host_address *source = host_address_towards(host, interface, ip);
	struct ip to = mac ? *ip : ip6_solicited_node(ip, interface);
	struct nd_neighbour nd = {0};

	if (!source)
		return;
	ip_to_bytes(ip, nd.target);
	nd_send_neighbour(host, interface, &source->ip, &to, ICMP6_NEIGHBOUR_SOLICIT, &nd);
}

/* RFC 4861 section 7.2.4; who has no address yet hears it with everybody else. */
static void answer(struct berth_host *host, const struct ip_packet *packet, const struct ip *target,
		   struct neighbour *n)
{
	bool to_all = ip_is_none(&packet->source);
	struct ip to = to_all ? ip6_all_nodes(packet->interface) : packet->source;
	struct nd_neighbour nd = {.flags = ND_OVERRIDE | (to_all ? 0 : ND_SOLICITED)};

	ip_to_bytes(target, nd.target);
	send_neighbour(host, packet->interface, target, &to, ICMP6_NEIGHBOUR_ADVERT, &nd, n);
}

/* What a solicitation says about who sent it, RFC 4861 section 7.2.3. false: there is no room for it, or for finding
 * out what it does not say. */
static bool meet(struct berth_host *host, const struct ip_packet *packet, const struct nd_neighbour *nd)
{
	struct neighbour *n;

	if (ip_is_none(&packet->source))
		return true;
	n = neighbour_find(host, packet->interface, &packet->source);
	if (n && nd->has_mac)
		neighbour_learn(host, n, nd->mac, false);
	else if (!n && nd->has_mac)
		return neighbour_introduce(host, packet->interface, &packet->source, nd->mac);
	return n || neighbour_has_room(host);
}

/* Which station the frame with the packet came from; NULL: there are none on such a link. */
static const uint8_t *from_mac(const struct berth_host *host, const struct ip_packet *packet)
{
	return host->interfaces[packet->interface].ethernet ? packet->frame->data + 6 : NULL;
}

static void solicit_in(struct berth_host *host, const struct ip_packet *packet, const struct nd_neighbour *nd,
		       const struct ip *target)
{
	struct host_address *a = host_address_find(host, target);
	struct neighbour passing = {.state = NEIGHBOUR_REACHABLE};

	if (a && a->interface == packet->interface && a->state == ADDRESS_TENTATIVE) {
		dad_solicit_in(host, a, packet, nd, from_mac(host, packet));
		return;
	}
	if (!a || a->interface != packet->interface || !host_address_usable(a)) {
		host->counters.nd.not_for_us++;
		return;
	}
	host->counters.nd.solicits_in++;
	if (meet(host, packet, nd)) {
		answer(host, packet, target, NULL);
	} else if (nd->has_mac) {
		/* Others have filled the table. As with ARP, the answer goes to where the question came from, and
		 * nothing is kept. */
		memcpy(passing.mac, nd->mac, 6);
		answer(host, packet, target, &passing);
	} else {
		host->counters.nd.unanswered++;
	}
}

static void advert_in(struct berth_host *host, const struct ip_packet *packet, const struct nd_neighbour *nd,
		      const struct ip *target)
{
	struct neighbour *n = neighbour_find(host, packet->interface, target);
	struct host_address *a = host_address_find(host, target);

	host->counters.nd.adverts_in++;
	if (a && a->interface == packet->interface && a->state == ADDRESS_TENTATIVE) {
		dad_advert_in(host, a, nd->has_mac ? nd->mac : from_mac(host, packet));
		return;
	}
	if (a && host_address_usable(a)) {
		host->counters.nd.conflicts++;
		return;
	}
	/* RFC 4861 section 7.2.5: no entry is made for what nobody has asked. */
	if (n)
		neighbour_advert(host, n, nd->has_mac ? nd->mac : NULL, nd->flags);
	else
		host->counters.nd.unsolicited++;
}

static bool is_solicited_node(const struct ip *ip)
{
	return ip->high == UINT64_C(0xff02) << 48 && ip->low >> 24 == 0x1ff;
}

/* What RFC 4861 section 7.1 says of the packet around a message. */
static bool is_valid(const struct ip_packet *packet, const struct nd_neighbour *nd, uint8_t type)
{
	if (type == ICMP6_NEIGHBOUR_ADVERT)
		return !((nd->flags & ND_SOLICITED) && ip_is_multicast(&packet->destination));
	return !ip_is_none(&packet->source) || (is_solicited_node(&packet->destination) && !nd->has_mac);
}

static void neighbour_in(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *message)
{
	struct nd_neighbour nd;
	struct ip target;

	if (!nd_neighbour_parse(message, &nd) || !is_valid(packet, &nd, message->type)) {
		host->counters.nd.bad++;
		return;
	}
	/* Nobody's MAC address is a group's: frames to it would go to everybody. */
	if (nd.has_mac && (nd.mac[0] & 1)) {
		host->counters.nd.bad++;
		return;
	}
	target = ip_of_bytes(nd.target, BERTH_IP6, packet->interface);
	if (message->type == ICMP6_NEIGHBOUR_SOLICIT)
		solicit_in(host, packet, &nd, &target);
	else
		advert_in(host, packet, &nd, &target);
}

void nd_in(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *message)
{
	/* From beyond the link, or in pieces (RFC 6980): none of the five is believed. */
	if (packet->ttl != ND_HOP_LIMIT || packet->was_fragment) {
		host->counters.nd.bad++;
		return;
	}
	if (message->type == ICMP6_NEIGHBOUR_SOLICIT || message->type == ICMP6_NEIGHBOUR_ADVERT)
		neighbour_in(host, packet, message);
	else if (message->type == ICMP6_ROUTER_ADVERT)
		router_in(host, packet, message);
	else if (message->type == ICMP6_REDIRECT)
		redirect_in(host, packet, message);
	else
		host->counters.nd.ignored++; /* RFC 4861 section 6.2.6: hosts leave solicitations to routers */
}
