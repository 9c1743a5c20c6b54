/* The scripted DHCP server of test_dhcp, and the wire to it. */
#include "dhcp_server.h"

#include "arp.h"
#include "checksum.h"
#include "eth.h"
#include "udp_header.h"

const uint8_t client_mac[6] = {2, 0, 0, 0, 0, 7}, server_mac[6] = {2, 0, 0, 0, 0, 5};
static const uint8_t other_mac[6] = {2, 0, 0, 0, 0, 9}, all_mac[6] = {255, 255, 255, 255, 255, 255};

static bool chance(struct bed *bed, unsigned percent)
{
	return rng_below(&bed->rng, 100) < percent;
}

/* ---- to the host ---- */

static void give(struct bed *bed, const uint8_t *bytes, size_t n)
{
	unsigned copies = chance(bed, bed->percent_lost) ? 0 : 1 + chance(bed, bed->percent_twice);

	while (copies-- > 0) {
		struct berth_frame *frame = berth_frame_new(bed->memory, (uint32_t)n);

		assert_non_null(frame);
		memcpy(frame->data, bytes, n);
		frame->len = (uint32_t)n;
		berth_host_frame_in(bed->host, 1, frame, bed->now);
	}
}

static uint8_t *put_eth(uint8_t *to, const uint8_t *destination, const uint8_t *source, uint16_t type)
{
	struct eth_header eth = {.type = type};

	memcpy(eth.destination, destination, 6);
	memcpy(eth.source, source, 6);
	return eth_emit(&eth, to);
}

static void say_arp(struct bed *bed, const uint8_t *mac, uint32_t ip, uint32_t to)
{
	struct arp_packet arp = {.operation = ARP_REPLY};
	uint8_t bytes[ETH_HEADER + ARP_LEN];

	memcpy(arp.sender_mac, mac, 6);
	memcpy(arp.target_mac, client_mac, 6);
	put_be32(arp.sender_ip, ip);
	put_be32(arp.target_ip, to);
	arp_emit(&arp, put_eth(bytes, client_mac, mac, ETH_TYPE_ARP));
	give(bed, bytes, sizeof(bytes));
}

void bed_say_bytes(struct bed *bed, const uint8_t *bytes, size_t n, uint16_t port, uint32_t destination)
{
	size_t len = ETH_HEADER + IP4_HEADER + UDP_HEADER + n;
	uint8_t *frame = malloc(len), *to, *udp_at;
	struct ip4_header ip = {.ttl = 64, .protocol = IP_PROTOCOL_UDP, .total_len = (uint16_t)(len - ETH_HEADER)};
	struct udp_header udp = {.source_port = port, .destination_port = DHCP_CLIENT_PORT};
	uint64_t sum;

	assert_non_null(frame);
	put_be32(ip.source, SERVER);
	put_be32(ip.destination, destination);
	udp.len = (uint16_t)(UDP_HEADER + n);
	to = put_eth(frame, destination == UINT32_MAX ? all_mac : client_mac, server_mac, ETH_TYPE_IP4);
	udp_at = ip4_emit(&ip, to);
	memcpy(udp_header_emit(&udp, udp_at), bytes, n);
	sum = checksum_pseudo(ip.source, ip.destination, 4, IP_PROTOCOL_UDP, udp.len);
	put_be16(udp_at + UDP_OFF_CHECKSUM, checksum_finish(checksum_add(sum, udp_at, udp.len)));
	give(bed, frame, len);
	free(frame);
}

void bed_say(struct bed *bed, const struct dhcp_message *m, uint16_t port)
{
	uint8_t bytes[4096];
	uint32_t to = bed->broadcasts || m->type == DHCP_NAK ? UINT32_MAX : m->yours;

	assert_true(dhcp_len(m) <= sizeof(bytes));
	bed_say_bytes(bed, bytes, (size_t)(dhcp_emit(m, bytes) - bytes), port, to);
}

void bed_claim(struct bed *bed, uint32_t ip)
{
	say_arp(bed, other_mac, ip, ip);
}

/* ---- the server ---- */

static void answer(struct bed *bed, const struct dhcp_message *m, enum dhcp_type type)
{
	struct dhcp_message a = bed->grant;

	if (type == DHCP_NAK)
		a = (struct dhcp_message){.op = DHCP_TO_CLIENT};
	a.type = (uint8_t)type;
	a.xid = m->xid;
	memcpy(a.mac, m->mac, 6);
	a.has_server_id = true;
	a.server_id = SERVER;
	if (type == DHCP_ACK && a.has_lease && bed->now + a.s_lease * SECOND > bed->lease_ends)
		bed->lease_ends = bed->now + a.s_lease * SECOND;
	if (bed->change)
		bed->change(bed, &a);
	bed_say(bed, &a, DHCP_SERVER_PORT);
}

