/* What the benchmark programs share.
 *
 * Scope: arguments of the form NAME=NUMBER, the clock, resident memory, and results as one line "name value name value
 * ...", which bench/report.py reads. */
#include "bench.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t ns_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t bench_now(void)
{
	return ns_of(CLOCK_MONOTONIC);
}

uint64_t bench_used(void)
{
	return ns_of(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t bench_resident(void)
{
	unsigned long n_total, n_resident;
	FILE *f;
	int n;

	malloc_trim(0);
	f = fopen("/proc/self/statm", "r");
	n = f ? fscanf(f, "%lu %lu", &n_total, &n_resident) : 0;

	if (f)
		fclose(f);
	bench_require(n == 2, "/proc/self/statm tells the resident memory");
	return n_resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static unsigned shift_of(const char *unit)
{
	if (!strcmp(unit, "k"))
		return 10;
	if (!strcmp(unit, "m"))
		return 20;
	if (!strcmp(unit, "g"))
		return 30;
	return 0;
}

static uint64_t number(const char *argument, const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (end == text || (*end && !shift_of(end))) {
		fprintf(stderr, "bench: %s: not a number; write for example 4096, 64k or 2g\n", argument);
		exit(2);
	}
	return n << shift_of(end);
}

uint64_t bench_argument(char **argv, const char *name, uint64_t otherwise)
{
	size_t n = strlen(name);

	for (char **p = argv + 1; *p; p++)
		if (!strncmp(*p, name, n) && (*p)[n] == '=')
			return number(*p, *p + n + 1);
	return otherwise;
}

static bool known(const char *argument, const char *const *names, size_t n_names)
{
	for (size_t i = 0; i < n_names; i++) {
		size_t n = strlen(names[i]);

		if (!strncmp(argument, names[i], n) && argument[n] == '=')
			return true;
	}
	return false;
}

void bench_arguments_check(char **argv, const char *const *names, size_t n)
{
	for (char **p = argv + 1; *p; p++) {
		if (known(*p, names, n))
			continue;
		fprintf(stderr, "bench: %s: no such argument; there are", *p);
		for (size_t i = 0; i < n; i++)
			fprintf(stderr, " %s=N", names[i]);
		fputc('\n', stderr);
		exit(2);
	}
}

void bench_require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "bench: this did not hold: %s\n", what);
	exit(1);
}

void bench_print(const char *name, double value)
{
	printf("%s %.17g ", name, value);
}

void bench_end(void)
{
	putchar('\n');
	bench_require(fflush(stdout) == 0, "the results could be written");
}

bool bench_transfer_at(struct bench_transfer *transfer, uint64_t bytes, uint64_t n_data, uint64_t n_acks)
{
	if (!transfer->ns_begin && bytes >= transfer->from) {
		transfer->bytes_begin = bytes;
		transfer->data_begin = n_data;
		transfer->acks_begin = n_acks;
		transfer->ns_begin = bench_used();
	}
	if (bytes < transfer->to)
		return false;
	transfer->ns_end = bench_used();
	transfer->bytes_end = bytes;
	transfer->data_end = n_data;
	transfer->acks_end = n_acks;
	return true;
}

void bench_transfer_print(const struct bench_transfer *transfer)
{
	double bytes = (double)(transfer->bytes_end - transfer->bytes_begin);
	double n_data = (double)(transfer->data_end - transfer->data_begin);
	double n_acks = (double)(transfer->acks_end - transfer->acks_begin);
	double ns = (double)(transfer->ns_end - transfer->ns_begin);

	bench_print("gbit", bytes * 8 / ns);
	bench_print("ns_segment", ns / n_data);
	bench_print("segment", bytes / n_data);
	bench_print("segments_per_ack", n_acks > 0 ? n_data / n_acks : 0);
	bench_print("bytes", bytes);
	bench_print("segments", n_data);
	bench_end();
}
