/* A host's DHCP client opposite a server that does what the test says: a lease's whole life, bad wires, and lies. */
#include "dhcp_server.h"

static const uint8_t none[6], broadcast_mac[6] = {255, 255, 255, 255, 255, 255};

/* The whole of what a lease brings is there, or nothing of it. */
static void assert_applied(struct bed *bed, bool applied)
{
	struct berth_address dns[4];
	char domain[BERTH_DOMAIN_MAX];
	struct berth_lease lease;

	assert_int_equal(berth_host_lease(bed->host, 1, &lease), applied);
	assert_int_equal(bed_address(bed, FIRST), applied ? ADDRESS_PREFERRED : ADDRESS_FREE);
	assert_int_equal(berth_host_dns(bed->host, dns, 4), applied ? 2 : 0);
	assert_int_equal(berth_host_search(bed->host, 0, domain), applied);
	assert_int_equal(bed->host->interfaces[1].mtu, applied ? 1400 : 1500);
	bed_send(bed, IP(198, 51, 100, 1));
	assert_int_equal(bed->asked, applied ? ROUTER : 0);
	if (!applied)
		return;
	assert_int_equal(get_be32(dns[0].bytes), SERVER);
	assert_int_equal(get_be32(dns[1].bytes), IP(9, 9, 9, 9));
	assert_string_equal(domain, "example.test");
	assert_int_equal(get_be32(lease.address.bytes), FIRST);
	assert_int_equal(get_be32(lease.server.bytes), SERVER);
	assert_int_equal(lease.prefix, 24);
	assert_true(lease.until > bed->now && lease.until <= bed->lease_ends);
	assert_string_equal(lease.domain, "example.test");
	assert_string_equal(lease.host_name, "ship");
}

static void whole_life(void **state)
{
	struct berth_notice notice;
	struct bed bed;
	berth_time bound;

	(void)state;
	bed_init(&bed, 1);
	assert_int_equal(berth_host_interface_auto(bed.host, 1, BERTH_AUTO_DHCP), 0);
	assert_true(bed_wait(&bed, BERTH_NOTICE_ADDRESS_READY, 5 * SECOND, &notice));
	assert_int_equal(get_be32(notice.address.bytes), FIRST);
	assert_true(bed_wait(&bed, BERTH_NOTICE_DHCP_LEASE, 0, &notice));
	assert_int_equal(get_be32(notice.address.bytes), FIRST);
	assert_int_equal(notice.prefix, 24);
	assert_int_equal(notice.interface, 1);
	bound = bed.now;
	assert_int_equal(bed.n[DHCP_DISCOVER], 1);
	assert_int_equal(bed.n[DHCP_REQUEST], 1);
	assert_int_equal(get_be32(bed.last_ip.source), 0);
	assert_int_equal(get_be32(bed.last_ip.destination), UINT32_MAX);
	assert_memory_equal(bed.last_mac, broadcast_mac, 6);
	assert_string_equal(bed.last.host_name, "berth");
	assert_applied(&bed, true);

	/* T1: to the server alone, from the address. */
	bed_run(&bed, bound + 1801 * SECOND);
	assert_int_equal(bed.n[DHCP_REQUEST], 2);
	assert_int_equal(get_be32(bed.last_ip.source), FIRST);
	assert_int_equal(get_be32(bed.last_ip.destination), SERVER);
	assert_memory_equal(bed.last_mac, server_mac, 6);
	assert_int_equal(bed.last.client, FIRST);
	assert_int_equal(bed_counter(&bed, "dhcp_renewals"), 1);
	assert_applied(&bed, true);

	/* The server hears no more what is sent to it alone: T2, to all. */
	bed.no_unicast = true;
	bound = bed.now;
	bed_run(&bed, bound + 3160 * SECOND);
	assert_int_equal(bed.n[DHCP_REQUEST], 3);
	assert_memory_equal(bed.last_mac, broadcast_mac, 6);
	assert_int_equal(get_be32(bed.last_ip.source), FIRST);
	assert_int_equal(bed_counter(&bed, "dhcp_renewals"), 2);
	assert_applied(&bed, true);

	/* It says nothing any more: the end. */
	bed.silent = true;
	while (berth_host_next_notice(bed.host, &notice))
		;
	assert_true(bed_wait(&bed, BERTH_NOTICE_DHCP_LOST, 3700 * SECOND, &notice));
	assert_int_equal(get_be32(notice.address.bytes), FIRST);
	assert_true(bed.now <= bed.lease_ends + 100 * MS);
	assert_true(bed_wait(&bed, BERTH_NOTICE_ADDRESS_GONE, 0, &notice));
	assert_applied(&bed, false);
	assert_true(bed_wait(&bed, BERTH_NOTICE_DHCP_NO_ANSWER, 30 * SECOND, &notice));
	assert_int_equal(bed_counter(&bed, "dhcp_no_answer"), 1);

	/* It is back, and so is the host; which then goes. */
	bed.silent = bed.no_unicast = false;
	assert_true(bed_wait(&bed, BERTH_NOTICE_DHCP_LEASE, 70 * SECOND, &notice));
	assert_applied(&bed, true);
	assert_int_equal(berth_host_interface_auto(bed.host, 1, 0), 0);
	bed_run(&bed, bed.now + SECOND);
	assert_int_equal(bed.n[DHCP_RELEASE], 1);
	assert_int_equal(bed.last.client, FIRST);
	assert_int_equal(get_be32(bed.last_ip.source), FIRST);
	assert_memory_equal(bed.last_mac, server_mac, 6);
	assert_applied(&bed, false);
	bed.n_frames = 0;
	bed_run(&bed, bed.now + 7200 * SECOND);
	assert_int_equal(bed.n_frames, 0);
	assert_int_equal(bed_counter(&bed, "dhcp_leases"), 2);
	assert_int_equal(bed_counter(&bed, "dhcp_lost"), 1);
	assert_int_equal(bed_counter(&bed, "dhcp_releases_out"), 1);
	bed_deinit(&bed);
}

