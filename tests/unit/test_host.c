/* The host as a whole: its configuration, time, and what frames out look like. */
#include "two_hosts.h"

#include "checksum.h"

static void configuration(void **state)
{
	struct berth_host_config good, c;
	struct berth_memory none = {0};
	struct berth_host *host = NULL;
	const char *why = NULL;

	(void)state;
	berth_host_config_default(&good);
	assert_int_equal(berth_host_config_validate(&good, &why), 0);
	assert_null(why);
#define REFUSED(member, value)                                                                                         \
	c = good;                                                                                                      \
	c.member = value;                                                                                              \
	why = NULL;                                                                                                    \
	assert_int_equal(berth_host_config_validate(&c, &why), BERTH_EINVAL);                                          \
	assert_memory_equal(why, #member, strcspn(#member, "["));                                                      \
	assert_int_equal(berth_host_config_validate(&c, NULL), BERTH_EINVAL);                                          \
	assert_int_equal(berth_host_new(&c, &host), BERTH_EINVAL);                                                     \
	assert_null(host)
	REFUSED(size, 8);
	REFUSED(memory, NULL);
	REFUSED(memory, &none);
	REFUSED(ephemeral_first, 0);
	c.ephemeral_last = 49151;
	REFUSED(ttl, 0);
	REFUSED(n_sockets_max, 0);
	REFUSED(n_sockets_max, 0x80000000u);
	REFUSED(send_buffer, 4095);
	REFUSED(send_buffer, (64u << 20) + 1);
	REFUSED(receive_buffer, 0);
	REFUSED(ms_msl, 0);
	REFUSED(congestion[0], 0);
#undef REFUSED
	c = good;
	c.ephemeral_last = 49151;
	assert_int_equal(berth_host_config_validate(&c, &why), BERTH_EINVAL);
	memset(c.name, 'x', sizeof(c.name));
	c.ephemeral_last = 65535;
	assert_int_equal(berth_host_config_validate(&c, &why), BERTH_EINVAL);
	assert_memory_equal(why, "name", 4);
	assert_null(berth_host_free(NULL));
}

/* An idle host wants nothing and says nothing. */
static void idle(void **state)
{
	struct cable c = {.family = family_of(state)};
	struct berth_frame_out out[2];
	struct berth_event event;

	cable_init(&c);
	assert_int_equal(berth_host_deadline(c.host[0]), BERTH_NEVER);
	assert_int_equal(berth_host_frames_out(c.host[0], c.now, out, 2), 0);
	assert_int_equal(berth_host_frames_out(c.host[0], c.now, out, 0), 0);
	assert_false(berth_host_next_event(c.host[0], &event));
	cable_deinit(&c);
}

/* A time that runs backwards is taken as the latest seen. */
static void time_never_runs_back(void **state)
{
	struct cable c = {.family = family_of(state)};
	struct berth_frame_out out[2];
	struct berth_socket_address to = cable_at(&c, 7, 7);
	int s;

	cable_init(&c);
	s = udp_at(&c, 0, 1000);
	berth_host_expire(c.host[0], 100 * SECOND);
	assert_int_equal(berth_sendto(c.host[0], s, "x", 1, 0, &to), 1);
	assert_int_equal(berth_host_frames_out(c.host[0], SECOND, out, 2), 1);
	assert_int_equal(c.host[0]->now, 100 * SECOND);
	assert_true(berth_host_deadline(c.host[0]) > 100 * SECOND);
	berth_host_expire(c.host[0], 0);
	assert_int_equal(counter(c.host[0], c.family == BERTH_IP4 ? "arp_requests_out" : "nd_solicits_out"), 1);
	cable_deinit(&c);
}

/* The same bytes at the same times give the same bytes out. */
static uint64_t digest_of_a_run(uint8_t family)
{
	struct cable c = {.family = family};
	struct berth_socket_address to = cable_at(&c, 7, 80), any = {.port = 80};
	struct berth_frame_out out[4];
	uint64_t digest = 0;
	int l, s;

	cable_init(&c);
	l = berth_socket(c.host[1], c.family, BERTH_STREAM);
	berth_bind(c.host[1], l, &any);
	berth_listen(c.host[1], l, 5);
	s = berth_socket(c.host[0], c.family, BERTH_STREAM);
	berth_connect(c.host[0], s, &to);
	for (unsigned round = 0; round < 6; round++) {
		unsigned n = berth_host_frames_out(c.host[round % 2], c.now, out, 4);

		for (unsigned i = 0; i < n; i++) {
			struct berth_frame *f = berth_frame_copy(&out[i], c.memory);

			digest = digest * 31 + siphash24((struct siphash_key){1, 2}, f->data, f->len);
			berth_host_frame_in(c.host[1 - round % 2], 1, f, c.now);
		}
		c.now += MS;
	}
	cable_deinit(&c);
	return digest;
}

static void runs_repeat(void **state)
{
	uint64_t first = digest_of_a_run(family_of(state));

	assert_int_equal(digest_of_a_run(family_of(state)), first);
}

/* Frames out are handed over in portions, and every socket has its turn. */
static void portions_and_turns(void **state)
{
	struct cable c = {.family = family_of(state)};
	struct berth_socket_address to = cable_at(&c, 7, 7);
	struct berth_frame_out out[3];
	int s[3];

	cable_init(&c);
	for (unsigned i = 0; i < 3; i++)
		s[i] = udp_at(&c, 0, (uint16_t)(1000 + i));
	assert_int_equal(berth_sendto(c.host[0], s[0], "x", 1, 0, &to), 1);
	cable_settle(&c);
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned k = 0; k < 3; k++)
			assert_int_equal(berth_sendto(c.host[0], s[i], "x", 1, 0, &to), 1);
	}
	for (unsigned round = 0; round < 3; round++) {
		unsigned seen = 0;

		assert_int_equal(berth_host_deadline(c.host[0]), 0);
		assert_int_equal(berth_host_frames_out(c.host[0], c.now, out, 3), 3);
		for (unsigned i = 0; i < 3; i++)
			seen |= 1u << (get_be16(out[i].header + HOST_OFF_TRANSPORT) - 1000);
		assert_int_equal(seen, 7);
	}
	assert_int_equal(berth_host_frames_out(c.host[0], c.now, out, 3), 0);
	cable_deinit(&c);
}

