/* Filters: a text is a filter or an error that points into it; a filter matches only what the request that it narrows
 * wants, and its negation the rest. */
#include "ask/filter.h"

#include <berth/error.h>
#include <string.h>

#include "../unit/filter_rows.h"
#include "fuzz.h"

static void check_error(const struct filter_error *error, const char *text)
{
	CHECK(error->at + error->length <= strlen(text));
	CHECK(error->text[0] && memchr(error->text, 0, sizeof(error->text)));
	for (const char *c = error->text; *c; c++)
		CHECK((uint8_t)*c >= ' ' && *c != 0x7f);
}

static void check_rows(const struct filter *filter, const struct filter *negated)
{
	struct netstat_request request = {
		.protocols = NETSTAT_ALL_PROTOCOLS, .states = NETSTAT_ALL_STATES, .families = NETSTAT_ALL_FAMILIES};

	filter_narrow(filter, &request);
	for (size_t i = 0; i < FILTER_ROWS_N; i++) {
		const struct netstat_row *row = filter_rows_get(i);
		bool matched = filter_match(filter, row);
		CHECK(!matched || netstat_wants(&request, row->protocol, row->family, row->state));
		CHECK(!negated || filter_match(negated, row) != matched);
	}
	CHECK(!negated ||
	      (filter_needs(filter) == filter_needs(negated) && filter_has_state(filter) == filter_has_state(negated)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1), *other = malloc(n + 8);
	struct filter *filter, *negated = NULL;
	struct filter_error error;

	CHECK(text && other);
	memcpy(text, data, n);
	text[n] = 0;
	int status = filter_parse(text, &filter, &error);
	if (status == 0) {
		sprintf(other, "not (%s)", text);
		if (filter_parse(other, &negated, &error) < 0)
			negated = NULL; /* one too deep, too long */
		check_rows(filter, negated);
		filter_free(filter);
		filter_free(negated);
	} else {
		CHECK(status == BERTH_EINVAL);
		check_error(&error, text);
	}
	free(text);
	free(other);
	return 0;
}
