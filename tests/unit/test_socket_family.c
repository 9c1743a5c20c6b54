/* The socket API across the families: every call over IPv4, IPv6, link-local and v4-mapped addresses, who may speak to
 * whom, and which ports are whose. */
#include "two_links.h"

/* One way for host 0 (.5) and host 1 (.7) to speak. */
struct way {
	const char *name;
	enum berth_family family;
	const char *addresses[2];
	const char *any;
};

static const struct way ways[] = {
	{"IPv4", BERTH_IP4, {"192.168.1.5", "192.168.1.7"}, "0.0.0.0"},
	{"IPv6", BERTH_IP6, {"fd00::5", "fd00::7"}, "::"},
	{"link-local", BERTH_IP6, {"fe80::5%1", "fe80::7%1"}, "::"},
	{"mapped", BERTH_IP6, {"::ffff:192.168.1.5", "::ffff:192.168.1.7"}, "::"},
	{"mapped alone", BERTH_IP6, {"::ffff:192.168.1.5", "::ffff:192.168.1.7"}, "::ffff:0.0.0.0"},
};

#define FOR_EACH_WAY(way) for (const struct way *way = ways; way < ways + sizeof(ways) / sizeof(ways[0]); way++)

static void set_v6only(struct cable *c, unsigned i, int s, int on)
{
	assert_int_equal(berth_setsockopt(c->host[i], s, BERTH_SOL_IPV6, BERTH_IPV6_V6ONLY, &on, sizeof(on)), 0);
}

/* ---- TCP ---- */

static void stream_names(struct cable *c, const struct way *way, int s, int r)
{
	struct berth_socket_address name;
	uint16_t port;

	assert_int_equal(berth_getsockname(c->host[0], s, &name), 0);
	port = name.port;
	assert_address(&name, way->addresses[0], port);
	assert_int_equal(berth_getpeername(c->host[0], s, &name), 0);
	assert_address(&name, way->addresses[1], 80);
	assert_int_equal(berth_getsockname(c->host[1], r, &name), 0);
	assert_address(&name, way->addresses[1], 80);
	assert_int_equal(berth_getpeername(c->host[1], r, &name), 0);
	assert_address(&name, way->addresses[0], port);
}

/* The server is bound to all its addresses, or to the one; the client to none, or to its one. */
static void one_stream(struct cable *c, const struct way *way, bool any, bool bind)
{
	struct berth_socket_address to = named(way->addresses[1], 80), from;
	int l = listener_at(c, 1, way->family, any ? way->any : way->addresses[1], 80), s, r;
	int domain = 0;
	size_t n = sizeof(domain);
	char got[8];

	s = bind ? bound_to(c, 0, way->family, BERTH_STREAM, way->addresses[0], 0)
		 : socket_on(c, 0, way->family, BERTH_STREAM);
	assert_int_equal(berth_connect(c->host[0], s, &to), BERTH_EINPROGRESS);
	cable_settle(c);
	r = berth_accept(c->host[1], l, &from);
	assert_true(r >= 0);
	assert_address(&from, way->addresses[0], from.port);
	assert_int_equal(berth_getsockopt(c->host[1], r, BERTH_SOL_SOCKET, BERTH_SO_DOMAIN, &domain, &n), 0);
	assert_int_equal(domain, way->family);
	stream_names(c, way, s, r);
	say_both_ways(c, s, r);
	assert_int_equal(berth_send(c->host[0], s, "x", 1, 0), 1);
	cable_settle(c);
	assert_int_equal(berth_recvfrom(c->host[1], r, got, sizeof(got), 0, &from), 1);
	assert_address(&from, way->addresses[0], from.port);
	assert_int_equal(berth_close(c->host[0], s), 0);
	assert_int_equal(berth_close(c->host[1], r), 0);
	assert_int_equal(berth_close(c->host[1], l), 0);
	cable_run(c, c->now + 300 * SECOND);
}

