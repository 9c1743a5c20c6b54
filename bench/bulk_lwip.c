/* Bulk TCP through lwIP: two hosts, one thread, in memory.
 *
 * Scope: the peer of bulk_berth.c, on lwIP's raw API. Method: lwIP is one global stack, so the two hosts are two
 * Ethernet interfaces of it, each with its own address. Both ends of the connection are bound to their interface, so
 * that every segment is routed, gets its ARP entry, headers and checksums, is copied into a frame of its own, waits in
 * a queue, and is taken in, checked and looked up on the other interface. The program's bytes are copied into lwIP on
 * one side and out of it on the other, as berth_send and berth_recv do; reference=1 leaves both copies out. */
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

#include <string.h>

#include "bench.h"

#define N_QUEUE 8192 /* a power of two, more than any window's frames */

/* The frames that wait at an interface; `tail` is also how many there have been. */
struct queue {
	struct pbuf *frames[N_QUEUE];
	uint64_t head, tail;
};

struct run {
	struct netif interfaces[2]; /* 0 sends, 1 receives */
	struct queue queues[2];     /* frames that have arrived at the interface */
	struct tcp_pcb *sender;
	bool connected;
	bool reference;      /* leave out the copies at either end */
	uint32_t chunk;      /* bytes a write */
	unsigned batch;      /* frames taken in on one side before the other has its turn */
	uint64_t n_received; /* payload bytes */
	uint8_t source[65536], sink[65536];
};

u32_t sys_now(void)
{
	return (u32_t)(bench_now() / 1000000);
}

/* What the cable does: the bytes of a chain become one buffer, the receiver's own. */
static struct pbuf *frame_copy(const struct pbuf *p)
{
	struct pbuf *frame = pbuf_alloc(PBUF_RAW, p->tot_len, PBUF_POOL);
	uint8_t *to;

	bench_require(frame && frame->len == p->tot_len, "lwIP has a whole buffer for a frame");
	to = frame->payload;
	for (; p; p = p->next) {
		memcpy(to, p->payload, p->len);
		to += p->len;
	}
	return frame;
}

static err_t send_frame(struct netif *from, struct pbuf *p)
{
	struct run *run = from->state;
	struct queue *queue = &run->queues[from == &run->interfaces[0]];

	bench_require(queue->tail - queue->head < N_QUEUE, "the cable has room");
	queue->frames[queue->tail++ % N_QUEUE] = frame_copy(p);
	return ERR_OK;
}

static unsigned take_in(struct run *run, unsigned side)
{
	struct queue *queue = &run->queues[side];
	unsigned n = 0;

	while (queue->head != queue->tail && n < run->batch) {
		struct pbuf *frame = queue->frames[queue->head++ % N_QUEUE];

		n++;
		if (run->interfaces[side].input(frame, &run->interfaces[side]) != ERR_OK)
			pbuf_free(frame);
	}
	return n;
}

static err_t interface_init(struct netif *interface)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

	interface->output = etharp_output;
	interface->linkoutput = send_frame;
	interface->mtu = 1500;
	interface->hwaddr_len = 6;
	memcpy(interface->hwaddr, mac, 6);
	interface->hwaddr[5] = (uint8_t)(1 + interface->num);
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

static err_t on_received(void *user, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
	struct run *run = user;

	bench_require(p && error == ERR_OK, "lwIP delivers data");
	if (!run->reference)
		pbuf_copy_partial(p, run->sink, p->tot_len, 0);
	run->n_received += p->tot_len;
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	return ERR_OK;
}

static err_t on_accept(void *user, struct tcp_pcb *pcb, err_t error)
{
	bench_require(error == ERR_OK, "lwIP accepts");
	tcp_arg(pcb, user);
	tcp_recv(pcb, on_received);
	return ERR_OK;
}

static err_t on_connected(void *user, struct tcp_pcb *pcb, err_t error)
{
	bench_require(error == ERR_OK, "lwIP connects");
	((struct run *)user)->connected = true;
	return ERR_OK;
}

static void connect_ends(struct run *run)
{
	struct tcp_pcb *listener = tcp_new();

	tcp_bind(listener, &run->interfaces[1].ip_addr, 80);
	tcp_bind_netif(listener, &run->interfaces[1]);
	listener = tcp_listen(listener);
	tcp_arg(listener, run);
	tcp_accept(listener, on_accept);
	run->sender = tcp_new();
	tcp_bind_netif(run->sender, &run->interfaces[0]);
	tcp_bind(run->sender, &run->interfaces[0].ip_addr, 50000);
	tcp_arg(run->sender, run);
	tcp_nagle_disable(run->sender);
	bench_require(tcp_connect(run->sender, &run->interfaces[1].ip_addr, 80, on_connected) == ERR_OK,
		      "lwIP begins to connect");
	while (!run->connected)
		if (take_in(run, 1) + take_in(run, 0) == 0)
			sys_check_timeouts();
}

/* Writes as long as there is room for a whole piece. */
static void send_data(struct run *run)
{
	while (tcp_sndbuf(run->sender) >= run->chunk && tcp_sndqueuelen(run->sender) < TCP_SND_QUEUELEN / 2)
		if (tcp_write(run->sender, run->source, (u16_t)run->chunk, run->reference ? 0 : TCP_WRITE_FLAG_COPY) !=
		    ERR_OK)
			break;
	tcp_output(run->sender);
}

/* Turns a bit of the first data frame: it must not arrive. TCP then sends it again. */
static void corrupt_one(struct run *run)
{
	struct queue *queue = &run->queues[1];
	unsigned batch = run->batch;
	struct pbuf *frame;

	take_in(run, 1); /* what is left of the handshake */
	send_data(run);
	bench_require(queue->head != queue->tail, "there is a data frame");
	frame = queue->frames[queue->head % N_QUEUE];
	((uint8_t *)frame->payload)[frame->len - 1] ^= 1;
	run->batch = 1;
	take_in(run, 1);
	run->batch = batch;
	bench_require(run->n_received == 0, "lwIP drops a segment with a bad checksum");
}

static void transfer(struct run *run, struct bench_transfer *transfer)
{
	do {
		send_data(run);
		take_in(run, 1);
		take_in(run, 0);
		sys_check_timeouts();
	} while (!bench_transfer_at(transfer, run->n_received, run->queues[1].tail, run->queues[0].tail));
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"bytes", "warm", "chunk", "batch", "reference", "corrupt"};
	static struct run run;
	struct bench_transfer t = {0};

	bench_arguments_check(argv, names, sizeof names / sizeof *names);
	t.from = bench_argument(argv, "warm", 64 << 20);
	t.to = t.from + bench_argument(argv, "bytes", 1 << 30);
	run.chunk = (uint32_t)bench_argument(argv, "chunk", 8 * TCP_MSS);
	run.batch = (unsigned)bench_argument(argv, "batch", N_QUEUE);
	run.reference = bench_argument(argv, "reference", 0) != 0;
	bench_require(run.chunk > 0 && run.chunk <= 65535 && run.chunk <= TCP_SND_BUF,
		      "chunk fits lwIP's write and buffer");
	memset(run.source, 0xa5, sizeof run.source);
	lwip_init();
	interfaces_up(&run);
	connect_ends(&run);
	if (bench_argument(argv, "corrupt", 0))
		corrupt_one(&run);
	transfer(&run, &t);
	bench_transfer_print(&t);
	return 0;
}
