/* The object that packetdrill loads, driven through its table as packetdrill does it: over IPv4, over IPv6, and over
 * IPv4 by IPv6 sockets. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <cmocka.h>

#include "checksum.h"
#include "interface.h"
#include "ip.h"
#include "ip4.h"
#include "ip6.h"
#include "tcp_header.h"

#define PORT 8080
#define FOREIGN_PORT 40000
#define US_S 1000000

static const struct version {
	const char *name, *flags;
	int domain;
	bool ip6;          /* on the wire */
	uint8_t local[16]; /* as the program writes it */
} versions[] = {
	{"ipv4",
	 "ip_version=ipv4,local=192.168.0.1/16,gateway=192.168.0.1,remote=192.0.2.1,mtu=1500",
	 AF_INET,
	 false,
	 {192, 168, 0, 1}},
	{"ipv6",
	 "ip_version=ipv6,local=fd00::1/48,gateway=fd00::2,remote=fd01::1,mtu=1500",
	 AF_INET6,
	 true,
	 {0xfd, [15] = 1}},
	{"ipv4-mapped-ipv6",
	 "ip_version=ipv4-mapped-ipv6,local=192.168.0.1/16,gateway=192.168.0.1,remote=192.0.2.1,mtu=1500",
	 AF_INET6,
	 false,
	 {[10] = 0xff, 0xff, 192, 168, 0, 1}},
};

/* The table, the conversation, and what was received last. */
struct bed {
	void *library;
	int (*shell)(const char *command);
	const struct version *version;
	struct packetdrill_interface i;
	struct ip local, foreign;
	uint32_t seq, ack; /* of what is sent to the host */
	struct tcp_header got;
	uint8_t payload[2048];
	size_t n_payload;
	long long got_at; /* microseconds */
};

static struct ip ip_of(const char *text)
{
	struct berth_address a;

	assert_int_equal(berth_address_parse(text, &a), 0);
	return ip_of_bytes(a.bytes, a.family, 0);
}

/* ---- the wire ---- */

static void send_segment(struct bed *b, uint8_t flags, size_t n)
{
	struct tcp_header h = {.source_port = FOREIGN_PORT,
			       .destination_port = PORT,
			       .seq = b->seq,
			       .ack = b->ack,
			       .window = 65535,
			       .flags = flags};
	uint8_t packet[2048] = {0}, source[16], destination[16], *tcp, *end;
	size_t n_address = b->version->ip6 ? 16 : 4, len = tcp_header_len(&h) + n;

	ip_to_bytes(&b->foreign, source);
	ip_to_bytes(&b->local, destination);
	if (b->version->ip6) {
		struct ip6_header ip = {.payload_len = (uint16_t)len, .next_header = 6, .hop_limit = 64};

		memcpy(ip.source, source, 16);
		memcpy(ip.destination, destination, 16);
		tcp = ip6_emit(&ip, packet);
	} else {
		struct ip4_header ip = {.total_len = (uint16_t)(IP4_HEADER + len), .ttl = 64, .protocol = 6};

		memcpy(ip.source, source, 4);
		memcpy(ip.destination, destination, 4);
		tcp = ip4_emit(&ip, packet);
	}
	end = tcp_header_emit(&h, tcp) + n;
	put_be16(tcp + TCP_OFF_CHECKSUM,
		 checksum_finish(
			 checksum_add(checksum_pseudo(source, destination, n_address, 6, (uint32_t)len), tcp, len)));
	assert_int_equal(b->i.netdev_send(b->i.user, packet, (size_t)(end - packet)), 0);
	b->seq += (uint32_t)n + !!(flags & (TCP_SYN | TCP_FIN));
}

/* The next segment from the host, which must have these flags; packetdrill does not look at its checksum, so this does.
 */
static void expect_segment(struct bed *b, uint8_t flags, size_t n_payload)
{
	uint8_t packet[65536];
	size_t n = sizeof(packet), off = b->version->ip6 ? IP6_HEADER : IP4_HEADER, len;
	size_t off_source = b->version->ip6 ? IP6_OFF_SOURCE : IP4_OFF_SOURCE, n_address = b->version->ip6 ? 16 : 4;

	assert_int_equal(b->i.netdev_receive(b->i.user, packet, &n, &b->got_at), 0);
	assert_true(n > off);
	assert_int_equal(packet[0] >> 4, b->version->ip6 ? 6 : 4);
	len = tcp_header_parse(packet + off, n - off, &b->got);
	assert_true(len > 0);
	assert_true(checksum_ok(checksum_add(checksum_pseudo(packet + off_source, packet + off_source + n_address,
							     n_address, 6, (uint32_t)(n - off)),
					     packet + off, n - off)));
	b->n_payload = n - off - len;
	assert_int_equal(b->got.flags, flags);
	assert_int_equal(b->n_payload, n_payload);
	memcpy(b->payload, packet + off + len, n_payload);
	b->ack = b->got.seq + (uint32_t)n_payload + !!(flags & (TCP_SYN | TCP_FIN));
	if (flags & TCP_ACK)
		assert_int_equal(b->got.ack, b->seq);
}

