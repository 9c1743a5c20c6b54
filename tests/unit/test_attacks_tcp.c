/* Segments that have broken other stacks, at a host in the middle of a conversation. Rows are those of the list of
 * known attacks. The enemy says he is the conversation's other end; where a row needs it, he has seen its numbers. */
#include "siege.h"

#define NOTHING 4096 /* bytes that an attack may leave */
#define CONVERSATION_WINDOW 65535u

/* Where the conversation stands, as b last said it. */
static struct numbers {
	uint32_t snd_nxt, rcv_nxt;
	uint32_t ts_val, ts_ecr; /* the latest of a, and what it would echo */
} numbers;

static size_t off_tcp(const struct siege *s)
{
	return s->family == BERTH_IP6 ? 14 + 40 : 14 + 20;
}

static bool is_tcp(const struct siege *s, const uint8_t *frame, size_t n)
{
	if (n < off_tcp(s) + TCP_HEADER)
		return false;
	return s->family == BERTH_IP6 ? frame[12] == 0x86 && frame[14 + 6] == IP_PROTOCOL_TCP
				      : frame[12] == 8 && frame[13] == 0 && frame[14 + 9] == IP_PROTOCOL_TCP;
}

static void note_numbers(struct siege *s, const uint8_t *frame, size_t n)
{
	const uint8_t *tcp = frame + off_tcp(s);
	struct tcp_header h;
	size_t len;

	if (!is_tcp(s, frame, n))
		return;
	len = tcp_header_parse(tcp, n - off_tcp(s), &h);
	if (h.destination_port != PORT_A || h.flags & TCP_RST)
		return;
	numbers.snd_nxt = h.seq + (uint32_t)(n - off_tcp(s) - len);
	numbers.rcv_nxt = h.ack;
	numbers.ts_ecr = h.ts_val;
}

/* a's frames have its clock. */
static bool note_clock(struct cable *c, unsigned from, struct berth_frame *frame)
{
	struct siege *s = (struct siege *)c;
	struct tcp_header h;

	if (from == 0 && is_tcp(s, frame->data, frame->len) &&
	    tcp_header_parse(frame->data + off_tcp(s), frame->len - off_tcp(s), &h) && h.source_port == PORT_A)
		numbers.ts_val = h.ts_val;
	return siege_look(c, from, frame);
}

static void begin(struct siege *s, void **state)
{
	siege_init(s, family_of(state));
	s->watch = note_numbers;
	s->c.look = note_clock;
	siege_talk(s);
	siege_holds(s, NOTHING);
	s->bytes_quiet = s->heap.n_bytes;
	siege_quiet(s);
}

/* A segment that seems to be a's, with good timestamps, n_options bytes of other options (a multiple of 4) and n of
 * text.
 */
struct lie {
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window, urgent, port;
	const uint8_t *options;
	size_t n_options, n;
	bool unstamped;
	uint8_t data_offset; /* 0: the right one */
};

static void say(struct siege *s, const struct lie *l)
{
	uint8_t bytes[TCP_HEADER_MAX + 2000] = {0};
	struct foul f = {.source = siege_ip(s, A), .protocol = IP_PROTOCOL_TCP, .payload = bytes};
	size_t n_header = TCP_HEADER + (l->unstamped ? 0 : 12) + l->n_options;
	uint8_t *options = bytes + TCP_HEADER;

	put_be16(bytes, l->port ? l->port : PORT_A);
	put_be16(bytes + 2, PORT_B);
	put_be32(bytes + TCP_OFF_SEQ, l->seq);
	put_be32(bytes + TCP_OFF_ACK, l->ack);
	bytes[TCP_OFF_DATA_OFFSET] = (uint8_t)((l->data_offset ? l->data_offset : n_header / 4) << 4);
	bytes[TCP_OFF_FLAGS] = l->flags;
	put_be16(bytes + TCP_OFF_WINDOW, l->window);
	put_be16(bytes + TCP_OFF_URGENT, l->urgent);
	if (!l->unstamped)
		options = put_be32(put_be32(put_be32(options, 0x0101080a), numbers.ts_val), numbers.ts_ecr);
	if (l->n_options)
		memcpy(options, l->options, l->n_options);
	f.n = n_header + l->n;
	foul_seal(s, &f, bytes, TCP_OFF_CHECKSUM);
	siege_packet(s, &f);
}

