/* Saved snapshots: what is written is read again, member by member; and what is no saved snapshot is said to be none,
 * with the line. */
#include "source/saved.h"

#include "filter_rows.h"
#include "source/saved_fields.h"

#include <berth/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "not_here.h"

#define EVERYTHING                                                                                                     \
	{                                                                                                              \
		.protocols = NETSTAT_ALL_PROTOCOLS, .states = NETSTAT_ALL_STATES, .families = NETSTAT_ALL_FAMILIES     \
	}

static const struct netstat_request everything = EVERYTHING;

static const struct saved_head some_head = {
	.s_time = 1780000000, .machine = "ship", .ephemeral_first = 32768, .ephemeral_last = 60999};

/* What was read, and what it borrows. */
struct look_back {
	struct saved_head head;
	unsigned n_heads;
	struct netstat_rows rows;
	struct process_table *processes;
	struct users *users;
	struct keep keep;
	struct saved_error error;
	int status, stop_after, stop_with;
};

static void on_head(void *user, const struct saved_head *head)
{
	struct look_back *back = user;

	back->head = *head;
	back->n_heads++;
}

static int on_row(void *user, struct netstat_row *row)
{
	struct look_back *back = user;

	assert_int_equal(netstat_rows_add(&back->rows, row), 0);
	return back->stop_with && (int)back->rows.n == back->stop_after ? back->stop_with : 0;
}

static void look_back_run(struct look_back *back, const char *text, size_t n, const struct netstat_request *request)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, n ? n : 1, "r");

	assert_non_null(in);
	if (n == 0)
		getc(in);
	back->processes = process_table_new();
	back->users = users_new();
	assert_true(back->processes && back->users);
	back->status =
		saved_read(in, on_head, back->processes, back->users, &back->keep, request, on_row, back, &back->error);
	fclose(in);
}

static struct look_back look_back(const char *text)
{
	struct look_back back = {0};

	look_back_run(&back, text, strlen(text), &everything);
	return back;
}

static void look_back_free(struct look_back *back)
{
	netstat_rows_free(&back->rows);
	process_table_free(back->processes);
	users_free(back->users);
	keep_free(&back->keep);
}

/* ---- writing ---- */

static struct process_table *some_processes(void)
{
	static const struct netstat_process started = {
		.pid = 77,
		.uid = 1000,
		.program = "odd \xff\"\\\x01name",
		.command = "odd",
		.executable = "/tmp/odd",
		.executable_deleted = true,
		.executable_writable = true,
		.stdin_socket = true,
		.s_started = 123456,
	};
	struct process_table *processes = process_table_new();

	assert_non_null(processes);
	assert_int_equal(process_table_put_process(processes, &filter_rows_firefox), 0);
	assert_int_equal(process_table_put_process(processes, &filter_rows_sshd), 0);
	assert_int_equal(process_table_put_process(processes, &started), 0);
	assert_int_equal(process_table_put_owner(processes, 7001, 4242, 40), 0);
	assert_int_equal(process_table_put_owner(processes, 7002, 800, 3), 0);
	assert_int_equal(process_table_put_owner(processes, 7003, 800, 4), 0);
	assert_int_equal(process_table_put_owner(processes, 7003, 77, 0), 0);
	return processes;
}

