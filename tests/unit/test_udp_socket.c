/* UDP sockets through the socket API: every call, every error, both ends. */
#include "one_host.h"

static struct berth_socket_address parsed(const char *text, uint16_t port)
{
	struct berth_socket_address a = {.port = port};

	assert_int_equal(berth_address_parse(text, &a.address), 0);
	return a;
}

static struct berth_socket_address localhost_at(const struct one *o, uint16_t port)
{
	return parsed(o->family == BERTH_IP6 ? "::1" : "127.0.0.1", port);
}

/* Beyond all networks of the host. */
static struct berth_socket_address far_at(const struct one *o, uint16_t port)
{
	return parsed(o->family == BERTH_IP6 ? "2001:db8::8" : "8.8.8.8", port);
}

/* The peer, in the family that is not the socket's. */
static struct berth_socket_address other_family_at(const struct one *o, uint16_t port)
{
	return parsed(o->family == BERTH_IP6 ? "192.168.1.5" : "fd00::5", port);
}

static bool is_at(const struct berth_socket_address *a, const struct berth_socket_address *b)
{
	return berth_address_equal(&a->address, &b->address);
}

static int datagram_socket(struct one *o)
{
	int s = berth_socket(o->host, o->family, BERTH_DATAGRAM);

	assert_true(s >= 0);
	return s;
}

static int pending_error(struct one *o, int s)
{
	int error = 0;
	size_t n = sizeof(error);

	assert_int_equal(berth_getsockopt(o->host, s, BERTH_SOL_SOCKET, BERTH_SO_ERROR, &error, &n), 0);
	return -error;
}

static void binding(void **state)
{
	struct berth_socket_address a, name;
	struct one o;
	int s, t;

	one_init_family(&o, family_of(state));
	s = datagram_socket(&o);
	t = datagram_socket(&o);
	assert_int_equal(berth_getsockname(o.host, s, &name), 0);
	assert_int_equal(name.port, 0);
	assert_int_equal(berth_getpeername(o.host, s, &name), BERTH_ENOTCONN);
	a = one_at(&o, 5, 1000);
	assert_int_equal(berth_bind(o.host, s, &a), BERTH_EADDRNOTAVAIL);
	a = other_family_at(&o, 1000);
	assert_int_equal(berth_bind(o.host, s, &a), BERTH_EAFNOSUPPORT);
	a = one_at(&o, 7, 1000);
	assert_int_equal(berth_bind(o.host, s, &a), 0);
	assert_int_equal(berth_bind(o.host, s, &a), BERTH_EINVAL);
	assert_int_equal(berth_bind(o.host, t, &a), BERTH_EADDRINUSE);
	a = (struct berth_socket_address){.port = 1000};
	assert_int_equal(berth_bind(o.host, t, &a), BERTH_EADDRINUSE);
	a.port = 0;
	assert_int_equal(berth_bind(o.host, t, &a), 0);
	assert_int_equal(berth_getsockname(o.host, t, &name), 0);
	assert_in_range(name.port, 49152, 65535);
	assert_true(berth_address_is_any(&name.address));
	assert_int_equal(berth_bind(o.host, 99, &a), BERTH_EBADF);
	assert_int_equal(berth_close(o.host, s), 0);
	s = datagram_socket(&o);
	a = localhost_at(&o, 1000);
	assert_int_equal(berth_bind(o.host, s, &a), 0);
	one_deinit(&o);
}

