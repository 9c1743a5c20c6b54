/* A connection as a row of a snapshot. */
#include "tcb.h"

#include <string.h>

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
	strncpy(row->congestion, t->cc.ops->name, sizeof(row->congestion) - 1);
}
