/* Each state, with each combination of flags, at each place of the receive window, with each kind of acknowledgment,
 * with and without text: what berth does is what a model of RFC 9293 section 3.10.7 does, which knows nothing of
 * berth's code. */
#include <berth/error.h>

#include "rfc9293_model.h"
#include "tcp_peer.h"

/* Small, so that an ACK older than the largest window exists. */
#define PEER_WINDOW 100u
#define TEXT 5u
#define URGENT 3u

static const struct {
	enum berth_tcp_state state;
	bool passive;
} states[] = {
	{BERTH_TCP_CLOSED, false},      {BERTH_TCP_LISTEN, true},        {BERTH_TCP_SYN_SENT, false},
	{BERTH_TCP_SYN_RECEIVED, true}, {BERTH_TCP_SYN_RECEIVED, false}, {BERTH_TCP_ESTABLISHED, true},
	{BERTH_TCP_ESTABLISHED, false}, {BERTH_TCP_FIN_WAIT_1, true},    {BERTH_TCP_FIN_WAIT_2, true},
	{BERTH_TCP_CLOSE_WAIT, true},   {BERTH_TCP_CLOSING, true},       {BERTH_TCP_LAST_ACK, true},
	{BERTH_TCP_TIME_WAIT, true},
};

enum place {
	FAR_LEFT,
	LEFT,   /* ends right before the window */
	ACROSS, /* its last number is the window's first */
	EDGE,   /* rcv_nxt */
	INSIDE, /* behind a gap */
	LAST,   /* the window's last number */
	BEYOND, /* the first number after it */
	FAR_RIGHT,
	N_PLACES
};

enum acknowledges {
	ACK_TOO_OLD, /* below snd_una by more than the largest window */
	ACK_OLD,
	ACK_UNA,
	ACK_PART, /* one more than snd_una */
	ACK_ALL,
	ACK_UNSENT,
	N_ACKS
};

static const char *const place_names[] = {"far left", "left", "across",      "left edge",
					  "inside",   "last", "right after", "far right"};
static const char *const ack_names[] = {"too old", "old", "snd_una", "part", "all", "unsent"};
static const char *const answer_names[] = {"nothing", "ACK", "ACK soon", "SYN|ACK", "new SYN|ACK", "RST", "RST|ACK"};

/* One cell of the grid. */
struct cell {
	struct peer p;
	struct model m;
	struct model_segment s;
	struct model_outcome wanted;
	char name[160];
	unsigned n_wrong;
};

static void wrong(struct cell *c, const char *what, long is, long wanted)
{
	if (is == wanted)
		return;
	print_error("%s: %s is %ld, expected %ld\n", c->name, what, is, wanted);
	c->n_wrong++;
}

static struct tcb *connection(const struct peer *p)
{
	struct endpoint *e = pairs_find(&p->pairs, &p->pair);

	return e ? tcp_of_endpoint(e) : NULL;
}

/* The model is where the connection is. */
static void look(struct cell *c, enum berth_tcp_state state, bool passive)
{
	const struct tcb *t = connection(&c->p);

	c->m = (struct model){.state = state,
			      .passive = passive,
			      .listener = c->p.listener != NULL,
			      .snd_una = 1,
			      .snd_nxt = 1,
			      .fin = -1,
			      .rcv_nxt = 1,
			      .rcv_wnd = 8192,
			      .max_snd_wnd = PEER_WINDOW};
	if (tcp_request_find(&c->p.env, &c->p.pair))
		c->m.snd_una = 0;
	if (!t)
		return;
	c->m.snd_una = (int64_t)(uint32_t)(t->snd_una - BERTH_ISS);
	c->m.snd_nxt = (int64_t)(uint32_t)(t->snd_nxt - BERTH_ISS);
	if (t->fin_queued)
		c->m.fin = c->m.snd_nxt - 1;
	if (state == BERTH_TCP_SYN_SENT)
		return;
	c->m.rcv_nxt = (int64_t)(uint32_t)(t->rcv_nxt - PEER_ISS);
	c->m.rcv_wnd = (int64_t)(t->rcv_adv - t->rcv_nxt);
}

static void choose(struct cell *c, unsigned flags, enum place place, enum acknowledges ack, uint32_t n_text)
{
	int64_t len = n_text + !!(flags & TCP_SYN) + !!(flags & TCP_FIN), edge = c->m.rcv_nxt + c->m.rcv_wnd;
	const int64_t seqs[N_PLACES] = {
		c->m.rcv_nxt - 5000,
		c->m.rcv_nxt - (len ? len : 1),
		c->m.rcv_nxt - (len ? len - 1 : 0),
		c->m.rcv_nxt,
		c->m.rcv_nxt + 100,
		edge - 1,
		edge,
		edge + 1000,
	};
	const int64_t acks[N_ACKS] = {
		c->m.snd_una - PEER_WINDOW - 1,
		c->m.snd_una - PEER_WINDOW,
		c->m.snd_una,
		c->m.snd_una + 1,
		c->m.snd_nxt,
		c->m.snd_nxt + 1,
	};

	c->s = (struct model_segment){.seq = seqs[place],
				      .ack = acks[ack],
				      .flags = flags,
				      .len = n_text,
				      .urgent = flags & TCP_URG ? URGENT : 0};
}

static void deliver(struct cell *c)
{
	struct tcp_header h = peer_header(&c->p, (uint8_t)c->s.flags, (uint32_t)c->s.seq, (uint32_t)c->s.ack);

	if (c->s.flags & TCP_SYN)
		h = peer_syn(&c->p, (uint8_t)c->s.flags, (uint32_t)c->s.seq, (uint32_t)c->s.ack);
	h.urgent = (uint16_t)c->s.urgent;
	peer_in_header(&c->p, &h, (uint32_t)c->s.len);
}

