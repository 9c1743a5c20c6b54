/* The text of snapshots: what is written is read back the same; what is wrong is refused; what is new is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <berth/snapshot.h>

static struct berth_socket_row full_row(void)
{
	struct berth_socket_row row = {
		.protocol = BERTH_PROTOCOL_TCP,
		.state = BERTH_TCP_FIN_WAIT_2,
		.descriptor = 2147483647,
		.recv_queue = 1,
		.send_queue = 2,
		.snd_wnd = 3,
		.rcv_wnd = 4,
		.cwnd = 5,
		.ssthresh = UINT64_MAX,
		.ns_srtt = 7,
		.ns_rttvar = 8,
		.ns_rto = 9,
		.mss = 10,
		.bytes_sent = 11,
		.bytes_received = 12,
		.segments_sent = 13,
		.segments_received = 14,
		.segments_retransmitted = 15,
		.bytes_retransmitted = 16,
		.drops = 17,
		.not_sent = 18,
		.in_flight = 19,
		.sacked = 20,
		.lost = 21,
		.mss_advertised = 22,
		.mtu = 23,
		.ns_rtt_min = 24,
		.delivery_rate = 25,
		.timestamps = true,
		.sack = true,
		.window_scale = true,
		.ecn = true,
		.snd_wscale = 14,
		.rcv_wscale = 7,
		.recovery = BERTH_TCP_RECOVERY_LOSS,
		.congestion = "cu b%c",
	};

	assert_int_equal(berth_socket_address_parse("192.168.1.7:80", &row.local), 0);
	assert_int_equal(berth_socket_address_parse("[fd00::5]:1099", &row.foreign), 0);
	return row;
}

static void assert_rows_equal(const struct berth_socket_row *a, const struct berth_socket_row *b)
{
	assert_true(berth_address_equal(&a->local.address, &b->local.address) && a->local.port == b->local.port);
	assert_true(berth_address_equal(&a->foreign.address, &b->foreign.address) &&
		    a->foreign.port == b->foreign.port);
	assert_int_equal(a->protocol, b->protocol);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->descriptor, b->descriptor);
	/* The numbers lie one after the other. */
	assert_memory_equal(&a->recv_queue, &b->recv_queue,
			    offsetof(struct berth_socket_row, congestion) -
				    offsetof(struct berth_socket_row, recv_queue));
	assert_string_equal(a->congestion, b->congestion);
}

static void round_trip(const struct berth_socket_row *row)
{
	struct berth_snapshot_item item;
	char line[BERTH_SNAPSHOT_LINE];
	size_t n = berth_snapshot_write_socket(row, line);

	assert_int_equal(n, strlen(line));
	assert_int_equal(line[n - 1], '\n');
	assert_int_equal(berth_snapshot_parse(line, &item), BERTH_SNAPSHOT_SOCKET);
	assert_rows_equal(&item.row, row);
}

static void test_row_round_trip(void **state)
{
	struct berth_socket_row row = full_row();
	struct berth_socket_row udp = {.protocol = BERTH_PROTOCOL_UDP, .descriptor = -1};

	for (unsigned s = 0; s < BERTH_TCP_STATE_N; s++) {
		row.state = (uint8_t)s;
		round_trip(&row);
	}
	round_trip(&udp);
	udp.drops = 1;
	udp.descriptor = 0;
	round_trip(&udp);
}

/* The longest line that a row can make has room. */
static void test_longest(void **state)
{
	struct berth_socket_row row = full_row();
	char line[BERTH_SNAPSHOT_LINE];

	for (uint64_t *p = &row.recv_queue; p <= &row.drops; p++)
		*p = UINT64_MAX;
	assert_int_equal(
		berth_socket_address_parse("[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535", &row.local),
		0);
	row.foreign = row.local;
	memset(row.congestion, '%', BERTH_CONGESTION_NAME_MAX - 1);
	assert_true(berth_snapshot_write_socket(&row, line) < BERTH_SNAPSHOT_LINE - 1);
	round_trip(&row);
}

