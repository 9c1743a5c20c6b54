/* Errors that a socket has asked to be told one by one (IP_RECVERR, IPV6_RECVERR), oldest first. A bounded queue: it is
 * strangers who fill it. */
#ifndef PORTS_ERROR_QUEUE_H
#define PORTS_ERROR_QUEUE_H

#include <berth/memory.h>
#include <berth/socket.h>

/* Errors that are kept, and bytes that each has quoted. */
#define ERROR_QUEUE_MAX 32
#define ERROR_QUOTE_MAX 512

struct queued_error {
	struct queued_error *next;
	struct berth_extended_error error;
	struct berth_address offender;       /* of BERTH_ANY_FAMILY: this host */
	struct berth_socket_address foreign; /* to whom it was that did not get there */
	uint32_t len;
	uint8_t quoted[];
};

/* What there is only while errors wait. */
struct error_queue {
	struct queued_error *first, *last;
	uint32_t n;
};

/* What is to be queued; `quoted` is borrowed, of its `len` bytes the first ERROR_QUOTE_MAX are kept. */
struct error_entry {
	struct berth_extended_error error;
	struct berth_address offender;
	struct berth_socket_address foreign;
	const uint8_t *quoted;
	size_t len;
};

/* false: it is full, or there is no memory; then the error is lost. */
bool error_queue_push(struct error_queue **queue, const struct error_entry *entry, const struct berth_memory *memory);

/* Copies the oldest into *message and takes it away (not when `peek`). Bytes of data, or BERTH_EAGAIN: there is none.
 */
long error_queue_pop(struct error_queue **queue, struct berth_message *message, bool peek,
		     const struct berth_memory *memory);

void error_queue_deinit(struct error_queue **queue, const struct berth_memory *memory);

#endif
