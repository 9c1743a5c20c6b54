/* Whose a socket may be that nobody was found to have: by the users of the processes that could not be looked at. */
#include "process/process_unseen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SELF = 1000 };

static void test_nothing_unseen(void **state)
{
	const struct process_unseen unseen = {0};

	assert_false(process_unseen_any(&unseen));
	assert_false(process_unseen_may_be_of(&unseen, 0, SELF));
	assert_false(process_unseen_may_be_of(&unseen, SELF, SELF));
}

/* One process that may not be looked at says nothing of other users' sockets, not even of root's to root. */
static void test_users(void **state)
{
	struct process_unseen unseen = {0};

	for (unsigned i = 0; i < 3; i++) {
		process_unseen_add(&unseen, 33);
		process_unseen_add(&unseen, UINT32_MAX);
	}
	assert_true(process_unseen_any(&unseen));
	assert_int_equal(unseen.n_users, 2);
	assert_true(process_unseen_may_be_of(&unseen, 33, 0));
	assert_true(process_unseen_may_be_of(&unseen, UINT32_MAX, 0));
	assert_false(process_unseen_may_be_of(&unseen, 0, 0));
	assert_false(process_unseen_may_be_of(&unseen, 0, SELF));
	/* One of one's own, as after a change of user. */
	process_unseen_add(&unseen, SELF);
	assert_true(process_unseen_may_be_of(&unseen, SELF, SELF));
}

static void test_hidden(void **state)
{
	const struct process_unseen unseen = {.hidden = true};

	assert_true(process_unseen_any(&unseen));
	assert_true(process_unseen_may_be_of(&unseen, 0, SELF));
	assert_false(process_unseen_may_be_of(&unseen, SELF, SELF));
}

static void test_more_than_there_is_room_for(void **state)
{
	struct process_unseen unseen = {0};

	for (uint32_t uid = 0; uid < PROCESS_UNSEEN_USERS; uid++)
		process_unseen_add(&unseen, uid);
	assert_true(process_unseen_may_be_of(&unseen, PROCESS_UNSEEN_USERS - 1, SELF));
	assert_false(process_unseen_may_be_of(&unseen, PROCESS_UNSEEN_USERS, SELF));
	process_unseen_add(&unseen, PROCESS_UNSEEN_USERS - 1);
	assert_false(process_unseen_may_be_of(&unseen, PROCESS_UNSEEN_USERS, SELF));
	for (uint32_t uid = 5000; uid < 5010; uid++)
		process_unseen_add(&unseen, uid);
	assert_true(process_unseen_may_be_of(&unseen, 12345, SELF));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_unseen),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_more_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
