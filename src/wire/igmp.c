/* IGMP, RFC 1112 appendix I, RFC 2236, RFC 3376.
 *
 * Scope: the format and its checksum. Who may say what, and what a host does about it, is in host/igmp.c. */
#include "igmp.h"

#include "bytes.h"
#include "checksum.h"

#define QUERY3_MIN 12
#define MS_RESPONSE_1 10000 /* version 1 does not say, and means this: RFC 2236 section 4 */
#define MS_UNIT 100         /* times are in tenths of a second */

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_ROUTER_ALERT 148

static bool parse_query(const uint8_t *p, size_t n, struct igmp_message *out)
{
	struct membership_query *query = &out->query;

	query->group = ip_of_ip4(get_be32(p + 4));
	if (!ip_is_any(&query->group) && !ip_is_multicast(&query->group))
		return false;
	if (n == IGMP_HEADER) {
		query->version = p[1] ? 2 : 1;
		query->ms_response = p[1] ? p[1] * MS_UNIT : MS_RESPONSE_1;
		return true;
	}
	query->version = 3;
	query->ms_response = membership_code8(p[1]) * MS_UNIT;
	return n >= QUERY3_MIN && membership_query_rest(p + IGMP_HEADER, n - IGMP_HEADER, BERTH_IP4, query);
}

static bool parse_by_type(const uint8_t *p, size_t n, struct igmp_message *out)
{
	switch (out->type) {
	case IGMP_QUERY:
		return parse_query(p, n, out);
	case IGMP1_REPORT:
	case IGMP2_REPORT:
	case IGMP2_LEAVE:
		out->group = ip_of_ip4(get_be32(p + 4));
		return ip_is_multicast(&out->group);
	case IGMP3_REPORT:
		out->records = (struct membership_records){
			.at = p + IGMP_HEADER,
			.len = n - IGMP_HEADER,
			.n = get_be16(p + 6),
			.family = BERTH_IP4,
		};
		return membership_records_fit(out->records);
	default:
		return true;
	}
}

bool igmp_parse(const uint8_t *p, size_t n, struct igmp_message *out)
{
	struct igmp_message message;

	if (n < IGMP_HEADER || !checksum_ok(checksum_add(0, p, n)))
		return false;
	message = (struct igmp_message){.type = p[0]};
	if (!parse_by_type(p, n, &message))
		return false;
	*out = message;
	return true;
}

static void put_checksum(uint8_t *p, size_t n)
{
	put_be16(p + 2, 0);
	put_be16(p + 2, checksum_finish(checksum_add(0, p, n)));
}

uint8_t *igmp_emit(uint8_t type, const struct ip *group, uint8_t *to)
{
	put_be16(to, (uint16_t)(type << 8));
	put_be32(to + 4, ip_to_ip4(group));
	put_checksum(to, IGMP_HEADER);
	return to + IGMP_HEADER;
}

void igmp3_report_finish(uint8_t *report, size_t len, uint16_t n)
{
	put_be16(report, IGMP3_REPORT << 8);
	put_be32(report + 4, n);
	put_checksum(report, len);
}

uint8_t *igmp_ip4_emit(const struct ip4_header *h, uint8_t *to)
{
	uint8_t *p = ip4_emit(h, to);

	to[0] = 4 << 4 | IGMP_IP4_HEADER / 4;
	p = put_u8(p, OPTION_ROUTER_ALERT);
	p = put_u8(p, 4);
	p = put_be16(p, 0);
	put_be16(to + 10, 0);
	put_be16(to + 10, checksum_finish(checksum_add(0, to, IGMP_IP4_HEADER)));
	return p;
}

bool igmp_router_alert(const uint8_t *ip4, size_t len)
{
	for (size_t at = IP4_HEADER; at < len && ip4[at] != OPTION_END;) {
		if (ip4[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (len - at < 2 || ip4[at + 1] < 2)
			return false;
		if (ip4[at] == OPTION_ROUTER_ALERT && ip4[at + 1] == 4)
			return len - at >= 4;
		at += ip4[at + 1];
	}
	return false;
}