static void streams(void **state)
{
	struct cable c = {0};

	(void)state;
	begin(&c);
	FOR_EACH_WAY(way)
	{
		for (unsigned i = 0; i < 4; i++)
			one_stream(&c, way, i & 1, i & 2);
	}
	cable_deinit(&c);
}

/* Nobody there; afterwards the same socket goes another way, and may listen at all addresses as if new. */
static void refused_streams(void **state)
{
	struct cable c = {0};

	(void)state;
	begin(&c);
	FOR_EACH_WAY(way)
	{
		struct berth_socket_address to = named(way->addresses[1], 81), name;
		int s = socket_on(&c, 0, way->family, BERTH_STREAM);

		assert_int_equal(berth_connect(c.host[0], s, &to), BERTH_EINPROGRESS);
		cable_settle(&c);
		assert_int_equal(pending_error(&c, 0, s), BERTH_ECONNREFUSED);
		if (way->family == BERTH_IP6) {
			to = named("fd00::7", 82);
			assert_int_equal(berth_connect(c.host[0], s, &to), BERTH_EINPROGRESS);
			cable_settle(&c);
			assert_int_equal(pending_error(&c, 0, s), BERTH_ECONNREFUSED);
			to = named("::ffff:192.168.1.7", 82);
			assert_int_equal(berth_connect(c.host[0], s, &to), BERTH_EINPROGRESS);
			cable_settle(&c);
			assert_int_equal(pending_error(&c, 0, s), BERTH_ECONNREFUSED);
		}
		assert_int_equal(berth_listen(c.host[0], s, 1), 0);
		assert_int_equal(berth_getsockname(c.host[0], s, &name), 0);
		assert_address(&name, way->family == BERTH_IP4 ? "0.0.0.0" : "::", name.port);
		assert_int_equal(berth_close(c.host[0], s), 0);
	}
	cable_deinit(&c);
}

/* A client of one family and a server of the other. */
static void crossing(void **state)
{
	struct cable c = {0};
	struct berth_socket_address to = named("192.168.1.7", 80), mapped = named("::ffff:192.168.1.7", 81), from;
	int both, four, s, r;

	(void)state;
	begin(&c);
	both = listener_at(&c, 1, BERTH_IP6, "::", 80);
	four = listener_at(&c, 1, BERTH_IP4, "0.0.0.0", 81);
	s = socket_on(&c, 0, BERTH_IP4, BERTH_STREAM);
	assert_int_equal(berth_connect(c.host[0], s, &to), BERTH_EINPROGRESS);
	cable_settle(&c);
	r = berth_accept(c.host[1], both, &from);
	assert_address(&from, "::ffff:192.168.1.5", from.port);
	say_both_ways(&c, s, r);
	s = socket_on(&c, 0, BERTH_IP6, BERTH_STREAM);
	assert_int_equal(berth_connect(c.host[0], s, &mapped), BERTH_EINPROGRESS);
	cable_settle(&c);
	r = berth_accept(c.host[1], four, &from);
	assert_address(&from, "192.168.1.5", from.port);
	say_both_ways(&c, s, r);
	cable_deinit(&c);
}

/* ---- UDP ---- */

