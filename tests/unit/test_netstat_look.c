/* Looks at saved snapshots: what the file says of names stays, and what it does not say is not asked of this machine.
 */
#include "look.h"

#include <berth/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define HEAD "{\"berth_netstat\":1}\n"
#define SOCKET                                                                                                         \
	"{\"socket\":{\"protocol\":\"tcp\",\"state\":\"ESTABLISHED\",\"family\":4,\"inode\":7,"                        \
	"\"local\":\"127.0.0.1:80\",\"foreign\":\"127.0.0.1:4711\""

/* What is left of a row when its look is over. */
struct seen {
	unsigned n;
	char local_name[32], interface_name[32];
	uint8_t unowned;
};

static int on_row(void *user, struct netstat_row *row)
{
	struct seen *seen = user;

	seen->n++;
	snprintf(seen->local_name, sizeof(seen->local_name), "%s", row->local_name ? row->local_name : "");
	snprintf(seen->interface_name, sizeof(seen->interface_name), "%s",
		 row->interface_name ? row->interface_name : "");
	seen->unowned = row->unowned;
	return 0;
}

/* The only row of this snapshot, looked at with all names. */
static struct seen seen_in(const char *text)
{
	char path[] = "/tmp/berth-look-XXXXXX";
	int file = mkstemp(path);
	struct look_query query;
	struct look *look;
	struct seen seen = {0};

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
	close(file);
	look_query_default(&query);
	query.read = path;
	query.needs = NETSTAT_NEED_OWNERS | NETSTAT_NEED_INTERFACE | NETSTAT_NEED_NAMES;
	query.names.hosts = NULL;
	query.names.servers = "127.0.0.1:9"; /* loopback's names are not asked for */
	int r = look_new(&query, &look);
	if (r == BERTH_EOPNOTSUPP) { /* built without a resolver: those of the file are there all the same */
		query.needs &= ~(uint32_t)NETSTAT_NEED_NAMES;
		r = look_new(&query, &look);
	}
	assert_int_equal(r, 0);
	r = look_run(look, on_row, &seen);
	unlink(path);
	assert_int_equal(r, 0);
	assert_int_equal(seen.n, 1);
	look_free(look);
	return seen;
}

static void test_saved_names_stay(void **state)
{
	struct seen seen =
		seen_in(HEAD SOCKET ",\"interface\":1,\"interface_name\":\"eth9\",\"local_name\":\"web.example\"}}"
				    "\n{\"end\":{\"sockets\":1}}\n");

	assert_string_equal(seen.interface_name, "eth9");
	assert_string_equal(seen.local_name, "web.example");
}

/* An interface of another machine has only its number. */
static void test_no_name_of_this_machine(void **state)
{
	struct seen seen = seen_in(HEAD SOCKET ",\"interface\":1}}\n{\"end\":{\"sockets\":1}}\n");

	assert_string_equal(seen.interface_name, "if1");
}

/* Nobody has looked for the owners of a snapshot that has none. */
static void test_no_owners(void **state)
{
	assert_int_equal(seen_in(HEAD SOCKET "}}\n{\"end\":{\"sockets\":1}}\n").unowned, NETSTAT_OWNED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_saved_names_stay),
		cmocka_unit_test(test_no_name_of_this_machine),
		cmocka_unit_test(test_no_owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
