/* The states of a DHCP client: what is said when, and which answers count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dhcp_client.h"

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define S UINT64_C(1000000000)

static const uint8_t mac[] = {2, 0, 0, 0, 0, 7};

struct bed {
	struct dhcp_client c;
	struct dhcp_counters counters;
	struct rng rng;
	berth_time now;
	struct dhcp_message said; /* last */
};

static void begin(struct bed *bed, uint64_t seed)
{
	struct dhcp_client_config config = {
		.ms_retry = DHCP_MS_RETRY_FIRST, .largest = 1472, .name = "berth", .key = {1, 2}};

	memset(bed, 0, sizeof(*bed));
	memcpy(config.mac, mac, 6);
	bed->now = 1000 * S;
	rng_init(&bed->rng, seed);
	dhcp_client_init(&bed->c, &config, bed->now, &bed->rng);
}

static unsigned note(struct bed *bed, unsigned deeds)
{
	if (deeds & DHCP_DO_SEND)
		dhcp_client_message(&bed->c, bed->now, &bed->said);
	if (deeds & DHCP_DO_DECLINE)
		dhcp_client_decline(&bed->c, &bed->said);
	return deeds;
}

/* The deeds at the next time at which there are any. */
static unsigned wait(struct bed *bed)
{
	assert_true(bed->c.at != BERTH_NEVER);
	if (bed->c.at > bed->now) {
		assert_int_equal(dhcp_client_due(&bed->c, bed->c.at - 1, &bed->rng), 0);
		bed->now = bed->c.at;
	}
	return note(bed, dhcp_client_due(&bed->c, bed->now, &bed->rng));
}

/* What a good server answers to the last message. */
static struct dhcp_message answer(const struct bed *bed, enum dhcp_type type)
{
	struct dhcp_message m = {
		.op = DHCP_TO_CLIENT,
		.type = (uint8_t)type,
		.xid = bed->said.xid,
		.has_server_id = true,
		.server_id = IP(192, 168, 1, 5),
	};

	memcpy(m.mac, mac, 6);
	if (type == DHCP_NAK)
		return m;
	m.yours = IP(192, 168, 1, 50);
	m.has_lease = m.has_mask = true;
	m.s_lease = 3600;
	m.mask = IP(255, 255, 255, 0);
	return m;
}

static unsigned give(struct bed *bed, const struct dhcp_message *m)
{
	return note(bed, dhcp_client_in(&bed->c, m, bed->now, &bed->rng, &bed->counters));
}

static unsigned give_type(struct bed *bed, enum dhcp_type type)
{
	struct dhcp_message m = answer(bed, type);

	return give(bed, &m);
}

static void to_requesting(struct bed *bed)
{
	assert_int_equal(wait(bed), DHCP_DO_SEND);
	assert_int_equal(bed->c.state, DHCP_SELECTING);
	assert_int_equal(give_type(bed, DHCP_OFFER), DHCP_DO_SEND);
	assert_int_equal(bed->c.state, DHCP_REQUESTING);
}

static void to_bound(struct bed *bed)
{
	to_requesting(bed);
	assert_int_equal(give_type(bed, DHCP_ACK), DHCP_DO_PROBE);
	assert_int_equal(bed->c.state, DHCP_PROBING);
	assert_int_equal(dhcp_client_probed(&bed->c, true, bed->now), DHCP_DO_APPLY);
	assert_int_equal(bed->c.state, DHCP_BOUND);
}

