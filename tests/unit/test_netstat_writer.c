/* Writers: the exact output of each format, for rows that are ordinary, wide, hostile or not there at all. */
#include "finding.h"
#include "show/text.h"
#include "show/writer.h"

#include <berth/error.h>
#include <cjson/cJSON.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ESC and a command that would clear the screen, a byte that is no UTF-8, and a newline. */
#define HOSTILE "a\x1b[2Jb\xff\nc"
/* An e with an acute accent, two ideographs of two cells each, and a character that turns the direction of text. */
#define E_ACUTE "\xc3\xa9"
#define IDEOGRAPHS "\xe6\x97\xa5\xe6\x9c\xac"
#define OVERRIDE "\xe2\x80\xae"

static struct netstat_row row_of(const char *local, const char *foreign, uint8_t state)
{
	struct netstat_row row = {.protocol = NETSTAT_TCP, .state = state};

	assert_int_equal(berth_socket_address_parse(local, &row.local), 0);
	assert_int_equal(berth_socket_address_parse(foreign, &row.foreign), 0);
	row.family = row.local.address.family;
	return row;
}

static struct writer_config config_of(enum writer_format format, const char *names)
{
	struct writer_config config = {.format = format, .numeric = true, .headings = true};
	size_t at, length;

	columns_default(&config.columns, false);
	if (names)
		assert_int_equal(columns_parse(names, &config.columns, &at, &length), 0);
	return config;
}

/* What a writer makes of these rows; to be freed. */
static char *written(const struct writer_config *config, const struct netstat_row *rows, size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct writer *writer = writer_new(config, out);

	assert_non_null(writer);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(writer_row(writer, &rows[i]), 0);
	assert_int_equal(writer_end(writer), 0);
	fclose(out);
	assert_int_equal(strlen(text), size);
	return text;
}

static void check(const struct writer_config *config, const struct netstat_row *rows, size_t n, const char *expected)
{
	char *text = written(config, rows, n);

	assert_string_equal(text, expected);
	free(text);
}

/* ---- tables ---- */

static void test_a_table(void **state)
{
	struct writer_config config = config_of(WRITER_TABLE, NULL);
	struct netstat_row rows[] = {
		row_of("0.0.0.0:22", "0.0.0.0:0", NETSTAT_STATE_LISTEN),
		row_of("10.0.0.1:22", "192.168.100.100:65535", NETSTAT_STATE_ESTABLISHED),
		row_of("[::1]:443", "[::1]:50000", NETSTAT_STATE_TIME_WAIT),
		row_of("0.0.0.0:53", "0.0.0.0:0", NETSTAT_STATE_OPEN),
	};

	rows[0].send_q = 128;
	rows[1].recv_q = 1234567;
	rows[3].protocol = NETSTAT_UDP;
	check(&config, rows, 4,
	      "Proto  Recv-Q Send-Q Local Address           Foreign Address         State\n"
	      "tcp         0    128 0.0.0.0:22              0.0.0.0:*               LISTEN\n"
	      "tcp   1234567      0 10.0.0.1:22             192.168.100.100:65535   ESTABLISHED\n"
	      "tcp6        0      0 [::1]:443               [::1]:50000             TIME_WAIT\n"
	      "udp         0      0 0.0.0.0:53              0.0.0.0:*\n");
	config.headings = false;
	check(&config, rows + 3, 1, "udp        0      0 0.0.0.0:53              0.0.0.0:*\n");
}

static void test_a_table_without_rows(void **state)
{
	struct writer_config config = config_of(WRITER_TABLE, "proto,pid");

	check(&config, NULL, 0, "Proto   PID\n");
	config.flush = true;
	check(&config, NULL, 0, "Proto   PID\n");
	config.headings = false;
	check(&config, NULL, 0, "");
}

