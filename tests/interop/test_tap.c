/* The TAP link against the kernel's own TCP/IP: checksums and large segments both ways, with offload and without.
 *
 * Runs in a user and network namespace of its own, so that it needs no privilege and leaves nothing behind. Where
 * namespaces are forbidden or /dev/net/tun may not be opened it is skipped, and says why. The kernel is 10.9.0.1 on the
 * device; the other end, 10.9.0.2, is this test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <berth/platform.h>

#include "bytes.h"
#include "checksum.h"
#include "ip4.h"
#include "tcp_header.h"

#include "tap_bed.h"

#define HEADERS 54 /* Ethernet, IPv4, TCP without options */
#define MSS 1460

static uint8_t mac_kernel[6];

/* ---- the device ---- */

static struct berth_link *tap_open(bool offload)
{
	struct berth_tap_config config;
	struct berth_link *link;

	berth_tap_config_default(&config);
	snprintf(config.name, sizeof(config.name), DEVICE);
	config.offload = offload;
	assert_int_equal(berth_link_tap(&config, &link), 0);
	assert_int_equal(link->mtu, 1500);
	assert_true(link->ethernet);
	assert_int_equal(link->capabilities, offload ? BERTH_LINK_CHECKSUM | BERTH_LINK_SEGMENT : 0);
	device_up(mac_kernel);
	return link;
}

/* ---- frames ---- */

/* The next IPv4 frame of a protocol within two seconds, or NULL. The kernel says other things besides. */
static struct berth_frame *receive(struct berth_link *link, uint8_t protocol)
{
	for (unsigned n = 0; n < 100; n++) {
		struct berth_frame *frame = berth_link_receive(link, 0);
		struct pollfd waits = {.fd = link->fd, .events = POLLIN};

		if (frame && frame->len >= 34 && get_be16(frame->data + 12) == 0x0800 && frame->data[23] == protocol)
			return frame;
		berth_frame_unref(frame);
		if (!frame && poll(&waits, 1, 2000) != 1)
			break;
	}
	return NULL;
}

/* A frame from us to the kernel with `len` bytes behind the IP header, of which the caller writes all. */
static uint8_t *frame_begin(uint8_t *to, uint8_t protocol, uint16_t len)
{
	struct ip4_header ip = {.source = {10, 9, 0, 2},
				.destination = {10, 9, 0, 1},
				.total_len = (uint16_t)(20 + len),
				.ttl = 64,
				.protocol = protocol,
				.len_header = 20,
				.dont_fragment = true};

	to = put_bytes(to, mac_kernel, 6);
	to = put_bytes(to, mac_test, 6);
	to = put_be16(to, 0x0800);
	return ip4_emit(&ip, to);
}

/* Fills in the transport checksum at `off`, whole or the pseudo-header's only. */
static void frame_checksum(uint8_t *frame, uint8_t protocol, uint16_t off, uint16_t len, bool whole)
{
	uint64_t sum = checksum_pseudo(frame + 26, frame + 30, 4, protocol, len);

	put_be16(frame + 34 + off, checksum_fold(sum));
	if (whole)
		put_be16(frame + 34 + off, checksum_finish(checksum_add(0, frame + 34, len)));
}

static void send_bytes(struct berth_link *link, const uint8_t *frame, uint32_t len, uint16_t off_checksum, bool whole,
		       uint16_t segment_size)
{
	struct berth_frame_out out = {.len = len,
				      .len_header = HEADERS < len ? HEADERS : (uint8_t)len,
				      .off_header = 2,
				      .off_network = 14,
				      .off_transport = 34,
				      .off_checksum = off_checksum,
				      .checksum = whole ? BERTH_CHECKSUM_FULL : BERTH_CHECKSUM_PARTIAL,
				      .segment_size = segment_size};

	memcpy(out.header + 2, frame, out.len_header);
	/* The rest in two slices. */
	if (len > out.len_header) {
		uint32_t left = len - out.len_header, half = left / 2;

		out.slices[0] = (struct berth_slice){frame + out.len_header, half};
		out.slices[1] = (struct berth_slice){frame + out.len_header + half, left - half};
		out.n_slices = 2;
	}
	berth_link_send(link, &out, 1, 0);
}

/* ---- UDP ---- */

static int udp_socket(void)
{
	struct sockaddr_in own = address_of("10.9.0.1", 5000), ours = address_of("10.9.0.2", 6000);
	struct timeval limit = {.tv_sec = 2};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&ours, sizeof(ours)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	return fd;
}

static bool checksum_right(const struct berth_frame *frame)
{
	uint16_t len = (uint16_t)(get_be16(frame->data + 16) - 20);
	uint64_t sum = checksum_pseudo(frame->data + 26, frame->data + 30, 4, frame->data[23], len);

	return checksum_finish(checksum_add(sum, frame->data + 34, len)) == 0;
}

