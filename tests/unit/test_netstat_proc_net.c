/* Lines of /proc/net: those of real kernels, and what is none. */
#include <berth/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "not_here.h"

#include "source/proc_net.h"

static void assert_place(const struct berth_socket_address *at, const char *expected)
{
	char text[BERTH_ADDRESS_TEXT];

	assert_string_equal(berth_socket_address_format(at, text, sizeof(text)), expected);
}

/* ---- IP sockets ---- */

struct inet_case {
	const char *line;
	enum netstat_protocol protocol;
	uint8_t family;
	const char *local, *foreign;
	uint8_t state;
	uint64_t send_q, recv_q;
	uint8_t timer;
	uint64_t ms_timer;
	uint32_t timer_count, uid;
	uint64_t inode, drops;
	uint8_t unowned;
};

/* Addresses are in the machine's order, and these lines of a machine with the usual one. */
static const struct inet_case inet_cases[] = {
	{"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000002 00:00000000 00000000  1000        0 12345 1 "
	 "0000000000000000 100 0 0 10 0",
	 NETSTAT_TCP, BERTH_IP4, "127.0.0.1:8080", "0.0.0.0:0", NETSTAT_STATE_LISTEN, 0, 2, NETSTAT_TIMER_OFF, 0, 0,
	 1000, 12345, 0, NETSTAT_OWNED},
	{"  12: 0500A8C0:A000 08080808:01BB 01 00000010:00000001 01:00000015 00000003     0        0 99 2 "
	 "0000000000000000 20 4 30 10 -1",
	 NETSTAT_TCP, BERTH_IP4, "192.168.0.5:40960", "8.8.8.8:443", NETSTAT_STATE_ESTABLISHED, 16, 1, NETSTAT_TIMER_ON,
	 210, 3, 0, 99, 0, NETSTAT_OWNED},
	{" 123: 0500A8C0:A000 08080808:01BB 01 00000000:00000000 04:00000064 00000003     0        5 99 2 0 20 4 30 10",
	 NETSTAT_TCP, BERTH_IP4, "192.168.0.5:40960", "8.8.8.8:443", NETSTAT_STATE_ESTABLISHED, 0, 0,
	 NETSTAT_TIMER_PROBE, 1000, 5, 0, 99, 0, NETSTAT_OWNED},
	{"   3: 0500A8C0:A000 08080808:01BB 06 00000000:00000000 03:00000FA0 00000000     0        0 0 3 "
	 "0000000000000000",
	 NETSTAT_TCP, BERTH_IP4, "192.168.0.5:40960", "8.8.8.8:443", NETSTAT_STATE_TIME_WAIT, 0, 0,
	 NETSTAT_TIMER_TIMEWAIT, 40000, 0, 0, 0, 0, NETSTAT_UNOWNED_TIMEWAIT},
	{"   0: B80D0120000000000000000001000000:0016 0000000000000000FFFF00000100000A:8000 01 00000000:00000000 "
	 "02:00000100 00000000     0        0 7 1 0 20 4 30 10 -1",
	 NETSTAT_TCP, BERTH_IP6, "[2001:db8::1]:22", "[::ffff:10.0.0.1]:32768", NETSTAT_STATE_ESTABLISHED, 0, 0,
	 NETSTAT_TIMER_KEEPALIVE, 2560, 0, 0, 7, 0, NETSTAT_OWNED},
	{" 1234: 00000000:0044 00000000:0000 07 00000000:00000300 00:00000000 00000000   101        0 555 2 "
	 "0000000000000000 42",
	 NETSTAT_UDP, BERTH_IP4, "0.0.0.0:68", "0.0.0.0:0", NETSTAT_STATE_OPEN, 0, 768, NETSTAT_TIMER_OFF, 0, 0, 101,
	 555, 42, NETSTAT_OWNED},
	{"    1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 556 2 "
	 "0000000000000000 0",
	 NETSTAT_RAW, BERTH_IP4, "0.0.0.0:1", "0.0.0.0:0", NETSTAT_STATE_OPEN, 0, 0, NETSTAT_TIMER_OFF, 0, 0, 0, 556, 0,
	 NETSTAT_OWNED},
};

