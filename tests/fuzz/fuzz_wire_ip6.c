/* IPv6 headers and their extension headers. */
#include <string.h>

#include "fuzz.h"
#include "ip6.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ip6_payload payload;
	struct ip6_header h;
	uint8_t bytes[IP6_HEADER];

	if (ip6_parse(data, n, &h, &payload) != IP6_OK)
		return 0;
	CHECK(payload.off >= IP6_HEADER && payload.off + payload.len == IP6_HEADER + h.payload_len);
	CHECK(payload.off + (size_t)payload.len <= n);
	CHECK(payload.off <= IP6_HEADER + IP6_EXTENSIONS_MAX * 2048);
	CHECK(payload.fragment || (!payload.more_fragments && !payload.off_fragment && !payload.id));
	CHECK(payload.off_fragment % 8 == 0);
	CHECK(!payload.off_fragment || payload.off_fragment + payload.len <= UINT16_MAX);
	CHECK(payload.routing || (!payload.routing_type && !payload.routing_left));
	CHECK(ip6_emit(&h, bytes) == bytes + IP6_HEADER);
	CHECK(memcmp(bytes, data, IP6_HEADER) == 0);
	return 0;
}
