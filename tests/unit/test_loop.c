/* The event loop: descriptors, alarms, hosts on links, and callbacks that pull away what they stand on. Each test has
 * an alarm that ends it when nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <berth/platform.h>
#include <berth/socket.h>

#define MS UINT64_C(1000000)
#define GUARD (UINT64_C(20000) * MS)

static void guard_over(void *user)
{
	fail_msg("the loop went on for ever");
}

static struct berth_loop *loop_new(void)
{
	struct berth_loop *loop = berth_loop_new();

	assert_non_null(loop);
	assert_int_equal(berth_loop_at(loop, berth_clock_now() + GUARD, guard_over, NULL), 0);
	return loop;
}

/* ---- descriptors ---- */

/* A watched end of a socket pair. */
struct end {
	struct berth_loop *loop;
	int fd, peer;
	unsigned n_calls, ready;
	struct end *victim; /* unwatched and closed by the callback */
	bool stops;
};

static struct end end_new(struct berth_loop *loop)
{
	struct end end = {.loop = loop};
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	end.fd = fds[0];
	end.peer = fds[1];
	return end;
}

static void end_close(struct end *end)
{
	if (end->fd < 0)
		return;
	berth_loop_unwatch(end->loop, end->fd);
	close(end->fd);
	close(end->peer);
	end->fd = -1;
}

static void end_ready(void *user, unsigned ready)
{
	struct end *end = user;

	end->n_calls++;
	end->ready = ready;
	if (end->victim)
		end_close(end->victim);
	if (end->stops)
		berth_loop_stop(end->loop);
}

static void round_now(struct berth_loop *loop)
{
	assert_int_equal(berth_loop_once(loop, 0), 0);
}

static void test_watch_levels(void **state)
{
	struct berth_loop *loop = loop_new();
	struct end end = end_new(loop);
	char byte;

	assert_int_equal(berth_loop_watch(loop, end.fd, BERTH_READABLE, end_ready, &end), 0);
	round_now(loop);
	assert_int_equal(end.n_calls, 0);
	assert_int_equal(write(end.peer, "ab", 2), 2);
	round_now(loop);
	round_now(loop); /* by level: told again */
	assert_int_equal(end.n_calls, 2);
	assert_int_equal(end.ready, BERTH_READABLE);
	assert_int_equal(berth_loop_watch(loop, end.fd, BERTH_READABLE | BERTH_WRITABLE, end_ready, &end), 0);
	round_now(loop);
	assert_int_equal(end.ready, BERTH_READABLE | BERTH_WRITABLE);
	assert_int_equal(berth_loop_watch(loop, end.fd, 0, end_ready, &end), 0);
	round_now(loop);
	assert_int_equal(end.n_calls, 3);
	assert_int_equal(read(end.fd, &byte, 1), 1);
	close(end.peer);
	round_now(loop);
	assert_int_equal(end.n_calls, 4);
	assert_int_equal(end.ready, BERTH_HANGUP);
	end.peer = -1;
	end_close(&end);
	round_now(loop);
	assert_int_equal(end.n_calls, 4);
	berth_loop_free(loop);
}

static void test_watch_errors(void **state)
{
	struct berth_loop *loop = loop_new();
	struct end end = {.loop = loop};
	char path[] = "/tmp/berth-loop-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(berth_loop_watch(loop, fd, BERTH_READABLE, end_ready, &end), BERTH_EPERM);
	assert_int_equal(berth_loop_watch(loop, -1, BERTH_READABLE, end_ready, &end), BERTH_EIO);
	close(fd);
	unlink(path);
	assert_int_equal(berth_loop_watch(loop, fd, BERTH_READABLE, end_ready, &end), BERTH_EIO);
	berth_loop_unwatch(loop, fd);
	berth_loop_unwatch(loop, -1);
	berth_loop_unwatch(loop, 100000);
	berth_loop_free(loop);
}

