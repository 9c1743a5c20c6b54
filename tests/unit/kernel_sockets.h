/* Sockets of a test's own, and finding them among all of the machine's: by their inodes and ports. */
#ifndef TESTS_KERNEL_SOCKETS_H
#define TESTS_KERNEL_SOCKETS_H

#include <arpa/inet.h>
#include <berth/error.h>
#include <errno.h>
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
#include <unistd.h>

#include <cmocka.h>

#include "not_here.h"

#include "source/source.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* ---- sockets of the test's own ---- */

static inline uint64_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static inline int opened(int family, int type, int protocol)
{
	return socket(family, type | SOCK_CLOEXEC, protocol);
}

static inline void loopback(int family, uint16_t port, struct sockaddr_storage *out, socklen_t *n)
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

static inline uint16_t port_of(int fd)
{
	struct sockaddr_storage at;
	socklen_t n = sizeof(at);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	return ntohs(at.ss_family == AF_INET ? ((struct sockaddr_in *)&at)->sin_port
					     : ((struct sockaddr_in6 *)&at)->sin6_port);
}

/* Bound to a port of loopback's that the system chooses. -1: the machine has no such family or protocol. */
static inline int bound(int family, int type, int protocol)
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

static inline int listener(int family, int protocol, int backlog)
{
	int fd = bound(family, SOCK_STREAM, protocol);

	if (fd >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

/* A machine without loopback is none that these tests can be run on. */
static inline int needed(int fd)
{
	if (fd < 0)
		not_here("sockets of this kind");
	return fd;
}

static inline int connected(int family, int type, uint16_t port)
{
	struct sockaddr_storage at;
	socklen_t n;
	int fd = opened(family, type, 0);

	loopback(family, port, &at, &n);
	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&at, n) < 0)
		not_here(strerror(errno));
	return fd;
}

static inline int accepted(int fd)
{
	int to = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	assert_true(to >= 0);
	return to;
}

/* ---- looking ---- */

static inline int keep_row(void *rows, struct netstat_row *row)
{
	return netstat_rows_add(rows, row);
}

static inline void fail_on_warning(void *user, const char *text)
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

static inline struct netstat_rows look(const struct netstat_request *request)
{
	struct netstat_rows rows = {0};

	assert_int_equal(kernel_rows(request, keep_row, &rows), 0);
	return rows;
}

/* The row that has this inode, or NULL. The kernel may tell of a socket twice when others come and go meanwhile. */
static inline const struct netstat_row *by_inode(const struct netstat_rows *rows, int fd)
{
	uint64_t inode = inode_of(fd);

	for (size_t i = 0; i < rows->n; i++)
		if (rows->rows[i]->inode == inode)
			return rows->rows[i];
	return NULL;
}

static inline const struct netstat_row *of(const struct netstat_rows *rows, int fd, enum netstat_protocol protocol,
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

/* The TCP row from one port to another. */
static inline const struct netstat_row *by_ports(const struct netstat_rows *rows, uint16_t local, uint16_t foreign)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct netstat_row *row = rows->rows[i];
		if (row->protocol == NETSTAT_TCP && row->local.port == local && row->foreign.port == foreign)
			return row;
	}
	fail_msg("no connection from %u to %u", local, foreign);
	return NULL;
}

static inline void assert_place(const struct berth_socket_address *at, const char *address, uint16_t port)
{
	char text[BERTH_ADDRESS_TEXT];

	assert_string_equal(berth_address_format(&at->address, text, sizeof(text)), address);
	assert_int_equal(at->port, port);
}

/* ---- waiting: what one end has done the other may learn a little later ---- */

/* Something can be read, or accepted. */
static inline void await(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&ready, 1, -1), 1);
}

/* Waits until the kernel has taken the peer's FIN in: the stream's end can be read. */
static inline void assert_ended(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static inline bool is_moving(const struct netstat_row *row, uint16_t port)
{
	return row->protocol == NETSTAT_TCP && (row->local.port == port || row->foreign.port == port) &&
	       (row->state == NETSTAT_STATE_FIN_WAIT_1 || row->state == NETSTAT_STATE_CLOSING ||
		row->state == NETSTAT_STATE_LAST_ACK);
}

/* Looks until every FIN of the connections with this port has been acknowledged. */
static inline struct netstat_rows look_when_still(const struct netstat_request *request, uint16_t port)
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

#endif
