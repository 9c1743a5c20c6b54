/* The transmission control block: all that TCP knows of one connection. Private to src/tcp.
 *
 * Sequence numbers are unwrapped: 64-bit positions of which the wire carries the low 32 bits. So they compare with <,
 *and no subtraction of ours goes below zero, since the first of a connection is 2^32 or more. Only tcp_seq_unwrap and
 *the builder of headers know of the 32 bits.
 *
 *	send sequence space                          receive sequence space
 *
 *	      1         2          3          4            1          2          3
 *	 ----------|----------|----------|----------   ----------|----------|----------
 *	        snd_una    snd_nxt    snd_una+snd_wnd          rcv_nxt    rcv_adv
 *
 * snd_nxt never goes back over what is in flight: what has to be sent again is marked so in `sent`. */
#ifndef TCP_TCB_H
#define TCP_TCB_H

#include "burst.h"
#include "cc.h"
#include "episode.h"
#include "rack.h"
#include "ecn.h"
#include "challenge.h"
#include "delack.h"
#include "flight.h"
#include "giveup.h"
#include "linger.h"
#include "memory.h"
#include "info.h"
#include "pace.h"
#include "pmtu.h"
#include "rate.h"
#include "record.h"
#include "recvq.h"
#include "rtt_min.h"
#include "sendq.h"
#include "seq.h"
#include "settings.h"
#include "tcp.h"
#include "tlp.h"
#include "tune.h"
#include "urgent.h"

/* RFC 5681 section 3.2, RFC 6675 section 2: duplicates that mean a loss, where nothing was seen to be reordered. */
#define TCP_DUP_THRESH 3u

/* The age of a timestamp is counted in units of 2^32 ns. */
#define TCP_TS_AGE_SHIFT 32

/* Where loss recovery stands (RFC 5681 section 3.2, RFC 6675 section 5). */
enum tcp_recovery {
	TCP_RECOVERY_NONE,
	TCP_RECOVERY_FAST,    /* between the third duplicate and the acknowledgment of `recover` */
	TCP_RECOVERY_TIMEOUT, /* the same after a retransmission timeout */
};

/* The deadlines of a connection. The first is one slot for timers that exclude each other; which of them it is says
 * timer_kind. */
enum tcp_timer {
	TCP_TIMER_MAIN,
	TCP_TIMER_ACK, /* delayed acknowledgment */
	TCP_TIMER_KEEPALIVE,
	TCP_TIMER_PACE, /* data may leave again */
	TCP_TIMER_N
};

enum tcp_timer_kind {
	TCP_MAIN_NONE,
	TCP_MAIN_RETRANSMIT, /* RFC 6298 */
	TCP_MAIN_PROBE,      /* RFC 8985 section 7: the same, and before it a tail loss probe */
	TCP_MAIN_REORDER,    /* RFC 8985 section 6.2 step 5: the same, and before it what is late is lost */
	TCP_MAIN_PERSIST,    /* RFC 9293 section 3.8.6.1 */
	TCP_MAIN_FIN_WAIT_2, /* the user is gone: the peer's FIN is waited for only so long */
	TCP_MAIN_TIME_WAIT,
};

/* What a listener has that a connection has not. */
struct tcp_listener {
	struct list half_open; /* connections in SYN-RECEIVED */
	struct list waiting;   /* established, for accept, in order */
	uint32_t n_half_open;  /* with those that are requests as yet */
	uint32_t n_waiting, backlog;
	struct tcp_fast_open_pending fast_open;
	berth_time cookie_at; /* when it last answered a SYN by a cookie; 0: it has not */
};

struct tcb {
	struct endpoint e;

	/* state, by tcp_set_state alone */
	uint8_t state; /* enum berth_tcp_state */
	uint8_t timer_kind;
	uint8_t recovery;  /* enum tcp_recovery */
	uint8_t n_backoff; /* timeouts or probes in a row without an answer */
	uint8_t n_dup_acks;
	uint8_t n_acks_early; /* ACKs that left within the burst that the host is handing over */
	uint8_t n_acks_due;   /* pure ACKs that have to leave now, one each for the peer's count of duplicates */
	uint8_t n_keep;       /* keepalive probes without an answer */
	uint8_t snd_wscale, rcv_wscale;

