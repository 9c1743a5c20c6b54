/* Two IPv6 hosts on a cable: the same conversations as over IPv4. */
#include "two_hosts.h"

#include "eth.h"

static struct berth_address six(const char *text)
{
	struct berth_address a;

	assert_int_equal(berth_address_parse(text, &a), 0);
	return a;
}

static void init(struct cable *c)
{
	const char *const addresses[] = {"fd00::5", "fd00::7"};

	cable_init(c);
	for (unsigned i = 0; i < 2; i++) {
		struct berth_address a = six(addresses[i]);

		assert_int_equal(berth_host_address_add(c->host[i], 1, &a, 64), 0);
	}
	cable_run(c, c->now + 5 * SECOND);
}

static int udp6_at(struct cable *c, unsigned i, uint16_t port)
{
	struct berth_socket_address any = {.port = port};
	int s = berth_socket(c->host[i], BERTH_IP6, BERTH_DATAGRAM);

	assert_true(s >= 0);
	assert_int_equal(berth_bind(c->host[i], s, &any), 0);
	return s;
}

static void datagrams(void **state)
{
	static uint8_t data[20000], got[20000];
	const size_t sizes[] = {0, 1, 1452, 1453, 20000};
	struct berth_socket_address to = {six("fd00::7"), 7}, from;
	struct cable c = {0};
	int a, b;

	(void)state;
	init(&c);
	a = udp6_at(&c, 0, 1000);
	b = udp6_at(&c, 1, 7);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(berth_sendto(c.host[0], a, data, sizes[i], 0, &to), sizes[i]);
		cable_settle(&c);
		assert_int_equal(berth_recvfrom(c.host[1], b, got, sizeof(got), 0, &from), sizes[i]);
		assert_memory_equal(got, data, sizes[i]);
		assert_true(berth_address_equal(&from.address, &(struct berth_address[]){six("fd00::5")}[0]));
		assert_int_equal(from.port, 1000);
	}
	assert_int_equal(counter(c.host[0], "ip6_fragmented"), 2);
	assert_int_equal(counter(c.host[1], "ip6_reassembled"), 2);
	assert_int_equal(counter(c.host[0], "ip_packets_out"), 0);
	cable_deinit(&c);
}

static void refused_port(void **state)
{
	struct berth_socket_address to = {six("fd00::7"), 9};
	struct cable c = {0};
	int a, error;
	size_t n = sizeof(error);

	(void)state;
	init(&c);
	a = udp6_at(&c, 0, 1000);
	assert_int_equal(berth_connect(c.host[0], a, &to), 0);
	assert_int_equal(berth_send(c.host[0], a, "x", 1, 0), 1);
	cable_settle(&c);
	assert_int_equal(berth_getsockopt(c.host[0], a, BERTH_SOL_SOCKET, BERTH_SO_ERROR, &error, &n), 0);
	assert_int_equal(error, -BERTH_ECONNREFUSED);
	cable_deinit(&c);
}

static void connection(void **state)
{
	static uint8_t data[100000], got[100000];
	struct berth_socket_address any = {.port = 80}, to = {six("fd00::7"), 80}, from;
	struct cable c = {0};
	size_t sent = 0, received = 0;
	int a, listener, b;

	(void)state;
	init(&c);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 13 + i / 253);
	listener = berth_socket(c.host[1], BERTH_IP6, BERTH_STREAM);
	assert_int_equal(berth_bind(c.host[1], listener, &any), 0);
	assert_int_equal(berth_listen(c.host[1], listener, 1), 0);
	a = berth_socket(c.host[0], BERTH_IP6, BERTH_STREAM);
	assert_int_equal(berth_connect(c.host[0], a, &to), BERTH_EINPROGRESS);
	cable_settle(&c);
	b = berth_accept(c.host[1], listener, &from);
	assert_true(b >= 0);
	assert_true(berth_address_equal(&from.address, &(struct berth_address[]){six("fd00::5")}[0]));
	while (received < sizeof(data)) {
		long n = sent < sizeof(data) ? berth_send(c.host[0], a, data + sent, sizeof(data) - sent, 0) : 0;

		sent += n > 0 ? (size_t)n : 0;
		cable_run(&c, c.now + 10 * MS);
		n = berth_recv(c.host[1], b, got + received, sizeof(got) - received, 0);
		assert_true(n != 0);
		received += n > 0 ? (size_t)n : 0;
	}
	assert_memory_equal(got, data, sizeof(data));
	cable_deinit(&c);
}

