/* Values: what stands behind a field's name, as leaves of the tree.
 *
 * A value is read from its text alone, without a look at the system, but for services (filter_end.c). An ordering
 * operator turns what was read into everything on one side of it; `!=` is the parser's business. */
#include "ask/filter_end.h"
#include "ask/filter_name.h"

#include <berth/error.h>
#include <stdio.h>
#include <string.h>

static int no_value_but(struct filter_values *values, const struct filter_field *field,
			const struct filter_token *token, const char *nearest)
{
	size_t n;

	filter_no_value(values, field, token);
	n = strlen(values->error);
	if (nearest)
		snprintf(values->error + n, sizeof(values->error) - n, "; did you mean '%s'?", nearest);
	return BERTH_EINVAL;
}

/* ---- sets ---- */

static int read_set(const struct filter_field *field, const struct filter_token *token, struct filter_values *values)
{
	char word[FILTER_VALUE_TEXT] = "";
	uint64_t bits = filter_word(token, word, sizeof(word)) ? filter_set_bits(field->set, word) : 0;
	struct nearest nearest = {.word = word};

	if (bits) {
		values->leaves[values->n++] = (struct filter_node){.set = bits};
		return 0;
	}
	filter_set_nearest(field->set, &nearest);
	return no_value_but(values, field, token, nearest.name);
}

/* ---- numbers ---- */

static const char *read_hex(const char *p, uint64_t *out)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit;
	uint64_t value = 0;
	unsigned n = 0;

	for (; *p && (digit = strchr(digits, *p)); p++, n++)
		value = value << 4 | (uint64_t)(digit - digits);
	*out = value;
	return n > 0 && n <= 16 ? p : NULL;
}

/* "17", "0x11", "64k": with a binary multiple. The whole text, in lower case. */
static bool read_number(const char *text, uint64_t *out)
{
	static const char multiples[] = "kmgt";
	const char *end = text[0] == '0' && text[1] == 'x' ? read_hex(text + 2, out) : filter_read_digits(text, out);
	const char *multiple;

	if (!end)
		return false;
	if (*end && (multiple = strchr(multiples, *end))) {
		if (__builtin_mul_overflow(*out, UINT64_C(1) << 10 * (multiple - multiples + 1), out))
			return false;
		end++;
		if (*end == 'i')
			end++;
		if (*end == 'b')
			end++;
	}
	return *end == 0;
}

/* Nanoseconds of a unit; 0: it is none. */
static uint64_t unit_of(const char *text)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"ns", 1},
		{"us", 1000},
		{"\xc2\xb5s", 1000}, /* the micro sign */
		{"\xce\xbcs", 1000}, /* the letter mu */
		{"ms", 1000000},
		{"s", 1000000000},
		{"min", 60000000000},
		{"h", 3600000000000},
		{"d", 86400000000000},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].name, text) == 0)
			return units[i].ns;
	return 0;
}

/* "10ms", "1.5s". The whole text. */
static bool read_time(const char *text, uint64_t *out)
{
	uint64_t whole, fraction = 0, ns_unit, scale = 1;
	const char *p = filter_read_digits(text, &whole);

	if (p && *p == '.')
		for (p++; filter_is_digit(*p); p++) {
			if (scale < 1000000000) {
				scale *= 10;
				fraction = fraction * 10 + (uint64_t)(*p - '0');
			}
		}
	if (!p || !(ns_unit = unit_of(p)) || __builtin_mul_overflow(whole, ns_unit, &whole))
		return false;
	/* The unit is divided first, to stay below 2^64; what is less than a nanosecond does not count. */
	fraction = ns_unit % scale == 0 ? ns_unit / scale * fraction
					: (uint64_t)((double)ns_unit / (double)scale * (double)fraction);
	return !__builtin_add_overflow(whole, fraction, out);
}

static bool read_amount(const struct filter_field *field, const char *text, uint64_t *out)
{
	return field->value == VALUE_TIME ? read_time(text, out) : read_number(text, out);
}

/* A number or a time, or two with '-' between them. */
static int read_range(const struct filter_field *field, const struct filter_token *token, struct filter_ranges *ranges,
		      struct filter_values *values)
{
	struct filter_range range;
	char text[FILTER_VALUE_TEXT], *dash;

