/* The insides of asking by c-ares, shared by questions (dns_cares.c), sockets (dns_sockets.c) and what passes between
 * them (dns_exchange.c). */
#ifndef PLATFORM_DNS_CARES_H
#define PLATFORM_DNS_CARES_H

#include "dns_question.h"

#define CARES_NO_DEPRECATED
#include <ares.h>

#define DNS_HEADER 12
#define DNS_SENT_MAX (DNS_HEADER + 255 + 4) /* name, type, class */
#define DNS_STREAM_MAX (2 + 65535)
#define DNS_PLACEHOLDERS 0xc0000200u /* 192.0.2.0: of the servers, for c-ares */

enum {
	DNS_SERVFAIL = 2,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
};

enum dns_state {
	DNS_ASKED,
	DNS_AGAIN, /* to be asked anew */
	DNS_DONE,
};

/* A packet that c-ares has sent, and what came back for it. */
struct dns_exchange {
	uint8_t sent[DNS_SENT_MAX]; /* header and question */
	size_t n_sent;              /* 0: nothing yet */
	uint8_t rcode;              /* with which a server has turned it down; 0: none has */
	int n;                      /* addresses in the last answer, or an error */
	struct berth_address addresses[DNS_ADDRESSES_MAX];
};

struct dns_question {
	struct dns *dns;
	struct dns_question *next;
	enum dns_state state;
	enum berth_family family;
	bool repeated; /* after a server did not understand it */
	struct dns_exchange exchange;
	char name[256];           /* 253 bytes and a dot */
	struct dns_answer answer; /* user NULL: forgotten */
};

/* A connection's bytes on their way to c-ares, one message at a time. */
struct dns_stream {
	uint8_t *in; /* [DNS_STREAM_MAX]: a message with its length; NULL: none yet */
	size_t n_in;
	uint8_t out[2 + DNS_SENT_MAX]; /* what c-ares is to see of it: out[off_out..n_out) */
	size_t n_out, off_out;
};

struct dns_socket {
	struct berth_loop_socket loop_socket;
	struct dns_socket *next;
	struct dns *dns;
	ares_socket_t number; /* what c-ares knows it by */
	int descriptor;       /* -1: none yet, as its family is not known */
	unsigned server;
	bool is_stream;
	bool wants_write;
	bool dead; /* closed; freed when c-ares is done */
	struct dns_stream stream;
};

struct dns {
	struct berth_host *host;
	void (*on_news)(void *user);
	void *user;
	ares_channel channel; /* NULL: not configured */
	bool news;
	struct dns_config config;
	struct dns_socket *sockets;
	ares_socket_t next_number;
	struct dns_question *questions;
	struct dns_question *asking; /* that c-ares is sending for the first time */
	unsigned n_questions;
};

/* ---- dns_exchange.c ---- */

/* A packet that c-ares sends. */
void dns_exchange_sent(struct dns *dns, const uint8_t *packet, size_t n);

/* What a packet is the answer to. NULL: to nothing that is under way. */
struct dns_exchange *dns_exchange_of(const struct dns *dns, const uint8_t *packet, size_t n);

/* What c-ares is to see next of a socket that has a descriptor. Bytes, 0 at the end of a connection, or an error. */
long dns_exchange_receive(struct dns *dns, struct dns_socket *socket, uint8_t *out, size_t n);

/* ---- dns_sockets.c ---- */

/* Berth's sockets for c-ares; what goes with them is a struct dns. */
extern const struct ares_socket_functions dns_socket_functions;

/* c-ares's ares_sock_state_cb. */
void dns_socket_interest(void *user, ares_socket_t number, int readable, int writable);

/* Lets c-ares do what its sockets are ready for. */
void dns_pump(struct dns *dns);

/* c-ares is done for now: frees the sockets that it has closed, and tells of news. */
void dns_leave(struct dns *dns);

#endif
