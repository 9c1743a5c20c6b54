/* The kernel's TCP sockets, live: the test opens its own, in every state that it can bring about, and finds them. */
#include "kernel_sockets.h"

static void test_tcp(int family, const char *address)
{
	int l = needed(listener(family, 0, 5)), c = connected(family, SOCK_STREAM, port_of(l)), s = accepted(l);
	int waiting = connected(family, SOCK_STREAM, port_of(l));

	assert_int_equal(send(c, "hello", 5, 0), 5);
	await(s);
	await(l);
	struct netstat_rows rows = look(&everything);
	const struct netstat_row *row = of(&rows, l, NETSTAT_TCP, NETSTAT_STATE_LISTEN);
	assert_place(&row->local, address, port_of(l));
	assert_true(berth_address_is_any(&row->foreign.address));
	assert_int_equal(row->recv_q, 1);
	assert_int_equal(row->send_q, 5);
	assert_null(row->tcp);
	row = of(&rows, c, NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED);
	assert_int_equal(row->family, family == AF_INET ? BERTH_IP4 : BERTH_IP6);
	assert_place(&row->local, address, port_of(c));
	assert_place(&row->foreign, address, port_of(l));
	assert_non_null(row->tcp);
	assert_true(row->tcp->has_bytes);
	assert_int_equal(row->tcp->bytes_sent, 5);
	assert_int_equal(row->tcp->bytes_acked + row->send_q - row->tcp->notsent, 6); /* and the SYN */
	assert_true(row->tcp->mss && row->tcp->cwnd >= row->tcp->mss && row->tcp->ns_rto >= 1000000);
	assert_non_null(row->congestion);
	assert_true(row->cookie);
	row = of(&rows, s, NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED);
	assert_int_equal(row->recv_q, 5);
	assert_int_equal(row->tcp->bytes_received, 5);
	/* Whom nobody has accepted has no inode: the listener has it. */
	row = by_ports(&rows, port_of(l), port_of(waiting));
	assert_int_equal(row->state, NETSTAT_STATE_ESTABLISHED);
	assert_int_equal(row->inode, 0);
	assert_int_equal(row->unowned, NETSTAT_UNOWNED_WAITING);
	netstat_rows_free(&rows);
	close(waiting);
	close(s);
	close(c);
	close(l);
}

static void test_tcp4(void **state)
{
	(void)state;
	test_tcp(AF_INET, "127.0.0.1");
}

static void test_tcp6(void **state)
{
	(void)state;
	test_tcp(AF_INET6, "::1");
}

