/* The attributes of a netlink message, walked in place.
 *
 * libmnl has such a walk too, but behind calls into its library, four for each of some five attributes a socket; at
 * hundreds of thousands of sockets this one, which the compiler puts into its place, is worth its lines. */
#ifndef NETSTAT_ATTRIBUTE_H
#define NETSTAT_ATTRIBUTE_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct attribute {
	const uint8_t *bytes; /* the payload, aligned to 4 when the message is */
	size_t n;
	uint16_t type; /* without the flags */
};

/* The attribute at `at`, and where the next one begins (at most `end`). NULL: there is none, or it is cut short. */
static inline const uint8_t *attribute_next(const uint8_t *at, const uint8_t *end, struct attribute *out)
{
	struct nlattr head;
	size_t left = (size_t)(end - at);

	if (left < sizeof(head))
		return NULL;
	memcpy(&head, at, sizeof(head));
	if (head.nla_len < sizeof(head) || head.nla_len > left)
		return NULL;
	out->bytes = at + sizeof(head);
	out->n = head.nla_len - sizeof(head);
	out->type = head.nla_type & NLA_TYPE_MASK;
	size_t padded = NLA_ALIGN((size_t)head.nla_len);
	return padded < left ? at + padded : end;
}

/* Numbers in the machine's own order; 0 when the attribute is too short for one. */
static inline uint32_t attribute_u32(const struct attribute *attribute)
{
	uint32_t value = 0;

	if (attribute->n >= sizeof(value))
		memcpy(&value, attribute->bytes, sizeof(value));
	return value;
}

static inline uint64_t attribute_u64(const struct attribute *attribute)
{
	uint64_t value = 0;

	if (attribute->n >= sizeof(value))
		memcpy(&value, attribute->bytes, sizeof(value));
	return value;
}

static inline uint8_t attribute_u8(const struct attribute *attribute)
{
	return attribute->n ? attribute->bytes[0] : 0;
}

#endif
