/* The file of hosts, and the check of names that anybody may choose: what is taken goes to a terminal unharmed, is none
 * that could be an address, and is found by the address of its line. */
#include "enrich/hosts_file.h"
#include "enrich/table_file.h"

#include <string.h>

#include "fuzz.h"

static void check_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	struct berth_address address;
	size_t n = strlen(name);

	CHECK(n && n < HOSTS_FILE_NAME_MAX && strspn(name, allowed) == n && name[0] != '-');
	CHECK(berth_address_parse(name, &address) < 0);
	CHECK(hosts_file_is_name(name, n));
}

/* Every line that can be taken has a name afterwards: its own, or that of a line before it. */
static void check_lines(const struct hosts_file *hosts, const char *text, size_t n)
{
	struct table_file_line line;

	while (table_file_next(&text, &n, &line)) {
		char word[BERTH_ADDRESS_TEXT];
		struct berth_address address;

		CHECK(line.n_words <= TABLE_FILE_WORDS);
		if (line.n_words < 2 || line.words[0].n >= sizeof(word))
			continue;
		memcpy(word, line.words[0].text, line.words[0].n);
		word[line.words[0].n] = 0;
		if (strlen(word) != line.words[0].n || berth_address_parse(word, &address) < 0)
			continue;
		const char *name = hosts_file_name(hosts, &address);
		if (hosts_file_is_name(line.words[1].text, line.words[1].n))
			CHECK(name || !hosts_file_key(&address, (uint8_t[HOSTS_FILE_KEY_MAX]){0}));
		if (name)
			check_name(name);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct hosts_file *hosts = hosts_file_new(NULL);
	char *text = malloc(n + 1);

	CHECK(hosts && text);
	if (n)
		memcpy(text, data, n);
	text[n] = 0;
	if (hosts_file_is_name(text, n))
		check_name(text);
	CHECK(hosts_file_read(hosts, text, n) == 0);
	check_lines(hosts, text, n);
	free(text);
	hosts_file_free(hosts);
	return 0;
}
