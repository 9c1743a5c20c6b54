/* One message of unix_diag about one Unix socket: bytes to row. Pure. */
#ifndef NETSTAT_UNIX_MESSAGE_H
#define NETSTAT_UNIX_MESSAGE_H

#include "row.h"

#define UNIX_PATH_ROOM 112

/* Reads message[n], a struct unix_diag_msg with its attributes. true and all of *row, whose path, where it has one, is
 * written into path[UNIX_PATH_ROOM]; false: it is none. */
bool unix_message_read(const void *message, size_t n, struct netstat_row *row, char *path);

/* Writes a Unix socket's name, as the system knows it, as text into path[UNIX_PATH_ROOM]: an abstract one begins with
 * '@', as do its NULs; control characters are '?'. Other bytes stay what they are. Returns path, or NULL: no name. */
const char *unix_path_read(const uint8_t *name, size_t n, char *path);

#endif
