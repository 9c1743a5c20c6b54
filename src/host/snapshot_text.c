/* The text of snapshots: rows to lines and back (docs/snapshot-format.md).
 *
 * A table says which members of a row are written, by which key and in which form; writing and reading both walk it.
 * Members at their usual value (0, no descriptor) are left out. Reading is strict about what it knows and skips keys
 * that it does not, since a later version may have more of them. Numbers are plain decimal digits, whatever the locale.
 * No line can carry a control character to a terminal: they are neither written nor taken. */
#include <stdio.h>
#include <string.h>

#include <berth/snapshot.h>

#define VERSION "1"
#define HEAD_WORD "berth-snapshot"

const char *berth_tcp_state_name(enum berth_tcp_state state)
{
	static const char *const names[] = {
#define X(name, text) text,
		BERTH_TCP_STATE_MAP(X)
#undef X
	};

	return (unsigned)state < BERTH_TCP_STATE_N ? names[state] : "?";
}

enum kind {
	KIND_U64,
	KIND_PROTOCOL,
	KIND_STATE,
	KIND_DESCRIPTOR,
	KIND_ADDRESS,
	KIND_NAME,
};

struct field {
	const char *key;
	enum kind kind;
	size_t off; /* in struct berth_socket_row */
};

#define U64(key, member)                                                                                               \
	{                                                                                                              \
		key, KIND_U64, offsetof(struct berth_socket_row, member)                                               \
	}

static const struct field fields[] = {
	{"proto", KIND_PROTOCOL, offsetof(struct berth_socket_row, protocol)},
	{"state", KIND_STATE, offsetof(struct berth_socket_row, state)},
	{"fd", KIND_DESCRIPTOR, offsetof(struct berth_socket_row, descriptor)},
	{"local", KIND_ADDRESS, offsetof(struct berth_socket_row, local)},
	{"foreign", KIND_ADDRESS, offsetof(struct berth_socket_row, foreign)},
	U64("recvq", recv_queue),
	U64("sendq", send_queue),
	U64("snd_wnd", snd_wnd),
	U64("rcv_wnd", rcv_wnd),
	U64("cwnd", cwnd),
	U64("ssthresh", ssthresh),
	U64("srtt_ns", ns_srtt),
	U64("rttvar_ns", ns_rttvar),
	U64("rto_ns", ns_rto),
	U64("mss", mss),
	U64("bytes_sent", bytes_sent),
	U64("bytes_received", bytes_received),
	U64("segments_sent", segments_sent),
	U64("segments_received", segments_received),
	U64("segments_retransmitted", segments_retransmitted),
	U64("bytes_retransmitted", bytes_retransmitted),
	U64("drops", drops),
	{"congestion", KIND_NAME, offsetof(struct berth_socket_row, congestion)},
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))
/* Bits of the fields that every socket line has, by their place in the table. */
#define FIELD_PROTOCOL 1u
#define FIELD_STATE 2u
#define FIELD_LOCAL 8u
#define FIELD_FOREIGN 16u

/* ---- writing ---- */

/* A line being written. Lines are made of bounded parts and BERTH_SNAPSHOT_LINE has room for all of them. */
struct line {
	char *out;
	size_t len;
};

static void line_add(struct line *line, const char *text)
{
	int n = snprintf(line->out + line->len, BERTH_SNAPSHOT_LINE - line->len, "%s", text);

	if (n < 0)
		return;
	line->len += (size_t)n;
	if (line->len > BERTH_SNAPSHOT_LINE - 1)
		line->len = BERTH_SNAPSHOT_LINE - 1;
}

/* A name of any bytes, up to n or its NUL: what is no plain printable character goes as %XX, a control character as
 * '?'. */
static void line_add_name(struct line *line, const char *name, size_t n)
{
	char text[4];

	for (size_t i = 0; i < n && name[i]; i++) {
		uint8_t c = (uint8_t)name[i];

		if (c < ' ' || c == 0x7f)
			c = '?';
		snprintf(text, sizeof(text), c > ' ' && c < 0x7f && c != '%' ? "%c" : "%%%02X", c);
		line_add(line, text);
	}
}

static void line_add_number(struct line *line, const char *key, uint64_t value)
{
	char text[64];

	snprintf(text, sizeof(text), " %s=%llu", key, (unsigned long long)value);
	line_add(line, text);
}

static void line_add_key(struct line *line, const char *key)
{
	line_add(line, " ");
	line_add(line, key);
	line_add(line, "=");
}

static size_t line_end(struct line *line)
{
	if (line->len > BERTH_SNAPSHOT_LINE - 2)
		line->len = BERTH_SNAPSHOT_LINE - 2;
	line_add(line, "\n");
	return line->len;
}

