/* Control sockets: what the side that publishes (control.c) and the side that reads (control_read.c) share. */
#ifndef PLATFORM_CONTROL_H
#define PLATFORM_CONTROL_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <berth/platform.h>

#define CONTROL_SUFFIX ".sock"

/* The directory is a directory and no link, the caller's own, and nobody else's to enter. 0, or BERTH_ENOENT,
 * BERTH_EACCES, BERTH_EIO. */
int control_directory_check(const char *path);

/* DIRECTORY/NAME as a socket's address; 0, or BERTH_EOVERFLOW. */
int control_address(struct sockaddr_un *out, const char *directory, const char *name);

/* The process at the other end runs as the caller, or (when `or_root`) as root. */
bool control_peer_trusted(int fd, bool or_root);

#endif