/* RFC 2131 table 5, column by column. */
static void test_messages(void **state)
{
	static const uint8_t id[] = {255, 0, 0, 0, 7, 0, 3, 0, 1, 2, 0, 0, 0, 0, 7};
	struct dhcp_message m;
	struct bed bed;
	uint32_t xid;

	begin(&bed, 1);
	assert_int_equal(wait(&bed), DHCP_DO_SEND);
	xid = bed.said.xid;
	assert_int_equal(bed.said.op, DHCP_TO_SERVER);
	assert_int_equal(bed.said.type, DHCP_DISCOVER);
	assert_int_equal(bed.said.client, 0);
	assert_false(bed.said.broadcast || bed.said.has_requested || bed.said.has_server_id);
	assert_memory_equal(bed.said.mac, mac, 6);
	assert_int_equal(bed.said.n_client_id, sizeof(id));
	assert_memory_equal(bed.said.client_id, id, sizeof(id));
	assert_string_equal(bed.said.host_name, "berth");
	assert_true(bed.said.has_largest && bed.said.largest == 1472);
	assert_true(bed.said.n_parameters > 0);
	assert_false(dhcp_client_release(&bed.c, &m));

	give_type(&bed, DHCP_OFFER);
	assert_int_equal(bed.said.type, DHCP_REQUEST);
	assert_int_equal(bed.said.xid, xid);
	assert_true(bed.said.has_requested && bed.said.requested == IP(192, 168, 1, 50));
	assert_true(bed.said.has_server_id && bed.said.server_id == IP(192, 168, 1, 5));
	assert_int_equal(bed.said.client, 0);
	assert_false(dhcp_client_is_unicast(&bed.c));
	give_type(&bed, DHCP_ACK);
	dhcp_client_probed(&bed.c, true, bed.now);

	for (int i = 0; i < 2; i++) {
		while (wait(&bed) != DHCP_DO_SEND || (i && bed.c.state != DHCP_REBINDING))
			;
		assert_int_equal(dhcp_client_is_unicast(&bed.c), i == 0);
		assert_int_equal(bed.said.type, DHCP_REQUEST);
		assert_int_equal(bed.said.client, IP(192, 168, 1, 50));
		assert_false(bed.said.has_requested || bed.said.has_server_id);
		assert_true(bed.said.xid != xid);
		xid = bed.said.xid;
	}

	assert_true(dhcp_client_release(&bed.c, &m));
	assert_int_equal(m.type, DHCP_RELEASE);
	assert_int_equal(m.client, IP(192, 168, 1, 50));
	assert_true(m.has_server_id && m.server_id == IP(192, 168, 1, 5));
	assert_false(m.has_requested || m.n_parameters || m.has_largest || m.host_name[0]);
	assert_memory_equal(m.client_id, id, sizeof(id));
	assert_true(m.xid != xid);
}

/* A name that is none of a host is not sent. */
static void test_name(void **state)
{
	struct bed bed;

	begin(&bed, 1);
	strcpy(bed.c.config.name, "my host");
	wait(&bed);
	assert_string_equal(bed.said.host_name, "");
}

static void assert_retry(const struct bed *bed, unsigned s)
{
	assert_true(bed->c.at >= bed->now + (s - 1) * S && bed->c.at <= bed->now + (s + 1) * S);
}

/* 4, 8, 16, 32, 64, 64... seconds; one transaction; the program is told once. */
static void test_nobody_answers(void **state)
{
	static const unsigned delays[] = {4, 8, 16, 32, 64, 64, 64};
	berth_time began = 0;
	bool told = false;
	uint32_t xid = 0;
	struct bed bed;

	begin(&bed, 1);
	assert_true(bed.c.at <= bed.now + DHCP_MS_START_MAX * S / 1000);
	for (unsigned i = 0; i < 300; i++) {
		unsigned deeds = wait(&bed);

		began = i == 0 ? bed.now : began;
		assert_int_equal(deeds, DHCP_DO_SEND | (!told && bed.now - began >= 8 * S ? DHCP_DO_NO_ANSWER : 0));
		told = told || deeds & DHCP_DO_NO_ANSWER;
		assert_retry(&bed, delays[i < 6 ? i : 6]);
		assert_true(i == 0 || bed.said.xid == xid);
		xid = bed.said.xid;
	}
	assert_true(bed.said.secs > 18000);
}

/* On a link that is said to be fast the first repetitions come sooner, and the last ones do not. */
static void test_sooner(void **state)
{
	struct bed bed;
	berth_time ms = 400;

	begin(&bed, 1);
	bed.c.config.ms_retry = 400;
	for (unsigned i = 0; i < 20; i++) {
		wait(&bed);
		assert_true(bed.c.at >= bed.now + (ms - 100) * S / 1000 && bed.c.at <= bed.now + (ms + 100) * S / 1000);
		ms = ms < 32000 ? 2 * ms : 64000;
	}
}

/* The server has gone after its offer: about a minute, then from the beginning with another transaction. */
static void test_no_acknowledgement(void **state)
{
	struct bed bed;
	berth_time asked;
	uint32_t xid;

	begin(&bed, 1);
	to_requesting(&bed);
	asked = bed.now;
	xid = bed.said.xid;
	for (unsigned i = 1; i < DHCP_REQUESTS_MAX; i++) {
		assert_int_equal(wait(&bed), DHCP_DO_SEND);
		assert_int_equal(bed.said.type, DHCP_REQUEST);
		assert_int_equal(bed.said.xid, xid);
	}
	assert_int_equal(wait(&bed), DHCP_DO_SEND);
	assert_int_equal(bed.said.type, DHCP_DISCOVER);
	assert_true(bed.said.xid != xid);
	assert_true(bed.now - asked >= 56 * S && bed.now - asked <= 64 * S);
}

