/* TCP headers and options, RFC 9293 section 3.1.
 *
 * Scope: bytes to struct tcp_header and back. Method: after the handshake nearly every segment carries NOP, NOP,
 * timestamps and nothing else (RFC 7323 appendix A), so that layout is recognised by one word and read or written
 * without the walk. Everything else goes over the options one by one. Nothing that a peer writes into its options harms
 * more than the options. */
#include "tcp_header.h"

#include <assert.h>
#include <string.h>

#include "bytes.h"

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2
#define OPTION_WSCALE 3
#define OPTION_SACK_PERMITTED 4
#define OPTION_SACK 5
#define OPTION_TIMESTAMP 8
#define OPTION_FAST_OPEN 34
#define OPTION_EXPERIMENT 254
/* RFC 6994, by which fast open was tried out. */
#define EXPERIMENT_FAST_OPEN 0xf989

#define LEN_TIMESTAMP 10
#define LEN_TIMESTAMP_PADDED 12
#define LEN_OPTIONS_MAX 40

/* NOP, NOP, kind 8, length 10. */
#define WORD_TIMESTAMP 0x0101080au

static inline void read_timestamp(const uint8_t *p, struct tcp_header *out)
{
	out->has_timestamp = true;
	out->ts_val = get_be32(p);
	out->ts_ecr = get_be32(p + 4);
}

/* The list's length was at least one block's and a whole number of them. A list that is longer than four cannot be: 40
 * bytes of options hold no more. */
static void read_sacks(const uint8_t *p, size_t n, struct tcp_header *out)
{
	size_t n_blocks = n / 8;

	for (size_t i = 0; i < n_blocks && i < TCP_SACK_BLOCKS_MAX; i++) {
		out->sacks[i].left = get_be32(p + 8 * i);
		out->sacks[i].right = get_be32(p + 8 * i + 4);
		out->n_sacks++;
	}
}

/* RFC 7413 section 4.1.1: a length that cannot be, and what comes without a SYN, is as if it were not there. */
static void read_fast_open(const uint8_t *p, size_t n, bool experimental, struct tcp_header *out)
{
	if (!(out->flags & TCP_SYN) || out->has_fast_open || n > TCP_FAST_OPEN_MAX || n % 2 ||
	    (n && n < TCP_FAST_OPEN_MIN))
		return;
	out->has_fast_open = true;
	out->fast_open_experimental = experimental;
	out->n_fast_open = (uint8_t)n;
	if (n)
		memcpy(out->fast_open, p, n);
}

/* One option of len bytes in all. Whether it was of the length that its kind has, or of a kind that we do not know. */
static bool read_option(const uint8_t *p, size_t len, struct tcp_header *out)
{
	switch (p[0]) {
	case OPTION_MSS:
		if (len == 4 && !out->has_mss) {
			out->has_mss = true;
			out->mss = get_be16(p + 2);
		}
		return len == 4;
	case OPTION_WSCALE:
		if (len == 3 && !out->has_wscale) {
			out->has_wscale = true;
			out->wscale = p[2];
		}
		return len == 3;
	case OPTION_SACK_PERMITTED:
		out->has_sack_permitted |= len == 2;
		return len == 2;
	case OPTION_SACK:
		if (len >= 10 && len % 8 == 2 && !out->n_sacks)
			read_sacks(p + 2, len - 2, out);
		return len >= 10 && len % 8 == 2;
	case OPTION_TIMESTAMP:
		if (len == LEN_TIMESTAMP && !out->has_timestamp)
			read_timestamp(p + 2, out);
		return len == LEN_TIMESTAMP;
	case OPTION_FAST_OPEN:
		read_fast_open(p + 2, len - 2, false, out);
		return true;
	case OPTION_EXPERIMENT:
		if (len >= 4 && get_be16(p + 2) == EXPERIMENT_FAST_OPEN)
			read_fast_open(p + 4, len - 4, true, out);
		return true;
	default:
		return true;
	}
}

/* RFC 9293 section 3.2: unknown options are skipped by their length (MUST-6), and a length that cannot be is survived
 * (MUST-7). Survived means here: what came before counts, what follows is not looked at. */
static void read_options(const uint8_t *p, const uint8_t *end, struct tcp_header *out)
{
	while (p < end && *p != OPTION_END) {
		if (*p == OPTION_NOP) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] < 2 || p[1] > end - p || !read_option(p, p[1], out))
			return;
		p += p[1];
	}
}

size_t tcp_header_parse(const uint8_t *p, size_t n, struct tcp_header *out)
{
	size_t len;

	if (n < TCP_HEADER)
		return 0;
	len = (size_t)(p[12] >> 4) * 4;
	if (len < TCP_HEADER || len > n)
		return 0;
	out->source_port = get_be16(p);
	out->destination_port = get_be16(p + 2);
	out->seq = get_be32(p + 4);
	out->ack = get_be32(p + 8);
	out->window = get_be16(p + 14);
	out->urgent = get_be16(p + 18);
	out->flags = p[13];
	out->n_sacks = 0;
	out->has_mss = out->has_wscale = out->has_sack_permitted = out->has_timestamp = out->has_fast_open = false;
	out->mss = 0;
	out->wscale = 0;
	if (len == TCP_HEADER + LEN_TIMESTAMP_PADDED && get_be32(p + TCP_HEADER) == WORD_TIMESTAMP) {
		read_timestamp(p + TCP_HEADER + 4, out);
		return len;
	}
	out->ts_val = out->ts_ecr = 0;
	if (len > TCP_HEADER)
		read_options(p + TCP_HEADER, p + len, out);
	return len;
}

