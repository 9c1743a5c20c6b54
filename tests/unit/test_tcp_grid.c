/* The state grid: each state of a connection against each event of RFC 9293 section 3.10, and segments at each place of
 * the window. Rules say what is expected, the first that fits a cell counts; a cell that no rule fits fails. Where RFC
 * 5961 amends RFC 9293, it counts. */
#include <berth/error.h>

#include "tcp_peer.h"

enum event {
	SYN,
	SYN_ACK,
	ACK,         /* of what is acknowledged already (in SYN-SENT and SYN-RECEIVED: of our SYN) */
	ACK_NEW,     /* of everything that was sent */
	ACK_UNSENT,  /* of more than was sent */
	ACK_OLD,     /* below snd_una, within the largest window */
	ACK_TOO_OLD, /* further below */
	RST,
	RST_ACK,
	DATA,
	DATA_FIN,
	FIN,
	NO_FLAGS,
	DATA_URG,
	N_EVENTS
};
static const char *const event_names[N_EVENTS] = {
	"SYN",
	"SYN|ACK",
	"ACK",
	"ACK of new data",
	"ACK of unsent data",
	"old ACK",
	"ACK older than the window",
	"RST",
	"RST|ACK",
	"data",
	"data|FIN",
	"FIN",
	"no flags",
	"data|URG",
};

enum position {
	LEFT,       /* the last number before the window; data wholly before it */
	EDGE,       /* rcv_nxt */
	INSIDE,     /* in the window, behind a gap */
	RIGHT_EDGE, /* the last number of the window */
	OUTSIDE,
	N_POSITIONS
};
static const char *const position_names[N_POSITIONS] = {"left of the window", "left edge", "inside", "right edge",
							"outside"};

/* RFC 9293's states, with the two ways into SYN-RECEIVED apart. */
enum state {
	CLOSED,
	LISTEN,
	SYN_SENT,
	SYN_RCVD_PASSIVE,
	SYN_RCVD_ACTIVE,
	ESTABLISHED,
	FIN_WAIT_1,
	FIN_WAIT_2,
	CLOSE_WAIT,
	CLOSING,
	LAST_ACK,
	TIME_WAIT,
	N_STATES
};
static const struct {
	const char *name;
	enum berth_tcp_state state;
	bool passive;
} states[N_STATES] = {
	{"CLOSED", BERTH_TCP_CLOSED, false},
	{"LISTEN", BERTH_TCP_LISTEN, true},
	{"SYN-SENT", BERTH_TCP_SYN_SENT, false},
	{"SYN-RECEIVED (passive)", BERTH_TCP_SYN_RECEIVED, true},
	{"SYN-RECEIVED (active)", BERTH_TCP_SYN_RECEIVED, false},
	{"ESTABLISHED", BERTH_TCP_ESTABLISHED, true},
	{"FIN-WAIT-1", BERTH_TCP_FIN_WAIT_1, true},
	{"FIN-WAIT-2", BERTH_TCP_FIN_WAIT_2, true},
	{"CLOSE-WAIT", BERTH_TCP_CLOSE_WAIT, true},
	{"CLOSING", BERTH_TCP_CLOSING, true},
	{"LAST-ACK", BERTH_TCP_LAST_ACK, true},
	{"TIME-WAIT", BERTH_TCP_TIME_WAIT, true},
};

enum answer {
	NOTHING,
	AN_ACK,       /* seq snd_nxt, ack rcv_nxt */
	A_SYN_ACK,    /* seq 0, ack 1 */
	NEW_SYN_ACK,  /* of a new connection in place of the old one */
	RST_OF_ACK,   /* RFC 9293 3.10.7.1: seq SEG.ACK, no ACK */
	RST_WITH_ACK, /* seq 0, ack SEG.SEQ + SEG.LEN */
};
static const char *const answer_names[] = {"nothing", "an ACK", "SYN-ACK", "SYN-ACK anew", "RST at SEG.ACK", "RST|ACK"};

