/* Metrics: the exposition is OpenMetrics to the letter, counts what was added, and stays small whatever comes. */
#include "openmetrics.h"
#include "show/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct netstat_row row_of(uint8_t protocol, const char *local, const char *foreign, uint8_t state)
{
	struct netstat_row row = {.protocol = protocol, .state = state};

	if (protocol == NETSTAT_UNIX)
		return row;
	assert_int_equal(berth_socket_address_parse(local, &row.local), 0);
	assert_int_equal(berth_socket_address_parse(foreign, &row.foreign), 0);
	row.family = row.local.address.family;
	return row;
}

/* The exposition, checked; for free(). */
static char *exposition(const struct metrics *metrics)
{
	char *text, error[512];
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	assert_int_equal(metrics_write(metrics, out), 0);
	fclose(out);
	char *copy = strdup(text);
	if (!openmetrics_check(copy, error, sizeof(error)))
		fail_msg("%s", error);
	free(copy);
	return text;
}

static void assert_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
		if ((at == text || at[-1] == '\n') && at[n] == '\n')
			return;
	fail_msg("no line '%s' in:\n%s", line, text);
}

static void assert_no_text(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' in:\n%s", part, text);
}

static void add(struct metrics *metrics, const struct netstat_row *row)
{
	assert_int_equal(metrics_add(metrics, row), 0);
}

static void test_nothing(void **state)
{
	struct metrics *metrics = metrics_new();
	char *text = exposition(metrics);

	assert_line(text, "# TYPE berth_sockets gauge");
	assert_line(text, "berth_tcp_open_retransmitted_segments 0");
	assert_no_text(text, "berth_tcp_resets_sent"); /* nobody told of it, which is not 0 */
	free(text);
	metrics_free(metrics);
	assert_null(metrics_free(NULL));
}

static void test_sockets(void **state)
{
	struct metrics *metrics = metrics_new();
	struct netstat_row rows[] = {
		row_of(NETSTAT_TCP, "10.0.0.1:80", "10.0.0.2:4000", NETSTAT_STATE_ESTABLISHED),
		row_of(NETSTAT_TCP, "10.0.0.1:80", "10.0.0.2:4001", NETSTAT_STATE_ESTABLISHED),
		row_of(NETSTAT_TCP, "[fd00::1]:80", "[fd00::2]:4000", NETSTAT_STATE_TIME_WAIT),
		row_of(NETSTAT_UDP, "0.0.0.0:53", "0.0.0.0:0", NETSTAT_STATE_OPEN),
		row_of(NETSTAT_UNIX, NULL, NULL, NETSTAT_STATE_LISTEN),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		add(metrics, &rows[i]);
	rows[0].host = "left\"\\";
	add(metrics, &rows[0]);
	char *text = exposition(metrics);
	assert_line(text, "berth_sockets{protocol=\"tcp\",family=\"ipv4\",state=\"ESTABLISHED\"} 2");
	assert_line(text, "berth_sockets{protocol=\"tcp\",family=\"ipv6\",state=\"TIME_WAIT\"} 1");
	assert_line(text, "berth_sockets{protocol=\"udp\",family=\"ipv4\",state=\"OPEN\"} 1");
	assert_line(text, "berth_sockets{protocol=\"unix\",family=\"unix\",state=\"LISTENING\"} 1");
	assert_line(text,
		    "berth_sockets{protocol=\"tcp\",family=\"ipv4\",state=\"ESTABLISHED\",host=\"left\\\"\\\\\"} 1");
	free(text);
	metrics_free(metrics);
}

static void test_services(void **state)
{
	struct metrics *metrics = metrics_new();
	struct netstat_row in = row_of(NETSTAT_TCP, "10.0.0.1:80", "10.0.0.2:4000", NETSTAT_STATE_ESTABLISHED);
	struct netstat_row out = row_of(NETSTAT_TCP, "10.0.0.1:4000", "10.0.0.2:8080", NETSTAT_STATE_SYN_SENT);

	in.direction = NETSTAT_DIRECTION_IN;
	in.local_service = "http";
	out.direction = NETSTAT_DIRECTION_OUT;
	add(metrics, &in);
	add(metrics, &out);
	out.foreign_service = "http"; /* another port of the same name */
	out.state = NETSTAT_STATE_ESTABLISHED;
	add(metrics, &out);
	char *text = exposition(metrics);
	assert_line(text, "berth_service_sockets{service=\"http\",protocol=\"tcp\",state=\"ESTABLISHED\"} 2");
	assert_line(text, "berth_service_sockets{service=\"8080\",protocol=\"tcp\",state=\"SYN_SENT\"} 1");
	assert_line(text, "berth_tcp_connections{direction=\"in\"} 1");
	assert_line(text, "berth_tcp_connections{direction=\"out\"} 2");
	assert_line(text, "berth_tcp_connections{direction=\"unknown\"} 0");
	free(text);
	metrics_free(metrics);
}

static void add_program(struct metrics *metrics, const char *program, unsigned n)
{
	struct netstat_row row = row_of(NETSTAT_UDP, "0.0.0.0:53", "0.0.0.0:0", NETSTAT_STATE_OPEN);
	struct netstat_process process = {.pid = 1, .program = program};
	struct netstat_owner owner = {.process = &process};

	row.owners = program ? &owner : NULL;
	row.n_owners = program ? 1 : 0;
	while (n--)
		add(metrics, &row);
}

static void test_programs(void **state)
{
	static const struct {
		const char *program, *line;
	} cases[] = {
		{NULL, "berth_program_sockets{program=\"unknown\"} 3"}, /* and one that is called so */
		{"nginx", "berth_program_sockets{program=\"nginx\"} 2"},
		{"a \"quoted\\\nname", "berth_program_sockets{program=\"a \\\"quoted\\\\\\nname\"} 2"},
		{"caf\xc3\xa9", "berth_program_sockets{program=\"caf\xc3\xa9\"} 2"},
		{"no utf-8 \xff\xc0\x80", "berth_program_sockets{program=\"no utf-8 "
					  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"} 2"},
		{"cut \xe2\x82", "berth_program_sockets{program=\"cut \xef\xbf\xbd\xef\xbf\xbd\"} 2"},
	};
	struct metrics *metrics = metrics_new();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		add_program(metrics, cases[i].program, 2);
	add_program(metrics, "unknown", 1);
	char *text = exposition(metrics);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_line(text, cases[i].line);
	free(text);
	metrics_free(metrics);
}

static size_t count_lines(const char *text, const char *begin)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, begin)) != NULL; at++)
		n += at == text || at[-1] == '\n';
	return n;
}