static void test_exact_text(void **state)
{
	struct berth_socket_row row = {.protocol = BERTH_PROTOCOL_TCP, .state = BERTH_TCP_LISTEN, .send_queue = 128};
	struct berth_snapshot_head head = {"a b%\x01\xc3\xa9", 4711};
	struct berth_counter counter = {"tcp_segments_in", "ignored", 18446744073709551615u};
	char line[BERTH_SNAPSHOT_LINE];
	size_t n;

	assert_int_equal(berth_socket_address_parse("*:80", &row.local), 0);
	berth_snapshot_write_socket(&row, line);
	assert_string_equal(line, "socket proto=tcp state=LISTEN fd=0 local=*:80 foreign=*:0 sendq=128\n");
	n = berth_snapshot_write_head(&head, line);
	assert_int_equal(n, strlen(line));
	assert_string_equal(line, "berth-snapshot 1 host=a%20b%25?%C3%A9 pid=4711\n");
	n = berth_snapshot_write_counter(&counter, line);
	assert_int_equal(n, strlen(line));
	assert_string_equal(line, "counter tcp_segments_in 18446744073709551615\n");
	assert_int_equal(berth_snapshot_write_end(line), 4);
	assert_string_equal(line, "end\n");
}

static void test_head_and_counter(void **state)
{
	char head[] = "berth-snapshot 1 pid=7 host=a%20b%C3%A9 later=1";
	char counter[] = "counter ip_in 12\n";
	char empty[] = "berth-snapshot 1 host= pid=0";
	struct berth_snapshot_item item;

	assert_int_equal(berth_snapshot_parse(head, &item), BERTH_SNAPSHOT_HEAD);
	assert_string_equal(item.head.host, "a b\xc3\xa9");
	assert_int_equal(item.head.pid, 7);
	assert_int_equal(berth_snapshot_parse(counter, &item), BERTH_SNAPSHOT_COUNTER);
	assert_string_equal(item.counter.name, "ip_in");
	assert_string_equal(item.counter.text, "");
	assert_int_equal(item.counter.value, 12);
	assert_int_equal(berth_snapshot_parse(empty, &item), BERTH_SNAPSHOT_HEAD);
	assert_string_equal(item.head.host, "");
}

struct verdict {
	const char *line;
	int is;
};

#define TCP "socket proto=tcp state=LISTEN local=*:80 foreign=*:0"

