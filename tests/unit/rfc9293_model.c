/* The model of section 3.10.7. See rfc9293_model.h. */
#include "rfc9293_model.h"

#include <berth/error.h>

#include "tcp_header.h"

#define IS(flag) ((s->flags & TCP_##flag) != 0)

/* SEG.LEN, section 4: text, and SYN and FIN. */
static int64_t seg_len(const struct model_segment *s)
{
	return s->len + IS(SYN) + IS(FIN);
}

static struct model_outcome stays(const struct model *m, enum model_answer answer)
{
	return (struct model_outcome){.state = m->state, .answer = answer, .rcv_nxt = m->rcv_nxt};
}

static struct model_outcome closed(const struct model *m, int error)
{
	return (struct model_outcome){.state = BERTH_TCP_CLOSED, .rcv_nxt = m->rcv_nxt, .error = error};
}

/* 3.10.7.1 */
static struct model_outcome in_closed(const struct model *m, const struct model_segment *s)
{
	if (IS(RST))
		return stays(m, MODEL_NOTHING);
	return stays(m, IS(ACK) ? MODEL_RST : MODEL_RST_ACK);
}

static struct model_outcome new_connection(const struct model_segment *s)
{
	/* DEVIATION: text with the SYN is not queued and so not acknowledged; it comes again. */
	return (struct model_outcome){
		.state = BERTH_TCP_SYN_RECEIVED, .answer = MODEL_NEW_SYN_ACK, .rcv_nxt = s->seq + 1};
}

/* 3.10.7.2 */
static struct model_outcome in_listen(const struct model *m, const struct model_segment *s)
{
	if (IS(RST))
		return stays(m, MODEL_NOTHING);
	if (IS(ACK))
		return stays(m, MODEL_RST);
	/* DEVIATION: a SYN that ends what it begins is nobody's honest segment; it is dropped, as on Linux. */
	if (IS(SYN) && !IS(FIN))
		return new_connection(s);
	return stays(m, MODEL_NOTHING);
}

/* Sixth to eighth step: `m` is as the ACK has left it, `at` the number of the first byte of text. */
static struct model_outcome text_and_fin(const struct model *m, const struct model_segment *s, int64_t at,
					 enum model_answer answer)
{
	struct model_outcome o = stays(m, answer);
	bool receives = m->state == BERTH_TCP_ESTABLISHED || m->state == BERTH_TCP_FIN_WAIT_1 ||
			m->state == BERTH_TCP_FIN_WAIT_2;
	int64_t edge = m->rcv_nxt + m->rcv_wnd, end = at + s->len;
	bool fin = IS(FIN) && end <= edge;

	/* After the peer's FIN nothing can follow: neither text nor, though the text has states remain, a second FIN.
	 */
	if (!receives)
		return o;
	o.urgent = IS(URG) && s->seq + s->urgent > m->rcv_nxt;
	if (!s->len && !IS(FIN))
		return o;
	if (at > m->rcv_nxt) { /* SHLD-31: held; MAY-13: acknowledged at once */
		o.answer = MODEL_ACK;
		return o;
	}
	if (end > edge)
		end = edge;
	o.n_taken = end > m->rcv_nxt ? end - m->rcv_nxt : 0;
	o.rcv_nxt += o.n_taken;
	o.answer = answer == MODEL_ACK ? MODEL_ACK : MODEL_ACK_SOON;
	if (!fin)
		return o;
	o.rcv_nxt++;
	o.answer = MODEL_ACK;
	o.state = m->state == BERTH_TCP_ESTABLISHED  ? BERTH_TCP_CLOSE_WAIT
		  : m->state == BERTH_TCP_FIN_WAIT_1 ? BERTH_TCP_CLOSING
						     : BERTH_TCP_TIME_WAIT;
	return o;
}

/* 3.10.7.3 */
static struct model_outcome in_syn_sent(const struct model *m, const struct model_segment *s)
{
	struct model then = *m;

	if (IS(ACK) && (s->ack <= m->iss || s->ack > m->snd_nxt))
		return stays(m, IS(RST) ? MODEL_NOTHING : MODEL_RST);
	if (IS(RST))
		return IS(ACK) ? closed(m, BERTH_ECONNREFUSED) : stays(m, MODEL_NOTHING);
	if (!IS(SYN))
		return stays(m, MODEL_NOTHING);
	then.rcv_nxt = s->seq + 1;
	if (!IS(ACK)) { /* DEVIATION: text is not queued, as in LISTEN */
		then.state = BERTH_TCP_SYN_RECEIVED;
		return stays(&then, MODEL_SYN_ACK);
	}
	then.state = BERTH_TCP_ESTABLISHED;
	return text_and_fin(&then, s, s->seq + 1, MODEL_ACK);
}

