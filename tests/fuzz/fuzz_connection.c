/* A connection in any of its states, and a peer that says whatever the input makes it say.
 *
 * The first byte chooses the state, which is reached by segments and calls as they are meant; the second what was
 * negotiated, the next two how the host is configured. What follows is a little program: segments with numbers near
 * those that count, alone or joined by the link, options of all kinds, marks of routers, ICMP errors about what was
 * sent, other peers' SYNs, time, the user's calls, and allocations that fail. Both streams have a content that follows
 * from the position, so that after everything the host has only sent, and the user has only read, what belongs there.
 * After each step the invariants of the simulation hold; at the end not one byte is allocated. */
#include "fuzz.h"

#include <berth/berth.h>

#include "../sim/invariants.h"
#include "../unit/heap.h"
#include "calls.h"
#include "host_frames.h"
#include "icmp.h"
#include "socket_private.h"

#define MS UINT64_C(1000000)
#define HOST_PORT 80
#define PEER_PORT 1099
#define PEER_ISS 0xffffff00u
#define ETHERNET 14 /* what packet_emit writes before the IP header */
#define DATA_MAX 1400
#define ROUNDS_MAX 20000
#define ISS_MAX 8

/* What the second byte says. */
enum {
	WITH_IP6 = 0x01,
	WITH_SACK = 0x02,
	WITH_TIMESTAMPS = 0x04,
	WITH_WSCALE = 0x08,
	WITH_SMALL_MSS = 0x10,
	WITH_SMALL_BUFFERS = 0x20,
	WITH_PASSIVE = 0x40, /* the peer opens */
	WITH_ECN = 0x80,
};

/* What the third byte says of the host. */
enum {
	HOST_COUNTS = 0x01, /* no RACK */
	HOST_WITHOUT_SACK = 0x02,
	HOST_WITHOUT_TIMESTAMPS = 0x04,
	HOST_WITHOUT_WSCALE = 0x08,
	HOST_COOKIES = 0x10, /* one handshake is remembered, and another peer has begun it */
	HOST_SHORT = 0x20,   /* the memory for queues is as little as can be */
	HOST_ECN = 0x40,     /* it asks for it, too */
	HOST_MTU_DARK = 0x80 /* no probing */
};

/* What the fourth says; the lowest two bits: the congestion control. */
enum {
	HOST_FAST_OPEN = 0x04, /* listeners take data on SYNs without a cookie */
	HOST_SEGMENT = 0x08,   /* the link takes large segments, and does checksums */
	HOST_SMALL_MAX = 0x10, /* buffers do not grow */
};

struct world {
	struct heap heap;
	struct berth_host *host;
	struct input in;
	struct invariants past;
	berth_time now;
	uint8_t options;             /* WITH_... */
	uint8_t config, more_config; /* HOST_... */
	uint8_t ecn;                 /* of the next segment in */
	uint16_t joined;             /* its segment_size */
	int descriptor, listener;
	/* The peer's side: what it sends next, what it has, the last segment's numbers. */
	uint32_t seq, ack, ts_host;
	uint32_t iss_host[ISS_MAX]; /* the host's first numbers, as it has said them last */
	unsigned n_iss;
	uint64_t written;
	uint8_t last[FRAME_MAX]; /* the IP packet that the host sent last */
	size_t n_last;
};

/* The byte at a position of a stream, 0 the first. */
static uint8_t content(uint32_t key, uint32_t at)
{
	return (uint8_t)((at + key) * 2654435761u >> 24);
}

static bool with(const struct world *w, uint8_t option)
{
	return w->options & option;
}

/* ---- out of the host ---- */

static bool content_begins_at(uint32_t iss, uint32_t seq, const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (data[i] != content(1, seq - iss - 1 + (uint32_t)i))
			return false;
	return true;
}