/* Closed without a word to the loop, and its number given to another. */
static void test_watch_again_after_close(void **state)
{
	struct berth_loop *loop = loop_new();
	struct end end = end_new(loop), other;

	assert_int_equal(berth_loop_watch(loop, end.fd, BERTH_READABLE, end_ready, &end), 0);
	close(end.fd);
	close(end.peer);
	other = end_new(loop);
	assert_int_equal(other.fd, end.fd);
	assert_int_equal(berth_loop_watch(loop, other.fd, BERTH_READABLE, end_ready, &other), 0);
	assert_int_equal(write(other.peer, "x", 1), 1);
	round_now(loop);
	assert_int_equal(other.n_calls, 1);
	assert_int_equal(end.n_calls, 0);
	end_close(&other);
	berth_loop_free(loop);
}

static void test_unwatch_itself_and_others(void **state)
{
	struct berth_loop *loop = loop_new();
	struct end ends[3];

	for (unsigned i = 0; i < 3; i++)
		ends[i] = end_new(loop);
	for (unsigned i = 0; i < 3; i++) {
		ends[i].victim = &ends[(i + 1) % 3]; /* whoever comes first pulls the next away */
		assert_int_equal(write(ends[i].peer, "x", 1), 1);
		assert_int_equal(berth_loop_watch(loop, ends[i].fd, BERTH_READABLE, end_ready, &ends[i]), 0);
	}
	ends[2].victim = &ends[2];
	round_now(loop);
	assert_int_equal(ends[0].n_calls + ends[1].n_calls + ends[2].n_calls, 2);
	round_now(loop);
	for (unsigned i = 0; i < 3; i++)
		end_close(&ends[i]);
	berth_loop_free(loop);
}

static void test_run_and_stop(void **state)
{
	struct berth_loop *loop = loop_new();
	struct end end = end_new(loop);

	end.stops = true;
	assert_int_equal(write(end.peer, "x", 1), 1);
	assert_int_equal(berth_loop_watch(loop, end.fd, BERTH_READABLE, end_ready, &end), 0);
	assert_int_equal(berth_loop_run(loop), 0);
	assert_int_equal(berth_loop_run(loop), 0); /* runs again */
	assert_int_equal(end.n_calls, 2);
	end_close(&end);
	berth_loop_free(loop);
}

/* ---- alarms ---- */

struct bell {
	struct berth_loop *loop;
	unsigned n_rung;
	char *log; /* where it writes its name */
	char name;
	struct bell *silences;
	bool again; /* sets itself for a time that has passed */
};

static void bell_ring(void *user)
{
	struct bell *bell = user;

	bell->n_rung++;
	if (bell->log) {
		size_t n = strlen(bell->log);

		bell->log[n] = bell->name;
		bell->log[n + 1] = 0;
	}
	if (bell->silences)
		berth_loop_at(bell->loop, BERTH_NEVER, bell_ring, bell->silences);
	if (bell->again)
		berth_loop_at(bell->loop, 1, bell_ring, bell);
}

static void test_alarms_in_order(void **state)
{
	struct berth_loop *loop = loop_new();
	char log[8] = "";
	struct bell a = {.loop = loop, .log = log, .name = 'a'}, b = a, c = a, d = a;
	berth_time now = berth_clock_now();

	b.name = 'b';
	c.name = 'c';
	d.name = 'd';
	assert_int_equal(berth_loop_at(loop, now + 3 * MS, bell_ring, &c), 0);
	assert_int_equal(berth_loop_at(loop, now + 1 * MS, bell_ring, &a), 0);
	assert_int_equal(berth_loop_at(loop, now + 1 * MS, bell_ring, &b), 0);
	assert_int_equal(berth_loop_at(loop, now + 1 * MS, bell_ring, &d), 0);
	assert_int_equal(berth_loop_at(loop, now + 4 * MS, bell_ring, &d), 0); /* moved */
	while (d.n_rung == 0)
		assert_int_equal(berth_loop_once(loop, BERTH_NEVER), 0);
	assert_string_equal(log, "abcd");
	assert_true(berth_loop_now(loop) >= now + 4 * MS);
	round_now(loop);
	assert_string_equal(log, "abcd"); /* once each */
	berth_loop_free(loop);
}

