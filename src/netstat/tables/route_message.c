/* Routes: rtnetlink(7)'s header and attributes turned into one struct a next hop. What is too short counts as absent.
 */
#include "route_message.h"

#include "rtnetlink.h"

#include <asm/param.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static size_t address_size(uint8_t family)
{
	return family == BERTH_IP4 ? 4 : 16;
}

/* An address of a family from n bytes; absent or of another length: *out stays. */
static void take_address(const void *bytes, size_t n, uint8_t family, struct berth_address *out)
{
	if (!bytes || n != address_size(family))
		return;
	*out = (struct berth_address){.family = family};
	memcpy(out->bytes, bytes, n);
}

static void take_attribute(const struct nlattr *attribute, uint8_t family, struct berth_address *out)
{
	if (attribute)
		take_address(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute), family, out);
}

/* struct rtvia: a family and an address of it, by which IPv4 goes through IPv6 routers. */
static void take_via(const struct nlattr *attribute, struct berth_address *out)
{
	size_t n = attribute ? mnl_attr_get_payload_len(attribute) : 0;
	uint16_t family;

	if (n <= sizeof(family))
		return;
	const char *bytes = mnl_attr_get_payload(attribute);
	memcpy(&family, bytes, sizeof(family));
	if (family == AF_INET || family == AF_INET6)
		take_address(bytes + sizeof(family), n - sizeof(family), family == AF_INET ? BERTH_IP4 : BERTH_IP6,
			     out);
}

static void take_metrics(const struct nlattr *nested, struct route *route)
{
	const struct nlattr *metrics[RTAX_MAX + 1];

	if (!nested)
		return;
	rtnetlink_attribute_list(mnl_attr_get_payload(nested), mnl_attr_get_payload_len(nested), metrics, RTAX_MAX);
	route->mtu = rtnetlink_u32(metrics[RTAX_MTU]);
	route->window = rtnetlink_u32(metrics[RTAX_WINDOW]);
	route->advmss = rtnetlink_u32(metrics[RTAX_ADVMSS]);
	route->ms_rtt = rtnetlink_u32(metrics[RTAX_RTT]) / 8; /* the kernel keeps eighths */
}

/* RFC 4191 section 2.1's bits. */
static void take_preference(const struct nlattr *attribute, struct route *route)
{
	static const uint8_t preferences[] = {BERTH_PREFERENCE_MEDIUM, BERTH_PREFERENCE_HIGH, BERTH_PREFERENCE_MEDIUM,
					      BERTH_PREFERENCE_LOW};

	route->has_preference = attribute != NULL;
	route->preference = preferences[rtnetlink_u8(attribute) & 3];
}

/* Hundredths of a second; 0: it stays. */
static void take_expiry(const struct nlattr *attribute, struct route *route)
{
	struct rta_cacheinfo info = {0};

	if (attribute && mnl_attr_get_payload_len(attribute) >= sizeof(info))
		memcpy(&info, mnl_attr_get_payload(attribute), sizeof(info));
	route->ns_expires = info.rta_expires == 0  ? UINT64_MAX
			    : info.rta_expires < 0 ? 0
						   : (uint64_t)info.rta_expires * (UINT64_C(1000000000) / HZ);
}

static void take_next_hop(const struct nlattr *const *attributes, struct route *route)
{
	take_attribute(attributes[RTA_GATEWAY], route->family, &route->gateway);
	take_via(attributes[RTA_VIA], &route->gateway);
}

/* struct rtnexthop, each with attributes of its own behind it. */
static int each_next_hop(const struct nlattr *multipath, const struct route *base,
			 int (*each)(void *user, const struct route *route), void *user)
{
	const char *bytes = mnl_attr_get_payload(multipath);
	size_t left = mnl_attr_get_payload_len(multipath);
	int r = 0;

	while (r == 0 && left >= sizeof(struct rtnexthop)) {
		const struct nlattr *attributes[RTA_MAX + 1];
		struct route route = *base;
		struct rtnexthop hop;
		memcpy(&hop, bytes, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > left)
			break;
		rtnetlink_attribute_list(bytes + sizeof(hop), hop.rtnh_len - sizeof(hop), attributes, RTA_MAX);
		take_next_hop(attributes, &route);
		route.interface = hop.rtnh_ifindex > 0 ? (uint32_t)hop.rtnh_ifindex : 0;
		route.weight = hop.rtnh_hops + 1u;
		r = each(user, &route);
		size_t step = RTNH_ALIGN(hop.rtnh_len);
		left = step < left ? left - step : 0;
		bytes += step;
	}
	return r;
}

