/* /proc/net is a link to self/net, which is that of the process's first thread: a thread that has entered another
 * namespace has to say that it means itself. Linux has that since 3.17. */
#include "net_file.h"

FILE *net_file_open(const char *name)
{
	char path[64];
	int n = snprintf(path, sizeof(path), "/proc/thread-self/net/%s", name);

	return n > 0 && (size_t)n < sizeof(path) ? fopen(path, "re") : NULL;
}
