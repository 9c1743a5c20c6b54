/* Duplicate address detection: RFC 4862 section 5.4, 7527, and what RFC 7217 makes of a duplicate. */
#include "discovery.h"
#include "one_host6.h"

#define OWN "fd00::7"

static struct host_address *own(struct one *o)
{
	struct ip ip = six(OWN);

	return host_address_find(o->host, &ip);
}

/* The question about an address that has come out, from frame *i on. */
static bool next_question(struct one *o, unsigned *i, const struct ip *target, struct sent6 *sent,
			  struct nd_neighbour *nd)
{
	uint8_t bytes[16];

	ip_to_bytes(target, bytes);
	while (next_icmp6(o, i, ICMP6_NEIGHBOUR_SOLICIT, sent)) {
		assert_true(nd_neighbour_parse(&sent->message, nd));
		if (memcmp(nd->target, bytes, 16) == 0)
			return true;
	}
	return false;
}

static unsigned count_questions(struct one *o, const struct ip *target)
{
	struct nd_neighbour nd;
	struct sent6 sent;
	unsigned n = 0, i = 0;

	while (next_question(o, &i, target, &sent, &nd))
		n++;
	return n;
}

/* Until the question about the address has gone out. */
static void run_until_asked(struct one *o, const struct ip *target)
{
	for (unsigned i = 0; count_questions(o, target) == 0; i++) {
		assert_true(i < 110);
		one_run(o, o->now + 10 * MS);
	}
}

static void asks_before_use(void **state)
{
	struct ip ip = six(OWN);
	struct nd_neighbour nd;
	struct berth_notice notice;
	struct sent6 sent;
	struct one o;
	unsigned i = 0;

	(void)state;
	one_init(&o);
	give6(&o, OWN, 64);
	assert_int_equal(own(&o)->state, ADDRESS_TENTATIVE);
	assert_false(host_is_own(o.host, &ip));
	run_until_asked(&o, &ip);
	assert_true(next_question(&o, &i, &ip, &sent, &nd));
	assert_true(ip_is_none(&sent.source));
	assert_ip(&sent.destination, "ff02::1:ff00:7");
	assert_memory_equal(sent.to, "\x33\x33\xff\0\0\7", 6);
	assert_int_equal(sent.ip.hop_limit, 255);
	assert_true(nd.has_nonce);
	assert_false(nd.has_mac);
	one_run(&o, o.now + 980 * MS);
	assert_int_equal(own(&o)->state, ADDRESS_TENTATIVE);
	one_run(&o, o.now + 20 * MS);
	assert_int_equal(own(&o)->state, ADDRESS_PREFERRED);
	assert_int_equal(count_questions(&o, &ip), 1);
	one_run(&o, o.now + 2 * SECOND);
	assert_true(next_notice(&o, BERTH_NOTICE_ADDRESS_READY, &notice));
	/* RFC 9131: the routers hear where it is. */
	i = 0;
	assert_true(next_icmp6(&o, &i, ICMP6_NEIGHBOUR_ADVERT, &sent));
	assert_ip(&sent.destination, "ff02::2");
	assert_ip(&sent.source, OWN);
	one_deinit(&o);
}

/* Nothing is answered and nothing said from a tentative address. */
static void tentative_is_silent(void **state)
{
	struct berth_socket_address to = {.port = 9};
	struct ip ip = six("fd00::5");
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	give6(&o, OWN, 64);
	to.address = ip_to_address(&ip);
	s = berth_socket(o.host, BERTH_IP6, BERTH_DATAGRAM);
	assert_int_equal(berth_sendto(o.host, s, "x", 1, 0, &to), BERTH_ENETUNREACH);
	one_solicit(&o, "fd00::5", OWN, mac_peer);
	one_nd(&o, &(struct nd_spec){.type = ICMP6_NEIGHBOUR_SOLICIT,
				     .source = six("fd00::5"),
				     .destination = six(OWN),
				     .target = six(OWN),
				     .mac = mac_peer});
	one_out(&o);
	assert_int_equal(count_icmp6(&o, ICMP6_NEIGHBOUR_ADVERT), 0);
	assert_int_equal(own(&o)->state, ADDRESS_TENTATIVE);
	one_run(&o, o.now + 3 * SECOND);
	assert_int_equal(own(&o)->state, ADDRESS_PREFERRED);
	one_deinit(&o);
}

