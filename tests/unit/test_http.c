/* The HTTP service against clients that are slow, silent or too many: two hosts on a cable in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "http.h"

#define NS_MS 1000000ull
#define NS_SHORT (50 * NS_MS)
#define NS_LONG (3600ull * 1000 * NS_MS)
/* What has to happen happens within this, however slow the machine. */
#define NS_PATIENCE (60000 * NS_MS)
#define FILE_SIZE 3000000

struct fixture {
	struct berth_loop *loop;
	struct berth_host *server_host, *client_host;
	struct berth_link *server_link, *client_link;
	struct http_config config;
	struct http_server *server;
	char directory[64], file[80];
	uint8_t buffer[65536];
};

static struct berth_host *add_host(struct fixture *f, struct berth_link *link, uint8_t last)
{
	struct berth_host_config config;
	struct berth_interface_config interface;
	struct berth_address address = berth_ip4(10, 0, 0, last);
	struct berth_host *host;

	assert_int_equal(berth_host_config_real(&config), 0);
	assert_int_equal(berth_host_new(&config, &host), 0);
	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth0");
	memcpy(interface.mac, (uint8_t[6]){2, 0, 0, 0, 0, last}, 6);
	interface.mtu = link->mtu;
	interface.capabilities = link->capabilities;
	int number = berth_host_interface_add(host, &interface);
	assert_true(number > 0);
	assert_int_equal(berth_host_address_add(host, number, &address, 24), 0);
	assert_int_equal(berth_loop_attach(f->loop, host, number, link, NULL, NULL), 0);
	return host;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct berth_memory_pair_config pair;

