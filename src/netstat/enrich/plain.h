/* A line of plain words, put together piece by piece. What comes from outside (names of programs, hosts, files) can
 * neither break it nor hide in it: it is valid UTF-8 without control characters, and no piece of it is long. */
#ifndef NETSTAT_PLAIN_H
#define NETSTAT_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plain {
	char text[4096];
	size_t n;
};

/* All of them end the text with a NUL. What finds no room is left out. */
void plain_add(struct plain *plain, const char *ours); /* a text of the program's own */
void plain_number(struct plain *plain, uint64_t number);
/* A text from outside: of each character that is none, or moves the cursor or turns the writing around (C0, C1, the
 * line ends and directions of Unicode), '?' is shown. At most PLAIN_WORD bytes, then "...". */
void plain_word(struct plain *plain, const char *foreign);

#define PLAIN_WORD 160u

/* The character that `text` begins with is one to be shown as it is; *n: how many bytes it takes (1 if it is none). The
 * text is not empty. */
bool plain_shows(const char *text, const char *end, size_t *n);

#endif