static void one_datagram(struct cable *c, const struct way *way, bool any)
{
	struct berth_socket_address to = named(way->addresses[1], 7), from, nobody = {.port = 0};
	int r = bound_to(c, 1, way->family, BERTH_DATAGRAM, any ? way->any : way->addresses[1], 7);
	int s = bound_to(c, 0, way->family, BERTH_DATAGRAM, any ? way->any : way->addresses[0], 9);
	char got[8];
	struct berth_vector vector = {got, sizeof(got)};
	struct berth_message m = {.vectors = &vector, .n_vectors = 1};

	assert_int_equal(berth_sendto(c->host[0], s, "ping", 4, 0, &to), 4);
	cable_settle(c);
	assert_int_equal(berth_recvmsg(c->host[1], r, &m, 0), 4);
	assert_address(&m.foreign, way->addresses[0], 9);
	assert_address(&m.local, way->addresses[1], 7);
	assert_int_equal(berth_sendto(c->host[1], r, "pong", 4, 0, &m.foreign), 4);
	cable_settle(c);
	assert_int_equal(berth_recvfrom(c->host[0], s, got, sizeof(got), 0, &from), 4);
	assert_address(&from, way->addresses[1], 7);
	/* With a peer, and without again. */
	assert_int_equal(berth_connect(c->host[0], s, &to), 0);
	assert_int_equal(berth_getpeername(c->host[0], s, &from), 0);
	assert_address(&from, way->addresses[1], 7);
	assert_int_equal(berth_getsockname(c->host[0], s, &from), 0);
	assert_address(&from, way->addresses[0], 9);
	assert_int_equal(berth_send(c->host[0], s, "again", 5, 0), 5);
	cable_settle(c);
	assert_int_equal(berth_recv(c->host[1], r, got, sizeof(got), 0), 5);
	assert_int_equal(berth_connect(c->host[0], s, &nobody), 0);
	assert_int_equal(berth_getsockname(c->host[0], s, &from), 0);
	assert_address(&from, any ? way->any : way->addresses[0], 9);
	assert_int_equal(berth_send(c->host[0], s, "x", 1, 0), BERTH_EDESTADDRREQ);
	/* Refused, by ICMP of the family. */
	assert_int_equal(berth_close(c->host[1], r), 0);
	assert_int_equal(berth_connect(c->host[0], s, &to), 0);
	c->now += SECOND;
	assert_int_equal(berth_send(c->host[0], s, "x", 1, 0), 1);
	cable_settle(c);
	assert_int_equal(pending_error(c, 0, s), BERTH_ECONNREFUSED);
	assert_int_equal(berth_close(c->host[0], s), 0);
}

static void datagrams(void **state)
{
	struct cable c = {0};

	(void)state;
	begin(&c);
	FOR_EACH_WAY(way)
	{
		one_datagram(&c, way, true);
		one_datagram(&c, way, false);
	}
	cable_deinit(&c);
}

/* A socket for both hears both, answers both, and goes from a peer of one to one of the other. */
static void datagrams_of_both(void **state)
{
	static const char *const senders[] = {"192.168.1.5", "fd00::5", "fe80::5%1"};
	static const char *const seen[] = {"::ffff:192.168.1.5", "fd00::5", "fe80::5%1"};
	static const char *const targets[] = {"192.168.1.7", "fd00::7", "fe80::7%1"};
	struct cable c = {0};
	int r;

	(void)state;
	begin(&c);
	r = bound_to(&c, 1, BERTH_IP6, BERTH_DATAGRAM, "::", 7);
	for (unsigned i = 0; i < 6; i++) {
		struct berth_socket_address to = named(targets[i % 3], 7), from, peer = named(seen[i % 3], 9);
		int s = bound_to(&c, 0, i % 3 ? BERTH_IP6 : BERTH_IP4, BERTH_DATAGRAM, senders[i % 3], 9);
		char got[8];

		if (i >= 3)
			assert_int_equal(berth_connect(c.host[1], r, &peer), 0);
		assert_int_equal(berth_sendto(c.host[0], s, "ping", 4, 0, &to), 4);
		cable_settle(&c);
		assert_int_equal(berth_recvfrom(c.host[1], r, got, sizeof(got), 0, &from), 4);
		assert_address(&from, seen[i % 3], 9);
		assert_int_equal(berth_sendto(c.host[1], r, "pong", 4, 0, i >= 3 ? NULL : &from), 4);
		cable_settle(&c);
		assert_int_equal(berth_recvfrom(c.host[0], s, got, sizeof(got), 0, &from), 4);
		assert_address(&from, targets[i % 3], 7);
		assert_int_equal(berth_close(c.host[0], s), 0);
	}
	cable_deinit(&c);
}