int route_message(const struct nlmsghdr *message, int (*each)(void *user, const struct route *route), void *user)
{
	const struct nlattr *attributes[RTA_MAX + 1];
	struct rtmsg header;

	if (message->nlmsg_type != RTM_NEWROUTE || !rtnetlink_attributes(message, sizeof(header), attributes, RTA_MAX))
		return 0;
	memcpy(&header, mnl_nlmsg_get_payload(message), sizeof(header));
	struct route route = {
		.family = header.rtm_family == AF_INET ? BERTH_IP4 : BERTH_IP6,
		.type = header.rtm_type,
		.scope = header.rtm_scope,
		.protocol = header.rtm_protocol,
		.prefix = header.rtm_dst_len,
		.table = attributes[RTA_TABLE] ? rtnetlink_u32(attributes[RTA_TABLE]) : header.rtm_table,
		.metric = rtnetlink_u32(attributes[RTA_PRIORITY]),
		.interface = rtnetlink_u32(attributes[RTA_OIF]),
		.cloned = (header.rtm_flags & RTM_F_CLONED) != 0,
	};
	if ((header.rtm_family != AF_INET && header.rtm_family != AF_INET6) ||
	    route.prefix > 8 * address_size(route.family))
		return 0;
	route.destination.family = route.family;
	take_attribute(attributes[RTA_DST], route.family, &route.destination);
	take_attribute(attributes[RTA_PREFSRC], route.family, &route.source);
	take_metrics(attributes[RTA_METRICS], &route);
	take_preference(attributes[RTA_PREF], &route);
	take_expiry(attributes[RTA_CACHEINFO], &route);
	take_next_hop(attributes, &route);
	if (attributes[RTA_MULTIPATH])
		return each_next_hop(attributes[RTA_MULTIPATH], &route, each, user);
	return each(user, &route);
}

static bool refuses(uint8_t type)
{
	return type == RTN_UNREACHABLE || type == RTN_PROHIBIT || type == RTN_BLACKHOLE || type == RTN_THROW;
}

void route_flags(const struct route *route, char out[8])
{
	size_t n = 0;

	if (refuses(route->type))
		out[n++] = '!';
	else
		out[n++] = 'U';
	if (route->gateway.family != BERTH_ANY_FAMILY)
		out[n++] = 'G';
	if (route->prefix == 8 * address_size(route->family))
		out[n++] = 'H';
	if (route->protocol == RTPROT_REDIRECT)
		out[n++] = 'D';
	if (route->protocol == RTPROT_RA)
		out[n++] = 'A';
	if (route->cloned)
		out[n++] = 'C';
	out[n] = 0;
}

/* ---- names: those that `ip route` uses ---- */

struct name {
	uint32_t number;
	const char *name;
};

static const char *name_of(const struct name *names, size_t n, uint32_t number, char out[12])
{
	for (size_t i = 0; i < n; i++)
		if (names[i].number == number)
			return names[i].name;
	snprintf(out, 12, "%u", number);
	return out;
}

const char *route_type_name(uint8_t type, char out[12])
{
	static const struct name names[] = {
		{RTN_UNICAST, "unicast"},
		{RTN_LOCAL, "local"},
		{RTN_BROADCAST, "broadcast"},
		{RTN_ANYCAST, "anycast"},
		{RTN_MULTICAST, "multicast"},
		{RTN_BLACKHOLE, "blackhole"},
		{RTN_UNREACHABLE, "unreachable"},
		{RTN_PROHIBIT, "prohibit"},
		{RTN_THROW, "throw"},
		{RTN_NAT, "nat"},
	};

	return name_of(names, COUNT(names), type, out);
}

const char *route_protocol_name(uint8_t protocol, char out[12])
{
	static const struct name names[] = {
		{RTPROT_UNSPEC, "unspec"},
		{RTPROT_REDIRECT, "redirect"},
		{RTPROT_KERNEL, "kernel"},
		{RTPROT_BOOT, "boot"},
		{RTPROT_STATIC, "static"},
		{RTPROT_GATED, "gated"},
		{RTPROT_RA, "ra"},
		{RTPROT_ZEBRA, "zebra"},
		{RTPROT_BIRD, "bird"},
		{RTPROT_DHCP, "dhcp"},
		{RTPROT_KEEPALIVED, "keepalived"},
		{RTPROT_BABEL, "babel"},
		{RTPROT_BGP, "bgp"},
		{RTPROT_ISIS, "isis"},
		{RTPROT_OSPF, "ospf"},
		{RTPROT_RIP, "rip"},
		{RTPROT_EIGRP, "eigrp"},
	};

	return name_of(names, COUNT(names), protocol, out);
}

const char *route_scope_name(uint8_t scope, char out[12])
{
	static const struct name names[] = {
		{RT_SCOPE_UNIVERSE, "global"}, {RT_SCOPE_SITE, "site"},       {RT_SCOPE_LINK, "link"},
		{RT_SCOPE_HOST, "host"},       {RT_SCOPE_NOWHERE, "nowhere"},
	};

	return name_of(names, COUNT(names), scope, out);
}

const char *route_table_name(uint32_t table, char out[12])
{
	static const struct name names[] = {
		{RT_TABLE_DEFAULT, "default"},
		{RT_TABLE_MAIN, "main"},
		{RT_TABLE_LOCAL, "local"},
	};

	return name_of(names, COUNT(names), table, out);
}
