/* Socket options. The host's have Linux's numbers; what differs in meaning is translated here. */
#include <errno.h>
#include <linux/tcp.h>
#include <string.h>

#include "object.h"

#define LINUX_SO_PRIORITY 12
#define LINUX_SO_REUSEPORT 15
#define LINUX_SO_MARK 36
#define LINUX_SO_MAX_PACING_RATE 47

/* What a script may set although nothing that it looks at follows from it. */
static bool is_indifferent(int level, int option)
{
	if (level != SOL_SOCKET)
		return false;
	return option == LINUX_SO_PRIORITY || option == LINUX_SO_REUSEPORT || option == LINUX_SO_MARK ||
	       option == LINUX_SO_MAX_PACING_RATE;
}

/* Linux reserves as much again for its own bookkeeping, and says so when it is asked. */
static bool is_buffer(int level, int option)
{
	return level == SOL_SOCKET && (option == SO_SNDBUF || option == SO_RCVBUF);
}

static int set(struct object *o, const struct file *f, int level, int option, const void *value, socklen_t n)
{
	int number;

	if (is_indifferent(level, option))
		return 0;
	if (!is_buffer(level, option) || n < sizeof(number))
		return berth_setsockopt(o->host, f->descriptor, level, option, value, n);
	memcpy(&number, value, sizeof(number));
	number = number > INT32_MAX / 2 ? INT32_MAX : number * 2;
	return berth_setsockopt(o->host, f->descriptor, level, option, &number, sizeof(number));
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
	int error;

	object_enter(o);
	f = file_get(o, fd, FILE_SOCKET);
	if (f && level == BERTH_SOL_TCP && option == TCP_INFO)
		return (int)object_leave(o, info_get(o, f, value, n));
	error = f ? berth_getsockopt(o->host, f->descriptor, level, option, value, &size) : BERTH_EBADF;
	if (!error)
		*n = (socklen_t)size;
	return (int)object_leave(o, error);
}
