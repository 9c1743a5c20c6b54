/* TCP_INFO: a connection as Linux's struct tcp_info has it.
 *
 * Linux counts segments where this stack counts bytes; a stretch of bytes counts for as many segments as it took, so
 * that small ones count as one each. */
#include "tcb.h"

#include <stddef.h>

#include <assert.h>

/* rcv.c: how long an acknowledgment may wait. */
#define US_ACK_DELAY 40000

#define AT(member, offset)                                                                                             \
	static_assert(offsetof(struct berth_tcp_info, member) == (offset), "where Linux's tcp_info has it")
AT(tcpi_flags, 7);
AT(tcpi_rto, 8);
AT(tcpi_unacked, 24);
AT(tcpi_last_data_sent, 44);
AT(tcpi_pmtu, 60);
AT(tcpi_rtt, 68);
AT(tcpi_reordering, 88);
AT(tcpi_total_retrans, 100);
AT(tcpi_pacing_rate, 104);
AT(tcpi_bytes_acked, 120);
AT(tcpi_segs_out, 136);
AT(tcpi_min_rtt, 148);
AT(tcpi_delivery_rate, 160);
AT(tcpi_busy_time, 168);
AT(tcpi_delivered, 192);
AT(tcpi_bytes_sent, 200);
AT(tcpi_rcv_ooopack, 224);
AT(tcpi_rehash, 236);
AT(tcpi_total_rto, 240);
static_assert(sizeof(struct berth_tcp_info) == 248, "as long as Linux's tcp_info");

/* ---- what limits it ---- */

static enum tcp_limit limit_of(const struct tcb *t)
{
	tcp_seq edge = t->snd_una + t->snd_wnd;
	uint64_t unsent = t->sendq.right > t->snd_nxt ? t->sendq.right - t->snd_nxt : 0;
	uint64_t usable = edge > t->snd_nxt ? edge - t->snd_nxt : 0;

	if (unsent && !t->cwnd_limited && usable < unsent && usable < t->mss)
		return TCP_LIMIT_WINDOW;
	if (!unsent && t->want_write)
		return TCP_LIMIT_BUFFER;
	return unsent || t->snd_nxt > t->snd_una ? TCP_LIMIT_BUSY : TCP_LIMIT_IDLE;
}

void tcp_tally_limit(const struct tcp_env *env, struct tcb *t)
{
	struct tcp_tally *tally = &t->tally;
	enum tcp_limit limit = limit_of(t);

	if (limit == (enum tcp_limit)tally->limit)
		return;
	tally->ms_limit[tally->limit] += tcp_tally_ms(env->now) - tally->ms_limit_since;
	tally->limit = (uint8_t)limit;
	tally->ms_limit_since = tcp_tally_ms(env->now);
}

static uint64_t us_limit(const struct tcp_env *env, const struct tcp_tally *tally, enum tcp_limit limit)
{
	uint64_t ms = tally->ms_limit[limit];

	if (tally->limit == limit)
		ms += tcp_tally_ms(env->now) - tally->ms_limit_since;
	return ms * 1000;
}

/* ---- segments ---- */

static uint32_t segments(const struct tcb *t, uint64_t n_bytes)
{
	return t->mss ? (uint32_t)((n_bytes + t->mss - 1) / t->mss) : 0;
}

void tcp_flight_count(const struct tcb *t, struct tcp_flight_sum *flight)
{
	*flight = (struct tcp_flight_sum){0};
	for (uint32_t i = 0; i < tcp_sent(t)->n; i++) {
		const struct sent_record *r = sent_at(&t->flight->sent, i);
		uint64_t n_bytes = r->right - r->left;
		uint32_t n;

		/* A FIN goes with the data before it. */
		if (n_bytes > 1 && t->fin_queued && r->right > tcp_fin_seq(t))
			n_bytes--;
		n = n_bytes > 1 ? segments(t, n_bytes) : 1;
		flight->n_out += n;
		if (r->flags & SENT_SACKED)
			flight->n_sacked += n;
		if (r->flags & SENT_LOST)
			flight->n_lost += n;
		if (r->flags & SENT_AGAIN)
			flight->n_again += n;
	}
}

/* ---- the parts of the answer ---- */

