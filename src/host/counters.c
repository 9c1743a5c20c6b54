/* The host's counters by number: one table over IP, ICMP, ARP, TCP and UDP. */
#include "host_private.h"

struct counter {
	const char *name, *text;
	size_t offset; /* of the uint64_t in struct berth_host */
};

/* One entry for each X(name, text) of a map: "PREFIX_NAME", kept in MEMBER of the host. */
#define ENTRY(prefix, member, name, text) {#prefix "_" #name, text, offsetof(struct berth_host, member.name)},

static const struct counter table[] = {
#define X(name, text) ENTRY(eth, counters.eth, name, text)
	ETH_COUNTER_MAP(X)
#undef X
#define X(name, text) ENTRY(arp, counters.arp, name, text)
		ARP_COUNTER_MAP(X)
#undef X
#define X(name, text) ENTRY(acd, counters.acd, name, text)
			ACD_COUNTER_MAP(X)
#undef X
#define X(name, text) ENTRY(dhcp, counters.dhcp, name, text)
				DHCP_COUNTER_MAP(X)
#undef X
#define X(name, text) ENTRY(nd, counters.nd, name, text)
					ND_COUNTER_MAP(X)
#undef X
#define X(name, text) ENTRY(neighbour, counters.neighbour, name, text)
						NEIGHBOUR_COUNTER_MAP(X)
#undef X
#define X(name, text) ENTRY(ip, counters.ip, name, text)
							IP_COUNTER_MAP(X)
#undef X
#define X(name, text) ENTRY(ip, counters.ip4_only, name, text)
								IP4_COUNTER_MAP(X)
#undef X
#define X(name, text) ENTRY(ip6, counters.ip6, name, text)
									IP_COUNTER_MAP(X)
#undef X
#define X(name, text) ENTRY(ip6, counters.ip6_only, name, text)
										IP6_COUNTER_MAP(X)
#undef X
#define X(name, text) ENTRY(icmp, counters.icmp, name, text)
											ICMP_COUNTER_MAP(X)
#undef X
#define X(name, text) ENTRY(icmp6, counters.icmp6, name, text)
												ICMP_COUNTER_MAP(X)
#undef X
#define X(name, text) ENTRY(igmp, counters.igmp, name, text)
													GROUP_COUNTER_MAP(
														X)
#undef X
#define X(name, text) ENTRY(mld, counters.mld, name, text)
														GROUP_COUNTER_MAP(
															X)
#undef X
#define X(name, text) ENTRY(tcp, tcp.counters, name, text)
															TCP_COUNTER_MAP(
																X)
#undef X
#define X(name, text) ENTRY(memory, budget, name, text)
																BUDGET_COUNTER_MAP(
																	X)
#undef X
#define X(name, text) ENTRY(udp, udp.counters, name, text)
																	UDP_COUNTER_MAP(
																		X)
#undef X
};

bool berth_host_counter(const struct berth_host *host, size_t i, struct berth_counter *out)
{
	if (i >= sizeof(table) / sizeof(table[0]))
		return false;
	*out = (struct berth_counter){
		.name = table[i].name,
		.text = table[i].text,
		.value = *(const uint64_t *)(const void *)((const char *)host + table[i].offset),
	};
	return true;
}
