/* Messages of netlink: where each ends, whatever its length says, and the number in those that end an answer. */
#include "netlink.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	HEAD = sizeof(struct nlmsghdr),
};

static void test_lengths(void **state)
{
	static const struct {
		uint32_t length;
		size_t n, step; /* 0: no whole message */
	} cases[] = {
		{HEAD, HEAD, HEAD},  {HEAD, HEAD - 1, 0}, {HEAD, 0, 0},
		{HEAD - 1, 64, 0},   {0, 64, 0},          {20, 64, 20},
		{21, 64, 24},        {21, 24, 24},        {21, 23, 23}, /* the last one's padding is missing */
		{21, 21, 21},        {22, 21, 0},         {65, 64, 0},
		{0x7fffffff, 64, 0}, {0x80000000, 64, 0}, /* negative, for who takes it for an int */
		{0xffffffff, 64, 0}, {0xfffffffd, 64, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* No byte more than there is. */
		struct nlmsghdr head = {.nlmsg_len = cases[i].length};
		char *bytes = malloc(cases[i].n ? cases[i].n : 1);
		size_t step = 0;
		assert_non_null(bytes);
		memset(bytes, 0, cases[i].n);
		memcpy(bytes, &head, cases[i].n < HEAD ? cases[i].n : HEAD);
		const struct nlmsghdr *message = netlink_message(bytes, cases[i].n, &step);
		assert_ptr_equal(message, cases[i].step ? (const void *)bytes : NULL);
		assert_int_equal(step, cases[i].step);
		free(bytes);
	}
}

static void test_number(void **state)
{
	struct {
		struct nlmsghdr head;
		int number;
	} message = {.head = {.nlmsg_len = sizeof(message)}, .number = -ENOENT};

	assert_int_equal(netlink_number(&message.head), -ENOENT);
	message.number = 0;
	assert_int_equal(netlink_number(&message.head), 0);
	message.head.nlmsg_len--;
	assert_int_equal(netlink_number(&message.head), -EIO);
}

/* What the kernel says to a question without a meaning; the second time with too little room. */
static void test_receive(void **state)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	_Alignas(struct nlmsghdr) char buffer[256];
	struct nlmsghdr nothing = {
		.nlmsg_len = HEAD, .nlmsg_type = NLMSG_NOOP, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK};
	bool truncated = false;
	size_t step;

	if (!socket) {
		print_message("# not to be had here: netlink\n");
		return;
	}
	assert_int_equal(mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID), 0);
	assert_int_equal(netlink_receive(socket, buffer, sizeof(buffer), NULL), -EAGAIN);
	assert_int_equal(mnl_socket_sendto(socket, &nothing, sizeof(nothing)), HEAD);
	ssize_t n = netlink_receive(socket, buffer, sizeof(buffer), &truncated);
	assert_true(n > HEAD);
	assert_false(truncated);
	const struct nlmsghdr *answer = netlink_message(buffer, (size_t)n, &step);
	assert_non_null(answer);
	assert_int_equal(answer->nlmsg_type, NLMSG_ERROR);
	assert_int_equal(netlink_number(answer), 0);
	assert_int_equal(mnl_socket_sendto(socket, &nothing, sizeof(nothing)), HEAD);
	assert_int_equal(netlink_receive(socket, buffer, HEAD, &truncated), HEAD);
	assert_true(truncated);
	mnl_socket_close(socket);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_receive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
