/* The Internet checksum, RFC 1071.
 *
 * A running sum is a ones-complement sum of 16-bit words, not yet folded, of words loaded in the machine's own byte
 * order: RFC 1071 section 2(B) shows that the order makes no difference until the end, and checksum_fold sets it right.
 * So a running sum is opaque. It begins as 0; it comes from and goes into the functions here; two of them add up with a
 * plain +, as each call adds less than 2^36: 2^28 pieces fit. */
#ifndef WIRE_CHECKSUM_H
#define WIRE_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <berth/frame.h>

/* Adds n bytes (less than 2^36) to a running sum, beginning at an even place of the checksummed whole. An odd last byte
 * is taken as if a zero followed; pieces that follow an odd number of bytes go through checksum_add_at. */
uint64_t checksum_add(uint64_t sum, const uint8_t *data, size_t n);

/* The same for a piece that begins `off` bytes into the checksummed whole, odd or even. */
uint64_t checksum_add_at(uint64_t sum, const uint8_t *data, size_t n, size_t off);

/* Copies n bytes, which do not overlap, and adds them as checksum_add does, in one pass. */
uint64_t checksum_copy(uint64_t sum, uint8_t *to, const uint8_t *from, size_t n);

/* The same two without the machine's own instructions, as where there are none: for the tests and the benchmark. */
uint64_t checksum_add_portable(uint64_t sum, const uint8_t *data, size_t n);
uint64_t checksum_copy_portable(uint64_t sum, uint8_t *to, const uint8_t *from, size_t n);

/* A number in host order as the 16-bit word that a running sum takes. */
static inline uint16_t checksum_word(uint16_t v)
{
	const uint8_t bytes[2] = {(uint8_t)(v >> 8), (uint8_t)v};
	uint16_t word;

	memcpy(&word, bytes, 2);
	return word;
}

/* The sum folded to 16 bits, still in the machine's order. Each step takes the carry out of the top in at the bottom.
 */
static inline uint16_t checksum_fold_native(uint64_t sum)
{
	uint32_t low = (uint32_t)sum, folded = low + (uint32_t)(sum >> 32);

	folded += folded < low;
	folded += folded << 16 | folded >> 16;
	return (uint16_t)(folded >> 16);
}

/* The sum folded to 16 bits, host order, not complemented. 0 only when every byte was 0. */
static inline uint16_t checksum_fold(uint64_t sum)
{
	return checksum_word(checksum_fold_native(sum));
}

/* The sum is of bytes that hold a right checksum. */
static inline bool checksum_ok(uint64_t sum)
{
	return checksum_fold_native(sum) == 0xffff;
}

/* What goes into a header: the folded sum's complement, host order. */
static inline uint16_t checksum_finish(uint64_t sum)
{
	return (uint16_t)~checksum_fold(sum);
}

/* Sum of the pseudo-header (RFC 9293 section 3.1, RFC 8200 section 8.1): two addresses of n_address (4 or 16) bytes,
 * protocol, length. */
static inline uint64_t checksum_pseudo(const uint8_t *source, const uint8_t *destination, size_t n_address,
				       uint8_t protocol, uint32_t length)
{
	uint64_t sum = checksum_word(protocol);
	uint32_t a, b;

	sum += checksum_word((uint16_t)(length >> 16));
	sum += checksum_word((uint16_t)length);
	for (size_t i = 0; i < n_address; i += 4) {
		memcpy(&a, source + i, 4);
		memcpy(&b, destination + i, 4);
		sum += (uint64_t)a + b;
	}
	return sum;
}

#endif
