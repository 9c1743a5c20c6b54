/* What a DNS answer says about a name's addresses. Pure: bytes in, addresses out. */
#ifndef PLATFORM_DNS_ANSWER_H
#define PLATFORM_DNS_ANSWER_H

#include <berth/address.h>

/* Reads an answer (RFC 1035 section 4) to one question and writes the addresses of `family` that it gives for the name
 * asked for, or for what that is an alias of, to out[n_out]; more are left out. How many it wrote; BERTH_EPROTO when
 * the bytes are no such answer. */
int dns_answer_addresses(const uint8_t *bytes, size_t n, enum berth_family family, struct berth_address *out,
			 size_t n_out);

#endif