/* The largest datagram of each family; a mapped one is IPv4's. Also a host's way to itself. */
static void largest_datagrams(void **state)
{
	static const struct {
		enum berth_family family;
		const char *address;
		size_t most;
	} rows[] = {
		{BERTH_IP4, "127.0.0.1", 65507}, {BERTH_IP6, "::ffff:127.0.0.1", 65507},
		{BERTH_IP6, "::1", 65527},       {BERTH_IP4, "192.168.1.5", 65507},
		{BERTH_IP6, "fd00::5", 65527},   {BERTH_IP6, "fe80::5%1", 65527},
	};
	static uint8_t data[65528], got[65528];
	struct cable c = {0};

	(void)state;
	begin(&c);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct berth_socket_address to = named(rows[i].address, 7), from;
		int s = bound_to(&c, 0, rows[i].family, BERTH_DATAGRAM, rows[i].address, 7);

		assert_int_equal(berth_sendto(c.host[0], s, data, rows[i].most + 1, 0, &to), BERTH_EMSGSIZE);
		assert_int_equal(berth_sendto(c.host[0], s, data, rows[i].most, 0, &to), rows[i].most);
		cable_settle(&c);
		assert_int_equal(berth_recvfrom(c.host[0], s, got, sizeof(got), 0, &from), rows[i].most);
		assert_memory_equal(got, data, rows[i].most);
		assert_address(&from, rows[i].address, 7);
		assert_int_equal(berth_close(c.host[0], s), 0);
	}
	cable_deinit(&c);
}

/* The same over the wire, in fragments. */
static void largest_on_the_wire(void **state)
{
	static uint8_t data[65527], got[65528];
	struct cable c = {0};

	(void)state;
	begin(&c);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 11);
	FOR_EACH_WAY(way)
	{
		bool ip6 = strncmp(way->addresses[0], "f", 1) == 0;
		size_t most = ip6 ? 65527 : 65507;
		struct berth_socket_address to = named(way->addresses[1], 7);
		int r = bound_to(&c, 1, way->family, BERTH_DATAGRAM, way->any, 7);
		int s = socket_on(&c, 0, way->family, BERTH_DATAGRAM);

		assert_int_equal(berth_sendto(c.host[0], s, data, most, 0, &to), most);
		cable_settle(&c);
		assert_int_equal(berth_recv(c.host[1], r, got, sizeof(got), 0), most);
		assert_memory_equal(got, data, most);
		berth_close(c.host[0], s);
		berth_close(c.host[1], r);
	}
	cable_deinit(&c);
}

/* ---- a host with itself ---- */

static void within_one_host(void **state)
{
	static const struct {
		const char *server, *client; /* client: NULL, as the host chooses */
		const char *seen;
	} rows[] = {
		{"::1", NULL, "::1"},
		{"fd00::5", NULL, "fd00::5"},
		{"fe80::5%1", NULL, "fe80::5%1"},
		{"::ffff:127.0.0.1", NULL, "::ffff:127.0.0.1"},
		{"fd00::5", "fe80::5%1", "fe80::5%1"},
		{"fe80::5%1", "fd00::5", "fd00::5"},
		{"::1", "fd00::5", "fd00::5"},
		{"fd00::5", "::1", "::1"},
	};
	struct cable c = {0};

	(void)state;
	begin(&c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct berth_socket_address to = named(rows[i].server, 80), from;
		int l = listener_at(&c, 0, BERTH_IP6, rows[i].server, 80), r;
		int s = rows[i].client ? bound_to(&c, 0, BERTH_IP6, BERTH_STREAM, rows[i].client, 0)
				       : socket_on(&c, 0, BERTH_IP6, BERTH_STREAM);
		int u = socket_on(&c, 0, BERTH_IP6, BERTH_DATAGRAM);

		assert_int_equal(berth_connect(c.host[0], s, &to), BERTH_EINPROGRESS);
		cable_settle(&c);
		r = berth_accept(c.host[0], l, &from);
		assert_true(r >= 0);
		assert_address(&from, rows[i].seen, from.port);
		/* Nobody there: the host says so to itself. */
		to.port = 81;
		assert_int_equal(berth_connect(c.host[0], u, &to), 0);
		c.now += SECOND;
		assert_int_equal(berth_send(c.host[0], u, "x", 1, 0), 1);
		cable_settle(&c);
		assert_int_equal(pending_error(&c, 0, u), BERTH_ECONNREFUSED);
		berth_close(c.host[0], s);
		berth_close(c.host[0], r);
		berth_close(c.host[0], l);
		berth_close(c.host[0], u);
		cable_run(&c, c.now + 300 * SECOND);
	}
	cable_deinit(&c);
}

