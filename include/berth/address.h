/* Addresses of hosts and of sockets, of either family.
 *
 * Everything is plain data: compare with the functions below, not with memcmp (unused bytes are not looked at). */
#ifndef BERTH_ADDRESS_H
#define BERTH_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum berth_family {
	BERTH_ANY_FAMILY = 0, /* the address is not set */
	BERTH_IP4 = 4,
	BERTH_IP6 = 6,
};

/* An IP address. `bytes` is in network order, 4 or 16 of them by family. `scope` is the interface of a link-local IPv6
 * address and 0 otherwise. All zero is "no address". */
struct berth_address {
	uint8_t bytes[16];
	uint32_t scope;
	uint8_t family; /* enum berth_family */
};

/* A socket address: where a conversation ends. The port is in host order. Family BERTH_ANY_FAMILY with a port means
 * "that port at every address of the host". */
struct berth_socket_address {
	struct berth_address address;
	uint16_t port;
};

/* Room for any text that berth_address_format or berth_socket_address_format writes, its NUL included. */
#define BERTH_ADDRESS_TEXT 64

/* The IPv4 address a.b.c.d. */
struct berth_address berth_ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);

/* Same family, same bytes, same scope. */
bool berth_address_equal(const struct berth_address *a, const struct berth_address *b);

/* No address at all, 0.0.0.0 or :: : what a wildcard socket is bound to. */
bool berth_address_is_any(const struct berth_address *a);

/* 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291 section 2.7). */
bool berth_address_is_multicast(const struct berth_address *a);

/* 127.0.0.0/8 (RFC 1122 section 3.2.1.3) or ::1. */
bool berth_address_is_loopback(const struct berth_address *a);

/* The first `prefix` bits of a and b are the same, and the family is. */
bool berth_address_in_prefix(const struct berth_address *a, const struct berth_address *b, unsigned prefix);

/* Text to address: "192.168.1.7", "fe80::1". Whole text or nothing. 0, or BERTH_EINVAL and *out untouched. */
int berth_address_parse(const char *text, struct berth_address *out);

/* "192.168.1.7/24", "fd00::7/64"; the prefix may be left out and is then 32 or 128. 0, or BERTH_EINVAL and nothing
 * written: not an address, or a prefix beyond the family's length. */
int berth_prefix_parse(const char *text, struct berth_address *address, unsigned *prefix);

/* "192.168.1.7:80", "[fd00::7]:80", "*:80" (every address). 0, or BERTH_EINVAL and *out untouched. */
int berth_socket_address_parse(const char *text, struct berth_socket_address *out);

/* Write the text of an address, NUL included, into out[n]; cut short when n is too small. "*" for no address. IPv6 by
 * RFC 5952. Returns out. */
char *berth_address_format(const struct berth_address *a, char *out, size_t n);

/* "192.168.1.7:80", "[fd00::7]:80", "*:80". As above. Returns out. */
char *berth_socket_address_format(const struct berth_socket_address *a, char *out, size_t n);

#ifdef __cplusplus
}
#endif
#endif
