/* What TCP_INFO tells of a connection: Linux's struct tcp_info, member for member and byte for byte, so that what reads
 * the one reads the other. A getsockopt with less room gets the first members, one with more gets all that there is. */
#ifndef BERTH_TCP_INFO_H
#define BERTH_TCP_INFO_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Linux's numbers of the states, which are not those of enum berth_tcp_state. */
enum berth_tcp_info_state {
	BERTH_TCP_INFO_ESTABLISHED = 1,
	BERTH_TCP_INFO_SYN_SENT,
	BERTH_TCP_INFO_SYN_RECEIVED,
	BERTH_TCP_INFO_FIN_WAIT_1,
	BERTH_TCP_INFO_FIN_WAIT_2,
	BERTH_TCP_INFO_TIME_WAIT,
	BERTH_TCP_INFO_CLOSED,
	BERTH_TCP_INFO_CLOSE_WAIT,
	BERTH_TCP_INFO_LAST_ACK,
	BERTH_TCP_INFO_LISTEN,
	BERTH_TCP_INFO_CLOSING,
};

/* What congestion control is about. */
enum berth_tcp_info_ca {
	BERTH_TCP_CA_OPEN,
	BERTH_TCP_CA_DISORDER, /* something arrived out of order, or is lost and not yet known to be */
	BERTH_TCP_CA_CWR,      /* the window is smaller because of ECN */
	BERTH_TCP_CA_RECOVERY, /* of a loss that acknowledgments told */
	BERTH_TCP_CA_LOSS,     /* of a retransmission timeout */
};

/* Bits of tcpi_options: what both sides have agreed on. */
#define BERTH_TCPI_TIMESTAMPS 1u
#define BERTH_TCPI_SACK 2u
#define BERTH_TCPI_WSCALE 4u
#define BERTH_TCPI_ECN 8u
#define BERTH_TCPI_ECN_SEEN 16u /* a packet with ECT has come */
#define BERTH_TCPI_SYN_DATA 32u /* the SYN carried data that was acknowledged (RFC 7413) */

/* rto, ato, rtt, rttvar, rcv_rtt and min_rtt are microseconds, as are the three times of 64 bits; last_... are
 * milliseconds ago. */
struct berth_tcp_info {
	uint8_t tcpi_state;       /* enum berth_tcp_info_state */
	uint8_t tcpi_ca_state;    /* enum berth_tcp_info_ca */
	uint8_t tcpi_retransmits; /* timeouts in a row */
	uint8_t tcpi_probes;      /* zero-window or keepalive probes without an answer */
	uint8_t tcpi_backoff;     /* times that the timer has been doubled */
	uint8_t tcpi_options;     /* BERTH_TCPI_... */
	uint8_t tcpi_wscale;      /* the peer's window scale in the low four bits, ours in the high ones */
	/* bit 0: the last delivery rate was limited by the program; bits 1 and 2: why fast open failed */
	uint8_t tcpi_flags;

	uint32_t tcpi_rto;
	uint32_t tcpi_ato; /* how long an acknowledgment may wait */
	uint32_t tcpi_snd_mss;
	uint32_t tcpi_rcv_mss;

	/* segments; a listener: connections that wait for accept, and the backlog */
	uint32_t tcpi_unacked;
	uint32_t tcpi_sacked;
	uint32_t tcpi_lost;
	uint32_t tcpi_retrans; /* retransmissions in flight */
	uint32_t tcpi_fackets; /* always 0 */

	uint32_t tcpi_last_data_sent;
	uint32_t tcpi_last_ack_sent; /* always 0 */
	uint32_t tcpi_last_data_recv;
	uint32_t tcpi_last_ack_recv;

	uint32_t tcpi_pmtu;
	uint32_t tcpi_rcv_ssthresh;
	uint32_t tcpi_rtt;
	uint32_t tcpi_rttvar;
	uint32_t tcpi_snd_ssthresh; /* segments; 0x7fffffff: none yet */
	uint32_t tcpi_snd_cwnd;     /* segments */
	uint32_t tcpi_advmss;       /* that our SYN said */
	uint32_t tcpi_reordering;   /* segments */

	uint32_t tcpi_rcv_rtt;
	uint32_t tcpi_rcv_space;

	uint32_t tcpi_total_retrans;

	uint64_t tcpi_pacing_rate; /* bytes a second; UINT64_MAX: not paced */
	uint64_t tcpi_max_pacing_rate;
	uint64_t tcpi_bytes_acked; /* with the SYN and FIN, as is bytes_received (RFC 4898) */
	uint64_t tcpi_bytes_received;
	uint32_t tcpi_segs_out;
	uint32_t tcpi_segs_in;

	uint32_t tcpi_notsent_bytes;
	uint32_t tcpi_min_rtt;
	uint32_t tcpi_data_segs_in;
	uint32_t tcpi_data_segs_out;

	uint64_t tcpi_delivery_rate; /* bytes a second */

	uint64_t tcpi_busy_time;      /* with data in flight or waiting */
	uint64_t tcpi_rwnd_limited;   /* of that: the peer's window held data back */
	uint64_t tcpi_sndbuf_limited; /* of that: the program had more and SO_SNDBUF no room */

	uint32_t tcpi_delivered; /* segments, retransmissions too */
	uint32_t tcpi_delivered_ce;

	uint64_t tcpi_bytes_sent; /* with those sent again */
	uint64_t tcpi_bytes_retrans;
	uint32_t tcpi_dsack_dups;
	uint32_t tcpi_reord_seen;

	uint32_t tcpi_rcv_ooopack;
	uint32_t tcpi_snd_wnd;
	uint32_t tcpi_rcv_wnd;
	uint32_t tcpi_rehash; /* always 0: the path of a connection is not chosen by hash */

	uint16_t tcpi_total_rto;            /* timeouts in all */
	uint16_t tcpi_total_rto_recoveries; /* times that they were followed by an answer */
	uint32_t tcpi_total_rto_time;       /* milliseconds that those took */
};

#ifdef __cplusplus
}
#endif
#endif
