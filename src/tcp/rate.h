/* How fast the network delivers: samples of the delivery rate, by draft-ietf-ccwg-bbr section 4.1 (before it
 * draft-cheng-iccrg-delivery-rate-estimation). Each transmission is marked with what was delivered when it left; its
 * acknowledgment then tells what has been delivered since, and in which time. */
#ifndef TCP_RATE_H
#define TCP_RATE_H

#include <stdbool.h>

#include <berth/frame.h>

/* What was so when a record of `sent` left. */
struct tcp_rate_mark {
	uint64_t n_delivered;            /* in all */
	berth_time delivered_at;         /* when that was last more */
	berth_time first_sent;           /* when the latest of what was delivered by then had been sent */
	uint32_t n_lost;                 /* in all, low bits */
	uint32_t n_in_flight : 31;       /* with the record itself */
	uint32_t is_program_limited : 1; /* the program had nothing to send at some time before */
};

/* Of a connection. */
struct tcp_rate {
	uint64_t n_delivered;
	uint64_t program_limited_until; /* n_delivered at which the gap has left the network; 0: there is none */
	/* The last sample of the network's and not the program's rate: bytes, and their time in units of 64 ns. 0: none
	 * yet. */
	uint32_t n_sample, time_sample;
};

/* And while something is in flight. */
struct tcp_rate_flight {
	berth_time delivered_at; /* when n_delivered was last more, or the flight began */
	berth_time first_sent;   /* when the latest of what was delivered by then had been sent, likewise */
};

struct tcb;
struct tcp_env;
struct tcp_rate_sample;
struct tcp_rate_loss;
struct sent_news;
struct sent_record;

/* `record` has just been added or sent again; `joined`: its first part has its mark already. */
void tcp_rate_sent(struct tcb *t, struct sent_record *record, bool joined);
/* An acknowledgment has brought news. *sample is all zero. */
void tcp_rate_ack(const struct tcp_env *env, struct tcb *t, const struct sent_news *news,
		  struct tcp_rate_sample *sample);
/* What was found lost since this was asked last. */
void tcp_rate_lost(struct tcb *t, struct tcp_rate_loss *loss);

/* More is about to be sent, or acknowledged: if nothing was left to send although there was room, then what is in
 * flight measures the program. */
void tcp_rate_check(struct tcb *t);

/* Bytes a second, 0: not known. */
uint64_t tcp_rate_of(const struct tcp_rate *rate);

#endif
