/* Asking the kernel: what goes out, and what becomes of answers that are whole, broken, cut short, or not the kernel's.
 * The test stands in for the kernel: its sendto and recvmsg are those that the linker finds first. */
#include <berth/error.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "source/diag.h"

/* ---- the kernel ---- */

struct datagram {
	int error;       /* of recvmsg, instead of a datagram; 0: none */
	uint32_t sender; /* 0: the kernel */
	bool truncated;
	size_t n;
	_Alignas(4) uint8_t bytes[512];
};

static struct {
	_Alignas(4) uint8_t question[512];
	size_t n_question;
	int send_error;
	struct datagram answer[8];
	size_t n, next;
} kernel;

ssize_t sendto(int fd, const void *bytes, size_t n, int flags, __CONST_SOCKADDR_ARG to, socklen_t n_to)
{
	(void)fd, (void)flags, (void)to, (void)n_to;
	if (kernel.send_error) {
		errno = kernel.send_error;
		kernel.send_error = kernel.send_error == EINTR ? 0 : kernel.send_error;
		return -1;
	}
	assert_true(n <= sizeof(kernel.question));
	memcpy(kernel.question, bytes, n);
	kernel.n_question = n;
	return (ssize_t)n;
}

ssize_t recvmsg(int fd, struct msghdr *head, int flags)
{
	(void)fd, (void)flags;
	assert_true(kernel.next < kernel.n); /* who asks for more would wait for ever */
	struct datagram *datagram = &kernel.answer[kernel.next++];
	if (datagram->error) {
		errno = datagram->error;
		return -1;
	}
	((struct sockaddr_nl *)head->msg_name)->nl_pid = datagram->sender;
	head->msg_flags = datagram->truncated ? MSG_TRUNC : 0;
	memcpy(head->msg_iov[0].iov_base, datagram->bytes, datagram->n);
	return (ssize_t)datagram->n;
}

/* Puts a message at the end of a datagram; its number is that of the diag's first question. */
static void put(struct datagram *datagram, uint16_t type, uint16_t flags, const void *payload, size_t n)
{
	struct nlmsghdr head = {.nlmsg_len = (uint32_t)(sizeof(head) + n),
				.nlmsg_type = type,
				.nlmsg_flags = (uint16_t)(NLM_F_MULTI | flags),
				.nlmsg_seq = 1};

	memcpy(datagram->bytes + datagram->n, &head, sizeof(head));
	memcpy(datagram->bytes + datagram->n + sizeof(head), payload, n);
	datagram->n += sizeof(head) + NLMSG_ALIGN(n);
}

static void put_end(struct datagram *datagram, uint16_t type, int number)
{
	put(datagram, type, 0, &number, sizeof(number));
}

static struct datagram *next_datagram(void)
{
	struct datagram *datagram = &kernel.answer[kernel.n++];

	*datagram = (struct datagram){0};
	return datagram;
}

/* ---- asking ---- */

static int collect(void *user, const void *message, size_t n)
{
	char *text = user;

	assert_true(n < 16);
	strncat(text, message, n);
	return strcmp(text, "stop") == 0;
}

/* What a question about TCP comes to; the messages' payloads, one behind the other, in text. */
static int ask(char text[256])
{
	struct diag *diag;

	text[0] = 0;
	assert_int_equal(diag_new(&diag), 0);
	int r = diag_inet(diag, AF_INET, IPPROTO_TCP, 1 << 10, 0, NULL, 0, collect, text);
	diag_free(diag);
	return r;
}

static void forget(void)
{
	memset(&kernel, 0, sizeof(kernel));
}

static int ignore(void *user, const void *message, size_t n)
{
	(void)user, (void)message, (void)n;
	return 0;
}

