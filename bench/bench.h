/* What the benchmark programs share: arguments, a clock, and one line of results. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds of the monotonic clock. */
uint64_t bench_now(void);

/* Nanoseconds of a processor that this process has used: what it costs, whoever else is running. */
uint64_t bench_used(void);

/* Bytes of memory that the process has resident, once malloc has given back what it only keeps. */
uint64_t bench_resident(void);

/* The value of "name=VALUE" among the program's arguments (decimal, with k, m or g for powers of 1024), or `otherwise`.
 * Ends the program with status 2 when the value is no number. */
uint64_t bench_argument(char **argv, const char *name, uint64_t otherwise);

/* Ends the program with status 2, naming the argument, unless every argument is NAME=VALUE with a name of names[n]. */
void bench_arguments_check(char **argv, const char *const *names, size_t n);

/* Ends the program with status 1 and a line that says what did not hold. */
void bench_require(bool holds, const char *what);

/* One member of the line of results, "name value"; the line ends with bench_end. */
void bench_print(const char *name, double value);
void bench_end(void);

/* A transfer's progress, taken when the payload bytes that have arrived pass `from` and again when they pass `to`. */
struct bench_transfer {
	uint64_t from, to;
	uint64_t ns_begin, ns_end;
	uint64_t bytes_begin, bytes_end;
	uint64_t data_begin, data_end; /* frames from the sender: segments with data */
	uint64_t acks_begin, acks_end; /* frames to the sender: acknowledgments */
};

/* Tells the transfer where it is. True once it is over. */
bool bench_transfer_at(struct bench_transfer *transfer, uint64_t bytes, uint64_t n_data, uint64_t n_acks);

/* Prints gbit, ns_segment, segment (payload bytes), segments_per_ack, bytes, segments of a transfer that is over, and
 * ends the line. */
void bench_transfer_print(const struct bench_transfer *transfer);

#endif
