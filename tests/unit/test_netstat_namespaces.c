/* Sockets of other network namespaces: one that a process holds, one that only a mount does, an empty one, and none
 * that is listed twice or left entered. Needs to make namespaces; skips where it may not. */
#include "source/census.h"
#include "source/source.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "not_here.h"
#include "own_processes.h"

enum {
	MOST = 64,
};

/* A socket as it was seen. */
struct seen {
	uint8_t protocol, family;
	uint16_t port;
	uint64_t ns;
	char name[64];
};

struct look {
	struct seen seen[MOST];
	size_t n;
	size_t stop_after; /* 0: never */
	uint64_t only;     /* this port */
	char warning[512];
};

static int on_row(void *user, struct netstat_row *row)
{
	struct look *look = user;

	if (look->n < MOST && row->local.port == look->only) {
		struct seen *seen = &look->seen[look->n++];
		*seen = (struct seen){.protocol = row->protocol,
				      .family = row->family,
				      .port = row->local.port,
				      .ns = row->ns->inode};
		snprintf(seen->name, sizeof(seen->name), "%s", row->ns->name);
	}
	return look->stop_after && look->n == look->stop_after ? 42 : 0;
}

static void on_warning(void *user, const char *text)
{
	struct look *look = user;

	snprintf(look->warning, sizeof(look->warning), "%s", text);
}

static uint64_t own_namespace(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/thread-self/ns/net", &st), 0);
	return st.st_ino;
}

/* A listener, or a UDP socket, at a port of all addresses. */
static int open_socket(int family, int type, uint16_t port)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in address4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	int r = family == AF_INET ? bind(fd, (struct sockaddr *)&address4, sizeof(address4))
				  : bind(fd, (struct sockaddr *)&address, sizeof(address));
	return r == 0 && (type == SOCK_DGRAM || listen(fd, 5) == 0) ? fd : -1;
}

/* A process in a namespace of its own, with a socket there. */
struct holder {
	pid_t pid;
	int ready; /* 0 or the namespace's inode can be read from it */
	uint64_t ns;
};

static void holder_begin(struct holder *holder, int family, int type, uint16_t port, bool (*more)(uint16_t port))
{
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	holder->pid = fork();
	if (holder->pid == 0) {
		bool good = unshare(CLONE_NEWNET) == 0 && (!port || open_socket(family, type, port) >= 0) &&
			    (!more || more(port));
		uint64_t ns = good ? own_namespace() : 0;
		if (write(pipes[1], &ns, sizeof(ns)) == sizeof(ns))
			pause();
		_exit(0);
	}
	assert_true(holder->pid > 0);
	holder->ready = pipes[0];
	close(pipes[1]);
}

static void holder_wait(struct holder *holder)
{
	assert_int_equal(read(holder->ready, &holder->ns, sizeof(holder->ns)), sizeof(holder->ns));
	close(holder->ready);
}

static bool set_up_loopback(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;

	if (fd >= 0)
		close(fd);
	return up;
}

static bool connect_to(uint16_t port)
{
	struct sockaddr_in address = {AF_INET, htons(port), {htonl(INADDR_LOOPBACK)}, {0}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return set_up_loopback() && fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static bool listen_mptcp(uint16_t port)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)(port + 1))};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);

	return fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 5) == 0;
}

/* Which families a namespace of its own has MPTCP's sockets of, before and after it has got one. */
static bool census_is_true(uint16_t port)
{
	uint8_t before = census_mptcp();

	return listen_mptcp(port) && (census_mptcp() & NETSTAT_IP6) && (before == 0 || before == NETSTAT_ALL_FAMILIES);
}

static void let_go(struct holder *holder)
{
	kill(holder->pid, SIGKILL);
	waitpid(holder->pid, NULL, 0);
	holder->pid = 0;
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

/* true: this process is in namespaces of its own and may make more. An ordinary user is root of a user namespace. */
static bool may_make_namespaces(void)
{
	char users[32], groups[32];

	snprintf(users, sizeof(users), "0 %u 1", geteuid());
	snprintf(groups, sizeof(groups), "0 %u 1", getegid());
	if (geteuid() == 0)
		return unshare(CLONE_NEWNET | CLONE_NEWNS) == 0;
	return unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) == 0 && write_file("/proc/self/setgroups", "deny") &&
	       write_file("/proc/self/uid_map", users) && write_file("/proc/self/gid_map", groups);
}