/* Both sides of the checksum: made here, or left to a link that says it can. */
static void checksums(void **state)
{
	uint8_t family = family_of(state);
	unsigned len_ip = family == BERTH_IP4 ? 20 : 40, len_address = family == BERTH_IP4 ? 4 : 16;

	for (unsigned partial = 0; partial < 2; partial++) {
		struct cable c = {.capabilities = partial ? BERTH_LINK_CHECKSUM : 0, .family = family};
		struct berth_socket_address to = cable_at(&c, 7, 7);
		struct berth_frame_out out[1];
		uint8_t bytes[100], *udp = bytes + 14 + len_ip;
		uint64_t pseudo;
		int s;

		cable_init(&c);
		s = udp_at(&c, 0, 1000);
		assert_int_equal(berth_sendto(c.host[0], s, "odd", 3, 0, &to), 3);
		cable_settle(&c);
		assert_int_equal(berth_sendto(c.host[0], s, "odd", 3, 0, &to), 3);
		assert_int_equal(berth_host_frames_out(c.host[0], c.now, out, 1), 1);
		assert_int_equal(out[0].off_network, 14);
		assert_int_equal(out[0].off_transport, 14 + len_ip);
		assert_int_equal(out[0].len, 14 + len_ip + 8 + 3);
		berth_frame_gather(&out[0], bytes);
		pseudo = checksum_pseudo(udp - 2 * len_address, udp - len_address, len_address, 17, 11);
		if (partial) {
			assert_int_equal(out[0].checksum, BERTH_CHECKSUM_PARTIAL);
			assert_int_equal(out[0].off_checksum, 6);
			assert_int_equal(get_be16(udp + 6), checksum_fold(pseudo));
		} else {
			assert_int_equal(out[0].checksum, BERTH_CHECKSUM_FULL);
			assert_int_equal(checksum_finish(checksum_add(pseudo, udp, 11)), 0);
		}
		cable_deinit(&c);
	}
}