/* T1, T2 and the end, from when the address was asked for; half of what is left in between. */
static void test_times(void **state)
{
	berth_time asked, half;
	struct bed bed;

	begin(&bed, 1);
	to_requesting(&bed);
	asked = bed.now;
	bed.now += 3 * S;
	give_type(&bed, DHCP_ACK);
	bed.now += 7 * S;
	dhcp_client_probed(&bed.c, true, bed.now);
	assert_int_equal(wait(&bed), DHCP_DO_SEND);
	assert_int_equal(bed.now, asked + 1800 * S);
	assert_int_equal(bed.c.state, DHCP_RENEWING);
	half = bed.now + (asked + 3150 * S - bed.now) / 2;
	assert_int_equal(wait(&bed), DHCP_DO_SEND);
	assert_int_equal(bed.now, half);
	while (bed.c.state == DHCP_RENEWING) {
		half = bed.now;
		assert_int_equal(wait(&bed), DHCP_DO_SEND);
		assert_true(bed.now - half >= 60 * S || bed.now == asked + 3150 * S);
	}
	assert_int_equal(bed.c.state, DHCP_REBINDING);
	assert_int_equal(bed.now, asked + 3150 * S);
	assert_int_equal(bed.said.secs, 1350);
	while (bed.c.state == DHCP_REBINDING) {
		unsigned deeds = wait(&bed);

		if (bed.c.state == DHCP_REBINDING)
			assert_int_equal(deeds, DHCP_DO_SEND);
		else
			assert_int_equal(deeds, DHCP_DO_DROP | DHCP_DO_SEND);
	}
	assert_int_equal(bed.now, asked + 3600 * S);
	assert_int_equal(bed.said.type, DHCP_DISCOVER);
}

static void test_renewed(void **state)
{
	struct dhcp_message m;
	struct bed bed;
	berth_time asked;

	begin(&bed, 1);
	to_bound(&bed);
	wait(&bed);
	asked = bed.now;
	bed.now += S;
	m = answer(&bed, DHCP_ACK);
	m.s_lease = 7200;
	assert_int_equal(give(&bed, &m), DHCP_DO_APPLY);
	assert_int_equal(bed.c.state, DHCP_BOUND);
	assert_int_equal(bed.c.expires, asked + 7200 * S);
	assert_int_equal(bed.c.at, asked + 3600 * S);
	/* The same again is nothing new. */
	assert_int_equal(give(&bed, &m), 0);
	assert_int_equal(bed.counters.unexpected, 1);
	/* Another server takes over. */
	while (bed.c.state != DHCP_REBINDING)
		wait(&bed);
	m = answer(&bed, DHCP_ACK);
	m.server_id = IP(192, 168, 1, 6);
	assert_int_equal(give(&bed, &m), DHCP_DO_APPLY);
	assert_int_equal(bed.c.lease.server, IP(192, 168, 1, 6));
}

/* An answer to the repetition before counts from the wrong moment. */
static void test_late_renewal(void **state)
{
	struct dhcp_message m;
	struct bed bed;

	begin(&bed, 1);
	to_bound(&bed);
	wait(&bed);
	m = answer(&bed, DHCP_ACK);
	wait(&bed);
	assert_int_equal(give(&bed, &m), 0);
	assert_int_equal(bed.c.state, DHCP_RENEWING);
	assert_int_equal(bed.counters.not_for_us, 1);
}

static void test_forever(void **state)
{
	struct dhcp_message m;
	struct bed bed;

	begin(&bed, 1);
	to_requesting(&bed);
	m = answer(&bed, DHCP_ACK);
	m.s_lease = DHCP_FOREVER;
	give(&bed, &m);
	dhcp_client_probed(&bed.c, true, bed.now);
	assert_int_equal(bed.c.at, BERTH_NEVER);
	assert_int_equal(dhcp_client_due(&bed.c, bed.now + 1000000 * S, &bed.rng), 0);
}

/* Nobody has called for a day: whatever has passed counts. */
static void test_slept(void **state)
{
	struct bed bed;

	begin(&bed, 1);
	to_bound(&bed);
	bed.now += 3200 * S;
	assert_int_equal(note(&bed, dhcp_client_due(&bed.c, bed.now, &bed.rng)), DHCP_DO_SEND);
	assert_int_equal(bed.c.state, DHCP_REBINDING);
	begin(&bed, 1);
	to_bound(&bed);
	bed.now += 86400 * S;
	assert_int_equal(note(&bed, dhcp_client_due(&bed.c, bed.now, &bed.rng)), DHCP_DO_DROP | DHCP_DO_SEND);
	assert_int_equal(bed.said.type, DHCP_DISCOVER);
}

