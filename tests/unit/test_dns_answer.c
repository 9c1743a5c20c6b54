/* Addresses out of DNS answers: what is taken, and answers made to break whoever reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <berth/error.h>

#include "dns_answer.h"

enum {
	A = 1,
	CNAME = 5,
	AAAA = 28,
	KEPT = 16,
};

struct packet {
	uint8_t bytes[65535];
	size_t n;
};

static void put(struct packet *p, const void *bytes, size_t n)
{
	assert_true(n <= sizeof(p->bytes) - p->n);
	memcpy(p->bytes + p->n, bytes, n);
	p->n += n;
}

static void put16(struct packet *p, unsigned value)
{
	put(p, (uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

/* Labels, each ended by a dot; without the root's. */
static void put_labels(struct packet *p, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");

		put(p, &(uint8_t){(uint8_t)n}, 1);
		put(p, name, n);
		name += n + (name[n] == '.');
	}
}

static void put_name(struct packet *p, const char *name)
{
	put_labels(p, name);
	put(p, "", 1);
}

static void put_pointer(struct packet *p, size_t to)
{
	put16(p, 0xc000 | (unsigned)to);
}

/* Header and a question about `name`. */
static void begin(struct packet *p, const char *name, unsigned n_answers)
{
	p->n = 0;
	put(p, (uint8_t[]){0x12, 0x34, 0x81, 0x80, 0, 1}, 6);
	put16(p, n_answers);
	put(p, (uint8_t[]){0, 0, 0, 0}, 4);
	put_name(p, name);
	put16(p, A);
	put16(p, 1);
}

/* What follows a record's name. */
static void put_data(struct packet *p, unsigned type, const void *data, size_t n)
{
	put16(p, type);
	put16(p, 1);
	put(p, (uint8_t[]){0, 0, 0, 60}, 4);
	put16(p, (unsigned)n);
	put(p, data, n);
}

static void put_address(struct packet *p, const char *name, uint8_t last)
{
	put_name(p, name);
	put_data(p, A, (uint8_t[]){192, 0, 2, last}, 4);
}

static void put_alias(struct packet *p, const char *name, const char *to)
{
	struct packet *data = calloc(1, sizeof(*data));

	put_name(data, to);
	put_name(p, name);
	put_data(p, CNAME, data->bytes, data->n);
	free(data);
}

/* Reads a copy of exactly n bytes, so that a sanitizer sees what is read beyond. */
static int read_n(const struct packet *p, size_t n, enum berth_family family, struct berth_address out[KEPT])
{
	uint8_t *copy = malloc(n ? n : 1);

	memcpy(copy, p->bytes, n);
	int r = dns_answer_addresses(copy, n, family, out, KEPT);
	free(copy);
	return r;
}

/* The last bytes of the addresses, or the error. */
static const char *read_text(const struct packet *p, enum berth_family family)
{
	static char text[256];
	struct berth_address addresses[KEPT];
	int n = read_n(p, p->n, family, addresses);

	text[0] = 0;
	for (int i = 0; i < n; i++) {
		assert_int_equal(addresses[i].family, family);
		assert_int_equal(addresses[i].scope, 0);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d", i ? " " : "",
			 addresses[i].bytes[family == BERTH_IP4 ? 3 : 15]);
	}
	return n < 0 ? berth_error_name(n) : text;
}

/* ---- what is right ---- */

static void test_addresses(void **state)
{
	struct packet p;
	uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 9};

	begin(&p, "a.example", 4);
	put_address(&p, "a.example", 1);
	put_address(&p, "A.exAMPLE", 2);
	put_address(&p, "other.example", 3);
	put_pointer(&p, 12);
	put_data(&p, AAAA, six, 16);
	assert_string_equal(read_text(&p, BERTH_IP4), "1 2");
	assert_string_equal(read_text(&p, BERTH_IP6), "9");
	begin(&p, "a.example", 0);
	assert_string_equal(read_text(&p, BERTH_IP4), "");
}

