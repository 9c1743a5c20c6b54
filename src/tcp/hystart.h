/* HyStart++, RFC 9406: leaving the first slow start when round trips grow, before something is lost. Pure: bytes and
 * times in, a verdict out. */
#ifndef TCP_HYSTART_H
#define TCP_HYSTART_H

#include <stdbool.h>
#include <stdint.h>

/* Segments that one acknowledgment may add to cwnd unless sending is paced. Section 4.3 recommends 8, and lets it be
 * tuned: here it is what a connection may begin with (RFC 6928), which no network takes for a burst, and with which one
 * acknowledgment of the whole first window doubles it. */
#define HYSTART_L 10

enum hystart_verdict {
	HYSTART_SLOW_START, /* go on */
	HYSTART_CAUTIOUS,   /* Conservative Slow Start: grow by a quarter of it */
	HYSTART_DONE,       /* congestion avoidance from here */
};

struct hystart {
	uint64_t round_end;            /* the round trip is over when this is acknowledged */
	uint32_t us_min_last, us_min;  /* least of the last round and of this one so far; 0: none */
	uint32_t us_baseline;          /* us_min when Conservative Slow Start began; 0: it has not */
	uint8_t n_samples, n_cautious; /* samples in this round; rounds of Conservative Slow Start */
};

/* What to divide growth by in Conservative Slow Start. */
#define HYSTART_GROWTH_DIVISOR 4

/* An acknowledgment: everything below snd_una has arrived, what was sent last ends at snd_nxt, and the round trip was
 * ns_rtt (0: not measured). */
enum hystart_verdict hystart_ack(struct hystart *h, uint64_t snd_una, uint64_t snd_nxt, uint64_t ns_rtt);

#endif
