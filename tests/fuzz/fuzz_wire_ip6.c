/* IPv6 headers and their extension headers: whole packets and quoted ones. */
#include <string.h>

#include "fuzz.h"
#include "ip6.h"

static void check_quoted(const uint8_t *data, size_t n)
{
	struct ip6_payload payload;
	struct ip6_header h;

	if (!ip6_parse_quoted(data, n, &h, &payload))
		return;
	CHECK(payload.off >= IP6_HEADER && payload.len > 0);
	CHECK(payload.off + (size_t)payload.len <= n);
	CHECK(payload.off + payload.len <= IP6_HEADER + h.payload_len);
	CHECK(payload.off_fragment == 0);
	CHECK(data[payload.off_protocol] == payload.protocol);
}

static void check_payload(const struct ip6_payload *payload, const struct ip6_header *h, size_t n)
{
	CHECK(payload->off >= IP6_HEADER && payload->off + payload->len == IP6_HEADER + h->payload_len);
	CHECK(payload->off + (size_t)payload->len <= n);
	CHECK(payload->off <= IP6_HEADER + IP6_EXTENSIONS_MAX * 2048);
	CHECK(payload->off_protocol < payload->off);
	CHECK(payload->fragment || (!payload->more_fragments && !payload->off_fragment && !payload->id));
	CHECK(payload->off_fragment % 8 == 0);
	CHECK(!payload->off_fragment || payload->off_fragment + payload->len <= UINT16_MAX);
	CHECK(!payload->more_fragments || payload->len % 8 == 0);
	CHECK(payload->routing ? payload->routing_type : !payload->routing_type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ip6_problem problem;
	struct ip6_payload payload;
	struct ip6_header h;
	enum ip6_verdict verdict;
	uint8_t bytes[IP6_HEADER];

	check_quoted(data, n);
	verdict = ip6_parse(data, n, &h, &payload, &problem);
	if (verdict != IP6_OK) {
		CHECK(!problem.tell || problem.off < (size_t)IP6_HEADER + h.payload_len);
		CHECK(!problem.multicast || (problem.tell && problem.code == IP6_PROBLEM_OPTION));
		return 0;
	}
	CHECK(!problem.tell);
	check_payload(&payload, &h, n);
	CHECK(data[payload.off_protocol] == payload.protocol);
	CHECK(ip6_emit(&h, bytes) == bytes + IP6_HEADER);
	CHECK(memcmp(bytes, data, IP6_HEADER) == 0);
	return 0;
}
