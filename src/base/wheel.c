/* The timer wheel.
 *
 * Time is counted in ticks of 2^13 ns and read as digits of 6 bits, level 0 the lowest. A timer waits at the level of
 * the highest digit in which its deadline differs from the wheel's time, in the slot of that digit; one that is due
 * within the current tick, or overdue, waits in level 0 in the current slot. So
 *  - every slot of a level comes before every slot of the levels above, and the first occupied one is found by bit
 * tricks;
 *  - above level 0 the current slot is empty: when time reaches a slot, its timers are spread over the levels below.
 * Lists keep the order of arming through every spreading. A slot of level 0 is sorted, stably, when its tick begins,
 * and kept sorted from then on.
 *
 * The highest level turns for ever: its slots are the next 63 of 2^55 ns from the current one, and a deadline beyond
 * them waits in the last and is placed anew from there (about 70 years ahead; ties between such timers may change
 * order). */
#include <assert.h>

#include "wheel.h"

enum {
	TICK_BITS = 13,
	DIGIT_BITS = 6,
	N_LEVELS = 8,
	N_SLOTS = 1 << DIGIT_BITS,
	DIGIT_MASK = N_SLOTS - 1,
	TOP = N_LEVELS - 1,
};

static struct wheel_timer *timer_of(struct list_node *node)
{
	return CONTAINER_OF(node, struct wheel_timer, node);
}

static unsigned shift_of(unsigned level)
{
	return TICK_BITS + DIGIT_BITS * level;
}

static unsigned digit_of(berth_time t, unsigned level)
{
	return (unsigned)(t >> shift_of(level)) & DIGIT_MASK;
}

static struct list *current_slot(struct wheel *wheel)
{
	return &wheel->slots[0][digit_of(wheel->now, 0)];
}

void wheel_init(struct wheel *wheel, berth_time now)
{
	wheel->now = now;
	for (unsigned level = 0; level < N_LEVELS; level++) {
		wheel->occupied[level] = 0;
		for (unsigned i = 0; i < N_SLOTS; i++)
			list_init(&wheel->slots[level][i]);
	}
}

/* Level * 64 + index of the slot for a deadline. */
static unsigned slot_for(const struct wheel *wheel, berth_time deadline)
{
	uint64_t differs;
	unsigned level;

	if (deadline < wheel->now)
		deadline = wheel->now;
	differs = (deadline ^ wheel->now) >> TICK_BITS;
	if (differs == 0)
		return digit_of(deadline, 0);
	level = (63 - (unsigned)__builtin_clzll(differs)) / DIGIT_BITS;
	if (level < TOP)
		return level * N_SLOTS + digit_of(deadline, level);
	if ((deadline >> shift_of(TOP)) - (wheel->now >> shift_of(TOP)) >= N_SLOTS)
		return TOP * N_SLOTS + ((digit_of(wheel->now, TOP) + N_SLOTS - 1) & DIGIT_MASK);
	return TOP * N_SLOTS + digit_of(deadline, TOP);
}

/* Puts node before `at` in at's list. */
static void insert_before(struct list_node *at, struct list_node *node)
{
	node->prev = at->prev;
	node->next = at;
	at->prev->next = node;
	at->prev = node;
}

/* Into a sorted list, behind its equals. What is overdue goes to the front at once: it must not walk past all that
 * wait. */
static void insert_sorted(struct list *slot, struct wheel_timer *timer)
{
	struct list_node *at = slot->ring.next;

	if (at == &slot->ring || timer->deadline >= timer_of(at)->deadline) {
		at = slot->ring.prev;
		while (at != &slot->ring && timer_of(at)->deadline > timer->deadline)
			at = at->prev;
		at = at->next;
	}
	insert_before(at, &timer->node);
}

static void place(struct wheel *wheel, struct wheel_timer *timer)
{
	unsigned slot = slot_for(wheel, timer->deadline);
	struct list *list = &wheel->slots[slot / N_SLOTS][slot % N_SLOTS];

	timer->slot = (uint16_t)slot;
	wheel->occupied[slot / N_SLOTS] |= UINT64_C(1) << slot % N_SLOTS;
	if (list == current_slot(wheel))
		insert_sorted(list, timer);
	else
		list_push_back(list, &timer->node);
}

void wheel_arm(struct wheel *wheel, struct wheel_timer *timer, berth_time deadline)
{
	wheel_cancel(wheel, timer);
	timer->deadline = deadline;
	if (deadline != BERTH_NEVER)
		place(wheel, timer);
}

void wheel_cancel(struct wheel *wheel, struct wheel_timer *timer)
{
	unsigned level = timer->slot / N_SLOTS, i = timer->slot % N_SLOTS;

	if (!wheel_armed(timer))
		return;
	list_remove(&timer->node);
	if (list_is_empty(&wheel->slots[level][i]))
		wheel->occupied[level] &= ~(UINT64_C(1) << i);
}

