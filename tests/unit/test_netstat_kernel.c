/* The kernel's sockets, live: the test opens its own, of every kind that it may, and finds exactly these, also when the
 * kernel lets nobody ask and only /proc tells of them. TCP's states are in test_netstat_kernel_tcp.c. */
#include "kernel_sockets.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "source/proc_net.h"

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

/* ---- UDP and raw ---- */

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
			not_here("loopback");
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
	N_OURS = 2 * N_PAIRS + 1,
};

/* Those of one port that a process has; others may be left of an earlier run. */
struct ours {
	struct netstat_rows rows;
	uint16_t port;
};

static int keep_ours(void *user, struct netstat_row *row)
{
	struct ours *ours = user;
	bool is_ours = row->inode && (row->local.port == ours->port || row->foreign.port == ours->port);

	return is_ours ? netstat_rows_add(&ours->rows, row) : 0;
}

static int on_proc_line(void *user, const char *line, size_t n)
{
	struct netstat_row row;

	return proc_net_inet_line(line, n, NETSTAT_TCP, BERTH_IP4, &row) ? keep_ours(user, &row) : 0;
}

/* Either may leave out a socket or tell of it twice when others come and go meanwhile: then both are looked at again.
 */
static void look_twice(struct ours *kernel, struct ours *proc)
{
	struct netstat_request request = everything;

	request.protocols = NETSTAT_BIT(NETSTAT_TCP);
	for (unsigned i = 0; i < 100 && (kernel->rows.n != N_OURS || proc->rows.n != N_OURS); i++) {
		netstat_rows_free(&kernel->rows);
		netstat_rows_free(&proc->rows);
		assert_int_equal(kernel_rows(&request, keep_ours, kernel), 0);
		assert_int_equal(proc_net_walk("tcp", on_proc_line, proc), 0);
	}
	assert_int_equal(kernel->rows.n, N_OURS);
	assert_int_equal(proc->rows.n, N_OURS);
}

static void assert_same(const struct netstat_row *a, const struct netstat_row *b)
{
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->inode, b->inode);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->recv_q, b->recv_q);
	assert_true(berth_address_equal(&a->local.address, &b->local.address));
	assert_true(berth_address_equal(&a->foreign.address, &b->foreign.address));
}

static void test_as_proc(void **state)
{
	int l = needed(listener(AF_INET, 0, N_PAIRS)), c[N_PAIRS], s[N_PAIRS];
	struct ours kernel = {.port = port_of(l)}, proc = {.port = port_of(l)};

	(void)state;
	for (size_t i = 0; i < N_PAIRS; i++) {
		c[i] = connected(AF_INET, SOCK_STREAM, kernel.port);
		s[i] = accepted(l);
	}
	for (size_t i = 0; i < N_PAIRS / 2; i++)
		shutdown(c[i], SHUT_WR);
	for (size_t i = 0; i < N_PAIRS / 2; i++)
		assert_ended(s[i]);
	struct netstat_rows still = look_when_still(&everything, kernel.port);
	netstat_rows_free(&still);
	look_twice(&kernel, &proc);
	for (size_t i = 0; i < proc.rows.n; i++) {
		const struct netstat_row *row = proc.rows.rows[i];
		assert_same(row, by_ports(&kernel.rows, row->local.port, row->foreign.port));
	}
	netstat_rows_free(&kernel.rows);
	netstat_rows_free(&proc.rows);
	for (size_t i = 0; i < N_PAIRS; i++) {
		close(c[i]);
		close(s[i]);
	}
	close(l);
}

/* ---- without netlink ---- */

static const int netlink_errors[] = {EPERM, EACCES, EPROTONOSUPPORT, EAFNOSUPPORT, EMFILE};

static bool all_there(const struct netstat_rows *rows, const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!by_inode(rows, fds[i]))
			return false;
	return true;
}

/* Everything is in /proc, save what has no file there. A file may leave out a socket when others come and go. */
static void test_fallback(void **state)
{
	int l = needed(listener(AF_INET, 0, 1)), c = connected(AF_INET, SOCK_STREAM, port_of(l)), s = accepted(l);
	int u = needed(bound(AF_INET, SOCK_DGRAM, 0)), x = opened(AF_UNIX, SOCK_DGRAM, 0);
	const int fds[] = {l, c, s, u, x};
	const size_t n_fds = sizeof(fds) / sizeof(fds[0]);

	(void)state;
	for (size_t i = 0; i < sizeof(netlink_errors) / sizeof(netlink_errors[0]); i++) {
		netlink_error = netlink_errors[i];
		struct netstat_rows rows = look(&everything);
		for (unsigned tries = 0; tries < 20 && !all_there(&rows, fds, n_fds); tries++) {
			netstat_rows_free(&rows);
			rows = look(&everything);
		}
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
	for (size_t i = 0; i < n_fds; i++)
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
		unit_test_or_not_here(test_udp),     unit_test_or_not_here(test_drops),
		unit_test_or_not_here(test_raw),     unit_test_or_not_here(test_unix),
		unit_test_or_not_here(test_wanted),  unit_test_or_not_here(test_stopped),
		unit_test_or_not_here(test_as_proc), unit_test_or_not_here(test_fallback),
		unit_test_or_not_here(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
