/* What has to leave: the generator of frames.
 *
 * First the packets that are ready (answers, ARP, what waited for a neighbour), then the rest of a datagram that is
 * leaving in fragments, then the endpoints that have something to send, a frame each in turn. Frames show bytes of send
 * queues and of packets; what has left stays until the next call. What the host sends to itself is taken in between, so
 * that a conversation inside the host gets on within one call. */
#include "in.h"
#include "out.h"

/* Puts the endpoint behind the others that have something to send. */
static void rotate(struct berth_host *host, struct endpoint *e)
{
	struct list *tx = &host->endpoints.tx;

	if (tx->ring.prev == &e->tx)
		return;
	list_remove(&e->tx);
	list_push_back(tx, &e->tx);
}

static bool endpoint_frame(struct berth_host *host, struct endpoint *e, struct berth_frame_out *out)
{
	rotate(host, e);
	if (e->kind == ENDPOINT_UDP)
		return host_udp_frame(host, udp_of_endpoint(e), out);
	return host_tcp_frame(host, tcp_of_endpoint(e), out);
}

static void ready_frame(struct berth_host *host, struct berth_frame_out *out)
{
	struct host_packet *packet = packets_pop(&host->ready);

	packet_to_frame(host, packet, out);
	packets_push(&host->left, packet);
}

/* The next frame, if there is one. *n_loop: how many packets to itself the host may still take in. */
static bool next_frame(struct berth_host *host, struct berth_frame_out *out, unsigned *n_loop)
{
	for (;;) {
		struct list_node *node;

		while (host->loop.first && *n_loop > 0) {
			(*n_loop)--;
			loopback_run(host, 1);
		}
		if (host->ready.first) {
			ready_frame(host, out);
			return true;
		}
		if (host->tcp.requests.due && tcp_request_output(&host->tcp)) {
			host_tcp_send_reply(host);
			continue;
		}
		node = list_first(&host->endpoints.tx);
		if (host->fragmenting.datagram) {
			if (host_fragment_frame(host, out))
				return true;
		} else if (node && !host->loop.first) {
			if (endpoint_frame(host, CONTAINER_OF(node, struct endpoint, tx), out))
				return true;
		} else {
			return false;
		}
	}
}

unsigned berth_host_frames_out(struct berth_host *host, berth_time now, struct berth_frame_out *out, unsigned n)
{
	unsigned done = 0, n_loop = HOST_LOOP_BURST;

	host_enter(host, now);
	while (done < n && next_frame(host, &out[done], &n_loop))
		done++;
	host->counters.eth.frames_out += done;
	return done;
}

bool host_has_frames(const struct berth_host *host)
{
	return host->ready.first || host->loop.first || host->fragmenting.datagram || host->tcp.requests.due ||
	       !list_is_empty(&host->endpoints.tx);
}
