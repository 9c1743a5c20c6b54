/* Messages of unix_diag: what each field and attribute becomes, and names of any bytes. */
#include <linux/unix_diag.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "netlink_bytes.h"
#include "source/state.h"
#include "source/unix_message.h"

static struct unix_diag_msg head_of(uint8_t type, uint8_t state)
{
	return (struct unix_diag_msg){.udiag_family = AF_UNIX,
				      .udiag_type = type,
				      .udiag_state = state,
				      .udiag_ino = 4711,
				      .udiag_cookie = {1, 2}};
}

static void test_whole(void **state)
{
	struct unix_diag_msg head = head_of(SOCK_STREAM, KERNEL_ESTABLISHED);
	struct unix_diag_rqlen queues = {.udiag_rqueue = 5, .udiag_wqueue = 6};
	uint32_t peer = 4712, uid = 1000;
	struct netlink_bytes message;
	struct netstat_row row;
	char path[UNIX_PATH_ROOM];

	(void)state;
	netlink_head(&message, &head, sizeof(head));
	netlink_attribute(&message, UNIX_DIAG_NAME, "/run/x.sock", 12);
	netlink_attribute(&message, UNIX_DIAG_PEER, &peer, sizeof(peer));
	netlink_attribute(&message, UNIX_DIAG_RQLEN, &queues, sizeof(queues));
	netlink_attribute(&message, UNIX_DIAG_UID, &uid, sizeof(uid));
	netlink_attribute(&message, 99, &uid, 3);
	assert_true(unix_message_read(message.bytes, message.n, &row, path));
	assert_int_equal(row.protocol, NETSTAT_UNIX);
	assert_int_equal(row.family, 0);
	assert_int_equal(row.unix_type, SOCK_STREAM);
	assert_int_equal(row.state, NETSTAT_STATE_ESTABLISHED);
	assert_int_equal(row.inode, 4711);
	assert_true(row.cookie == UINT64_C(0x200000001));
	assert_ptr_equal(row.path, path);
	assert_string_equal(row.path, "/run/x.sock");
	assert_int_equal(row.peer_inode, 4712);
	assert_int_equal(row.recv_q, 5);
	assert_int_equal(row.send_q, 6);
	assert_true(row.has_uid);
	assert_int_equal(row.uid, 1000);
	assert_int_equal(row.unowned, NETSTAT_OWNED);
}

static void test_bare(void **state)
{
	static const struct {
		uint8_t number, expected;
	} cases[] = {{KERNEL_LISTEN, NETSTAT_STATE_LISTEN},
		     {KERNEL_ESTABLISHED, NETSTAT_STATE_ESTABLISHED},
		     {KERNEL_CLOSE, NETSTAT_STATE_OPEN},
		     {KERNEL_SYN_SENT, NETSTAT_STATE_OPEN}};
	struct netstat_row row;
	char path[UNIX_PATH_ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct unix_diag_msg head = head_of(SOCK_DGRAM, cases[i].number);
		assert_true(unix_message_read(&head, sizeof(head), &row, path));
		assert_int_equal(row.state, cases[i].expected);
		assert_null(row.path);
		assert_false(row.has_uid);
		assert_int_equal(row.peer_inode, 0);
	}
	struct unix_diag_msg waiting = head_of(SOCK_STREAM, KERNEL_ESTABLISHED);
	waiting.udiag_ino = 0;
	assert_true(unix_message_read(&waiting, sizeof(waiting), &row, path));
	assert_int_equal(row.unowned, NETSTAT_UNOWNED_WAITING);
}

static void test_paths(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *expected;
	} cases[] = {
		{"/run/a", 7, "/run/a"},
		{"/run/a", 6, "/run/a"},
		{"/run/a\0b", 9, "/run/a"}, /* what follows a NUL is no part of a file's name */
		{"\0name", 5, "@name"},
		{"\0na\0me\0", 7, "@na@me@"},
		{"\0", 1, "@"},
		{"", 0, NULL},
		{"a\nb\x1b[1m\x7f", 9, "a?b?[1m?"},
		{"\0\x01\x02", 3, "@??"},
		{"/\xc3\xa9\xff", 5, "/\xc3\xa9\xff"},
	};
	char path[UNIX_PATH_ROOM], full[108], longer[300];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = unix_path_read((const uint8_t *)cases[i].bytes, cases[i].n, path);
		if (!cases[i].expected)
			assert_null(text);
		else
			assert_string_equal(text, cases[i].expected);
	}
	/* As long as the system lets them be, and longer. */
	memset(full, 'x', sizeof(full));
	assert_int_equal(strlen(unix_path_read((const uint8_t *)full, sizeof(full), path)), sizeof(full));
	memset(longer, 0, sizeof(longer));
	assert_int_equal(strlen(unix_path_read((const uint8_t *)longer, sizeof(longer), path)), UNIX_PATH_ROOM - 1);
}

static void test_bad(void **state)
{
	struct unix_diag_msg good = head_of(SOCK_STREAM, KERNEL_LISTEN), head = good;
	struct unix_diag_rqlen queues = {.udiag_rqueue = 5};
	struct netlink_bytes message;
	struct netstat_row row;
	char path[UNIX_PATH_ROOM];

	(void)state;
	assert_false(unix_message_read(&good, sizeof(good) - 1, &row, path));
	head.udiag_family = AF_INET;
	assert_false(unix_message_read(&head, sizeof(head), &row, path));
	head = good;
	head.udiag_state = 0;
	assert_false(unix_message_read(&head, sizeof(head), &row, path));
	netlink_head(&message, &good, sizeof(good));
	netlink_attribute(&message, UNIX_DIAG_RQLEN, &queues, sizeof(queues) - 1);
	netlink_attribute(&message, UNIX_DIAG_UID, &queues, 2);
	assert_true(unix_message_read(message.bytes, message.n, &row, path));
	assert_int_equal(row.recv_q, 0);
	assert_false(row.has_uid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
