/* Counters' texts: words between blanks, one behind the other. Nothing is copied: words are cut out in place. */
#include "counter_text.h"
#include "words.h"

#include <berth/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The next word of *at, cut off with a NUL, or NULL. Whatever is not printable ASCII parts words. */
static char *next_word(char **at)
{
	char *word = *at;

	while (*word && (*word <= ' ' || *word > '~'))
		word++;
	if (!*word)
		return NULL;
	char *end = word;
	while (*end > ' ' && *end <= '~')
		end++;
	*at = *end ? end + 1 : end;
	*end = 0;
	return word;
}

/* The first word of a line without the colon that ends it, or NULL. */
static char *group_of(char **at)
{
	char *word = next_word(at);
	size_t n = word ? strlen(word) : 0;

	if (n < 2 || word[n - 1] != ':')
		return NULL;
	word[n - 1] = 0;
	return word;
}

int counter_pair(char *names, char *values, counter_found *found, void *user)
{
	const char *group = group_of(&names), *again = group_of(&values);
	int r = 0;

	if (!group || !again || strcmp(group, again) != 0)
		return BERTH_EPROTO;
	while (r == 0) {
		const char *name = next_word(&names), *word = next_word(&values);
		uint64_t value;
		if (!name || !word)
			break;
		if (words_decimal(word, strlen(word), UINT64_MAX, &value))
			r = found(user, group, name, value);
	}
	return r;
}

int counter_line6(char *line, counter_found *found, void *user)
{
	const char *word = next_word(&line), *number = next_word(&line);
	const char *six = word ? strchr(word, '6') : NULL;
	char group[16];
	uint64_t value;

	if (!six || !six[1] || !number || !words_decimal(number, strlen(number), UINT64_MAX, &value))
		return BERTH_EPROTO;
	size_t n = (size_t)(six - word) + 1;
	if (n >= sizeof(group))
		return BERTH_EPROTO;
	memcpy(group, word, n);
	group[n] = 0;
	return found(user, group, six + 1, value);
}
