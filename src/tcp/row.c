/* A connection as a row of a snapshot. */
#include "tcb.h"

#include <string.h>

static void fill_flight(const struct tcb *t, struct berth_socket_row *row)
{
	row->not_sent = t->sendq.right > t->snd_nxt ? t->sendq.right - t->snd_nxt : 0;
	row->in_flight = t->snd_nxt - t->snd_una;
	row->sacked = tcp_sent(t)->n_sacked;
	row->lost = tcp_sent(t)->n_lost;
	row->recovery = tcp_ca_state(t);
}

/* What the two sides have agreed on, and what they know of the path. */
static void fill_terms(const struct tcb *t, struct berth_socket_row *row)
{
	unsigned options = tcp_options_agreed(t);

	row->timestamps = options & BERTH_TCPI_TIMESTAMPS;
	row->sack = options & BERTH_TCPI_SACK;
	row->window_scale = options & BERTH_TCPI_WSCALE;
	row->ecn = options & BERTH_TCPI_ECN;
	row->snd_wscale = t->snd_wscale;
	row->rcv_wscale = t->rcv_wscale;
	row->mss_advertised = t->mtu ? tcp_mss_of_mtu(t) : 0;
	row->mtu = t->mtu;
	row->delivery_rate = tcp_rate_of(&t->rate);
	row->ns_rtt_min = tcp_rtt_min(&t->rtt_min);
}

void tcp_row(const struct tcp_env *env, const struct tcb *t, struct berth_socket_row *row)
{
	row->protocol = BERTH_PROTOCOL_TCP;
	row->state = t->state;
	if (t->listener) {
		row->recv_queue = t->listener->n_waiting;
		row->send_queue = t->listener->backlog;
		return;
	}
	row->recv_queue = t->recvq.n_bytes;
	row->send_queue = t->sendq.right - t->sendq.left;
	row->snd_wnd = t->snd_wnd;
	row->rcv_wnd = t->rcv_adv - t->rcv_nxt;
	row->cwnd = t->cc.cwnd;
	row->ssthresh = t->cc.ssthresh;
	row->ns_srtt = t->ns_srtt;
	row->ns_rttvar = t->ns_rttvar;
	row->ns_rto = t->ns_rto;
	row->mss = t->mss;
	row->bytes_sent = t->bytes_sent;
	row->bytes_received = t->bytes_received;
	row->segments_sent = t->segments_sent;
	row->segments_received = t->segments_received;
	row->segments_retransmitted = t->segments_retransmitted;
	row->bytes_retransmitted = t->bytes_retransmitted;
	fill_flight(t, row);
	fill_terms(t, row);
	strncpy(row->congestion, t->cc.ops->name, sizeof(row->congestion) - 1);
}
