/* Eleven rows, a to k, for the tests of filters and of what else asks rows: one of each kind that a machine has. */
#ifndef TESTS_FILTER_ROWS_H
#define TESTS_FILTER_ROWS_H

#include "finding.h"
#include "row.h"

#include <stdlib.h>
#include <sys/socket.h>

#define FILTER_ROWS_N 11u

static struct berth_socket_address filter_rows_address(const char *text)
{
	struct berth_socket_address address;

	if (berth_socket_address_parse(text, &address) < 0)
		abort();
	return address;
}

#define ADDRESS(text) filter_rows_address(text)

static const struct netstat_process filter_rows_firefox = {
	.pid = 4242,
	.uid = 1000,
	.program = "firefox",
	.command = "/usr/lib/firefox/firefox --profile x",
	.executable = "/usr/lib/firefox/firefox",
	.cgroup = "/user.slice/session-4.scope",
	.unit = "session-4.scope",
};
static const struct netstat_process filter_rows_sshd = {
	.pid = 800,
	.program = "sshd",
	.command = "/usr/sbin/sshd -D",
	.executable = "/usr/sbin/sshd",
	.cgroup = "/system.slice/ssh.service",
	.unit = "ssh.service",
};
static const struct netstat_process filter_rows_web = {
	.pid = 300,
	.uid = 1001,
	.program = "Web Content",
	.command = "web",
	.cgroup = "/docker/0123456789ab",
	.container = "docker:0123456789ab",
};
static const struct netstat_owner filter_rows_owners[] = {
	{&filter_rows_firefox, 40},
	{&filter_rows_sshd, 3},
	{&filter_rows_sshd, 4},
	{&filter_rows_web, 5},
};
static const struct netstat_tcp filter_rows_tcp = {
	.ns_srtt = 12500000,
	.cwnd = 14480,
	.bytes_sent = 1000,
	.bytes_received = 2 << 20,
	.segments_retransmitted = 3,
};
static const struct netstat_namespace filter_rows_blue = {.inode = 4026532000, .name = "blue"};

