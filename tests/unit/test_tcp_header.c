/* TCP headers: round trips, Linux's layout in bytes, and options that nobody should send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "eth.h"
#include "ip4.h"
#include "tcp_header.h"
#include "wire_packets.h"

static void assert_headers_equal(const struct tcp_header *a, const struct tcp_header *b)
{
	assert_int_equal(a->source_port, b->source_port);
	assert_int_equal(a->destination_port, b->destination_port);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->ack, b->ack);
	assert_int_equal(a->window, b->window);
	assert_int_equal(a->urgent, b->urgent);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->has_mss, b->has_mss);
	assert_int_equal(a->mss, b->mss);
	assert_int_equal(a->has_wscale, b->has_wscale);
	assert_int_equal(a->wscale, b->wscale);
	assert_int_equal(a->has_sack_permitted, b->has_sack_permitted);
	assert_int_equal(a->has_timestamp, b->has_timestamp);
	assert_int_equal(a->ts_val, b->ts_val);
	assert_int_equal(a->ts_ecr, b->ts_ecr);
	assert_int_equal(a->n_sacks, b->n_sacks);
	for (size_t i = 0; i < a->n_sacks; i++) {
		assert_int_equal(a->sacks[i].left, b->sacks[i].left);
		assert_int_equal(a->sacks[i].right, b->sacks[i].right);
	}
}

/* A header with the options that the bits say: MSS, window scale, SACK-permitted, timestamps; and n SACK blocks. */
static struct tcp_header with(unsigned bits, uint8_t n_sacks)
{
	struct tcp_header h = {
		.source_port = 1099,
		.destination_port = 80,
		.seq = 0x01020304,
		.ack = 0xfffefdfc,
		.window = 0xfaf0,
		.urgent = 0x1234,
		.flags = TCP_ACK | TCP_PSH,
		.n_sacks = n_sacks,
		.has_mss = bits & 1,
		.has_wscale = bits & 2,
		.has_sack_permitted = bits & 4,
		.has_timestamp = bits & 8,
	};

	h.mss = h.has_mss ? 1460 : 0;
	h.wscale = h.has_wscale ? 7 : 0;
	h.ts_val = h.has_timestamp ? 0xa1a2a3a4 : 0;
	h.ts_ecr = h.has_timestamp ? 0xb1b2b3b4 : 0;
	for (unsigned i = 0; i < n_sacks; i++)
		h.sacks[i] = (struct tcp_sack_block){.left = 0x10000000 * i, .right = 0x10000000 * i + 0x1234567};
	return h;
}

/* Parses n bytes from an allocation of just that size. */
static size_t parse_exactly(const uint8_t *bytes, size_t n, struct tcp_header *out)
{
	uint8_t *p = exact_copy(bytes, n);
	size_t len = tcp_header_parse(p, n, out);

	free(p);
	return len;
}

static void test_linux_syn(void **state)
{
	const uint8_t *p = packet_syn4 + ETH_HEADER + IP4_HEADER;
	const struct tcp_header expected = {
		.source_port = 1099,
		.destination_port = 80,
		.seq = 0x77180f0d,
		.flags = TCP_SYN,
		.window = 64240,
		.has_mss = true,
		.mss = 1460,
		.has_sack_permitted = true,
		.has_timestamp = true,
		.ts_val = 0x525e5efb,
		.has_wscale = true,
		.wscale = 10,
	};
	uint8_t bytes[TCP_HEADER_MAX];
	struct tcp_header h;

	assert_int_equal(tcp_header_parse(p, 40, &h), 40);
	assert_headers_equal(&h, &expected);
	assert_int_equal(tcp_header_len(&h), 40);
	assert_ptr_equal(tcp_header_emit(&h, bytes), bytes + 40);
	assert_memory_equal(bytes, p, TCP_OFF_CHECKSUM);
	assert_memory_equal(bytes + TCP_OFF_CHECKSUM, "\0\0", 2);
	assert_memory_equal(bytes + TCP_OFF_CHECKSUM + 2, p + TCP_OFF_CHECKSUM + 2, 40 - TCP_OFF_CHECKSUM - 2);
}

