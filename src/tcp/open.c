/* How a connection begins: initial sequence numbers, what the SYNs say, the active open, and ESTABLISHED. */
#include "tcb.h"

#include <string.h>

#include "bytes.h"

/* RFC 9293 section 3.7.1 (MUST-15): what a peer that says no MSS takes, over IPv4 and over IPv6. */
#define MSS_DEFAULT 536
#define MSS_DEFAULT_IP6 1220
/* A peer that says less is taken at this: tiny segments are an attack on the sender (CVE-2019-11479). */
#define MSS_FLOOR 88
/* RFC 7323 section 2.3. */
#define WSCALE_MAX 14
/* The window that a connection may grow to when its buffer is raised later. */
#define WINDOW_EXPECTED (6u << 20)

/* A hash of the pair and more that only this host can make. */
uint64_t tcp_pair_hash(const struct tcp_env *env, const struct socket_pair *pair, enum tcp_hash purpose,
		       uint32_t number, uint64_t more)
{
	uint8_t bytes[51], *end;

	memcpy(bytes, pair->local, 16);
	memcpy(bytes + 16, pair->foreign, 16);
	end = put_be16(bytes + 32, pair->local_port);
	end = put_be16(end, pair->foreign_port);
	end = put_u8(end, pair->family);
	end = put_u8(end, pair->scope);
	end = put_u8(end, (uint8_t)purpose);
	end = put_be32(end, number);
	end = put_be32(end, (uint32_t)(more >> 32));
	put_be32(end, (uint32_t)more);
	return siphash24(env->secret, bytes, sizeof(bytes));
}

/* RFC 6528 section 3: a clock of 4 us and a keyed hash of the pair. */
uint32_t tcp_isn(const struct tcp_env *env, const struct socket_pair *pair)
{
	return (uint32_t)(env->now / 4000) + (uint32_t)tcp_pair_hash(env, pair, TCP_HASH_ISN, 0, 0);
}

static uint32_t ts_offset(const struct tcp_env *env, const struct socket_pair *pair)
{
	return (uint32_t)tcp_pair_hash(env, pair, TCP_HASH_TIMESTAMP, 0, 0);
}

uint32_t tcp_timestamp_of_pair(const struct tcp_env *env, const struct socket_pair *pair)
{
	return tcp_tally_ms(env->now) + ts_offset(env, pair);
}

static unsigned header_min(uint8_t family)
{
	return (family == BERTH_IP6 ? 40 : 20) + TCP_HEADER;
}

unsigned tcp_headers_min(const struct tcb *t)
{
	return header_min(t->e.pair.family);
}

uint16_t tcp_mss_unsaid(uint8_t family)
{
	return family == BERTH_IP6 ? MSS_DEFAULT_IP6 : MSS_DEFAULT;
}

uint16_t tcp_mss_default(const struct tcb *t)
{
	return tcp_mss_unsaid(t->e.pair.family);
}

/* RFC 6691: the MSS does not count options. */
uint16_t tcp_mss_offered(uint8_t family, uint32_t mtu, uint16_t mss_user)
{
	uint32_t mss = mtu > header_min(family) + MSS_FLOOR ? mtu - header_min(family) : MSS_FLOOR;

	if (mss_user && mss > mss_user)
		mss = mss_user;
	return (uint16_t)(mss < 65495 ? mss : 65495);
}

uint16_t tcp_mss_of_mtu(const struct tcb *t)
{
	return tcp_mss_offered(t->e.pair.family, t->mtu, t->mss_user);
}

void tcp_update_mss(struct tcb *t)
{
	uint32_t mss = tcp_mss_of_mtu(t);

	if (t->mss_peer < mss)
		mss = t->mss_peer;
	if (t->ts_ok)
		mss -= 12;
	t->mss = mss;
	t->cc.mss = mss;
}

/* The scale is said once: for the largest window that the buffer may grow to. */
uint8_t tcp_wscale(const struct tcp_env *env, const struct tcb *t)
{
	uint32_t buffer = t->receive_buffer > WINDOW_EXPECTED ? t->receive_buffer : WINDOW_EXPECTED;
	uint8_t shift = 0;

	if (!t->receive_buffer_set && buffer < env->config.receive_buffer_max)
		buffer = env->config.receive_buffer_max;
	while (shift < WSCALE_MAX && (65535u << shift) < buffer)
		shift++;
	return shift;
}

/* One that needs memory which is not there makes way for one that needs none. */
static void begin_congestion(struct tcp_env *env, struct tcb *t)
{
	tcp_cc_begin(&t->cc, t->cc.ops, t->mss);
	if (t->cc.ops->n_own && tcp_cc_take(&t->cc, t->cc.ops, rng_next(&env->rng), env->memory))
		tcp_cc_begin(&t->cc, &tcp_cc_cubic, t->mss);
}

