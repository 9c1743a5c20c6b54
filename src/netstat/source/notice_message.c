/* Notices are messages of inet_diag that say in an attribute what protocol they are about. */
#include "source/notice_message.h"

#include <linux/inet_diag.h>
#include <netinet/in.h>

#include "source/attribute.h"
#include "source/inet_message.h"

/* IP's number, or -1: the message does not say. */
static int protocol_number(const uint8_t *at, const uint8_t *end)
{
	struct attribute attribute;
	int number = -1;

	while ((at = attribute_next(at, end, &attribute)))
		if (attribute.type == INET_DIAG_PROTOCOL && attribute.n)
			number = attribute_u8(&attribute);
	return number;
}

bool notice_message_read(const void *message, size_t n, struct netstat_row *row, struct netstat_tcp *tcp)
{
	const uint8_t *bytes = message;
	enum netstat_protocol protocol;

	if (n < sizeof(struct inet_diag_msg))
		return false;
	int number = protocol_number(bytes + sizeof(struct inet_diag_msg), bytes + n);
	if (number == IPPROTO_TCP)
		protocol = NETSTAT_TCP;
	else if (number == IPPROTO_UDP)
		protocol = NETSTAT_UDP;
	else
		return false;
	if (!inet_message_read(message, n, protocol, row, tcp))
		return false;
	row->unowned = NETSTAT_OWNED; /* it has no inode, but that says nothing of whose it was */
	row->has_uid = false;
	/* Of a queue that it has freed already, the kernel says one byte less than none. */
	if (row->send_q == UINT32_MAX)
		row->send_q = 0;
	return true;
}
