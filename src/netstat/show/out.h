/* Output in large blocks: writers put bytes into a buffer of 64 KiB, which goes to a FILE whenever it is full. The FILE
 * sees everything in order, so that others may write to it before and after. */
#ifndef NETSTAT_OUT_H
#define NETSTAT_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
	OUT_SIZE = 64 * 1024,
	OUT_PIECE = 1024, /* out_room gives so much at once, and more only when asked for */
};

struct out {
	FILE *file;
	bool failed; /* nothing more is written */
	size_t n;
	char bytes[OUT_SIZE];
};

/* What is in the buffer goes to the FILE. */
void out_drain(struct out *out);
/* And from there to whoever reads it. 0 or BERTH_EIO. */
int out_flush(struct out *out);

/* A place for n bytes, at most OUT_SIZE; who has written them moves out->n. */
static inline char *out_room(struct out *out, size_t n)
{
	if (n > OUT_SIZE - out->n)
		out_drain(out);
	return out->bytes + out->n;
}

void out_put_long(struct out *out, const char *bytes, size_t n);

static inline void out_put(struct out *out, const char *bytes, size_t n)
{
	if (n > OUT_SIZE - out->n) {
		out_put_long(out, bytes, n);
		return;
	}
	memcpy(out->bytes + out->n, bytes, n);
	out->n += n;
}

static inline void out_byte(struct out *out, char byte)
{
	*out_room(out, 1) = byte;
	out->n++;
}

/* Spaces, by copying a fixed number of them for up to that many, which is what a table mostly needs. */
static inline void out_spaces(struct out *out, size_t n)
{
	static const char spaces[32] = "                                ";

	for (; n > sizeof(spaces); n -= sizeof(spaces))
		out_put(out, spaces, sizeof(spaces));
	memcpy(out_room(out, sizeof(spaces)), spaces, sizeof(spaces));
	out->n += n;
}

/* Encoders turn a text into another one, piece by piece: each takes what it can from *text, up to `end`, writes at most
 * `room` bytes (OUT_PIECE or more) to `to`, moves *text on, and returns how many it wrote. Each call gets on. */
typedef size_t out_encode(const char **text, const char *end, char *to, size_t room);
void out_encoded(struct out *out, out_encode *encode, const char *text, size_t n);

#endif
