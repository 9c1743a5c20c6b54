/* Ending sockets, and the kernel's notices of those that end: live, in a network namespace of the test's own. Skips
 * where that is not to be had, or where the kernel cannot. */
#include "source/source.h"

#include <berth/error.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "not_here.h"

enum {
	MS_PATIENCE = 60 * 1000,
};

static const struct netstat_request everything = {
	.protocols = NETSTAT_ALL_PROTOCOLS,
	.states = NETSTAT_ALL_STATES,
	.families = NETSTAT_ALL_FAMILIES,
	.needs = NETSTAT_NEED_TCP,
};

/* true: this process is alone in a network namespace with a loopback interface. */
static bool may_make_namespace(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
	if (fd >= 0)
		close(fd);
	return up;
}

/* An address of loopback, with a port. */
union address {
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
};

static socklen_t loopback(union address *address, int family, uint16_t port)
{
	*address = (union address){0};
	if (family == AF_INET) {
		address->ip4 = (struct sockaddr_in){AF_INET, htons(port), {htonl(INADDR_LOOPBACK)}, {0}};
		return sizeof(address->ip4);
	}
	address->ip6.sin6_family = AF_INET6;
	address->ip6.sin6_port = htons(port);
	address->ip6.sin6_addr = in6addr_loopback;
	return sizeof(address->ip6);
}

struct connection {
	int listener, client, server;
};

static struct connection connection_new(int family, uint16_t port)
{
	struct connection connection = {.listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0),
					.client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	union address address;
	socklen_t n = loopback(&address, family, port);

	assert_int_equal(bind(connection.listener, &address.any, n), 0);
	assert_int_equal(listen(connection.listener, 5), 0);
	assert_int_equal(connect(connection.client, &address.any, n), 0);
	connection.server = accept4(connection.listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(connection.server >= 0);
	return connection;
}

static void connection_free(struct connection connection)
{
	close(connection.client);
	close(connection.server);
	close(connection.listener);
}

/* The socket of a protocol and state with this local or foreign port; how many there are. */
struct wanted {
	uint8_t protocol, state;
	uint16_t local, foreign; /* 0: any */
	struct netstat_row row;
	struct netstat_tcp tcp;
	int n;
};

static int on_row(void *user, struct netstat_row *row)
{
	struct wanted *wanted = user;

	if (row->protocol != wanted->protocol || row->state != wanted->state ||
	    (wanted->local && row->local.port != wanted->local) ||
	    (wanted->foreign && row->foreign.port != wanted->foreign))
		return 0;
	wanted->row = *row;
	if (row->tcp) {
		wanted->tcp = *row->tcp;
		wanted->row.tcp = &wanted->tcp;
	}
	wanted->n++;
	return 0;
}

static struct netstat_row row_of(uint8_t protocol, uint8_t state, uint16_t local, uint16_t foreign)
{
	struct wanted wanted = {.protocol = protocol, .state = state, .local = local, .foreign = foreign};

	assert_int_equal(kernel_rows(&everything, on_row, &wanted), 0);
	assert_int_equal(wanted.n, 1);
	wanted.row.tcp = NULL;
	return wanted.row;
}

/* What a program that waits for data sees. */
static int error_of_read(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 ? errno : 0;
}

/* Ends it, unless the kernel is built without. */
static void end(const struct netstat_row *row)
{
	int r = kernel_destroy(row);

	if (r == BERTH_EOPNOTSUPP)
		not_here("ending of sockets");
	assert_int_equal(r, 0);
}

static void connection_is_ended(int family, uint16_t port)
{
	struct connection connection = connection_new(family, port);
	struct netstat_row row = row_of(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, port, 0);
	struct netstat_row other = row;

	/* Not one that merely has the same addresses. */
	other.cookie++;
	if (kernel_destroy(&other) != BERTH_EOPNOTSUPP)
		assert_int_equal(kernel_destroy(&other), BERTH_ENOENT);
	assert_int_equal(error_of_read(connection.server), EAGAIN);
	end(&row);
	assert_int_equal(error_of_read(connection.server), ECONNABORTED);
	assert_int_equal(error_of_read(connection.client), ECONNRESET);
	assert_int_equal(kernel_destroy(&row), BERTH_ENOENT);
	connection_free(connection);
}

static void test_tcp(void **state)
{
	connection_is_ended(AF_INET, 7001);
	connection_is_ended(AF_INET6, 7002);
}

static void test_listener(void **state)
{
	struct connection connection = connection_new(AF_INET, 7003);
	struct netstat_row row = row_of(NETSTAT_TCP, NETSTAT_STATE_LISTEN, 7003, 0);

	row.cookie = 0; /* as from where cookies are not told */
	end(&row);
	assert_int_equal(accept(connection.listener, NULL, NULL), -1);
	/* What it has let in goes on. */
	assert_int_equal(error_of_read(connection.server), EAGAIN);
	connection_free(connection);
}

static void test_udp(void **state)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	union address address;
	socklen_t n = loopback(&address, AF_INET6, 7004);