/* RFC 6437: all packets of a conversation have one label, other conversations another; never 0. */
struct labels {
	uint32_t of_port[2]; /* by destination port 7 and 8 */
	unsigned n;
};

static bool look_at_label(struct cable *c, unsigned from, struct berth_frame *frame)
{
	struct labels *labels = c->user;
	const uint8_t *ip = frame->data + ETH_HEADER;
	uint32_t label = get_be32(ip) & 0xfffff;

	if (from != 0 || get_be16(frame->data + ETH_OFF_TYPE) != ETH_TYPE_IP6 || ip[IP6_OFF_NEXT_HEADER] != 17)
		return true;
	uint32_t *seen = &labels->of_port[get_be16(ip + IP6_HEADER + 2) - 7];

	assert_int_not_equal(label, 0);
	assert_true(*seen == 0 || *seen == label);
	*seen = label;
	labels->n++;
	return true;
}

static void flow_labels(void **state)
{
	struct labels labels = {0};
	struct cable c = {0};
	int a;

	(void)state;
	init(&c);
	c.look = look_at_label;
	c.user = &labels;
	a = udp6_at(&c, 0, 1000);
	for (unsigned i = 0; i < 6; i++) {
		struct berth_socket_address to = {six("fd00::7"), (uint16_t)(7 + i % 2)};

		assert_int_equal(berth_sendto(c.host[0], a, "x", 1, 0, &to), 1);
		cable_settle(&c);
	}
	assert_int_equal(labels.n, 6);
	assert_int_not_equal(labels.of_port[0], labels.of_port[1]);
	cable_deinit(&c);
}

/* Over the loopback, by ::1 and by the host's own address. */
static void loopback(void **state)
{
	const char *const addresses[] = {"::1", "fd00::5"};
	struct cable c = {0};
	char got[8];
	int a, b;

	(void)state;
	init(&c);
	a = udp6_at(&c, 0, 1000);
	b = udp6_at(&c, 0, 7);
	for (unsigned i = 0; i < 2; i++) {
		struct berth_socket_address to = {six(addresses[i]), 7};

		assert_int_equal(berth_sendto(c.host[0], a, "hello", 5, 0, &to), 5);
		cable_settle(&c);
		assert_int_equal(berth_recv(c.host[0], b, got, sizeof(got), 0), 5);
	}
	cable_deinit(&c);
}

/* Who has no IPv6 address neither sends nor answers any of it. */
static void silent_without(void **state)
{
	struct berth_address a = six("fd00::5");
	struct berth_socket_address to = {six("fd00::7"), 7};
	struct cable c = {0};
	int s;

	(void)state;
	cable_init(&c);
	assert_int_equal(berth_host_address_add(c.host[0], 1, &a, 64), 0);
	cable_run(&c, c.now + 5 * SECOND);
	c.n_moved[1] = 0;
	s = udp6_at(&c, 0, 1000);
	assert_int_equal(berth_sendto(c.host[0], s, "x", 1, 0, &to), 1);
	cable_run(&c, c.now + 5 * SECOND);
	assert_int_equal(c.n_moved[1], 0);
	assert_int_equal(counter(c.host[0], "neighbour_failed"), 1);
	assert_in_range(counter(c.host[1], "eth_unknown_type"), 3, 20);
	cable_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams), cmocka_unit_test(refused_port),   cmocka_unit_test(connection),
		cmocka_unit_test(loopback),  cmocka_unit_test(silent_without), cmocka_unit_test(flow_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