/* Neither another class, nor a record of another length, nor one of another type of that length. */
static void test_other_records(void **state)
{
	struct packet p;

	begin(&p, "a.example", 4);
	put_pointer(&p, 12);
	put_data(&p, A, (uint8_t[5]){192, 0, 2, 1}, 5);
	put_pointer(&p, 12);
	put_data(&p, A, "", 0);
	put_pointer(&p, 12);
	put_data(&p, 99, (uint8_t[]){192, 0, 2, 2}, 4);
	put_pointer(&p, 12);
	put_data(&p, A, (uint8_t[]){192, 0, 2, 3}, 4);
	p.bytes[p.n - 4 - 7] = 3; /* class CHAOS */
	assert_string_equal(read_text(&p, BERTH_IP4), "");
}

static void test_aliases(void **state)
{
	struct packet p;

	begin(&p, "a.example", 4);
	put_alias(&p, "a.example", "b.example");
	put_address(&p, "a.example", 9); /* behind the alias: not the name's any more */
	put_alias(&p, "B.example", "c.example");
	put_address(&p, "c.example", 1);
	assert_string_equal(read_text(&p, BERTH_IP4), "1");
	begin(&p, "a.example", 3); /* in any order */
	put_address(&p, "c.example", 1);
	put_alias(&p, "b.example", "c.example");
	put_alias(&p, "a.example", "b.example");
	assert_string_equal(read_text(&p, BERTH_IP4), "1");
	begin(&p, "a.example", 2); /* somebody else's alias */
	put_alias(&p, "x.example", "c.example");
	put_address(&p, "c.example", 1);
	assert_string_equal(read_text(&p, BERTH_IP4), "");
}

static void test_alias_loops(void **state)
{
	struct packet p;

	begin(&p, "a.example", 2);
	put_alias(&p, "a.example", "b.example");
	put_alias(&p, "b.example", "a.example");
	assert_string_equal(read_text(&p, BERTH_IP4), "EPROTO");
	begin(&p, "a.example", 1);
	put_alias(&p, "a.example", "a.example");
	assert_string_equal(read_text(&p, BERTH_IP4), "EPROTO");
}

