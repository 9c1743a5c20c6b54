/* The flags of send and recv, and the options that say when queued data leaves and when a socket is ready. */
#include <berth/error.h>

#include "tcp_peer.h"

static const struct peer_setup plain = {.mss = 1000};

static uint8_t bytes[200000];

static long send_flags(struct peer *p, uint32_t n, unsigned flags)
{
	struct berth_vector vector = {.data = bytes, .n = n};
	long sent = tcp_send(&p->env, p->t, &vector, 1, flags);

	peer_pump(p);
	return sent;
}

static void begin(struct peer *p)
{
	peer_init(p, &plain);
	peer_establish_active(p);
}

static void expect_lengths(struct peer *p, size_t n, const uint32_t *lengths)
{
	assert_int_equal(p->n_out, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(p->out[i].len, lengths[i]);
	peer_clear(p);
}

/* MSG_MORE holds a small segment back until a send without it. */
static void test_more(void **state)
{
	struct peer p;

	begin(&p);
	assert_int_equal(send_flags(&p, 100, BERTH_MSG_MORE), 100);
	peer_none(&p);
	assert_int_equal(send_flags(&p, 1100, BERTH_MSG_MORE), 1100);
	expect_lengths(&p, 1, (uint32_t[]){1000});
	assert_int_equal(send_flags(&p, 100, 0), 100);
	expect_lengths(&p, 1, (uint32_t[]){300});
	/* As on Linux, an acknowledgment releases it, too. */
	assert_int_equal(send_flags(&p, 50, BERTH_MSG_MORE), 50);
	peer_in(&p, TCP_ACK, 1, 1301, 0);
	expect_lengths(&p, 1, (uint32_t[]){50});
	peer_deinit(&p);
}

/* tcp(7): what is corked waits 200 ms at most. */
static void test_cork_ceiling(void **state)
{
	struct peer p;

	begin(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_CORK, 1);
	assert_int_equal(send_flags(&p, 100, 0), 100);
	peer_advance(&p, 199 * MS);
	peer_none(&p);
	peer_advance(&p, 2 * MS);
	expect_lengths(&p, 1, (uint32_t[]){100});
	assert_int_equal(p.t->n_backoff, 0);
	assert_int_equal(send_flags(&p, 100, 0), 100);
	peer_in(&p, TCP_ACK, 1, 101, 0);
	peer_none(&p);
	peer_deinit(&p);
}

/* tcp(7): TCP_NODELAY set flushes, even under TCP_CORK; what comes later is corked again. */
static void test_nodelay_under_cork(void **state)
{
	struct peer p;

	begin(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_CORK, 1);
	assert_int_equal(send_flags(&p, 100, 0), 100);
	peer_none(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_NODELAY, 1);
	peer_pump(&p);
	expect_lengths(&p, 1, (uint32_t[]){100});
	assert_int_equal(send_flags(&p, 100, 0), 100);
	peer_none(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_CORK, 0);
	peer_pump(&p);
	expect_lengths(&p, 1, (uint32_t[]){100});
	peer_deinit(&p);
}

/* MSG_EOR: no segment reaches over the end of a record, when it is sent and when it is sent again. */
static void test_record(void **state)
{
	static const uint32_t lengths[] = {300, 1000, 500, 1000, 200};
	struct peer p;

	begin(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_CORK, 1);
	send_flags(&p, 300, BERTH_MSG_EOR);
	send_flags(&p, 1500, BERTH_MSG_EOR);
	send_flags(&p, 1200, BERTH_MSG_EOR);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_NODELAY, 1);
	peer_pump(&p);
	expect_lengths(&p, 5, lengths);
	peer_advance(&p, 1200 * MS);
	assert_int_equal(p.out[0].len, 300);
	assert_int_equal(p.out[0].seq, 1);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 1, 301, 0);
	assert_int_equal(p.out[0].len, 1000);
	peer_in(&p, TCP_ACK, 1, 3001, 0);
	assert_null(p.t->records);
	peer_deinit(&p);
}

/* Many records, each of which is a segment of its own. */
static void test_records_grow(void **state)
{
	struct peer p;

	begin(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_CORK, 1);
	p.window = 0;
	peer_in(&p, TCP_ACK, 1, 1, 0);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(send_flags(&p, 1 + i % 3, BERTH_MSG_EOR), 1 + i % 3);
	peer_none(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_CORK, 0);
	p.window = 65535;
	peer_in(&p, TCP_ACK, 1, 1, 0);
	for (unsigned i = 0; i < 299; i++)
		assert_int_equal(peer_at(&p, i)->len, 1 + i % 3);
	peer_deinit(&p);
}