static const struct seen *find(const struct look *look, uint64_t ns, uint8_t protocol, uint8_t family)
{
	const struct seen *found = NULL;

	for (size_t i = 0; i < look->n; i++) {
		const struct seen *seen = &look->seen[i];
		if (seen->ns != ns || seen->protocol != protocol || seen->family != family)
			continue;
		assert_null(found); /* once */
		found = seen;
	}
	return found;
}

static const struct netstat_request everything = {
	.protocols = NETSTAT_ALL_PROTOCOLS & ~NETSTAT_BIT(NETSTAT_UNIX),
	.states = NETSTAT_ALL_STATES,
	.families = NETSTAT_ALL_FAMILIES,
	.warn = on_warning,
};

static int run(struct namespaces *namespaces, struct look *look, const struct netstat_request *base)
{
	struct netstat_request request = *base;
	uint64_t own = own_namespace();

	request.warn_user = look;
	int r = namespaces_rows(namespaces, &request, on_row, look);
	assert_true(own_namespace() == own);
	return r;
}

/* Namespaces take the kernel long to make and to end when it is busy, so the tests share these. */
enum { SIX, FOUR, UDP, EMPTY, CONNECTED, WITH_MPTCP, N_HOLDERS };
enum { PORT = 4711 };
static struct holder holders[N_HOLDERS];

static int holders_begin(void **state)
{
	(void)state;
	holder_begin(&holders[SIX], AF_INET6, SOCK_STREAM, PORT, NULL);
	holder_begin(&holders[FOUR], AF_INET, SOCK_STREAM, PORT, NULL);
	holder_begin(&holders[UDP], AF_INET, SOCK_DGRAM, PORT, NULL);
	holder_begin(&holders[EMPTY], AF_INET, SOCK_STREAM, 0, NULL);
	holder_begin(&holders[CONNECTED], AF_INET, SOCK_STREAM, 4714, connect_to);
	holder_begin(&holders[WITH_MPTCP], AF_INET, SOCK_STREAM, 4715, census_is_true);
	for (int i = 0; i < N_HOLDERS; i++)
		holder_wait(&holders[i]);
	for (int i = 0; i < WITH_MPTCP; i++)
		assert_true(holders[i].ns != 0);
	return 0;
}

static int holders_end(void **state)
{
	(void)state;
	for (int i = 0; i < N_HOLDERS; i++)
		if (holders[i].pid)
			let_go(&holders[i]);
	return 0;
}

static void test_processes(void **state)
{
	struct namespaces *namespaces = namespaces_new();
	struct look look = {.only = PORT};
	char name[32];

	assert_non_null(namespaces);
	int own = open_socket(AF_INET, SOCK_STREAM, PORT);
	assert_true(own >= 0);
	assert_int_equal(run(namespaces, &look, &everything), 0);
	assert_int_equal(look.n, 4);
	/* The own namespace comes first, and has no name. */
	assert_true(look.seen[0].ns == own_namespace());
	assert_string_equal(look.seen[0].name, "");
	snprintf(name, sizeof(name), "pid:%d", (int)holders[SIX].pid);
	assert_string_equal(find(&look, holders[SIX].ns, NETSTAT_TCP, BERTH_IP6)->name, name);
	assert_non_null(find(&look, holders[FOUR].ns, NETSTAT_TCP, BERTH_IP4));
	assert_non_null(find(&look, holders[UDP].ns, NETSTAT_UDP, BERTH_IP4));
	close(own);
	namespaces_free(namespaces);
}

