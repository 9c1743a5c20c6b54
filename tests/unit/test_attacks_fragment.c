/* Fragments that have broken other stacks, of both families, at a host in the middle of a conversation. Rows are those
 * of the list of known attacks. */
#include "siege.h"

#define PORT 7
#define N 3000           /* data of a datagram */
#define LEN (N + 8)      /* the datagram */
#define NOTHING 256      /* bytes that an attack may leave */
#define PEER_MOST 262144 /* bytes that one peer's unfinished packets may take, and those of all */
#define ALL_MOST 1048576

struct field {
	struct siege s;
	int socket;
	uint8_t data[N], datagram[LEN];
};

/* A datagram of `last` to PORT, to be cut. */
static void prepare(struct field *f, unsigned last)
{
	struct foul foul = {.source = siege_ip(&f->s, last)};

	foul_udp(&f->s, &foul, f->datagram, PORT, f->data, N);
}

static void field_init(struct field *f, void **state)
{
	siege_init(&f->s, family_of(state));
	f->socket = siege_udp_socket(&f->s, PORT);
	for (unsigned i = 0; i < N; i++)
		f->data[i] = (uint8_t)(i * 7 + i / 256);
	prepare(f, ENEMY);
	f->s.bytes_quiet = f->s.heap.n_bytes;
}

static void piece_of(struct field *f, const struct ip *source, uint32_t id, unsigned off, unsigned n, bool more)
{
	siege_packet(&f->s, &(struct foul){.source = *source,
					   .protocol = IP_PROTOCOL_UDP,
					   .is_fragment = true,
					   .id = id,
					   .off = (uint16_t)off,
					   .more = more,
					   .payload = f->datagram + (off < LEN ? off : 0),
					   .n = n});
}

static void piece(struct field *f, uint32_t id, unsigned off, unsigned n)
{
	struct ip enemy = siege_ip(&f->s, ENEMY);

	piece_of(f, &enemy, id, off, n, off + n < LEN);
}

static void assert_whole(struct field *f)
{
	uint8_t got[N + 1];

	assert_int_equal(berth_recv(f->s.host, f->socket, got, sizeof(got), 0), N);
	assert_memory_equal(got, f->data, N);
}

/* Everything that was begun is given up, and its memory comes back. */
static void field_end(struct field *f)
{
	assert_nothing_came(&f->s, f->socket);
	cable_run(&f->s.c, f->s.c.now + 31 * SECOND);
	assert_int_equal(f->s.host->reassemblies.n, 0);
	assert_int_equal(f->s.host->reassemblies.bytes, 0);
	siege_holds(&f->s, NOTHING);
	siege_deinit(&f->s);
}

/* Row 12 (libslirp CVE-2020-1983) and RFC 5722: each way to overlap, in either order. The packet is dead, and so is
 * what still comes of it; the next one is none the worse. */
static void overlaps(void **state)
{
	static const struct {
		unsigned off, n;
	} cases[] = {
		{0, 1480},    /* the same place, other bytes */
		{0, 8},       /* its beginning */
		{8, 8},       /* inside */
		{1472, 8},    /* its end */
		{1472, 16},   /* over the right edge */
		{1472, 1536}, /* and to the end of the packet */
	};
	struct field f;

	for (unsigned i = 0; i < 12; i++) {
		unsigned off = cases[i / 2].off, n = cases[i / 2].n, changed = off + 7;

		field_init(&f, state);
		if (i & 1) {
			piece(&f, 1, off, n);
			f.datagram[changed] ^= 0xff;
			piece(&f, 1, 0, 1480);
		} else {
			piece(&f, 1, 0, 1480);
			f.datagram[changed] ^= 0xff;
			piece(&f, 1, off, n);
		}
		f.datagram[changed] ^= 0xff;
		assert_siege_counter(&f.s, "ip", "reassembly_overlaps", 1);
		piece(&f, 1, 0, 1480);
		piece(&f, 1, 1480, LEN - 1480);
		assert_siege_counter(&f.s, "ip", "reassembly_dead", 2);
		assert_siege_counter(&f.s, "ip", "reassembled", 0);
		assert_nothing_came(&f.s, f.socket);
		piece(&f, 2, 1480, LEN - 1480);
		piece(&f, 2, 0, 1480);
		assert_whole(&f);
		field_end(&f);
	}
}