/* Before the answer nothing is sent from the address, and it is asked for with probes. */
static void probes_first(void **state)
{
	struct bed bed;

	(void)state;
	bed_init(&bed, 1);
	berth_host_interface_auto(bed.host, 1, BERTH_AUTO_DHCP);
	while (bed_address(&bed, FIRST) == ADDRESS_FREE)
		bed_run(&bed, bed.now + MS);
	assert_int_equal(bed_address(&bed, FIRST), ADDRESS_TENTATIVE);
	bed_send(&bed, SERVER);
	assert_memory_equal(bed.sent_to, none, 6);
	while (bed_address(&bed, FIRST) == ADDRESS_TENTATIVE)
		bed_run(&bed, bed.now + MS);
	assert_int_equal(bed_counter(&bed, "acd_probes_out"), 3);
	bed_send(&bed, SERVER);
	assert_memory_equal(bed.sent_to, server_mac, 6);
	bed_deinit(&bed);
}

static void answers_to_all(void **state)
{
	struct bed bed;

	(void)state;
	bed_init(&bed, 1);
	bed.broadcasts = true;
	bed_bind(&bed);
	assert_applied(&bed, true);
	bed_deinit(&bed);
}

static void short_leases(struct bed *bed)
{
	bed->grant.s_lease = 300;
	bed->grant.has_t1 = bed->grant.has_t2 = true;
	bed->grant.s_t1 = 60;
	bed->grant.s_t2 = 200;
}

/* Lost and repeated frames each way, and a server that is away now and then. Never is an address used for longer than
 * any server has granted it, and with a server that answers there is soon one again. */
static void bad_wire(void **state)
{
	unsigned n_leases = 0, n_renewals = 0, n_lost = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct berth_notice notice;
		struct bed bed;

		bed_init(&bed, seed);
		short_leases(&bed);
		bed.percent_lost = 30;
		bed.percent_twice = 30;
		berth_host_interface_auto(bed.host, 1, BERTH_AUTO_DHCP);
		for (unsigned i = 0; i < 600; i++) {
			if (rng_below(&bed.rng, 60) == 0)
				bed.silent = !bed.silent;
			bed_run(&bed, bed.now + 10 * SECOND);
			assert_true(bed_address(&bed, FIRST) == ADDRESS_FREE || bed.now <= bed.lease_ends);
		}
		bed.silent = false;
		bed.percent_lost = 0;
		if (bed_address(&bed, FIRST) != ADDRESS_PREFERRED)
			assert_true(bed_wait(&bed, BERTH_NOTICE_DHCP_LEASE, 200 * SECOND, &notice));
		n_leases += (unsigned)bed_counter(&bed, "dhcp_leases");
		n_renewals += (unsigned)bed_counter(&bed, "dhcp_renewals");
		n_lost += (unsigned)bed_counter(&bed, "dhcp_lost");
		bed_deinit(&bed);
	}
	assert_true(n_leases > 100 && n_renewals > 1000 && n_lost > 50);
}