static void test_questions(void **state)
{
	struct diag *diag;
	struct nlmsghdr head;
	struct inet_diag_req_v2 v2;
	struct inet_diag_req old;
	struct unix_diag_req of_unix;
	struct nlattr attribute;
	uint32_t protocol;

	(void)state;
	assert_int_equal(diag_new(&diag), 0);
	forget();
	put_end(next_datagram(), NLMSG_DONE, 0);
	assert_int_equal(diag_inet(diag, AF_INET6, IPPROTO_UDP, 0x82, 0x42, NULL, 0, ignore, NULL), 0);
	memcpy(&head, kernel.question, sizeof(head));
	assert_int_equal(head.nlmsg_len, kernel.n_question);
	assert_int_equal(head.nlmsg_type, SOCK_DIAG_BY_FAMILY);
	assert_int_equal(head.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	assert_int_equal(kernel.n_question, sizeof(head) + sizeof(v2));
	memcpy(&v2, kernel.question + sizeof(head), sizeof(v2));
	assert_int_equal(v2.sdiag_family, AF_INET6);
	assert_int_equal(v2.sdiag_protocol, IPPROTO_UDP);
	assert_int_equal(v2.idiag_states, 0x82);
	assert_int_equal(v2.idiag_ext, 0x42);
	diag_free(diag);

	/* A protocol that does not fit: an attribute, and a number that an older kernel takes for no protocol. */
	assert_int_equal(diag_new(&diag), 0);
	forget();
	put_end(next_datagram(), NLMSG_DONE, 0);
	assert_int_equal(diag_inet(diag, AF_INET, 262, 2, 0, NULL, 0, ignore, NULL), 0);
	memcpy(&v2, kernel.question + sizeof(head), sizeof(v2));
	assert_int_equal(v2.sdiag_protocol, 253);
	memcpy(&attribute, kernel.question + sizeof(head) + sizeof(v2), sizeof(attribute));
	assert_int_equal(attribute.nla_type, INET_DIAG_REQ_PROTOCOL);
	memcpy(&protocol, kernel.question + sizeof(head) + sizeof(v2) + sizeof(attribute), sizeof(protocol));
	assert_int_equal(protocol, 262);
	diag_free(diag);

	assert_int_equal(diag_new(&diag), 0);
	forget();
	put_end(next_datagram(), NLMSG_DONE, 0);
	assert_int_equal(diag_tcp(diag, 0xbfe, 2, NULL, 0, ignore, NULL), 0);
	memcpy(&head, kernel.question, sizeof(head));
	assert_int_equal(head.nlmsg_type, TCPDIAG_GETSOCK);
	memcpy(&old, kernel.question + sizeof(head), sizeof(old));
	assert_int_equal(old.idiag_states, 0xbfe);
	assert_int_equal(old.idiag_ext, 2);
	diag_free(diag);

	assert_int_equal(diag_new(&diag), 0);
	forget();
	put_end(next_datagram(), NLMSG_DONE, 0);
	assert_int_equal(diag_unix(diag, 0x400, UDIAG_SHOW_NAME, ignore, NULL), 0);
	memcpy(&of_unix, kernel.question + sizeof(head), sizeof(of_unix));
	assert_int_equal(of_unix.sdiag_family, AF_UNIX);
	assert_int_equal(of_unix.udiag_states, 0x400);
	assert_int_equal(of_unix.udiag_show, UDIAG_SHOW_NAME);
	diag_free(diag);
}

/* Datagrams full of messages, and what is not the kernel's, not of this question, or nothing. */
static void test_whole(void **state)
{
	char text[256];
	struct datagram *datagram;

	(void)state;
	forget();
	datagram = next_datagram();
	put(datagram, SOCK_DIAG_BY_FAMILY, 0, "a", 1);
	put(datagram, NLMSG_NOOP, 0, "x", 1);
	put(datagram, SOCK_DIAG_BY_FAMILY, 0, "bcd", 3);
	datagram = next_datagram();
	datagram->sender = 4711;
	put(datagram, SOCK_DIAG_BY_FAMILY, 0, "x", 1);
	put_end(datagram, NLMSG_DONE, 0);
	datagram = next_datagram();
	datagram->error = EINTR;
	datagram = next_datagram();
	put(datagram, SOCK_DIAG_BY_FAMILY, 0, "x", 1);
	((struct nlmsghdr *)datagram->bytes)->nlmsg_seq = 7;
	put(datagram, SOCK_DIAG_BY_FAMILY, 0, "e", 1);
	put_end(datagram, NLMSG_DONE, 0);
	put(datagram, SOCK_DIAG_BY_FAMILY, 0, "x", 1); /* behind the end */
	kernel.send_error = EINTR;
	assert_int_equal(ask(text), 0);
	assert_string_equal(text, "abcde");
	assert_int_equal(kernel.next, kernel.n);
}

static void test_stopped(void **state)
{
	char text[256];
	struct datagram *datagram;

	(void)state;
	forget();
	datagram = next_datagram();
	put(datagram, SOCK_DIAG_BY_FAMILY, 0, "stop", 4);
	put(datagram, SOCK_DIAG_BY_FAMILY, 0, "x", 1);
	assert_int_equal(ask(text), DIAG_STOPPED);
	assert_string_equal(text, "stop");
}

/* What the kernel ends an answer with, and what that is called. */
static void test_errors(void **state)
{
	static const struct {
		int number, expected;
	} cases[] = {
		{ENOENT, BERTH_ENOENT},  {EPERM, BERTH_EPERM},   {EACCES, BERTH_EPERM},
		{EINVAL, BERTH_EINVAL},  {ENOMEM, BERTH_ENOMEM}, {EOPNOTSUPP, BERTH_EOPNOTSUPP},
		{ENOBUFS, BERTH_ENOMEM}, {EMSGSIZE, BERTH_EIO},  {EPROTONOSUPPORT, BERTH_ENOENT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];
		forget();
		put_end(next_datagram(), NLMSG_DONE, -cases[i].number);
		assert_int_equal(ask(text), cases[i].expected);
		forget();
		put_end(next_datagram(), NLMSG_ERROR, -cases[i].number);
		assert_int_equal(ask(text), cases[i].expected);
		/* What came before has been handed on. */
		forget();
		put(next_datagram(), SOCK_DIAG_BY_FAMILY, 0, "a", 1);
		put_end(next_datagram(), NLMSG_DONE, -cases[i].number);
		assert_int_equal(ask(text), cases[i].expected);
		assert_string_equal(text, "a");
	}
}

static void test_broken(void **state)
{
	char text[256];
	struct datagram *datagram;

	(void)state;
	/* An end that does not say what it is. */
	forget();
	put(next_datagram(), NLMSG_DONE, 0, "ab", 2);
	assert_int_equal(ask(text), BERTH_EIO);
	/* A socket that is closed, and one that cannot be read or written. */
	forget();
	next_datagram();
	assert_int_equal(ask(text), BERTH_EIO);
	forget();
	next_datagram()->error = EIO;
	assert_int_equal(ask(text), BERTH_EIO);
	forget();
	kernel.send_error = EPERM;
	assert_int_equal(ask(text), BERTH_EPERM);
	/* Lengths that lead out of the datagram, or nowhere. */
	static const uint32_t lengths[] = {0, 15, 100, UINT32_MAX};
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		forget();
		datagram = next_datagram();
		put(datagram, SOCK_DIAG_BY_FAMILY, 0, "a", 1);
		((struct nlmsghdr *)datagram->bytes)->nlmsg_len = lengths[i];
		put_end(next_datagram(), NLMSG_DONE, 0);
		assert_int_equal(ask(text), DIAG_INCOMPLETE);
		assert_string_equal(text, "");
	}
	/* Less than a head. */
	forget();
	put(next_datagram(), SOCK_DIAG_BY_FAMILY, 0, "a", 1);
	kernel.answer[0].n += 15;
	put_end(next_datagram(), NLMSG_DONE, 0);
	assert_int_equal(ask(text), DIAG_INCOMPLETE);
	assert_string_equal(text, "a");
}

