/* The DHCP clients of a host: sending what dhcp_client.c says, and doing what a lease means.
 *
 * Messages go to all stations as long as there is no address to speak from, and to port 68 answers are taken before
 * there is one, whatever address they are to (RFC 2131 section 4.1). A lease becomes an address, routes, servers of
 * names, search domains and an MTU, all marked as DHCP's, so that they go together. */
#include "dhcp.h"

#include <assert.h>
#include <string.h>

#include "acd.h"
#include "checksum.h"
#include "dhcp_client.h"
#include "dns.h"
#include "neighbour.h"
#include "out.h"
#include "udp_header.h"

/* Room for what a client says: nothing in it is long but the host's name. */
#define MESSAGE_MAX 576

struct dhcp {
	struct dhcp_client client;
	struct host_timer timer;
	struct dhcp_lease applied; /* when has_applied */
	uint8_t interface;
	bool has_applied;
};

static struct ip ip_of_lease(const struct dhcp *d)
{
	return ip_of_ip4(d->client.lease.ip);
}

static struct host_address *address_of(struct berth_host *host, const struct dhcp *d)
{
	struct ip ip = ip_of_lease(d);
	struct host_address *a = host_address_find(host, &ip);

	return a && a->origin == ORIGIN_DHCP && a->interface == d->interface ? a : NULL;
}

static void tell(struct berth_host *host, const struct dhcp *d, enum berth_notice_kind kind)
{
	struct ip ip = ip_of_lease(d);

	host_notice(host, &(struct berth_notice){
				  .kind = (uint8_t)kind,
				  .interface = d->interface,
				  .address = ip_to_address(&ip),
				  .prefix = d->client.lease.prefix,
			  });
}

/* ---- sending ---- */

static void put_checksum(uint8_t *udp, size_t n, const struct ip *source, const struct ip *destination)
{
	uint8_t from[4], to[4];
	uint16_t sum;

	put_be32(from, ip_to_ip4(source));
	put_be32(to, ip_to_ip4(destination));
	sum = checksum_finish(checksum_add(checksum_pseudo(from, to, 4, IP_PROTOCOL_UDP, (uint32_t)n), udp, n));
	put_be16(udp + UDP_OFF_CHECKSUM, sum ? sum : UINT16_MAX);
}

/* To one server from the lease's address; else to all, from that when it is in use. false: there is no way. */
static bool send(struct berth_host *host, const struct dhcp *d, const struct dhcp_message *m, bool unicast)
{
	struct ip destination = ip_of_ip4(unicast ? d->client.lease.server : UINT32_MAX);
	struct ip source = ip_of_ip4(m->client);
	struct udp_header udp = {.source_port = DHCP_CLIENT_PORT, .destination_port = DHCP_SERVER_PORT};
	uint8_t bytes[UDP_HEADER + MESSAGE_MAX];
	struct ip_send what = {.source = source, .protocol = IP_PROTOCOL_UDP, .payload = bytes};
	struct host_path path;

	assert(dhcp_len(m) <= MESSAGE_MAX);
	if (!unicast)
		destination.scope = d->interface;
	if (!host_route(host, &destination, &path)) {
		host->counters.dhcp.not_sent++;
		return false;
	}
	udp.len = (uint16_t)(UDP_HEADER + dhcp_len(m));
	dhcp_emit(m, udp_header_emit(&udp, bytes));
	destination.scope = 0;
	put_checksum(bytes, udp.len, &source, &destination);
	what.len = udp.len;
	ip_send(host, &path, &what);
	return true;
}

static void send_message(struct berth_host *host, struct dhcp *d)
{
	struct dhcp_message m;

	dhcp_client_message(&d->client, host->now, &m);
	if (m.type == DHCP_DISCOVER)
		host->counters.dhcp.discovers_out++;
	else
		host->counters.dhcp.requests_out++;
	send(host, d, &m, dhcp_client_is_unicast(&d->client));
}