/* ---- IPV6_V6ONLY ---- */

static void v6only(void **state)
{
	struct berth_socket_address four = named("192.168.1.7", 80), six = named("fd00::7", 80), from;
	struct berth_socket_address mapped = named("::ffff:192.168.1.7", 80), any4 = named("0.0.0.0", 80);
	struct cable c = {0};
	int l, s, on = 1;

	(void)state;
	begin(&c);
	l = socket_on(&c, 1, BERTH_IP6, BERTH_STREAM);
	set_v6only(&c, 1, l, 1);
	six.address = named("::", 0).address;
	assert_int_equal(berth_bind(c.host[1], l, &six), 0);
	assert_int_equal(berth_listen(c.host[1], l, 5), 0);
	/* Too late now. */
	assert_int_equal(berth_setsockopt(c.host[1], l, BERTH_SOL_IPV6, BERTH_IPV6_V6ONLY, &on, sizeof(on)),
			 BERTH_EINVAL);
	s = socket_on(&c, 0, BERTH_IP4, BERTH_STREAM);
	assert_int_equal(berth_connect(c.host[0], s, &four), BERTH_EINPROGRESS);
	cable_settle(&c);
	assert_int_equal(pending_error(&c, 0, s), BERTH_ECONNREFUSED);
	s = socket_on(&c, 0, BERTH_IP6, BERTH_STREAM);
	six = named("fd00::7", 80);
	assert_int_equal(berth_connect(c.host[0], s, &six), BERTH_EINPROGRESS);
	cable_settle(&c);
	assert_true(berth_accept(c.host[1], l, &from) >= 0);
	/* IPv4 has the port for itself. */
	s = socket_on(&c, 1, BERTH_IP4, BERTH_STREAM);
	assert_int_equal(berth_bind(c.host[1], s, &any4), 0);
	for (int type = BERTH_STREAM; type <= BERTH_DATAGRAM; type++) {
		s = socket_on(&c, 0, BERTH_IP6, (enum berth_socket_type)type);
		set_v6only(&c, 0, s, 1);
		assert_int_equal(berth_connect(c.host[0], s, &mapped), BERTH_ENETUNREACH);
		if (type == BERTH_DATAGRAM)
			assert_int_equal(berth_sendto(c.host[0], s, "x", 1, 0, &mapped), BERTH_ENETUNREACH);
		mapped = named("::ffff:192.168.1.5", 80);
		assert_int_equal(berth_bind(c.host[0], s, &mapped), BERTH_EINVAL);
		mapped = named("::ffff:0.0.0.0", 80);
		assert_int_equal(berth_bind(c.host[0], s, &mapped), BERTH_EINVAL);
		mapped = named("::ffff:192.168.1.7", 80);
		set_v6only(&c, 0, s, 0);
		assert_int_equal(berth_connect(c.host[0], s, &mapped), type == BERTH_DATAGRAM ? 0 : BERTH_EINPROGRESS);
	}
	cable_deinit(&c);
}

/* ---- what is refused ---- */

enum call { BIND, CONNECT, SENDTO };

static int do_call(struct cable *c, int s, enum call call, const struct berth_socket_address *a)
{
	switch (call) {
	case BIND:
		return berth_bind(c->host[0], s, a);
	case CONNECT:
		return berth_connect(c->host[0], s, a);
	case SENDTO:
		break;
	}
	return (int)berth_sendto(c->host[0], s, "x", 1, 0, a);
}

