/* The values of a saved snapshot's lines, as they are read: true and the member is written, or false: the value is not
 * one that the field can have. */
#ifndef NETSTAT_SAVED_VALUE_H
#define NETSTAT_SAVED_VALUE_H

#include "source/saved_fields.h"

#include <cjson/cJSON.h>

/* A number as JSON's, or a text of decimal digits, up to `most`. */
bool saved_number_of(const cJSON *item, uint64_t most, uint64_t *out);
/* The same into an unsigned member of the field's size. */
bool saved_read_number(const struct saved_field *field, const cJSON *item, void *member);
bool saved_read_int(const cJSON *item, int *member);
bool saved_read_choice(const struct saved_field *field, const cJSON *item, uint8_t *member);
/* Into a char[field->size]; cut between two characters when it is too long. */
bool saved_read_chars(const struct saved_field *field, const cJSON *item, char *member);

/* The text of a value, borrowed from it, or NULL. Control characters and what is no UTF-8 become '?' in place: who
 * prints it does not expect any. */
const char *saved_text_of(const cJSON *item);

#endif