/* The text of a snapshot of these rows; the caller frees it. */
static char *written(const struct netstat_row *rows, size_t n, struct process_table *processes, size_t *n_text)
{
	struct saved_writer *writer;
	struct users *users = users_new();
	char *text = NULL;
	FILE *out = open_memstream(&text, n_text);

	assert_true(users && out);
	assert_int_equal(users_put(users, 0, "root"), 0);
	assert_int_equal(users_put(users, 1000, "alice"), 0);
	assert_int_equal(saved_writer_new(out, &some_head, processes, users, &writer), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(saved_writer_row(writer, &rows[i]), 0);
	assert_int_equal(saved_writer_end(writer), 0);
	fclose(out);
	users_free(users);
	return text;
}

/* ---- comparing ---- */

static void same_text(const char *a, const char *b)
{
	if (a && b)
		assert_string_equal(a, b);
	else
		assert_true(!a && !b);
}

static void same_socket_address(const struct berth_socket_address *a, const struct berth_socket_address *b)
{
	assert_true(berth_address_equal(&a->address, &b->address));
	assert_int_equal(a->port, b->port);
}

static void same_tcp(const struct netstat_tcp *a, const struct netstat_tcp *b)
{
	assert_true(!a == !b);
	/* All members but the last are 64 bits wide, so that there is nothing between them. */
	if (a)
		assert_memory_equal(a, b, offsetof(struct netstat_tcp, has_bytes) + sizeof(bool));
}

static void same_row(const struct netstat_row *a, const struct netstat_row *b)
{
	assert_int_equal(a->protocol, b->protocol);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->family, b->family);
	assert_int_equal(a->timer, b->timer);
	assert_int_equal(a->unowned, b->unowned);
	assert_int_equal(a->unix_type, b->unix_type);
	assert_int_equal(a->v6only, b->v6only);
	same_socket_address(&a->local, &b->local);
	same_socket_address(&a->foreign, &b->foreign);
	assert_true(a->recv_q == b->recv_q && a->send_q == b->send_q);
	assert_true(a->inode == b->inode && a->cookie == b->cookie);
	assert_true(a->drops == b->drops && a->cgroup_id == b->cgroup_id);
	assert_true(a->uid == b->uid && a->interface == b->interface && a->mark == b->mark);
	assert_true(a->timer_count == b->timer_count && a->ms_timer == b->ms_timer && a->ms_age == b->ms_age);
	assert_true(a->has_uid == b->has_uid && a->has_age == b->has_age);
	same_tcp(a->tcp, b->tcp);
	same_text(a->congestion, b->congestion);
	same_text(a->path, b->path);
	assert_true(a->peer_inode == b->peer_inode);
	same_text(a->host, b->host);
	assert_true(!a->ns == !b->ns);
	if (a->ns) {
		assert_true(a->ns->inode == b->ns->inode);
		assert_string_equal(a->ns->name, b->ns->name);
	}
	same_text(a->interface_name, b->interface_name);
	same_text(a->local_name, b->local_name);
	same_text(a->foreign_name, b->foreign_name);
}

static void same_process(const struct netstat_process *a, const struct netstat_process *b)
{
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->uid, b->uid);
	same_text(a->command, b->command);
	same_text(a->executable, b->executable);
	assert_int_equal(a->executable_deleted, b->executable_deleted);
	assert_int_equal(a->executable_writable, b->executable_writable);
	assert_int_equal(a->stdin_socket, b->stdin_socket);
	same_text(a->cgroup, b->cgroup);
	same_text(a->unit, b->unit);
	same_text(a->container, b->container);
	assert_true(a->s_started == b->s_started);
}

/* ---- tests ---- */

static struct netstat_tcp full_tcp(void)
{
	struct netstat_tcp tcp;
	uint64_t *members = (uint64_t *)(void *)&tcp;

	memset(&tcp, 0, sizeof(tcp));
	for (size_t i = 0; i < offsetof(struct netstat_tcp, has_bytes) / sizeof(uint64_t); i++)
		members[i] = (i + 1) * 1000003;
	tcp.ssthresh = UINT64_MAX;
	tcp.has_bytes = true;
	return tcp;
}

/* A row in which every member that a source brings is something, at the limits of its type. */
static struct netstat_row full_row(const struct netstat_tcp *tcp, const struct netstat_namespace *ns)
{
	return (struct netstat_row){
		.protocol = NETSTAT_MPTCP,
		.state = NETSTAT_STATE_CLOSE_WAIT,
		.family = BERTH_IP6,
		.timer = NETSTAT_TIMER_PROBE,
		.unowned = NETSTAT_UNOWNED_DENIED,
		.unix_type = 255,
		.v6only = true,
		.local = ADDRESS("[fe80::1%3]:65535"),
		.foreign = ADDRESS("[2001:db8::1]:1"),
		.recv_q = UINT64_MAX,
		.send_q = UINT64_C(1) << 53,
		.inode = (UINT64_C(1) << 53) + 1,
		.cookie = (UINT64_C(1) << 53) - 1,
		.drops = 17,
		.cgroup_id = 18,
		.uid = UINT32_MAX,
		.interface = UINT32_MAX - 1,
		.mark = UINT32_MAX - 2,
		.timer_count = 19,
		.ms_timer = 20,
		.ms_age = 21,
		.has_uid = true,
		.has_age = true,
		.tcp = tcp,
		.congestion = "bbr",
		.path = "@\xc3\xa4 \"quoted\" \\ ",
		.peer_inode = 22,
		.host = "web",
		.ns = ns,
		.interface_name = "wlan0",
		.local_name = "ship.example.com",
		.foreign_name = "shore.example.com",
	};
}