void tcp_begin(struct tcp_env *env, struct tcb *t, uint32_t isn, uint32_t mtu)
{
	tcp_seq iss = TCP_SEQ_BASE + isn;

	tcp_pmtu_begin(t, mtu);
	t->mss_peer = tcp_mss_default(t);
	t->ts_offset = ts_offset(env, &t->e.pair);
	t->snd_una = t->snd_nxt = t->recover = iss;
	/* The SYN takes one number; the user's bytes follow it. */
	sendq_init(&t->sendq, iss + 1);
	t->wscale_ok = env->config.window_scaling;
	t->rcv_wscale = t->wscale_ok ? tcp_wscale(env, t) : 0;
	/* Offered until the peer's SYN says otherwise. */
	t->sack_ok = env->config.sack;
	t->ts_ok = env->config.timestamps;
	t->ns_rto = 1000000000ull; /* RFC 6298 section 2.1 */
	t->heard_at = env->now;
	t->syn_due = true;
	/* An attempt that failed before leaves nothing behind. */
	t->syn_retransmitted = false;
	t->n_backoff = 0;
	t->giveup = (struct tcp_giveup){0};
	t->ns_srtt = t->ns_rttvar = 0;
	t->rtt_min = (struct tcp_rtt_min){0};
	t->reordering = TCP_DUP_THRESH;
	tcp_rack_begin(&t->rack);
	tcp_ecn_begin(env, t);
	tcp_update_mss(t);
	begin_congestion(env, t);
}

void tcp_take_syn(struct tcp_env *env, struct tcb *t, const struct tcp_header *h)
{
	tcp_seq irs = TCP_SEQ_BASE + h->seq;

	t->rcv_nxt = irs + 1;
	t->last_ack_sent = (uint32_t)t->rcv_nxt;
	/* Our SYN, or the SYN-ACK that follows, offers this much: its window is not scaled. */
	t->rcv_adv = t->rcv_nxt + (t->receive_buffer < 65535 ? t->receive_buffer : 65535);
	t->snd_wl1 = (uint32_t)irs;
	t->snd_wl2 = (uint32_t)t->snd_una;
	t->snd_wnd = t->snd_wnd_max = h->window; /* a SYN's window is not scaled: RFC 7323 section 2.2 */
	if (h->has_mss)
		t->mss_peer = h->mss > MSS_FLOOR ? h->mss : MSS_FLOOR;
	tcp_ecn_take_syn(env, t, h);
	t->sack_ok = h->has_sack_permitted && env->config.sack;
	t->ts_ok = h->has_timestamp && env->config.timestamps;
	t->wscale_ok = h->has_wscale && env->config.window_scaling;
	if (t->ts_ok) {
		t->ts_recent = h->ts_val;
		t->ts_recent_at = (uint32_t)(env->now >> TCP_TS_AGE_SHIFT);
	}
	if (t->wscale_ok) {
		t->snd_wscale = h->wscale < WSCALE_MAX ? h->wscale : WSCALE_MAX;
	} else {
		t->snd_wscale = t->rcv_wscale = 0;
	}
	tcp_update_mss(t);
	t->rcv_mss = t->mss < MSS_DEFAULT ? t->mss : MSS_DEFAULT;
	t->cc.cwnd = tcp_cc_initial_window(t->mss);
}

static int set_out(struct tcp_env *env, struct tcb *t, uint32_t mtu, bool fast)
{
	int error;

	switch ((enum berth_tcp_state)t->state) {
	case BERTH_TCP_CLOSED:
		break;
	case BERTH_TCP_LISTEN:
		return BERTH_EINVAL;
	case BERTH_TCP_SYN_SENT:
	case BERTH_TCP_SYN_RECEIVED:
		return t->fast_open.deferred || t->fast_open.child ? BERTH_EISCONN : BERTH_EALREADY;
	default:
		return BERTH_EISCONN;
	}
	if (t->error) {
		error = t->error;
		t->error = 0;
		return error;
	}
	if (t->connected)
		return BERTH_EISCONN;
	error = pairs_connect(env->pairs, &t->e);
	if (error)
		return error;
	env->counters.active_opens++;
	tcp_begin(env, t, tcp_isn(env, &t->e.pair), mtu);
	tcp_set_state(env, t, BERTH_TCP_SYN_SENT);
	if (tcp_fast_open_begin(env, t, fast)) {
		t->syn_due = false;
		tcp_tell(env, t, BERTH_WRITABLE);
	} else {
		tcp_want_output(env, t);
	}
	return 0;
}

int tcp_connect(struct tcp_env *env, struct tcb *t, uint32_t mtu)
{
	return set_out(env, t, mtu, false);
}

long tcp_connect_send(struct tcp_env *env, struct tcb *t, uint32_t mtu, const struct berth_vector *vectors, size_t n)
{
	int error = env->config.fast_open & BERTH_FAST_OPEN_CLIENT ? set_out(env, t, mtu, true) : BERTH_EOPNOTSUPP;

	return error ? error : tcp_fast_open_send(env, t, vectors, n);
}

bool tcp_connect_is_deferred(const struct tcb *t)
{
	return t->state == BERTH_TCP_SYN_SENT && t->fast_open.deferred;
}

void tcp_establish(struct tcp_env *env, struct tcb *t)
{
	env->counters.established++;
	t->connected = true;
	t->heard_at = env->now;
	t->tally.ms_data_at = tcp_tally_ms(env->now);
	t->n_backoff = 0;
	t->giveup = (struct tcp_giveup){0};
	/* RFC 6298 section 5.7: the timer expired for the SYN and nothing was measured. */
	if (t->syn_retransmitted && !t->ns_srtt)
		t->ns_rto = 3000000000ull;
	/* RFC 6928 section 2, RFC 5681 section 3.1: a lost SYN means one segment. */
	t->cc.cwnd = t->syn_retransmitted ? t->mss : tcp_cc_initial_window(t->mss);
	tcp_keepalive_restart(env, t);
	if (t->fast_open.child)
		tcp_fast_open_proved(env, t);
	if (t->parent && !t->fast_open.child)
		tcp_listener_ready(env, t);
	else
		tcp_tell(env, t, BERTH_WRITABLE);
}