#define BIT(x) (1u << (x))
#define ANY (~0u)
#define SYN_RCVD (BIT(SYN_RCVD_PASSIVE) | BIT(SYN_RCVD_ACTIVE))
#define OPEN (ANY & ~(BIT(CLOSED) | BIT(LISTEN) | BIT(SYN_SENT))) /* section 3.10.7.4 */
#define FIN_TAKEN (BIT(CLOSE_WAIT) | BIT(CLOSING) | BIT(LAST_ACK) | BIT(TIME_WAIT))
#define DATAS (BIT(DATA) | BIT(DATA_FIN) | BIT(DATA_URG))
#define BEYOND (BIT(LEFT) | BIT(OUTSIDE))
#define STAYS N_STATES

#define LEN 5u

struct rule {
	unsigned states, events, positions;
	enum state next; /* STAYS */
	enum answer answer;
	uint32_t n_delivered;
	int error;
};

static const struct rule rules[] = {
	/* 3.10.7.1 CLOSED */
	{BIT(CLOSED), BIT(RST) | BIT(RST_ACK), ANY, STAYS, NOTHING, 0, 0},
	{BIT(CLOSED), BIT(SYN) | BIT(NO_FLAGS), ANY, STAYS, RST_WITH_ACK, 0, 0},
	{BIT(CLOSED), ANY, ANY, STAYS, RST_OF_ACK, 0, 0},
	/* 3.10.7.2 LISTEN */
	{BIT(LISTEN), BIT(RST) | BIT(RST_ACK) | BIT(NO_FLAGS), ANY, STAYS, NOTHING, 0, 0},
	{BIT(LISTEN), BIT(SYN), ANY, SYN_RCVD_PASSIVE, NEW_SYN_ACK, 0, 0},
	{BIT(LISTEN), ANY, ANY, STAYS, RST_OF_ACK, 0, 0},
	/* 3.10.7.3 SYN-SENT */
	{BIT(SYN_SENT), BIT(ACK_UNSENT) | BIT(ACK_OLD) | BIT(ACK_TOO_OLD), ANY, STAYS, RST_OF_ACK, 0, 0},
	{BIT(SYN_SENT), BIT(RST_ACK), ANY, CLOSED, NOTHING, 0, BERTH_ECONNREFUSED},
	{BIT(SYN_SENT), BIT(SYN), ANY, SYN_RCVD_ACTIVE, A_SYN_ACK, 0, 0},
	{BIT(SYN_SENT), BIT(SYN_ACK), ANY, ESTABLISHED, AN_ACK, 0, 0},
	{BIT(SYN_SENT), ANY, ANY, STAYS, NOTHING, 0, 0},
	/* 3.10.7.4, first: the sequence number. RST is dropped, a repeated SYN gets its SYN-ACK again, and its SYN-ACK
	 * completes a simultaneous open (section 3.5, figure 7). */
	{SYN_RCVD, BIT(SYN), BIT(LEFT), STAYS, A_SYN_ACK, 0, 0},
	{SYN_RCVD, BIT(SYN_ACK), BIT(LEFT), ESTABLISHED, NOTHING, 0, 0},
	{OPEN, BIT(RST) | BIT(RST_ACK), BEYOND, STAYS, NOTHING, 0, 0},
	/* MAY-2, RFC 6191: a newer SYN may take the place of TIME-WAIT */
	{BIT(TIME_WAIT), BIT(SYN), BIT(INSIDE) | BIT(RIGHT_EDGE) | BIT(OUTSIDE), SYN_RCVD_PASSIVE, NEW_SYN_ACK, 0, 0},
	{OPEN, ANY, BEYOND, STAYS, AN_ACK, 0, 0},
	/* second: RST, RFC 5961 section 3.2; in TIME-WAIT RFC 1337 section 3, fix 1 */
	{BIT(TIME_WAIT), BIT(RST) | BIT(RST_ACK), ANY, STAYS, NOTHING, 0, 0},
	{OPEN, BIT(RST) | BIT(RST_ACK), BIT(INSIDE) | BIT(RIGHT_EDGE), STAYS, AN_ACK, 0, 0},
	{BIT(SYN_RCVD_PASSIVE), BIT(RST) | BIT(RST_ACK), BIT(EDGE), CLOSED, NOTHING, 0, 0},
	{BIT(SYN_RCVD_ACTIVE), BIT(RST) | BIT(RST_ACK), BIT(EDGE), CLOSED, NOTHING, 0, BERTH_ECONNREFUSED},
	{BIT(ESTABLISHED) | BIT(FIN_WAIT_1) | BIT(FIN_WAIT_2), BIT(RST) | BIT(RST_ACK), BIT(EDGE), CLOSED, NOTHING, 0,
	 BERTH_ECONNRESET},
	{BIT(CLOSE_WAIT), BIT(RST) | BIT(RST_ACK), BIT(EDGE), CLOSED, NOTHING, 0, BERTH_EPIPE},
	{OPEN, BIT(RST) | BIT(RST_ACK), BIT(EDGE), CLOSED, NOTHING, 0, 0},
	/* fourth: SYN, RFC 5961 section 4.2 */
	{OPEN, BIT(SYN) | BIT(SYN_ACK), ANY, STAYS, AN_ACK, 0, 0},
	/* fifth: ACK */
	{OPEN, BIT(NO_FLAGS), ANY, STAYS, NOTHING, 0, 0},
	{SYN_RCVD, BIT(ACK_UNSENT) | BIT(ACK_OLD) | BIT(ACK_TOO_OLD), ANY, STAYS, RST_OF_ACK, 0, 0},
	{OPEN, BIT(ACK_UNSENT) | BIT(ACK_TOO_OLD), ANY, STAYS, AN_ACK, 0, 0}, /* RFC 5961 section 5.2 */
	{OPEN, BIT(ACK_OLD), ANY, STAYS, NOTHING, 0, 0},
	{SYN_RCVD, BIT(ACK) | BIT(ACK_NEW), ANY, ESTABLISHED, NOTHING, 0, 0},
	{BIT(FIN_WAIT_1), BIT(ACK_NEW), ANY, FIN_WAIT_2, NOTHING, 0, 0},
	{BIT(CLOSING), BIT(ACK_NEW), ANY, TIME_WAIT, NOTHING, 0, 0},
	{BIT(LAST_ACK), BIT(ACK_NEW), ANY, CLOSED, NOTHING, 0, 0},
	{OPEN, BIT(ACK) | BIT(ACK_NEW), ANY, STAYS, NOTHING, 0, 0},
	/* seventh and eighth: after the peer's FIN there is no text and no other FIN */
	{FIN_TAKEN, DATAS | BIT(FIN), ANY, STAYS, NOTHING, 0, 0},
	/* the first data is acknowledged at once: RFC 5681 section 4.2 allows it, and the peer is in slow start */
	{SYN_RCVD, BIT(DATA) | BIT(DATA_URG), BIT(EDGE), ESTABLISHED, AN_ACK, LEN, 0},
	{SYN_RCVD, BIT(DATA_FIN), BIT(EDGE), CLOSE_WAIT, AN_ACK, LEN, 0},
	{SYN_RCVD, BIT(FIN), BIT(EDGE), CLOSE_WAIT, AN_ACK, 0, 0},
	{SYN_RCVD, DATAS | BIT(FIN), ANY, ESTABLISHED, AN_ACK, 0, 0},
	{OPEN, BIT(DATA) | BIT(DATA_URG), BIT(EDGE), STAYS, NOTHING, LEN, 0},
	{BIT(ESTABLISHED), BIT(DATA_FIN), BIT(EDGE), CLOSE_WAIT, AN_ACK, LEN, 0},
	{BIT(ESTABLISHED), BIT(FIN), BIT(EDGE), CLOSE_WAIT, AN_ACK, 0, 0},
	{BIT(FIN_WAIT_1), BIT(DATA_FIN), BIT(EDGE), CLOSING, AN_ACK, LEN, 0},
	{BIT(FIN_WAIT_1), BIT(FIN), BIT(EDGE), CLOSING, AN_ACK, 0, 0},
	{BIT(FIN_WAIT_2), BIT(DATA_FIN), BIT(EDGE), TIME_WAIT, AN_ACK, LEN, 0},
	{BIT(FIN_WAIT_2), BIT(FIN), BIT(EDGE), TIME_WAIT, AN_ACK, 0, 0},
	{OPEN, DATAS | BIT(FIN), BIT(INSIDE) | BIT(RIGHT_EDGE), STAYS, AN_ACK, 0, 0},
};

