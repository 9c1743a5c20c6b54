/* The system's errno as berth's errors. */
#ifndef PLATFORM_ERRORS_H
#define PLATFORM_ERRORS_H

#include <errno.h>

#include <berth/error.h>

/* The error of this number where berth has it, BERTH_EIO where not. */
static inline int error_from_errno(int number)
{
	switch (number) {
#define X(name, n, text)                                                                                               \
	case n:                                                                                                        \
		return BERTH_##name;
		BERTH_ERROR_MAP(X)
#undef X
	default:
		return BERTH_EIO;
	}
}

#endif
