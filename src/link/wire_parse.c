/* The text that describes an impaired wire: "delay=10ms,loss=2%,out.rate=100mbit,seed=7".
 *
 * One pass, word by word, into a copy that is handed out when all of it was right. The keys are a table: what unit a
 * key's value is in, and where in a direction it lands. Numbers are read here and not by the C library, whose decimal
 * point depends on the locale. */
#include <string.h>

#include <berth/link.h>

#define NS_MAX 3600000000000u /* an hour: delays beyond are mistakes */
#define FRAMES_LIMIT 1000000u
#define BYTES_LIMIT 1000000000u
#define DIGITS_MAX 19

enum kind {
	KIND_TIME,
	KIND_CHANCE,
	KIND_RATE,
	KIND_FRAMES,
	KIND_BYTES,
};

struct key {
	const char *name;
	enum kind kind;
	size_t off; /* in struct berth_wire_direction */
};

static const struct key keys[] = {
	{"delay", KIND_TIME, offsetof(struct berth_wire_direction, delay)},
	{"jitter", KIND_TIME, offsetof(struct berth_wire_direction, jitter)},
	{"loss", KIND_CHANCE, offsetof(struct berth_wire_direction, loss)},
	{"reorder", KIND_CHANCE, offsetof(struct berth_wire_direction, reorder)},
	{"duplicate", KIND_CHANCE, offsetof(struct berth_wire_direction, duplicate)},
	{"corrupt", KIND_CHANCE, offsetof(struct berth_wire_direction, corrupt)},
	{"rate", KIND_RATE, offsetof(struct berth_wire_direction, rate)},
	{"queue", KIND_FRAMES, offsetof(struct berth_wire_direction, queue_max)},
	{"queue_bytes", KIND_BYTES, offsetof(struct berth_wire_direction, queue_bytes)},
	{"ecn", KIND_FRAMES, offsetof(struct berth_wire_direction, ecn)},
	{"mtu", KIND_BYTES, offsetof(struct berth_wire_direction, mtu)},
	{"burst", KIND_FRAMES, offsetof(struct berth_wire_direction, burst)},
	{"late", KIND_CHANCE, offsetof(struct berth_wire_direction, late)},
	{"lateness", KIND_TIME, offsetof(struct berth_wire_direction, lateness)},
};

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit time_units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {NULL, 0}};
static const struct unit rate_units[] = {
	{"bit", 1}, {"kbit", 1000}, {"mbit", 1000000}, {"gbit", 1000000000}, {NULL, 0}};

/* A piece of the text. */
struct word {
	const char *p;
	size_t n;
};

/* What a value says: a number (digits / divisor) and what follows it. */
struct number {
	uint64_t digits;
	uint64_t divisor; /* a power of ten */
	struct word unit;
};

static bool word_is(struct word word, const char *text)
{
	return strlen(text) == word.n && !memcmp(word.p, text, word.n);
}

/* Cuts off what stands before the first `mark`; all of it when there is none. *rest is what follows. */
static struct word word_cut(struct word from, char mark, struct word *rest, bool *found)
{
	const char *at = from.n ? memchr(from.p, mark, from.n) : NULL;
	size_t n = at ? (size_t)(at - from.p) : from.n;

	*found = at;
	rest->p = from.p + n + (at ? 1 : 0);
	rest->n = from.n - n - (at ? 1 : 0);
	return (struct word){from.p, n};
}

static bool number_parse(struct word word, struct number *out)
{
	struct number number = {0, 1, {NULL, 0}};
	size_t i = 0, n_digits = 0;
	bool point = false;

	for (; i < word.n; i++) {
		if (word.p[i] == '.' && !point && n_digits) {
			point = true;
			continue;
		}
		if (word.p[i] < '0' || word.p[i] > '9')
			break;
		if (++n_digits > DIGITS_MAX)
			return false;
		number.digits = number.digits * 10 + (uint64_t)(word.p[i] - '0');
		if (point)
			number.divisor *= 10;
	}
	if (!n_digits || word.p[i - 1] == '.')
		return false;
	number.unit = (struct word){word.p + i, word.n - i};
	*out = number;
	return true;
}

/* A number in one of the units, rounded down to a whole; a bare 0 needs no unit. NULL, or what is wrong. */
static const char *scaled_parse(struct word word, const struct unit *units, uint64_t max, const char *wrong,
				uint64_t *out)
{
	struct number number;
	double value;

	if (!number_parse(word, &number))
		return wrong;
	if (!number.unit.n && !number.digits) {
		*out = 0;
		return NULL;
	}
	while (units->name && !word_is(number.unit, units->name))
		units++;
	if (!units->name)
		return wrong;
	value = (double)number.digits * (double)units->factor / (double)number.divisor;
	if (value > (double)max)
		return "too large";
	*out = (uint64_t)value;
	return *out || !number.digits ? NULL : "too small";
}

