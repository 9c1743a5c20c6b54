/* The impaired wire: delay, jitter, loss, reordering, duplication, corruption and a bottleneck, around any link.
 *
 * Each direction is by itself, with its own random numbers from the seed, and draws the same number of them for every
 * frame, so that raising the loss does not change which frames are delayed. A frame meets, in this order: the largest
 * packet that fits, loss, the bottleneck's queue (which may mark it instead of losing it, RFC 3168 section 5), the
 * bottleneck (a frame takes its length over the rate, and begins when the one before it has ended), the delay with its
 * jitter. Frames keep their order, so those on their way are one queue in order of their due times and cost constant
 * time each; a frame that overtakes is due at once and goes in at the front, past bottleneck and delay. Those that come
 * late do so by the same time, so they are a queue in order of their own, and what is due next is the first of one of
 * the two. A duplicate is due right behind its original.
 *
 * Losses in bursts are the model of Gilbert: the wire is good or bad, loses everything while it is bad, and each frame
 * finds it changed by a chance. It turns good by 1 / burst, which makes bursts that long in the mean, and bad by what
 * makes the share of bad frames the loss that is asked for. After a pause it has been bad or good in between as often
 * as ever: a frame that comes then is lost by the chance of any frame, and no burst lasts from one timeout to the next.
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
#include "wire_mark.h"

#define QUEUE_MAX_DEFAULT 1000
#define LATENESS_DEFAULT 10000000
#define ETHERNET_HEADER 14
#define BURST_PAUSE 10000000
/* Frames on their way in one direction, past the bottleneck: what bounds the memory of a long fast wire. */
#define FLIGHT_MAX 65536
/* Frames handed to the inner link in one call. */
#define BATCH 16
/* Frames looked at in one receive while all of them are delayed or lost: bounds the work under a flood. */
#define LOOKS_MAX 256

/* Frames on their way in one direction, through frame->next. frame->mark is when a frame is due, never less than that
 * of the frame before it; off_wanted and len_wanted hold when it has left the bottleneck. */
struct queue {
	struct berth_frame *first, *last;
	struct berth_frame *waiting; /* the first that had not left the bottleneck at the last look; NULL: none */
	uint32_t n;
	uint32_t n_waiting;     /* frames from `waiting` on */
	uint64_t bytes_waiting; /* in them */
};

struct course {
	struct berth_wire_direction config;
	struct rng rng, rng_late;
	struct queue ordered, late;
	bool bad;             /* in a burst of losses */
	berth_time met_at;    /* the last frame came */
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
	bool lost, overtakes, late, doubled, corrupted;
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

/* ---- a direction's queues ---- */

/* Moves the mark between frames that left the bottleneck by `now` and those that wait for it. Each frame is passed
 * once. */
static void queue_advance(struct queue *queue, berth_time now)
{
	while (queue->waiting && frame_departs(queue->waiting) <= now) {
		queue->bytes_waiting -= queue->waiting->len;
		queue->waiting = queue->waiting->next;
		queue->n_waiting--;
	}
}

static void queue_push(struct queue *queue, struct berth_frame *frame)
{
	assert(!queue->last || queue->last->mark <= frame->mark);
	frame->next = NULL;
	if (queue->last)
		queue->last->next = frame;
	else
		queue->first = frame;
	queue->last = frame;
	queue->n++;
	if (!queue->waiting)
		queue->waiting = frame;
	queue->n_waiting++;
	queue->bytes_waiting += frame->len;
}

/* The frame overtakes all others. Its mark is no more than theirs. */
static void queue_push_front(struct queue *queue, struct berth_frame *frame)
{
	assert(!queue->first || frame->mark <= queue->first->mark);
	frame->next = queue->first;
	queue->first = frame;
	if (!queue->last)
		queue->last = frame;
	queue->n++;
}

static struct berth_frame *queue_pop(struct queue *queue, berth_time now)
{
	struct berth_frame *frame = queue->first;

	if (!frame || frame->mark > now)
		return NULL;
	queue_advance(queue, now);
	assert(queue->waiting != frame);
	queue->first = frame->next;
	if (!queue->first)
		queue->last = NULL;
	queue->n--;
	frame->next = NULL;
	return frame;
}

static void course_advance(struct course *course, berth_time now)
{
	queue_advance(&course->ordered, now);
	queue_advance(&course->late, now);
}

/* When the next frame is due. */
static berth_time course_due(const struct course *course)
{
	berth_time ordered = course->ordered.first ? course->ordered.first->mark : BERTH_NEVER;
	berth_time late = course->late.first ? course->late.first->mark : BERTH_NEVER;

	return late < ordered ? late : ordered;
}

static struct berth_frame *course_pop(struct course *course, berth_time now)
{
	const struct berth_frame *late = course->late.first;
	bool is_late = late && late->mark == course_due(course);