/* Nothing more will ever leave. */
static void expect_silence(struct bed *b)
{
	uint8_t packet[65536];
	size_t n = sizeof(packet);

	assert_int_equal(b->i.netdev_receive(b->i.user, packet, &n, &b->got_at), 0);
	assert_int_equal(n, 0);
}

/* ---- the clock and the program ---- */

static long long now(struct bed *b)
{
	struct timeval tv;

	assert_int_equal(b->i.gettimeofday(b->i.user, &tv, NULL), 0);
	return tv.tv_sec * (long long)US_S + tv.tv_usec;
}

static socklen_t name(const struct version *v, const uint8_t *address, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	memcpy(&four.sin_addr, address, 4);
	memcpy(&six.sin6_addr, address, 16);
	if (v->domain == AF_INET)
		memcpy(out, &four, sizeof(four));
	else
		memcpy(out, &six, sizeof(six));
	return v->domain == AF_INET ? sizeof(four) : sizeof(six);
}

static int listener(struct bed *b)
{
	struct sockaddr_storage a;
	socklen_t n = name(b->version, b->version->local, PORT, &a);
	int fd = b->i.socket(b->i.user, b->version->domain, SOCK_STREAM, IPPROTO_TCP);

	assert_true(fd >= 1000);
	assert_int_equal(b->i.bind(b->i.user, fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(b->i.listen(b->i.user, fd, 1), 0);
	return fd;
}

/* A connection that the peer has made: its descriptor. The peer's name is in the socket's family. */
static int accepted(struct bed *b, int fd)
{
	struct sockaddr_storage a, wanted;
	socklen_t n = sizeof(a), n_wanted;
	uint8_t foreign[16] = {[10] = 0xff, 0xff};
	int new;

	send_segment(b, TCP_SYN, 0);
	expect_segment(b, TCP_SYN | TCP_ACK, 0);
	send_segment(b, TCP_ACK, 0);
	new = b->i.accept(b->i.user, fd, (struct sockaddr *)&a, &n);
	assert_true(new > fd);
	ip_to_bytes(&b->foreign, b->version->domain == AF_INET || b->version->ip6 ? foreign : foreign + 12);
	n_wanted = name(b->version, foreign, FOREIGN_PORT, &wanted);
	assert_int_equal(n, n_wanted);
	assert_memory_equal(&a, &wanted, n);
	return new;
}

static void begin(struct bed *b, const struct version *v)
{
	void (*init)(const char *, struct packetdrill_interface *);

	*b = (struct bed){.version = v, .seq = 1000};
	b->library = dlopen(OBJECT, RTLD_NOW | RTLD_LOCAL);
	if (!b->library)
		fail_msg("%s", dlerror());
	*(void **)&init = dlsym(b->library, "packetdrill_interface_init");
	*(void **)&b->shell = dlsym(b->library, "packetdrill_shell");
	assert_non_null(init);
	assert_non_null(b->shell);
	init(v->flags, &b->i);
	b->local = ip_of(v->ip6 ? "fd00::1" : "192.168.0.1");
	b->foreign = ip_of(v->ip6 ? "fd01::1" : "192.0.2.1");
}

static void end(struct bed *b)
{
	b->i.free(b->i.user);
	dlclose(b->library);
}

/* ---- tests ---- */

static void passive_open_data_and_close(struct bed *b)
{
	uint8_t bytes[64];
	int fd = listener(b), c = accepted(b, fd), n = 0;

	assert_int_equal(b->i.read(b->i.user, c, bytes, sizeof(bytes)), -1);
	assert_int_equal(errno, EAGAIN);
	send_segment(b, TCP_ACK | TCP_PSH, 10);
	expect_segment(b, TCP_ACK, 0);
	assert_int_equal(b->i.ioctl(b->i.user, c, FIONREAD, &n), 0);
	assert_int_equal(n, 10);
	assert_int_equal(b->i.read(b->i.user, c, bytes, sizeof(bytes)), 10);
	assert_int_equal(b->i.write(b->i.user, c, "berth", 5), 5);
	expect_segment(b, TCP_ACK | TCP_PSH, 5);
	assert_memory_equal(b->payload, "berth", 5);
	send_segment(b, TCP_ACK, 0);
	assert_int_equal(b->i.close(b->i.user, c), 0);
	expect_segment(b, TCP_ACK | TCP_FIN, 0);
	send_segment(b, TCP_ACK | TCP_FIN, 0);
	expect_segment(b, TCP_ACK, 0);
	expect_silence(b);
	assert_int_equal(b->i.close(b->i.user, c), -1);
	assert_int_equal(errno, EBADF);
}

/* The clock moves by a microsecond for each look, by what is slept, and to the next packet that is waited for. */
static void virtual_clock(struct bed *b)
{
	long long begun = now(b), left;
	int c = accepted(b, listener(b));

	assert_true(now(b) > begun);
	begun = now(b);
	b->i.usleep(b->i.user, 3 * US_S);
	left = now(b) - begun;
	assert_in_range(left, 3 * US_S, 3 * US_S + 1000);
	assert_int_equal(b->i.write(b->i.user, c, "x", 1), 1);
	begun = now(b);
	expect_segment(b, TCP_ACK | TCP_PSH, 1);
	assert_true(b->got_at <= begun);
	b->i.usleep(b->i.user, 10 * US_S);
	/* Sent again meanwhile, each with its own time. */
	expect_segment(b, TCP_ACK | TCP_PSH, 1);
	assert_in_range(b->got_at - begun, 1000, 2 * US_S);
}

/* RFC 9293 section 3.10.7.1: a socket that is bound and does not listen is closed. */
static void closed(struct bed *b)
{
	struct sockaddr_storage a;
	socklen_t n = name(b->version, b->version->local, PORT, &a);
	int fd = b->i.socket(b->i.user, b->version->domain, SOCK_STREAM, IPPROTO_TCP);

	assert_int_equal(b->i.bind(b->i.user, fd, (struct sockaddr *)&a, n), 0);
	b->ack = 34;
	send_segment(b, TCP_ACK, 3);
	expect_segment(b, TCP_RST, 0);
	assert_int_equal(b->got.seq, 34);
}

struct reader {
	struct bed *b;
	int fd;
	ssize_t got;
	long long at;
};

static void *read_blocking(void *argument)
{
	struct reader *r = argument;
	uint8_t bytes[64];

	r->got = r->b->i.read(r->b->i.user, r->fd, bytes, sizeof(bytes));
	r->at = now(r->b);
	return NULL;
}

/* A call on a second thread waits for what the first does; it ends at the time of that. */
static void blocking_read(struct bed *b)
{
	struct reader r = {.b = b, .fd = accepted(b, listener(b))};
	long long begun = now(b);
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, read_blocking, &r), 0);
	b->i.usleep(b->i.user, US_S / 2);
	send_segment(b, TCP_ACK | TCP_PSH, 7);
	b->i.usleep(b->i.user, 5 * US_S);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(r.got, 7);
	assert_in_range(r.at - begun, 0, 6 * US_S);
	expect_segment(b, TCP_ACK, 0);
}