	if (!filter_word(token, text, sizeof(text)))
		return filter_no_value(values, field, token);
	dash = strchr(text, '-');
	if (dash)
		*dash = 0;
	if (!read_amount(field, text, &range.least))
		return filter_no_value(values, field, token);
	range.most = range.least;
	if (dash && (!read_amount(field, dash + 1, &range.most) || range.most < range.least))
		return filter_no_value(values, field, token);
	ranges->ranges[ranges->n++] = range;
	return 0;
}

/* ---- patterns ---- */

static int read_pattern(const struct filter_field *field, const struct filter_token *token, struct keep *keep,
			struct filter_values *values)
{
	struct filter_node leaf = {0};
	const char *suffix = field->suffix && !memchr(token->at, '.', token->length) ? field->suffix : "";
	uint64_t number;
	char *text = keep_bytes(keep, token->length + strlen(suffix) + 1);

	if (!text)
		return BERTH_ENOMEM;
	memcpy(text, token->at, token->length);
	leaf.pattern.wild = strpbrk(text, "*?[\\") != NULL;
	if (!leaf.pattern.wild)
		memcpy(text + token->length, suffix, strlen(suffix));
	leaf.pattern.text = text;
	if (field->number_test && token->kind == TOKEN_WORD && filter_is_digit(*text) && read_number(text, &number)) {
		leaf.test = field->number_test;
		leaf.range.least = leaf.range.most = number;
	}
	values->leaves[values->n++] = leaf;
	return 0;
}

/* ---- operators ---- */

/* Everything on one side of a range that is one value, or one service's ports. Port 0 is no port, so that nothing but
 * itself compares with it. */
static void compare(enum filter_operator operator, bool port, struct filter_range *range)
{
	uint64_t least = port ? 1 : 0, most = port ? UINT16_MAX : UINT64_MAX;
	struct filter_range none = {1, 0};

	switch (operator) {
	case OPERATOR_EQUAL:
	case OPERATOR_UNEQUAL:
		return;
	case OPERATOR_LESS:
		*range = range->least > least ? (struct filter_range){least, range->least - 1} : none;
		return;
	case OPERATOR_AT_MOST:
		*range = (struct filter_range){least, range->most};
		return;
	case OPERATOR_GREATER:
		*range = range->most < most ? (struct filter_range){range->most + 1, most} : none;
		return;
	case OPERATOR_AT_LEAST:
		*range = (struct filter_range){range->least > least ? range->least : least, most};
		return;
	}
}

static int read_ranges(const struct filter_field *field, enum filter_operator operator,
		       const struct filter_token * token, struct filter_values *values)
{
	struct filter_ranges ranges = {0};
	bool port = field->value == VALUE_PORT;
	int error = port ? filter_read_port(field, token, &ranges, values) : read_range(field, token, &ranges, values);

	if (error < 0)
		return error;
	if (operator> OPERATOR_UNEQUAL && ranges.n> 1)
		ranges.n = 1; /* a service's first port stands for it */
	for (size_t i = 0; i < ranges.n; i++) {
		struct filter_node leaf = {0};
		compare(operator, port, &ranges.ranges[i]);
		leaf.range.least = ranges.ranges[i].least;
		leaf.range.most = ranges.ranges[i].most;
		values->leaves[values->n++] = leaf;
	}
	return 0;
}

int filter_value_read(const struct filter_field *field, enum filter_operator operator,
		      const struct filter_token * token, struct keep *keep, struct filter_values *values)
{
	int error = 0;

	*values = (struct filter_values){0};
	switch ((enum filter_value)field->value) {
	case VALUE_SET:
		error = read_set(field, token, values);
		break;
	case VALUE_PORT:
	case VALUE_NUMBER:
	case VALUE_TIME:
		error = read_ranges(field, operator, token, values);
		break;
	case VALUE_END:
		error = filter_read_end(field, token, values);
		break;
	case VALUE_PATTERN:
		error = read_pattern(field, token, keep, values);
		break;
	}
	for (size_t i = 0; i < values->n; i++) {
		values->leaves[i].kind = FILTER_LEAF;
		values->leaves[i].field = field;
		if (!values->leaves[i].test)
			values->leaves[i].test = field->test;
	}
	return error;
}
