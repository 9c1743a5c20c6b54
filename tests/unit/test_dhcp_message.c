/* DHCP messages: what dnsmasq says, every option at every length, every cut, and back again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "dhcp_message.h"
#include "wire_packets.h"

/* A DHCPACK of dnsmasq 2.90. */
static const uint8_t ack[] = {
	0x02, 0x01, 0x06, 0x00, 0x12, 0x34, 0x56, 0x78, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0xa8,
	0x01, 0x45, 0xc0, 0xa8, 0x01, 0x05, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x63, 0x82, 0x53, 0x63, 0x35, 0x01, 0x05, 0x36, 0x04, 0xc0, 0xa8, 0x01, 0x05, 0x33, 0x04, 0x00,
	0x00, 0xa8, 0xc0, 0x3a, 0x04, 0x00, 0x00, 0x00, 0x3c, 0x3b, 0x04, 0x00, 0x00, 0x00, 0x69, 0x01, 0x04, 0xff,
	0xff, 0xff, 0x00, 0x1c, 0x04, 0xc0, 0xa8, 0x01, 0xff, 0x03, 0x04, 0xc0, 0xa8, 0x01, 0x05, 0x0f, 0x0c, 0x65,
	0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x2e, 0x74, 0x65, 0x73, 0x74, 0x0c, 0x05, 0x62, 0x65, 0x72, 0x74, 0x68,
	0x79, 0x0c, 0x10, 0x0a, 0x01, 0xc0, 0xa8, 0x01, 0x09, 0x00, 0xc0, 0xa8, 0x01, 0x05, 0x77, 0x18, 0x03, 0x65,
	0x6e, 0x67, 0x07, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x04, 0x74, 0x65, 0x73, 0x74, 0x00, 0xc0, 0x04,
	0x01, 0x61, 0xc0, 0x00, 0x1a, 0x02, 0x05, 0x78, 0x06, 0x08, 0xc0, 0xa8, 0x01, 0x05, 0xc0, 0xa8, 0x01, 0x06,
	0xff,
};

#define OFF_SNAME 44
#define OFF_FILE 108
#define OFF_COOKIE 236

/* A message being put together by hand: the head of `ack`, then options. */
struct built {
	uint8_t bytes[70000];
	size_t n;
};

static struct built built;

static void begin(void)
{
	memset(&built, 0, sizeof(built));
	memcpy(built.bytes, ack, DHCP_HEADER);
	built.n = DHCP_HEADER;
}

static void add(uint8_t code, const void *value, uint8_t len)
{
	built.bytes[built.n++] = code;
	built.bytes[built.n++] = len;
	memcpy(built.bytes + built.n, value, len);
	built.n += len;
}

/* From an allocation that ends where the message does. */
static struct dhcp_message parsed(void)
{
	uint8_t *p = exact_copy(built.bytes, built.n);
	struct dhcp_message m;

	assert_int_equal(dhcp_parse(p, built.n, &m), DHCP_OK);
	free(p);
	return m;
}

static void assert_same(const struct dhcp_message *a, const struct dhcp_message *b)
{
	assert_int_equal(a->op, b->op);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->broadcast, b->broadcast);
	assert_int_equal(a->secs, b->secs);
	assert_int_equal(a->xid, b->xid);
	assert_memory_equal(&a->client, &b->client, 4 * sizeof(a->client));
	assert_memory_equal(a->mac, b->mac, 6);
	assert_memory_equal(&a->has_requested, &b->has_requested, 9);
	assert_memory_equal(&a->requested, &b->requested, 7 * sizeof(a->requested));
	assert_int_equal(a->mtu, b->mtu);
	assert_int_equal(a->largest, b->largest);
	assert_memory_equal(&a->routers, &b->routers, sizeof(a->routers));
	assert_memory_equal(&a->dns, &b->dns, sizeof(a->dns));
	assert_memory_equal(&a->n_routes, &b->n_routes, 4);
	for (unsigned i = 0; i < a->n_routes; i++) {
		assert_int_equal(a->routes[i].destination, b->routes[i].destination);
		assert_int_equal(a->routes[i].gateway, b->routes[i].gateway);
		assert_int_equal(a->routes[i].prefix, b->routes[i].prefix);
	}
	assert_memory_equal(a->client_id, b->client_id, sizeof(a->client_id));
	assert_memory_equal(a->parameters, b->parameters, sizeof(a->parameters));
	assert_string_equal(a->host_name, b->host_name);
	assert_string_equal(a->domain, b->domain);
	for (unsigned i = 0; i < a->n_search; i++)
		assert_string_equal(dhcp_search(a, i), dhcp_search(b, i));
}

