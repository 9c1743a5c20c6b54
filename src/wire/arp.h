/* ARP for IPv4 over Ethernet, RFC 826. */
#ifndef WIRE_ARP_H
#define WIRE_ARP_H

#include <stddef.h>
#include <stdint.h>

#define ARP_LEN 28
#define ARP_REQUEST 1
#define ARP_REPLY 2

struct arp_packet {
	uint16_t operation; /* ARP_REQUEST or ARP_REPLY */
	uint8_t sender_mac[6], sender_ip[4], target_mac[6], target_ip[4];
};

/* Reads a packet of n bytes: ARP_LEN, or 0 when it is short, of other hardware or protocol, or of another operation. */
size_t arp_parse(const uint8_t *p, size_t n, struct arp_packet *out);
/* Writes ARP_LEN bytes; returns the next position. */
uint8_t *arp_emit(const struct arp_packet *a, uint8_t *to);

#endif