static void udp_from_kernel(bool offload)
{
	struct berth_link *link = tap_open(offload);
	struct berth_frame *frame;
	int fd = udp_socket();
	char data[1000];

	memset(data, 'x', sizeof(data));
	assert_int_equal(send(fd, data, sizeof(data), 0), sizeof(data));
	frame = receive(link, 17);
	assert_non_null(frame);
	assert_int_equal(frame->len, 14 + 20 + 8 + sizeof(data));
	assert_memory_equal(frame->data + 42, data, sizeof(data));
	assert_int_equal(frame->segment_size, 0);
	assert_true(frame->capacity < 4096);
	if (offload)
		assert_int_equal(frame->checksum, BERTH_CHECKSUM_VALID);
	else
		assert_true(checksum_right(frame));
	berth_frame_unref(frame);
	assert_true(link->counters.received >= 1);
	close(fd);
	berth_link_free(link);
}

static void test_udp_from_kernel(void **state)
{
	udp_from_kernel(true);
	udp_from_kernel(false);
}

static uint32_t udp_build(uint8_t *frame, bool whole, char fill)
{
	uint8_t *p = frame_begin(frame, 17, 8 + 100);

	p = put_be16(p, 6000);
	p = put_be16(p, 5000);
	p = put_be16(p, 108);
	p = put_be16(p, 0);
	memset(p, fill, 100);
	frame_checksum(frame, 17, 6, 108, whole);
	return 142;
}

/* The kernel takes what has the right checksum, whole or to be completed, and not what has a wrong one. */
static void test_udp_to_kernel(void **state)
{
	struct berth_link *link = tap_open(true);
	int fd = udp_socket();
	uint8_t frame[200];
	char data[200];
	uint32_t len;

	len = udp_build(frame, false, 'w');
	send_bytes(link, frame, len, 6, true, 0); /* says that it is whole, and is not */
	len = udp_build(frame, false, 'p');
	send_bytes(link, frame, len, 6, false, 0);
	assert_int_equal(recv(fd, data, sizeof(data), 0), 100);
	assert_int_equal(data[0], 'p');
	len = udp_build(frame, true, 'f');
	send_bytes(link, frame, len, 6, true, 0);
	assert_int_equal(recv(fd, data, sizeof(data), 0), 100);
	assert_int_equal(data[0], 'f');
	assert_int_equal(link->counters.sent, 3);
	assert_int_equal(link->counters.send_failed, 0);
	close(fd);
	berth_link_free(link);
}

static void test_no_offload_refuses(void **state)
{
	struct berth_link *link = tap_open(false);
	uint8_t frame[200];
	uint32_t len = udp_build(frame, false, 'p');

	send_bytes(link, frame, len, 6, false, 0);
	assert_int_equal(link->counters.sent, 0);
	assert_int_equal(link->counters.send_failed, 1);
	berth_link_free(link);
}

/* ---- TCP ---- */

/* A connection of the kernel's to us, of which we play the other end by hand. */
struct peer {
	struct berth_link *link;
	int fd;
	uint16_t port;
	uint32_t seq, ack;
};

static void peer_send(struct peer *peer, uint8_t flags, const uint8_t *payload, uint32_t n, uint16_t segment_size)
{
	struct tcp_header tcp = {.source_port = 80,
				 .destination_port = peer->port,
				 .seq = peer->seq,
				 .ack = peer->ack,
				 .window = 65535,
				 .flags = flags};
	uint8_t *frame = malloc(70000), *p;
	uint16_t len;

	tcp.has_mss = flags & TCP_SYN;
	tcp.mss = MSS;
	len = (uint16_t)(tcp_header_len(&tcp) + n);
	p = frame_begin(frame, 6, len);
	p = tcp_header_emit(&tcp, p);
	if (n)
		memcpy(p, payload, n);
	frame_checksum(frame, 6, TCP_OFF_CHECKSUM, len, false);
	send_bytes(peer->link, frame, 34u + len, TCP_OFF_CHECKSUM, false, segment_size);
	peer->seq += n + (flags & TCP_SYN ? 1 : 0);
	free(frame);
}

static void peer_connect(struct peer *peer)
{
	struct sockaddr_in ours = address_of("10.9.0.2", 80);
	struct berth_frame *frame;
	struct tcp_header tcp;
	struct pollfd waits;

	peer->link = tap_open(true);
	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(peer->fd, (struct sockaddr *)&ours, sizeof(ours)), -1);
	assert_int_equal(errno, EINPROGRESS);
	frame = receive(peer->link, 6);
	assert_non_null(frame);
	assert_true(tcp_header_parse(frame->data + 34, frame->len - 34, &tcp) > 0);
	assert_int_equal(tcp.flags & (TCP_SYN | TCP_ACK), TCP_SYN);
	berth_frame_unref(frame);
	peer->port = tcp.source_port;
	peer->seq = 0xfffffff0;
	peer->ack = tcp.seq + 1;
	peer_send(peer, TCP_SYN | TCP_ACK, NULL, 0, 0);
	waits = (struct pollfd){.fd = peer->fd, .events = POLLOUT};
	assert_int_equal(poll(&waits, 1, 2000), 1);
}

