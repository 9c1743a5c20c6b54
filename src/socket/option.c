/* Socket options: those of every socket here, of IP in option_ip.c, the others where TCP and UDP keep them. */
#include <limits.h>
#include <string.h>

#include "socket_private.h"

#define BUFFER_LEAST 4096
#define BUFFER_MOST (64 << 20)

int socket_option_get_int(int number, void *value, size_t *n)
{
	if (*n < sizeof(number))
		return BERTH_EINVAL;
	memcpy(value, &number, sizeof(number));
	*n = sizeof(number);
	return BERTH_OK;
}

int socket_option_int(const void *value, size_t n, int least, int most, int *out)
{
	int number;

	if (n < sizeof(number))
		return BERTH_EINVAL;
	memcpy(&number, value, sizeof(number));
	if (number < least || number > most)
		return BERTH_EINVAL;
	*out = number;
	return BERTH_OK;
}

int socket_option_buffer(const void *value, size_t n, uint32_t *out)
{
	int number;
	int error = socket_option_int(value, n, INT_MIN, INT_MAX, &number);

	if (error)
		return error;
	if (number < BUFFER_LEAST)
		number = BUFFER_LEAST;
	if (number > BUFFER_MOST)
		number = BUFFER_MOST;
	*out = (uint32_t)number;
	return BERTH_OK;
}

/* Milliseconds, rounded up so that a wait of a microsecond is one; beyond what they can say is for ever, as 0. */
static int set_timeout(const void *value, size_t n, uint32_t *ms)
{
	struct berth_timeval t;
	uint64_t sum;

	if (n < sizeof(t))
		return BERTH_EINVAL;
	memcpy(&t, value, sizeof(t));
	if (t.microseconds < 0 || t.microseconds >= 1000000)
		return BERTH_EINVAL;
	/* Linux: before now is at once, which here every call is; a wait of no length would be for ever. */
	if (t.seconds < 0)
		t = (struct berth_timeval){.microseconds = 1};
	sum = (uint64_t)t.seconds < UINT32_MAX / 1000 ? (uint64_t)t.seconds * 1000 : UINT64_MAX / 2;
	sum += ((uint64_t)t.microseconds + 999) / 1000;
	*ms = sum <= UINT32_MAX ? (uint32_t)sum : 0;
	return BERTH_OK;
}

static int get_timeout(uint32_t ms, void *value, size_t *n)
{
	struct berth_timeval t = {.seconds = ms / 1000, .microseconds = ms % 1000 * 1000};

	if (*n < sizeof(t))
		return BERTH_EINVAL;
	memcpy(value, &t, sizeof(t));
	*n = sizeof(t);
	return BERTH_OK;
}

/* The options that are the endpoint's own. 0 or an error, or 1: it is none of them. */
static int set_endpoint(struct endpoint *e, int option, const void *value, size_t n)
{
	int number, error;

	switch (option) {
	case BERTH_SO_RCVTIMEO:
		return set_timeout(value, n, &e->ms_receive_max);
	case BERTH_SO_SNDTIMEO:
		return set_timeout(value, n, &e->ms_send_max);
	case BERTH_SO_REUSEADDR:
	case BERTH_SO_REUSEPORT:
		error = socket_option_int(value, n, INT_MIN, INT_MAX, &number);
		if (error)
			return error;
		if (option == BERTH_SO_REUSEADDR)
			e->reuse = number != 0;
		else
			e->reuse_port = number != 0;
		return BERTH_OK;
	default:
		return 1;
	}
}

int berth_setsockopt(struct berth_host *host, int descriptor, int level, int option, const void *value, size_t n)
{
	struct endpoint *e = socket_endpoint(host, descriptor);
	int error;

	if (!e)
		return BERTH_EBADF;
	if (level == BERTH_SOL_IP || level == BERTH_SOL_IPV6)
		return socket_ip_option_set(host, e, level, option, value, n);
	if (level == BERTH_SOL_SOCKET) {
		error = set_endpoint(e, option, value, n);
		if (error <= 0)
			return error;
	}
	return socket_operations(e)->set(host, e, level, option, value, n);
}

int berth_ioctl(struct berth_host *host, int descriptor, unsigned request, int *value)
{
	struct endpoint *e = socket_endpoint(host, descriptor);

	return e ? socket_operations(e)->query(e, request, value) : BERTH_EBADF;
}

int berth_getsockopt(struct berth_host *host, int descriptor, int level, int option, void *value, size_t *n)
{
	struct endpoint *e = socket_endpoint(host, descriptor);

	if (!e)
		return BERTH_EBADF;
	if (level == BERTH_SOL_IP || level == BERTH_SOL_IPV6)
		return socket_ip_option_get(host, e, level, option, value, n);
	if (level == BERTH_SOL_SOCKET) {
		switch (option) {
		case BERTH_SO_REUSEADDR:
			return socket_option_get_int(e->reuse, value, n);
		case BERTH_SO_REUSEPORT:
			return socket_option_get_int(e->reuse_port, value, n);
		case BERTH_SO_RCVTIMEO:
			return get_timeout(e->ms_receive_max, value, n);
		case BERTH_SO_SNDTIMEO:
			return get_timeout(e->ms_send_max, value, n);
		case BERTH_SO_SNDLOWAT:
			return socket_option_get_int(1, value, n);
		case BERTH_SO_TYPE:
			return socket_option_get_int(e->kind == ENDPOINT_UDP ? BERTH_DATAGRAM : BERTH_STREAM, value, n);
		case BERTH_SO_PROTOCOL:
			return socket_option_get_int(e->pair.protocol, value, n);
		case BERTH_SO_DOMAIN:
			return socket_option_get_int(e->family, value, n);
		default:
			break;
		}
	}
	return socket_operations(e)->get(host, e, level, option, value, n);
}
