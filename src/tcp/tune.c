/* Buffers that size themselves. See tune.h. */
#include "tune.h"

#include "tcb.h"

/* With timestamps each segment could be measured; one of these many is enough. */
#define SEGMENTS_PER_TURN 8
/* What the user may take in the first round trip: an initial window. */
#define SEGMENTS_AT_FIRST 10
#define US_RTT_MAX 60000000u
/* Nothing is measured of a connection that has brought less: most never do. */
#define BYTES_BEFORE 16384u

static uint32_t us_now(const struct tcp_env *env)
{
	return (uint32_t)(env->now / 1000);
}

/* The round trip that ends with this segment; 0: it tells none. */
static uint32_t sample(struct tcp_env *env, const struct tcb *t, const struct tcp_header *h)
{
	uint32_t us = us_now(env) - t->tune->us_turn, ms;

	if (!t->ts_ok)
		return t->tune->us_turn ? us : 0;
	/* What comes after a pause sends an old time back (RFC 7323 section 4.1). */
	if (t->tune->us_rtt && us_now(env) - t->delack.us_at > 2 * t->tune->us_rtt)
		return 0;
	ms = h->has_timestamp && h->ts_ecr ? tcp_timestamp(env, t) - h->ts_ecr : UINT32_MAX;
	return ms < US_RTT_MAX / 1000 ? ms * 1000 + !ms * 500 : 0;
}

static void measure(struct tcp_env *env, struct tcb *t, const struct tcp_header *h)
{
	struct tcp_tune *tune = t->tune;
	uint32_t us = sample(env, t, h);

	if (us && us < US_RTT_MAX)
		tune->us_rtt = tune->us_rtt ? tune->us_rtt - tune->us_rtt / 8 + us / 8 : us;
	tune->us_turn = us_now(env) + !us_now(env);
	tune->turn_end = (uint32_t)(t->ts_ok ? t->rcv_nxt + SEGMENTS_PER_TURN * t->rcv_mss : t->rcv_adv);
}

static bool begin(struct tcp_env *env, struct tcb *t)
{
	if (t->bytes_received < BYTES_BEFORE || t->receive_buffer_set)
		return false;
	t->tune = env->memory->alloc(env->memory->context, sizeof(*t->tune));
	if (!t->tune)
		return false; /* the buffer stays as it is for the time being */
	*t->tune = (struct tcp_tune){0};
	return true;
}

void tcp_tune_end(struct tcp_env *env, struct tcb *t)
{
	if (t->tune)
		env->memory->free(env->memory->context, t->tune, sizeof(*t->tune));
	t->tune = NULL;
}

void tcp_tune_arrival(struct tcp_env *env, struct tcb *t, const struct tcp_header *h)
{
	if (!t->tune && !begin(env, t))
		return;
	if ((int32_t)((uint32_t)t->rcv_nxt - t->tune->turn_end) >= 0 || !t->tune->us_turn)
		measure(env, t, h);
}

/* `n` bytes were read in a round trip, `before` is the most so far. Twice as many are to fit, and as the peer may be in
 * slow start, twice its growth on top; and some segments, which are nothing to a large window. */
static uint64_t size_for(const struct tcb *t, uint64_t n, uint64_t before)
{
	uint64_t size = 2 * n + 16ull * t->rcv_mss;

	return size + 2 * (size * (n - before) / before);
}

static void grow(struct tcp_env *env, struct tcb *t, uint32_t n)
{
	uint64_t size;

	if (!t->tune->n_read)
		t->tune->n_read = SEGMENTS_AT_FIRST * t->rcv_mss;
	if (n <= t->tune->n_read || env->budget->pressed)
		return;
	size = size_for(t, n, t->tune->n_read);
	t->tune->n_read = n;
	if (size > env->config.receive_buffer_max)
		size = env->config.receive_buffer_max;
	if (size > t->receive_buffer)
		t->receive_buffer = (uint32_t)size;
}

void tcp_tune_read(struct tcp_env *env, struct tcb *t)
{
	uint32_t us = us_now(env), had = (uint32_t)t->rcv_nxt - t->recvq.n_bytes;
	struct tcp_tune *tune = t->tune;

	if (!tune || t->receive_buffer_set || !tune->us_rtt || us - tune->us_read < tune->us_rtt)
		return;
	if (tune->us_read)
		grow(env, t, had - tune->read_from);
	tune->read_from = had;
	tune->us_read = us + !us;
}

void tcp_tune_send(struct tcp_env *env, struct tcb *t)
{
	uint64_t size = 2 * t->cc.cwnd;

	if (size > env->config.send_buffer_max)
		size = env->config.send_buffer_max;
	if (size > t->send_buffer && !t->send_buffer_set && !env->budget->pressed)
		t->send_buffer = (uint32_t)size;
}
