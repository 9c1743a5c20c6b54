/* Changes: looks are played by hand, and what is told of the difference is compared with what happened. */
#include "watch/changes.h"

#include <berth/error.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define S UINT64_C(1000000000)

/* What was told, as "opened 1 LISTEN; closed 2 ...": the number is the cookie, or the foreign port without one. */
struct story {
	char text[1024];
	int fail_with;   /* what on_change returns */
	unsigned n_gone; /* rows that a look did not show any more */
};

static int on_change(void *user, enum change change, const struct netstat_row *row)
{
	struct story *story = user;
	size_t n = strlen(story->text);

	snprintf(story->text + n, sizeof(story->text) - n, "%s%s %llu %s", n ? "; " : "", change_name(change),
		 (unsigned long long)(row->cookie ? row->cookie : row->foreign.port), netstat_state_name(row));
	return story->fail_with;
}

static int on_gone(void *user, enum change change, const struct netstat_row *row)
{
	struct story *story = user;

	assert_int_equal(change, CHANGE_CLOSED);
	story->n_gone++;
	return 0;
}

static struct changes *watch(struct story *story, const struct columns *compare)
{
	struct changes_config config = {
		.compare = compare, .own_namespace = 7, .on_change = on_change, .on_gone = on_gone, .user = story};
	struct changes *changes = changes_new(&config);

	assert_non_null(changes);
	*story = (struct story){0};
	return changes;
}

static void assert_story(struct story *story, const char *expected)
{
	assert_string_equal(story->text, expected);
	story->text[0] = '\0';
}

static struct netstat_row tcp(uint64_t cookie, uint8_t state)
{
	struct netstat_row row = {.protocol = NETSTAT_TCP, .state = state, .family = BERTH_IP4, .cookie = cookie};

	row.local = (struct berth_socket_address){.address = berth_ip4(10, 0, 0, 1), .port = 80};
	row.foreign = (struct berth_socket_address){.address = berth_ip4(10, 0, 0, 2), .port = 4000};
	return row;
}

