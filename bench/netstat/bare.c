/* The least that a list of all TCP sockets can cost: asks the kernel for them and writes the lines of netstat -ant,
 * with nothing in between. No options, no filter, no errors handled: a yardstick, not a tool. */
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = 256,
	OUT_BYTES = 64 * 1024,
	IN_BYTES = 256 * 1024,
};

static char out[OUT_BYTES + LINE_MAX_BYTES];
static size_t n_out;

static void flush(void)
{
	for (size_t done = 0; done < n_out;) {
		ssize_t n = write(STDOUT_FILENO, out + done, n_out - done);
		if (n <= 0)
			exit(3);
		done += (size_t)n;
	}
	n_out = 0;
}

static char *put_number(char *at, uint32_t number)
{
	char digits[10];
	int n = 0;

	do
		digits[n++] = (char)('0' + number % 10);
	while (number /= 10);
	while (n)
		*at++ = digits[--n];
	return at;
}

static char *pad(char *at, const char *start, int width)
{
	while (at - start < width)
		*at++ = ' ';
	return at;
}

static char *put_right(char *at, uint32_t number, int width)
{
	char digits[10];
	char *end = put_number(digits, number);

	for (long i = end - digits; i < width; i++)
		*at++ = ' ';
	memcpy(at, digits, (size_t)(end - digits));
	return at + (end - digits);
}

static char *put_place(char *at, int family, const uint32_t *address, uint16_t port, int width)
{
	const char *start = at;
	const uint8_t *b = (const uint8_t *)address;

	if (family == AF_INET) {
		for (int i = 0; i < 4; i++) {
			at = put_number(at, b[i]);
			*at++ = i < 3 ? '.' : ':';
		}
	} else {
		*at++ = '[';
		inet_ntop(AF_INET6, address, at, INET6_ADDRSTRLEN);
		at += strlen(at);
		*at++ = ']';
		*at++ = ':';
	}
	if (port)
		at = put_number(at, ntohs(port));
	else
		*at++ = '*';
	return pad(at, start, width);
}

static void line(const struct inet_diag_msg *m)
{
	static const char *const states[] = {"",          "ESTABLISHED", "SYN_SENT", "SYN_RECV",   "FIN_WAIT1",
					     "FIN_WAIT2", "TIME_WAIT",   "CLOSE",    "CLOSE_WAIT", "LAST_ACK",
					     "LISTEN",    "CLOSING",     "SYN_RECV"};
	char *start = out + n_out, *at = start;

	memcpy(at, m->idiag_family == AF_INET ? "tcp   " : "tcp6  ", 6);
	at = put_right(at + 6, m->idiag_rqueue, 6);
	*at++ = ' ';
	at = put_right(at, m->idiag_wqueue, 6);
	*at++ = ' ';
	at = put_place(at, m->idiag_family, m->id.idiag_src, m->id.idiag_sport, 23);
	*at++ = ' ';
	at = put_place(at, m->idiag_family, m->id.idiag_dst, m->id.idiag_dport, 23);
	*at++ = ' ';
	at = stpcpy(at, states[m->idiag_state < 13 ? m->idiag_state : 0]);
	*at++ = '\n';
	n_out += (size_t)(at - start);
	if (n_out >= OUT_BYTES)
		flush();
}

static void dump(int fd, uint8_t family)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 request;
	} question = {
		.head = {.nlmsg_len = sizeof(question),
			 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = {.sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0u},
	};
	static char in[IN_BYTES];

	if (send(fd, &question, sizeof(question), 0) < 0)
		exit(3);
	for (;;) {
		ssize_t n = recv(fd, in, sizeof(in), 0);
		if (n <= 0)
			exit(3);
		for (struct nlmsghdr *h = (struct nlmsghdr *)in; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
				return;
			line(NLMSG_DATA(h));
		}
	}
}

int main(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return 3;
	dump(fd, AF_INET);
	dump(fd, AF_INET6);
	flush();
	return 0;
}
