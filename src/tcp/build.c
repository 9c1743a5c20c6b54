/* Turning a plan into a frame: slices of the send queue, and the TCP header before which the host puts its own. */
#include <stddef.h>
#include <string.h>

#include "tcb.h"

/* Where the TCP header begins in a frame's header space: before it there is room for Ethernet's and IP's. */
#define OFF_HEADER 64

/* Points the frame at the plan's bytes. A queue in many small pieces may need more slices than a frame has: the plan is
 * then cut. */
void tcp_build_slices(struct tcb *t, struct tcp_plan *plan, struct berth_frame_out *out)
{
	uint32_t covered = 0;

	out->n_slices = 0;
	out->segment_size = 0;
	if (!plan->len)
		return;
	out->n_slices = (uint8_t)sendq_slices(&t->sendq, plan->seq + !!(plan->flags & TCP_SYN), plan->len, out->slices,
					      BERTH_SLICES_MAX, &covered);
	if (covered < plan->len) {
		plan->flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
		plan->pushed = false;
		plan->len = covered;
	}
	if (plan->len > t->mss && !plan->mtu_probe)
		out->segment_size = (uint16_t)t->mss;
}

static void syn_options(const struct tcp_env *env, const struct tcb *t, struct tcp_header *h)
{
	h->has_mss = true;
	h->mss = tcp_mss_of_mtu(t);
	h->has_sack_permitted = t->sack_ok;
	h->has_wscale = t->wscale_ok;
	h->wscale = t->rcv_wscale;
	h->window = (uint16_t)(t->rcv_adv > t->rcv_nxt && t->rcv_nxt ? t->rcv_adv - t->rcv_nxt
			       : t->receive_buffer < 65535           ? t->receive_buffer
								     : 65535);
}

/* Blocks go where the payload leaves room for them: a full segment has none. */
static void sack_option(struct tcb *t, const struct tcp_plan *plan, struct tcp_header *h)
{
	unsigned n_max = h->has_timestamp ? 3 : 4;
	uint32_t room;

	if (!t->sack_ok || (!t->recvq.ahead && t->recvq.dsack_left == t->recvq.dsack_right))
		return;
	room = plan->len < t->mss ? t->mss - plan->len : 0;
	if (room < 4 + 8 * n_max)
		n_max = room > 4 ? (room - 4) / 8 : 0;
	h->n_sacks = (uint8_t)recvq_sacks(&t->recvq, h->sacks, n_max);
}

void tcp_build_fields(const struct tcp_env *env, struct tcb *t, const struct tcp_plan *plan, struct tcp_header *h)
{
	memset(h, 0, offsetof(struct tcp_header, fast_open_experimental)); /* what is behind has its lengths here */
	h->source_port = t->e.pair.local_port;
	h->destination_port = t->e.pair.foreign_port;
	h->seq = (uint32_t)plan->seq;
	h->flags = plan->flags;
	if (plan->flags & TCP_ACK)
		h->ack = (uint32_t)t->rcv_nxt;
	if (t->ecn.echo && !(plan->flags & (TCP_SYN | TCP_RST)))
		h->flags |= TCP_ECE;
	if (t->ts_ok) { /* RFC 7323 section 3.2: also in a reset */
		h->has_timestamp = true;
		h->ts_val = tcp_timestamp(env, t);
		h->ts_ecr = plan->flags & TCP_ACK ? t->ts_recent : 0;
	}
	if (plan->flags & TCP_SYN) {
		syn_options(env, t, h);
		tcp_fast_open_option(env, t, plan->again, h);
	} else if (!(plan->flags & TCP_RST)) {
		h->window = (uint16_t)tcp_window_advertise(env, t);
		sack_option(t, plan, h);
		if (t->urgent.snd_up > plan->seq)
			tcp_urgent_fields(t, plan->seq, h);
	}
}

void tcp_build_header(struct tcp_env *env, struct tcb *t, const struct tcp_plan *plan, struct berth_frame_out *out)
{
	struct tcp_header h;
	uint8_t *end;

	tcp_build_fields(env, t, plan, &h);
	end = tcp_header_emit(&h, out->header + OFF_HEADER);
	out->off_header = OFF_HEADER;
	out->len_header = (uint8_t)(end - (out->header + OFF_HEADER));
	out->len = out->len_header + plan->len;
}
