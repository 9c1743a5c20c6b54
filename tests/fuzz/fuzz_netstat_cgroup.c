/* Control groups: whatever a file says, the path is one of its own lines' and the names are plain and short enough. */
#include "process/cgroup.h"

#include <string.h>

#include "fuzz.h"

static void check_plain(const char *text, size_t size)
{
	size_t n = strnlen(text, size);

	CHECK(n < size);
	for (size_t i = 0; i < n; i++)
		CHECK((uint8_t)text[i] >= ' ' && text[i] != 0x7f);
}

static void check_path(const char *path, size_t n)
{
	struct cgroup cgroup;

	cgroup_parse(path, n, &cgroup);
	check_plain(cgroup.unit, sizeof(cgroup.unit));
	check_plain(cgroup.container, sizeof(cgroup.container));
	CHECK(!cgroup.container[0] || strchr(cgroup.container, ':'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + !n);
	size_t n_path;
	const char *path;

	CHECK(text);
	memcpy(text, data, n);
	path = cgroup_path(text, n, &n_path);
	CHECK(path ? n_path > 0 && path[0] == '/' && path >= text && n_path <= n - (size_t)(path - text) : n_path == 0);
	CHECK(!path || !memchr(path, '\n', n_path));
	if (path)
		check_path(path, n_path);
	check_path(text, n);
	free(text);
	return 0;
}
