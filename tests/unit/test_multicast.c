/* Groups through the socket API: who joins what where, who then hears it, and what a sender says about it. */
#include "group.h"
#include "two_links.h"

/* One group, for sockets of a family. */
struct kind {
	enum berth_family family;
	int level, joins, leaves;
	const char *group, *other;
	const char *sender, *to, *alone; /* host 0, the group, and host 1, as sockets name them */
};

static const struct kind kinds[] = {
	{BERTH_IP4, BERTH_SOL_IP, BERTH_IP_ADD_MEMBERSHIP, BERTH_IP_DROP_MEMBERSHIP, "224.0.0.251", "239.1.2.3",
	 "192.168.1.5", "224.0.0.251", "192.168.1.7"},
	{BERTH_IP6, BERTH_SOL_IPV6, BERTH_IPV6_JOIN_GROUP, BERTH_IPV6_LEAVE_GROUP, "ff02::fb%1", "ff05::3", "fe80::5%1",
	 "ff02::fb%1", "fd00::7"},
	{BERTH_IP6, BERTH_SOL_IPV6, BERTH_IPV6_JOIN_GROUP, BERTH_IPV6_LEAVE_GROUP, "ff05::fb", "ff02::3%1", "fd00::5",
	 "ff05::fb", "fd00::7"},
	{BERTH_IP6, BERTH_SOL_IP, BERTH_IP_ADD_MEMBERSHIP, BERTH_IP_DROP_MEMBERSHIP, "224.0.0.251", "239.1.2.3",
	 "::ffff:192.168.1.5", "::ffff:224.0.0.251", "::ffff:192.168.1.7"},
	{BERTH_IP6, BERTH_SOL_IPV6, BERTH_IPV6_JOIN_GROUP, BERTH_IPV6_LEAVE_GROUP, "ff02::fb%1", "ff05::3", "fd00::5",
	 "ff02::fb%1", "fd00::7"},
};

#define FOR_EACH_KIND(kind)                                                                                            \
	for (const struct kind *kind = kinds; kind < kinds + sizeof(kinds) / sizeof(kinds[0]); kind++)

static int membership(struct cable *c, unsigned i, int s, const struct kind *kind, bool joins, const char *group,
		      int interface)
{
	struct berth_membership m = {.interface = interface};

	assert_int_equal(berth_address_parse(group, &m.group), 0);
	return berth_setsockopt(c->host[i], s, kind->level, joins ? kind->joins : kind->leaves, &m, sizeof(m));
}

static int join(struct cable *c, unsigned i, int s, const struct kind *kind)
{
	return membership(c, i, s, kind, true, kind->group, 1);
}

/* The host is a member on this interface. */
static bool host_joined(struct cable *c, unsigned i, unsigned interface, const char *group)
{
	struct berth_address a;
	struct ip ip;

	assert_int_equal(berth_address_parse(group, &a), 0);
	ip = ip_of_address(&a);
	return group_joined(c->host[i], interface, &ip);
}

