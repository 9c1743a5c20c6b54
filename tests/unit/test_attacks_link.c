/* Stations on the link that ask, tell and claim without end, at a host in the middle of a conversation: the tables that
 * they could fill are bounded, what is in use stays, and who really wants something still gets it. Rows are those of
 * the list of known attacks; where none is named it is neighbour-table exhaustion (RFC 6583) and its likes. */
#include "siege.h"

#include "dhcp_message.h"
#include "group.h"
#include "igmp.h"

#define NEIGHBOURS_MOST 512
#define TABLE_MOST (256u << 10) /* bytes that so many neighbours take */
#define HELD_MOST (1u << 20)    /* and the packets that wait for them */

/* `who`, at `mac`, tells b where it is. */
static void tell(struct siege *s, const struct ip *who, const uint8_t mac[6])
{
	struct ip b = siege_ip(s, B);
	struct eth_header eth = {.type = ETH_TYPE_ARP};
	struct arp_packet arp = {.operation = ARP_REPLY};
	struct nd_neighbour nd = {.has_mac = true};
	uint8_t bytes[ETH_HEADER + ARP_LEN], body[ND_NEIGHBOUR_MAX];

	if (s->family == BERTH_IP6) {
		ip_to_bytes(who, nd.target);
		memcpy(nd.mac, mac, 6);
		siege_icmp(s, (struct foul){.source = *who, .hop_limit = 255, .mac = mac}, ICMP6_NEIGHBOUR_ADVERT, 0,
			   ND_SOLICITED | ND_OVERRIDE, body, nd_neighbour_emit(ICMP6_NEIGHBOUR_ADVERT, &nd, body));
		return;
	}
	memcpy(eth.destination, mac_b, 6);
	memcpy(eth.source, mac, 6);
	memcpy(arp.sender_mac, mac, 6);
	put_be32(arp.sender_ip, ip_to_ip4(who));
	put_be32(arp.target_ip, ip_to_ip4(&b));
	arp_emit(&arp, eth_emit(&eth, bytes));
	siege_frame(s, bytes, sizeof(bytes));
}

/* A new station, this once an honest one, asks for the host, speaks to it, says where it is when it is asked, and has
 * its answer. */
static void new_station_gets_in(struct siege *s)
{
	uint8_t type = s->family == BERTH_IP6 ? ICMP6_ECHO_REQUEST : 8;
	struct ip who = siege_ip(s, ENEMY);

	siege_quiet(s);
	siege_meet(s);
	siege_icmp(s, (struct foul){0}, type, 0, 1, "hello", 5);
	cable_settle(&s->c);
	if (s->n_seen == 0)
		tell(s, &who, mac_enemy);
	cable_settle(&s->c);
	assert_int_equal(s->n_seen, 1);
	assert_memory_equal(s->seen + s->n_last - 5, "hello", 5);
}

/* ---- neighbours ---- */

/* Thousands of stations ask for the host. */
static void strangers_ask(void **state)
{
	struct siege s;

	siege_init(&s, family_of(state));
	for (uint32_t i = 0; i < 5000; i++) {
		struct ip stranger = siege_stranger(&s, i);
		uint8_t mac[6];

		siege_stranger_mac(i, mac);
		siege_ask(&s, &stranger, mac);
		cable_settle(&s.c);
		assert_true(s.host->neighbours.n <= NEIGHBOURS_MOST);
		siege_bounded(&s, TABLE_MOST);
		if (i % 500 == 499)
			siege_talk(&s);
	}
	new_station_gets_in(&s);
	siege_holds(&s, TABLE_MOST);
	siege_deinit(&s);
}

/* Thousands that do not exist begin to talk: the host looks for each, with its answer waiting. */
static void strangers_open(void **state)
{
	struct siege s;

	siege_init(&s, family_of(state));
	for (uint32_t i = 0; i < 5000; i++) {
		uint8_t syn[20] = {0x12, 0x34, PORT_B >> 8, PORT_B & 255, [12] = 0x50, 0x02, 0xff, 0xff};
		struct foul f = {
			.source = siege_stranger(&s, i), .protocol = IP_PROTOCOL_TCP, .payload = syn, .n = sizeof(syn)};

		foul_seal(&s, &f, syn, 16);
		siege_packet(&s, &f);
		if (i % 2) {
			f.protocol = s.family == BERTH_IP6 ? IP_PROTOCOL_ICMP6 : IP_PROTOCOL_ICMP4;
			siege_icmp(&s, f, s.family == BERTH_IP6 ? ICMP6_ECHO_REQUEST : 8, 0, 0, "x", 1);
		}
		cable_settle(&s.c);
		assert_true(s.host->neighbours.n <= NEIGHBOURS_MOST);
		assert_true(s.host->neighbours.bytes_held <= HELD_MOST);
		siege_bounded(&s, TABLE_MOST + HELD_MOST);
		if (i % 500 == 499)
			siege_talk(&s);
	}
	assert_true(counter(s.host, "neighbour_replaced") > 2000);
	new_station_gets_in(&s);
	cable_run(&s.c, s.c.now + 120 * SECOND);
	siege_holds(&s, 65536);
	siege_deinit(&s);
}