/* One cell: where the connection stood before the event. */
struct cell {
	enum state state;
	char name[128];
	uint32_t snd_una, snd_nxt, rcv_nxt, rcv_edge;
	uint32_t seq, ack, n_payload;
	uint8_t flags;
	unsigned n_wrong;
};

static void wrong(struct cell *c, const char *what, const char *is, const char *wanted)
{
	print_error("%s: %s is %s, expected %s\n", c->name, what, is, wanted);
	c->n_wrong++;
}

static void wrong_number(struct cell *c, const char *what, long is, long wanted)
{
	char a[32], b[32];

	snprintf(a, sizeof(a), "%ld", is);
	snprintf(b, sizeof(b), "%ld", wanted);
	if (is != wanted)
		wrong(c, what, a, b);
}

static const struct rule *find_rule(enum state state, enum event event, enum position position)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].states & BIT(state) && rules[i].events & BIT(event) && rules[i].positions & BIT(position))
			return &rules[i];
	return NULL;
}

/* An ACK older than the largest window exists only when the peer's window is small. */
#define PEER_WINDOW 100u

static void measure(const struct peer *p, struct cell *c)
{
	const struct endpoint *e = pairs_find(&p->pairs, &p->pair);
	const struct tcb *t = e ? CONTAINER_OF(e, struct tcb, e) : NULL;

	c->snd_una = c->snd_nxt = 1;
	c->rcv_nxt = 1;
	c->rcv_edge = 1 + 8192;
	if (tcp_request_find(&p->env, &p->pair))
		c->snd_una = 0;
	if (!t)
		return;
	c->snd_una = (uint32_t)t->snd_una - BERTH_ISS;
	c->snd_nxt = (uint32_t)t->snd_nxt - BERTH_ISS;
	if (t->state == BERTH_TCP_SYN_SENT)
		return;
	c->rcv_nxt = (uint32_t)t->rcv_nxt - PEER_ISS;
	c->rcv_edge = (uint32_t)t->rcv_adv - PEER_ISS;
}

