/* Addresses as text where many are written: no copy, no format string. */
#ifndef BASE_ADDRESS_TEXT_H
#define BASE_ADDRESS_TEXT_H

#include <berth/address.h>

/* As berth_address_format, into text[BERTH_ADDRESS_TEXT] and without a NUL. Returns the text's end. */
char *address_text_write(const struct berth_address *a, char *text);

/* As many decimal digits as the number has, at most 20, without a NUL. Returns their end. There has to be room for
 * three in any case. */
char *address_text_number(uint64_t number, char *text);

#endif
