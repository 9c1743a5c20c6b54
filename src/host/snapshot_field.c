/* Rows to lines and back, member by member.
 *
 * Members at their usual value are left out. Reading is strict about what it knows and skips keys that it does not,
 * since a later version may have more of them. Numbers are plain decimal digits, whatever the locale. No line can carry
 * a control character to a terminal: they are neither written nor taken. */
#include "snapshot_field.h"

#include <stdio.h>
#include <string.h>

/* ---- writing ---- */

static void add_bytes(struct snapshot_line *line, const char *bytes, size_t n)
{
	size_t room = BERTH_SNAPSHOT_LINE - 1 - line->len;

	if (n > room)
		n = room;
	memcpy(line->out + line->len, bytes, n);
	line->len += n;
	line->out[line->len] = 0;
}

void snapshot_add(struct snapshot_line *line, const char *text)
{
	add_bytes(line, text, strlen(text));
}

void snapshot_add_name(struct snapshot_line *line, const char *name, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n && name[i]; i++) {
		uint8_t c = (uint8_t)name[i];
		const char escaped[] = {'%', digits[c >> 4], digits[c & 15]};

		if (c < ' ' || c == 0x7f)
			add_bytes(line, "?", 1);
		else if (c > ' ' && c < 0x7f && c != '%')
			add_bytes(line, &name[i], 1);
		else
			add_bytes(line, escaped, sizeof(escaped));
	}
}

static void add_key(struct snapshot_line *line, const char *key)
{
	add_bytes(line, " ", 1);
	snapshot_add(line, key);
	add_bytes(line, "=", 1);
}

void snapshot_add_number(struct snapshot_line *line, const char *key, uint64_t value)
{
	char text[20];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	add_key(line, key);
	add_bytes(line, text + at, sizeof(text) - at);
}

size_t snapshot_end(struct snapshot_line *line)
{
	if (line->len > BERTH_SNAPSHOT_LINE - 2)
		line->len = BERTH_SNAPSHOT_LINE - 2;
	snapshot_add(line, "\n");
	return line->len;
}

static uint64_t load(const struct snapshot_field *field, const void *member)
{
	uint64_t u64 = 0;
	uint32_t u32 = 0;
	uint16_t u16 = 0;

	switch (field->size) {
	case sizeof(u64):
		memcpy(&u64, member, sizeof(u64));
		return u64;
	case sizeof(u32):
		memcpy(&u32, member, sizeof(u32));
		return u32;
	case sizeof(u16):
		memcpy(&u16, member, sizeof(u16));
		return u16;
	default:
		return *(const uint8_t *)member;
	}
}

static const char *word_text(const struct snapshot_word *words, uint8_t value)
{
	for (; words->text; words++)
		if (words->value == value)
			return words->text;
	return "?";
}

static void write_number(struct snapshot_line *line, const struct snapshot_field *field, uint64_t value)
{
	if (value == field->usual && !field->required)
		return;
	if (field->form == SNAPSHOT_NUMBER || field->form == SNAPSHOT_FLAG) {
		snapshot_add_number(line, field->key, value);
		return;
	}
	add_key(line, field->key);
	snapshot_add(line, word_text(field->words, (uint8_t)value));
}

static void write_descriptor(struct snapshot_line *line, const struct snapshot_field *field, const void *member)
{
	int descriptor;

	memcpy(&descriptor, member, sizeof(descriptor));
	if (descriptor >= 0)
		snapshot_add_number(line, field->key, (uint64_t)descriptor);
}

static void write_address(struct snapshot_line *line, const struct snapshot_field *field,
			  const struct berth_address *address)
{
	char text[BERTH_ADDRESS_TEXT];

	if (!address->family && !field->required)
		return;
	add_key(line, field->key);
	snapshot_add(line, berth_address_format(address, text, sizeof(text)));
}

static void write_mac(struct snapshot_line *line, const struct snapshot_field *field, const uint8_t mac[6])
{
	static const uint8_t none[6];
	char text[18];

	if (!memcmp(mac, none, sizeof(none)))
		return;
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	add_key(line, field->key);
	snapshot_add(line, text);
}