static void choose_segment(struct cell *c, enum event event, enum position position)
{
	bool opening = c->state == SYN_SENT || c->state == SYN_RCVD_PASSIVE || c->state == SYN_RCVD_ACTIVE;
	uint32_t len, normal = opening ? c->snd_nxt : c->snd_una;
	static const uint8_t flags[N_EVENTS] = {
		TCP_SYN,           TCP_SYN | TCP_ACK, TCP_ACK, TCP_ACK,           TCP_ACK,
		TCP_ACK,           TCP_ACK,           TCP_RST, TCP_RST | TCP_ACK, TCP_ACK | TCP_PSH,
		TCP_ACK | TCP_FIN, TCP_ACK | TCP_FIN, 0,       TCP_ACK | TCP_URG};

	c->flags = flags[event];
	c->n_payload = BIT(event) & DATAS ? LEN : 0;
	len = c->n_payload + !!(c->flags & (TCP_SYN | TCP_FIN));
	c->ack = event == ACK_NEW || event == SYN_ACK ? c->snd_nxt
		 : event == ACK_UNSENT                ? c->snd_nxt + 10
		 : event == ACK_OLD                   ? c->snd_una - (opening ? 0 : 3)
		 : event == ACK_TOO_OLD               ? c->snd_una - PEER_WINDOW - 10
						      : normal;
	switch (position) {
	case LEFT:
		c->seq = c->rcv_nxt - (len ? len : 1);
		break;
	case EDGE:
		c->seq = c->rcv_nxt;
		break;
	case INSIDE:
		c->seq = c->rcv_nxt + 100;
		break;
	case RIGHT_EDGE:
		c->seq = c->rcv_edge - 1;
		break;
	case OUTSIDE:
	case N_POSITIONS:
		c->seq = c->rcv_edge + 1000;
		break;
	}
}

