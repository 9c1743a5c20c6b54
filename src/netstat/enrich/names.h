/* Names of hosts by their addresses: /etc/hosts and DNS, through c-ares. At most `window` questions are under way, and
 * from the first one to the last answer no more than `ns_deadline` passes: then what is not known stays a number.
 *
 * names_want tells of an address beforehand, so that the questions run side by side; names_get gives what is known.
 *
 * Addresses come in lists: a list begins with the first names_want and ends when names_run has returned false. Its
 * deadline counts from its first address that has to be asked for; what is wanted after it is over has no name in this
 * list. The next list has a deadline of its own, so that the same struct serves one look after the other:
 * - what has a name keeps it;
 * - what has none, or was not answered, is asked for again when it is wanted a minute later;
 * - when nobody answered anything until a deadline, then for ten times the deadline nobody is asked, so that a dead
 *   resolver costs a repeated look a tenth of its time at most.
 *
 * Of several servers the first is asked first, until it has shown to be silent: then the next one is.
 *
 * What nobody outside can know is not asked: loopback addresses and link-local IPv6 addresses (RFC 6303
 * sections 4.2, 4.3 and 4.5) have the names that /etc/hosts gives them, 127.0.0.1 and ::1 also "localhost". These and
 * all names of the file are known at once. */
#ifndef NETSTAT_NAMES_H
#define NETSTAT_NAMES_H

#include <berth/address.h>

struct names_config {
	unsigned window;      /* 64; 0 counts as 1 */
	uint64_t ns_deadline; /* for all of them together, from the first names_want on; 1 s */
	const char *servers;  /* "ADDRESS[:PORT],...": instead of the system's; NULL: the system's. "[::1]:53" */
	const char *hosts;    /* "/etc/hosts"; NULL: none */
};
void names_config_default(struct names_config *config);

struct names;
/* Reads /etc/hosts and the resolver's configuration, and waits for nobody. Texts of the config are copied. 0 and *out;
 * BERTH_EINVAL (servers is no list of addresses), BERTH_ENOMEM, BERTH_EIO (the resolver's configuration cannot be
 * read), BERTH_EOPNOTSUPP (built without c-ares). */
int names_new(const struct names_config *config, struct names **out);
/* Waits for nobody. */
struct names *names_free(struct names *names);

/* Asks for the address, unless it was asked for before. Wildcards have no name. Never waits, but takes what answers are
 * there. 0 or BERTH_ENOMEM. */
int names_want(struct names *names, const struct berth_address *address);

/* Its name, borrowed until names_free, or NULL: there is none, or not yet (*pending; NULL when that does not matter).
 */
const char *names_get(const struct names *names, const struct berth_address *address, bool *pending);

/* Goes on with what is under way, waiting at most until something new is known, `ns_wait` have passed or the deadline
 * is over. A signal ends the wait. true: something is still pending. */
bool names_run(struct names *names, uint64_t ns_wait);

#endif
