/* The sockets of berth hosts as rows: a real host with real connections in a child, and hosts whose snapshots the test
 * writes itself, whole, cut short and wrong. */
#include <berth/berth.h>
#include <berth/platform.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "source/source.h"

/* ---- a directory of control sockets, and hosts in it ---- */

struct place {
	char runtime[32], directory[48];
};

static struct place place_new(void)
{
	struct place place = {.runtime = "/tmp/berth-rows-XXXXXX"};

	assert_non_null(mkdtemp(place.runtime));
	assert_int_equal(setenv("XDG_RUNTIME_DIR", place.runtime, 1), 0);
	snprintf(place.directory, sizeof(place.directory), "%s/berth", place.runtime);
	assert_int_equal(mkdir(place.directory, 0700), 0);
	return place;
}

static void place_end(const struct place *place)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", place->runtime);
	assert_int_equal(system(command), 0);
}

/* A child that gives whoever connects this text, as host `name`. */
static pid_t child_answers(const struct place *place, const char *name, const char *text)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/%s.1.sock", place->directory, name);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 5), 0);
	pid_t pid = fork();
	while (!pid) {
		int peer = accept(fd, NULL, NULL);
		if (send(peer, text, strlen(text), MSG_NOSIGNAL) < 0 && errno != EPIPE)
			_exit(1);
		close(peer);
	}
	close(fd);
	return pid;
}

static void child_end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* ---- looking ---- */

struct seen {
	struct netstat_rows rows;
	unsigned n_warnings;
	int stop_at; /* a row, from 1; 0: none */
	bool no_owners;
	int pid; /* of the last owner */
	size_t n_hosts;
};

static int see_row(void *user, struct netstat_row *row)
{
	struct seen *seen = user;

	assert_int_equal(row->n_owners, seen->no_owners ? 0 : 1);
	if (row->n_owners) {
		assert_int_equal(row->owners[0].process->known, 0);
		assert_string_equal(row->owners[0].process->program, "");
		seen->pid = row->owners[0].process->pid;
	}
	assert_int_equal(netstat_rows_add(&seen->rows, row), 0);
	return (int)seen->rows.n == seen->stop_at ? 42 : 0;
}

static void see_warning(void *user, const char *text)
{
	assert_non_null(strstr(text, ".sock: "));
	((struct seen *)user)->n_warnings++;
}

static const struct netstat_request everything = {
	.protocols = NETSTAT_ALL_PROTOCOLS,
	.states = NETSTAT_ALL_STATES,
	.families = NETSTAT_ALL_FAMILIES,
	.needs = NETSTAT_NEED_TCP | NETSTAT_NEED_CONGESTION | NETSTAT_NEED_OWNERS,
	.warn = see_warning,
};

static int look(struct seen *seen, const char *name, const struct netstat_request *request)
{
	struct netstat_request mine = *request;

	mine.warn_user = seen;
	return hosts_rows(&mine, name, see_row, seen, &seen->n_hosts);
}

static void assert_places(const struct netstat_row *row, const char *local, const char *foreign)
{
	char text[BERTH_ADDRESS_TEXT];

	assert_string_equal(berth_socket_address_format(&row->local, text, sizeof(text)), local);
	assert_string_equal(berth_socket_address_format(&row->foreign, text, sizeof(text)), foreign);
}

/* ---- a real host ---- */

static void child_serves(int ready)
{
	struct berth_host_config config;
	struct berth_host *host;
	struct berth_control *control;
	struct berth_loop *loop = berth_loop_new();
	struct berth_socket_address at = {.port = 8080};

	if (!loop || berth_host_config_real(&config))
		_exit(1);
	snprintf(config.name, sizeof(config.name), "real");
	if (berth_host_new(&config, &host) || berth_control_new(loop, host, &control))
		_exit(1);
	int u = berth_socket(host, BERTH_IP4, BERTH_DATAGRAM), l = berth_socket(host, BERTH_IP4, BERTH_STREAM);
	if (berth_bind(host, u, &at) || berth_bind(host, l, &at) || berth_listen(host, l, 16))
		_exit(1);
	if (write(ready, "x", 1) == 1)
		berth_loop_run(loop);
	_exit(1);
}

