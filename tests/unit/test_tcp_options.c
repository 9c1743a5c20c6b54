/* Timestamps and PAWS (RFC 7323), malformed options, and what a socket's options do. */
#include <berth/error.h>

#include "bytes.h"
#include "tcp_peer.h"

static const struct peer_setup full = {.mss = 1460, .has_wscale = true, .wscale = 7, .sack = true, .timestamps = true};

static void begin(struct peer *p)
{
	peer_init(p, &full);
	peer_establish_active(p);
	peer_option(p, BERTH_SOL_TCP, BERTH_TCP_QUICKACK, 1);
}

/* RFC 7323 section 4.2: milliseconds here, and each connection begins elsewhere. */
static void test_clock(void **state)
{
	uint32_t first;
	struct peer p;

	begin(&p);
	peer_send(&p, 1, 10);
	first = peer_only(&p)->h.ts_val;
	for (uint32_t i = 1; i < 20; i++) {
		peer_advance(&p, 7 * MS);
		peer_clear(&p);
		peer_in(&p, TCP_ACK, 1, 1 + i * 10, 0);
		peer_send(&p, 1 + i * 10, 10);
		assert_in_range(p.out[p.n_out - 1].h.ts_val - first, 7 * i - 1, 7 * i + 1);
	}
	peer_deinit(&p);
}

/* Section 3.2: a reset has the option too, so that a peer may see that it is no old one. */
static void test_reset(void **state)
{
	uint32_t clock;
	struct peer p;

	peer_init(&p, &full);
	peer_establish_active(&p);
	p.ts_val += 5;
	peer_in(&p, TCP_ACK, 1, 1, 100);
	peer_clear(&p);
	peer_advance(&p, 10 * MS);
	peer_clear(&p);
	clock = tcp_timestamp(&p.env, p.t);
	peer_close(&p); /* with 100 bytes unread */
	peer_expect(peer_only(&p), TCP_RST | TCP_ACK, 1, 101, 0);
	assert_true(p.out[0].h.has_timestamp);
	assert_int_equal(p.out[0].h.ts_ecr, p.ts_val);
	assert_int_equal(p.out[0].h.ts_val, clock);
	peer_deinit(&p);
}

/* Section 4.3: the echo is of the segment that the last ACK was for: not of later ones while an ACK is delayed, nor of
 * those ahead of a gap; of the one that fills the gap. */
static void test_echo(void **state)
{
	uint32_t base;
	struct peer p;

	peer_init(&p, &full);
	peer_establish_active(&p);
	base = p.ts_val;
	p.ts_val = base + 1;
	peer_in(&p, TCP_ACK, 1, 1, 100); /* delayed */
	p.ts_val = base + 2;
	peer_in(&p, TCP_ACK, 101, 1, 100);
	peer_advance(&p, 50 * MS);
	peer_expect(peer_only(&p), TCP_ACK, 1, 201, 0);
	assert_int_equal(p.out[0].h.ts_ecr, base + 1);
	p.ts_val = base + 3;
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 301, 1, 100); /* ahead of a gap */
	assert_int_equal(peer_only(&p)->h.ts_ecr, base + 1);
	p.ts_val = base + 4;
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 201, 1, 100); /* fills it */
	assert_int_equal(peer_only(&p)->h.ts_ecr, base + 4);
	peer_deinit(&p);
}

/* Section 5.3, R1: an older timestamp is dropped and answered by an ACK; across the wrap of the timestamp too. */
static void test_paws(void **state)
{
	static const uint32_t recents[] = {0x7ffffff0, 5, 0xfffffff0, 0x80000000};

	for (size_t i = 0; i < 4; i++) {
		struct peer p;

		peer_init(&p, &full);
		p.ts_val = recents[i];
		peer_establish_active(&p);
		peer_in(&p, TCP_ACK, 1, 1, 10);
		peer_clear(&p);
		p.ts_val = recents[i] - 1;
		peer_in(&p, TCP_ACK, 11, 1, 10);
		peer_expect(peer_only(&p), TCP_ACK, 1, 11, 0);
		assert_int_equal(p.env.counters.paws, 1);
		p.ts_val = recents[i] - 0x70000000;
		peer_in(&p, TCP_ACK, 11, 1, 10);
		assert_int_equal(p.env.counters.paws, 2);
		p.ts_val = recents[i];
		peer_in(&p, TCP_ACK, 11, 1, 10);
		p.ts_val = recents[i] + 0x100;
		peer_in(&p, TCP_ACK, 21, 1, 10);
		assert_int_equal(p.env.counters.paws, 2);
		assert_int_equal(peer_recv(&p, 1, 100), 30);
		peer_deinit(&p);
	}
}