/* Of several answers to SYNs (cookies) the peer may have gone on with any. */
static void check_content(const struct world *w, uint32_t seq, const uint8_t *data, size_t n)
{
	bool good = !w->n_iss;

	for (unsigned i = 0; i < w->n_iss && i < ISS_MAX && !good; i++)
		good = content_begins_at(w->iss_host[i], seq, data, n);
	CHECK(good);
}

static void hear(struct world *w, const uint8_t *ip, size_t n)
{
	size_t len = ip[0] >> 4 == 6 ? IP6_HEADER : IP4_HEADER, header;
	struct tcp_header h;

	w->n_last = n < sizeof(w->last) ? n : sizeof(w->last);
	memcpy(w->last, ip, w->n_last);
	if ((ip[0] >> 4 == 6 ? ip[6] : ip[9]) != IP_PROTOCOL_TCP)
		return;
	header = tcp_header_parse(ip + len, n - len, &h);
	CHECK(header);
	if (h.source_port != HOST_PORT || h.destination_port != PEER_PORT || h.flags & TCP_RST)
		return;
	if (h.flags & TCP_SYN)
		w->iss_host[w->n_iss++ % ISS_MAX] = h.seq;
	check_content(w, h.seq + !!(h.flags & TCP_SYN), ip + len + header, n - len - header);
	if (h.has_timestamp)
		w->ts_host = h.ts_val;
	h.seq += (uint32_t)(n - len - header) + !!(h.flags & TCP_SYN) + !!(h.flags & TCP_FIN);
	if ((int32_t)(h.seq - w->ack) > 0 || h.flags & TCP_SYN)
		w->ack = h.seq;
}

static void flush(struct world *w)
{
	struct berth_frame_out out[8];
	struct berth_event event;
	uint8_t bytes[70000];
	unsigned n, rounds = 0;
	const char *what;

	do {
		n = berth_host_frames_out(w->host, w->now, out, 8);
		for (unsigned i = 0; i < n; i++) {
			berth_frame_gather(&out[i], bytes);
			hear(w, bytes, out[i].len);
		}
		CHECK(++rounds < ROUNDS_MAX);
	} while (n == 8);
	while (berth_host_next_event(w->host, &event))
		;
	what = invariants_check(&w->past, w->host, NULL);
	if (what)
		fprintf(stderr, "%s\n", what);
	CHECK(!what);
}

/* ---- into the host ---- */

static void packet_in(struct world *w, const struct packet *p)
{
	uint8_t bytes[FRAME_MAX];
	size_t n = packet_emit(p, bytes) - ETHERNET;
	struct berth_frame *frame = berth_frame_new(&w->heap.memory, (uint32_t)n);

	if (!frame) /* as a link has it that finds no memory */
		return;
	memcpy(frame->data, bytes + ETHERNET, n);
	frame->len = (uint32_t)n;
	if (p->protocol == IP_PROTOCOL_TCP && w->joined) {
		frame->segment_size = w->joined;
		frame->checksum = BERTH_CHECKSUM_VALID;
	}
	w->joined = 0;
	berth_host_frame_in(w->host, 1, frame, w->now);
}

/* n bytes of the peer's stream follow the header, from its sequence number on. */
static void segment_in(struct world *w, const struct tcp_header *h, const uint8_t *options, size_t n_options, size_t n)
{
	uint8_t tcp[TRANSPORT_MAX] = {0};
	struct packet packet = {.ends = ends_of(with(w, WITH_IP6)), .protocol = IP_PROTOCOL_TCP, .transport = tcp};
	size_t len = (size_t)(tcp_header_emit(h, tcp) - tcp);
	uint32_t first = h->seq + !!(h->flags & TCP_SYN) - PEER_ISS - 1;

	if (n_options) {
		len = TCP_HEADER + n_options;
		memcpy(tcp + TCP_HEADER, options, n_options);
		tcp[TCP_OFF_DATA_OFFSET] = (uint8_t)(len / 4 << 4);
	}
	for (size_t i = 0; i < n; i++)
		tcp[len + i] = content(2, first + (uint32_t)i);
	put_be16(tcp + TCP_OFF_URGENT, h->urgent);
	packet.n = len + n;
	packet.tos = w->ecn;
	w->ecn = with(w, WITH_ECN) ? 2 : 0;
	w->joined = n > w->joined ? w->joined : 0;
	packet_seal(&packet, TCP_OFF_CHECKSUM);
	packet_in(w, &packet);
}