static int shared_at(struct cable *c, unsigned i, const struct kind *kind, uint16_t port)
{
	struct berth_socket_address any = {.port = port};
	int s = socket_on(c, i, kind->family, BERTH_DATAGRAM), on = 1;

	assert_int_equal(berth_setsockopt(c->host[i], s, BERTH_SOL_SOCKET, BERTH_SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(berth_bind(c->host[i], s, &any), 0);
	return s;
}

static int sender_at(struct cable *c, const struct kind *kind, uint16_t port)
{
	return bound_to(c, 0, kind->family, BERTH_DATAGRAM, kind->sender, port);
}

static void send_to(struct cable *c, unsigned i, int s, const char *group, uint16_t port)
{
	struct berth_socket_address to = named(group, port);

	assert_int_equal(berth_sendto(c->host[i], s, "news", 4, 0, &to), 4);
	cable_settle(c);
}

/* How many datagrams s has. */
static unsigned heard(struct cable *c, unsigned i, int s)
{
	unsigned n = 0;
	char got[8];

	while (berth_recv(c->host[i], s, got, sizeof(got), 0) == 4)
		n++;
	return n;
}

static void set(struct cable *c, int s, int option, int value)
{
	assert_int_equal(berth_setsockopt(c->host[0], s, BERTH_SOL_IP, option, &value, sizeof(value)), 0);
}

static void close_all(struct cable *c, unsigned i, int *sockets, unsigned n)
{
	while (n-- > 0)
		assert_int_equal(berth_close(c->host[i], sockets[n]), 0);
}

/* Each socket that has joined gets it, and those that have not do not; leaving and closing undo it. */
static void members_hear(void **state)
{
	struct cable c = {0};

	(void)state;
	begin(&c);
	FOR_EACH_KIND(kind)
	{
		int s = sender_at(&c, kind, 0), r[4];
		struct berth_vector vector = {(char[8]){0}, 8};
		struct berth_message m = {.vectors = &vector, .n_vectors = 1};

		for (unsigned k = 0; k < 4; k++)
			r[k] = shared_at(&c, 1, kind, 5353);
		send_to(&c, 0, s, kind->to, 5353);
		assert_int_equal(join(&c, 1, r[0], kind), 0);
		assert_int_equal(join(&c, 1, r[1], kind), 0);
		assert_int_equal(membership(&c, 1, r[2], kind, true, kind->other, 1), 0);
		assert_true(host_joined(&c, 1, 1, kind->group));
		send_to(&c, 0, s, kind->to, 5353);
		assert_int_equal(berth_recvmsg(c.host[1], r[0], &m, 0), 4);
		assert_address(&m.foreign, kind->sender, m.foreign.port);
		assert_address(&m.local, kind->to, 5353);
		assert_int_equal(heard(&c, 1, r[1]), 1);
		assert_int_equal(heard(&c, 1, r[2]) + heard(&c, 1, r[3]), 0);
		/* To another port: nobody's, and no ICMP error comes of it. */
		send_to(&c, 0, s, kind->to, 5354);
		assert_int_equal(heard(&c, 1, r[0]), 0);
		assert_int_equal(membership(&c, 1, r[0], kind, false, kind->group, 1), 0);
		assert_int_equal(membership(&c, 1, r[0], kind, false, kind->group, 1), BERTH_EADDRNOTAVAIL);
		assert_true(host_joined(&c, 1, 1, kind->group));
		send_to(&c, 0, s, kind->to, 5353);
		assert_int_equal(heard(&c, 1, r[0]), 0);
		assert_int_equal(heard(&c, 1, r[1]), 1);
		close_all(&c, 1, r, 4);
		assert_false(host_joined(&c, 1, 1, kind->group));
		assert_false(host_joined(&c, 1, 1, kind->other));
		berth_close(c.host[0], s);
	}
	cable_deinit(&c);
}

/* Between the two sides of one membership: it needs both the group and the interface. */
static void on_its_own_link(void **state)
{
	static const char *const groups[][2] = {{"224.0.0.251", "224.0.0.251"},
						{"ff02::fb%1", "ff02::fb%2"},
						{"ff05::fb", "ff05::fb"},
						{"224.0.0.251", "224.0.0.251"},
						{"ff02::fb%1", "ff02::fb%2"}};
	struct berth_address second = berth_ip4(192, 168, 2, 5);
	struct cable c = {0};

	(void)state;
	begin(&c);
	for (unsigned i = 0; i < 2; i++) {
		add_interface(&c, i);
		second.bytes[3] = i == 0 ? 5 : 7;
		assert_int_equal(berth_host_address_add(c.host[i], 2, &second, 24), 0);
		add_address(c.host[i], 2, i == 0 ? "fd02::5" : "fd02::7");
	}
	cable_run(&c, c.now + 10 * SECOND);
	FOR_EACH_KIND(kind)
	{
		int s = socket_on(&c, 0, kind->family, BERTH_DATAGRAM), r[2];

		for (unsigned k = 0; k < 2; k++) {
			r[k] = shared_at(&c, 1, kind, 5353);
			assert_int_equal(membership(&c, 1, r[k], kind, true, groups[kind - kinds][k], (int)k + 1), 0);
		}
		for (unsigned k = 0; k < 2; k++) {
			const char *to = kind->level == BERTH_SOL_IP ? kind->to : groups[kind - kinds][k];

			set(&c, s, BERTH_IP_MULTICAST_IF, (int)k + 1);
			send_to(&c, 0, s, to, 5353);
			assert_int_equal(heard(&c, 1, r[k]), 1);
			assert_int_equal(heard(&c, 1, r[1 - k]), 0);
		}
		close_all(&c, 1, r, 2);
		berth_close(c.host[0], s);
	}
	cable_deinit(&c);
}

/* Members on the sender's own host. */
static void comes_back(void **state)
{
	struct cable c = {0};

	(void)state;
	begin(&c);
	FOR_EACH_KIND(kind)
	{
		struct berth_socket_address from;
		char got[8];
		int r[2], s = sender_at(&c, kind, 0), far = shared_at(&c, 1, kind, 5353);

		for (unsigned k = 0; k < 2; k++)
			r[k] = shared_at(&c, 0, kind, 5353);
		assert_int_equal(join(&c, 0, r[0], kind), 0);
		assert_int_equal(join(&c, 1, far, kind), 0);
		send_to(&c, 0, s, kind->to, 5353);
		assert_int_equal(berth_recvfrom(c.host[0], r[0], got, sizeof(got), 0, &from), 4);
		assert_address(&from, kind->sender, from.port);
		assert_int_equal(heard(&c, 0, r[1]), 0);
		assert_int_equal(heard(&c, 1, far), 1);
		set(&c, s, BERTH_IP_MULTICAST_LOOP, 0);
		send_to(&c, 0, s, kind->to, 5353);
		assert_int_equal(heard(&c, 0, r[0]), 0);
		assert_int_equal(heard(&c, 1, far), 1);
		/* A time to live of 0 does not leave the host. */
		set(&c, s, BERTH_IP_MULTICAST_LOOP, 1);
		set(&c, s, BERTH_IP_MULTICAST_TTL, 0);
		send_to(&c, 0, s, kind->to, 5353);
		assert_int_equal(heard(&c, 0, r[0]), 1);
		assert_int_equal(heard(&c, 1, far), 0);
		set(&c, s, BERTH_IP_MULTICAST_LOOP, 0);
		send_to(&c, 0, s, kind->to, 5353);
		assert_int_equal(heard(&c, 0, r[0]) + heard(&c, 1, far), 0);
		/* A member hears itself, too, the empty datagram as well. */
		from = named(kind->to, 5353);
		assert_int_equal(berth_sendto(c.host[0], r[0], NULL, 0, 0, &from), 0);
		cable_settle(&c);
		assert_int_equal(berth_recvfrom(c.host[0], r[0], got, sizeof(got), 0, &from), 0);
		assert_int_equal(from.port, 5353);
		close_all(&c, 0, r, 2);
		berth_close(c.host[0], s);
		berth_close(c.host[1], far);
	}
	cable_deinit(&c);
}

/* As long as a datagram can be: in fragments over the wire, whole on the host itself. */
static void large_ones(void **state)
{
	static uint8_t data[65507], got[65508];
	struct cable c = {0};

	(void)state;
	begin(&c);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 13);
	FOR_EACH_KIND(kind)
	{
		struct berth_socket_address to = named(kind->to, 5353);
		int r[2], s = socket_on(&c, 0, kind->family, BERTH_DATAGRAM);

		for (unsigned i = 0; i < 2; i++) {
			r[i] = shared_at(&c, i, kind, 5353);
			assert_int_equal(join(&c, i, r[i], kind), 0);
		}
		assert_int_equal(berth_sendto(c.host[0], s, data, sizeof(data), 0, &to), sizeof(data));
		cable_settle(&c);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(berth_recv(c.host[i], r[i], got, sizeof(got), 0), sizeof(data));
			assert_memory_equal(got, data, sizeof(data));
			berth_close(c.host[i], r[i]);
		}
		berth_close(c.host[0], s);
	}
	cable_deinit(&c);
}

