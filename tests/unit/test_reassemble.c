/* Reassembly: every order of arrival, every disagreement, and the bounds. */
#include "one_host.h"

#define N 3000

static uint8_t data[N], datagram[N + 8];
static size_t len; /* of the datagram with its header */

static void fragment_of(struct one *o, uint16_t id, unsigned off, unsigned n, bool more)
{
	one_packet(o, &(struct packet_spec){
			      .protocol = 17,
			      .id = id,
			      .off = (uint16_t)off,
			      .more = more,
			      .payload = datagram + off,
			      .n = n,
		      });
}

/* Bytes [off, off + n) of the datagram; more follow unless these are the last. */
static void fragment(struct one *o, uint16_t id, unsigned off, unsigned n)
{
	fragment_of(o, id, off, n, off + n < len);
}

static int start(struct one *o)
{
	for (unsigned i = 0; i < N; i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	len = make_udp(datagram, 0, 0, 1000, 7, data, N);
	one_init(o);
	return one_udp_socket(o, 7);
}

static void assert_arrived(struct one *o, int s)
{
	uint8_t got[N + 1];

	assert_int_equal(berth_recv(o->host, s, got, sizeof(got), 0), N);
	assert_memory_equal(got, data, N);
	assert_int_equal(o->host->reassemblies.n, 0);
	assert_int_equal(o->host->reassemblies.bytes, 0);
}

static void assert_nothing(struct one *o, int s)
{
	uint8_t got[8];

	assert_int_equal(berth_recv(o->host, s, got, sizeof(got), 0), BERTH_EAGAIN);
}

/* Four pieces in each of their 24 orders. */
static void every_order(void **state)
{
	static const unsigned offs[5] = {0, 8, 1480, 2000, N + 8};
	struct one o;
	int s = start(&o);

	(void)state;
	for (unsigned order = 0; order < 256; order++) {
		unsigned seen = 0;

		for (unsigned k = 0; k < 4; k++)
			seen |= 1u << (order >> 2 * k & 3);
		if (seen != 15)
			continue;
		for (unsigned k = 0; k < 4; k++) {
			unsigned i = order >> 2 * k & 3;

			assert_nothing(&o, s);
			fragment(&o, (uint16_t)order, offs[i], offs[i + 1] - offs[i]);
		}
		assert_arrived(&o, s);
	}
	assert_counter(&o, "ip_reassembled", 24);
	assert_counter(&o, "ip_fragments_in", 96);
	one_deinit(&o);
}

/* Pieces of the least size, backwards in part: as many holes as are allowed. */
static void smallest_pieces(void **state)
{
	struct one o;
	int s = start(&o);

	(void)state;
	for (unsigned off = 0; off < len; off += 8)
		fragment(&o, 1, off, off + 8 < len ? 8 : (unsigned)len - off);
	assert_arrived(&o, s);
	for (unsigned off = 0; off < len; off += 16)
		fragment(&o, 2, off, off + 8 < len ? 8 : (unsigned)len - off);
	assert_counter(&o, "ip_reassembly_holes", 1);
	assert_true(counter(o.host, "ip_reassembly_dead") > 0);
	one_deinit(&o);
}

static void duplicates_are_no_overlap(void **state)
{
	struct one o;
	int s = start(&o);

	(void)state;
	fragment(&o, 1, 0, 1480);
	fragment(&o, 1, 0, 1480);
	fragment(&o, 1, 800, 80);
	assert_counter(&o, "ip_reassembly_duplicates", 2);
	fragment(&o, 1, 1480, (unsigned)len - 1480);
	assert_arrived(&o, s);
	one_deinit(&o);
}

/* attacks row 12 (libslirp CVE-2020-1983): overlapping fragments end the packet, and what still comes of it is dropped.
 */
static void overlaps(void **state)
{
	static const struct {
		unsigned off, n;
	} cases[] = {
		{0, 1480},   /* the same place, other bytes */
		{8, 8},      /* inside */
		{1472, 16},  /* over the right edge */
		{1472, 800}, /* over the hole and into the next */
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct one o;
		int s = start(&o);
		unsigned n = cases[i].n;

		fragment(&o, 1, 0, 1480);
		datagram[cases[i].off + n - 1] ^= 0xff;
		fragment_of(&o, 1, cases[i].off, n, true);
		datagram[cases[i].off + n - 1] ^= 0xff;
		assert_counter(&o, "ip_reassembly_overlaps", 1);
		fragment(&o, 1, 0, 1480);
		fragment(&o, 1, 1480, (unsigned)len - 1480);
		assert_counter(&o, "ip_reassembly_dead", 2);
		assert_nothing(&o, s);
		/* Another packet is none the worse for it. */
		fragment(&o, 2, 0, 1480);
		fragment(&o, 2, 1480, (unsigned)len - 1480);
		one_run(&o, o.now + 31 * SECOND);
		assert_counter(&o, "ip_reassembly_timeouts", 0);
		assert_arrived(&o, s);
		one_deinit(&o);
	}
}

/* attacks row 1 (Ripple20 CVE-2020-11896, -11907): fragments that disagree on where the packet ends. */
static void lengths_disagree(void **state)
{
	static const struct {
		unsigned off[2], n[2];
		bool more[2];
	} cases[] = {
		{{1480, 2000}, {8, 8}, {false, false}}, /* two ends */
		{{1480, 2000}, {8, 8}, {false, true}},  /* something beyond the end */
		{{2000, 1480}, {8, 8}, {true, false}},  /* an end before something that is there */
		{{1480, 1472}, {8, 16}, {false, true}}, /* as far as the end, but not the end */
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct one o;
		int s = start(&o);

		for (unsigned k = 0; k < 2; k++)
			fragment_of(&o, 1, cases[i].off[k], cases[i].n[k], cases[i].more[k]);
		assert_counter(&o, "ip_reassembly_mismatches", 1);
		fragment(&o, 1, 0, 1480);
		assert_nothing(&o, s);
		one_deinit(&o);
	}
}

static void beyond(struct one *o, uint16_t off, size_t n)
{
	one_packet(o, &(struct packet_spec){.protocol = 17, .off = off, .payload = datagram, .n = n});
}

/* Row 1 again: what cannot be a fragment by itself. */
static void impossible_fragments(void **state)
{
	struct one o;

	(void)state;
	start(&o);
	fragment_of(&o, 1, 0, 9, true); /* not in eights */
	fragment_of(&o, 1, 0, 0, true); /* nothing in it */
	beyond(&o, 65528, 8);           /* ends beyond 65,535 with the header */
	beyond(&o, 65512, 24);          /* the same */
	one_packet(&o, &(struct packet_spec){.protocol = 17, .more = true, .dont = true, .payload = datagram, .n = 8});
	assert_counter(&o, "ip_bad_fragment", 5);
	assert_int_equal(o.host->reassemblies.n, 0);
	one_deinit(&o);
}

/* RFC 1122 section 3.3.2: given up in time, and the sender told if its first fragment came. */
static void times_out(void **state)
{
	struct icmp_message m;
	struct one o;

	(void)state;
	start(&o);
	one_introduce(&o);
	fragment(&o, 1, 1480, 16);
	fragment(&o, 2, 0, 1480);
	one_run(&o, o.now + 29 * SECOND);
	assert_int_equal(o.host->reassemblies.n, 2);
	one_clear(&o);
	o.now += SECOND;
	berth_host_expire(o.host, o.now);
	assert_int_equal(o.host->reassemblies.n, 0);
	assert_counter(&o, "ip_reassembly_timeouts", 2);
	assert_int_equal(one_out(&o), 1);
	m = sent_icmp(&o, 0);
	assert_int_equal(m.type, ICMP4_TIME_EXCEEDED);
	assert_int_equal(m.code, 1);
	assert_int_equal(m.len_body, 68);
	assert_int_equal(get_be16(m.body + 4), 2);
	assert_memory_equal(m.body + 20, datagram, 48);
	one_deinit(&o);
}

static void from(struct one *o, uint32_t source, uint16_t id, unsigned off, unsigned n)
{
	one_packet(o, &(struct packet_spec){
			      .source = source,
			      .protocol = 17,
			      .id = id,
			      .off = (uint16_t)off,
			      .more = true,
			      .payload = datagram,
			      .n = n,
		      });
}

/* attacks row 28 (FragmentSmack CVE-2018-5391): memory is bounded for a peer and in all, and the oldest goes first. */
static void bounded(void **state)
{
	struct one o;
	uint64_t evicted;

	(void)state;
	start(&o);
	for (unsigned id = 0; id < 1000; id++) {
		from(&o, PEER, (uint16_t)id, 60000, 8);
		assert_true(o.host->reassemblies.bytes <= 256u << 10);
	}
	evicted = counter(o.host, "ip_reassembly_evicted");
	assert_true(evicted >= 990);
	/* Another peer's few fragments are safe from it. */
	fragment_of(&o, 7, 0, 8, true);
	for (unsigned i = 0; i < 5000; i++) {
		from(&o, IP(10, 0, 0, 1) + i, 1, 30000, 8);
		assert_true(o.host->reassemblies.bytes <= 1u << 20);
	}
	assert_true(o.heap.n_bytes < 3u << 19);
	/* The newest is still there and can be finished. */
	assert_true(counter(o.host, "ip_reassembly_evicted") > evicted);
	one_run(&o, o.now + 31 * SECOND);
	assert_int_equal(o.host->reassemblies.bytes, 0);
	one_deinit(&o);
}

/* Addresses, protocol and ID are the key. */
static void keys(void **state)
{
	struct one o;
	int s = start(&o);

	(void)state;
	fragment(&o, 1, 0, 1480);
	fragment(&o, 2, 1480, (unsigned)len - 1480);
	one_packet(&o, &(struct packet_spec){
			       .source = IP(192, 168, 1, 6),
			       .protocol = 17,
			       .id = 1,
			       .off = 1480,
			       .payload = datagram + 1480,
			       .n = len - 1480,
		       });
	one_packet(&o, &(struct packet_spec){
			       .protocol = 1,
			       .id = 1,
			       .off = 1480,
			       .payload = datagram + 1480,
			       .n = len - 1480,
		       });
	assert_nothing(&o, s);
	assert_int_equal(o.host->reassemblies.n, 4);
	fragment(&o, 1, 1480, (unsigned)len - 1480);
	assert_int_equal(o.host->reassemblies.n, 3);
	one_deinit(&o);
}

/* The largest datagram there is, across two hosts' own fragments: see test_udp_socket.c. Here: the largest that can be
 * built. */
static void largest(void **state)
{
	static uint8_t big[65515], nothing[65507];
	struct one o;
	int s = start(&o);

	(void)state;
	make_udp(big, 0, 0, 1000, 7, nothing, sizeof(nothing));
	for (unsigned off = 0; off < sizeof(big); off += 1480) {
		unsigned n = sizeof(big) - off < 1480 ? (unsigned)sizeof(big) - off : 1480;

		one_packet(&o, &(struct packet_spec){
				       .protocol = 17,
				       .id = 5,
				       .off = (uint16_t)off,
				       .more = off + n < sizeof(big),
				       .payload = big + off,
				       .n = n,
			       });
	}
	assert_int_equal(berth_recv(o.host, s, big, sizeof(big), 0), 65507);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order),
		cmocka_unit_test(smallest_pieces),
		cmocka_unit_test(duplicates_are_no_overlap),
		cmocka_unit_test(overlaps),
		cmocka_unit_test(lengths_disagree),
		cmocka_unit_test(impossible_fragments),
		cmocka_unit_test(times_out),
		cmocka_unit_test(bounded),
		cmocka_unit_test(keys),
		cmocka_unit_test(largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