/* The first occupied slot: its level and index, and when it begins. False when no timer is armed. */
static bool first_slot(const struct wheel *wheel, unsigned *level_out, unsigned *index_out, berth_time *start_out)
{
	for (unsigned level = 0; level < N_LEVELS; level++) {
		uint64_t bits = wheel->occupied[level];
		unsigned digit = digit_of(wheel->now, level), n_ahead;

		if (!bits)
			continue;
		/* Turned so that the current slot is bit 0. */
		bits = bits >> digit | bits << (-digit & 63);
		n_ahead = (unsigned)__builtin_ctzll(bits);
		*level_out = level;
		*index_out = (digit + n_ahead) & DIGIT_MASK;
		*start_out = ((wheel->now >> shift_of(level)) + n_ahead) << shift_of(level);
		return true;
	}
	return false;
}

berth_time wheel_deadline(const struct wheel *wheel)
{
	unsigned level, i;
	berth_time start;
	struct list_node *first;

	if (!first_slot(wheel, &level, &i, &start))
		return BERTH_NEVER;
	first = wheel->slots[level][i].ring.next;
	/* Exact in the current slot, as it is sorted, and when a timer is alone. */
	if (start <= wheel->now || first->next == &wheel->slots[level][i].ring)
		return timer_of(first)->deadline;
	return start;
}

/* Merges two sorted chains that end with NULL, linked by next only; equals from `a` first. */
static struct list_node *merge(struct list_node *a, struct list_node *b)
{
	struct list_node *first = NULL, **end = &first;

	while (a && b) {
		struct list_node **from = timer_of(b)->deadline < timer_of(a)->deadline ? &b : &a;

		*end = *from;
		end = &(*from)->next;
		*from = (*from)->next;
	}
	*end = a ? a : b;
	return first;
}

static bool is_sorted(const struct list *slot)
{
	for (struct list_node *node = slot->ring.next; node->next != &slot->ring; node = node->next) {
		if (timer_of(node->next)->deadline < timer_of(node)->deadline)
			return false;
	}
	return true;
}

/* Sorts by deadline, stably: runs[k] holds a sorted run of 2^k timers, older than those of lower k. */
static void sort_slot(struct list *slot)
{
	struct list_node *runs[48] = {NULL}, *node, *run = NULL;
	unsigned k;

	if (list_is_empty(slot) || is_sorted(slot))
		return;
	while ((run = list_pop_front(slot)) != NULL) {
		for (k = 0; runs[k]; k++) {
			run = merge(runs[k], run);
			runs[k] = NULL;
		}
		runs[k] = run;
	}
	for (k = 0; k < 48; k++)
		run = merge(runs[k], run);
	for (; run; run = node) {
		node = run->next;
		list_push_back(slot, run);
	}
}

/* Time has reached the start of this slot: spreads its timers over the levels below. */
static void enter_slot(struct wheel *wheel, unsigned level, unsigned index)
{
	struct list *slot = &wheel->slots[level][index];
	struct list waiting;
	struct list_node *node;

	if (level == 0) {
		sort_slot(slot);
		return;
	}
	/* Those of the highest level may come back to it, never to this slot; all others go below. */
	list_init(&waiting);
	while ((node = list_pop_front(slot)) != NULL)
		list_push_back(&waiting, node);
	wheel->occupied[level] &= ~(UINT64_C(1) << index);
	while ((node = list_pop_front(&waiting)) != NULL) {
		struct wheel_timer *timer = timer_of(node);
		unsigned to = slot_for(wheel, timer->deadline);

		assert(to != level * N_SLOTS + index);
		timer->slot = (uint16_t)to;
		wheel->occupied[to / N_SLOTS] |= UINT64_C(1) << to % N_SLOTS;
		list_push_back(&wheel->slots[to / N_SLOTS][to % N_SLOTS], node);
	}
	sort_slot(current_slot(wheel));
}

struct wheel_timer *wheel_pop(struct wheel *wheel, berth_time now)
{
	unsigned level, i;
	berth_time start;

	while (first_slot(wheel, &level, &i, &start)) {
		struct wheel_timer *timer = timer_of(wheel->slots[level][i].ring.next);

		if (start > wheel->now) {
			if (start > now)
				break;
			wheel->now = start;
			enter_slot(wheel, level, i);
			continue;
		}
		if (timer->deadline > now)
			break;
		wheel_cancel(wheel, timer);
		if (timer->deadline > wheel->now)
			wheel->now = timer->deadline;
		return timer;
	}
	if (now > wheel->now)
		wheel->now = now;
	return NULL;
}