static void check_numbers(struct cell *c, const struct peer *p, enum answer answer, const struct tcb *t)
{
	const struct peer_segment *s = &p->out[0];
	uint32_t len = c->n_payload + !!(c->flags & TCP_SYN) + !!(c->flags & TCP_FIN);

	switch (answer) {
	case NOTHING:
		break;
	case AN_ACK:
		wrong_number(c, "flags of the answer", s->h.flags, TCP_ACK);
		wrong_number(c, "seq of the ACK", s->seq, c->snd_nxt);
		wrong_number(c, "ack of the ACK", s->ack,
			     t ? (long)((uint32_t)t->rcv_nxt - PEER_ISS) : (long)c->rcv_nxt);
		break;
	case A_SYN_ACK:
	case NEW_SYN_ACK:
		wrong_number(c, "flags of the answer", s->h.flags, TCP_SYN | TCP_ACK);
		if (answer == A_SYN_ACK)
			wrong_number(c, "seq of the SYN-ACK", s->seq, 0);
		wrong_number(c, "ack of the SYN-ACK", s->ack,
			     answer == A_SYN_ACK && c->state != SYN_SENT ? 1 : c->seq + 1);
		break;
	case RST_OF_ACK:
		wrong_number(c, "flags of the answer", s->h.flags, TCP_RST);
		wrong_number(c, "seq of the RST", s->seq, c->ack);
		break;
	case RST_WITH_ACK:
		wrong_number(c, "flags of the answer", s->h.flags, TCP_RST | TCP_ACK);
		wrong_number(c, "seq of the RST", s->h.seq, 0);
		wrong_number(c, "ack of the RST", s->ack, c->seq + len);
		break;
	}
}

static void check_state(struct cell *c, struct peer *p, enum state next)
{
	enum berth_tcp_state wanted = states[next == STAYS ? c->state : next].state, is = peer_state(p);

	if (p->listener && !pairs_find(&p->pairs, &p->pair) && (c->state == LISTEN && next == STAYS))
		is = p->listener->state;
	if (is != wanted)
		wrong(c, "the state", peer_state_name(is), peer_state_name(wanted));
	if (p->listener && p->listener->state != BERTH_TCP_LISTEN)
		wrong(c, "the listener", peer_state_name(p->listener->state), "LISTEN");
}

/* What the user has of it: bytes, and the error. A child that nobody has accepted is accepted first. */
static void check_user(struct cell *c, struct peer *p, const struct rule *r)
{
	if (!p->t && p->listener && tcp_can_accept(p->listener))
		peer_accept(p);
	if (!p->t) {
		wrong_number(c, "bytes for the user", 0, r->n_delivered);
		return;
	}
	wrong_number(c, "bytes for the user", p->t->recvq.n_bytes, r->n_delivered);
	wrong_number(c, "the user's error", peer_error(p), r->error);
	if (r->n_delivered)
		wrong_number(c, "bytes read", peer_recv(p, c->seq, 100), r->n_delivered);
}

static unsigned run_cell(enum state state, enum event event, enum position position)
{
	const struct peer_setup setup = {.receive_buffer = 8192, .window = PEER_WINDOW, .mss = 1460};
	const struct rule *r = find_rule(state, event, position);
	struct cell c = {.state = state};
	struct endpoint *e;
	struct peer p;

	snprintf(c.name, sizeof(c.name), "%s / %s / %s", states[state].name, event_names[event],
		 position_names[position]);
	if (!r) {
		print_error("%s: no rule\n", c.name);
		return 1;
	}
	peer_init(&p, &setup);
	peer_to_state(&p, states[state].state, states[state].passive);
	if (state == CLOSED) { /* a socket that is there, and yet no connection: as good as none */
		tcp_close(&p.env, p.t);
		p.t = NULL;
	}
	measure(&p, &c);
	choose_segment(&c, event, position);
	peer_in(&p, c.flags, c.seq, c.ack, c.n_payload);
	if (event == ACK_UNSENT && !p.n_out) /* as late as any ACK may be */
		peer_advance(&p, 40 * MS);
	check_state(&c, &p, r->next);
	wrong_number(&c, "segments sent", (long)p.n_out, r->answer != NOTHING);
	e = pairs_find(&p.pairs, &p.pair);
	if (p.n_out == 1) {
		if (r->answer == NOTHING)
			wrong(&c, "the answer", "a segment", answer_names[r->answer]);
		check_numbers(&c, &p, r->answer, e ? CONTAINER_OF(e, struct tcb, e) : NULL);
	}
	check_user(&c, &p, r);
	peer_deinit(&p);
	return c.n_wrong;
}

