/* Descriptors, events, and TCP sockets through the socket API, in both families: two hosts, and what each call says
 * when. */
#include "two_hosts.h"

static int stream(struct cable *c, unsigned i)
{
	int s = berth_socket(c->host[i], c->family, BERTH_STREAM);

	assert_true(s >= 0);
	return s;
}

static int listener(struct cable *c, unsigned i, uint16_t port)
{
	struct berth_socket_address any = {.port = port};
	int s = stream(c, i);

	assert_int_equal(berth_bind(c->host[i], s, &any), 0);
	assert_int_equal(berth_listen(c->host[i], s, 5), 0);
	return s;
}

static void descriptors(void **state)
{
	struct berth_host_config config;
	struct berth_host *host = NULL;

	(void)state;
	berth_host_config_default(&config);
	config.n_sockets_max = 20;
	assert_int_equal(berth_host_new(&config, &host), 0);
	assert_int_equal(berth_socket(host, BERTH_ANY_FAMILY, BERTH_STREAM), BERTH_EAFNOSUPPORT);
	assert_int_equal(berth_socket(host, BERTH_IP4, (enum berth_socket_type)3), BERTH_EPROTOTYPE);
	for (int i = 0; i < 20; i++)
		assert_int_equal(berth_socket(host, BERTH_IP4, i % 2 ? BERTH_STREAM : BERTH_DATAGRAM), i);
	assert_int_equal(berth_socket(host, BERTH_IP4, BERTH_STREAM), BERTH_EMFILE);
	assert_int_equal(berth_close(host, 7), 0);
	assert_int_equal(berth_close(host, 7), BERTH_EBADF);
	assert_int_equal(berth_ready(host, 7), BERTH_EBADF);
	assert_int_equal(berth_set_user(host, 7, host), BERTH_EBADF);
	assert_int_equal(berth_close(host, -1), BERTH_EBADF);
	assert_int_equal(berth_close(host, 20), BERTH_EBADF);
	assert_int_equal(berth_socket(host, BERTH_IP4, BERTH_STREAM), 7);
	berth_host_free(host);
}

/* One socket's events on host i: what is ready, or 0 when there is no event. */
static unsigned event_of(struct cable *c, unsigned i, int s, void *user)
{
	struct berth_event event;

	if (!berth_host_next_event(c->host[i], &event))
		return 0;
	assert_int_equal(event.descriptor, s);
	assert_ptr_equal(event.user, user);
	return event.ready;
}

static unsigned last_byte(const struct cable *c)
{
	return c->family == BERTH_IP4 ? 3 : 15;
}

static void a_conversation(void **state)
{
	struct cable c = {.family = family_of(state)};
	struct berth_socket_address to = cable_at(&c, 7, 80), name;
	char got[16];
	int l, s, r;

	cable_init(&c);
	l = listener(&c, 1, 80);
	assert_int_equal(berth_set_user(c.host[1], l, &l), 0);
	assert_int_equal(berth_accept(c.host[1], l, NULL), BERTH_EAGAIN);
	s = stream(&c, 0);
	assert_int_equal(berth_accept(c.host[0], s, NULL), BERTH_EINVAL);
	assert_int_equal(berth_set_user(c.host[0], s, &s), 0);
	assert_int_equal(berth_recv(c.host[0], s, got, 1, 0), BERTH_ENOTCONN);
	assert_int_equal(berth_getpeername(c.host[0], s, &name), BERTH_ENOTCONN);
	assert_int_equal(berth_connect(c.host[0], s, &to), BERTH_EINPROGRESS);
	assert_int_equal(berth_connect(c.host[0], s, &to), BERTH_EALREADY);
	cable_settle(&c);
	assert_int_equal(berth_connect(c.host[0], s, &to), BERTH_EISCONN);
	assert_int_equal(event_of(&c, 0, s, &s), BERTH_WRITABLE);
	assert_int_equal(event_of(&c, 1, l, &l), BERTH_READABLE);
	r = berth_accept(c.host[1], l, &name);
	assert_true(r >= 0);
	assert_int_equal(name.address.bytes[last_byte(&c)], 5);
	assert_int_equal(berth_getsockname(c.host[1], r, &name), 0);
	assert_int_equal(name.port, 80);
	assert_int_equal(name.address.bytes[last_byte(&c)], 7);
	/* A new connection tells what is true of it. */
	assert_int_equal(event_of(&c, 1, r, NULL), BERTH_WRITABLE);
	assert_int_equal(event_of(&c, 1, r, NULL), 0);
	assert_int_equal(berth_send(c.host[0], s, "hello", 5, 0), 5);
	cable_settle(&c);
	assert_int_equal(event_of(&c, 1, r, NULL), BERTH_READABLE | BERTH_WRITABLE);
	assert_int_equal(event_of(&c, 1, r, NULL), 0);
	assert_int_equal(berth_recvfrom(c.host[1], r, got, sizeof(got), BERTH_MSG_PEEK, &name), 5);
	assert_int_equal(name.address.bytes[last_byte(&c)], 5);
	assert_int_equal(berth_recv(c.host[1], r, got, 2, 0), 2);
	assert_int_equal(berth_recv(c.host[1], r, got, sizeof(got), 0), 3);
	assert_int_equal(berth_recv(c.host[1], r, got, sizeof(got), 0), BERTH_EAGAIN);
	assert_int_equal(berth_shutdown(c.host[0], s, BERTH_SHUT_WR), 0);
	assert_int_equal(berth_send(c.host[0], s, "x", 1, 0), BERTH_EPIPE);
	cable_run(&c, c.now + SECOND);
	assert_true(event_of(&c, 1, r, NULL) & BERTH_READABLE);
	assert_int_equal(berth_recv(c.host[1], r, got, sizeof(got), 0), 0);
	assert_int_equal(berth_send(c.host[1], r, "bye", 3, 0), 3);
	assert_int_equal(berth_close(c.host[1], r), 0);
	cable_run(&c, c.now + SECOND);
	assert_int_equal(berth_recv(c.host[0], s, got, sizeof(got), 0), 3);
	assert_int_equal(berth_recv(c.host[0], s, got, sizeof(got), 0), 0);
	assert_int_equal(berth_close(c.host[0], s), 0);
	cable_run(&c, c.now + 100 * SECOND);
	cable_deinit(&c);
}

