/* The texts that say which network namespaces there are and what is in them: what the kernel writes, and hostile ones.
 */
#include "source/namespace_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_links(void **state)
{
	static const struct {
		const char *text;
		uint64_t inode;
	} cases[] = {
		{"net:[4026531840]", 4026531840},
		{"net:[1]", 1},
		{"net:[18446744073709551615]", UINT64_MAX},
		{"net:[18446744073709551616]", 0},
		{"net:[]", 0},
		{"net:[12", 0},
		{"net:[12]x", 0},
		{"net:[-1]", 0},
		{"mnt:[4026531840]", 0},
		{"", 0},
		{"]", 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_true(namespace_of_link(cases[i].text) == cases[i].inode);
}

static void test_mounts(void **state)
{
	static const struct {
		const char *line;
		uint64_t inode; /* 0: none */
		const char *path;
	} cases[] = {
		{"36 35 0:4 net:[4026532177] /run/netns/blue rw shared:7 - nsfs nsfs rw\n", 4026532177,
		 "/run/netns/blue"},
		{"36 35 0:4 net:[7] /x rw - nsfs nsfs rw", 7, "/x"},
		{"36 35 0:4 net:[7] /x rw shared:1 master:2 propagate_from:3 - nsfs nsfs rw", 7, "/x"},
		{"36 35 0:4 net:[7] /a\\040b\\134c\\012 rw - nsfs nsfs rw", 7, "/a b\\c\n"},
		{"36 35 0:4 net:[7] /a\\04 rw - nsfs nsfs rw", 7, "/a\\04"},
		{"36 35 0:4 net:[7] /a\\000b rw - nsfs nsfs rw", 0, ""},
		{"36 35 0:4 mnt:[7] /x rw - nsfs nsfs rw", 0, ""},
		{"36 35 0:4 net:[7] /x rw - ext4 nsfs rw", 0, ""},
		{"36 35 0:4 net:[7] - rw - nsfs nsfs rw", 7, "-"},
		{"36 35 0:4 net:[7] /x rw nsfs nsfs rw", 0, ""},
		{"36 35 0:4 net:[7] /x rw -", 0, ""},
		{"36 35 0:4", 0, ""},
		{"- nsfs", 0, ""},
		{"", 0, ""},
		{"\n", 0, ""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char path[32];
		uint64_t inode = 0;
		bool found = namespace_of_mount(cases[i].line, &inode, path, sizeof(path));
		assert_int_equal(found, cases[i].inode != 0);
		if (!found)
			continue;
		assert_true(inode == cases[i].inode);
		assert_string_equal(path, cases[i].path);
	}
}

static void test_a_path_without_room(void **state)
{
	char path[8];
	uint64_t inode;

	assert_true(namespace_of_mount("1 1 0:4 net:[7] /123456 rw - nsfs nsfs rw", &inode, path, sizeof(path)));
	assert_false(namespace_of_mount("1 1 0:4 net:[7] /1234567 rw - nsfs nsfs rw", &inode, path, sizeof(path)));
}

static void test_names(void **state)
{
	static const struct {
		const char *path, *name;
	} cases[] = {
		{"/run/netns/blue", "blue"},    {"/var/run/netns/blue", "blue"},
		{"/run/netns/", NULL},          {"/run/netns", NULL},
		{"/run/netns/a/b", NULL},       {"/run/docker/netns/0123", NULL},
		{"/home/run/netns/blue", NULL}, {"", NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name = namespace_ip_name(cases[i].path);
		assert_int_equal(!name, !cases[i].name);
		if (name)
			assert_string_equal(name, cases[i].name);
	}
}

/* The families of TCP, UDP, UDP-Lite and raw after these lines, and those of protocols that are not counted. */
static void assert_census(const char *const *lines, size_t n, unsigned tcp, unsigned udp, unsigned udplite,
			  unsigned raw)
{
	struct namespace_census census;

	namespace_census_init(&census);
	for (size_t i = 0; i < n; i++)
		namespace_census_line(lines[i], &census);
	namespace_census_end(&census);
	assert_int_equal(census.families[NETSTAT_TCP], tcp);
	assert_int_equal(census.families[NETSTAT_MPTCP], tcp ? NETSTAT_ALL_FAMILIES : 0);
	assert_int_equal(census.families[NETSTAT_UDP], udp);
	assert_int_equal(census.families[NETSTAT_UDPLITE], udplite);
	assert_int_equal(census.families[NETSTAT_RAW], raw);
	assert_int_equal(census.families[NETSTAT_UNIX], NETSTAT_ALL_FAMILIES);
}

static void test_census(void **state)
{
	static const char *const empty[] = {
		"sockets: used 17\n",   "TCP: inuse 0 orphan 0 tw 0 alloc 1 mem 388\n",
		"UDP: inuse 0 mem 0\n", "UDPLITE: inuse 0\n",
		"RAW: inuse 0\n",       "FRAG: inuse 0 memory 0\n",
		"TCP6: inuse 0\n",      "UDP6: inuse 0\n",
		"UDPLITE6: inuse 0\n",  "RAW6: inuse 0\n",
	};
	static const char *const some[] = {
		"TCP: inuse 0 orphan 5 tw 0 alloc 1 mem 388\n",
		"UDP: inuse 3 mem 0\n",
		"TCP6: inuse 1\n",
		"UDP6: inuse 0\n",
		"RAW6: inuse 2\n",
	};
	/* Who waits in TIME_WAIT may be of either family. */
	static const char *const waiting[] = {"TCP: inuse 0 orphan 0 tw 9 alloc 1 mem 1\n", "TCP6: inuse 0\n"};
	static const char *const hostile[] = {
		"TCP: inuse",
		"UDP: inuse x\n",
		"RAW: inuse -1\n",
		"UDPLITE: inuse 99999999999999999999999\n",
		":",
		"",
		"TCP: orphan 0 tw 0\n",
		"UDP:\n",
		"TCP6:",
		"UDP inuse 0\n",
	};

	assert_census(NULL, 0, 3, 3, 3, 3);
	assert_census(empty, COUNT(empty), 0, 0, 0, 0);
	assert_census(some, COUNT(some), NETSTAT_IP6, NETSTAT_IP4, 3, 3);
	assert_census(waiting, COUNT(waiting), 3, 3, 3, 3);
	assert_census(hostile, COUNT(hostile), 3, 3, 3, 3);
	assert_census((const char *const[]){"TCP: inuse 0\n", "TCP6: inuse 0\n"}, 2, 3, 3, 3, 3);
	/* A kernel without IPv6 has no second file. */
	assert_census((const char *const[]){"TCP: inuse 0 orphan 0 tw 0\n"}, 1, NETSTAT_IP6, 3, 3, 3);
}

static void test_mptcp(void **state)
{
	static const char *const nothing[] = {"MPTCPv6   2064      1     388   no       0   yes  kernel",
					      "MPTCP",
					      "MPTCP 0",
					      "MPTCP 0 x",
					      "TCP 0 0",
					      "MPTCPv 0 0",
					      ""};
	struct namespace_census census;

	namespace_census_init(&census);
	for (size_t i = 0; i < COUNT(nothing); i++)
		namespace_census_protocol_line(nothing[i], &census);
	assert_int_equal(census.families[NETSTAT_MPTCP], NETSTAT_ALL_FAMILIES);
	assert_int_equal(census.families[NETSTAT_TCP], NETSTAT_ALL_FAMILIES);
	namespace_census_protocol_line("MPTCP     1936      0     388   no       0   yes  kernel\n", &census);
	assert_int_equal(census.families[NETSTAT_MPTCP], NETSTAT_IP6);
	namespace_census_protocol_line("MPTCPv6   2064      0     388   no       0   yes  kernel\n", &census);
	assert_int_equal(census.families[NETSTAT_MPTCP], 0);
}

static void test_connected(void **state)
{
	static const struct {
		struct namespace_census census;
		uint64_t listeners4, listeners6;
		uint32_t families;
	} cases[] = {
		{{.tcp4 = 3, .tcp6 = 2, .tw = 0}, 3, 2, 0},
		{{.tcp4 = 4, .tcp6 = 2, .tw = 0}, 3, 2, NETSTAT_IP4},
		{{.tcp4 = 3, .tcp6 = 3, .tw = 0}, 3, 2, NETSTAT_IP6},
		{{.tcp4 = 3, .tcp6 = 2, .tw = 1}, 3, 2, NETSTAT_ALL_FAMILIES},
		/* One has come since they were counted: nothing is certain. */
		{{.tcp4 = 3, .tcp6 = 2, .tw = 0}, 4, 2, NETSTAT_IP4},
		{{.tcp4 = UINT64_MAX, .tcp6 = UINT64_MAX, .tw = 0}, 0, 0, NETSTAT_ALL_FAMILIES},
		{{.tcp4 = 0, .tcp6 = 0, .tw = UINT64_MAX}, 0, 0, NETSTAT_ALL_FAMILIES},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(namespace_census_connected(&cases[i].census, cases[i].listeners4, cases[i].listeners6),
				 cases[i].families);
}

static void test_protocols(void **state)
{
	static const struct {
		const char *line;
		enum netstat_protocol protocol;
	} cases[] = {
		{"TCPv6     2432      0     388   no     192   yes  kernel\n", NETSTAT_TCP},
		{"UDP-Lite  1344      0       0   NI       0   yes  kernel\n", NETSTAT_UDPLITE},
		{"UNIX-STREAM 1152  2", NETSTAT_UNIX},
		{"SCTP 1", NETSTAT_SCTP},
		{"MPTCP", NETSTAT_MPTCP},
		{"TCPv", NETSTAT_PROTOCOL_N},
		{"PACKET 1", NETSTAT_PROTOCOL_N},
		{"protocol  size sockets", NETSTAT_PROTOCOL_N},
		{"", NETSTAT_PROTOCOL_N},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(namespace_protocol_line(cases[i].line), cases[i].protocol);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_a_path_without_room),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_census),
		cmocka_unit_test(test_connected),
		cmocka_unit_test(test_mptcp),
		cmocka_unit_test(test_protocols),
	};

	return cmocka_run_group_tests_name("netstat_namespace_text", tests, NULL, NULL);
}