static void test_alarms_from_alarms(void **state)
{
	struct berth_loop *loop = loop_new();
	struct bell quiet = {.loop = loop}, first = {.loop = loop, .silences = &quiet, .again = true};

	assert_int_equal(berth_loop_at(loop, 1, bell_ring, &first), 0);
	assert_int_equal(berth_loop_at(loop, 2, bell_ring, &quiet), 0);
	round_now(loop);
	assert_int_equal(first.n_rung, 1); /* again, but in the next round */
	round_now(loop);
	assert_int_equal(first.n_rung, 2);
	assert_int_equal(quiet.n_rung, 0);
	assert_int_equal(berth_loop_at(loop, BERTH_NEVER, bell_ring, &first), 0);
	round_now(loop);
	assert_int_equal(first.n_rung, 2);
	berth_loop_free(loop);
}

static void test_waits_until(void **state)
{
	struct berth_loop *loop = loop_new();
	berth_time until = berth_clock_now() + 2 * MS + 345;

	assert_int_equal(berth_loop_once(loop, until), 0);
	assert_true(berth_clock_now() >= until);
	berth_loop_free(loop);
}

static void nested_ring(void *user)
{
	struct bell *bell = user;

	bell->n_rung++;
	round_now(bell->loop);
}

/* A round within a callback, in which something watched goes away that the outer round still has an event for. */
static void test_round_within_round(void **state)
{
	struct berth_loop *loop = loop_new();
	struct bell nested = {.loop = loop};
	struct end a = end_new(loop), b = end_new(loop);

	a.victim = &b;
	b.victim = &a;
	assert_int_equal(write(a.peer, "x", 1), 1);
	assert_int_equal(write(b.peer, "x", 1), 1);
	assert_int_equal(berth_loop_watch(loop, a.fd, BERTH_READABLE, end_ready, &a), 0);
	assert_int_equal(berth_loop_watch(loop, b.fd, BERTH_READABLE, end_ready, &b), 0);
	assert_int_equal(berth_loop_at(loop, 1, nested_ring, &nested), 0);
	round_now(loop);
	assert_int_equal(nested.n_rung, 1);
	assert_true((a.fd < 0) != (b.fd < 0));
	end_close(&a);
	end_close(&b);
	berth_loop_free(loop);
}

/* ---- hosts ---- */

static struct berth_host *host_new(const char *name)
{
	struct berth_host_config config;
	struct berth_host *host;

	assert_int_equal(berth_host_config_real(&config), 0);
	snprintf(config.name, sizeof(config.name), "%s", name);
	config.ms_msl = 1;
	assert_int_equal(berth_host_new(&config, &host), 0);
	assert_string_equal(berth_host_name(host), name);
	return host;
}

/* An interface of the host's: 10.0.NET.LAST/24. Its number. */
static int interface_new(struct berth_host *host, const struct berth_link *link, uint8_t net, uint8_t last)
{
	struct berth_interface_config config;
	struct berth_address address = berth_ip4(10, 0, net, last);
	const uint8_t mac[6] = {2, 0, 0, 0, net, last};
	int number;

	berth_interface_config_default(&config);
	snprintf(config.name, sizeof(config.name), "eth%u", net);
	memcpy(config.mac, mac, 6);
	config.mtu = link->mtu;
	config.capabilities = link->capabilities;
	number = berth_host_interface_add(host, &config);
	assert_true(number > 0);
	assert_int_equal(berth_host_address_add(host, number, &address, 24), 0);
	return number;
}

static struct berth_socket_address at(uint8_t net, uint8_t last, uint16_t port)
{
	return (struct berth_socket_address){berth_ip4(10, 0, net, last), port};
}

/* Two hosts on one loop and one cable. */
struct bed {
	struct berth_loop *loop;
	struct berth_link *links[2];
	struct berth_host *hosts[2];
	int sockets[2]; /* server's listener, client's connection */
	int accepted;
	size_t n_sent, n_total, n_got, n_echoed;
	unsigned n_events;
	bool frees; /* the server pulls itself away at its first event */
};

static void pair_new(struct berth_link **a, struct berth_link **b)
{
	struct berth_memory_pair_config config;

	berth_memory_pair_config_default(&config);
	assert_int_equal(berth_link_memory_pair(&config, a, b), 0);
}