static const uint8_t states[BERTH_TCP_STATE_N] = {
	[BERTH_TCP_CLOSED] = BERTH_TCP_INFO_CLOSED,           [BERTH_TCP_LISTEN] = BERTH_TCP_INFO_LISTEN,
	[BERTH_TCP_SYN_SENT] = BERTH_TCP_INFO_SYN_SENT,       [BERTH_TCP_SYN_RECEIVED] = BERTH_TCP_INFO_SYN_RECEIVED,
	[BERTH_TCP_ESTABLISHED] = BERTH_TCP_INFO_ESTABLISHED, [BERTH_TCP_FIN_WAIT_1] = BERTH_TCP_INFO_FIN_WAIT_1,
	[BERTH_TCP_FIN_WAIT_2] = BERTH_TCP_INFO_FIN_WAIT_2,   [BERTH_TCP_CLOSE_WAIT] = BERTH_TCP_INFO_CLOSE_WAIT,
	[BERTH_TCP_CLOSING] = BERTH_TCP_INFO_CLOSING,         [BERTH_TCP_LAST_ACK] = BERTH_TCP_INFO_LAST_ACK,
	[BERTH_TCP_TIME_WAIT] = BERTH_TCP_INFO_TIME_WAIT,
};

uint8_t tcp_ca_state(const struct tcb *t)
{
	switch ((enum tcp_recovery)t->recovery) {
	case TCP_RECOVERY_FAST:
		return BERTH_TCP_CA_RECOVERY;
	case TCP_RECOVERY_TIMEOUT:
		return BERTH_TCP_CA_LOSS;
	case TCP_RECOVERY_NONE:
		break;
	}
	if (!tcp_ecn_may_reduce(t))
		return BERTH_TCP_CA_CWR;
	return t->n_dup_acks || tcp_sent(t)->n_sacked || tcp_sent(t)->n_lost ? BERTH_TCP_CA_DISORDER
									     : BERTH_TCP_CA_OPEN;
}

uint8_t tcp_options_agreed(const struct tcb *t)
{
	unsigned bits = 0;

	if (t->ts_ok)
		bits |= BERTH_TCPI_TIMESTAMPS;
	if (t->sack_ok)
		bits |= BERTH_TCPI_SACK;
	if (t->wscale_ok)
		bits |= BERTH_TCPI_WSCALE;
	if (t->ecn.ok)
		bits |= BERTH_TCPI_ECN;
	if (t->fast_open.taken)
		bits |= BERTH_TCPI_SYN_DATA;
	return (uint8_t)bits;
}

static void fill_state(const struct tcb *t, struct berth_tcp_info *info)
{
	bool probes = t->timer_kind == TCP_MAIN_PERSIST;

	info->tcpi_state = states[t->state];
	info->tcpi_ca_state = tcp_ca_state(t);
	info->tcpi_retransmits = probes ? 0 : t->giveup.n_tries;
	info->tcpi_probes = probes ? t->giveup.n_tries : t->n_keep;
	info->tcpi_backoff = t->n_backoff;
	info->tcpi_options = tcp_options_agreed(t);
	info->tcpi_wscale = (uint8_t)(t->snd_wscale | t->rcv_wscale << 4);
}

static uint32_t ms_since(const struct tcp_env *env, berth_time then)
{
	return then ? (uint32_t)((env->now - then) / 1000000) : 0;
}

static void fill_times(const struct tcp_env *env, const struct tcb *t, struct berth_tcp_info *info)
{
	info->tcpi_rto = (uint32_t)(t->ns_rto / 1000);
	info->tcpi_ato = US_ACK_DELAY;
	info->tcpi_rtt = (uint32_t)(t->ns_srtt / 1000);
	info->tcpi_rttvar = (uint32_t)(t->ns_rttvar / 1000);
	info->tcpi_min_rtt = (uint32_t)(tcp_rtt_min(&t->rtt_min) / 1000);
	info->tcpi_last_data_sent = ms_since(env, t->sent_at);
	info->tcpi_last_data_recv = tcp_tally_ms(env->now) - t->tally.ms_data_at;
	info->tcpi_last_ack_recv = ms_since(env, t->heard_at);
	info->tcpi_rwnd_limited = us_limit(env, &t->tally, TCP_LIMIT_WINDOW);
	info->tcpi_sndbuf_limited = us_limit(env, &t->tally, TCP_LIMIT_BUFFER);
	info->tcpi_busy_time =
		us_limit(env, &t->tally, TCP_LIMIT_BUSY) + info->tcpi_rwnd_limited + info->tcpi_sndbuf_limited;
}

