/* ARP, RFC 826: answering for the host's own addresses, asking for others, and believing as little as possible.
 *
 * What arrives updates entries that are there. It makes one only when a station asks for this host (it is about to talk
 * to us), and never for what nobody asked: a storm of announcements changes nothing. */
#include "acd.h"

#include <string.h>

#include "neighbour.h"
#include "out.h"

static const uint8_t mac_all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void send(struct berth_host *host, unsigned interface, const struct arp_packet *arp, const uint8_t mac[6])
{
	struct host_packet *packet = packet_new(host, ARP_LEN);

	if (!packet) {
		host->counters.arp.no_memory++;
		return;
	}
	packet->interface = (uint8_t)interface;
	packet->type = ETH_TYPE_ARP;
	packet->len_header = ARP_LEN;
	memcpy(packet->mac, mac, 6);
	arp_emit(arp, packet->bytes);
	packet_ready(host, packet);
}

void arp_ask(struct berth_host *host, unsigned interface, const struct ip *ip, const uint8_t *mac)
{
	const struct host_address *source = host_address_towards(host, interface, ip);
	struct arp_packet arp = {.operation = ARP_REQUEST};

	if (!source)
		return;
	memcpy(arp.sender_mac, host->interfaces[interface].mac, 6);
	put_be32(arp.sender_ip, ip_to_ip4(&source->ip));
	put_be32(arp.target_ip, ip_to_ip4(ip));
	host->counters.arp.requests_out++;
	send(host, interface, &arp, mac ? mac : mac_all);
}

static void to_all(struct berth_host *host, unsigned interface, uint32_t sender, uint32_t target)
{
	struct arp_packet arp = {.operation = ARP_REQUEST};

	memcpy(arp.sender_mac, host->interfaces[interface].mac, 6);
	put_be32(arp.sender_ip, sender);
	put_be32(arp.target_ip, target);
	host->counters.arp.requests_out++;
	send(host, interface, &arp, mac_all);
}

void arp_probe(struct berth_host *host, unsigned interface, const struct ip *ip)
{
	to_all(host, interface, 0, ip_to_ip4(ip));
}

void arp_announce(struct berth_host *host, unsigned interface, const struct ip *ip)
{
	to_all(host, interface, ip_to_ip4(ip), ip_to_ip4(ip));
}

static void answer(struct berth_host *host, unsigned interface, const struct arp_packet *request)
{
	struct arp_packet arp = {.operation = ARP_REPLY};

	memcpy(arp.sender_mac, host->interfaces[interface].mac, 6);
	memcpy(arp.sender_ip, request->target_ip, 4);
	memcpy(arp.target_mac, request->sender_mac, 6);
	memcpy(arp.target_ip, request->sender_ip, 4);
	host->counters.arp.replies_out++;
	send(host, interface, &arp, request->sender_mac);
}

/* The interface has this address: nobody else answers for it. */
static bool is_ours(struct berth_host *host, unsigned interface, const struct ip *ip)
{
	const struct host_address *a = host_address_find(host, ip);

	return a && a->interface == interface && host_address_usable(a);
}

/* The sender could be a station of this network. 0.0.0.0 is one that has no address yet and makes sure that nobody has
 * it (RFC 5227 section 2.1.1): it may ask, but there is nothing to learn. */
static bool sender_is_good(const struct berth_host *host, unsigned interface, const struct arp_packet *arp,
			   const struct ip *ip)
{
	static const uint8_t none[6];

	if ((arp->sender_mac[0] & 1) || memcmp(arp->sender_mac, none, 6) == 0)
		return false;
	if (ip_is_any(ip))
		return arp->operation == ARP_REQUEST;
	return ip_is_unicast(ip) && !host_is_broadcast(host, interface, ip);
}

static void learn(struct berth_host *host, unsigned interface, const struct arp_packet *arp, const struct ip *ip,
		  bool for_us)
{
	struct neighbour *n = neighbour_find(host, interface, ip);
	bool asked = n && (n->state == NEIGHBOUR_INCOMPLETE || n->state == NEIGHBOUR_PROBE);

	if (n)
		neighbour_learn(host, n, arp->sender_mac, asked && for_us && arp->operation == ARP_REPLY);
	else if (for_us && arp->operation == ARP_REQUEST && host_is_on_link(host, interface, ip))
		neighbour_introduce(host, interface, ip, arp->sender_mac);
	if (!asked && (arp->operation == ARP_REPLY || !for_us))
		host->counters.arp.unsolicited++;
}

void arp_in(struct berth_host *host, unsigned interface, const uint8_t *p, size_t n)
{
	struct arp_packet arp;
	struct ip sender, target;
	bool for_us;

	if (!arp_parse(p, n, &arp)) {
		host->counters.arp.bad++;
		return;
	}
	sender = ip_of_ip4(get_be32(arp.sender_ip));
	target = ip_of_ip4(get_be32(arp.target_ip));
	if (!sender_is_good(host, interface, &arp, &sender)) {
		host->counters.arp.bad++;
		return;
	}
	if (acd_in(host, interface, &arp))
		return;
	if (host_is_own(host, &sender)) {
		/* The host has it on another interface; there is nothing to learn. */
		host->counters.arp.conflicts++;
		return;
	}
	for_us = is_ours(host, interface, &target);
	if (for_us && arp.operation == ARP_REQUEST)
		host->counters.arp.requests_in++;
	else if (arp.operation == ARP_REPLY)
		host->counters.arp.replies_in++;
	else if (!ip_equal(&sender, &target))
		host->counters.arp.not_for_us++;
	if (!ip_is_any(&sender))
		learn(host, interface, &arp, &sender, for_us);
	if (for_us && arp.operation == ARP_REQUEST)
		answer(host, interface, &arp);
}
