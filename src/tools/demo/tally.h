/* A link around a link that changes nothing and counts the TCP payload that goes out: one on either side of an impaired
 * wire tells what the wire lost. */
#ifndef DEMO_TALLY_H
#define DEMO_TALLY_H

#include <berth/berth.h>

struct tally {
	uint64_t n_segments; /* out, with payload */
	uint64_t n_bytes;    /* of their payload */
};

/* Puts a tally around `inner`, which it takes (also on failure). *tally is the caller's and outlives the link. 0 or
 * BERTH_ENOMEM. */
int tally_link(struct berth_link *inner, struct tally *tally, struct berth_link **out);

#endif