static void check_duplicate(struct one *o, const uint8_t *mac)
{
	struct berth_notice notice;
	struct ip ip = six(OWN);

	assert_int_equal(own(o)->state, ADDRESS_DUPLICATE);
	assert_counter(o, "nd_duplicates", 1);
	assert_true(next_notice(o, BERTH_NOTICE_ADDRESS_DUPLICATE, &notice));
	assert_memory_equal(notice.mac, mac, 6);
	assert_int_equal(notice.prefix, 64);
	/* Never used, however long it takes. */
	one_run(o, o->now + 100 * SECOND);
	assert_int_equal(own(o)->state, ADDRESS_DUPLICATE);
	assert_false(host_is_own(o->host, &ip));
	one_clear(o);
	one_solicit(o, "fd00::5", OWN, mac_peer);
	one_out(o);
	assert_int_equal(count_icmp6(o, ICMP6_NEIGHBOUR_ADVERT), 0);
	assert_source(o, "fd00::5", "fe80::", 10);
	/* The program may take it away, and give another one. */
	assert_int_equal(berth_host_address_remove(o->host, 1, &notice.address), 0);
	give6(o, "fd00::8", 64);
	one_run(o, o->now + 3 * SECOND);
	assert_source(o, "fd00::5", "fd00::8", 128);
	one_deinit(o);
}

static void somebody_has_it(void **state)
{
	struct ip ip = six(OWN);
	struct one o;

	(void)state;
	one_init(&o);
	give6(&o, OWN, 64);
	run_until_asked(&o, &ip);
	one_nd(&o, &(struct nd_spec){.type = ICMP6_NEIGHBOUR_ADVERT,
				     .source = six(OWN),
				     .destination = six("ff02::1"),
				     .target = six(OWN),
				     .from = mac_other,
				     .mac = mac_other,
				     .flags = ND_OVERRIDE});
	check_duplicate(&o, mac_other);
}

/* Before the host's own question has gone out. */
static void somebody_asks_first(void **state)
{
	struct one o;

	(void)state;
	one_init(&o);
	give6(&o, OWN, 64);
	one_nd(&o, &(struct nd_spec){.type = ICMP6_NEIGHBOUR_SOLICIT,
				     .source = six("::"),
				     .destination = solicited_node(OWN),
				     .target = six(OWN),
				     .from = mac_other});
	check_duplicate(&o, mac_other);
}

static void somebody_asks_too(void **state)
{
	struct ip ip = six(OWN);
	struct one o;

	(void)state;
	one_init(&o);
	give6(&o, OWN, 64);
	run_until_asked(&o, &ip);
	one_nd(&o, &(struct nd_spec){.type = ICMP6_NEIGHBOUR_SOLICIT,
				     .source = six("::"),
				     .destination = solicited_node(OWN),
				     .target = six(OWN),
				     .from = mac_other,
				     .nonce = (const uint8_t *)"others"});
	check_duplicate(&o, mac_other);
}

/* RFC 7527: the link sends back what the host has said. */
static void own_question_comes_back(void **state)
{
	struct ip ip = six(OWN);
	struct nd_neighbour nd;
	struct sent6 sent;
	struct one o;
	unsigned i = 0;

	(void)state;
	one_init(&o);
	give6(&o, OWN, 64);
	run_until_asked(&o, &ip);
	assert_true(next_question(&o, &i, &ip, &sent, &nd));
	one_frame(&o, o.out[i - 1].bytes, o.out[i - 1].n);
	one_frame(&o, o.out[i - 1].bytes, o.out[i - 1].n);
	assert_counter(&o, "nd_dad_looped", 2);
	assert_counter(&o, "nd_duplicates", 0);
	assert_int_equal(own(&o)->state, ADDRESS_TENTATIVE);
	one_run(&o, o.now + 3980 * MS);
	assert_int_equal(own(&o)->state, ADDRESS_TENTATIVE);
	assert_int_equal(count_questions(&o, &ip), 4);
	one_run(&o, o.now + 20 * MS);
	assert_int_equal(own(&o)->state, ADDRESS_PREFERRED);
	one_deinit(&o);
}