	bool sack_ok : 1;        /* both sides said SACK-permitted */
	bool ts_ok : 1;          /* both sides said timestamps */
	bool wscale_ok : 1;      /* both sides said window scale */
	bool syn_due : 1;        /* SYN or SYN-ACK has to leave (first or again) */
	bool reset_due : 1;      /* RST has to leave, then it is over */
	bool probe_due : 1;      /* a zero-window probe has to leave */
	bool timed_out : 1;      /* the retransmission timer has fired and nothing was acknowledged since */
	bool retransmit_due : 1; /* one lost segment leaves whatever cwnd says */
	bool probing : 1;        /* the byte before snd_nxt is a zero-window probe that the window did not allow */
	bool keepalive_due : 1;
	bool passive : 1;    /* a listener made it */
	bool fin_queued : 1; /* FIN follows the send queue */
	bool rcv_fin : 1;    /* the peer's FIN was taken: rcv_nxt is past it */
	bool rcv_shut : 1;   /* the user waits for no more data: where none is queued, it is the end */
	bool orphan : 1;     /* the user has closed */
	bool want_write : 1; /* a send found no room */
	bool nodelay : 1, cork : 1, keepalive : 1;
	bool more : 1;       /* the last send said MSG_MORE: its end is not pushed */
	bool more_waits : 1; /* and nothing has been acknowledged since: it waits, as with cork */
	bool oob_inline : 1; /* SO_OOBINLINE */
	bool oob_taken : 1;  /* MSG_OOB has read the byte before urgent.rcv_up */
	bool cut : 1;        /* the last send found room for a part only: more follows when there is room */
	bool push : 1; /* what is queued leaves, however small, until more is: TCP_NODELAY was set, or a cork is over */
	bool cwnd_limited : 1;                            /* cwnd, and nothing else, held data back when last asked */
	bool ack_pending : 1;                             /* something was received that no segment has acknowledged */
	bool send_buffer_set : 1, receive_buffer_set : 1; /* by the user: they stay as they are */
	bool syn_retransmitted : 1;
	bool pace_waits : 1; /* data has been held back since data last left on time */
	bool connected : 1;  /* has reached ESTABLISHED */
	int error;           /* pending for the user, BERTH_E..., 0 none */
	struct tcp_fast_open fast_open;

	/* send */
	tcp_seq snd_una, snd_nxt;
	uint32_t snd_wl1, snd_wl2; /* seq and ack of the segment that last set the window, low 32 bits */
	uint32_t snd_wnd, snd_wnd_max;
	uint32_t mss;       /* payload bytes of a full segment, options taken off */
	uint32_t dup_bytes; /* without SACK: bytes that duplicate ACKs say have left the network */
	struct sendq sendq;
	struct tcp_flight *flight; /* NULL: nothing is in flight */
	tcp_seq recover;           /* snd_nxt when recovery began */
	uint16_t reordering;       /* DupThresh: as many segments as were seen to overtake another */
	uint16_t mss_peer;         /* from its SYN, tcp_mss_default when it said none */
	uint16_t mss_user;         /* TCP_MAXSEG, 0 not set */
	struct tcp_ecn ecn;
	struct tcp_rack rack;
	struct tcp_tlp tlp;
	struct tcp_episode *episode; /* of recovery; NULL: none of late */
	struct tcp_cc cc;
	struct tcp_rate rate;
	struct tcp_pace pace;

	/* receive */
	tcp_seq rcv_nxt;
	tcp_seq rcv_adv; /* right edge of the window as the peer knows it */
	struct recvq recvq;
	tcp_seq rcv_fin_at;     /* where the peer's FIN is, once a segment has said so; 0 not yet */
	uint32_t rcv_unacked;   /* bytes in order since the last ACK */
	uint32_t rcv_mss;       /* the peer's segments, as seen */
	uint32_t ts_recent;     /* RFC 7323 section 4.3 */
	uint32_t ts_recent_at;  /* in units of 4.3 s: TCP_TS_AGE_SHIFT */
	uint32_t last_ack_sent; /* low 32 bits */
	struct tcp_delack delack;
	uint32_t ts_offset; /* added to our clock: a peer learns nothing of the host's age */