/* Bound to the group: it alone is heard, and answers come from the host's own address. */
static void bound_to_the_group(void **state)
{
	struct cable c = {0};

	(void)state;
	begin(&c);
	FOR_EACH_KIND(kind)
	{
		struct berth_socket_address from, peer = named(kind->sender, 5353), name, nobody = {.port = 0};
		int s = sender_at(&c, kind, 5353), other = sender_at(&c, kind, 5354);
		int r = bound_to(&c, 1, kind->family, BERTH_DATAGRAM, kind->to, 5353);
		char got[8];

		send_to(&c, 0, s, kind->to, 5353);
		assert_int_equal(heard(&c, 1, r), 0);
		assert_int_equal(join(&c, 1, r, kind), 0);
		send_to(&c, 0, s, kind->to, 5353);
		assert_int_equal(berth_recvfrom(c.host[1], r, got, sizeof(got), 0, &from), 4);
		assert_int_equal(berth_sendto(c.host[1], r, "back", 4, 0, &from), 4);
		cable_settle(&c);
		assert_int_equal(berth_recvfrom(c.host[0], s, got, sizeof(got), 0, &from), 4);
		assert_false(berth_address_is_multicast(&from.address));
		send_to(&c, 0, s, kind->alone, 5353);
		assert_int_equal(heard(&c, 1, r), 0);
		/* With a peer: what that one says to the group. */
		assert_int_equal(berth_connect(c.host[1], r, &peer), 0);
		assert_int_equal(berth_getsockname(c.host[1], r, &name), 0);
		assert_address(&name, kind->to, 5353);
		send_to(&c, 0, s, kind->to, 5353);
		send_to(&c, 0, other, kind->to, 5353);
		assert_int_equal(heard(&c, 1, r), 1);
		assert_int_equal(berth_send(c.host[1], r, "back", 4, 0), 4);
		cable_settle(&c);
		assert_int_equal(berth_recvfrom(c.host[0], s, got, sizeof(got), 0, &from), 4);
		assert_false(berth_address_is_multicast(&from.address));
		assert_int_equal(berth_connect(c.host[1], r, &nobody), 0);
		assert_int_equal(berth_getsockname(c.host[1], r, &name), 0);
		assert_address(&name, kind->to, 5353);
		send_to(&c, 0, other, kind->to, 5353);
		assert_int_equal(heard(&c, 1, r), 1);
		berth_close(c.host[0], s);
		berth_close(c.host[0], other);
		berth_close(c.host[1], r);
	}
	cable_deinit(&c);
}