static void write_field(struct snapshot_line *line, const struct snapshot_field *field, const char *row)
{
	const void *member = row + field->off;
	char text[BERTH_ADDRESS_TEXT];

	switch (field->form) {
	case SNAPSHOT_TCP_STATE:
		if (((const struct berth_socket_row *)row)->protocol != BERTH_PROTOCOL_TCP)
			break;
		add_key(line, field->key);
		snapshot_add(line, word_text(field->words, *(const uint8_t *)member));
		break;
	case SNAPSHOT_NUMBER:
	case SNAPSHOT_FLAG:
	case SNAPSHOT_WORD:
		write_number(line, field, load(field, member));
		break;
	case SNAPSHOT_DESCRIPTOR:
		write_descriptor(line, field, member);
		break;
	case SNAPSHOT_SOCKET_ADDRESS:
		add_key(line, field->key);
		snapshot_add(line, berth_socket_address_format(member, text, sizeof(text)));
		break;
	case SNAPSHOT_ADDRESS:
		write_address(line, field, member);
		break;
	case SNAPSHOT_PREFIX:
		write_address(line, field, member);
		snprintf(text, sizeof(text), "/%u", ((const uint8_t *)row)[field->off_prefix]);
		snapshot_add(line, text);
		break;
	case SNAPSHOT_MAC:
		write_mac(line, field, member);
		break;
	case SNAPSHOT_NAME:
		if (!*(const char *)member && !field->required)
			break;
		add_key(line, field->key);
		snapshot_add_name(line, member, field->size);
		break;
	}
}

size_t snapshot_write(const struct snapshot_table *table, const void *row, char *out)
{
	struct snapshot_line line = {out, 0};

	snapshot_add(&line, table->word);
	for (size_t i = 0; i < table->n_fields; i++)
		write_field(&line, &table->fields[i], row);
	return snapshot_end(&line);
}

/* ---- reading ---- */

char *snapshot_next_word(char **p)
{
	char *word = *p, *space;

	if (!word)
		return NULL;
	space = strchr(word, ' ');
	*p = space ? space + 1 : NULL;
	if (space)
		*space = 0;
	return word;
}

char *snapshot_cut_value(char *word)
{
	char *value = strchr(word, '=');

	if (!value || value == word)
		return NULL;
	*value = 0;
	return value + 1;
}

bool snapshot_parse_number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		uint64_t digit = (uint64_t)(uint8_t)*text - '0';

		if (digit > 9 || digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

static int hex_digit(char c, char ten)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= ten && c <= ten + 5 ? c - ten + 10 : -1;
}

bool snapshot_parse_name(const char *text, char *out, size_t n)
{
	size_t len = 0;

	for (; *text; text++) {
		int c = (uint8_t)*text;

		if (c == '%') {
			int high = hex_digit(text[1], 'A'), low = high < 0 ? -1 : hex_digit(text[2], 'A');

			if (low < 0)
				return false;
			c = high << 4 | low;
			text += 2;
		}
		if (c < ' ' || c == 0x7f || len + 1 >= n)
			return false;
		out[len++] = (char)c;
	}
	memset(out + len, 0, n - len);
	return true;
}