	/* sizes and times */
	uint32_t send_buffer, receive_buffer;
	struct tcp_tune *tune; /* NULL: it has received little so far */
	uint32_t n_memory;     /* what the host's budget knows that our queues hold */
	uint32_t mtu;          /* of the path, as packets are made now */
	struct tcp_pmtu pmtu;
	struct tcp_linger linger;
	struct tcp_rtt_min rtt_min;
	uint64_t ns_srtt, ns_rttvar, ns_rto;
	berth_time deadline[TCP_TIMER_N];
	struct wheel_timer timer; /* armed for the earliest of them or before */
	berth_time heard_at;      /* the last segment from the peer */
	berth_time sent_at;       /* the last data segment */

	struct tcp_giveup giveup;
	struct tcp_urgent urgent;
	struct tcp_challenge challenge;

	uint64_t bytes_sent, bytes_received, bytes_retransmitted;

	struct tcp_settings *settings; /* NULL: the default */
	uint32_t segments_sent, segments_received, segments_retransmitted;
	struct tcp_tally tally;
	struct tcp_records *records; /* NULL: none */

	struct tcp_listener *listener; /* LISTEN: what it waits with. A child not yet accepted: NULL, see parent */
	struct tcb *parent;            /* the listener that has not handed it to its user yet */
	struct list_node queue;        /* in parent's lists, in env->time_wait, or in env->ended */
};

/* ---- state.c ---- */
struct tcp_state_facts {
	bool synchronised; /* RFC 9293 section 3.3.2: both sides know the sequence numbers */
	bool can_send;     /* the user's data may leave or queue */
	bool can_receive;  /* the peer may still send data */
	uint16_t next;     /* a bit for each state that may follow */
};
extern const struct tcp_state_facts tcp_states[BERTH_TCP_STATE_N];

/* The user's data may leave or queue: in SYN-RECEIVED that of a connection that fast open has let in. */
static inline bool tcp_can_send(const struct tcb *t)
{
	return tcp_states[t->state].can_send || (t->state == BERTH_TCP_SYN_RECEIVED && t->fast_open.child);
}

/* The only writer of t->state: checks the transition, counts, arms the timers that go with the state and tells the
 * user. */
void tcp_set_state(struct tcp_env *env, struct tcb *t, enum berth_tcp_state state);

/* The connection is over for a reason the user is told: BERTH_E... (0: none). To CLOSED. */
void tcp_drop(struct tcp_env *env, struct tcb *t, int error);

/* As tcp_drop, and the peer is sent RST. */
void tcp_abort(struct tcp_env *env, struct tcb *t, int error);

/* ---- env.c ---- */
/* Frees t when the call that is running is over; it is in no table from now on. */
void tcp_end(struct tcp_env *env, struct tcb *t);
/* Gives back every buffer of t. */
void tcp_release_buffers(struct tcp_env *env, struct tcb *t);
/* Frees what tcp_end put aside. */
void tcp_reap(struct tcp_env *env);
void tcp_tell(struct tcp_env *env, struct tcb *t, unsigned events);
static inline void tcp_want_output(struct tcp_env *env, struct tcb *t)
{
	endpoints_want_tx(env->endpoints, &t->e);
}

/* ---- settings.c ---- */
static inline const struct tcp_settings *tcp_settings(const struct tcb *t)
{
	return t->settings ? t->settings : &tcp_settings_default;
}

/* ---- flight.c ---- */
/* What of it there is to read: all zero when nothing is in flight. */
static inline const struct sent *tcp_sent(const struct tcb *t)
{
	return t->flight ? &t->flight->sent : &tcp_flight_none.sent;
}
static inline const struct ranges *tcp_sacked(const struct tcb *t)
{
	return t->flight ? &t->flight->sacked : &tcp_flight_none.sacked;
}

