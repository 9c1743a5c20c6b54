/* The kernel's sockets, live: the test opens its own, of every kind that it may, and finds exactly these. They are told
 * from the rest of the machine's by their inodes and ports. */
#include <arpa/inet.h>
#include <berth/error.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "source/proc_net.h"
#include "source/source.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* ---- a system that lets nobody ask ---- */

/* The errors that sockets of netlink and the files of /proc are to have from now on; 0: none. The linker finds these
 * functions before libc's. */
static int netlink_error, proc_error;

int socket(int family, int type, int protocol)
{
	if (family == AF_NETLINK && netlink_error) {
		errno = netlink_error;
		return -1;
	}
	return (int)syscall(SYS_socket, family, type, protocol);
}

int open(const char *path, int flags, ...)
{
	if (proc_error && strncmp(path, "/proc/", 6) == 0) {
		errno = proc_error;
		return -1;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
}

/* ---- sockets of the test's own ---- */

static uint64_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static int opened(int family, int type, int protocol)
{
	return socket(family, type | SOCK_CLOEXEC, protocol);
}

static void loopback(int family, uint16_t port, struct sockaddr_storage *out, socklen_t *n)
{
	*out = (struct sockaddr_storage){.ss_family = (sa_family_t)family};
	if (family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		in->sin_port = htons(port);
		*n = sizeof(*in);
	} else {
		struct sockaddr_in6 *in = (struct sockaddr_in6 *)out;
		in->sin6_addr = in6addr_loopback;
		in->sin6_port = htons(port);
		*n = sizeof(*in);
	}
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage at;
	socklen_t n = sizeof(at);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	return ntohs(at.ss_family == AF_INET ? ((struct sockaddr_in *)&at)->sin_port
					     : ((struct sockaddr_in6 *)&at)->sin6_port);
}

/* Bound to a port of loopback's that the system chooses. -1: the machine has no such family or protocol. */
static int bound(int family, int type, int protocol)
{
	struct sockaddr_storage at;
	socklen_t n;
	int fd = opened(family, type, protocol);

	loopback(family, 0, &at, &n);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, n) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int listener(int family, int protocol, int backlog)
{
	int fd = bound(family, SOCK_STREAM, protocol);

	if (fd >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

/* A machine without loopback is none that these tests can be run on. */
static int needed(int fd)
{
	if (fd < 0) {
		print_message("no sockets of this kind here\n");
		skip();
	}
	return fd;
}

static int connected(int family, int type, uint16_t port)
{
	struct sockaddr_storage at;
	socklen_t n;
	int fd = opened(family, type, 0);

	loopback(family, port, &at, &n);
	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&at, n) < 0) {
		print_message("connect: %s\n", strerror(errno));
		skip();
	}
	return fd;
}

static int accepted(int fd)
{
	int to = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	assert_true(to >= 0);
	return to;
}

/* ---- looking ---- */

static int keep_row(void *rows, struct netstat_row *row)
{
	return netstat_rows_add(rows, row);
}

static void fail_on_warning(void *user, const char *text)
{
	(void)user;
	fail_msg("warned: %s", text);
}

static const struct netstat_request everything = {
	.protocols = NETSTAT_ALL_PROTOCOLS,
	.states = NETSTAT_ALL_STATES,
	.families = NETSTAT_ALL_FAMILIES,
	.needs = NETSTAT_NEED_TCP | NETSTAT_NEED_CONGESTION | NETSTAT_NEED_PEER | NETSTAT_NEED_CGROUP_ID,
	.warn = fail_on_warning,
};

static struct netstat_rows look(const struct netstat_request *request)
{
	struct netstat_rows rows = {0};

	assert_int_equal(kernel_rows(request, keep_row, &rows), 0);
	return rows;
}

/* The only row that has this inode, or NULL. */
static const struct netstat_row *by_inode(const struct netstat_rows *rows, int fd)
{
	const struct netstat_row *found = NULL;
	uint64_t inode = inode_of(fd);

	for (size_t i = 0; i < rows->n; i++) {
		if (rows->rows[i]->inode != inode)
			continue;
		assert_null(found);
		found = rows->rows[i];
	}
	return found;
}

static const struct netstat_row *of(const struct netstat_rows *rows, int fd, enum netstat_protocol protocol,
				    enum netstat_state state)
{
	const struct netstat_row *row = by_inode(rows, fd);

	assert_non_null(row);
	assert_int_equal(row->protocol, protocol);
	assert_int_equal(row->state, state);
	assert_true(row->has_uid);
	assert_int_equal(row->uid, geteuid());
	assert_int_equal(row->unowned, NETSTAT_OWNED);
	return row;
}

/* The only TCP row from one port to another. */
static const struct netstat_row *by_ports(const struct netstat_rows *rows, uint16_t local, uint16_t foreign)
{
	const struct netstat_row *found = NULL;

	for (size_t i = 0; i < rows->n; i++) {
		const struct netstat_row *row = rows->rows[i];
		if (row->protocol != NETSTAT_TCP || row->local.port != local || row->foreign.port != foreign)
			continue;
		assert_null(found);
		found = row;
	}
	assert_non_null(found);
	return found;
}

static void assert_place(const struct berth_socket_address *at, const char *address, uint16_t port)
{
	char text[BERTH_ADDRESS_TEXT];

	assert_string_equal(berth_address_format(&at->address, text, sizeof(text)), address);
	assert_int_equal(at->port, port);
}

/* ---- waiting: what one end has done the other may learn a little later ---- */

/* Something can be read, or accepted. */
static void await(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&ready, 1, -1), 1);
}