static struct tcp_header header(const struct world *w, uint8_t flags)
{
	return (struct tcp_header){
		.source_port = PEER_PORT,
		.destination_port = HOST_PORT,
		.seq = w->seq,
		.ack = flags & TCP_ACK ? w->ack : 0,
		.flags = flags,
		.window = 0xffff,
		.has_timestamp = with(w, WITH_TIMESTAMPS),
		.ts_val = (uint32_t)(w->now / MS),
		.ts_ecr = flags & TCP_ACK ? w->ts_host : 0,
	};
}

/* As a peer that means well says it. */
static void say(struct world *w, uint8_t flags)
{
	struct tcp_header h = header(w, flags);

	if (flags & TCP_SYN) {
		h.has_mss = true;
		h.mss = with(w, WITH_SMALL_MSS) ? 100 : 1400;
		h.has_sack_permitted = with(w, WITH_SACK);
		h.has_wscale = with(w, WITH_WSCALE);
		h.wscale = 7;
		if (with(w, WITH_ECN))
			h.flags |= flags & TCP_ACK ? TCP_ECE : TCP_ECE | TCP_CWR;
	}
	segment_in(w, &h, NULL, 0, 0);
	w->seq += !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
	flush(w);
}

/* Another peer, on a port of its own, asks for a connection and then says no more. */
static void others_syn(struct world *w, uint8_t which)
{
	uint8_t tcp[TCP_HEADER] = {0};
	struct packet packet = {.ends = ends_of(with(w, WITH_IP6)), .protocol = IP_PROTOCOL_TCP, .transport = tcp};
	struct tcp_header h = {.source_port = (uint16_t)(PEER_PORT + 1 + which),
			       .destination_port = HOST_PORT,
			       .seq = which * 1000u,
			       .flags = TCP_SYN,
			       .window = 1000};

	packet.n = (size_t)(tcp_header_emit(&h, tcp) - tcp);
	packet_seal(&packet, TCP_OFF_CHECKSUM);
	packet_in(w, &packet);
}

/* A block near what the host has in flight, or anywhere. */
static struct tcp_sack_block block(struct world *w)
{
	uint8_t from = take(&w->in), n = take(&w->in);
	uint32_t left = w->ack - from * (n & 0x80 ? 100u : 1400u);

	return (struct tcp_sack_block){left, left + (n & 0x7f) * (n & 0x40 ? 1u : 1400u)};
}

static void any_segment(struct world *w)
{
	uint8_t flags = take(&w->in), bits = take(&w->in), kind = take(&w->in);
	int8_t d_seq = (int8_t)take(&w->in), d_ack = (int8_t)take(&w->in);
	struct tcp_header h = header(w, flags);
	size_t n_options = 0, n = bits & 3 ? (bits & 3u) * take(&w->in) : 0;
	const uint8_t *options = NULL;

	n = n < DATA_MAX ? n : DATA_MAX;
	if (bits & 128) {
		uint8_t link = take(&w->in);

		w->ecn = link & 3;
		w->joined = (uint16_t)((link >> 2) * 9);
	}
	h.seq += (uint32_t)(d_seq * (bits & 4 ? 1400 : 1));
	h.ack += (uint32_t)(d_ack * (bits & 8 ? 1400 : 1));
	h.urgent = bits & 16 ? (uint16_t)(take(&w->in) * 257) : 0;
	if (bits & 32)
		h.window = (uint16_t)(take(&w->in) * 4);
	if (kind & 1)
		h.has_timestamp = !h.has_timestamp;
	if (kind & 2)
		h.ts_val += (uint32_t)((int8_t)take(&w->in) * 100);
	if (kind & 4)
		h.ts_ecr -= take(&w->in);
	h.n_sacks = kind >> 3 & 3;
	for (unsigned i = 0; i < h.n_sacks; i++)
		h.sacks[i] = block(w);
	if (kind & 32) {
		n_options = take(&w->in) % 11 * 4u;
		options = take_bytes(&w->in, &n_options);
		n_options &= ~(size_t)3;
	}
	segment_in(w, &h, options, n_options, n);
	/* What follows goes on behind it. */
	if (!(bits & 64) && !d_seq)
		w->seq += (uint32_t)n + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
}

