/* DHCP messages, RFC 2131 section 2, and the options that a client has to do with.
 *
 * Addresses are numbers in host order. One struct serves both directions: parse(emit(m)) gives m again, whatever the
 * kind of message, so that tests can play the server. */
#ifndef WIRE_DHCP_MESSAGE_H
#define WIRE_DHCP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68

/* Header, names and cookie: options come behind. */
#define DHCP_HEADER 240
/* Emit writes at least this: the vendor area of BOOTP had 64 bytes (RFC 951), and relay agents drop less (RFC 1542
 * section 2.1). */
#define DHCP_LEN_MIN 300

/* What is kept of lists; the first ones, in the server's order, which is that of its preference. */
#define DHCP_IPS_MAX 8
#define DHCP_ROUTES_MAX 32
#define DHCP_NAME_MAX 254    /* bytes of a name's text, NUL included */
#define DHCP_SEARCH_MAX 1024 /* bytes of the search domains' text */
#define DHCP_CLIENT_ID_MAX 64
#define DHCP_PARAMETERS_MAX 32
/* Options looked at in one message; real ones have about twenty. */
#define DHCP_OPTIONS_MAX 256

#define DHCP_FOREVER UINT32_MAX /* a lease without end */

enum dhcp_op {
	DHCP_TO_SERVER = 1,
	DHCP_TO_CLIENT = 2,
};

/* Option 53. */
enum dhcp_type {
	DHCP_NO_TYPE, /* a BOOTP message */
	DHCP_DISCOVER,
	DHCP_OFFER,
	DHCP_REQUEST,
	DHCP_DECLINE,
	DHCP_ACK,
	DHCP_NAK,
	DHCP_RELEASE,
	DHCP_INFORM,
};

/* The numbers of options, for the list of those that a client asks for. */
enum dhcp_option {
	DHCP_OPTION_MASK = 1,
	DHCP_OPTION_ROUTERS = 3,
	DHCP_OPTION_DNS = 6,
	DHCP_OPTION_HOST_NAME = 12,
	DHCP_OPTION_DOMAIN = 15,
	DHCP_OPTION_MTU = 26,
	DHCP_OPTION_BROADCAST = 28,
	DHCP_OPTION_REQUESTED = 50,
	DHCP_OPTION_LEASE = 51,
	DHCP_OPTION_OVERLOAD = 52,
	DHCP_OPTION_TYPE = 53,
	DHCP_OPTION_SERVER = 54,
	DHCP_OPTION_PARAMETERS = 55,
	DHCP_OPTION_LARGEST = 57,
	DHCP_OPTION_T1 = 58,
	DHCP_OPTION_T2 = 59,
	DHCP_OPTION_CLIENT_ID = 61,
	DHCP_OPTION_SEARCH = 119,
	DHCP_OPTION_ROUTES = 121,
};

struct dhcp_ips {
	uint32_t ip[DHCP_IPS_MAX];
	uint8_t n;
};

/* RFC 3442; no bit of the destination is set behind the prefix. */
struct dhcp_route {
	uint32_t destination, gateway; /* gateway 0.0.0.0: on the link itself */
	uint8_t prefix;
};

struct dhcp_message {
	uint8_t op;   /* enum dhcp_op */
	uint8_t type; /* enum dhcp_type */
	bool broadcast;
	uint16_t secs;
	uint32_t xid;
	uint32_t client, yours, server, relay; /* ciaddr, yiaddr, siaddr, giaddr */
	uint8_t mac[6];                        /* chaddr */

	bool has_requested, has_server_id, has_mask, has_broadcast_ip, has_lease, has_t1, has_t2, has_mtu, has_largest;
	uint32_t requested, server_id, mask, broadcast_ip;
	uint32_t s_lease, s_t1, s_t2; /* seconds; DHCP_FOREVER */
	uint16_t mtu;                 /* 68 or more */
	uint16_t largest;             /* message that the sender takes: 576 or more */
	struct dhcp_ips routers, dns;
	uint8_t n_routes, n_search, n_client_id, n_parameters; /* 0: the option is not there */
	struct dhcp_route routes[DHCP_ROUTES_MAX];
	uint8_t client_id[DHCP_CLIENT_ID_MAX];
	uint8_t parameters[DHCP_PARAMETERS_MAX]; /* the options asked for */
	char host_name[DHCP_NAME_MAX];           /* "": not there. Letters, digits, '-', '_', dots between labels */
	char domain[DHCP_NAME_MAX];
	char search[DHCP_SEARCH_MAX]; /* n_search names as above, each with its NUL, one after the other */

	/* Said by parse, not looked at by emit. */
	uint16_t n_bad; /* options left out because their length or content cannot be */
	uint16_t n_cut; /* options with more than is kept, or that come after DHCP_OPTIONS_MAX others */
};

enum dhcp_verdict {
	DHCP_OK,
	DHCP_SHORT,
	DHCP_BAD_OP,
	DHCP_BAD_HARDWARE, /* not the 6 bytes of an Ethernet address */
	DHCP_BAD_COOKIE,   /* BOOTP of before RFC 1497, or no DHCP at all */
};

/* Reads a message of n bytes. Fills *out when DHCP_OK. An option that cannot be is left out and counted, and the rest
 * is read on; one that is not whole ends the field that it is in. */
enum dhcp_verdict dhcp_parse(const uint8_t *p, size_t n, struct dhcp_message *out);

/* The bytes that emit writes, DHCP_LEN_MIN or more. */
size_t dhcp_len(const struct dhcp_message *m);
/* Writes dhcp_len(m) bytes; returns the next position. Lists within their bounds and names as described are the
 * caller's to see to. */
uint8_t *dhcp_emit(const struct dhcp_message *m, uint8_t *to);

/* Search domain number i < n_search. Borrowed from the message. */
const char *dhcp_search(const struct dhcp_message *m, unsigned i);

/* The `n` bytes are a name as above (a dot at the end is dropped): true and out[DHCP_NAME_MAX] has it, else false. */
bool dhcp_name(const uint8_t *p, size_t n, char *out);

/* "DHCPOFFER", or "BOOTP". */
const char *dhcp_type_name(uint8_t type);

#endif
