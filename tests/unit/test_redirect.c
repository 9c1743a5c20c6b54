/* Redirects: RFC 4861 section 8. */
#include <stdio.h>

#include "discovery.h"
#include "one_host6.h"

#define ROUTER "fe80::1"
#define BETTER "fe80::2"
#define FAR "2001:db8:9::9"

static const struct nd_router usual = {.s_lifetime = 9000};

/* A host with a router, on an interface that believes redirects. */
static void init(struct one *o)
{
	struct advert a;

	one_init(o);
	o->host->interfaces[1].redirects = true;
	assert_int_equal(berth_host_interface_auto(o->host, 1, BERTH_AUTO_ROUTERS), 0);
	give6(o, "fd00::7", 64);
	one_run(o, o->now + 3 * SECOND);
	advert_begin(&a, &usual);
	advert_mac(&a, mac_router);
	one_advertise(o, &a, ROUTER);
	one_clear(o);
	assert_next_hop(o, FAR, ROUTER);
}

struct redirect_spec {
	const char *source, *target, *destination;
	const uint8_t *mac; /* of the target; NULL: it is not said */
	bool hop_limit_1;
};

static void redirect(struct one *o, const struct redirect_spec *spec)
{
	struct nd_option option = {.type = ND_TARGET_MAC};
	struct ip target = six(spec->target), destination = six(spec->destination);
	struct nd_redirect r;
	uint8_t body[64], *end;
	struct icmp6_spec s = {.source = six(spec->source),
			       .destination = six("fd00::7"),
			       .from = mac_router,
			       .hop_limit_1 = spec->hop_limit_1,
			       .type = ICMP6_REDIRECT,
			       .body = body};

	ip_to_16_bytes(&target, r.target);
	ip_to_16_bytes(&destination, r.destination);
	end = nd_redirect_emit(&r, body);
	if (spec->mac) {
		memcpy(option.mac, spec->mac, 6);
		end = nd_option_emit(&option, end);
	}
	s.len_body = (size_t)(end - body);
	one_icmp6(o, &s);
	one_out(o);
}

static void not_unless_asked_for(void **state)
{
	struct berth_interface_config config;
	struct one o;

	(void)state;
	berth_interface_config_default(&config);
	assert_false(config.redirects);
	init(&o);
	o.host->interfaces[1].redirects = false;
	redirect(&o, &(struct redirect_spec){ROUTER, BETTER, FAR, mac_other, false});
	assert_next_hop(&o, FAR, ROUTER);
	assert_counter(&o, "nd_ignored", 1);
	assert_counter(&o, "nd_redirected", 0);
	one_deinit(&o);
}

/* A better router, for that destination alone and for a while. */
static void to_a_router(void **state)
{
	struct ip ip = six(BETTER);
	struct neighbour *n;
	struct one o;

	(void)state;
	init(&o);
	redirect(&o, &(struct redirect_spec){ROUTER, BETTER, FAR, mac_other, false});
	assert_next_hop(&o, FAR, BETTER);
	assert_next_hop(&o, "2001:db8:9::8", ROUTER);
	n = neighbour_find(o.host, 1, &ip);
	assert_memory_equal(n->mac, mac_other, 6);
	assert_int_equal(n->state, NEIGHBOUR_STALE);
	assert_true(n->is_router);
	/* From now on it is that router who may say so. */
	redirect(&o, &(struct redirect_spec){ROUTER, "fe80::3", FAR, NULL, false});
	assert_next_hop(&o, FAR, BETTER);
	redirect(&o, &(struct redirect_spec){BETTER, "fe80::3", FAR, NULL, false});
	assert_next_hop(&o, FAR, "fe80::3");
	one_run(&o, o.now + 601 * SECOND);
	assert_next_hop(&o, FAR, ROUTER);
	one_deinit(&o);
}

static void to_the_link(void **state)
{
	struct one o;

	(void)state;
	init(&o);
	redirect(&o, &(struct redirect_spec){ROUTER, FAR, FAR, mac_other, false});
	assert_next_hop(&o, FAR, FAR);
	one_deinit(&o);
}

