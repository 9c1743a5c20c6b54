/* Direction: by the state, by the sum of sequence numbers, by listeners and ports. The figures of the sums are those
 * that Linux gave for sockets whose direction was known. */
#include "enrich/direction.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define NONE NETSTAT_DIRECTION_NONE
#define UNKNOWN NETSTAT_DIRECTION_UNKNOWN
#define IN NETSTAT_DIRECTION_IN
#define OUT NETSTAT_DIRECTION_OUT
#define STATE(name) NETSTAT_STATE_##name

static struct netstat_row make(uint8_t protocol, uint8_t state, uint16_t local, uint16_t foreign)
{
	struct netstat_row row = {.protocol = protocol, .state = state, .family = BERTH_IP4};

	row.local = (struct berth_socket_address){berth_ip4(10, 0, 0, 1), local};
	if (foreign)
		row.foreign = (struct berth_socket_address){berth_ip4(10, 0, 0, 2), foreign};
	return row;
}

static void test_the_sum(void **state)
{
	static const struct {
		uint8_t state;
		uint64_t acked, send_q, notsent, sent;
		enum netstat_direction want;
	} cases[] = {
		{STATE(ESTABLISHED), 1, 0, 0, 0, OUT}, /* nothing sent yet */
		{STATE(ESTABLISHED), 0, 0, 0, 0, IN},
		{STATE(ESTABLISHED), 1001, 0, 0, 1000, OUT}, /* all acknowledged */
		{STATE(ESTABLISHED), 77, 0, 0, 77, IN},
		{STATE(ESTABLISHED), 1, 500, 0, 500, OUT}, /* nothing acknowledged */
		{STATE(ESTABLISHED), 0, 500, 0, 500, IN},
		{STATE(ESTABLISHED), 65484, 2619728, 2619728, 65483, OUT}, /* the peer's window is closed */
		{STATE(ESTABLISHED), 300000, 150000, 50000, 400000, IN},   /* under way */
		{STATE(CLOSE_WAIT), 1, 0, 0, 0, OUT},
		{STATE(CLOSE_WAIT), 200, 0, 0, 200, IN},
		{STATE(FIN_WAIT_1), 1, 501, 0, 500, OUT}, /* the FIN is on its way: in send_q */
		{STATE(FIN_WAIT_1), 0, 1, 0, 0, IN},
		{STATE(FIN_WAIT_1), 65484, 2619729, 2619729, 65483, OUT}, /* the FIN waits behind data */
		{STATE(FIN_WAIT_2), 1002, 0, 0, 1000, OUT},               /* acknowledged */
		{STATE(FIN_WAIT_2), 11, 0, 0, 10, IN},
		{STATE(CLOSING), 0, 1, 0, 0, IN},
		{STATE(CLOSING), 1, 1, 0, 0, OUT},
		{STATE(LAST_ACK), 200, 11, 0, 210, IN},
		{STATE(LAST_ACK), 1, 1, 0, 0, OUT},
		{STATE(LAST_ACK), 0, 4, 3, 1, IN},       /* a FIN unsent does not count, though the state has it */
		{STATE(SYN_RECEIVED), 0, 1, 0, 0, OUT},  /* a simultaneous open */
		{STATE(SYN_RECEIVED), 0, 50, 0, 50, IN}, /* fast open with data */
		{STATE(SYN_RECEIVED), 0, 5, 0, 50, IN},
		{STATE(SYN_SENT), 0, 101, 0, 100, OUT}, /* fast open, data on the SYN */
		{STATE(ESTABLISHED), UINT64_C(1) << 40, 0, 0, UINT64_C(1) << 40, IN},
		{STATE(ESTABLISHED), 10, 0, 20, 0, UNKNOWN}, /* they do not add up */
		{STATE(ESTABLISHED), 2, 0, 0, 0, UNKNOWN},
		{STATE(ESTABLISHED), 0, 0, 0, 1, UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct netstat_tcp tcp = {.bytes_acked = cases[i].acked,
						.notsent = cases[i].notsent,
						.bytes_sent = cases[i].sent,
						.has_bytes = true};
		struct netstat_row row = make(NETSTAT_TCP, cases[i].state, 80, 81);
		row.tcp = &tcp;
		row.send_q = cases[i].send_q;
		for (int listeners = 0; listeners < 2; listeners++) {
			direction_enrich(&row, listeners);
			if (row.direction != cases[i].want)
				print_message("case %zu\n", i);
			assert_int_equal(row.direction, cases[i].want);
		}
	}
}

static void test_what_has_no_direction(void **state)
{
	static const struct {
		uint8_t protocol, state;
		uint16_t foreign;
		enum netstat_direction want;
	} cases[] = {
		{NETSTAT_TCP, STATE(LISTEN), 0, NONE},         {NETSTAT_TCP, STATE(OPEN), 0, NONE},
		{NETSTAT_TCP, STATE(CLOSED), 443, NONE},       {NETSTAT_TCP, STATE(ESTABLISHED), 0, NONE},
		{NETSTAT_UDP, STATE(ESTABLISHED), 53, NONE},   {NETSTAT_UDPLITE, STATE(ESTABLISHED), 53, NONE},
		{NETSTAT_UDP, STATE(OPEN), 0, NONE},           {NETSTAT_RAW, STATE(ESTABLISHED), 1, NONE},
		{NETSTAT_UNIX, STATE(ESTABLISHED), 0, NONE},   {NETSTAT_TCP, STATE(ESTABLISHED), 443, OUT},
		{NETSTAT_MPTCP, STATE(ESTABLISHED), 443, OUT}, {NETSTAT_SCTP, STATE(ESTABLISHED), 443, OUT},
		{NETSTAT_DCCP, STATE(ESTABLISHED), 443, OUT},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct netstat_row row = make(cases[i].protocol, cases[i].state, 50000, cases[i].foreign);
		row.direction = IN;
		direction_enrich(&row, true);
		assert_int_equal(row.direction, cases[i].want);
	}
}

static void test_without_numbers(void **state)
{
	static const struct {
		uint8_t state;
		uint16_t local, foreign;
		bool listener, foreign_listens;
		enum netstat_direction unlooked, want;
	} cases[] = {
		{STATE(SYN_SENT), 50000, 443, false, false, OUT, OUT},
		{STATE(SYN_SENT), 443, 50000, true, false, OUT, OUT},
		{STATE(SYN_RECEIVED), 443, 50000, true, false, IN, IN},
		{STATE(SYN_RECEIVED), 443, 50000, false, false, IN, IN},
		{STATE(ESTABLISHED), 443, 50000, true, false, UNKNOWN, IN},
		{STATE(ESTABLISHED), 50000, 443, true, false, UNKNOWN, IN}, /* a service on a high port */
		{STATE(ESTABLISHED), 443, 444, false, true, UNKNOWN, OUT},
		{STATE(ESTABLISHED), 443, 444, true, true, UNKNOWN, UNKNOWN},
		{STATE(ESTABLISHED), 32768, 32767, false, false, UNKNOWN, OUT},
		{STATE(ESTABLISHED), 32767, 443, false, false, UNKNOWN, UNKNOWN},
		{STATE(ESTABLISHED), 50000, 50001, false, false, UNKNOWN, UNKNOWN},
		{STATE(ESTABLISHED), 443, 50000, false, false, UNKNOWN, UNKNOWN}, /* its listener is gone, or not */
		{STATE(TIME_WAIT), 443, 50000, true, false, UNKNOWN, IN},
		{STATE(TIME_WAIT), 50000, 443, false, true, UNKNOWN, OUT},
		{STATE(TIME_WAIT), 50000, 20, false, false, UNKNOWN, UNKNOWN}, /* FTP's data came in */
		{STATE(FIN_WAIT_2), 50000, 443, false, false, UNKNOWN, UNKNOWN},
		{STATE(FIN_WAIT_2), 443, 50000, true, false, UNKNOWN, IN},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct berth_socket_address any = {.port = cases[i].local};
		const struct netstat_tcp unknown = {.bytes_acked = 0};
		struct netstat_row row = make(NETSTAT_TCP, cases[i].state, cases[i].local, cases[i].foreign);
		row.listener = cases[i].listener ? &any : NULL;
		row.foreign_listens = cases[i].foreign_listens;
		direction_enrich(&row, false);
		assert_int_equal(row.direction, cases[i].unlooked);
		direction_enrich(&row, true);
		if (row.direction != cases[i].want)
			print_message("case %zu\n", i);
		assert_int_equal(row.direction, cases[i].want);
		if (row.state == STATE(FIN_WAIT_2))
			continue; /* a whole socket, no remains, when it has numbers of any kind */
		row.tcp = &unknown;
		direction_enrich(&row, true);
		assert_int_equal(row.direction, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_sum),
		cmocka_unit_test(test_what_has_no_direction),
		cmocka_unit_test(test_without_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
