/* Baselines: a file that is read is written as one that reads and writes as the same, what is wrong with another is
 * said in plain text about a place in it, and any row gets a line that matches it. */
#include <string.h>

#include <berth/error.h>

#include "enrich/baseline.h"
#include "fuzz.h"

static int read_text(struct baseline *baseline, const char *text, size_t n, struct baseline_error *error)
{
	FILE *file = n ? fmemopen((void *)(uintptr_t)text, n, "r") : fopen("/dev/null", "r");
	int got;

	CHECK(file);
	got = baseline_read(baseline, file, error);
	fclose(file);
	return got;
}

static char *written(const struct baseline *baseline, size_t *n)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, n);

	CHECK(file && baseline_write(baseline, file) == 0);
	fclose(file);
	return text;
}

static void check_error(const struct baseline_error *error, const char *text, size_t n)
{
	size_t lines = 1;

	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	CHECK(error->line >= 1 && error->line <= lines && error->column >= 1 && error->column <= n + 1);
	CHECK(*error->text && strlen(error->text) < sizeof(error->text));
	for (const char *at = error->text; *at; at++)
		CHECK((unsigned char)*at >= ' ' && *at != 0x7f);
}

static void check_again(const struct services *services, const struct baseline *baseline)
{
	struct baseline *again = baseline_new(services);
	struct baseline_error error;
	size_t n, n_twice;
	char *text = written(baseline, &n), *twice;

	CHECK(again && read_text(again, text, n, &error) == 0);
	twice = written(again, &n_twice);
	CHECK(n == n_twice && !memcmp(text, twice, n));
	free(text);
	free(twice);
	baseline_free(again);
}

/* Names as the input has them. */
static void check_row(const struct services *services, struct baseline *baseline, char *text, size_t n)
{
	const struct netstat_process process = {.program = text, .executable = n % 2 ? text : NULL};
	const struct netstat_owner owner = {&process, 1};
	struct netstat_row row = {.protocol = NETSTAT_TCP,
				  .state = NETSTAT_STATE_ESTABLISHED,
				  .family = BERTH_IP4,
				  .direction = n % 3 ? NETSTAT_DIRECTION_IN : NETSTAT_DIRECTION_OUT,
				  .local = {berth_ip4(10, 0, 0, 1), (uint16_t)n},
				  .foreign = {berth_ip4(10, 0, 0, 2), 40000},
				  .user = text + n / 2,
				  .owners = &owner,
				  .n_owners = 1};
	struct baseline *other = baseline_new(services);
	struct baseline_error error;
	char line[4096 + 1];

	baseline_check(baseline, &row, line, sizeof(line));
	CHECK(other && read_text(other, line, strlen(line), &error) == 0);
	CHECK(baseline_check(other, &row, NULL, 0));
	CHECK(baseline_record(baseline, &row) == 0 && baseline_check(baseline, &row, NULL, 0));
	baseline_free(other);
}

static void count(void *user, const char *line)
{
	CHECK(*line && !strpbrk(line, "\n\r"));
	++*(size_t *)user;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct services *services;
	struct baseline *baseline;
	struct baseline_error error;
	char *text = malloc(n + 1);
	size_t n_unseen = 0;

	if (!services)
		services = services_new(NULL, 32768, 60999);
	baseline = baseline_new(services);
	CHECK(text && services && baseline);
	memcpy(text, data, n);
	text[n] = 0;
	if (read_text(baseline, text, n, &error) == BERTH_EINVAL)
		check_error(&error, text, n);
	check_again(services, baseline);
	check_row(services, baseline, text, n);
	check_again(services, baseline);
	baseline_each_unseen(baseline, NETSTAT_ALL_PROTOCOLS, count, &n_unseen);
	free(text);
	baseline_free(baseline);
	return 0;
}
