/* The texts of multicast memberships: what is found is whole. */
#include "tables/group_text.h"

#include <string.h>

#include "fuzz.h"

static void check(const struct group *group, uint8_t family)
{
	CHECK(group->address.family == family);
	CHECK(group->interface_name[0]);
	CHECK(strnlen(group->interface_name, sizeof(group->interface_name)) < sizeof(group->interface_name));
	CHECK(!strpbrk(group->interface_name, " \t\n"));
	CHECK(group->users <= UINT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1), *line = text;
	struct group ip4 = {0}, ip6 = {0};

	CHECK(text);
	memcpy(text, data, n);
	text[n] = 0;
	while (line) {
		char *newline = strchr(line, '\n');
		if (newline)
			*newline = 0;
		if (group_line4(line, &ip4))
			check(&ip4, BERTH_IP4);
		if (group_line6(line, &ip6))
			check(&ip6, BERTH_IP6);
		line = newline ? newline + 1 : NULL;
	}
	free(text);
	return 0;
}
