/* Records of what is in flight. See sent.h.
 *
 * A ring that doubles when full. Records are found by binary search; one is split only where a selective
 * acknowledgment, a loss or a retransmission has its edge inside. */
#include "sent.h"

#include <assert.h>
#include <string.h>

#include <berth/error.h>

static uint32_t length(const struct sent_record *r)
{
	return (uint32_t)(r->right - r->left);
}

static int grow(struct sent *s, const struct berth_memory *memory)
{
	uint32_t capacity = s->capacity ? s->capacity * 2 : 8;
	struct sent_record *ring;

	if (s->n < s->capacity)
		return 0;
	ring = memory->alloc(memory->context, capacity * sizeof(*ring));
	if (!ring)
		return BERTH_ENOMEM;
	for (uint32_t i = 0; i < s->n; i++)
		ring[i] = *sent_at(s, i);
	if (s->ring)
		memory->free(memory->context, s->ring, s->capacity * sizeof(*ring));
	s->ring = ring;
	s->capacity = capacity;
	s->head = 0;
	return 0;
}

static void free_if_empty(struct sent *s, const struct berth_memory *memory)
{
	if (s->n == 0)
		sent_deinit(s, memory);
}

int sent_push(struct sent *s, tcp_seq left, tcp_seq right, berth_time now, uint32_t n_join,
	      const struct berth_memory *memory)
{
	struct sent_record *last = s->n ? sent_at(s, s->n - 1) : NULL;

	assert(!last || last->right == left);
	if (last && last->at == now && last->flags == 0 && right - last->left <= n_join) {
		last->right = right;
		return 0;
	}
	if (grow(s, memory))
		return BERTH_ENOMEM;
	s->n++;
	*sent_at(s, s->n - 1) = (struct sent_record){.left = left, .right = right, .at = now};
	return 0;
}

/* The record's bytes leave the sums (sign -1) or enter them (+1). */
static void account(struct sent *s, const struct sent_record *r, uint32_t n, int sign)
{
	uint32_t delta = sign > 0 ? n : 0u - n;

	if (r->flags & SENT_SACKED)
		s->n_sacked += delta;
	else if (r->flags & SENT_LOST) {
		s->n_lost += delta;
		if (r->flags & SENT_AGAIN)
			s->n_again += delta;
	}
}

/* The only writer of a record's condition. */
static void set_flags(struct sent *s, struct sent_record *r, unsigned flags)
{
	account(s, r, length(r), -1);
	r->flags = (uint8_t)((r->flags & (SENT_EVER_AGAIN | SENT_PUSHED)) | flags);
	account(s, r, length(r), 1);
}

void sent_take_back(struct sent *s, tcp_seq right, const struct berth_memory *memory)
{
	struct sent_record *last = sent_at(s, s->n - 1);

	assert(last->right == right);
	account(s, last, 1, -1);
	last->right--;
	if (last->left == last->right)
		s->n--;
	free_if_empty(s, memory);
}

/* [r->left, right) has arrived, as is now known. RFC 8985 section 6.2 step 2: an acknowledgment that comes sooner after
 * a retransmission than can be is of an earlier copy, and says nothing of what was sent last. */
static void deliver(struct sent_news *news, const struct sent_record *r, tcp_seq right)
{
	struct sent_record *newest = &news->newest;

	news->n_delivered += right - r->left;
	if (!(r->flags & SENT_EVER_AGAIN)) {
		if (r->at > news->once)
			news->once = r->at;
		if (!news->once_left || r->left < news->once_left) {
			news->once_left = r->left;
			news->once_left_at = r->at;
		}
	} else if (r->at > news->again_until) {
		return;
	}
	news->latest_at = r->at;
	if (r->at > newest->at || (r->at == newest->at && right > newest->right)) {
		*newest = *r;
		newest->right = right;
	}
}

void sent_cut(struct sent *s, tcp_seq left, struct sent_news *news, const struct berth_memory *memory)
{
	while (s->n && sent_at(s, 0)->left < left) {
		struct sent_record *r = sent_at(s, 0);
		tcp_seq end = r->right < left ? r->right : left;

		if (r->flags & SENT_EVER_AGAIN && r->at > news->again)
			news->again = r->at;
		if (!(r->flags & SENT_SACKED))
			deliver(news, r, end);
		account(s, r, (uint32_t)(end - r->left), -1);
		r->left = end;
		if (r->left < r->right)
			break;
		s->head = (s->head + 1) & (s->capacity - 1);
		s->n--;
	}
	free_if_empty(s, memory);
}

