/* SYN cookies. The sequence number of the SYN-ACK, less a keyed hash of the socket pair and the peer's number that
 *hides the rest:
 *
 *	 5 bits              3 bits       24 bits
 *	+-------------------+------------+------------------------------------------+
 *	| count of minutes  | MSS        | keyed hash of all that and the pair      |
 *	+-------------------+------------+------------------------------------------+
 *
 * A cookie is good in the count that it was made in and the next. Who guesses has 16 of 2^32 numbers for himself, and
 * wins nothing but a connection with an address that he cannot hear.
 *
 * The rest of what a SYN says comes back only with timestamps: the SYN-ACK's carries it in its low bits, and the peer
 * echoes it. A peer can falsify that, but only its own. */
#include "syncookie.h"

#include "tcb.h"

/* How long a count lasts. */
#define NS_COUNT (64ull * 1000000000)

/* The largest that is not above what the peer said is used. */
static const uint16_t sizes[8] = {88, 536, 1220, 1360, 1400, 1440, 1460, 8940};

/* Low bits of the timestamp. */
#define BITS 6u
#define BITS_WSCALE 0x0fu
#define WSCALE_NONE 0x0fu
#define BIT_SACK 0x10u
#define BIT_ECN 0x20u

/* What the echo of a SYN-ACK's timestamp may measure at most; more, and it was not ours. */
#define MS_RTT_MAX 3000u

static uint32_t count_at(berth_time now)
{
	return (uint32_t)(now / NS_COUNT);
}

/* Hides the parts of a cookie. */
static uint32_t cover(const struct tcp_env *env, const struct tcp_request *r)
{
	return (uint32_t)tcp_pair_hash(env, &r->pair, TCP_HASH_COOKIE_COVER, r->irs, 0);
}

static uint32_t mark(const struct tcp_env *env, const struct tcp_request *r, uint32_t count, uint32_t size)
{
	return (uint32_t)tcp_pair_hash(env, &r->pair, TCP_HASH_COOKIE, r->irs, (uint64_t)count << 3 | size) & 0xffffff;
}

static uint32_t make(const struct tcp_env *env, const struct tcp_request *r, uint32_t count, uint32_t size)
{
	return cover(env, r) + (count << 27 | size << 24 | mark(env, r, count, size));
}

/* The count and size that r->iss says; false: it is no cookie of ours, or too old. */
static bool take_apart(const struct tcp_env *env, const struct tcp_request *r, uint32_t *size)
{
	uint32_t bare = r->iss - cover(env, r), now = count_at(env->now);
	uint32_t age = (now - (bare >> 27)) & 31;

	*size = bare >> 24 & 7;
	return age <= 1 && age <= now && mark(env, r, now - age, *size) == (bare & 0xffffff);
}

uint32_t tcp_syncookie_timestamp(const struct tcp_request *r, uint32_t timestamp)
{
	uint32_t bits = r->wscale_ok ? r->snd_wscale < 14 ? r->snd_wscale : 14 : WSCALE_NONE, with;

	if (r->sack_ok)
		bits |= BIT_SACK;
	if ((r->flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR))
		bits |= BIT_ECN;
	with = (timestamp & ~((1u << BITS) - 1)) | bits;
	/* Never ahead of the clock: the next segment's must not be less (RFC 7323 section 5.4). */
	return (int32_t)(timestamp - with) < 0 ? with - (1u << BITS) : with;
}

void tcp_syncookie_send(struct tcp_env *env, struct tcp_request *r)
{
	uint32_t size = 0, mss = r->mss_peer ? r->mss_peer : tcp_mss_unsaid(r->pair.family);

	while (size < 7 && sizes[size + 1] <= mss)
		size++;
	if (!r->ts_ok) {
		r->sack_ok = r->wscale_ok = false;
		r->flags = TCP_SYN;
	}
	r->cookie = true;
	r->iss = make(env, r, count_at(env->now), size);
	r->listener->listener->cookie_at = env->now;
	env->counters.syn_cookies_out++;
	tcp_request_reply(env, r);
}

bool tcp_syncookie_expected(const struct tcp_env *env, const struct tcb *listener)
{
	berth_time at = listener->listener->cookie_at;

	return at && env->now - at <= 2 * NS_COUNT;
}

/* What the SYN said, as far as the ACK brings it back. */
static void restore(const struct tcp_env *env, struct tcp_request *r, const struct tcp_header *h)
{
	uint32_t ms_rtt = tcp_timestamp_of_pair(env, &r->pair) - h->ts_ecr;

	if (r->ts_ok) {
		uint32_t bits = h->ts_ecr & ((1u << BITS) - 1);

		r->sack_ok = bits & BIT_SACK && env->config.sack;
		r->wscale_ok = (bits & BITS_WSCALE) != WSCALE_NONE && env->config.window_scaling;
		r->snd_wscale = r->wscale_ok ? bits & BITS_WSCALE : 0;
		if (bits & BIT_ECN)
			r->flags |= TCP_ECE | TCP_CWR;
		r->has_rtt = ms_rtt <= MS_RTT_MAX;
	}
	if (r->wscale_ok)
		r->rcv_wscale = tcp_wscale(env, r->listener);
	r->waits_since = r->has_rtt ? env->now - ms_rtt * 1000000ull : env->now;
}

bool tcp_syncookie_check(struct tcp_env *env, struct tcb *listener, const struct tcp_segment *segment,
			 struct tcp_request *r)
{
	const struct tcp_header *h = &segment->header;
	uint32_t size;

	tcp_request_fill(env, r, listener, segment, h->ack - 1);
	r->irs = h->seq - 1;
	if (!take_apart(env, r, &size)) {
		env->counters.syn_cookies_bad++;
		return false;
	}
	env->counters.syn_cookies_in++;
	r->flags = TCP_SYN;
	r->mss_peer = sizes[size];
	r->has_rtt = false;
	restore(env, r, h);
	return true;
}