static void look(struct changes *changes, uint64_t ns, struct netstat_row *rows, size_t n)
{
	assert_int_equal(changes_begin(changes, ns), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(changes_row(changes, &rows[i]), 0);
	assert_int_equal(changes_end(changes), 0);
}

/* A look at rows given by cookie and state. */
#define LOOK(changes, ns, ...)                                                                                         \
	do {                                                                                                           \
		struct netstat_row rows_[] = {__VA_ARGS__};                                                            \
		look(changes, ns, rows_, sizeof(rows_) / sizeof(rows_[0]));                                            \
	} while (0)

#define UP NETSTAT_STATE_ESTABLISHED
#define OVER NETSTAT_STATE_TIME_WAIT

static void test_looks(void **state)
{
	struct story story;
	struct changes *changes = watch(&story, NULL);

	LOOK(changes, 1 * S, tcp(1, UP), tcp(2, UP));
	assert_story(&story, ""); /* they were there */
	LOOK(changes, 2 * S, tcp(1, UP), tcp(2, UP), tcp(3, NETSTAT_STATE_SYN_SENT));
	assert_story(&story, "opened 3 SYN_SENT");
	LOOK(changes, 3 * S, tcp(3, UP), tcp(2, UP));
	assert_story(&story, "changed 3 ESTABLISHED; closed 1 ESTABLISHED");
	LOOK(changes, 4 * S, tcp(3, UP), tcp(2, UP));
	assert_story(&story, "");
	look(changes, 5 * S, NULL, 0);
	assert_story(&story, "closed 3 ESTABLISHED; closed 2 ESTABLISHED");
	LOOK(changes, 6 * S, tcp(4, UP));
	assert_story(&story, "opened 4 ESTABLISHED");
	assert_null(changes_free(changes));
	assert_null(changes_free(NULL));
}

static void test_time_wait_is_closed(void **state)
{
	struct story story;
	struct changes *changes = watch(&story, NULL);

	LOOK(changes, 1 * S, tcp(1, UP), tcp(2, OVER));
	LOOK(changes, 2 * S, tcp(1, OVER), tcp(2, OVER), tcp(3, OVER));
	assert_story(&story, "closed 1 TIME_WAIT; opened 3 TIME_WAIT; closed 3 TIME_WAIT");
	assert_int_equal(story.n_gone, 0);
	LOOK(changes, 3 * S, tcp(1, OVER));
	assert_int_equal(story.n_gone, 2);
	look(changes, 4 * S, NULL, 0);
	assert_story(&story, "");
	assert_int_equal(story.n_gone, 3);
	changes_free(changes);
}

static void destroyed(struct changes *changes, uint64_t cookie, uint64_t ns)
{
	struct netstat_row row = tcp(cookie, NETSTAT_STATE_CLOSED);

	assert_int_equal(changes_destroyed(changes, &row, ns), 0);
}

static void test_notices(void **state)
{
	struct story story;
	struct changes *changes = watch(&story, NULL);

	destroyed(changes, 9, 1); /* before the first look nobody knows */
	LOOK(changes, 1 * S, tcp(1, UP), tcp(2, UP));
	destroyed(changes, 1, 1 * S + 1);
	assert_story(&story, "closed 1 ESTABLISHED");
	destroyed(changes, 1, 1 * S + 2);
	destroyed(changes, 3, 1 * S + 3); /* lived between two looks */
	assert_story(&story, "opened 3 CLOSED; closed 3 CLOSED");
	/* What is left of both is no news; the word on 2 comes when its end is no news any more. */
	LOOK(changes, 2 * S, tcp(1, OVER), tcp(3, OVER));
	assert_story(&story, "closed 2 ESTABLISHED");
	destroyed(changes, 2, 2 * S + 1);
	destroyed(changes, 3, 2 * S + 1);
	LOOK(changes, 3 * S, tcp(1, OVER), tcp(3, OVER));
	destroyed(changes, 2, 3 * S + 1);
	look(changes, 4 * S, NULL, 0);
	destroyed(changes, 1, 4 * S + 1);
	assert_story(&story, "");
	changes_free(changes);
}

/* Notices that come while a look is under way, before its end: the look has seen the socket, or not any more. */
static void test_notices_during_a_look(void **state)
{
	struct story story;
	struct changes *changes = watch(&story, NULL);
	struct netstat_row row = tcp(1, UP);

	LOOK(changes, 1 * S, tcp(1, UP), tcp(2, UP));
	assert_int_equal(changes_begin(changes, 2 * S), 0);
	assert_int_equal(changes_row(changes, &row), 0);
	destroyed(changes, 2, 2 * S);
	assert_int_equal(changes_end(changes), 0);
	assert_story(&story, "closed 2 ESTABLISHED");
	destroyed(changes, 1, 2 * S);
	look(changes, 3 * S, NULL, 0);
	assert_story(&story, "closed 1 ESTABLISHED");
	changes_free(changes);
}

static struct netstat_row with_port(struct netstat_row row, uint16_t port)
{
	row.foreign.port = port;
	return row;
}

static struct netstat_row with_host(struct netstat_row row, const char *host)
{
	row.host = host;
	return row;
}

static struct netstat_row with_namespace(struct netstat_row row, const struct netstat_namespace *ns)
{
	row.ns = ns;
	return row;
}

static struct netstat_row with_inode(struct netstat_row row, uint64_t inode)
{
	row.inode = inode;
	return row;
}

static void test_keys(void **state)
{
	struct story story;
	struct changes *changes = watch(&story, NULL);
	static const struct netstat_namespace own = {.inode = 7, .name = "own"}, other = {.inode = 8, .name = "other"};

	LOOK(changes, 1 * S, with_host(tcp(0, UP), "left"), with_inode(tcp(0, UP), 5), tcp(9, UP),
	     with_port(tcp(0, UP), 1));
	/* Another order, another way of saying the same. */
	LOOK(changes, 2 * S, with_namespace(tcp(9, UP), &own), with_inode(with_port(tcp(0, UP), 2), 5),
	     with_port(tcp(0, UP), 1), with_host(tcp(0, UP), "left"));
	assert_story(&story, "");
	LOOK(changes, 3 * S, with_namespace(tcp(9, UP), &other), with_inode(tcp(0, UP), 6), with_port(tcp(0, UP), 3),
	     with_host(tcp(0, UP), "right"));
	assert_story(&story, "opened 9 ESTABLISHED; opened 4000 ESTABLISHED; opened 3 ESTABLISHED; "
			     "opened 4000 ESTABLISHED; closed 9 ESTABLISHED; closed 2 ESTABLISHED; "
			     "closed 1 ESTABLISHED; closed 4000 ESTABLISHED");
	changes_free(changes);
}

/* Without a cookie, the next connection of the same pair is another one. */
static void test_a_pair_is_used_again(void **state)
{
	struct story story;
	struct changes *changes = watch(&story, NULL);

	LOOK(changes, 1 * S, with_host(tcp(0, UP), "left"));
	LOOK(changes, 2 * S, with_host(tcp(0, OVER), "left"));
	LOOK(changes, 3 * S, with_host(tcp(0, UP), "left"));
	assert_story(&story, "closed 4000 TIME_WAIT; opened 4000 ESTABLISHED");
	look(changes, 4 * S, NULL, 0);
	LOOK(changes, 5 * S, with_host(tcp(0, UP), "left"));
	assert_story(&story, "closed 4000 ESTABLISHED; opened 4000 ESTABLISHED");
	changes_free(changes);
}

/* Sockets that nothing tells apart are counted. */
static void test_the_same_twice(void **state)
{
	struct story story;
	struct changes *changes = watch(&story, NULL);

	LOOK(changes, 1 * S, tcp(0, UP), tcp(0, UP));
	LOOK(changes, 2 * S, tcp(0, UP), tcp(0, UP), tcp(0, UP));
	assert_story(&story, "opened 4000 ESTABLISHED");
	LOOK(changes, 3 * S, tcp(0, UP));
	assert_story(&story, "closed 4000 ESTABLISHED; closed 4000 ESTABLISHED");
	assert_int_equal(changes_begin(changes, 4 * S), 0);
	for (unsigned i = 0; i < 1000; i++) {
		struct netstat_row row = tcp(0, UP);
		assert_int_equal(changes_row(changes, &row), 0);
	}
	assert_int_equal(changes_end(changes), 0);
	assert_true(changes_rows(changes)->n < 1000);
	changes_free(changes);
}

static void test_columns(void **state)
{
	struct story story;
	struct columns columns = {0};
	size_t at, length;

	assert_int_equal(columns_parse("recv_q,user", &columns, &at, &length), 0);
	struct changes *changes = watch(&story, &columns);
	struct netstat_row row = tcp(1, UP);
	row.user = "root";
	look(changes, 1 * S, &row, 1);
	row.send_q = 5; /* not one of the columns */
	look(changes, 2 * S, &row, 1);
	assert_story(&story, "");
	row.recv_q = 5;
	look(changes, 3 * S, &row, 1);
	assert_story(&story, "changed 1 ESTABLISHED");
	row.user = "www";
	look(changes, 4 * S, &row, 1);
	assert_story(&story, "changed 1 ESTABLISHED");
	changes_free(changes);
}

static void test_ages_and_rates(void **state)
{
	struct story story;
	struct changes *changes = watch(&story, NULL);
	struct netstat_tcp counts[2] = {{.bytes_received = 100}, {.bytes_received = 1000, .bytes_sent = 5}};
	struct netstat_row rows[2] = {tcp(1, UP), tcp(2, UP)};

	rows[0].tcp = &counts[0];
	look(changes, 1 * S, rows, 1);
	assert_false(rows[0].has_age || rows[0].has_rates);
	rows[1].tcp = &counts[1];
	counts[0].bytes_received += 500;
	counts[0].bytes_sent += 51;
	look(changes, 3 * S, rows, 2);
	assert_true(rows[0].has_rates && !rows[0].has_age);
	assert_int_equal(rows[0].rx_rate, 250);
	assert_int_equal(rows[0].tx_rate, 25);
	assert_true(rows[1].has_age && !rows[1].has_rates);
	assert_int_equal(rows[1].ms_age, 0);
	rows[1].has_age = rows[0].has_rates = false;
	counts[0].bytes_received = 0; /* cannot be, and is no rate */
	look(changes, 4 * S + S / 2, rows, 2);
	assert_false(rows[0].has_rates);
	assert_true(rows[1].has_age && rows[1].ms_age == 1500);
	assert_true(rows[1].has_rates && rows[1].rx_rate == 0);
	assert_int_equal(changes_rows(changes)->rows[1]->ms_age, 1500);
	changes_free(changes);
}

static void test_rows_of_the_last_look(void **state)
{
	struct story story;
	struct changes *changes = watch(&story, NULL);
	char user[] = "root";
	struct netstat_row row = tcp(1, UP), other = tcp(3, UP);

	row.user = user;
	look(changes, 1 * S, &row, 1);
	struct netstat_rows *rows = changes_rows(changes);
	assert_int_equal(rows->n, 1);
	assert_int_equal(changes_looks_since_opened(changes, rows->rows[0]), UINT_MAX);
	LOOK(changes, 2 * S, row, tcp(2, UP));
	user[0] = 'R'; /* what was lent is gone, the copy stays */
	assert_string_equal(rows->rows[0]->user, "root");
	assert_int_equal(changes_looks_since_opened(changes, rows->rows[1]), 0);
	assert_ptr_equal(changes_same(changes, &row), rows->rows[0]);
	assert_null(changes_same(changes, &other));
	assert_int_equal(changes_looks_since_opened(changes, &row), UINT_MAX);
	LOOK(changes, 3 * S, row, tcp(2, UP));
	assert_int_equal(changes_looks_since_opened(changes, rows->rows[1]), 1);
	changes_free(changes);
}

static void test_ends_early(void **state)
{
	struct story story;
	struct changes *changes = watch(&story, NULL);
	struct netstat_row row = tcp(2, UP);

	LOOK(changes, 1 * S, tcp(1, UP));
	/* A look that failed half way is forgotten. */
	assert_int_equal(changes_begin(changes, 2 * S), 0);
	LOOK(changes, 3 * S, tcp(1, UP));
	assert_story(&story, "");
	story.fail_with = BERTH_EIO;
	assert_int_equal(changes_begin(changes, 4 * S), 0);
	assert_int_equal(changes_row(changes, &row), BERTH_EIO);
	assert_int_equal(changes_end(changes), BERTH_EIO);
	changes_free(changes);
}

static void test_many(void **state)
{
	struct story story;
	struct changes *changes = watch(&story, NULL);
	const unsigned n = 20000;

	for (unsigned round = 0; round < 3; round++) {
		assert_int_equal(changes_begin(changes, (round + 1) * S), 0);
		for (unsigned i = 0; i < n; i++) {
			struct netstat_row row = tcp(i + 1, UP);
			assert_int_equal(changes_row(changes, &row), 0);
		}
		assert_int_equal(changes_end(changes), 0);
		assert_int_equal(changes_rows(changes)->n, n);
	}
	assert_story(&story, "");
	changes_free(changes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks),          cmocka_unit_test(test_time_wait_is_closed),
		cmocka_unit_test(test_notices),        cmocka_unit_test(test_notices_during_a_look),
		cmocka_unit_test(test_keys),           cmocka_unit_test(test_a_pair_is_used_again),
		cmocka_unit_test(test_the_same_twice), cmocka_unit_test(test_columns),
		cmocka_unit_test(test_ages_and_rates), cmocka_unit_test(test_rows_of_the_last_look),
		cmocka_unit_test(test_ends_early),     cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