static void request(struct bed *bed, const struct dhcp_message *m)
{
	uint32_t wanted = m->has_requested ? m->requested : m->client;

	if (m->has_server_id && m->server_id != SERVER)
		return;
	answer(bed, m, bed->refuses || wanted != bed->grant.yours ? DHCP_NAK : DHCP_ACK);
}

static void serve(struct bed *bed, const struct ip4_header *ip, const uint8_t *mac, const uint8_t *p, size_t n)
{
	struct dhcp_message m;

	assert_int_equal(dhcp_parse(p, n, &m), DHCP_OK);
	assert_int_equal(m.op, DHCP_TO_SERVER);
	assert_int_equal(m.n_bad + m.n_cut, 0);
	if (bed->no_unicast && !(mac[0] & 1))
		return;
	bed->n[m.type]++;
	bed->last = m;
	bed->last_ip = *ip;
	memcpy(bed->last_mac, mac, 6);
	if (bed->silent)
		return;
	if (m.type == DHCP_DISCOVER)
		answer(bed, &m, DHCP_OFFER);
	else if (m.type == DHCP_REQUEST)
		request(bed, &m);
	else if (m.type == DHCP_DECLINE)
		bed->grant.yours++;
}

/* ---- from the host ---- */

static void take_ip(struct bed *bed, const struct eth_header *eth, const uint8_t *p, size_t n)
{
	struct ip4_header ip;
	struct udp_header udp;
	uint64_t sum;

	assert_int_equal(ip4_parse(p, n, &ip), IP4_OK);
	if (ip.protocol != IP_PROTOCOL_UDP) {
		memcpy(bed->sent_to, eth->destination, 6);
		return;
	}
	p += ip.len_header;
	assert_int_equal(udp_header_parse(p, n - ip.len_header, &udp), UDP_HEADER);
	sum = checksum_pseudo(ip.source, ip.destination, 4, IP_PROTOCOL_UDP, udp.len);
	assert_int_equal(checksum_finish(checksum_add(sum, p, udp.len)), 0);
	if (udp.destination_port != DHCP_SERVER_PORT) {
		memcpy(bed->sent_to, eth->destination, 6);
		return;
	}
	assert_int_equal(udp.source_port, DHCP_CLIENT_PORT);
	serve(bed, &ip, eth->destination, p + UDP_HEADER, (size_t)udp.len - UDP_HEADER);
}

static void take_arp(struct bed *bed, const uint8_t *p, size_t n)
{
	struct arp_packet arp;
	uint32_t target, sender;

	assert_int_equal(arp_parse(p, n, &arp), ARP_LEN);
	target = get_be32(arp.target_ip);
	sender = get_be32(arp.sender_ip);
	if (arp.operation != ARP_REQUEST)
		return;
	if (sender != target)
		bed->asked = target;
	if (target == bed->conflict)
		say_arp(bed, other_mac, target, sender);
	else if (target == SERVER)
		say_arp(bed, server_mac, target, sender);
}

static void take(struct bed *bed, const uint8_t *p, size_t n)
{
	struct eth_header eth;

	bed->n_frames++;
	assert_int_equal(eth_parse(p, n, &eth), ETH_HEADER);
	assert_memory_equal(eth.source, client_mac, 6);
	if (eth.type == ETH_TYPE_ARP)
		take_arp(bed, p + ETH_HEADER, n - ETH_HEADER);
	else if (eth.type == ETH_TYPE_IP4)
		take_ip(bed, &eth, p + ETH_HEADER, n - ETH_HEADER);
}

static unsigned move(struct bed *bed)
{
	struct berth_frame_out out[8];
	struct berth_frame *frames[8];
	unsigned n = berth_host_frames_out(bed->host, bed->now, out, 8);

	for (unsigned i = 0; i < n; i++)
		frames[i] = berth_frame_copy(&out[i], bed->memory);
	for (unsigned i = 0; i < n; i++) {
		unsigned copies = chance(bed, bed->percent_lost) ? 0 : 1 + chance(bed, bed->percent_twice);

		assert_non_null(frames[i]);
		while (copies-- > 0)
			take(bed, frames[i]->data, frames[i]->len);
		berth_frame_unref(frames[i]);
	}
	return n;
}

void bed_run(struct bed *bed, berth_time until)
{
	for (;;) {
		berth_time next;

		while (move(bed) > 0)
			;
		next = berth_host_deadline(bed->host);
		if (next > until)
			break;
		if (next > bed->now)
			bed->now = next;
		berth_host_expire(bed->host, bed->now);
	}
	bed->now = until;
	berth_host_expire(bed->host, bed->now);
	while (move(bed) > 0)
		;
}