/* Sends back what comes. */
static void server_event(void *user, struct berth_host *host, const struct berth_event *event)
{
	struct bed *bed = user;
	uint8_t data[8192];
	long n;

	bed->n_events++;
	if (bed->frees) {
		berth_loop_detach(bed->loop, host);
		bed->hosts[0] = berth_host_free(host);
		bed->links[0] = berth_link_free(bed->links[0]);
		return;
	}
	if (event->descriptor == bed->sockets[0] && bed->accepted < 0)
		bed->accepted = berth_accept(host, event->descriptor, NULL);
	if (bed->accepted < 0)
		return;
	while ((n = berth_recv(host, bed->accepted, data, sizeof(data), 0)) > 0) {
		bed->n_echoed += (size_t)n;
		assert_int_equal(berth_send(host, bed->accepted, data, (size_t)n, 0), n);
	}
}

static void client_event(void *user, struct berth_host *host, const struct berth_event *event)
{
	struct bed *bed = user;
	uint8_t data[8192];
	long n;

	/* No more than the buffers of both hosts hold, so that the server's send never falls short. */
	while (bed->n_sent < bed->n_total && bed->n_sent - bed->n_got < 65536) {
		n = berth_send(host, bed->sockets[1], data, sizeof(data), 0);
		if (n <= 0)
			break;
		bed->n_sent += (size_t)n;
	}
	while ((n = berth_recv(host, bed->sockets[1], data, sizeof(data), 0)) > 0)
		bed->n_got += (size_t)n;
	if (bed->n_got < bed->n_total && bed->n_sent < bed->n_total && bed->n_sent == bed->n_got)
		client_event(user, host, event);
	if (bed->n_got >= bed->n_total)
		berth_loop_stop(bed->loop);
}