/* Row i, by value: 0 is a. */
static inline struct netstat_row filter_rows_make(size_t i)
{
	switch (i) {
	case 0:
		return (struct netstat_row){.protocol = NETSTAT_TCP,
					    .state = NETSTAT_STATE_ESTABLISHED,
					    .family = BERTH_IP4,
					    .timer = NETSTAT_TIMER_ON,
					    .direction = NETSTAT_DIRECTION_OUT,
					    .local = ADDRESS("10.0.0.5:40000"),
					    .foreign = ADDRESS("93.184.216.34:443"),
					    .recv_q = 1,
					    .inode = 7001,
					    .uid = 1000,
					    .interface = 2,
					    .mark = 0x10,
					    .has_uid = true,
					    .tcp = &filter_rows_tcp,
					    .congestion = "cubic",
					    .owners = &filter_rows_owners[0],
					    .n_owners = 1,
					    .user = "alice",
					    .interface_name = "eth0",
					    .foreign_service = "https",
					    .foreign_name = "www.example.com"};
	case 1:
		return (struct netstat_row){.protocol = NETSTAT_TCP,
					    .state = NETSTAT_STATE_LISTEN,
					    .family = BERTH_IP6,
					    .local = ADDRESS("[::]:22"),
					    .foreign = ADDRESS("[::]:0"),
					    .inode = 7002,
					    .has_uid = true,
					    .owners = &filter_rows_owners[1],
					    .n_owners = 1,
					    .user = "root",
					    .local_service = "ssh"};
	case 2:
		return (struct netstat_row){.protocol = NETSTAT_TCP,
					    .state = NETSTAT_STATE_TIME_WAIT,
					    .family = BERTH_IP4,
					    .timer = NETSTAT_TIMER_TIMEWAIT,
					    .unowned = NETSTAT_UNOWNED_TIMEWAIT,
					    .direction = NETSTAT_DIRECTION_UNKNOWN,
					    .local = ADDRESS("10.0.0.5:50000"),
					    .foreign = ADDRESS("10.0.0.9:22"),
					    .interface = 2,
					    .ms_timer = 30000,
					    .ms_age = 30000,
					    .has_age = true,
					    .interface_name = "eth0"};
	case 3:
		return (struct netstat_row){.protocol = NETSTAT_TCP,
					    .state = NETSTAT_STATE_ESTABLISHED,
					    .family = BERTH_IP6,
					    .direction = NETSTAT_DIRECTION_IN,
					    .local = ADDRESS("[::1]:22"),
					    .foreign = ADDRESS("[::1]:51000"),
					    .inode = 7003,
					    .has_uid = true,
					    .owners = &filter_rows_owners[2],
					    .n_owners = 1,
					    .user = "root",
					    .findings = UINT64_C(1) << FINDING_EXECUTABLE_DELETED};
	case 4:
		return (struct netstat_row){.protocol = NETSTAT_UDP,
					    .state = NETSTAT_STATE_ESTABLISHED,
					    .family = BERTH_IP4,
					    .local = ADDRESS("10.0.0.5:47123"),
					    .foreign = ADDRESS("127.0.0.53:53"),
					    .inode = 7004,
					    .ns = &filter_rows_blue};
	case 5:
		return (struct netstat_row){.protocol = NETSTAT_UDP,
					    .state = NETSTAT_STATE_OPEN,
					    .family = BERTH_IP4,
					    .local = ADDRESS("0.0.0.0:53"),
					    .foreign = ADDRESS("0.0.0.0:0"),
					    .recv_q = 100,
					    .inode = 7005,
					    .drops = 6};
	case 6:
		return (struct netstat_row){.protocol = NETSTAT_RAW,
					    .state = NETSTAT_STATE_OPEN,
					    .family = BERTH_IP4,
					    .local = ADDRESS("172.16.0.1:1"),
					    .inode = 7006};
	case 7:
		return (struct netstat_row){.protocol = NETSTAT_TCP,
					    .state = NETSTAT_STATE_ESTABLISHED,
					    .family = BERTH_IP6,
					    .direction = NETSTAT_DIRECTION_UNKNOWN,
					    .local = ADDRESS("[::ffff:192.168.1.7]:5000"),
					    .foreign = ADDRESS("[::ffff:192.168.1.8]:6000"),
					    .send_q = 2048,
					    .host = "web"};
	case 8:
		return (struct netstat_row){.protocol = NETSTAT_UNIX,
					    .state = NETSTAT_STATE_LISTEN,
					    .unix_type = SOCK_STREAM,
					    .inode = 7008,
					    .path = "/run/web.sock",
					    .owners = &filter_rows_owners[3],
					    .n_owners = 1};
	case 9:
		return (struct netstat_row){.protocol = NETSTAT_UNIX,
					    .state = NETSTAT_STATE_ESTABLISHED,
					    .unix_type = SOCK_STREAM,
					    .inode = 7009,
					    .peer_inode = 7010};
	default:
		return (struct netstat_row){.protocol = NETSTAT_TCP,
					    .state = NETSTAT_STATE_FIN_WAIT_2,
					    .family = BERTH_IP6,
					    .unowned = NETSTAT_UNOWNED_ELSEWHERE,
					    .local = ADDRESS("[fe80::1%2]:7000"),
					    .foreign = ADDRESS("[fe80::2%2]:8000"),
					    .findings = UINT64_C(1) << FINDING_OWNER_UNKNOWN};
	}
}

/* Row i, made once. */
static inline const struct netstat_row *filter_rows_get(size_t i)
{
	static struct netstat_row rows[FILTER_ROWS_N];
	static bool made;

	for (size_t j = 0; !made && j < FILTER_ROWS_N; j++)
		rows[j] = filter_rows_make(j);
	made = true;
	return &rows[i];
}

#endif