/* Columns are as wide as what stands in them, and nothing is cut short. */
static void test_wide_addresses(void **state)
{
	struct writer_config config = config_of(WRITER_TABLE, "proto,local,state");
	struct netstat_row rows[] = {
		row_of("10.0.0.1:22", "10.0.0.2:1", NETSTAT_STATE_LISTEN),
		row_of("[2001:db8:1111:2222:3333:4444:5555:6666]:65535", "[::]:0", NETSTAT_STATE_LISTEN),
	};

	check(&config, rows, 2,
	      "Proto Local Address                                  State\n"
	      "tcp   10.0.0.1:22                                    LISTEN\n"
	      "tcp6  [2001:db8:1111:2222:3333:4444:5555:6666]:65535 LISTEN\n");
}

/* Somebody watches: each row is there when the call returns, and columns widen as they go. */
static void test_a_table_that_is_watched(void **state)
{
	struct writer_config config = config_of(WRITER_TABLE, "local,recv_q,state");
	struct netstat_row narrow = row_of("10.0.0.1:22", "10.0.0.2:1", NETSTAT_STATE_LISTEN);
	struct netstat_row wide = row_of("[2001:db8:1111:2222:3333:4444:5555:6666]:1", "[::]:0", NETSTAT_STATE_LISTEN);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	config.flush = true;
	struct writer *writer = writer_new(&config, out);
	assert_int_equal(writer_row(writer, &narrow), 0);
	assert_string_equal(text, "Local Address           Recv-Q State\n"
				  "10.0.0.1:22                  0 LISTEN\n");
	assert_int_equal(writer_row(writer, &wide), 0);
	assert_int_equal(writer_row(writer, &narrow), 0);
	assert_int_equal(writer_end(writer), 0);
	fclose(out);
	assert_string_equal(text, "Local Address           Recv-Q State\n"
				  "10.0.0.1:22                  0 LISTEN\n"
				  "[2001:db8:1111:2222:3333:4444:5555:6666]:1      0 LISTEN\n"
				  "10.0.0.1:22                                     0 LISTEN\n");
	free(text);
}

/* Rows that come after those that were waited for push what follows, as far as the next gap. */
static void test_a_long_table(void **state)
{
	struct writer_config config = config_of(WRITER_TABLE, "proto,local,foreign,state");
	struct netstat_row narrow = row_of("10.0.0.1:22", "10.0.0.2:1", NETSTAT_STATE_LISTEN);
	struct netstat_row wide = row_of("[2001:db8:1111:2222:3333::1]:1", "[::1]:1", NETSTAT_STATE_LISTEN);
	char *text = NULL, *last;
	size_t size, n = 1000;
	FILE *out = open_memstream(&text, &size);
	struct writer *writer = writer_new(&config, out);

	for (size_t i = 0; i < n; i++)
		assert_int_equal(writer_row(writer, &narrow), 0);
	assert_int_equal(writer_row(writer, &wide), 0);
	assert_int_equal(writer_end(writer), 0);
	fclose(out);
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		n--;
	assert_int_equal(n, (size_t)-2);
	last = strrchr(text, 't');
	assert_string_equal(last, "tcp6  [2001:db8:1111:2222:3333::1]:1 [::1]:1          LISTEN\n");
	last[-1] = 0;
	assert_string_equal(strrchr(text, '\n') + 1, "tcp   10.0.0.1:22             10.0.0.2:1              LISTEN");
	free(text);
}

static void test_trimmed_addresses(void **state)
{
	static const struct {
		const char *name, *service, *said;
	} cases[] = {
		{"short.example", "https", "short.example:https"},
		{"eighteen.bytes.xyz", "1234", "eighteen.bytes.xyz:1234"},
		{"nineteen.bytes.wxyz", "1234", "nineteen.bytes.wxy:1234"},
		{"a.very.long.name.of.a.host.example", "https", "a.very.long.name.:https"},
		{"h", "a-service-with-a-very-long-name", "h:a-service-with-a-very"},
	};
	struct writer_config config = config_of(WRITER_TABLE, "local,recv_q");
	struct netstat_row row = row_of("10.0.0.1:22", "10.0.0.2:1", NETSTAT_STATE_LISTEN);

	config.trim = true;
	config.numeric = config.headings = false;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char expected[100];
		row.local_name = cases[i].name;
		row.local_service = cases[i].service;
		snprintf(expected, sizeof(expected), "%-23s      0\n", cases[i].said);
		check(&config, &row, 1, expected);
	}
}