/* ---- memory.c ---- */
/* What t holds, at its true size: chunks, frames with their storage, and the records of both directions. */
static inline uint64_t tcp_memory_held(const struct tcb *t)
{
	uint64_t n = t->sendq.n_memory + recvq_memory(&t->recvq);

	if (t->flight)
		n += t->flight->sent.capacity * sizeof(struct sent_record) +
		     t->flight->sacked.capacity * sizeof(struct range);
	return n;
}

/* Brings the host's sum up to date with what t holds. Called when a call that may have changed it is over. */
static inline void tcp_memory_settle(struct tcp_env *env, struct tcb *t)
{
	uint64_t n = tcp_memory_held(t);

	if (n > t->n_memory)
		budget_take(env->budget, n - t->n_memory);
	else if (n < t->n_memory)
		budget_give(env->budget, t->n_memory - n);
	t->n_memory = (uint32_t)n;
}

/* ---- open.c ---- */
/* What a keyed hash of a socket pair is for: each its own. */
enum tcp_hash {
	TCP_HASH_ISN,
	TCP_HASH_TIMESTAMP,
	TCP_HASH_COOKIE,
	TCP_HASH_COOKIE_COVER,
};
uint64_t tcp_pair_hash(const struct tcp_env *env, const struct socket_pair *pair, enum tcp_hash purpose,
		       uint32_t number, uint64_t more);
uint32_t tcp_isn(const struct tcp_env *env, const struct socket_pair *pair);
/* Sequence numbers, MSS and timers of a connection that begins now. */
void tcp_begin(struct tcp_env *env, struct tcb *t, uint32_t isn, uint32_t mtu);
/* What the peer's SYN said. */
void tcp_take_syn(struct tcp_env *env, struct tcb *t, const struct tcp_header *h);
/* t->mss from MTU, peer and options. */
void tcp_update_mss(struct tcb *t);
/* What a peer takes that says no MSS: RFC 9293 section 3.7.1. */
uint16_t tcp_mss_default(const struct tcb *t);
uint16_t tcp_mss_unsaid(uint8_t family);
/* The MSS that our SYN says. */
uint16_t tcp_mss_of_mtu(const struct tcb *t);
uint16_t tcp_mss_offered(uint8_t family, uint32_t mtu, uint16_t mss_user);
/* The window scale that our SYN says. */
uint8_t tcp_wscale(const struct tcp_env *env, const struct tcb *t);
/* The handshake is complete. */
void tcp_establish(struct tcp_env *env, struct tcb *t);
/* Milliseconds (RFC 7323 section 5.4), from a point that differs with each pair. */
static inline uint32_t tcp_timestamp(const struct tcp_env *env, const struct tcb *t)
{
	return tcp_tally_ms(env->now) + t->ts_offset;
}
uint32_t tcp_timestamp_of_pair(const struct tcp_env *env, const struct socket_pair *pair);

/* ---- in.c ---- */
/* A segment of t's pair. */
void tcp_connection_in(struct tcp_env *env, struct tcb *t, const struct tcp_segment *segment);
/* Answers with the reset of RFC 9293 section 3.10.7.1, unless the segment is one. */
void tcp_reply_reset(struct tcp_env *env, const struct tcp_segment *segment);

/* What IP and TCP put before the payload at least. */
unsigned tcp_headers_min(const struct tcb *t);

/* ---- icmp.c ---- */
/* RFC 5927 section 4: what an ICMP error quotes is in flight. false: it is not, and counted. */
bool tcp_icmp_in_flight(struct tcp_env *env, const struct tcb *t, uint32_t seq);

/* ---- listen.c ---- */
void tcp_listen_in(struct tcp_env *env, struct tcb *listener, const struct tcp_segment *segment);
/* There is no room for a connection that waits for accept. */
bool tcp_accept_queue_is_full(const struct tcb *listener);
/* A connection in SYN-RECEIVED that has its listener's options and whose SYN-ACK is due. NULL: out of memory. */
struct tcb *tcp_listener_child(struct tcp_env *env, struct tcb *listener, const struct socket_pair *pair, uint32_t isn,
			       uint32_t mtu);
