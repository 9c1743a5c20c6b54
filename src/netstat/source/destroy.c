/* Ending a socket of the kernel's: one question of inet_diag (SOCK_DESTROY), answered by a number.
 *
 * A socket is meant by its addresses, ports, interface and cookie: the kernel finds it by the former and ends it only
 * if it has the latter, so that no later socket of the same addresses can be hit by mistake. */
#include <berth/error.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink.h"
#include "source/source.h"

enum {
	BUFFER = 4096,
	SEQUENCE = 1,
	/* A number that no protocol has (RFC 3692 section 1.1): goes with the attribute that has a wider one. */
	NO_PROTOCOL = 253,
};

static int error_of(int number)
{
	switch (number) {
	case EPERM:
	case EACCES:
		return BERTH_EPERM;
	case ENOENT:
	case ESTALE: /* another socket of the same addresses */
		return BERTH_ENOENT;
	case EOPNOTSUPP:
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
	case EINVAL: /* a kernel before 4.5 */
		return BERTH_EOPNOTSUPP;
	default:
		return BERTH_EIO;
	}
}

/* IP's number of the row's protocol, or -1: inet_diag does not know it. */
static int protocol_number(uint8_t protocol)
{
	switch ((enum netstat_protocol)protocol) {
	case NETSTAT_TCP:
		return IPPROTO_TCP;
	case NETSTAT_MPTCP:
		return IPPROTO_MPTCP;
	case NETSTAT_UDP:
		return IPPROTO_UDP;
	case NETSTAT_UDPLITE:
		return IPPROTO_UDPLITE;
	case NETSTAT_SCTP:
		return IPPROTO_SCTP;
	case NETSTAT_DCCP:
		return IPPROTO_DCCP;
	case NETSTAT_RAW:
		return IPPROTO_RAW;
	case NETSTAT_UNIX:
	case NETSTAT_PROTOCOL_N:
		break;
	}
	return -1;
}

static void id_write(const struct netstat_row *row, struct inet_diag_sockid *id)
{
	size_t n = row->family == BERTH_IP4 ? 4 : 16;
	uint64_t cookie = row->cookie ? row->cookie : UINT64_MAX; /* INET_DIAG_NOCOOKIE: any */

	memcpy(id->idiag_src, row->local.address.bytes, n);
	memcpy(id->idiag_dst, row->foreign.address.bytes, n);
	/* A raw socket has no ports, and in their place the row has its protocol. */
	if (row->protocol != NETSTAT_RAW) {
		id->idiag_sport = htons(row->local.port);
		id->idiag_dport = htons(row->foreign.port);
	}
	id->idiag_if = row->interface;
	id->idiag_cookie[0] = (uint32_t)cookie;
	id->idiag_cookie[1] = (uint32_t)(cookie >> 32);
}

static struct nlmsghdr *question_write(const struct netstat_row *row, int protocol, char *buffer)
{
	struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(question, sizeof(*request));
	bool wide = protocol > UINT8_MAX;

	question->nlmsg_type = SOCK_DESTROY;
	question->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	question->nlmsg_seq = SEQUENCE;
	request->sdiag_family = row->family == BERTH_IP4 ? AF_INET : AF_INET6;
	request->sdiag_protocol = (uint8_t)(wide ? NO_PROTOCOL : protocol);
	if (row->protocol == NETSTAT_RAW)
		request->pad = (uint8_t)row->local.port; /* struct inet_diag_req_raw's sdiag_raw_protocol */
	id_write(row, &request->id);
	if (wide)
		mnl_attr_put_u32(question, INET_DIAG_REQ_PROTOCOL, (uint32_t)protocol);
	return question;
}

/* What the kernel says to the question. */
static int answer_of(const char *bytes, size_t n)
{
	size_t step;
	const struct nlmsghdr *message = netlink_message(bytes, n, &step);

	if (!message || message->nlmsg_type != NLMSG_ERROR || message->nlmsg_seq != SEQUENCE)
		return BERTH_EIO;
	int number = netlink_number(message);
	return number ? error_of(-number) : 0;
}

static int ask(struct mnl_socket *socket, const struct nlmsghdr *question)
{
	char buffer[BUFFER] __attribute__((aligned(8)));
	ssize_t n;

	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, question, question->nlmsg_len) < 0)
		return error_of(errno);
	do
		n = netlink_receive(socket, buffer, sizeof(buffer), NULL);
	while (n == 0 || n == -EINTR);
	return n < 0 ? error_of((int)-n) : answer_of(buffer, (size_t)n);
}

int kernel_destroy(const struct netstat_row *row)
{
	char buffer[256] __attribute__((aligned(8))) = {0};
	int protocol = protocol_number(row->protocol);

	if (protocol < 0 || row->host || (row->family != BERTH_IP4 && row->family != BERTH_IP6))
		return BERTH_EOPNOTSUPP;
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (!socket)
		return error_of(errno);
	int r = ask(socket, question_write(row, protocol, buffer));
	mnl_socket_close(socket);
	return r;
}