uint32_t sent_find(const struct sent *s, tcp_seq seq)
{
	uint32_t low = 0, high = s->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (sent_at(s, middle)->right <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Makes room for one record before record i. The shorter side moves. */
static int open_gap(struct sent *s, uint32_t i, const struct berth_memory *memory)
{
	if (grow(s, memory))
		return BERTH_ENOMEM;
	s->n++;
	if (i < s->n / 2) {
		s->head = (s->head - 1) & (s->capacity - 1);
		for (uint32_t k = 0; k < i; k++)
			*sent_at(s, k) = *sent_at(s, k + 1);
	} else {
		for (uint32_t k = s->n - 1; k > i; k--)
			*sent_at(s, k) = *sent_at(s, k - 1);
	}
	return 0;
}

/* Takes records [i, i + n) away. */
static void close_gap(struct sent *s, uint32_t i, uint32_t n)
{
	if (i < s->n - i - n) {
		for (uint32_t k = i; k-- > 0;)
			*sent_at(s, k + n) = *sent_at(s, k);
		s->head = (s->head + n) & (s->capacity - 1);
	} else {
		for (uint32_t k = i; k + n < s->n; k++)
			*sent_at(s, k) = *sent_at(s, k + n);
	}
	s->n -= n;
}

/* Record i becomes two, the second from `seq` on. */
static int split(struct sent *s, uint32_t i, tcp_seq seq, const struct berth_memory *memory)
{
	if (open_gap(s, i + 1, memory))
		return BERTH_ENOMEM;
	*sent_at(s, i + 1) = *sent_at(s, i);
	sent_at(s, i)->right = seq;
	sent_at(s, i)->flags &= (uint8_t)~SENT_PUSHED;
	sent_at(s, i + 1)->left = seq;
	return 0;
}

/* Brings record edges to [left, right) of record i: the number of the record that is inside, or -1 without memory. */
static int64_t isolate(struct sent *s, uint32_t i, tcp_seq left, tcp_seq right, const struct berth_memory *memory)
{
	if (sent_at(s, i)->left < left) {
		if (split(s, i, left, memory))
			return -1;
		i++;
	}
	if (sent_at(s, i)->right > right && split(s, i, right, memory))
		return -1;
	return i;
}

/* The sacked records around `seq` become one, which has the time of the latest: nothing asks any more for that of the
 * others. */
static void join_sacked(struct sent *s, tcp_seq seq)
{
	uint32_t first = sent_find(s, seq), end, flags = 0;
	struct sent_record joined;

	if (first > 0 && sent_at(s, first - 1)->flags & SENT_SACKED)
		first--;
	joined = *sent_at(s, first);
	for (end = first; end < s->n && sent_at(s, end)->flags & SENT_SACKED; end++) {
		const struct sent_record *r = sent_at(s, end);

		flags |= r->flags;
		if (r->at > joined.at)
			joined = *r;
	}
	if (end - first < 2)
		return;
	joined.left = sent_at(s, first)->left;
	joined.right = sent_at(s, end - 1)->right;
	joined.flags = (uint8_t)flags;
	*sent_at(s, first) = joined;
	close_gap(s, first + 1, end - first - 1);
}

void sent_mark_pushed(struct sent *s)
{
	if (s->n)
		sent_at(s, s->n - 1)->flags |= SENT_PUSHED;
}

bool sent_pushed(const struct sent *s, tcp_seq end)
{
	uint32_t i = sent_find(s, end - 1);

	return i < s->n && sent_at(s, i)->right == end && sent_at(s, i)->flags & SENT_PUSHED;
}

uint64_t sent_mark_sacked(struct sent *s, tcp_seq left, tcp_seq right, struct sent_news *news,
			  const struct berth_memory *memory)
{
	uint64_t n_new = 0;

	for (uint32_t i = sent_find(s, left); i < s->n && sent_at(s, i)->left < right; i++) {
		struct sent_record *r = sent_at(s, i);
		int64_t inside;

		if (r->flags & SENT_SACKED)
			continue;
		inside = isolate(s, i, left, right, memory);
		if (inside < 0)
			break;
		i = (uint32_t)inside;
		r = sent_at(s, i);
		deliver(news, r, r->right);
		n_new += length(r);
		set_flags(s, r, SENT_SACKED);
	}
	if (n_new)
		join_sacked(s, left);
	return n_new;
}

/* To be sent again. */
static void lose(struct sent *s, struct sent_record *r)
{
	if (r->left < s->again_from)
		s->again_from = r->left;
	set_flags(s, r, SENT_LOST);
	s->n_lost_ever += length(r);
	s->latest_loss = (struct sent_loss){
		.n = length(r),
		.n_lost = r->mark.n_lost,
		.n_in_flight = r->mark.n_in_flight,
		.is_program_limited = r->mark.is_program_limited,
	};
}

uint64_t sent_mark_lost(struct sent *s, tcp_seq left, tcp_seq right, bool also_again, const struct berth_memory *memory)
{
	uint64_t n_new = 0;

	for (uint32_t i = sent_find(s, left); i < s->n && sent_at(s, i)->left < right; i++) {
		struct sent_record *r = sent_at(s, i);
		int64_t inside;

		if ((r->flags & SENT_SACKED) || ((r->flags & SENT_LOST) && !(also_again && (r->flags & SENT_AGAIN))))
			continue;
		inside = isolate(s, i, left, right, memory);
		if (inside < 0)
			break;
		i = (uint32_t)inside;
		r = sent_at(s, i);
		lose(s, r);
		n_new += length(r);
	}
	return n_new;
}

/* RFC 8985 section 6.2, RACK_sent_after: by time, and of one instant by sequence. */
static bool sent_before(berth_time at, tcp_seq right, const struct sent_limit *limit)
{
	return at < limit->newest_at || (at == limit->newest_at && right < limit->newest_right);
}

/* Of what was sent once, the order of sequence is that of time. */
static uint64_t mark_late_once(struct sent *s, struct sent_limit *limit, tcp_seq *edge)
{
	uint64_t n_new = 0;

	for (uint32_t i = sent_find(s, *edge); i < s->n; i++) {
		struct sent_record *r = sent_at(s, i);

		if (!(r->flags & (SENT_SACKED | SENT_LOST | SENT_EVER_AGAIN))) {
			if (!sent_before(r->at, r->right, limit))
				break;
			if (r->at > limit->at) {
				limit->pending = true;
				break;
			}
			lose(s, r);
			n_new += length(r);
		}
		*edge = r->right;
	}
	return n_new;
}

/* What is still in flight of one retransmission. */
static uint64_t lose_again(struct sent *s, const struct again_entry *e, tcp_seq right)
{
	uint64_t n_new = 0;

	for (uint32_t i = sent_find(s, e->left); i < s->n && sent_at(s, i)->left < right; i++) {
		struct sent_record *r = sent_at(s, i);

		if (r->at == e->at && r->flags & SENT_AGAIN) {
			lose(s, r);
			n_new += length(r);
		}
	}
	return n_new;
}

static uint64_t mark_late_again(struct sent *s, struct sent_limit *limit)
{
	struct again_entry *e;
	uint64_t n_new = 0;

	while ((e = again_first(s->again)) && e->at <= limit->newest_at) {
		tcp_seq right = e->right;

		if (e->at == limit->newest_at && limit->newest_right < right)
			right = limit->newest_right;
		if (right <= e->left)
			break;
		if (e->at > limit->at) {
			limit->pending = true;
			break;
		}
		n_new += lose_again(s, e, right);
		e->left = right;
		if (e->left < e->right)
			break;
		again_pop(s->again);
	}
	return n_new;
}

uint64_t sent_mark_late(struct sent *s, struct sent_limit *limit, tcp_seq *edge, uint64_t *n_again)
{
	limit->pending = false;
	*n_again = s->again ? mark_late_again(s, limit) : 0;
	return mark_late_once(s, limit, edge) + *n_again;
}

uint64_t sent_mark_all_late(struct sent *s, berth_time until)
{
	uint64_t n_new = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		struct sent_record *r = sent_at(s, i);

		if (r->at > until || r->flags & SENT_SACKED || (r->flags & (SENT_LOST | SENT_AGAIN)) == SENT_LOST)
			continue;
		lose(s, r);
		n_new += length(r);
	}
	return n_new;
}

void sent_forget_lost(struct sent *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		if ((sent_at(s, i)->flags & ~SENT_PUSHED) == SENT_LOST)
			set_flags(s, sent_at(s, i), 0);
}

void sent_forget_sacks(struct sent *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (sent_at(s, i)->flags & SENT_SACKED)
			set_flags(s, sent_at(s, i), 0);
}

bool sent_next_lost(struct sent *s, tcp_seq *left, tcp_seq *right)
{
	if (s->n_lost == s->n_again)
		return false;
	for (uint32_t i = sent_find(s, s->again_from); i < s->n; i++) {
		const struct sent_record *r = sent_at(s, i);

		s->again_from = r->left;
		if ((r->flags & (SENT_LOST | SENT_AGAIN)) == SENT_LOST) {
			*left = r->left;
			*right = r->right;
			return true;
		}
	}
	return false;
}

int sent_mark_again(struct sent *s, tcp_seq left, tcp_seq right, berth_time now, const struct berth_memory *memory)
{
	uint32_t i = sent_find(s, left);
	struct sent_record *r;

	if (sent_at(s, i)->right > right && split(s, i, right, memory))
		return BERTH_ENOMEM;
	r = sent_at(s, i);
	assert(r->left == left && r->right == right);
	set_flags(s, r, SENT_LOST | SENT_AGAIN);
	r->flags |= SENT_EVER_AGAIN;
	r->at = now;
	s->again_from = right;
	again_push(&s->again, left, right, now, memory);
	return 0;
}

void sent_deinit(struct sent *s, const struct berth_memory *memory)
{
	if (s->ring)
		memory->free(memory->context, s->ring, s->capacity * sizeof(*s->ring));
	again_deinit(&s->again, memory);
	*s = (struct sent){.n_lost_ever = s->n_lost_ever, .latest_loss = s->latest_loss};
}