static void sending_errors(void **state)
{
	static uint8_t data[65528];
	struct berth_socket_address a;
	struct one o;
	int s;

	one_init_family(&o, family_of(state));
	s = datagram_socket(&o);
	assert_int_equal(berth_send(o.host, s, "x", 1, 0), BERTH_EDESTADDRREQ);
	a = one_at(&o, 5, 9);
	assert_int_equal(berth_sendto(o.host, s, data, o.family == BERTH_IP6 ? 65528 : 65508, 0, &a), BERTH_EMSGSIZE);
	a.port = 0;
	assert_int_equal(berth_sendto(o.host, s, "x", 1, 0, &a), BERTH_EINVAL);
	assert_int_equal(berth_connect(o.host, s, &a), BERTH_EINVAL);
	a = far_at(&o, 9);
	assert_int_equal(berth_sendto(o.host, s, "x", 1, 0, &a), BERTH_ENETUNREACH);
	assert_int_equal(berth_connect(o.host, s, &a), BERTH_ENETUNREACH);
	if (o.family == BERTH_IP4) {
		a = socket_address(IP(192, 168, 1, 255), 9);
		assert_int_equal(berth_connect(o.host, s, &a), BERTH_EACCES);
	}
	a = other_family_at(&o, 9);
	assert_int_equal(berth_sendto(o.host, s, "x", 1, 0, &a), BERTH_EAFNOSUPPORT);
	assert_int_equal(berth_connect(o.host, s, &a), BERTH_EAFNOSUPPORT);
	assert_int_equal(berth_sendto(o.host, 7, "x", 1, 0, &a), BERTH_EBADF);
	assert_int_equal(berth_recv(o.host, s, data, 1, 0), BERTH_EAGAIN);
	assert_int_equal(berth_recv(o.host, 7, data, 1, 0), BERTH_EBADF);
	assert_int_equal(berth_listen(o.host, s, 1), BERTH_EOPNOTSUPP);
	assert_int_equal(berth_accept(o.host, s, NULL), BERTH_EOPNOTSUPP);
	assert_int_equal(berth_shutdown(o.host, s, BERTH_SHUT_WR), BERTH_ENOTCONN);
	assert_int_equal(berth_shutdown(o.host, s, (enum berth_shutdown)7), BERTH_EINVAL);
	/* What speaks from 127.0.0.0/8 or ::1 stays in the host (RFC 1122 section 3.2.1.3, 4291 section 2.5.3). */
	a = localhost_at(&o, 1000);
	assert_int_equal(berth_bind(o.host, s, &a), 0);
	a = one_at(&o, 5, 9);
	assert_int_equal(berth_sendto(o.host, s, "x", 1, 0, &a), BERTH_ENETUNREACH);
	assert_int_equal(one_out(&o), 0);
	one_deinit(&o);
}

static void connected(void **state)
{
	struct berth_socket_address peer, other, host, name;
	uint8_t got[8];
	struct one o;
	int s;

	one_init_family(&o, family_of(state));
	peer = one_at(&o, 5, 9);
	other = one_at(&o, 6, 9);
	host = one_at(&o, 7, 0);
	one_meet(&o);
	s = datagram_socket(&o);
	assert_int_equal(berth_connect(o.host, s, &peer), 0);
	assert_int_equal(berth_getpeername(o.host, s, &name), 0);
	assert_true(is_at(&name, &peer));
	assert_int_equal(berth_getsockname(o.host, s, &name), 0);
	assert_true(is_at(&name, &host));
	assert_in_range(name.port, 49152, 65535);
	assert_int_equal(berth_send(o.host, s, "x", 1, 0), 1);
	assert_int_equal(one_out(&o), 1);
	/* Others are not heard. */
	one_udp_from(&o, 6, 9, name.port, "n", 1);
	one_udp(&o, 10, name.port, "n", 1);
	assert_counter(&o, "udp_no_socket", 2);
	one_udp(&o, 9, name.port, "y", 1);
	assert_int_equal(berth_recv(o.host, s, got, sizeof(got), 0), 1);
	/* A peer that cannot be leaves the one that is. */
	name = far_at(&o, 9);
	assert_int_equal(berth_connect(o.host, s, &name), BERTH_ENETUNREACH);
	assert_int_equal(berth_send(o.host, s, "x", 1, 0), 1);
	assert_int_equal(berth_getsockname(o.host, s, &name), 0);
	/* Another peer, and none: then all are heard. */
	assert_int_equal(berth_connect(o.host, s, &other), 0);
	one_udp(&o, 9, name.port, "y", 1);
	assert_int_equal(berth_recv(o.host, s, got, sizeof(got), 0), BERTH_EAGAIN);
	assert_int_equal(berth_connect(o.host, s, &(struct berth_socket_address){0}), 0);
	assert_int_equal(berth_getpeername(o.host, s, &name), BERTH_ENOTCONN);
	assert_int_equal(berth_getsockname(o.host, s, &name), 0);
	assert_true(berth_address_is_any(&name.address));
	one_udp(&o, 9, name.port, "y", 1);
	assert_int_equal(berth_recv(o.host, s, got, sizeof(got), 0), 1);
	assert_int_equal(berth_send(o.host, s, "x", 1, 0), BERTH_EDESTADDRREQ);
	one_deinit(&o);
}

