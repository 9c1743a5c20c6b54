/* Memberships' texts. The kernel writes them in columns that are not bounded by their width: fields are words between
 * blanks, and each is checked as a whole. */
#include "group_text.h"
#include "words.h"

#include <string.h>

/* The whole of word[2 * n_out] is n_out bytes. */
static bool hex_bytes(const char *word, uint8_t *out, size_t n_out)
{
	for (size_t i = 0; i < n_out; i++) {
		int high = words_hex_digit(word[2 * i]), low = high < 0 ? -1 : words_hex_digit(word[2 * i + 1]);
		if (low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* The words of an interface's number and of its name, and the name is one. */
static bool take_interface(const char *number, size_t n_number, const char *name, size_t n_name, struct group *group)
{
	uint64_t index;

	if (!words_decimal(number, n_number, UINT32_MAX, &index) || n_name == 0 ||
	    n_name >= sizeof(group->interface_name))
		return false;
	group->interface = (unsigned)index;
	memset(group->interface_name, 0, sizeof(group->interface_name));
	memcpy(group->interface_name, name, n_name);
	return true;
}

/* "010000E0  1 0:00000000  0": the address is a number as the machine has it in memory, and its users. */
static bool membership4(const char *at, const char *word, size_t n, struct group *group)
{
	uint8_t bytes[4];
	uint64_t users;
	const char *count;

	if (n != 8 || !hex_bytes(word, bytes, 4))
		return false;
	size_t n_count = words_next(&at, &count);
	if (!words_decimal(count, n_count, UINT32_MAX, &users))
		return false;
	uint32_t number = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
	group->address = (struct berth_address){.family = BERTH_IP4};
	memcpy(group->address.bytes, &number, 4);
	group->users = users;
	return group->interface != 0;
}

/* Lines that begin with a blank are memberships, "1\tlo        :     1      V3" is an interface: a long name leaves no
 * blank before the colon. */
bool group_line4(const char *line, struct group *group)
{
	const char *at = line, *word, *name;
	size_t n = words_next(&at, &word);

	if (line[0] == ' ' || line[0] == '\t')
		return membership4(at, word, n, group);
	size_t n_name = words_next(&at, &name);
	if (n_name && name[n_name - 1] == ':')
		n_name--;
	take_interface(word, n, name, n_name, group);
	return false;
}

/* "4    eth0            ff020000000000000000000000000001     1 0000000C 0" */
bool group_line6(const char *line, struct group *group)
{
	const char *at = line, *number, *name, *address, *count;
	size_t n_number = words_next(&at, &number), n_name = words_next(&at, &name);
	size_t n_address = words_next(&at, &address), n_count = words_next(&at, &count);
	struct group found = {.address = {.family = BERTH_IP6}};

	if (n_address != 32 || !hex_bytes(address, found.address.bytes, 16) ||
	    !words_decimal(count, n_count, UINT32_MAX, &found.users) ||
	    !take_interface(number, n_number, name, n_name, &found))
		return false;
	*group = found;
	return true;
}
