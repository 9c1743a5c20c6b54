/* The texts that say which network namespaces there are: what is taken from them is whole. */
#include "source/namespace_text.h"

#include <string.h>

#include "fuzz.h"

static void one_line(const char *line, struct namespace_census *census)
{
	char path[64];
	uint64_t inode;

	namespace_of_link(line);
	if (namespace_of_mount(line, &inode, path, sizeof(path))) {
		CHECK(inode != 0 && path[0] && memchr(path, 0, sizeof(path)));
		const char *name = namespace_ip_name(path);
		CHECK(!name || (*name && !strchr(name, '/')));
	}
	namespace_census_line(line, census);
	namespace_census_protocol_line(line, census);
	CHECK(namespace_protocol_line(line) <= NETSTAT_PROTOCOL_N);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1), *line = text;
	struct namespace_census census;

	CHECK(text);
	memcpy(text, data, n);
	text[n] = 0;
	namespace_census_init(&census);
	while (line) {
		char *newline = strchr(line, '\n');
		if (newline)
			*newline = 0;
		one_line(line, &census);
		line = newline ? newline + 1 : NULL;
	}
	namespace_census_end(&census);
	for (size_t i = 0; i < NETSTAT_PROTOCOL_N; i++)
		CHECK(census.families[i] <= NETSTAT_ALL_FAMILIES);
	CHECK(census.families[NETSTAT_UNIX] == NETSTAT_ALL_FAMILIES);
	free(text);
	return 0;
}
