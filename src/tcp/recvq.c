/* The receive queue. See recvq.h.
 *
 * In order: a chain of frames, each with the stretch that is still wanted. Ahead of a gap: an array of runs sorted by
 * position, so that finding a place costs O(log n) however many segments a peer sends in whatever order, and closing a
 * gap moves whole runs. */
#include "recvq.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Room of a frame that small segments are copied together in. */
#define COLLECT_CAPACITY 2048

static uint64_t frame_cost(const struct berth_frame *frame)
{
	return sizeof(*frame) + frame->capacity;
}

/* A frame of our own for these bytes: the very frame when most of its storage is payload, else a copy with `room`
 * bytes. */
static struct berth_frame *hold(struct berth_frame *frame, uint32_t off, uint32_t len, uint32_t room,
				const struct berth_memory *memory)
{
	struct berth_frame *copy;

	if (len >= frame->capacity / 2) {
		frame->off_wanted = off;
		frame->len_wanted = len;
		frame->next = NULL;
		return berth_frame_ref(frame);
	}
	copy = berth_frame_new(memory, room > len ? room : len);
	if (!copy)
		return NULL;
	memcpy(copy->data, frame->data + off, len);
	copy->len = len;
	copy->off_wanted = 0;
	copy->len_wanted = len;
	copy->next = NULL;
	return copy;
}

/* The last frame is ours alone and has room behind its payload. */
static bool collect(struct recvq *q, const uint8_t *data, uint32_t len)
{
	struct berth_frame *last = q->last;
	size_t end;

	if (!last || last->n_refs != 1)
		return false;
	end = (size_t)(last->data - last->storage) + last->off_wanted + last->len_wanted;
	if (last->capacity - end < len)
		return false;
	memcpy(last->storage + end, data, len);
	last->len_wanted += len;
	last->len = last->off_wanted + last->len_wanted;
	return true;
}

static void append(struct recvq *q, struct berth_frame *first, struct berth_frame *last)
{
	if (q->last)
		q->last->next = first;
	else
		q->first = first;
	q->last = last;
}

enum recvq_verdict recvq_push(struct recvq *q, struct berth_frame *frame, uint32_t off, uint32_t len,
			      const struct berth_memory *memory)
{
	struct berth_frame *mine;

	if (len >= frame->capacity / 2 || !collect(q, frame->data + off, len)) {
		mine = hold(frame, off, len, COLLECT_CAPACITY, memory);
		if (!mine)
			return RECVQ_NO_MEMORY;
		append(q, mine, mine);
		q->n_memory += (uint32_t)frame_cost(mine);
	}
	q->n_bytes += len;
	return RECVQ_TAKEN;
}

/* ---- ahead of a gap ---- */

static void free_chain(struct recvq_ahead *a, struct berth_frame *frame)
{
	while (frame) {
		struct berth_frame *next = frame->next;

		a->memory_used -= frame_cost(frame);
		berth_frame_unref(frame);
		frame = next;
	}
}