static void send_decline(struct berth_host *host, struct dhcp *d)
{
	struct dhcp_message m;

	dhcp_client_decline(&d->client, &m);
	host->counters.dhcp.declines_out++;
	send(host, d, &m, false);
}

/* ---- what a lease means ---- */

static bool is_of_dhcp(const struct host_route *route, const void *what)
{
	const struct dhcp *d = what;

	return route->origin == ORIGIN_DHCP && route->interface == d->interface && ip_is_ip4(&route->destination);
}

static void add_route(struct berth_host *host, const struct dhcp *d, uint32_t destination, unsigned prefix,
		      uint32_t gateway)
{
	struct host_route route = {
		.destination = ip_of_ip4(destination),
		.prefix = (uint8_t)(IP4_PREFIX + prefix),
		.interface = d->interface,
		.origin = ORIGIN_DHCP,
		.valid_until = d->client.expires,
	};

	if (gateway)
		route.gateway = ip_of_ip4(gateway);
	if (!host_route_insert(host, &route))
		host->counters.dhcp.ignored++;
}

static bool same_routes(const struct dhcp_lease *a, const struct dhcp_lease *b)
{
	return a->prefix == b->prefix && a->n_routes == b->n_routes &&
	       memcmp(a->routes, b->routes, sizeof(a->routes)) == 0;
}

/* The same for longer: they keep their place among others of the same prefix. */
static void extend_routes(struct berth_host *host, const struct dhcp *d)
{
	for (unsigned i = 0; i < host->n_routes; i++) {
		if (is_of_dhcp(&host->routes[i], d))
			host->routes[i].valid_until = d->client.expires;
	}
	host_path_forget(host);
}

static void set_routes(struct berth_host *host, const struct dhcp *d)
{
	const struct dhcp_lease *lease = &d->client.lease;

	if (d->has_applied && same_routes(lease, &d->applied)) {
		extend_routes(host, d);
		return;
	}
	host_route_remove(host, is_of_dhcp, d);
	for (unsigned i = 0; i < lease->n_routes; i++) {
		const struct dhcp_route *r = &lease->routes[i];
		struct ip gateway = ip_of_ip4(r->gateway);

		/* Beside the network, but on the link: a way to the gateway comes first. */
		if (r->gateway && !host_is_on_link(host, d->interface, &gateway))
			add_route(host, d, r->gateway, 32, 0);
		add_route(host, d, r->destination, r->prefix, r->gateway);
	}
}

static bool same_names(const struct dhcp_lease *a, const struct dhcp_lease *b)
{
	return memcmp(&a->dns, &b->dns, sizeof(a->dns)) == 0 && a->n_search == b->n_search &&
	       memcmp(a->search, b->search, sizeof(a->search)) == 0 && strcmp(a->domain, b->domain) == 0;
}

/* RFC 3397 has the search domains in place of the domain. */
static void set_names(struct berth_host *host, const struct dhcp *d)
{
	const struct dhcp_lease *lease = &d->client.lease;
	const char *name = lease->search;

	if (d->has_applied && !same_names(lease, &d->applied))
		host_dns_drop(host, ORIGIN_DHCP, d->interface);
	for (unsigned i = 0; i < lease->dns.n; i++) {
		struct ip server = ip_of_ip4(lease->dns.ip[i]);

		host_dns_set(host, ORIGIN_DHCP, d->interface, &server, d->client.expires);
	}
	for (unsigned i = 0; i < lease->n_search; i++, name += strlen(name) + 1)
		host_search_set(host, ORIGIN_DHCP, d->interface, name, d->client.expires);
	if (lease->n_search == 0 && lease->domain[0])
		host_search_set(host, ORIGIN_DHCP, d->interface, lease->domain, d->client.expires);
}

/* No more than the link carries, and where IPv6 is spoken no less than that needs. */
static void set_mtu(struct berth_host *host, const struct dhcp *d, uint16_t mtu)
{
	struct host_interface *interface = &host->interfaces[d->interface];

	if (mtu == 0 || mtu > interface->mtu_link)
		interface->mtu = interface->mtu_link;
	else if (!interface->ip6 || mtu >= HOST_IP6_MTU)
		interface->mtu = mtu;
	host_path_forget(host);
}