static void errors(void **state)
{
	static const struct {
		enum berth_family family;
		const char *bound; /* before, or NULL */
		const char *address;
		uint16_t port;
		int bind, connect, send; /* of UDP; TCP's where it differs is below */
	} rows[] = {
		{BERTH_IP4, NULL, "fd00::7", 9, BERTH_EAFNOSUPPORT, BERTH_EAFNOSUPPORT, BERTH_EAFNOSUPPORT},
		{BERTH_IP4, NULL, "::ffff:192.168.1.5", 9, BERTH_EAFNOSUPPORT, BERTH_EAFNOSUPPORT, BERTH_EAFNOSUPPORT},
		{BERTH_IP6, NULL, "192.168.1.5", 9, BERTH_EAFNOSUPPORT, BERTH_EAFNOSUPPORT, BERTH_EAFNOSUPPORT},
		{BERTH_IP6, NULL, "fd00::7", 0, BERTH_EADDRNOTAVAIL, BERTH_EINVAL, BERTH_EINVAL},
		{BERTH_IP6, NULL, "::ffff:192.168.1.7", 0, BERTH_EADDRNOTAVAIL, BERTH_EINVAL, BERTH_EINVAL},
		/* Not this host's, or nobody's. */
		{BERTH_IP6, NULL, "fd00::7", 9, BERTH_EADDRNOTAVAIL, 0, 1},
		{BERTH_IP6, NULL, "::ffff:192.168.1.7", 9, BERTH_EADDRNOTAVAIL, 0, 1},
		{BERTH_IP6, NULL, "::", 9, 0, BERTH_ENETUNREACH, BERTH_ENETUNREACH},
		{BERTH_IP6, NULL, "2001:db8::1", 9, BERTH_EADDRNOTAVAIL, BERTH_ENETUNREACH, BERTH_ENETUNREACH},
		{BERTH_IP6, NULL, "::ffff:10.0.0.1", 9, BERTH_EADDRNOTAVAIL, BERTH_ENETUNREACH, BERTH_ENETUNREACH},
		/* Link-local: which link? */
		{BERTH_IP6, NULL, "fe80::5", 9, BERTH_EINVAL, BERTH_EINVAL, BERTH_EINVAL},
		{BERTH_IP6, NULL, "fe80::5%1", 9, 0, 0, 1},
		{BERTH_IP6, NULL, "fe80::5%2", 9, BERTH_EINVAL, BERTH_EINVAL, BERTH_EINVAL},
		{BERTH_IP6, NULL, "fe80::5%300", 9, BERTH_EINVAL, BERTH_EINVAL, BERTH_EINVAL},
		{BERTH_IP6, NULL, "fe80::7%1", 9, BERTH_EADDRNOTAVAIL, 0, 1},
		{BERTH_IP6, "fe80::5%1", "fe80::7", 9, BERTH_EINVAL, 0, 1},
		{BERTH_IP6, "fe80::5%1", "fd00::7", 9, BERTH_EINVAL, 0, 1},
		/* Groups. */
		{BERTH_IP6, NULL, "ff02::fb", 9, BERTH_EINVAL, 0, 1},
		{BERTH_IP6, NULL, "ff02::fb%1", 9, 0, 0, 1},
		{BERTH_IP6, NULL, "ff02::fb%2", 9, BERTH_EINVAL, BERTH_EINVAL, BERTH_EINVAL},
		{BERTH_IP6, NULL, "ff05::fb", 9, 0, 0, 1},
		{BERTH_IP6, NULL, "::ffff:224.0.0.251", 9, 0, 0, 1},
		{BERTH_IP4, NULL, "224.0.0.251", 9, 0, 0, 1},
		/* Broadcast. */
		{BERTH_IP6, NULL, "::ffff:192.168.1.255", 9, BERTH_EADDRNOTAVAIL, BERTH_EACCES, BERTH_EACCES},
		/* From one family to the other there is no way. */
		{BERTH_IP6, "fd00::5", "::ffff:192.168.1.7", 9, BERTH_EINVAL, BERTH_ENETUNREACH, BERTH_ENETUNREACH},
		{BERTH_IP6, "::ffff:192.168.1.5", "fd00::7", 9, BERTH_EINVAL, BERTH_ENETUNREACH, BERTH_ENETUNREACH},
		{BERTH_IP6, "::ffff:0.0.0.0", "fd00::7", 9, BERTH_EINVAL, BERTH_ENETUNREACH, BERTH_ENETUNREACH},
		{BERTH_IP6, "::ffff:0.0.0.0", "::ffff:192.168.1.7", 9, BERTH_EINVAL, 0, 1},
		/* Nor out of the host from its loopback. */
		{BERTH_IP6, "::1", "fd00::7", 9, BERTH_EINVAL, BERTH_ENETUNREACH, BERTH_ENETUNREACH},
		{BERTH_IP6, "::ffff:127.0.0.1", "::ffff:192.168.1.7", 9, BERTH_EINVAL, BERTH_ENETUNREACH,
		 BERTH_ENETUNREACH},
	};
	struct cable c = {0};

	(void)state;
	begin(&c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) * 3; i++) {
		enum call call = (enum call)(i % 3);
		struct berth_socket_address a = named(rows[i / 3].address, rows[i / 3].port);
		int want = call == BIND ? rows[i / 3].bind : call == CONNECT ? rows[i / 3].connect : rows[i / 3].send;
		int s = rows[i / 3].bound ? bound_to(&c, 0, rows[i / 3].family, BERTH_DATAGRAM, rows[i / 3].bound, 0)
					  : socket_on(&c, 0, rows[i / 3].family, BERTH_DATAGRAM);
		int got = do_call(&c, s, call, &a);

		if (got != want)
			fail_msg("%s %s: %d, not %d",
				 call == BIND      ? "bind"
				 : call == CONNECT ? "connect"
						   : "sendto",
				 rows[i / 3].address, got, want);
		cable_settle(&c);
		berth_close(c.host[0], s);
	}
	cable_deinit(&c);
}

