/* What the host counts about DHCP. */
#ifndef HOST_DHCP_COUNTERS_H
#define HOST_DHCP_COUNTERS_H

#include <stdint.h>

/* X(name, text). Counter "dhcp_NAME" of berth_host_counter. */
#define DHCP_COUNTER_MAP(X)                                                                                            \
	X(discovers_out, "searches for servers sent")                                                                  \
	X(offers_in, "offers received")                                                                                \
	X(requests_out, "requests sent, for an address or for more time")                                              \
	X(acks_in, "acknowledgements received")                                                                        \
	X(naks_in, "refusals received")                                                                                \
	X(declines_out, "addresses declined because somebody has them")                                                \
	X(releases_out, "addresses given back")                                                                        \
	X(leases, "leases begun")                                                                                      \
	X(renewals, "leases made longer")                                                                              \
	X(lost, "leases lost: expired, refused, or to somebody else")                                                  \
	X(no_answer, "searches that nobody answered")                                                                  \
	X(bad, "messages that are no DHCP message")                                                                    \
	X(not_for_us, "messages to other clients, or that answer nothing of this one")                                 \
	X(unexpected, "answers of a kind that is not awaited")                                                         \
	X(refused, "offers, acknowledgements and refusals that cannot be")                                             \
	X(ignored, "values in answers that cannot be, or are too many")                                                \
	X(not_sent, "messages not sent for want of a route or of memory")

#define X(name, text) uint64_t name;
struct dhcp_counters {
	DHCP_COUNTER_MAP(X)
};
#undef X

#endif