static const struct verdict verdicts[] = {
	{TCP, BERTH_SNAPSHOT_SOCKET},
	{TCP " later=x", BERTH_SNAPSHOT_SOCKET},
	{TCP " later=", BERTH_SNAPSHOT_SOCKET},
	{TCP " later", BERTH_EPROTO},
	{TCP " =x", BERTH_EPROTO},
	{TCP " ", BERTH_EPROTO},
	{TCP "  mss=1", BERTH_EPROTO},
	{TCP " mss=", BERTH_EPROTO},
	{TCP " mss=-1", BERTH_EPROTO},
	{TCP " mss=+1", BERTH_EPROTO},
	{TCP " mss=0x1", BERTH_EPROTO},
	{TCP " mss=18446744073709551616", BERTH_EPROTO},
	{TCP " mss=1 mss=1", BERTH_EPROTO},
	{TCP " fd=-1", BERTH_EPROTO},
	{TCP " fd=2147483648", BERTH_EPROTO},
	{TCP " congestion=%", BERTH_EPROTO},
	{TCP " congestion=%4", BERTH_EPROTO},
	{TCP " congestion=%1B", BERTH_EPROTO},
	{TCP " congestion=%c3", BERTH_EPROTO},
	{TCP " congestion=0123456789abcdef", BERTH_EPROTO},
	{TCP " congestion=0123456789abcde", BERTH_SNAPSHOT_SOCKET},
	{TCP "\x1b[31m", BERTH_EPROTO},
	{TCP "\n" TCP, BERTH_EPROTO},
	{"socket", BERTH_EPROTO},
	{"socket ", BERTH_EPROTO},
	{"socket proto=udp local=*:80 foreign=*:0", BERTH_SNAPSHOT_SOCKET},
	{"socket proto=tcp local=*:80 foreign=*:0", BERTH_EPROTO},
	{"socket proto=sctp local=*:80 foreign=*:0", BERTH_EPROTO},
	{"socket proto=tcp state=OPEN local=*:80 foreign=*:0", BERTH_EPROTO},
	{"socket proto=tcp state=LISTEN foreign=*:0", BERTH_EPROTO},
	{"socket proto=tcp state=LISTEN local=*:80", BERTH_EPROTO},
	{"socket proto=tcp state=LISTEN local=*:65536 foreign=*:0", BERTH_EPROTO},
	{"socket state=LISTEN local=*:80 foreign=*:0", BERTH_EPROTO},
	{"counter", BERTH_EPROTO},
	{"counter a", BERTH_EPROTO},
	{"counter a ", BERTH_EPROTO},
	{"counter  1", BERTH_EPROTO},
	{"counter a 1 ", BERTH_EPROTO},
	{"counter a 1 b", BERTH_EPROTO},
	{"counter a x", BERTH_EPROTO},
	{"end", BERTH_SNAPSHOT_END},
	{"end\n", BERTH_SNAPSHOT_END},
	{"end ", BERTH_EPROTO},
	{"end\r\n", BERTH_EPROTO},
	{"berth-snapshot 2 host=a pid=1", BERTH_EPROTONOSUPPORT},
	{"berth-snapshot 01 host=a pid=1", BERTH_EPROTONOSUPPORT},
	{"berth-snapshot x host=a pid=1", BERTH_EPROTO},
	{"berth-snapshot", BERTH_EPROTO},
	{"berth-snapshot 1", BERTH_EPROTO},
	{"berth-snapshot 1 host=a", BERTH_EPROTO},
	{"berth-snapshot 1 pid=1", BERTH_EPROTO},
	{"berth-snapshot 1 host=a host=b pid=1", BERTH_EPROTO},
	{"berth-snapshot 1 host=a pid=99999999999", BERTH_EPROTO},
	{"berth-snapshot 1 host=a pid=1 pid=1", BERTH_EPROTO},
	{"berth-snapshot 1 host=01234567890123456789012345678901 pid=1", BERTH_EPROTO},
	{"berth-snapshot 1 host=0123456789012345678901234567890 pid=1", BERTH_SNAPSHOT_HEAD},
	{"neighbour ip=1", BERTH_EPROTO},
	{"lease ip=1", BERTH_SNAPSHOT_UNKNOWN},
	{"route2", BERTH_SNAPSHOT_UNKNOWN},
	{"", BERTH_EPROTO},
	{"\n", BERTH_EPROTO},
	{" socket", BERTH_EPROTO},
	{"Socket", BERTH_EPROTO},
	{"<html>", BERTH_EPROTO},
};

static void test_verdicts(void **state)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		struct berth_snapshot_item item;
		char line[BERTH_SNAPSHOT_LINE];
		int is;

		snprintf(line, sizeof(line), "%s", verdicts[i].line);
		is = berth_snapshot_parse(line, &item);
		if (is != verdicts[i].is)
			fail_msg("\"%s\": %d", verdicts[i].line, is);
	}
}

static void test_state_names(void **state)
{
	assert_string_equal(berth_tcp_state_name(BERTH_TCP_SYN_RECEIVED), "SYN_RECV");
	assert_string_equal(berth_tcp_state_name(BERTH_TCP_TIME_WAIT), "TIME_WAIT");
	assert_string_equal(berth_tcp_state_name((enum berth_tcp_state)BERTH_TCP_STATE_N), "?");
	assert_string_equal(berth_tcp_state_name((enum berth_tcp_state) - 1), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_row_round_trip), cmocka_unit_test(test_longest),
		cmocka_unit_test(test_exact_text),     cmocka_unit_test(test_head_and_counter),
		cmocka_unit_test(test_verdicts),       cmocka_unit_test(test_state_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