/* A TCP transfer over every kind of link, of more than the buffers hold. */
static void transfer(struct cable *c)
{
	static uint8_t data[1 << 20], got[1 << 20];
	struct berth_socket_address to = cable_at(c, 7, 80), any = {.port = 80};
	size_t n_sent = 0, n_got = 0;
	int l, s, r = -1;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 31 >> 5);
	memset(got, 0, sizeof(got));
	cable_init(c);
	l = berth_socket(c->host[1], c->family, BERTH_STREAM);
	assert_int_equal(berth_bind(c->host[1], l, &any), 0);
	assert_int_equal(berth_listen(c->host[1], l, 5), 0);
	s = berth_socket(c->host[0], c->family, BERTH_STREAM);
	assert_int_equal(berth_connect(c->host[0], s, &to), BERTH_EINPROGRESS);
	while (n_got < sizeof(data)) {
		long n = berth_send(c->host[0], s, data + n_sent, sizeof(data) - n_sent, 0);

		n_sent += n > 0 ? (size_t)n : 0;
		cable_run(c, c->now + 10 * MS);
		if (r < 0)
			r = berth_accept(c->host[1], l, NULL);
		n = berth_recv(c->host[1], r, got + n_got, sizeof(got) - n_got, 0);
		n_got += n > 0 ? (size_t)n : 0;
		assert_true(c->now < 1000 * SECOND);
	}
	assert_memory_equal(data, got, sizeof(data));
	assert_int_equal(berth_close(c->host[0], s), 0);
	assert_int_equal(berth_close(c->host[1], r), 0);
	cable_run(c, c->now + 100 * SECOND);
	assert_true(list_is_empty(&c->host[0]->endpoints.all));
	cable_deinit(c);
}

static void transfers(void **state)
{
	struct cable cables[] = {
		{.mtu = 1500},
		{.mtu = family_of(state) == BERTH_IP4 ? 576 : 1280},
		{.mtu = 65535, .bare = true},
		{.mtu = 1500, .capabilities = BERTH_LINK_CHECKSUM},
		{.mtu = 1500, .capabilities = BERTH_LINK_CHECKSUM | BERTH_LINK_SEGMENT},
		{.mtu = 1500, .bare = true, .capabilities = BERTH_LINK_SEGMENT},
	};

	for (size_t i = 0; i < sizeof(cables) / sizeof(cables[0]); i++) {
		cables[i].family = family_of(state);
		transfer(&cables[i]);
	}
}

/* The largest datagram, there and back, over MTUs of every size. */
static void large_datagrams(void **state)
{
	static uint8_t data[65527], got[65527];
	static const uint32_t mtus[] = {576, 1280, 1500, 1499, 9000, 65535};
	uint8_t family = family_of(state);
	size_t n_max = family == BERTH_IP4 ? 65507 : 65527;

	for (unsigned m = family == BERTH_IP4 ? 0 : 1; m < 6; m++) {
		struct cable c = {.mtu = mtus[m], .family = family};
		struct berth_socket_address to = cable_at(&c, 7, 7), from;
		int a, b;

		cable_init(&c);
		a = udp_at(&c, 0, 1000);
		b = udp_at(&c, 1, 7);
		for (size_t n = n_max; n > 0; n = n * 2 / 3) {
			data[n - 1] ^= (uint8_t)n;
			assert_int_equal(berth_sendto(c.host[0], a, data, n, 0, &to), n);
			cable_settle(&c);
			assert_int_equal(berth_recvfrom(c.host[1], b, got, sizeof(got), 0, &from), n);
			assert_memory_equal(got, data, n);
		}
		assert_int_equal(counter(c.host[1], "ip_reassembly_evicted"), 0);
		assert_int_equal(counter(c.host[0], "neighbour_queue_full"), 0);
		cable_deinit(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configuration),
		IN_BOTH_FAMILIES(idle),
		IN_BOTH_FAMILIES(time_never_runs_back),
		IN_BOTH_FAMILIES(runs_repeat),
		IN_BOTH_FAMILIES(portions_and_turns),
		IN_BOTH_FAMILIES(checksums),
		IN_BOTH_FAMILIES(transfers),
		IN_BOTH_FAMILIES(large_datagrams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
