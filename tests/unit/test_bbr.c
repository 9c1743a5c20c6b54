/* BBR against a small model of a bottleneck: one sender, a queue that drains at a rate, a delay, and losses at random.
 * The cases are those of draft-ietf-ccwg-bbr's appendix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bbr.h"
#include "heap.h"
#include "pace.h"

enum { MSS = 1000, PACKETS_MAX = 1 << 22 };
#define MS 1000000ull
#define S 1000000000ull
#define BEGIN (100 * S)

struct packet {
	berth_time sent, first_sent, delivered_at;
	uint64_t delivered, lost;
	berth_time arrives; /* its acknowledgment; 0: it is dropped */
	uint32_t in_flight;
	bool app_limited;
};

struct model {
	struct heap heap;
	struct tcp_cc cc;
	struct rng rng;
	berth_time now;

	/* the path */
	uint64_t rate, delay, buffer; /* bytes a second, ns, bytes */
	double loss;
	berth_time idle_at; /* the queue has drained */

	/* the sender: packets [una, nxt) wait for their fate */
	struct packet *packets;
	uint32_t una, nxt, recover;
	uint64_t in_flight, delivered, lost, app_limited_until;
	berth_time delivered_at, first_sent, may_send;
	uint64_t program_rate; /* what the program has to send; 0: always something */
	berth_time program_at; /* when it has the next packet */
	bool silent, cwnd_limited, recovering;
	uint32_t limited_until;

	/* what was seen since it was last cleared */
	uint64_t n_delivered, n_lost, queue_max, rtt_min;
	double queue_sum;
	uint64_t n_sent, visits[BBR_STATE_N];
	uint8_t state;
};

static struct bbr *bbr(const struct model *m)
{
	return m->cc.u.own;
}

static void begin(struct model *m, uint64_t rate, uint64_t delay, double buffer_bdps)
{
	*m = (struct model){.now = BEGIN, .rate = rate, .delay = delay};
	m->buffer = (uint64_t)((double)rate * (double)delay / 1e9 * buffer_bdps) + 2 * MSS;
	m->packets = malloc(PACKETS_MAX * sizeof(*m->packets));
	assert_non_null(m->packets);
	rng_init(&m->rng, 5);
	heap_init(&m->heap);
	tcp_cc_begin(&m->cc, &tcp_cc_bbr, MSS);
	assert_int_equal(tcp_cc_take(&m->cc, &tcp_cc_bbr, 7, &m->heap.memory), 0);
}

static void end(struct model *m)
{
	tcp_cc_end(&m->cc, &m->heap.memory);
	assert_int_equal(m->heap.n_blocks, 0);
	free(m->packets);
}

static uint64_t queue(const struct model *m)
{
	return m->idle_at > m->now ? (uint64_t)((double)(m->idle_at - m->now) * (double)m->rate / 1e9) : 0;
}

static void send_one(struct model *m)
{
	struct packet *p = &m->packets[m->nxt++];

	assert_true(m->nxt < PACKETS_MAX);
	if (!m->in_flight) {
		m->first_sent = m->delivered_at = m->now;
		if (m->app_limited_until)
			m->cc.ops->on_idle(&m->cc, m->now);
	}
	m->in_flight += MSS;
	*p = (struct packet){.sent = m->now,
			     .first_sent = m->first_sent,
			     .delivered_at = m->delivered_at,
			     .delivered = m->delivered,
			     .lost = m->lost,
			     .in_flight = (uint32_t)m->in_flight,
			     .app_limited = m->app_limited_until != 0};
	m->n_sent++;
	m->queue_sum += (double)queue(m);
	if (queue(m) > m->queue_max)
		m->queue_max = queue(m);
	if (queue(m) + MSS > m->buffer || rng_unit(&m->rng) < m->loss)
		return;
	if (m->idle_at < m->now)
		m->idle_at = m->now;
	m->idle_at += MSS * S / m->rate;
	p->arrives = m->idle_at + m->delay;
}

/* Sends what rate, cwnd and program allow. When it may next, by its clock; BERTH_NEVER: an acknowledgment is waited
 * for. */