/* What stands at a's address gets what b answers: it must not be upset by it either. */
static void answers(struct siege *s)
{
	cable_settle(&s->c);
}

/* Row 10 (URGENT/11 CVE-2019-12258): every kind of option with every length, good and bad. */
static void bad_options(void **state)
{
	struct siege s;

	begin(&s, state);
	for (unsigned kind = 0; kind < 256; kind++) {
		for (unsigned len = 0; len <= 29; len++) {
			uint8_t options[40] = {(uint8_t)kind, (uint8_t)len};

			say(&s, &(struct lie){.seq = numbers.rcv_nxt,
					      .ack = numbers.snd_nxt,
					      .flags = TCP_ACK,
					      .window = 1000,
					      .options = options,
					      .n_options = len < 4    ? 4
							   : len > 28 ? 28
								      : (len + 3) / 4 * 4});
		}
		answers(&s);
	}
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* Row 18 (AMNESIA:33 CVE-2020-24341): a data offset that is longer than the segment, or shorter than a header. */
static void data_offsets(void **state)
{
	uint8_t options[40];
	unsigned n_bad = 0;
	struct siege s;

	memset(options, 1, sizeof(options));
	begin(&s, state);
	for (uint8_t offset = 1; offset < 16; offset++) {
		for (size_t n = 0; n <= 40; n += 4) {
			say(&s, &(struct lie){.seq = numbers.rcv_nxt - 4 * (uint32_t)n, /* what text there is, is old */
					      .ack = numbers.snd_nxt,
					      .flags = TCP_ACK,
					      .window = 1000,
					      .options = options,
					      .n_options = n,
					      .unstamped = true,
					      .data_offset = offset});
			n_bad += offset < 5 || offset * 4u > TCP_HEADER + n;
		}
	}
	answers(&s);
	assert_siege_counter(&s, "ip", "bad_tcp_header", n_bad);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* Reads until there is nothing: a mark stops a read, and in line no byte is missing. */
static uint32_t read_all(struct siege *s)
{
	uint8_t got[TALK];
	uint32_t total = 0;
	long n;

	while ((n = berth_recv(s->host, s->talk[1], got, sizeof(got), 0)) > 0)
		total += (uint32_t)n;
	return total;
}

/* Row 11 (URGENT/11 CVE-2019-12255, -12261; libslirp CVE-2026-9539): urgent pointers before, in and behind the text,
 * and texts before, in and behind the window. */
static void urgent_pointers(void **state)
{
	static const uint8_t text[TALK] = {1};
	const uint32_t places[] = {0, (uint32_t)-200, (uint32_t)-100, (uint32_t)-1, 50000, 0x40000000};
	int on = 1;
	struct siege s;

	begin(&s, state);
	assert_int_equal(berth_setsockopt(s.host, s.talk[1], BERTH_SOL_SOCKET, BERTH_SO_OOBINLINE, &on, sizeof(on)), 0);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const uint16_t pointers[] = {0, 1, 99, 100, 101, 65535};

		for (size_t k = 0; k < 6; k++) {
			say(&s, &(struct lie){.seq = numbers.rcv_nxt + places[i],
					      .ack = numbers.snd_nxt,
					      .flags = TCP_ACK | TCP_URG,
					      .window = 1000,
					      .urgent = pointers[k],
					      .n = places[i] > 0x80000000 ? 100 : 0});
			answers(&s);
			read_all(&s);
		}
	}
	/* The stream is what a has sent, and no byte more or less. */
	read_all(&s);
	assert_int_equal(berth_send(s.c.host[0], s.talk[0], text, TALK, 0), TALK);
	cable_run(&s.c, s.c.now + 1 * SECOND);
	/* Six segments of the enemy's, who has seen the numbers, had 99 bytes in the window. */
	assert_int_equal(read_all(&s), TALK - 6 * 99);
	for (unsigned i = 0; i < 2; i++)
		s.c.host[i] = berth_host_free(s.c.host[i]);
	assert_int_equal(s.heap.n_blocks, 0);
}

/* Another conversation of the same two hosts, from this port of a's. b's socket. */
static int another(struct siege *s, uint16_t port)
{
	struct berth_socket_address from = {.port = port}, to = cable_at(&s->c, B, PORT_B);
	int family = s->family == BERTH_IP6 ? BERTH_IP6 : BERTH_IP4;
	int a = berth_socket(s->c.host[0], family, BERTH_STREAM);

	assert_int_equal(berth_bind(s->c.host[0], a, &from), 0);
	assert_int_equal(berth_connect(s->c.host[0], a, &to), BERTH_EINPROGRESS);
	cable_run(&s->c, s->c.now + 100 * MS);
	return a;
}

/* Row 29 (CVE-2016-5696): what one conversation has spent of its challenges, another still has. */
static void challenges_tell_nothing(void **state)
{
	uint64_t before;
	struct siege s;

	begin(&s, state);
	another(&s, PORT_A + 1);
	before = counter(s.host, "tcp_acks_challenge");
	for (unsigned i = 0; i < 1000; i++)
		say(&s, &(struct lie){.seq = i * 4000000, .flags = TCP_SYN});
	assert_int_equal(counter(s.host, "tcp_acks_challenge"), before + 1);
	say(&s, &(struct lie){.seq = 7, .flags = TCP_SYN, .port = PORT_A + 1});
	assert_int_equal(counter(s.host, "tcp_acks_challenge"), before + 2);
	/* And what is no conversation's is answered like what never was one: by a reset each, without a limit to count.
	 */
	before = counter(s.host, "tcp_resets_out");
	for (unsigned i = 0; i < 1000; i++)
		say(&s, &(struct lie){.seq = i, .ack = i, .flags = TCP_ACK, .port = 999});
	assert_int_equal(counter(s.host, "tcp_resets_out"), before + 1000);
	answers(&s);
	siege_holds(&s, 65536);
	siege_deinit(&s);
}

/* Row 30: the whole of the sequence space in steps of less than a window, by someone who cannot see the numbers. */
static void blind_guesses(void **state)
{
	static const struct {
		uint8_t flags;
		size_t n;
	} kinds[] = {{TCP_RST, 0}, {TCP_SYN, 0}, {TCP_SYN | TCP_ACK, 0}, {TCP_ACK, 1}, {TCP_FIN | TCP_ACK, 0}};
	struct siege s;

	begin(&s, state);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		for (uint64_t seq = 0; seq < UINT64_C(0x100000000); seq += CONVERSATION_WINDOW / 2) {
			uint32_t number = numbers.rcv_nxt + 17 + (uint32_t)seq;

			say(&s, &(struct lie){.seq = number,
					      .ack = numbers.snd_nxt + 0x50000000,
					      .flags = kinds[k].flags,
					      .window = 1000,
					      .n = kinds[k].n});
		}
		answers(&s);
	}
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

/* Every segment of TCP has other numbers than its sender gave it, until `user` says enough. */
static bool twist(struct cable *c, unsigned from, struct berth_frame *frame)
{
	struct siege *s = (struct siege *)c;
	uint8_t *tcp = frame->data + off_tcp(s);
	uint8_t source[16] = {0}, destination[16] = {0};
	size_t n = frame->len - off_tcp(s), len = s->family == BERTH_IP6 ? 16 : 4;
	size_t at = s->family == BERTH_IP6 ? 14 + 8 : 14 + 12;

	if (!is_tcp(s, frame->data, frame->len) || !*(bool *)c->user)
		return true;
	(void)from;
	put_be32(tcp + TCP_OFF_SEQ, get_be32(tcp + TCP_OFF_SEQ) + 0x30000000);
	put_be16(tcp + TCP_OFF_CHECKSUM, 0);
	memcpy(source, frame->data + at, len);
	memcpy(destination, frame->data + at + len, len);
	put_be16(tcp + TCP_OFF_CHECKSUM,
		 checksum_finish(checksum_add(
			 checksum_pseudo(source, destination, (unsigned)len, IP_PROTOCOL_TCP, (uint32_t)n), tcp, n)));
	return true;
}

/* Row 31: two hosts that find each other's numbers impossible do not answer each other for ever. */
static void ack_war(void **state)
{
	uint8_t text[100] = {0};
	bool twisted = true;
	unsigned before;
	struct siege s;

	begin(&s, state);
	s.c.look = twist;
	s.c.user = &twisted;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(berth_send(s.c.host[i], s.talk[i], text, 100, 0), 100);
	before = s.c.n_moved[0] + s.c.n_moved[1];
	cable_run(&s.c, s.c.now + 20 * SECOND);
	/* Retransmissions that back off, an ACK for each (their text is old news), and challenges twice a second. */
	assert_in_range(s.c.n_moved[0] + s.c.n_moved[1] - before, 10, 150);
	twisted = false;
	cable_run(&s.c, s.c.now + 60 * SECOND);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(berth_recv(s.c.host[i], s.talk[i], text, 100, 0), 100);
	s.c.look = siege_look;
	siege_deinit(&s);
}

/* Sends until there is no room. */
static void fill(struct siege *s)
{
	static const uint8_t text[65536] = {1};

	for (unsigned i = 0; i < 10000 && berth_send(s->host, s->talk[1], text, sizeof(text), 0) > 0; i++)
		cable_run(&s->c, s->c.now + 10 * MS);
	cable_run(&s->c, s->c.now + 1 * SECOND);
}

/* Row 36: a peer that never reads, and one that reads a byte in a while, hold no more than the buffers, are counted,
 * and end when the user has said so. */
static void peers_that_do_not_read(void **state)
{
	for (unsigned slow = 0; slow < 2; slow++) {
		size_t held, n_ms = sizeof(int);
		int ms = 20000;
		uint8_t byte;
		struct siege s;

		begin(&s, state);
		assert_int_equal(berth_setsockopt(s.host, s.talk[1], BERTH_SOL_TCP, BERTH_TCP_USER_TIMEOUT, &ms, n_ms),
				 0);
		fill(&s);
		held = s.heap.n_bytes;
		for (unsigned i = 0; i < 10; i++) {
			cable_run(&s.c, s.c.now + 1 * SECOND);
			if (slow)
				assert_int_equal(berth_recv(s.c.host[0], s.talk[0], &byte, 1, 0), 1);
			assert_in_range(s.heap.n_bytes, 0, held + 65536);
		}
		assert_true(counter(s.host, "tcp_zero_window_probes") > 0);
		cable_run(&s.c, s.c.now + 15 * SECOND);
		assert_int_equal(counter(s.host, "tcp_timed_out"), 1);
		assert_int_equal(berth_recv(s.host, s.talk[1], &byte, 1, 0), BERTH_ETIMEDOUT);
		/* What b held is free; what a has not read is a's user's. */
		assert_int_equal(berth_close(s.host, s.talk[1]), 0);
		assert_int_equal(berth_close(s.c.host[0], s.talk[0]), 0);
		cable_run(&s.c, s.c.now + 200 * SECOND);
		siege_bounded(&s, NOTHING);
		for (unsigned i = 0; i < 2; i++)
			s.c.host[i] = berth_host_free(s.c.host[i]);
		assert_int_equal(s.heap.n_blocks, 0);
	}
}

/* Row 37: acknowledgments of what was never sent, and windows that come and go. */
static void acks_and_windows_that_lie(void **state)
{
	static const uint32_t ahead[] = {1, 2, 1000, 65536, 0x40000000, 0x7fffffff, 0x80000000};
	uint64_t before;
	struct siege s;

	begin(&s, state);
	before = counter(s.host, "tcp_bad_ack");
	for (size_t i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++)
		say(&s,
		    &(struct lie){
			    .seq = numbers.rcv_nxt, .ack = numbers.snd_nxt + ahead[i], .flags = TCP_ACK, .window = 9});
	assert_int_equal(counter(s.host, "tcp_bad_ack"), before + sizeof(ahead) / sizeof(ahead[0]));
	for (unsigned i = 0; i < 1000; i++)
		say(&s, &(struct lie){.seq = numbers.rcv_nxt,
				      .ack = numbers.snd_nxt,
				      .flags = TCP_ACK,
				      .window = (uint16_t)(i % 3 * i)});
	answers(&s);
	siege_holds(&s, NOTHING);
	siege_deinit(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH_FAMILIES(bad_options),
		IN_BOTH_FAMILIES(urgent_pointers),
		IN_BOTH_FAMILIES(data_offsets),
		IN_BOTH_FAMILIES(challenges_tell_nothing),
		IN_BOTH_FAMILIES(blind_guesses),
		IN_BOTH_FAMILIES(ack_war),
		IN_BOTH_FAMILIES(peers_that_do_not_read),
		IN_BOTH_FAMILIES(acks_and_windows_that_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
