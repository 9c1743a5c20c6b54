/* Unguessable bytes, from the kernel. */
#include <errno.h>
#include <sys/random.h>

#include <berth/platform.h>

int berth_random(void *out, size_t n)
{
	uint8_t *p = out;

	while (n) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return BERTH_EIO;
		p += got;
		n -= (size_t)got;
	}
	return 0;
}