static void write_u64(struct line *line, const struct field *field, const void *member)
{
	uint64_t value;

	memcpy(&value, member, sizeof(value));
	if (value)
		line_add_number(line, field->key, value);
}

static void write_field(struct line *line, const struct field *field, const struct berth_socket_row *row)
{
	const void *member = (const char *)row + field->off;
	char text[BERTH_ADDRESS_TEXT];

	switch (field->kind) {
	case KIND_U64:
		write_u64(line, field, member);
		break;
	case KIND_PROTOCOL:
		line_add_key(line, field->key);
		line_add(line, row->protocol == BERTH_PROTOCOL_TCP ? "tcp" : "udp");
		break;
	case KIND_STATE:
		if (row->protocol != BERTH_PROTOCOL_TCP)
			break;
		line_add_key(line, field->key);
		line_add(line, berth_tcp_state_name((enum berth_tcp_state)row->state));
		break;
	case KIND_DESCRIPTOR:
		if (row->descriptor >= 0)
			line_add_number(line, field->key, (uint64_t)row->descriptor);
		break;
	case KIND_ADDRESS:
		line_add_key(line, field->key);
		line_add(line, berth_socket_address_format(member, text, sizeof(text)));
		break;
	case KIND_NAME:
		if (!row->congestion[0])
			break;
		line_add_key(line, field->key);
		line_add_name(line, row->congestion, sizeof(row->congestion));
		break;
	}
}

size_t berth_snapshot_write_head(const struct berth_snapshot_head *head, char *out)
{
	struct line line = {out, 0};

	line_add(&line, HEAD_WORD " " VERSION " host=");
	line_add_name(&line, head->host, sizeof(head->host));
	line_add_number(&line, "pid", (uint64_t)head->pid);
	return line_end(&line);
}

size_t berth_snapshot_write_socket(const struct berth_socket_row *row, char *out)
{
	struct line line = {out, 0};

	line_add(&line, "socket");
	for (size_t i = 0; i < N_FIELDS; i++)
		write_field(&line, &fields[i], row);
	return line_end(&line);
}

size_t berth_snapshot_write_counter(const struct berth_counter *counter, char *out)
{
	struct line line = {out, 0};
	char text[24];

	snprintf(text, sizeof(text), " %llu", (unsigned long long)counter->value);
	line_add(&line, "counter ");
	line_add_name(&line, counter->name, BERTH_SNAPSHOT_LINE / 4);
	line_add(&line, text);
	return line_end(&line);
}

size_t berth_snapshot_write_end(char *out)
{
	struct line line = {out, 0};

	line_add(&line, "end");
	return line_end(&line);
}

/* ---- reading ---- */

/* Cuts the next word off *p, ending it with a NUL. NULL at the end of the line; an empty word where two spaces meet. */
static char *next_word(char **p)
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