static bool is_moving(const struct netstat_row *row, uint16_t port)
{
	return row->protocol == NETSTAT_TCP && (row->local.port == port || row->foreign.port == port) &&
	       (row->state == NETSTAT_STATE_FIN_WAIT_1 || row->state == NETSTAT_STATE_CLOSING ||
		row->state == NETSTAT_STATE_LAST_ACK);
}

/* Looks until every FIN of the connections with this port has been acknowledged. */
static struct netstat_rows look_when_still(const struct netstat_request *request, uint16_t port)
{
	for (;;) {
		struct netstat_rows rows = look(request);
		bool moving = false;
		for (size_t i = 0; i < rows.n; i++)
			moving |= is_moving(rows.rows[i], port);
		if (!moving)
			return rows;
		netstat_rows_free(&rows);
		usleep(5000);
	}
}

/* ---- TCP ---- */

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

/* Waits until the kernel has taken the peer's FIN in: the stream's end can be read. */
static void assert_ended(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), 0);
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
		skip();
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

/* ---- the others ---- */

static void test_udp(void **state)
{
	static const struct {
		int family, protocol;
		enum netstat_protocol netstat;
		const char *address;
	} cases[] = {
		{AF_INET, 0, NETSTAT_UDP, "127.0.0.1"},
		{AF_INET6, 0, NETSTAT_UDP, "::1"},
		{AF_INET, IPPROTO_UDPLITE, NETSTAT_UDPLITE, "127.0.0.1"},
		{AF_INET6, IPPROTO_UDPLITE, NETSTAT_UDPLITE, "::1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sockaddr_storage at;
		socklen_t n;
		int s = bound(cases[i].family, SOCK_DGRAM, cases[i].protocol),
		    c = bound(cases[i].family, SOCK_DGRAM, cases[i].protocol);
		if (s < 0 || c < 0)
			continue;
		loopback(cases[i].family, port_of(s), &at, &n);
		if (connect(c, (struct sockaddr *)&at, n) < 0)
			skip(); /* no loopback */
		assert_int_equal(send(c, "hello", 5, 0), 5);
		await(s);
		struct netstat_rows rows = look(&everything);
		const struct netstat_row *row = of(&rows, s, cases[i].netstat, NETSTAT_STATE_OPEN);
		assert_place(&row->local, cases[i].address, port_of(s));
		assert_true(row->recv_q >= 5);
		assert_true(netstat_row_waits(row));
		row = of(&rows, c, cases[i].netstat, NETSTAT_STATE_ESTABLISHED);
		assert_place(&row->foreign, cases[i].address, port_of(s));
		netstat_rows_free(&rows);
		close(s);
		close(c);
	}
}

/* More than a small receive queue holds. */
static void test_drops(void **state)
{
	int s = needed(bound(AF_INET, SOCK_DGRAM, 0)), c = connected(AF_INET, SOCK_DGRAM, port_of(s)), small = 1;
	char bytes[1000] = {0};

	(void)state;
	assert_int_equal(setsockopt(s, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(send(c, bytes, sizeof(bytes), 0), sizeof(bytes));
	uint64_t drops = 0;
	while (drops < 50) {
		struct netstat_rows rows = look(&everything);
		drops = of(&rows, s, NETSTAT_UDP, NETSTAT_STATE_OPEN)->drops;
		netstat_rows_free(&rows);
	}
	netlink_error = EPERM;
	struct netstat_rows rows = look(&everything);
	netlink_error = 0;
	assert_in_range(of(&rows, s, NETSTAT_UDP, NETSTAT_STATE_OPEN)->drops, drops, 99);
	netstat_rows_free(&rows);
	close(c);
	close(s);
}

static void test_raw(void **state)
{
	int fd = opened(AF_INET, SOCK_RAW, IPPROTO_ICMP), fd6 = opened(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);

	(void)state;
	needed(fd);
	struct netstat_rows rows = look(&everything);
	const struct netstat_row *row = of(&rows, fd, NETSTAT_RAW, NETSTAT_STATE_OPEN);
	assert_place(&row->local, "0.0.0.0", IPPROTO_ICMP);
	assert_int_equal(row->foreign.port, 0);
	if (fd6 >= 0)
		assert_place(&of(&rows, fd6, NETSTAT_RAW, NETSTAT_STATE_OPEN)->local, "::", IPPROTO_ICMPV6);
	netstat_rows_free(&rows);
	close(fd);
	if (fd6 >= 0)
		close(fd6);
}

/* ---- Unix ---- */

static int unix_listener(const char *name, size_t n)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = opened(AF_UNIX, SOCK_STREAM, 0);

	memcpy(at.sun_path, name, n);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)), 0);
	assert_int_equal(listen(fd, 3), 0);
	return fd;
}

