/* Moving frames between a link and a host's interface, for whoever drives a host by hand: simulations, tests,
 * benchmarks.
 *
 * Both ways take turns in bounded portions, so that neither starves the other and the answers of a host to what came in
 * leave early. */
#include <berth/link.h>

#define PORTION 32

static unsigned move_in(struct berth_link *link, struct berth_host *host, int interface, berth_time now, unsigned n_max)
{
	struct berth_frame *frame;
	unsigned n = 0;

	while (n < n_max && (frame = berth_link_receive(link, now))) {
		berth_host_frame_in(host, interface, frame, now);
		n++;
	}
	return n;
}

/* Hands on the frames that leave by the link's own interface, in runs. This link carries no others. */
static void send_own(struct berth_link *link, int interface, const struct berth_frame_out *frames, unsigned n,
		     berth_time now)
{
	for (unsigned first = 0, end; first < n; first = end) {
		bool own = frames[first].interface == interface;

		for (end = first + 1; end < n && (frames[end].interface == interface) == own; end++)
			;
		if (own)
			berth_link_send(link, &frames[first], end - first, now);
		else
			link->counters.send_failed += end - first;
	}
}

static unsigned move_out(struct berth_link *link, struct berth_host *host, int interface, berth_time now,
			 unsigned n_max)
{
	struct berth_frame_out frames[PORTION];
	unsigned n = berth_host_frames_out(host, now, frames, n_max);

	send_own(link, interface, frames, n, now);
	return n;
}

unsigned berth_link_exchange(struct berth_link *link, struct berth_host *host, int interface, berth_time now,
			     unsigned n_max)
{
	unsigned n_moved = 0;

	while (n_moved < n_max) {
		unsigned left = n_max - n_moved;
		unsigned n = move_in(link, host, interface, now, left < PORTION ? left : PORTION);

		left -= n;
		if (left)
			n += move_out(link, host, interface, now, left < PORTION ? left : PORTION);
		if (!n)
			break;
		n_moved += n;
	}
	return n_moved;
}