static void icmp_error(struct world *w)
{
	uint8_t icmp[TRANSPORT_MAX] = {0};
	bool ip6 = w->n_last && w->last[0] >> 4 == 6;
	struct packet packet = {.ends = ends_of(ip6), .transport = icmp};
	uint8_t type = take(&w->in), code = take(&w->in), mtu = take(&w->in);
	size_t n = w->n_last < 60 ? w->n_last : 60;

	packet.protocol = ip6 ? IP_PROTOCOL_ICMP6 : IP_PROTOCOL_ICMP4;
	packet.n = n + 8;
	icmp[0] = ip6 ? 1 + type % 4 : (uint8_t[]){3, 3, 4, 11, 12}[type % 5];
	icmp[1] = code % 16;
	put_be16(icmp + 6, (uint16_t)(mtu * 8));
	memcpy(icmp + 8, w->last, n);
	packet_seal(&packet, 2);
	packet_in(w, &packet);
}

/* ---- the user ---- */

static const struct tcb *connection_of(const struct world *w)
{
	struct endpoint *e = socket_endpoint(w->host, w->descriptor);

	return e ? tcp_of_endpoint(e) : NULL;
}

static struct berth_socket_address at(const struct world *w, uint8_t last, uint16_t port)
{
	struct berth_address ip6 = {.family = BERTH_IP6, .bytes = {0xfd, [15] = last}};

	return (struct berth_socket_address){with(w, WITH_IP6) ? ip6 : berth_ip4(192, 168, 1, last), port};
}

static void user_sends(struct world *w, size_t n, unsigned flags)
{
	struct berth_socket_address peer = at(w, 5, PEER_PORT);
	uint8_t data[20000];
	long taken;

	for (size_t i = 0; i < n; i++)
		data[i] = content(1, (uint32_t)(w->written + i));
	taken = berth_sendto(w->host, w->descriptor, data, n, flags, &peer);
	if (taken > 0)
		w->written += (uint64_t)taken;
}

/* The number of the next byte that the user reads. */
static tcp_seq read_at(const struct tcb *t)
{
	return t->rcv_nxt - t->rcv_fin - t->recvq.n_bytes;
}

static void user_reads(struct world *w, size_t n, unsigned flags)
{
	uint8_t data[20000];
	const struct tcb *t = connection_of(w);
	/* Without SO_OOBINLINE the urgent byte is stepped over. */
	bool steps = t && tcp_at_mark(t) && !t->oob_inline;
	long taken = berth_recv(w->host, w->descriptor, data, n, flags);
	tcp_seq first;

	if (taken <= 0 || flags & (BERTH_MSG_TRUNC | BERTH_MSG_ERRQUEUE))
		return;
	CHECK(t && (size_t)taken <= n);
	if (flags & BERTH_MSG_OOB)
		first = t->urgent.rcv_up - 1;
	else
		first = flags & BERTH_MSG_PEEK ? read_at(t) + steps : read_at(t) - (uint64_t)taken;
	for (long i = 0; i < taken; i++)
		CHECK(data[i] == content(2, (uint32_t)first - PEER_ISS - 1 + (uint32_t)i));
}