static void test_bounded(void **state)
{
	struct metrics *metrics = metrics_new();
	char name[32];

	for (unsigned i = 0; i < 1000; i++) {
		struct netstat_row row = row_of(NETSTAT_TCP, "10.0.0.1:80", "10.0.0.2:1", NETSTAT_STATE_ESTABLISHED);
		row.direction = NETSTAT_DIRECTION_OUT;
		row.foreign.port = (uint16_t)(10000 + i);
		add(metrics, &row);
		snprintf(name, sizeof(name), "program-%u", i);
		add_program(metrics, name, 1);
	}
	add_program(metrics, "other", 5);
	add_program(metrics, "most", 7);
	char *text = exposition(metrics);
	assert_int_equal(count_lines(text, "berth_service_sockets{"), METRICS_TOP + 1);
	assert_int_equal(count_lines(text, "berth_program_sockets{"), METRICS_TOP + 1);
	assert_line(text, "berth_program_sockets{program=\"most\"} 7");
	/* 1,000 programs, the 1,000 rows without one, and "most": three lines fewer than METRICS_TOP are of a program.
	 */
	assert_line(text, "berth_program_sockets{program=\"unknown\"} 1000");
	snprintf(name, sizeof(name), "%u", 1000 - (METRICS_TOP - 2) + 5);
	char line[96];
	snprintf(line, sizeof(line), "berth_program_sockets{program=\"other\"} %s", name);
	assert_line(text, line);
	free(text);
	metrics_free(metrics);
}

static void test_queues(void **state)
{
	struct metrics *metrics = metrics_new();
	struct netstat_row listener = row_of(NETSTAT_TCP, "0.0.0.0:80", "0.0.0.0:0", NETSTAT_STATE_LISTEN);
	struct netstat_row open = row_of(NETSTAT_TCP, "10.0.0.1:80", "10.0.0.2:4000", NETSTAT_STATE_ESTABLISHED);

	listener.recv_q = listener.send_q = 128;
	open.recv_q = 1000;
	open.send_q = UINT64_C(5000000000);
	add(metrics, &listener);
	add(metrics, &open);
	char *text = exposition(metrics);
	assert_line(text, "# UNIT berth_receive_queue_bytes bytes");
	assert_line(text, "berth_receive_queue_bytes{protocol=\"tcp\"} 1000");
	assert_line(text, "berth_send_queue_bytes{protocol=\"tcp\"} 5000000000");
	assert_line(text, "berth_accept_queue_connections{protocol=\"tcp\"} 128");
	assert_line(text, "berth_backlog_connections{protocol=\"tcp\"} 128");
	assert_line(text, "berth_full_listeners{protocol=\"tcp\"} 1");
	free(text);
	metrics_free(metrics);
}

