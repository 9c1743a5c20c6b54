/* The text of a running host's snapshot, a line at a time. */
#ifndef PLATFORM_CONTROL_TEXT_H
#define PLATFORM_CONTROL_TEXT_H

#include <berth/snapshot.h>

/* Where a text is; all zero at its begin. */
struct control_text {
	unsigned stage;
	uint64_t cursor; /* within the stage */
};

/* Writes the next line into out[BERTH_SNAPSHOT_LINE] and returns its length; 0: the end has been written. */
size_t control_text_line(struct control_text *text, struct berth_host *host, berth_time now, char *out);

#endif
