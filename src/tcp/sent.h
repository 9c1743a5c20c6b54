/* What is in flight: a record for each transmission, in order of sequence, between snd_una and snd_nxt without gaps.
 *
 * A record is in one of four conditions, and the sums below follow it. Only the functions here change a record.
 *
 *	in flight      sent, nothing heard
 *	sacked         the peer has it
 *	lost           believed lost, not yet sent again
 *	lost + again   sent again, nothing heard since
 */
#ifndef TCP_SENT_H
#define TCP_SENT_H

#include <stdbool.h>

#include <berth/frame.h>

#include "again.h"
#include "rate.h"
#include "seq.h"

#define SENT_SACKED 1u
#define SENT_LOST 2u
#define SENT_AGAIN 4u      /* with SENT_LOST: a retransmission is in flight */
#define SENT_EVER_AGAIN 8u /* was retransmitted at some time: its acknowledgment times nothing (Karn) */
#define SENT_PUSHED 16u    /* its last byte was sent with PSH: so it is again */

struct sent_record {
	tcp_seq left, right;
	berth_time at; /* when it was sent last */
	struct tcp_rate_mark mark;
	uint8_t flags;
};

/* The transmission that was found lost last. */
struct sent_loss {
	uint32_t n; /* its bytes */
	uint32_t n_lost;
	uint32_t n_in_flight : 31, is_program_limited : 1; /* of its mark */
};

struct sent {
	struct sent_record *ring;
	uint32_t head, n, capacity;         /* capacity: a power of two, or 0 */
	uint32_t n_sacked, n_lost, n_again; /* bytes in those conditions */
	tcp_seq again_from;                 /* nothing below it is lost and not sent again */
	struct again *again;                /* retransmissions in order of time, NULL: none */
	uint32_t n_lost_ever;               /* bytes ever found lost, low bits */
	struct sent_loss latest_loss;
};

static inline struct sent_record *sent_at(const struct sent *s, uint32_t i)
{
	return &s->ring[(s->head + i) & (s->capacity - 1)];
}

/* Appends [left, right), just sent. 0, or BERTH_ENOMEM. Contiguous sendings at one instant share a record up to
 * `n_join` bytes. */
int sent_push(struct sent *s, tcp_seq left, tcp_seq right, berth_time now, uint32_t n_join,
	      const struct berth_memory *memory);

/* What was pushed last has PSH at its end: nothing that is sent later joins its record. */
void sent_mark_pushed(struct sent *s);

/* Whether a segment that ends at `end` had PSH when it was sent first. */
bool sent_pushed(const struct sent *s, tcp_seq end);

/* Takes back the last byte that was pushed (a zero-window probe that was refused). */
void sent_take_back(struct sent *s, tcp_seq right, const struct berth_memory *memory);

/* What one acknowledgment says has arrived and was not known to have. Begun with tcp's own limit and zeros, then filled
 * by sent_cut and sent_mark_sacked together. */
struct sent_news {
	berth_time again_until;    /* what was sent again later than this is acknowledged by an earlier copy of it */
	uint64_t n_delivered;      /* bytes */
	berth_time once;           /* when the latest was sent of those that were sent once; 0: none such */
	berth_time again;          /* the latest sending of those cut that were sent more than once */
	tcp_seq once_left;         /* the lowest of those sent once; 0: none such */
	berth_time once_left_at;   /* when that was sent */
	struct sent_record newest; /* the one sent last, by time and then by right edge; right 0: none */
	berth_time latest_at;      /* when the one was sent that was found delivered last; 0: none */
};

/* Cuts everything below `left`; adds to *news what was not sacked before. */
void sent_cut(struct sent *s, tcp_seq left, struct sent_news *news, const struct berth_memory *memory);

/* The number of the record that holds `seq`, or n. */
uint32_t sent_find(const struct sent *s, tcp_seq seq);

/* Marks [left, right), splitting records at its ends and joining it with what is sacked beside it, so that no peer can
 * make more records than there are sendings and stretches: the peer has it. Adds to *news what was not sacked before.
 * Bytes newly marked. Without memory to split, what cannot be split stays as it was. */
uint64_t sent_mark_sacked(struct sent *s, tcp_seq left, tcp_seq right, struct sent_news *news,
			  const struct berth_memory *memory);

/* Marks what of [left, right) is in flight as lost (also what was sent again, when `also_again`). Bytes newly marked.
 */
uint64_t sent_mark_lost(struct sent *s, tcp_seq left, tcp_seq right, bool also_again,
			const struct berth_memory *memory);

/* What RFC 8985 section 6.2 step 5 needs to know of the segment that was sent last of those that have arrived. */
struct sent_limit {
	berth_time at, newest_at; /* lost is what was sent at `at` or before, and before this segment: at newest_at */
	tcp_seq newest_right;     /* and below this */
	bool pending;             /* out: something was sent before it and not yet long enough ago */
};

/* Marks as lost what was sent long enough before the segment that has arrived. Records below *edge that were sent once
 * are not looked at; it moves on. Bytes newly marked; *n_again of them had been sent again. */
uint64_t sent_mark_late(struct sent *s, struct sent_limit *limit, tcp_seq *edge, uint64_t *n_again);

/* Marks as lost all that is in flight and was sent at `until` or before. Bytes newly marked. */
uint64_t sent_mark_all_late(struct sent *s, berth_time until);

/* What was marked lost and never sent again is in flight: it was not lost (RFC 4015 section 3.2). */
void sent_forget_lost(struct sent *s);

/* The peer took back what it said it has (RFC 2018 section 8): sacked records are in flight again. */
void sent_forget_sacks(struct sent *s);

/* The first bytes that are lost and not sent again, in one record: true and *left, *right. */
bool sent_next_lost(struct sent *s, tcp_seq *left, tcp_seq *right);

/* [left, right), the beginning of what sent_next_lost gave, was sent again. 0, or BERTH_ENOMEM (then nothing changed).
 */
int sent_mark_again(struct sent *s, tcp_seq left, tcp_seq right, berth_time now, const struct berth_memory *memory);

void sent_deinit(struct sent *s, const struct berth_memory *memory);

#endif
