/* MLD's messages: type, code and the word behind the checksum, then the body. And the same bytes as an IPv6 packet
 * whose router alert is looked for. */
#include <string.h>

#include "bytes.h"
#include "fuzz.h"
#include "mld.h"

static void check_query(const struct membership_query *query, const struct icmp_message *m)
{
	CHECK(query->version == 1 || query->version == 2);
	CHECK(query->ms_response <= 8387584);
	CHECK(query->group.scope == 0 && (ip_is_none(&query->group) || query->group.high >> 56 == 0xff));
	CHECK(!query->n_sources || (query->sources == m->body + MLD1_BODY + 4 &&
				    query->sources + 16 * query->n_sources <= m->body + m->len_body));
	CHECK(query->robustness < 8 && query->s_interval <= 31744);
}

static void check_records(struct membership_records records, const struct icmp_message *m)
{
	struct membership_record record;
	unsigned n_records = records.n;

	for (; membership_record_next(&records, &record); n_records--) {
		const uint8_t *end = record.sources + 16 * record.n_sources + 4 * record.len_aux;

		CHECK(record.sources >= m->body + 20 && end <= m->body + m->len_body);
	}
	CHECK(n_records == 0);
}

static void check_message(const struct icmp_message *icmp)
{
	uint8_t bytes[MLD1_BODY];
	struct mld_message m;

	if (!mld_parse(icmp, &m))
		return;
	CHECK(m.type == icmp->type);
	if (m.type == ICMP6_MLD_QUERY) {
		check_query(&m.query, icmp);
	} else if (m.type == ICMP6_MLD2_REPORT) {
		check_records(m.records, icmp);
	} else {
		CHECK(mld1_emit(&m.group, bytes) == bytes + MLD1_BODY);
		CHECK(memcmp(bytes, icmp->body, MLD1_BODY) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 6)
		return 0;
	check_message(&(struct icmp_message){
		.type = data[0], .code = data[1], .rest = get_be32(data + 2), .body = data + 6, .len_body = n - 6});
	return 0;
}
