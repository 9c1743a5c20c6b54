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

	if (n != sizeof(number))
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

int berth_setsockopt(struct berth_host *host, int descriptor, int level, int option, const void *value, size_t n)
{
	struct endpoint *e = socket_endpoint(host, descriptor);
	int number, error;

	if (!e)
		return BERTH_EBADF;
	if (level == BERTH_SOL_IP || level == BERTH_SOL_IPV6)
		return socket_ip_option_set(host, e, level, option, value, n);
	if (level == BERTH_SOL_SOCKET && option == BERTH_SO_REUSEADDR) {
		error = socket_option_int(value, n, INT_MIN, INT_MAX, &number);
		if (!error)
			e->reuse = number != 0;
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
