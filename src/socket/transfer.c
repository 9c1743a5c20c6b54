/* Sending and receiving: every call of the family is sendmsg or recvmsg with some of it left out. */
#include <limits.h>

#include "error_queue.h"
#include "socket_private.h"
#include "zerocopy.h"

/* The vectors' sizes added up. false: more than a long can say. */
static bool sum_vectors(const struct berth_message *message, size_t *total)
{
	size_t sum = 0;

	for (size_t i = 0; i < message->n_vectors; i++) {
		if (message->vectors[i].n > (size_t)LONG_MAX - sum)
			return false;
		sum += message->vectors[i].n;
	}
	*total = sum;
	return true;
}

long berth_sendmsg(struct berth_host *host, int descriptor, const struct berth_message *message, unsigned flags)
{
	struct endpoint *e = socket_endpoint(host, descriptor);
	size_t total;

	if (!e)
		return BERTH_EBADF;
	if (!sum_vectors(message, &total))
		return BERTH_EINVAL;
	return socket_operations(e)->send(host, e, message, total, flags);
}

long berth_sendto(struct berth_host *host, int descriptor, const void *data, size_t n, unsigned flags,
		  const struct berth_socket_address *foreign)
{
	/* The vector serves both directions, so its pointer is not const; sending only reads. */
	struct berth_vector vector = {.data = (void *)(uintptr_t)data, .n = n};
	struct berth_message message = {.vectors = &vector, .n_vectors = 1};

	if (foreign)
		message.foreign = *foreign;
	return berth_sendmsg(host, descriptor, &message, flags);
}

long berth_send(struct berth_host *host, int descriptor, const void *data, size_t n, unsigned flags)
{
	return berth_sendto(host, descriptor, data, n, flags, NULL);
}

/* The pending error of a datagram socket is that of the oldest that is queued (Linux: so that one who reads the queue
 * need not read it as well). */
static long receive_error(struct berth_host *host, struct endpoint *e, struct berth_message *message, unsigned flags)
{
	long n = error_queue_pop(&e->errors, message, flags & BERTH_MSG_PEEK, host->memory);

	if (n < 0 || flags & BERTH_MSG_PEEK)
		return n;
	if (e->kind == ENDPOINT_UDP)
		udp_of_endpoint(e)->error = e->errors ? -(int)e->errors->first->error.number : BERTH_OK;
	else
		tcp_zerocopy_tell(&host->tcp, tcp_of_endpoint(e));
	return n;
}

static long receive(struct berth_host *host, struct endpoint *e, struct berth_message *message, unsigned flags)
{
	size_t total;

	if (!sum_vectors(message, &total))
		return BERTH_EINVAL;
	if (flags & BERTH_MSG_ERRQUEUE)
		return receive_error(host, e, message, flags);
	return socket_operations(e)->recv(host, e, message, flags);
}

/* A datagram has brought its ends; those of a connection are the same each time, and only made for who asks. */
static void name_ends(const struct endpoint *e, struct berth_message *message)
{
	if (e->kind == ENDPOINT_UDP || message->flags & BERTH_MSG_ERRQUEUE)
		return;
	message->foreign = endpoint_foreign(&e->pair, e->family);
	message->local = endpoint_local(&e->pair, e->family);
}

long berth_recvmsg(struct berth_host *host, int descriptor, struct berth_message *message, unsigned flags)
{
	struct endpoint *e = socket_endpoint(host, descriptor);
	long received;

	if (!e)
		return BERTH_EBADF;
	received = receive(host, e, message, flags);
	if (received >= 0)
		name_ends(e, message);
	return received;
}

long berth_recvfrom(struct berth_host *host, int descriptor, void *data, size_t n, unsigned flags,
		    struct berth_socket_address *foreign)
{
	struct berth_vector vector = {.data = data, .n = n};
	struct berth_message message = {.vectors = &vector, .n_vectors = 1};
	struct endpoint *e = socket_endpoint(host, descriptor);
	long received;

	if (!e)
		return BERTH_EBADF;
	received = receive(host, e, &message, flags);
	if (foreign && received >= 0) {
		name_ends(e, &message);
		*foreign = message.foreign;
	}
	return received;
}

long berth_recv(struct berth_host *host, int descriptor, void *data, size_t n, unsigned flags)
{
	return berth_recvfrom(host, descriptor, data, n, flags, NULL);
}