static void test_round_trip(void **state)
{
	struct netstat_row rows[FILTER_ROWS_N + 2];
	struct netstat_tcp tcp = full_tcp(), empty = {0};
	struct process_table *processes = some_processes();
	size_t n_text;

	for (size_t i = 0; i < FILTER_ROWS_N; i++)
		rows[i] = filter_rows_make(i);
	rows[FILTER_ROWS_N] = full_row(&tcp, &filter_rows_blue);
	rows[FILTER_ROWS_N + 1] = rows[0];
	rows[FILTER_ROWS_N + 1].tcp = &empty;
	char *text = written(rows, FILTER_ROWS_N + 2, processes, &n_text);
	struct look_back back = look_back(text);
	if (back.status != 0)
		fail_msg("line %ju: %s", (uintmax_t)back.error.line, back.error.text);
	assert_int_equal(back.n_heads, 1);
	assert_true(back.head.s_time == some_head.s_time);
	assert_string_equal(back.head.machine, some_head.machine);
	assert_int_equal(back.head.ephemeral_first, some_head.ephemeral_first);
	assert_int_equal(back.head.ephemeral_last, some_head.ephemeral_last);
	assert_int_equal(back.rows.n, FILTER_ROWS_N + 2);
	for (size_t i = 0; i < back.rows.n; i++)
		same_row(back.rows.rows[i], &rows[i]);
	assert_string_equal(users_name(back.users, 0), "root");
	assert_string_equal(users_name(back.users, 1000), "alice");
	same_process(process_table_process(back.processes, 4242, 0), &filter_rows_firefox);
	same_process(process_table_process(back.processes, 77, 0), process_table_process(processes, 77, 0));
	assert_string_equal(process_table_process(back.processes, 77, 0)->program, "odd \xef\xbf\xbd\"\\?name");
	look_back_free(&back);
	process_table_free(processes);
	free(text);
}

static void test_owners(void **state)
{
	struct netstat_row row = filter_rows_make(3);
	struct process_table *processes = some_processes();
	size_t n_text;
	char *text = written(&row, 1, processes, &n_text);
	struct look_back back = look_back(text);

	assert_int_equal(back.status, 0);
	row.owners = NULL;
	row.n_owners = 0;
	assert_int_equal(process_table_enrich(back.processes, &row, NETSTAT_NEED_OWNERS), 0);
	assert_int_equal(row.n_owners, 2);
	assert_int_equal(row.owners[0].process->pid, 77);
	assert_int_equal(row.owners[0].descriptor, 0);
	assert_int_equal(row.owners[1].process->pid, 800);
	assert_int_equal(row.owners[1].descriptor, 4);
	look_back_free(&back);
	process_table_free(processes);
	free(text);
}

/* A berth host's socket brings its process, which need not have any socket of the kernel's. */
static void test_hosts(void **state)
{
	static const struct netstat_process process = {.pid = 300, .uid = 1001, .program = "berth"};
	static const struct netstat_owner owner = {&process, -1};
	struct netstat_row row = filter_rows_make(7);
	struct process_table *processes = some_processes();
	struct look_back back;
	size_t n_text;
	char *text;

	row.owners = &owner;
	row.n_owners = 1;
	text = written(&row, 1, processes, &n_text);
	back = look_back(text);
	assert_int_equal(back.status, 0);
	assert_int_equal(back.rows.n, 1);
	assert_int_equal(back.rows.rows[0]->n_owners, 1);
	assert_int_equal(back.rows.rows[0]->owners[0].descriptor, -1);
	assert_string_equal(back.rows.rows[0]->owners[0].process->program, "berth");
	look_back_free(&back);
	process_table_free(processes);
	free(text);
}

