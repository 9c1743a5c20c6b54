/* Inside the filter: its words, its values and its tree, shared by the files filter_*.c and by nobody else. */
#ifndef NETSTAT_FILTER_TREE_H
#define NETSTAT_FILTER_TREE_H

#include "ask/filter.h"

enum {
	FILTER_NODES_MAX = 2048,
	FILTER_DEPTH_MAX = 64,
	FILTER_TEXT_MAX = 16 * 1024,
};

/* ---- tokens (filter_lex.c) ---- */

enum filter_token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_QUOTED, /* at and length are of what stands between the quotation marks */
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_OPERATOR, /* = == != < <= > >= */
	TOKEN_AND,      /* && &, and the word */
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_UNCLOSED, /* a quotation mark without its other one */
};

struct filter_token {
	enum filter_token_kind kind;
	const char *at;
	size_t length;
};

/* Reads the token at text + *offset, after spaces, and moves *offset behind it. */
struct filter_token filter_lex(const char *text, size_t *offset);

/* The token as a NUL-terminated word in lower case with '-' for '_', in out[n]; false: it is longer than that. */
bool filter_word(const struct filter_token *token, char *out, size_t n);

/* ---- the tree ---- */

enum filter_kind {
	FILTER_NONE, /* as an index, no node; node 0 */
	FILTER_AND,
	FILTER_OR,
	FILTER_NOT,
	FILTER_LEAF,
};

struct filter_node;
typedef bool filter_test(const struct filter_node *node, const struct netstat_row *row);

/* An address and a port, either of which may be any. */
struct filter_end {
	struct berth_address address; /* never v4-mapped; family BERTH_ANY_FAMILY: any */
	uint8_t prefix;
	bool any_port;
	uint16_t first, last;
};

struct filter_pattern {
	const char *text;
	bool wild;
};

struct filter_node {
	uint8_t kind;         /* enum filter_kind */
	uint16_t first, next; /* first child, next sibling: indices, 0: none */
	const struct filter_field *field;
	filter_test *test; /* a leaf's */
	union {
		uint64_t set;
		struct {
			uint64_t least, most;
		} range;
		struct filter_end end;
		struct filter_pattern pattern;
	};
};

struct filter {
	struct filter_node *nodes; /* the first is nobody's: index 0 is none */
	size_t n_nodes, room;
	uint16_t root;
	struct keep keep; /* patterns */
};

/* ---- what can be asked for (filter_field.c) ---- */

/* A name for some bits of a set. */
struct filter_name {
	const char *name;
	uint64_t bits;
};

enum filter_value {
	VALUE_SET,     /* of names */
	VALUE_PORT,    /* number, range, service */
	VALUE_END,     /* address, prefix, with or without a port */
	VALUE_NUMBER,  /* and ranges, with k, M, G, T */
	VALUE_TIME,    /* with its unit */
	VALUE_PATTERN, /* for fnmatch; a number where the field has a test for that */
};

/* What a leaf says about protocol, state and family. */
enum filter_narrows {
	NARROWS_NOTHING,
	NARROWS_STATES, /* those of the set, or, negated, the others; as the next two */
	NARROWS_PROTOCOLS,
	NARROWS_FAMILIES, /* a set by FILTER_FAMILY_... */
	NARROWS_PORTS,    /* to protocols that have ports */
	NARROWS_END,      /* to the family of its address, to protocols that have addresses */
	NARROWS_UNIX,     /* to Unix sockets */
};

#define FILTER_LOCAL 1u
#define FILTER_FOREIGN 2u

#define FILTER_FAMILY_UNIX 4u /* beside NETSTAT_IP4, NETSTAT_IP6 */

/* Protocols with ports of their own: a raw socket's is its IP protocol. */
#define FILTER_PORT_PROTOCOLS (NETSTAT_ALL_PROTOCOLS & ~(NETSTAT_BIT(NETSTAT_RAW) | NETSTAT_BIT(NETSTAT_UNIX)))

enum { FILTER_NAMES_PER_FIELD = 4 };

struct filter_field {
	const char *names[FILTER_NAMES_PER_FIELD]; /* the first is the one that messages use */
	const char *what;                          /* "a state, such as established": what stands behind it */
	uint8_t value;                             /* enum filter_value */
	uint8_t narrows;                           /* enum filter_narrows */
	uint8_t ends;  /* set of FILTER_LOCAL, _FOREIGN: which end must be so, one of them */
	bool negated;  /* `exclude` */
	bool optional; /* without a value, any is meant */
	uint32_t needs;
	const char *suffix;            /* VALUE_PATTERN: what a name without a dot ends with; NULL: nothing */
	const struct filter_name *set; /* of VALUE_SET: its names, ended by one without name */
	filter_test *test;
	filter_test *number_test; /* VALUE_PATTERN: when a number is given; NULL: a number is a name, too */
};

/* Which ends a row can have that the filter matches, in request->ends (filter_ends.c). */
void filter_narrow_ends(const struct filter *filter, struct netstat_request *request);

/* The field of a word (as filter_word gives it), or NULL. */
const struct filter_field *filter_field_by_word(const char *word);

/* A word that stands alone for a field and a value, such as `established` or `inbound`: the field and *bits, or NULL.
 * `negated` words mean what is not in them. */
const struct filter_field *filter_field_by_bare_word(const char *word, uint64_t *bits, bool *negated);

/* An IPv4-mapped address (RFC 4291 section 2.5.5.2) as the IPv4 address that it stands for; false: it is none. */
bool filter_unmap(const struct berth_address *address, struct berth_address *out);

/* The family of a row as one of a set of NETSTAT_IP4, NETSTAT_IP6, FILTER_FAMILY_UNIX. */
static inline uint32_t filter_family_bit(uint8_t family)
{
	return family == BERTH_IP4 ? NETSTAT_IP4 : family == BERTH_IP6 ? NETSTAT_IP6 : FILTER_FAMILY_UNIX;
}

/* The name of a field, or bare word, that `word` was probably meant to be, or NULL. */
const char *filter_nearest_word(const char *word);

/* ---- values (filter_value.c) ---- */

enum filter_operator {
	OPERATOR_EQUAL,
	OPERATOR_UNEQUAL,
	OPERATOR_LESS,
	OPERATOR_AT_MOST,
	OPERATOR_GREATER,
	OPERATOR_AT_LEAST,
};

enum { FILTER_RANGES_MAX = 8 }; /* that one value may stand for: a service with another port for each transport */

/* The values that one text stands for: leaves, joined by `or`. */
struct filter_values {
	struct filter_node leaves[FILTER_RANGES_MAX];
	size_t n;
	char error[200]; /* what is wrong with it */
};

/* Reads a token as a value of the field, compared by `operator`. 0, and values->leaves are complete but for their kind;
 * BERTH_EINVAL and values->error; BERTH_ENOMEM. Patterns are kept in `keep`. */
int filter_value_read(const struct filter_field *field, enum filter_operator operator,
		      const struct filter_token * token, struct keep *keep, struct filter_values *values);

/* The token for a message: cut when it is long, control characters as '?'. Returns out. */
char *filter_show(const struct filter_token *token, char *out, size_t n);

#endif