static void refused(void **state)
{
	struct berth_notice notice;
	struct bed bed;

	(void)state;
	bed_init(&bed, 1);
	short_leases(&bed);
	bed_bind(&bed);
	bed.refuses = true;
	assert_true(bed_wait(&bed, BERTH_NOTICE_DHCP_LOST, 70 * SECOND, &notice));
	assert_applied(&bed, false);
	bed_run(&bed, bed.now + 600 * SECOND);
	assert_true(bed_counter(&bed, "dhcp_naks_in") > 8 && bed_counter(&bed, "dhcp_naks_in") < 20);
	bed.refuses = false;
	assert_true(bed_wait(&bed, BERTH_NOTICE_DHCP_LEASE, 70 * SECOND, &notice));
	bed_deinit(&bed);
}

/* Somebody has what the server gives: declined, and another is taken ten seconds later. */
static void declined(void **state)
{
	struct berth_notice notice;
	struct bed bed;
	berth_time at;

	(void)state;
	bed_init(&bed, 1);
	bed.conflict = FIRST;
	berth_host_interface_auto(bed.host, 1, BERTH_AUTO_DHCP);
	assert_true(bed_wait(&bed, BERTH_NOTICE_ADDRESS_DUPLICATE, 5 * SECOND, &notice));
	assert_int_equal(notice.mac[5], 9);
	at = bed.now;
	assert_int_equal(bed.n[DHCP_DECLINE], 1);
	assert_int_equal(bed.last.requested, FIRST);
	assert_int_equal(bed.last.server_id, SERVER);
	assert_int_equal(get_be32(bed.last_ip.source), 0);
	assert_memory_equal(bed.last_mac, broadcast_mac, 6);
	assert_int_equal(bed_address(&bed, FIRST), ADDRESS_FREE);
	assert_true(bed_wait(&bed, BERTH_NOTICE_DHCP_LEASE, 15 * SECOND, &notice));
	assert_true(bed.now >= at + 9 * SECOND);
	assert_int_equal(get_be32(notice.address.bytes), FIRST + 1);
	assert_int_equal(bed_counter(&bed, "dhcp_lost"), 0);
	bed_deinit(&bed);
}

/* Claimed while in use: defended once, then given up, declined, and another taken. */
static void conflict_later(void **state)
{
	struct berth_notice notice;
	struct bed bed;

	(void)state;
	bed_init(&bed, 1);
	bed_bind(&bed);
	bed_claim(&bed, FIRST);
	assert_applied(&bed, true);
	bed_claim(&bed, FIRST);
	bed_run(&bed, bed.now);
	assert_applied(&bed, false);
	assert_int_equal(bed.n[DHCP_DECLINE], 1);
	assert_true(bed_wait(&bed, BERTH_NOTICE_ADDRESS_DUPLICATE, 0, &notice));
	assert_true(bed_wait(&bed, BERTH_NOTICE_DHCP_LOST, 0, &notice));
	assert_true(bed_wait(&bed, BERTH_NOTICE_DHCP_LEASE, 15 * SECOND, &notice));
	assert_int_equal(get_be32(notice.address.bytes), FIRST + 1);
	bed_deinit(&bed);
}