static enum model_answer answer_of(const struct cell *c)
{
	if (!c->p.n_out)
		return MODEL_NOTHING;
	switch (c->p.out[0].h.flags & ~TCP_PSH) {
	case TCP_ACK:
		return MODEL_ACK;
	case TCP_SYN | TCP_ACK:
		return c->p.out[0].seq == 0 ? MODEL_SYN_ACK : MODEL_NEW_SYN_ACK;
	case TCP_RST:
		return MODEL_RST;
	default:
		return MODEL_RST_ACK;
	}
}

static void judge_answer(struct cell *c)
{
	enum model_answer is = answer_of(c), wanted = c->wanted.answer;
	const struct peer_segment *out = c->p.out;
	const struct tcb *t = connection(&c->p);
	bool syn_ack = is == MODEL_SYN_ACK || is == MODEL_NEW_SYN_ACK;

	if (wanted == MODEL_ACK_SOON && is == MODEL_NOTHING && t && t->ack_pending)
		return;
	if (wanted == MODEL_ACK_SOON)
		wanted = MODEL_ACK;
	if (is != wanted && !(syn_ack && (wanted == MODEL_SYN_ACK || wanted == MODEL_NEW_SYN_ACK))) {
		print_error("%s: the answer is %s, expected %s\n", c->name, answer_names[is], answer_names[wanted]);
		c->n_wrong++;
		return;
	}
	wrong(c, "the number of segments", (long)c->p.n_out, is != MODEL_NOTHING);
	if (is == MODEL_ACK) {
		wrong(c, "SEQ of the ACK", out->seq, c->m.snd_nxt);
		wrong(c, "ACK of the ACK", out->ack, (long)(uint32_t)c->wanted.rcv_nxt);
	} else if (syn_ack) {
		wrong(c, "ACK of the SYN|ACK", out->ack, (long)(uint32_t)c->wanted.rcv_nxt);
	} else if (is == MODEL_RST) {
		wrong(c, "SEQ of the RST", out->seq, (long)(uint32_t)c->s.ack);
	} else if (is == MODEL_RST_ACK) {
		wrong(c, "SEQ of the RST|ACK", out->h.seq, 0);
		wrong(c, "ACK of the RST|ACK", out->ack,
		      (long)(uint32_t)(c->s.seq + c->s.len + !!(c->s.flags & TCP_SYN) + !!(c->s.flags & TCP_FIN)));
	}
}

static void judge(struct cell *c)
{
	enum berth_tcp_state is = peer_state(&c->p);

	if (c->m.state == BERTH_TCP_LISTEN && is == BERTH_TCP_CLOSED)
		is = c->p.listener->state;
	if (is != c->wanted.state) {
		print_error("%s: the state is %s, expected %s\n", c->name, peer_state_name(is),
			    peer_state_name(c->wanted.state));
		c->n_wrong++;
	}
	judge_answer(c);
	wrong(c, "urgent", (long)c->p.env.counters.urgent_in, c->wanted.urgent);
	if (!c->p.t && c->p.listener && tcp_can_accept(c->p.listener))
		peer_accept(&c->p);
	if (!c->p.t)
		return;
	wrong(c, "bytes to read", c->p.t->recvq.n_bytes, c->wanted.n_taken);
	wrong(c, "the error", peer_error(&c->p), c->wanted.error);
}

static void name_it(struct cell *c, enum place place, enum acknowledges ack)
{
	unsigned f = c->s.flags;

	snprintf(c->name, sizeof(c->name), "%s (%s), %s%s%s%s%s%s%u bytes, %s, ACK %s", peer_state_name(c->m.state),
		 c->m.passive ? "passive" : "active", f & TCP_SYN ? "SYN " : "", f & TCP_FIN ? "FIN " : "",
		 f & TCP_RST ? "RST " : "", f & TCP_ACK ? "ACK " : "", f & TCP_URG ? "URG " : "",
		 f & TCP_PSH ? "PSH " : "", (unsigned)c->s.len, place_names[place], ack_names[ack]);
}

static unsigned run(size_t state, unsigned flags, enum place place, enum acknowledges ack, uint32_t n_text)
{
	const struct peer_setup setup = {.receive_buffer = 8192, .window = PEER_WINDOW, .mss = 1460};
	struct cell c = {0};

	peer_init(&c.p, &setup);
	peer_to_state(&c.p, states[state].state, states[state].passive);
	if (states[state].state == BERTH_TCP_CLOSED) {
		tcp_close(&c.p.env, c.p.t);
		c.p.t = NULL;
	}
	look(&c, states[state].state, states[state].passive);
	choose(&c, flags, place, ack, n_text);
	name_it(&c, place, ack);
	c.wanted = model_arrives(&c.m, &c.s);
	deliver(&c);
	judge(&c);
	peer_deinit(&c.p);
	return c.n_wrong;
}

/* All combinations of SYN, FIN, RST, ACK, URG and PSH. */
static void section_3_10_7_every_segment_in_every_state(void **state)
{
	unsigned n_cells = 0, n_wrong = 0;

	for (size_t s = 0; s < sizeof(states) / sizeof(states[0]); s++)
		for (unsigned flags = 0; flags < 64; flags++)
			for (enum place place = 0; place < N_PLACES; place++)
				for (enum acknowledges ack = 0; ack < (flags & TCP_ACK ? N_ACKS : 1); ack++)
					for (uint32_t n_text = 0; n_text <= TEXT; n_text += TEXT, n_cells++)
						n_wrong += run(s, flags, place, ack, n_text) != 0;
	print_message("# %u cells ran, %u wrong\n", n_cells, n_wrong);
	assert_int_equal(n_wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_3_10_7_every_segment_in_every_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