static void assert_comes_back(const struct dhcp_message *m)
{
	size_t n = dhcp_len(m);
	uint8_t *bytes = malloc(n);
	struct dhcp_message back;

	assert_non_null(bytes);
	assert_true(n >= DHCP_LEN_MIN);
	assert_ptr_equal(dhcp_emit(m, bytes), bytes + n);
	assert_int_equal(dhcp_parse(bytes, n, &back), DHCP_OK);
	assert_int_equal(back.n_bad, 0);
	assert_int_equal(back.n_cut, 0);
	assert_same(m, &back);
	free(bytes);
}

static void test_real_ack(void **state)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 7};
	struct dhcp_message m;

	assert_int_equal(dhcp_parse(ack, sizeof(ack), &m), DHCP_OK);
	assert_int_equal(m.op, DHCP_TO_CLIENT);
	assert_int_equal(m.type, DHCP_ACK);
	assert_int_equal(m.xid, 0x12345678);
	assert_true(m.broadcast);
	assert_int_equal(m.yours, 0xc0a80145);
	assert_int_equal(m.server, 0xc0a80105);
	assert_memory_equal(m.mac, mac, 6);
	assert_true(m.has_server_id && m.server_id == 0xc0a80105);
	assert_true(m.has_lease && m.s_lease == 43200);
	assert_true(m.has_t1 && m.s_t1 == 60);
	assert_true(m.has_t2 && m.s_t2 == 105);
	assert_true(m.has_mask && m.mask == 0xffffff00);
	assert_true(m.has_broadcast_ip && m.broadcast_ip == 0xc0a801ff);
	assert_true(m.has_mtu && m.mtu == 1400);
	assert_false(m.has_requested || m.has_largest);
	assert_true(m.routers.n == 1 && m.routers.ip[0] == 0xc0a80105);
	assert_true(m.dns.n == 2 && m.dns.ip[0] == 0xc0a80105 && m.dns.ip[1] == 0xc0a80106);
	assert_string_equal(m.domain, "example.test");
	assert_string_equal(m.host_name, "berth");
	assert_int_equal(m.n_search, 3);
	assert_string_equal(dhcp_search(&m, 0), "eng.example.test");
	assert_string_equal(dhcp_search(&m, 1), "example.test");
	assert_string_equal(dhcp_search(&m, 2), "a.eng.example.test");
	assert_int_equal(m.n_routes, 2);
	assert_true(m.routes[0].destination == 0x0a010000 && m.routes[0].prefix == 16);
	assert_true(m.routes[0].gateway == 0xc0a80109);
	assert_true(m.routes[1].destination == 0 && m.routes[1].prefix == 0 && m.routes[1].gateway == 0xc0a80105);
	assert_int_equal(m.n_bad, 0);
	assert_int_equal(m.n_cut, 0);
	assert_comes_back(&m);
}

/* attacks.md row 8, the first half: a message that ends anywhere. What is whole is read, nothing behind is. */
static void test_cut(void **state)
{
	for (size_t n = 0; n < sizeof(ack); n++) {
		uint8_t *p = exact_copy(ack, n);
		struct dhcp_message m;
		enum dhcp_verdict verdict = dhcp_parse(p, n, &m);

		free(p);
		assert_int_equal(verdict, n < DHCP_HEADER ? DHCP_SHORT : DHCP_OK);
		if (verdict != DHCP_OK)
			continue;
		assert_true(m.n_bad <= 1);
		assert_int_equal(m.type, n >= DHCP_HEADER + 3 ? DHCP_ACK : DHCP_NO_TYPE);
		assert_int_equal(m.has_server_id, n >= DHCP_HEADER + 9);
		assert_comes_back(&m);
	}
}

