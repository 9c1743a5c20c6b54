/* The memory that the queues of all sockets of a host may hold together: how much it is, and who may have more when it
 * runs short.
 *
 * The order of giving way, so that nobody who takes a lot keeps out those who need a little:
 *
 *	up to 3/4      anyone may take more
 *	up to 15/16    who holds less than BUDGET_FAIR; buffers no longer grow, and windows open by little. This lasts
 *	               until less than 1/2 is held
 *	up to the end  who holds less than BUDGET_LEAST
 *
 * Holders count what they have at its true size: the storage of a frame, not the payload in it. */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_FAIR 65536u
#define BUDGET_LEAST 8192u /* a full frame of Ethernet with its storage, several times */

/* X(name, text). Counter "memory_NAME". */
#define BUDGET_COUNTER_MAP(X)                                                                                          \
	X(most, "most bytes that the queues of all sockets have held")                                                 \
	X(pressures, "times that they came near their limit")                                                          \
	X(refused, "segments dropped and sends put off because the limit was near")                                    \
	X(pruned, "queues ahead of a gap thrown away to make room")

struct budget {
	uint64_t in_use, max;
	bool pressed;
#define X(name, text) uint64_t name;
	BUDGET_COUNTER_MAP(X)
#undef X
};

static inline void budget_init(struct budget *b, uint64_t max)
{
	*b = (struct budget){.max = max};
}

static inline void budget_take(struct budget *b, uint64_t n)
{
	b->in_use += n;
	if (b->in_use > b->most)
		b->most = b->in_use;
	if (!b->pressed && b->in_use > b->max - b->max / 4) {
		b->pressed = true;
		b->pressures++;
	}
}

static inline void budget_give(struct budget *b, uint64_t n)
{
	b->in_use -= n;
	if (b->pressed && b->in_use < b->max / 2)
		b->pressed = false;
}

/* Whoever holds n_held bytes may take another n. */
static inline bool budget_admits(const struct budget *b, uint64_t n_held, uint64_t n)
{
	if (b->in_use + n > b->max)
		return false;
	if (!b->pressed)
		return true;
	return n_held < BUDGET_LEAST || (n_held < BUDGET_FAIR && b->in_use + n <= b->max - b->max / 16);
}

#endif
