/* RFC 6528, initial sequence numbers: a clock, and a keyed hash of the socket pair. */
#include "tcp_peer.h"

static uint32_t isn_at(struct peer *p, berth_time now, uint32_t address, uint16_t port)
{
	struct socket_pair pair = p->pair;

	for (unsigned i = 0; i < 4; i++)
		pair.foreign[i] = (uint8_t)(address >> (24 - 8 * i));
	pair.foreign_port = port;
	p->env.now = now;
	return tcp_isn(&p->env, &pair);
}

/* Section 3: for one pair the numbers follow a clock of 4 us. */
static void section_3_the_clock_is_of_4_us(void **state)
{
	uint32_t first, before;
	struct peer p;

	peer_init(&p, NULL);
	first = before = isn_at(&p, 1 * S, 0x0a000001, 1000);
	for (unsigned i = 1; i < 1000; i++) {
		uint32_t isn = isn_at(&p, 1 * S + i * MS, 0x0a000001, 1000);

		assert_int_equal(isn - before, 250);
		before = isn;
	}
	assert_int_equal(before - first, 250 * 999);
	peer_deinit(&p);
}

/* Bits of a word that are set, over many words: each near one half. */
static void assert_bits_even(const uint32_t *words, size_t n)
{
	for (unsigned bit = 0; bit < 32; bit++) {
		size_t set = 0;

		for (size_t i = 0; i < n; i++)
			set += words[i] >> bit & 1;
		/* Six standard deviations: n/2 +- 3 sqrt(n). */
		assert_in_range(set, n / 2 - 950, n / 2 + 950);
	}
}

/* NUMBER:JACK CVE-2020-27213 (attack 23): neighbouring pairs at one instant have unrelated numbers. 100,000 of them:
 * each bit even, the differences of neighbours too, and the top bytes flat (chi-squared over 256 cells). */
static void section_3_neighbours_have_unrelated_numbers(void **state)
{
	enum { N = 100000 };
	uint32_t *isn = malloc(N * sizeof(*isn)), *difference = malloc(N * sizeof(*difference));
	size_t cells[256] = {0};
	double chi = 0;
	struct peer p;

	peer_init(&p, NULL);
	for (uint32_t i = 0; i < N; i++) {
		isn[i] = isn_at(&p, 5 * S, 0x0a000000 + i / 50, (uint16_t)(40000 + i % 50));
		difference[i] = isn[i] - (i ? isn[i - 1] : 0);
		cells[isn[i] >> 24]++;
	}
	assert_bits_even(isn, N);
	assert_bits_even(difference, N);
	for (unsigned i = 0; i < 256; i++) {
		double d = (double)cells[i] - N / 256.0;

		chi += d * d / (N / 256.0);
	}
	/* 255 degrees of freedom: mean 255, standard deviation 22.6. */
	assert_true(chi > 255 - 6 * 22.6 && chi < 255 + 6 * 22.6);
	free(isn);
	free(difference);
	peer_deinit(&p);
}

/* Another secret makes other numbers of all. */
static void section_3_another_secret_makes_other_numbers(void **state)
{
	unsigned n_same = 0;
	struct peer a, b;

	peer_init(&a, NULL);
	peer_init(&b, NULL);
	b.env.secret = siphash_key((const uint8_t *)"another secret..");
	for (uint32_t i = 0; i < 1000; i++)
		n_same += isn_at(&a, 0, 0x0a000000 + i, 1) == isn_at(&b, 0, 0x0a000000 + i, 1);
	assert_true(n_same <= 1);
	peer_deinit(&a);
	peer_deinit(&b);
}

/* Each part of the pair counts. */
static void section_3_each_part_of_the_pair_counts(void **state)
{
	struct socket_pair pair;
	struct peer p;
	uint32_t isn;

	peer_init(&p, NULL);
	isn = tcp_isn(&p.env, &p.pair);
	for (unsigned i = 0; i < 38; i++) {
		uint8_t *bytes = i < 16 ? pair.local + i : i < 32 ? pair.foreign + (i - 16) : NULL;

		pair = p.pair;
		if (bytes)
			*bytes ^= 1;
		else if (i < 34)
			pair.local_port ^= (uint16_t)(i == 32 ? 1 : 0x100);
		else if (i < 36)
			pair.foreign_port ^= (uint16_t)(i == 34 ? 1 : 0x100);
		else if (i == 36)
			pair.scope ^= 1;
		else
			pair.family ^= 1;
		assert_int_not_equal(tcp_isn(&p.env, &pair), isn);
	}
	peer_deinit(&p);
}

/* What a peer learns from its own numbers says nothing of the timestamps' offset, nor of SYN cookies. */
static void section_3_the_hash_has_no_other_use(void **state)
{
	struct peer p;

	peer_init(&p, NULL);
	for (unsigned a = 0; a <= TCP_HASH_COOKIE_COVER; a++)
		for (unsigned b = a + 1; b <= TCP_HASH_COOKIE_COVER; b++)
			assert_true(tcp_pair_hash(&p.env, &p.pair, a, 0, 0) != tcp_pair_hash(&p.env, &p.pair, b, 0, 0));
	peer_deinit(&p);
}

/* RFC 9293 section 3.4.1: a connection of the same pair a second later begins further on. */
static void section_3_a_later_connection_begins_further_on(void **state)
{
	uint32_t before;
	struct peer p;

	peer_init(&p, NULL);
	peer_connect(&p);
	before = peer_only(&p)->h.seq;
	peer_close(&p);
	peer_clear(&p);
	peer_advance(&p, 1 * S);
	peer_connect(&p);
	assert_int_equal(peer_only(&p)->h.seq - before, 250000);
	peer_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_3_the_clock_is_of_4_us),
		cmocka_unit_test(section_3_neighbours_have_unrelated_numbers),
		cmocka_unit_test(section_3_another_secret_makes_other_numbers),
		cmocka_unit_test(section_3_each_part_of_the_pair_counts),
		cmocka_unit_test(section_3_the_hash_has_no_other_use),
		cmocka_unit_test(section_3_a_later_connection_begins_further_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
