/* What IGMPv3 (RFC 3376) and MLDv2 (RFC 3810) have in common. The two differ in the length of an address and in the
 * header before it; what a record looks like and how times are written is the same. */
#include "membership.h"

#include <berth/address.h>

#include "bytes.h"

#define RECORD_HEAD 4 /* before the group: type, length of auxiliary data, number of sources */
#define QUERY_REST 4  /* behind the group: flags, interval, number of sources */

static size_t address_len(uint8_t family)
{
	return family == BERTH_IP4 ? 4 : 16;
}

bool membership_record_next(struct membership_records *records, struct membership_record *out)
{
	const uint8_t *p = records->at;
	size_t n_address = address_len(records->family), head = RECORD_HEAD + n_address, len;

	if (records->n == 0 || records->len < head)
		return false;
	len = head + get_be16(p + 2) * n_address + (size_t)p[1] * 4;
	if (records->len < len)
		return false;
	*out = (struct membership_record){
		.type = p[0],
		.len_aux = p[1],
		.n_sources = get_be16(p + 2),
		.group = ip_of_bytes(p + RECORD_HEAD, records->family, 0),
		.sources = p + head,
	};
	records->at += len;
	records->len -= len;
	records->n--;
	return true;
}

bool membership_records_fit(struct membership_records records)
{
	struct membership_record record;

	while (membership_record_next(&records, &record))
		;
	return records.n == 0;
}

size_t membership_record_len(const struct ip *group)
{
	return RECORD_HEAD + address_len(ip_family(group));
}

uint8_t *membership_record_emit(uint8_t type, const struct ip *group, uint8_t *to)
{
	to = put_u8(to, type);
	to = put_u8(to, 0);
	to = put_be16(to, 0);
	return ip_to_bytes(group, to);
}

uint32_t membership_code8(uint8_t code)
{
	return code < 128 ? code : (uint32_t)(16 | (code & 15)) << ((code >> 4 & 7) + 3);
}

uint32_t membership_code16(uint16_t code)
{
	return code < 32768 ? code : (uint32_t)(4096 | (code & 4095)) << ((code >> 12 & 7) + 3);
}

bool membership_query_rest(const uint8_t *p, size_t n, uint8_t family, struct membership_query *out)
{
	uint16_t n_sources;

	if (n < QUERY_REST)
		return false;
	n_sources = get_be16(p + 2);
	if (n_sources * address_len(family) > n - QUERY_REST)
		return false;
	out->suppress = p[0] & 8;
	out->robustness = p[0] & 7;
	out->s_interval = membership_code8(p[1]);
	out->n_sources = n_sources;
	out->sources = n_sources ? p + QUERY_REST : NULL;
	return true;
}
