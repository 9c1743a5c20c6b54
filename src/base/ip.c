/* IP addresses of one type: what is too long for the header. */
#include "ip.h"

struct ip ip_of_address(const struct berth_address *address)
{
	struct ip ip = {0};

	if (address->family == BERTH_ANY_FAMILY)
		return ip;
	ip = ip_of_bytes(address->bytes, address->family, 0);
	if (address->family == BERTH_IP6)
		ip.scope = address->scope;
	return ip;
}

struct berth_address ip_to_address(const struct ip *ip)
{
	struct berth_address address = {.scope = ip->scope};

	if (ip_is_none(ip))
		return address;
	address.family = ip_family(ip);
	ip_to_bytes(ip, address.bytes);
	return address;
}

static unsigned leading_zeros(uint64_t word)
{
	return word ? (unsigned)__builtin_clzll(word) : 64;
}

unsigned ip_common_prefix(const struct ip *a, const struct ip *b)
{
	uint64_t high = a->high ^ b->high;

	return high ? leading_zeros(high) : 64 + leading_zeros(a->low ^ b->low);
}