/* Thousands tell where they are, though nobody has asked. */
static void strangers_tell(void **state)
{
	struct siege s;
	uint32_t n;

	siege_init(&s, family_of(state));
	n = s.host->neighbours.n;
	for (uint32_t i = 0; i < 5000; i++) {
		struct ip stranger = siege_stranger(&s, i);
		uint8_t mac[6];

		siege_stranger_mac(i, mac);
		tell(&s, &stranger, mac);
	}
	assert_true(counter(s.host, s.family == BERTH_IP6 ? "nd_unsolicited" : "arp_unsolicited") >= 5000);
	assert_int_equal(s.host->neighbours.n, n);
	new_station_gets_in(&s);
	siege_holds(&s, 1024);
	siege_deinit(&s);
}

/* ---- groups ---- */

struct reports {
	unsigned n;
};

static void watch_reports(struct siege *s, const uint8_t *frame, size_t n)
{
	struct reports *reports = s->user;
	const uint8_t *ip = frame + ETH_HEADER;

	(void)n;
	if (get_be16(frame + ETH_OFF_TYPE) == ETH_TYPE_IP4)
		reports->n += ip[IP4_OFF_PROTOCOL] == 2;
	else if (get_be16(frame + ETH_OFF_TYPE) == ETH_TYPE_IP6)
		reports->n += ip[IP6_OFF_NEXT_HEADER] == IP6_NEXT_HOP_BY_HOP;
}

/* A query of the newest version: of everything, of a group, or of thirty sources of it; to be answered at once. */
static void ask_for_groups(struct siege *s, unsigned kind, const struct ip *group)
{
	static const uint8_t alert4[4] = {0x94, 4, 0, 0}, alert6[8] = {IP_PROTOCOL_ICMP6, 0, 5, 2, 0, 0, 1, 0};
	bool six = s->family == BERTH_IP6;
	struct foul f = {.source = siege_ip(s, 1), .hop_limit = 1};
	size_t n_address = six ? 16 : 4, n_sources = kind == 2 ? 30 : 0;
	uint8_t bytes[600] = {six ? ICMP6_MLD_QUERY : IGMP_QUERY}, *at = bytes + (six ? 8 : 4);

	f.destination = six ? ip6_all_nodes(1) : ip_of_ip4(0xe0000001);
	if (kind)
		f.destination = *group;
	if (kind)
		ip_to_bytes(group, at);
	at += n_address;
	at[0] = 2;
	at[1] = 1;
	put_be16(at + 2, (uint16_t)n_sources);
	memset(at + 4, six ? 0xfd : 10, n_sources * n_address);
	f.n = (size_t)(at - bytes) + 4 + n_sources * n_address;
	f.payload = bytes;
	f.protocol = six ? IP_PROTOCOL_ICMP6 : 2;
	f.before = six ? alert6 : alert4;
	f.n_before = six ? 8 : 4;
	f.next = IP6_NEXT_HOP_BY_HOP;
	if (six)
		f.source = (struct ip){.high = UINT64_C(0xfe80) << 48, .low = 1, .scope = 1};
	foul_seal(s, &f, bytes, 2);
	siege_packet(s, &f);
}

/* Queries by the thousand: answers come at the host's pace, and nothing is kept of who asked for what. */
static void queries(void **state)
{
	struct reports reports = {0};
	struct ip group = ip_of_ip4(0xef010203);
	struct siege s;

	siege_init(&s, family_of(state));
	if (s.family == BERTH_IP6)
		group = (struct ip){.high = UINT64_C(0xff0e) << 48, .low = 7};
	assert_int_equal(group_join(s.host, 1, &group), 0);
	cable_run(&s.c, s.c.now + 20 * SECOND);
	s.bytes_quiet = s.heap.n_bytes;
	s.watch = watch_reports;
	s.user = &reports;
	for (unsigned i = 0; i < 20000; i++) {
		ask_for_groups(&s, i % 3, &group);
		if (i % 100 == 99)
			cable_run(&s.c, s.c.now + 10 * MS);
		siege_bounded(&s, 4096);
	}
	assert_int_equal(counter(s.host, s.family == BERTH_IP6 ? "mld_queries_in" : "igmp_queries_in"), 20000);
	assert_in_range(reports.n, 1, 2 * 10 + 2);
	s.watch = NULL;
	siege_holds(&s, 1024);
	siege_deinit(&s);
}