static void test_many_aliases(void **state)
{
	for (uint8_t n = 15; n <= 17; n++) {
		char name[] = "a.example", to[] = "b.example";
		struct packet p;

		begin(&p, name, n + 1u);
		put_address(&p, (char[]){(char)('a' + n), '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0}, 1);
		for (uint8_t i = n; i-- > 0;) {
			name[0] = (char)('a' + i);
			to[0] = (char)('a' + i + 1);
			put_alias(&p, name, to);
		}
		assert_string_equal(read_text(&p, BERTH_IP4), n <= 16 ? "1" : "EPROTO");
	}
}

/* ---- every truncation: attacks.md 20 (CVE-2020-25928) ---- */

static void test_every_truncation(void **state)
{
	struct packet p;
	struct berth_address out[KEPT];

	begin(&p, "a.example", 3);
	put_alias(&p, "a.example", "b.example");
	put_labels(&p, "b");
	put_pointer(&p, 14);
	put_data(&p, A, (uint8_t[]){192, 0, 2, 1}, 4);
	put_pointer(&p, 12);
	put_data(&p, AAAA, (uint8_t[16]){1}, 16);
	assert_int_equal(read_n(&p, p.n, BERTH_IP4, out), 1);
	for (size_t n = 0; n < p.n; n++)
		assert_int_equal(read_n(&p, n, BERTH_IP4, out), BERTH_EPROTO);
}

/* Every length byte that lies, and every other byte too: nothing but an answer or an error. */
static void test_every_byte_changed(void **state)
{
	struct packet p;
	struct berth_address out[KEPT];

	begin(&p, "a.example", 2);
	put_alias(&p, "a.example", "b.example");
	put_pointer(&p, 12);
	put_data(&p, A, (uint8_t[]){192, 0, 2, 1}, 4);
	for (size_t i = 0; i < p.n; i++) {
		uint8_t was = p.bytes[i];

		for (unsigned value = 0; value < 256; value++) {
			p.bytes[i] = (uint8_t)value;
			int r = read_n(&p, p.n, BERTH_IP4, out);
			assert_true(r == BERTH_EPROTO || (r >= 0 && r <= 1));
		}
		p.bytes[i] = was;
	}
}

static void test_length_lies(void **state)
{
	struct packet p;

	begin(&p, "a.example", 2); /* more records than there are */
	put_address(&p, "a.example", 1);
	assert_string_equal(read_text(&p, BERTH_IP4), "EPROTO");
	p.bytes[6] = 0xff;
	assert_string_equal(read_text(&p, BERTH_IP4), "EPROTO");
	begin(&p, "a.example", 1); /* more data than there is */
	put_address(&p, "a.example", 1);
	p.bytes[p.n - 5] = 5;
	assert_string_equal(read_text(&p, BERTH_IP4), "EPROTO");
	p.bytes[p.n - 6] = 0xff;
	assert_string_equal(read_text(&p, BERTH_IP4), "EPROTO");
	begin(&p, "a.example", 1); /* an alias that does not fill its data */
	put_alias(&p, "a.example", "b.example");
	p.bytes[p.n - 12]++;
	put(&p, "", 1);
	assert_string_equal(read_text(&p, BERTH_IP4), "EPROTO");
	begin(&p, "a.example", 0); /* no question, and two */
	p.bytes[5] = 0;
	assert_string_equal(read_text(&p, BERTH_IP4), "EPROTO");
	p.bytes[5] = 2;
	assert_string_equal(read_text(&p, BERTH_IP4), "EPROTO");
}

/* ---- compression: attacks.md 21 (NAME:WRECK, RFC 9267) ---- */

/* An address of a name that ends in a pointer to `to` bytes from where the name begins, after `labels`. */
static const char *read_pointer(const char *labels, long to)
{
	struct packet p;

	begin(&p, "a.example", 1);
	size_t at = p.n;
	put_labels(&p, labels);
	put_pointer(&p, (size_t)((long)at + to));
	put_data(&p, A, (uint8_t[]){192, 0, 2, 1}, 4);
	return read_text(&p, BERTH_IP4);
}

static void test_pointers(void **state)
{
	struct packet p;

	begin(&p, "a.example", 0);
	long question = 12 - (long)p.n;

	assert_string_equal(read_pointer("", question), "1");
	assert_string_equal(read_pointer("a", question + 2), "1");
	assert_string_equal(read_pointer("b", question + 2), "");       /* another name */
	assert_string_equal(read_pointer("", 0), "EPROTO");             /* to itself */
	assert_string_equal(read_pointer("a", 0), "EPROTO");            /* to its own labels */
	assert_string_equal(read_pointer("a", 2), "EPROTO");            /* to itself, behind a label */
	assert_string_equal(read_pointer("", 2), "EPROTO");             /* forward */
	assert_string_equal(read_pointer("", 5000), "EPROTO");          /* out of the message */
	assert_string_equal(read_pointer("", question - 12), "EPROTO"); /* into the header */
	assert_string_equal(read_pointer("", question - 1), "EPROTO");
}

/* Two that point to each other need one that leads forward. */
static void test_pointers_to_each_other(void **state)
{
	struct packet p;

	begin(&p, "a.example", 2);
	size_t at = p.n;
	put_pointer(&p, at + 16);
	put_data(&p, A, (uint8_t[]){192, 0, 2, 1}, 4);
	put_pointer(&p, at);
	put_data(&p, A, (uint8_t[]){192, 0, 2, 2}, 4);
	assert_string_equal(read_text(&p, BERTH_IP4), "EPROTO");
}

static void test_label_types(void **state)
{
	for (unsigned type = 0x40; type <= 0x80; type += 0x40) {
		struct packet p;

		begin(&p, "a.example", 1);
		put(&p, &(uint8_t){(uint8_t)(type | 1)}, 1);
		put(&p, "a", 2);
		put_data(&p, A, (uint8_t[]){192, 0, 2, 1}, 4);
		assert_string_equal(read_text(&p, BERTH_IP4), "EPROTO");
	}
}

/* 255 bytes are a name, 256 are none (RFC 1035 section 2.3.4), spelled out or with pointers. */
static void test_long_names(void **state)
{
	char label[64] = {0}, name[320] = "";
	struct packet p;

	memset(label, 'x', 63);
	for (unsigned i = 0; i < 3; i++)
		strcat(strcat(name, label), ".");
	label[61] = 0;
	strcat(name, label); /* 3 * 64 + 62 + 1 */
	begin(&p, name, 1);
	put_pointer(&p, 12);
	put_data(&p, A, (uint8_t[]){192, 0, 2, 1}, 4);
	assert_string_equal(read_text(&p, BERTH_IP4), "1");
	begin(&p, name, 1);
	put_labels(&p, "y");
	put_pointer(&p, 12);
	put_data(&p, A, (uint8_t[]){192, 0, 2, 1}, 4);
	assert_string_equal(read_text(&p, BERTH_IP4), "EPROTO");
	strcat(name, "x");
	begin(&p, name, 0);
	assert_string_equal(read_text(&p, BERTH_IP4), "EPROTO");
}

/* Pointers to pointers, each leading backwards: a name has no more than it could have labels. */
static void test_pointer_chains(void **state)
{
	for (unsigned n_pointers = 120; n_pointers <= 140; n_pointers += 10) {
		struct packet p;
		size_t to = 12;

		begin(&p, "a.example", 2);
		size_t at = p.n;
		put_name(&p, "z");
		put_data(&p, 99, "", 0);
		for (unsigned i = 1; i < n_pointers; i++) {
			size_t here = p.n;

			put_pointer(&p, to);
			to = here;
		}
		p.bytes[at + 3 + 8] = (uint8_t)((p.n - at - 3 - 10) >> 8);
		p.bytes[at + 3 + 9] = (uint8_t)(p.n - at - 3 - 10);
		put_pointer(&p, to);
		put_data(&p, A, (uint8_t[]){192, 0, 2, 1}, 4);
		assert_string_equal(read_text(&p, BERTH_IP4), n_pointers <= 127 ? "1" : "EPROTO");
	}
}

/* As many records as a message has room for, all with the dearest name there is, and aliases besides: the work is
 * bounded, and so is what is kept. */
static void test_thousands_of_records(void **state)
{
	struct packet p;
	struct berth_address out[KEPT];
	unsigned n = 0;

	begin(&p, "a.example", 0);
	while (p.n + 16 <= sizeof(p.bytes)) {
		put_pointer(&p, 12);
		put_data(&p, A, (uint8_t[]){192, 0, (uint8_t)(n >> 8), (uint8_t)n}, 4);
		n++;
	}
	p.bytes[6] = (uint8_t)(n >> 8);
	p.bytes[7] = (uint8_t)n;
	assert_in_range(n, 4000, 4100);
	assert_int_equal(read_n(&p, p.n, BERTH_IP4, out), KEPT);
	for (uint8_t i = 0; i < KEPT; i++)
		assert_int_equal(out[i].bytes[3], i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_other_records),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_alias_loops),
		cmocka_unit_test(test_many_aliases),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_every_byte_changed),
		cmocka_unit_test(test_length_lies),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_pointers_to_each_other),
		cmocka_unit_test(test_label_types),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_pointer_chains),
		cmocka_unit_test(test_thousands_of_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
