/* Messages of inet_diag: what each field and attribute becomes, and what is no message. */
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "netlink_bytes.h"
#include "source/inet_message.h"
#include "source/state.h"

static struct inet_diag_msg head_of(uint8_t family, uint8_t state, const char *local, const char *foreign)
{
	struct inet_diag_msg head = {
		.idiag_family = family,
		.idiag_state = state,
		.id = {.idiag_sport = htons(8080),
		       .idiag_dport = htons(40000),
		       .idiag_cookie = {0x11223344, 0x55667788}},
		.idiag_rqueue = 7,
		.idiag_wqueue = 9,
		.idiag_uid = 1000,
		.idiag_inode = 12345,
	};

	assert_int_equal(inet_pton(family, local, head.id.idiag_src), 1);
	assert_int_equal(inet_pton(family, foreign, head.id.idiag_dst), 1);
	return head;
}

/* What a message of this head alone says. */
static struct netstat_row row_of(const struct inet_diag_msg *head, enum netstat_protocol protocol)
{
	struct netstat_row row;
	struct netstat_tcp tcp;

	assert_true(inet_message_read(head, sizeof(*head), protocol, &row, &tcp));
	assert_null(row.tcp);
	return row;
}

static void assert_place(const struct berth_socket_address *at, const char *expected)
{
	char text[BERTH_ADDRESS_TEXT];

	assert_string_equal(berth_socket_address_format(at, text, sizeof(text)), expected);
}

static void test_head(void **state)
{
	struct inet_diag_msg head = head_of(AF_INET, KERNEL_ESTABLISHED, "192.168.1.5", "10.0.0.9");
	struct netstat_row row = row_of(&head, NETSTAT_TCP);

	(void)state;
	assert_int_equal(row.protocol, NETSTAT_TCP);
	assert_int_equal(row.family, BERTH_IP4);
	assert_int_equal(row.state, NETSTAT_STATE_ESTABLISHED);
	assert_place(&row.local, "192.168.1.5:8080");
	assert_place(&row.foreign, "10.0.0.9:40000");
	assert_int_equal(row.recv_q, 7);
	assert_int_equal(row.send_q, 9);
	assert_int_equal(row.uid, 1000);
	assert_true(row.has_uid);
	assert_int_equal(row.inode, 12345);
	assert_true(row.cookie == UINT64_C(0x5566778811223344));
	assert_int_equal(row.unowned, NETSTAT_OWNED);
	assert_int_equal(row.timer, NETSTAT_TIMER_OFF);
	assert_false(row.has_age);
	assert_false(row.v6only);
	assert_null(row.congestion);
}

static void test_ip6(void **state)
{
	struct inet_diag_msg head = head_of(AF_INET6, KERNEL_ESTABLISHED, "fe80::1", "2001:db8::9");
	struct netstat_row row;

	(void)state;
	head.id.idiag_if = 3;
	row = row_of(&head, NETSTAT_UDP);
	assert_int_equal(row.family, BERTH_IP6);
	assert_int_equal(row.interface, 3);
	assert_int_equal(row.local.address.scope, 3);
	assert_int_equal(row.foreign.address.scope, 0);
	assert_place(&row.foreign, "[2001:db8::9]:40000");
	/* An IPv4 peer of an IPv6 socket stays an IPv6 address. */
	head = head_of(AF_INET6, KERNEL_ESTABLISHED, "::ffff:10.0.0.1", "::ffff:10.0.0.2");
	row = row_of(&head, NETSTAT_TCP);
	assert_int_equal(row.family, BERTH_IP6);
	assert_place(&row.local, "[::ffff:10.0.0.1]:8080");
}