static void test_cells_that_say_nothing(void **state)
{
	struct writer_config config = config_of(WRITER_TABLE, "unit,rtt,user,state,v6only");
	struct netstat_row row = {.protocol = NETSTAT_UDP, .state = NETSTAT_STATE_OPEN, .family = BERTH_IP4};

	check(&config, &row, 1,
	      "Unit         RTT User     State       V6 Only\n"
	      "-              - -                    -\n");
	row.family = BERTH_IP6;
	config.headings = false;
	check(&config, &row, 1, "-              - -                    no\n");
}

static void test_hostile_texts_in_a_table(void **state)
{
	struct writer_config config = config_of(WRITER_TABLE, "user,uid,path");
	struct netstat_row row = {.protocol = NETSTAT_UNIX, .user = HOSTILE, .path = "/x\x7f\x01\ty"};

	config.numeric = config.headings = false;
	setlocale(LC_CTYPE, "C");
	check(&config, &row, 1, "a?[2Jb??c     - /x???y\n");
	if (setlocale(LC_CTYPE, "C.UTF-8"))
		check(&config, &row, 1, "a?[2Jb??c     - /x???y\n");
	setlocale(LC_CTYPE, "C");
}

/* Widths are display cells. In the C locale a terminal may do anything with bytes that are not ASCII. */
static void test_widths_by_locale(void **state)
{
	struct writer_config config = config_of(WRITER_TABLE, "user,uid,path");
	struct netstat_row row = {.protocol = NETSTAT_UNIX, .user = "caf" E_ACUTE, .path = OVERRIDE "x"};

	config.numeric = config.headings = false;
	setlocale(LC_CTYPE, "C");
	check(&config, &row, 1, "caf??        - ???x\n");
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return;
	check(&config, &row, 1, "caf" E_ACUTE "         - ?x\n");
	row.user = IDEOGRAPHS;
	check(&config, &row, 1, IDEOGRAPHS "         - ?x\n");
	row.user = "e\xcc\x81"; /* a letter, and an accent that takes no cell */
	check(&config, &row, 1, "e\xcc\x81            - ?x\n");
	config.trim = true;
	row = row_of("10.0.0.1:22", "10.0.0.2:1", NETSTAT_STATE_LISTEN);
	config.columns.n = 0;
	columns_add(&config.columns, "local");
	row.local_name = IDEOGRAPHS IDEOGRAPHS IDEOGRAPHS IDEOGRAPHS IDEOGRAPHS IDEOGRAPHS;
	check(&config, &row, 1, IDEOGRAPHS IDEOGRAPHS IDEOGRAPHS IDEOGRAPHS IDEOGRAPHS ":22\n");
	setlocale(LC_CTYPE, "C");
}

/* Commands may be longer than any buffer; they are shown whole, clean, and so is what follows. */
static void test_very_long_texts(void **state)
{
	enum {
		LONG = 200000,
	};
	static const bool flush[] = {false, true};
	char *command = malloc(LONG + 1), *expected = malloc(LONG + 100);
	struct netstat_process process = {.pid = 1, .program = "x", .command = command};
	struct netstat_owner owner = {&process, 3};
	struct netstat_row row = {.owners = &owner, .n_owners = 1};
	struct writer_config config = config_of(WRITER_TABLE, "command,pid");

	memset(command, 'c', LONG);
	command[LONG] = 0;
	memset(expected, 'c', LONG);
	strcpy(expected + LONG, " 1\n");
	config.headings = false;
	for (size_t i = 0; i < 2; i++) {
		config.flush = flush[i];
		check(&config, &row, 1, expected);
		for (size_t j = 0; j < LONG; j += 1000) {
			command[j] = '\n';
			expected[j] = '?';
		}
	}
	free(command);
	free(expected);
}