/* The program has given the host what the server gives it, too. */
static void same_by_hand(void **state)
{
	struct berth_address a = berth_ip4(192, 168, 1, 50);
	struct berth_notice notice;
	struct bed bed;

	(void)state;
	bed_init(&bed, 1);
	assert_int_equal(berth_host_address_add(bed.host, 1, &a, 24), 0);
	bed_run(&bed, bed.now + 2 * SECOND);
	berth_host_interface_auto(bed.host, 1, BERTH_AUTO_DHCP);
	assert_true(bed_wait(&bed, BERTH_NOTICE_DHCP_LEASE, 15 * SECOND, &notice));
	assert_int_equal(get_be32(notice.address.bytes), FIRST + 1);
	assert_int_equal(bed.n[DHCP_DECLINE], 1);
	assert_int_equal(berth_host_interface_auto(bed.host, 1, 0), 0);
	assert_int_equal(bed_address(&bed, FIRST), ADDRESS_PREFERRED);
	assert_int_equal(bed_address(&bed, FIRST + 1), ADDRESS_FREE);
	bed_deinit(&bed);
}

/* What a renewed lease says otherwise is otherwise. */
static void renewed_otherwise(void **state)
{
	struct berth_notice notice;
	struct berth_address dns[4];
	char domain[BERTH_DOMAIN_MAX];
	struct bed bed;

	(void)state;
	bed_init(&bed, 1);
	short_leases(&bed);
	bed_bind(&bed);
	while (berth_host_next_notice(bed.host, &notice))
		;
	bed_run(&bed, bed.now + 65 * SECOND);
	assert_int_equal(bed_counter(&bed, "dhcp_renewals"), 1);
	assert_false(berth_host_next_notice(bed.host, &notice));
	bed.grant.routers.ip[0] = IP(192, 168, 1, 2);
	bed.grant.dns = (struct dhcp_ips){.n = 1, .ip = {IP(9, 9, 9, 9)}};
	memcpy(bed.grant.search, "a.test\0b.test", 14);
	bed.grant.n_search = 2;
	bed.grant.mtu = 1300;
	assert_true(bed_wait(&bed, BERTH_NOTICE_DNS, 70 * SECOND, &notice));
	assert_int_equal(berth_host_dns(bed.host, dns, 4), 1);
	assert_int_equal(get_be32(dns[0].bytes), IP(9, 9, 9, 9));
	assert_true(berth_host_search(bed.host, 1, domain));
	assert_string_equal(domain, "b.test");
	assert_false(berth_host_search(bed.host, 2, domain));
	bed_send(&bed, IP(198, 51, 100, 1));
	assert_int_equal(bed.asked, IP(192, 168, 1, 2));
	assert_int_equal(bed.host->interfaces[1].mtu, 1300);
	bed.grant.has_mtu = false;
	bed_run(&bed, bed.now + 70 * SECOND);
	assert_int_equal(bed.host->interfaces[1].mtu, 1500);
	bed_deinit(&bed);
}

/* Whom packets to an address go to first: 0 when nobody is asked for. */
static uint32_t next_hop(struct bed *bed, uint32_t to)
{
	bed_send(bed, to);
	return bed->asked;
}

static void routes(void **state)
{
	struct bed bed;

	(void)state;
	bed_init(&bed, 1);
	bed.grant.n_routes = 4;
	bed.grant.routes[0] = (struct dhcp_route){IP(10, 0, 0, 0), IP(192, 168, 1, 9), 8};
	bed.grant.routes[1] = (struct dhcp_route){IP(10, 1, 0, 0), 0, 16};
	bed.grant.routes[2] = (struct dhcp_route){0, IP(192, 168, 1, 8), 0};
	bed.grant.routes[3] = (struct dhcp_route){IP(127, 0, 0, 0), IP(192, 168, 1, 8), 8};
	bed_bind(&bed);
	assert_int_equal(next_hop(&bed, IP(10, 9, 9, 9)), IP(192, 168, 1, 9));
	assert_int_equal(next_hop(&bed, IP(10, 1, 9, 9)), IP(10, 1, 9, 9));
	assert_int_equal(next_hop(&bed, IP(198, 51, 100, 1)), IP(192, 168, 1, 8));
	assert_true(bed_counter(&bed, "dhcp_ignored") >= 1);
	bed_deinit(&bed);
}

/* A network of one address, and the router beside it. */
static void router_beside(void **state)
{
	struct bed bed;

	(void)state;
	bed_init(&bed, 1);
	bed.grant.mask = UINT32_MAX;
	bed.grant.routers.ip[0] = IP(10, 0, 0, 1);
	bed_bind(&bed);
	assert_int_equal(next_hop(&bed, IP(198, 51, 100, 1)), IP(10, 0, 0, 1));
	bed_run(&bed, bed.now + 10 * SECOND); /* nobody answers: forgotten */
	assert_int_equal(next_hop(&bed, IP(192, 168, 1, 77)), IP(10, 0, 0, 1));
	berth_host_interface_auto(bed.host, 1, 0);
	assert_int_equal(next_hop(&bed, IP(198, 51, 100, 1)), 0);
	bed_deinit(&bed);
}

