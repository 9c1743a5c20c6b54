/* Socket options. The host's have Linux's numbers; what differs in meaning is translated here. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "object.h"

/* What a script may set although nothing that it looks at follows from it. */
static const struct {
	int level, option;
} indifferent[] = {
	{SOL_SOCKET, SO_PRIORITY},        {SOL_SOCKET, SO_REUSEPORT},  {SOL_SOCKET, SO_MARK},
	{SOL_SOCKET, SO_MAX_PACING_RATE}, {BERTH_SOL_IP, IP_FREEBIND}, {BERTH_SOL_IP, IP_MTU_DISCOVER},
};

static bool is_indifferent(int level, int option)
{
	for (size_t i = 0; i < sizeof(indifferent) / sizeof(indifferent[0]); i++)
		if (indifferent[i].level == level && indifferent[i].option == option)
			return true;
	return false;
}

/* Linux doubles a buffer's size and then counts its own bookkeeping, too. In a large one, where that is little, there
 * is room for as much payload; in a small one for 1.2 times what was asked for, in segments of usual size. */
#define SMALL_BUFFER 65536

static bool is_buffer(int level, int option)
{
	return level == SOL_SOCKET && (option == SO_SNDBUF || option == SO_RCVBUF);
}

static int from_linux_buffer(int size)
{
	if (size < SMALL_BUFFER)
		return (int)((int64_t)size * 6 / 5);
	return size > INT32_MAX / 2 ? INT32_MAX : size * 2;
}

static int to_linux_buffer(int size)
{
	return size < SMALL_BUFFER * 6 / 5 ? (int)((int64_t)size * 5 / 3) : size;
}

/* The options of IP may be a byte there. */
static int set_number(struct object *o, const struct file *f, int level, int option, int number)
{
	int error;

	if (is_buffer(level, option))
		number = from_linux_buffer(number);
	error = berth_setsockopt(o->host, f->descriptor, level, option, &number, sizeof(number));
	return error == BERTH_ENOPROTOOPT && is_indifferent(level, option) ? 0 : error;
}

/* Linux takes a key before there is a listener, the host with it. */
static int set_key(struct object *o, struct file *f, const void *value, socklen_t n)
{
	int error = berth_setsockopt(o->host, f->descriptor, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_KEY, value, n);

	if (error != BERTH_EINVAL || n > sizeof(f->key) || n % 16)
		return error;
	memcpy(f->key, value, n);
	f->n_key = (uint8_t)n;
	return 0;
}

static int set(struct object *o, struct file *f, int level, int option, const void *value, socklen_t n)
{
	int number;

	if (level == BERTH_SOL_TCP && option == BERTH_TCP_FASTOPEN_KEY)
		return set_key(o, f, value, n);

	if (n == 1 && (level == BERTH_SOL_IP || level == BERTH_SOL_IPV6))
		return set_number(o, f, level, option, *(const uint8_t *)value);
	if (n != sizeof(number))
		return berth_setsockopt(o->host, f->descriptor, level, option, value, n);
	memcpy(&number, value, sizeof(number));
	return set_number(o, f, level, option, number);
}

int options_set(void *user, int fd, int level, int option, const void *value, socklen_t n)
{
	struct object *o = user;
	struct file *f;

	object_enter(o);
	f = file_get(o, fd, FILE_SOCKET);
	return (int)object_leave(o, f ? set(o, f, level, option, value, n) : BERTH_EBADF);
}

int options_get(void *user, int fd, int level, int option, void *value, socklen_t *n)
{
	struct object *o = user;
	struct file *f;
	size_t size = *n;
	int error, number;

	object_enter(o);
	f = file_get(o, fd, FILE_SOCKET);
	berth_host_expire(o->host, o->now); /* it knows no other clock, and TCP_INFO tells times */
	error = f ? berth_getsockopt(o->host, f->descriptor, level, option, value, &size) : BERTH_EBADF;
	if (!error)
		*n = (socklen_t)size;
	if (!error && is_buffer(level, option) && size == sizeof(number)) {
		memcpy(&number, value, sizeof(number));
		number = to_linux_buffer(number);
		memcpy(value, &number, sizeof(number));
	}
	return (int)object_leave(o, error);
}