static void active_open(struct bed *b)
{
	struct sockaddr_storage a;
	uint8_t foreign[16] = {[10] = 0xff, 0xff};
	struct tcp_info info;
	socklen_t n = sizeof(info);
	int fd = b->i.socket(b->i.user, b->version->domain, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP);
	uint8_t packet[2048];
	size_t size = sizeof(packet);

	ip_to_bytes(&b->foreign, b->version->domain == AF_INET || b->version->ip6 ? foreign : foreign + 12);
	assert_int_equal(b->i.connect(b->i.user, fd, (struct sockaddr *)&a, name(b->version, foreign, 8080, &a)), -1);
	assert_int_equal(errno, EINPROGRESS);
	assert_int_equal(b->i.netdev_receive(b->i.user, packet, &size, &b->got_at), 0);
	assert_true(size > 40);
	assert_int_equal(b->i.getsockopt(b->i.user, fd, IPPROTO_TCP, TCP_INFO, &info, &n), 0);
	assert_int_equal(info.tcpi_state, 2); /* SYN-SENT, by Linux's numbers */
}

/* Everything a script can ask for and nobody has: errors, and no crash. */
static void refused(struct bed *b)
{
	int fd = listener(b), value = 1;
	socklen_t n = sizeof(value);

	assert_int_equal(b->i.setsockopt(b->i.user, fd, 4711, 12, &value, n), -1);
	assert_int_equal(errno, ENOPROTOOPT);
	assert_int_equal(b->i.getsockopt(b->i.user, fd, IPPROTO_TCP, 4711, &value, &n), -1);
	assert_int_equal(errno, ENOPROTOOPT);
	assert_int_equal(b->i.read(b->i.user, 999, &value, 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(b->i.read(b->i.user, 65535, &value, 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(b->i.write(b->i.user, fd, NULL, 1), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(b->i.fcntl(b->i.user, fd, F_DUPFD, 0L), -1);
	assert_int_equal(b->shell("sysctl -q net.ipv4.tcp_congestion_control=nonsense net.ipv4.tcp_rmem="), 0);
	assert_int_equal(b->shell("sysctl -q net.ipv4.tcp_wmem=\"4096 1 99999999999999999999\" net.ipv4."), 0);
}

static void in_all_versions(void (*test)(struct bed *))
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct bed b;

		begin(&b, &versions[i]);
		test(&b);
		end(&b);
	}
}

#define TEST(name)                                                                                                     \
	static void test_##name(void **state)                                                                          \
	{                                                                                                              \
		in_all_versions(name);                                                                                 \
	}

TEST(passive_open_data_and_close)
TEST(virtual_clock)
TEST(closed)
TEST(blocking_read)
TEST(active_open)
TEST(refused)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passive_open_data_and_close),
		cmocka_unit_test(test_virtual_clock),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_blocking_read),
		cmocka_unit_test(test_active_open),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
