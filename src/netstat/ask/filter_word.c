/* Words of a filter: showing them in what is said about an error, and reading the digits in them. */
#include "ask/filter_word.h"

#include "words.h"

#include <berth/error.h>
#include <stdio.h>
#include <string.h>

char *filter_show(const struct filter_token *token, char *out, size_t n)
{
	size_t length = token->length;
	const char *dots = "";

	if (length > n - 1) {
		length = n - 1 - 3;
		while (length > 0 && ((unsigned char)token->at[length] & 0xc0) == 0x80)
			length--; /* not within a character of UTF-8 */
		dots = "...";
	}
	snprintf(out, n, "%.*s%s", (int)length, token->at, dots);
	for (char *c = out; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return out;
}

int filter_no_value(struct filter_values *values, const struct filter_field *field, const struct filter_token *token)
{
	char shown[FILTER_SHOWN];

	snprintf(values->error, sizeof(values->error), "'%s' is not %s", filter_show(token, shown, sizeof(shown)),
		 field->what);
	return BERTH_EINVAL;
}

const char *filter_read_digits(const char *p, uint64_t *out)
{
	size_t n = words_digits(p, strlen(p), UINT64_MAX, out);

	return n ? p + n : NULL;
}
