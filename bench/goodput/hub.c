/* See hub.h. One station a port: the last sender seen there. */
#include "hub.h"

#include <string.h>

#include "../bench.h"

#define ETHERNET_HEADER 14

static void hub_send(struct berth_link *link, const struct berth_frame_out *frames, unsigned n, berth_time now)
{
	struct hub *hub = (struct hub *)link;

	for (unsigned i = 0; i < n; i++) {
		/* The wire hands on frames of one slice (berth_frame_borrow). */
		const uint8_t *bytes =
			frames[i].len_header ? frames[i].header + frames[i].off_header : frames[i].slices[0].data;
		unsigned to = 0;

		while (to < hub->n_ports && memcmp(hub->mac[to], bytes, 6) != 0)
			to++;
		for (unsigned port = 0; port < hub->n_ports; port++)
			if (port == to || to == hub->n_ports)
				berth_link_send(hub->ports[port], &frames[i], 1, now);
	}
}

static struct berth_frame *hub_receive(struct berth_link *link, berth_time now)
{
	struct hub *hub = (struct hub *)link;

	for (unsigned i = 0; i < hub->n_ports; i++) {
		unsigned port = hub->next++ % hub->n_ports;
		struct berth_frame *frame = berth_link_receive(hub->ports[port], now);

		if (frame && frame->len >= ETHERNET_HEADER)
			memcpy(hub->mac[port], frame->data + 6, 6);
		if (frame)
			return frame;
	}
	return NULL;
}

static berth_time hub_deadline(const struct berth_link *link)
{
	const struct hub *hub = (const struct hub *)link;
	berth_time deadline = BERTH_NEVER;

	for (unsigned i = 0; i < hub->n_ports; i++) {
		berth_time port = berth_link_deadline(hub->ports[i]);

		deadline = port < deadline ? port : deadline;
	}
	return deadline;
}

static void hub_free(struct berth_link *link)
{
	struct hub *hub = (struct hub *)link;

	for (unsigned i = 0; i < hub->n_ports; i++)
		berth_link_free(hub->ports[i]);
	hub->n_ports = 0;
}

static const struct berth_link_operations hub_operations = {
	.send = hub_send,
	.receive = hub_receive,
	.deadline = hub_deadline,
	.free = hub_free,
};

void hub_init(struct hub *hub, uint32_t mtu)
{
	*hub = (struct hub){.link = {.operations = &hub_operations, .mtu = mtu, .fd = -1, .ethernet = true}};
}

void hub_add(struct hub *hub, struct berth_link *port)
{
	bench_require(hub->n_ports < HUB_PORTS_MAX && !port->capabilities, "the hub has room for a plain link");
	hub->ports[hub->n_ports++] = port;
}