/* ---- lies ---- */

static void lie_lease(struct bed *bed, struct dhcp_message *m)
{
	m->s_lease = 0;
}

static void lie_no_lease(struct bed *bed, struct dhcp_message *m)
{
	m->has_lease = false;
}

static void lie_multicast(struct bed *bed, struct dhcp_message *m)
{
	m->yours = IP(224, 0, 0, 1);
}

static void lie_loopback(struct bed *bed, struct dhcp_message *m)
{
	m->yours = IP(127, 0, 0, 1);
}

static void lie_broadcast(struct bed *bed, struct dhcp_message *m)
{
	m->yours = IP(192, 168, 1, 255);
}

static void lie_none(struct bed *bed, struct dhcp_message *m)
{
	m->yours = 0;
}

static void lie_server(struct bed *bed, struct dhcp_message *m)
{
	m->server_id = UINT32_MAX;
}

static void lie_no_server(struct bed *bed, struct dhcp_message *m)
{
	m->has_server_id = false;
}

static void lie_xid(struct bed *bed, struct dhcp_message *m)
{
	m->xid ^= 1;
}

static void lie_mac(struct bed *bed, struct dhcp_message *m)
{
	m->mac[0] ^= 4;
}

static void lie_op(struct bed *bed, struct dhcp_message *m)
{
	m->op = DHCP_TO_SERVER;
}

static void lie_type(struct bed *bed, struct dhcp_message *m)
{
	m->type = DHCP_NO_TYPE;
}

/* With any of these there is no address; and with a server that does not lie there is one soon. */
static void lies(void **state)
{
	void (*const all[])(struct bed *, struct dhcp_message *) = {
		lie_lease,  lie_no_lease,  lie_multicast, lie_loopback, lie_broadcast, lie_none,
		lie_server, lie_no_server, lie_xid,       lie_mac,      lie_op,        lie_type,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct berth_notice notice;
		struct bed bed;

		bed_init(&bed, i + 1);
		bed.broadcasts = true;
		bed.change = all[i];
		berth_host_interface_auto(bed.host, 1, BERTH_AUTO_DHCP);
		assert_false(bed_wait(&bed, BERTH_NOTICE_DHCP_LEASE, 300 * SECOND, &notice));
		assert_int_equal(bed.n[DHCP_REQUEST], 0);
		assert_int_equal(bed.host->n_addresses, 2);
		assert_true(bed_counter(&bed, "dhcp_refused") + bed_counter(&bed, "dhcp_not_for_us") +
				    bed_counter(&bed, "dhcp_unexpected") >=
			    4);
		bed.change = NULL;
		assert_true(bed_wait(&bed, BERTH_NOTICE_DHCP_LEASE, 80 * SECOND, &notice));
		bed_deinit(&bed);
	}
}

static void lie_much(struct bed *bed, struct dhcp_message *m)
{
	m->has_mtu = true;
	m->mtu = 68;
	m->mask = IP(255, 0, 255, 0);
	m->has_t1 = m->has_t2 = true;
	m->s_t1 = 4000;
	m->s_t2 = 10;
	m->routers = (struct dhcp_ips){.n = 3, .ip = {0, FIRST, IP(224, 0, 0, 1)}};
	m->dns = (struct dhcp_ips){.n = 2, .ip = {IP(127, 0, 0, 1), UINT32_MAX}};
}

/* Values that cannot be, in a lease that can: left out, counted. */
static void small_lies(void **state)
{
	struct bed bed;

	(void)state;
	bed_init(&bed, 1);
	bed.change = lie_much;
	bed_bind(&bed);
	assert_int_equal(bed.host->interfaces[1].mtu, 1500);
	assert_int_equal(berth_host_dns(bed.host, NULL, 0), 0);
	assert_int_equal(next_hop(&bed, IP(192, 168, 1, 77)), 0);
	assert_int_equal(bed_counter(&bed, "dhcp_ignored"), 8);
	/* An address without a network or a router has no way to the server alone, but to all. */
	bed_run(&bed, bed.now + 1801 * SECOND);
	assert_int_equal(bed_counter(&bed, "dhcp_not_sent"), 1);
	bed_run(&bed, bed.now + 1400 * SECOND);
	assert_int_equal(bed_counter(&bed, "dhcp_renewals"), 1);
	bed_deinit(&bed);
}

