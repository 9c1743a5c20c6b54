/* MLD, RFC 2710 and RFC 3810.
 *
 * Scope: what stands in a message. That it has to come from a link-local address with a hop limit of 1 and a router
 * alert (ip6.h) is the host's matter. */
#include "mld.h"

#include <berth/address.h>

#define QUERY2_MIN (MLD1_BODY + 4)

/* Not so IPv4's groups, mapped: on the wire they are no groups of anybody's. */
static bool is_group(const struct ip *ip)
{
	return ip->high >> 56 == 0xff;
}

static bool parse_query(const struct icmp_message *m, struct membership_query *query)
{
	uint16_t code = (uint16_t)(m->rest >> 16);

	if (!ip_is_none(&query->group) && !is_group(&query->group))
		return false;
	if (m->len_body == MLD1_BODY) {
		query->version = 1;
		query->ms_response = code;
		return true;
	}
	query->version = 2;
	query->ms_response = membership_code16(code);
	return m->len_body >= QUERY2_MIN &&
	       membership_query_rest(m->body + MLD1_BODY, m->len_body - MLD1_BODY, BERTH_IP6, query);
}

static bool parse_report(const struct icmp_message *m, struct membership_records *records)
{
	*records = (struct membership_records){
		.at = m->body,
		.len = m->len_body,
		.n = (uint16_t)m->rest,
		.family = BERTH_IP6,
	};
	return membership_records_fit(*records);
}

bool mld_parse(const struct icmp_message *m, struct mld_message *out)
{
	struct mld_message message = {.type = m->type};
	bool sound;

	if (m->type == ICMP6_MLD2_REPORT) {
		sound = parse_report(m, &message.records);
	} else if (m->len_body < MLD1_BODY) {
		sound = false;
	} else if (m->type == ICMP6_MLD_QUERY) {
		message.query.group = ip_of_bytes(m->body, BERTH_IP6, 0);
		sound = parse_query(m, &message.query);
	} else {
		message.group = ip_of_bytes(m->body, BERTH_IP6, 0);
		sound = (m->type == ICMP6_MLD1_REPORT || m->type == ICMP6_MLD1_DONE) && is_group(&message.group);
	}
	if (sound)
		*out = message;
	return sound;
}

uint8_t *mld1_emit(const struct ip *group, uint8_t *to)
{
	return ip_to_bytes(group, to);
}