/* Data that came before accept is told of after it. */
static void early_data(void **state)
{
	struct cable c = {.family = family_of(state)};
	struct berth_socket_address to = cable_at(&c, 7, 80);
	struct berth_event event;
	int l, s, r;

	cable_init(&c);
	l = listener(&c, 1, 80);
	s = stream(&c, 0);
	assert_int_equal(berth_connect(c.host[0], s, &to), BERTH_EINPROGRESS);
	cable_settle(&c);
	assert_int_equal(berth_send(c.host[0], s, "early", 5, 0), 5);
	cable_settle(&c);
	while (berth_host_next_event(c.host[1], &event))
		assert_int_equal(event.descriptor, l);
	r = berth_accept(c.host[1], l, NULL);
	assert_int_equal(event_of(&c, 1, r, NULL), BERTH_READABLE | BERTH_WRITABLE);
	cable_deinit(&c);
}

static void refused(void **state)
{
	struct cable c = {.family = family_of(state)};
	struct berth_socket_address to = cable_at(&c, 7, 81);
	int s, error = 0;
	size_t n = sizeof(error);

	cable_init(&c);
	s = stream(&c, 0);
	assert_int_equal(berth_connect(c.host[0], s, &to), BERTH_EINPROGRESS);
	cable_settle(&c);
	assert_true(event_of(&c, 0, s, NULL) & BERTH_FAILED);
	assert_int_equal(berth_getsockopt(c.host[0], s, BERTH_SOL_SOCKET, BERTH_SO_ERROR, &error, &n), 0);
	assert_int_equal(error, -BERTH_ECONNREFUSED);
	assert_int_equal(berth_close(c.host[0], s), 0);
	cable_deinit(&c);
}

static void connecting_errors(void **state)
{
	static const char *const nowhere[2][4] = {{"192.168.1.255", "8.8.8.8", "224.0.0.1", "0.0.0.0"},
						  {"ff02::1%1", "2001:db8::8", "ff05::1", "::"}};
	struct cable c = {.family = family_of(state)};
	struct berth_socket_address a;
	int s, l;

	cable_init(&c);
	s = stream(&c, 0);
	a = cable_at(&c, 7, 0);
	assert_int_equal(berth_connect(c.host[0], s, &a), BERTH_EINVAL);
	for (unsigned i = 0; i < 4; i++) {
		a.port = 80;
		assert_int_equal(berth_address_parse(nowhere[c.family == BERTH_IP6][i], &a.address), 0);
		assert_int_equal(berth_connect(c.host[0], s, &a), BERTH_ENETUNREACH);
	}
	a.address.family = BERTH_ANY_FAMILY;
	assert_int_equal(berth_connect(c.host[0], s, &a), BERTH_EAFNOSUPPORT);
	assert_int_equal(berth_getsockname(c.host[0], s, &a), 0);
	assert_int_equal(a.port, 0);
	l = listener(&c, 0, 80);
	a = cable_at(&c, 7, 80);
	assert_int_equal(berth_connect(c.host[0], l, &a), BERTH_EINVAL);
	assert_int_equal(berth_send(c.host[0], l, "x", 1, 0), BERTH_ENOTCONN);
	/* The same pair twice. */
	a = cable_at(&c, 5, 1000);
	assert_int_equal(berth_bind(c.host[0], s, &a), 0);
	assert_int_equal(berth_listen(c.host[0], listener(&c, 0, 90), 1), 0); /* again: a new backlog */
	a = cable_at(&c, 7, 80);
	assert_int_equal(berth_connect(c.host[0], s, &a), BERTH_EINPROGRESS);
	assert_int_equal(berth_listen(c.host[0], s, 1), BERTH_EINVAL);
	cable_deinit(&c);
}