bool bed_wait(struct bed *bed, enum berth_notice_kind kind, berth_time at_most, struct berth_notice *notice)
{
	berth_time end = bed->now + at_most;

	for (;;) {
		while (berth_host_next_notice(bed->host, notice)) {
			if (notice->kind == kind)
				return true;
		}
		if (bed->now >= end)
			return false;
		bed_run(bed, end - bed->now < 50 * MS ? end : bed->now + 50 * MS);
	}
}

void bed_bind(struct bed *bed)
{
	struct berth_notice notice;

	assert_int_equal(berth_host_interface_auto(bed->host, 1, BERTH_AUTO_DHCP), 0);
	assert_true(bed_wait(bed, BERTH_NOTICE_DHCP_LEASE, 5 * SECOND, &notice));
}

void bed_send(struct bed *bed, uint32_t to)
{
	struct berth_socket_address a = {.port = 9, .address = {.family = BERTH_IP4}};
	int s = berth_socket(bed->host, BERTH_IP4, BERTH_DATAGRAM);

	put_be32(a.address.bytes, to);
	bed->asked = 0;
	memset(bed->sent_to, 0, 6);
	berth_sendto(bed->host, s, "x", 1, 0, &a);
	bed_run(bed, bed->now);
	berth_close(bed->host, s);
}

/* ---- life ---- */

static void add_interface(struct bed *bed)
{
	struct berth_interface_config interface;

	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth0");
	memcpy(interface.mac, client_mac, 6);
	interface.ms_acd = 100;
	assert_int_equal(berth_host_interface_add(bed->host, &interface), 1);
}

static void *host_alloc(void *context, size_t n)
{
	struct bed *bed = context;

	if (bed->n_until_failure && --bed->n_until_failure == 0)
		return NULL;
	return bed->memory->alloc(bed->memory->context, n);
}

static void host_free(void *context, void *p, size_t n)
{
	struct bed *bed = context;

	bed->memory->free(bed->memory->context, p, n);
}

static bool init(struct bed *bed, uint64_t seed, unsigned n_until_failure)
{
	struct berth_host_config config;

	memset(bed, 0, sizeof(*bed));
	bed->pool = berth_pool_new(berth_memory_libc(), 0);
	bed->memory = berth_pool_memory(bed->pool);
	bed->now = 1000 * SECOND;
	bed->grant = (struct dhcp_message){
		.op = DHCP_TO_CLIENT,
		.yours = FIRST,
		.has_lease = true,
		.s_lease = 3600,
		.has_mask = true,
		.mask = IP(255, 255, 255, 0),
		.routers = {.n = 1, .ip = {ROUTER}},
		.dns = {.n = 2, .ip = {SERVER, IP(9, 9, 9, 9)}},
		.host_name = "ship",
		.domain = "example.test",
		.has_mtu = true,
		.mtu = 1400,
	};
	rng_init(&bed->rng, seed);
	berth_host_config_default(&config);
	bed->n_until_failure = n_until_failure;
	bed->host_memory = (struct berth_memory){.alloc = host_alloc, .free = host_free, .context = bed};
	config.memory = &bed->host_memory;
	config.seed = seed;
	strcpy(config.name, "berth");
	if (berth_host_new(&config, &bed->host) != 0)
		return false;
	add_interface(bed);
	berth_host_expire(bed->host, bed->now);
	return true;
}

void bed_init(struct bed *bed, uint64_t seed)
{
	assert_true(init(bed, seed, 0));
}

bool bed_init_failing(struct bed *bed, unsigned n)
{
	return init(bed, 1, n);
}

void bed_deinit(struct bed *bed)
{
	bed->host = berth_host_free(bed->host);
	assert_int_equal(berth_pool_in_use(bed->pool), 0);
	bed->pool = berth_pool_free(bed->pool);
}

uint64_t bed_counter(const struct bed *bed, const char *name)
{
	struct berth_counter c;

	for (size_t i = 0; berth_host_counter(bed->host, i, &c); i++) {
		if (strcmp(c.name, name) == 0)
			return c.value;
	}
	fail_msg("no counter '%s'", name);
	return 0;
}

enum host_address_state bed_address(const struct bed *bed, uint32_t ip4)
{
	struct ip ip = ip_of_ip4(ip4);
	const struct host_address *a = host_address_find(bed->host, &ip);

	return a ? (enum host_address_state)a->state : ADDRESS_FREE;
}
