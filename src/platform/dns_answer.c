/* Reading DNS answers, which are from outside and hostile.
 *
 * A name in a message is labels, and may end in a pointer to the end of another name. Here a pointer leads backwards
 * only, before the labels that it ends, so that every name comes to its end (RFC 9267 section 2); a name has at most
 * 255 bytes (RFC 1035 section 2.3.4), so that it has a bounded number of pointers too. Records are walked twice: for
 * what is wrong with them and for aliases, of which there are few, and for the addresses of the name that these lead
 * to. */
#include "dns_answer.h"

#include <berth/error.h>
#include <string.h>

enum {
	HEADER = 12,
	QUESTION = 4, /* behind its name: type, class */
	RECORD = 10,  /* behind its name: type, class, time to live, length of the data */
	NAME_BYTES = 255,
	POINTERS_MAX = NAME_BYTES / 2, /* a label at least before each */
	ALIASES_MAX = 16,
	TYPE_A = 1,
	TYPE_CNAME = 5,
	TYPE_AAAA = 28,
	CLASS_IN = 1,
};

struct message {
	const uint8_t *bytes;
	size_t n;
};

struct record {
	size_t name, data, n_data; /* offsets of the name and the data */
	unsigned type, class;
};

static unsigned get16(const uint8_t *bytes)
{
	return (unsigned)bytes[0] << 8 | bytes[1];
}

/* ---- names ---- */

/* Walks a name, label by label. */
struct walk {
	size_t at;    /* the next label or pointer */
	size_t begin; /* of the labels that it is in: pointers lead before it */
	size_t n_name;
	unsigned n_pointers;
	size_t end; /* behind the name where it stands, once that is known; 0: not yet */
};

static struct walk walk_begin(size_t at)
{
	return (struct walk){.at = at, .begin = at};
}

/* Follows pointers to the next label. false: the name is broken. */
static bool follow(const struct message *m, struct walk *w)
{
	while (w->at < m->n && m->bytes[w->at] >= 0xc0) {
		if (m->n - w->at < 2 || ++w->n_pointers > POINTERS_MAX)
			return false;
		size_t to = get16(m->bytes + w->at) & 0x3fff;
		if (to < HEADER || to >= w->begin)
			return false;
		if (!w->end)
			w->end = w->at + 2;
		w->at = w->begin = to;
	}
	return w->at < m->n && m->bytes[w->at] < 0x40;
}

/* The next label: its length, 0 at the end of the name, and *label; -1: the name is broken. */
static int walk_next(const struct message *m, struct walk *w, const uint8_t **label)
{
	if (!follow(m, w))
		return -1;
	size_t n = m->bytes[w->at];
	w->n_name += 1 + n;
	if (w->n_name > NAME_BYTES || m->n - w->at <= n)
		return -1;
	*label = m->bytes + w->at + 1;
	w->at += 1 + n;
	if (!n && !w->end)
		w->end = w->at;
	return (int)n;
}

