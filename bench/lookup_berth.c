/* The cost of finding a connection by its socket pair, with few and with many of them.
 *
 * Scope: src/ports/pairs.h, and the size of a control block. Method: n connections of as many peers are put in the
 * table; then they are asked for in a random order, each ask beginning where the one before ended, as with segments
 * that arrive. With many, most of that time is the memory's: a connection that was not used lately is in no cache. So
 * ten of them are asked for as well, which shows the table's own cost. */
#include <stdlib.h>
#include <string.h>

#include <berth/memory.h>

#include "pairs.h"
#include "rng.h"
#include "tcb.h"

#include "bench.h"

#define N_HOT 10

static struct socket_pair pair_of(uint32_t i)
{
	struct socket_pair pair = {.family = BERTH_IP4, .protocol = 6, .local_port = 80};

	put_be32(pair.local, 0x0a000001);
	put_be32(pair.foreign, 0x0b000000 + i / 50000);
	pair.foreign_port = (uint16_t)(1024 + i % 50000);
	return pair;
}

static double ns_lookup(struct pairs *pairs, struct endpoint *endpoints, uint32_t n, uint32_t n_lookups)
{
	struct rng rng;
	struct socket_pair *wanted = malloc(n_lookups * sizeof *wanted);
	uint64_t began;
	uint32_t n_found = 0;

	bench_require(wanted, "there is memory");
	rng_init(&rng, 7);
	for (uint32_t i = 0; i < n_lookups; i++)
		wanted[i] = pair_of((uint32_t)rng_below(&rng, n));
	began = bench_used();
	for (uint32_t i = 0; i < n_lookups; i++) {
		const struct endpoint *e = pairs_lookup(pairs, &wanted[i]);

		n_found += e && e->pair.foreign_port == wanted[i].foreign_port;
	}
	began = bench_used() - began;
	bench_require(n_found == n_lookups, "every connection is found");
	free(wanted);
	return (double)began / n_lookups;
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"n"};
	static const uint8_t secret[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
	struct pairs pairs;
	struct endpoint *endpoints;
	uint32_t n;

	bench_arguments_check(argv, names, 1);
	n = (uint32_t)bench_argument(argv, "n", 1000000);
	bench_require(n >= N_HOT && n <= 100000000, "n is 10 to 100000000");
	endpoints = calloc(n, sizeof *endpoints);
	bench_require(endpoints, "there is memory");
	bench_require(pairs_init(&pairs, secret, 1, 49152, 65535, berth_memory_libc()) == 0, "a table can be made");
	for (uint32_t i = 0; i < n; i++) {
		endpoints[i].kind = ENDPOINT_TCP;
		endpoints[i].pair = pair_of(i);
		pairs_adopt(&pairs, &endpoints[i]);
	}
	bench_print("n", n);
	bench_print("ns_hot", ns_lookup(&pairs, endpoints, N_HOT, 1 << 20));
	bench_print("ns_any", ns_lookup(&pairs, endpoints, n, 1 << 20));
	bench_print("tcb", sizeof(struct tcb));
	bench_end();
	for (uint32_t i = 0; i < n; i++)
		pairs_remove(&pairs, &endpoints[i]);
	pairs_deinit(&pairs);
	free(endpoints);
	return 0;
}