/* What was overtaken by its own retransmission is older than that: dropped, and reported (RFC 2883). */
static void test_paws_reports_what_comes_late(void **state)
{
	const struct tcp_header *h;
	struct peer p;

	begin(&p);
	p.ts_val += 10;
	peer_in(&p, TCP_ACK, 1, 1, 100);
	peer_clear(&p);
	p.ts_val -= 5;
	peer_in(&p, TCP_ACK, 1, 1, 100);
	assert_int_equal(p.env.counters.paws, 1);
	h = &peer_only(&p)->h;
	assert_int_equal(h->n_sacks, 1);
	assert_int_equal(h->sacks[0].right - h->sacks[0].left, 100);
	assert_int_equal(h->sacks[0].right, h->ack);
	/* New data of that age is not known. */
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 101, 1, 100);
	assert_int_equal(p.env.counters.paws, 2);
	assert_int_equal(peer_only(&p)->h.n_sacks, 0);
	peer_deinit(&p);
}

/* R1: never for RST. */
static void test_paws_reset(void **state)
{
	struct peer p;

	begin(&p);
	p.ts_val -= 1000;
	peer_in(&p, TCP_RST, 1, 0, 0);
	assert_int_equal(peer_state(&p), BERTH_TCP_CLOSED);
	peer_deinit(&p);
}

/* Section 5.5: after 24 days without a segment the old timestamp is void. */
static void test_paws_24_days(void **state)
{
	struct peer p;

	begin(&p);
	p.ts_val -= 1000;
	peer_advance(&p, 23ull * 86400 * S);
	peer_in(&p, TCP_ACK, 1, 1, 10);
	assert_int_equal(peer_recv(&p, 1, 100), BERTH_EAGAIN);
	peer_advance(&p, 2ull * 86400 * S);
	peer_in(&p, TCP_ACK, 1, 1, 10);
	assert_int_equal(peer_recv(&p, 1, 100), 10);
	peer_deinit(&p);
}

/* Section 3.2: once negotiated they are there; a segment without is dropped. Not negotiated: not looked at. */
static void test_timestamp_missing(void **state)
{
	struct tcp_header h;
	struct peer p;

	begin(&p);
	h = peer_header(&p, TCP_ACK, 1, 1);
	h.has_timestamp = false;
	peer_in_header(&p, &h, 10);
	assert_int_equal(peer_recv(&p, 1, 100), BERTH_EAGAIN);
	peer_deinit(&p);
	peer_init(&p, NULL);
	peer_establish_active(&p);
	h = peer_header(&p, TCP_ACK, 1, 1);
	h.has_timestamp = true;
	h.ts_val = 12345;
	peer_in_header(&p, &h, 10);
	assert_int_equal(peer_recv(&p, 1, 100), 10);
	peer_advance(&p, 50 * MS);
	assert_false(peer_only(&p)->h.has_timestamp);
	peer_deinit(&p);
}

/* A segment whose options are these bytes, at `seq` with `len` bytes of text. */
static void raw(struct peer *p, uint32_t seq, const uint8_t *options, size_t n, uint32_t len)
{
	uint8_t bytes[60 + 100] = {0};
	size_t padded = (n + 3) / 4 * 4;

	put_be16(bytes, PEER_PORT);
	put_be16(bytes + 2, BERTH_PORT);
	put_be32(bytes + 4, PEER_ISS + seq);
	put_be32(bytes + 8, BERTH_ISS + 1);
	bytes[12] = (uint8_t)((20 + padded) / 4 << 4);
	bytes[13] = TCP_ACK;
	put_be16(bytes + 14, 65535);
	memcpy(bytes + 20, options, n);
	for (uint32_t i = 0; i < len; i++)
		bytes[20 + padded + i] = peer_byte(seq + i);
	peer_in_raw(p, bytes, 20 + padded + len);
}

/* CVE-2019-12258, CVE-2020-11912 (attacks 6 and 10): every kind with every length: the connection lives and the text of
 * good segments arrives. */
