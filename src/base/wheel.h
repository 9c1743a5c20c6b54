/* A hierarchical timer wheel: arming, re-arming and cancelling are O(1).
 *
 * Eight levels of 64 slots; a slot of level 0 is 2^13 ns (8.2 us). Timers hold exact deadlines and fire in the order of
 * their deadlines' slots, within a slot by exact deadline, and ties by arming order, so that runs repeat. */
#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include <berth/frame.h>

#include "list.h"

struct wheel_timer {
	struct list_node node; /* linked: armed */
	berth_time deadline;
	uint16_t slot; /* level * 64 + index, while armed */
};

struct wheel {
	berth_time now;       /* everything due up to here has been handed out */
	uint64_t occupied[8]; /* a bit for each slot that is not empty */
	struct list slots[8][64];
};

void wheel_init(struct wheel *wheel, berth_time now);

/* Arms the timer for `deadline`, moving it when it is armed. A deadline that has passed is due at once;
 * BERTH_NEVER cancels. */
void wheel_arm(struct wheel *wheel, struct wheel_timer *timer, berth_time deadline);

/* Cancels; no matter whether it is armed. */
void wheel_cancel(struct wheel *wheel, struct wheel_timer *timer);

static inline bool wheel_armed(const struct wheel_timer *timer)
{
	return list_node_linked(&timer->node);
}

/* No later than the earliest deadline, BERTH_NEVER when none is armed. It may be earlier, never by more than a slot of
 * the level the timer waits in; calling wheel_pop then brings it closer. O(1). */
berth_time wheel_deadline(const struct wheel *wheel);

/* The next timer due at or before `now`, cancelled; NULL when there is none (then the wheel stands at `now`). */
struct wheel_timer *wheel_pop(struct wheel *wheel, berth_time now);

#endif
