/* For tests of names: two hosts on one loop and one cable, 10.0.0.1 and 2001:db8::1 with a resolver, 10.0.0.2 and
 * 2001:db8::2 with a DNS server that answers from a zone in the test, over UDP and TCP, in real time. */
#ifndef TESTS_NAMES_BED_H
#define TESTS_NAMES_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <berth/berth.h>

#define MS UINT64_C(1000000)

enum {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_AAAA = 28,
	DNS_HEADER = 12,
	DNS_PACKET = 65535,
	/* Instead of a type: what the server does when it is asked for the name. */
	ZONE_SILENT = 1000, /* it says nothing */
	ZONE_RCODE,         /* turns it down: the text is the code */
	ZONE_TRUNCATED,     /* over UDP it sends nothing but that the answer is cut short */
	ZONE_SLOW,          /* answers after as many ms as the text says */
	ZONE_NO_EDNS,       /* understands it only without additional records */
	ZONE_FORGED,        /* bed->forge makes the answer */
};

/* A line of the zone: an address or the name behind an alias; or what the server does, to questions of type `only` or
 * to all (0). A name with a line exists. */
struct zone_line {
	const char *name;
	unsigned type;
	const char *text;
	unsigned only;
};

struct dns_packet {
	uint8_t bytes[DNS_PACKET];
	size_t n;
};

struct names_bed {
	struct berth_loop *loop;
	struct berth_link *links[2];
	struct berth_host *client, *server;
	struct berth_resolver *resolver; /* asks the server */
	const struct zone_line *zone;
	size_t n_zone;
	/* Makes packets out of a question, and sends each with bed_reply. */
	void (*forge)(struct names_bed *bed, const struct dns_packet *question);
	struct bed_socket *udp[2], *tcp[2]; /* the server's, of IPv4 and IPv6 */
	struct bed_socket *asked;           /* that of the last UDP question */
	struct bed_socket *sockets;         /* all of the server's */
	struct slow *slow;                  /* answers that wait */
	struct berth_socket_address asker;  /* of the last UDP question */
	struct bed_socket *asker_stream;    /* of the last question over TCP; NULL: it came over UDP */
	unsigned n_udp, n_tcp;              /* questions */
	unsigned n_replies;
	uint16_t ids[64], ports[64]; /* of the first UDP questions */
	struct dns_packet reply;
};

void bed_init(struct names_bed *bed, const struct zone_line *zone, size_t n_zone);
void bed_deinit(struct names_bed *bed);
#define BED(zone) bed_init(&bed, zone, sizeof(zone) / sizeof((zone)[0]))

/* The server answers at fe80::2%1 instead of 2001:db8::2. */
void bed_serve_link_local(struct names_bed *bed);

/* Runs rounds until *done, or fails. */
void bed_run(struct names_bed *bed, const bool *done);
/* Runs rounds for a time. */
void bed_run_for(struct names_bed *bed, berth_time ns);

/* ---- packets ---- */

void dns_put(struct dns_packet *packet, const void *bytes, size_t n);
void dns_put16(struct dns_packet *packet, unsigned value);
void dns_put_name(struct dns_packet *packet, const char *name);
/* Header with these flags, and the question. */
void dns_begin(struct dns_packet *packet, const struct dns_packet *question, unsigned flags, unsigned n_answers);
/* A record of the name asked for, with n bytes of data. */
void dns_put_record(struct dns_packet *packet, unsigned type, const void *data, size_t n);

/* Sends a packet to the last asker. */
void bed_reply(struct names_bed *bed, const struct dns_packet *packet);
/* Sends bytes to the last asker, who has come over TCP. */
void bed_stream_send(struct names_bed *bed, const void *bytes, size_t n);

/* ---- lookups ---- */

struct answer {
	bool done;
	int n;
	struct berth_address addresses[BERTH_RESOLVE_MAX];
};
berth_resolve_done answer_take;

/* Looks a name up and waits. What berth_resolve_done is given. */
struct answer bed_resolve(struct names_bed *bed, const char *name, enum berth_family family);

/* The addresses as text, a blank between them; or the error's name. Static. */
const char *answer_text(const struct answer *answer);
#define assert_resolves(bed, name, family, text)                                                                       \
	do {                                                                                                           \
		struct answer answer_ = bed_resolve(bed, name, family);                                                \
		assert_string_equal(answer_text(&answer_), text);                                                      \
	} while (0)

struct berth_socket_address bed_address(const char *text);

#endif
