/* Neighbours: rtnetlink(7)'s header and attributes turned into a struct. What is too short counts as absent. */
#include "neighbour_message.h"

#include "rtnetlink.h"

#include <asm/param.h>
#include <linux/rtnetlink.h>
#include <string.h>

static void take_station(const struct nlattr *attribute, struct neighbour *out)
{
	size_t n = attribute ? mnl_attr_get_payload_len(attribute) : 0;

	out->n_station = n < sizeof(out->station) ? n : sizeof(out->station);
	if (n)
		memcpy(out->station, mnl_attr_get_payload(attribute), out->n_station);
}

/* The time since the last confirmation, in hundredths of a second. Before the first one the kernel counts from whenever
 * the machine started, which says nothing: so it does of an entry that has no station. */
static void take_times(const struct nlattr *attribute, struct neighbour *out)
{
	struct nda_cacheinfo info;

	out->ns_since = UINT64_MAX;
	if (!attribute || mnl_attr_get_payload_len(attribute) < sizeof(info) || out->n_station == 0)
		return;
	memcpy(&info, mnl_attr_get_payload(attribute), sizeof(info));
	out->ns_since = info.ndm_confirmed * (UINT64_C(1000000000) / HZ);
}

bool neighbour_message(const struct nlmsghdr *message, struct neighbour *out)
{
	const struct nlattr *attributes[NDA_CACHEINFO + 1];
	struct ndmsg header;

	if (message->nlmsg_type != RTM_NEWNEIGH ||
	    !rtnetlink_attributes(message, sizeof(header), attributes, NDA_CACHEINFO))
		return false;
	memcpy(&header, mnl_nlmsg_get_payload(message), sizeof(header));
	const struct nlattr *address = attributes[NDA_DST];
	size_t n = header.ndm_family == AF_INET ? 4 : header.ndm_family == AF_INET6 ? 16 : 0;
	if (n == 0 || header.ndm_ifindex <= 0 || !address || mnl_attr_get_payload_len(address) != n)
		return false;
	*out = (struct neighbour){
		.interface = (uint32_t)header.ndm_ifindex,
		.state = header.ndm_state,
		.flags = header.ndm_flags,
		.address = {.family = n == 4 ? BERTH_IP4 : BERTH_IP6},
	};
	memcpy(out->address.bytes, mnl_attr_get_payload(address), n);
	take_station(attributes[NDA_LLADDR], out);
	take_times(attributes[NDA_CACHEINFO], out);
	return true;
}

const char *neighbour_state_name(uint16_t state)
{
	static const struct {
		uint16_t state;
		const char *name;
	} names[] = {
		{NUD_INCOMPLETE, "INCOMPLETE"}, {NUD_REACHABLE, "REACHABLE"}, {NUD_STALE, "STALE"},
		{NUD_DELAY, "DELAY"},           {NUD_PROBE, "PROBE"},         {NUD_FAILED, "FAILED"},
		{NUD_NOARP, "NOARP"},           {NUD_PERMANENT, "PERMANENT"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].state == state)
			return names[i].name;
	return "NONE";
}