/* The first run that ends at or after `at`. */
static uint32_t run_find(const struct recvq_ahead *a, tcp_seq at)
{
	uint32_t low = 0, high = a->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (a->runs[middle].right < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool runs_grow(struct recvq_ahead *a, const struct berth_memory *memory)
{
	uint32_t capacity = a->capacity ? a->capacity * 2 : 8;
	struct recvq_run *runs;

	if (a->n < a->capacity)
		return true;
	runs = memory->alloc(memory->context, capacity * sizeof(*runs));
	if (!runs)
		return false;
	if (a->runs) {
		memcpy(runs, a->runs, a->n * sizeof(*runs));
		memory->free(memory->context, a->runs, a->capacity * sizeof(*runs));
	}
	a->runs = runs;
	a->capacity = capacity;
	return true;
}

static void ahead_free(struct recvq *q, const struct berth_memory *memory)
{
	struct recvq_ahead *a = q->ahead;

	list_remove(&a->node);
	if (a->runs)
		memory->free(memory->context, a->runs, a->capacity * sizeof(*a->runs));
	memory->free(memory->context, a, sizeof(*a));
	q->ahead = NULL;
}

static struct recvq_ahead *ahead_get(struct recvq *q, const struct berth_memory *memory)
{
	if (!q->ahead) {
		struct recvq_ahead *a = memory->alloc(memory->context, sizeof(*a));

		if (!a)
			return NULL;
		*a = (struct recvq_ahead){.owner = q};
		q->ahead = a;
	}
	return q->ahead;
}

static void ahead_free_if_empty(struct recvq *q, const struct berth_memory *memory)
{
	if (q->ahead && q->ahead->n == 0)
		ahead_free(q, memory);
}

/* The run at this position changed last. It stands there once, so that one that grows leaves the others their place. */
static void remember(struct recvq_ahead *a, tcp_seq at)
{
	const struct recvq_run *run = &a->runs[run_find(a, at + 1)];
	tcp_seq recent[TCP_SACK_BLOCKS_MAX] = {at};
	uint8_t n = 1;

	for (unsigned i = 0; i < a->n_recent && n < TCP_SACK_BLOCKS_MAX; i++)
		if (a->recent[i] < run->left || a->recent[i] >= run->right)
			recent[n++] = a->recent[i];
	memcpy(a->recent, recent, sizeof(recent));
	a->n_recent = n;
}

/* Where a new segment goes, once what was there already is taken off its ends. */
struct place {
	tcp_seq left, right;
	uint32_t from, to; /* runs [from, to) lie wholly inside it and give way */
	bool join_left;    /* it continues run from - 1 */
	bool join_right;   /* run `to` continues it */
};

/* false: nothing of it is new. */
static bool find_place(const struct recvq_ahead *a, tcp_seq left, tcp_seq right, struct place *p)
{
	*p = (struct place){.left = left, .right = right};
	p->from = run_find(a, left);
	if (p->from < a->n && a->runs[p->from].left <= left) {
		if (a->runs[p->from].right >= right)
			return false;
		p->left = a->runs[p->from].right;
		p->join_left = true;
		p->from++;
	}
	for (p->to = p->from; p->to < a->n && a->runs[p->to].right <= right; p->to++)
		;
	if (p->to < a->n && a->runs[p->to].left <= right) {
		p->right = a->runs[p->to].left;
		p->join_right = true;
	}
	return true;
}

static void runs_remove(struct recvq_ahead *a, uint32_t from, uint32_t to)
{
	memmove(a->runs + from, a->runs + to, (a->n - to) * sizeof(*a->runs));
	a->n -= to - from;
}

/* Puts the frame into its place. Room for one more run is there. */
static void settle(struct recvq_ahead *a, const struct place *p, struct berth_frame *frame)
{
	struct recvq_run *left = p->join_left ? &a->runs[p->from - 1] : NULL;
	struct recvq_run *right = p->join_right ? &a->runs[p->to] : NULL;

	for (uint32_t i = p->from; i < p->to; i++)
		free_chain(a, a->runs[i].first);
	a->memory_used += frame_cost(frame);
	if (left) {
		left->last->next = frame;
		left->last = frame;
		left->right = p->right;
		if (right) {
			frame->next = right->first;
			left->last = right->last;
			left->right = right->right;
		}
		runs_remove(a, p->from, p->to + (right ? 1 : 0));
	} else if (right) {
		frame->next = right->first;
		right->first = frame;
		right->left = p->left;
		runs_remove(a, p->from, p->to);
	} else {
		if (p->from == p->to) {
			memmove(a->runs + p->from + 1, a->runs + p->from, (a->n - p->from) * sizeof(*a->runs));
			a->n++;
		} else {
			runs_remove(a, p->from + 1, p->to);
		}
		a->runs[p->from] = (struct recvq_run){p->left, p->right, frame, frame};
	}
}

enum recvq_verdict recvq_push_ahead(struct recvq *q, tcp_seq seq, struct berth_frame *frame, uint32_t off, uint32_t len,
				    uint64_t memory_max, const struct berth_memory *memory)
{
	struct recvq_ahead *a = ahead_get(q, memory);
	enum recvq_verdict verdict = RECVQ_TAKEN;
	struct berth_frame *mine;
	struct place p;

	if (!a)
		return RECVQ_NO_MEMORY;
	if (!find_place(a, seq, seq + len, &p)) {
		remember(a, seq);
		return RECVQ_DUPLICATE;
	}
	if (a->memory_used >= memory_max ||
	    (!p.join_left && !p.join_right && p.from == p.to && a->n >= RECVQ_RUNS_MAX)) {
		verdict = RECVQ_FULL;
	} else if (!runs_grow(a, memory)) {
		verdict = RECVQ_NO_MEMORY;
	} else {
		mine = hold(frame, off + (uint32_t)(p.left - seq), (uint32_t)(p.right - p.left), 0, memory);
		if (mine) {
			mine->mark = p.left;
			settle(a, &p, mine);
			remember(a, p.left);
		} else {
			verdict = RECVQ_NO_MEMORY;
		}
	}
	ahead_free_if_empty(q, memory);
	return verdict;
}

/* Takes run 0, of which everything below rcv_nxt is there already, into the queue. */
static tcp_seq join_first(struct recvq *q, tcp_seq rcv_nxt)
{
	struct recvq_ahead *a = q->ahead;
	struct recvq_run run = a->runs[0];

	runs_remove(a, 0, 1);
	while (run.first && run.first->mark + run.first->len_wanted <= rcv_nxt) {
		struct berth_frame *frame = run.first;

		run.first = frame->next;
		a->memory_used -= frame_cost(frame);
		berth_frame_unref(frame);
	}
	if (!run.first)
		return rcv_nxt;
	if (run.first->mark < rcv_nxt) {
		uint32_t known = (uint32_t)(rcv_nxt - run.first->mark);

		run.first->off_wanted += known;
		run.first->len_wanted -= known;
	}
	for (struct berth_frame *f = run.first; f; f = f->next) {
		a->memory_used -= frame_cost(f);
		q->n_memory += (uint32_t)frame_cost(f);
	}
	append(q, run.first, run.last);
	q->n_bytes += (uint32_t)(run.right - rcv_nxt);
	return run.right;
}

tcp_seq recvq_join(struct recvq *q, tcp_seq rcv_nxt, const struct berth_memory *memory)
{
	while (q->ahead && q->ahead->n && q->ahead->runs[0].left <= rcv_nxt) {
		rcv_nxt = join_first(q, rcv_nxt);
		ahead_free_if_empty(q, memory);
	}
	return rcv_nxt;
}

unsigned recvq_sacks(struct recvq *q, struct tcp_sack_block *blocks, unsigned n_max)
{
	const struct recvq_ahead *a = q->ahead;
	uint32_t seen[TCP_SACK_BLOCKS_MAX];
	unsigned n = 0, n_seen = 0;

	if (q->dsack_left != q->dsack_right && n_max) {
		blocks[n++] = (struct tcp_sack_block){(uint32_t)q->dsack_left, (uint32_t)q->dsack_right};
		q->dsack_left = q->dsack_right = 0;
	}
	for (unsigned i = 0; a && i < a->n_recent && n < n_max; i++) {
		uint32_t at = run_find(a, a->recent[i] + 1);
		bool again = at >= a->n || a->runs[at].left > a->recent[i];

		for (unsigned k = 0; k < n_seen && !again; k++)
			again = seen[k] == at;
		if (again)
			continue;
		seen[n_seen++] = at;
		blocks[n++] = (struct tcp_sack_block){(uint32_t)a->runs[at].left, (uint32_t)a->runs[at].right};
	}
	return n;
}

/* ---- reading ---- */

uint32_t recvq_read(struct recvq *q, uint8_t *to, uint32_t n)
{
	uint32_t done = 0;

	while (done < n && q->first) {
		struct berth_frame *frame = q->first;
		uint32_t part = frame->len_wanted < n - done ? frame->len_wanted : n - done;

		if (to)
			memcpy(to + done, frame->data + frame->off_wanted, part);
		frame->off_wanted += part;
		frame->len_wanted -= part;
		done += part;
		if (frame->len_wanted)
			break;
		q->first = frame->next;
		if (!q->first)
			q->last = NULL;
		q->n_memory -= (uint32_t)frame_cost(frame);
		berth_frame_unref(frame);
	}
	q->n_bytes -= done;
	return done;
}

uint32_t recvq_peek(const struct recvq *q, uint32_t off, uint8_t *to, uint32_t n)
{
	uint32_t done = 0;

	for (const struct berth_frame *f = q->first; f && done < n; f = f->next) {
		uint32_t part;

		if (off >= f->len_wanted) {
			off -= f->len_wanted;
			continue;
		}
		part = f->len_wanted - off < n - done ? f->len_wanted - off : n - done;
		if (to)
			memcpy(to + done, f->data + f->off_wanted + off, part);
		done += part;
		off = 0;
	}
	return done;
}

void recvq_drop_ahead(struct recvq *q, const struct berth_memory *memory)
{
	if (!q->ahead)
		return;
	for (uint32_t i = 0; i < q->ahead->n; i++)
		free_chain(q->ahead, q->ahead->runs[i].first);
	ahead_free(q, memory);
}

void recvq_deinit(struct recvq *q, const struct berth_memory *memory)
{
	recvq_drop_ahead(q, memory);
	while (q->first) {
		struct berth_frame *frame = q->first;

		q->first = frame->next;
		berth_frame_unref(frame);
	}
	q->last = NULL;
	q->n_bytes = q->n_memory = 0;
}
