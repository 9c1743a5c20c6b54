/* Snapshots of the host's sockets, a row at a time.
 *
 * The cursor is the id of the last socket seen; ids only grow, and the list of endpoints is in their order, so sockets
 * may come and go between two steps. Where the last step stood is remembered, which makes a step O(1); a second walk at
 * the same time still gets every row right and only pays for finding its place. */
#include "host_private.h"

/* The first endpoint with a greater id. */
static struct endpoint *next_after(struct berth_host *host, uint64_t id)
{
	struct endpoint *walked = host->endpoints.walked;
	struct list_node *ring = &host->endpoints.all.ring, *node = ring->next;

	if (walked && walked->id <= id)
		node = walked->all.next;
	for (; node != ring; node = node->next) {
		struct endpoint *e = CONTAINER_OF(node, struct endpoint, all);

		if (e->id > id)
			return e;
	}
	return NULL;
}

bool berth_host_snapshot_next(struct berth_host *host, uint64_t *cursor, struct berth_socket_row *row)
{
	struct endpoint *e = next_after(host, *cursor);
	struct tcp_request *request = tcp_request_after(&host->tcp, *cursor);

	if (!e && !request)
		return false;
	*row = (struct berth_socket_row){0};
	if (request && (!e || request->id < e->id)) {
		*cursor = tcp_request_row(&host->tcp, request, row);
		return true;
	}
	if (e->kind == ENDPOINT_UDP)
		udp_row(udp_of_endpoint(e), row);
	else
		tcp_row(&host->tcp, tcp_of_endpoint(e), row);
	row->protocol = e->pair.protocol;
	row->descriptor = e->descriptor;
	row->local = endpoint_local(&e->pair, e->family);
	row->foreign = endpoint_foreign(&e->pair, e->family);
	host->endpoints.walked = e;
	*cursor = e->id;
	return true;
}
