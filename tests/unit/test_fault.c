/* Out of memory at every place: a scenario is run again and again, and in the Nth run the Nth allocation fails, alone
 * or with all that follow. Nothing crashes, nothing is left allocated, and once memory is back the host still works. */
#include "one_host.h"

/* Two hosts whose frames are moved by hand; any call may fail. */
struct pair {
	struct heap heap;
	struct berth_memory memory; /* the heap, out of memory after n_good more */
	size_t n_good;
	bool lasting; /* it stays so */
	bool failed;
	struct berth_host *host[2];
	berth_time now;
};

static void *pair_alloc(void *context, size_t size)
{
	struct pair *p = context;
	bool fails = p->n_good == 0 && (p->lasting || !p->failed);

	if (p->n_good > 0)
		p->n_good--;
	p->failed |= fails;
	return fails ? NULL : heap_alloc(&p->heap, size);
}

static void pair_free(void *context, void *block, size_t size)
{
	heap_free(&((struct pair *)context)->heap, block, size);
}

static bool make_host(struct pair *p, unsigned i)
{
	struct berth_host_config config;
	struct berth_interface_config interface;
	struct berth_address address = berth_ip4(192, 168, 1, i ? 7 : 5);

	berth_host_config_default(&config);
	config.memory = &p->memory;
	config.send_buffer = config.receive_buffer = 16384;
	if (berth_host_new(&config, &p->host[i]) != 0)
		return false;
	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth0");
	memcpy(interface.mac, i ? mac_host : mac_peer, 6);
	assert_int_equal(berth_host_interface_add(p->host[i], &interface), 1);
	assert_int_equal(berth_host_address_add(p->host[i], 1, &address, 24), 0);
	return true;
}

static void move(struct pair *p, unsigned i)
{
	struct berth_frame_out out[8];
	unsigned n;

	do {
		struct berth_frame *frames[8];

		n = berth_host_frames_out(p->host[i], p->now, out, 8);
		for (unsigned k = 0; k < n; k++)
			frames[k] = berth_frame_copy(&out[k], &p->memory);
		for (unsigned k = 0; k < n; k++) {
			if (frames[k])
				berth_host_frame_in(p->host[1 - i], 1, frames[k], p->now);
		}
	} while (n == 8);
}

/* Lets a few seconds pass, so that what was lost is sent again. */
static void pass(struct pair *p, unsigned n_steps)
{
	while (n_steps-- > 0) {
		p->now += 100 * MS;
		for (unsigned i = 0; i < 2; i++)
			berth_host_expire(p->host[i], p->now);
		for (unsigned round = 0; round < 4; round++) {
			move(p, 0);
			move(p, 1);
		}
	}
}

static void use_udp(struct pair *p)
{
	static uint8_t data[4000], got[4000];
	struct berth_socket_address to = socket_address(HOST, 7), any = {.port = 7};
	int a = berth_socket(p->host[0], BERTH_IP4, BERTH_DATAGRAM);
	int b = berth_socket(p->host[1], BERTH_IP4, BERTH_DATAGRAM);

	if (b >= 0)
		berth_bind(p->host[1], b, &any);
	berth_connect(p->host[0], a, &to);
	berth_send(p->host[0], a, data, sizeof(data));
	berth_sendto(p->host[0], a, data, 10, &to);
	pass(p, 5);
	berth_recv(p->host[1], b, got, sizeof(got), 0);
	to.port = 8; /* nobody: ICMP comes back */
	berth_sendto(p->host[0], a, data, 10, &to);
	to.address = berth_ip4(127, 0, 0, 1);
	berth_sendto(p->host[0], a, data, 10, &to);
	pass(p, 5);
	berth_close(p->host[0], a);
	berth_close(p->host[1], b);
}

static void use_tcp(struct pair *p)
{
	static uint8_t data[6000], got[6000];
	struct berth_socket_address to = socket_address(HOST, 80), any = {.port = 80};
	int l = berth_socket(p->host[1], BERTH_IP4, BERTH_STREAM);
	int s = berth_socket(p->host[0], BERTH_IP4, BERTH_STREAM), r;

	berth_bind(p->host[1], l, &any);
	berth_listen(p->host[1], l, 5);
	berth_connect(p->host[0], s, &to);
	pass(p, 15);
	r = berth_accept(p->host[1], l, NULL);
	berth_send(p->host[0], s, data, sizeof(data));
	berth_send(p->host[1], r, data, sizeof(data));
	pass(p, 15);
	berth_recv(p->host[0], s, got, sizeof(got), 0);
	berth_recv(p->host[1], r, got, sizeof(got), 0);
	berth_close(p->host[0], s);
	berth_close(p->host[1], r);
	berth_close(p->host[1], l);
	pass(p, 5);
}

/* A datagram still gets through, whatever happened before. */
static void assert_works(struct pair *p)
{
	struct berth_socket_address to = socket_address(HOST, 1234);
	uint8_t got[4];
	int a = berth_socket(p->host[0], BERTH_IP4, BERTH_DATAGRAM);
	int b = berth_socket(p->host[1], BERTH_IP4, BERTH_DATAGRAM);

	assert_true(a >= 0 && b >= 0);
	assert_int_equal(berth_bind(p->host[1], b, &to), 0);
	assert_int_equal(berth_sendto(p->host[0], a, "ok", 2, &to), 2);
	pass(p, 1);
	assert_int_equal(berth_recv(p->host[1], b, got, sizeof(got), 0), 2);
}

/* One run, with n_good allocations that succeed. true: no more were asked for. */
static bool run(size_t n_good, bool lasting, void (*use)(struct pair *))
{
	struct pair p = {.now = SECOND, .n_good = n_good, .lasting = lasting};
	bool failed;

	heap_init(&p.heap);
	p.memory = (struct berth_memory){.alloc = pair_alloc, .free = pair_free, .context = &p};
	if (make_host(&p, 0) && make_host(&p, 1)) {
		use(&p);
		failed = p.failed;
		p.n_good = SIZE_MAX;
		assert_works(&p);
	} else {
		failed = p.failed;
	}
	for (unsigned i = 0; i < 2; i++)
		berth_host_free(p.host[i]);
	assert_int_equal(p.heap.n_blocks, 0);
	return !failed;
}

static void every_allocation(void (*use)(struct pair *))
{
	size_t n = 0;

	while (!run(n, false, use)) {
		run(n, true, use);
		n++;
		assert_true(n < 10000);
	}
	assert_true(n > 20);
}

static void udp(void **state)
{
	(void)state;
	every_allocation(use_udp);
}

static void tcp(void **state)
{
	(void)state;
	every_allocation(use_tcp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(udp),
		cmocka_unit_test(tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