static void test_fixed_part(void **state)
{
	struct dhcp_message m;
	uint8_t *p = exact_copy(ack, sizeof(ack));

	for (unsigned v = 0; v < 256; v++) {
		p[0] = (uint8_t)v;
		assert_int_equal(dhcp_parse(p, sizeof(ack), &m), v == 1 || v == 2 ? DHCP_OK : DHCP_BAD_OP);
		p[0] = 2;
		p[1] = (uint8_t)v;
		assert_int_equal(dhcp_parse(p, sizeof(ack), &m), v == 1 ? DHCP_OK : DHCP_BAD_HARDWARE);
		p[1] = 1;
		p[2] = (uint8_t)v;
		assert_int_equal(dhcp_parse(p, sizeof(ack), &m), v == 6 ? DHCP_OK : DHCP_BAD_HARDWARE);
		p[2] = 6;
		p[OFF_COOKIE + 3] = (uint8_t)v;
		assert_int_equal(dhcp_parse(p, sizeof(ack), &m), v == 0x63 ? DHCP_OK : DHCP_BAD_COOKIE);
		p[OFF_COOKIE + 3] = 0x63;
	}
	free(p);
}

/* Which lengths an option may have: least, most, a multiple of. */
static const struct {
	uint8_t code, least, most, of;
} lengths[] = {
	{DHCP_OPTION_MASK, 4, 4, 1},         {DHCP_OPTION_ROUTERS, 4, 255, 4},  {DHCP_OPTION_DNS, 4, 255, 4},
	{DHCP_OPTION_MTU, 2, 2, 1},          {DHCP_OPTION_BROADCAST, 4, 4, 1},  {DHCP_OPTION_REQUESTED, 4, 4, 1},
	{DHCP_OPTION_LEASE, 4, 4, 1},        {DHCP_OPTION_OVERLOAD, 1, 1, 1},   {DHCP_OPTION_SERVER, 4, 4, 1},
	{DHCP_OPTION_PARAMETERS, 1, 255, 1}, {DHCP_OPTION_LARGEST, 2, 2, 1},    {DHCP_OPTION_T1, 4, 4, 1},
	{DHCP_OPTION_T2, 4, 4, 1},           {DHCP_OPTION_CLIENT_ID, 2, 64, 1},
};

static bool may_be(uint8_t code, unsigned len, bool *known)
{
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		*known = lengths[i].code == code;
		if (*known)
			return len >= lengths[i].least && len <= lengths[i].most && len % lengths[i].of == 0;
	}
	return true;
}

/* attacks.md row 8: every option at every length, whole and one byte short; those before and behind it are read. */
static void test_every_option_length(void **state)
{
	static const uint8_t value[256] = {3, 3, 1, 1, 1, 1};

	for (unsigned code = 1; code < 255; code++) {
		if (code == DHCP_OPTION_TYPE || code == DHCP_OPTION_DOMAIN)
			continue;
		for (unsigned len = 0; len < 256; len++) {
			struct dhcp_message m;
			bool known, good = may_be((uint8_t)code, len, &known);

			begin();
			add(DHCP_OPTION_TYPE, "\x02", 1);
			add((uint8_t)code, value, (uint8_t)len);
			add(DHCP_OPTION_DOMAIN, "test", 4);
			m = parsed();
			assert_int_equal(m.type, DHCP_OFFER);
			assert_string_equal(m.domain, "test");
			if (known)
				assert_int_equal(m.n_bad, !good);
			assert_comes_back(&m);
			built.n -= 7;
			m = parsed();
			assert_int_equal(m.type, DHCP_OFFER);
			assert_true(m.n_bad <= 1 + (len == 0));
			assert_string_equal(m.domain, "");
		}
	}
}

static void test_types(void **state)
{
	for (unsigned type = 0; type < 256; type++) {
		uint8_t v = (uint8_t)type;
		struct dhcp_message m;

		begin();
		add(DHCP_OPTION_TYPE, &v, 1);
		m = parsed();
		assert_int_equal(m.type, type <= DHCP_INFORM ? type : 0);
		assert_int_equal(m.n_bad, type == 0 || type > DHCP_INFORM);
	}
	assert_string_equal(dhcp_type_name(DHCP_NO_TYPE), "BOOTP");
	assert_string_equal(dhcp_type_name(DHCP_INFORM), "DHCPINFORM");
	assert_string_equal(dhcp_type_name(255), "DHCP");
}

/* A number that is said twice is not believed; a list in two parts is one list (RFC 3396). */
static void test_repeated(void **state)
{
	struct dhcp_message m;

	begin();
	add(DHCP_OPTION_LEASE, "\0\0\0\1", 4);
	add(DHCP_OPTION_LEASE, "\0\0\0\2", 4);
	add(DHCP_OPTION_DNS, "\1\1\1", 3);
	add(DHCP_OPTION_MASK, "\xff\xff\0\0", 4);
	add(DHCP_OPTION_DNS, "\1\2\2\2\2", 5);
	m = parsed();
	assert_false(m.has_lease);
	assert_int_equal(m.n_bad, 1);
	assert_true(m.has_mask);
	assert_int_equal(m.dns.n, 2);
	assert_int_equal(m.dns.ip[0], 0x01010101);
	assert_int_equal(m.dns.ip[1], 0x02020202);
}

