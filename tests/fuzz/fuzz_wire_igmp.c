/* IGMP's messages, and IPv4 headers with options: the first byte says how long the header before the message is. */
#include <string.h>

#include "bytes.h"
#include "checksum.h"
#include "fuzz.h"
#include "igmp.h"

static void check_query(const struct membership_query *query, const uint8_t *p, size_t n)
{
	CHECK(query->version >= 1 && query->version <= 3);
	CHECK(query->ms_response <= 3174400);
	CHECK(ip_is_ip4(&query->group) && (ip_is_any(&query->group) || ip_is_multicast(&query->group)));
	CHECK(!query->n_sources || (query->sources >= p && query->sources + 4 * query->n_sources <= p + n));
	CHECK(query->robustness < 8 && query->s_interval <= 31744);
}

/* Each record is where it should be, and those without sources are written as they were read. */
static void check_records(struct membership_records records, const uint8_t *p, size_t n)
{
	struct membership_record record;
	unsigned n_records = records.n;

	for (; membership_record_next(&records, &record); n_records--) {
		uint8_t bytes[8];

		CHECK(record.sources >= p + 16 && record.sources + 4 * record.n_sources + 4 * record.len_aux <= p + n);
		CHECK(membership_record_len(&record.group) == sizeof(bytes));
		CHECK(membership_record_emit(record.type, &record.group, bytes) == bytes + sizeof(bytes));
		if (!record.n_sources && !record.len_aux)
			CHECK(memcmp(bytes, record.sources - sizeof(bytes), sizeof(bytes)) == 0);
	}
	CHECK(n_records == 0);
}

static void check_message(uint8_t *p, size_t n)
{
	struct igmp_message m;

	if (n >= 4) {
		put_be16(p + 2, 0);
		put_be16(p + 2, checksum_finish(checksum_add(0, p, n)));
	}
	if (!igmp_parse(p, n, &m))
		return;
	CHECK(n >= IGMP_HEADER && m.type == p[0]);
	if (m.type == IGMP_QUERY)
		check_query(&m.query, p, n);
	else if (m.type == IGMP3_REPORT)
		check_records(m.records, p, n);
	else if (m.type == IGMP1_REPORT || m.type == IGMP2_REPORT || m.type == IGMP2_LEAVE)
		CHECK(ip_is_ip4(&m.group) && ip_is_multicast(&m.group));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t len_header = n ? data[0] & 60 : 0;
	uint8_t *p;

	if (n < 1 + len_header)
		return 0;
	p = malloc(n);
	CHECK(p);
	memcpy(p, data + 1, n - 1);
	if (len_header >= IP4_HEADER)
		igmp_router_alert(p, len_header);
	check_message(p + len_header, n - 1 - len_header);
	free(p);
	return 0;
}