/* Table 6. */
static bool acceptable(const struct model *m, const struct model_segment *s)
{
	int64_t len = seg_len(s), edge = m->rcv_nxt + m->rcv_wnd;

	if (!len && !m->rcv_wnd)
		return s->seq == m->rcv_nxt;
	if (!len) {
		/* DEVIATION: without RST also at the edge: a peer that has filled the window has no other number. */
		return s->seq >= m->rcv_nxt && (s->seq < edge || (s->seq == edge && !IS(RST)));
	}
	if (IS(RST)) /* RFC 5961 section 3.2: its number counts, not the text that comes with it */
		return s->seq == m->rcv_nxt || (s->seq > m->rcv_nxt && s->seq < edge);
	if (!m->rcv_wnd)
		return false;
	return (s->seq >= m->rcv_nxt && s->seq < edge) || (s->seq + len - 1 >= m->rcv_nxt && s->seq + len - 1 < edge);
}

/* Second. */
static struct model_outcome reset(const struct model *m, const struct model_segment *s)
{
	/* DEVIATION: RFC 1337 section 3, fix 1. */
	if (m->state == BERTH_TCP_TIME_WAIT)
		return stays(m, MODEL_NOTHING);
	if (s->seq != m->rcv_nxt)
		return stays(m, MODEL_ACK);
	switch (m->state) {
	case BERTH_TCP_SYN_RECEIVED:
		return closed(m, m->passive ? 0 : BERTH_ECONNREFUSED);
	case BERTH_TCP_CLOSING:
	case BERTH_TCP_LAST_ACK:
		return closed(m, 0);
	case BERTH_TCP_CLOSE_WAIT:
		return closed(m, BERTH_EPIPE); /* "reset", in Linux's word for this state */
	default:
		return closed(m, BERTH_ECONNRESET);
	}
}

/* Fifth: what is left of the segment, or true and *o. */
static bool ack_ends_it(struct model *m, const struct model_segment *s, struct model_outcome *o)
{
	bool fin_acked = m->fin >= 0 && s->ack > m->fin && s->ack <= m->snd_nxt;

	*o = stays(m, MODEL_NOTHING);
	if (!IS(ACK))
		return true;
	if (m->state == BERTH_TCP_SYN_RECEIVED) {
		/* Section 3.5.2, group 2, before the check of RFC 5961. */
		o->answer = MODEL_RST;
		if (s->ack <= m->snd_una || s->ack > m->snd_nxt)
			return true;
		m->state = BERTH_TCP_ESTABLISHED;
		return false;
	}
	/* "An ACK sent back", which RFC 5961 section 5.2 does not want at once. */
	o->answer = s->ack > m->snd_nxt ? MODEL_ACK_SOON : MODEL_ACK;
	if (s->ack < m->snd_una - m->max_snd_wnd || s->ack > m->snd_nxt)
		return true;
	if (m->state == BERTH_TCP_FIN_WAIT_1 && fin_acked) {
		m->state = BERTH_TCP_FIN_WAIT_2;
	} else if (m->state == BERTH_TCP_CLOSING && fin_acked) {
		m->state = BERTH_TCP_TIME_WAIT;
	} else if (m->state == BERTH_TCP_LAST_ACK && fin_acked) {
		*o = closed(m, 0);
		return true;
	}
	return false;
}

/* 3.10.7.4 */
static struct model_outcome in_other(const struct model *m, const struct model_segment *s)
{
	struct model then = *m;
	struct model_segment rest = *s;
	struct model_outcome o;
	int64_t at = s->seq;

	/* DEVIATION: our SYN-ACK again instead of an ACK; with an ACK it ends a simultaneous open (figure 7). */
	if (m->state == BERTH_TCP_SYN_RECEIVED && IS(SYN) && !(IS(RST)) && s->seq + 1 == m->rcv_nxt) {
		if (!IS(ACK))
			return stays(m, MODEL_SYN_ACK);
		rest.flags &= ~TCP_SYN;
		at++;
	} else if (!acceptable(m, s)) {
		return stays(m, IS(RST) ? MODEL_NOTHING : MODEL_ACK);
	}
	if (IS(RST))
		return reset(m, s);
	/* RFC 5961 section 4.2. DEVIATION: in SYN-RECEIVED after a passive open, too. */
	if (rest.flags & TCP_SYN)
		return stays(m, MODEL_ACK);
	if (ack_ends_it(&then, &rest, &o))
		return o;
	return text_and_fin(&then, &rest, at, MODEL_NOTHING);
}

struct model_outcome model_arrives(const struct model *m, const struct model_segment *s)
{
	switch (m->state) {
	case BERTH_TCP_CLOSED:
		return in_closed(m, s);
	case BERTH_TCP_LISTEN:
		return in_listen(m, s);
	case BERTH_TCP_SYN_SENT:
		return in_syn_sent(m, s);
	case BERTH_TCP_TIME_WAIT:
		/* MAY-2, RFC 6191, without timestamps: a SYN above all that the old connection sent. */
		if (m->listener && IS(SYN) && !IS(ACK) && !IS(RST) && !IS(FIN) && s->seq > m->rcv_nxt)
			return new_connection(s);
		return in_other(m, s);
	default:
		return in_other(m, s);
	}
}
