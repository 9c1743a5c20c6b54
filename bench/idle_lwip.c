/* The memory of idle connections in lwIP: many established ones between two interfaces of it.
 *
 * Scope: the peer of idle_berth.c. Method: as there; every object of lwIP comes from malloc here, which is counted. The
 * two ends of a connection live in the one stack, so what it uses is for two. lwIP finds a connection by walking a
 * list, which is why fewer are made than with berth: a connection's size does not depend on their number. */
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/tcp.h>
#include <netif/ethernet.h>

#include <malloc.h>
#include <string.h>

#include "bench.h"

#define N_QUEUE 64
#define PER_LISTENER 10000

struct queue {
	struct pbuf *frames[N_QUEUE];
	unsigned head, tail;
};

struct run {
	struct netif interfaces[2]; /* 0 connects, 1 accepts */
	struct queue queues[2];
	uint32_t n_connected, n_accepted;
};

static size_t n_bytes_in_use;

u32_t sys_now(void)
{
	return 1; /* no time passes, so no timer is due */
}

void *bench_malloc(size_t size)
{
	void *p = malloc(size);

	if (p)
		n_bytes_in_use += malloc_usable_size(p);
	return p;
}

void *bench_calloc(size_t n, size_t size)
{
	void *p = bench_malloc(n * size);

	return p ? memset(p, 0, n * size) : NULL;
}

void bench_free(void *p)
{
	if (p)
		n_bytes_in_use -= malloc_usable_size(p);
	free(p);
}

static err_t send_frame(struct netif *from, struct pbuf *p)
{
	struct run *run = from->state;
	struct queue *queue = &run->queues[from == &run->interfaces[0]];
	struct pbuf *frame = pbuf_clone(PBUF_RAW, PBUF_RAM, p);

	bench_require(frame && queue->tail - queue->head < N_QUEUE, "the cable has room");
	queue->frames[queue->tail++ % N_QUEUE] = frame;
	return ERR_OK;
}

static unsigned take_in(struct run *run, unsigned side)
{
	struct queue *queue = &run->queues[side];
	unsigned n = 0;

	for (; queue->head != queue->tail; n++) {
		struct pbuf *frame = queue->frames[queue->head++ % N_QUEUE];

		if (run->interfaces[side].input(frame, &run->interfaces[side]) != ERR_OK)
			pbuf_free(frame);
	}
	return n;
}

static err_t interface_init(struct netif *interface)
{
	interface->output = etharp_output;
	interface->linkoutput = send_frame;
	interface->mtu = 1500;
	interface->hwaddr_len = 6;
	memcpy(interface->hwaddr, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)(1 + interface->num)}, 6);
	interface->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
	return ERR_OK;
}

static void interfaces_up(struct run *run)
{
	ip4_addr_t address, mask;

	IP4_ADDR(&mask, 255, 255, 255, 0);
	for (unsigned i = 0; i < 2; i++) {
		IP4_ADDR(&address, 10, 0, 0, (u8_t)(1 + i));
		bench_require(
			netif_add(&run->interfaces[i], &address, &mask, NULL, run, interface_init, ethernet_input),
			"lwIP takes an interface");
		netif_set_up(&run->interfaces[i]);
		netif_set_link_up(&run->interfaces[i]);
	}
}

static err_t on_accept(void *user, struct tcp_pcb *pcb, err_t error)
{
	bench_require(error == ERR_OK, "lwIP accepts");
	((struct run *)user)->n_accepted++;
	return ERR_OK;
}

static err_t on_connected(void *user, struct tcp_pcb *pcb, err_t error)
{
	bench_require(error == ERR_OK, "lwIP connects");
	((struct run *)user)->n_connected++;
	return ERR_OK;
}

static uint16_t port_of(uint32_t i)
{
	return (uint16_t)(80 + i / PER_LISTENER);
}

static void listen_all(struct run *run, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += PER_LISTENER) {
		struct tcp_pcb *listener = tcp_new();

		tcp_bind_netif(listener, &run->interfaces[1]);
		bench_require(tcp_bind(listener, &run->interfaces[1].ip_addr, port_of(i)) == ERR_OK,
			      "a listener binds");
		listener = tcp_listen(listener);
		tcp_arg(listener, run);
		tcp_accept(listener, on_accept);
	}
}

static void connect_one(struct run *run, uint32_t i)
{
	struct tcp_pcb *pcb = tcp_new();

	bench_require(pcb, "lwIP has a control block");
	tcp_bind_netif(pcb, &run->interfaces[0]);
	bench_require(tcp_bind(pcb, &run->interfaces[0].ip_addr, (u16_t)(1024 + i)) == ERR_OK, "a socket binds");
	tcp_arg(pcb, run);
	bench_require(tcp_connect(pcb, &run->interfaces[1].ip_addr, port_of(i), on_connected) == ERR_OK,
		      "a socket connects");
	while (take_in(run, 1) + take_in(run, 0) > 0)
		;
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"n"};
	static struct run run;
	uint32_t n;
	size_t before;
	uint64_t resident;

	bench_arguments_check(argv, names, 1);
	n = (uint32_t)bench_argument(argv, "n", 5000);
	bench_require(n > 0 && n < 60000, "n is 1 to 59999");
	lwip_init();
	interfaces_up(&run);
	listen_all(&run, n);
	connect_one(&run, 0); /* the neighbour is known from here on */
	before = n_bytes_in_use;
	resident = bench_resident();
	for (uint32_t i = 1; i < n; i++)
		connect_one(&run, i);
	bench_require(run.n_connected == n && run.n_accepted == n, "every connection is there");
	bench_print("bytes", (double)(n_bytes_in_use - before) / (n - 1) / 2);
	bench_print("resident", (double)(bench_resident() - resident) / (n - 1) / 2);
	bench_print("pcb", sizeof(struct tcp_pcb));
	bench_print("n", n);
	bench_end();
	return 0;
}
