/* Notices: what the host tells the program about itself, as a queue of bounded length that is asked for. */
#include "host_private.h"

void host_notice(struct berth_host *host, const struct berth_notice *notice)
{
	struct host_notices *q = &host->notices;

	if (q->n == HOST_NOTICES_MAX) {
		q->first = (q->first + 1) % HOST_NOTICES_MAX;
		q->n--;
	}
	q->items[(q->first + q->n++) % HOST_NOTICES_MAX] = *notice;
	q->told = false;
}

bool berth_host_next_notice(struct berth_host *host, struct berth_notice *notice)
{
	struct host_notices *q = &host->notices;

	if (q->n == 0)
		return false;
	*notice = q->items[q->first];
	q->first = (q->first + 1) % HOST_NOTICES_MAX;
	q->n--;
	return true;
}