/* One that asks for a connection would get it, as far as the queue of those that wait goes. */
bool tcp_listener_has_room(const struct endpoint *e);
/* A child leaves SYN-RECEIVED for ESTABLISHED. */
void tcp_listener_ready(struct tcp_env *env, struct tcb *child);
/* t is in its listener's queue for accept. It stays there when it ends, as on Linux: accept hands it out, what has
 * arrived can be read, and then why it ended. */
bool tcp_waits_for_accept(const struct tcb *t);
/* A child is no longer its listener's. */
void tcp_listener_forget(struct tcb *child);
/* Resets all children and frees the listener's part. */
void tcp_listener_end(struct tcp_env *env, struct tcb *t);

/* ---- timer.c ---- */
void tcp_timer_set(struct tcp_env *env, struct tcb *t, enum tcp_timer which, berth_time deadline);
/* Arms the main slot. */
void tcp_timer_main(struct tcp_env *env, struct tcb *t, enum tcp_timer_kind kind, berth_time deadline);
static inline void tcp_timer_stop(struct tcb *t, enum tcp_timer which)
{
	t->deadline[which] = BERTH_NEVER;
	if (which == TCP_TIMER_MAIN)
		t->timer_kind = TCP_MAIN_NONE;
}
void tcp_timer_stop_all(struct tcp_env *env, struct tcb *t);
/* Retransmit while something is in flight, persist while the window holds data back, else neither. `restart` begins
 * anew. */
void tcp_timer_update(struct tcp_env *env, struct tcb *t, bool restart);
static inline bool tcp_timer_waits_for_ack(enum tcp_timer_kind kind)
{
	return kind == TCP_MAIN_RETRANSMIT || kind == TCP_MAIN_PROBE || kind == TCP_MAIN_REORDER;
}
/* More that leaves changes nothing of it: it waits for acknowledgments, and of more than a segment. */
static inline bool tcp_timer_goes_on(const struct tcb *t)
{
	return tcp_timer_waits_for_ack(t->timer_kind) && !t->tlp.single && !t->probing;
}
/* What RACK knows has changed: the timer that waits for acknowledgments is set by it, and goes on as it was. */
void tcp_timer_review(struct tcp_env *env, struct tcb *t);
void tcp_keepalive_restart(struct tcp_env *env, struct tcb *t);

/* ---- challenge.c ---- */
/* A segment like one that has come already, or from nowhere, may be answered now. false, and counted: one was a moment
 * ago. */
bool tcp_challenge_allowed(struct tcp_env *env, struct tcb *t);
/* An ACK that answers something suspicious: limited (RFC 5961 section 7). */
void tcp_challenge(struct tcp_env *env, struct tcb *t);
/* The same, but as late as any acknowledgment may be: one that leaves before then has answered. */
void tcp_challenge_later(struct tcp_env *env, struct tcb *t);

/* ---- giveup.c ---- */
/* The connection has waited for as long as it may. */
bool tcp_giveup_due(const struct tcp_env *env, const struct tcb *t, berth_time since);
/* The deadline of a retransmission or probe, or before it the end of the user timeout. */
berth_time tcp_giveup_before(const struct tcp_env *env, const struct tcb *t, berth_time deadline);
/* The same for keepalive, whose last sign of life was heard_at. */
bool tcp_giveup_keepalive_due(const struct tcp_env *env, const struct tcb *t);
berth_time tcp_giveup_before_keepalive(const struct tcp_env *env, const struct tcb *t, berth_time deadline);
void tcp_give_up(struct tcp_env *env, struct tcb *t);