static void test_inet(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(inet_cases) / sizeof(inet_cases[0]); i++) {
		const struct inet_case *c = &inet_cases[i];
		struct netstat_row row;
		assert_true(proc_net_inet_line(c->line, strlen(c->line), c->protocol, c->family, &row));
		assert_int_equal(row.protocol, c->protocol);
		assert_int_equal(row.family, c->family);
		assert_place(&row.local, c->local);
		assert_place(&row.foreign, c->foreign);
		assert_int_equal(row.state, c->state);
		assert_int_equal(row.send_q, c->send_q);
		assert_int_equal(row.recv_q, c->recv_q);
		assert_int_equal(row.timer, c->timer);
		assert_int_equal(row.ms_timer, c->ms_timer);
		assert_int_equal(row.timer_count, c->timer_count);
		assert_int_equal(row.uid, c->uid);
		assert_int_equal(row.has_uid, c->inode != 0);
		assert_int_equal(row.inode, c->inode);
		assert_int_equal(row.drops, c->drops);
		assert_int_equal(row.unowned, c->unowned);
		assert_int_equal(row.has_age, c->state == NETSTAT_STATE_TIME_WAIT);
		assert_int_equal(row.ms_age, row.has_age ? 60000 - c->ms_timer : 0);
	}
}

static void test_inet_bad(void **state)
{
	static const char *const lines[] = {
		"",
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
		"   0: 0100007F:1F90 00000000:0000 00 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0",
		"   0: 0100007F:1F90 00000000:0000 1F 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0",
		"   0: 0100007:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0",
		"   0: 0100007F 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0",
		"   0: 0100007F:1F90 00000000:0000 0A 00000000 00:00000000 00000000  1000        0 12345 1 0",
		"   0: 0100007F:1F90 0000000G:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0",
	};
	const char *good = inet_cases[0].line;
	size_t n_needed = (size_t)(strstr(good, "12345") - good) + 1;
	struct netstat_row row;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_false(proc_net_inet_line(lines[i], strlen(lines[i]), NETSTAT_TCP, BERTH_IP4, &row));
	for (size_t n = 0; n < strlen(good); n++)
		assert_int_equal(proc_net_inet_line(good, n, NETSTAT_TCP, BERTH_IP4, &row), n >= n_needed);
	/* An address of the other family. */
	assert_false(proc_net_inet_line(good, strlen(good), NETSTAT_TCP, BERTH_IP6, &row));
	assert_false(proc_net_inet_line(inet_cases[4].line, strlen(inet_cases[4].line), NETSTAT_TCP, BERTH_IP4, &row));
}

/* ---- SCTP ---- */

static void test_sctp(void **state)
{
	static const char endpoint[] =
		"00000000abcdef01 00000000abcdef02 2   10  36   8080   1000 4242 10.0.0.1 192.168.0.1 ";
	static const char endpoint6[] =
		"00000000abcdef01 00000000abcdef02 0   7   36   9      0 4243 2001:0db8:0000:0000:0000:0000:0000:0001 ";
	static const char connected[] = "00000000abcdef01 00000000abcdef02 2   1   36   8080   1000 4242 10.0.0.1 ";
	static const char association[] =
		"00000000abcdef03 00000000abcdef02 2   1   3  36      7       12       34    1000 4242 8080  40000  "
		"10.0.0.1 *192.168.0.1 <-> *10.0.0.2 10.0.0.3 \t    7500    10    10   10    0    0        0        1  "
		"   "
		"   0   212992   212992";
	struct netstat_row row;

	(void)state;
	assert_true(proc_net_sctp_endpoint_line(endpoint, strlen(endpoint), &row));
	assert_int_equal(row.protocol, NETSTAT_SCTP);
	assert_int_equal(row.state, NETSTAT_STATE_LISTEN);
	assert_place(&row.local, "10.0.0.1:8080");
	assert_int_equal(row.family, BERTH_IP4);
	assert_int_equal(row.uid, 1000);
	assert_int_equal(row.inode, 4242);
	assert_true(proc_net_sctp_endpoint_line(endpoint6, strlen(endpoint6), &row));
	assert_int_equal(row.state, NETSTAT_STATE_CLOSED);
	assert_int_equal(row.family, BERTH_IP6);
	assert_place(&row.local, "[2001:db8::1]:9");
	/* Its associations are the conversation. */
	assert_false(proc_net_sctp_endpoint_line(connected, strlen(connected), &row));
	assert_false(proc_net_sctp_endpoint_line(endpoint, strstr(endpoint, " 10.0") - endpoint, &row));
	assert_true(proc_net_sctp_association_line(association, strlen(association), &row));
	assert_int_equal(row.state, NETSTAT_STATE_ESTABLISHED);
	assert_place(&row.local, "192.168.0.1:8080");
	assert_place(&row.foreign, "10.0.0.2:40000");
	assert_int_equal(row.send_q, 12);
	assert_int_equal(row.recv_q, 34);
	assert_int_equal(row.inode, 4242);
	assert_false(proc_net_sctp_association_line(association, strstr(association, "*10.0") - association, &row));
	assert_false(proc_net_sctp_association_line(" ASSOC     SOCK   STY SST ST HBKT", 33, &row));
}

