/* The impaired wire: delay, jitter, loss, reordering, duplication, corruption and a bottleneck, around any link.
 *
 * Each direction is by itself, with its own random numbers from the seed, and draws the same number of them for every
 * frame, so that raising the loss does not change which frames are delayed. A frame meets, in this order: loss, the
 * bottleneck's queue, the bottleneck (a frame takes its length over the rate, and begins when the one before it has
 * ended), the delay with its jitter. Frames keep their order, so those on their way are one queue in order of their due
 * times and cost constant time each; a frame that overtakes is due at once and goes in at the front, past bottleneck
 * and delay. A duplicate is due right behind its original.
 *
 * The wire has no thread of its own: frames that became due on the way out leave in the next call of send or receive,
 * and frames on the way in come from receive. deadline says when the next one is due either way.
 *
 * Counters: `sent` is what was given to the wire, `lost_out` what of it never left, whether by chance or because the
 * queue was full
 * (`queue_full` counts the latter alone); `received` is what came out to the host, `lost_in` what did not. */
#include <assert.h>
#include <string.h>

#include <berth/link.h>

#include "rng.h"

#define QUEUE_MAX_DEFAULT 1000
/* Frames on their way in one direction, past the bottleneck: what bounds the memory of a long fast wire. */
#define FLIGHT_MAX 65536
/* Frames handed to the inner link in one call. */
#define BATCH 16
/* Frames looked at in one receive while all of them are delayed or lost: bounds the work under a flood. */
#define LOOKS_MAX 256

/* The frames on their way in one direction, through frame->next. frame->mark is when a frame is due, never less than
 * that of the frame before it; off_wanted and len_wanted hold when it has left the bottleneck. */
struct course {
	struct berth_wire_direction config;
	struct rng rng;
	struct berth_frame *first, *last;
	struct berth_frame *waiting; /* the first that had not left the bottleneck at the last look; NULL: none */
	uint32_t n;
	uint32_t n_waiting;   /* frames from `waiting` on */
	berth_time next_free; /* the bottleneck has sent everything before */
	berth_time last_due;  /* of the last frame that kept its order */
};

struct wire {
	struct berth_link link;
	struct berth_link *inner;
	const struct berth_memory *memory;
	struct course out, in;
	berth_time now; /* latest time seen */
};

/* What chance has in store for one frame. */
struct fate {
	bool lost, overtakes, doubled, corrupted;
	berth_time jitter;
	uint64_t bit; /* turned when corrupted */
};

static berth_time time_add(berth_time a, berth_time b)
{
	berth_time sum = a + b;

	return sum < a || sum == BERTH_NEVER ? BERTH_NEVER - 1 : sum;
}

static berth_time frame_departs(const struct berth_frame *frame)
{
	return (berth_time)frame->len_wanted << 32 | frame->off_wanted;
}

static void frame_departs_set(struct berth_frame *frame, berth_time departs)
{
	frame->off_wanted = (uint32_t)departs;
	frame->len_wanted = (uint32_t)(departs >> 32);
}

/* ---- a direction's queue ---- */

/* Moves the mark between frames that left the bottleneck by `now` and those that wait for it. Each frame is passed
 * once. */
static void course_advance(struct course *course, berth_time now)
{
	while (course->waiting && frame_departs(course->waiting) <= now) {
		course->waiting = course->waiting->next;
		course->n_waiting--;
	}
}

static void course_push(struct course *course, struct berth_frame *frame)
{
	assert(!course->last || course->last->mark <= frame->mark);
	frame->next = NULL;
	if (course->last)
		course->last->next = frame;
	else
		course->first = frame;
	course->last = frame;
	course->n++;
	if (!course->waiting)
		course->waiting = frame;
	course->n_waiting++;
}

/* The frame overtakes all others. Its mark is no more than theirs. */
static void course_push_front(struct course *course, struct berth_frame *frame)
{
	assert(!course->first || frame->mark <= course->first->mark);
	frame->next = course->first;
	course->first = frame;
	if (!course->last)
		course->last = frame;
	course->n++;
}

static struct berth_frame *course_pop(struct course *course, berth_time now)
{
	struct berth_frame *frame = course->first;

	if (!frame || frame->mark > now)
		return NULL;
	course_advance(course, now);
	assert(course->waiting != frame);
	course->first = frame->next;
	if (!course->first)
		course->last = NULL;
	course->n--;
	frame->next = NULL;
	return frame;
}

static void course_clear(struct course *course)
{
	struct berth_frame *frame;

	while ((frame = course_pop(course, BERTH_NEVER)))
		berth_frame_unref(frame);
}

/* ---- what happens to a frame ---- */

/* One draw a chance, whether it is used or not. */
static struct fate course_draw(struct course *course, uint32_t len)
{
	const struct berth_wire_direction *config = &course->config;
	struct fate fate;