/* ---- linger.c ---- */
void tcp_linger_init(const struct tcp_env *env, struct tcb *t);
/* TCP_LINGER2: seconds; negative: not at all; 0: the default. */
void tcp_linger_set_fin_wait_2(const struct tcp_env *env, struct tcb *t, int seconds);
/* t is in FIN-WAIT-2 and nobody holds it: it ends after a while, or now. */
void tcp_linger_fin_wait_2(struct tcp_env *env, struct tcb *t);

/* ---- urgent.c ---- */
/* A segment at `seq` says URG with this pointer. */
void tcp_urgent_in(struct tcp_env *env, struct tcb *t, tcp_seq seq, uint16_t pointer);
/* Urgent data was announced that the user has not taken. */
bool tcp_urgent_waits(const struct tcb *t);
/* As recv with MSG_OOB. */
long tcp_urgent_recv(struct tcb *t, const struct berth_vector *vectors, size_t n, unsigned flags);
/* How many bytes may be read in one go: up to the mark. At the mark the urgent byte, if it is not read in line, is
 * thrown away, or *skip says that `peek` begins behind it. */
uint32_t tcp_urgent_stop(struct tcb *t, bool peek, uint32_t *skip);
/* What was queued last is urgent. */
void tcp_urgent_send(struct tcp_env *env, struct tcb *t);
/* Some of what was sent as urgent is not acknowledged. */
bool tcp_urgent_is_sending(const struct tcb *t);
/* URG and the pointer of a segment that begins at `seq`, before SND.UP. */
void tcp_urgent_fields(const struct tcb *t, tcp_seq seq, struct tcp_header *h);

/* ---- timewait.c ---- */
void tcp_time_wait_enter(struct tcp_env *env, struct tcb *t);
/* The peer has not heard our last ACK: the two maximum segment lifetimes begin anew. */
void tcp_time_wait_restart(struct tcp_env *env, struct tcb *t);
/* A SYN for a pair in TIME-WAIT: true when it may begin a new connection, the old one is then gone. */
bool tcp_time_wait_reuse(struct tcp_env *env, struct tcb *t, struct tcp_segment *segment);

/* ---- user.c ---- */
/* Tells a user that waits for it when there is room in the send queue again. */
void tcp_tell_room(struct tcp_env *env, struct tcb *t);

/* ---- rtt.c ---- */
void tcp_rtt_sample(struct tcb *t, uint64_t ns_rtt);
/* A round trip may take so long (RFC 4015 section 3.2, step 9). */
void tcp_rtt_at_least(struct tcb *t, uint64_t ns_rtt);

/* ---- ack.c, sack.c, loss.c: what acknowledgments say ---- */
struct tcp_ack {
	tcp_seq ack;
	uint64_t n_acked;                /* bytes that it acknowledges for the first time, cumulatively */
	uint64_t n_sacked;               /* and selectively */
	uint64_t n_delivered;            /* have arrived by what it says; without SACK each duplicate is a segment */
	uint64_t n_lost;                 /* bytes found lost because of it */
	uint64_t ns_echo;                /* since the segment whose timestamp it brings was sent; 0: not known */
	tcp_seq fack;                    /* the highest that had arrived before it */
	tcp_seq dsack_left, dsack_right; /* a duplicate that it reports; equal: none */
	bool dsack_of_probe;             /* of the tail loss probe */
	bool keeps_timer;                /* it does not restart the retransmission timer although it advances */
	uint8_t n_dup_before;            /* duplicates in a row that came before it */
	struct sent_news news;
};
/* Takes a valid acknowledgment (snd_una <= ack <= snd_nxt, or less when it has SACK blocks). `dup`: it has the form of
 * a duplicate (RFC 5681 section 2). */