static int unix_connected(const char *name, size_t n)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = opened(AF_UNIX, SOCK_STREAM, 0);

	memcpy(at.sun_path, name, n);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)),
			 0);
	return fd;
}

static void test_unix(void **state)
{
	char directory[] = "/tmp/berth-test-XXXXXX", path[64], name[32], shown[32];
	int pair[2], datagram = opened(AF_UNIX, SOCK_DGRAM, 0);

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/socket\n", directory);
	int n = snprintf(name, sizeof(name), "%cberth%c\x01%d", 0, 0, (int)getpid());
	snprintf(shown, sizeof(shown), "@berth@?%d", (int)getpid());
	int l = unix_listener(path, strlen(path) + 1), abstract = unix_listener(name, (size_t)n);
	int c = unix_connected(path, strlen(path) + 1), s = accepted(l),
	    waiting = unix_connected(path, strlen(path) + 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(send(pair[0], "hello", 5, 0), 5);
	struct netstat_rows rows = look(&everything);
	const struct netstat_row *row = of(&rows, l, NETSTAT_UNIX, NETSTAT_STATE_LISTEN);
	assert_int_equal(row->unix_type, SOCK_STREAM);
	assert_int_equal(row->family, BERTH_ANY_FAMILY);
	path[strlen(path) - 1] = '?';
	assert_string_equal(row->path, path);
	assert_int_equal(row->recv_q, 1);
	assert_int_equal(row->send_q, 3);
	assert_string_equal(of(&rows, abstract, NETSTAT_UNIX, NETSTAT_STATE_LISTEN)->path, shown);
	assert_int_equal(of(&rows, c, NETSTAT_UNIX, NETSTAT_STATE_ESTABLISHED)->peer_inode, inode_of(s));
	assert_string_equal(of(&rows, s, NETSTAT_UNIX, NETSTAT_STATE_ESTABLISHED)->path, path);
	assert_int_equal(of(&rows, waiting, NETSTAT_UNIX, NETSTAT_STATE_ESTABLISHED)->peer_inode, 0);
	row = of(&rows, pair[1], NETSTAT_UNIX, NETSTAT_STATE_ESTABLISHED);
	assert_int_equal(row->peer_inode, inode_of(pair[0]));
	assert_int_equal(row->unix_type, SOCK_SEQPACKET);
	assert_int_equal(row->recv_q, 5);
	assert_null(row->path);
	assert_int_equal(of(&rows, datagram, NETSTAT_UNIX, NETSTAT_STATE_OPEN)->unix_type, SOCK_DGRAM);
	netstat_rows_free(&rows);
	path[strlen(path) - 1] = '\n';
	unlink(path);
	rmdir(directory);
	const int fds[] = {datagram, l, abstract, c, s, waiting, pair[0], pair[1]};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
}

/* ---- requests ---- */

static void test_wanted(void **state)
{
	int l = needed(listener(AF_INET, 0, 1)), c = connected(AF_INET, SOCK_STREAM, port_of(l)), s = accepted(l),
	    l6 = listener(AF_INET6, 0, 1), u = needed(bound(AF_INET, SOCK_DGRAM, 0));
	struct netstat_request request = everything;

	(void)state;
	request.needs = 0;
	request.states = NETSTAT_BIT(NETSTAT_STATE_LISTEN);
	struct netstat_rows rows = look(&request);
	of(&rows, l, NETSTAT_TCP, NETSTAT_STATE_LISTEN);
	for (size_t i = 0; i < rows.n; i++)
		assert_int_equal(rows.rows[i]->state, NETSTAT_STATE_LISTEN);
	netstat_rows_free(&rows);
	request.states = NETSTAT_ALL_STATES;
	request.protocols = NETSTAT_BIT(NETSTAT_TCP);
	request.families = NETSTAT_IP4;
	rows = look(&request);
	of(&rows, l, NETSTAT_TCP, NETSTAT_STATE_LISTEN);
	assert_null(of(&rows, c, NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED)->tcp);
	of(&rows, s, NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED);
	assert_null(by_inode(&rows, u));
	for (size_t i = 0; i < rows.n; i++)
		assert_int_equal(rows.rows[i]->family, BERTH_IP4);
	/* What listens comes first. */
	for (size_t i = 1; i < rows.n; i++)
		assert_true(rows.rows[i]->state != NETSTAT_STATE_LISTEN ||
			    rows.rows[i - 1]->state == NETSTAT_STATE_LISTEN);
	netstat_rows_free(&rows);
	request.families = NETSTAT_IP6;
	rows = look(&request);
	assert_null(by_inode(&rows, l));
	if (l6 >= 0)
		of(&rows, l6, NETSTAT_TCP, NETSTAT_STATE_LISTEN);
	netstat_rows_free(&rows);
	const int fds[] = {l, c, s, u};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
	if (l6 >= 0)
		close(l6);
}

static int stop_at_third(void *user, struct netstat_row *row)
{
	int *n = user;

	(void)row;
	return ++*n == 3 ? BERTH_ENOENT : 0;
}

/* Whatever on_row returns, and were it an error that the source knows itself, ends the walk. */
static void test_stopped(void **state)
{
	int fds[4], n = 0;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		fds[i] = opened(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(kernel_rows(&everything, stop_at_third, &n), BERTH_ENOENT);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < 4; i++)
		close(fds[i]);
}

/* ---- the same as /proc says ---- */

enum {
	N_PAIRS = 50,
};

struct proc_rows {
	struct netstat_rows rows;
	uint16_t port; /* only with this one */
};

static int on_proc_line(void *user, const char *line, size_t n)
{
	struct proc_rows *proc = user;
	struct netstat_row row;

	if (proc_net_inet_line(line, n, NETSTAT_TCP, BERTH_IP4, &row) &&
	    (row.local.port == proc->port || row.foreign.port == proc->port))
		return netstat_rows_add(&proc->rows, &row);
	return 0;
}

static void test_as_proc(void **state)
{
	int l = needed(listener(AF_INET, 0, N_PAIRS)), c[N_PAIRS], s[N_PAIRS];
	struct proc_rows proc = {.port = port_of(l)};
	struct netstat_request request = everything;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < N_PAIRS; i++) {
		c[i] = connected(AF_INET, SOCK_STREAM, proc.port);
		s[i] = accepted(l);
	}
	for (size_t i = 0; i < N_PAIRS / 2; i++)
		shutdown(c[i], SHUT_WR);
	for (size_t i = 0; i < N_PAIRS / 2; i++)
		assert_ended(s[i]);
	request.protocols = NETSTAT_BIT(NETSTAT_TCP);
	struct netstat_rows rows = look_when_still(&request, proc.port);
	assert_int_equal(proc_net_walk("tcp", on_proc_line, &proc), 0);
	assert_int_equal(proc.rows.n, 2 * N_PAIRS + 1);
	for (size_t i = 0; i < rows.n; i++)
		n += rows.rows[i]->local.port == proc.port || rows.rows[i]->foreign.port == proc.port;
	assert_int_equal(n, proc.rows.n);
	for (size_t i = 0; i < proc.rows.n; i++) {
		const struct netstat_row *a = proc.rows.rows[i], *b = by_ports(&rows, a->local.port, a->foreign.port);
		assert_int_equal(a->state, b->state);
		assert_int_equal(a->inode, b->inode);
		assert_int_equal(a->uid, b->uid);
		assert_int_equal(a->recv_q, b->recv_q);
		assert_true(berth_address_equal(&a->local.address, &b->local.address));
		assert_true(berth_address_equal(&a->foreign.address, &b->foreign.address));
	}
	netstat_rows_free(&rows);
	netstat_rows_free(&proc.rows);
	for (size_t i = 0; i < N_PAIRS; i++) {
		close(c[i]);
		close(s[i]);
	}
	close(l);
}

