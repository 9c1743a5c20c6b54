/* /proc/PID/stat: what is needed of it. */
#ifndef NETSTAT_PROCESS_STAT_H
#define NETSTAT_PROCESS_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process_stat {
	char name[64];    /* the kernel's name of it, without the parentheses; control characters as '?' */
	uint64_t started; /* since boot, in ticks of sysconf(_SC_CLK_TCK) */
};

/* The text of the file, text[n], which needs no NUL. False: that is not what it is, *out untouched. */
bool process_stat_parse(const char *text, size_t n, struct process_stat *out);

#endif