	fate.lost = rng_unit(&course->rng) < config->loss;
	fate.overtakes = rng_unit(&course->rng) < config->reorder;
	fate.doubled = rng_unit(&course->rng) < config->duplicate;
	fate.corrupted = rng_unit(&course->rng) < config->corrupt;
	fate.jitter = (berth_time)(rng_unit(&course->rng) * (double)config->jitter);
	fate.bit = (uint64_t)(rng_unit(&course->rng) * ((double)len * 8));
	return fate;
}

/* How long the bottleneck takes for a frame. */
static berth_time course_serialise(const struct course *course, uint32_t len)
{
	uint64_t bits = (uint64_t)len * 8, rate = course->config.rate;

	if (!rate)
		return 0;
	return bits / rate * 1000000000 + bits % rate * 1000000000 / rate;
}

/* Sets when the frame, which keeps its order, leaves the bottleneck and when it is due. */
static void course_schedule(struct course *course, struct berth_frame *frame, const struct fate *fate, berth_time now)
{
	berth_time begins = course->next_free > now ? course->next_free : now;
	berth_time departs = time_add(begins, course_serialise(course, frame->len));
	berth_time due = time_add(departs, time_add(course->config.delay, fate->jitter));

	if (course->config.rate)
		course->next_free = departs;
	if (due < course->last_due)
		due = course->last_due;
	course->last_due = due;
	frame->mark = due;
	frame_departs_set(frame, departs);
}

static void frame_corrupt(struct berth_frame *frame, uint64_t bit)
{
	if (!frame->len)
		return;
	frame->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	frame->checksum = BERTH_CHECKSUM_FULL;
}

static struct berth_frame *frame_duplicate(const struct berth_frame *frame, const struct berth_memory *memory)
{
	struct berth_frame *twin = berth_frame_new(memory, frame->len);

	if (!twin)
		return NULL;
	memcpy(twin->data, frame->data, frame->len);
	twin->len = frame->len;
	twin->segment_size = frame->segment_size;
	twin->checksum = frame->checksum;
	twin->mark = frame->mark;
	frame_departs_set(twin, frame_departs(frame));
	return twin;
}

/* Puts a frame that is not lost on its way, and its twin behind it. Takes the frame. */
static void wire_admit(struct wire *wire, struct course *course, struct berth_frame *frame, const struct fate *fate)
{
	struct berth_link_counters *counters = &wire->link.counters;
	bool overtakes = fate->overtakes && course->n;
	struct berth_frame *twin = NULL;

	if (fate->corrupted) {
		frame_corrupt(frame, fate->bit);
		counters->corrupted++;
	}
	if (overtakes) {
		frame->mark = wire->now < course->first->mark ? wire->now : course->first->mark;
		frame_departs_set(frame, frame->mark);
		counters->reordered++;
	} else {
		course_schedule(course, frame, fate, wire->now);
	}
	if (fate->doubled)
		twin = frame_duplicate(frame, wire->memory);
	counters->duplicated += twin != NULL;
	if (overtakes) {
		if (twin)
			course_push_front(course, twin);
		course_push_front(course, frame);
	} else {
		course_push(course, frame);
		if (twin)
			course_push(course, twin);
	}
	course_advance(course, wire->now);
}

/* There is no room for another frame: too many wait for the bottleneck, or are on their way. */
static bool course_full(struct course *course, berth_time now)
{
	course_advance(course, now);
	return course->n_waiting >= course->config.queue_max || course->n - course->n_waiting >= FLIGHT_MAX;
}

/* ---- out ---- */

/* Hands what is due to the inner link, in batches. */
static void wire_flush(struct wire *wire)
{
	struct berth_frame *frames[BATCH];
	struct berth_frame_out batch[BATCH];
	unsigned n;

	do {
		for (n = 0; n < BATCH && (frames[n] = course_pop(&wire->out, wire->now)); n++)
			berth_frame_borrow(frames[n], &batch[n]);
		if (n)
			berth_link_send(wire->inner, batch, n, wire->now);
		for (unsigned i = 0; i < n; i++)
			berth_frame_unref(frames[i]);
	} while (n == BATCH);
}

static void wire_lose_out(struct wire *wire, uint32_t len)
{
	wire->link.counters.lost_out++;
	wire->link.counters.lost_out_bytes += len;
}

static void wire_send_one(struct wire *wire, const struct berth_frame_out *out)
{
	struct berth_link_counters *counters = &wire->link.counters;
	struct berth_frame *frame;
	struct fate fate;

	if (out->checksum == BERTH_CHECKSUM_PARTIAL || out->segment_size) {
		counters->send_failed++;
		return;
	}
	counters->sent++;
	counters->sent_bytes += out->len;
	fate = course_draw(&wire->out, out->len);
	if (!fate.lost && course_full(&wire->out, wire->now)) {
		counters->queue_full++;
		fate.lost = true;
	}
	if (fate.lost) {
		wire_lose_out(wire, out->len);
		return;
	}
	frame = berth_frame_copy(out, wire->memory);
	if (!frame) {
		counters->send_failed++;
		wire_lose_out(wire, out->len);
		return;
	}
	wire_admit(wire, &wire->out, frame, &fate);
}