/* ---- durations ---- */

static void test_durations(void **state)
{
	static const struct {
		uint64_t ns;
		const char *people, *machines;
	} cases[] = {
		{0, "0ns", "0"},
		{1, "1ns", "0.000001"},
		{999, "999ns", "0.000999"},
		{87654, "87us", "0.087654"},
		{1250000, "1.2ms", "1.25"},
		{99999999, "99.9ms", "99.999999"},
		{100000000, "100ms", "100"},
		{999999999, "999ms", "999.999999"},
		{1000000000, "1.0s", "1000"},
		{59999000000, "59.9s", "59999"},
		{60000000000, "1m00s", "60000"},
		{725000000000, "12m05s", "725000"},
		{3599000000000, "59m59s", "3599000"},
		{3600000000000, "1h00m", "3600000"},
		{86399000000000, "23h59m", "86399000"},
		{86400000000000, "1d00h", "86400000"},
		{UINT64_MAX, "213503d23h", "18446744073709.551615"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[TEXT_UNIT + 1];
		*text_duration(cases[i].ns, text) = 0;
		assert_string_equal(text, cases[i].people);
		*text_milliseconds(cases[i].ns, text) = 0;
		assert_string_equal(text, cases[i].machines);
	}
}

/* ---- JSON ---- */

static void test_json(void **state)
{
	static const struct netstat_tcp tcp = {.ns_srtt = 1500000, .cwnd = 14480};
	struct writer_config config = config_of(WRITER_JSON, "proto,local,rtt,cwnd,v6only,state");
	struct netstat_row rows[] = {
		row_of("[::]:80", "[::]:0", NETSTAT_STATE_LISTEN),
		row_of("10.0.0.1:80", "10.0.0.2:1", NETSTAT_STATE_ESTABLISHED),
	};

	rows[0].local_service = "http";
	rows[1].tcp = &tcp;
	check(&config, rows, 2,
	      "[\n"
	      " {\"proto\":\"tcp\",\"family\":\"ipv6\",\"local_address\":\"::\",\"local_port\":80,\"local_service\":"
	      "\"http\","
	      "\"local_name\":null,\"rtt\":null,\"cwnd\":null,\"v6only\":false,\"state\":\"LISTEN\"},\n"
	      " {\"proto\":\"tcp\",\"family\":\"ipv4\",\"local_address\":\"10.0.0.1\",\"local_port\":80,"
	      "\"local_service\":null,\"local_name\":null,\"rtt\":1.5,\"cwnd\":14480,\"v6only\":null,"
	      "\"state\":\"ESTABLISHED\"}\n"
	      "]\n");
	config.format = WRITER_JSONL;
	config.columns.n = 1;
	check(&config, rows, 2, "{\"proto\":\"tcp\",\"family\":\"ipv6\"}\n{\"proto\":\"tcp\",\"family\":\"ipv4\"}\n");
}

static void test_json_without_rows(void **state)
{
	struct writer_config config = config_of(WRITER_JSON, NULL);

	check(&config, NULL, 0, "[]\n");
	config.format = WRITER_JSONL;
	check(&config, NULL, 0, "");
}

static void test_json_lists(void **state)
{
	static const struct netstat_process first = {.pid = 812, .program = "a"},
					    second = {.pid = 9000, .program = "b"};
	static const struct netstat_owner owners[NETSTAT_OWNERS_MAX] = {
		{&first, 1},  {&second, 1}, {&second, 2}, {&second, 3},
		{&second, 4}, {&second, 5}, {&second, 6}, {&second, 7},
	};
	struct writer_config config = config_of(WRITER_JSONL, "pids,findings");
	struct netstat_row row = {.protocol = NETSTAT_TCP};

	check(&config, &row, 1, "{\"pids\":[],\"findings\":[]}\n");
	row.owners = owners;
	row.n_owners = 1;
	row.findings = 1u << FINDING_OWNER_UNKNOWN;
	check(&config, &row, 1, "{\"pids\":[812],\"findings\":[\"owner-unknown\"]}\n");
	row.n_owners = 50;
	row.findings |= 1u << FINDING_EXECUTABLE_DELETED;
	check(&config, &row, 1, "{\"pids\":[812,9000],\"findings\":[\"owner-unknown\",\"executable-deleted\"]}\n");
	config.format = WRITER_CSV;
	config.headings = false;
	check(&config, &row, 1, "\"812,9000,...\",\"owner-unknown,executable-deleted\"\r\n");
}

/* Every column of an ordinary row and of an empty one is JSON, and keys come once. */
static void test_all_of_json(void **state)
{
	struct writer_config config = config_of(WRITER_JSON, "all");
	struct netstat_row rows[] = {{.protocol = NETSTAT_UNIX},
				     row_of("10.0.0.1:80", "10.0.0.2:1", NETSTAT_STATE_ESTABLISHED)};
	char *text = written(&config, rows, 2);
	cJSON *array = cJSON_Parse(text), *object;

	assert_int_equal(cJSON_GetArraySize(array), 2);
	cJSON_ArrayForEach(object, array)
	{
		cJSON *item;
		assert_int_equal(cJSON_GetArraySize(object), cJSON_GetArraySize(array->child));
		cJSON_ArrayForEach(item, object) assert_ptr_equal(cJSON_GetObjectItem(object, item->string), item);
	}
	cJSON_Delete(array);
	free(text);
}

static void test_json_texts(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *json;
	} cases[] = {
		{"", 0, "\"\""},
		{"plain", 5, "\"plain\""},
		{"\"\\/", 3, "\"\\\"\\\\/\""},
		{"\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\""},
		{"\x00\x1b\x1f\x7f", 4, "\"\\u0000\\u001b\\u001f\\u007f\""},
		{E_ACUTE IDEOGRAPHS, 8, "\"" E_ACUTE IDEOGRAPHS "\""},
		{"\xf0\x9f\x98\x80", 4, "\"\xf0\x9f\x98\x80\""},
		{"\xc2\x9b", 2, "\"\\u009b\""}, /* what some terminals take as ESC [ */
		{OVERRIDE, 3, "\"\\u202e\""},
		{"\xff", 1, "\"\xef\xbf\xbd\""},
		{"\xc3", 1, "\"\xef\xbf\xbd\""},                                 /* cut short */
		{"\xc3x", 2, "\"\xef\xbf\xbdx\""},                               /* not gone on */
		{"\xc0\x80", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* longer than need be */
		{"\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* half of a pair */
		{"\xf4\x90\x80\x80", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* beyond the last */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		json_text(out, cases[i].text, cases[i].n);
		fclose(out);
		assert_string_equal(text, cases[i].json);
		free(text);
	}
}

static void test_json_of_hostile_texts_is_read_back(void **state)
{
	struct writer_config config = config_of(WRITER_JSON, "user,path");
	struct netstat_row row = {.protocol = NETSTAT_UNIX, .user = "a\x1b[2J\"\\\n" OVERRIDE, .path = "\xff" E_ACUTE};
	char *text, *path = malloc(100001);

	config.numeric = false;
	text = written(&config, &row, 1);
	cJSON *array = cJSON_Parse(text), *object = cJSON_GetArrayItem(array, 0);
	assert_string_equal(cJSON_GetObjectItem(object, "user")->valuestring, row.user);
	assert_string_equal(cJSON_GetObjectItem(object, "path")->valuestring, "\xef\xbf\xbd" E_ACUTE);
	cJSON_Delete(array);
	free(text);

	memset(path, '\n', 100000);
	path[100000] = 0;
	row.path = path;
	text = written(&config, &row, 1);
	array = cJSON_Parse(text);
	object = cJSON_GetArrayItem(array, 0);
	assert_string_equal(cJSON_GetObjectItem(object, "path")->valuestring, path);
	cJSON_Delete(array);
	free(text);
	free(path);
}

/* ---- CSV ---- */

static void test_csv(void **state)
{
	struct writer_config config = config_of(WRITER_CSV, "proto,user,path,rtt,executable_deleted,recv_q");
	struct netstat_process process = {.executable = "/x", .executable_deleted = true};
	struct netstat_owner owner = {&process, 3};
	struct netstat_row rows[] = {
		{.protocol = NETSTAT_UNIX, .user = "plain", .path = "a \"b\", c"},
		{.protocol = NETSTAT_UNIX, .user = " blank", .path = "\"", .owners = &owner, .n_owners = 1},
		{.protocol = NETSTAT_UNIX, .user = HOSTILE, .path = E_ACUTE "\r\n" OVERRIDE, .recv_q = 5},
	};

	config.numeric = false;
	check(&config, rows, 3,
	      "proto,family,user,path,rtt,executable_deleted,recv_q\r\n"
	      "unix,,plain,\"a \"\"b\"\", c\",,,0\r\n"
	      "unix,,\" blank\",\"\"\"\",,true,0\r\n"
	      "unix,,a?[2Jb\xef\xbf\xbd?c," E_ACUTE "???,,,5\r\n");
	check(&config, NULL, 0, "proto,family,user,path,rtt,executable_deleted,recv_q\r\n");
	config.headings = false;
	check(&config, NULL, 0, "");
}

/* ---- trouble ---- */

static void test_output_that_fails(void **state)
{
	static const enum writer_format formats[] = {WRITER_TABLE, WRITER_JSON, WRITER_JSONL, WRITER_CSV};
	struct netstat_row row = row_of("10.0.0.1:22", "10.0.0.2:1", NETSTAT_STATE_LISTEN);

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct writer_config config = config_of(formats[i], NULL);
		FILE *full = fopen("/dev/full", "w");
		int r = 0;

		if (!full) {
			print_message("# not to be had here: /dev/full\n");
			return;
		}
		struct writer *writer = writer_new(&config, full);
		for (int n = 0; n < 10000 && r == 0; n++)
			r = writer_row(writer, &row);
		assert_int_equal(r, BERTH_EIO);
		assert_int_equal(writer_row(writer, &row), BERTH_EIO);
		assert_int_equal(writer_end(writer), BERTH_EIO);
		fclose(full);

		full = fopen("/dev/full", "w");
		writer = writer_new(&config, full);
		assert_int_equal(writer_row(writer, &row), 0);
		assert_int_equal(writer_end(writer), BERTH_EIO);
		fclose(full);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_table),
		cmocka_unit_test(test_a_table_without_rows),
		cmocka_unit_test(test_wide_addresses),
		cmocka_unit_test(test_a_table_that_is_watched),
		cmocka_unit_test(test_a_long_table),
		cmocka_unit_test(test_trimmed_addresses),
		cmocka_unit_test(test_cells_that_say_nothing),
		cmocka_unit_test(test_hostile_texts_in_a_table),
		cmocka_unit_test(test_widths_by_locale),
		cmocka_unit_test(test_very_long_texts),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_without_rows),
		cmocka_unit_test(test_json_lists),
		cmocka_unit_test(test_all_of_json),
		cmocka_unit_test(test_json_texts),
		cmocka_unit_test(test_json_of_hostile_texts_is_read_back),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_output_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
