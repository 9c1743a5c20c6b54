/* Asking the kernel for its sockets.
 *
 * A question is a message, the answer a stream of datagrams full of messages that ends with one that carries an error
 * or 0. The kernel fills datagrams of up to 32 KiB when a program reads with a buffer that has the room, and never
 * larger ones, however large the buffer is: at 400,000 sockets a buffer of 8 KiB costs some 10 % more time than one of
 * 32 KiB, and one of 1 MiB is no better. The kernel makes a datagram when the one before has been read, so a larger
 * receive buffer of the socket's would be no use either. */
#include "source/diag.h"
#include "source/ends_code.h"
#include "netlink.h"

#include <berth/error.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BUFFER = 64 * 1024,
	QUESTION = 256 + ENDS_CODE_MAX,
	/* A number that no protocol has (RFC 3692 section 1.1). */
	NO_PROTOCOL = 253,
};

struct diag {
	struct mnl_socket *socket;
	uint32_t sequence;
	_Alignas(struct nlmsghdr) uint8_t question[QUESTION];
	_Alignas(struct nlmsghdr) uint8_t buffer[BUFFER];
};

/* One walk: who takes the messages, and what has happened. */
struct answer {
	diag_on_message *on_message;
	void *user;
	bool ended, incomplete, interrupted;
};

/* An errno of the kernel's answer, as those who ask tell them apart. */
static int error_of(int number)
{
	switch (number) {
	case 0:
		return 0;
	case ENOENT:
	case EPROTONOSUPPORT: /* no netlink of this kind at all */
	case EAFNOSUPPORT:
		return BERTH_ENOENT;
	case EPERM:
	case EACCES:
		return BERTH_EPERM;
	case EINVAL:
		return BERTH_EINVAL;
	case EOPNOTSUPP:
		return BERTH_EOPNOTSUPP;
	case ENOMEM:
	case ENOBUFS:
		return BERTH_ENOMEM;
	default:
		return BERTH_EIO;
	}
}

int diag_new(struct diag **out)
{
	struct diag *diag = malloc(sizeof(*diag));

	if (!diag)
		return BERTH_ENOMEM;
	diag->sequence = 0;
	diag->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (!diag->socket || mnl_socket_bind(diag->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int error = error_of(errno);
		diag_free(diag);
		return error;
	}
	*out = diag;
	return 0;
}

struct diag *diag_free(struct diag *diag)
{
	if (diag && diag->socket)
		mnl_socket_close(diag->socket);
	free(diag);
	return NULL;
}

/* ---- receiving ---- */

/* One message of the answer. 0 to go on. */
static int message_take(struct answer *answer, const struct nlmsghdr *message)
{
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;
	switch (message->nlmsg_type) {
	case NLMSG_DONE:
	case NLMSG_ERROR:
		answer->ended = true;
		return error_of(-netlink_number(message));
	case NLMSG_OVERRUN:
		answer->incomplete = true;
		return 0;
	case NLMSG_NOOP:
		return 0;
	default:
		return answer->on_message(answer->user, mnl_nlmsg_get_payload(message),
					  mnl_nlmsg_get_payload_len(message))
			       ? DIAG_STOPPED
			       : 0;
	}
}

static int datagram_take(const struct diag *diag, struct answer *answer, size_t n)
{
	size_t step = 0;
	int r = 0;

	for (size_t at = 0; !r && !answer->ended && at < n; at += step) {
		const struct nlmsghdr *message = netlink_message(diag->buffer + at, n - at, &step);
		if (!message) {
			answer->incomplete = true;
			break;
		}
		if (message->nlmsg_seq == diag->sequence)
			r = message_take(answer, message);
	}
	return r;
}

/* Its length, 0 for one to be ignored, or an error. */
static ssize_t datagram_read(struct diag *diag, struct answer *answer)
{
	ssize_t n = netlink_receive(diag->socket, diag->buffer, sizeof(diag->buffer), &answer->incomplete);

	if (n == -ENOBUFS)
		answer->incomplete = true;
	return n >= 0 ? n : n == -ENOBUFS || n == -EINTR ? 0 : error_of((int)-n);
}

static int answer_take(struct diag *diag, struct answer *answer)
{
	int r = 0;

	while (!r && !answer->ended) {
		ssize_t n = datagram_read(diag, answer);
		r = n < 0 ? (int)n : datagram_take(diag, answer, (size_t)n);
	}
	if (r)
		return r;
	return answer->incomplete ? DIAG_INCOMPLETE : answer->interrupted ? DIAG_INTERRUPTED : 0;
}

/* ---- asking ---- */

static struct nlmsghdr *question_new(struct diag *diag, uint16_t type)
{
	struct nlmsghdr *question = mnl_nlmsg_put_header(diag->question);

	question->nlmsg_type = type;
	question->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	question->nlmsg_seq = ++diag->sequence;
	return question;
}

static int ask(struct diag *diag, const struct nlmsghdr *question, diag_on_message *on_message, void *user)
{
	struct answer answer = {.on_message = on_message, .user = user};

	while (mnl_socket_sendto(diag->socket, question, question->nlmsg_len) < 0)
		if (errno != EINTR)
			return error_of(errno);
	return answer_take(diag, &answer);
}

int diag_inet(struct diag *diag, int family, int protocol, uint32_t states, uint8_t extensions, const void *code,
	      size_t n_code, diag_on_message *on_message, void *user)
{
	struct nlmsghdr *question = question_new(diag, SOCK_DIAG_BY_FAMILY);
	struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(question, sizeof(*request));
	bool wide = protocol > UINT8_MAX;

	request->sdiag_family = (uint8_t)family;
	/* A kernel that does not know the attribute must not take the lower bits for a protocol. */
	request->sdiag_protocol = (uint8_t)(wide ? NO_PROTOCOL : protocol);
	request->idiag_ext = extensions;
	request->idiag_states = states;
	if (n_code)
		mnl_attr_put(question, INET_DIAG_REQ_BYTECODE, n_code, code);
	if (wide)
		mnl_attr_put_u32(question, INET_DIAG_REQ_PROTOCOL, (uint32_t)protocol);
	return ask(diag, question, on_message, user);
}

int diag_tcp(struct diag *diag, uint32_t states, uint8_t extensions, const void *code, size_t n_code,
	     diag_on_message *on_message, void *user)
{
	struct nlmsghdr *question = question_new(diag, TCPDIAG_GETSOCK);
	struct inet_diag_req *request = mnl_nlmsg_put_extra_header(question, sizeof(*request));

	request->idiag_family = AF_INET; /* and not looked at */
	request->idiag_ext = extensions;
	request->idiag_states = states;
	if (n_code)
		mnl_attr_put(question, INET_DIAG_REQ_BYTECODE, n_code, code);
	return ask(diag, question, on_message, user);
}

int diag_unix(struct diag *diag, uint32_t states, uint32_t show, diag_on_message *on_message, void *user)
{
	struct nlmsghdr *question = question_new(diag, SOCK_DIAG_BY_FAMILY);
	struct unix_diag_req *request = mnl_nlmsg_put_extra_header(question, sizeof(*request));

	request->sdiag_family = AF_UNIX;
	request->udiag_states = states;
	request->udiag_show = show;
	return ask(diag, question, on_message, user);
}
