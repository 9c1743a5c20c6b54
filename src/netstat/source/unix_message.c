/* Messages of unix_diag. What a socket is named is up to whoever bound it: bytes of any value. */
#include "source/unix_message.h"

#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "source/attribute.h"
#include "source/state.h"
#include "words.h"

static void attribute_read(const struct attribute *attribute, struct netstat_row *row, char *path)
{
	struct unix_diag_rqlen queues;

	switch (attribute->type) {
	case UNIX_DIAG_NAME:
		row->path = unix_path_read(attribute->bytes, attribute->n, path);
		break;
	case UNIX_DIAG_PEER:
		row->peer_inode = attribute_u32(attribute);
		break;
	case UNIX_DIAG_UID:
		row->uid = attribute_u32(attribute);
		row->has_uid = attribute->n >= sizeof(row->uid);
		break;
	case UNIX_DIAG_RQLEN:
		if (attribute->n >= sizeof(queues)) {
			memcpy(&queues, attribute->bytes, sizeof(queues));
			row->recv_q = queues.udiag_rqueue;
			row->send_q = queues.udiag_wqueue;
		}
		break;
	default: /* says nothing about a row */
		break;
	}
}

bool unix_message_read(const void *message, size_t n, struct netstat_row *row, char *path)
{
	const uint8_t *at = message, *end = at + n;
	struct unix_diag_msg head;
	struct attribute attribute;
	uint8_t state;

	if (n < sizeof(head))
		return false;
	memcpy(&head, at, sizeof(head));
	if (head.udiag_family != AF_UNIX || !kernel_state_read(NETSTAT_UNIX, head.udiag_state, &state))
		return false;
	*row = (struct netstat_row){
		.protocol = NETSTAT_UNIX,
		.state = state,
		.unix_type = head.udiag_type,
		.inode = head.udiag_ino,
		.cookie = (uint64_t)head.udiag_cookie[1] << 32 | head.udiag_cookie[0],
	};
	at += sizeof(head);
	while ((at = attribute_next(at, end, &attribute)))
		attribute_read(&attribute, row, path);
	/* One that nobody has accepted yet belongs to its listener. */
	if (!row->inode && state == NETSTAT_STATE_ESTABLISHED)
		row->unowned = NETSTAT_UNOWNED_WAITING;
	return true;
}

const char *unix_path_read(const uint8_t *name, size_t n, char *path)
{
	bool abstract = n && !name[0];

	if (n > UNIX_PATH_ROOM - 1)
		n = UNIX_PATH_ROOM - 1;
	/* In the file system a NUL ends the name; an abstract one may have several. */
	for (size_t i = 0; i < n; i++) {
		uint8_t byte = name[i];
		if (!byte && !abstract)
			n = i;
		else
			path[i] = byte ? words_printable((char)byte) : '@';
	}
	path[n] = 0;
	return n ? path : NULL;
}