static void test_states(void **state)
{
	static const struct {
		enum netstat_protocol protocol;
		uint8_t number, expected, unowned;
	} cases[] = {
		{NETSTAT_TCP, 1, NETSTAT_STATE_ESTABLISHED, NETSTAT_UNOWNED_WAITING},
		{NETSTAT_TCP, 2, NETSTAT_STATE_SYN_SENT, NETSTAT_OWNED},
		{NETSTAT_TCP, 3, NETSTAT_STATE_SYN_RECEIVED, NETSTAT_UNOWNED_WAITING},
		{NETSTAT_TCP, 4, NETSTAT_STATE_FIN_WAIT_1, NETSTAT_UNOWNED_CLOSED},
		{NETSTAT_TCP, 5, NETSTAT_STATE_FIN_WAIT_2, NETSTAT_UNOWNED_CLOSED},
		{NETSTAT_TCP, 6, NETSTAT_STATE_TIME_WAIT, NETSTAT_UNOWNED_TIMEWAIT},
		{NETSTAT_TCP, 7, NETSTAT_STATE_CLOSED, NETSTAT_UNOWNED_CLOSED},
		{NETSTAT_TCP, 8, NETSTAT_STATE_CLOSE_WAIT, NETSTAT_UNOWNED_WAITING},
		{NETSTAT_TCP, 9, NETSTAT_STATE_LAST_ACK, NETSTAT_UNOWNED_CLOSED},
		{NETSTAT_TCP, 10, NETSTAT_STATE_LISTEN, NETSTAT_OWNED},
		{NETSTAT_TCP, 11, NETSTAT_STATE_CLOSING, NETSTAT_UNOWNED_CLOSED},
		{NETSTAT_TCP, 12, NETSTAT_STATE_SYN_RECEIVED, NETSTAT_UNOWNED_WAITING},
		{NETSTAT_MPTCP, 7, NETSTAT_STATE_CLOSED, NETSTAT_UNOWNED_CLOSED},
		{NETSTAT_UDP, 1, NETSTAT_STATE_ESTABLISHED, NETSTAT_OWNED},
		{NETSTAT_UDP, 7, NETSTAT_STATE_OPEN, NETSTAT_OWNED},
		{NETSTAT_UDPLITE, 7, NETSTAT_STATE_OPEN, NETSTAT_OWNED},
		{NETSTAT_RAW, 7, NETSTAT_STATE_OPEN, NETSTAT_OWNED},
		{NETSTAT_RAW, 1, NETSTAT_STATE_ESTABLISHED, NETSTAT_OWNED},
		{NETSTAT_DCCP, 10, NETSTAT_STATE_LISTEN, NETSTAT_OWNED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct inet_diag_msg head = head_of(AF_INET, cases[i].number, "1.2.3.4", "5.6.7.8");
		head.idiag_inode = head.idiag_uid = 0;
		struct netstat_row row = row_of(&head, cases[i].protocol);
		assert_int_equal(row.state, cases[i].expected);
		assert_int_equal(row.unowned, cases[i].unowned);
		assert_false(row.has_uid);
		/* One that is held by a process says so whatever its state. */
		head.idiag_inode = 1;
		row = row_of(&head, cases[i].protocol);
		assert_int_equal(row.unowned, NETSTAT_OWNED);
		assert_true(row.has_uid);
	}
}

/* The other way: what is asked for is what comes back, and of nothing nothing is asked. */
static void test_state_sets(void **state)
{
	(void)state;
	assert_int_equal(kernel_state_set(NETSTAT_TCP, NETSTAT_BIT(NETSTAT_STATE_LISTEN)), 1 << KERNEL_LISTEN);
	assert_int_equal(kernel_state_set(NETSTAT_TCP, NETSTAT_BIT(NETSTAT_STATE_SYN_RECEIVED)),
			 1 << KERNEL_SYN_RECV | 1 << KERNEL_NEW_SYN_RECV);
	assert_int_equal(kernel_state_set(NETSTAT_TCP, NETSTAT_BIT(NETSTAT_STATE_OPEN)), 0);
	assert_int_equal(kernel_state_set(NETSTAT_TCP, NETSTAT_ALL_STATES), 0x1ffe);
	assert_int_equal(kernel_state_set(NETSTAT_UDP, NETSTAT_BIT(NETSTAT_STATE_LISTEN)), 0);
	assert_int_equal(kernel_state_set(NETSTAT_UDP, NETSTAT_BIT(NETSTAT_STATE_ESTABLISHED)),
			 1 << KERNEL_ESTABLISHED);
	assert_true(kernel_state_set(NETSTAT_UDP, NETSTAT_BIT(NETSTAT_STATE_OPEN)) & 1 << KERNEL_CLOSE);
	assert_int_equal(kernel_state_set(NETSTAT_UNIX, NETSTAT_BIT(NETSTAT_STATE_LISTEN)), 1 << KERNEL_LISTEN);
}

static void test_timers(void **state)
{
	static const struct {
		uint8_t number, state, timer;
		uint32_t expires;
		bool has_age;
		uint64_t ms_age;
	} cases[] = {
		{1, KERNEL_ESTABLISHED, NETSTAT_TIMER_ON, 200, false, 0},
		{2, KERNEL_ESTABLISHED, NETSTAT_TIMER_KEEPALIVE, 7200000, false, 0},
		{3, KERNEL_TIME_WAIT, NETSTAT_TIMER_TIMEWAIT, 59000, true, 1000},
		{3, KERNEL_TIME_WAIT, NETSTAT_TIMER_TIMEWAIT, 60000, true, 0},
		{3, KERNEL_TIME_WAIT, NETSTAT_TIMER_TIMEWAIT, 60001, false, 0},
		{3, KERNEL_FIN_WAIT2, NETSTAT_TIMER_TIMEWAIT, 59000, false, 0},
		{4, KERNEL_ESTABLISHED, NETSTAT_TIMER_PROBE, 5, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct inet_diag_msg head = head_of(AF_INET, cases[i].state, "1.2.3.4", "5.6.7.8");
		head.idiag_timer = cases[i].number;
		head.idiag_retrans = 4;
		head.idiag_expires = cases[i].expires;
		struct netstat_row row = row_of(&head, NETSTAT_TCP);
		assert_int_equal(row.timer, cases[i].timer);
		assert_int_equal(row.timer_count, 4);
		assert_int_equal(row.ms_timer, cases[i].expires);
		assert_int_equal(row.has_age, cases[i].has_age);
		assert_int_equal(row.ms_age, cases[i].ms_age);
	}
	struct inet_diag_msg head = head_of(AF_INET, KERNEL_ESTABLISHED, "1.2.3.4", "5.6.7.8");
	head.idiag_timer = 5; /* of a later kernel */
	assert_int_equal(row_of(&head, NETSTAT_TCP).timer, NETSTAT_TIMER_OFF);
}

static void test_attributes(void **state)
{
	struct inet_diag_msg head = head_of(AF_INET6, KERNEL_LISTEN, "::", "::");
	uint32_t memory[SK_MEMINFO_DROPS + 1] = {[SK_MEMINFO_DROPS] = 77}, mark = 0xfeed;
	uint64_t cgroup = UINT64_C(0x100000002);
	uint8_t yes = 1, wide[40] = {0};
	struct netlink_bytes message;
	struct netstat_row row;
	struct netstat_tcp tcp;

	(void)state;
	netlink_head(&message, &head, sizeof(head));
	netlink_attribute(&message, 200, wide, 37); /* of a later kernel */
	netlink_attribute(&message, INET_DIAG_SHUTDOWN, &yes, 1);
	netlink_attribute(&message, INET_DIAG_SKV6ONLY, &yes, 1);
	netlink_attribute(&message, INET_DIAG_MARK, &mark, sizeof(mark));
	netlink_attribute(&message, INET_DIAG_PAD, NULL, 0);
	netlink_attribute(&message, INET_DIAG_CGROUP_ID | NLA_F_NET_BYTEORDER, &cgroup, sizeof(cgroup));
	netlink_attribute(&message, INET_DIAG_SKMEMINFO, memory, sizeof(memory));
	netlink_attribute(&message, INET_DIAG_CONG, "cubic", 6);
	assert_true(inet_message_read(message.bytes, message.n, NETSTAT_TCP, &row, &tcp));
	assert_true(row.v6only);
	assert_int_equal(row.mark, 0xfeed);
	assert_true(row.cgroup_id == cgroup);
	assert_int_equal(row.drops, 77);
	assert_string_equal(row.congestion, "cubic");
	assert_true(berth_address_is_any(&row.local.address));
}

/* Names that are none: without an end, empty, with what a terminal would obey. */
static void test_congestion(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		bool good;
	} cases[] = {{"bbr", 4, true}, {"bbr\0\0\0", 6, true},         {"bbr", 3, false},
		     {"", 1, false},   {"\x1b[31m", 6, false},         {"a b", 4, false},
		     {"", 0, false},   {"abcdefghijklmnop", 17, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct inet_diag_msg head = head_of(AF_INET, KERNEL_ESTABLISHED, "1.2.3.4", "5.6.7.8");
		struct netlink_bytes message;
		struct netstat_row row;
		struct netstat_tcp tcp;
		netlink_head(&message, &head, sizeof(head));
		netlink_attribute(&message, INET_DIAG_CONG, cases[i].bytes, cases[i].n);
		assert_true(inet_message_read(message.bytes, message.n, NETSTAT_TCP, &row, &tcp));
		assert_int_equal(row.congestion != NULL, cases[i].good);
	}
}

/* ---- TCP's figures ---- */

static struct tcp_info info_of(void)
{
	return (struct tcp_info){
		.tcpi_rto = 204000,
		.tcpi_snd_mss = 1448,
		.tcpi_last_data_sent = 10,
		.tcpi_last_data_recv = 20,
		.tcpi_rtt = 1500,
		.tcpi_rttvar = 750,
		.tcpi_snd_ssthresh = 0x7fffffff,
		.tcpi_snd_cwnd = 10,
		.tcpi_total_retrans = 2,
		.tcpi_bytes_acked = 5001,
		.tcpi_bytes_received = 6000,
		.tcpi_segs_out = 30,
		.tcpi_segs_in = 31,
		.tcpi_notsent_bytes = 12,
		.tcpi_delivery_rate = 1000000,
		.tcpi_bytes_sent = 7000,
		.tcpi_bytes_retrans = 2000,
		.tcpi_snd_wnd = 65536,
	};
}

static bool read_info(uint8_t state, const void *info, size_t n, struct netstat_tcp *tcp)
{
	struct inet_diag_msg head = head_of(AF_INET, state, "1.2.3.4", "5.6.7.8");
	struct netlink_bytes message;
	struct netstat_row row;

	netlink_head(&message, &head, sizeof(head));
	netlink_attribute(&message, INET_DIAG_INFO, info, n);
	assert_true(inet_message_read(message.bytes, message.n, NETSTAT_TCP, &row, tcp));
	assert_true(!row.tcp || row.tcp == tcp);
	return row.tcp != NULL;
}

static void test_info(void **state)
{
	struct tcp_info info = info_of();
	struct netstat_tcp tcp;

	(void)state;
	assert_true(read_info(KERNEL_ESTABLISHED, &info, sizeof(info), &tcp));
	assert_int_equal(tcp.ns_srtt, 1500000);
	assert_int_equal(tcp.ns_rttvar, 750000);
	assert_int_equal(tcp.ns_rto, 204000000);
	assert_int_equal(tcp.cwnd, 14480);
	assert_true(tcp.ssthresh == UINT64_MAX);
	assert_int_equal(tcp.mss, 1448);
	assert_int_equal(tcp.snd_wnd, 65536);
	assert_int_equal(tcp.bytes_sent, 5000);
	assert_int_equal(tcp.bytes_retransmitted, 2000);
	assert_int_equal(tcp.bytes_acked, 5001);
	assert_int_equal(tcp.bytes_received, 6000);
	assert_int_equal(tcp.segments_sent, 30);
	assert_int_equal(tcp.segments_received, 31);
	assert_int_equal(tcp.segments_retransmitted, 2);
	assert_int_equal(tcp.notsent, 12);
	assert_int_equal(tcp.ms_last_sent, 10);
	assert_int_equal(tcp.ms_last_received, 20);
	assert_int_equal(tcp.delivery_rate, 1000000);
	assert_true(tcp.has_bytes);
	info.tcpi_snd_ssthresh = 20;
	assert_true(read_info(KERNEL_ESTABLISHED, &info, sizeof(info), &tcp));
	assert_int_equal(tcp.ssthresh, 20 * 1448);
	assert_false(read_info(KERNEL_LISTEN, &info, sizeof(info), &tcp));
	assert_false(read_info(KERNEL_ESTABLISHED, &info, 0, &tcp));
}

/* Of kernels before and after the one whose header this was built with. */
static void test_info_sizes(void **state)
{
	static const struct {
		size_t n;
		bool has_bytes;
		uint64_t bytes_acked, snd_wnd, rcv_wnd;
	} cases[] = {
		{offsetof(struct tcp_info, tcpi_pacing_rate), false, 0, 0, 0},
		{offsetof(struct tcp_info, tcpi_segs_out), false, 5001, 0, 0},
		{offsetof(struct tcp_info, tcpi_bytes_retrans) + 7, false, 5001, 0, 0},
		{offsetof(struct tcp_info, tcpi_bytes_retrans) + 8, true, 5001, 0, 0},
		{offsetof(struct tcp_info, tcpi_snd_wnd) + 4, true, 5001, 65536, 0},
		{offsetof(struct tcp_info, tcpi_snd_wnd) + 8, true, 5001, 65536, 0x01010101},
		{offsetof(struct tcp_info, tcpi_snd_wnd) + 100, true, 5001, 65536, 0x01010101},
	};
	struct tcp_info info = info_of();
	uint8_t bytes[512];

	(void)state;
	memset(bytes, 1, sizeof(bytes));
	memcpy(bytes, &info, offsetof(struct tcp_info, tcpi_snd_wnd) + 4);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct netstat_tcp tcp;
		assert_true(read_info(KERNEL_ESTABLISHED, bytes, cases[i].n, &tcp));
		assert_int_equal(tcp.has_bytes, cases[i].has_bytes);
		assert_int_equal(tcp.cwnd, 14480);
		assert_int_equal(tcp.bytes_acked, cases[i].bytes_acked);
		assert_int_equal(tcp.snd_wnd, cases[i].snd_wnd);
		assert_int_equal(tcp.rcv_wnd, cases[i].rcv_wnd);
	}
}

/* ---- other protocols ---- */

static void test_raw(void **state)
{
	struct inet_diag_msg head = head_of(AF_INET, KERNEL_CLOSE, "0.0.0.0", "0.0.0.0");
	struct netlink_bytes message;
	struct netstat_row row;
	struct netstat_tcp tcp;
	uint8_t icmp = 1;

	(void)state;
	netlink_head(&message, &head, sizeof(head));
	netlink_attribute(&message, INET_DIAG_PROTOCOL, &icmp, 1);
	assert_true(inet_message_read(message.bytes, message.n, NETSTAT_RAW, &row, &tcp));
	assert_place(&row.local, "0.0.0.0:1");
	assert_place(&row.foreign, "0.0.0.0:0");
}

/* An association has peers and its own numbers; an endpoint that has associations is none of them. */
static void test_sctp(void **state)
{
	static const struct {
		uint8_t number;
		bool peers, good;
		uint8_t expected;
	} cases[] = {
		{10, false, true, NETSTAT_STATE_LISTEN},
		{7, false, true, NETSTAT_STATE_CLOSED},
		{1, false, false, 0},
		{0, true, true, NETSTAT_STATE_CLOSED},
		{1, true, true, NETSTAT_STATE_SYN_SENT},
		{2, true, true, NETSTAT_STATE_SYN_SENT},
		{3, true, true, NETSTAT_STATE_ESTABLISHED},
		{4, true, true, NETSTAT_STATE_FIN_WAIT_1},
		{5, true, true, NETSTAT_STATE_FIN_WAIT_2},
		{6, true, true, NETSTAT_STATE_CLOSE_WAIT},
		{7, true, true, NETSTAT_STATE_LAST_ACK},
		{8, true, false, 0},
	};
	uint8_t peers[128] = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct inet_diag_msg head = head_of(AF_INET, cases[i].number, "1.2.3.4", "5.6.7.8");
		struct netlink_bytes message;
		struct netstat_row row;
		struct netstat_tcp tcp;
		netlink_head(&message, &head, sizeof(head));
		netlink_attribute(&message, INET_DIAG_LOCALS, peers, sizeof(peers));
		if (cases[i].peers)
			netlink_attribute(&message, INET_DIAG_PEERS, peers, sizeof(peers));
		assert_int_equal(inet_message_read(message.bytes, message.n, NETSTAT_SCTP, &row, &tcp), cases[i].good);
		if (cases[i].good)
			assert_int_equal(row.state, cases[i].expected);
	}
}