/* Where the name at an offset ends; 0: it is broken. */
static size_t name_end(const struct message *m, size_t at)
{
	struct walk w = walk_begin(at);
	const uint8_t *label;
	int n;

	while ((n = walk_next(m, &w, &label)) > 0)
		;
	return n < 0 ? 0 : w.end;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool label_equal(const uint8_t *a, const uint8_t *b, int n)
{
	for (int i = 0; i < n; i++) {
		if (lower(a[i]) != lower(b[i]))
			return false;
	}
	return true;
}

/* Two names, neither of which is broken; ASCII letters of either case are the same (RFC 4343). */
static bool name_equal(const struct message *m, size_t a, size_t b)
{
	struct walk wa = walk_begin(a), wb = walk_begin(b);
	const uint8_t *la = NULL, *lb = NULL;
	int n;

	if (a == b)
		return true;
	do {
		n = walk_next(m, &wa, &la);
		if (n != walk_next(m, &wb, &lb) || n < 0 || !label_equal(la, lb, n))
			return false;
	} while (n);
	return true;
}

/* ---- records ---- */

/* Reads the record at *at and moves *at behind it. false: it is broken. */
static bool record_read(const struct message *m, size_t *at, struct record *out)
{
	size_t end = name_end(m, *at);

	if (!end || m->n - end < RECORD)
		return false;
	*out = (struct record){
		.name = *at,
		.type = get16(m->bytes + end),
		.class = get16(m->bytes + end + 2),
		.data = end + RECORD,
		.n_data = get16(m->bytes + end + 8),
	};
	if (m->n - out->data < out->n_data)
		return false;
	*at = out->data + out->n_data;
	return true;
}

struct answer {
	size_t at; /* of the first record */
	unsigned n_records;
	struct record aliases[ALIASES_MAX];
	unsigned n_aliases;
};

/* Every record is whole, and every alias has a name that fills its data. Notes the aliases; more than there is room for
 * make no sense. */
static bool answer_check(const struct message *m, struct answer *a)
{
	size_t at = a->at;
	struct record r;

	for (unsigned i = 0; i < a->n_records; i++) {
		if (!record_read(m, &at, &r))
			return false;
		if (r.type != TYPE_CNAME)
			continue;
		if (a->n_aliases == ALIASES_MAX || name_end(m, r.data) != r.data + r.n_data)
			return false;
		a->aliases[a->n_aliases++] = r;
	}
	return true;
}

/* What a name is an alias of; 0: of nothing. */
static size_t alias_of(const struct message *m, const struct answer *a, size_t name)
{
	for (unsigned i = 0; i < a->n_aliases; i++) {
		if (a->aliases[i].class == CLASS_IN && name_equal(m, a->aliases[i].name, name))
			return a->aliases[i].data;
	}
	return 0;
}

/* What a name is an alias of in the end, itself if it is none; 0: the aliases go round. */
static size_t name_of(const struct message *m, const struct answer *a, size_t name)
{
	for (unsigned n_steps = 0; n_steps <= a->n_aliases; n_steps++) {
		size_t next = alias_of(m, a, name);

		if (!next)
			return name;
		name = next;
	}
	return 0;
}

/* Writes the addresses of a name to out[n_out]. How many. */
static size_t answer_take(const struct message *m, const struct answer *a, size_t name, enum berth_family family,
			  struct berth_address *out, size_t n_out)
{
	unsigned type = family == BERTH_IP4 ? TYPE_A : TYPE_AAAA;
	size_t n_data = family == BERTH_IP4 ? 4 : 16, at = a->at, n = 0;
	struct record r;

	for (unsigned i = 0; i < a->n_records && n < n_out && record_read(m, &at, &r); i++) {
		if (r.class != CLASS_IN || r.type != type || r.n_data != n_data || !name_equal(m, r.name, name))
			continue;
		memset(&out[n], 0, sizeof(out[n]));
		out[n].family = (uint8_t)family;
		memcpy(out[n++].bytes, m->bytes + r.data, n_data);
	}
	return n;
}

int dns_answer_addresses(const uint8_t *bytes, size_t n, enum berth_family family, struct berth_address *out,
			 size_t n_out)
{
	struct message m = {bytes, n};
	struct answer a = {.n_aliases = 0};
	size_t name, end;

	if (n < HEADER || get16(bytes + 4) != 1)
		return BERTH_EPROTO;
	end = name_end(&m, HEADER);
	if (!end || n - end < QUESTION)
		return BERTH_EPROTO;
	a.at = end + QUESTION;
	a.n_records = get16(bytes + 6);
	if (!answer_check(&m, &a))
		return BERTH_EPROTO;
	name = name_of(&m, &a, HEADER);
	return name ? (int)answer_take(&m, &a, name, family, out, n_out) : BERTH_EPROTO;
}
