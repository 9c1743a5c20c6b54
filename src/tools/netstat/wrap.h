/* Sentences on a terminal. */
#ifndef TOOLS_NETSTAT_WRAP_H
#define TOOLS_NETSTAT_WRAP_H

#include <stddef.h>

/* The columns of the terminal that standard output is; 0: it is none, or does not say. */
size_t wrap_width(void);

/* Prints a clean text (show/text.h) as a line, or where width is not 0 as lines that are broken at spaces, those after
 * the first moved to the right. */
void wrap_print(const char *text, size_t width);

#endif
