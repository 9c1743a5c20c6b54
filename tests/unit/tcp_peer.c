/* The peer played by hand. See tcp_peer.h. */
#include "tcp_peer.h"

#include "bytes.h"

#define OUT_MAX 65536
#define BYTES_MAX (16u << 20)

uint8_t peer_byte(uint32_t position)
{
	return (uint8_t)(position * 7 + (position >> 8) * 13 + (position >> 16) * 29);
}

static struct socket_pair make_pair(bool ip6)
{
	struct socket_pair pair = {.local_port = BERTH_PORT,
				   .foreign_port = PEER_PORT,
				   .family = ip6 ? BERTH_IP6 : BERTH_IP4,
				   .protocol = BERTH_PROTOCOL_TCP};
	static const uint8_t local[4] = {192, 168, 1, 7}, foreign[4] = {192, 168, 1, 5};

	if (ip6) {
		pair.local[0] = pair.foreign[0] = 0xfd;
		pair.local[15] = 7;
		pair.foreign[15] = 5;
	} else {
		memcpy(pair.local, local, 4);
		memcpy(pair.foreign, foreign, 4);
	}
	return pair;
}

/* The time at which the connection's first number is BERTH_ISS: its clock ticks once in 4 us. */
static void set_clock(struct peer *p)
{
	uint32_t at_zero;

	p->env.now = 0;
	at_zero = tcp_isn(&p->env, &p->pair);
	p->env.now = (uint64_t)(uint32_t)(BERTH_ISS - at_zero) * 4000;
	p->began = p->env.now;
	wheel_init(&p->env.wheel, p->env.now);
	assert_int_equal(tcp_isn(&p->env, &p->pair), BERTH_ISS);
}

/* What leaves is collected in much room, which goes from one peer to the next: tests have tens of thousands. */
static struct room {
	struct peer_segment *out;
	uint8_t *bytes;
} spare[4];
static unsigned n_spare;

static void take_room(struct peer *p)
{
	if (n_spare) {
		p->out = spare[--n_spare].out;
		p->bytes = spare[n_spare].bytes;
		return;
	}
	p->out = malloc(OUT_MAX * sizeof(*p->out));
	p->bytes = malloc(BYTES_MAX);
	assert_true(p->out && p->bytes);
}

static void give_room(struct peer *p)
{
	if (n_spare < sizeof(spare) / sizeof(spare[0])) {
		spare[n_spare++] = (struct room){p->out, p->bytes};
		return;
	}
	free(p->out);
	free(p->bytes);
}

void peer_init(struct peer *p, const struct peer_setup *setup)
{
	static const struct peer_setup plain;

	*p = (struct peer){.setup = setup ? *setup : plain, .ts_val = 0x7ffffff0, .window = 65535};
	if (p->setup.window)
		p->window = p->setup.window;
	if (!p->setup.mtu)
		p->setup.mtu = 1500;
#ifdef PEER_IP6
	/* The tests reckon with what IPv4 leaves of a packet. */
	if (!p->setup.ip6)
		p->setup.mtu += 20;
	p->setup.ip6 = true;
#endif
	heap_init(&p->heap);
	p->config = (struct berth_host_config){
		.secret = "sixteen secrets",
		.seed = 7,
		.memory = &p->heap.memory,
		.ephemeral_first = 49152,
		.ephemeral_last = 65535,
		.ttl = 64,
		.n_time_wait_max = p->setup.n_time_wait_max ? p->setup.n_time_wait_max : 100,
		.n_half_open_max = p->setup.n_half_open_max ? p->setup.n_half_open_max : 1000,
		.fast_open = p->setup.fast_open,
		.sack = !p->setup.no_sack,
		.timestamps = !p->setup.no_timestamps,
		.window_scaling = !p->setup.no_window_scaling,
		.send_buffer = p->setup.send_buffer ? p->setup.send_buffer : 262144,
		.receive_buffer = p->setup.receive_buffer ? p->setup.receive_buffer : 262144,
		.send_buffer_max = p->setup.send_buffer_max,
		.receive_buffer_max = p->setup.receive_buffer_max,
		.ecn = p->setup.ecn,
		.mtu_probing = !p->setup.no_mtu_probing,
		.ms_msl = p->setup.ms_msl ? p->setup.ms_msl : 30000,
		.rack = !p->setup.no_rack,
	};
	strcpy(p->config.congestion, p->setup.congestion ? p->setup.congestion : "reno");
	assert_int_equal(pairs_init(&p->pairs, p->config.secret, p->config.seed, p->config.ephemeral_first,
				    p->config.ephemeral_last, &p->heap.memory),
			 0);
	endpoints_init(&p->endpoints);
	budget_init(&p->budget, p->setup.memory_max ? p->setup.memory_max : 1ull << 40);
	assert_int_equal(tcp_env_init(&p->env, &p->config, &p->pairs, &p->endpoints, &p->budget, 0), 0);
	p->pair = make_pair(p->setup.ip6);
	set_clock(p);
	take_room(p);
}

