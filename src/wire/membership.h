/* What IGMP and MLD have in common: queries, the records of a report, and the codes that times are written in. Groups
 * are struct ip without scope. */
#ifndef WIRE_MEMBERSHIP_H
#define WIRE_MEMBERSHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip.h"

/* What a record says of its group, RFC 3376 section 4.2.12 and RFC 3810 section 5.2.12. */
enum membership_record_type {
	MEMBERSHIP_IS_INCLUDE = 1,
	MEMBERSHIP_IS_EXCLUDE = 2, /* without sources: everything sent to the group is wanted */
	MEMBERSHIP_TO_INCLUDE = 3, /* without sources: nothing is any more */
	MEMBERSHIP_TO_EXCLUDE = 4,
	MEMBERSHIP_ALLOW = 5,
	MEMBERSHIP_BLOCK = 6,
};

struct membership_query {
	struct ip group;      /* that is asked about; 0.0.0.0 or ::: all of them, a general query */
	uint32_t ms_response; /* answers are due within this */
	uint8_t version;      /* of IGMP, 1 to 3, or of MLD, 1 or 2 */
	/* The rest is 0 in queries of a version that has no sources. */
	bool suppress;          /* the S flag, which is for routers */
	uint8_t robustness;     /* 0: more than 7 */
	uint32_t s_interval;    /* the querier's query interval, seconds */
	uint16_t n_sources;     /* that are asked about; 0: the group as such */
	const uint8_t *sources; /* borrowed, 4 or 16 bytes each */
};

struct membership_record {
	uint8_t type;       /* enum membership_record_type, or any other number when it was read */
	uint8_t len_aux;    /* words of auxiliary data, which nothing uses */
	uint16_t n_sources; /* when it is written: 0 */
	struct ip group;
	const uint8_t *sources; /* borrowed, 4 or 16 bytes each */
};

/* Records on the wire that have not been read yet. */
struct membership_records {
	const uint8_t *at; /* borrowed */
	size_t len;
	uint16_t n;
	uint8_t family; /* BERTH_IP4 or BERTH_IP6 */
};

/* Takes the next record off: true and *out, or false: that was the last, or the next does not fit. */
bool membership_record_next(struct membership_records *records, struct membership_record *out);
/* All of them fit. */
bool membership_records_fit(struct membership_records records);

/* Of one record without sources, by the group's family. */
size_t membership_record_len(const struct ip *group);
/* Writes as many bytes; returns the next position. */
uint8_t *membership_record_emit(uint8_t type, const struct ip *group, uint8_t *to);

/* Codes that have an exponent from 128 on (RFC 3376 section 4.1.1) or from 32768 on (RFC 3810 section 5.1.3). */
uint32_t membership_code8(uint8_t code);
uint32_t membership_code16(uint16_t code);

/* Reads what comes behind the group in a query of IGMPv3 and of MLDv2: true, or false: short, or the sources do not
 * fit. */
bool membership_query_rest(const uint8_t *p, size_t n, uint8_t family, struct membership_query *out);

#endif
