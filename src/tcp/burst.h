/* How much leaves as one large segment, on a link that takes large ones. */
#ifndef TCP_BURST_H
#define TCP_BURST_H

#include <stdint.h>

struct tcb;

/* Payload bytes of the largest segment to build now, a multiple of the MSS; `payload_max`: what the link takes, 0 when
 * it takes no large ones. On a short path that is as much as the link takes. On a long one it is what the connection
 * sends in about a millisecond, two segments at least: what leaves as one frame arrives at the bottleneck's queue as
 * one burst. It is never more than half the window, so that acknowledgments of one half call for the next. */
uint32_t tcp_burst_limit(const struct tcb *t, uint32_t payload_max);

#endif
