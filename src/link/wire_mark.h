/* How a router tells of congestion without losing a packet. */
#ifndef LINK_WIRE_MARK_H
#define LINK_WIRE_MARK_H

#include <stdbool.h>

#include <berth/frame.h>

/* Sets Congestion Experienced in the frame's IP header, with its checksum (RFC 3168 section 5), where the sender has
 * said that it understands (ECT). `ethernet`: an Ethernet header comes first. true: it is marked now and was not
 * before; false: it cannot be. */
bool wire_mark_congested(struct berth_frame *frame, bool ethernet);

#endif
