/* Duplicate address detection: before an IPv6 address is used, the link is asked whether somebody has it (RFC 4862
 * section 5.4), with a nonce that tells the host's own question, should it come back, from another's (RFC 7527).
 *
 * One question after a random while, one wait, and the address is the host's; a question that comes back has three
 * more follow (RFC 7527 section 4.1), as the loop may hide who answers. Whoever is faster with the same question wins
 * nothing: both have lost. What was made up from a prefix is then made again; what was given by hand is not used. */
#include <string.h>

#include "discovery.h"
#include "in.h"

#define ASK_AGAIN 3 /* RFC 4861 section 10, MAX_MULTICAST_SOLICIT */

static struct dad *dad_of(struct berth_host *host, const struct host_address *a)
{
	return &host->dads[a - host->addresses];
}

static berth_time pace(const struct berth_host *host, const struct host_address *a)
{
	return host->interfaces[a->interface].ms_dad * (HOST_SECOND / 1000);
}

enum host_address_state dad_first_state(const struct host_interface *interface)
{
	return interface->ethernet && interface->ms_dad ? ADDRESS_TENTATIVE : ADDRESS_PREFERRED;
}

/* A number that no other host has: two that are alike in all else differ in their MAC address. */
static void draw_nonce(struct berth_host *host, const struct host_address *a, uint8_t nonce[ND_NONCE])
{
	uint64_t words[] = {rng_next(&host->rng), 0};
	uint64_t drawn;

	memcpy(&words[1], host->interfaces[a->interface].mac, 6);
	drawn = siphash24(host->key, words, sizeof(words));
	memcpy(nonce, &drawn, ND_NONCE);
}

static void ask(struct berth_host *host, const struct host_address *a, struct dad *dad)
{
	struct ip group = ip6_solicited_node(&a->ip, a->interface);
	struct nd_neighbour nd = {.has_nonce = true};

	dad->n_left--;
	ip_to_bytes(&a->ip, nd.target);
	memcpy(nd.nonce, dad->nonce, ND_NONCE);
	nd_send_neighbour(host, a->interface, &(struct ip){0}, &group, ICMP6_NEIGHBOUR_SOLICIT, &nd);
}

/* RFC 9131 section 4.1: routers that are told at once where the address is need not ask when the first answer to it
 * comes in. */
static void announce(struct berth_host *host, const struct host_address *a)
{
	struct ip routers = ip6_all_routers(a->interface);
	struct nd_neighbour nd = {.flags = ND_OVERRIDE};

	ip_to_bytes(&a->ip, nd.target);
	nd_send_neighbour(host, a->interface, &a->ip, &routers, ICMP6_NEIGHBOUR_ADVERT, &nd);
}

static void succeed(struct berth_host *host, struct host_address *a)
{
	host_address_set_state(host, a, host->now < a->preferred_until ? ADDRESS_PREFERRED : ADDRESS_DEPRECATED);
	if (ip_is_link_local(&a->ip))
		router_ready(host, a->interface);
	else
		announce(host, a);
}

static void due(struct berth_host *host, struct host_timer *timer)
{
	struct dad *dad = CONTAINER_OF(timer, struct dad, timer);
	struct host_address *a = &host->addresses[dad - host->dads];

	if (dad->n_left == 0) {
		succeed(host, a);
		return;
	}
	ask(host, a, dad);
	host_arm(host, &dad->timer, host->now + pace(host, a));
}

void dad_begin(struct berth_host *host, const struct host_address *a, uint32_t n_conflicts)
{
	struct dad *dad = dad_of(host, a);

	dad->n_conflicts = n_conflicts;
	if (ip_is_ip4(&a->ip) || a->state != ADDRESS_TENTATIVE)
		return;
	dad->timer.due = due;
	dad->n_left = 1;
	dad->looped = false;
	draw_nonce(host, a, dad->nonce);
	/* RFC 4862 section 5.4.2, 7217 section 6: not all hosts of a link at once. */
	host_arm(host, &dad->timer, host->now + rng_below(&host->rng, pace(host, a) + 1));
}

void dad_end(struct berth_host *host, const struct host_address *a)
{
	wheel_cancel(&host->wheel, &dad_of(host, a)->timer.timer);
}

/* RFC 4291 appendix A. */
static bool is_of_mac(const struct ip *ip, const uint8_t mac[6])
{
	uint64_t id = (uint64_t)(get_be32(mac) >> 8) << 40 | UINT64_C(0xfffe000000) | (get_be32(mac + 2) & 0xffffff);

	return ip->low == (id ^ UINT64_C(1) << 57);
}

/* RFC 4862 section 5.4.5: somebody else has the interface's MAC address, so that nothing of IPv6 would work. */
static void disable(struct berth_host *host, unsigned interface)
{
	for (unsigned i = 0; i < host->n_addresses; i++) {
		struct host_address *a = &host->addresses[i];

		if (a->interface == interface && a->state != ADDRESS_FREE && a->state != ADDRESS_DUPLICATE &&
		    !ip_is_ip4(&a->ip)) {
			dad_end(host, a);
			host_address_set_state(host, a, ADDRESS_DUPLICATE);
		}
	}
	router_stop(host, interface);
	host->interfaces[interface].ip6 = false;
	host_path_forget(host);
}

static void fail(struct berth_host *host, struct host_address *a, const uint8_t *from)
{
	static const uint8_t unknown[6];
	uint32_t n_conflicts = dad_of(host, a)->n_conflicts;
	unsigned interface = a->interface;
	bool of_mac = ip_is_link_local(&a->ip) && is_of_mac(&a->ip, host->interfaces[interface].mac);

	host->counters.nd.duplicates++;
	dad_end(host, a);
	host_address_duplicate(host, a, from ? from : unknown);
	if (!slaac_again(host, a, n_conflicts) && of_mac)
		disable(host, interface);
}

void dad_solicit_in(struct berth_host *host, struct host_address *a, const struct ip_packet *packet,
		    const struct nd_neighbour *nd, const uint8_t *from)
{
	struct dad *dad = dad_of(host, a);

	/* RFC 4862 section 5.4.3: who has an address himself is looking for its owner, which this host is not yet. */
	if (!ip_is_none(&packet->source))
		return;
	if (!nd->has_nonce || memcmp(nd->nonce, dad->nonce, ND_NONCE) != 0) {
		fail(host, a, from);
		return;
	}
	host->counters.nd.dad_looped++;
	if (!dad->looped) {
		dad->looped = true;
		dad->n_left += ASK_AGAIN;
	}
}

void dad_advert_in(struct berth_host *host, struct host_address *a, const uint8_t *from)
{
	fail(host, a, from);
}
