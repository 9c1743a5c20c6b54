/* A host on a TAP device, in an event loop, with programs of the kernel's TCP at the other end: every byte arrives,
 * with the kernel's offloads and in software, through a capture, and over a wire that loses. Skipped as test_tap is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <berth/platform.h>
#include <berth/socket.h>

#include "families.h"
#include "tap_bed.h"

#define TOTAL (4u << 20)
#define PORT 7
#define CHUNK 65536

static uint8_t byte_at(size_t i)
{
	return (uint8_t)(i * 7 + (i >> 9) * 13);
}

/* ---- the kernel's side, in a child process ---- */

/* Sends TOTAL bytes and reads as many, at once. true: they were the same. */
static bool echo_through(int fd)
{
	static uint8_t out[CHUNK], in[CHUNK];
	size_t n_out = 0, n_in = 0;

	while (n_in < TOTAL) {
		struct pollfd waits = {.fd = fd, .events = (short)(POLLIN | (n_out < TOTAL ? POLLOUT : 0))};
		ssize_t n;

		if (poll(&waits, 1, 20000) != 1)
			return false;
		if (waits.revents & POLLOUT) {
			size_t want = TOTAL - n_out < CHUNK ? TOTAL - n_out : CHUNK;

			for (size_t i = 0; i < want; i++)
				out[i] = byte_at(n_out + i);
			n = send(fd, out, want, MSG_DONTWAIT);
			n_out += n > 0 ? (size_t)n : 0;
		}
		n = recv(fd, in, sizeof(in), MSG_DONTWAIT);
		if (!n)
			return false;
		for (ssize_t i = 0; i < n; i++)
			if (in[i] != byte_at(n_in + (size_t)i))
				return false;
		n_in += n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* The child's exit status is the answer; its end of the pipe closes with it. */
static pid_t kernel_client(uint8_t family)
{
	struct bed_name server = name_of(family, TEST, PORT);
	pid_t pid = fork();
	int fd;

	assert_true(pid >= 0);
	if (pid)
		return pid;
	fd = socket(kernel_family(family), SOCK_STREAM, 0);
	if (connect(fd, &server.any, server.len))
		_exit(2);
	_exit(echo_through(fd) ? 0 : 1);
}

/* ---- the host's side: an echo ---- */

struct echo {
	struct berth_loop *loop;
	struct berth_host *host;
	struct berth_link *link;
	int listener, connection;
	uint8_t held[CHUNK]; /* received and not yet sent back */
	size_t off, len;
};

/* Sends back what was held, then what comes, until either way is stuck. */
static void echo_move(struct echo *echo)
{
	for (;;) {
		long n;

		while (echo->off < echo->len) {
			n = berth_send(echo->host, echo->connection, echo->held + echo->off, echo->len - echo->off, 0);
			if (n <= 0)
				return;
			echo->off += (size_t)n;
		}
		n = berth_recv(echo->host, echo->connection, echo->held, sizeof(echo->held), 0);
		if (n <= 0)
			return;
		echo->off = 0;
		echo->len = (size_t)n;
	}
}

static void echo_event(void *user, struct berth_host *host, const struct berth_event *event)
{
	struct echo *echo = user;

	if (event->descriptor == echo->listener)
		echo->connection = berth_accept(host, echo->listener, NULL);
	if (echo->connection >= 0)
		echo_move(echo);
}

static void child_over(void *user, unsigned ready)
{
	berth_loop_stop(((struct echo *)user)->loop);
}

static void host_begin(struct echo *echo, uint8_t family)
{
	struct berth_host_config config;
	struct berth_interface_config interface;
	struct berth_address address = bed_address(family, TEST);
	struct berth_socket_address local = {.port = PORT};
	int number;

	assert_int_equal(berth_host_config_real(&config), 0);
	assert_int_equal(berth_host_new(&config, &echo->host), 0);
	berth_interface_config_default(&interface);
	snprintf(interface.name, sizeof(interface.name), "eth0");
	memcpy(interface.mac, mac_test, 6);
	interface.mtu = echo->link->mtu;
	interface.ms_dad = 0;
	interface.capabilities = echo->link->capabilities;
	number = berth_host_interface_add(echo->host, &interface);
	assert_true(number > 0);
	assert_int_equal(berth_host_address_add(echo->host, number, &address, family == BERTH_IP6 ? 64 : 24), 0);
	echo->listener = berth_socket(echo->host, family, BERTH_STREAM);
	assert_int_equal(berth_bind(echo->host, echo->listener, &local), 0);
	assert_int_equal(berth_listen(echo->host, echo->listener, 5), 0);
	echo->loop = berth_loop_new();
	assert_int_equal(berth_loop_attach(echo->loop, echo->host, number, echo->link, echo_event, echo), 0);
}

/* Echoes to a client of the kernel's until that has ended, and holds its answer. Takes the link. */
static void echo_run(uint8_t family, struct berth_link *link)
{
	struct echo *echo = calloc(1, sizeof(*echo));
	int pipes[2], status;
	pid_t pid;

	assert_non_null(echo);
	echo->link = link;
	echo->connection = -1;
	host_begin(echo, family);
	assert_int_equal(pipe(pipes), 0);
	pid = kernel_client(family);
	close(pipes[1]);
	assert_int_equal(berth_loop_watch(echo->loop, pipes[0], 0, child_over, echo), 0);
	assert_int_equal(berth_loop_run(echo->loop), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(pipes[0]);
	berth_loop_detach(echo->loop, echo->host);
	berth_loop_free(echo->loop);
	berth_host_free(echo->host);
	berth_link_free(echo->link);
	free(echo);
}

static struct berth_link *tap_open(bool offload)
{
	struct berth_tap_config config;
	struct berth_link *link;
	uint8_t mac[6];

	berth_tap_config_default(&config);
	snprintf(config.name, sizeof(config.name), DEVICE);
	config.offload = offload;
	assert_int_equal(berth_link_tap(&config, &link), 0);
	device_up(mac, false);
	return link;
}

static struct berth_link *wired(struct berth_link *link, const char *spec)
{
	struct berth_wire_config config;

	assert_int_equal(berth_wire_parse(spec, &config, NULL, NULL), 0);
	assert_int_equal(berth_link_wire(link, &config, berth_memory_libc(), &link), 0);
	return link;
}

static struct berth_link *offloaded(struct berth_link *link)
{
	assert_int_equal(berth_link_offload(link, berth_memory_libc(), &link), 0);
	return link;
}

static void test_kernel_offload(void **state)
{
	echo_run(family_of(state), tap_open(true));
}

static void test_no_offload(void **state)
{
	echo_run(family_of(state), tap_open(false));
}

static void test_software_offload(void **state)
{
	echo_run(family_of(state), offloaded(tap_open(false)));
}

/* The wire makes a cable of a device that coalesces. */
static void test_wire_that_loses(void **state)
{
	echo_run(family_of(state), wired(tap_open(true), "delay=1ms,loss=1%,seed=3"));
	echo_run(family_of(state),
		 offloaded(wired(tap_open(true), "delay=1ms,jitter=1ms,loss=0.5%,duplicate=1%,corrupt=0.5%,seed=4")));
}

static void test_capture(void **state)
{
	char path[] = "/tmp/berth-tap-XXXXXX";
	struct berth_link *link;
	int fd = mkstemp(path);
	int error = berth_link_capture(tap_open(true), path, &link);

	assert_true(fd >= 0);
	if (!error)
		echo_run(family_of(state), offloaded(link));
	else
		assert_int_equal(error, BERTH_EPROTONOSUPPORT);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH_FAMILIES(test_kernel_offload),   IN_BOTH_FAMILIES(test_no_offload),
		IN_BOTH_FAMILIES(test_software_offload), IN_BOTH_FAMILIES(test_wire_that_loses),
		IN_BOTH_FAMILIES(test_capture),
	};

	signal(SIGPIPE, SIG_IGN);
	if (!bed_possible())
		return SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