/* Who does not answer is no way to anywhere. */
static void target_does_not_answer(void **state)
{
	static const char *const targets[] = {BETTER, FAR};
	struct ip ip = six(FAR);
	struct berth_socket_address to = {ip_to_address(&ip), 9};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct one o;
		int s;

		init(&o);
		redirect(&o, &(struct redirect_spec){ROUTER, targets[i], FAR, NULL, false});
		assert_next_hop(&o, FAR, targets[i]);
		s = berth_socket(o.host, BERTH_IP6, BERTH_DATAGRAM);
		berth_sendto(o.host, s, "x", 1, 0, &to);
		one_run(&o, o.now + 4 * SECOND);
		assert_next_hop(&o, FAR, ROUTER);
		one_deinit(&o);
	}
}

/* RFC 4861 section 8.1. */
static void not_valid(void **state)
{
	struct one o;

	(void)state;
	init(&o);
	redirect(&o, &(struct redirect_spec){ROUTER, BETTER, FAR, NULL, true});
	redirect(&o, &(struct redirect_spec){"2001:db8::1", BETTER, FAR, NULL, false});
	redirect(&o, &(struct redirect_spec){ROUTER, "2001:db8::2", FAR, NULL, false});
	redirect(&o, &(struct redirect_spec){ROUTER, BETTER, "ff0e::1", NULL, false});
	redirect(&o, &(struct redirect_spec){ROUTER, BETTER, FAR, (const uint8_t *)"\x33\x33\0\0\0\1", false});
	assert_counter(&o, "nd_bad", 5);
	/* Not from the router who has that destination; about this host, or the link, or IPv4. */
	redirect(&o, &(struct redirect_spec){BETTER, "fe80::3", FAR, NULL, false});
	redirect(&o, &(struct redirect_spec){ROUTER, BETTER, "fd00::7", NULL, false});
	redirect(&o, &(struct redirect_spec){ROUTER, BETTER, "fd00::5", NULL, false});
	redirect(&o, &(struct redirect_spec){ROUTER, BETTER, "::ffff:192.168.1.5", NULL, false});
	redirect(&o, &(struct redirect_spec){ROUTER, BETTER, "::1", NULL, false});
	redirect(&o, &(struct redirect_spec){ROUTER, "fd00::7", "fd00::7", NULL, false});
	assert_counter(&o, "nd_refused", 6);
	assert_counter(&o, "nd_redirected", 0);
	assert_next_hop(&o, FAR, ROUTER);
	assert_next_hop(&o, "fd00::5", "fd00::5");
	one_deinit(&o);
}

static void thousand(void **state)
{
	unsigned n = 0;
	struct one o;

	(void)state;
	init(&o);
	for (unsigned i = 0; i < 1000; i++) {
		char text[32];

		snprintf(text, sizeof(text), "2001:db8:a::%x", i + 1);
		redirect(&o, &(struct redirect_spec){ROUTER, BETTER, text, NULL, false});
		assert_next_hop(&o, text, BETTER);
		one_run(&o, o.now + MS);
	}
	for (unsigned i = 0; i < o.host->n_routes; i++)
		n += o.host->routes[i].origin == ORIGIN_REDIRECT;
	assert_int_equal(n, 16);
	assert_counter(&o, "nd_full", 1000 - 16);
	/* The same one again takes nobody's place. */
	redirect(&o, &(struct redirect_spec){BETTER, "fe80::3", "2001:db8:a::3e8", NULL, false});
	assert_counter(&o, "nd_full", 1000 - 16);
	assert_next_hop(&o, FAR, ROUTER);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_unless_asked_for),   cmocka_unit_test(to_a_router), cmocka_unit_test(to_the_link),
		cmocka_unit_test(target_does_not_answer), cmocka_unit_test(not_valid),   cmocka_unit_test(thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