void peer_deinit(struct peer *p)
{
	tcp_env_deinit(&p->env);
	assert_int_equal(p->budget.in_use, 0);
	pairs_deinit(&p->pairs);
	give_room(p);
	assert_int_equal(p->heap.n_blocks, 0);
	assert_int_equal(p->heap.n_bytes, 0);
}

/* ---- segments in ---- */

struct tcp_header peer_header(const struct peer *p, uint8_t flags, uint32_t seq, uint32_t ack)
{
	struct tcp_header h = {
		.source_port = p->pair.foreign_port,
		.destination_port = p->pair.local_port,
		.seq = PEER_ISS + seq,
		.ack = flags & TCP_ACK ? BERTH_ISS + ack : 0,
		.window = p->window,
		.flags = flags,
		.has_timestamp = p->setup.timestamps,
		.ts_val = p->ts_val,
		.ts_ecr = p->ts_ecr,
	};

	return h;
}

struct tcp_header peer_syn(const struct peer *p, uint8_t flags, uint32_t seq, uint32_t ack)
{
	struct tcp_header h = peer_header(p, flags, seq, ack);

	h.has_mss = p->setup.mss != 0;
	h.mss = p->setup.mss;
	h.has_wscale = p->setup.has_wscale;
	h.wscale = p->setup.wscale;
	h.has_sack_permitted = p->setup.sack;
	return h;
}

static struct peer_segment *next_slot(struct peer *p)
{
	assert_true(p->n_out < OUT_MAX);
	p->out[p->n_out] = (struct peer_segment){.at = p->env.now};
	return &p->out[p->n_out++];
}

static void number(struct peer_segment *s)
{
	s->seq = s->h.seq - BERTH_ISS;
	s->ack = s->h.flags & TCP_ACK ? s->h.ack - PEER_ISS : 0;
}

static void keep_reply(struct peer *p)
{
	struct peer_segment *s = next_slot(p);

	s->h = p->env.reply.header;
	s->pair = p->env.reply.pair;
	s->reply = true;
	s->tos = p->env.reply.tos;
	s->ttl = p->env.reply.ttl;
	number(s);
	p->env.reply.wanted = false;
}

static void deliver(struct peer *p, const struct tcp_header *h, struct berth_frame *frame, uint32_t off, uint32_t len)
{
	struct tcp_segment segment = {
		.pair = p->pair,
		.header = *h,
		.frame = frame,
		.off = off,
		.len = len,
		.mtu = p->setup.mtu,
		.ecn = p->ecn,
	};

	tcp_segment_in(&p->env, &segment);
	berth_frame_unref(frame);
	if (!p->burst)
		peer_pump(p);
	else if (p->env.reply.wanted)
		keep_reply(p);
}

void peer_in_header(struct peer *p, const struct tcp_header *h, uint32_t len)
{
	uint32_t head = 54; /* as if the frame had the headers of Ethernet, IPv4 and TCP before the payload */
	size_t fail_at = p->heap.fail_at;
	struct berth_frame *frame;

	p->heap.fail_at = SIZE_MAX;
	frame = berth_frame_new(&p->heap.memory, head + len);
	p->heap.fail_at = fail_at;
	assert_non_null(frame);
	memset(frame->data, 0xee, head);
	for (uint32_t i = 0; i < len; i++)
		frame->data[head + i] = peer_byte(h->seq - PEER_ISS + (h->flags & TCP_SYN ? 1 : 0) + i);
	frame->len = head + len;
	frame->segment_size = p->segment_size;
	deliver(p, h, frame, head, len);
}