/* Options in file and sname, in this order, when option 52 says so. */
static void test_overload(void **state)
{
	for (unsigned overload = 0; overload < 6; overload++) {
		uint8_t v = (uint8_t)overload;
		struct dhcp_message m;
		size_t end;

		begin();
		add(DHCP_OPTION_TYPE, "\x02", 1);
		add(DHCP_OPTION_DNS, "\1\1\1\1", 4);
		add(DHCP_OPTION_OVERLOAD, &v, 1);
		end = built.n;
		built.n = OFF_SNAME;
		add(DHCP_OPTION_DNS, "\3\3\3\3", 4);
		/* Up to the field's end, without the option that says so. */
		add(200, ack, OFF_FILE - OFF_SNAME - 8);
		built.n = OFF_FILE;
		add(DHCP_OPTION_DNS, "\2\2\2\2", 4);
		add(DHCP_OPTION_OVERLOAD, "\3", 1);
		built.bytes[built.n++] = 255;
		add(DHCP_OPTION_DNS, "\4\4\4\4", 4);
		built.n = end;
		m = parsed();
		if (overload == 0 || overload > 3) {
			assert_int_equal(m.n_bad, 1);
			assert_int_equal(m.dns.n, 1);
			continue;
		}
		assert_int_equal(m.n_bad, 0);
		assert_int_equal(m.dns.n, 1 + (overload & 1) + (overload >> 1));
		if (overload & 1)
			assert_int_equal(m.dns.ip[1], 0x02020202);
		if (overload & 2)
			assert_int_equal(m.dns.ip[m.dns.n - 1], 0x03030303);
	}
}

/* An option that reaches out of its field ends it, also where bytes follow. */
static void test_overload_cut(void **state)
{
	struct dhcp_message m;

	begin();
	add(DHCP_OPTION_OVERLOAD, "\3", 1);
	built.bytes[OFF_SNAME + 62] = DHCP_OPTION_LEASE;
	built.bytes[OFF_SNAME + 63] = 4;
	built.bytes[OFF_FILE + 127] = DHCP_OPTION_MASK;
	m = parsed();
	assert_int_equal(m.n_bad, 2);
	assert_false(m.has_lease || m.has_mask);
}

/* A thousand options: so many are looked at, the rest is counted. */
static void test_many_options(void **state)
{
	struct dhcp_message m;

	begin();
	for (unsigned i = 0; i < DHCP_OPTIONS_MAX - 1; i++)
		add(224, "x", 1);
	add(DHCP_OPTION_LEASE, "\0\0\0\1", 4);
	m = parsed();
	assert_true(m.has_lease);
	assert_int_equal(m.n_cut, 0);
	for (unsigned i = 0; i < 1000; i++)
		add(DHCP_OPTION_DNS, "\1\1\1\1", 4);
	m = parsed();
	assert_int_equal(m.n_cut, 1);
	assert_int_equal(m.dns.n, 0);
	begin();
	for (unsigned i = 0; i < 100; i++)
		add(DHCP_OPTION_ROUTERS, "\1\1\1\1\2\2\2\2", 8);
	for (unsigned i = 0; i < 100; i++)
		add(DHCP_OPTION_ROUTES, "\x20\1\1\1\1\2\2\2\2", 9);
	m = parsed();
	assert_int_equal(m.routers.n, DHCP_IPS_MAX);
	assert_int_equal(m.n_routes, DHCP_ROUTES_MAX);
	assert_int_equal(m.n_cut, 2);
	assert_int_equal(m.n_bad, 0);
	assert_comes_back(&m);
	while (built.n < 65000)
		built.bytes[built.n++] = 0;
	m = parsed();
	assert_int_equal(m.n_cut, 2);
}

struct name {
	const char *bytes;
	size_t n;
	const char *text; /* NULL: cannot be */
};
#define NAME(bytes, text)                                                                                              \
	{                                                                                                              \
		bytes, sizeof(bytes) - 1, text                                                                         \
	}