	return queue_pop(is_late ? &course->late : &course->ordered, now);
}

static void course_clear(struct course *course)
{
	struct berth_frame *frame;

	while ((frame = course_pop(course, BERTH_NEVER)))
		berth_frame_unref(frame);
}

/* ---- what happens to a frame ---- */

/* By a number evenly in [0, 1). */
static bool course_loses(struct course *course, double draw, berth_time now)
{
	const struct berth_wire_direction *config = &course->config;
	bool pause = now - course->met_at >= BURST_PAUSE;
	double chance = config->loss;

	course->met_at = now;
	if (!config->burst || config->loss >= 1)
		return draw < config->loss;
	if (!pause)
		chance = course->bad ? 1 - 1.0 / config->burst : config->loss / (1 - config->loss) / config->burst;
	course->bad = draw < chance;
	return course->bad;
}

/* One draw a chance, whether it is used or not. */
static struct fate course_draw(struct course *course, uint32_t len, berth_time now)
{
	const struct berth_wire_direction *config = &course->config;
	struct fate fate;

	fate.lost = course_loses(course, rng_unit(&course->rng), now);
	fate.overtakes = rng_unit(&course->rng) < config->reorder;
	fate.doubled = rng_unit(&course->rng) < config->duplicate;
	fate.corrupted = rng_unit(&course->rng) < config->corrupt;
	fate.jitter = (berth_time)(rng_unit(&course->rng) * (double)config->jitter);
	fate.bit = (uint64_t)(rng_unit(&course->rng) * ((double)len * 8));
	fate.late = rng_unit(&course->rng_late) < config->late;
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
	frame->mark = fate->late ? time_add(due, course->config.lateness) : due;
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
	struct queue *queue = fate->late ? &course->late : &course->ordered;
	bool overtakes = fate->overtakes && !fate->late && course->ordered.n;
	struct berth_frame *twin = NULL;

	if (course->config.ecn && course->ordered.n_waiting + course->late.n_waiting >= course->config.ecn)
		counters->marked += wire_mark_congested(frame, wire->link.ethernet);
	if (fate->corrupted) {
		frame_corrupt(frame, fate->bit);
		counters->corrupted++;
	}
	if (overtakes) {
		frame->mark = wire->now < queue->first->mark ? wire->now : queue->first->mark;
		frame_departs_set(frame, frame->mark);
		counters->reordered++;
	} else {
		course_schedule(course, frame, fate, wire->now);
		counters->late += fate->late;
	}
	if (fate->doubled)
		twin = frame_duplicate(frame, wire->memory);
	counters->duplicated += twin != NULL;
	if (overtakes) {
		if (twin)
			queue_push_front(queue, twin);
		queue_push_front(queue, frame);
	} else {
		queue_push(queue, frame);
		if (twin)
			queue_push(queue, twin);
	}
	course_advance(course, wire->now);
}

/* There is no room for another frame: too much waits for the bottleneck, or is on its way. */
static bool course_full(const struct course *course, uint32_t len)
{
	uint32_t n = course->ordered.n + course->late.n;
	uint32_t n_waiting = course->ordered.n_waiting + course->late.n_waiting;
	uint64_t bytes_waiting = course->ordered.bytes_waiting + course->late.bytes_waiting;

	if (course->config.queue_bytes && bytes_waiting + len > course->config.queue_bytes)
		return true;
	return n_waiting >= course->config.queue_max || n - n_waiting >= FLIGHT_MAX;
}

/* The frame's packet is larger than what gets through. */
static bool course_too_large(const struct wire *wire, const struct course *course, uint32_t len)
{
	return course->config.mtu && len > course->config.mtu + (wire->link.ethernet ? ETHERNET_HEADER : 0);
}

/* What becomes of a frame of `len` bytes, counted when it is not to go on. */
static struct fate wire_meet(struct wire *wire, struct course *course, uint32_t len)
{
	struct fate fate = course_draw(course, len, wire->now);

	course_advance(course, wire->now);
	if (course_too_large(wire, course, len)) {
		wire->link.counters.too_large++;
		fate.lost = true;
	}
	if (!fate.lost && course_full(course, len)) {
		wire->link.counters.queue_full++;
		fate.lost = true;
	}
	return fate;
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
	fate = wire_meet(wire, &wire->out, out->len);
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
	struct fate fate = wire_meet(wire, &wire->in, frame->len);

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

	if (course_due(&wire->out) < deadline)
		deadline = course_due(&wire->out);
	if (course_due(&wire->in) < deadline)
		deadline = course_due(&wire->in);
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
	       probability_valid(d->corrupt) && probability_valid(d->late);
}

static void course_init(struct course *course, const struct berth_wire_direction *config, uint64_t seed)
{
	course->config = *config;
	if (!course->config.queue_max)
		course->config.queue_max = config->queue_bytes ? UINT32_MAX : QUEUE_MAX_DEFAULT;
	if (!course->config.lateness)
		course->config.lateness = LATENESS_DEFAULT;
	rng_init(&course->rng, seed);
	/* Apart, as what a seed does without late frames stays what it was. */
	rng_init(&course->rng_late, seed ^ UINT64_C(0x9e3779b97f4a7c15));
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