/* The link-local address comes with the first one, and is asked for likewise. */
static void brings_link_local(void **state)
{
	struct host_address *a;
	struct one o;

	(void)state;
	one_init(&o);
	assert_null(address_in(&o, "fe80::", 10));
	give6(&o, OWN, 64);
	a = address_in(&o, "fe80::", 64);
	assert_non_null(a);
	assert_int_equal(a->state, ADDRESS_TENTATIVE);
	assert_int_equal(a->origin, ORIGIN_HOST);
	one_run(&o, o.now + 2100 * MS);
	assert_int_equal(a->state, ADDRESS_PREFERRED);
	assert_int_equal(count_questions(&o, &a->ip), 1);
	assert_next_hop(&o, "fe80::5", "fe80::5");
	/* And goes with the last one. */
	assert_int_equal(berth_host_address_remove(
				 o.host, 1, &(struct berth_address){.family = BERTH_IP6, .bytes = {0xfd, [15] = 7}}),
			 0);
	assert_null(address_in(&o, "fe80::", 10));
	assert_false(o.host->interfaces[1].ip6);
	one_deinit(&o);
}

/* One that the program gives takes its place. */
static void link_local_by_hand(void **state)
{
	struct berth_address address;
	struct host_address *a;
	struct one o;

	(void)state;
	one_init(&o);
	give6(&o, OWN, 64);
	give6(&o, "fe80::7%1", 64);
	a = address_in(&o, "fe80::", 10);
	assert_ip(&a->ip, "fe80::7");
	assert_int_equal(a->origin, ORIGIN_HAND);
	/* Without it there is the host's own again. */
	assert_int_equal(berth_address_parse("fe80::7%1", &address), 0);
	assert_int_equal(berth_host_address_remove(o.host, 1, &address), 0);
	a = address_in(&o, "fe80::", 10);
	assert_int_equal(a->origin, ORIGIN_HOST);
	one_deinit(&o);
}

/* RFC 7217 section 6: three identifiers are tried. */
static void link_local_made_again(void **state)
{
	struct ip tried[3];
	struct host_address *a;
	struct one o;

	(void)state;
	one_init(&o);
	assert_int_equal(berth_host_interface_auto(o.host, 1, BERTH_AUTO_LINK_LOCAL), 0);
	for (unsigned i = 0; i < 3; i++) {
		a = address_in(&o, "fe80::", 64);
		assert_int_equal(a->state, ADDRESS_TENTATIVE);
		tried[i] = a->ip;
		for (unsigned j = 0; j < i; j++)
			assert_false(ip_equal(&tried[i], &tried[j]));
		run_until_asked(&o, &tried[i]);
		one_nd(&o, &(struct nd_spec){.type = ICMP6_NEIGHBOUR_ADVERT,
					     .source = tried[i],
					     .destination = six("ff02::1"),
					     .target = tried[i],
					     .mac = mac_other,
					     .flags = ND_OVERRIDE});
	}
	one_run(&o, o.now + 60 * SECOND);
	a = address_in(&o, "fe80::", 64);
	assert_int_equal(a->state, ADDRESS_DUPLICATE);
	assert_true(ip_equal(&a->ip, &tried[2]));
	assert_counter(&o, "nd_duplicates", 3);
	assert_int_equal(count_notices(&o, BERTH_NOTICE_ADDRESS_DUPLICATE), 3);
	one_deinit(&o);
}

/* RFC 7217: the same for the same secret, another one for another. */
static void link_local_is_stable(void **state)
{
	struct berth_host_config config;
	struct ip ips[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct one o;

		berth_host_config_default(&config);
		config.secret[5] = i == 2;
		config.seed = i;
		one_init_with(&o, &config);
		assert_int_equal(berth_host_interface_auto(o.host, 1, BERTH_AUTO_LINK_LOCAL), 0);
		ips[i] = address_in(&o, "fe80::", 64)->ip;
		one_deinit(&o);
	}
	assert_true(ip_equal(&ips[0], &ips[1]));
	assert_false(ip_equal(&ips[0], &ips[2]));
}

