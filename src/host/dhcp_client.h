/* The DHCP client of one interface, RFC 2131 section 4.4: its states and times, without any I/O.
 *
 *	INIT -> SELECTING -> REQUESTING -> PROBING -> BOUND -> RENEWING -> REBINDING
 *
 * The caller gives it messages and time; what it answers is a set of deeds, which the caller does in the order of their
 * numbers. INIT-REBOOT and REBOOTING are not here: they need a memory that outlives the host. */
#ifndef HOST_DHCP_CLIENT_H
#define HOST_DHCP_CLIENT_H

#include <berth/frame.h>
#include <berth/host.h>

#include "dhcp_counters.h"
#include "dhcp_lease.h"
#include "rng.h"
#include "siphash.h"

/* RFC 2131 section 4.4.1 has a client wait for one to ten seconds before it begins, so that a house full of machines
 * does not ask at once when the power comes back. A host of this kind begins when a program does; what is left of the
 * wait separates the hosts of one script, and the spread of the repetitions does the rest. */
#define DHCP_MS_START_MAX 100
/* RFC 2131 section 4.1: four seconds before the first repetition, give or take one, twice as long before each other, up
 * to about a minute. That is for a network of ten million bits a second, as the RFC says; where the program says that
 * the link is faster (berth_interface_config.ms_acd), the first repetitions come sooner. On a link that has just come
 * up the first answer is often lost. */
#define DHCP_MS_RETRY_FIRST 4000
#define DHCP_MS_RETRY_LEAST 200
#define DHCP_MS_RETRY_MAX 64000
/* RFC 2131 section 3.1.4: about a minute at the RFC's times, then from the beginning. */
#define DHCP_REQUESTS_MAX 4
/* Without an answer for so long, the program is told. */
#define DHCP_S_SILENT 8
/* RFC 2131 section 4.4.5. */
#define DHCP_S_RENEW_LEAST 60
/* RFC 2131 section 3.1.5, and RFC 5227 section 2.1.1 for servers that do not learn. */
#define DHCP_S_DECLINED 10
#define DHCP_CONFLICTS_MAX 10
#define DHCP_S_CONFLICTS 60

enum dhcp_state {
	DHCP_INIT,       /* waits to begin */
	DHCP_SELECTING,  /* has asked who there is */
	DHCP_REQUESTING, /* has taken an offer */
	DHCP_PROBING,    /* has a lease; is anybody else there? The caller finds out */
	DHCP_BOUND,
	DHCP_RENEWING,  /* asks its server for more time */
	DHCP_REBINDING, /* asks any server */
};

/* Deeds. */
#define DHCP_DO_DROP 1u       /* the lease's address, and what came with it, is to go */
#define DHCP_DO_DECLINE 2u    /* send dhcp_client_decline */
#define DHCP_DO_SEND 4u       /* send dhcp_client_message */
#define DHCP_DO_PROBE 8u      /* find out about the lease's address, then call dhcp_client_probed */
#define DHCP_DO_APPLY 16u     /* the lease is good, or good for longer */
#define DHCP_DO_NO_ANSWER 32u /* tell the program that nobody answers */

struct dhcp_client_config {
	uint8_t mac[6];
	uint16_t largest;               /* message that is taken, 576 or more */
	uint32_t ms_retry;              /* before the first repetition, give or take a quarter */
	char name[BERTH_HOST_NAME_MAX]; /* "": none. One that is no host name is not sent */
	struct siphash_key key;         /* of the transaction numbers: of this interface alone */
};

struct dhcp_client {
	struct dhcp_client_config config;
	berth_time at;              /* when dhcp_client_due is to be called next; BERTH_NEVER */
	berth_time began;           /* of the attempt: `secs` */
	berth_time asked;           /* the lease's time counts from here */
	berth_time t1, t2, expires; /* from PROBING on; BERTH_NEVER */
	uint64_t n_drawn;
	uint32_t xid;
	uint8_t state;               /* enum dhcp_state */
	uint8_t n_tries;             /* messages sent in this state */
	bool told_silent;            /* that nobody answers */
	uint8_t n_conflicts, n_naks; /* without a good end in between */
	struct dhcp_lease lease;     /* REQUESTING: offered; later: had */
};

/* Begins, at `now` or a little later. */
void dhcp_client_init(struct dhcp_client *c, const struct dhcp_client_config *config, berth_time now, struct rng *rng);
/* Time has passed: the deeds. c->at is later then. */
unsigned dhcp_client_due(struct dhcp_client *c, berth_time now, struct rng *rng);
/* A message to port 68 of the interface; the deeds. Says in counters what became of it. */
unsigned dhcp_client_in(struct dhcp_client *c, const struct dhcp_message *m, berth_time now, struct rng *rng,
			struct dhcp_counters *counters);
/* The answer to DHCP_DO_PROBE; the deeds. */
unsigned dhcp_client_probed(struct dhcp_client *c, bool is_free, berth_time now);
/* Somebody else uses the address, and this host has stopped; the deeds. */
unsigned dhcp_client_conflict(struct dhcp_client *c, berth_time now);

/* The client has an address that it may use. */
static inline bool dhcp_client_is_bound(const struct dhcp_client *c)
{
	return c->state >= DHCP_BOUND;
}

/* What the state has to say. */
void dhcp_client_message(const struct dhcp_client *c, berth_time now, struct dhcp_message *out);
/* It goes to the lease's server alone; else to all. */
static inline bool dhcp_client_is_unicast(const struct dhcp_client *c)
{
	return c->state == DHCP_RENEWING;
}
/* "Somebody else has this address": to all, of the lease that dhcp_client_probed or dhcp_client_conflict has ended. */
void dhcp_client_decline(struct dhcp_client *c, struct dhcp_message *out);
/* "I am going": to the lease's server. false: there is no address in use, to give back or to say it from. */
bool dhcp_client_release(struct dhcp_client *c, struct dhcp_message *out);

#endif
