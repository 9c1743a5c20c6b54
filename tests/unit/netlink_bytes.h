/* Netlink messages by hand: a head and attributes, as the kernel would send them. */
#ifndef TESTS_NETLINK_BYTES_H
#define TESTS_NETLINK_BYTES_H

#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>

struct netlink_bytes {
	_Alignas(4) uint8_t bytes[2048];
	size_t n;
};

static inline void netlink_head(struct netlink_bytes *out, const void *head, size_t n)
{
	memcpy(out->bytes, head, n);
	out->n = n;
}

/* Padded to the next four bytes. */
static inline void netlink_attribute(struct netlink_bytes *out, uint16_t type, const void *payload, size_t n)
{
	struct nlattr head = {.nla_len = (uint16_t)(sizeof(head) + n), .nla_type = type};

	memcpy(out->bytes + out->n, &head, sizeof(head));
	if (n)
		memcpy(out->bytes + out->n + sizeof(head), payload, n);
	memset(out->bytes + out->n + sizeof(head) + n, 0, NLA_ALIGN(n) - n);
	out->n += sizeof(head) + NLA_ALIGN(n);
}

#endif