/* RFC 4862 section 5.4.5: the address of this very MAC is taken, so the MAC is. */
static void mac_is_taken(void **state)
{
	struct ip ip = six("fe80::ff:fe00:7");
	struct one o;

	(void)state;
	one_init(&o);
	give6(&o, "fe80::ff:fe00:7%1", 64);
	give6(&o, OWN, 64);
	run_until_asked(&o, &ip);
	one_nd(&o, &(struct nd_spec){.type = ICMP6_NEIGHBOUR_ADVERT,
				     .source = ip,
				     .destination = six("ff02::1"),
				     .target = ip,
				     .mac = mac_host,
				     .flags = ND_OVERRIDE});
	assert_false(o.host->interfaces[1].ip6);
	one_clear(&o);
	one_run(&o, o.now + 60 * SECOND);
	assert_int_equal(count_icmp6(&o, ICMP6_NEIGHBOUR_SOLICIT), 0);
	assert_int_equal(own(&o)->state, ADDRESS_DUPLICATE);
	one_solicit(&o, "fd00::5", OWN, mac_peer);
	one_out(&o);
	assert_int_equal(o.n_out, 0);
	one_deinit(&o);
}

/* Another address that is taken changes nothing but itself. */
static void other_is_taken(void **state)
{
	struct ip ip = six("fd00::8");
	struct one o;

	(void)state;
	one_init(&o);
	give6(&o, OWN, 64);
	give6(&o, "fd00::8", 64);
	run_until_asked(&o, &ip);
	one_advert(&o, "fd00::8", "ff02::1", mac_other, ND_OVERRIDE);
	one_run(&o, o.now + 3 * SECOND);
	assert_int_equal(own(&o)->state, ADDRESS_PREFERRED);
	assert_int_equal(host_address_find(o.host, &ip)->state, ADDRESS_DUPLICATE);
	assert_int_equal(address_in(&o, "fe80::", 64)->state, ADDRESS_PREFERRED);
	one_deinit(&o);
}

static void not_asked(void **state)
{
	struct ip ip = six(OWN);
	struct one o;

	(void)state;
	one_init(&o);
	o.host->interfaces[1].ms_dad = 0;
	give6(&o, OWN, 64);
	assert_int_equal(own(&o)->state, ADDRESS_PREFERRED);
	one_run(&o, o.now + 3 * SECOND);
	assert_int_equal(count_questions(&o, &ip), 0);
	one_deinit(&o);
}

/* Taken away while it is being asked for, the address leaves nothing behind. */
static void removed_while_asked(void **state)
{
	struct berth_address address;
	struct ip ip = six(OWN);
	struct one o;

	(void)state;
	one_init(&o);
	assert_int_equal(berth_address_parse(OWN, &address), 0);
	for (unsigned i = 0; i < 100; i++) {
		give6(&o, OWN, 64);
		assert_int_equal(berth_host_address_remove(o.host, 1, &address), 0);
	}
	one_run(&o, o.now + 10 * SECOND);
	assert_int_equal(count_questions(&o, &ip), 0);
	assert_int_equal(count_notices(&o, BERTH_NOTICE_ADDRESS_READY), 0);
	one_deinit(&o);
}

/* Storms of questions and answers about an address that is being asked for end in one verdict. */
static void storm(void **state)
{
	struct one o;

	(void)state;
	one_init(&o);
	give6(&o, OWN, 64);
	for (unsigned i = 0; i < 1000; i++) {
		one_advert(&o, OWN, "ff02::1", mac_other, ND_OVERRIDE);
		one_nd(&o, &(struct nd_spec){.type = ICMP6_NEIGHBOUR_SOLICIT,
					     .source = six("::"),
					     .destination = solicited_node(OWN),
					     .target = six(OWN),
					     .from = mac_other});
	}
	assert_counter(&o, "nd_duplicates", 1);
	assert_int_equal(count_notices(&o, BERTH_NOTICE_ADDRESS_DUPLICATE), 1);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_before_use),
		cmocka_unit_test(tentative_is_silent),
		cmocka_unit_test(somebody_has_it),
		cmocka_unit_test(somebody_asks_first),
		cmocka_unit_test(somebody_asks_too),
		cmocka_unit_test(own_question_comes_back),
		cmocka_unit_test(brings_link_local),
		cmocka_unit_test(link_local_by_hand),
		cmocka_unit_test(link_local_made_again),
		cmocka_unit_test(link_local_is_stable),
		cmocka_unit_test(mac_is_taken),
		cmocka_unit_test(other_is_taken),
		cmocka_unit_test(not_asked),
		cmocka_unit_test(removed_while_asked),
		cmocka_unit_test(storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
