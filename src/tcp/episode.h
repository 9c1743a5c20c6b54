/* What is kept while a loss is recovered from, and for a round trip after it, when it may turn out that nothing was
 * lost. Allocated when a recovery begins; without memory there is no undoing, and the rate is reduced at once. */
#ifndef TCP_EPISODE_H
#define TCP_EPISODE_H

#include <stdbool.h>

#include "cc.h"
#include "frto.h"
#include "prr.h"
#include "undo.h"

struct tcp_episode {
	struct tcp_cc_before before; /* what congestion control goes back to */
	struct tcp_prr prr;
	struct tcp_undo undo;
	struct tcp_frto frto;
	bool partial; /* without SACK: an acknowledgment has advanced within the recovery */
	bool rescued; /* RFC 6675 section 4, RescueRxt: the end of the flight was sent again once */
};

#endif