/* Messages in which bytes are changed at random: nothing that breaks, and the good server gets through. */
static void garbled(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		uint8_t bytes[1024];
		struct berth_notice notice;
		struct dhcp_message m;
		struct bed bed;
		size_t n;

		bed_init(&bed, seed);
		bed.silent = true;
		berth_host_interface_auto(bed.host, 1, BERTH_AUTO_DHCP);
		bed_run(&bed, bed.now + SECOND);
		for (unsigned i = 0; i < 1000; i++) {
			m = bed.grant;
			m.type = (uint8_t)(1 + rng_below(&bed.rng, 8));
			m.xid = bed.last.xid;
			memcpy(m.mac, client_mac, 6);
			m.has_server_id = true;
			m.server_id = SERVER;
			n = (size_t)(dhcp_emit(&m, bytes) - bytes);
			for (unsigned k = 0; k < 4; k++)
				bytes[DHCP_HEADER + rng_below(&bed.rng, n - DHCP_HEADER)] = (uint8_t)rng_next(&bed.rng);
			n -= rng_below(&bed.rng, 20);
			bed_say_bytes(&bed, bytes, n, DHCP_SERVER_PORT, UINT32_MAX);
			bed_run(&bed, bed.now + 100 * MS);
		}
		bed.silent = false;
		if (bed_address(&bed, FIRST) != ADDRESS_PREFERRED)
			assert_true(bed_wait(&bed, BERTH_NOTICE_DHCP_LEASE, 4000 * SECOND, &notice));
		bed_deinit(&bed);
	}
}

/* ---- who is listened to ---- */

static void ports(void **state)
{
	struct dhcp_message m;
	struct bed bed;
	uint8_t x = 0;

	(void)state;
	bed_init(&bed, 1);
	m = bed.grant;
	m.type = DHCP_OFFER;
	/* Nothing runs: port 68 is as any other. */
	bed_say(&bed, &m, DHCP_SERVER_PORT);
	assert_int_equal(bed_counter(&bed, "ip_not_for_us"), 1);
	assert_int_equal(bed_counter(&bed, "dhcp_bad"), 0);
	berth_host_interface_auto(bed.host, 1, BERTH_AUTO_DHCP);
	bed_say(&bed, &m, 68);
	assert_int_equal(bed_counter(&bed, "dhcp_bad"), 1);
	bed_say_bytes(&bed, &x, 1, DHCP_SERVER_PORT, FIRST);
	bed_say_bytes(&bed, &x, 0, DHCP_SERVER_PORT, UINT32_MAX);
	assert_int_equal(bed_counter(&bed, "dhcp_bad"), 3);
	/* To a group that is not joined it is nobody's, as ever. */
	bed_say_bytes(&bed, &x, 1, DHCP_SERVER_PORT, IP(239, 1, 2, 3));
	assert_int_equal(bed_counter(&bed, "dhcp_bad"), 3);
	bed_deinit(&bed);
}

