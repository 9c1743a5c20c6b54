/* Memory that is kept until all of it is freed at once: what a listing remembers while it runs. Pieces do not move. */
#ifndef NETSTAT_KEEP_H
#define NETSTAT_KEEP_H

#include <stddef.h>

struct keep {
	struct keep_chunk *chunks; /* the newest first */
	size_t used, room;         /* of the newest */
};

/* n bytes, zeroed, aligned for anything; NULL: out of memory. Zero-initialise the struct before the first. */
void *keep_bytes(struct keep *keep, size_t n);
/* A copy of text[n] and a NUL; NULL: out of memory. */
char *keep_text(struct keep *keep, const char *text, size_t n);
void keep_free(struct keep *keep); /* ready for use again */

#endif