static void test_linux_syn_without_timestamps(void **state)
{
	const uint8_t *p = packet_syn4_no_timestamps + ETH_HEADER + IP4_HEADER;
	uint8_t bytes[TCP_HEADER_MAX];
	struct tcp_header h;

	assert_int_equal(tcp_header_parse(p, 32, &h), 32);
	assert_false(h.has_timestamp);
	assert_true(h.has_mss && h.has_sack_permitted && h.has_wscale);
	assert_ptr_equal(tcp_header_emit(&h, bytes), bytes + 32);
	assert_memory_equal(bytes + TCP_HEADER, p + TCP_HEADER, 12);
}

/* The bytes of the options, each combination that the host sends. */
static void test_layout(void **state)
{
	static const struct {
		unsigned bits;
		uint8_t n_sacks;
		uint8_t n;
		const char *bytes;
	} cases[] = {
		{0, 0, 0, ""},
		{1, 0, 4, "\x02\x04\x05\xb4"},
		{3, 0, 8, "\x02\x04\x05\xb4\x01\x03\x03\x07"},
		{5, 0, 8, "\x02\x04\x05\xb4\x01\x01\x04\x02"},
		{7, 0, 12, "\x02\x04\x05\xb4\x01\x01\x04\x02\x01\x03\x03\x07"},
		{8, 0, 12, "\x01\x01\x08\x0a\xa1\xa2\xa3\xa4\xb1\xb2\xb3\xb4"},
		{9, 0, 16, "\x02\x04\x05\xb4\x01\x01\x08\x0a\xa1\xa2\xa3\xa4\xb1\xb2\xb3\xb4"},
		{15, 0, 20, "\x02\x04\x05\xb4\x04\x02\x08\x0a\xa1\xa2\xa3\xa4\xb1\xb2\xb3\xb4\x01\x03\x03\x07"},
		{0, 1, 12, "\x01\x01\x05\x0a\x00\x00\x00\x00\x01\x23\x45\x67"},
		{8, 2, 32,
		 "\x01\x01\x08\x0a\xa1\xa2\xa3\xa4\xb1\xb2\xb3\xb4\x01\x01\x05\x12\x00\x00\x00\x00\x01\x23\x45\x67"
		 "\x10\x00\x00\x00\x11\x23\x45\x67"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tcp_header h = with(cases[i].bits, cases[i].n_sacks);
		uint8_t bytes[TCP_HEADER_MAX];

		assert_int_equal(tcp_header_len(&h), TCP_HEADER + cases[i].n);
		assert_ptr_equal(tcp_header_emit(&h, bytes), bytes + TCP_HEADER + cases[i].n);
		assert_memory_equal(bytes + TCP_HEADER, cases[i].bytes, cases[i].n);
	}
}

/* Every combination of options and every number of SACK blocks: within its length, and read back as it was, but for the
 * blocks that do not fit. */
static void test_round_trip(void **state)
{
	for (unsigned bits = 0; bits < 16; bits++) {
		for (uint8_t n_sacks = 0; n_sacks <= TCP_SACK_BLOCKS_MAX; n_sacks++) {
			struct tcp_header h = with(bits, n_sacks), back;
			size_t len = tcp_header_len(&h), len_others;
			uint8_t bytes[TCP_HEADER_MAX + 1], n_fit;

			h.n_sacks = 0;
			len_others = tcp_header_len(&h);
			h.n_sacks = n_sacks;
			n_fit = (uint8_t)((TCP_HEADER_MAX - len_others - 4) / 8);
			memset(bytes, 0xa5, sizeof(bytes));
			assert_true(len >= TCP_HEADER && len <= TCP_HEADER_MAX && len % 4 == 0);
			assert_ptr_equal(tcp_header_emit(&h, bytes), bytes + len);
			assert_int_equal(bytes[len], 0xa5);
			assert_int_equal(parse_exactly(bytes, len, &back), len);
			h.n_sacks = n_sacks < n_fit ? n_sacks : n_fit;
			assert_headers_equal(&back, &h);
		}
	}
}

static void test_every_flag(void **state)
{
	for (unsigned flags = 0; flags < 256; flags++) {
		struct tcp_header h = with(8, 0), back;
		uint8_t bytes[TCP_HEADER_MAX];

		h.flags = (uint8_t)flags;
		tcp_header_emit(&h, bytes);
		assert_int_equal(tcp_header_parse(bytes, 32, &back), 32);
		assert_headers_equal(&back, &h);
	}
}

/* CVE-2020-24341: every data offset against every length of segment. */
static void test_every_offset_and_truncation(void **state)
{
	uint8_t bytes[TCP_HEADER_MAX + 4];
	struct tcp_header h = with(8, 3);

	memset(bytes, 1, sizeof(bytes));
	tcp_header_emit(&h, bytes);
	for (unsigned offset = 0; offset < 16; offset++) {
		bytes[12] = (uint8_t)(offset << 4 | 0xf);
		for (size_t n = 0; n <= sizeof(bytes); n++) {
			size_t len = 4 * (size_t)offset;
			bool sound = n >= TCP_HEADER && len >= TCP_HEADER && len <= n;

			assert_int_equal(parse_exactly(bytes, n, &h), sound ? len : 0);
		}
	}
}

static void test_output_untouched(void **state)
{
	uint8_t bytes[TCP_HEADER] = {[12] = 0x60};
	struct tcp_header h, before;

	memset(&h, 1, sizeof(h));
	memcpy(&before, &h, sizeof(h));
	assert_int_equal(tcp_header_parse(bytes, sizeof(bytes), &h), 0);
	assert_memory_equal(&h, &before, sizeof(h));
}

/* A header with these n bytes of options, NOPs up to a multiple of 4. */
static size_t parse_options(const uint8_t *options, size_t n, struct tcp_header *out)
{
	uint8_t bytes[TCP_HEADER_MAX];
	struct tcp_header h = with(0, 0);

	tcp_header_emit(&h, bytes);
	memset(bytes + TCP_HEADER, 1, sizeof(bytes) - TCP_HEADER);
	memcpy(bytes + TCP_HEADER, options, n);
	n = (n + 3) / 4 * 4;
	bytes[12] = (uint8_t)((TCP_HEADER + n) / 4 << 4);
	return parse_exactly(bytes, TCP_HEADER + n, out);
}

/* Ripple20, URGENT/11 and others: every kind that we know and some that we do not, with every length, at every place,
 * in every length of options. The segment is always taken, and what came before the bad option holds. */
static void test_every_option_length(void **state)
{
	static const uint8_t kinds[] = {2, 3, 4, 5, 8, 6, 19, 30, 34, 253, 255};

	for (size_t k = 0; k < sizeof(kinds); k++) {
		for (size_t n = 4; n <= 40; n += 4) {
			for (size_t at = 0; at < n; at++) {
				for (unsigned len = 0; len < 256; len++) {
					uint8_t options[40];
					struct tcp_header h;

					memset(options, 1, sizeof(options));
					if (at >= 4)
						memcpy(options, "\x02\x04\x05\xb4", 4);
					options[at] = kinds[k];
					if (at + 1 < n)
						options[at + 1] = (uint8_t)len;
					assert_int_equal(parse_options(options, n, &h), TCP_HEADER + n);
					if (at >= 4)
						assert_true(h.has_mss && h.mss == 1460);
					assert_true(h.n_sacks <= TCP_SACK_BLOCKS_MAX);
				}
			}
		}
	}
}

/* Each known kind counts with its own length alone, and with another ends the list. */
static void test_known_lengths(void **state)
{
	static const struct {
		uint8_t kind, len;
	} known[] = {{2, 4}, {3, 3}, {4, 2}, {8, 10}};

	for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
		for (unsigned len = 2; len <= 30; len++) {
			uint8_t options[40];
			bool sound = len == known[k].len, has[4], window_scale_after = known[k].kind != 3;
			struct tcp_header h;

			memset(options, 1, sizeof(options));
			options[0] = known[k].kind;
			options[1] = (uint8_t)len;
			if (window_scale_after)
				memcpy(options + len, "\x03\x03\x09", 3);
			assert_int_equal(parse_options(options, 40, &h), 60);
			has[0] = h.has_mss;
			has[1] = h.has_wscale;
			has[2] = h.has_sack_permitted;
			has[3] = h.has_timestamp;
			assert_int_equal(has[k], sound);
			assert_int_equal(h.has_wscale, sound);
			if (sound && window_scale_after)
				assert_int_equal(h.wscale, 9);
		}
	}
}

