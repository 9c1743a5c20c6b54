/* Frames: how a host and a link hand bytes to each other.
 *
 * Frames in are counted and owned; frames out are borrowed gather lists. */
#ifndef BERTH_FRAME_H
#define BERTH_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Nanoseconds of a monotonic clock. The zero is the caller's; it never runs backwards. */
typedef uint64_t berth_time;

/* No deadline. */
#define BERTH_NEVER UINT64_MAX

enum berth_checksum {
	BERTH_CHECKSUM_FULL = 0, /* in: not looked at yet. out: every checksum is in place */
	BERTH_CHECKSUM_PARTIAL, /* out: the transport checksum holds the pseudo-header's sum only; the link completes it
				 */
	BERTH_CHECKSUM_VALID,   /* in: the link vouches for the transport checksum (offload, or memory to memory) */
};

/* A frame on its way in. Counted: whoever keeps it holds a reference. The bytes are data[0..len). */
struct berth_frame {
	uint8_t *data;
	uint32_t len;      /* bytes of the frame */
	uint32_t capacity; /* bytes of storage from `storage` on */
	uint32_t n_refs;
	uint16_t segment_size; /* a coalesced TCP frame: payload bytes of each segment but the last; else 0 */
	uint8_t checksum;      /* enum berth_checksum: FULL or VALID */
	/* The next four belong to whoever owns the frame at the time: the queue that it waits in, and which bytes of it
	 * that queue still wants. Nobody else reads them. */
	struct berth_frame *next;
	uint64_t mark;       /* a sequence number, or a time */
	uint32_t off_wanted; /* from data */
	uint32_t len_wanted;
	const struct berth_memory *memory; /* where the frame goes back to */
	uint8_t storage[];
};

/* A frame with room for `capacity` bytes, len 0, data at storage, one reference. NULL when out of memory. */
struct berth_frame *berth_frame_new(const struct berth_memory *memory, uint32_t capacity);

/* One more holder. Returns the frame. */
struct berth_frame *berth_frame_ref(struct berth_frame *frame);

/* One holder less; the last one gives the frame back. Accepts NULL. Returns NULL. */
struct berth_frame *berth_frame_unref(struct berth_frame *frame);

/* Some bytes that somebody else owns. */
struct berth_slice {
	const uint8_t *data;
	uint32_t len;
};

#define BERTH_HEADER_MAX 128
#define BERTH_SLICES_MAX 20

/* A frame on its way out: headers, then slices of data that stay where they are. Everything in it is valid until the
 * next call to the host that made it. A frame with segment_size != 0 is one TCP header for several segments: each takes
 * segment_size payload bytes (the last one the rest), sequence numbers go on, PSH and FIN are the last one's, CWR the
 * first's, and the IPv4 ID counts up. Only a link that says BERTH_LINK_SEGMENT is given one. */
struct berth_frame_out {
	uint32_t len;       /* of the whole frame: len_header and all slices */
	uint8_t off_header; /* the headers are header[off_header .. off_header + len_header) */
	uint8_t len_header; /* 0 when everything is in the slices */
	uint8_t n_slices;
	uint8_t checksum;       /* enum berth_checksum: FULL or PARTIAL */
	uint16_t off_network;   /* IP header, from the frame's first byte; 0 when not IP and nothing below is set */
	uint16_t off_transport; /* TCP or UDP header, from the frame's first byte */
	uint16_t off_checksum;  /* PARTIAL: where the 16-bit sum goes, from the transport header */
	uint16_t segment_size;
	uint16_t interface; /* the host's interface that it leaves by */
	uint8_t header[BERTH_HEADER_MAX];
	struct berth_slice slices[BERTH_SLICES_MAX];
};

/* Copies all bytes of a frame out into `to`, which has room for frame->len. */
void berth_frame_gather(const struct berth_frame_out *frame, uint8_t *to);

/* A frame in with the same bytes, one reference; NULL when out of memory. */
struct berth_frame *berth_frame_copy(const struct berth_frame_out *frame, const struct berth_memory *memory);

/* A frame out that is one slice: the bytes of `frame`, borrowed. */
void berth_frame_borrow(const struct berth_frame *frame, struct berth_frame_out *out);

#ifdef __cplusplus
}
#endif
#endif