/* An interface that an address does not need is not looked at (RFC 4007 section 6). */
static void needless_scopes(void **state)
{
	static const char *const peers[] = {"fd00::7", "::ffff:192.168.1.7", "ff05::fb"};
	struct cable c = {0};

	(void)state;
	begin(&c);
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		struct berth_socket_address to = named(peers[i], 9), name, own = named("fd00::5", 0);
		int s = socket_on(&c, 0, BERTH_IP6, BERTH_DATAGRAM);

		to.address.scope = own.address.scope = 77;
		assert_int_equal(berth_sendto(c.host[0], s, "x", 1, 0, &to), 1);
		assert_int_equal(berth_connect(c.host[0], s, &to), 0);
		assert_int_equal(berth_getpeername(c.host[0], s, &name), 0);
		assert_address(&name, peers[i], 9);
		berth_close(c.host[0], s);
		s = socket_on(&c, 0, BERTH_IP6, BERTH_DATAGRAM);
		assert_int_equal(berth_bind(c.host[0], s, &own), 0);
		assert_int_equal(berth_getsockname(c.host[0], s, &name), 0);
		assert_address(&name, "fd00::5", name.port);
		berth_close(c.host[0], s);
	}
	cable_deinit(&c);
}

/* A connection is with one host. */
static void streams_to_many(void **state)
{
	static const char *const addresses[] = {"ff02::fb%1", "ff05::fb", "::ffff:224.0.0.251", "::ffff:192.168.1.255",
						"::"};
	struct cable c = {0};

	(void)state;
	begin(&c);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct berth_socket_address a = named(addresses[i], 80);
		int s = socket_on(&c, 0, BERTH_IP6, BERTH_STREAM);

		assert_int_equal(berth_connect(c.host[0], s, &a), BERTH_ENETUNREACH);
		if (i < 4)
			assert_int_equal(berth_bind(c.host[0], s, &a), BERTH_EADDRNOTAVAIL);
	}
	cable_deinit(&c);
}