#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_names(void **state)
{
	static const struct name names[] = {
		NAME("a", "a"),
		NAME("Example.test", "Example.test"),
		NAME("example.test.", "example.test"),
		NAME("with-hyphen_1\0\0", "with-hyphen_1"),
		NAME(A63 "." A63, A63 "." A63),
		NAME(A63 "." A63 "." A63 "." A63, NULL), /* 255 bytes */
		NAME(A63 "a", NULL),
		NAME("", NULL),
		NAME("\0\0", NULL),
		NAME(".", NULL),
		NAME("a..b", NULL),
		NAME(".a", NULL),
		NAME("a b", NULL),
		NAME("a\0b", NULL),
		NAME("a\033[31m", NULL),
		NAME("b\xc3\xa4", NULL),
		NAME("a;reboot", NULL),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct dhcp_message m;

		begin();
		add(DHCP_OPTION_HOST_NAME, names[i].bytes, (uint8_t)names[i].n);
		m = parsed();
		assert_string_equal(m.host_name, names[i].text ? names[i].text : "");
		assert_int_equal(m.n_bad, !names[i].text);
	}
}

/* attacks.md row 21: pointers to themselves, forward, in circles, and names that grow by them. */
static void test_search(void **state)
{
	static const struct name names[] = {
		NAME("\1a\0", "a"),
		NAME("\1a\1b\0", "a.b"),
		NAME("\1a\0\1b\xc0\0", "a b.a"),
		NAME("\1a\0\1b\xc0\0\1c\xc0\3", "a b.a c.b.a"),
		NAME("\1a\0\xc0\0\xc0\3", "a a a"), /* a pointer to a pointer */
		NAME("\2ab\0\1c\xc0\0", "ab c.ab"),
		NAME("\0", NULL),
		NAME("\1a", NULL),
		NAME("\2a", NULL),
		NAME("\1a\0\0", NULL),
		NAME("\xc0\0", NULL),
		NAME("\xc0\2\1a\0", NULL),
		NAME("\1a\xc0\0", NULL), /* into its own name */
		NAME("\1a\xc0\2", NULL),
		NAME("\1a\0\xc0\5\xc0\3", NULL), /* forward to one that leads back */
		NAME("\1a\0\1b\xc0", NULL),
		NAME("\1a\0\1b\xff\xff", NULL),
		NAME("\x40"
		     "a\0",
		     NULL),
		NAME("\x80"
		     "a\0",
		     NULL),
		NAME("\1.\0", NULL),
		NAME("\3a.b\0", NULL),
		NAME("\2a\0\0", NULL),
		NAME("\1\n\0", NULL),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char all[64] = "";
		struct dhcp_message m;

		begin();
		add(DHCP_OPTION_SEARCH, names[i].bytes, (uint8_t)names[i].n);
		m = parsed();
		assert_int_equal(m.n_bad, !names[i].text);
		for (unsigned j = 0; j < m.n_search; j++) {
			strcat(all, j ? " " : "");
			strcat(all, dhcp_search(&m, j));
		}
		assert_string_equal(all, names[i].text ? names[i].text : "");
		assert_comes_back(&m);
	}
}

/* Each name is a byte and a pointer to the one before: texts grow, and what is kept of them does not. */
static void test_search_amplified(void **state)
{
	uint8_t bytes[1280] = {1, 'a', 0};
	struct dhcp_message m;
	size_t n = 3, before = 0;

	while (n + 4 <= sizeof(bytes)) {
		size_t start = n;

		bytes[n++] = 1;
		bytes[n++] = 'b';
		bytes[n++] = (uint8_t)(0xc0 | before >> 8);
		bytes[n++] = (uint8_t)before;
		before = start;
	}
	begin();
	for (size_t at = 0; at < n; at += 255)
		add(DHCP_OPTION_SEARCH, bytes + at, (uint8_t)(n - at < 255 ? n - at : 255));
	m = parsed();
	assert_int_equal(m.n_cut, 1);
	assert_int_equal(m.n_search, 31);
	assert_comes_back(&m);
}

