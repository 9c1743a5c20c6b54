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

/* IFA_LOCAL is this end of a point-to-point link and IFA_ADDRESS the other; elsewhere they are the same, and IPv6 has
 * only the second. */
bool link_address_message(const struct nlmsghdr *message, struct link_address *out)
{
	const struct nlattr *attributes[IFA_LOCAL + 1];
	struct ifaddrmsg header;

	if (message->nlmsg_type != RTM_NEWADDR || !rtnetlink_attributes(message, sizeof(header), attributes, IFA_LOCAL))
		return false;
	memcpy(&header, mnl_nlmsg_get_payload(message), sizeof(header));
	const struct nlattr *address = attributes[IFA_LOCAL] ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
	size_t n = header.ifa_family == AF_INET ? 4 : header.ifa_family == AF_INET6 ? 16 : 0;
	if (n == 0 || !address || mnl_attr_get_payload_len(address) != n || header.ifa_prefixlen > 8 * n)
		return false;
	*out = (struct link_address){
		.number = header.ifa_index,
		.prefix = header.ifa_prefixlen,
		.address = {.family = n == 4 ? BERTH_IP4 : BERTH_IP6},
	};
	memcpy(out->address.bytes, mnl_attr_get_payload(address), n);
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
