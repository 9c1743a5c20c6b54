/* From JSON's values to members of structs, each checked for type and range. */
#include "source/saved_value.h"

#include "show/text.h"

#include <limits.h>
#include <string.h>

bool saved_number_of(const cJSON *item, uint64_t most, uint64_t *out)
{
	uint64_t value = 0;

	if (cJSON_IsNumber(item)) {
		double number = item->valuedouble;
		if (!(number >= 0 && number <= (double)SAVED_NUMBER_MAX))
			return false;
		value = (uint64_t)number;
		if ((double)value != number)
			return false;
	} else if (cJSON_IsString(item) && *item->valuestring) {
		for (const char *p = item->valuestring; *p; p++)
			if (*p < '0' || *p > '9' || __builtin_mul_overflow(value, 10u, &value) ||
			    __builtin_add_overflow(value, (unsigned)(*p - '0'), &value))
				return false;
	} else {
		return false;
	}
	*out = value;
	return value <= most;
}

bool saved_read_number(const struct saved_field *field, const cJSON *item, void *member)
{
	uint64_t most = field->size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * field->size) - 1, value;

	if (!saved_number_of(item, most, &value))
		return false;
	if (field->size == 8)
		memcpy(member, &value, sizeof(value));
	else if (field->size == 4)
		memcpy(member, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
	else if (field->size == 2)
		memcpy(member, &(uint16_t){(uint16_t)value}, sizeof(uint16_t));
	else
		*(uint8_t *)member = (uint8_t)value;
	return true;
}

bool saved_read_int(const cJSON *item, int *member)
{
	if (!cJSON_IsNumber(item) || !(item->valuedouble >= INT_MIN && item->valuedouble <= INT_MAX) ||
	    (double)(int)item->valuedouble != item->valuedouble)
		return false;
	*member = (int)item->valuedouble;
	return true;
}

const char *saved_text_of(const cJSON *item)
{
	char *p, *end;

	if (!cJSON_IsString(item))
		return NULL;
	end = item->valuestring + strlen(item->valuestring);
	for (p = item->valuestring; p < end;) {
		uint32_t character;
		size_t n = text_utf8(p, end, &character);
		if (n == 0 || character < ' ' || character == 0x7f)
			*p = '?';
		p += n ? n : 1;
	}
	return item->valuestring;
}

bool saved_read_choice(const struct saved_field *field, const cJSON *item, uint8_t *member)
{
	for (uint8_t i = 0; cJSON_IsString(item) && i < field->n_names; i++)
		if (strcmp(field->names[i], item->valuestring) == 0) {
			*member = i;
			return true;
		}
	return false;
}

bool saved_read_chars(const struct saved_field *field, const cJSON *item, char *member)
{
	const char *text = saved_text_of(item);

	if (!text)
		return false;
	size_t n = strnlen(text, field->size);
	if (n == field->size)
		for (n--; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
			n--; /* not within a character */
	memcpy(member, text, n);
	member[n] = 0;
	return true;
}