static void test_routes(void **state)
{
	static const struct {
		const char *bytes;
		uint8_t n;
		bool good;
		struct dhcp_route route;
	} routes[] = {
		{"\0\1\2\3\4", 5, true, {0, 0x01020304, 0}},
		{"\1\xff\1\2\3\4", 6, true, {0x80000000, 0x01020304, 1}},
		{"\x8\xa\1\2\3\4", 6, true, {0x0a000000, 0x01020304, 8}},
		{"\x9\xa\xff\1\2\3\4", 7, true, {0x0a800000, 0x01020304, 9}},
		{"\x18\xa\1\2\0\0\0\0", 8, true, {0x0a010200, 0, 24}},
		{"\x20\xa\1\2\3\1\2\3\4", 9, true, {0x0a010203, 0x01020304, 32}},
		{"\x21\xa\1\2\3\1\2\3\4\5", 10, false, {0}},
		{"\xff\xa\1\2\3\1\2\3\4\5", 10, false, {0}},
		{"\x18\xa\1\2\0\0\0", 7, false, {0}},
		{"\0", 1, false, {0}},
		{"", 0, false, {0}},
	};

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		struct dhcp_message m;

		begin();
		add(DHCP_OPTION_ROUTES, routes[i].bytes, routes[i].n);
		m = parsed();
		assert_int_equal(m.n_bad, !routes[i].good);
		assert_int_equal(m.n_routes, routes[i].good);
		if (!routes[i].good)
			continue;
		assert_int_equal(m.routes[0].destination, routes[i].route.destination);
		assert_int_equal(m.routes[0].gateway, routes[i].route.gateway);
		assert_int_equal(m.routes[0].prefix, routes[i].route.prefix);
		assert_comes_back(&m);
	}
}

static void test_least_values(void **state)
{
	struct dhcp_message m;

	begin();
	add(DHCP_OPTION_MTU, "\0\x43", 2);
	add(DHCP_OPTION_LARGEST, "\2\x3f", 2);
	m = parsed();
	assert_int_equal(m.n_bad, 2);
	begin();
	add(DHCP_OPTION_MTU, "\0\x44", 2);
	add(DHCP_OPTION_LARGEST, "\2\x40", 2);
	m = parsed();
	assert_true(m.has_mtu && m.mtu == 68 && m.has_largest && m.largest == 576);
}

/* All that a message can hold, options longer than 255 bytes among it. */
static void test_full_round_trip(void **state)
{
	static struct dhcp_message m = {
		.op = DHCP_TO_SERVER,
		.type = DHCP_REQUEST,
		.secs = 65535,
		.xid = 0xffffffff,
		.client = 1,
		.yours = 2,
		.server = 3,
		.relay = 0xfffffffe,
		.mac = {1, 2, 3, 4, 5, 6},
		.has_requested = true,
		.has_server_id = true,
		.has_mask = true,
		.has_broadcast_ip = true,
		.has_lease = true,
		.has_t1 = true,
		.has_t2 = true,
		.has_mtu = true,
		.has_largest = true,
		.requested = 4,
		.server_id = 5,
		.mask = 6,
		.broadcast_ip = 7,
		.s_lease = DHCP_FOREVER,
		.s_t1 = 8,
		.s_t2 = 9,
		.mtu = 65535,
		.largest = 1500,
		.routers.n = DHCP_IPS_MAX,
		.dns.n = DHCP_IPS_MAX,
		.n_routes = DHCP_ROUTES_MAX,
		.n_client_id = DHCP_CLIENT_ID_MAX,
		.n_parameters = DHCP_PARAMETERS_MAX,
		.host_name = "berth",
		.domain = A63 "." A63 "." A63 "."
			      "example.test",
	};
	char *to = m.search;

	for (unsigned i = 0; i < DHCP_IPS_MAX; i++) {
		m.routers.ip[i] = 0x0a000000 + i;
		m.dns.ip[i] = 0x0b000000 + i;
	}
	for (unsigned i = 0; i < DHCP_ROUTES_MAX; i++)
		m.routes[i] = (struct dhcp_route){.destination = 0x0a000000 + i, .gateway = i, .prefix = 32};
	memset(m.client_id, 0xab, sizeof(m.client_id));
	memset(m.parameters, 0xcd, sizeof(m.parameters));
	for (; m.n_search < 255; m.n_search++) {
		strcpy(to, "a.b");
		to += 4;
	}
	assert_comes_back(&m);
	assert_comes_back(&(struct dhcp_message){.op = DHCP_TO_CLIENT});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_ack),        cmocka_unit_test(test_cut),
		cmocka_unit_test(test_fixed_part),      cmocka_unit_test(test_every_option_length),
		cmocka_unit_test(test_types),           cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_overload),        cmocka_unit_test(test_overload_cut),
		cmocka_unit_test(test_many_options),    cmocka_unit_test(test_names),
		cmocka_unit_test(test_search),          cmocka_unit_test(test_search_amplified),
		cmocka_unit_test(test_routes),          cmocka_unit_test(test_least_values),
		cmocka_unit_test(test_full_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