static void test_sack_lengths(void **state)
{
	for (unsigned len = 0; len <= 40; len++) {
		uint8_t options[40];
		struct tcp_header h;

		memset(options, 1, sizeof(options));
		options[0] = 5;
		options[1] = (uint8_t)len;
		for (unsigned i = 2; i < 40; i++)
			options[i] = (uint8_t)i;
		assert_int_equal(parse_options(options, 40, &h), 60);
		assert_int_equal(h.n_sacks, len >= 10 && (len - 2) % 8 == 0 ? (len - 2) / 8 : 0);
		for (size_t i = 0; i < h.n_sacks; i++) {
			uint32_t first = (uint32_t)(2 + 8 * i);

			assert_int_equal(h.sacks[i].left, first * 0x01010101 + 0x00010203);
			assert_int_equal(h.sacks[i].right, (first + 4) * 0x01010101 + 0x00010203);
		}
	}
}

/* The first of a kind counts; unknown kinds are skipped; what follows the end of the list is not read. */
static void test_order_of_options(void **state)
{
	static const uint8_t twice[] = {2, 4, 5, 0xb4, 2, 4, 0, 1, 3, 3,  7, 3, 3, 9, 4, 2, 8, 10,
					0, 0, 0, 1,    0, 0, 0, 2, 8, 10, 0, 0, 0, 3, 0, 0, 0, 4};
	static const uint8_t unknown[] = {254, 6, 1, 2, 3, 4, 30, 2, 2, 4, 5, 0xb4};
	static const uint8_t ended[] = {2, 4, 5, 0xb4, 0, 3, 3, 7};
	static const uint8_t sacks[] = {5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 5, 10, 0, 0, 0, 3, 0, 0, 0, 4};
	struct tcp_header h;

	parse_options(twice, sizeof(twice), &h);
	assert_int_equal(h.mss, 1460);
	assert_int_equal(h.wscale, 7);
	assert_true(h.has_sack_permitted);
	assert_int_equal(h.ts_val, 1);
	assert_int_equal(h.ts_ecr, 2);
	parse_options(unknown, sizeof(unknown), &h);
	assert_int_equal(h.mss, 1460);
	parse_options(ended, sizeof(ended), &h);
	assert_true(h.has_mss);
	assert_false(h.has_wscale);
	parse_options(sacks, sizeof(sacks), &h);
	assert_int_equal(h.n_sacks, 1);
	assert_int_equal(h.sacks[0].right, 2);
}

