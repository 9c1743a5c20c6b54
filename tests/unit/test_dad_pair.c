/* Two hosts on one cable that are given the same IPv6 address: the second says so and does not take it. */
#include "two_hosts.h"

#define SAME "fd00::99"

static void give_same(struct cable *c, unsigned i)
{
	struct berth_address address;

	assert_int_equal(berth_address_parse(SAME, &address), 0);
	assert_int_equal(berth_host_address_add(c->host[i], 1, &address, 64), 0);
}

static bool has_same(struct cable *c, unsigned i)
{
	struct berth_address address;
	struct ip ip;

	assert_int_equal(berth_address_parse(SAME, &address), 0);
	ip = ip_of_address(&address);
	return host_is_own(c->host[i], &ip);
}

static bool was_told(struct cable *c, unsigned i, enum berth_notice_kind kind, uint8_t mac[6])
{
	struct berth_notice notice;
	struct berth_address same;

	assert_int_equal(berth_address_parse(SAME, &same), 0);
	while (berth_host_next_notice(c->host[i], &notice)) {
		if (notice.kind == kind && berth_address_equal(&notice.address, &same)) {
			memcpy(mac, notice.mac, 6);
			return true;
		}
	}
	return false;
}

static void second_does_not_take_it(void **state)
{
	struct cable c = {.family = BERTH_IP6};
	struct berth_event event;
	uint8_t mac[6];

	(void)state;
	cable_init(&c);
	give_same(&c, 0);
	cable_run(&c, c.now + 5 * SECOND);
	assert_true(has_same(&c, 0));
	give_same(&c, 1);
	cable_run(&c, c.now + 5 * SECOND);
	assert_true(has_same(&c, 0));
	assert_false(has_same(&c, 1));
	assert_true(was_told(&c, 0, BERTH_NOTICE_ADDRESS_READY, mac));
	/* An event says that there is something to be told. */
	assert_true(berth_host_next_event(c.host[1], &event));
	assert_int_equal(event.descriptor, -1);
	assert_true(was_told(&c, 1, BERTH_NOTICE_ADDRESS_DUPLICATE, mac));
	assert_memory_equal(mac, c.host[0]->interfaces[1].mac, 6);
	cable_deinit(&c);
}

/* At the same time: whoever asks first makes the other know, and nobody ends up with what the other has. */
static void both_at_once(void **state)
{
	struct cable c = {.family = BERTH_IP6};

	(void)state;
	cable_init(&c);
	give_same(&c, 0);
	give_same(&c, 1);
	cable_run(&c, c.now + 10 * SECOND);
	assert_false(has_same(&c, 0) && has_same(&c, 1));
	cable_deinit(&c);
}

/* The questions of the second one are lost. */
static bool lose_questions(struct cable *c, unsigned from, struct berth_frame *frame)
{
	(void)c;
	return !(from == 1 && frame->len > 54 && frame->data[12] == 0x86 && frame->data[54] == 135);
}

static void lost_question(void **state)
{
	struct cable c = {.family = BERTH_IP6};

	(void)state;
	cable_init(&c);
	give_same(&c, 0);
	cable_run(&c, c.now + 5 * SECOND);
	c.look = lose_questions;
	give_same(&c, 1);
	cable_run(&c, c.now + 5 * SECOND);
	/* RFC 4862 section 5.4 can do no better with one question. */
	assert_true(has_same(&c, 0) && has_same(&c, 1));
	assert_true(c.host[0]->counters.ip6.martian_source + c.host[0]->counters.nd.conflicts > 0);
	cable_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(second_does_not_take_it),
		cmocka_unit_test(both_at_once),
		cmocka_unit_test(lost_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
