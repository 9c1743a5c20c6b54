/* Writers: rows whose texts and numbers are arbitrary bytes come out as a table of so many clean lines, as JSON that
 * can be parsed, and as CSV of so many lines.
 *
 * The input is a byte of settings, and then for each row a byte for each text, which is how long it is, the text, and
 * raw bytes for numbers. */
#include "show/text.h"
#include "show/writer.h"

#include <berth/error.h>
#include <cjson/cJSON.h>
#include <locale.h>
#include <string.h>

#include "fuzz.h"

enum {
	ROWS_MAX = 20,
	ROWS_HELD = 200, /* what a table holds back of them */
};

struct input {
	const uint8_t *data;
	size_t n;
	struct keep keep;
};

static uint8_t take_byte(struct input *input)
{
	if (input->n == 0)
		return 0;
	input->n--;
	return *input->data++;
}

static void take_bytes(struct input *input, void *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)to)[i] = take_byte(input);
}

/* A text of up to 31 bytes, many times over if so wanted, or NULL. */
static const char *take_text(struct input *input)
{
	uint8_t how = take_byte(input);
	size_t n = how & 31, times = (how & 96) == 96 ? 50 : 1;

	if (how & 128)
		return NULL;
	char *text = keep_bytes(&input->keep, n * times + 1);
	CHECK(text);
	take_bytes(input, text, n);
	for (size_t i = 0; i < n; i++)
		text[i] = text[i] ? text[i] : ' '; /* no row has a text with a NUL */
	for (size_t i = 1; i < times; i++)
		memcpy(text + i * n, text, n);
	return text;
}

static void take_address(struct input *input, struct berth_socket_address *address)
{
	static const uint8_t families[] = {BERTH_IP4, BERTH_IP6, BERTH_ANY_FAMILY, BERTH_IP4};

	address->address.family = families[take_byte(input) & 3];
	take_bytes(input, address->address.bytes, sizeof(address->address.bytes));
	take_bytes(input, &address->port, sizeof(address->port));
	address->address.scope = take_byte(input);
}

static void take_process(struct input *input, struct netstat_row *row)
{
	struct netstat_process *process = keep_bytes(&input->keep, sizeof(*process));
	struct netstat_owner *owner = keep_bytes(&input->keep, sizeof(*owner));
	const char *program = take_text(input);

	CHECK(process && owner);
	*process = (struct netstat_process){.pid = take_byte(input),
					    .program = program ? program : "",
					    .command = take_text(input),
					    .executable = take_text(input),
					    .cgroup = take_text(input)};
	*owner = (struct netstat_owner){process, take_byte(input)};
	row->owners = owner;
	row->n_owners = 1;
}

static void take_row(struct input *input, struct netstat_row *row)
{
	struct netstat_tcp *tcp = keep_bytes(&input->keep, sizeof(*tcp));

	CHECK(tcp);
	*row = (struct netstat_row){.protocol = take_byte(input) % (NETSTAT_PROTOCOL_N + 1),
				    .state = take_byte(input) % (NETSTAT_STATE_N + 1),
				    .timer = take_byte(input) % (NETSTAT_TIMER_PROBE + 1),
				    .has_uid = true,
				    .has_age = true};
	take_address(input, &row->local);
	take_address(input, &row->foreign);
	row->family = row->local.address.family;
	take_bytes(input, &row->recv_q, sizeof(row->recv_q));
	take_bytes(input, &row->ms_timer, sizeof(row->ms_timer));
	take_bytes(input, &tcp->ns_srtt, sizeof(tcp->ns_srtt));
	row->tcp = tcp;
	row->interface = 1;
	row->interface_name = take_text(input);
	row->congestion = take_text(input);
	row->path = take_text(input);
	row->user = take_text(input);
	row->local_name = take_text(input);
	row->local_service = take_text(input);
	row->explanation = take_text(input);
	if (take_byte(input) & 1)
		take_process(input, row);
}

static char *written(const struct writer_config *config, const struct netstat_row *rows, size_t n, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	struct writer *writer = out ? writer_new(config, out) : NULL;

	CHECK(writer);
	for (size_t i = 0; i < n; i++)
		CHECK(writer_row(writer, &rows[i]) == 0);
	CHECK(writer_end(writer) == 0);
	fclose(out);
	return text;
}

static size_t count(const char *text, size_t n, char c)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += text[i] == c;
	return found;
}

/* UTF-8 without control characters other than those that end lines. */
static void check_clean(const char *text, size_t n, const char *ends)
{
	const char *end = text + n;

	while (text < end) {
		uint32_t character;
		size_t length = text_utf8(text, end, &character);

		CHECK(length > 0);
		CHECK(character >= ' ' || (character && strchr(ends, (int)character)));
		CHECK(character < 0x7f || character > 0x9f);
		CHECK(!text_is_deceptive(character));
		text += length;
	}
}

static void check_table(struct writer_config *config, const struct netstat_row *rows, size_t n)
{
	size_t size;
	char *text = written(config, rows, n, &size);

	CHECK(count(text, size, '\n') == n + config->headings);
	check_clean(text, size, "\n");
	free(text);
}

static void check_json(struct writer_config *config, const struct netstat_row *rows, size_t n)
{
	size_t size;

	config->format = WRITER_JSON;
	char *text = written(config, rows, n, &size);
	cJSON *array = cJSON_ParseWithLengthOpts(text, size + 1, NULL, true);
	CHECK(array && cJSON_GetArraySize(array) == (int)n);
	cJSON_Delete(array);
	check_clean(text, size, "\n");
	free(text);
}

static void check_csv(struct writer_config *config, const struct netstat_row *rows, size_t n)
{
	size_t size;

	config->format = WRITER_CSV;
	char *text = written(config, rows, n, &size);
	CHECK(count(text, size, '\n') == n + config->headings);
	CHECK(count(text, size, '"') % 2 == 0);
	check_clean(text, size, "\r\n");
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char columns[] = "proto,recv_q,local,foreign,state,rtt,age,timer,interface,congestion,user,"
				      "process,command,executable,cgroup,path,explanation";
	static struct netstat_row rows[ROWS_HELD + ROWS_MAX]; /* the first are empty and stay so */
	struct input input = {data, n, {0}};
	uint8_t settings = take_byte(&input);
	struct writer_config config = {.numeric = settings & 1,
				       .headings = (settings >> 1 & 1),
				       .trim = (settings >> 2 & 1),
				       .flush = (settings >> 3 & 1)};
	struct netstat_row *first = (settings & 0xd0) == 0xd0 ? rows : rows + ROWS_HELD, *next = rows + ROWS_HELD;
	size_t at, length;

	CHECK(columns_parse(columns, &config.columns, &at, &length) == 0);
	while (input.n && next < rows + ROWS_HELD + ROWS_MAX)
		take_row(&input, next++);
	size_t n_rows = (size_t)(next - first);
	setlocale(LC_CTYPE, settings & 32 ? "C" : "C.UTF-8");
	check_table(&config, first, n_rows);
	check_json(&config, first, n_rows);
	check_csv(&config, first, n_rows);
	keep_free(&input.keep);
	return 0;
}
