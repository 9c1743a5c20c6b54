/* The fields of a saved snapshot's lines: one table for each kind of line, which both writing and reading go by, so
 * that they cannot drift. docs/netstat-saved.md describes them. */
#ifndef NETSTAT_SAVED_FIELDS_H
#define NETSTAT_SAVED_FIELDS_H

#include "source/saved.h"

enum {
	SAVED_VERSION = 1,
	SAVED_LINE_MAX = 64 * 1024,
	/* No text takes more bytes than this, escaped, so that a line with the most texts, a process, keeps within the
	 * above whatever a program calls itself. Longer ones are cut. */
	SAVED_TEXT_MAX = 9000,
};

/* The greatest number that no other one is rounded to in a double (RFC 8259 section 6). Greater ones are texts. */
#define SAVED_NUMBER_MAX ((UINT64_C(1) << 53) - 1)

enum saved_type {
	SAVED_NUMBER,  /* unsigned, 1, 2, 4 or 8 bytes */
	SAVED_INT,     /* int */
	SAVED_BOOL,    /* bool */
	SAVED_TEXT,    /* const char *; NULL: left out */
	SAVED_NAME,    /* const char *, that outlives its line */
	SAVED_CHARS,   /* char[size] */
	SAVED_CHOICE,  /* uint8_t, by its name */
	SAVED_ADDRESS, /* struct berth_socket_address */
	SAVED_TCP,     /* struct netstat_tcp, an object of its own; left out unless row.tcp is there */
};

struct saved_field {
	const char *key;
	uint8_t type; /* enum saved_type */
	bool always;  /* written also when it is 0, and must be there */
	uint8_t size; /* of the member */
	uint16_t at;  /* where the member is in its struct */
	uint8_t n_names;
	const char *const *names; /* of a choice */
};

struct saved_kind {
	const char *name; /* the line's only key */
	const struct saved_field *fields;
	size_t n;
};

struct saved_user {
	uint32_t uid;
	const char *name;
};

struct saved_owner {
	uint64_t inode;
	int pid, descriptor;
};

struct saved_namespace {
	uint32_t id; /* what sockets call it by; from 1 */
	uint64_t inode;
	const char *name;
};

struct saved_end {
	uint64_t n_sockets;
};

struct saved_socket {
	struct netstat_row row; /* owners, ns, tcp: by the members below */
	struct netstat_tcp tcp;
	uint32_t namespace_id; /* 0: netstat's own */
	int pid, descriptor;   /* of a berth host */
};

/* Each reads and writes one kind. The head's line is {"berth_netstat": VERSION, ...} itself. */
extern const struct saved_kind saved_head_kind, saved_user_kind, saved_process_kind, saved_owner_kind,
	saved_namespace_kind, saved_socket_kind, saved_tcp_kind, saved_end_kind;

#endif
