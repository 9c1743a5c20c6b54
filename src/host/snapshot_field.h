/* Members of snapshot rows as words of a line, "KEY=VALUE" (docs/snapshot-format.md).
 *
 * A table says which members of a row are written, by which key and in which form; writing and reading both walk it. */
#ifndef HOST_SNAPSHOT_FIELD_H
#define HOST_SNAPSHOT_FIELD_H

#include <berth/snapshot.h>

enum snapshot_form {
	SNAPSHOT_NUMBER, /* an unsigned member of 1, 2, 4 or 8 bytes, decimal */
	SNAPSHOT_FLAG,   /* bool: 1 */
	SNAPSHOT_WORD,   /* uint8_t: one of `words` */
	SNAPSHOT_TCP_STATE,
	SNAPSHOT_DESCRIPTOR, /* int: decimal, left out below 0 */
	SNAPSHOT_SOCKET_ADDRESS,
	SNAPSHOT_ADDRESS, /* left out when it is of no family */
	SNAPSHOT_PREFIX,  /* an address, and its length in bits in the uint8_t at `off_prefix` */
	SNAPSHOT_MAC,     /* left out when it is all zero */
	SNAPSHOT_NAME,    /* char[size]: left out when empty; %XX for what is no plain printable character */
};

struct snapshot_word {
	const char *text;
	uint8_t value;
};

struct snapshot_field {
	const char *key;
	enum snapshot_form form;
	bool required; /* of numbers, flags, words and names: written whatever they are */
	uint16_t off, size, off_prefix;
	const struct snapshot_word *words; /* the last has no text */
	uint64_t usual;                    /* of numbers and words: what is left out, and read when it is not there */
};

/* What a line of a kind is made of. */
struct snapshot_table {
	const char *word; /* the first */
	const struct snapshot_field *fields;
	size_t n_fields; /* at most 64 */
	size_t row_size; /* at most sizeof(union snapshot_row) */
};

union snapshot_row {
	struct berth_socket_row socket;
	struct berth_interface_row interface;
	struct berth_address_row address;
	struct berth_route_row route;
	struct berth_group_row group;
	struct berth_neighbour_row neighbour;
	struct berth_dns_row dns;
	struct berth_search_row search;
};

/* A line being written into BERTH_SNAPSHOT_LINE bytes. Lines are made of bounded parts, and there is room for all of
 * them. */
struct snapshot_line {
	char *out;
	size_t len;
};

void snapshot_add(struct snapshot_line *line, const char *text);
/* " KEY=VALUE" */
void snapshot_add_number(struct snapshot_line *line, const char *key, uint64_t value);
/* A name of any bytes, up to n or its NUL: a control character goes as '?'. */
void snapshot_add_name(struct snapshot_line *line, const char *name, size_t n);
/* Ends the line; its length. */
size_t snapshot_end(struct snapshot_line *line);

/* All of a row's line. */
size_t snapshot_write(const struct snapshot_table *table, const void *row, char *out);

/* Cuts the next word off *p, ending it with a NUL. NULL at the end of the line; an empty word where two spaces meet. */
char *snapshot_next_word(char **p);
/* Cuts "KEY=VALUE" in two and returns VALUE; NULL when it is something else. */
char *snapshot_cut_value(char *word);
/* The whole text is a decimal number of at most `max`. */
bool snapshot_parse_number(const char *text, uint64_t max, uint64_t *out);
/* A name into out[n], %XX undone. false: too long, a bad escape, or a control character. */
bool snapshot_parse_name(const char *text, char *out, size_t n);

/* What follows a line's first word into a row, and false when it is wrong. Keys that the table has not are skipped. */
bool snapshot_read(const struct snapshot_table *table, char *rest, void *row);

#endif
