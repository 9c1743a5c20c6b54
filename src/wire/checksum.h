/* The Internet checksum, RFC 1071. */
#ifndef WIRE_CHECKSUM_H
#define WIRE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#include <berth/frame.h>

/* Adds n bytes to a running sum. The sum is one of 16-bit words in network order, not yet folded, and is 0 at first. Pieces that
 * follow an odd number of bytes go through checksum_add_at. */
uint64_t checksum_add(uint64_t sum, const uint8_t *data, size_t n);

/* The same for a piece that begins `off` bytes into the checksummed whole, odd or even. */
uint64_t checksum_add_at(uint64_t sum, const uint8_t *data, size_t n, size_t off);

/* Copies n bytes and adds them, in one pass. */
uint64_t checksum_copy(uint64_t sum, uint8_t *to, const uint8_t *from, size_t n);

/* The sum folded to 16 bits, host order, not complemented. */
uint16_t checksum_fold(uint64_t sum);

/* What goes into a header: the folded sum's complement, host order. */
static inline uint16_t checksum_finish(uint64_t sum)
{
	return (uint16_t)~checksum_fold(sum);
}

/* Sum of the pseudo-header (RFC 9293 section 3.1, RFC 8200 section 8.1): two addresses of n_address (4 or 16) bytes, protocol, length. */
uint64_t checksum_pseudo(const uint8_t *source, const uint8_t *destination, size_t n_address, uint8_t protocol,
			 uint32_t length);

#endif
