/* Between the files of print: a line being written, and a packet whose IP header has been read. */
#ifndef WIRE_PRINT_LINE_H
#define WIRE_PRINT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/address.h>

/* Text goes to `at`, of which `room` bytes are left, NUL included. What does not fit is cut off. */
struct print_line {
	char *at;
	size_t room;
};

struct print_packet {
	struct berth_address source, destination;
	uint8_t protocol;
	const uint8_t *payload; /* the upper layer's bytes */
	size_t len;
};

__attribute__((format(printf, 2, 3))) void print_add(struct print_line *line, const char *format, ...);

/* " from > to ", and the same with the port of each. */
void print_addresses(struct print_line *line, const struct print_packet *p);
void print_sockets(struct print_line *line, const struct print_packet *p, uint16_t source_port,
		   uint16_t destination_port);

/* The number's name: "TCP", or "protocol 47". */
void print_protocol(struct print_line *line, uint8_t protocol);

struct icmp_message;
/* What a message of neighbour discovery says, behind its name. */
void print_nd(struct print_line *line, const struct icmp_message *m);
/* print_groups.c: IGMP; MLD if the ICMPv6 message is one: true, or false and nothing written. */
void print_igmp(struct print_line *line, const struct print_packet *p);
bool print_mld(struct print_line *line, const struct icmp_message *icmp);

/* print_icmp.c */
void print_icmp4(struct print_line *line, const struct print_packet *p);
void print_icmp6(struct print_line *line, const struct print_packet *p);
/* print_dhcp.c: the payload of a datagram from a port of DHCP's. */
void print_dhcp(struct print_line *line, const uint8_t *p, size_t n);

/* Addresses, protocol and what it says. */
void print_upper(struct print_line *line, const struct print_packet *p);

#endif
