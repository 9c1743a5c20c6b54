/* Dumps by rtnetlink, over libmnl. The flag by which the kernel says that a dump is not of one moment is taken off each
 * message, since libmnl would end the dump there, and what has come is better than nothing. */
#include "rtnetlink.h"
#include "netlink.h"
#include "words.h"

#include <berth/error.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	BUFFER = 64 * 1024, /* the kernel's dumps have at most 32 KiB a datagram */
};

struct dump {
	rtnetlink_message *on_message;
	void *user;
	int error; /* of on_message */
};

static int error_of(int number)
{
	if (number == EPERM || number == EACCES)
		return BERTH_EPERM;
	return number == ENOMEM || number == ENOBUFS ? BERTH_ENOMEM : BERTH_EIO;
}

static int on_mnl(const struct nlmsghdr *message, void *user)
{
	struct dump *dump = user;

	dump->error = dump->on_message(dump->user, message);
	return dump->error == 0 ? MNL_CB_OK : MNL_CB_STOP;
}

/* false: the datagram is not made of whole messages. */
static bool take_off_flag(char *bytes, size_t n, bool *interrupted)
{
	while (n) {
		size_t step = 0;
		if (!netlink_message(bytes, n, &step))
			return false;
		struct nlmsghdr *message = (struct nlmsghdr *)bytes;
		*interrupted |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		message->nlmsg_flags &= (uint16_t)~NLM_F_DUMP_INTR;
		bytes += step;
		n -= step;
	}
	return true;
}

static size_t header_size(uint16_t type)
{
	if (type == RTM_GETROUTE)
		return sizeof(struct rtmsg);
	return type == RTM_GETNEIGH ? sizeof(struct ndmsg) : sizeof(struct ifinfomsg);
}

static int send_request(struct mnl_socket *socket, uint16_t type, uint8_t family, unsigned sequence)
{
	char buffer[64] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = sequence;
	/* Each kind's own header begins with the family and may be all zero behind it. */
	*(uint8_t *)mnl_nlmsg_put_extra_header(request, header_size(type)) = family;
	return mnl_socket_sendto(socket, request, request->nlmsg_len) < 0 ? error_of(errno) : 0;
}

static int receive_all(struct mnl_socket *socket, unsigned sequence, struct dump *dump, bool *interrupted)
{
	char *buffer = malloc(BUFFER);
	int more = MNL_CB_OK;

	if (!buffer)
		return BERTH_ENOMEM;
	while (more > MNL_CB_STOP) {
		bool truncated = false;
		ssize_t n = netlink_receive(socket, buffer, BUFFER, &truncated);
		if (n == 0 || n == -EINTR)
			continue;
		if (n > 0 && (truncated || !take_off_flag(buffer, (size_t)n, interrupted)))
			n = -EBADMSG;
		if (n < 0)
			errno = (int)-n;
		more = n < 0 ? MNL_CB_ERROR
			     : mnl_cb_run(buffer, (size_t)n, sequence, mnl_socket_get_portid(socket), on_mnl, dump);
	}
	int r = dump->error ? dump->error : more < 0 ? error_of(errno) : 0;
	free(buffer);
	return r;
}

int rtnetlink_dump(uint16_t type, uint8_t family, rtnetlink_message *on_message, void *user, bool *interrupted)
{
	struct dump dump = {.on_message = on_message, .user = user};
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	unsigned sequence = 1;

	*interrupted = false;
	if (!socket)
		return error_of(errno);
	int r = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ? error_of(errno) : 0;
	if (r == 0)
		r = send_request(socket, type, family, sequence);
	if (r == 0)
		r = receive_all(socket, sequence, &dump, interrupted);
	mnl_socket_close(socket);
	return r;
}

/* ---- attributes ---- */

void rtnetlink_attribute_list(const void *bytes, size_t n, const struct nlattr **attributes, unsigned most)
{
	const struct nlattr *attribute = bytes;
	const char *end = (const char *)bytes + n;

	memset(attributes, 0, (most + 1) * sizeof(attributes[0]));
	while (mnl_attr_ok(attribute, (int)(end - (const char *)attribute))) {
		uint16_t type = mnl_attr_get_type(attribute);
		if (type <= most)
			attributes[type] = attribute;
		/* The last one's padding may be missing. */
		if (end - (const char *)attribute < (long)MNL_ALIGN(attribute->nla_len))
			break;
		attribute = mnl_attr_next(attribute);
	}
}

bool rtnetlink_attributes(const struct nlmsghdr *message, size_t n_header, const struct nlattr **attributes,
			  unsigned most)
{
	if (message->nlmsg_len < MNL_NLMSG_HDRLEN + n_header)
		return false;
	const char *bytes = mnl_nlmsg_get_payload(message);
	rtnetlink_attribute_list(bytes + n_header, mnl_nlmsg_get_payload_len(message) - n_header, attributes, most);
	return true;
}

uint32_t rtnetlink_u32(const struct nlattr *attribute)
{
	return attribute && mnl_attr_get_payload_len(attribute) >= 4 ? mnl_attr_get_u32(attribute) : 0;
}

uint8_t rtnetlink_u8(const struct nlattr *attribute)
{
	return attribute && mnl_attr_get_payload_len(attribute) >= 1 ? mnl_attr_get_u8(attribute) : 0;
}

void rtnetlink_text(const struct nlattr *attribute, char *out, size_t n)
{
	const char *text = attribute ? mnl_attr_get_payload(attribute) : "";
	size_t room = attribute ? mnl_attr_get_payload_len(attribute) : 0, i = 0;

	for (; i < room && i + 1 < n && text[i]; i++)
		out[i] = words_printable(text[i]);
	out[i] = 0;
}