/* The same while others are being asked about the address, and while an acknowledgement is on its way. */
static void test_slept_on_the_way(void **state)
{
	struct bed bed;

	begin(&bed, 1);
	to_requesting(&bed);
	give_type(&bed, DHCP_ACK);
	bed.now += 86400 * S;
	assert_int_equal(dhcp_client_probed(&bed.c, true, bed.now), DHCP_DO_DROP);
	assert_int_equal(wait(&bed), DHCP_DO_SEND);
	assert_int_equal(bed.said.type, DHCP_DISCOVER);
	begin(&bed, 1);
	to_bound(&bed);
	wait(&bed);
	bed.now += 86400 * S;
	assert_int_equal(give_type(&bed, DHCP_ACK), DHCP_DO_DROP);
	assert_int_equal(bed.c.state, DHCP_INIT);
}

/* A refusal in each state that awaits one; the waits grow, and an address that is held goes. */
static void test_refused(void **state)
{
	static const unsigned delays[] = {1, 2, 4, 8, 16, 32, 64, 64};
	struct bed bed;

	begin(&bed, 1);
	for (unsigned i = 0; i < 8; i++) {
		to_requesting(&bed);
		assert_int_equal(give_type(&bed, DHCP_NAK), 0);
		assert_int_equal(bed.c.state, DHCP_INIT);
		assert_int_equal(bed.c.at, bed.now + delays[i] * S);
	}
	to_bound(&bed);
	wait(&bed);
	assert_int_equal(give_type(&bed, DHCP_NAK), DHCP_DO_DROP);
	assert_int_equal(bed.c.at, bed.now + S);
	to_bound(&bed);
	while (bed.c.state != DHCP_REBINDING)
		wait(&bed);
	assert_int_equal(give_type(&bed, DHCP_NAK), DHCP_DO_DROP);
	/* From a server that was not asked, or that does not say who it is. */
	to_requesting(&bed);
	for (int i = 0; i < 2; i++) {
		struct dhcp_message m = answer(&bed, DHCP_NAK);

		m.has_server_id = i;
		m.server_id = IP(192, 168, 1, 6);
		assert_int_equal(give(&bed, &m), 0);
		assert_int_equal(bed.c.state, DHCP_REQUESTING);
	}
	assert_int_equal(bed.counters.refused, 2);
}

static void test_conflict(void **state)
{
	struct dhcp_message m;
	struct bed bed;

	begin(&bed, 1);
	for (unsigned i = 0; i < DHCP_CONFLICTS_MAX + 2; i++) {
		to_requesting(&bed);
		give_type(&bed, DHCP_ACK);
		assert_int_equal(note(&bed, dhcp_client_probed(&bed.c, false, bed.now)), DHCP_DO_DECLINE);
		assert_int_equal(bed.said.type, DHCP_DECLINE);
		assert_int_equal(bed.said.client, 0);
		assert_true(bed.said.has_requested && bed.said.requested == IP(192, 168, 1, 50));
		assert_true(bed.said.has_server_id && bed.said.server_id == IP(192, 168, 1, 5));
		assert_int_equal(bed.c.at, bed.now + (i < DHCP_CONFLICTS_MAX ? 10 : 60) * S);
		assert_false(dhcp_client_release(&bed.c, &m));
	}
	to_bound(&bed);
	assert_int_equal(note(&bed, dhcp_client_conflict(&bed.c, bed.now)), DHCP_DO_DECLINE | DHCP_DO_DROP);
	assert_int_equal(bed.c.at, bed.now + 10 * S);
	/* An answer to a question that is over. */
	assert_int_equal(dhcp_client_probed(&bed.c, true, bed.now), 0);
}

/* Before the address is in use there is none to say so from. */
static void test_release_while_probing(void **state)
{
	struct dhcp_message m;
	struct bed bed;

	begin(&bed, 1);
	to_requesting(&bed);
	assert_false(dhcp_client_release(&bed.c, &m));
	give_type(&bed, DHCP_ACK);
	assert_int_equal(bed.c.at, BERTH_NEVER);
	assert_false(dhcp_client_release(&bed.c, &m));
	dhcp_client_probed(&bed.c, true, bed.now);
	assert_true(dhcp_client_release(&bed.c, &m));
}