static void test_text(void **state)
{
	struct netstat_row rows[] = {filter_rows_make(1), filter_rows_make(4)};
	struct process_table *processes = process_table_new();
	size_t n_text;
	char *text;

	assert_int_equal(process_table_put_process(processes, &filter_rows_sshd), 0);
	assert_int_equal(process_table_put_owner(processes, 7002, 800, 3), 0);
	text = written(rows, 2, processes, &n_text);
	assert_string_equal(
		text,
		"{\"berth_netstat\":1,\"time\":1780000000,\"machine\":\"ship\",\"ephemeral_first\":32768,"
		"\"ephemeral_last\":60999}\n"
		"{\"user\":{\"uid\":0,\"name\":\"root\"}}\n"
		"{\"process\":{\"pid\":800,\"program\":\"sshd\",\"command\":\"/usr/sbin/sshd -D\","
		"\"executable\":\"/usr/sbin/sshd\",\"cgroup\":\"/system.slice/"
		"ssh.service\",\"unit\":\"ssh.service\"}}\n"
		"{\"owner\":{\"inode\":7002,\"pid\":800,\"fd\":3}}\n"
		"{\"socket\":{\"protocol\":\"tcp\",\"state\":\"LISTEN\",\"family\":6,\"local\":\"[::]:22\","
		"\"foreign\":\"[::]:0\",\"inode\":7002,\"has_uid\":true}}\n"
		"{\"namespace\":{\"id\":1,\"inode\":4026532000,\"name\":\"blue\"}}\n"
		"{\"socket\":{\"protocol\":\"udp\",\"state\":\"ESTABLISHED\",\"family\":4,\"local\":\"10.0.0.5:47123\","
		"\"foreign\":\"127.0.0.53:53\",\"inode\":7004,\"namespace\":1}}\n"
		"{\"end\":{\"sockets\":2}}\n");
	process_table_free(processes);
	free(text);
}

/* Whatever a program calls itself, its line is one that can be read. */
static void test_long_texts(void **state)
{
	char command[60000], program[60000];
	struct netstat_process process = {.pid = 5,
					  .program = program,
					  .command = command,
					  .executable = program,
					  .cgroup = program,
					  .unit = program,
					  .container = program};
	struct process_table *processes = process_table_new();
	const struct netstat_process *again;
	struct look_back back;
	size_t n_text;
	char *text;

	memset(command, 'x', sizeof(command));
	command[sizeof(command) - 1] = 0;
	for (size_t i = 0; i < sizeof(program) - 1; i++)
		program[i] = "\xe2\x82\xac"[i % 3];
	program[sizeof(program) - 1] = 0;
	assert_int_equal(process_table_put_process(processes, &process), 0);
	assert_int_equal(process_table_put_owner(processes, 1, 5, 3), 0);
	text = written(NULL, 0, processes, &n_text);
	back = look_back(text);
	assert_int_equal(back.status, 0);
	again = process_table_process(back.processes, 5, 0);
	assert_int_equal(strlen(again->command), SAVED_TEXT_MAX);
	assert_int_equal(strlen(again->program), SAVED_TEXT_MAX / 6 / 3 * 3);
	assert_memory_equal(again->program, program, strlen(again->program));
	look_back_free(&back);
	process_table_free(processes);
	free(text);
}

#define HEAD "{\"berth_netstat\":1}\n"
#define ROW(members) "{\"socket\":{\"protocol\":\"tcp\",\"state\":\"LISTEN\",\"family\":4" members "}}\n"
#define END(n) "{\"end\":{\"sockets\":" n "}}\n"