static void bed_start(struct bed *bed, const char *wire)
{
	struct berth_socket_address server = at(1, 1, 80);

	bed->loop = loop_new();
	bed->accepted = -1;
	pair_new(&bed->links[0], &bed->links[1]);
	if (wire) {
		struct berth_wire_config config;

		assert_int_equal(berth_wire_parse(wire, &config, NULL, NULL), 0);
		assert_int_equal(berth_link_wire(bed->links[0], &config, berth_memory_libc(), &bed->links[0]), 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		int interface;

		bed->hosts[i] = host_new(i ? "client" : "server");
		interface = interface_new(bed->hosts[i], bed->links[i], 1, (uint8_t)(i + 1));
		bed->sockets[i] = berth_socket(bed->hosts[i], BERTH_IP4, BERTH_STREAM);
		assert_int_equal(berth_loop_attach(bed->loop, bed->hosts[i], interface, bed->links[i],
						   i ? client_event : server_event, bed),
				 0);
	}
	assert_int_equal(berth_bind(bed->hosts[0], bed->sockets[0], &server), 0);
	assert_int_equal(berth_listen(bed->hosts[0], bed->sockets[0], 5), 0);
	assert_int_equal(berth_connect(bed->hosts[1], bed->sockets[1], &server), BERTH_EINPROGRESS);
}

static void bed_end(struct bed *bed)
{
	for (unsigned i = 0; i < 2; i++) {
		if (bed->hosts[i])
			berth_loop_detach(bed->loop, bed->hosts[i]);
		berth_host_free(bed->hosts[i]);
		berth_link_free(bed->links[i]);
	}
	berth_loop_free(bed->loop);
}

static void test_echo_in_memory(void **state)
{
	struct bed bed = {.n_total = 8192 * 200};

	bed_start(&bed, NULL);
	assert_int_equal(berth_loop_run(bed.loop), 0);
	assert_int_equal(bed.n_got, bed.n_total);
	assert_int_equal(bed.n_echoed, bed.n_total);
	bed_end(&bed);
}

/* Nothing but deadlines, of the wire and of the hosts, moves the frames. */
static void test_echo_over_a_wire(void **state)
{
	struct bed bed = {.n_total = 8192 * 20};

	bed_start(&bed, "delay=1ms,loss=1%,seed=2");
	assert_int_equal(berth_loop_run(bed.loop), 0);
	assert_int_equal(bed.n_got, bed.n_total);
	bed_end(&bed);
}

static void stop_ring(void *user)
{
	berth_loop_stop(user);
}

static void test_detach_and_free_within_event(void **state)
{
	struct bed bed = {.n_total = 8192, .frees = true};

	bed_start(&bed, NULL);
	assert_int_equal(berth_loop_at(bed.loop, berth_clock_now() + 20 * MS, stop_ring, bed.loop), 0);
	assert_int_equal(berth_loop_run(bed.loop), 0);
	assert_int_equal(bed.n_events, 1);
	assert_null(bed.hosts[0]);
	bed_end(&bed);
}

struct count {
	unsigned n;
	struct berth_loop *loop;
	unsigned n_wanted;
};

static void count_datagrams(void *user, struct berth_host *host, const struct berth_event *event)
{
	struct count *count = user;
	uint8_t byte;

	while (berth_recv(host, event->descriptor, &byte, 1, 0) > 0)
		count->n++;
	if (count->n == count->n_wanted)
		berth_loop_stop(count->loop);
}

static int datagram_socket(struct berth_host *host, uint16_t port)
{
	struct berth_socket_address local = {.port = port};
	int fd = berth_socket(host, BERTH_IP4, BERTH_DATAGRAM);

	assert_true(fd >= 0);
	assert_int_equal(berth_bind(host, fd, &local), 0);
	return fd;
}

/* One host with two interfaces; its frames go to the link of each. */
static void test_two_interfaces(void **state)
{
	struct berth_loop *loop = loop_new();
	struct berth_host *middle = host_new("middle"), *sides[2];
	struct berth_link *links[4];
	struct count count = {.loop = loop, .n_wanted = 20};
	int fd = datagram_socket(middle, 1000);

	for (uint8_t i = 0; i < 2; i++) {
		pair_new(&links[2 * i], &links[2 * i + 1]);
		assert_int_equal(berth_loop_attach(loop, middle, interface_new(middle, links[2 * i], i, 1),
						   links[2 * i], count_datagrams, &count),
				 0);
		sides[i] = host_new("side");
		datagram_socket(sides[i], 2000);
		assert_int_equal(berth_loop_attach(loop, sides[i], interface_new(sides[i], links[2 * i + 1], i, 2),
						   links[2 * i + 1], count_datagrams, &count),
				 0);
	}
	for (unsigned n = 0; n < 10; n++)
		for (uint8_t i = 0; i < 2; i++) {
			struct berth_socket_address to = at(i, 2, 2000);

			assert_int_equal(berth_sendto(middle, fd, "x", 1, 0, &to), 1);
			round_now(loop); /* ARP keeps a bounded queue */
		}
	if (count.n < 20)
		assert_int_equal(berth_loop_run(loop), 0);
	assert_int_equal(count.n, 20);
	berth_loop_free(loop); /* with everything attached */
	berth_host_free(middle);
	for (unsigned i = 0; i < 2; i++)
		berth_host_free(sides[i]);
	for (unsigned i = 0; i < 4; i++)
		berth_link_free(links[i]);
}

/* ---- sockets that take their own events ---- */

/* A part of a program, freed by its first event. */
struct part {
	struct berth_loop_socket socket;
	struct berth_host *host;
	int fd;
	unsigned *n_calls;
};

static void part_ready(struct berth_loop_socket *socket, unsigned ready)
{
	struct part *part = (struct part *)socket;

	assert_int_equal(ready & BERTH_READABLE, BERTH_READABLE);
	++*part->n_calls;
	berth_close(part->host, part->fd);
	free(part);
}

static void part_new(struct berth_host *host, uint16_t port, unsigned *n_calls)
{
	struct part *part = malloc(sizeof(*part));

	*part = (struct part){{part_ready}, host, datagram_socket(host, port), n_calls};
	assert_int_equal(berth_set_user(host, part->fd, part), 0);
}

/* Nobody takes the events of the host; the sockets do, or nobody for the one without. */
static void test_sockets_take_their_events(void **state)
{
	struct berth_loop *loop = loop_new();
	struct berth_host *host = host_new("parts");
	struct berth_link *links[2];
	unsigned n_calls = 0;
	int fd = datagram_socket(host, 1000);

	pair_new(&links[0], &links[1]);
	assert_int_equal(berth_loop_attach(loop, host, interface_new(host, links[0], 1, 1), links[0], NULL, NULL), 0);
	part_new(host, 1001, &n_calls);
	part_new(host, 1002, &n_calls);
	for (uint16_t port = 1000; port <= 1002; port++) {
		struct berth_socket_address to = at(1, 1, port);

		assert_int_equal(berth_sendto(host, fd, "x", 1, 0, &to), 1);
		assert_int_equal(berth_sendto(host, fd, "y", 1, 0, &to), 1);
	}
	round_now(loop);
	assert_int_equal(n_calls, 2);
	berth_loop_detach(loop, host);
	berth_host_free(host);
	berth_link_free(links[0]);
	berth_link_free(links[1]);
	berth_loop_free(loop);
}

/* ---- links that are a burden ---- */

/* A link that always has another frame, or has an fd that is always ready and never a frame. */
struct burden {
	struct berth_link link;
	bool floods;
	unsigned n_received;
};

static void burden_send(struct berth_link *link, const struct berth_frame_out *frames, unsigned n, berth_time now)
{
}

static struct berth_frame *burden_receive(struct berth_link *link, berth_time now)
{
	struct burden *burden = (struct burden *)link;
	struct berth_frame *frame;

	burden->n_received++;
	if (!burden->floods)
		return NULL;
	frame = berth_frame_new(berth_memory_libc(), 60);
	memset(frame->data, 0xff, 60);
	frame->len = 60;
	return frame;
}

static berth_time burden_deadline(const struct berth_link *link)
{
	return ((const struct burden *)link)->floods ? 0 : BERTH_NEVER;
}

static const struct berth_link_operations burden_operations = {burden_send, burden_receive, burden_deadline, NULL};

static struct burden burden_make(bool floods, int fd)
{
	return (struct burden){
		.link = {.operations = &burden_operations, .mtu = 1500, .fd = fd, .ethernet = true},
		.floods = floods,
	};
}

static void test_flood_starves_nobody(void **state)
{
	struct berth_loop *loop = loop_new();
	struct berth_host *host = host_new("flooded");
	struct burden burden = burden_make(true, -1);
	struct end end = end_new(loop);

	assert_int_equal(
		berth_loop_attach(loop, host, interface_new(host, &burden.link, 1, 1), &burden.link, NULL, NULL), 0);
	round_now(loop);
	assert_in_range(burden.n_received, 1, 100000);
	end.stops = true;
	assert_int_equal(write(end.peer, "x", 1), 1);
	assert_int_equal(berth_loop_watch(loop, end.fd, BERTH_READABLE, end_ready, &end), 0);
	assert_int_equal(berth_loop_run(loop), 0);
	assert_int_equal(end.n_calls, 1);
	end_close(&end);
	berth_loop_detach(loop, host);
	berth_host_free(host);
	berth_loop_free(loop);
}

/* An fd that has an error and nothing to read is waited for no more. */
static void test_broken_link(void **state)
{
	struct berth_loop *loop = loop_new();
	struct berth_host *host = host_new("broken");
	struct burden burden;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	close(fds[0]); /* the writing end of a pipe that nobody reads: EPOLLERR */
	burden = burden_make(false, fds[1]);
	assert_int_equal(
		berth_loop_attach(loop, host, interface_new(host, &burden.link, 1, 1), &burden.link, NULL, NULL), 0);
	assert_int_equal(berth_loop_at(loop, berth_clock_now() + 20 * MS, stop_ring, loop), 0);
	assert_int_equal(berth_loop_run(loop), 0);
	assert_in_range(burden.n_received, 1, 10);
	berth_loop_detach(loop, host);
	berth_host_free(host);
	close(fds[1]);
	berth_loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_watch_levels),
		cmocka_unit_test(test_watch_errors),
		cmocka_unit_test(test_watch_again_after_close),
		cmocka_unit_test(test_unwatch_itself_and_others),
		cmocka_unit_test(test_run_and_stop),
		cmocka_unit_test(test_alarms_in_order),
		cmocka_unit_test(test_alarms_from_alarms),
		cmocka_unit_test(test_waits_until),
		cmocka_unit_test(test_round_within_round),
		cmocka_unit_test(test_echo_in_memory),
		cmocka_unit_test(test_echo_over_a_wire),
		cmocka_unit_test(test_detach_and_free_within_event),
		cmocka_unit_test(test_two_interfaces),
		cmocka_unit_test(test_sockets_take_their_events),
		cmocka_unit_test(test_flood_starves_nobody),
		cmocka_unit_test(test_broken_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
