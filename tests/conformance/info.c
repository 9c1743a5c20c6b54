/* TCP_INFO, in Linux's form. */
#include <linux/tcp.h>
#include <string.h>

#include "object.h"
#include "tcb.h"

/* Linux's numbers of the states. */
static const uint8_t states[BERTH_TCP_STATE_N] = {
	[BERTH_TCP_ESTABLISHED] = 1, [BERTH_TCP_SYN_SENT] = 2,   [BERTH_TCP_SYN_RECEIVED] = 3,
	[BERTH_TCP_FIN_WAIT_1] = 4,  [BERTH_TCP_FIN_WAIT_2] = 5, [BERTH_TCP_TIME_WAIT] = 6,
	[BERTH_TCP_CLOSED] = 7,      [BERTH_TCP_CLOSE_WAIT] = 8, [BERTH_TCP_LAST_ACK] = 9,
	[BERTH_TCP_LISTEN] = 10,     [BERTH_TCP_CLOSING] = 11,
};

static uint32_t segments(const struct tcb *t, uint64_t bytes)
{
	uint32_t mss = t->mss ? t->mss : tcp_mss_default(t);

	return (uint32_t)((bytes + mss - 1) / mss);
}

static void fill_sender(const struct tcb *t, struct tcp_info *i)
{
	i->tcpi_snd_mss = t->mss ? t->mss : tcp_mss_default(t);
	i->tcpi_unacked = segments(t, t->snd_nxt - t->snd_una);
	i->tcpi_sacked = segments(t, t->sent.n_sacked);
	i->tcpi_lost = segments(t, t->sent.n_lost);
	i->tcpi_retrans = segments(t, t->sent.n_again);
	i->tcpi_snd_cwnd = (uint32_t)(t->cc.cwnd / i->tcpi_snd_mss);
	i->tcpi_snd_ssthresh = t->cc.ssthresh / i->tcpi_snd_mss >= 0x7fffffff
				       ? 0x7fffffff
				       : (uint32_t)(t->cc.ssthresh / i->tcpi_snd_mss);
	i->tcpi_rtt = (uint32_t)(t->ns_srtt / 1000);
	i->tcpi_rttvar = (uint32_t)(t->ns_rttvar / 1000);
	i->tcpi_rto = (uint32_t)(t->ns_rto / 1000);
	i->tcpi_backoff = t->n_backoff;
	i->tcpi_total_retrans = t->segments_retransmitted;
	i->tcpi_bytes_retrans = t->bytes_retransmitted;
	i->tcpi_bytes_sent = t->bytes_sent + t->bytes_retransmitted;
	i->tcpi_segs_out = t->segments_sent;
	i->tcpi_reordering = 3;
}

int info_get(struct object *o, const struct file *f, void *value, socklen_t *n)
{
	struct endpoint *e = socket_endpoint(o->host, f->descriptor);
	struct tcp_info i = {0};
	const struct tcb *t;

	if (!e || e->kind == ENDPOINT_UDP)
		return BERTH_ENOPROTOOPT;
	t = tcp_of_endpoint(e);
	i.tcpi_state = states[t->state];
	i.tcpi_ca_state = t->recovery == TCP_RECOVERY_NONE ? 0 : t->recovery == TCP_RECOVERY_FAST ? 3 : 4;
	i.tcpi_options = (uint8_t)((t->ts_ok ? 1 : 0) | (t->sack_ok ? 2 : 0) | (t->rcv_wscale ? 4 : 0));
	i.tcpi_snd_wscale = t->snd_wscale;
	i.tcpi_rcv_wscale = t->rcv_wscale;
	i.tcpi_rcv_mss = t->rcv_mss;
	i.tcpi_advmss = tcp_mss_of_mtu(t) - (t->ts_ok ? 12 : 0);
	i.tcpi_pmtu = t->mtu;
	i.tcpi_segs_in = t->segments_received;
	i.tcpi_bytes_received = t->bytes_received;
	fill_sender(t, &i);
	if (*n > sizeof(i))
		*n = sizeof(i);
	memcpy(value, &i, *n);
	return 0;
}