static void user_sets(struct world *w)
{
	static const struct {
		int level, number;
	} options[] = {
		{BERTH_SOL_TCP, BERTH_TCP_NODELAY},     {BERTH_SOL_TCP, BERTH_TCP_CORK},
		{BERTH_SOL_TCP, BERTH_TCP_QUICKACK},    {BERTH_SOL_TCP, BERTH_TCP_MAXSEG},
		{BERTH_SOL_TCP, BERTH_TCP_KEEPIDLE},    {BERTH_SOL_TCP, BERTH_TCP_USER_TIMEOUT},
		{BERTH_SOL_SOCKET, BERTH_SO_KEEPALIVE}, {BERTH_SOL_SOCKET, BERTH_SO_SNDBUF},
		{BERTH_SOL_SOCKET, BERTH_SO_RCVBUF},    {BERTH_SOL_TCP, BERTH_TCP_KEEPINTVL},
	};
	uint8_t which = take(&w->in);
	int value = take(&w->in) * (which & 0x80 ? 100 : 1);
	size_t i = which % (sizeof(options) / sizeof(options[0]));
	static const char *const controls[] = {"cubic", "reno", "bbr"};

	if (which == 0x7f)
		berth_setsockopt(w->host, w->descriptor, BERTH_SOL_TCP, BERTH_TCP_CONGESTION, controls[value % 3],
				 strlen(controls[value % 3]));
	else
		berth_setsockopt(w->host, w->descriptor, options[i].level, options[i].number, &value, sizeof(value));
}

static void user_closes(struct world *w, uint8_t how)
{
	struct berth_linger linger = {.on = how & 1};

	if (how & 2)
		berth_setsockopt(w->host, w->descriptor, BERTH_SOL_SOCKET, BERTH_SO_LINGER, &linger, sizeof(linger));
	berth_close(w->host, w->descriptor);
	w->descriptor = -1;
}

static void user_accepts(struct world *w)
{
	w->descriptor = berth_accept(w->host, w->listener, NULL);
	w->written = 0;
}

static void user(struct world *w)
{
	uint8_t what = take(&w->in), operand = take(&w->in);
	unsigned flags = what & 0x40 ? call_flags(take(&w->in)) : 0;

	if (w->descriptor < 0 && w->listener >= 0)
		user_accepts(w);
	switch (what % 6) {
	case 0:
		user_sends(w, operand * (what & 0x80 ? 78u : 1u), flags);
		break;
	case 1:
		user_reads(w, operand * (what & 0x80 ? 78u : 1u), flags);
		break;
	case 2:
		berth_shutdown(w->host, w->descriptor, operand % 3);
		break;
	case 3:
		user_sets(w);
		break;
	case 4:
		if (operand & 0x10)
			user_closes(w, operand);
		break;
	case 5:
		if (operand == 1 && w->listener >= 0) {
			berth_close(w->host, w->listener);
			w->listener = -1;
		}
		break;
	}
}

/* ---- the way to each state ---- */

/* A socket that has its address and no peer. */
static void open_socket(struct world *w)
{
	struct berth_socket_address local = at(w, 7, HOST_PORT);

	w->descriptor = berth_socket(w->host, local.address.family, BERTH_STREAM);
	w->written = 0;
	if (w->descriptor >= 0 && berth_bind(w->host, w->descriptor, &local)) {
		berth_close(w->host, w->descriptor);
		w->descriptor = -1;
	}
}

static void open_actively(struct world *w, bool simultaneous)
{
	struct berth_socket_address peer = at(w, 5, PEER_PORT);

	open_socket(w);
	CHECK(berth_connect(w->host, w->descriptor, &peer) == BERTH_EINPROGRESS);
	flush(w);
	if (simultaneous)
		say(w, TCP_SYN);
}

static void listen_there(struct world *w)
{
	struct berth_socket_address local = at(w, 7, HOST_PORT);

	w->listener = berth_socket(w->host, local.address.family, BERTH_STREAM);
	CHECK(!berth_bind(w->host, w->listener, &local));
	CHECK(!berth_listen(w->host, w->listener, 4));
	if (w->more_config & HOST_FAST_OPEN) {
		berth_setsockopt(w->host, w->listener, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN, &(int){2}, sizeof(int));
		berth_setsockopt(w->host, w->listener, BERTH_SOL_TCP, BERTH_TCP_FASTOPEN_NO_COOKIE, &(int){1},
				 sizeof(int));
	}
	if (w->config & HOST_COOKIES)
		others_syn(w, 1);
}

