/* Netlink as it comes: datagrams of the kernel's, and the messages in them.
 *
 * libmnl's own walk takes a message with a length of 2 GiB or more for a good one, and so does whatever of it makes use
 * of that walk on bytes that nobody has looked at before. This one does not. */
#ifndef NETSTAT_NETLINK_H
#define NETSTAT_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads one datagram into buffer[n]. Its length; 0: somebody else than the kernel has sent it, so it is not to be
 * looked at; or negative errno. *truncated, unless it is NULL, is set when there was more of it than room. */
ssize_t netlink_receive(const struct mnl_socket *socket, void *buffer, size_t n, bool *truncated);

/* The number that a message of type NLMSG_ERROR or NLMSG_DONE carries: negative errno, or 0 for success. -EIO: it is
 * cut short. */
int netlink_number(const struct nlmsghdr *message);

/* The message that begins at bytes[n], which is aligned as one, or NULL: no whole one is there. *step is how far it is
 * to the next one, at most n. Here, as it is called for every socket. */
static inline const struct nlmsghdr *netlink_message(const void *bytes, size_t n, size_t *step)
{
	const struct nlmsghdr *message = bytes;

	if (n < sizeof(*message) || message->nlmsg_len < sizeof(*message) || message->nlmsg_len > n)
		return NULL;
	size_t padded = NLMSG_ALIGN((size_t)message->nlmsg_len);
	*step = padded < n ? padded : n; /* the last one's padding may be missing */
	return message;
}

#endif