void peer_in(struct peer *p, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct tcp_header h = flags & TCP_SYN ? peer_syn(p, flags, seq, ack) : peer_header(p, flags, seq, ack);

	peer_in_header(p, &h, len);
}

void peer_in_sack(struct peer *p, uint32_t seq, uint32_t ack, unsigned n, const uint32_t *edges)
{
	struct tcp_header h = peer_header(p, TCP_ACK, seq, ack);

	h.n_sacks = (uint8_t)n;
	for (unsigned i = 0; i < n; i++)
		h.sacks[i] = (struct tcp_sack_block){BERTH_ISS + edges[2 * i], BERTH_ISS + edges[2 * i + 1]};
	peer_in_header(p, &h, 0);
}

void peer_in_raw(struct peer *p, const uint8_t *segment, size_t n)
{
	struct berth_frame *frame = berth_frame_new(&p->heap.memory, n ? (uint32_t)n : 1);
	struct tcp_header h;
	size_t len_header;

	assert_non_null(frame);
	memcpy(frame->data, segment, n);
	frame->len = (uint32_t)n;
	len_header = tcp_header_parse(frame->data, n, &h);
	if (!len_header) {
		berth_frame_unref(frame); /* the host drops it here */
		return;
	}
	deliver(p, &h, frame, (uint32_t)len_header, (uint32_t)(n - len_header));
}

/* ---- segments out ---- */

static void keep(struct peer *p, const struct tcb *t, const struct berth_frame_out *out)
{
	struct peer_segment *s = next_slot(p);
	uint8_t *to = p->bytes + p->n_bytes;
	size_t len_header;

	assert_true(p->n_bytes + out->len <= BYTES_MAX);
	assert_int_equal(out->off_header, 64);
	berth_frame_gather(out, to);
	len_header = tcp_header_parse(to, out->len, &s->h);
	assert_int_equal(len_header, out->len_header);
	s->options = to + TCP_HEADER;
	s->n_options = (uint32_t)len_header - TCP_HEADER;
	s->data = to + len_header;
	s->len = out->len - (uint32_t)len_header;
	s->segment_size = out->segment_size;
	s->ecn = p->env.ecn_out;
	s->pair = t->e.pair;
	p->n_bytes += out->len;
	number(s);
}

void peer_pump(struct peer *p)
{
	struct list_node *node;

	if (p->env.reply.wanted)
		keep_reply(p);
	while (p->env.requests.due && tcp_request_output(&p->env))
		keep_reply(p);
	while ((node = list_pop_front(&p->endpoints.tx))) {
		struct tcb *t = tcp_of_endpoint(CONTAINER_OF(node, struct endpoint, tx));
		struct berth_frame_out out;

		while (tcp_output(&p->env, t, p->payload_max, &out))
			keep(p, t, &out);
	}
}

void peer_clear(struct peer *p)
{
	p->n_out = 0;
	p->n_bytes = 0;
}

void peer_advance(struct peer *p, uint64_t ns)
{
	berth_time until = p->env.now + ns, next;

	while ((next = wheel_deadline(&p->env.wheel)) <= until) {
		if (next > p->env.now)
			p->env.now = next;
		tcp_expire(&p->env);
		peer_pump(p);
	}
	p->env.now = until;
}

const struct peer_segment *peer_at(const struct peer *p, size_t i)
{
	if (i >= p->n_out)
		fail_msg("segment %zu is wanted, %zu were sent", i, p->n_out);
	return &p->out[i];
}

const struct peer_segment *peer_only(const struct peer *p)
{
	assert_int_equal(p->n_out, 1);
	return &p->out[0];
}

void peer_none(const struct peer *p)
{
	assert_int_equal(p->n_out, 0);
}