/* ---- Unix sockets ---- */

static void test_unix(void **state)
{
	static const struct {
		const char *line, *path;
		uint8_t type, state, unowned;
		uint64_t inode;
	} cases[] = {
		{"0000000000000000: 00000002 00000000 00010000 0001 01 20736 /run/x y", "/run/x y", SOCK_STREAM,
		 NETSTAT_STATE_LISTEN, NETSTAT_OWNED, 20736},
		{"0000000000000000: 00000003 00000000 00000000 0001 03 20737", NULL, SOCK_STREAM,
		 NETSTAT_STATE_ESTABLISHED, NETSTAT_OWNED, 20737},
		{"0000000000000000: 00000002 00000000 00000000 0002 01 20738 @ab@c", "@ab@c", SOCK_DGRAM,
		 NETSTAT_STATE_OPEN, NETSTAT_OWNED, 20738},
		{"0000000000000000: 00000002 00000000 00000000 0005 02     0 /a\x1b", "/a?", SOCK_SEQPACKET,
		 NETSTAT_STATE_ESTABLISHED, NETSTAT_UNOWNED_WAITING, 0},
		{"0000000000000000: 00000002 00000000 00000000 0001 04     0 ", NULL, SOCK_STREAM, NETSTAT_STATE_OPEN,
		 NETSTAT_OWNED, 0},
	};
	char path[PROC_NET_PATH_ROOM], line[512];
	struct netstat_row row;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(proc_net_unix_line(cases[i].line, strlen(cases[i].line), &row, path));
		assert_int_equal(row.protocol, NETSTAT_UNIX);
		assert_int_equal(row.unix_type, cases[i].type);
		assert_int_equal(row.state, cases[i].state);
		assert_int_equal(row.unowned, cases[i].unowned);
		assert_int_equal(row.inode, cases[i].inode);
		if (cases[i].path)
			assert_string_equal(row.path, cases[i].path);
		else
			assert_null(row.path);
	}
	assert_false(proc_net_unix_line("Num       RefCount Protocol Flags    Type St Inode Path", 55, &row, path));
	assert_false(proc_net_unix_line("", 0, &row, path));
	/* A path longer than any. */
	int n = snprintf(line, sizeof(line), "%s%0300d", "0: 00000002 00000000 00010000 0001 01 20736 /", 7);
	assert_true(proc_net_unix_line(line, (size_t)n, &row, path));
	assert_int_equal(strlen(row.path), PROC_NET_PATH_ROOM - 1);
}

/* ---- files ---- */

static int count_line(void *user, const char *line, size_t n)
{
	size_t *count = user;

	assert_null(memchr(line, '\n', n));
	return ++*count == 2;
}

static void test_walk(void **state)
{
	size_t n = 0;

	(void)state;
	assert_int_equal(proc_net_walk("no-such-file", count_line, &n), BERTH_ENOENT);
	assert_int_equal(n, 0);
	int r = proc_net_walk("dev", count_line, &n); /* has two lines of headings */
	if (r == BERTH_ENOENT || r == BERTH_EPERM)
		not_here("/proc/net/dev");
	assert_int_equal(r, PROC_NET_STOPPED);
	assert_int_equal(n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inet), cmocka_unit_test(test_inet_bad),  cmocka_unit_test(test_sctp),
		cmocka_unit_test(test_unix), unit_test_or_not_here(test_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