static const char *chance_parse(struct word word, double *out)
{
	static const char wrong[] = "a percentage (2%) or a number from 0 to 1 is wanted";
	struct number number;
	double value;

	if (!number_parse(word, &number))
		return wrong;
	value = (double)number.digits / (double)number.divisor;
	if (word_is(number.unit, "%"))
		value /= 100;
	else if (number.unit.n)
		return wrong;
	if (value > 1)
		return "a probability is at most 1, which is 100%";
	*out = value;
	return NULL;
}

static const char *count_parse(struct word word, uint32_t max, const char *wrong, uint32_t *out)
{
	struct number number;

	if (!number_parse(word, &number) || number.unit.n || number.divisor != 1 || memchr(word.p, '.', word.n) ||
	    !number.digits || number.digits > max)
		return wrong;
	*out = (uint32_t)number.digits;
	return NULL;
}

static const char *seed_parse(struct word word, uint64_t *out)
{
	uint64_t seed = 0;

	if (!word.n)
		return "a whole number is wanted";
	for (size_t i = 0; i < word.n; i++) {
		uint64_t digit = (uint64_t)(uint8_t)word.p[i] - '0';

		if (digit > 9)
			return "a whole number is wanted";
		if (seed > (UINT64_MAX - digit) / 10)
			return "too large";
		seed = seed * 10 + digit;
	}
	*out = seed;
	return NULL;
}

/* Reads a value of a key into one direction. NULL, or what is wrong. */
static const char *value_parse(const struct key *key, struct word value, struct berth_wire_direction *direction)
{
	void *member = (char *)direction + key->off;

	switch (key->kind) {
	case KIND_TIME:
		return scaled_parse(value, time_units, NS_MAX, "a time is wanted, such as 10ms (ns, us, ms, s)",
				    member);
	case KIND_CHANCE:
		return chance_parse(value, member);
	case KIND_RATE:
		return scaled_parse(value, rate_units, UINT64_C(1000000000000),
				    "a rate is wanted, such as 100mbit (bit, kbit, mbit, gbit)", member);
	case KIND_FRAMES:
		return count_parse(value, FRAMES_LIMIT, "a number of frames from 1 to 1000000 is wanted", member);
	case KIND_BYTES:
		return count_parse(value, BYTES_LIMIT, "a number of bytes from 1 to 1000000000 is wanted", member);
	}
	return "unknown key";
}

static const struct key *key_find(struct word name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (word_is(name, keys[i].name))
			return &keys[i];
	return NULL;
}

/* Reads one KEY=VALUE. NULL, or what is wrong. */
static const char *setting_parse(struct word setting, struct berth_wire_config *config)
{
	bool has_value, has_direction, out = true, in = true;
	struct word value, rest, name = word_cut(setting, '=', &value, &has_value);
	struct word direction = word_cut(name, '.', &rest, &has_direction);
	const struct key *key;
	const char *why = NULL;

	if (!setting.n)
		return "a word is missing here";
	if (!has_value)
		return "a value is missing: KEY=VALUE is wanted";
	if (word_is(name, "seed"))
		return seed_parse(value, &config->seed);
	if (has_direction) {
		out = word_is(direction, "out");
		in = word_is(direction, "in");
		name = rest;
	}
	if (!out && !in)
		return "a direction is out or in";
	key = key_find(name);
	if (!key)
		return "unknown key: delay, jitter, loss, burst, reorder, late, lateness, duplicate, corrupt, rate, "
		       "queue, "
		       "queue_bytes, ecn, mtu or seed is wanted";
	if (out)
		why = value_parse(key, value, &config->out);
	if (in && !why)
		why = value_parse(key, value, &config->in);
	return why;
}

int berth_wire_parse(const char *spec, struct berth_wire_config *out, size_t *at, const char **why)
{
	struct berth_wire_config config = {0};
	struct word left = {spec, strlen(spec)};
	bool more = true;

	while (more) {
		struct word setting = word_cut(left, ',', &left, &more);
		const char *wrong = setting_parse(setting, &config);

		if (wrong) {
			if (at)
				*at = (size_t)(setting.p - spec);
			if (why)
				*why = wrong;
			return BERTH_EINVAL;
		}
	}
	*out = config;
	return 0;
}
