/* Notices of destroyed sockets: multicast groups of NETLINK_SOCK_DIAG.
 *
 * Linux has them since 4.6, and makes them only while somebody listens. What is wanted of them is told by protocol and
 * family; a destroyed socket's state is no choice, as it is CLOSED or nothing. */
#include <berth/error.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "netlink.h"
#include "source/notice_message.h"
#include "source/source.h"

enum {
	BUFFER = 64 * 1024,
	/* Of what has not been read: some 5000 notices. */
	RECEIVE_BUFFER = 4 * 1024 * 1024,
	/* Datagrams a call: more may come as fast as they are read. */
	MOST = 4096,
};

#define GROUP(name) (1u << ((name)-1))
#define GROUPS                                                                                                         \
	(GROUP(SKNLGRP_INET_TCP_DESTROY) | GROUP(SKNLGRP_INET_UDP_DESTROY) | GROUP(SKNLGRP_INET6_TCP_DESTROY) |        \
	 GROUP(SKNLGRP_INET6_UDP_DESTROY))

struct notices {
	struct mnl_socket *socket;
	_Alignas(struct nlmsghdr) char buffer[BUFFER];
};

/* Where notices go. */
struct taker {
	const struct netstat_request *request;
	netstat_on_row *on_row;
	void *user;
	int result; /* on_row's */
};

static int error_of(int number)
{
	if (number == EPERM || number == EACCES)
		return BERTH_EPERM;
	if (number == ENOMEM)
		return BERTH_ENOMEM;
	return number == EPROTONOSUPPORT || number == EAFNOSUPPORT || number == ENOENT || number == EINVAL
		       ? BERTH_EOPNOTSUPP
		       : BERTH_EIO;
}

int notices_new(struct notices **out)
{
	struct notices *notices = malloc(sizeof(*notices));
	int size = RECEIVE_BUFFER;

	if (!notices)
		return BERTH_ENOMEM;
	notices->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!notices->socket || mnl_socket_bind(notices->socket, GROUPS, MNL_SOCKET_AUTOPID) < 0) {
		int error = error_of(errno);
		notices_free(notices);
		return error;
	}
	int fd = mnl_socket_get_fd(notices->socket);
	/* The larger one is for the privileged; without either, more is dropped and said to be. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	*out = notices;
	return 0;
}

struct notices *notices_free(struct notices *notices)
{
	if (notices && notices->socket)
		mnl_socket_close(notices->socket);
	free(notices);
	return NULL;
}

int notices_fd(const struct notices *notices)
{
	return mnl_socket_get_fd(notices->socket);
}

static int message_take(struct taker *taker, const void *message, size_t n)
{
	struct netstat_request any_state = *taker->request;
	struct netstat_tcp tcp;
	struct netstat_row row;

	any_state.states = NETSTAT_ALL_STATES;
	if (!notice_message_read(message, n, &row, &tcp) ||
	    !netstat_wants(&any_state, row.protocol, row.family, row.state))
		return 0;
	return taker->result = taker->on_row(taker->user, &row);
}

static void datagram_take(struct taker *taker, const char *bytes, size_t n)
{
	const struct nlmsghdr *message;
	size_t step = 0;

	for (size_t at = 0; taker->result == 0 && (message = netlink_message(bytes + at, n - at, &step)); at += step)
		if (message->nlmsg_type == SOCK_DIAG_BY_FAMILY)
			message_take(taker, mnl_nlmsg_get_payload(message), mnl_nlmsg_get_payload_len(message));
}

int notices_rows(struct notices *notices, const struct netstat_request *request, netstat_on_row *on_row, void *user)
{
	struct taker taker = {.request = request, .on_row = on_row, .user = user};
	bool dropped = false;

	for (unsigned i = 0; i < MOST && taker.result == 0; i++) {
		ssize_t n = netlink_receive(notices->socket, notices->buffer, sizeof(notices->buffer), NULL);
		if (n == -EAGAIN)
			break;
		dropped |= n == -ENOBUFS;
		if (n < 0 && n != -ENOBUFS && n != -EINTR)
			return error_of((int)-n);
		if (n > 0)
			datagram_take(&taker, notices->buffer, (size_t)n);
	}
	return taker.result ? taker.result : dropped ? BERTH_EOVERFLOW : 0;
}
