/* Interface identifiers, RFC 7217 section 5: RID = F(Prefix, Net_Iface, Network_ID, DAD_Counter, secret_key).
 *
 * F is SipHash-2-4 with a key of 128 bits. It is made to be a pseudo-random function: who has not the key cannot tell
 * its values from random ones, however many he has seen, so that neither the key nor the identifier in another network
 * follows from addresses that are known. Its 64 bits of output are all that an identifier has; its key is as long as
 * RFC 7217 asks. Hashes that need the secret only in their input (the SHA-1 of the RFC's example) would do no better.
 * Network_ID, which is optional, is left out: a host here is told no name of its network.
 *
 * All 64 bits are used; no bit of an identifier means anything by itself (RFC 7136). */
#include "stable_id.h"

#include <string.h>

#include <berth/host.h>

#include "bytes.h"

/* RFC 5453 section 5 and its registry. */
bool stable_id_is_reserved(uint64_t id)
{
	return id == 0 || id >> 24 == UINT64_C(0x02005efffe) ||
	       (id >= UINT64_C(0xfdffffffffffff80) && id < UINT64_C(0xfe00000000000000));
}

static uint64_t identifier(struct siphash_key key, uint64_t prefix, const char *interface, uint32_t n_conflicts)
{
	uint8_t input[8 + 4 + BERTH_INTERFACE_NAME_MAX] = {0}, *p = input;

	p = put_be32(put_be32(p, (uint32_t)(prefix >> 32)), (uint32_t)prefix);
	p = put_be32(p, n_conflicts);
	memcpy(p, interface, strnlen(interface, BERTH_INTERFACE_NAME_MAX));
	return siphash24(key, input, sizeof(input));
}

uint64_t stable_id(struct siphash_key key, uint64_t prefix, const char *interface, uint32_t *n_conflicts)
{
	uint64_t id = identifier(key, prefix, interface, *n_conflicts);

	while (stable_id_is_reserved(id))
		id = identifier(key, prefix, interface, ++*n_conflicts);
	return id;
}
