/* The system's tables as text, such as /etc/services and /etc/hosts: a line an entry, words with blanks between them,
 * and comments from '#' to the end of the line. */
#ifndef NETSTAT_TABLE_FILE_H
#define NETSTAT_TABLE_FILE_H

#include <stddef.h>

/* How many words of a line are looked at; more are passed over. */
#define TABLE_FILE_WORDS 16

struct table_file_word {
	const char *text; /* in the text that is read, without a NUL behind it */
	size_t n;
};

struct table_file_line {
	struct table_file_word words[TABLE_FILE_WORDS];
	size_t n_words; /* at least 1 */
};

/* Reads the next line that has words, from *text[*n] on, which moves behind it. How many words there are; 0: no such
 * line is left. Takes any bytes. */
size_t table_file_next(const char **text, size_t *n, struct table_file_line *line);

/* Reads a whole file, of `max` bytes at most. 0 and *text[*n], the caller's to free() (NULL when the file is empty);
 * BERTH_ENOENT: it cannot be opened or is no plain file; BERTH_EOVERFLOW: it is larger; BERTH_EIO, BERTH_ENOMEM. Never
 * waits as a FIFO would make it. */
int table_file_read(const char *path, size_t max, char **text, size_t *n);

#endif
