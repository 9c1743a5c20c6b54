/* The files below a directory: opening them without ever leaving it, and listing directories. */
#ifndef SERVICES_HTTP_FILES_H
#define SERVICES_HTTP_FILES_H

#include <stddef.h>
#include <stdio.h>

/* Opens `path`, which is anything a client may ask for, below the directory `root` for reading. Nothing outside of root
 * is ever opened: not by "..", not by an absolute path, not by a symbolic link. The descriptor, or the negative errno.
 */
int http_open(int root, const char *path);

/* Writes an HTML page that lists a directory, given by a descriptor (borrowed) and its path below root, to `out`.
 * Entries that could not be asked for (links that lead out, sockets, ...) are left away. 0, or a negative errno. */
int http_list(int root, int directory, const char *path, FILE *out);

/* Writes text so that HTML shows it as it is. */
void http_put_html(const char *text, FILE *out);

/* Writes a path with everything but unreserved characters and slashes as %XX, RFC 3986 section 2. */
void http_put_percent(const char *text, FILE *out);

/* The media type by the name's end: "text/html; charset=utf-8". Static text. */
const char *http_content_type(const char *path);

#endif
