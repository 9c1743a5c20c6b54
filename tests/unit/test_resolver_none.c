/* The resolver of a berth that is built without c-ares: addresses and what needs no server. */
#include "names_bed.h"

static void test_addresses_only(void **state)
{
	struct names_bed bed;

	bed_init(&bed, NULL, 0);
	assert_resolves(&bed, "192.0.2.1", BERTH_ANY_FAMILY, "192.0.2.1");
	assert_resolves(&bed, "localhost", BERTH_IP4, "127.0.0.1");
	assert_resolves(&bed, "a.invalid", BERTH_ANY_FAMILY, "ENOENT");
	assert_resolves(&bed, "a.example", BERTH_ANY_FAMILY, "EPROTONOSUPPORT");
	assert_int_equal(bed.n_udp, 0);
	bed_deinit(&bed);
}

static void on_done(void *user, int descriptor, const struct berth_socket_address *foreign)
{
	struct answer *answer = user;

	answer->done = true;
	answer->n = descriptor;
}

static void test_dialing_addresses(void **state)
{
	struct names_bed bed;
	struct answer to_server = {0}, to_name = {0};

	bed_init(&bed, NULL, 0);
	assert_int_equal(berth_dial(bed.resolver, "10.0.0.2", 53, NULL, on_done, &to_server, NULL), 0);
	assert_int_equal(berth_dial(bed.resolver, "a.example", 53, NULL, on_done, &to_name, NULL), 0);
	bed_run(&bed, &to_server.done);
	bed_run(&bed, &to_name.done);
	assert_true(to_server.n >= 0);
	assert_int_equal(to_name.n, BERTH_EPROTONOSUPPORT);
	berth_close(bed.client, to_server.n);
	bed_deinit(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_only),
		cmocka_unit_test(test_dialing_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
