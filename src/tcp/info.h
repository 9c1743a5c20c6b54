/* What a connection counts for those who look at it (TCP_INFO, snapshots) and for nothing else. */
#ifndef TCP_INFO_H
#define TCP_INFO_H

#include <berth/frame.h>
#include <berth/tcp_info.h>

struct tcb;
struct tcp_env;

/* What keeps a connection from sending faster, seen from its queues; later ones count before earlier ones. */
enum tcp_limit {
	TCP_LIMIT_IDLE,
	TCP_LIMIT_BUSY,   /* the network, as congestion control knows it */
	TCP_LIMIT_WINDOW, /* the peer's window */
	TCP_LIMIT_BUFFER, /* the program has more, and the send queue no room for it */
	TCP_LIMIT_N
};

struct tcp_tally {
	uint32_t data_segments_in, data_segments_out;
	uint32_t segments_ahead; /* arrived ahead of a gap */
	uint32_t n_dsacks;       /* duplicates that the peer has reported */
	uint16_t n_timeouts;
	uint8_t limit; /* enum tcp_limit */
	/* Milliseconds, of times the low 32 bits: what is counted so lasts less than 49 days. */
	uint32_t ms_data_at; /* the last payload came */
	uint32_t ms_limit_since;
	uint32_t ms_limit[TCP_LIMIT_N]; /* spent in each but the current */
};

static inline uint32_t tcp_tally_ms(berth_time now)
{
	return (uint32_t)(now / 1000000);
}

/* Looks at the queues again: what limits t from now on. */
void tcp_tally_limit(const struct tcp_env *env, struct tcb *t);

/* Fills *info with what is known of t. */
void tcp_info(const struct tcp_env *env, const struct tcb *t, struct berth_tcp_info *info);

/* The tcpi_ca_state and tcpi_options of t. */
uint8_t tcp_ca_state(const struct tcb *t);
uint8_t tcp_options_agreed(const struct tcb *t);

/* Segments of data that are in flight, sacked, believed lost, and sent again without an answer. */
struct tcp_flight_sum {
	uint32_t n_out, n_sacked, n_lost, n_again;
};
void tcp_flight_count(const struct tcb *t, struct tcp_flight_sum *flight);

#endif