static void test_segments(void **state)
{
	unsigned n_cells = 0, n_wrong = 0;

	for (enum state s = 0; s < N_STATES; s++)
		for (enum event e = 0; e < N_EVENTS; e++)
			for (enum position at = 0; at < N_POSITIONS; at++, n_cells++)
				n_wrong += run_cell(s, e, at) != 0;
	print_message("# SEGMENT ARRIVES: %u cells ran, %u wrong\n", n_cells, n_wrong);
	assert_int_equal(n_wrong, 0);
}

/* ---- the user's calls and the timers ---- */

enum call {
	OPEN_ACTIVE,
	OPEN_PASSIVE,
	SEND,
	RECEIVE,
	CLOSE,
	ABORT,
	STATUS,
	USER_TIMEOUT,
	RETRANSMISSION_TIMEOUT,
	TIME_WAIT_TIMEOUT,
	N_CALLS
};
static const char *const call_names[N_CALLS] = {
	"OPEN (active)",          "OPEN (passive)",    "SEND", "RECEIVE", "CLOSE", "ABORT", "STATUS", "USER TIMEOUT",
	"RETRANSMISSION TIMEOUT", "TIME-WAIT TIMEOUT",
};

/* What may leave: nothing, or these flags at this place. */
struct sends {
	bool any;
	uint8_t flags;
	uint32_t seq, len;
};

struct call_rule {
	unsigned states, calls;
	long result; /* of the call; for timeouts, the pending error */
	enum state next;
	struct sends sends;
};

#define NONE                                                                                                           \
	{                                                                                                              \
		false, 0, 0, 0                                                                                         \
	}
#define SENDS(flags, seq, len)                                                                                         \
	{                                                                                                              \
		true, flags, seq, len                                                                                  \
	}
/* Connections that hold what is not acknowledged: bytes 11 to 20, then FIN. */
#define IN_FLIGHT (BIT(ESTABLISHED) | BIT(FIN_WAIT_1) | BIT(CLOSE_WAIT) | BIT(CLOSING) | BIT(LAST_ACK))
#define FIN_SENT (BIT(FIN_WAIT_1) | BIT(FIN_WAIT_2) | BIT(CLOSING) | BIT(LAST_ACK) | BIT(TIME_WAIT))