/* Row 1 (Ripple20 CVE-2020-11896, -11907): fragments that disagree on where the packet ends. */
static void lengths_disagree(void **state)
{
	static const struct {
		unsigned off[2], n[2];
		bool more[2];
	} cases[] = {
		{{1480, 2000}, {8, 8}, {false, false}}, /* two ends */
		{{1480, 2000}, {8, 8}, {false, true}},  /* something beyond the end */
		{{2000, 1480}, {8, 8}, {true, false}},  /* an end before something that is there */
		{{1480, 1472}, {8, 16}, {false, true}}, /* as far as the end, but not the end */
	};
	struct field f;

	for (unsigned i = 0; i < 4; i++) {
		struct ip enemy;

		field_init(&f, state);
		enemy = siege_ip(&f.s, ENEMY);
		for (unsigned k = 0; k < 2; k++)
			piece_of(&f, &enemy, 1, cases[i].off[k], cases[i].n[k], cases[i].more[k]);
		assert_siege_counter(&f.s, "ip", "reassembly_mismatches", 1);
		piece(&f, 1, 0, 1480);
		field_end(&f);
	}
}

/* Row 1: what cannot be a fragment by itself, whatever else comes. */
static void impossible(void **state)
{
	static const struct {
		unsigned off, n;
		bool more;
	} cases[] = {
		{0, 9, true},       /* not in eights */
		{8, 1479, true},    /* nor is this */
		{8, 0, true},       /* nothing in it */
		{8, 0, false},      /* nor in this */
		{65528, 8, false},  /* beyond the largest packet: with IPv6 the payload alone counts */
		{65528, 16, false}, /* the same by more */
		{65520, 1480, false}, {65528, 1400, true},
	};
	struct field f;
	struct ip enemy;

	field_init(&f, state);
	enemy = siege_ip(&f.s, ENEMY);
	for (unsigned i = 0; i < 8; i++)
		piece_of(&f, &enemy, 1 + i, cases[i].off, cases[i].n, cases[i].more);
	assert_siege_counter(&f.s, "ip", "bad_fragment", 8);
	assert_int_equal(f.s.host->reassemblies.n, 0);
	field_end(&f);
}

/* Row 16, for the piece that says what a packet is: a first fragment that is cut within its headers. What it would be
 * completed with has never been looked at (RFC 7112). */
static void first_fragment_cut(void **state)
{
	uint8_t before[16] = {0, 1, 0x1e, 12}, bytes[40];
	struct field f;
	struct foul foul = {.is_fragment = true, .more = true, .id = 1, .payload = bytes};

	field_init(&f, state);
	memset(bytes, 0, sizeof(bytes));
	/* Options that end in the second fragment, then half of a TCP header. */
	memcpy(bytes, before, 16);
	bytes[0] = IP_PROTOCOL_UDP;
	foul.protocol = IP6_NEXT_DESTINATION;
	foul.n = 8;
	siege_packet(&f.s, &foul);
	bytes[0] = IP_PROTOCOL_TCP;
	foul.n = 24;
	siege_packet(&f.s, &foul);
	foul.protocol = IP_PROTOCOL_TCP;
	memset(bytes, 0xf0, sizeof(bytes)); /* a data offset of 60 */
	foul.n = 40;
	siege_packet(&f.s, &foul);
	assert_int_equal(counter(f.s.host, "ip6_headers_cut"), 3);
	assert_int_equal(f.s.host->reassemblies.n, 0);
	field_end(&f);
}

/* Row 28 (FragmentSmack CVE-2018-5391): one peer's unfinished packets. Its oldest goes first, another peer's stays. */
static void flood_of_one(void **state)
{
	struct field f;
	struct ip enemy;

	field_init(&f, state);
	enemy = siege_ip(&f.s, ENEMY);
	/* Half of a packet of somebody else, older than all. */
	prepare(&f, A);
	piece_of(&f, &(struct ip[]){siege_ip(&f.s, A)}[0], 1, 0, 1480, true);
	for (uint32_t id = 0; id < 2000; id++) {
		piece_of(&f, &enemy, id, (id * 8) % 60000, 8, true);
		assert_true(f.s.host->reassemblies.bytes <= PEER_MOST + 8192);
		siege_bounded(&f.s, PEER_MOST + 16384);
		if (id % 500 == 0)
			siege_talk(&f.s);
	}
	assert_in_range(siege_counter(&f.s, "ip", "reassembly_evicted"), 1900, 1998);
	piece_of(&f, &(struct ip[]){siege_ip(&f.s, A)}[0], 1, 1480, LEN - 1480, false);
	assert_whole(&f);
	/* The enemy's newest is still there. */
	prepare(&f, ENEMY);
	piece(&f, 2500, 0, 1480);
	piece(&f, 2500, 1480, LEN - 1480);
	assert_whole(&f);
	field_end(&f);
}

/* The same of many peers: a bound for all, and the newest of them is still put together. */
static void flood_of_many(void **state)
{
	struct field f;

	field_init(&f, state);
	for (uint32_t i = 0; i < 5000; i++) {
		struct ip stranger = siege_stranger(&f.s, i);

		piece_of(&f, &stranger, 1, 30000, 8, true);
		assert_true(f.s.host->reassemblies.bytes <= ALL_MOST);
		siege_bounded(&f.s, ALL_MOST + 65536);
		if (i % 1000 == 0)
			siege_talk(&f.s);
	}
	assert_in_range(siege_counter(&f.s, "ip", "reassembly_evicted"), 4500, 4999);
	piece(&f, 1, 0, 1480);
	piece(&f, 1, 1480, LEN - 1480);
	assert_whole(&f);
	field_end(&f);
}