/* RFC 4862 section 5.4: until it is known to be nobody else's, an address is not the host's. */
static void tentative_addresses(void **state)
{
	struct berth_socket_address a = named("fd00::5", 80);
	struct ip ip = ip_of_address(&a.address);
	struct cable c = {0};
	int s;

	(void)state;
	begin(&c);
	s = socket_on(&c, 0, BERTH_IP6, BERTH_STREAM);
	host_address_set_state(c.host[0], host_address_find(c.host[0], &ip), ADDRESS_TENTATIVE);
	assert_int_equal(berth_bind(c.host[0], s, &a), BERTH_EADDRNOTAVAIL);
	host_address_set_state(c.host[0], host_address_find(c.host[0], &ip), ADDRESS_DUPLICATE);
	assert_int_equal(berth_bind(c.host[0], s, &a), BERTH_EADDRNOTAVAIL);
	host_address_set_state(c.host[0], host_address_find(c.host[0], &ip), ADDRESS_DEPRECATED);
	assert_int_equal(berth_bind(c.host[0], s, &a), 0);
	host_address_set_state(c.host[0], host_address_find(c.host[0], &ip), ADDRESS_PREFERRED);
	cable_deinit(&c);
}

/* ---- ports ---- */

static void conflicts(void **state)
{
	static const struct {
		enum berth_family family_a;
		const char *a;
		enum berth_family family_b;
		const char *b;
		int error;
	} rows[] = {
		{BERTH_IP6, "::", BERTH_IP4, "0.0.0.0", BERTH_EADDRINUSE},
		{BERTH_IP6, "::", BERTH_IP4, "192.168.1.5", BERTH_EADDRINUSE},
		{BERTH_IP6, "::ffff:192.168.1.5", BERTH_IP4, "192.168.1.5", BERTH_EADDRINUSE},
		{BERTH_IP6, "::ffff:0.0.0.0", BERTH_IP4, "127.0.0.1", BERTH_EADDRINUSE},
		{BERTH_IP6, "fd00::5", BERTH_IP4, "192.168.1.5", 0},
		{BERTH_IP6, "fd00::5", BERTH_IP6, "fe80::5%1", 0},
		{BERTH_IP6, "::1", BERTH_IP4, "127.0.0.1", 0},
	};
	struct cable c = {0};

	(void)state;
	begin(&c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) * 4; i++) {
		enum berth_socket_type type = i & 1 ? BERTH_STREAM : BERTH_DATAGRAM;
		enum berth_family first = i & 2 ? rows[i / 4].family_a : rows[i / 4].family_b;
		enum berth_family second = i & 2 ? rows[i / 4].family_b : rows[i / 4].family_a;
		int s = bound_to(&c, 0, first, type, i & 2 ? rows[i / 4].a : rows[i / 4].b, 80);
		int t = socket_on(&c, 0, second, type);
		struct berth_socket_address a = named(i & 2 ? rows[i / 4].b : rows[i / 4].a, 80), name;

		assert_int_equal(berth_bind(c.host[0], t, &a), rows[i / 4].error);
		/* What has failed leaves nothing behind. */
		if (rows[i / 4].error) {
			assert_int_equal(berth_getsockname(c.host[0], t, &name), 0);
			assert_address(&name, second == BERTH_IP4 ? "0.0.0.0" : "::", 0);
		}
		berth_close(c.host[0], s);
		berth_close(c.host[0], t);
	}
	cable_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams),
		cmocka_unit_test(refused_streams),
		cmocka_unit_test(crossing),
		cmocka_unit_test(datagrams),
		cmocka_unit_test(datagrams_of_both),
		cmocka_unit_test(largest_datagrams),
		cmocka_unit_test(largest_on_the_wire),
		cmocka_unit_test(within_one_host),
		cmocka_unit_test(v6only),
		cmocka_unit_test(errors),
		cmocka_unit_test(needless_scopes),
		cmocka_unit_test(streams_to_many),
		cmocka_unit_test(tentative_addresses),
		cmocka_unit_test(conflicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
