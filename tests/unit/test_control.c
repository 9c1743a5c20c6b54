/* The control socket: who gets in, what they are sent, what a reader can cost, and what is read from others.
 *
 * Each test has a runtime directory of its own. Where reading waits, the host lives in a child process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <berth/platform.h>
#include <berth/socket.h>

/* ---- the runtime directory ---- */

struct place {
	char runtime[32];
	char directory[64]; /* of the control sockets */
};

static struct place place_new(void)
{
	struct place place = {.runtime = "/tmp/berth-control-XXXXXX"};

	assert_non_null(mkdtemp(place.runtime));
	assert_int_equal(setenv("XDG_RUNTIME_DIR", place.runtime, 1), 0);
	assert_int_equal(berth_control_directory(place.directory, sizeof(place.directory)), 0);
	return place;
}

static void place_end(struct place *place)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", place->runtime);
	assert_int_equal(system(command), 0);
}

static struct sockaddr_un address_of(const struct place *place, const char *name, long pid)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s.%ld.sock", place->directory, name, pid);
	return address;
}

static bool exists(const struct sockaddr_un *address)
{
	struct stat st;

	return !lstat(address->sun_path, &st);
}

static int listen_at(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)address, sizeof(*address)), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

/* ---- a host that publishes ---- */

struct published {
	struct berth_loop *loop;
	struct berth_host *host;
	struct berth_control *control;
};

static struct berth_host *host_new(const char *name, unsigned n_sockets)
{
	struct berth_host_config config;
	struct berth_host *host;
	struct berth_socket_address any = {.port = 0};

	assert_int_equal(berth_host_config_real(&config), 0);
	snprintf(config.name, sizeof(config.name), "%s", name);
	assert_int_equal(berth_host_new(&config, &host), 0);
	for (unsigned i = 0; i < n_sockets; i++) {
		int fd = berth_socket(host, BERTH_IP4, BERTH_DATAGRAM);

		any.port = (uint16_t)(1000 + i);
		assert_int_equal(berth_bind(host, fd, &any), 0);
	}
	return host;
}

static struct published publish(const char *name, unsigned n_sockets)
{
	struct published p = {.loop = berth_loop_new(), .host = host_new(name, n_sockets)};

	assert_non_null(p.loop);
	assert_int_equal(berth_control_new(p.loop, p.host, &p.control), 0);
	return p;
}

static void published_free(struct published *p)
{
	berth_control_free(p->control);
	berth_host_free(p->host);
	berth_loop_free(p->loop);
}

static int reader_connect(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)address, sizeof(*address)), 0);
	return fd;
}

static void rounds(struct published *p, unsigned n)
{
	while (n--)
		assert_int_equal(berth_loop_once(p->loop, 0), 0);
}

/* Reads all that comes, with the loop's help, until the end. Bytes read. *text, when not NULL, is what they were. */
static size_t read_all(struct published *p, int fd, char *text, size_t room)
{
	static char spare[65536];
	size_t n_all = 0;

	for (unsigned idle = 0; idle < 1000;) {
		bool fits = text && n_all + 1 < room;
		ssize_t n = read(fd, fits ? text + n_all : spare, fits ? room - n_all - 1 : sizeof(spare));

		if (!n)
			break;
		idle = n < 0 ? idle + 1 : 0;
		n_all += n < 0 ? 0 : (size_t)n;
		rounds(p, 1);
	}
	if (text)
		text[n_all < room ? n_all : room - 1] = 0;
	return n_all;
}

