/* Segments that have arrived one right behind the other, joined into one large frame: what splitting does, the other
 * way round. The host then looks at headers and finds the connection once for all of them. */
#ifndef LINK_COALESCE_H
#define LINK_COALESCE_H

#include <berth/link.h>

/* The most segments of one large frame: 64 KiB of the usual 1,460 bytes. */
#define COALESCE_MAX 45

/* Frames that were taken from the inner link and not handed on yet, in order. Both counts are 0 at first. */
struct coalesce {
	struct berth_frame *waiting[COALESCE_MAX];
	unsigned n;
	unsigned n_alone; /* so many of them, from the first on, are handed on as they are */
};

/* The next frame that has arrived at `inner` by `now`: joined with those behind it that continue it and have arrived
 * too (nothing is waited for), or as it is. *n_joined grows by the segments that went into a large frame. NULL: none. A
 * large frame's checksum is VALID: each segment's was looked at while it was copied; a segment whose checksum is wrong
 * is handed on as it is, for the host to count, and so are those for whose large frame there is no memory. */
struct berth_frame *coalesce_receive(struct coalesce *c, struct berth_link *inner, const struct berth_memory *memory,
				     berth_time now, uint64_t *n_joined);

/* Lets go of what waits. */
void coalesce_deinit(struct coalesce *c);

#endif
