/* IP addresses as the host works with them: one type for both families.
 *
 * An IPv4 address is the IPv6 address that stands for it (::ffff:a.b.c.d, RFC 4291 section 2.5.5.2), so that tables,
 * comparisons and prefixes need not ask which family they deal with. Two addresses are the same when all three members
 * are; all zero is no address at all. Prefix lengths count from the first of 128 bits: an IPv4 network of n bits is one
 * of IP4_PREFIX + n. */
#ifndef BASE_IP_H
#define BASE_IP_H

#include <stdbool.h>
#include <stdint.h>

#include <berth/address.h>

#include "bytes.h"

#define IP4_PREFIX 96u
#define IP4_MAPPED (UINT64_C(0xffff) << 32)

struct ip {
	uint64_t high, low; /* host order */
	uint32_t scope;     /* the interface of a link-local IPv6 address (RFC 4007), else 0 */
};

/* ---- from and to bytes ---- */

static inline struct ip ip_of_ip4(uint32_t ip4)
{
	return (struct ip){.low = IP4_MAPPED | ip4};
}

static inline uint64_t get_be64(const uint8_t *p)
{
	return (uint64_t)get_be32(p) << 32 | get_be32(p + 4);
}

/* fe80::/10 or ff02::/16 (and ff01::/16, which never leaves an interface): what needs a scope. */
static inline bool ip_high_is_link_local(uint64_t high)
{
	return high >> 54 == 0x3fa || (high >> 56 == 0xff && ((high >> 48 & 15) == 1 || (high >> 48 & 15) == 2));
}

/* From 4 or 16 bytes in network order, by family. `interface` becomes the scope of what needs one. */
static inline struct ip ip_of_bytes(const uint8_t *bytes, uint8_t family, uint32_t interface)
{
	struct ip ip;

	if (family == BERTH_IP4)
		return ip_of_ip4(get_be32(bytes));
	ip = (struct ip){.high = get_be64(bytes), .low = get_be64(bytes + 8)};
	if (ip_high_is_link_local(ip.high))
		ip.scope = interface;
	return ip;
}

static inline bool ip_is_ip4(const struct ip *ip)
{
	return ip->high == 0 && ip->low >> 32 == 0xffff;
}

static inline uint8_t ip_family(const struct ip *ip)
{
	return ip_is_ip4(ip) ? BERTH_IP4 : BERTH_IP6;
}

/* The last 32 bits: the address itself when it is IPv4. */
static inline uint32_t ip_to_ip4(const struct ip *ip)
{
	return (uint32_t)ip->low;
}

/* The 16 bytes, or for IPv4 the 4, in network order. Returns the next position. */
static inline uint8_t *ip_to_bytes(const struct ip *ip, uint8_t *out)
{
	if (ip_is_ip4(ip))
		return put_be32(out, ip_to_ip4(ip));
	out = put_be32(put_be32(out, (uint32_t)(ip->high >> 32)), (uint32_t)ip->high);
	return put_be32(put_be32(out, (uint32_t)(ip->low >> 32)), (uint32_t)ip->low);
}

/* No address for a family of BERTH_ANY_FAMILY. */
struct ip ip_of_address(const struct berth_address *address);
struct berth_address ip_to_address(const struct ip *ip);

/* ---- comparing ---- */

static inline bool ip_equal(const struct ip *a, const struct ip *b)
{
	return ((a->high ^ b->high) | (a->low ^ b->low) | (a->scope ^ b->scope)) == 0;
}

/* No address at all: not even 0.0.0.0. (:: is none.) */
static inline bool ip_is_none(const struct ip *ip)
{
	return (ip->high | ip->low) == 0;
}

/* No address, 0.0.0.0 or ::. */
static inline bool ip_is_any(const struct ip *ip)
{
	return ip->high == 0 && (ip->low == 0 || ip->low == IP4_MAPPED);
}

/* How many of the first bits are the same, 0 to 128; scopes are not looked at. */
unsigned ip_common_prefix(const struct ip *a, const struct ip *b);

/* The first `prefix` (0 to 128) bits are the same. */
static inline bool ip_in_prefix(const struct ip *ip, const struct ip *network, unsigned prefix)
{
	uint64_t high = ip->high ^ network->high, low = ip->low ^ network->low;

	if (prefix == 0)
		return true;
	if (prefix <= 64)
		return high >> (64 - prefix) == 0;
	return high == 0 && low >> (128 - prefix) == 0;
}

/* ip with all bits behind the first `prefix` cleared; without scope unless the network needs one. */
static inline struct ip ip_network(const struct ip *ip, unsigned prefix)
{
	struct ip network = *ip;

	if (prefix <= 64) {
		network.high = prefix == 0 ? 0 : network.high & UINT64_MAX << (64 - prefix);
		network.low = 0;
	} else {
		network.low &= UINT64_MAX << (128 - prefix);
	}
	return network;
}

/* ---- kinds ---- */

static inline bool ip_is_multicast(const struct ip *ip)
{
	return ip_is_ip4(ip) ? ip_to_ip4(ip) >> 28 == 14 : ip->high >> 56 == 0xff;
}

/* A group that is never on a wire: ff01::/16 stays within an interface, ff00::/16 is nobody's (RFC 4291 section 2.7).
 */
static inline bool ip_is_interface_local(const struct ip *ip)
{
	return ip->high >> 56 == 0xff && (ip->high >> 48 & 15) < 2;
}

static inline bool ip_is_loopback(const struct ip *ip)
{
	return ip_is_ip4(ip) ? ip_to_ip4(ip) >> 24 == 127 : ip->high == 0 && ip->low == 1;
}

/* fe80::/10, RFC 4291 section 2.5.6. */
static inline bool ip_is_link_local(const struct ip *ip)
{
	return ip->high >> 54 == 0x3fa;
}

/* Could be one host's on a wire. IPv4: not 0.0.0.0/8, 127.0.0.0/8, multicast or 240.0.0.0/4. IPv6: not ::, ::1,
 * multicast. (::ffff:0:0/96 never comes from a wire: ip6_in sees to that.) */
static inline bool ip_is_unicast(const struct ip *ip)
{
	if (ip_is_ip4(ip))
		return ip_to_ip4(ip) >> 24 != 0 && ip_to_ip4(ip) >> 24 != 127 && ip_to_ip4(ip) >> 29 != 7;
	return ip->high >> 56 != 0xff && (ip->high != 0 || ip->low > 1);
}

#endif
