/* The host's counters by number: one table over IP, ICMP, ARP, TCP and UDP. */
#include "host_private.h"

struct counter {
	const char *name, *text;
	size_t offset; /* of the uint64_t in struct berth_host */
};

static const struct counter table[] = {
#define X(name, text) {"eth_" #name, text, offsetof(struct berth_host, counters.eth.name)},
	ETH_COUNTER_MAP(X)
#undef X
#define X(name, text) {"arp_" #name, text, offsetof(struct berth_host, counters.arp.name)},
		ARP_COUNTER_MAP(X)
#undef X
#define X(name, text) {"ip_" #name, text, offsetof(struct berth_host, counters.ip.name)},
			IP_COUNTER_MAP(X)
#undef X
#define X(name, text) {"icmp_" #name, text, offsetof(struct berth_host, counters.icmp.name)},
				ICMP_COUNTER_MAP(X)
#undef X
#define X(name, text) {"tcp_" #name, text, offsetof(struct berth_host, tcp.counters.name)},
					TCP_COUNTER_MAP(X)
#undef X
#define X(name, text) {"udp_" #name, text, offsetof(struct berth_host, udp.counters.name)},
						UDP_COUNTER_MAP(X)
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
