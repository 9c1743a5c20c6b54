/* /etc/hosts, and which texts are names of hosts. */
#include "enrich/hosts_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

static struct berth_address address(const char *text)
{
	struct berth_address out;

	assert_int_equal(berth_address_parse(text, &out), 0);
	return out;
}

static void test_names(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} cases[] = {
		{"a", true},
		{"host.example", true},
		{"HOST-1.example.COM", true},
		{"_ldap._tcp.example", true},
		{"1.2.3.example", true},
		{"dead.beef", true},
		{"a--b", true},
		{"xn--mller-kva.example", true},
		{"3com", true},
		{"a-", true},
		{"", false},
		{".", false},
		{"a.", false},
		{".a", false},
		{"a..b", false},
		{"-a", false},
		{"a b", false},
		{"a\tb", false},
		{"a\nb", false},
		{"a\x1b[0m", false},
		{"a\x7f", false},
		{"m\xc3\xbcller", false},
		{"a\\b", false},
		{"a/b", false},
		{"a:b", false},
		{"a*", false},
		{"a%eth0", false},
		{"a@b", false},
		{"a,b", false},
		{"a\"b", false},
		{"127.0.0.1", false},
		{"1", false},
		{"host.1", false},
		{"1a.2", false},
	};
	char longest[300];

	for (size_t i = 0; i < N(cases); i++) {
		if (hosts_file_is_name(cases[i].text, strlen(cases[i].text)) != cases[i].ok)
			fail_msg("\"%s\"", cases[i].text);
	}
	assert_false(hosts_file_is_name("a\0b", 3));
	assert_true(hosts_file_is_name("abc\x01", 3)); /* n counts, not the NUL */
	memset(longest, 'a', sizeof(longest));
	assert_true(hosts_file_is_name(longest, 255));
	assert_false(hosts_file_is_name(longest, 256));
}

static void test_keys(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		uint8_t first, last;
	} cases[] = {
		{"0.0.0.0", 0, 0, 0},        {"::", 0, 0, 0},   {"::ffff:0.0.0.0", 0, 0, 0}, {"1.2.3.4", 4, 1, 4},
		{"::ffff:1.2.3.4", 4, 1, 4}, {"::1", 16, 0, 1}, {"fe80::9", 16, 0xfe, 9},    {"0.0.0.1", 4, 0, 1},
	};

	for (size_t i = 0; i < N(cases); i++) {
		struct berth_address at = address(cases[i].text);
		uint8_t key[HOSTS_FILE_KEY_MAX] = {0};

		at.scope = 7;
		assert_int_equal(hosts_file_key(&at, key), cases[i].n);
		assert_int_equal(key[0], cases[i].first);
		assert_int_equal(key[cases[i].n ? cases[i].n - 1 : 0], cases[i].last);
	}
	assert_int_equal(hosts_file_key(&(struct berth_address){0}, (uint8_t[HOSTS_FILE_KEY_MAX]){0}), 0);
}

static const char file[] = "# comment\n"
			   "127.0.1.1\tbox.example box # this machine\r\n"
			   "192.0.2.1 first.example\n"
			   "192.0.2.1 second.example\n"
			   "::ffff:192.0.2.2 mapped.example\n"
			   "2001:db8::1 six.example\n"
			   "192.0.2.3 bad\x1b[31m\n"
			   "192.0.2.3 good.example\n"
			   "192.0.2.4\n"
			   "192.0.2.400 no.example\n"
			   "not-an-address no.example\n"
			   "fe80::1%eth0 no.example\n"
			   "0.0.0.0 ads.example\n"
			   ":: ads.example\n"
			   "192.0.2.5#6 no.example\n"
			   "11111111111111111111111111111111111111111111111111111111111111111111111111111 no.example\n"
			   "192.0.2.6 last.example";

static void test_file(void **state)
{
	static const struct {
		const char *address, *name;
	} cases[] = {
		{"127.0.0.1", "localhost"},
		{"::1", "localhost"},
		{"127.0.1.1", "box.example"},
		{"192.0.2.1", "first.example"},
		{"192.0.2.2", "mapped.example"},
		{"::ffff:192.0.2.1", "first.example"},
		{"2001:db8::1", "six.example"},
		{"192.0.2.3", "good.example"},
		{"192.0.2.4", NULL},
		{"192.0.2.40", NULL},
		{"192.0.2.5", NULL},
		{"fe80::1", NULL},
		{"0.0.0.0", NULL},
		{"::", NULL},
		{"192.0.2.6", "last.example"},
		{"2001:db8::2", NULL},
	};
	struct hosts_file *hosts = hosts_file_new(NULL);

	assert_non_null(hosts);
	struct berth_address loopback = address("127.0.0.1");
	assert_string_equal(hosts_file_name(hosts, &loopback), "localhost");
	assert_int_equal(hosts_file_read(hosts, file, sizeof(file) - 1), 0);
	for (size_t i = 0; i < N(cases); i++) {
		struct berth_address at = address(cases[i].address);
		const char *name = hosts_file_name(hosts, &at);
		if ((name == NULL) != (cases[i].name == NULL) || (name && strcmp(name, cases[i].name) != 0))
			fail_msg("%s is %s", cases[i].address, name ? name : "(none)");
	}
	assert_int_equal(hosts_file_read(hosts, "127.0.0.1 me", 12), 0);
	assert_string_equal(hosts_file_name(hosts, &loopback), "me");
	hosts_file_free(hosts);

	hosts = hosts_file_new("/nowhere/hosts");
	assert_non_null(hosts);
	assert_string_equal(hosts_file_name(hosts, &loopback), "localhost");
	assert_null(hosts_file_free(hosts));
	assert_null(hosts_file_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
