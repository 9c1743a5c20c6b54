/* A DNS server for tests, on a port of its own of the loopback and in a thread. What it does with a PTR question about
 * 10.BEHAVIOUR.C.D says the address; about any IPv6 address it answers "six-N.example", N the last nibble. */
#ifndef TESTS_DNS_SERVER_H
#define TESTS_DNS_SERVER_H

#include <berth/address.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum dns_behaviour {
	DNS_ANSWER, /* "host-C-D.example" */
	DNS_NXDOMAIN,
	DNS_SILENCE,
	DNS_GARBAGE,         /* the right id, and then no sense */
	DNS_SHORT,           /* an answer that ends in the middle of its record */
	DNS_TRUNCATED,       /* the bit TC, and a record nevertheless */
	DNS_TRUNCATED_EMPTY, /* the bit TC, and nothing */
	DNS_WRONG_ID,        /* "wrong.example" with another id, then the answer */
	DNS_WRONG_ID_ONLY,
	DNS_WRONG_QUESTION, /* an answer about another address, then the answer */
	DNS_CONTROL,        /* a name with an escape sequence */
	DNS_NEWLINE,
	DNS_UTF8,
	DNS_LONG,    /* a name of 5 labels of 63 bytes */
	DNS_LONGEST, /* of 253 characters */
	DNS_LOOP,    /* a compressed name that points to itself */
	DNS_ADDRESS, /* "127.0.0.1" */
	DNS_OPTION,  /* "-n.example" */
	DNS_ROOT,    /* "." */
	DNS_SERVFAIL,
	DNS_REFUSED,
	DNS_NODATA,
	DNS_CNAME, /* as RFC 2317 delegates, then the answer */
	DNS_TWICE, /* the answer, two times */
	DNS_SLOW,  /* the answer after 20 ms */
};

struct dns_server {
	int fd, stop[2];
	uint16_t port;
	pthread_t thread;
	atomic_uint n_asked;     /* distinct questions */
	atomic_uint n_under_way; /* of them, not answered yet */
	atomic_uint max_under_way;
	atomic_uint n_packets; /* repeated questions too */
	bool asked[65536];     /* by C.D */
};

/* false: that family has no loopback here. */
bool dns_server_start(struct dns_server *server, enum berth_family family);
void dns_server_stop(struct dns_server *server);
/* "127.0.0.1:PORT" or "[::1]:PORT" to out. Returns out. */
char *dns_server_address(const struct dns_server *server, enum berth_family family, char out[BERTH_ADDRESS_TEXT]);

#endif