/* ---- DHCP ---- */

struct client {
	uint32_t xid;      /* of what the host said last */
	uint32_t server;   /* whom it has asked for an address; 0: nobody so far */
	unsigned n_frames; /* that it has sent */
};

static void watch_dhcp(struct siege *s, const uint8_t *frame, size_t n)
{
	struct client *client = s->user;
	const uint8_t *ip = frame + ETH_HEADER, *dhcp = ip + IP4_HEADER + UDP_HEADER;
	struct dhcp_message m;

	if (get_be16(frame + ETH_OFF_TYPE) != ETH_TYPE_IP4 || ip[IP4_OFF_PROTOCOL] != IP_PROTOCOL_UDP ||
	    get_be16(ip + IP4_HEADER + 2) != DHCP_SERVER_PORT)
		return;
	assert_int_equal(dhcp_parse(dhcp, n - (size_t)(dhcp - frame), &m), DHCP_OK);
	client->n_frames++;
	client->xid = m.xid;
	if (m.type == DHCP_REQUEST)
		client->server = m.server_id;
}

/* A host that looks for a server. */
static void look_for_servers(struct siege *s, struct client *client)
{
	*client = (struct client){0};
	siege_init(s, BERTH_IP4);
	s->watch = watch_dhcp;
	s->user = client;
	assert_int_equal(berth_host_interface_auto(s->host, 1, BERTH_AUTO_DHCP), 0);
	for (unsigned i = 0; i < 200 && client->n_frames == 0; i++)
		cable_run(&s->c, s->c.now + 100 * MS);
	assert_int_equal(client->n_frames, 1);
	s->bytes_quiet = s->heap.n_bytes;
}

/* n bytes of a server's message. */
static void dhcp_bytes(struct siege *s, const uint8_t *bytes, size_t n)
{
	struct foul f = {.destination = ip_of_ip4(UINT32_MAX), .protocol = IP_PROTOCOL_UDP};
	uint8_t udp[2048];

	foul_udp(s, &f, udp, DHCP_CLIENT_PORT, bytes, n);
	put_be16(udp, DHCP_SERVER_PORT);
	foul_seal(s, &f, udp, UDP_OFF_CHECKSUM);
	siege_packet(s, &f);
}

static struct dhcp_message answer_of(uint32_t xid, unsigned type, uint32_t server)
{
	return (struct dhcp_message){.op = DHCP_TO_CLIENT,
				     .type = (uint8_t)type,
				     .xid = xid,
				     .yours = 0xc0a80164u + (server & 255), /* 192.168.1.100 and on */
				     .mac = {2, 0, 0, 0, 0, 6},
				     .has_server_id = true,
				     .server_id = server,
				     .has_mask = true,
				     .mask = 0xffffff00,
				     .has_lease = true,
				     .s_lease = 3600};
}

static void dhcp_answer(struct siege *s, const struct dhcp_message *m)
{
	uint8_t bytes[1500];

	dhcp_bytes(s, bytes, (size_t)(dhcp_emit(m, bytes) - bytes));
}

/* Where the end of the options stands. */
static size_t end_of_options(const uint8_t *bytes, size_t n)
{
	size_t at = DHCP_HEADER;

	while (at + 1 < n && bytes[at] != 255)
		at += bytes[at] ? 2u + bytes[at + 1] : 1;
	return at;
}