static const struct {
	const char *text;
	unsigned n_rows;
} right_cases[] = {
	{HEAD END("0"), 0},
	{HEAD ROW("") END("1"), 1},
	{HEAD ROW("") "{\"end\":{\"sockets\":1}}", 1}, /* no newline behind it */
	{"{\"berth_netstat\":\"1\",\"color\":[1,{}]}\r\n\r\n" ROW("") "\n \t\n" END("1") "\n\n", 1},
	{" { \"time\" : 1e3 , \"berth_netstat\" : 1.0 }\n" END("0"), 0},
	{HEAD "{\"later\":{\"x\":1}}\n{\"more\":5}\n{}\n" ROW(",\"new\":{\"a\":[1]},\"old\":null") END("1"), 1},
	{HEAD "{\"socket\":{\"local\":\"1.2.3.4:5\",\"family\":4,\"state\":\"OPEN\",\"protocol\":\"udp\"},"
	      "\"and\":1}\n" END("1"),
	 1},
	{HEAD ROW(",\"recv_q\":\"18446744073709551615\",\"uid\":\"4294967295\"") END("\"1\""), 1},
	{HEAD ROW(",\"recv_q\":9007199254740991") END("1"), 1},
	{HEAD ROW(",\"tcp\":{}") END("1"), 1},
	{HEAD "{\"socket\":{\"protocol\":\"unix\",\"state\":\"LISTEN\"}}\n" END("1"), 1},
};

static void test_what_may_be(void **state)
{
	for (size_t i = 0; i < sizeof(right_cases) / sizeof(right_cases[0]); i++) {
		struct look_back back = look_back(right_cases[i].text);
		if (back.status != 0)
			fail_msg("%s: line %ju: %s", right_cases[i].text, (uintmax_t)back.error.line, back.error.text);
		assert_int_equal(back.rows.n, right_cases[i].n_rows);
		look_back_free(&back);
	}
}