	strcpy(f->directory, "/tmp/berth-test-http.XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->file, sizeof(f->file), "%s/file", f->directory);
	FILE *out = fopen(f->file, "w");
	assert_non_null(out);
	assert_int_equal(ftruncate(fileno(out), FILE_SIZE), 0);
	fclose(out);

	f->loop = berth_loop_new();
	berth_memory_pair_config_default(&pair);
	pair.capabilities = BERTH_LINK_CHECKSUM | BERTH_LINK_SEGMENT;
	assert_int_equal(berth_link_memory_pair(&pair, &f->server_link, &f->client_link), 0);
	f->server_host = add_host(f, f->server_link, 1);
	f->client_host = add_host(f, f->client_link, 2);

	http_config_default(&f->config);
	f->config.host = f->server_host;
	f->config.loop = f->loop;
	f->config.local.port = 80;
	f->config.root = f->directory;
	f->config.ns_idle = f->config.ns_request = f->config.ns_stall = NS_LONG;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	http_server_free(f->server);
	berth_loop_detach(f->loop, f->server_host);
	berth_loop_detach(f->loop, f->client_host);
	berth_loop_free(f->loop);
	berth_host_free(f->server_host);
	berth_host_free(f->client_host);
	berth_link_free(f->server_link);
	berth_link_free(f->client_link);
	unlink(f->file);
	rmdir(f->directory);
	free(f);
	return 0;
}

static void begin(struct fixture *f)
{
	assert_int_equal(http_server_new(&f->config, &f->server), 0);
}

/* One round of the loop. */
static void turn(struct fixture *f)
{
	assert_int_equal(berth_loop_once(f->loop, berth_clock_now() + 10 * NS_MS), 0);
}

static void wait_until(struct fixture *f, int descriptor, int ready)
{
	berth_time end = berth_clock_now() + NS_PATIENCE;

	while (!(berth_ready(f->client_host, descriptor) & ready)) {
		assert_true(berth_clock_now() < end);
		turn(f);
	}
}

static int connect_to(struct fixture *f)
{
	struct berth_socket_address server = {berth_ip4(10, 0, 0, 1), 80};
	int descriptor = berth_socket(f->client_host, BERTH_IP4, BERTH_STREAM);

	assert_true(descriptor >= 0);
	assert_int_equal(berth_connect(f->client_host, descriptor, &server), BERTH_EINPROGRESS);
	wait_until(f, descriptor, BERTH_WRITABLE);
	return descriptor;
}

static void say(struct fixture *f, int descriptor, const char *text)
{
	assert_int_equal(berth_send(f->client_host, descriptor, text, strlen(text), 0), strlen(text));
}

/* Reads to the end: how many bytes, or the error that ended it. The first of them stay in the buffer. */
static long read_all(struct fixture *f, int descriptor)
{
	long total = 0;

	for (;;) {
		uint8_t *to =
			total < (long)sizeof(f->buffer) / 2 ? f->buffer + total : f->buffer + sizeof(f->buffer) / 2;
		long n = berth_recv(f->client_host, descriptor, to, sizeof(f->buffer) / 2, 0);
		if (n == BERTH_EAGAIN) {
			wait_until(f, descriptor, BERTH_READABLE | BERTH_FAILED);
			continue;
		}
		if (n <= 0) {
			berth_close(f->client_host, descriptor);
			return n < 0 ? n : total;
		}
		total += n;
	}
}

static void expect_status(struct fixture *f, int descriptor, const char *line)
{
	memset(f->buffer, 0, 64);
	assert_true(read_all(f, descriptor) > 0);
	assert_memory_equal(f->buffer, line, strlen(line));
}

static const char get_close[] = "GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
static const char get[] = "GET /file HTTP/1.1\r\nHost: x\r\n\r\n";

static void test_whole_file(void **state)
{
	struct fixture *f = *state;

	begin(f);
	for (int i = 0; i < 3; i++) {
		int d = connect_to(f);
		say(f, d, get_close);
		assert_true(read_all(f, d) > FILE_SIZE);
	}
}

static void test_idle_connection_ends(void **state)
{
	struct fixture *f = *state;

	f->config.ns_idle = NS_SHORT;
	begin(f);
	assert_int_equal(read_all(f, connect_to(f)), 0);
}

static void test_slow_request_is_408(void **state)
{
	struct fixture *f = *state;

	f->config.ns_request = NS_SHORT;
	begin(f);
	int d = connect_to(f);
	say(f, d, "GET /fi");
	expect_status(f, d, "HTTP/1.1 408 Request Timeout\r\n");
}

static void test_standing_answer_is_reset(void **state)
{
	struct fixture *f = *state;

	f->config.ns_stall = NS_SHORT;
	begin(f);
	int d = connect_to(f);
	say(f, d, get);
	/* Nothing is read, so the window closes and the answer stands; the reset comes behind what is queued. */
	wait_until(f, d, BERTH_FAILED | BERTH_HANGUP);
	assert_int_equal(read_all(f, d), BERTH_ECONNRESET);
}

static void test_file_that_shrinks_is_no_whole_answer(void **state)
{
	struct fixture *f = *state;

	begin(f);
	int d = connect_to(f);
	say(f, d, get_close);
	wait_until(f, d, BERTH_READABLE);
	assert_int_equal(truncate(f->file, 1000), 0);
	assert_int_equal(read_all(f, d), BERTH_ECONNRESET);
}

static void test_idle_ones_make_room(void **state)
{
	struct fixture *f = *state;

	f->config.n_connections_max = 2;
	begin(f);
	int idle = connect_to(f), other = connect_to(f);
	for (int i = 0; i < 3; i++)
		turn(f);
	int d = connect_to(f);
	say(f, d, get_close);
	assert_true(read_all(f, d) > FILE_SIZE);
	/* The one that waited longest had to go, the other is as it was. */
	assert_int_equal(read_all(f, idle), 0);
	say(f, other, get_close);
	assert_true(read_all(f, other) > FILE_SIZE);
}

static void test_busy_ones_are_waited_for(void **state)
{
	struct fixture *f = *state;

	f->config.n_connections_max = 1;
	begin(f);
	int busy = connect_to(f);
	say(f, busy, get_close);
	wait_until(f, busy, BERTH_READABLE);
	int waiting = connect_to(f);
	say(f, waiting, get_close);
	for (int i = 0; i < 10; i++)
		turn(f);
	assert_false(berth_ready(f->client_host, waiting) & BERTH_READABLE);
	assert_true(read_all(f, busy) > FILE_SIZE);
	assert_true(read_all(f, waiting) > FILE_SIZE);
}

static void test_free_with_connections(void **state)
{
	struct fixture *f = *state;

	begin(f);
	int busy = connect_to(f), idle = connect_to(f);
	say(f, busy, get);
	wait_until(f, busy, BERTH_READABLE);
	f->server = http_server_free(f->server);
	/* What was queued still comes; it is less than the file. */
	assert_in_range(read_all(f, busy), 1, FILE_SIZE);
	assert_int_equal(read_all(f, idle), 0);
}

static void test_no_directory(void **state)
{
	struct fixture *f = *state;

	f->config.root = "/nonexistent";
	assert_int_equal(http_server_new(&f->config, &f->server), BERTH_ENOENT);
	f->config.root = f->file;
	assert_int_equal(http_server_new(&f->config, &f->server), BERTH_EINVAL);
	f->config.root = f->directory;
	begin(f);
	struct http_server *second = NULL;
	assert_int_equal(http_server_new(&f->config, &second), BERTH_EADDRINUSE);
	assert_null(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle_connection_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow_request_is_408, setup, teardown),
		cmocka_unit_test_setup_teardown(test_standing_answer_is_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_that_shrinks_is_no_whole_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle_ones_make_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_busy_ones_are_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(test_free_with_connections, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_directory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
