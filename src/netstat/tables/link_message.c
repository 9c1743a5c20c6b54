/* Interfaces: rtnetlink(7)'s header and attributes turned into structs. What is too short counts as absent. */
#include "link_message.h"

#include "rtnetlink.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

/* Older kernels have fewer counters than our header: those they have come first. */
static void take_counters(const struct nlattr *attribute, struct rtnl_link_stats64 *out)
{
	size_t n = attribute ? mnl_attr_get_payload_len(attribute) : 0;

	if (n)
		memcpy(out, mnl_attr_get_payload(attribute), n < sizeof(*out) ? n : sizeof(*out));
}

static void take_station(const struct nlattr *attribute, struct link *out)
{
	size_t n = attribute ? mnl_attr_get_payload_len(attribute) : 0;

	out->n_station = n < sizeof(out->station) ? n : sizeof(out->station);
	if (n)
		memcpy(out->station, mnl_attr_get_payload(attribute), out->n_station);
}

static void take_kind(const struct nlattr *nested, struct link *out)
{
	const struct nlattr *info[IFLA_INFO_KIND + 1];

	if (!nested)
		return;
	rtnetlink_attribute_list(mnl_attr_get_payload(nested), mnl_attr_get_payload_len(nested), info, IFLA_INFO_KIND);
	rtnetlink_text(info[IFLA_INFO_KIND], out->kind, sizeof(out->kind));
}

bool link_message(const struct nlmsghdr *message, struct link *out)
{
	const struct nlattr *attributes[IFLA_STATS64 + 1];
	struct ifinfomsg header;

	if (message->nlmsg_type != RTM_NEWLINK ||
	    !rtnetlink_attributes(message, sizeof(header), attributes, IFLA_STATS64))
		return false;
	memcpy(&header, mnl_nlmsg_get_payload(message), sizeof(header));
	struct link found = {
		.number = (uint32_t)header.ifi_index,
		.flags = header.ifi_flags,
		.mtu = rtnetlink_u32(attributes[IFLA_MTU]),
		.state = rtnetlink_u8(attributes[IFLA_OPERSTATE]),
	};
	rtnetlink_text(attributes[IFLA_IFNAME], found.name, sizeof(found.name));
	take_kind(attributes[IFLA_LINKINFO], &found);
	take_station(attributes[IFLA_ADDRESS], &found);
	take_counters(attributes[IFLA_STATS64], &found.counters);
	if (header.ifi_index <= 0 || !found.name[0])
		return false;
	*out = found;
	return true;
}

/* Linux's number of the attribute IFA_PROTO, which headers have from 5.18 on, and its values. */
enum {
	ATTRIBUTE_PROTOCOL = 11,
	PROTOCOL_LOOPBACK = 1,
	PROTOCOL_ROUTER = 2,
	PROTOCOL_LINK_LOCAL = 3,
};

/* Kernels before 5.18 do not say who gave the machine an address; one that is there for ever was given by hand. */
static enum berth_origin origin_of(const struct berth_address *address, uint8_t protocol, uint32_t flags)
{
	if (protocol == PROTOCOL_LOOPBACK || berth_address_is_loopback(address))
		return BERTH_ORIGIN_LOOPBACK;
	if (protocol == PROTOCOL_ROUTER)
		return BERTH_ORIGIN_ROUTER;
	if (protocol == PROTOCOL_LINK_LOCAL)
		return BERTH_ORIGIN_LINK_LOCAL;
	return flags & IFA_F_PERMANENT ? BERTH_ORIGIN_STATIC : BERTH_ORIGIN_N;
}

static enum berth_address_state state_of(uint32_t flags)
{
	if (flags & IFA_F_DADFAILED)
		return BERTH_ADDRESS_DUPLICATE;
	/* RFC 4429: an optimistic one is used while it is asked for. */
	if ((flags & IFA_F_TENTATIVE) && !(flags & IFA_F_OPTIMISTIC))
		return BERTH_ADDRESS_TENTATIVE;
	return flags & IFA_F_DEPRECATED ? BERTH_ADDRESS_DEPRECATED : BERTH_ADDRESS_PREFERRED;
}

static uint64_t lifetime(uint32_t seconds)
{
	return seconds == UINT32_MAX ? UINT64_MAX : seconds * UINT64_C(1000000000);
}

static void take_lifetimes(const struct nlattr *attribute, struct link_address *out)
{
	struct ifa_cacheinfo info = {.ifa_prefered = UINT32_MAX, .ifa_valid = UINT32_MAX};

	if (attribute && mnl_attr_get_payload_len(attribute) >= sizeof(info))
		memcpy(&info, mnl_attr_get_payload(attribute), sizeof(info));
	out->ns_valid = lifetime(info.ifa_valid);
	out->ns_preferred = lifetime(info.ifa_prefered);
}

/* IFA_LOCAL is this end of a point-to-point link and IFA_ADDRESS the other; elsewhere they are the same, and IPv6 has
 * only the second. */
bool link_address_message(const struct nlmsghdr *message, struct link_address *out)
{
	const struct nlattr *attributes[ATTRIBUTE_PROTOCOL + 1];
	struct ifaddrmsg header;

	if (message->nlmsg_type != RTM_NEWADDR ||
	    !rtnetlink_attributes(message, sizeof(header), attributes, ATTRIBUTE_PROTOCOL))
		return false;
	memcpy(&header, mnl_nlmsg_get_payload(message), sizeof(header));
	const struct nlattr *address = attributes[IFA_LOCAL] ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
	size_t n = header.ifa_family == AF_INET ? 4 : header.ifa_family == AF_INET6 ? 16 : 0;
	if (n == 0 || !address || mnl_attr_get_payload_len(address) != n || header.ifa_prefixlen > 8 * n)
		return false;
	uint32_t flags = attributes[IFA_FLAGS] ? rtnetlink_u32(attributes[IFA_FLAGS]) : header.ifa_flags;
	*out = (struct link_address){
		.number = header.ifa_index,
		.prefix = header.ifa_prefixlen,
		.state = (uint8_t)state_of(flags),
		.address = {.family = n == 4 ? BERTH_IP4 : BERTH_IP6},
	};
	memcpy(out->address.bytes, mnl_attr_get_payload(address), n);
	out->origin = (uint8_t)origin_of(&out->address, rtnetlink_u8(attributes[ATTRIBUTE_PROTOCOL]), flags);
	take_lifetimes(attributes[IFA_CACHEINFO], out);
	return true;
}

void link_flags(uint32_t flags, char out[24])
{
	static const struct {
		uint32_t flag;
		char letter;
	} letters[] = {
		{IFF_ALLMULTI, 'A'},    {IFF_BROADCAST, 'B'}, {IFF_DEBUG, 'D'},      {IFF_LOOPBACK, 'L'},
		{IFF_MULTICAST, 'M'},   {IFF_PROMISC, 'P'},   {IFF_NOTRAILERS, 'N'}, {IFF_NOARP, 'O'},
		{IFF_POINTOPOINT, 'P'}, {IFF_SLAVE, 's'},     {IFF_MASTER, 'm'},     {IFF_RUNNING, 'R'},
		{IFF_UP, 'U'},
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (flags & letters[i].flag)
			out[n++] = letters[i].letter;
	out[n] = 0;
}

const char *link_state_name(uint8_t state)
{
	/* By number: unknown, notpresent, down, lowerlayerdown, testing, dormant, up. */
	static const char *const names[] = {"unknown", "absent",  "down", "lower layer down",
					    "testing", "dormant", "up"};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}