static void test_not_whole(void **state)
{
	char text[256];
	struct datagram *datagram;

	(void)state;
	forget();
	next_datagram()->error = ENOBUFS;
	put(next_datagram(), SOCK_DIAG_BY_FAMILY, 0, "a", 1);
	put_end(next_datagram(), NLMSG_DONE, 0);
	assert_int_equal(ask(text), DIAG_INCOMPLETE);
	assert_string_equal(text, "a");
	forget();
	datagram = next_datagram();
	datagram->truncated = true;
	put(datagram, SOCK_DIAG_BY_FAMILY, 0, "a", 1);
	put_end(next_datagram(), NLMSG_DONE, 0);
	assert_int_equal(ask(text), DIAG_INCOMPLETE);
	assert_string_equal(text, "a");
	forget();
	put(next_datagram(), NLMSG_OVERRUN, 0, "", 0);
	put_end(next_datagram(), NLMSG_DONE, 0);
	assert_int_equal(ask(text), DIAG_INCOMPLETE);
	forget();
	put(next_datagram(), SOCK_DIAG_BY_FAMILY, NLM_F_DUMP_INTR, "a", 1);
	put(next_datagram(), SOCK_DIAG_BY_FAMILY, 0, "b", 1);
	put_end(next_datagram(), NLMSG_DONE, 0);
	assert_int_equal(ask(text), DIAG_INTERRUPTED);
	assert_string_equal(text, "ab");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions), cmocka_unit_test(test_whole),  cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_errors),    cmocka_unit_test(test_broken), cmocka_unit_test(test_not_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