static const struct call_rule call_rules[] = {
	/* 3.10.1 OPEN */
	{BIT(CLOSED), BIT(OPEN_ACTIVE), 0, SYN_SENT, SENDS(TCP_SYN, 0, 0)},
	{BIT(CLOSED), BIT(OPEN_PASSIVE), 0, LISTEN, NONE},
	{BIT(LISTEN), BIT(OPEN_ACTIVE), BERTH_EINVAL, STAYS, NONE}, /* as POSIX has it: a listener does not connect */
	{BIT(LISTEN), BIT(OPEN_PASSIVE), 0, STAYS, NONE},           /* a new backlog */
	{BIT(SYN_SENT) | BIT(SYN_RCVD_ACTIVE), BIT(OPEN_ACTIVE), BERTH_EALREADY, STAYS, NONE},
	{ANY, BIT(OPEN_ACTIVE), BERTH_EISCONN, STAYS, NONE},
	{ANY, BIT(OPEN_PASSIVE), BERTH_EINVAL, STAYS, NONE},
	/* 3.10.2 SEND */
	{BIT(CLOSED) | BIT(LISTEN), BIT(SEND), BERTH_ENOTCONN, STAYS, NONE},
	{BIT(SYN_SENT) | BIT(SYN_RCVD_ACTIVE), BIT(SEND), BERTH_EAGAIN, STAYS, NONE},
	{BIT(ESTABLISHED) | BIT(CLOSE_WAIT), BIT(SEND), LEN, STAYS, SENDS(TCP_ACK, 21, LEN)},
	{ANY, BIT(SEND), BERTH_EPIPE, STAYS, NONE},
	/* 3.10.3 RECEIVE */
	{BIT(CLOSED) | BIT(LISTEN), BIT(RECEIVE), BERTH_ENOTCONN, STAYS, NONE},
	{FIN_TAKEN, BIT(RECEIVE), 0, STAYS, NONE},
	{ANY, BIT(RECEIVE), BERTH_EAGAIN, STAYS, NONE},
	/* 3.10.4 CLOSE; a call after which no connection remains is told by CLOSED */
	{BIT(CLOSED) | BIT(LISTEN) | BIT(SYN_SENT), BIT(CLOSE), 0, CLOSED, NONE},
	{BIT(SYN_RCVD_ACTIVE), BIT(CLOSE), 0, STAYS, NONE}, /* "queue for processing after entering ESTABLISHED" */
	{BIT(ESTABLISHED), BIT(CLOSE), 0, FIN_WAIT_1, SENDS(TCP_FIN | TCP_ACK, 21, 0)},
	{BIT(CLOSE_WAIT), BIT(CLOSE), 0, LAST_ACK, SENDS(TCP_FIN | TCP_ACK, 21, 0)},
	{FIN_SENT, BIT(CLOSE), 0, STAYS, NONE},
	/* 3.10.5 ABORT */
	{BIT(CLOSED) | BIT(LISTEN) | BIT(SYN_SENT), BIT(ABORT), 0, CLOSED, NONE},
	{BIT(SYN_RCVD_ACTIVE), BIT(ABORT), 0, CLOSED, SENDS(TCP_RST | TCP_ACK, 1, 0)},
	{BIT(ESTABLISHED) | BIT(CLOSE_WAIT), BIT(ABORT), 0, CLOSED, SENDS(TCP_RST | TCP_ACK, 21, 0)},
	{BIT(TIME_WAIT), BIT(ABORT), 0, STAYS, NONE}, /* "respond OK": TIME-WAIT stays for old segments' sake */
	{FIN_SENT, BIT(ABORT), 0, CLOSED, SENDS(TCP_RST | TCP_ACK, 22, 0)},
	/* 3.10.6 STATUS */
	{ANY, BIT(STATUS), 0, STAYS, NONE},
	/* 3.10.8 */
	{BIT(SYN_SENT), BIT(USER_TIMEOUT), BERTH_ETIMEDOUT, CLOSED, NONE},
	{BIT(SYN_RCVD_ACTIVE), BIT(USER_TIMEOUT), BERTH_ETIMEDOUT, CLOSED, SENDS(TCP_RST | TCP_ACK, 1, 0)},
	{BIT(ESTABLISHED) | BIT(CLOSE_WAIT), BIT(USER_TIMEOUT), BERTH_ETIMEDOUT, CLOSED,
	 SENDS(TCP_RST | TCP_ACK, 21, 0)},
	{IN_FLIGHT, BIT(USER_TIMEOUT), BERTH_ETIMEDOUT, CLOSED, SENDS(TCP_RST | TCP_ACK, 22, 0)},
	{ANY, BIT(USER_TIMEOUT), 0, STAYS, NONE},
	{BIT(SYN_SENT), BIT(RETRANSMISSION_TIMEOUT), 0, STAYS, SENDS(TCP_SYN, 0, 0)},
	{SYN_RCVD, BIT(RETRANSMISSION_TIMEOUT), 0, STAYS, SENDS(TCP_SYN | TCP_ACK, 0, 0)},
	{IN_FLIGHT, BIT(RETRANSMISSION_TIMEOUT), 0, STAYS, SENDS(TCP_ACK, 11, 10)},
	{ANY, BIT(RETRANSMISSION_TIMEOUT), 0, STAYS, NONE},
	{BIT(TIME_WAIT), BIT(TIME_WAIT_TIMEOUT), 0, CLOSED, NONE},
	{ANY, BIT(TIME_WAIT_TIMEOUT), 0, STAYS, NONE},
};

static const struct call_rule *find_call_rule(enum state state, enum call call)
{
	for (size_t i = 0; i < sizeof(call_rules) / sizeof(call_rules[0]); i++)
		if (call_rules[i].states & BIT(state) && call_rules[i].calls & BIT(call))
			return &call_rules[i];
	return NULL;
}

static void abort_connection(struct peer *p)
{
	const struct berth_linger linger = {.on = 1, .seconds = 0};

	assert_int_equal(tcp_setsockopt(&p->env, p->t, BERTH_SOL_SOCKET, BERTH_SO_LINGER, &linger, sizeof(linger)), 0);
	peer_close(p);
}

