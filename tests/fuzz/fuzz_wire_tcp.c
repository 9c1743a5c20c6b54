/* TCP headers and options: whatever is read is written and read again the same. */
#include <string.h>

#include "fuzz.h"
#include "tcp_header.h"

static void check_fields(const struct tcp_header *a, const struct tcp_header *b)
{
	CHECK(a->source_port == b->source_port && a->destination_port == b->destination_port);
	CHECK(a->seq == b->seq && a->ack == b->ack && a->window == b->window && a->urgent == b->urgent);
	CHECK(a->flags == b->flags);
	CHECK(a->has_mss == b->has_mss && a->mss == b->mss);
	CHECK(a->has_wscale == b->has_wscale && a->wscale == b->wscale);
	CHECK(a->has_sack_permitted == b->has_sack_permitted);
	CHECK(a->has_timestamp == b->has_timestamp && a->ts_val == b->ts_val && a->ts_ecr == b->ts_ecr);
	CHECK(a->has_fast_open == b->has_fast_open);
	if (a->has_fast_open) {
		CHECK(a->flags & TCP_SYN);
		CHECK(a->n_fast_open <= TCP_FAST_OPEN_MAX && a->n_fast_open % 2 == 0);
		CHECK(a->fast_open_experimental == b->fast_open_experimental && a->n_fast_open == b->n_fast_open);
		CHECK(memcmp(a->fast_open, b->fast_open, a->n_fast_open) == 0);
	}
}

/* As many SACK blocks as were sent are read, the first ones, and none is left out that there was room for. */
static void check_sacks(const struct tcp_header *sent, const struct tcp_header *read, size_t len)
{
	CHECK(read->n_sacks <= sent->n_sacks && sent->n_sacks <= TCP_SACK_BLOCKS_MAX);
	CHECK(read->n_sacks == sent->n_sacks || len + 8 > TCP_HEADER_MAX);
	for (size_t i = 0; i < read->n_sacks; i++) {
		CHECK(read->sacks[i].left == sent->sacks[i].left);
		CHECK(read->sacks[i].right == sent->sacks[i].right);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tcp_header h, back;
	size_t len = tcp_header_parse(data, n, &h);
	uint8_t *bytes;

	CHECK(len <= n && len % 4 == 0);
	if (!len)
		return 0;
	CHECK(len >= TCP_HEADER && len <= TCP_HEADER_MAX);
	CHECK(tcp_header_parse(data, len - 1, &back) == 0);
	len = tcp_header_len(&h);
	CHECK(len >= TCP_HEADER && len <= TCP_HEADER_MAX && len % 4 == 0);
	bytes = malloc(len);
	CHECK(bytes);
	CHECK(tcp_header_emit(&h, bytes) == bytes + len);
	CHECK(tcp_header_parse(bytes, len, &back) == len);
	check_fields(&h, &back);
	check_sacks(&h, &back, len);
	free(bytes);
	return 0;
}