static void test_bad_options(void **state)
{
	static const uint8_t kinds[] = {0, 1, 2, 3, 4, 5, 8, 19, 28, 30, 34, 253, 255};
	uint32_t at = 1;
	struct peer p;

	peer_init(&p, &(const struct peer_setup){.mss = 1000, .sack = true});
	peer_establish_active(&p);
	for (size_t k = 0; k < sizeof(kinds); k++) {
		for (unsigned len = 0; len < 256; len = len < 41 ? len + 1 : len + 43) {
			for (unsigned fill = 0; fill < 2; fill++) {
				uint8_t options[40];

				memset(options, fill ? 0xff : 0, sizeof(options));
				options[0] = kinds[k];
				options[1] = (uint8_t)len;
				raw(&p, at, options, len < 3 ? 4 : len < 40 ? len : 40, 10);
				at += 10;
				assert_int_equal(peer_state(&p), BERTH_TCP_ESTABLISHED);
				assert_int_equal(peer_recv(&p, at - 10, 100), 10);
				peer_clear(&p);
			}
		}
	}
	peer_deinit(&p);
}

/* CVE-2020-24341 (attack 18): a data offset beyond the segment, or below the header: dropped. */
static void test_data_offset(void **state)
{
	struct peer p;

	peer_init(&p, &(const struct peer_setup){.mss = 1000});
	peer_establish_active(&p);
	for (unsigned offset = 0; offset < 16; offset++) {
		uint8_t bytes[40] = {0};
		bool good = offset >= 5 && offset <= 10;
		long done;

		put_be16(bytes, PEER_PORT);
		put_be16(bytes + 2, BERTH_PORT);
		put_be32(bytes + 4, (uint32_t)p.t->rcv_nxt);
		put_be32(bytes + 8, BERTH_ISS + 1);
		bytes[12] = (uint8_t)(offset << 4);
		bytes[13] = TCP_ACK;
		put_be16(bytes + 14, 65535);
		for (size_t n = 0; n < sizeof(bytes); n++) /* cut anywhere */
			if (n < 20 || n < offset * 4)
				peer_in_raw(&p, bytes, n);
		assert_int_equal(p.t->recvq.n_bytes, 0);
		peer_in_raw(&p, bytes, sizeof(bytes));
		done = p.t->recvq.n_bytes;
		assert_int_equal(done, good ? (long)(40 - offset * 4) : 0);
		recvq_deinit(&p.t->recvq, &p.heap.memory);
		peer_clear(&p);
	}
	peer_deinit(&p);
}

/* ---- setsockopt and getsockopt ---- */

