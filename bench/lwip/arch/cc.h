/* What lwIP asks of a compiler and a C library, for the benchmarks. */
#ifndef BENCH_LWIP_CC_H
#define BENCH_LWIP_CC_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define LWIP_TIMEVAL_PRIVATE 0
#define LWIP_NOASSERT /* as berth's are in a release build */
#define LWIP_RAND() ((u32_t)rand())

/* The sum of the machine's 16-bit words, folded: of some bytes, and of some that are copied at the same time. */
uint16_t bench_checksum(const void *data, int n);
uint16_t bench_checksum_copy(void *to, const void *from, uint16_t n);

/* Counted memory, for idle connections. */
void *bench_malloc(size_t size);
void *bench_calloc(size_t n, size_t size);
void bench_free(void *p);

#endif
