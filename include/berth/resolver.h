/* Names of hosts: a stub resolver over a host's own sockets, and connecting to a name.
 *
 * The resolver asks DNS servers over UDP, and over TCP when an answer did not fit (RFC 1035, 7766). It is a part of a
 * program on an event loop: its sockets belong to the host, its time is the loop's, and it reads no file of the
 * machine. Functions that the program gives it are called from the loop, never from within the call that they were
 * given to.
 *
 * Its sockets carry a struct berth_loop_socket as user pointer. When the host was attached to the loop with an on_event
 * of the program's own, that has to hand on what is the resolver's: berth_resolver_event. */
#ifndef BERTH_RESOLVER_H
#define BERTH_RESOLVER_H

#include "platform.h"
#include "socket.h"

#ifdef __cplusplus
extern "C" {
#endif

struct berth_resolver;

/* A resolver for a host on a loop, both borrowed until it is freed. 0 and *out, or BERTH_ENOMEM, BERTH_EIO (the library
 * that asks could not be set up). Built without that library, it knows addresses and what needs no server; every other
 * name is then BERTH_EPROTONOSUPPORT. */
int berth_resolver_new(struct berth_loop *loop, struct berth_host *host, struct berth_resolver **out);

/* Ends it, and every lookup and dialer of it, without calling back. Before the host and the loop are freed. Accepts
 * NULL, returns NULL. */
struct berth_resolver *berth_resolver_free(struct berth_resolver *resolver);

#define BERTH_RESOLVER_SERVERS_MAX 8
#define BERTH_RESOLVER_DOMAINS_MAX 8

/* The servers to ask, in their order; copied. NULL: those of the host, at port 53 (berth_host_dns, read for each name),
 * which is where a resolver begins. None: no name can be looked up. Questions that are under way are asked anew. 0, or
 * BERTH_EINVAL (one without an address or a port), BERTH_ENOSPC (more than BERTH_RESOLVER_SERVERS_MAX; of the host's
 * the first are taken), BERTH_ENOMEM, BERTH_EIO; then nothing has changed. */
int berth_resolver_servers(struct berth_resolver *resolver, const struct berth_socket_address *servers, size_t n);

/* The domains in which names without a dot are looked for, in their order, before they are asked for as they are;
 * copied. NULL: those of the host (berth_host_search), which is where a resolver begins. 0, or BERTH_EINVAL (no
 * domain's name), BERTH_ENOSPC (more than BERTH_RESOLVER_DOMAINS_MAX; of the host's the first are taken); then nothing
 * has changed. */
int berth_resolver_search(struct berth_resolver *resolver, const char *const *domains, size_t n);

/* How long to wait for an answer before the next server is asked, 10 to 60,000 ms (2,000), doubled each time that all
 * have been; and how often each is, 1 to 10 (3). Other values are brought into these ranges. 0, or BERTH_ENOMEM,
 * BERTH_EIO; then nothing has changed. */
int berth_resolver_patience(struct berth_resolver *resolver, unsigned ms, unsigned n_tries);

/* For an on_event of the program's own: when the event is of a socket of the resolver or of a dialer, hands it on and
 * returns true. */
bool berth_resolver_event(struct berth_resolver *resolver, const struct berth_event *event);

/* ---- looking up ---- */

/* Addresses of a name that are kept: half of them of each family when both are asked for. */
#define BERTH_RESOLVE_MAX 32

struct berth_lookup;

/* How a lookup ended: addresses[0..n), n at least 1, the one to try first in front (RFC 6724 section 6), borrowed for
 * the call; or n is an error:
 *	BERTH_ENOENT            there is no such name
 *	BERTH_ENODATA           the name has no address (of the family)
 *	BERTH_ETIMEDOUT         no server has answered
 *	BERTH_ECONNREFUSED      no server could be reached
 *	BERTH_EACCES            the servers refuse to answer
 *	BERTH_EIO               the servers failed to find out
 *	BERTH_EPROTO            what the servers answered makes no sense
 *	BERTH_EDESTADDRREQ      no server is known
 *	BERTH_EINVAL            the library does not ask for names with bytes like these
 *	BERTH_EPROTONOSUPPORT   built without the library that asks servers
 *	BERTH_ENOMEM
 * The lookup is over: it is not cancelled any more. The function may do anything, freeing the resolver included. */
typedef void berth_resolve_done(void *user, int n, const struct berth_address *addresses);

/* Looks up a name: a domain name, with a dot at the end or not; "localhost" and what is below it, which is the loopback
 * (RFC 6761 section 6.3); or an address as text, "192.0.2.1", "2001:db8::1", "fe80::1%2". `family`: BERTH_ANY_FAMILY
 * for addresses of both. A name's bytes are sent as they are, other than ASCII too where the library takes them. 0, and
 * *out when that is not NULL, or BERTH_EINVAL (the text can be no name: empty or longer than 253 bytes, a label empty
 * or longer than 63, a blank, a control character or a backslash, or numbers alone that are no address),
 * BERTH_EAFNOSUPPORT (an address of the other family), BERTH_ENOMEM. Any number may be under way; 32 are asked for at a
 * time, others wait for their turn. */
int berth_resolve(struct berth_resolver *resolver, const char *name, enum berth_family family,
		  berth_resolve_done *on_done, void *user, struct berth_lookup **out);

/* Ends a lookup without calling back. Accepts NULL, returns NULL. */
struct berth_lookup *berth_lookup_cancel(struct berth_lookup *lookup);

/* What an error of a lookup means: "no such name" for BERTH_ENOENT. Static text, never NULL. */
const char *berth_resolve_error_text(int error);

/* ---- connecting to a name ---- */

struct berth_dial_config {
	size_t size;         /* sizeof(struct berth_dial_config) */
	uint8_t family;      /* enum berth_family; BERTH_ANY_FAMILY */
	uint32_t ms_family;  /* how long an IPv4 address waits for those of IPv6; 50 */
	uint32_t ms_attempt; /* how long an attempt is alone before the next begins; 250, at least 10 */
	/* Called with each socket before it connects, to bind it or to set options. Not 0: an error, with which the
	 * attempt ends. NULL. */
	int (*prepare)(void *user, struct berth_host *host, int descriptor);
};
void berth_dial_config_default(struct berth_dial_config *config);

struct berth_dialer;

/* How dialing ended. `descriptor` is a connected TCP socket, the caller's from now on, without a user pointer; what the
 * peer has sent may be there already and have had its event. *foreign is the peer. Or it is an error: that of the last
 * attempt, one that a peer caused before one that the host did, and *foreign is whom it was made to; or, without a
 * family, that of the lookup. The dialer is over. */
typedef void berth_dial_done(void *user, int descriptor, const struct berth_socket_address *foreign);

/* Connects by TCP to a port of a name, by happy eyeballs (RFC 8305): addresses of both families are asked for at once,
 * tried in turn, each a little after the one before it or as soon as that has failed, and the first to be connected
 * wins. At most BERTH_RESOLVE_MAX are tried. `config` NULL: the defaults. 0, and *out when that is not NULL, or the
 * errors of berth_resolve, and BERTH_EINVAL for port 0. */
int berth_dial(struct berth_resolver *resolver, const char *name, uint16_t port, const struct berth_dial_config *config,
	       berth_dial_done *on_done, void *user, struct berth_dialer **out);

/* Ends it without calling back; what was being connected is reset. Accepts NULL, returns NULL. */
struct berth_dialer *berth_dialer_cancel(struct berth_dialer *dialer);

#ifdef __cplusplus
}
#endif
#endif
