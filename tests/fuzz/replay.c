/* Runs a fuzz target without a fuzzer: over every file of the directories and over the files that are named, and over
 * each file cut short at every length and with every single byte changed. Fails when there is nothing to run. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum {
	FILE_MAX = 1 << 20,
	/* Longer inputs are run as they are. */
	VARIED_MAX = 4096,
};

/* From memory of exactly this length, so that a sanitizer sees a read beyond it. */
static void run(const uint8_t *data, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	memcpy(copy, data, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void run_varied(uint8_t *data, size_t n)
{
	run(data, n);
	for (size_t i = 0; n <= VARIED_MAX && i < n; i++) {
		uint8_t byte = data[i];

		run(data, i);
		data[i] = (uint8_t)(byte ^ 1u << i % 8);
		run(data, n);
		data[i] = (uint8_t)~byte;
		run(data, n);
		data[i] = byte;
	}
}

/* How many files were run. */
static unsigned replay_file(const char *path)
{
	uint8_t *data = malloc(FILE_MAX);
	FILE *file = fopen(path, "rb");
	size_t n;

	if (!data || !file) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	n = fread(data, 1, FILE_MAX, file);
	fclose(file);
	run_varied(data, n);
	free(data);
	return 1;
}

static unsigned replay_directory(DIR *directory, const char *path)
{
	const struct dirent *entry;
	unsigned n = 0;

	while ((entry = readdir(directory)) != NULL) {
		char name[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		n += replay_file(name);
	}
	return n;
}

int main(int argc, char **argv)
{
	unsigned n = 0;

	for (int i = 1; i < argc; i++) {
		DIR *directory = opendir(argv[i]);

		if (!directory) {
			n += replay_file(argv[i]);
			continue;
		}
		n += replay_directory(directory, argv[i]);
		closedir(directory);
	}
	printf("%u inputs\n", n);
	return n > 0 ? 0 : 1;
}