/* Unbound, listen takes an ephemeral port. */
static void listen_unbound(void **state)
{
	struct cable c = {.family = family_of(state)};
	struct berth_socket_address name;
	int s;

	cable_init(&c);
	s = stream(&c, 0);
	assert_int_equal(berth_listen(c.host[0], s, -5), 0);
	assert_int_equal(berth_getsockname(c.host[0], s, &name), 0);
	assert_in_range(name.port, 49152, 65535);
	cable_deinit(&c);
}

static void no_descriptor_for_accept(void **state)
{
	struct cable c = {.family = family_of(state)};
	struct berth_socket_address to = cable_at(&c, 7, 80);
	int l, s, last = 0;

	cable_init(&c);
	l = listener(&c, 1, 80);
	c.host[1]->config.n_sockets_max = 16;
	for (int i = 1; i < 16; i++)
		last = stream(&c, 1);
	s = stream(&c, 0);
	assert_int_equal(berth_connect(c.host[0], s, &to), BERTH_EINPROGRESS);
	cable_settle(&c);
	assert_int_equal(berth_accept(c.host[1], l, NULL), BERTH_EMFILE);
	assert_int_equal(berth_close(c.host[1], last), 0);
	assert_int_equal(berth_accept(c.host[1], l, NULL), last);
	cable_deinit(&c);
}

/* Both ends in one host, by 127.0.0.1 and by its own address. */
static void within_the_host(void **state)
{
	static uint8_t data[300000], got[300000];
	struct cable c = {.family = family_of(state)};
	struct berth_address addresses[2];

	cable_init(&c);
	assert_int_equal(berth_address_parse(c.family == BERTH_IP4 ? "127.0.0.1" : "::1", &addresses[0]), 0);
	addresses[1] = cable_address(&c, 5);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i >> 3);
	for (unsigned i = 0; i < 2; i++) {
		struct berth_socket_address to = {addresses[i], (uint16_t)(80 + i)};
		int l = listener(&c, 0, to.port), s = stream(&c, 0), r;
		size_t n_sent = 0, n_got = 0;

		assert_int_equal(berth_connect(c.host[0], s, &to), BERTH_EINPROGRESS);
		cable_settle(&c);
		r = berth_accept(c.host[0], l, NULL);
		assert_true(r >= 0);
		while (n_got < sizeof(data)) {
			long n = berth_send(c.host[0], s, data + n_sent, sizeof(data) - n_sent, 0);

			n_sent += n > 0 ? (size_t)n : 0;
			cable_run(&c, c.now + MS);
			n = berth_recv(c.host[0], r, got + n_got, sizeof(got) - n_got, 0);
			n_got += n > 0 ? (size_t)n : 0;
		}
		assert_memory_equal(data, got, sizeof(data));
		assert_int_equal(berth_close(c.host[0], s), 0);
		assert_int_equal(berth_close(c.host[0], r), 0);
		assert_int_equal(berth_close(c.host[0], l), 0);
	}
	cable_run(&c, c.now + 200 * SECOND);
	assert_int_equal(c.n_moved[0], 0);
	assert_true(list_is_empty(&c.host[0]->endpoints.all));
	cable_deinit(&c);
}

/* Events cost by what happens, not by what is open. */
static void events_of_many(void **state)
{
	struct cable c = {.family = family_of(state)};
	struct berth_socket_address to = cable_at(&c, 7, 0);
	struct berth_event event;
	int s[1000], from;

	cable_init(&c);
	from = udp_at(&c, 0, 9);
	for (unsigned i = 0; i < 1000; i++)
		s[i] = udp_at(&c, 1, (uint16_t)(1000 + i));
	for (unsigned i = 0; i < 3; i++) {
		to.port = (uint16_t)(1000 + 300 * i);
		assert_int_equal(berth_sendto(c.host[0], from, "x", 1, 0, &to), 1);
	}
	cable_settle(&c);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(berth_host_next_event(c.host[1], &event));
		assert_int_equal(event.descriptor, s[300 * i]);
	}
	assert_false(berth_host_next_event(c.host[1], &event));
	/* What is over is no news: the datagram was read before the event was fetched. */
	assert_int_equal(berth_sendto(c.host[0], from, "x", 1, 0, &to), 1);
	cable_settle(&c);
	assert_int_equal(berth_recv(c.host[1], s[600], &event, 1, 0), 1);
	assert_int_equal(berth_recv(c.host[1], s[600], &event, 1, 0), 1);
	assert_false(berth_host_next_event(c.host[1], &event));
	cable_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors),
		IN_BOTH_FAMILIES(a_conversation),
		IN_BOTH_FAMILIES(early_data),
		IN_BOTH_FAMILIES(refused),
		IN_BOTH_FAMILIES(connecting_errors),
		IN_BOTH_FAMILIES(listen_unbound),
		IN_BOTH_FAMILIES(no_descriptor_for_accept),
		IN_BOTH_FAMILIES(within_the_host),
		IN_BOTH_FAMILIES(events_of_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