static void test_real(void **state)
{
	struct place place = place_new();
	struct seen seen = {0};
	int fds[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	if (!pid)
		child_serves(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	assert_int_equal(look(&seen, NULL, &everything), 0);
	assert_int_equal(seen.n_hosts, 1);
	assert_int_equal(seen.rows.n, 2);
	const struct netstat_row *row = seen.rows.rows[0];
	assert_int_equal(row->protocol, NETSTAT_TCP);
	assert_int_equal(row->state, NETSTAT_STATE_LISTEN);
	assert_int_equal(row->family, BERTH_IP4);
	assert_places(row, "0.0.0.0:8080", "0.0.0.0:0");
	assert_int_equal(row->send_q, 16);
	assert_string_equal(row->host, "real");
	assert_true(row->has_uid);
	assert_int_equal(row->uid, geteuid());
	assert_null(row->tcp);
	row = seen.rows.rows[1];
	assert_int_equal(row->protocol, NETSTAT_UDP);
	assert_int_equal(row->state, NETSTAT_STATE_OPEN);
	netstat_rows_free(&seen.rows);
	child_end(pid);
	close(fds[0]);
	close(fds[1]);
	place_end(&place);
}

/* ---- hosts by hand ---- */

static const char web[] =
	"berth-snapshot 1 host=web pid=4711\n"
	"socket proto=udp fd=5 local=0.0.0.0:53 foreign=0.0.0.0:0 drops=3\n"
	"socket proto=udp fd=6 local=10.0.0.1:53 foreign=10.0.0.2:9\n"
	"socket proto=tcp state=ESTABLISHED fd=3 local=10.0.0.1:80 foreign=10.0.0.2:1099 recvq=1 sendq=2 snd_wnd=3 "
	"rcv_wnd=4 cwnd=14600 ssthresh=18446744073709551615 srtt_ns=5 rttvar_ns=6 rto_ns=7 mss=1460 bytes_sent=8 "
	"bytes_received=9 segments_sent=10 segments_received=11 segments_retransmitted=12 bytes_retransmitted=13 "
	"congestion=cubic\n"
	"socket proto=tcp state=TIME_WAIT local=10.0.0.1:80 foreign=10.0.0.2:1098\n"
	"socket proto=tcp state=LISTEN fd=2 local=0.0.0.0:443 foreign=0.0.0.0:0 sendq=128\n"
	"socket proto=tcp state=LISTEN fd=4 local=[fd00::7]:80 foreign=*:0\n"
	"end\n";

static void test_rows(void **state)
{
	static const struct {
		enum netstat_protocol protocol;
		enum netstat_state state;
		uint8_t family;
		const char *local, *foreign;
		int descriptor;
	} expected[] = {
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, BERTH_IP6, "[fd00::7]:80", "*:0", 4},
		{NETSTAT_TCP, NETSTAT_STATE_LISTEN, BERTH_IP4, "0.0.0.0:443", "0.0.0.0:0", 2},
		{NETSTAT_TCP, NETSTAT_STATE_TIME_WAIT, BERTH_IP4, "10.0.0.1:80", "10.0.0.2:1098", -1},
		{NETSTAT_TCP, NETSTAT_STATE_ESTABLISHED, BERTH_IP4, "10.0.0.1:80", "10.0.0.2:1099", 3},
		{NETSTAT_UDP, NETSTAT_STATE_OPEN, BERTH_IP4, "0.0.0.0:53", "0.0.0.0:0", 5},
		{NETSTAT_UDP, NETSTAT_STATE_ESTABLISHED, BERTH_IP4, "10.0.0.1:53", "10.0.0.2:9", 6},
	};
	struct place place = place_new();
	pid_t pid = child_answers(&place, "web", web);
	struct seen seen = {0};

	(void)state;
	assert_int_equal(look(&seen, "web", &everything), 0);
	assert_int_equal(seen.n_hosts, 1);
	assert_int_equal(seen.pid, 4711);
	assert_int_equal(seen.n_warnings, 0);
	assert_int_equal(seen.rows.n, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < seen.rows.n; i++) {
		const struct netstat_row *row = seen.rows.rows[i];
		assert_int_equal(row->protocol, expected[i].protocol);
		assert_int_equal(row->state, expected[i].state);
		assert_int_equal(row->family, expected[i].family);
		assert_places(row, expected[i].local, expected[i].foreign);
		assert_int_equal(row->owners[0].descriptor, expected[i].descriptor);
	}
	assert_int_equal(seen.rows.rows[4]->drops, 3);
	const struct netstat_row *row = seen.rows.rows[3];
	assert_int_equal(row->recv_q, 1);
	assert_int_equal(row->send_q, 2);
	assert_string_equal(row->congestion, "cubic");
	const struct netstat_tcp *tcp = row->tcp;
	assert_non_null(tcp);
	const uint64_t figures[] = {tcp->snd_wnd,
				    tcp->rcv_wnd,
				    tcp->ns_srtt,
				    tcp->ns_rttvar,
				    tcp->ns_rto,
				    tcp->bytes_sent,
				    tcp->bytes_received,
				    tcp->segments_sent,
				    tcp->segments_received,
				    tcp->segments_retransmitted,
				    tcp->bytes_retransmitted};
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		assert_int_equal(figures[i], 3 + i);
	assert_int_equal(tcp->cwnd, 14600);
	assert_true(tcp->ssthresh == UINT64_MAX);
	assert_int_equal(tcp->mss, 1460);
	assert_false(tcp->has_bytes);
	netstat_rows_free(&seen.rows);
	child_end(pid);
	place_end(&place);
}

static void test_wanted(void **state)
{
	static const struct {
		uint32_t protocols, states, families;
		size_t n;
	} cases[] = {
		{NETSTAT_BIT(NETSTAT_TCP), NETSTAT_ALL_STATES, NETSTAT_ALL_FAMILIES, 4},
		{NETSTAT_BIT(NETSTAT_UDP), NETSTAT_ALL_STATES, NETSTAT_ALL_FAMILIES, 2},
		{NETSTAT_ALL_PROTOCOLS, NETSTAT_BIT(NETSTAT_STATE_LISTEN), NETSTAT_ALL_FAMILIES, 2},
		{NETSTAT_ALL_PROTOCOLS, NETSTAT_ALL_STATES, NETSTAT_IP6, 1},
		{NETSTAT_BIT(NETSTAT_UNIX), NETSTAT_ALL_STATES, NETSTAT_ALL_FAMILIES, 0},
	};
	struct place place = place_new();
	pid_t pid = child_answers(&place, "web", web);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct netstat_request request = {
			.protocols = cases[i].protocols, .states = cases[i].states, .families = cases[i].families};
		struct seen seen = {.no_owners = true};
		assert_int_equal(look(&seen, NULL, &request), 0);
		assert_int_equal(seen.rows.n, cases[i].n);
		for (size_t j = 0; j < seen.rows.n; j++)
			assert_null(seen.rows.rows[j]->tcp);
		netstat_rows_free(&seen.rows);
	}
	child_end(pid);
	place_end(&place);
}

