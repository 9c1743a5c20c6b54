/* Readiness: by level for one socket, and as a queue of those to whom something has happened. */
#include "socket_private.h"

int berth_ready(struct berth_host *host, int descriptor)
{
	struct endpoint *e = socket_endpoint(host, descriptor);

	return e ? (int)socket_operations(e)->ready(e) : BERTH_EBADF;
}

bool berth_host_next_event(struct berth_host *host, struct berth_event *event)
{
	struct list_node *node;

	if (host->notices.n && !host->notices.told) {
		host->notices.told = true;
		*event = (struct berth_event){.descriptor = -1};
		return true;
	}
	while ((node = list_pop_front(&host->endpoints.news))) {
		struct endpoint *e = CONTAINER_OF(node, struct endpoint, news);
		unsigned happened = e->events, ready;

		e->events = 0;
		if (e->descriptor < 0)
			continue;
		/* What happened may be over: the data read, the error taken. Then it is no news. */
		ready = socket_operations(e)->ready(e);
		if (!(ready & happened))
			continue;
		*event = (struct berth_event){
			.descriptor = e->descriptor,
			.ready = ready,
			.user = host->descriptors.items[e->descriptor].user,
		};
		return true;
	}
	return false;
}
