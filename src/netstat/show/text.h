/* Texts from outside on their way to a terminal or a file. Names of programs, hosts and paths are whatever somebody
 * chose: what would break a line, move a cursor or hide what stands there is shown as '?'. */
#ifndef NETSTAT_TEXT_H
#define NETSTAT_TEXT_H

#include "column.h"

/* Nothing but printable ASCII. */
bool text_is_plain(const char *text, size_t n);

/* Takes from *text up to `end` and writes to to[room] what a terminal in the locale's encoding shows as it stands:
 * control characters, what is no character, and invisible ones that change the direction of others become '?'. Moves
 * *text to the first byte that found no room (room has to be 16 or more to get on), adds the display cells to *width,
 * and returns how many bytes it wrote, which are never more than it took. */
size_t text_clean(const char **text, const char *end, char *to, size_t room, size_t *width);

/* How many display cells a clean text takes, and how many of its bytes take at most `width` of them. */
size_t text_width(const char *text, size_t n);
size_t text_cut(const char *text, size_t n, size_t width);

/* The UTF-8 character at p (RFC 3629), whatever the locale: its length and its number, or 0: there is none. */
size_t text_utf8(const char *p, const char *end, uint32_t *character);

/* An invisible character that changes how others are shown: directions (Unicode annex 9), joiners, line separators. */
bool text_is_deceptive(uint32_t character);

/* A control character (of ASCII or C1, U+0080 to U+009F), or a deceptive one: nothing that may stand in an output. */
bool text_is_harmful(uint32_t character);

/* Takes one character from *text, which moves behind it, up to `end`, and writes it as it stands, or U+FFFD for a byte
 * that is no UTF-8, to to[4]. Returns the end of what it wrote. NULL: it is harmful, nothing is written, and *character
 * says which it is. */
char *text_take(const char **text, const char *end, char *to, uint32_t *character);

/* Room for any of the next four, none of which writes a NUL. */
#define TEXT_UNIT 24

/* "850ns", "87us", "1.2ms", "204ms", "3.4s", "12m05s", "3h07m", "12d04h": rounded down. Returns the end. */
char *text_duration(uint64_t ns, char *to);
/* Milliseconds, as the decimal number that is meant exactly: "0.087", "1200". Returns the end. */
char *text_milliseconds(uint64_t ns, char *to);

/* What people see in a cell that is no CELL_TEXT: "-", a number, a duration, "yes". Returns the end. */
char *text_of_cell(const struct cell *cell, char *to);

/* What programs are told of it: nothing for CELL_NONE, numbers, milliseconds, "true" or "false". Returns the end. */
char *text_for_programs(const struct cell *cell, char *to);

#endif