static void two_with_one_pair(void **state)
{
	struct berth_socket_address peer, local;
	int on = 1, s[2];
	struct one o;

	one_init_family(&o, family_of(state));
	peer = one_at(&o, 5, 9);
	local = one_at(&o, 7, 1000);
	for (unsigned i = 0; i < 2; i++) {
		s[i] = datagram_socket(&o);
		assert_int_equal(berth_setsockopt(o.host, s[i], BERTH_SOL_SOCKET, BERTH_SO_REUSEADDR, &on, sizeof(on)),
				 0);
		assert_int_equal(berth_bind(o.host, s[i], &local), 0);
	}
	assert_int_equal(berth_connect(o.host, s[0], &peer), 0);
	assert_int_equal(berth_connect(o.host, s[1], &peer), BERTH_EADDRINUSE);
	assert_int_equal(berth_getpeername(o.host, s[1], &peer), BERTH_ENOTCONN);
	one_deinit(&o);
}

static void cut_and_peeked(void **state)
{
	uint8_t a[3], b[2];
	struct berth_vector vectors[] = {{a, 3}, {NULL, 0}, {b, 2}};
	struct berth_message m = {.vectors = vectors, .n_vectors = 3};
	struct one o;
	int s;

	one_init_family(&o, family_of(state));
	s = one_udp_socket(&o, 7);
	one_udp(&o, 1000, 7, "abcdefgh", 8);
	assert_int_equal(berth_recvmsg(o.host, s, &m, BERTH_MSG_PEEK), 5);
	assert_int_equal(m.flags, BERTH_MSG_TRUNC);
	assert_memory_equal(a, "abc", 3);
	assert_memory_equal(b, "de", 2);
	assert_int_equal(m.foreign.port, 1000);
	assert_true(is_at(&m.foreign, &(struct berth_socket_address[]){one_at(&o, 5, 0)}[0]));
	assert_true(is_at(&m.local, &(struct berth_socket_address[]){one_at(&o, 7, 0)}[0]));
	assert_int_equal(m.local.port, 7);
	assert_int_equal(berth_recvmsg(o.host, s, &m, BERTH_MSG_TRUNC), 8);
	assert_int_equal(berth_recvmsg(o.host, s, &m, 0), BERTH_EAGAIN);
	one_udp(&o, 1000, 7, NULL, 0);
	assert_int_equal(berth_ready(o.host, s), BERTH_READABLE | BERTH_WRITABLE);
	assert_int_equal(berth_recvmsg(o.host, s, &m, 0), 0);
	assert_int_equal(m.flags, 0);
	vectors[0].n = vectors[2].n = SIZE_MAX / 2 + 1;
	assert_int_equal(berth_recvmsg(o.host, s, &m, 0), BERTH_EINVAL);
	assert_int_equal(berth_sendmsg(o.host, s, &m, 0), BERTH_EINVAL);
	one_deinit(&o);
}

/* Sends as `m` says; the source address of the packet, or the error. */
static int64_t source_of(struct one *o, int s, const struct berth_message *m)
{
	const uint8_t *udp;
	long n = berth_sendmsg(o->host, s, m, 0);

	one_clear(o);
	return n < 0 ? n : one_out(o) == 1 ? (int64_t)get_be32(sent_ip(o, 0, &udp).source) : 0;
}