static bool parse_u64(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		uint64_t digit = (uint64_t)(uint8_t)*text - '0';

		if (digit > 9 || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A name into out[n], %XX undone. false: too long, a bad escape, or a control character. */
static bool parse_name(const char *text, char *out, size_t n)
{
	size_t len = 0;

	for (; *text; text++) {
		int c = (uint8_t)*text;

		if (c == '%') {
			int high = hex_digit(text[1]), low = high < 0 ? -1 : hex_digit(text[2]);

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

static bool parse_protocol(const char *text, uint8_t *out)
{
	bool tcp = !strcmp(text, "tcp");

	*out = tcp ? BERTH_PROTOCOL_TCP : BERTH_PROTOCOL_UDP;
	return tcp || !strcmp(text, "udp");
}

static bool parse_state(const char *text, uint8_t *out)
{
	for (unsigned state = 0; state < BERTH_TCP_STATE_N; state++) {
		if (strcmp(text, berth_tcp_state_name((enum berth_tcp_state)state)))
			continue;
		*out = (uint8_t)state;
		return true;
	}
	return false;
}

static bool parse_field(const struct field *field, const char *value, struct berth_socket_row *row)
{
	void *member = (char *)row + field->off;
	uint64_t number;

	switch (field->kind) {
	case KIND_U64:
		if (!parse_u64(value, UINT64_MAX, &number))
			return false;
		memcpy(member, &number, sizeof(number));
		return true;
	case KIND_PROTOCOL:
		return parse_protocol(value, member);
	case KIND_STATE:
		return parse_state(value, member);
	case KIND_DESCRIPTOR:
		if (!parse_u64(value, INT32_MAX, &number))
			return false;
		row->descriptor = (int)number;
		return true;
	case KIND_ADDRESS:
		return !berth_socket_address_parse(value, member);
	case KIND_NAME:
		return parse_name(value, row->congestion, sizeof(row->congestion));
	}
	return false;
}

/* Cuts "KEY=VALUE" in two and returns VALUE; NULL when it is something else. */
static char *cut_value(char *word)
{
	char *value = strchr(word, '=');

	if (!value || value == word)
		return NULL;
	*value = 0;
	return value + 1;
}

/* A key twice is an error, as nobody could say which holds. */
static bool parse_socket_word(char *word, struct berth_socket_row *row, uint32_t *seen)
{
	const char *value = cut_value(word);

	if (!value)
		return false;
	for (size_t i = 0; i < N_FIELDS; i++) {
		if (strcmp(word, fields[i].key))
			continue;
		if (*seen >> i & 1)
			return false;
		*seen |= UINT32_C(1) << i;
		return parse_field(&fields[i], value, row);
	}
	return true;
}

static int parse_socket(char *rest, struct berth_snapshot_item *out)
{
	struct berth_socket_row row = {.descriptor = -1};
	uint32_t seen = 0, wanted = FIELD_PROTOCOL | FIELD_LOCAL | FIELD_FOREIGN;
	char *word;

	while ((word = next_word(&rest)))
		if (!parse_socket_word(word, &row, &seen))
			return BERTH_EPROTO;
	if (row.protocol == BERTH_PROTOCOL_TCP)
		wanted |= FIELD_STATE;
	if ((seen & wanted) != wanted)
		return BERTH_EPROTO;
	out->row = row;
	return BERTH_SNAPSHOT_SOCKET;
}

static int parse_counter(char *rest, struct berth_snapshot_item *out)
{
	char *name = next_word(&rest), *value = next_word(&rest);
	uint64_t number;

	if (!name || !*name || !value || rest || !parse_u64(value, UINT64_MAX, &number))
		return BERTH_EPROTO;
	out->counter = (struct berth_counter){.name = name, .text = "", .value = number};
	return BERTH_SNAPSHOT_COUNTER;
}

static bool parse_head_word(char *word, struct berth_snapshot_head *head, bool *has_host, bool *has_pid)
{
	const char *value = cut_value(word);
	uint64_t number;

	if (!value)
		return false;
	if (!strcmp(word, "host")) {
		if (*has_host)
			return false;
		*has_host = true;
		return parse_name(value, head->host, sizeof(head->host));
	}
	if (!strcmp(word, "pid")) {
		if (*has_pid || !parse_u64(value, INT32_MAX, &number))
			return false;
		*has_pid = true;
		head->pid = (long)number;
	}
	return true;
}

static int parse_head(char *rest, struct berth_snapshot_item *out)
{
	struct berth_snapshot_head head = {0};
	bool has_host = false, has_pid = false;
	char *word = next_word(&rest);
	uint64_t version;

	if (!word || !parse_u64(word, UINT32_MAX, &version))
		return BERTH_EPROTO;
	if (strcmp(word, VERSION))
		return BERTH_EPROTONOSUPPORT;
	while ((word = next_word(&rest)))
		if (!parse_head_word(word, &head, &has_host, &has_pid))
			return BERTH_EPROTO;
	if (!has_host || !has_pid)
		return BERTH_EPROTO;
	out->head = head;
	return BERTH_SNAPSHOT_HEAD;
}

/* Takes the newline away. false: the line has a control character, or is more than a line. */
static bool clean_line(char *line)
{
	size_t n = strlen(line);

	if (n && line[n - 1] == '\n')
		line[--n] = 0;
	for (size_t i = 0; i < n; i++)
		if ((uint8_t)line[i] < ' ' || line[i] == 0x7f)
			return false;
	return true;
}

/* The first word of a line that a later version may have: a small letter, then small letters, digits, '-' and '_'. */
static bool is_line_word(const char *word)
{
	if (*word < 'a' || *word > 'z')
		return false;
	return !word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-_")];
}

int berth_snapshot_parse(char *line, struct berth_snapshot_item *out)
{
	char *rest = line, *word;

	if (!clean_line(line))
		return BERTH_EPROTO;
	word = next_word(&rest);
	if (!strcmp(word, "socket"))
		return parse_socket(rest, out);
	if (!strcmp(word, "counter"))
		return parse_counter(rest, out);
	if (!strcmp(word, HEAD_WORD))
		return parse_head(rest, out);
	if (!strcmp(word, "end"))
		return rest ? BERTH_EPROTO : BERTH_SNAPSHOT_END;
	return is_line_word(word) ? BERTH_SNAPSHOT_UNKNOWN : BERTH_EPROTO;
}