/* Kind, length and magic before the cookie, and NOPs behind. */
static inline size_t len_fast_open(const struct tcp_header *h)
{
	return ((h->fast_open_experimental ? 4u : 2u) + h->n_fast_open + 3u) & ~3u;
}

/* Bytes of options other than SACK. */
static inline size_t len_options(const struct tcp_header *h)
{
	size_t len = 0;

	len += h->has_mss ? 4 : 0;
	len += h->has_timestamp ? LEN_TIMESTAMP_PADDED : h->has_sack_permitted ? 4 : 0;
	len += h->has_wscale ? 4 : 0;
	len += h->has_fast_open ? len_fast_open(h) : 0;
	return len;
}

/* How many SACK blocks fit beside them. */
static inline size_t n_sacks_fit(const struct tcp_header *h, size_t len)
{
	size_t room = len + 4 < LEN_OPTIONS_MAX ? (LEN_OPTIONS_MAX - 4 - len) / 8 : 0;

	return h->n_sacks < room ? h->n_sacks : room;
}

/* No options, or timestamps alone: every segment but a few. */
static inline bool is_plain(const struct tcp_header *h)
{
	return !(h->n_sacks | h->has_mss | h->has_wscale | h->has_sack_permitted | h->has_fast_open);
}

size_t tcp_header_len(const struct tcp_header *h)
{
	size_t len, n_sacks;

	if (is_plain(h))
		return h->has_timestamp ? TCP_HEADER + LEN_TIMESTAMP_PADDED : TCP_HEADER;
	len = len_options(h);
	n_sacks = n_sacks_fit(h, len);
	if (n_sacks)
		len += 4 + 8 * n_sacks;
	return TCP_HEADER + len;
}

static inline uint8_t *put_timestamp(uint8_t *to, const struct tcp_header *h)
{
	to = put_be32(to, h->ts_val);
	return put_be32(to, h->ts_ecr);
}

static uint8_t *put_sacks(uint8_t *to, const struct tcp_header *h, size_t n)
{
	to = put_u8(to, OPTION_NOP);
	to = put_u8(to, OPTION_NOP);
	to = put_u8(to, OPTION_SACK);
	to = put_u8(to, (uint8_t)(2 + 8 * n));
	for (size_t i = 0; i < n; i++) {
		to = put_be32(to, h->sacks[i].left);
		to = put_be32(to, h->sacks[i].right);
	}
	return to;
}

static uint8_t *put_fast_open(uint8_t *to, const struct tcp_header *h)
{
	uint8_t *end = to + len_fast_open(h);

	to = put_u8(to, h->fast_open_experimental ? OPTION_EXPERIMENT : OPTION_FAST_OPEN);
	to = put_u8(to, (uint8_t)((h->fast_open_experimental ? 4 : 2) + h->n_fast_open));
	if (h->fast_open_experimental)
		to = put_be16(to, EXPERIMENT_FAST_OPEN);
	if (h->n_fast_open)
		to = put_bytes(to, h->fast_open, h->n_fast_open);
	while (to < end)
		to = put_u8(to, OPTION_NOP);
	return to;
}

/* Linux's order: SACK-permitted, when there are timestamps, takes the place of the two NOPs before them. */
static uint8_t *put_options(uint8_t *to, const struct tcp_header *h)
{
	size_t n_sacks;

	if (h->has_mss)
		to = put_be32(to, (uint32_t)OPTION_MSS << 24 | 4u << 16 | h->mss);
	if (h->has_sack_permitted && h->has_timestamp)
		to = put_timestamp(put_be32(to, 0x0402080au), h);
	else if (h->has_timestamp)
		to = put_timestamp(put_be32(to, WORD_TIMESTAMP), h);
	else if (h->has_sack_permitted)
		to = put_be32(to, 0x01010402u);
	if (h->has_wscale)
		to = put_be32(to, (uint32_t)OPTION_NOP << 24 | (uint32_t)OPTION_WSCALE << 16 | 3u << 8 | h->wscale);
	if (h->has_fast_open)
		to = put_fast_open(to, h);
	n_sacks = n_sacks_fit(h, len_options(h));
	if (n_sacks)
		to = put_sacks(to, h, n_sacks);
	return to;
}

/* The fixed part, of a header of len bytes. */
static inline uint8_t *put_fixed(uint8_t *to, const struct tcp_header *h, size_t len)
{
	to = put_be16(to, h->source_port);
	to = put_be16(to, h->destination_port);
	to = put_be32(to, h->seq);
	to = put_be32(to, h->ack);
	to = put_u8(to, (uint8_t)(len / 4 << 4));
	to = put_u8(to, h->flags);
	to = put_be16(to, h->window);
	to = put_be16(to, 0);
	return put_be16(to, h->urgent);
}

uint8_t *tcp_header_emit(const struct tcp_header *h, uint8_t *to)
{
	assert(h->n_sacks <= TCP_SACK_BLOCKS_MAX);
	if (!is_plain(h))
		return put_options(put_fixed(to, h, tcp_header_len(h)), h);
	if (!h->has_timestamp)
		return put_fixed(to, h, TCP_HEADER);
	to = put_fixed(to, h, TCP_HEADER + LEN_TIMESTAMP_PADDED);
	return put_timestamp(put_be32(to, WORD_TIMESTAMP), h);
}
