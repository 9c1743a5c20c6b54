/* Names of hosts by their addresses: /etc/hosts and DNS, through c-ares. At most `window` questions are under way, and
 * from the first one to the last answer no more than `ns_deadline` passes: then what is not known stays a number.
 *
 * names_want tells of an address beforehand, so that the questions run side by side; names_get gives what is known. */
#ifndef NETSTAT_NAMES_H
#define NETSTAT_NAMES_H

#include <berth/address.h>

struct names_config {
	unsigned window;      /* 64 */
	uint64_t ns_deadline; /* for all of them together, from the first names_want on; 1 s */
	const char *servers;  /* "ADDRESS[:PORT],...": instead of the system's; NULL: the system's */
};
void names_config_default(struct names_config *config);

struct names;
/* 0 and *out; BERTH_EINVAL (servers is no list of addresses), BERTH_ENOMEM, BERTH_EIO, BERTH_EOPNOTSUPP (built without
 * c-ares). */
int names_new(const struct names_config *config, struct names **out);
struct names *names_free(struct names *names);

/* Asks for the address, unless it was asked for before. Wildcards have no name. 0 or BERTH_ENOMEM. */
int names_want(struct names *names, const struct berth_address *address);

/* Its name, borrowed until names_free, or NULL: there is none, or not yet (*pending). */
const char *names_get(const struct names *names, const struct berth_address *address, bool *pending);

/* Goes on with what is under way, waiting at most until something new is known, `ns_wait` have passed or the deadline
 * is over. true: something is still pending. */
bool names_run(struct names *names, uint64_t ns_wait);

#endif