/* Row 8 (Ripple20 CVE-2020-11903, -11905): every option at every length, whole, and one byte short of what it says. */
static void dhcp_options(void **state)
{
	static const uint8_t fills[] = {0, 1, 3, 'a', 0xc0, 0xff};
	struct client client;
	struct siege s;
	uint32_t n_addresses;

	(void)state;
	look_for_servers(&s, &client);
	n_addresses = s.host->n_addresses;
	for (unsigned code = 1; code < 255; code++) {
		for (unsigned len = 0; len < 256; len += len < 34 ? 1 : 17) {
			for (unsigned i = 0; i < 4; i++) {
				struct dhcp_message m =
					answer_of(client.xid, i & 1 ? DHCP_ACK : DHCP_OFFER, 0xc0a80109);
				uint8_t bytes[1024] = {0};
				size_t at = end_of_options(bytes, (size_t)(dhcp_emit(&m, bytes) - bytes));

				bytes[at] = (uint8_t)code;
				bytes[at + 1] = (uint8_t)len;
				memset(bytes + at + 2, fills[(code + len + i) % sizeof(fills)], len);
				dhcp_bytes(&s, bytes, at + 2 + len - (i >= 2 && len > 0));
			}
		}
		siege_bounded(&s, 65536);
	}
	/* Every cut of a message, by its end and by all that comes before it. */
	for (size_t n = 0; n < 300; n++) {
		struct dhcp_message m = answer_of(client.xid, DHCP_OFFER, 0xc0a80109);
		uint8_t bytes[1024];

		dhcp_emit(&m, bytes);
		dhcp_bytes(&s, bytes, n);
	}
	assert_true(counter(s.host, "dhcp_bad") >= DHCP_HEADER);
	cable_run(&s.c, s.c.now + 20 * SECOND);
	assert_true(s.host->n_addresses <= n_addresses + 1);
	siege_holds(&s, 65536);
	siege_deinit(&s);
}

/* Ten servers offer: one is asked, and only what it says counts. */
static void ten_servers(void **state)
{
	struct client client;
	struct siege s;
	uint32_t n_addresses;

	(void)state;
	look_for_servers(&s, &client);
	n_addresses = s.host->n_addresses;
	for (uint32_t i = 0; i < 10; i++)
		dhcp_answer(&s, &(struct dhcp_message[]){answer_of(client.xid, DHCP_OFFER, 0xc0a801c8 + i)}[0]);
	cable_settle(&s.c);
	assert_int_equal(counter(s.host, "dhcp_requests_out"), 1);
	assert_int_equal(client.server, 0xc0a801c8);
	for (uint32_t i = 10; i-- > 0;)
		dhcp_answer(&s, &(struct dhcp_message[]){answer_of(client.xid, DHCP_ACK, 0xc0a801c8 + i)}[0]);
	for (uint32_t i = 0; i < 10; i++)
		dhcp_answer(&s, &(struct dhcp_message[]){answer_of(client.xid, DHCP_NAK, 0xc0a801c8 + i)}[0]);
	cable_run(&s.c, s.c.now + 20 * SECOND);
	assert_int_equal(counter(s.host, "dhcp_leases"), 1);
	assert_int_equal(counter(s.host, "dhcp_lost"), 0);
	assert_int_equal(s.host->n_addresses, n_addresses + 1);
	assert_non_null(host_address_find(s.host, &(struct ip[]){ip_of_ip4(0xc0a80164u + 0xc8)}[0]));
	siege_holds(&s, 4096);
	siege_deinit(&s);
}

/* A server that offers and refuses without end, and one that guesses numbers: the host asks less and less. */
static void dhcp_flood(void **state)
{
	struct client client;
	struct siege s;

	(void)state;
	look_for_servers(&s, &client);
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t xid = i % 2 ? client.xid : client.xid + i;
		static const uint8_t types[] = {DHCP_OFFER, DHCP_NAK, DHCP_ACK, DHCP_NO_TYPE, DHCP_DISCOVER};
		struct dhcp_message m = answer_of(xid, types[i / 2 % 5], 0xc0a801c8);

		if (m.type == DHCP_ACK)
			m.yours++;
		dhcp_answer(&s, &m);
		if (i % 10 == 9)
			cable_run(&s.c, s.c.now + 10 * MS);
		siege_bounded(&s, 8192);
	}
	/* 20 seconds. */
	assert_in_range(client.n_frames, 4, 24);
	assert_int_equal(counter(s.host, "dhcp_leases"), 0);
	assert_true(counter(s.host, "dhcp_not_for_us") >= 9000);
	siege_holds(&s, 8192);
	siege_deinit(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_BOTH_FAMILIES(strangers_ask),
		IN_BOTH_FAMILIES(strangers_open),
		IN_BOTH_FAMILIES(strangers_tell),
		IN_BOTH_FAMILIES(queries),
		IN_FAMILY(dhcp_options, "IPv4", family_ip4),
		IN_FAMILY(ten_servers, "IPv4", family_ip4),
		IN_FAMILY(dhcp_flood, "IPv4", family_ip4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