	assert_int_equal(bind(fd, &address.any, n), 0);
	struct netstat_row row = row_of(NETSTAT_UDP, NETSTAT_STATE_OPEN, 7004, 0);
	end(&row);
	assert_int_equal(error_of_read(fd), ECONNABORTED);
	close(fd);
}

static void test_what_cannot_be_ended(void **state)
{
	struct netstat_row unix_socket = {.protocol = NETSTAT_UNIX, .state = NETSTAT_STATE_LISTEN};
	struct netstat_row of_host = {.protocol = NETSTAT_TCP, .family = BERTH_IP4, .host = "web"};
	struct netstat_row nothing = {.protocol = NETSTAT_TCP};

	assert_int_equal(kernel_destroy(&unix_socket), BERTH_EOPNOTSUPP);
	assert_int_equal(kernel_destroy(&of_host), BERTH_EOPNOTSUPP);
	assert_int_equal(kernel_destroy(&nothing), BERTH_EOPNOTSUPP);
}

/* ---- notices ---- */

static struct notices *notices_needed(void)
{
	struct notices *notices = NULL;

	if (notices_new(&notices) < 0)
		not_here("notices of sockets");
	return notices;
}

/* Reads until the wanted one has come. The kernel takes its time on a busy machine. */
static void wait_for(struct notices *notices, const struct netstat_request *request, struct wanted *wanted)
{
	struct pollfd ready = {.fd = notices_fd(notices), .events = POLLIN};

	while (!wanted->n && poll(&ready, 1, MS_PATIENCE) > 0)
		assert_int_equal(notices_rows(notices, request, on_row, wanted), 0);
}

static void test_notice_of_tcp(void **state)
{
	struct notices *notices = notices_needed();
	struct connection connection = connection_new(AF_INET6, 7005);
	struct netstat_row row = row_of(NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, 7005, 0);
	struct wanted wanted = {
		.protocol = NETSTAT_TCP, .state = NETSTAT_STATE_CLOSED, .local = 7005, .foreign = row.foreign.port};
	char bytes[100] = {0};

	assert_int_equal(send(connection.client, bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_int_equal(recv(connection.server, bytes, sizeof(bytes), MSG_WAITALL), sizeof(bytes));
	connection_free(connection);
	wait_for(notices, &everything, &wanted);
	assert_int_equal(wanted.n, 1);
	assert_true(wanted.row.cookie == row.cookie && row.cookie != 0);
	assert_int_equal(wanted.row.family, BERTH_IP6);
	assert_int_equal(wanted.row.unowned, NETSTAT_OWNED);
	assert_false(wanted.row.has_uid);
	assert_non_null(wanted.row.tcp);
	/* The FIN counts for one. */
	assert_in_range(wanted.row.tcp->bytes_received, 100, 101);
	notices_free(notices);
}

static void test_notice_of_udp(void **state)
{
	struct notices *notices = notices_needed();
	struct netstat_request tcp_only = everything;
	struct wanted wanted = {.protocol = NETSTAT_UDP, .state = NETSTAT_STATE_OPEN, .local = 7006};
	union address address;
	socklen_t n = loopback(&address, AF_INET, 7006);

	tcp_only.protocols = NETSTAT_BIT(NETSTAT_TCP);
	for (int i = 0; i < 2; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(fd, &address.any, n), 0);
		close(fd);
		if (i == 0) {
			struct pollfd ready = {.fd = notices_fd(notices), .events = POLLIN};
			assert_int_equal(poll(&ready, 1, MS_PATIENCE), 1);
			assert_int_equal(notices_rows(notices, &tcp_only, on_row, &wanted), 0);
			assert_int_equal(wanted.n, 0);
		}
	}
	wait_for(notices, &everything, &wanted);
	assert_int_equal(wanted.n, 1);
	assert_int_equal(wanted.row.family, BERTH_IP4);
	assert_int_equal(wanted.row.send_q, 0);
	assert_null(wanted.row.tcp);
	notices_free(notices);
}

static void open_and_close(uint16_t port, int n)
{
	union address address;
	socklen_t n_address = loopback(&address, AF_INET, port);

	for (int i = 0; i < n; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(fd, &address.any, n_address), 0);
		close(fd);
	}
}