static void establish(struct world *w)
{
	if (with(w, WITH_PASSIVE)) {
		listen_there(w);
		say(w, TCP_SYN);
		say(w, TCP_ACK);
		w->descriptor = berth_accept(w->host, w->listener, NULL);
	} else {
		open_actively(w, false);
		say(w, TCP_SYN | TCP_ACK);
	}
	CHECK(w->descriptor >= 0);
}

static void to_synchronised(struct world *w, enum berth_tcp_state state)
{
	bool active_end = state == BERTH_TCP_FIN_WAIT_1 || state == BERTH_TCP_FIN_WAIT_2 ||
			  state == BERTH_TCP_CLOSING || state == BERTH_TCP_TIME_WAIT;

	establish(w);
	if (active_end)
		berth_shutdown(w->host, w->descriptor, BERTH_SHUT_WR);
	if (state == BERTH_TCP_CLOSING) /* the peer has not seen our FIN */
		say(w, TCP_FIN | TCP_ACK);
	flush(w);
	if (state == BERTH_TCP_FIN_WAIT_2 || state == BERTH_TCP_TIME_WAIT)
		say(w, TCP_ACK);
	if (state == BERTH_TCP_CLOSE_WAIT || state == BERTH_TCP_LAST_ACK || state == BERTH_TCP_TIME_WAIT)
		say(w, TCP_FIN | TCP_ACK);
	if (state == BERTH_TCP_LAST_ACK)
		berth_shutdown(w->host, w->descriptor, BERTH_SHUT_WR);
	flush(w);
}

static void to_state(struct world *w, enum berth_tcp_state state)
{
	switch (state) {
	case BERTH_TCP_CLOSED:
		open_socket(w);
		break;
	case BERTH_TCP_STATE_N:
		break;
	case BERTH_TCP_LISTEN:
		listen_there(w);
		break;
	case BERTH_TCP_SYN_SENT:
		open_actively(w, false);
		break;
	case BERTH_TCP_SYN_RECEIVED:
		if (with(w, WITH_PASSIVE)) {
			listen_there(w);
			say(w, TCP_SYN);
		} else {
			open_actively(w, true);
		}
		break;
	case BERTH_TCP_ESTABLISHED:
	case BERTH_TCP_FIN_WAIT_1:
	case BERTH_TCP_FIN_WAIT_2:
	case BERTH_TCP_CLOSE_WAIT:
	case BERTH_TCP_CLOSING:
	case BERTH_TCP_LAST_ACK:
	case BERTH_TCP_TIME_WAIT:
		to_synchronised(w, state);
		break;
	}
}

/* ---- the whole ---- */

static void configure(const struct world *w, struct berth_host_config *config)
{
	static const char *const controls[] = {"cubic", "reno", "bbr", "cubic"};

	config->rack = !(w->config & HOST_COUNTS);
	config->sack = !(w->config & HOST_WITHOUT_SACK);
	config->timestamps = !(w->config & HOST_WITHOUT_TIMESTAMPS);
	config->window_scaling = !(w->config & HOST_WITHOUT_WSCALE);
	if (w->config & HOST_COOKIES)
		config->n_half_open_max = 1;
	if (w->config & HOST_SHORT)
		config->memory_max = 65536;
	if (w->config & HOST_ECN)
		config->ecn = BERTH_ECN_ON;
	config->mtu_probing = !(w->config & HOST_MTU_DARK);
	memcpy(config->congestion, controls[w->more_config & 3], strlen(controls[w->more_config & 3]) + 1);
	if (w->more_config & HOST_FAST_OPEN)
		config->fast_open = BERTH_FAST_OPEN_CLIENT | BERTH_FAST_OPEN_SERVER;
	if (w->more_config & HOST_SMALL_MAX)
		config->send_buffer_max = config->receive_buffer_max = 20000;
}