static void from_the_address_that_was_asked(void **state)
{
	struct berth_message m = {.foreign = socket_address(PEER, 9)};
	struct berth_address second = berth_ip4(192, 168, 1, 8);
	struct one o;
	int s;

	(void)state;
	one_init(&o);
	assert_int_equal(berth_host_address_add(o.host, 1, &second, 24), 0);
	one_meet(&o);
	s = one_udp_socket(&o, 7);
	assert_int_equal(source_of(&o, s, &m), HOST);
	m.local = socket_address(HOST + 1, 7);
	assert_int_equal(source_of(&o, s, &m), HOST + 1);
	/* Where nobody can speak from, the host chooses: a group, all stations, another family. */
	m.local = socket_address(IP(224, 0, 0, 1), 7);
	assert_int_equal(source_of(&o, s, &m), HOST);
	m.local = socket_address(IP(192, 168, 1, 255), 7);
	assert_int_equal(source_of(&o, s, &m), HOST);
	m.local = socket_address(UINT32_MAX, 7);
	assert_int_equal(source_of(&o, s, &m), HOST);
	m.local = socket_address(IP(127, 0, 0, 1), 7);
	assert_int_equal(source_of(&o, s, &m), HOST);
	m.local.address = (struct berth_address){.family = BERTH_IP6, .bytes = {0xfd, [15] = 7}};
	assert_int_equal(source_of(&o, s, &m), HOST);
	/* One that is nobody's. */
	m.local = socket_address(HOST + 2, 7);
	assert_int_equal(source_of(&o, s, &m), BERTH_EADDRNOTAVAIL);
	/* A socket of one address has no choice. */
	m.local = socket_address(HOST + 1, 7);
	assert_int_equal(berth_connect(o.host, s, &m.foreign), 0);
	assert_int_equal(source_of(&o, s, &m), HOST);
	one_deinit(&o);
}

static void gathered(void **state)
{
	struct berth_vector vectors[] = {{"ab", 2}, {NULL, 0}, {"cde", 3}};
	struct berth_message m = {.vectors = vectors, .n_vectors = 3};
	size_t len;
	struct one o;
	int s;

	one_init_family(&o, family_of(state));
	m.foreign = one_at(&o, 5, 9);
	one_meet(&o);
	s = datagram_socket(&o);
	assert_int_equal(berth_sendmsg(o.host, s, &m, 0), 5);
	m.n_vectors = 0;
	assert_int_equal(berth_sendmsg(o.host, s, &m, 0), 0);
	assert_int_equal(one_out(&o), 2);
	assert_memory_equal(sent_udp(&o, 0, &len) + 8, "abcde", 5);
	assert_int_equal(len, 8 + 5);
	sent_udp(&o, 1, &len);
	assert_int_equal(len, 8);
	one_deinit(&o);
}

/* attacks row 35 for UDP: a flood fills the queue and no more, however small the datagrams; each drop is counted. */
static void bounded_receive_queue(void **state)
{
	struct berth_socket_row row;
	uint64_t cursor = 0, dropped;
	unsigned got = 0;
	uint8_t byte;
	size_t before;
	int size = 16384;
	struct one o;
	int s;

	one_init_family(&o, family_of(state));
	s = one_udp_socket(&o, 7);
	assert_int_equal(berth_setsockopt(o.host, s, BERTH_SOL_SOCKET, BERTH_SO_RCVBUF, &size, sizeof(size)), 0);
	before = o.heap.n_bytes;
	for (unsigned i = 0; i < 10000; i++)
		one_udp(&o, 1000, 7, "x", 1);
	assert_true(o.heap.n_bytes - before < 16384 + 512);
	dropped = counter(o.host, "udp_queue_full");
	assert_true(dropped > 9000);
	assert_true(berth_host_snapshot_next(o.host, &cursor, &row));
	assert_int_equal(row.drops, dropped);
	while (berth_recv(o.host, s, &byte, 1, 0) == 1)
		got++;
	assert_int_equal(got + dropped, 10000);
	/* An idle socket holds no buffers. */
	assert_int_equal(o.heap.n_bytes, before);
	one_deinit(&o);
}

