/* The lines of snapshots, written and read (docs/snapshot-format.md): heads, counters and ends here, rows by their
 * tables. */
#include "snapshot_rows.h"

#include <stdio.h>
#include <string.h>

#define VERSION "1"
#define HEAD_WORD "berth-snapshot"

/* ---- writing ---- */

size_t berth_snapshot_write_head(const struct berth_snapshot_head *head, char *out)
{
	struct snapshot_line line = {out, 0};

	snapshot_add(&line, HEAD_WORD " " VERSION " host=");
	snapshot_add_name(&line, head->host, sizeof(head->host));
	snapshot_add_number(&line, "pid", (uint64_t)head->pid);
	return snapshot_end(&line);
}

size_t berth_snapshot_write_socket(const struct berth_socket_row *row, char *out)
{
	return snapshot_write(&snapshot_socket, row, out);
}

size_t berth_snapshot_write_interface(const struct berth_interface_row *row, char *out)
{
	return snapshot_write(&snapshot_interface, row, out);
}

size_t berth_snapshot_write_address(const struct berth_address_row *row, char *out)
{
	return snapshot_write(&snapshot_address, row, out);
}

size_t berth_snapshot_write_route(const struct berth_route_row *row, char *out)
{
	return snapshot_write(&snapshot_route, row, out);
}

size_t berth_snapshot_write_group(const struct berth_group_row *row, char *out)
{
	return snapshot_write(&snapshot_group, row, out);
}

size_t berth_snapshot_write_neighbour(const struct berth_neighbour_row *row, char *out)
{
	return snapshot_write(&snapshot_neighbour, row, out);
}

size_t berth_snapshot_write_dns(const struct berth_dns_row *row, char *out)
{
	return snapshot_write(&snapshot_dns, row, out);
}

size_t berth_snapshot_write_search(const struct berth_search_row *row, char *out)
{
	return snapshot_write(&snapshot_search, row, out);
}

size_t berth_snapshot_write_counter(const struct berth_counter *counter, char *out)
{
	struct snapshot_line line = {out, 0};
	char text[24];

	snprintf(text, sizeof(text), " %llu", (unsigned long long)counter->value);
	snapshot_add(&line, "counter ");
	snapshot_add_name(&line, counter->name, BERTH_SNAPSHOT_LINE / 4);
	snapshot_add(&line, text);
	return snapshot_end(&line);
}

size_t berth_snapshot_write_end(char *out)
{
	struct snapshot_line line = {out, 0};

	snapshot_add(&line, "end");
	return snapshot_end(&line);
}

/* ---- reading ---- */

static int parse_counter(char *rest, struct berth_snapshot_item *out)
{
	char *name = snapshot_next_word(&rest), *value = snapshot_next_word(&rest);
	uint64_t number;

	if (!name || !*name || !value || rest || !snapshot_parse_number(value, UINT64_MAX, &number))
		return BERTH_EPROTO;
	out->counter = (struct berth_counter){.name = name, .text = "", .value = number};
	return BERTH_SNAPSHOT_COUNTER;
}

static bool parse_head_word(char *word, struct berth_snapshot_head *head, bool *has_host, bool *has_pid)
{
	const char *value = snapshot_cut_value(word);
	uint64_t number;

	if (!value)
		return false;
	if (!strcmp(word, "host")) {
		if (*has_host)
			return false;
		*has_host = true;
		return snapshot_parse_name(value, head->host, sizeof(head->host));
	}
	if (!strcmp(word, "pid")) {
		if (*has_pid || !snapshot_parse_number(value, INT32_MAX, &number))
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
	char *word = snapshot_next_word(&rest);
	uint64_t version;

	if (!word || !snapshot_parse_number(word, UINT32_MAX, &version))
		return BERTH_EPROTO;
	if (strcmp(word, VERSION))
		return BERTH_EPROTONOSUPPORT;
	while ((word = snapshot_next_word(&rest)))
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

/* The line of a row. The kind, BERTH_EPROTO, or BERTH_SNAPSHOT_UNKNOWN: it begins with another word. */
static int parse_row(const char *word, char *rest, struct berth_snapshot_item *out)
{
	const struct {
		enum berth_snapshot_line kind;
		const struct snapshot_table *table;
		void *row;
	} rows[] = {
		{BERTH_SNAPSHOT_SOCKET, &snapshot_socket, &out->row},
		{BERTH_SNAPSHOT_INTERFACE, &snapshot_interface, &out->interface},
		{BERTH_SNAPSHOT_ADDRESS, &snapshot_address, &out->address},
		{BERTH_SNAPSHOT_ROUTE, &snapshot_route, &out->route},
		{BERTH_SNAPSHOT_GROUP, &snapshot_group, &out->group},
		{BERTH_SNAPSHOT_NEIGHBOUR, &snapshot_neighbour, &out->neighbour},
		{BERTH_SNAPSHOT_DNS, &snapshot_dns, &out->dns},
		{BERTH_SNAPSHOT_SEARCH, &snapshot_search, &out->search},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(word, rows[i].table->word))
			return snapshot_read(rows[i].table, rest, rows[i].row) ? (int)rows[i].kind : BERTH_EPROTO;
	return BERTH_SNAPSHOT_UNKNOWN;
}

int berth_snapshot_parse(char *line, struct berth_snapshot_item *out)
{
	char *rest = line, *word;

	if (!clean_line(line))
		return BERTH_EPROTO;
	word = snapshot_next_word(&rest);
	if (!strcmp(word, "counter"))
		return parse_counter(rest, out);
	if (!strcmp(word, HEAD_WORD))
		return parse_head(rest, out);
	if (!strcmp(word, "end"))
		return rest ? BERTH_EPROTO : BERTH_SNAPSHOT_END;
	return is_line_word(word) ? parse_row(word, rest, out) : BERTH_EPROTO;
}