/* A listener for both families sees IPv4 peers as IPv6 addresses, and its sockets are IPv6 rows. */
static void test_mapped(void **state)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6};
	int no = 0, yes = 1, l = needed(opened(AF_INET6, SOCK_STREAM, 0)), l6;

	(void)state;
	setsockopt(l, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	assert_int_equal(bind(l, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(l, 1), 0);
	l6 = opened(AF_INET6, SOCK_STREAM, 0);
	setsockopt(l6, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	assert_int_equal(bind(l6, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(l6, 1), 0);
	int c = connected(AF_INET, SOCK_STREAM, port_of(l)), s = accepted(l);
	struct netstat_rows rows = look(&everything);
	const struct netstat_row *row = of(&rows, l, NETSTAT_TCP, NETSTAT_STATE_LISTEN);
	assert_false(row->v6only);
	assert_place(&row->local, "::", port_of(l));
	assert_true(of(&rows, l6, NETSTAT_TCP, NETSTAT_STATE_LISTEN)->v6only);
	row = of(&rows, s, NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED);
	assert_int_equal(row->family, BERTH_IP6);
	assert_place(&row->foreign, "::ffff:127.0.0.1", port_of(c));
	assert_int_equal(of(&rows, c, NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED)->family, BERTH_IP4);
	netstat_rows_free(&rows);
	close(c);
	close(s);
	close(l);
	close(l6);
}

static void test_closing(void **state)
{
	int l = needed(listener(AF_INET, 0, 5)), half = connected(AF_INET, SOCK_STREAM, port_of(l)),
	    half_s = accepted(l);
	int orphan = connected(AF_INET, SOCK_STREAM, port_of(l)), orphan_s = accepted(l);
	int gone = connected(AF_INET, SOCK_STREAM, port_of(l)), gone_s = accepted(l);
	uint16_t to = port_of(l), orphan_port = port_of(orphan), gone_port = port_of(gone);

	(void)state;
	shutdown(half, SHUT_WR);
	assert_ended(half_s);
	close(orphan);
	assert_ended(orphan_s);
	close(gone);
	assert_ended(gone_s);
	close(gone_s);
	struct netstat_rows rows = look_when_still(&everything, to);
	of(&rows, half, NETSTAT_TCP, NETSTAT_STATE_FIN_WAIT_2);
	of(&rows, half_s, NETSTAT_TCP, NETSTAT_STATE_CLOSE_WAIT);
	const struct netstat_row *row = by_ports(&rows, orphan_port, to);
	assert_int_equal(row->state, NETSTAT_STATE_FIN_WAIT_2);
	assert_int_equal(row->unowned, NETSTAT_UNOWNED_CLOSED);
	assert_int_equal(row->inode, 0);
	row = by_ports(&rows, gone_port, to);
	assert_int_equal(row->state, NETSTAT_STATE_TIME_WAIT);
	assert_int_equal(row->unowned, NETSTAT_UNOWNED_TIMEWAIT);
	assert_int_equal(row->timer, NETSTAT_TIMER_TIMEWAIT);
	assert_false(row->has_uid);
	assert_true(row->has_age);
	assert_int_equal(row->ms_age + row->ms_timer, 60000);
	assert_null(row->tcp);
	netstat_rows_free(&rows);
	close(half);
	close(half_s);
	close(orphan_s);
	close(l);
}

/* A listener whose queue is full answers no SYN. */
static void test_opening(void **state)
{
	struct sockaddr_storage at;
	socklen_t n;
	int l = needed(listener(AF_INET, 0, 0)), first = connected(AF_INET, SOCK_STREAM, port_of(l));
	int c = opened(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)state;
	loopback(AF_INET, port_of(l), &at, &n);
	assert_int_equal(connect(c, (struct sockaddr *)&at, n), -1);
	assert_int_equal(errno, EINPROGRESS);
	struct netstat_rows rows = look(&everything);
	const struct netstat_row *row = of(&rows, c, NETSTAT_TCP, NETSTAT_STATE_SYN_SENT);
	assert_int_equal(row->timer, NETSTAT_TIMER_ON);
	assert_true(row->ms_timer > 0);
	netstat_rows_free(&rows);
	close(c);
	close(first);
	close(l);
}

/* Whom a listener does not take before there is something to read is no more than a SYN to the kernel. */
static void test_waiting(void **state)
{
	int l = needed(listener(AF_INET, 0, 5)), s = 30;

	(void)state;
	assert_int_equal(setsockopt(l, IPPROTO_TCP, TCP_DEFER_ACCEPT, &s, sizeof(s)), 0);
	int c = connected(AF_INET, SOCK_STREAM, port_of(l));
	struct netstat_rows rows = look(&everything);
	const struct netstat_row *row = by_ports(&rows, port_of(l), port_of(c));
	assert_int_equal(row->state, NETSTAT_STATE_SYN_RECEIVED);
	assert_int_equal(row->unowned, NETSTAT_UNOWNED_WAITING);
	assert_int_equal(row->timer, NETSTAT_TIMER_ON);
	assert_false(row->has_uid);
	assert_null(row->tcp);
	of(&rows, c, NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED);
	netstat_rows_free(&rows);
	close(c);
	close(l);
}

/* An MPTCP connection and TCP's below it; both ends are ours. */
static void test_mptcp_connected(void **state)
{
	int l = needed(listener(AF_INET, IPPROTO_MPTCP, 7)), c = opened(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	struct sockaddr_storage at;
	socklen_t n;
	size_t seen[NETSTAT_PROTOCOL_N] = {0};

	(void)state;
	loopback(AF_INET, port_of(l), &at, &n);
	if (connect(c, (struct sockaddr *)&at, n) < 0)
		not_here("MPTCP over loopback");
	int s = accepted(l);
	assert_int_equal(send(c, "hello", 5, 0), 5);
	char byte;
	assert_int_equal(recv(s, &byte, 1, 0), 1);
	struct netstat_rows rows = look(&everything);
	for (size_t i = 0; i < rows.n; i++) {
		const struct netstat_row *row = rows.rows[i];
		if (row->local.port == port_of(c) && row->foreign.port == port_of(l)) {
			assert_int_equal(row->state, NETSTAT_STATE_ESTABLISHED);
			assert_int_equal(row->inode, inode_of(c));
			assert_int_equal(row->tcp != NULL, row->protocol == NETSTAT_TCP);
			seen[row->protocol]++;
		}
	}
	assert_int_equal(seen[NETSTAT_MPTCP], 1);
	assert_int_equal(seen[NETSTAT_TCP], 1);
	netstat_rows_free(&rows);
	close(c);
	close(s);
	close(l);
}

static void test_mptcp(void **state)
{
	int l = needed(listener(AF_INET, IPPROTO_MPTCP, 7));
	struct netstat_rows rows = look(&everything);
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < rows.n; i++) {
		const struct netstat_row *row = rows.rows[i];
		if (row->local.port != port_of(l))
			continue;
		assert_int_equal(row->state, NETSTAT_STATE_LISTEN);
		assert_int_equal(row->send_q, 7);
		seen |= NETSTAT_BIT(row->protocol);
	}
	/* Itself, and TCP's that is below it. */
	assert_int_equal(seen, NETSTAT_BIT(NETSTAT_MPTCP) | NETSTAT_BIT(NETSTAT_TCP));
	netstat_rows_free(&rows);
	close(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_or_not_here(test_tcp4),
		unit_test_or_not_here(test_tcp6),
		unit_test_or_not_here(test_mapped),
		unit_test_or_not_here(test_closing),
		unit_test_or_not_here(test_opening),
		unit_test_or_not_here(test_waiting),
		unit_test_or_not_here(test_mptcp_connected),
		unit_test_or_not_here(test_mptcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
