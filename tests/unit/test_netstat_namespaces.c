/* Sockets of other network namespaces: one that a process holds, one that only a mount does, an empty one, and none
 * that is listed twice or left entered. Needs to make namespaces; skips where it may not. */
#include "source/census.h"
#include "source/source.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

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
	uint64_t ns;
};

static struct holder hold_what(int family, int type, uint16_t port, bool (*more)(uint16_t port))
{
	struct holder holder = {0};
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	holder.pid = fork();
	if (holder.pid == 0) {
		bool good = unshare(CLONE_NEWNET) == 0 && (!port || open_socket(family, type, port) >= 0) &&
			    (!more || more(port));
		uint64_t ns = good ? own_namespace() : 0;
		if (write(pipes[1], &ns, sizeof(ns)) == sizeof(ns))
			pause();
		_exit(0);
	}
	assert_true(holder.pid > 0);
	assert_int_equal(read(pipes[0], &holder.ns, sizeof(holder.ns)), sizeof(holder.ns));
	close(pipes[0]);
	close(pipes[1]);
	return holder;
}

static struct holder hold(int family, int type, uint16_t port)
{
	struct holder holder = hold_what(family, type, port, NULL);

	assert_true(holder.ns != 0);
	return holder;
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

static void let_go(struct holder holder)
{
	kill(holder.pid, SIGKILL);
	waitpid(holder.pid, NULL, 0);
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

/* Which families a namespace of its own has MPTCP's sockets of, before and after it has got one. */
static bool census_is_true(uint16_t port)
{
	uint8_t before = census_mptcp();

	return listen_mptcp(port) && (census_mptcp() & NETSTAT_IP6) && (before == 0 || before == NETSTAT_ALL_FAMILIES);
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

static void test_processes(void **state)
{
	struct namespaces *namespaces = namespaces_new();
	struct look look = {.only = 4711}, again = {.only = 4711};
	char name[32];

	assert_non_null(namespaces);
	int own = open_socket(AF_INET, SOCK_STREAM, 4711);
	assert_true(own >= 0);
	struct holder tcp = hold(AF_INET6, SOCK_STREAM, 4711), udp = hold(AF_INET, SOCK_DGRAM, 4711),
		      none = hold(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(run(namespaces, &look, &everything), 0);
	assert_int_equal(look.n, 3);
	/* The own namespace comes first, and has no name. */
	assert_true(look.seen[0].ns == own_namespace());
	assert_string_equal(look.seen[0].name, "");
	snprintf(name, sizeof(name), "pid:%d", (int)tcp.pid);
	assert_string_equal(find(&look, tcp.ns, NETSTAT_TCP, BERTH_IP6)->name, name);
	assert_non_null(find(&look, udp.ns, NETSTAT_UDP, BERTH_IP4));
	let_go(udp);
	let_go(none);
	/* What has gone is gone. */
	assert_int_equal(run(namespaces, &again, &everything), 0);
	assert_int_equal(again.n, 2);
	let_go(tcp);
	close(own);
	namespaces_free(namespaces);
}

static void test_the_request_is_kept_to(void **state)
{
	struct namespaces *namespaces = namespaces_new();
	struct look look = {.only = 4712}, stopped = {.only = 4712, .stop_after = 1};
	struct netstat_request request = everything;

	struct holder six = hold(AF_INET6, SOCK_STREAM, 4712), four = hold(AF_INET, SOCK_STREAM, 4712),
		      udp = hold(AF_INET, SOCK_DGRAM, 4712);
	request.protocols = NETSTAT_BIT(NETSTAT_TCP);
	request.families = NETSTAT_IP6;
	assert_int_equal(run(namespaces, &look, &request), 0);
	assert_int_equal(look.n, 1);
	assert_non_null(find(&look, six.ns, NETSTAT_TCP, BERTH_IP6));
	/* Who has seen enough is asked no more, and is back where he was (run looks). */
	assert_int_equal(run(namespaces, &stopped, &everything), 42);
	assert_int_equal(stopped.n, 1);
	let_go(six);
	let_go(four);
	let_go(udp);
	namespaces_free(namespaces);
}

/* Where there is more than listeners, all of it is listed. */
static void test_connections(void **state)
{
	struct namespaces *namespaces = namespaces_new();
	struct look look = {.only = 4714}, listeners = {.only = 4714};
	struct netstat_request request = everything;
	unsigned n_here = 0;

	struct holder holder = hold_what(AF_INET, SOCK_STREAM, 4714, connect_to);
	assert_true(holder.ns != 0);
	assert_int_equal(run(namespaces, &look, &everything), 0);
	for (size_t i = 0; i < look.n; i++)
		n_here += look.seen[i].ns == holder.ns;
	assert_int_equal(n_here, 2); /* the listener and what it has not accepted yet */
	request.states = NETSTAT_BIT(NETSTAT_STATE_ESTABLISHED);
	assert_int_equal(run(namespaces, &listeners, &request), 0);
	assert_non_null(find(&listeners, holder.ns, NETSTAT_TCP, BERTH_IP4));
	let_go(holder);
	namespaces_free(namespaces);
}

static void test_mptcp(void **state)
{
	struct namespaces *namespaces = namespaces_new();
	struct look look = {.only = 4716};

	struct holder holder = hold_what(AF_INET, SOCK_STREAM, 4715, listen_mptcp);
	if (!holder.ns) {
		namespaces_free(namespaces);
		skip();
	}
	assert_int_equal(run(namespaces, &look, &everything), 0);
	assert_non_null(find(&look, holder.ns, NETSTAT_MPTCP, BERTH_IP6));
	let_go(holder);
	holder = hold_what(AF_INET, SOCK_STREAM, 4717, census_is_true);
	assert_true(holder.ns != 0);
	let_go(holder);
	namespaces_free(namespaces);
}

/* A namespace without a process: only a mount keeps it, under a name of `ip netns`, or of somebody else's. */
static void test_mounts(void **state)
{
	struct namespaces *namespaces = namespaces_new();
	struct look look = {.only = 4713};
	char path[64];

	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("none", "/run", "tmpfs", 0, NULL) < 0)
		skip();
	assert_int_equal(mkdir("/run/netns", 0700), 0);
	struct holder one = hold(AF_INET, SOCK_STREAM, 4713), other = hold(AF_INET, SOCK_STREAM, 4713);
	static const char *const places[] = {"/run/netns/blue", "/run/other place"};
	for (size_t i = 0; i < 2; i++) {
		int fd = open(places[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		close(fd);
		snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)(i ? other.pid : one.pid));
		assert_int_equal(mount(path, places[i], NULL, MS_BIND, NULL), 0);
	}
	assert_int_equal(run(namespaces, &look, &everything), 0);
	assert_string_equal(find(&look, one.ns, NETSTAT_TCP, BERTH_IP4)->name, "blue");
	snprintf(path, sizeof(path), "pid:%d", (int)other.pid);
	assert_string_equal(find(&look, other.ns, NETSTAT_TCP, BERTH_IP4)->name, path);
	let_go(one);
	let_go(other);
	/* Their sockets are gone with them; the namespaces are not. */
	look = (struct look){.only = 4713};
	assert_int_equal(run(namespaces, &look, &everything), 0);
	assert_int_equal(look.n, 0);
	umount("/run");
	namespaces_free(namespaces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_processes),   cmocka_unit_test(test_the_request_is_kept_to),
		cmocka_unit_test(test_connections), cmocka_unit_test(test_mptcp),
		cmocka_unit_test(test_mounts),
	};

	if (!may_make_namespaces()) {
		printf("1..0 # SKIP may not make network namespaces here\n");
		return 0;
	}
	return cmocka_run_group_tests_name("netstat_namespaces", tests, NULL, NULL);
}