static berth_time send_some(struct model *m)
{
	while (!m->silent) {
		if (m->program_rate && m->program_at > m->now) {
			if (m->in_flight < m->cc.cwnd)
				m->app_limited_until = m->delivered + m->in_flight + 1;
			return m->program_at;
		}
		if (m->in_flight + MSS > m->cc.cwnd) {
			m->cwnd_limited = true;
			m->limited_until = m->nxt;
			return BERTH_NEVER;
		}
		if (m->may_send > m->now)
			return m->may_send;
		send_one(m);
		m->may_send = m->now + MSS * S / m->cc.pacing_rate;
		if (m->program_rate)
			m->program_at = (m->program_at > m->now ? m->program_at : m->now) + MSS * S / m->program_rate;
	}
	m->app_limited_until = m->delivered + m->in_flight + 1;
	return BERTH_NEVER;
}

/* Packets before the one that has arrived, three or more back, are lost. */
static void find_losses(struct model *m, uint32_t arrived, struct tcp_cc_ack *ack)
{
	for (; m->una + 3 <= arrived; m->una++) {
		const struct packet *p = &m->packets[m->una];

		if (p->arrives)
			continue;
		m->lost += MSS;
		m->n_lost += MSS;
		m->in_flight -= MSS;
		ack->n_lost += MSS;
		ack->loss = (struct tcp_rate_loss){.n = MSS,
						   .n_lost = m->lost - p->lost,
						   .n_in_flight_then = p->in_flight,
						   .app_limited = p->app_limited};
	}
	if (ack->n_lost && !m->recovering) {
		m->recovering = true;
		m->recover = m->nxt;
		m->cc.ops->on_loss(&m->cc, m->in_flight, m->now);
	}
	if (m->recovering && arrived >= m->recover)
		m->recovering = false;
}

static void sample(const struct model *m, const struct packet *p, struct tcp_rate_sample *rs)
{
	uint64_t send = p->sent - p->first_sent, ack = m->now - p->delivered_at;

	*rs = (struct tcp_rate_sample){
		.n_delivered = m->delivered - p->delivered,
		.ns_interval = send > ack ? send : ack,
		.n_lost = m->lost - p->lost,
		.n_in_flight_then = p->in_flight,
		.n_delivered_then = p->delivered,
		.n_delivered_total = m->delivered,
		.app_limited = p->app_limited,
	};
}

static void arrive(struct model *m, uint32_t i)
{
	const struct packet *p = &m->packets[i];
	struct tcp_cc_ack ack = {
		.n_acked = MSS, .n_delivered = MSS, .ns_rtt = m->now - p->sent, .sack = true, .now = m->now};

	m->delivered += MSS;
	m->n_delivered += MSS;
	m->delivered_at = m->now;
	m->first_sent = p->sent;
	m->in_flight -= MSS;
	if (m->app_limited_until && m->delivered > m->app_limited_until)
		m->app_limited_until = 0;
	if (i >= m->limited_until)
		m->cwnd_limited = false;
	find_losses(m, i, &ack);
	sample(m, p, &ack.rate);
	ack.ns_srtt = ack.ns_rtt;
	ack.n_in_flight = m->in_flight;
	ack.cwnd_limited = m->cwnd_limited;
	ack.recovering = m->recovering;
	if (!m->rtt_min || ack.ns_rtt < m->rtt_min)
		m->rtt_min = ack.ns_rtt;
	m->cc.ops->on_ack(&m->cc, &ack);
	if (m->cc.holds_back)
		m->app_limited_until = m->delivered + m->in_flight + 1;
	assert_true(m->cc.pacing_rate > 0);
	assert_true(m->cc.cwnd >= 4 * MSS);
	if (bbr(m)->state != m->state) {
		m->state = bbr(m)->state;
		m->visits[m->state]++;
	}
}

/* The next packet whose acknowledgment comes, m->nxt: none. */
static uint32_t next_arrival(const struct model *m, uint32_t from)
{
	while (from < m->nxt && !m->packets[from].arrives)
		from++;
	return from;
}

static void run(struct model *m, uint64_t ns)
{
	berth_time until = m->now + ns;
	static uint32_t next;

	if (m->now == BEGIN)
		next = 0;
	while (m->now < until) {
		berth_time wake = send_some(m), arrival = BERTH_NEVER;

		next = next_arrival(m, next);
		if (next < m->nxt)
			arrival = m->packets[next].arrives;
		if (wake > until && arrival > until) {
			/* All is lost: what a timer would find. */
			if (next == m->nxt && m->in_flight && !m->silent) {
				m->lost += m->in_flight;
				m->in_flight = 0;
				m->una = next = m->nxt;
				m->cc.ops->on_timeout(&m->cc, 0, m->now);
				m->cc.cwnd = MSS;
				continue;
			}
			m->now = until;
		} else if (arrival <= wake) {
			m->now = arrival;
			arrive(m, next++);
		} else {
			m->now = wake;
		}
	}
}