static bool parse_mac(const char *text, uint8_t out[6])
{
	for (size_t i = 0; i < 6; i++, text += 3) {
		int high = hex_digit(text[0], 'a'), low = high < 0 ? -1 : hex_digit(text[1], 'a');

		if (low < 0 || text[2] != (i < 5 ? ':' : 0))
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool parse_word(const struct snapshot_word *words, const char *text, uint8_t *out)
{
	for (; words->text; words++) {
		if (strcmp(text, words->text))
			continue;
		*out = words->value;
		return true;
	}
	return false;
}

static void store(const struct snapshot_field *field, uint64_t value, void *member)
{
	const uint32_t u32 = (uint32_t)value;
	const uint16_t u16 = (uint16_t)value;

	switch (field->size) {
	case sizeof(value):
		memcpy(member, &value, sizeof(value));
		break;
	case sizeof(u32):
		memcpy(member, &u32, sizeof(u32));
		break;
	case sizeof(u16):
		memcpy(member, &u16, sizeof(u16));
		break;
	default:
		*(uint8_t *)member = (uint8_t)value;
		break;
	}
}

static bool parse_number(const struct snapshot_field *field, uint64_t max, const char *text, void *member)
{
	uint64_t value;

	if (!snapshot_parse_number(text, max, &value))
		return false;
	store(field, value, member);
	return true;
}

static bool parse_prefix(const struct snapshot_field *field, const char *text, char *row)
{
	struct berth_address address;
	unsigned prefix;

	if (!strchr(text, '/') || berth_prefix_parse(text, &address, &prefix))
		return false;
	memcpy(row + field->off, &address, sizeof(address));
	row[field->off_prefix] = (char)(uint8_t)prefix;
	return true;
}

static bool parse_field(const struct snapshot_field *field, const char *text, char *row)
{
	void *member = row + field->off;

	switch (field->form) {
	case SNAPSHOT_NUMBER:
		return parse_number(field, UINT64_MAX >> (64 - 8 * field->size), text, member);
	case SNAPSHOT_FLAG:
		return parse_number(field, 1, text, member);
	case SNAPSHOT_DESCRIPTOR:
		return parse_number(field, INT32_MAX, text, member);
	case SNAPSHOT_WORD:
	case SNAPSHOT_TCP_STATE:
		return parse_word(field->words, text, member);
	case SNAPSHOT_SOCKET_ADDRESS:
		return !berth_socket_address_parse(text, member);
	case SNAPSHOT_ADDRESS:
		return !berth_address_parse(text, member);
	case SNAPSHOT_PREFIX:
		return parse_prefix(field, text, row);
	case SNAPSHOT_MAC:
		return parse_mac(text, member);
	case SNAPSHOT_NAME:
		return snapshot_parse_name(text, member, field->size);
	}
	return false;
}

/* The field with this key, its number; n_fields: there is none. Keys mostly come in the table's order, so that the
 * search begins behind the last one. */
static size_t find_field(const struct snapshot_table *table, const char *key, size_t after)
{
	for (size_t n = 0; n < table->n_fields; n++) {
		size_t i = after + n < table->n_fields ? after + n : after + n - table->n_fields;

		if (strcmp(key, table->fields[i].key) == 0)
			return i;
	}
	return table->n_fields;
}

/* A key twice is an error, as nobody could say which holds. *at: where the search begins. */
static bool parse_key(const struct snapshot_table *table, char *word, char *row, uint64_t *seen, size_t *at)
{
	const char *value = snapshot_cut_value(word);
	size_t i = value ? find_field(table, word, *at) : 0;

	if (!value)
		return false;
	if (i == table->n_fields)
		return true;
	if (*seen >> i & 1)
		return false;
	*seen |= UINT64_C(1) << i;
	*at = i + 1 < table->n_fields ? i + 1 : 0;
	return parse_field(&table->fields[i], value, row);
}

static void set_usual(const struct snapshot_table *table, char *row)
{
	const int no_descriptor = -1;

	memset(row, 0, table->row_size);
	for (size_t i = 0; i < table->n_fields; i++) {
		const struct snapshot_field *field = &table->fields[i];

		if (field->usual)
			store(field, field->usual, row + field->off);
		if (field->form == SNAPSHOT_DESCRIPTOR)
			memcpy(row + field->off, &no_descriptor, sizeof(no_descriptor));
	}
}

/* Every required key was there: of TCP, the state too. */
static bool is_whole(const struct snapshot_table *table, const char *row, uint64_t seen)
{
	for (size_t i = 0; i < table->n_fields; i++) {
		const struct snapshot_field *field = &table->fields[i];
		bool required = field->form == SNAPSHOT_TCP_STATE
					? ((const struct berth_socket_row *)row)->protocol == BERTH_PROTOCOL_TCP
					: field->required;

		if (required && !(seen >> i & 1))
			return false;
	}
	return true;
}

bool snapshot_read(const struct snapshot_table *table, char *rest, void *row)
{
	union snapshot_row read;
	uint64_t seen = 0;
	size_t at = 0;
	char *word;

	set_usual(table, (char *)&read);
	while ((word = snapshot_next_word(&rest)))
		if (!parse_key(table, word, (char *)&read, &seen, &at))
			return false;
	if (!is_whole(table, (const char *)&read, seen))
		return false;
	memcpy(row, &read, table->row_size);
	return true;
}