#define HEAD(name) "berth-snapshot 1 host=" name " pid=1\n"
#define SOCKET "socket proto=udp local=0.0.0.0:53 foreign=0.0.0.0:0\n"

/* What goes wrong with one host is said, what it sent before is shown, and the next follows. */
static void test_several(void **state)
{
	static const struct {
		const char *name;
		size_t n_rows, n_hosts;
		unsigned n_warnings;
	} cases[] = {{NULL, 4, 2, 2}, {"a", 1, 1, 0}, {"b", 1, 0, 1}, {"d", 1, 1, 0}, {"none", 0, 0, 0}};
	struct place place = place_new();
	struct seen seen = {.stop_at = 2};
	const pid_t pids[] = {
		child_answers(&place, "a", HEAD("a") SOCKET "end\n"),
		child_answers(&place, "b", HEAD("b") SOCKET),
		child_answers(&place, "c", HEAD("c") SOCKET "socket\n"),
		child_answers(&place, "d", HEAD("d") SOCKET "end\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seen all = {0};
		assert_int_equal(look(&all, cases[i].name, &everything), 0);
		assert_int_equal(all.rows.n, cases[i].n_rows);
		assert_int_equal(all.n_hosts, cases[i].n_hosts);
		assert_int_equal(all.n_warnings, cases[i].n_warnings);
		netstat_rows_free(&all.rows);
	}
	assert_int_equal(look(&seen, NULL, &everything), 42);
	assert_int_equal(seen.rows.n, 2);
	assert_string_equal(seen.rows.rows[1]->host, "b");
	netstat_rows_free(&seen.rows);
	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++)
		child_end(pids[i]);
	place_end(&place);
}

static void count_warning(void *user, const char *text)
{
	(void)text;
	++*(unsigned *)user;
}

static void test_directory(void **state)
{
	struct place place = place_new();
	struct netstat_request request = everything;
	struct seen seen = {0};
	unsigned n = 0;

	(void)state;
	request.warn = count_warning;
	request.warn_user = &n;
	assert_int_equal(hosts_rows(&request, NULL, see_row, &seen, &seen.n_hosts), 0);
	/* Others may look in. */
	assert_int_equal(chmod(place.directory, 0755), 0);
	assert_int_equal(hosts_rows(&request, NULL, see_row, &seen, &seen.n_hosts), BERTH_EACCES);
	assert_int_equal(n, 1);
	assert_int_equal(rmdir(place.directory), 0);
	assert_int_equal(hosts_rows(&request, NULL, see_row, &seen, &seen.n_hosts), 0);
	assert_int_equal(seen.n_hosts, 0);
	place_end(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real),    cmocka_unit_test(test_rows),      cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_several), cmocka_unit_test(test_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