static void bounded_send_queue(void **state)
{
	struct berth_socket_address to;
	struct berth_event event;
	static uint8_t data[1000], large[65527];
	unsigned sent = 0;
	int size = 8192;
	size_t before, n_large;
	struct one o;
	int s;

	one_init_family(&o, family_of(state));
	one_meet(&o);
	to = one_at(&o, 5, 9);
	s = one_udp_socket(&o, 1000);
	assert_int_equal(berth_setsockopt(o.host, s, BERTH_SOL_SOCKET, BERTH_SO_SNDBUF, &size, sizeof(size)), 0);
	one_out(&o);
	before = o.heap.n_bytes;
	while (berth_sendto(o.host, s, data, sizeof(data), 0, &to) == sizeof(data))
		sent++;
	assert_in_range(sent, 7, 9);
	assert_int_equal(berth_sendto(o.host, s, data, 1, 0, &to), BERTH_EAGAIN);
	assert_int_equal(berth_ready(o.host, s), 0);
	assert_false(berth_host_next_event(o.host, &event));
	assert_int_equal(berth_host_deadline(o.host), 0);
	assert_int_equal(one_out(&o), sent);
	assert_true(berth_host_next_event(o.host, &event));
	assert_int_equal(event.descriptor, s);
	assert_int_equal(event.ready, BERTH_WRITABLE);
	one_out(&o);
	assert_int_equal(o.heap.n_bytes, before);
	/* A small buffer still takes the largest datagram, one at a time. */
	n_large = o.family == BERTH_IP6 ? 65527 : 65507;
	assert_int_equal(berth_sendto(o.host, s, large, n_large, 0, &to), n_large);
	assert_int_equal(berth_sendto(o.host, s, data, 1, 0, &to), BERTH_EAGAIN);
	one_deinit(&o);
}

static void errors_and_shutdown(void **state)
{
	struct berth_socket_address peer;
	uint8_t got[8];
	struct one o;
	int s;

	one_init_family(&o, family_of(state));
	peer = one_at(&o, 5, 9);
	one_meet(&o);
	s = one_udp_socket(&o, 1000);
	assert_int_equal(berth_connect(o.host, s, &peer), 0);
	assert_int_equal(berth_send(o.host, s, "x", 1, 0), 1);
	one_out(&o);
	one_udp(&o, 9, 1000, "data", 4);
	one_refuse(&o, 0);
	assert_int_equal(berth_ready(o.host, s), BERTH_READABLE | BERTH_WRITABLE | BERTH_FAILED);
	/* Queued data comes first. */
	assert_int_equal(berth_recv(o.host, s, got, sizeof(got), 0), 4);
	assert_int_equal(berth_recv(o.host, s, got, sizeof(got), 0), BERTH_ECONNREFUSED);
	assert_int_equal(berth_recv(o.host, s, got, sizeof(got), 0), BERTH_EAGAIN);
	one_refuse(&o, 0);
	assert_int_equal(berth_send(o.host, s, "x", 1, 0), BERTH_ECONNREFUSED);
	assert_int_equal(berth_send(o.host, s, "x", 1, 0), 1);
	assert_int_equal(pending_error(&o, s), 0);
	assert_int_equal(berth_shutdown(o.host, s, BERTH_SHUT_WR), 0);
	assert_int_equal(berth_send(o.host, s, "x", 1, 0), BERTH_EPIPE);
	assert_int_equal(berth_shutdown(o.host, s, BERTH_SHUT_RD), 0);
	one_udp(&o, 9, 1000, "data", 4);
	assert_counter(&o, "udp_shut_down", 1);
	assert_int_equal(berth_recv(o.host, s, got, sizeof(got), 0), 0);
	assert_true(berth_ready(o.host, s) & (int)BERTH_HANGUP);
	one_deinit(&o);
}

/* What was sent before close still leaves; the port is free at once. */
static void close_lets_leave(void **state)
{
	struct berth_socket_address to;
	struct one o;
	int s;

	one_init_family(&o, family_of(state));
	to = one_at(&o, 5, 9);
	one_meet(&o);
	s = one_udp_socket(&o, 1000);
	one_udp(&o, 9, 1000, "unread", 6);
	assert_int_equal(berth_sendto(o.host, s, "last", 4, 0, &to), 4);
	assert_int_equal(berth_close(o.host, s), 0);
	assert_int_equal(berth_close(o.host, s), BERTH_EBADF);
	s = one_udp_socket(&o, 1000);
	assert_int_equal(one_out(&o), 1);
	assert_int_equal(berth_close(o.host, s), 0);
	assert_true(list_is_empty(&o.host->endpoints.all));
	one_deinit(&o);
}

