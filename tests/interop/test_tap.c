/* The TAP link against the kernel's own TCP/IP: checksums and large segments both ways, with offload and without.
 *
 * Runs in a user and network namespace of its own, so that it needs no privilege and leaves nothing behind. Where
 * namespaces are forbidden or /dev/net/tun may not be opened it is skipped, and says why. The kernel is 10.9.0.1 on the
 * device; the other end, 10.9.0.2, is this test. All of it over IPv6 too, with fd00:9::1 and fd00:9::2. */
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
#include "families.h"
#include "ip4.h"
#include "ip6.h"
#include "tcp_header.h"

#include "tap_bed.h"

/* Where the transport header begins, behind Ethernet's and IP's; the pseudo-header's addresses end there. */
static unsigned off_transport(uint8_t family)
{
	return family == BERTH_IP6 ? 14 + IP6_HEADER : 14 + IP4_HEADER;
}

static unsigned len_address(uint8_t family)
{
	return family == BERTH_IP6 ? 16 : 4;
}

/* What of a packet of 1,500 bytes is TCP's payload. */
static uint16_t mss_of(uint8_t family)
{
	return (uint16_t)(1514 - off_transport(family) - TCP_HEADER);
}

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
	device_up(mac_kernel, true);
	return link;
}

/* ---- frames ---- */

static bool is_of(const struct berth_frame *frame, uint8_t family, uint8_t protocol)
{
	if (frame->len < off_transport(family))
		return false;
	if (family == BERTH_IP6)
		return get_be16(frame->data + 12) == 0x86dd && frame->data[14 + IP6_OFF_NEXT_HEADER] == protocol;
	return get_be16(frame->data + 12) == 0x0800 && frame->data[14 + IP4_OFF_PROTOCOL] == protocol;
}

/* The next frame of a family and protocol within two seconds, or NULL. The kernel says other things besides. */
static struct berth_frame *receive(struct berth_link *link, uint8_t family, uint8_t protocol)
{
	for (unsigned n = 0; n < 100; n++) {
		struct berth_frame *frame = berth_link_receive(link, 0);
		struct pollfd waits = {.fd = link->fd, .events = POLLIN};

		if (frame && is_of(frame, family, protocol))
			return frame;
		berth_frame_unref(frame);
		if (!frame && poll(&waits, 1, 2000) != 1)
			break;
	}
	return NULL;
}

static uint8_t *put_ip4(uint8_t *to, uint8_t protocol, uint16_t len)
{
	struct ip4_header ip = {.source = {10, 9, 0, 2},
				.destination = {10, 9, 0, 1},
				.total_len = (uint16_t)(20 + len),
				.ttl = 64,
				.protocol = protocol,
				.len_header = 20,
				.dont_fragment = true};

	return ip4_emit(&ip, put_be16(to, 0x0800));
}

static uint8_t *put_ip6(uint8_t *to, uint8_t protocol, uint16_t len)
{
	struct ip6_header ip = {.payload_len = len, .next_header = protocol, .hop_limit = 64};

	memcpy(ip.source, bed_address(BERTH_IP6, TEST).bytes, 16);
	memcpy(ip.destination, bed_address(BERTH_IP6, KERNEL).bytes, 16);
	return ip6_emit(&ip, put_be16(to, 0x86dd));
}

/* A frame from us to the kernel with `len` bytes behind the IP header, of which the caller writes all. */
static uint8_t *frame_begin(uint8_t *to, uint8_t family, uint8_t protocol, uint16_t len)
{
	to = put_bytes(to, mac_kernel, 6);
	to = put_bytes(to, mac_test, 6);
	return family == BERTH_IP6 ? put_ip6(to, protocol, len) : put_ip4(to, protocol, len);
}

static uint64_t pseudo_sum(const uint8_t *frame, uint8_t family, uint8_t protocol, uint32_t len)
{
	const uint8_t *transport = frame + off_transport(family);
	unsigned n = len_address(family);

	return checksum_pseudo(transport - 2 * n, transport - n, n, protocol, len);
}