static void apply(struct berth_host *host, struct dhcp *d)
{
	struct host_address *a = address_of(host, d);

	if (a)
		a->preferred_until = a->valid_until = d->client.expires;
	set_routes(host, d);
	set_names(host, d);
	set_mtu(host, d, d->client.lease.mtu);
	if (d->has_applied) {
		host->counters.dhcp.renewals++;
	} else {
		host->counters.dhcp.leases++;
		tell(host, d, BERTH_NOTICE_DHCP_LEASE);
	}
	d->applied = d->client.lease;
	d->has_applied = true;
}

static void drop_address(struct berth_host *host, const struct dhcp *d)
{
	struct host_address *a = address_of(host, d);

	if (a)
		host_address_drop(host, a);
}

static void drop(struct berth_host *host, struct dhcp *d)
{
	host_route_remove(host, is_of_dhcp, d);
	host_dns_drop(host, ORIGIN_DHCP, d->interface);
	if (d->has_applied && d->applied.mtu)
		set_mtu(host, d, 0);
	drop_address(host, d);
	d->has_applied = false;
}

/* ---- the client's deeds ---- */

static void perform(struct berth_host *host, struct dhcp *d, unsigned deeds);

/* Puts the lease's address into the table, not to be used before acd.c says so. */
static void probe(struct berth_host *host, struct dhcp *d)
{
	struct ip ip = ip_of_lease(d);
	unsigned prefix = IP4_PREFIX + d->client.lease.prefix;

	/* The program has given this host the same address: that is somebody who has it. And when there is no room for
	 * one more, there may be later. */
	if (host_address_find(host, &ip))
		perform(host, d, dhcp_client_probed(&d->client, false, host->now));
	else if (!host_address_make(host, d->interface, &ip, prefix, ORIGIN_DHCP, ADDRESS_TENTATIVE))
		perform(host, d, dhcp_client_probed(&d->client, false, host->now) & ~DHCP_DO_DECLINE);
}

static void perform(struct berth_host *host, struct dhcp *d, unsigned deeds)
{
	if (deeds & DHCP_DO_DROP) {
		host->counters.dhcp.lost++;
		tell(host, d, BERTH_NOTICE_DHCP_LOST);
		drop(host, d);
	}
	if (deeds & DHCP_DO_DECLINE) {
		drop_address(host, d);
		send_decline(host, d);
	}
	if (deeds & DHCP_DO_SEND)
		send_message(host, d);
	if (deeds & DHCP_DO_PROBE)
		probe(host, d);
	if (deeds & DHCP_DO_APPLY)
		apply(host, d);
	if (deeds & DHCP_DO_NO_ANSWER) {
		host->counters.dhcp.no_answer++;
		host_notice(host,
			    &(struct berth_notice){.kind = BERTH_NOTICE_DHCP_NO_ANSWER, .interface = d->interface});
	}
	host_arm(host, &d->timer, d->client.at);
}

static void due(struct berth_host *host, struct host_timer *timer)
{
	struct dhcp *d = CONTAINER_OF(timer, struct dhcp, timer);

	perform(host, d, dhcp_client_due(&d->client, host->now, &host->rng));
}

void dhcp_address_free(struct berth_host *host, unsigned interface)
{
	struct dhcp *d = host->dhcp[interface];

	if (d)
		perform(host, d, dhcp_client_probed(&d->client, true, host->now));
}

void dhcp_address_taken(struct berth_host *host, unsigned interface)
{
	struct dhcp *d = host->dhcp[interface];

	if (d)
		perform(host, d, dhcp_client_conflict(&d->client, host->now));
}

/* ---- answers ---- */