static long status(struct cell *c, struct peer *p)
{
	struct berth_socket_row row = {0};

	tcp_row(&p->env, p->t, &row);
	wrong_number(c, "the state of the row", row.state, states[c->state].state);
	if (BIT(c->state) & IN_FLIGHT)
		wrong_number(c, "the row's send queue", (long)row.send_queue, 10);
	wrong_number(c, "the row's receive queue", (long)row.recv_queue, 0);
	return 0;
}

static long timeout(struct peer *p, uint64_t ns)
{
	peer_advance(p, ns);
	return p->t ? p->t->error : 0;
}

/* TCP_USER_TIMEOUT of 5 s is over; a peer that opens actively sets it before. */
static long user_timeout(struct peer *p)
{
	peer_option(p, BERTH_SOL_TCP, BERTH_TCP_USER_TIMEOUT, 5000);
	for (unsigned i = 0; i < 200 && !p->t->error; i++) {
		peer_clear(p); /* what is sent again before is not looked at */
		peer_advance(p, 100 * MS);
	}
	return p->t->error;
}

static long make_call(struct cell *c, struct peer *p, enum call call)
{
	struct tcb *t = p->t;

	switch (call) {
	case OPEN_ACTIVE:
		return peer_connect(p);
	case OPEN_PASSIVE:
		return tcp_listen(&p->env, t, 3);
	case SEND:
		return peer_send(p, 21, LEN);
	case RECEIVE:
		return peer_recv(p, 11, 100);
	case CLOSE:
		peer_close(p);
		return 0;
	case ABORT:
		abort_connection(p);
		return 0;
	case STATUS:
		return status(c, p);
	case USER_TIMEOUT:
		return user_timeout(p);
	case RETRANSMISSION_TIMEOUT:
		return timeout(p, 1100 * MS);
	case TIME_WAIT_TIMEOUT:
		return timeout(p, c->state == TIME_WAIT ? 60 * S : 100 * MS);
	case N_CALLS:
		break;
	}
	return -1;
}

/* Nobody has the child of a passive open yet: only timers reach it. */
static bool applies(enum state state, enum call call)
{
	if (state == SYN_RCVD_PASSIVE)
		return call == RETRANSMISSION_TIMEOUT || call == TIME_WAIT_TIMEOUT;
	return true;
}

static unsigned run_call(enum state state, enum call call)
{
	const struct peer_setup setup = {.receive_buffer = 8192, .mss = 1460};
	const struct call_rule *r = find_call_rule(state, call);
	struct cell c = {.state = state};
	bool listens = state == LISTEN;
	struct peer p;

	snprintf(c.name, sizeof(c.name), "%s / %s", states[state].name, call_names[call]);
	if (!r) {
		print_error("%s: no rule\n", c.name);
		return 1;
	}
	peer_init(&p, &setup);
	peer_to_state(&p, states[state].state, states[state].passive);
	if (listens)
		p.t = p.listener;
	wrong_number(&c, "the result", make_call(&c, &p, call), r->result);
	if (!(listens && !p.t) && peer_state(&p) != states[r->next == STAYS ? state : r->next].state)
		wrong(&c, "the state", peer_state_name(peer_state(&p)),
		      peer_state_name(states[r->next == STAYS ? state : r->next].state));
	wrong_number(&c, "segments sent", (long)p.n_out, r->sends.any);
	if (p.n_out == 1 && r->sends.any) {
		wrong_number(&c, "flags", p.out[0].h.flags & ~TCP_PSH, r->sends.flags);
		wrong_number(&c, "seq", p.out[0].seq, r->sends.seq);
		wrong_number(&c, "len", p.out[0].len, r->sends.len);
	}
	peer_deinit(&p);
	return c.n_wrong;
}

static void test_calls_and_timers(void **state)
{
	unsigned n_cells = 0, n_wrong = 0;

	for (enum state s = 0; s < N_STATES; s++) {
		for (enum call call = 0; call < N_CALLS; call++) {
			if (!applies(s, call))
				continue;
			n_cells++;
			n_wrong += run_call(s, call) != 0;
		}
	}
	print_message("# calls and timers: %u cells ran, %u wrong\n", n_cells, n_wrong);
	assert_int_equal(n_wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_calls_and_timers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
