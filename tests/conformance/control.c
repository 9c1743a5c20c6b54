/* Control data: what a host tells in members of struct berth_control, as Linux's control messages. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/errqueue.h>

#include "object.h"

#define LINUX_TCP_CM_INQ 36

_Static_assert(sizeof(struct sock_extended_err) == sizeof(struct berth_extended_error), "one is the other's layout");

/* Adds a message after the `used` bytes that are there. */
static void add(struct msghdr *message, size_t *used, int level, int type, const void *data, size_t n)
{
	struct cmsghdr header = {.cmsg_len = CMSG_LEN(n), .cmsg_level = level, .cmsg_type = type};
	uint8_t *to = (uint8_t *)message->msg_control + *used;

	if (!message->msg_control || message->msg_controllen - *used < CMSG_SPACE(n)) {
		message->msg_flags |= MSG_CTRUNC;
		return;
	}
	memset(to, 0, CMSG_SPACE(n));
	memcpy(to, &header, sizeof(header));
	memcpy(to + CMSG_LEN(0), data, n);
	*used += CMSG_SPACE(n);
}

static void add_error(const struct berth_control *control, int domain, struct msghdr *message, size_t *used)
{
	struct {
		struct berth_extended_error error;
		struct sockaddr_in6 offender; /* the longer of the two */
	} data = {.error = control->error};
	struct berth_socket_address offender = {.address = control->offender};
	bool ip6 = domain == AF_INET6;
	socklen_t n = ip6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	if (offender.address.family != BERTH_ANY_FAMILY)
		address_give(&offender, domain, (struct sockaddr *)&data.offender, &n);
	add(message, used, ip6 ? IPPROTO_IPV6 : IPPROTO_IP, ip6 ? IPV6_RECVERR : IP_RECVERR, &data,
	    sizeof(data.error) + (ip6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in)));
}

void control_give(const struct berth_message *from, int domain, struct msghdr *message)
{
	const struct berth_control *control = &from->control;
	size_t used = 0;

	message->msg_flags = (int)from->flags;
	if (control->present & BERTH_CONTROL_INQ)
		add(message, &used, IPPROTO_TCP, LINUX_TCP_CM_INQ, &control->inq, sizeof(control->inq));
	if (control->present & BERTH_CONTROL_ERROR)
		add_error(control, domain, message, &used);
	message->msg_controllen = used;
}
