/* The texts of the kernel's counters: whatever they say, groups and names are plain words. */
#include "tables/counter_text.h"

#include <berth/error.h>
#include <string.h>

#include "fuzz.h"

static int on_found(void *user, const char *group, const char *name, uint64_t value)
{
	CHECK(*group && *name);
	for (const char *c = group; *c; c++)
		CHECK(*c > ' ' && *c <= '~');
	for (const char *c = name; *c; c++)
		CHECK(*c > ' ' && *c <= '~');
	CHECK(counter_meaning(group, name));
	++*(size_t *)user;
	return 0;
}

/* The line up to the newline, which it ends with, and where the next begins. */
static char *cut_line(char *text)
{
	char *newline = strchr(text, '\n');

	if (newline)
		*newline = 0;
	return newline ? newline + 1 : text + strlen(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1), *copy = malloc(n + 1);
	size_t found = 0;

	CHECK(text && copy);
	memcpy(text, data, n);
	text[n] = 0;
	memcpy(copy, text, n + 1);
	char *values = cut_line(text);
	cut_line(values);
	int r = counter_pair(text, values, on_found, &found);
	CHECK(r == 0 || r == BERTH_EPROTO);
	CHECK(found <= n);
	cut_line(copy);
	r = counter_line6(copy, on_found, &found);
	CHECK(r == 0 || r == BERTH_EPROTO);
	free(text);
	free(copy);
	return 0;
}