/* ---- without netlink ---- */

static const int netlink_errors[] = {EPERM, EACCES, EPROTONOSUPPORT, EAFNOSUPPORT, EMFILE};

/* Everything is in /proc, save what has no file there. */
static void test_fallback(void **state)
{
	int l = needed(listener(AF_INET, 0, 1)), c = connected(AF_INET, SOCK_STREAM, port_of(l)), s = accepted(l);
	int u = needed(bound(AF_INET, SOCK_DGRAM, 0)), x = opened(AF_UNIX, SOCK_DGRAM, 0);
	struct netstat_request request = everything;

	(void)state;
	for (size_t i = 0; i < sizeof(netlink_errors) / sizeof(netlink_errors[0]); i++) {
		netlink_error = netlink_errors[i];
		struct netstat_rows rows = look(&request);
		netlink_error = 0;
		of(&rows, l, NETSTAT_TCP, NETSTAT_STATE_LISTEN);
		assert_place(&of(&rows, c, NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED)->foreign, "127.0.0.1", port_of(l));
		of(&rows, s, NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED);
		assert_place(&of(&rows, u, NETSTAT_UDP, NETSTAT_STATE_OPEN)->local, "127.0.0.1", port_of(u));
		const struct netstat_row *row = by_inode(&rows, x);
		assert_non_null(row);
		assert_int_equal(row->state, NETSTAT_STATE_OPEN);
		netstat_rows_free(&rows);
	}
	const int fds[] = {l, c, s, u, x};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
}

