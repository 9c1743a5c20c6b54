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
	r->flags = (uint8_t)((r->flags & SENT_EVER_AGAIN) | flags);
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
		if (!news->once_left || r->left < news->once_left)
			news->once_left = r->left;
	} else if (r->at > news->again_until) {
		return;
	}
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

/* Record i becomes two, the second from `seq` on. */
static int split(struct sent *s, uint32_t i, tcp_seq seq, const struct berth_memory *memory)
{
	if (grow(s, memory))
		return BERTH_ENOMEM;
	s->n++;
	for (uint32_t k = s->n - 1; k > i + 1; k--)
		*sent_at(s, k) = *sent_at(s, k - 1);
	*sent_at(s, i + 1) = *sent_at(s, i);
	sent_at(s, i)->right = seq;
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
		set_flags(s, r, SENT_SACKED);
		n_new += length(r);
	}
	return n_new;
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
		if (r->left < s->again_from)
			s->again_from = r->left;
		set_flags(s, r, SENT_LOST);
		n_new += length(r);
	}
	return n_new;
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
	return 0;
}

void sent_deinit(struct sent *s, const struct berth_memory *memory)
{
	if (s->ring)
		memory->free(memory->context, s->ring, s->capacity * sizeof(*s->ring));
	*s = (struct sent){0};
}