static const struct {
	const char *text;
	unsigned line;
	const char *error;
	int status;
} wrong_cases[] = {
	{"", 0, "this is no saved snapshot: it is empty", 0},
	{"\n\n", 2, "this is no saved snapshot: it is empty", 0},
	{"hello\n", 1, "this is no saved snapshot: its first line is no JSON", 0},
	{"[1]\n", 1, "this is no saved snapshot: its first line is no JSON", 0},
	{"{}\n", 1, "this is no saved snapshot: the first line has no \"berth_netstat\"", 0},
	{"{\"berth_netstat\":0}\n", 1, "this is no saved snapshot: the first line has no \"berth_netstat\"", 0},
	{"{\"berth_netstat\":true}\n", 1, "this is no saved snapshot: the first line has no \"berth_netstat\"", 0},
	{"{\"berth_netstat\":2}\n", 1, "it is of version 2, and this berth reads up to 1", BERTH_EPROTONOSUPPORT},
	{HEAD, 1, "it was cut short: its end is missing", 0},
	{HEAD ROW(""), 2, "it was cut short: its end is missing", 0},
	{HEAD ROW("") END("2"), 3, "it had 2 sockets when it was written, and has 1", 0},
	{HEAD END("0") ROW(""), 3, "something follows the end", 0},
	{HEAD END("-1"), 2, "the value of 'sockets' is not one that it can have", 0},
	{HEAD "{\"end\":{}}\n", 2, "'sockets' is missing", 0},
	{HEAD "{\"socket\":5}\n", 2, "'socket' is no object", 0},
	{HEAD "{\"socket\":{\"protocol\":\"tcp\"", 2, "the line is no object of JSON", 0},
	{HEAD ROW("") "x" END("1"), 3, "the line is no object of JSON", 0},
	{HEAD "{\"end\":{\"sockets\":0}} {}\n", 2, "the line is no object of JSON", 0},
	{HEAD "{\"socket\":{}}\n", 2, "'protocol' is missing", 0},
	{HEAD "{\"socket\":{\"protocol\":\"tcp\"}}\n", 2, "'state' is missing", 0},
	{HEAD "{\"socket\":{\"protocol\":\"tcp\",\"state\":\"LISTEN\"}}\n", 2, "'family' 0 is none of the protocol's",
	 0},
	{HEAD "{\"socket\":{\"protocol\":\"unix\",\"state\":\"LISTEN\",\"family\":4}}\n", 2,
	 "'family' 4 is none of the protocol's", 0},
	{HEAD "{\"socket\":{\"protocol\":\"tcq\"}}\n", 2, "the value of 'protocol' is not one that it can have", 0},
	{HEAD "{\"socket\":{\"protocol\":6}}\n", 2, "the value of 'protocol' is not one that it can have", 0},
	{HEAD ROW(",\"family\":6"), 2, "'family' is there twice", 0},
	{HEAD ROW(",\"local\":\"[::1]:5\""), 2, "an address is not of the socket's family", 0},
	{HEAD ROW(",\"foreign\":\"[::1]:5\""), 2, "an address is not of the socket's family", 0},
	{HEAD ROW(",\"local\":\"1.2.3:5\""), 2, "the value of 'local' is not one that it can have", 0},
	{HEAD ROW(",\"local\":5"), 2, "the value of 'local' is not one that it can have", 0},
	{HEAD ROW(",\"recv_q\":-1"), 2, "the value of 'recv_q' is not one that it can have", 0},
	{HEAD ROW(",\"recv_q\":1.5"), 2, "the value of 'recv_q' is not one that it can have", 0},
	{HEAD ROW(",\"recv_q\":1e300"), 2, "the value of 'recv_q' is not one that it can have", 0},
	{HEAD ROW(",\"recv_q\":9007199254740992"), 2, "the value of 'recv_q' is not one that it can have", 0},
	{HEAD ROW(",\"recv_q\":9007199254740993"), 2, "the value of 'recv_q' is not one that it can have", 0},
	{HEAD ROW(",\"recv_q\":\"18446744073709551616\""), 2, "the value of 'recv_q' is not one that it can have", 0},
	{HEAD ROW(",\"recv_q\":\"\""), 2, "the value of 'recv_q' is not one that it can have", 0},
	{HEAD ROW(",\"recv_q\":\" 1\""), 2, "the value of 'recv_q' is not one that it can have", 0},
	{HEAD ROW(",\"recv_q\":null"), 2, "the value of 'recv_q' is not one that it can have", 0},
	{HEAD ROW(",\"uid\":4294967296"), 2, "the value of 'uid' is not one that it can have", 0},
	{HEAD ROW(",\"unix_type\":256"), 2, "the value of 'unix_type' is not one that it can have", 0},
	{HEAD ROW(",\"has_uid\":1"), 2, "the value of 'has_uid' is not one that it can have", 0},
	{HEAD ROW(",\"path\":1"), 2, "the value of 'path' is not one that it can have", 0},
	{HEAD ROW(",\"interface_name\":[]"), 2, "the value of 'interface_name' is not one that it can have", 0},
	{HEAD ROW(",\"tcp\":1"), 2, "'tcp' is no object", 0},
	{HEAD ROW(",\"tcp\":{\"cwnd\":-5}"), 2, "the value of 'cwnd' is not one that it can have", 0},
	{HEAD ROW(",\"namespace\":1"), 2, "no line before it tells of namespace 1", 0},
	{HEAD ROW(",\"pid\":1"), 2, "no line before it tells of process 1", 0},
	{HEAD ROW(",\"pid\":2147483648"), 2, "the value of 'pid' is not one that it can have", 0},
	{HEAD "{\"owner\":{\"inode\":1,\"pid\":1}}\n", 2, "no line before it tells of process 1", 0},
	{HEAD "{\"owner\":{\"pid\":1}}\n", 2, "'inode' is missing", 0},
	{HEAD "{\"process\":{\"pid\":0,\"program\":\"\"}}\n", 2, "'pid' is no process", 0},
	{HEAD "{\"process\":{\"pid\":1}}\n", 2, "'program' is missing", 0},
	{HEAD "{\"user\":{\"uid\":1}}\n", 2, "'name' is missing", 0},
	{HEAD "{\"namespace\":{\"id\":0,\"name\":\"\"}}\n", 2, "the namespace's 'id' is 0", 0},
	{HEAD "{\"namespace\":{\"id\":1,\"name\":\"\"}}\n{\"namespace\":{\"id\":1,\"name\":\"\"}}\n", 3,
	 "the namespace's 'id' is another one's", 0},
};

static void test_what_may_not_be(void **state)
{
	for (size_t i = 0; i < sizeof(wrong_cases) / sizeof(wrong_cases[0]); i++) {
		struct look_back back = look_back(wrong_cases[i].text);
		int status = wrong_cases[i].status ? wrong_cases[i].status : BERTH_EPROTO;
		if (back.status != status || back.error.line != wrong_cases[i].line ||
		    strcmp(back.error.text, wrong_cases[i].error) != 0)
			fail_msg("%s: %d, line %ju: %s", wrong_cases[i].text, back.status, (uintmax_t)back.error.line,
				 back.error.text);
		look_back_free(&back);
	}
}