static void test_what_is_sent(void **state)
{
	struct place place = place_new();
	struct published p = publish("web server/1", 2);
	struct sockaddr_un address = address_of(&place, "web_server_1", getpid());
	char text[65536], head[128];
	struct stat st;
	int fd;

	assert_int_equal(stat(place.directory, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(address.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	fd = reader_connect(&address);
	read_all(&p, fd, text, sizeof(text));
	snprintf(head, sizeof(head), "berth-snapshot 1 host=web%%20server/1 pid=%ld\n", (long)getpid());
	assert_memory_equal(text, head, strlen(head));
	assert_non_null(strstr(text, "\ninterface index=0 name=lo up=1 hop_limit=64 mtu=65535\n"));
	assert_non_null(strstr(text, "\naddress index=0 interface=lo address=127.0.0.1/8 state=preferred "
				     "origin=loopback\n"));
	assert_non_null(strstr(text, "\nroute index=0 interface=lo destination=127.0.0.0/8 origin=loopback\n"));
	assert_non_null(strstr(text, "\nsocket proto=udp fd=0 local=0.0.0.0:1000 foreign=0.0.0.0:0\n"));
	assert_non_null(strstr(text, "\nsocket proto=udp fd=1 local=0.0.0.0:1001 foreign=0.0.0.0:0\n"));
	assert_non_null(strstr(text, "\ncounter "));
	assert_string_equal(text + strlen(text) - 5, "\nend\n");
	close(fd);
	published_free(&p);
	assert_false(exists(&address));
	place_end(&place);
}

/* A reader that never reads holds up neither the others nor the loop, and is let go. */
static void test_slow_reader(void **state)
{
	struct place place = place_new();
	struct published p = publish("slow", 20000);
	struct sockaddr_un address = address_of(&place, "slow", getpid());
	int slow = reader_connect(&address), quick;
	berth_time begun = berth_clock_now();
	struct pollfd waits = {.fd = slow};
	char text[1024];

	rounds(&p, 50);
	quick = reader_connect(&address);
	assert_true(read_all(&p, quick, NULL, 0) > 20000 * 40);
	close(quick);
	/* The loop sleeps until the alarm that lets go of it. */
	while (!poll(&waits, 1, 0))
		assert_int_equal(berth_loop_once(p.loop, BERTH_NEVER), 0);
	assert_true(berth_clock_now() - begun >= UINT64_C(5000000000));
	assert_true(read_all(&p, slow, text, sizeof(text)) < 20000 * 40); /* cut short */
	close(slow);
	published_free(&p);
	place_end(&place);
}

static void test_reader_leaves(void **state)
{
	struct place place = place_new();
	struct published p = publish("left", 20000);
	struct sockaddr_un address = address_of(&place, "left", getpid());

	for (unsigned i = 0; i < 50; i++) {
		int fd = reader_connect(&address);

		rounds(&p, i % 4);
		close(fd);
		rounds(&p, 1);
	}
	/* With one still there when the control goes. */
	reader_connect(&address);
	rounds(&p, 2);
	published_free(&p);
	place_end(&place);
}

static void test_readers_are_capped(void **state)
{
	struct place place = place_new();
	struct published p = publish("cap", 20000);
	struct sockaddr_un address = address_of(&place, "cap", getpid());
	int fds[20];
	unsigned n_refused = 0;
	char byte;

	for (unsigned i = 0; i < 20; i++) {
		fds[i] = reader_connect(&address);
		rounds(&p, 3);
	}
	for (unsigned i = 0; i < 20; i++) {
		ssize_t n = read(fds[i], &byte, 1);

		n_refused += n == 0;
		assert_true(n == 0 || n == 1);
		close(fds[i]);
	}
	assert_int_equal(n_refused, 4);
	rounds(&p, 3);
	fds[0] = reader_connect(&address);
	assert_true(read_all(&p, fds[0], NULL, 0) > 0);
	close(fds[0]);
	published_free(&p);
	place_end(&place);
}

/* Without a descriptor to accept with, the loop does not spin. */
static void test_no_descriptors(void **state)
{
	struct place place = place_new();
	struct published p = publish("full", 1);
	struct sockaddr_un address = address_of(&place, "full", getpid());
	int fd = reader_connect(&address);
	struct rlimit old, none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = (rlim_t)fd + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	rounds(&p, 2);
	/* Were the socket still watched, this would come back at once, for ever. */
	assert_int_equal(berth_loop_once(p.loop, berth_clock_now() + 1000000), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(berth_loop_once(p.loop, BERTH_NEVER), 0); /* the alarm that tries again */
	assert_true(read_all(&p, fd, NULL, 0) > 0);
	close(fd);
	published_free(&p);
	place_end(&place);
}

/* ---- the directory and the path ---- */

static int publish_error(const char *name)
{
	struct berth_loop *loop = berth_loop_new();
	struct berth_host *host = host_new(name, 0);
	struct berth_control *control = NULL;
	int error = berth_control_new(loop, host, &control);

	berth_control_free(control);
	berth_host_free(host);
	berth_loop_free(loop);
	return error;
}

static void test_directory(void **state)
{
	struct place place = place_new();
	char small[4], other[64];

	assert_int_equal(berth_control_directory(small, sizeof(small)), BERTH_EOVERFLOW);
	assert_int_equal(mkdir(place.directory, 0755), 0);
	assert_int_equal(chmod(place.directory, 0755), 0);
	assert_int_equal(publish_error("x"), BERTH_EACCES); /* others may enter */
	assert_int_equal(berth_control_read(place.directory, NULL, NULL), BERTH_EACCES);
	assert_int_equal(rmdir(place.directory), 0);
	snprintf(other, sizeof(other), "%s/other", place.runtime);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(symlink(other, place.directory), 0);
	assert_int_equal(publish_error("x"), BERTH_EACCES); /* not the directory itself */
	assert_int_equal(unlink(place.directory), 0);
	assert_int_equal(publish_error("x"), 0);
	assert_int_equal(publish_error(""), 0);
	assert_int_equal(publish_error("../../etc"), 0);
	place_end(&place);
}

static void test_long_path(void **state)
{
	struct place place = place_new();
	char deep[160];

	snprintf(deep, sizeof(deep), "%s/%0100d", place.runtime, 0);
	assert_int_equal(mkdir(deep, 0700), 0);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", deep, 1), 0);
	assert_int_equal(publish_error("x"), BERTH_EOVERFLOW);
	place_end(&place);
}

static void test_same_name_twice(void **state)
{
	struct place place = place_new();
	struct published p = publish("twin", 0);

	assert_int_equal(publish_error("twin"), BERTH_EADDRINUSE);
	assert_int_equal(publish_error("other"), 0);
	published_free(&p);
	assert_int_equal(publish_error("twin"), 0);
	place_end(&place);
}

/* A PID that no process has: that of a child that is gone. */
static long dead_pid(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

static void test_stale_sockets(void **state)
{
	struct place place = place_new();
	struct sockaddr_un dead, other, alive, own = address_of(&place, "name", getpid());
	int fd;

	assert_int_equal(mkdir(place.directory, 0700), 0);
	dead = address_of(&place, "name", dead_pid());
	other = address_of(&place, "name.x", dead_pid());
	alive = address_of(&place, "name",
			   dead_pid() + 1000000); /* no process, but somebody listens: another namespace */
	close(listen_at(&dead));
	close(listen_at(&other));
	close(listen_at(&own)); /* an earlier process had our PID */
	fd = listen_at(&alive);
	assert_int_equal(publish_error("name"), 0);
	assert_false(exists(&dead));
	assert_true(exists(&other));
	assert_true(exists(&alive));
	close(fd);
	place_end(&place);
}

/* ---- reading ---- */

struct seen {
	unsigned n_heads, n_sockets, n_counters, n_ends;
	int error; /* the last */
	unsigned n_errors;
	char host[BERTH_HOST_NAME_MAX];
};

static void see(void *user, const char *path, int kind, const struct berth_snapshot_item *item)
{
	struct seen *seen = user;

	assert_non_null(strstr(path, ".sock"));
	assert_true((kind < 0) == (item == NULL));
	if (kind < 0) {
		seen->error = kind;
		seen->n_errors++;
	}
	seen->n_heads += kind == BERTH_SNAPSHOT_HEAD;
	seen->n_sockets += kind == BERTH_SNAPSHOT_SOCKET;
	seen->n_counters += kind == BERTH_SNAPSHOT_COUNTER;
	seen->n_ends += kind == BERTH_SNAPSHOT_END;
	if (kind == BERTH_SNAPSHOT_HEAD)
		memcpy(seen->host, item->head.host, sizeof(seen->host));
}

/* A child that serves until it is killed; returns when it listens. */
static pid_t child_publish(const char *name, unsigned n_sockets)
{
	int fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		struct published p = publish(name, n_sockets);

		if (write(fds[1], "x", 1) == 1)
			berth_loop_run(p.loop);
		_exit(1);
	}
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	close(fds[1]);
	return pid;
}

static void child_end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_read_hosts(void **state)
{
	struct place place = place_new();
	struct seen seen = {0};
	pid_t a, b;

	assert_int_equal(berth_control_read(place.directory, see, &seen), 0); /* no directory: no hosts */
	a = child_publish("a", 5000);
	b = child_publish("b c", 3);
	assert_int_equal(berth_control_read(place.directory, see, &seen), 2);
	assert_int_equal(seen.n_heads, 2);
	assert_int_equal(seen.n_sockets, 5003);
	assert_true(seen.n_counters > 10);
	assert_int_equal(seen.n_ends, 2);
	assert_int_equal(seen.n_errors, 0);
	assert_string_equal(seen.host, "b c"); /* in the order of names */
	child_end(b);
	seen = (struct seen){0};
	assert_int_equal(berth_control_read(place.directory, see, &seen), 1); /* what b left is skipped */
	assert_int_equal(seen.n_errors, 0);
	child_end(a);
	place_end(&place);
}

#define HEAD "berth-snapshot 1 host=a pid=1\n"

struct answer {
	const char *text;
	size_t n;
	int error;
	unsigned n_heads;
};

#define TEXT(t) t, sizeof(t) - 1

static const struct answer answers[] = {
	{TEXT(HEAD "end\n"), 0, 1},
	{TEXT(HEAD "later x=1\nend\n"), 0, 1},
	{TEXT(HEAD), BERTH_ECONNRESET, 1},
	{TEXT(HEAD "end"), BERTH_ECONNRESET, 1},
	{TEXT(""), BERTH_ECONNRESET, 0},
	{TEXT("end\n"), BERTH_EPROTO, 0},
	{TEXT("HTTP/1.1 200 OK\r\n"), BERTH_EPROTO, 0},
	{TEXT("berth-snapshot 2 x\nend\n"), BERTH_EPROTONOSUPPORT, 0},
	{TEXT(HEAD HEAD "end\n"), BERTH_EPROTO, 1},
	{TEXT(HEAD "end\nend\n"), BERTH_EPROTO, 1},
	{TEXT(HEAD "end\0x\n"), BERTH_EPROTO, 1},
	{TEXT(HEAD "socket\n"), BERTH_EPROTO, 1},
};

/* A child that gives one answer and, when it `hangs`, does not hang up. */
static pid_t child_answer(const struct place *place, const char *text, size_t n, bool hangs)
{
	struct sockaddr_un address = address_of(place, "fake", getpid());
	int fd;
	pid_t pid;

	mkdir(place->directory, 0700);
	unlink(address.sun_path);
	fd = listen_at(&address);
	pid = fork();
	if (!pid) {
		int peer = accept(fd, NULL, NULL);

		if (write(peer, text, n) == (ssize_t)n && hangs)
			pause();
		_exit(0);
	}
	close(fd);
	return pid;
}

static void test_read_answers(void **state)
{
	struct place place = place_new();

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer *a = &answers[i];
		pid_t pid = child_answer(&place, a->text, a->n, false);
		struct seen seen = {0};

		assert_int_equal(berth_control_read(place.directory, see, &seen), a->error ? 0 : 1);
		if (seen.error != a->error || seen.n_heads != a->n_heads || seen.n_errors != (a->error != 0))
			fail_msg("\"%s\": %d", a->text, seen.error);
		child_end(pid);
	}
	place_end(&place);
}

/* A line without an end does not fill the memory, and a host that says nothing does not keep us for ever. */
static void test_read_endless(void **state)
{
	struct place place = place_new();
	static char endless[4000];
	struct seen seen = {0};
	pid_t pid;

	memset(endless, 'a', sizeof(endless));
	pid = child_answer(&place, endless, sizeof(endless), true);
	assert_int_equal(berth_control_read(place.directory, see, &seen), 0);
	assert_int_equal(seen.error, BERTH_EPROTO);
	child_end(pid);
	pid = child_answer(&place, TEXT(HEAD), true);
	assert_int_equal(berth_control_read(place.directory, see, &seen), 0);
	assert_int_equal(seen.error, BERTH_ETIMEDOUT);
	child_end(pid);
	place_end(&place);
}

/* What only looks like a socket. */
static void test_read_not_sockets(void **state)
{
	struct place place = place_new();
	struct seen seen = {0};
	char path[96];
	int fd;

	assert_int_equal(mkdir(place.directory, 0700), 0);
	snprintf(path, sizeof(path), "%s/file.1.sock", place.directory);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(berth_control_read(place.directory, see, &seen), 0);
	assert_int_equal(seen.error, BERTH_EACCES);
	assert_int_equal(seen.n_errors, 1);
	place_end(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_sent),     cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_reader_leaves),    cmocka_unit_test(test_readers_are_capped),
		cmocka_unit_test(test_no_descriptors),   cmocka_unit_test(test_directory),
		cmocka_unit_test(test_long_path),        cmocka_unit_test(test_same_name_twice),
		cmocka_unit_test(test_stale_sockets),    cmocka_unit_test(test_read_hosts),
		cmocka_unit_test(test_read_answers),     cmocka_unit_test(test_read_endless),
		cmocka_unit_test(test_read_not_sockets),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