static void make_host(struct world *w)
{
	struct berth_address address = at(w, 7, 0).address;
	struct berth_interface_config interface;
	struct berth_host_config config;

	berth_host_config_default(&config);
	config.memory = &w->heap.memory;
	if (with(w, WITH_SMALL_BUFFERS))
		config.send_buffer = config.receive_buffer = 5000;
	configure(w, &config);
	CHECK(!berth_host_new(&config, &w->host));
	berth_interface_config_default(&interface);
	if (w->more_config & HOST_SEGMENT)
		interface.capabilities = BERTH_LINK_SEGMENT | BERTH_LINK_CHECKSUM;
	memcpy(interface.name, "ip0", 4);
	interface.ethernet = false;
	interface.ms_dad = 0;
	CHECK(berth_host_interface_add(w->host, &interface) == 1);
	CHECK(!berth_host_address_add(w->host, 1, &address, with(w, WITH_IP6) ? 64 : 24));
}

/* What happens seldom. */
static void seldom(struct world *w)
{
	uint8_t what = take(&w->in), operand = take(&w->in);
	struct berth_socket_address peer = at(w, 5, PEER_PORT);

	switch (what % 8) {
	case 0: /* an allocation fails */
		w->heap.fail_at = operand % 64;
		break;
	case 1:
		call_setsockopt(w->host, what & 0x80 && w->listener >= 0 ? w->listener : w->descriptor, &w->in);
		break;
	case 2:
		call_getsockopt(w->host, w->descriptor, &w->in);
		break;
	case 3:
		call_asks(w->host, w->descriptor);
		break;
	case 4:
		call_recvmsg(w->host, w->descriptor, &w->in);
		break;
	case 5:
		for (unsigned i = 0; i < (operand & 7u); i++)
			others_syn(w, (uint8_t)i);
		break;
	case 6:
		if (w->descriptor < 0)
			open_socket(w);
		else
			berth_connect(w->host, w->descriptor, &peer);
		break;
	case 7: { /* in order, joined by the link */
		struct tcp_header h = header(w, TCP_ACK);
		size_t n = operand * 8u < 2000 ? operand * 8u : 2000;

		w->joined = (uint16_t)(take(&w->in) * 8);
		w->ecn = what >> 6;
		segment_in(w, &h, NULL, 0, n);
		w->seq += (uint32_t)n;
		break;
	}
	}
}

static void step(struct world *w)
{
	uint8_t what = take(&w->in);

	switch (what % 8) {
	case 0:
	case 1:
	case 2:
		any_segment(w);
		break;
	case 3:
		say(w, TCP_ACK);
		break;
	case 4:
		user(w);
		break;
	case 5:
		if (what & 0x40)
			seldom(w);
		else
			user(w);
		break;
	case 6:
		w->now += UINT64_C(1) << (what >> 3) % 32 << 8;
		berth_host_expire(w->host, w->now);
		break;
	case 7:
		icmp_error(w);
		break;
	}
	/* Now and then several things come before the host may speak. */
	if (!(what & 0x80) || what % 8 > 2)
		flush(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct world w;

	w = (struct world){.in = {data, n}, .now = 1000000 * MS, .descriptor = -1, .listener = -1, .seq = PEER_ISS};
	heap_init(&w.heap);
	uint8_t state = take(&w.in) % BERTH_TCP_STATE_N;
	w.options = take(&w.in);
	w.config = take(&w.in);
	w.more_config = take(&w.in);
	w.ecn = with(&w, WITH_ECN) ? 2 : 0;
	make_host(&w);
	flush(&w);
	to_state(&w, state);
	while (w.in.n)
		step(&w);
	flush(&w);
	berth_host_free(w.host);
	CHECK(w.heap.n_bytes == 0);
	return 0;
}
