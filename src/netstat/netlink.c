/* Reading from a netlink socket, by hand: libmnl's own function does not say whose a datagram is. */
#include "netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

ssize_t netlink_receive(const struct mnl_socket *socket, void *buffer, size_t n, bool *truncated)
{
	struct sockaddr_nl from = {0};
	struct iovec room = {.iov_base = buffer, .iov_len = n};
	struct msghdr head = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &room, .msg_iovlen = 1};
	ssize_t length = recvmsg(mnl_socket_get_fd(socket), &head, 0);

	if (length < 0)
		return -errno;
	if (from.nl_pid != 0)
		return 0;
	if (truncated && (head.msg_flags & MSG_TRUNC))
		*truncated = true;
	return length ? length : -EIO; /* the kernel sends none that is empty */
}

int netlink_number(const struct nlmsghdr *message)
{
	int number = -EIO;

	if (message->nlmsg_len >= sizeof(*message) + sizeof(number))
		memcpy(&number, mnl_nlmsg_get_payload(message), sizeof(number));
	return number;
}