bool dhcp_listens(const struct berth_host *host, const struct ip_packet *packet)
{
	const uint8_t *udp = packet->frame->data + packet->off_payload;

	return host->dhcp[packet->interface] && packet->family == BERTH_IP4 && packet->protocol == IP_PROTOCOL_UDP &&
	       packet->len_payload >= UDP_HEADER && get_be16(udp + 2) == DHCP_CLIENT_PORT &&
	       ip_is_unicast(&packet->destination);
}

bool dhcp_in(struct berth_host *host, const struct ip_packet *packet, uint16_t source_port, uint32_t off, uint32_t len)
{
	struct dhcp *d = host->dhcp[packet->interface];
	struct dhcp_message m;

	if (!d)
		return false;
	if (source_port != DHCP_SERVER_PORT || dhcp_parse(packet->frame->data + off, len, &m) != DHCP_OK) {
		host->counters.dhcp.bad++;
		return true;
	}
	perform(host, d, dhcp_client_in(&d->client, &m, host->now, &host->rng, &host->counters.dhcp));
	return true;
}

/* ---- life ---- */

int dhcp_start(struct berth_host *host, unsigned number)
{
	const struct host_interface *interface = &host->interfaces[number];
	struct dhcp_client_config config = {0};
	struct dhcp *d = host->dhcp[number];
	uint32_t room = interface->mtu - IP4_HEADER - UDP_HEADER;

	if (d)
		return BERTH_OK;
	d = host->memory->alloc(host->memory->context, sizeof(*d));
	if (!d)
		return BERTH_ENOMEM;
	*d = (struct dhcp){.interface = (uint8_t)number, .timer = {.due = due}};
	memcpy(config.mac, interface->mac, 6);
	memcpy(config.name, host->config.name, sizeof(config.name));
	/* Answers are to come in one piece. */
	config.largest = room > MESSAGE_MAX ? (uint16_t)room : MESSAGE_MAX;
	config.ms_retry = interface->ms_acd ? interface->ms_acd * (DHCP_MS_RETRY_FIRST / 1000) : DHCP_MS_RETRY_FIRST;
	if (config.ms_retry < DHCP_MS_RETRY_LEAST)
		config.ms_retry = DHCP_MS_RETRY_LEAST;
	config.key.k0 = siphash24(host->key, interface->mac, 6);
	config.key.k1 = siphash24(host->key, &(uint64_t){number}, sizeof(uint64_t));
	dhcp_client_init(&d->client, &config, host->now, &host->rng);
	host->dhcp[number] = d;
	host_arm(host, &d->timer, d->client.at);
	return BERTH_OK;
}

static void end(struct berth_host *host, struct dhcp *d)
{
	wheel_cancel(&host->wheel, &d->timer.timer);
	host->dhcp[d->interface] = NULL;
	host->memory->free(host->memory->context, d, sizeof(*d));
}

void dhcp_stop(struct berth_host *host, unsigned interface)
{
	struct dhcp *d = host->dhcp[interface];
	struct dhcp_message m;

	if (!d)
		return;
	if (dhcp_client_release(&d->client, &m) && send(host, d, &m, true))
		host->counters.dhcp.releases_out++;
	drop(host, d);
	end(host, d);
}

void dhcp_deinit(struct berth_host *host)
{
	for (unsigned i = 0; i < host->n_interfaces; i++) {
		if (host->dhcp[i])
			end(host, host->dhcp[i]);
	}
}

bool berth_host_lease(const struct berth_host *host, int interface, struct berth_lease *lease)
{
	const struct dhcp *d;
	struct ip ip, server;

	if (interface < 0 || (uint32_t)interface >= host->n_interfaces)
		return false;
	d = host->dhcp[interface];
	if (!d || !d->has_applied)
		return false;
	ip = ip_of_ip4(d->applied.ip);
	server = ip_of_ip4(d->applied.server);
	*lease = (struct berth_lease){
		.address = ip_to_address(&ip),
		.server = ip_to_address(&server),
		.prefix = d->applied.prefix,
		.until = d->client.expires,
	};
	strcpy(lease->host_name, d->applied.host_name);
	strcpy(lease->domain, d->applied.domain);
	return true;
}
