/* Errors of berth's functions.
 *
 * A function that can fail returns 0 or more when it did what it says and one of these negative numbers when it did
 * not. The numbers are those of Linux's errno, negated, so that a program with a POSIX face maps them by a sign. */
#ifndef BERTH_ERROR_H
#define BERTH_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, number, text) */
#define BERTH_ERROR_MAP(X)                                                                                             \
	X(EPERM, 1, "operation not permitted")                                                                         \
	X(ENOENT, 2, "no such file or interface")                                                                      \
	X(EIO, 5, "input or output failed")                                                                            \
	X(EBADF, 9, "no such descriptor")                                                                              \
	X(EAGAIN, 11, "nothing to do now, try again later")                                                            \
	X(ENOMEM, 12, "out of memory")                                                                                 \
	X(EACCES, 13, "permission denied")                                                                             \
	X(EBUSY, 16, "in use by somebody else")                                                                        \
	X(EINVAL, 22, "invalid argument")                                                                              \
	X(EMFILE, 24, "too many open descriptors")                                                                     \
	X(ENOSPC, 28, "no space left on device")                                                                       \
	X(EPIPE, 32, "sending side is shut down")                                                                      \
	X(ENODATA, 61, "no data of this kind")                                                                         \
	X(ENONET, 64, "this host is not on the network")                                                               \
	X(EPROTO, 71, "the other side broke the protocol")                                                             \
	X(EOVERFLOW, 75, "value too large")                                                                            \
	X(EDESTADDRREQ, 89, "destination address required")                                                            \
	X(EMSGSIZE, 90, "message too long")                                                                            \
	X(EPROTOTYPE, 91, "wrong type of socket")                                                                      \
	X(ENOPROTOOPT, 92, "no such option")                                                                           \
	X(EPROTONOSUPPORT, 93, "protocol not supported")                                                               \
	X(EOPNOTSUPP, 95, "operation not supported by this socket")                                                    \
	X(EAFNOSUPPORT, 97, "address family not supported")                                                            \
	X(EADDRINUSE, 98, "address already in use")                                                                    \
	X(EADDRNOTAVAIL, 99, "address not available")                                                                  \
	X(ENETDOWN, 100, "network is down")                                                                            \
	X(ENETUNREACH, 101, "network is unreachable")                                                                  \
	X(ECONNABORTED, 103, "connection aborted")                                                                     \
	X(ECONNRESET, 104, "connection reset by peer")                                                                 \
	X(ENOBUFS, 105, "no buffer space available")                                                                   \
	X(EISCONN, 106, "already connected")                                                                           \
	X(ENOTCONN, 107, "not connected")                                                                              \
	X(ETIMEDOUT, 110, "connection timed out")                                                                      \
	X(ECONNREFUSED, 111, "connection refused")                                                                     \
	X(EHOSTDOWN, 112, "host is down")                                                                              \
	X(EHOSTUNREACH, 113, "no route to host")                                                                       \
	X(EALREADY, 114, "already in progress")                                                                        \
	X(EINPROGRESS, 115, "now in progress")

enum berth_error {
	BERTH_OK = 0,
#define X(name, number, text) BERTH_##name = -(number),
	BERTH_ERROR_MAP(X)
#undef X
};

/* "ECONNRESET" for BERTH_ECONNRESET, "OK" for 0 or more, "EUNKNOWN" for a number that is not in the map. Static text.
 */
const char *berth_error_name(int error);

/* "connection reset by peer" for BERTH_ECONNRESET. Static text, never NULL. */
const char *berth_error_text(int error);

#ifdef __cplusplus
}
#endif
#endif
