/* The files to download: bytes from a seeded generator, so that they are the same each time, and their SHA-256. */
#include "demo.h"
#include "../tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void file_path(const struct demo *demo, const struct download *d, char *out, size_t n)
{
	snprintf(out, n, "%s/%s", demo->directory, d->name);
}

/* SplitMix64 (Steele, Lea, Flood 2014): every seed gives other bytes. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static bool write_random(const char *path, uint64_t size, uint64_t seed)
{
	uint64_t block[1024];
	FILE *out = fopen(path, "wxe");
	bool ok = out != NULL;

	while (ok && size > 0) {
		for (size_t i = 0; i < sizeof(block) / sizeof(block[0]); i++)
			block[i] = next_random(&seed);
		size_t n = size < sizeof(block) ? (size_t)size : sizeof(block);
		ok = fwrite(block, 1, n, out) == n;
		size -= n;
	}
	if (out && fclose(out) != 0)
		ok = false;
	return ok;
}

static bool digest(const char *path, char *out)
{
	char *const command[] = {"sha256sum", NULL};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	int status = child_text(command, fd, out, SHA256_TEXT);
	close(fd);
	return status == 0 && strlen(out) == SHA256_TEXT - 1;
}

int files_make(struct demo *demo)
{
	const char *base = getenv("TMPDIR");
	char path[192], directory[sizeof(demo->directory)];

	snprintf(directory, sizeof(directory), "%s/berth-demo.XXXXXX",
		 base && *base && strlen(base) < 100 ? base : "/tmp");
	if (!mkdtemp(directory))
		return tool_fail("demo", TOOL_FAILED, "%s: %s; TMPDIR names another place", directory, strerror(errno));
	memcpy(demo->directory, directory, sizeof(directory));
	for (unsigned i = 0; i < N_DOWNLOADS; i++) {
		struct download *d = &demo->downloads[i];
		file_path(demo, d, path, sizeof(path));
		if (!write_random(path, d->size, i + 1))
			return tool_fail("demo", TOOL_FAILED, "%s: %s; TMPDIR names another place", path,
					 strerror(errno));
		if (!digest(path, d->expected))
			return tool_fail("demo", TOOL_FAILED, "%s: sha256sum failed; is it installed?", path);
	}
	return TOOL_DONE;
}

void files_remove(struct demo *demo)
{
	char path[192];

	if (!demo->directory[0])
		return;
	for (unsigned i = 0; i < N_DOWNLOADS; i++) {
		file_path(demo, &demo->downloads[i], path, sizeof(path));
		unlink(path);
	}
	rmdir(demo->directory);
	demo->directory[0] = '\0';
}
