/* IPv4 headers: as they come, and with the checksum put right so that what lies behind it is reached. */
#include <string.h>

#include "checksum.h"
#include "fuzz.h"
#include "ip4.h"

static void check_equal(const struct ip4_header *a, const struct ip4_header *b)
{
	CHECK(memcmp(a->source, b->source, 4) == 0);
	CHECK(memcmp(a->destination, b->destination, 4) == 0);
	CHECK(a->total_len == b->total_len && a->id == b->id && a->off_fragment == b->off_fragment);
	CHECK(a->dont_fragment == b->dont_fragment && a->more_fragments == b->more_fragments);
	CHECK(a->tos == b->tos && a->ttl == b->ttl && a->protocol == b->protocol);
	CHECK(a->len_header == b->len_header && a->source_routed == b->source_routed);
}

/* Out and back, without the options, which are not sent. */
static void check_round_trip(struct ip4_header h)
{
	static const uint8_t zeros[65535];
	uint8_t bytes[IP4_HEADER], *whole;
	struct ip4_header back;

	h.total_len = (uint16_t)(h.total_len - (h.len_header - IP4_HEADER));
	h.len_header = IP4_HEADER;
	h.source_routed = false;
	CHECK(ip4_emit(&h, bytes) == bytes + IP4_HEADER);
	whole = malloc(h.total_len);
	CHECK(whole);
	memcpy(whole, zeros, h.total_len);
	memcpy(whole, bytes, IP4_HEADER);
	CHECK(ip4_parse(whole, h.total_len, &back) == IP4_OK);
	check_equal(&h, &back);
	free(whole);
}

static void check(const uint8_t *data, size_t n)
{
	struct ip4_header h, quoted;

	if (ip4_parse(data, n, &h) != IP4_OK)
		return;
	CHECK(h.len_header >= IP4_HEADER && h.len_header <= IP4_HEADER_MAX);
	CHECK(h.len_header <= h.total_len && h.total_len <= n);
	CHECK(h.off_fragment + h.total_len <= UINT16_MAX);
	CHECK(ip4_parse_quoted(data, n, &quoted));
	check_equal(&h, &quoted);
	check_round_trip(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ip4_header h;
	uint8_t *sealed;
	uint16_t sum;

	check(data, n);
	if (!ip4_parse_quoted(data, n, &h))
		return 0;
	sealed = malloc(n);
	CHECK(sealed);
	memcpy(sealed, data, n);
	memset(sealed + 10, 0, 2);
	sum = checksum_finish(checksum_add(0, sealed, h.len_header));
	sealed[10] = (uint8_t)(sum >> 8);
	sealed[11] = (uint8_t)sum;
	CHECK(ip4_parse(sealed, n, &h) != IP4_BAD_CHECKSUM);
	check(sealed, n);
	free(sealed);
	return 0;
}