/* TCP_NOTSENT_LOWAT: a send takes nothing while so much is unsent, and the socket is writable at half of it. */
static void test_notsent_lowat(void **state)
{
	struct peer p;

	begin(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_NOTSENT_LOWAT, 20000);
	p.window = 1000;
	peer_in(&p, TCP_ACK, 1, 1, 0);
	peer_clear(&p);
	/* What can leave, and a large segment. */
	assert_int_equal(send_flags(&p, 100000, 0), 1000 + 32000);
	assert_int_equal(send_flags(&p, 1, 0), BERTH_EAGAIN);
	assert_int_equal(tcp_ready(p.t) & BERTH_WRITABLE, 0);
	p.t->e.events = 0;
	p.window = 65535;
	peer_in(&p, TCP_ACK, 1, 1001, 0);
	while (2 * (p.t->sendq.right - p.t->snd_nxt) >= 20000)
		peer_in(&p, TCP_ACK, 1, 1 + (uint32_t)p.t->bytes_sent, 0);
	assert_int_equal(p.t->e.events & BERTH_WRITABLE, BERTH_WRITABLE);
	peer_deinit(&p);
}

/* SO_RCVLOWAT: readable with so much, or at the end. */
static void test_receive_lowat(void **state)
{
	struct peer p;

	begin(&p);
	peer_option(&p, BERTH_SOL_SOCKET, BERTH_SO_RCVLOWAT, 500);
	p.t->e.events = 0;
	peer_in(&p, TCP_ACK, 1, 1, 499);
	assert_int_equal(tcp_ready(p.t) & BERTH_READABLE, 0);
	assert_int_equal(p.t->e.events & BERTH_READABLE, 0);
	peer_in(&p, TCP_ACK, 500, 1, 1);
	assert_int_equal(tcp_ready(p.t) & BERTH_READABLE, BERTH_READABLE);
	assert_int_equal(p.t->e.events & BERTH_READABLE, BERTH_READABLE);
	assert_int_equal(peer_recv(&p, 1, 400), 400); /* it is no limit for a receive */
	assert_int_equal(tcp_ready(p.t) & BERTH_READABLE, 0);
	peer_in(&p, TCP_FIN | TCP_ACK, 501, 1, 0);
	assert_int_equal(tcp_ready(p.t) & BERTH_READABLE, BERTH_READABLE);
	peer_deinit(&p);
}

/* MSG_TRUNC throws away and copies nothing. */
static void test_trunc(void **state)
{
	struct berth_vector vector = {.data = NULL, .n = 150};
	struct peer p;

	begin(&p);
	peer_in(&p, TCP_ACK, 1, 1, 200);
	assert_int_equal(tcp_recv(&p.env, p.t, &vector, 1, BERTH_MSG_TRUNC | BERTH_MSG_PEEK), 150);
	assert_int_equal(tcp_recv(&p.env, p.t, &vector, 1, BERTH_MSG_TRUNC), 150);
	assert_int_equal(peer_recv(&p, 151, 100), 50);
	peer_deinit(&p);
}

/* TCP_INQ: what remains, and 1 when it is the end of data. */
static void test_inq(void **state)
{
	struct berth_control control = {0};
	struct peer p;

	begin(&p);
	peer_in(&p, TCP_ACK, 1, 1, 200);
	tcp_control(p.t, &control);
	assert_int_equal(control.present, 0);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_INQ, 1);
	assert_int_equal(peer_recv(&p, 1, 150), 150);
	tcp_control(p.t, &control);
	assert_int_equal(control.present, BERTH_CONTROL_INQ);
	assert_int_equal(control.inq, 50);
	assert_int_equal(peer_recv(&p, 151, 150), 50);
	tcp_control(p.t, &control);
	assert_int_equal(control.inq, 0);
	peer_in(&p, TCP_FIN | TCP_ACK, 201, 1, 0);
	tcp_control(p.t, &control);
	assert_int_equal(control.inq, 1);
	peer_deinit(&p);
}

/* TCP_WINDOW_CLAMP bounds what is offered, but takes back nothing. */
static void test_window_clamp(void **state)
{
	struct peer p;

	begin(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_WINDOW_CLAMP, 5000);
	for (uint32_t at = 1; at < 200000; at += 1000) {
		peer_clear(&p);
		peer_in(&p, TCP_ACK | TCP_PSH, at, 1, 1000);
		peer_recv(&p, at, 1000);
	}
	assert_int_equal(p.t->rcv_adv - p.t->rcv_nxt, 5000);
	peer_deinit(&p);
}

/* TCP_QUICKACK sends the acknowledgment that waits. */
static void test_quickack(void **state)
{
	struct peer p;

	begin(&p);
	for (uint32_t at = 1; at < 40001; at += 1000)
		peer_in(&p, TCP_ACK, at, 1, 1000);
	peer_recv(&p, 1, 40000);
	peer_advance(&p, 100 * MS);
	peer_clear(&p);
	peer_in(&p, TCP_ACK, 40001, 1, 10);
	peer_none(&p);
	peer_option(&p, BERTH_SOL_TCP, BERTH_TCP_QUICKACK, 1);
	peer_pump(&p);
	peer_expect(peer_only(&p), TCP_ACK, 1, 40011, 0);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_cork_ceiling),
		cmocka_unit_test(test_nodelay_under_cork),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_records_grow),
		cmocka_unit_test(test_notsent_lowat),
		cmocka_unit_test(test_receive_lowat),
		cmocka_unit_test(test_trunc),
		cmocka_unit_test(test_inq),
		cmocka_unit_test(test_window_clamp),
		cmocka_unit_test(test_quickack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