void tcp_ack_in(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, tcp_seq ack, bool dup);
/* Marks what the blocks of h say, fills n_sacked. */
void tcp_sack_in(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, struct tcp_ack *ack);
void tcp_loss_ack(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, struct tcp_ack *ack, bool dup);
/* The retransmission timer fired; `first`: what it waits for was not sent again before. */
void tcp_loss_timeout(struct tcp_env *env, struct tcb *t, bool first);
/* RACK's timer fired. */
void tcp_loss_late(struct tcp_env *env, struct tcb *t);
/* The window is reduced for a loss that is repaired already. */
void tcp_loss_reduce(struct tcp_env *env, struct tcb *t);
/* A segment has arrived after one that was sent so many segments later, and was not lost. */
void tcp_reordered(struct tcp_env *env, struct tcb *t, uint64_t n_segments);
void tcp_episode_end(struct tcp_env *env, struct tcb *t);
/* Bytes believed to be in the network (RFC 6675's pipe). */
static inline uint64_t tcp_pipe(const struct tcb *t)
{
	const struct sent *sent = t->flight ? &t->flight->sent : NULL;
	uint64_t in_flight = t->snd_nxt - t->snd_una, gone;

	if (!sent)
		return in_flight;
	gone = (uint64_t)sent->n_sacked + sent->n_lost - sent->n_again + t->dup_bytes;
	return in_flight > gone ? in_flight - gone : 0;
}

/* ---- rcv.c ---- */
/* Takes what of the segment lies in the window; seq is its unwrapped number. */
void tcp_take_text(struct tcp_env *env, struct tcb *t, const struct tcp_segment *segment, tcp_seq seq, bool fin);
/* An ACK has to leave now; one more of them when `each`. */
void tcp_ack_now(struct tcp_env *env, struct tcb *t, bool each);
/* An acknowledgment has left, in whatever segment. */
static inline void tcp_acked(struct tcb *t)
{
	t->last_ack_sent = (uint32_t)t->rcv_nxt;
	if (t->ack_pending && t->delack.n_quick)
		t->delack.n_quick--;
	t->ack_pending = false;
	t->rcv_unacked = 0;
	if (t->n_acks_due)
		t->n_acks_due--;
	tcp_timer_stop(t, TCP_TIMER_ACK);
}
/* The user has read: tells the peer when the window has grown enough. */
void tcp_window_opened(struct tcp_env *env, struct tcb *t);
/* The window field's bytes, by the rules against silly windows; moves rcv_adv. */
uint32_t tcp_window_advertise(const struct tcp_env *env, struct tcb *t);

/* ---- tune.c ---- */
/* What has arrived may be measured: nothing is being measured yet, or a round trip is over. */
static inline bool tcp_tune_is_due(const struct tcb *t)
{
	return !t->tune || (int32_t)((uint32_t)t->rcv_nxt - t->tune->turn_end) >= 0;
}

/* ---- snd.c, build.c ---- */
/* What tcp_output has decided to send. */
struct tcp_plan {
	tcp_seq seq;
	uint32_t len; /* payload */
	uint8_t flags;
	bool again;  /* a retransmission */
	bool pushed; /* its last byte has PSH, now or when it is sent again */
	bool tail_probe;
	bool ect;       /* its packet may be marked (RFC 3168): new data only */
	bool mtu_probe; /* one segment, larger than the MSS */
	bool beyond;    /* a byte that the window does not allow: a zero-window probe */
};
/* The header of a segment, everything in it but the checksum. */
void tcp_build_fields(const struct tcp_env *env, struct tcb *t, const struct tcp_plan *plan, struct tcp_header *h);
/* Sets slices, n_slices and segment_size; may cut the plan. */
void tcp_build_slices(struct tcb *t, struct tcp_plan *plan, struct berth_frame_out *out);
/* Writes the header and sets off_header, len_header and len. */
void tcp_build_header(struct tcp_env *env, struct tcb *t, const struct tcp_plan *plan, struct berth_frame_out *out);

/* The sequence number of our FIN (sent or not): the byte after the send queue. */
static inline tcp_seq tcp_fin_seq(const struct tcb *t)
{
	return t->sendq.right;
}

/* Our FIN was sent, was acknowledged. */
static inline bool tcp_fin_sent(const struct tcb *t)
{
	return t->fin_queued && t->snd_nxt > tcp_fin_seq(t);
}

static inline bool tcp_fin_acked(const struct tcb *t)
{
	return t->fin_queued && t->snd_una > tcp_fin_seq(t);
}

#endif