static void test_numbers(void **state)
{
	static const struct {
		int level, option, value, result, get;
	} rows[] = {
		{BERTH_SOL_TCP, BERTH_TCP_NODELAY, 7, 0, 1},
		{BERTH_SOL_TCP, BERTH_TCP_NODELAY, 0, 0, 0},
		{BERTH_SOL_TCP, BERTH_TCP_CORK, -1, 0, 1},
		{BERTH_SOL_TCP, BERTH_TCP_CORK, 0, 0, 0},
		{BERTH_SOL_TCP, BERTH_TCP_KEEPIDLE, 1, 0, 1},
		{BERTH_SOL_TCP, BERTH_TCP_KEEPIDLE, 32767, 0, 32767},
		{BERTH_SOL_TCP, BERTH_TCP_KEEPIDLE, 32768, BERTH_EINVAL, 32767},
		{BERTH_SOL_TCP, BERTH_TCP_KEEPIDLE, 0, BERTH_EINVAL, 32767},
		{BERTH_SOL_TCP, BERTH_TCP_KEEPINTVL, 5, 0, 5},
		{BERTH_SOL_TCP, BERTH_TCP_KEEPCNT, 127, 0, 127},
		{BERTH_SOL_TCP, BERTH_TCP_KEEPCNT, 128, BERTH_EINVAL, 127},
		{BERTH_SOL_TCP, BERTH_TCP_USER_TIMEOUT, 30000, 0, 30000},
		{BERTH_SOL_TCP, BERTH_TCP_USER_TIMEOUT, -1, BERTH_EINVAL, 30000},
		{BERTH_SOL_SOCKET, BERTH_SO_KEEPALIVE, 3, 0, 1},
		{BERTH_SOL_SOCKET, BERTH_SO_SNDBUF, 100000, 0, 100000},
		{BERTH_SOL_SOCKET, BERTH_SO_SNDBUF, 1, 0, 4096},
		{BERTH_SOL_SOCKET, BERTH_SO_RCVBUF, INT32_MAX, 0, 64 << 20},
		{BERTH_SOL_SOCKET, BERTH_SO_RCVBUF, -5, 0, 4096},
		{BERTH_SOL_SOCKET, BERTH_SO_ACCEPTCONN, 1, BERTH_ENOPROTOOPT, 0},
		{BERTH_SOL_SOCKET, BERTH_SO_ERROR, 1, BERTH_ENOPROTOOPT, 0},
	};
	struct peer p;

	peer_init(&p, NULL);
	peer_establish_active(&p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int value = rows[i].value;
		size_t n = sizeof(value);

		assert_int_equal(tcp_setsockopt(&p.env, p.t, rows[i].level, rows[i].option, &value, n), rows[i].result);
		value = -99;
		assert_int_equal(tcp_getsockopt(&p.env, p.t, rows[i].level, rows[i].option, &value, &n), 0);
		if (value != rows[i].get)
			fail_msg("row %zu: %d, expected %d", i, value, rows[i].get);
		assert_int_equal(tcp_setsockopt(&p.env, p.t, rows[i].level, rows[i].option, &value, 3),
				 rows[i].result == BERTH_ENOPROTOOPT ? BERTH_ENOPROTOOPT : BERTH_EINVAL);
		n = 3;
		assert_int_equal(tcp_getsockopt(&p.env, p.t, rows[i].level, rows[i].option, &value, &n), BERTH_EINVAL);
	}
	assert_int_equal(tcp_setsockopt(&p.env, p.t, BERTH_SOL_TCP, 9999, &p, 4), BERTH_ENOPROTOOPT);
	peer_deinit(&p);
}

static void test_congestion(void **state)
{
	char name[BERTH_CONGESTION_NAME_MAX];
	size_t n = sizeof(name);
	struct peer p;

	peer_init(&p, NULL);
	peer_establish_active(&p);
	assert_int_equal(tcp_setsockopt(&p.env, p.t, BERTH_SOL_TCP, BERTH_TCP_CONGESTION, "cubic", 5), 0);
	assert_int_equal(tcp_getsockopt(&p.env, p.t, BERTH_SOL_TCP, BERTH_TCP_CONGESTION, name, &n), 0);
	assert_string_equal(name, "cubic");
	assert_int_equal(n, sizeof(name));
	assert_int_equal(tcp_setsockopt(&p.env, p.t, BERTH_SOL_TCP, BERTH_TCP_CONGESTION, "vegas", 5), BERTH_ENOENT);
	assert_int_equal(tcp_setsockopt(&p.env, p.t, BERTH_SOL_TCP, BERTH_TCP_CONGESTION, "", 0), BERTH_EINVAL);
	assert_int_equal(
		tcp_setsockopt(&p.env, p.t, BERTH_SOL_TCP, BERTH_TCP_CONGESTION, "a name that is too long", 23),
		BERTH_ENOENT);
	/* As on Linux, what there is room for. */
	n = 3;
	assert_int_equal(tcp_getsockopt(&p.env, p.t, BERTH_SOL_TCP, BERTH_TCP_CONGESTION, name, &n), 0);
	assert_int_equal(n, 3);
	peer_deinit(&p);
}

/* TCP_MAXSEG bounds what our SYN says and what we send. */
static void test_maxseg(void **state)
{
	struct peer p;

	peer_init(&p, &(const struct peer_setup){.mss = 1460});
	p.t = peer_socket(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_MAXSEG, 700);
	peer_connect(&p);
	assert_int_equal(peer_only(&p)->h.mss, 700);
	peer_in(&p, TCP_SYN | TCP_ACK, 0, 1, 0);
	peer_clear(&p);
	peer_send(&p, 1, 5000);
	assert_int_equal(peer_at(&p, 0)->len, 700);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_paws),
		cmocka_unit_test(test_paws_reports_what_comes_late),
		cmocka_unit_test(test_paws_reset),
		cmocka_unit_test(test_paws_24_days),
		cmocka_unit_test(test_timestamp_missing),
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_data_offset),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_congestion),
		cmocka_unit_test(test_maxseg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