static void test_health(void **state)
{
	static const uint64_t ns_rtt[] = {100000, 100001, 3000000, 9000000000, 0};
	struct metrics *metrics = metrics_new();

	for (size_t i = 0; i < sizeof(ns_rtt) / sizeof(ns_rtt[0]); i++) {
		struct netstat_row row = row_of(NETSTAT_TCP, "10.0.0.1:80", "8.8.8.8:4000", NETSTAT_STATE_ESTABLISHED);
		struct netstat_tcp tcp = {.ns_srtt = ns_rtt[i], .segments_sent = 10, .segments_retransmitted = i};
		row.tcp = &tcp;
		add(metrics, &row);
	}
	char *text = exposition(metrics);
	assert_line(text, "# TYPE berth_tcp_rtt_seconds gaugehistogram");
	assert_line(text, "berth_tcp_rtt_seconds_bucket{scope=\"public\",le=\"0.0001\"} 1");
	assert_line(text, "berth_tcp_rtt_seconds_bucket{scope=\"public\",le=\"0.00025\"} 2");
	assert_line(text, "berth_tcp_rtt_seconds_bucket{scope=\"public\",le=\"0.005\"} 3");
	assert_line(text, "berth_tcp_rtt_seconds_bucket{scope=\"public\",le=\"1.0\"} 3");
	assert_line(text, "berth_tcp_rtt_seconds_bucket{scope=\"public\",le=\"+Inf\"} 4");
	assert_line(text, "berth_tcp_rtt_seconds_gcount{scope=\"public\"} 4");
	assert_line(text, "berth_tcp_rtt_seconds_gsum{scope=\"public\"} 9.003200001");
	assert_line(text, "berth_tcp_open_sent_segments 50");
	assert_line(text, "berth_tcp_open_retransmitted_segments 10");
	free(text);
	metrics_free(metrics);
}

static void test_counters(void **state)
{
	struct metrics *metrics = metrics_new();
	static const struct {
		const char *host, *group, *name;
		uint64_t value;
	} counters[] = {
		{NULL, "Tcp", "RetransSegs", 7},
		{NULL, "TcpExt", "ListenOverflows", 0},
		{NULL, "TcpExt", "TCPNewerThanThis", 1},
		{NULL, "Udp", "InDatagrams", 3},
		{NULL, "Udp6", "InDatagrams", 4},
		{NULL, "UdpLite", "InDatagrams", 100},
		{"left", "", "tcp_segments_retransmitted", 1},
		{"left", "", "tcp_segments_retransmitted", 2}, /* another host of that name */
		{"right", "tcp", "tcp_segments_retransmitted", 9},
		{"right", "tcp", "RetransSegs", 1000},
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		assert_int_equal(metrics_counter(metrics, counters[i].host, counters[i].group, counters[i].name,
						 counters[i].value),
				 0);
	char *text = exposition(metrics);
	assert_line(text, "# TYPE berth_tcp_retransmitted_segments counter");
	assert_line(text, "berth_tcp_retransmitted_segments_total 7");
	assert_line(text, "berth_tcp_retransmitted_segments_total{host=\"left\"} 3");
	assert_line(text, "berth_tcp_retransmitted_segments_total{host=\"right\"} 9");
	assert_line(text, "berth_tcp_listen_overflows_total 0");
	assert_line(text, "berth_udp_received_datagrams_total 7");
	free(text);
	metrics_free(metrics);
}

/* The checker itself finds what is wrong. */
static void test_checker(void **state)
{
	static const char *const wrong[] = {
		"",
		"# EOF",
		"# EOF\n# EOF\n",
		"# TYPE a gauge\n# HELP a A.\na 1\n",
		"# TYPE a gauge\n# HELP a A.\na 1\na 2\n# EOF\n",
		"# TYPE a counter\n# HELP a A.\na 1\n# EOF\n",
		"# TYPE a gauge\n# HELP a A.\nb 1\n# EOF\n",
		"# TYPE a gauge\n# HELP a A.\n# TYPE a gauge\n# HELP a A.\n# EOF\n",
		"# TYPE a gauge\n# UNIT a bytes\n# HELP a A.\n# EOF\n",
		"# TYPE a gauge\n# HELP a A.\na{b=\"c\"d\"} 1\n# EOF\n",
		"# TYPE a gauge\n# HELP a A.\na{b=\"\\x\"} 1\n# EOF\n",
		"# TYPE a gauge\n# HELP a A.\na -\n# EOF\n",
	};
	char text[256], error[512];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "%s", wrong[i]);
		assert_false(openmetrics_check(text, error, sizeof(error)));
	}
	snprintf(text, sizeof(text),
		 "# TYPE a_total gauge\n# HELP a_total A.\na_total{b=\"\\\"c\",d=\"\"} 1.5\n# EOF\n");
	assert_true(openmetrics_check(text, error, sizeof(error)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),  cmocka_unit_test(test_sockets),  cmocka_unit_test(test_services),
		cmocka_unit_test(test_programs), cmocka_unit_test(test_bounded),  cmocka_unit_test(test_queues),
		cmocka_unit_test(test_health),   cmocka_unit_test(test_counters), cmocka_unit_test(test_checker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