static void checksums(void **state)
{
	uint8_t udp[12], got[4];
	struct one o;
	int s;

	one_init_family(&o, family_of(state));
	s = one_udp_socket(&o, 7);
	one_make_udp(&o, udp, 5, 1000, 7, "data", 4);
	udp[11] ^= 1;
	one_packet_from(&o, 5, 17, udp, 12);
	assert_counter(&o, "udp_bad_checksum", 1);
	put_be16(udp + 6, 0);
	one_packet_from(&o, 5, 17, udp, 12);
	if (o.family == BERTH_IP4) { /* RFC 768: none made */
		assert_int_equal(berth_recv(o.host, s, got, 4, 0), 4);
	} else { /* RFC 8200 section 8.1: one is needed */
		assert_int_equal(berth_recv(o.host, s, got, 4, 0), BERTH_EAGAIN);
		assert_counter(&o, "udp_bad_checksum", 2);
	}
	for (uint16_t len = 0; len < 20; len++) {
		put_be16(udp + 4, len);
		one_packet_from(&o, 5, 17, udp, 12);
	}
	assert_counter(&o, "udp_bad_length", 8 + 7);
	one_make_udp(&o, udp, 5, 1000, 0, "data", 4);
	one_packet_from(&o, 5, 17, udp, 12);
	assert_counter(&o, "udp_bad_port", 1);
	one_deinit(&o);
}

/* The host to itself, by all of its addresses; also the largest datagram. */
static void loopback(void **state)
{
	static const char *const names[][3] = {{"127.0.0.1", "192.168.1.7", "127.1.2.3"}, {"::1", "fd00::7", "::1"}};
	static uint8_t data[65527], got[65527];
	struct berth_socket_address from;
	struct one o;
	long n;
	int a, b;

	one_init_family(&o, family_of(state));
	a = one_udp_socket(&o, 1000);
	b = one_udp_socket(&o, 7);
	n = o.family == BERTH_IP6 ? 65527 : 65507;
	data[n - 1] = 9;
	for (unsigned i = 0; i < 3; i++) {
		struct berth_socket_address to = parsed(names[o.family == BERTH_IP6][i], 7);

		assert_int_equal(berth_sendto(o.host, a, data, (size_t)n, 0, &to), n);
		assert_int_equal(one_out(&o), 0);
		assert_int_equal(berth_recvfrom(o.host, b, got, sizeof(got), 0, &from), n);
		assert_memory_equal(got, data, (size_t)n);
		assert_true(is_at(&from, &to));
		assert_int_equal(from.port, 1000);
	}
	/* Nobody there: refused, by way of ICMP inside the host. */
	from = localhost_at(&o, 9);
	assert_int_equal(berth_connect(o.host, a, &from), 0);
	assert_int_equal(berth_send(o.host, a, "x", 1, 0), 1);
	one_out(&o);
	assert_int_equal(pending_error(&o, a), BERTH_ECONNREFUSED);
	/* Of IPv6 the largest datagram takes two packets. */
	assert_counter(&o, o.family == BERTH_IP6 ? "ip6_looped" : "ip_looped", o.family == BERTH_IP6 ? 8 : 5);
	one_deinit(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH_FAMILIES(binding),
		IN_BOTH_FAMILIES(sending_errors),
		IN_BOTH_FAMILIES(connected),
		IN_BOTH_FAMILIES(two_with_one_pair),
		IN_BOTH_FAMILIES(cut_and_peeked),
		cmocka_unit_test(from_the_address_that_was_asked),
		IN_BOTH_FAMILIES(gathered),
		IN_BOTH_FAMILIES(bounded_receive_queue),
		IN_BOTH_FAMILIES(bounded_send_queue),
		IN_BOTH_FAMILIES(errors_and_shutdown),
		IN_BOTH_FAMILIES(close_lets_leave),
		IN_BOTH_FAMILIES(checksums),
		IN_BOTH_FAMILIES(loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