void peer_expect(const struct peer_segment *s, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	assert_int_equal(s->h.flags & ~TCP_PSH, flags);
	assert_int_equal(s->seq, seq);
	if (flags & TCP_ACK)
		assert_int_equal(s->ack, ack);
	assert_int_equal(s->len, len);
	for (uint32_t i = 0; i < len; i++)
		if (s->data[i] != peer_byte(seq + i))
			fail_msg("byte %u of the segment at %u is wrong", i, seq);
}

/* ---- the user ---- */

struct tcb *peer_socket(struct peer *p)
{
	struct tcb *t = tcp_new(&p->env, p->pair.family);

	assert_non_null(t);
	t->e.descriptor = 3;
	memcpy(t->e.pair.local, p->pair.local, 16);
	assert_int_equal(pairs_bind(&p->pairs, &t->e, p->pair.local_port), 0);
	return t;
}

void peer_listen(struct peer *p)
{
	p->listener = peer_socket(p);
	assert_int_equal(tcp_listen(&p->env, p->listener, p->setup.backlog ? p->setup.backlog : 8), 0);
}

int peer_connect(struct peer *p)
{
	int error;

	if (!p->t)
		p->t = peer_socket(p);
	memcpy(p->t->e.pair.foreign, p->pair.foreign, 16);
	p->t->e.pair.foreign_port = p->pair.foreign_port;
	error = tcp_connect(&p->env, p->t, p->setup.mtu);
	peer_pump(p);
	return error;
}

void peer_accept(struct peer *p)
{
	p->t = tcp_accept(&p->env, p->listener);
	assert_non_null(p->t);
	p->t->e.descriptor = 4;
}

long peer_send(struct peer *p, uint32_t position, uint32_t n)
{
	uint8_t *bytes = malloc(n + 1);
	struct berth_vector vector = {bytes, n};
	long done;

	for (uint32_t i = 0; i < n; i++)
		bytes[i] = peer_byte(position + i);
	done = tcp_send(&p->env, p->t, &vector, 1, 0);
	free(bytes);
	peer_pump(p);
	return done;
}

long peer_recv(struct peer *p, uint32_t position, uint32_t n_max)
{
	uint8_t *bytes = malloc(n_max + 1);
	struct berth_vector vector = {bytes, n_max};
	long done = tcp_recv(&p->env, p->t, &vector, 1, 0);

	for (long i = 0; i < done; i++)
		if (bytes[i] != peer_byte(position + (uint32_t)i))
			fail_msg("byte %ld of those read at %u is wrong", i, position);
	free(bytes);
	peer_pump(p);
	return done;
}

void peer_shutdown(struct peer *p, enum berth_shutdown how)
{
	assert_int_equal(tcp_shutdown(&p->env, p->t, how), 0);
	peer_pump(p);
}

void peer_close(struct peer *p)
{
	struct tcb *t = p->t;

	p->t = NULL;
	tcp_close(&p->env, t);
	peer_pump(p);
}

void peer_option(struct peer *p, int level, int option, int value)
{
	assert_int_equal(tcp_setsockopt(&p->env, p->t, level, option, &value, sizeof(value)), 0);
	peer_pump(p);
}

int peer_error(struct peer *p)
{
	int value = -1;
	size_t n = sizeof(value);

	assert_int_equal(tcp_getsockopt(&p->env, p->t, BERTH_SOL_SOCKET, BERTH_SO_ERROR, &value, &n), 0);
	return -value;
}

enum berth_tcp_state peer_state(const struct peer *p)
{
	struct endpoint *e = pairs_find(&p->pairs, &p->pair);

	if (e)
		return tcp_of_endpoint(e)->state;
	if (tcp_request_find(&p->env, &p->pair))
		return BERTH_TCP_SYN_RECEIVED;
	if (p->t)
		return p->t->state;
	return BERTH_TCP_CLOSED;
}

/* ---- states ---- */

const char *peer_state_name(enum berth_tcp_state state)
{
	static const char *const names[BERTH_TCP_STATE_N] = {
#define X(name, text) #name,
		BERTH_TCP_STATE_MAP(X)
#undef X
	};

	return names[state];
}