static void wire_see_time(struct wire *wire, berth_time now)
{
	if (now > wire->now)
		wire->now = now;
}

static void wire_send(struct berth_link *link, const struct berth_frame_out *frames, unsigned n, berth_time now)
{
	struct wire *wire = (struct wire *)link;

	wire_see_time(wire, now);
	wire_flush(wire);
	for (unsigned i = 0; i < n; i++)
		wire_send_one(wire, &frames[i]);
	wire_flush(wire);
}

/* ---- in ---- */

/* A frame has come in at the far end of the wire. Takes it. */
static void wire_arrive(struct wire *wire, struct berth_frame *frame)
{
	struct berth_link_counters *counters = &wire->link.counters;
	struct fate fate = course_draw(&wire->in, frame->len);

	if (!fate.lost && course_full(&wire->in, wire->now)) {
		counters->queue_full++;
		fate.lost = true;
	}
	if (!fate.lost) {
		wire_admit(wire, &wire->in, frame, &fate);
		return;
	}
	counters->lost_in++;
	counters->lost_in_bytes += frame->len;
	berth_frame_unref(frame);
}

static struct berth_frame *wire_next(struct wire *wire)
{
	struct berth_frame *frame = course_pop(&wire->in, wire->now);

	for (unsigned n = 0; !frame && n < LOOKS_MAX; n++) {
		struct berth_frame *arrived = berth_link_receive(wire->inner, wire->now);

		if (!arrived)
			break;
		wire_arrive(wire, arrived);
		frame = course_pop(&wire->in, wire->now);
	}
	return frame;
}

static struct berth_frame *wire_receive(struct berth_link *link, berth_time now)
{
	struct wire *wire = (struct wire *)link;
	struct berth_frame *frame;

	wire_see_time(wire, now);
	wire_flush(wire);
	frame = wire_next(wire);
	if (frame) {
		frame->mark = 0;
		frame_departs_set(frame, 0);
		link->counters.received++;
		link->counters.received_bytes += frame->len;
	}
	return frame;
}

/* ---- the link ---- */

static berth_time wire_deadline(const struct berth_link *link)
{
	const struct wire *wire = (const struct wire *)link;
	berth_time deadline = berth_link_deadline(wire->inner);

	if (wire->out.first && wire->out.first->mark < deadline)
		deadline = wire->out.first->mark;
	if (wire->in.first && wire->in.first->mark < deadline)
		deadline = wire->in.first->mark;
	return deadline;
}

static void wire_free(struct berth_link *link)
{
	struct wire *wire = (struct wire *)link;
	const struct berth_memory *memory = wire->memory;

	course_clear(&wire->out);
	course_clear(&wire->in);
	berth_link_free(wire->inner);
	memory->free(memory->context, wire, sizeof(*wire));
}

static const struct berth_link_operations wire_operations = {
	.send = wire_send,
	.receive = wire_receive,
	.deadline = wire_deadline,
	.free = wire_free,
};

/* Also false for what is not a number. */
static bool probability_valid(double p)
{
	return p >= 0 && p <= 1;
}

static bool direction_valid(const struct berth_wire_direction *d)
{
	return probability_valid(d->loss) && probability_valid(d->reorder) && probability_valid(d->duplicate) &&
	       probability_valid(d->corrupt);
}

static void course_init(struct course *course, const struct berth_wire_direction *config, uint64_t seed)
{
	course->config = *config;
	if (!course->config.queue_max)
		course->config.queue_max = QUEUE_MAX_DEFAULT;
	rng_init(&course->rng, seed);
}

int berth_link_wire(struct berth_link *inner, const struct berth_wire_config *config, const struct berth_memory *memory,
		    struct berth_link **out)
{
	struct wire *wire = NULL;
	int error = direction_valid(&config->out) && direction_valid(&config->in) ? 0 : BERTH_EINVAL;

	if (!error) {
		wire = memory->alloc(memory->context, sizeof(*wire));
		error = wire ? berth_link_cable(inner, memory, &inner) : BERTH_ENOMEM;
	}
	if (error) {
		if (wire)
			memory->free(memory->context, wire, sizeof(*wire));
		else
			berth_link_free(inner);
		return error;
	}
	memset(wire, 0, sizeof(*wire));
	wire->link.operations = &wire_operations;
	wire->link.mtu = inner->mtu;
	wire->link.fd = inner->fd;
	wire->link.ethernet = inner->ethernet;
	wire->inner = inner;
	wire->memory = memory;
	/* The directions' random numbers are apart even for seeds in sequence: rng_init spreads its seed. */
	course_init(&wire->out, &config->out, config->seed);
	course_init(&wire->in, &config->in, ~config->seed);
	*out = &wire->link;
	return 0;
}
