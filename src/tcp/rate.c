/* See rate.h. */
#include "rate.h"

#include "tcb.h"

#define NS_UNIT 64

void tcp_rate_sent(struct tcb *t, struct sent_record *record, bool joined)
{
	struct tcp_rate_mark *mark = &record->mark;

	if (!joined)
		*mark = (struct tcp_rate_mark){
			.n_delivered = t->rate.n_delivered,
			.delivered_at = t->flight->rate.delivered_at,
			.first_sent = t->flight->rate.first_sent,
			.n_lost = tcp_sent(t)->n_lost_ever,
			.is_program_limited = t->rate.program_limited_until != 0,
		};
	if (t->cc.ops->wants_rate)
		mark->n_in_flight = tcp_pipe(t) & INT32_MAX;
}

static uint32_t time_of(uint64_t ns)
{
	uint64_t n = ns / NS_UNIT + !(ns / NS_UNIT);

	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* The longer of the times in which it was sent and acknowledged: neither a burst of acknowledgments nor one of segments
 * makes the network faster than it is. */
static uint64_t interval(const struct tcp_env *env, const struct sent_record *newest)
{
	uint64_t ns_send = newest->at - newest->mark.first_sent;
	uint64_t ns_ack = env->now - newest->mark.delivered_at;

	return ns_send > ns_ack ? ns_send : ns_ack;
}

void tcp_rate_ack(const struct tcp_env *env, struct tcb *t, const struct sent_news *news,
		  struct tcp_rate_sample *sample)
{
	const struct sent_record *newest = &news->newest;
	struct tcp_rate *r = &t->rate;

	r->n_delivered += news->n_delivered;
	if (news->n_delivered)
		t->flight->rate.delivered_at = env->now;
	if (r->program_limited_until && r->n_delivered > r->program_limited_until)
		r->program_limited_until = 0;
	sample->n_delivered_total = r->n_delivered;
	if (!newest->right || !newest->mark.delivered_at) /* a SYN-ACK of which no record was kept has no mark */
		return;
	t->flight->rate.first_sent = newest->at;
	sample->n_delivered_then = newest->mark.n_delivered;
	sample->n_delivered = r->n_delivered - newest->mark.n_delivered;
	sample->n_lost = tcp_sent(t)->n_lost_ever - newest->mark.n_lost;
	sample->n_in_flight_then = newest->mark.n_in_flight;
	sample->app_limited = newest->mark.is_program_limited;
	sample->ns_interval = interval(env, newest);
	/* Less than a round trip: what was acknowledged was an earlier copy. */
	if (sample->ns_interval < tcp_rtt_min(&t->rtt_min))
		sample->ns_interval = 0;
	if (sample->ns_interval && (!sample->app_limited || !r->time_sample)) {
		r->time_sample = time_of(sample->ns_interval);
		r->n_sample = (uint32_t)sample->n_delivered;
	}
}

void tcp_rate_lost(struct tcb *t, struct tcp_rate_loss *loss)
{
	struct sent_loss *latest = &t->flight->sent.latest_loss;

	*loss = (struct tcp_rate_loss){
		.n = latest->n,
		.n_lost = tcp_sent(t)->n_lost_ever - latest->n_lost,
		.n_in_flight_then = latest->n_in_flight,
		.app_limited = latest->is_program_limited,
	};
	latest->n = 0;
}

void tcp_rate_check(struct tcb *t)
{
	uint64_t pipe;

	if (t->sendq.right > t->snd_nxt || tcp_sent(t)->n_lost > tcp_sent(t)->n_again)
		return;
	pipe = tcp_pipe(t);
	if (pipe < t->cc.cwnd)
		t->rate.program_limited_until = t->rate.n_delivered + pipe ? t->rate.n_delivered + pipe : 1;
}

uint64_t tcp_rate_of(const struct tcp_rate *rate)
{
	return rate->time_sample ? (uint64_t)((double)rate->n_sample * (1e9 / NS_UNIT) / rate->time_sample) : 0;
}