/* ---- what is none ---- */

static void test_bad(void **state)
{
	struct inet_diag_msg good = head_of(AF_INET, KERNEL_ESTABLISHED, "1.2.3.4", "5.6.7.8"), head = good;
	struct netlink_bytes message;
	struct netstat_row row;
	struct netstat_tcp tcp;
	uint32_t mark = 5;

	(void)state;
	assert_false(inet_message_read(&good, sizeof(good) - 1, NETSTAT_TCP, &row, &tcp));
	assert_false(inet_message_read(&good, 0, NETSTAT_TCP, &row, &tcp));
	head.idiag_family = AF_UNIX;
	assert_false(inet_message_read(&head, sizeof(head), NETSTAT_TCP, &row, &tcp));
	for (unsigned number = 0; number < 256; number++) {
		head = good;
		head.idiag_state = (uint8_t)number;
		assert_int_equal(inet_message_read(&head, sizeof(head), NETSTAT_TCP, &row, &tcp),
				 number >= 1 && number <= 12);
	}
	/* Attributes that are cut short end the list, and what stood before them counts. */
	netlink_head(&message, &good, sizeof(good));
	netlink_attribute(&message, INET_DIAG_MARK, &mark, sizeof(mark));
	netlink_attribute(&message, INET_DIAG_CONG, "cubic", 6);
	for (size_t n = sizeof(good); n <= message.n; n++) {
		assert_true(inet_message_read(message.bytes, n, NETSTAT_TCP, &row, &tcp));
		assert_int_equal(row.mark, n >= sizeof(good) + 8 ? 5 : 0);
		assert_int_equal(row.congestion != NULL, n >= message.n - 2); /* its padding may be missing */
	}
	/* A length of nothing would be walked for ever. */
	memset(message.bytes + sizeof(good), 0, 4);
	assert_true(inet_message_read(message.bytes, message.n, NETSTAT_TCP, &row, &tcp));
	assert_int_equal(row.mark, 0);
	/* An attribute that is too short for its number is none. */
	netlink_head(&message, &good, sizeof(good));
	netlink_attribute(&message, INET_DIAG_MARK, &mark, 3);
	netlink_attribute(&message, INET_DIAG_SKV6ONLY, NULL, 0);
	netlink_attribute(&message, INET_DIAG_SKMEMINFO, &mark, sizeof(mark));
	assert_true(inet_message_read(message.bytes, message.n, NETSTAT_TCP, &row, &tcp));
	assert_int_equal(row.mark, 0);
	assert_int_equal(row.drops, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head),       cmocka_unit_test(test_ip6),    cmocka_unit_test(test_states),
		cmocka_unit_test(test_state_sets), cmocka_unit_test(test_timers), cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_congestion), cmocka_unit_test(test_info),   cmocka_unit_test(test_info_sizes),
		cmocka_unit_test(test_raw),        cmocka_unit_test(test_sctp),   cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
