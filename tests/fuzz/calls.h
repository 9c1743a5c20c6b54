/* Calls of berth/socket.h with arguments that the input chooses, for targets that have a host. What the calls are given
 * has exactly the room that they are told of, so that a sanitizer sees a look beyond it. */
#ifndef TESTS_FUZZ_CALLS_H
#define TESTS_FUZZ_CALLS_H

#include <berth/berth.h>

#include "fuzz.h"
#include "host_frames.h"

#define CALL_VALUE_MAX 64

static inline uint8_t *call_room(size_t n)
{
	uint8_t *p = malloc(n ? n : 1);

	CHECK(p);
	memset(p, 0, n ? n : 1);
	return p;
}

static inline int call_level(uint8_t choice)
{
	static const int levels[] = {BERTH_SOL_IP, BERTH_SOL_SOCKET, BERTH_SOL_TCP, BERTH_SOL_IPV6, BERTH_SOL_UDP};

	return levels[choice % (sizeof(levels) / sizeof(levels[0]))];
}

/* Any option, its value an int near a power of two and whatever the input goes on with. */
static inline void call_setsockopt(struct berth_host *host, int descriptor, struct input *in)
{
	static const uint8_t sizes[] = {4, 0, 8, 16, 32, 1, 3, sizeof(struct berth_membership)};
	uint8_t level = take(in), option = take(in), shape = take(in);
	size_t n = sizes[shape & 7], n_more = n > 4 ? n - 4 : 0;
	int number = (int)((uint32_t)(int8_t)take(in) << (shape >> 3));
	const uint8_t *more = take_bytes(in, &n_more);
	uint8_t *value = call_room(n);

	memcpy(value, &number, n < sizeof(number) ? n : sizeof(number));
	if (n_more)
		memcpy(value + 4, more, n_more);
	berth_setsockopt(host, descriptor, call_level(level), option, value, n);
	free(value);
}

static inline void call_getsockopt(struct berth_host *host, int descriptor, struct input *in)
{
	uint8_t level = take(in), option = take(in);
	size_t room = level & 0x80 ? 4 : take(in) * 2u, n = room;
	uint8_t *value = call_room(room);
	int error = berth_getsockopt(host, descriptor, call_level(level), option, value, &n);

	CHECK(error <= 0 && (error || n <= room));
	free(value);
}

/* What only asks. */
static inline void call_asks(struct berth_host *host, int descriptor)
{
	static const unsigned requests[] = {BERTH_SIOCINQ, BERTH_SIOCOUTQ, BERTH_SIOCOUTQNSD, 0};
	struct berth_socket_address address;
	struct berth_tcp_info info;
	size_t n = sizeof(info);

	for (unsigned i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		int value = -1;

		CHECK(berth_ioctl(host, descriptor, requests[i], &value) || value >= 0);
	}
	CHECK(berth_sockatmark(host, descriptor) <= 1);
	berth_ready(host, descriptor);
	berth_getsockname(host, descriptor, &address);
	berth_getpeername(host, descriptor, &address);
	berth_getsockopt(host, descriptor, BERTH_SOL_TCP, BERTH_TCP_INFO, &info, &n);
}

static inline unsigned call_flags(uint8_t bits)
{
	static const unsigned flags[] = {BERTH_MSG_OOB,      BERTH_MSG_PEEK,     BERTH_MSG_TRUNC, BERTH_MSG_EOR,
					 BERTH_MSG_ERRQUEUE, BERTH_MSG_FASTOPEN, BERTH_MSG_MORE,  BERTH_MSG_WAITALL};
	unsigned all = 0;

	for (unsigned i = 0; i < 8; i++)
		all |= bits >> i & 1 ? flags[i] : 0;
	return all;
}

/* Into two places, with all that can come beside the data. */
static inline long call_recvmsg(struct berth_host *host, int descriptor, struct input *in)
{
	unsigned flags = call_flags(take(in));
	size_t first = take(in), second = (size_t)take(in) << (first & 7);
	uint8_t *a = call_room(first), *b = call_room(second);
	struct berth_vector vectors[] = {{a, first}, {b, second}};
	struct berth_message message = {.vectors = vectors, .n_vectors = 2};
	long n = berth_recvmsg(host, descriptor, &message, flags);

	CHECK(n < 0 || flags & BERTH_MSG_TRUNC || (size_t)n <= first + second);
	free(a);
	free(b);
	return n;
}

/* Zeros, in one piece or cut, with control data. */
static inline long call_sendmsg(struct berth_host *host, int descriptor, const struct berth_socket_address *to,
				struct input *in)
{
	unsigned flags = call_flags(take(in));
	uint8_t present = take(in);
	size_t n = (size_t)take(in) << (present >> 5);
	uint8_t *data = call_room(n);
	struct berth_vector vectors[] = {{data, n / 2}, {data + n / 2, n - n / 2}};
	struct berth_message message = {.vectors = vectors, .n_vectors = 2};
	long sent;

	if (present & 16)
		message.foreign = *to;
	message.control.present = present & 15;
	message.control.tos = take(in);
	message.control.ttl = message.control.tos;
	message.control.interface = message.control.tos & 3;
	message.control.segment_size = (uint16_t)(take(in) << (message.control.tos & 7));
	sent = berth_sendmsg(host, descriptor, &message, flags);
	CHECK(sent <= (long)n);
	free(data);
	return sent;
}

#endif