static void peer_close(struct peer *peer)
{
	close(peer->fd);
	berth_link_free(peer->link);
}

/* The kernel sends its first window as one frame: it arrives in one piece, and every byte is in its place. */
static void test_large_from_kernel(void **state)
{
	static uint8_t data[10 * MSS];
	struct peer peer;
	struct berth_frame *frame;
	uint32_t n_seen = 0, n_largest = 0;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 31 >> 3);
	peer_connect(&peer);
	assert_int_equal(send(peer.fd, data, sizeof(data), 0), sizeof(data));
	while (n_seen < sizeof(data) && (frame = receive(peer.link, 6))) {
		struct tcp_header tcp;
		uint32_t len_header = 34 + (uint32_t)tcp_header_parse(frame->data + 34, frame->len - 34, &tcp);
		uint32_t n = frame->len - len_header;

		if (n) {
			assert_int_equal(tcp.seq - peer.ack, n_seen);
			assert_memory_equal(frame->data + len_header, data + n_seen, n);
			assert_int_equal(frame->checksum, BERTH_CHECKSUM_VALID);
			assert_int_equal(frame->segment_size, n > MSS ? MSS : 0);
		}
		n_seen += n;
		n_largest = n > n_largest ? n : n_largest;
		berth_frame_unref(frame);
	}
	assert_int_equal(n_seen, sizeof(data));
	assert_true(n_largest > 2048); /* not one by one */
	peer_close(&peer);
}

static void test_large_to_kernel(void **state)
{
	static uint8_t data[40000], got[40000];
	struct peer peer;
	size_t n_got = 0;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 17 >> 2);
	peer_connect(&peer);
	peer_send(&peer, TCP_ACK | TCP_PSH, data, sizeof(data), MSS);
	while (n_got < sizeof(data)) {
		struct pollfd waits = {.fd = peer.fd, .events = POLLIN};
		ssize_t n;

		assert_int_equal(poll(&waits, 1, 2000), 1);
		n = recv(peer.fd, got + n_got, sizeof(got) - n_got, 0);
		assert_true(n > 0);
		n_got += (size_t)n;
	}
	assert_memory_equal(got, data, sizeof(data));
	assert_int_equal(peer.link->counters.send_failed, 0);
	peer_close(&peer);
}

/* ---- errors ---- */

static int open_error(const char *name)
{
	struct berth_tap_config config;
	struct berth_link *link;

	berth_tap_config_default(&config);
	memset(config.name, 0, sizeof(config.name));
	memcpy(config.name, name, strlen(name) < sizeof(config.name) ? strlen(name) : sizeof(config.name));
	return berth_link_tap(&config, &link);
}

static void test_errors(void **state)
{
	struct berth_link *link = tap_open(true);

	assert_int_equal(open_error(""), BERTH_EINVAL);
	assert_int_equal(open_error("tap%d"), BERTH_EINVAL);
	assert_int_equal(open_error("a/b"), BERTH_EINVAL);
	assert_int_equal(open_error(".."), BERTH_EINVAL);
	assert_int_equal(open_error("a b"), BERTH_EINVAL);
	assert_int_equal(open_error("0123456789abcdef"), BERTH_EINVAL);
	assert_int_equal(open_error("lo"), BERTH_EINVAL);
	assert_int_equal(open_error(DEVICE), BERTH_EBUSY);
	berth_link_free(link);
}

/* Nothing to read, and a device that is down: neither blocks. */
static void test_never_blocks(void **state)
{
	struct berth_link *link = tap_open(true);
	struct berth_frame *frame;
	struct ifreq request = {0};
	uint8_t bytes[200];
	uint32_t len = udp_build(bytes, true, 'x');
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	while ((frame = berth_link_receive(link, 0)))
		berth_frame_unref(frame);
	assert_null(berth_link_receive(link, 0));
	assert_true(berth_link_deadline(link) == BERTH_NEVER);
	interface_set(fd, SIOCSIFFLAGS, &request);
	send_bytes(link, bytes, len, 6, true, 0);
	assert_int_equal(link->counters.send_failed, 1);
	assert_null(berth_link_receive(link, 0));
	close(fd);
	berth_link_free(link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_udp_from_kernel),    cmocka_unit_test(test_udp_to_kernel),
		cmocka_unit_test(test_no_offload_refuses), cmocka_unit_test(test_large_from_kernel),
		cmocka_unit_test(test_large_to_kernel),    cmocka_unit_test(test_errors),
		cmocka_unit_test(test_never_blocks),
	};

	if (!bed_possible())
		return SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
