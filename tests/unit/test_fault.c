/* Out of memory at every place: a scenario is run again and again, and in the Nth run the Nth allocation fails, alone
 * or with all that follow. Nothing crashes, nothing is left allocated, and once memory is back the host still works. */
#include "families.h"
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
	uint8_t family;
};

/* Of host 0 or 1, at a port. */
static struct berth_socket_address pair_at(const struct pair *p, unsigned i, uint16_t port)
{
	struct berth_address ip6 = {.family = BERTH_IP6, .bytes = {0xfd, [15] = i ? 7 : 5}};

	return (struct berth_socket_address){p->family == BERTH_IP6 ? ip6 : berth_ip4(192, 168, 1, i ? 7 : 5), port};
}

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
	struct berth_address address = pair_at(p, i, 0).address;
	int error;

	berth_host_config_default(&config);
	config.memory = &p->memory;
	config.send_buffer = config.receive_buffer = 16384;
	if (berth_host_new(&config, &p->host[i]) != 0)
		return false;
	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth0");
	memcpy(interface.mac, i ? mac_host : mac_peer, 6);
	assert_int_equal(berth_host_interface_add(p->host[i], &interface), 1);
	error = berth_host_address_add(p->host[i], 1, &address, p->family == BERTH_IP6 ? 64 : 24);
	return error == 0;
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
	struct berth_socket_address to = pair_at(p, 1, 7), any = {.port = 7};
	int a = berth_socket(p->host[0], p->family, BERTH_DATAGRAM);
	int b = berth_socket(p->host[1], p->family, BERTH_DATAGRAM);

	if (b >= 0)
		berth_bind(p->host[1], b, &any);
	berth_connect(p->host[0], a, &to);
	berth_send(p->host[0], a, data, sizeof(data), 0);
	berth_sendto(p->host[0], a, data, 10, 0, &to);
	pass(p, 5);
	berth_recv(p->host[1], b, got, sizeof(got), 0);
	to.port = 8; /* nobody: ICMP comes back */
	berth_sendto(p->host[0], a, data, 10, 0, &to);
	berth_address_parse(p->family == BERTH_IP6 ? "::1" : "127.0.0.1", &to.address);
	berth_sendto(p->host[0], a, data, 10, 0, &to);
	pass(p, 5);
	berth_close(p->host[0], a);
	berth_close(p->host[1], b);
}

static void use_tcp(struct pair *p)
{
	static uint8_t data[6000], got[6000];
	struct berth_socket_address to = pair_at(p, 1, 80), any = {.port = 80};
	int l = berth_socket(p->host[1], p->family, BERTH_STREAM);
	int s = berth_socket(p->host[0], p->family, BERTH_STREAM), r;

	berth_bind(p->host[1], l, &any);
	berth_listen(p->host[1], l, 5);
	berth_connect(p->host[0], s, &to);
	pass(p, 15);
	r = berth_accept(p->host[1], l, NULL);
	berth_send(p->host[0], s, data, sizeof(data), 0);
	berth_send(p->host[1], r, data, sizeof(data), 0);
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
	struct berth_socket_address to = pair_at(p, 1, 1234);
	uint8_t got[4];
	int a = berth_socket(p->host[0], p->family, BERTH_DATAGRAM);
	int b = berth_socket(p->host[1], p->family, BERTH_DATAGRAM);

	assert_true(a >= 0 && b >= 0);
	assert_int_equal(berth_bind(p->host[1], b, &to), 0);
	assert_int_equal(berth_sendto(p->host[0], a, "ok", 2, 0, &to), 2);
	pass(p, 40); /* a neighbour may have to be asked for again */
	assert_int_equal(berth_recv(p->host[1], b, got, sizeof(got), 0), 2);
}

/* One run, with n_good allocations that succeed. true: no more were asked for. */
static bool run(uint8_t family, size_t n_good, bool lasting, void (*use)(struct pair *))
{
	struct pair p = {.now = SECOND, .n_good = n_good, .lasting = lasting, .family = family};
	bool failed;

	heap_init(&p.heap);
	p.memory = (struct berth_memory){.alloc = pair_alloc, .free = pair_free, .context = &p};
	if (make_host(&p, 0) && make_host(&p, 1)) {
		pass(&p, p.family == BERTH_IP6 ? 50 : 0); /* until the addresses are ready */
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

static void every_allocation(uint8_t family, void (*use)(struct pair *))
{
	size_t n = 0;

	while (!run(family, n, false, use)) {
		run(family, n, true, use);
		n++;
		assert_true(n < 10000);
	}
	assert_true(n > 20);
}

static void udp(void **state)
{
	every_allocation(family_of(state), use_udp);
}

static void tcp(void **state)
{
	every_allocation(family_of(state), use_tcp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH_FAMILIES(udp),
		IN_BOTH_FAMILIES(tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