static void clear(struct model *m)
{
	m->n_delivered = m->n_lost = m->queue_max = m->rtt_min = m->n_sent = 0;
	m->queue_sum = 0;
	for (unsigned i = 0; i < BBR_STATE_N; i++)
		m->visits[i] = 0;
}

/* Until it is in that state, for at most so long. */
static void run_to(struct model *m, enum bbr_state state, uint64_t ns_max)
{
	berth_time until = m->now + ns_max;

	while (bbr(m)->state != state && m->now < until)
		run(m, MS / 4);
	assert_int_equal(bbr(m)->state, state);
}

/* Percent of what the path could have carried. */
static double used(struct model *m, uint64_t ns)
{
	clear(m);
	run(m, ns);
	return (double)m->n_delivered * 100 / ((double)m->rate * (double)ns / 1e9);
}

static uint64_t bdp(const struct model *m)
{
	return (uint64_t)((double)m->rate * (double)m->delay / 1e9);
}

static void near(double is, double want, double percent, const char *what)
{
	if (is < want * (1 - percent / 100) || is > want * (1 + percent / 100))
		fail_msg("%s: %.0f, expected %.0f +- %.0f %%", what, is, want, percent);
}

static const struct {
	uint64_t rate, delay;
} paths[] = {
	{125000, 100 * MS},  /* 1 Mbit/s */
	{1250000, 40 * MS},  /* 10 Mbit/s */
	{12500000, 20 * MS}, /* 100 Mbit/s */
	{12500000, 1 * MS},  /* the same near by */
	{2500000, 300 * MS}, /* a satellite */
};

static void test_startup_ends_on_a_plateau(void **state)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct model m;

		begin(&m, paths[i].rate, paths[i].delay, 20);
		/* Where three quanta are more than the path holds there is nothing to drain. */
		if (bdp(&m) > 3 * tcp_pace_quantum(m.rate, MSS))
			run_to(&m, BBR_DRAIN, 30 * paths[i].delay + 2 * S);
		run_to(&m, BBR_PROBE_BW_CRUISE, 40 * paths[i].delay + 2 * S);
		near((double)bbr(&m)->max_bw, (double)m.rate, 3, "max_bw");
		assert_true(bbr(&m)->full_bw_reached);
		assert_int_equal(m.n_lost, 0);
		end(&m);
	}
}

/* The pipe is full and the queue short, however much room there is. */
static void test_fills_the_pipe(void **state)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct model m;
		double percent;

		begin(&m, paths[i].rate, paths[i].delay, 20);
		run(&m, 3 * S + 10 * paths[i].delay);
		percent = used(&m, 20 * S);
		if (percent < 90)
			fail_msg("path %zu: %.1f %% used", i, percent);
		/* In the mean much less than the round trip holds; three quanta are the least (section 5.5.8). */
		if (m.queue_sum / (double)m.n_sent > (double)bdp(&m) * 0.6 + 3 * tcp_pace_quantum(m.rate, MSS))
			fail_msg("path %zu: a queue of %.0f bytes in the mean, %llu in flight make full", i,
				 m.queue_sum / (double)m.n_sent, (unsigned long long)bdp(&m));
		if (m.queue_max > 2 * bdp(&m) + 6 * tcp_pace_quantum(m.rate, MSS))
			fail_msg("path %zu: a queue of %llu bytes", i, (unsigned long long)m.queue_max);
		assert_int_equal(m.n_lost, 0);
		end(&m);
	}
}

static void test_probes_bandwidth_every_few_seconds(void **state)
{
	struct model m;

	begin(&m, 1250000, 40 * MS, 20);
	run(&m, 5 * S);
	clear(&m);
	run(&m, 60 * S);
	/* 2 to 3 s by the clock, or 62 to 63 round trips. */
	assert_in_range(m.visits[BBR_PROBE_BW_UP], 15, 45);
	assert_in_range(m.visits[BBR_PROBE_BW_REFILL], m.visits[BBR_PROBE_BW_UP] - 1, m.visits[BBR_PROBE_BW_UP] + 1);
	end(&m);
}