static void test_the_request_is_kept_to(void **state)
{
	struct namespaces *namespaces = namespaces_new();
	struct look look = {.only = PORT}, stopped = {.only = PORT, .stop_after = 1};
	struct netstat_request request = everything;

	request.protocols = NETSTAT_BIT(NETSTAT_TCP);
	request.families = NETSTAT_IP6;
	assert_int_equal(run(namespaces, &look, &request), 0);
	assert_int_equal(look.n, 1);
	assert_non_null(find(&look, holders[SIX].ns, NETSTAT_TCP, BERTH_IP6));
	/* Who has seen enough is asked no more, and is back where he was (run looks). */
	assert_int_equal(run(namespaces, &stopped, &everything), 42);
	assert_int_equal(stopped.n, 1);
	namespaces_free(namespaces);
}

/* Where there is more than listeners, all of it is listed. */
static void test_connections(void **state)
{
	struct namespaces *namespaces = namespaces_new();
	struct look look = {.only = 4714}, connections = {.only = 4714};
	struct netstat_request request = everything;

	assert_int_equal(run(namespaces, &look, &everything), 0);
	assert_int_equal(look.n, 2); /* the listener and what it has not accepted yet */
	request.states = NETSTAT_BIT(NETSTAT_STATE_ESTABLISHED);
	assert_int_equal(run(namespaces, &connections, &request), 0);
	assert_int_equal(connections.n, 1);
	assert_non_null(find(&connections, holders[CONNECTED].ns, NETSTAT_TCP, BERTH_IP4));
	namespaces_free(namespaces);
}

static void test_mptcp(void **state)
{
	struct look look = {.only = 4716};

	if (!holders[WITH_MPTCP].ns)
		not_here("MPTCP");
	struct namespaces *namespaces = namespaces_new();
	assert_int_equal(run(namespaces, &look, &everything), 0);
	assert_non_null(find(&look, holders[WITH_MPTCP].ns, NETSTAT_MPTCP, BERTH_IP6));
	namespaces_free(namespaces);
}

static void mount_namespace(const struct holder *holder, const char *place)
{
	int fd = open(place, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	char path[64];

	assert_true(fd >= 0);
	close(fd);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)holder->pid);
	assert_int_equal(mount(path, place, NULL, MS_BIND, NULL), 0);
}

/* A namespace without a process: only a mount keeps it, under a name of `ip netns`, or of somebody else's. */
static void test_mounts(void **state)
{
	struct namespaces *namespaces = namespaces_new();
	struct look look = {.only = PORT}, again = {.only = PORT};
	char name[64];

	assert_int_equal(mkdir("/run/netns", 0700), 0);
	mount_namespace(&holders[SIX], "/run/netns/blue");
	mount_namespace(&holders[FOUR], "/run/other place");
	assert_int_equal(run(namespaces, &look, &everything), 0);
	assert_string_equal(find(&look, holders[SIX].ns, NETSTAT_TCP, BERTH_IP6)->name, "blue");
	snprintf(name, sizeof(name), "pid:%d", (int)holders[FOUR].pid);
	assert_string_equal(find(&look, holders[FOUR].ns, NETSTAT_TCP, BERTH_IP4)->name, name);
	/* Their sockets go with the processes; the namespaces do not. */
	let_go(&holders[SIX]);
	let_go(&holders[FOUR]);
	assert_int_equal(run(namespaces, &again, &everything), 0);
	assert_int_equal(again.n, 1);
	assert_non_null(find(&again, holders[UDP].ns, NETSTAT_UDP, BERTH_IP4));
	namespaces_free(namespaces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_processes),   cmocka_unit_test(test_the_request_is_kept_to),
		cmocka_unit_test(test_connections), unit_test_or_not_here(test_mptcp),
		cmocka_unit_test(test_mounts),
	};

	/* What is mounted in /run is not the machine's. */
	if (!may_make_namespaces() || !own_processes() || mount("none", "/run", "tmpfs", 0, NULL) < 0) {
		printf("1..0 # SKIP may not make network and PID namespaces here\n");
		return 0;
	}
	return cmocka_run_group_tests_name("netstat_namespaces", tests, holders_begin, holders_end);
}