static void arguments(void **state)
{
	struct berth_interface_config interface;
	struct bed bed;

	(void)state;
	bed_init(&bed, 1);
	berth_interface_config_default(&interface);
	strcpy(interface.name, "tun0");
	interface.ethernet = false;
	assert_int_equal(berth_host_interface_add(bed.host, &interface), 2);
	assert_int_equal(berth_host_interface_auto(bed.host, 0, BERTH_AUTO_DHCP), BERTH_EINVAL);
	assert_int_equal(berth_host_interface_auto(bed.host, 2, BERTH_AUTO_DHCP), BERTH_EINVAL);
	assert_int_equal(berth_host_interface_auto(bed.host, 3, BERTH_AUTO_DHCP), BERTH_EINVAL);
	assert_int_equal(berth_host_interface_auto(bed.host, -1, BERTH_AUTO_DHCP), BERTH_EINVAL);
	assert_int_equal(berth_host_interface_auto(bed.host, 1, 1u << 31), BERTH_EINVAL);
	assert_int_equal(berth_host_interface_auto(bed.host, 2, 0), 0);
	for (int i = -1; i < 4; i++)
		assert_false(berth_host_lease(bed.host, i, &(struct berth_lease){0}));
	assert_int_equal(berth_host_interface_auto(bed.host, 1, 0), 0);
	/* Twice is once; taken away before anything was said, nothing is. */
	assert_int_equal(berth_host_interface_auto(bed.host, 1, BERTH_AUTO_DHCP), 0);
	assert_int_equal(berth_host_interface_auto(bed.host, 1, BERTH_AUTO_DHCP), 0);
	assert_int_equal(berth_host_interface_auto(bed.host, 1, 0), 0);
	bed_run(&bed, bed.now + 100 * SECOND);
	assert_int_equal(bed.n_frames, 0);
	/* A host that ends in the middle leaves nothing behind. */
	assert_int_equal(berth_host_interface_auto(bed.host, 1, BERTH_AUTO_DHCP), 0);
	bed_run(&bed, bed.now + 300 * MS);
	bed_deinit(&bed);
}

/* A thousand routes and servers, renewal after renewal: the tables do not grow. */
static void bounded(void **state)
{
	struct bed bed;
	uint32_t n_routes;

	(void)state;
	bed_init(&bed, 1);
	short_leases(&bed);
	bed.grant.n_routes = DHCP_ROUTES_MAX;
	for (unsigned i = 0; i < DHCP_ROUTES_MAX; i++)
		bed.grant.routes[i] = (struct dhcp_route){IP(10, i, 0, 0), IP(172, 16, 0, 1 + i), 16};
	bed.grant.dns.n = DHCP_IPS_MAX;
	for (unsigned i = 0; i < DHCP_IPS_MAX; i++)
		bed.grant.dns.ip[i] = IP(10, 0, 0, 1 + i);
	bed_bind(&bed);
	n_routes = bed.host->n_routes;
	assert_true(n_routes <= HOST_ROUTES_MAX);
	for (unsigned i = 0; i < 50; i++) {
		bed.grant.routes[0].gateway ^= 1u << (i % 8);
		bed_run(&bed, bed.now + 60 * SECOND);
		assert_true(bed.host->n_routes <= n_routes + 1);
	}
	assert_true(bed_counter(&bed, "dhcp_renewals") >= 45);
	berth_host_interface_auto(bed.host, 1, 0);
	assert_int_equal(bed.host->n_routes, 2);
	bed_deinit(&bed);
}

/* Each allocation fails once: there is an error for the program, or the client tries again. */
static void out_of_memory(void **state)
{
	bool failed = true;

	(void)state;
	for (unsigned n = 1; failed; n++) {
		struct berth_notice notice;
		struct bed bed;

		if (bed_init_failing(&bed, n)) {
			if (berth_host_interface_auto(bed.host, 1, BERTH_AUTO_DHCP) == BERTH_ENOMEM)
				assert_int_equal(berth_host_interface_auto(bed.host, 1, BERTH_AUTO_DHCP), 0);
			assert_true(bed_wait(&bed, BERTH_NOTICE_DHCP_LEASE, 60 * SECOND, &notice));
			assert_int_equal(berth_host_interface_auto(bed.host, 1, 0), 0);
			bed_run(&bed, bed.now + SECOND);
		}
		failed = bed.n_until_failure == 0;
		bed_deinit(&bed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_life),     cmocka_unit_test(probes_first),  cmocka_unit_test(answers_to_all),
		cmocka_unit_test(bad_wire),       cmocka_unit_test(refused),       cmocka_unit_test(declined),
		cmocka_unit_test(conflict_later), cmocka_unit_test(same_by_hand),  cmocka_unit_test(renewed_otherwise),
		cmocka_unit_test(routes),         cmocka_unit_test(router_beside), cmocka_unit_test(lies),
		cmocka_unit_test(small_lies),     cmocka_unit_test(garbled),       cmocka_unit_test(ports),
		cmocka_unit_test(arguments),      cmocka_unit_test(bounded),       cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