static void fill_sending(const struct tcb *t, struct berth_tcp_info *info)
{
	uint64_t rate = t->cc.pacing_rate, most = tcp_settings(t)->pacing_rate_max;
	struct tcp_flight_sum flight;

	tcp_flight_count(t, &flight);
	info->tcpi_unacked = flight.n_out;
	info->tcpi_sacked = flight.n_sacked;
	info->tcpi_lost = flight.n_lost;
	info->tcpi_retrans = flight.n_again;
	info->tcpi_snd_mss = t->mss;
	info->tcpi_pmtu = t->mtu;
	info->tcpi_advmss = tcp_mss_of_mtu(t);
	/* Congestion control knows the window in bytes, TCP_INFO in segments. */
	info->tcpi_snd_cwnd = t->mss ? (uint32_t)(t->cc.cwnd / t->mss) : 0;
	info->tcpi_snd_ssthresh =
		!t->mss || t->cc.ssthresh / t->mss >= INT32_MAX ? INT32_MAX : (uint32_t)(t->cc.ssthresh / t->mss);
	info->tcpi_reordering = t->reordering;
	info->tcpi_delivery_rate = tcp_rate_of(&t->rate);
	info->tcpi_flags = t->rate.program_limited_until != 0;
	info->tcpi_pacing_rate = rate ? rate : UINT64_MAX;
	info->tcpi_max_pacing_rate = most ? most : UINT64_MAX;
	info->tcpi_snd_wnd = t->snd_wnd;
	info->tcpi_notsent_bytes = t->sendq.right > t->snd_nxt ? (uint32_t)(t->sendq.right - t->snd_nxt) : 0;
}

static void fill_receiving(const struct tcb *t, struct berth_tcp_info *info)
{
	info->tcpi_rcv_mss = t->rcv_mss;
	info->tcpi_rcv_wnd = t->rcv_adv > t->rcv_nxt ? (uint32_t)(t->rcv_adv - t->rcv_nxt) : 0;
	info->tcpi_rcv_ssthresh = t->receive_buffer;
	info->tcpi_rcv_space = t->receive_buffer;
	info->tcpi_rcv_rtt = (t->tune ? t->tune->us_rtt : 0);
	info->tcpi_rcv_ooopack = t->tally.segments_ahead;
}

static void fill_sums(const struct tcb *t, struct berth_tcp_info *info)
{
	uint64_t waiting = t->sendq.right - t->sendq.left;

	info->tcpi_total_retrans = t->segments_retransmitted;
	info->tcpi_bytes_sent = t->bytes_sent + t->bytes_retransmitted;
	info->tcpi_bytes_retrans = t->bytes_retransmitted;
	info->tcpi_bytes_acked = t->bytes_sent - (waiting - info->tcpi_notsent_bytes);
	info->tcpi_bytes_received = t->bytes_received;
	info->tcpi_segs_out = t->segments_sent;
	info->tcpi_segs_in = t->segments_received;
	info->tcpi_data_segs_out = t->tally.data_segments_out;
	info->tcpi_data_segs_in = t->tally.data_segments_in;
	info->tcpi_dsack_dups = t->tally.n_dsacks;
	info->tcpi_reord_seen = t->rack.reordering_seen;
	/* Bytes are what is counted: of small segments fewer than there were. */
	info->tcpi_delivered = segments(t, t->rate.n_delivered);
	info->tcpi_total_rto = t->tally.n_timeouts;
}

void tcp_info(const struct tcp_env *env, const struct tcb *t, struct berth_tcp_info *info)
{
	*info = (struct berth_tcp_info){0};
	fill_state(t, info);
	if (t->listener) {
		info->tcpi_unacked = t->listener->n_waiting;
		info->tcpi_sacked = t->listener->backlog;
		return;
	}
	fill_times(env, t, info);
	fill_sending(t, info);
	fill_receiving(t, info);
	fill_sums(t, info);
}
