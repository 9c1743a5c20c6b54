/* /proc/PID/stat: a name without control characters, or nothing at all. */
#include "process/process_stat.h"

#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct process_stat stat, untouched;
	char *text = malloc(n + !n);

	CHECK(text);
	memcpy(text, data, n);
	memset(&stat, 0xa5, sizeof(stat));
	untouched = stat;
	if (process_stat_parse(text, n, &stat)) {
		CHECK(strnlen(stat.name, sizeof(stat.name)) < sizeof(stat.name));
		for (const char *c = stat.name; *c; c++)
			CHECK((uint8_t)*c >= ' ' && *c != 0x7f);
	} else {
		CHECK(!memcmp(&stat, &untouched, sizeof(stat)));
	}
	free(text);
	return 0;
}