/* To all stations: for every socket at the port that hears IPv4, with nothing to join. */
static void broadcasts(void **state)
{
	static const char *const all[] = {"192.168.1.255", "255.255.255.255"};
	struct cable c = {0};
	int s, on = 1, r[4];

	(void)state;
	begin(&c);
	s = socket_on(&c, 0, BERTH_IP4, BERTH_DATAGRAM);
	assert_int_equal(berth_setsockopt(c.host[0], s, BERTH_SOL_SOCKET, BERTH_SO_BROADCAST, &on, sizeof(on)), 0);
	for (unsigned k = 0; k < 3; k++)
		r[k] = shared_at(&c, 1, &kinds[k], 67);
	r[3] = socket_on(&c, 1, BERTH_IP4, BERTH_DATAGRAM);
	assert_int_equal(berth_setsockopt(c.host[1], r[3], BERTH_SOL_SOCKET, BERTH_SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(berth_bind(c.host[1], r[3], &(struct berth_socket_address){berth_ip4(192, 168, 1, 7), 67}), 0);
	for (unsigned i = 0; i < 2; i++) {
		send_to(&c, 0, s, all[i], 67);
		for (unsigned k = 0; k < 3; k++)
			assert_int_equal(heard(&c, 1, r[k]), 1);
		assert_int_equal(heard(&c, 1, r[3]), 0);
	}
	cable_deinit(&c);
}

/* ---- the options themselves ---- */

static void what_cannot_be_joined(void **state)
{
	static const struct {
		unsigned kind;
		const char *group;
		int interface, error;
	} rows[] = {
		{0, "192.168.1.5", 1, BERTH_EINVAL},
		{0, "ff02::fb", 1, BERTH_EINVAL},
		{0, "::ffff:224.0.0.251", 1, BERTH_EINVAL},
		{0, "224.0.0.251", 2, BERTH_EINVAL},
		{0, "224.0.0.251", -1, BERTH_EINVAL},
		{0, "224.0.0.251", 0, 0},
		{1, "224.0.0.251", 1, BERTH_EINVAL},
		{1, "::ffff:224.0.0.251", 1, BERTH_EINVAL},
		{1, "fd00::5", 1, BERTH_EINVAL},
		{1, "ff00::1", 1, BERTH_EINVAL},
		{1, "ff02::fb%2", 0, BERTH_EINVAL},
		{1, "ff02::fb%7", 1, BERTH_EINVAL},
		{1, "ff02::fb%1", 0, 0},
		{1, "ff02::fb%1", 1, 0},
		{1, "ff02::fb", 1, 0},
		{1, "ff02::fb", 0, 0},
		{1, "ff05::fb", 0, 0},
		{3, "224.0.0.251", 0, 0},
	};
	struct cable c = {0};

	(void)state;
	begin(&c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct kind *kind = &kinds[rows[i].kind];
		int s = socket_on(&c, 0, kind->family, BERTH_DATAGRAM);
		int t = socket_on(&c, 0, kind->family, BERTH_STREAM);

		if (membership(&c, 0, s, kind, true, rows[i].group, rows[i].interface) != rows[i].error)
			fail_msg("%s on %d: not %d", rows[i].group, rows[i].interface, rows[i].error);
		assert_int_equal(membership(&c, 0, t, kind, true, rows[i].group, rows[i].interface), BERTH_ENOPROTOOPT);
		if (rows[i].error == 0) {
			assert_true(host_joined(&c, 0, 1, rows[i].group));
			assert_int_equal(membership(&c, 0, s, kind, true, rows[i].group, 1), BERTH_EADDRINUSE);
			assert_int_equal(membership(&c, 0, s, kind, false, rows[i].group, rows[i].interface), 0);
			assert_false(host_joined(&c, 0, 1, rows[i].group));
		}
		berth_close(c.host[0], s);
		berth_close(c.host[0], t);
	}
	cable_deinit(&c);
}

/* Every size but the right one; and nothing of it can be asked. */
static void sizes(void **state)
{
	struct berth_membership m[2] = {{.group = berth_ip4(224, 0, 0, 251), .interface = 1}};
	struct cable c = {0};
	int s;

	(void)state;
	begin(&c);
	s = socket_on(&c, 0, BERTH_IP4, BERTH_DATAGRAM);
	for (size_t n = 0; n < sizeof(m); n++) {
		size_t room = n;

		assert_int_equal(berth_setsockopt(c.host[0], s, BERTH_SOL_IP, BERTH_IP_ADD_MEMBERSHIP, m, n),
				 n == sizeof(m[0]) ? 0 : BERTH_EINVAL);
		assert_int_equal(berth_getsockopt(c.host[0], s, BERTH_SOL_IP, BERTH_IP_ADD_MEMBERSHIP, m, &room),
				 BERTH_ENOPROTOOPT);
	}
	cable_deinit(&c);
}

/* Without a route no interface can be meant. */
static void nowhere_to_join(void **state)
{
	struct berth_membership m = {.group = berth_ip4(224, 0, 0, 251)};
	struct berth_host_config config;
	struct berth_host *host = NULL;
	int s;

	(void)state;
	berth_host_config_default(&config);
	assert_int_equal(berth_host_new(&config, &host), 0);
	s = berth_socket(host, BERTH_IP4, BERTH_DATAGRAM);
	assert_int_equal(berth_setsockopt(host, s, BERTH_SOL_IP, BERTH_IP_ADD_MEMBERSHIP, &m, sizeof(m)),
			 BERTH_ENETUNREACH);
	berth_host_free(host);
}

/* A socket's groups are bounded, and so are an interface's; what is refused leaves nothing behind. */
static void bounds(void **state)
{
	struct cable c = {0};
	unsigned joined = 0, i = 0;
	int s[8], n_sockets = 0;

	(void)state;
	begin(&c);
	s[n_sockets++] = socket_on(&c, 0, BERTH_IP6, BERTH_DATAGRAM);
	for (; n_sockets < 8; i++) {
		struct berth_membership m = {.group = {.family = BERTH_IP6, .bytes = {0xff, 5, [15] = (uint8_t)i}},
					     .interface = 1};
		struct ip ip = ip_of_address(&m.group);
		int error = berth_setsockopt(c.host[0], s[n_sockets - 1], BERTH_SOL_IPV6, BERTH_IPV6_JOIN_GROUP, &m,
					     sizeof(m));

		assert_int_equal(group_joined(c.host[0], 1, &ip), error == 0);
		joined += error == 0;
		if (error) {
			assert_int_equal(error, BERTH_ENOBUFS);
			assert_int_equal(berth_setsockopt(c.host[0], s[n_sockets - 1], BERTH_SOL_IPV6,
							  BERTH_IPV6_JOIN_GROUP, &m, sizeof(m)),
					 BERTH_ENOBUFS);
			assert_int_equal(berth_setsockopt(c.host[0], s[n_sockets - 1], BERTH_SOL_IPV6,
							  BERTH_IPV6_LEAVE_GROUP, &m, sizeof(m)),
					 BERTH_EADDRNOTAVAIL);
			s[n_sockets++] = socket_on(&c, 0, BERTH_IP6, BERTH_DATAGRAM);
		}
	}
	assert_int_equal(joined, HOST_GROUPS_MAX);
	close_all(&c, 0, s, 8);
	assert_false(host_joined(&c, 0, 1, "ff05::1"));
	cable_deinit(&c);
}

/* By which interface a datagram to a group leaves: that of the option, of the address, of the route. */
static void where_groups_are(void **state)
{
	static const struct {
		const char *to;
		int option, leaves;
	} rows[] = {
		{"ff02::fb%1", 0, 1}, {"ff02::fb%2", 0, 2}, {"ff02::fb", 2, 2},           {"ff02::fb%1", 2, 1},
		{"ff05::fb", 2, 2},   {"ff05::fb", 1, 1},   {"::ffff:224.0.0.251", 2, 2}, {"::ffff:224.0.0.251", 0, 1},
		{"ff02::fb", 0, 1},   {"ff05::fb", 0, 1},
	};
	struct cable c = {0};
	struct berth_address second = berth_ip4(192, 168, 2, 5);

	(void)state;
	begin(&c);
	for (unsigned i = 0; i < 2; i++)
		add_interface(&c, i);
	add_address(c.host[0], 2, "fd01::5");
	add_address(c.host[0], 2, "fe80::5");
	assert_int_equal(berth_host_address_add(c.host[0], 2, &second, 24), 0);
	cable_run(&c, c.now + 10 * SECOND);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) * 2; i++) {
		const struct host_interface *interfaces = c.host[0]->interfaces;
		uint64_t before = interfaces[rows[i / 2].leaves].counters.frames_out;
		struct berth_socket_address to = named(rows[i / 2].to, 9);
		int s = socket_on(&c, 0, BERTH_IP6, BERTH_DATAGRAM);

		assert_int_equal(berth_setsockopt(c.host[0], s, BERTH_SOL_IPV6, BERTH_IPV6_MULTICAST_IF,
						  &rows[i / 2].option, sizeof(int)),
				 0);
		if (i & 1) {
			assert_int_equal(berth_connect(c.host[0], s, &to), 0);
			assert_int_equal(berth_send(c.host[0], s, "x", 1, 0), 1);
		} else {
			assert_int_equal(berth_sendto(c.host[0], s, "x", 1, 0, &to), 1);
		}
		cable_settle(&c);
		if (interfaces[rows[i / 2].leaves].counters.frames_out != before + 1)
			fail_msg("to %s with option %d: not by %d", rows[i / 2].to, rows[i / 2].option,
				 rows[i / 2].leaves);
		berth_close(c.host[0], s);
	}
	cable_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_hear),
		cmocka_unit_test(on_its_own_link),
		cmocka_unit_test(comes_back),
		cmocka_unit_test(large_ones),
		cmocka_unit_test(bound_to_the_group),
		cmocka_unit_test(broadcasts),
		cmocka_unit_test(what_cannot_be_joined),
		cmocka_unit_test(sizes),
		cmocka_unit_test(nowhere_to_join),
		cmocka_unit_test(bounds),
		cmocka_unit_test(where_groups_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