/* Timestamps in other places than the usual one. */
static void test_timestamp_layouts(void **state)
{
	static const struct {
		uint8_t n;
		const char *bytes;
	} layouts[] = {
		{12, "\x01\x01\x08\x0a\x00\x00\x00\x05\x00\x00\x00\x06"},
		{12, "\x08\x0a\x00\x00\x00\x05\x00\x00\x00\x06\x01\x01"},
		{12, "\x08\x0a\x00\x00\x00\x05\x00\x00\x00\x06\x00\x00"},
		{12, "\x01\x08\x0a\x00\x00\x00\x05\x00\x00\x00\x06\x00"},
		{16, "\x01\x01\x08\x0a\x00\x00\x00\x05\x00\x00\x00\x06\x01\x01\x01\x01"},
	};

	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		struct tcp_header h;

		parse_options((const uint8_t *)layouts[i].bytes, layouts[i].n, &h);
		assert_true(h.has_timestamp);
		assert_int_equal(h.ts_val, 5);
		assert_int_equal(h.ts_ecr, 6);
		assert_false(h.has_mss || h.has_wscale || h.has_sack_permitted || h.n_sacks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linux_syn),        cmocka_unit_test(test_linux_syn_without_timestamps),
		cmocka_unit_test(test_layout),           cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_every_flag),       cmocka_unit_test(test_every_offset_and_truncation),
		cmocka_unit_test(test_output_untouched), cmocka_unit_test(test_every_option_length),
		cmocka_unit_test(test_known_lengths),    cmocka_unit_test(test_sack_lengths),
		cmocka_unit_test(test_order_of_options), cmocka_unit_test(test_timestamp_layouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
