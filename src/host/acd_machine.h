/* Whether anybody else has an IPv4 address: the steps of RFC 5227 for one address, without any I/O.
 *
 * Probes are asked for, then announcements are made; from then on the address is watched and defended. The caller sends
 * what these functions say and calls again at `at`. */
#ifndef HOST_ACD_MACHINE_H
#define HOST_ACD_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <berth/frame.h>

#include "rng.h"

/* RFC 5227 section 1.1, in units of the pace: seconds when that is 1000 ms. The RFC's numbers are for any link and any
 * peer; where the other stations answer in microseconds (a bridge of TAP devices), a pace of 100 ms says as much in a
 * tenth of the time. Those that follow are not scaled: they bound what an attacker can make us send. */
#define ACD_PROBE_WAIT 1
#define ACD_PROBE_NUM 3
#define ACD_PROBE_MIN 1
#define ACD_PROBE_MAX 2
#define ACD_ANNOUNCE_WAIT 2
#define ACD_ANNOUNCE_NUM 2
#define ACD_ANNOUNCE_INTERVAL 2
#define ACD_DEFEND_INTERVAL_NS UINT64_C(10000000000)

enum acd_phase {
	ACD_OFF,
	ACD_PROBING,
	ACD_ANNOUNCING, /* the address is used */
	ACD_WATCHING,
};

struct acd {
	berth_time at;       /* when acd_due is to be called next; BERTH_NEVER */
	berth_time defended; /* when last */
	uint32_t ms_pace;
	uint8_t phase;  /* enum acd_phase */
	uint8_t n_sent; /* probes or announcements of this phase */
	bool has_defended;
	bool keeps; /* never gives up */
};

enum acd_deed {
	ACD_NOTHING,
	ACD_PROBE,
	ACD_USE, /* nobody has it: it may be used, and is to be announced */
	ACD_ANNOUNCE,
};

enum acd_verdict {
	ACD_IGNORED, /* nothing to do, or nothing yet */
	ACD_TAKEN,   /* before it was used */
	ACD_DEFEND,
	ACD_GIVE_UP,
};

/* Begins to ask, at a pace of 1 ms or more. */
void acd_start(struct acd *acd, berth_time now, uint32_t ms_pace, struct rng *rng);
/* Watches an address that is used without having been asked for, and is kept whatever others say. */
void acd_watch(struct acd *acd);
/* What to do now. acd->at is later then. */
enum acd_deed acd_due(struct acd *acd, berth_time now, struct rng *rng);
/* Somebody else has said that the address is theirs (or, while we ask, asks for it as we do). ACD_TAKEN and ACD_GIVE_UP
 * end it: the phase is ACD_OFF then. */
enum acd_verdict acd_conflict(struct acd *acd, berth_time now);

#endif