/* Fills in the transport checksum at `off`, whole or the pseudo-header's only. */
static void frame_checksum(uint8_t *frame, uint8_t family, uint8_t protocol, uint16_t off, uint16_t len, bool whole)
{
	uint8_t *transport = frame + off_transport(family);

	put_be16(transport + off, checksum_fold(pseudo_sum(frame, family, protocol, len)));
	if (whole)
		put_be16(transport + off, checksum_finish(checksum_add(0, transport, len)));
}

static void send_bytes(struct berth_link *link, uint8_t family, const uint8_t *frame, uint32_t len,
		       uint16_t off_checksum, bool whole, uint16_t segment_size)
{
	uint32_t len_headers = off_transport(family) + TCP_HEADER;
	struct berth_frame_out out = {.len = len,
				      .len_header = (uint8_t)(len_headers < len ? len_headers : len),
				      .off_header = 2,
				      .off_network = 14,
				      .off_transport = (uint16_t)off_transport(family),
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

static int udp_socket(uint8_t family)
{
	struct bed_name own = name_of(family, KERNEL, 5000), ours = name_of(family, TEST, 6000);
	struct timeval limit = {.tv_sec = 2};
	int fd = socket(kernel_family(family), SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, &own.any, own.len), 0);
	assert_int_equal(connect(fd, &ours.any, ours.len), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	return fd;
}

static bool checksum_right(const struct berth_frame *frame, uint8_t family, uint8_t protocol)
{
	uint32_t len = frame->len - off_transport(family);
	uint64_t sum = pseudo_sum(frame->data, family, protocol, len);

	return checksum_finish(checksum_add(sum, frame->data + off_transport(family), len)) == 0;
}

static void udp_from_kernel(uint8_t family, bool offload)
{
	struct berth_link *link = tap_open(offload);
	struct berth_frame *frame;
	int fd = udp_socket(family);
	char data[1000];

	memset(data, 'x', sizeof(data));
	assert_int_equal(send(fd, data, sizeof(data), 0), sizeof(data));
	frame = receive(link, family, 17);
	assert_non_null(frame);
	assert_int_equal(frame->len, off_transport(family) + 8 + sizeof(data));
	assert_memory_equal(frame->data + off_transport(family) + 8, data, sizeof(data));
	assert_int_equal(frame->segment_size, 0);
	assert_true(frame->capacity < 4096);
	if (offload)
		assert_int_equal(frame->checksum, BERTH_CHECKSUM_VALID);
	else
		assert_true(checksum_right(frame, family, 17));
	berth_frame_unref(frame);
	assert_true(link->counters.received >= 1);
	close(fd);
	berth_link_free(link);
}

static void test_udp_from_kernel(void **state)
{
	udp_from_kernel(family_of(state), true);
	udp_from_kernel(family_of(state), false);
}

static uint32_t udp_build(uint8_t family, uint8_t *frame, bool whole, char fill)
{
	uint8_t *p = frame_begin(frame, family, 17, 8 + 100);

	p = put_be16(p, 6000);
	p = put_be16(p, 5000);
	p = put_be16(p, 108);
	p = put_be16(p, 0);
	memset(p, fill, 100);
	frame_checksum(frame, family, 17, 6, 108, whole);
	return off_transport(family) + 108;
}

/* The kernel takes what has the right checksum, whole or to be completed, and not what has a wrong one. */
static void test_udp_to_kernel(void **state)
{
	struct berth_link *link = tap_open(true);
	uint8_t frame[200], family = family_of(state);
	int fd = udp_socket(family);
	char data[200];
	uint32_t len;

	len = udp_build(family, frame, false, 'w');
	send_bytes(link, family, frame, len, 6, true, 0); /* says that it is whole, and is not */
	len = udp_build(family, frame, false, 'p');
	send_bytes(link, family, frame, len, 6, false, 0);
	assert_int_equal(recv(fd, data, sizeof(data), 0), 100);
	assert_int_equal(data[0], 'p');
	len = udp_build(family, frame, true, 'f');
	send_bytes(link, family, frame, len, 6, true, 0);
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
	uint32_t len = udp_build(family_of(state), frame, false, 'p');

	send_bytes(link, family_of(state), frame, len, 6, false, 0);
	assert_int_equal(link->counters.sent, 0);
	assert_int_equal(link->counters.send_failed, 1);
	berth_link_free(link);
}

/* ---- TCP ---- */

/* A connection of the kernel's to us, of which we play the other end by hand. */
struct peer {
	uint8_t family;
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
	tcp.mss = mss_of(peer->family);
	len = (uint16_t)(tcp_header_len(&tcp) + n);
	p = frame_begin(frame, peer->family, 6, len);
	p = tcp_header_emit(&tcp, p);
	if (n)
		memcpy(p, payload, n);
	frame_checksum(frame, peer->family, 6, TCP_OFF_CHECKSUM, len, false);
	send_bytes(peer->link, peer->family, frame, off_transport(peer->family) + len, TCP_OFF_CHECKSUM, false,
		   segment_size);
	peer->seq += n + (flags & TCP_SYN ? 1 : 0);
	free(frame);
}

static void peer_connect(struct peer *peer, uint8_t family)
{
	struct bed_name ours = name_of(family, TEST, 80);
	unsigned off = off_transport(family);
	struct berth_frame *frame;
	struct tcp_header tcp;
	struct pollfd waits;

	peer->family = family;
	peer->link = tap_open(true);
	peer->fd = socket(kernel_family(family), SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(peer->fd, &ours.any, ours.len), -1);
	assert_int_equal(errno, EINPROGRESS);
	frame = receive(peer->link, family, 6);
	assert_non_null(frame);
	assert_true(tcp_header_parse(frame->data + off, frame->len - off, &tcp) > 0);
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
	static uint8_t data[10 * 1440];
	uint8_t family = family_of(state);
	unsigned off = off_transport(family);
	struct peer peer;
	struct berth_frame *frame;
	uint32_t n_seen = 0, n_largest = 0;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 31 >> 3);
	peer_connect(&peer, family_of(state));
	assert_int_equal(send(peer.fd, data, sizeof(data), 0), sizeof(data));
	while (n_seen < sizeof(data) && (frame = receive(peer.link, family, 6))) {
		struct tcp_header tcp;
		uint32_t len_header = off + (uint32_t)tcp_header_parse(frame->data + off, frame->len - off, &tcp);
		uint32_t n = frame->len - len_header;

		if (n) {
			assert_int_equal(tcp.seq - peer.ack, n_seen);
			assert_memory_equal(frame->data + len_header, data + n_seen, n);
			assert_int_equal(frame->checksum, BERTH_CHECKSUM_VALID);
			assert_int_equal(frame->segment_size, n > mss_of(family) ? mss_of(family) : 0);
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
	peer_connect(&peer, family_of(state));
	peer_send(&peer, TCP_ACK | TCP_PSH, data, sizeof(data), mss_of(peer.family));
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
	uint32_t len = udp_build(BERTH_IP4, bytes, true, 'x');
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	while ((frame = berth_link_receive(link, 0)))
		berth_frame_unref(frame);
	assert_null(berth_link_receive(link, 0));
	assert_true(berth_link_deadline(link) == BERTH_NEVER);
	interface_set(fd, SIOCSIFFLAGS, &request);
	send_bytes(link, BERTH_IP4, bytes, len, 6, true, 0);
	assert_int_equal(link->counters.send_failed, 1);
	assert_null(berth_link_receive(link, 0));
	close(fd);
	berth_link_free(link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH_FAMILIES(test_udp_from_kernel),    IN_BOTH_FAMILIES(test_udp_to_kernel),
		IN_BOTH_FAMILIES(test_no_offload_refuses), IN_BOTH_FAMILIES(test_large_from_kernel),
		IN_BOTH_FAMILIES(test_large_to_kernel),    cmocka_unit_test(test_errors),
		cmocka_unit_test(test_never_blocks),
	};

	if (!bed_possible())
		return SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