static void delay_acks(struct peer *p)
{
	if (!p->setup.quick_acks)
		peer_option(p, BERTH_SOL_TCP, BERTH_TCP_QUICKACK, 0);
}

void peer_establish_active(struct peer *p)
{
	assert_int_equal(peer_connect(p), 0);
	p->ts_ecr = peer_only(p)->h.ts_val;
	peer_clear(p);
	peer_in(p, TCP_SYN | TCP_ACK, 0, 1, 0);
	peer_expect(peer_only(p), TCP_ACK, 1, 1, 0);
	assert_int_equal(peer_state(p), BERTH_TCP_ESTABLISHED);
	delay_acks(p);
	peer_clear(p);
}

void peer_establish_passive(struct peer *p)
{
	if (!p->listener)
		peer_listen(p);
	peer_in(p, TCP_SYN, 0, 0, 0);
	peer_expect(peer_only(p), TCP_SYN | TCP_ACK, 0, 1, 0);
	p->ts_ecr = peer_only(p)->h.ts_val;
	peer_clear(p);
	peer_in(p, TCP_ACK, 1, 1, 0);
	peer_none(p);
	peer_accept(p);
	assert_int_equal(peer_state(p), BERTH_TCP_ESTABLISHED);
	delay_acks(p);
}

static void open_to(struct peer *p, enum berth_tcp_state state, bool passive)
{
	if (state == BERTH_TCP_CLOSED) {
		p->t = peer_socket(p);
	} else if (state == BERTH_TCP_LISTEN) {
		peer_listen(p);
	} else if (state == BERTH_TCP_SYN_SENT) {
		assert_int_equal(peer_connect(p), 0);
	} else if (passive) {
		peer_listen(p);
		peer_in(p, TCP_SYN, 0, 0, 0);
	} else {
		assert_int_equal(peer_connect(p), 0);
		peer_in(p, TCP_SYN, 0, 0, 0);
	}
}

/* Ten bytes have come and were read; twenty went out, of which ten are acknowledged. */
static void exchange(struct peer *p, bool passive)
{
	if (passive)
		peer_establish_passive(p);
	else
		peer_establish_active(p);
	peer_option(p, BERTH_SOL_TCP, BERTH_TCP_NODELAY, 1);
	assert_int_equal(peer_send(p, 1, 10), 10);
	assert_int_equal(peer_send(p, 11, 10), 10);
	peer_in(p, TCP_ACK, 1, 11, 10);
	assert_int_equal(peer_recv(p, 1, 100), 10);
	peer_advance(p, 50 * MS); /* the delayed acknowledgment has left */
}

/* Our FIN is at 21, the peer's at 11. */
static void close_to(struct peer *p, enum berth_tcp_state state)
{
	bool first = state == BERTH_TCP_FIN_WAIT_1 || state == BERTH_TCP_FIN_WAIT_2 || state == BERTH_TCP_CLOSING ||
		     state == BERTH_TCP_TIME_WAIT;

	if (first)
		peer_shutdown(p, BERTH_SHUT_WR);
	if (state == BERTH_TCP_FIN_WAIT_2 || state == BERTH_TCP_TIME_WAIT)
		peer_in(p, TCP_ACK, 11, 22, 0);
	if (state == BERTH_TCP_TIME_WAIT)
		peer_in(p, TCP_FIN | TCP_ACK, 11, 22, 0);
	if (state == BERTH_TCP_CLOSING || state == BERTH_TCP_CLOSE_WAIT || state == BERTH_TCP_LAST_ACK)
		peer_in(p, TCP_FIN | TCP_ACK, 11, 11, 0);
	if (state == BERTH_TCP_LAST_ACK)
		peer_shutdown(p, BERTH_SHUT_WR);
}

void peer_to_state(struct peer *p, enum berth_tcp_state state, bool passive)
{
	if (state <= BERTH_TCP_SYN_RECEIVED) {
		open_to(p, state, passive);
	} else {
		exchange(p, passive);
		close_to(p, state);
	}
	if (state == BERTH_TCP_LISTEN)
		assert_int_equal(p->listener->state, state);
	else
		assert_int_equal(peer_state(p), state);
	peer_clear(p);
}
