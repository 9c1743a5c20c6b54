/* /etc/hosts, read once into an index by address.
 *
 * The resolver's library could read the file too, but reads it anew for every address that it is asked for
 * (c-ares 1.18) and counts that as a question under way: here a name of the file costs no wait behind questions that
 * nobody answers. */
#include "enrich/hosts_file.h"

#include "enrich/table_file.h"
#include "index.h"

#include <berth/error.h>
#include <stdlib.h>
#include <string.h>

enum {
	FILE_MAX = 64 * 1024 * 1024, /* lists of unwanted hosts have megabytes */
};

struct hosts_file {
	struct index index; /* hosts_file_key to const char * */
	struct keep keep;   /* the names */
};

/* ---- what is true of any name ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
}

bool hosts_file_is_name(const char *text, size_t n)
{
	bool digits = true; /* the label so far */
	size_t n_label = 0;

	if (!n || n >= HOSTS_FILE_NAME_MAX || text[0] == '-')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '.' && n_label) {
			n_label = 0;
			digits = true;
			continue;
		}
		if (!is_name_char(text[i]))
			return false;
		digits = digits && is_digit(text[i]);
		n_label++;
	}
	return n_label && !digits;
}

size_t hosts_file_key(const struct berth_address *address, uint8_t key[HOSTS_FILE_KEY_MAX])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t any[4];
	const uint8_t *ip4 = address->bytes;

	if (berth_address_is_any(address))
		return 0;
	if (address->family == BERTH_IP6 && memcmp(address->bytes, mapped, sizeof(mapped)) == 0)
		ip4 += sizeof(mapped);
	else if (address->family == BERTH_IP6)
		return memcpy(key, address->bytes, 16), 16;
	if (memcmp(ip4, any, sizeof(any)) == 0)
		return 0;
	return memcpy(key, ip4, 4), 4;
}

/* ---- the file ---- */

static bool parse_address(struct table_file_word word, struct berth_address *out)
{
	char text[BERTH_ADDRESS_TEXT];

	if (word.n >= sizeof(text))
		return false;
	memcpy(text, word.text, word.n);
	text[word.n] = 0;
	return strlen(text) == word.n && berth_address_parse(text, out) == 0;
}

static int add(struct hosts_file *hosts, const struct berth_address *address, struct table_file_word name)
{
	uint8_t key[HOSTS_FILE_KEY_MAX];
	size_t n = hosts_file_key(address, key);

	if (!n)
		return 0;
	const char **entry = index_get(&hosts->index, key, n, NULL);
	if (!entry)
		return BERTH_ENOMEM;
	if (!*entry && !(*entry = keep_text(&hosts->keep, name.text, name.n)))
		return BERTH_ENOMEM;
	return 0;
}

int hosts_file_read(struct hosts_file *hosts, const char *text, size_t n)
{
	struct table_file_line line;
	struct berth_address address;
	int error = 0;

	while (error == 0 && table_file_next(&text, &n, &line)) {
		if (line.n_words >= 2 && hosts_file_is_name(line.words[1].text, line.words[1].n) &&
		    parse_address(line.words[0], &address))
			error = add(hosts, &address, line.words[1]);
	}
	return error;
}

static int read_path(struct hosts_file *hosts, const char *path)
{
	char *text = NULL;
	size_t n = 0;
	int error = table_file_read(path, FILE_MAX, &text, &n);

	if (error == 0)
		error = hosts_file_read(hosts, text, n);
	free(text);
	return error == BERTH_ENOMEM ? error : 0;
}

struct hosts_file *hosts_file_new(const char *path)
{
	struct hosts_file *hosts = calloc(1, sizeof(*hosts));

	if (!hosts)
		return NULL;
	if (index_init(&hosts->index, sizeof(const char *)) < 0 || (path && read_path(hosts, path) < 0))
		return hosts_file_free(hosts);
	return hosts;
}

struct hosts_file *hosts_file_free(struct hosts_file *hosts)
{
	if (!hosts)
		return NULL;
	index_deinit(&hosts->index);
	keep_free(&hosts->keep);
	free(hosts);
	return NULL;
}

const char *hosts_file_name(const struct hosts_file *hosts, const struct berth_address *address)
{
	static const uint8_t localhost4[4] = {127, 0, 0, 1}, localhost6[16] = {[15] = 1};
	uint8_t key[HOSTS_FILE_KEY_MAX];
	size_t n = hosts_file_key(address, key);
	const char *const *entry = n ? index_find(&hosts->index, key, n) : NULL;

	if (entry)
		return *entry;
	if (n && memcmp(key, n == 4 ? localhost4 : localhost6, n) == 0)
		return "localhost";
	return NULL;
}