/* Every 5 s or more it looks at the bare round trip. */
static void test_probes_rtt(void **state)
{
	struct model m;

	begin(&m, 1250000, 40 * MS, 20);
	run_to(&m, BBR_PROBE_RTT, 15 * S);
	assert_true(bbr(&m)->full_bw_reached);
	clear(&m);
	run(&m, 400 * MS);
	near((double)m.rtt_min, 40.8 * MS, 2, "the round trip in ProbeRTT");
	assert_true(bbr_is_in_probe_bw(bbr(&m)));
	assert_true(m.cc.cwnd > bdp(&m));
	clear(&m);
	run(&m, 60 * S);
	assert_in_range(m.visits[BBR_PROBE_RTT], 3, 12);
	near((double)bbr(&m)->min_rtt, 40.8 * MS, 3, "min_rtt");
	end(&m);
}

static void test_survives_loss(void **state)
{
	static const double loss[] = {0.001, 0.01, 0.015};

	for (size_t i = 0; i < sizeof(loss) / sizeof(loss[0]); i++) {
		struct model m;
		double percent;

		begin(&m, 1250000, 40 * MS, 5);
		m.loss = loss[i];
		run(&m, 10 * S);
		percent = used(&m, 60 * S);
		if (percent < 75)
			fail_msg("%.1f %% lost: %.1f %% used", loss[i] * 100, percent);
		end(&m);
	}
}

/* A buffer of a tenth of what is in flight: not many losses, and the path is used. */
static void test_shallow_buffer(void **state)
{
	struct model m;
	double percent;

	begin(&m, 12500000, 20 * MS, 0.1);
	run(&m, 5 * S);
	percent = used(&m, 60 * S);
	if (percent < 70)
		fail_msg("%.1f %% used", percent);
	if (m.n_lost * 100 > 2 * m.n_delivered)
		fail_msg("%.2f %% lost", (double)m.n_lost * 100 / (double)m.n_delivered);
	end(&m);
}

static void test_startup_ends_on_loss(void **state)
{
	struct model m;

	begin(&m, 1250000, 40 * MS, 20);
	m.program_rate = 625000; /* half of what the path takes: no plateau is seen */
	run(&m, 3 * S);
	assert_int_equal(bbr(&m)->state, BBR_STARTUP);
	m.loss = 0.3;
	run(&m, 2 * S);
	assert_true(bbr(&m)->full_bw_reached);
	assert_int_not_equal(bbr(&m)->state, BBR_STARTUP);
	assert_true(bbr(&m)->inflight_longterm < BBR_INFINITY);
	end(&m);
}

static void test_bandwidth_grows_tenfold(void **state)
{
	struct model m;

	begin(&m, 1250000, 40 * MS, 5);
	run(&m, 10 * S);
	m.rate *= 10;
	m.buffer *= 10;
	run(&m, 20 * S);
	near((double)bbr(&m)->max_bw, (double)m.rate, 5, "max_bw");
	end(&m);
}

static void test_bandwidth_falls_to_a_tenth(void **state)
{
	struct model m;

	begin(&m, 12500000, 40 * MS, 2);
	run(&m, 10 * S);
	m.rate /= 10;
	m.buffer /= 10;
	run(&m, 15 * S);
	near((double)bbr(&m)->bw, (double)m.rate, 15, "bw");
	assert_true(used(&m, 20 * S) > 80);
	end(&m);
}

/* The program's rate says nothing of the path's. */
static void test_program_limited(void **state)
{
	struct model m;
	uint64_t bw;

	begin(&m, 1250000, 40 * MS, 5);
	run(&m, 4 * S);
	bw = bbr(&m)->max_bw;
	m.program_rate = 100000;
	run(&m, 60 * S);
	near((double)bbr(&m)->max_bw, (double)bw, 1, "max_bw");
	end(&m);
}

/* An idle time has drained the queue: no ProbeRTT, and the rate is that of before. */
static void test_idle(void **state)
{
	struct model m;

	begin(&m, 1250000, 40 * MS, 5);
	run_to(&m, BBR_PROBE_BW_CRUISE, 5 * S);
	m.silent = true;
	run(&m, 20 * S);
	assert_int_equal(m.in_flight, 0);
	m.silent = false;
	clear(&m);
	run(&m, 1 * MS);
	assert_true(bbr(&m)->idle_restart);
	near((double)m.cc.pacing_rate, (double)bbr(&m)->bw, 2, "the rate");
	run(&m, 1 * S);
	assert_int_equal(m.visits[BBR_PROBE_RTT], 0);
	assert_false(bbr(&m)->idle_restart);
	assert_true(used(&m, 2 * S) > 85);
	end(&m);
}