/* attacks.md row 22, of DHCP: each thing by which an answer is known. */
static void test_others_answers(void **state)
{
	struct dhcp_message m;
	struct bed bed;

	begin(&bed, 1);
	wait(&bed);
	for (unsigned i = 0; i < 6; i++) {
		m = answer(&bed, DHCP_OFFER);
		m.n_client_id = bed.said.n_client_id;
		memcpy(m.client_id, bed.said.client_id, sizeof(m.client_id));
		if (i == 0)
			m.op = DHCP_TO_SERVER;
		else if (i == 1)
			m.xid++;
		else if (i == 2)
			m.mac[5]++;
		else if (i == 3)
			m.client_id[14]++;
		else if (i == 4)
			m.n_client_id--;
		assert_int_equal(give(&bed, &m), i == 5 ? DHCP_DO_SEND : 0);
		assert_int_equal(bed.counters.not_for_us, i < 5 ? i + 1 : 5);
	}
	assert_int_equal(bed.counters.offers_in, 1);
}

static void test_bad_answers(void **state)
{
	struct dhcp_message m;
	struct bed bed;

	begin(&bed, 1);
	wait(&bed);
	m = answer(&bed, DHCP_OFFER);
	m.s_lease = 0;
	assert_int_equal(give(&bed, &m), 0);
	assert_int_equal(bed.counters.refused, 1);
	assert_int_equal(bed.c.state, DHCP_SELECTING);
	/* The next one is taken. */
	assert_int_equal(give_type(&bed, DHCP_OFFER), DHCP_DO_SEND);
	/* A second offer is late. */
	assert_int_equal(give_type(&bed, DHCP_OFFER), 0);
	assert_int_equal(bed.counters.unexpected, 1);
	/* Another address, another server, no time. */
	m = answer(&bed, DHCP_ACK);
	m.yours++;
	assert_int_equal(give(&bed, &m), 0);
	m = answer(&bed, DHCP_ACK);
	m.server_id++;
	assert_int_equal(give(&bed, &m), 0);
	m = answer(&bed, DHCP_ACK);
	m.has_lease = false;
	assert_int_equal(give(&bed, &m), 0);
	assert_int_equal(bed.counters.refused, 4);
	assert_int_equal(bed.c.state, DHCP_REQUESTING);
	/* Values that are left out are counted. */
	m = answer(&bed, DHCP_ACK);
	m.n_bad = 3;
	m.n_cut = 4;
	m.has_mtu = true;
	m.mtu = 100;
	assert_int_equal(give(&bed, &m), DHCP_DO_PROBE);
	assert_int_equal(bed.counters.ignored, 8);
}

/* Every type in every state: nothing but what is awaited has an effect. */
static void test_grid(void **state)
{
	static const bool awaited[DHCP_REBINDING + 1][DHCP_INFORM + 2] = {
		[DHCP_SELECTING] = {[DHCP_OFFER] = true},
		[DHCP_REQUESTING] = {[DHCP_ACK] = true, [DHCP_NAK] = true},
		[DHCP_RENEWING] = {[DHCP_ACK] = true, [DHCP_NAK] = true},
		[DHCP_REBINDING] = {[DHCP_ACK] = true, [DHCP_NAK] = true},
	};

	for (unsigned s = 0; s <= DHCP_REBINDING; s++) {
		for (unsigned type = 0; type <= DHCP_INFORM + 1; type++) {
			struct dhcp_message m;
			struct bed bed;

			begin(&bed, 1);
			to_bound(&bed);
			bed.c.state = (uint8_t)s;
			m = answer(&bed, (enum dhcp_type)type);
			give(&bed, &m);
			assert_int_equal(bed.c.state != s, awaited[s][type]);
			assert_int_equal(bed.counters.unexpected, !awaited[s][type]);
		}
	}
}

/* Two clients with different keys and one with the same: the numbers tell nothing of one another. */
static void test_transactions(void **state)
{
	struct bed a, b;

	begin(&a, 1);
	begin(&b, 1);
	b.c.config.key.k0++;
	wait(&a);
	wait(&b);
	assert_true(a.said.xid != b.said.xid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_nobody_answers),
		cmocka_unit_test(test_sooner),
		cmocka_unit_test(test_no_acknowledgement),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_renewed),
		cmocka_unit_test(test_late_renewal),
		cmocka_unit_test(test_forever),
		cmocka_unit_test(test_slept),
		cmocka_unit_test(test_slept_on_the_way),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_conflict),
		cmocka_unit_test(test_release_while_probing),
		cmocka_unit_test(test_others_answers),
		cmocka_unit_test(test_bad_answers),
		cmocka_unit_test(test_grid),
		cmocka_unit_test(test_transactions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