/* Reads until the notices of n sockets that had this port have come; those of other tests' may come late. */
static void count_to(struct notices *notices, uint16_t port, int n)
{
	struct pollfd ready = {.fd = notices_fd(notices), .events = POLLIN};
	struct wanted all = {.protocol = NETSTAT_UDP, .state = NETSTAT_STATE_OPEN, .local = port};

	while (all.n < n && poll(&ready, 1, MS_PATIENCE) > 0)
		assert_int_equal(notices_rows(notices, &everything, on_row, &all), 0);
	assert_int_equal(all.n, n);
}

/* More than the kernel keeps for us: it says so, and what comes after is told again. A second listener, who has the
 * room, tells when the kernel has sent them all; but how many of them the first one has the room for is the kernel's
 * own affair, so there may have to be more. */
static void test_too_many_notices(void **state)
{
	enum { MANY = 100, ROUNDS = 20 };
	struct notices *small = notices_needed(), *large = notices_needed();
	struct wanted some = {.protocol = NETSTAT_UDP, .state = NETSTAT_STATE_OPEN, .local = 7007}, more = some;
	int size = 2048, r = 0, rounds = 0;

	assert_int_equal(setsockopt(notices_fd(small), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	for (; r == 0 && rounds < ROUNDS; rounds++) {
		open_and_close(7007, MANY);
		count_to(large, 7007, MANY);
		r = notices_rows(small, &everything, on_row, &some);
	}
	assert_int_equal(r, BERTH_EOVERFLOW);
	assert_in_range(some.n, 0, rounds * MANY - 1);
	more.local = 7008;
	open_and_close(7008, 1);
	count_to(large, 7008, 1);
	wait_for(small, &everything, &more);
	assert_int_equal(more.n, 1);
	notices_free(small);
	notices_free(large);
}

static int stop(void *user, struct netstat_row *row)
{
	++*(int *)user;
	return 5;
}

static void test_who_has_seen_enough(void **state)
{
	struct notices *notices = notices_needed(), *other = notices_needed();
	int n = 0;

	open_and_close(7009, 3);
	count_to(other, 7009, 3);
	assert_int_equal(notices_rows(notices, &everything, stop, &n), 5);
	assert_int_equal(n, 1);
	notices_free(notices);
	notices_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_or_not_here(test_tcp),
		unit_test_or_not_here(test_listener),
		unit_test_or_not_here(test_udp),
		unit_test_or_not_here(test_what_cannot_be_ended),
		unit_test_or_not_here(test_notice_of_tcp),
		unit_test_or_not_here(test_notice_of_udp),
		unit_test_or_not_here(test_too_many_notices),
		unit_test_or_not_here(test_who_has_seen_enough),
	};

	if (!may_make_namespace()) {
		printf("1..0 # SKIP may not make a network namespace here\n");
		return 0;
	}
	return cmocka_run_group_tests_name("netstat_destroy", tests, NULL, NULL);
}
