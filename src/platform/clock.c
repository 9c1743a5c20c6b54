/* The clock that hosts live by: monotonic, never set back, in nanoseconds. */
#include <time.h>

#include <berth/platform.h>

berth_time berth_clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (berth_time)now.tv_sec * 1000000000 + (berth_time)now.tv_nsec;
}