/* And of packets that are dead: they hold next to nothing, but each is looked through for every fragment. */
static void flood_of_dead(void **state)
{
	struct field f;

	field_init(&f, state);
	for (uint32_t i = 0; i < 5000; i++) {
		struct ip stranger = siege_stranger(&f.s, i);

		piece_of(&f, &stranger, 1, 8, 8, false);
		piece_of(&f, &stranger, 1, 16, 8, false);
		assert_true(f.s.host->reassemblies.n <= 300);
		if (i % 1000 == 0)
			siege_talk(&f.s);
	}
	assert_siege_counter(&f.s, "ip", "reassembly_mismatches", 5000);
	piece(&f, 1, 0, 1480);
	piece(&f, 1, 1480, LEN - 1480);
	assert_whole(&f);
	field_end(&f);
}

/* The least pieces there are, with a hole behind each: the work for one packet is bounded, too. */
static void flood_of_holes(void **state)
{
	struct field f;

	field_init(&f, state);
	for (uint32_t id = 0; id < 20; id++) {
		for (unsigned off = 0; off < LEN; off += 16)
			piece(&f, id, off, off + 8 < LEN ? 8 : LEN - off);
	}
	assert_siege_counter(&f.s, "ip", "reassembly_holes", 20);
	assert_true(siege_counter(&f.s, "ip", "reassembly_dead") > 20 * 100);
	field_end(&f);
}

/* ---- row 32: IDs ---- */

struct ids {
	uint32_t of_enemy[64], of_a[64];
	unsigned n_enemy, n_a;
};

/* The ID of each first fragment. */
static void watch_ids(struct siege *s, const uint8_t *frame, size_t n)
{
	const uint8_t *ip = frame + ETH_HEADER;
	struct ids *ids = s->user;
	uint32_t id;

	if (s->family == BERTH_IP6) {
		if (n < ETH_HEADER + IP6_HEADER + 8 || ip[IP6_OFF_NEXT_HEADER] != IP6_NEXT_FRAGMENT ||
		    get_be16(ip + IP6_HEADER + 2) != 1)
			return;
		id = get_be32(ip + IP6_HEADER + 4);
	} else {
		if (get_be16(frame + ETH_OFF_TYPE) != ETH_TYPE_IP4 || get_be16(ip + IP4_OFF_FLAGS) != IP4_FLAG_MF)
			return;
		id = get_be16(ip + IP4_OFF_ID);
	}
	if (memcmp(frame, mac_enemy, 6) == 0)
		ids->of_enemy[ids->n_enemy++ % 64] = id;
	else
		ids->of_a[ids->n_a++ % 64] = id;
}

/* Row 32 (IP ID side channel, RFC 7739): who gets fragments of the host learns neither how many others got nor what
 * their IDs will be. */
static void ids_tell_nothing(void **state)
{
	struct ids ids = {0};
	unsigned near = 0;
	struct field f;

	field_init(&f, state);
	siege_meet(&f.s);
	f.s.watch = watch_ids;
	f.s.user = &ids;
	for (unsigned i = 0; i < 128; i++) {
		struct berth_socket_address to = cable_at(&f.s.c, i & 1 ? ENEMY : A, 9);

		assert_int_equal(berth_sendto(f.s.host, f.socket, f.data, N, 0, &to), N);
		cable_settle(&f.s.c);
	}
	assert_int_equal(ids.n_enemy, 64);
	assert_int_equal(ids.n_a, 64);
	for (unsigned i = 1; i < 64; i++) {
		near += (uint16_t)(ids.of_enemy[i] - ids.of_enemy[i - 1]) < 256;
		near += (uint16_t)(ids.of_a[i] - ids.of_enemy[i]) < 256;
	}
	assert_true(near < 8); /* 0.5 expected of even chance */
	if (f.s.family == BERTH_IP6) {
		unsigned high = 0;

		for (unsigned i = 1; i < 64; i++)
			high += ids.of_enemy[i] >> 16 != ids.of_enemy[i - 1] >> 16;
		assert_true(high > 56);
	}
	f.s.watch = NULL;
	field_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH_FAMILIES(overlaps),         IN_BOTH_FAMILIES(lengths_disagree),
		IN_BOTH_FAMILIES(impossible),       IN_FAMILY(first_fragment_cut, "IPv6", family_ip6),
		IN_BOTH_FAMILIES(flood_of_one),     IN_BOTH_FAMILIES(flood_of_many),
		IN_BOTH_FAMILIES(flood_of_dead),    IN_BOTH_FAMILIES(flood_of_holes),
		IN_BOTH_FAMILIES(ids_tell_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
