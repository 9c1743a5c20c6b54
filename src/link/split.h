/* One large TCP frame into the segments it stands for, and a partial checksum into a whole one. What the links that do
 * a network card's work in software share. */
#ifndef LINK_SPLIT_H
#define LINK_SPLIT_H

#include <stdbool.h>

#include <berth/frame.h>

/* A place in a frame out: its header bytes are piece 0, its slices the pieces after it. */
struct split_cursor {
	const struct berth_frame_out *frame;
	unsigned piece;
	uint32_t off; /* in the piece */
};

/* A large frame on its way to becoming segments. */
struct split {
	struct split_cursor cursor; /* the next payload byte */
	uint32_t left;              /* payload bytes from there on */
	uint32_t seq;
	uint64_t sum_base; /* of pseudo-header (its length left out) and TCP header without seq, checksum, edge flags */
	uint64_t sum_ip;   /* of the IPv4 header without total length, ID, checksum */
	uint16_t ip_id;
	uint16_t segment_size;
	uint16_t off_network, off_transport;
	uint8_t len_headers; /* of all headers up to the payload */
	uint8_t flags_first; /* TCP flags that only the first segment has, */
	uint8_t flags_last;  /* and only the last */
	bool ip6, first;
	bool complete; /* the checksum, not only its pseudo-header part */
	uint8_t headers[BERTH_HEADER_MAX];
};

/* Begins to split `frame`, which is borrowed until the last segment has been used. `complete`: checksums are to be
 * whole; otherwise they stay PARTIAL. false: the frame is no TCP over IP whose headers hold together, or has no payload
 * to split. */
bool split_init(struct split *split, const struct berth_frame_out *frame, bool complete);

/* The next segment into *out, its payload in slices of the original. false: the last one has been had, or the frame's
 * pieces end before its length does; split->left tells. */
bool split_next(struct split *split, struct berth_frame_out *out);

/* The frame with its PARTIAL checksum completed into *out, which borrows its slices. false: the checksum lies outside
 * the frame. */
bool split_complete(const struct berth_frame_out *frame, struct berth_frame_out *out);

#endif