static void test_less_than_a_packet_in_flight(void **state)
{
	struct model m;

	begin(&m, 20000, 10 * MS, 100);
	run(&m, 30 * S);
	assert_true(used(&m, 30 * S) > 90);
	assert_true(m.cc.cwnd <= 12 * MSS);
	near((double)bbr(&m)->max_bw, 20000, 5, "max_bw");
	end(&m);
}

/* Loss in a probe cuts inflight_longterm by no more than three tenths, and ends the probe. */
static void test_loss_in_a_probe(void **state)
{
	uint64_t before;
	struct model m;

	begin(&m, 1250000, 40 * MS, 5);
	run_to(&m, BBR_PROBE_BW_UP, 10 * S);
	run(&m, 45 * MS);
	before = bbr_model_bdp(&m.cc, bbr(&m), 1);
	m.loss = 0.2;
	run_to(&m, BBR_PROBE_BW_DOWN, 1 * S);
	assert_true(bbr(&m)->prev_probe_too_high);
	assert_true(bbr(&m)->inflight_longterm < BBR_INFINITY);
	assert_true((double)bbr(&m)->inflight_longterm >= 0.69 * (double)before);
	end(&m);
}

static void test_undo(void **state)
{
	struct bbr before;
	uint64_t cwnd;
	struct model m;

	begin(&m, 1250000, 40 * MS, 5);
	run_to(&m, BBR_PROBE_BW_CRUISE, 5 * S);
	before = *bbr(&m);
	cwnd = m.cc.cwnd;
	m.cc.ops->on_loss(&m.cc, m.in_flight, m.now);
	assert_true(bbr(&m)->is_loss_in_round);
	bbr(&m)->bw_shortterm = bbr(&m)->inflight_shortterm = 5000;
	m.cc.cwnd = 4 * MSS;
	m.cc.ops->on_undo(&m.cc);
	assert_int_equal(m.cc.cwnd, cwnd);
	assert_int_equal(bbr(&m)->bw_shortterm, before.bw_shortterm);
	assert_int_equal(bbr(&m)->inflight_shortterm, before.inflight_shortterm);
	assert_false(bbr(&m)->is_loss_in_round);
	/* What left Startup by a loss that was none goes back to it. */
	bbr(&m)->undo_state = BBR_STARTUP;
	m.cc.ops->on_undo(&m.cc);
	assert_int_equal(bbr(&m)->state, BBR_STARTUP);
	end(&m);
}

/* Marks end a probe as losses do. */
static void test_ecn(void **state)
{
	struct model m;

	begin(&m, 1250000, 40 * MS, 5);
	run_to(&m, BBR_PROBE_BW_UP, 10 * S);
	m.cc.ops->on_ecn(&m.cc, m.in_flight, m.now);
	assert_int_equal(bbr(&m)->state, BBR_PROBE_BW_DOWN);
	assert_true(bbr(&m)->prev_probe_too_high);
	end(&m);
}

static void test_no_memory(void **state)
{
	struct heap heap;
	struct tcp_cc cc;

	heap_init(&heap);
	tcp_cc_begin(&cc, &tcp_cc_cubic, MSS);
	heap.fail_at = 0;
	assert_int_not_equal(tcp_cc_take(&cc, &tcp_cc_bbr, 1, &heap.memory), 0);
	assert_ptr_equal(cc.ops, &tcp_cc_cubic);
}

static void test_quantum(void **state)
{
	assert_int_equal(tcp_pace_quantum(1, MSS), 2 * MSS);
	assert_int_equal(tcp_pace_quantum(10000000, MSS), 10000);
	assert_int_equal(tcp_pace_quantum(UINT64_MAX, MSS), 65536);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_startup_ends_on_a_plateau),
		cmocka_unit_test(test_fills_the_pipe),
		cmocka_unit_test(test_probes_bandwidth_every_few_seconds),
		cmocka_unit_test(test_probes_rtt),
		cmocka_unit_test(test_survives_loss),
		cmocka_unit_test(test_shallow_buffer),
		cmocka_unit_test(test_startup_ends_on_loss),
		cmocka_unit_test(test_bandwidth_grows_tenfold),
		cmocka_unit_test(test_bandwidth_falls_to_a_tenth),
		cmocka_unit_test(test_program_limited),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_less_than_a_packet_in_flight),
		cmocka_unit_test(test_loss_in_a_probe),
		cmocka_unit_test(test_undo),
		cmocka_unit_test(test_ecn),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_quantum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