static void check_long_line(size_t n, int status)
{
	static const char begin[] = HEAD "{\"x\":\"", end[] = "\"}\n" END("0");
	size_t n_text = strlen(begin) + n - strlen("{\"x\":\"\"}") + strlen(end);
	char *text = malloc(n_text + 1);
	struct look_back back = {0};

	assert_non_null(text);
	memset(text, 'y', n_text);
	memcpy(text, begin, strlen(begin));
	strcpy(text + n_text - strlen(end), end);
	look_back_run(&back, text, n_text, &everything);
	assert_int_equal(back.status, status);
	if (status < 0) {
		assert_int_equal(back.error.line, 2);
		assert_string_equal(back.error.text, "the line is longer than 65536 bytes");
	}
	look_back_free(&back);
	free(text);
}

static void test_long_lines(void **state)
{
	check_long_line(SAVED_LINE_MAX, 0);
	check_long_line(SAVED_LINE_MAX + 1, BERTH_EPROTO);
	check_long_line(10 * SAVED_LINE_MAX, BERTH_EPROTO);
}

/* What is read can be printed and written again as it is. */
static void test_texts(void **state)
{
	static const char text[] =
		"{\"berth_netstat\":1,\"machine\":\"012345678901234567890123456789012345678901234567890123456789"
		"12\xc3\xa4\"}\n" ROW(",\"congestion\":\"a\\u0007\\n\x7f\xff\xc3\xa4\xc3\"") END("1");
	struct look_back back = look_back(text);

	assert_int_equal(back.status, 0);
	assert_string_equal(back.head.machine, "01234567890123456789012345678901234567890123456789012345678912");
	assert_string_equal(back.rows.rows[0]->congestion, "a????\xc3\xa4?");
	look_back_free(&back);
}

static void test_nul(void **state)
{
	static const char text[] = "{\"berth_netstat\":1}\0\n{\"end\":{\"sockets\":0}}\n";
	struct look_back back = {0};

	look_back_run(&back, text, sizeof(text) - 1, &everything);
	assert_int_equal(back.status, BERTH_EPROTO);
	assert_string_equal(back.error.text, "a NUL is in the line");
	look_back_free(&back);
}

static void test_request(void **state)
{
	struct netstat_row rows[FILTER_ROWS_N];
	struct process_table *processes = some_processes();
	struct netstat_request request = EVERYTHING;
	struct look_back back = {0}, stopped = {.stop_after = 3, .stop_with = 42};
	size_t n_text;
	char *text;

	for (size_t i = 0; i < FILTER_ROWS_N; i++)
		rows[i] = filter_rows_make(i);
	text = written(rows, FILTER_ROWS_N, processes, &n_text);
	request.protocols = NETSTAT_BIT(NETSTAT_TCP);
	request.families = NETSTAT_IP4;
	look_back_run(&back, text, n_text, &request);
	assert_int_equal(back.status, 0);
	assert_int_equal(back.rows.n, 2);
	assert_int_equal(back.rows.rows[1]->state, NETSTAT_STATE_TIME_WAIT);
	look_back_run(&stopped, text, n_text, &everything);
	assert_int_equal(stopped.status, 42);
	assert_int_equal(stopped.rows.n, 3);
	look_back_free(&back);
	look_back_free(&stopped);
	process_table_free(processes);
	free(text);
}

static void test_full_disk(void **state)
{
	struct process_table *processes = process_table_new();
	struct users *users = users_new();
	FILE *out = fopen("/dev/full", "w");
	struct saved_writer *writer;
	struct netstat_row row = filter_rows_make(0);
	int status = 0;

	if (!out)
		not_here("/dev/full");
	assert_int_equal(saved_writer_new(out, &some_head, processes, users, &writer), 0);
	for (unsigned i = 0; i < 1000 && status == 0; i++)
		status = saved_writer_row(writer, &row);
	assert_int_equal(status, BERTH_EIO);
	assert_int_equal(saved_writer_end(writer), BERTH_EIO);
	fclose(out);
	process_table_free(processes);
	users_free(users);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_what_may_be),
		cmocka_unit_test(test_what_may_not_be),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_request),
		unit_test_or_not_here(test_full_disk),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