static void count_warning(void *user, const char *text)
{
	assert_non_null(strstr(text, "sockets: "));
	++*(unsigned *)user;
}

/* Neither. */
static void test_nothing(void **state)
{
	static const struct {
		int netlink, proc, expected;
	} cases[] = {{EPERM, ENOENT, BERTH_EPERM}, {EPROTONOSUPPORT, ENOENT, BERTH_EIO}, {EPERM, EACCES, BERTH_EPERM}};
	struct netstat_request request = everything;
	struct netstat_rows rows = {0};
	unsigned n;

	(void)state;
	request.warn = count_warning;
	request.warn_user = &n;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		n = 0;
		netlink_error = cases[i].netlink;
		proc_error = cases[i].proc;
		int r = kernel_rows(&request, keep_row, &rows);
		netlink_error = proc_error = 0;
		assert_int_equal(r, cases[i].expected);
		assert_true(n > 0);
		assert_int_equal(rows.n, 0);
	}
	/* Who asks for nothing misses nothing. */
	request.protocols = NETSTAT_BIT(NETSTAT_UDP);
	request.states = NETSTAT_BIT(NETSTAT_STATE_LISTEN);
	netlink_error = EPERM;
	assert_int_equal(kernel_rows(&request, keep_row, &rows), 0);
	netlink_error = 0;
	netstat_rows_free(&rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp4),
		cmocka_unit_test(test_tcp6),
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_closing),
		cmocka_unit_test(test_opening),
		cmocka_unit_test(test_mptcp),
		cmocka_unit_test(test_mptcp_connected),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_drops),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_as_proc),
		cmocka_unit_test(test_fallback),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
