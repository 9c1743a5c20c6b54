/* Links: what carries frames between hosts.
 *
 * A link is an object with a handful of functions; a wrapper is a link around a link. Those here are pure: frames in,
 * frames out, time. Links that touch the machine are in platform.h. */
#ifndef BERTH_LINK_H
#define BERTH_LINK_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

struct berth_link;

/* X(name, text): what every link counts. */
#define BERTH_LINK_COUNTER_MAP(X)                                                                                      \
	X(sent, "frames sent")                                                                                         \
	X(sent_bytes, "bytes sent")                                                                                    \
	X(received, "frames received")                                                                                 \
	X(received_bytes, "bytes received")                                                                            \
	X(send_failed, "frames the link could not take")                                                               \
	X(receive_failed, "frames lost for want of memory, or cut short")                                              \
	X(split, "frames made by splitting large ones")                                                                \
	X(coalesced, "segments joined into large frames")                                                              \
	X(lost_out, "frames lost on the way out")                                                                      \
	X(lost_out_bytes, "bytes lost on the way out")                                                                 \
	X(lost_in, "frames lost on the way in")                                                                        \
	X(lost_in_bytes, "bytes lost on the way in")                                                                   \
	X(queue_full, "frames that found the wire's queue full")                                                       \
	X(corrupted, "frames with a bit turned")                                                                       \
	X(duplicated, "frames that arrived twice")                                                                     \
	X(reordered, "frames that overtook others")                                                                    \
	X(late, "frames that others overtook")                                                                         \
	X(marked, "frames marked as having met congestion")                                                            \
	X(too_large, "frames larger than the wire lets through")

struct berth_link_counters {
#define X(name, text) uint64_t name;
	BERTH_LINK_COUNTER_MAP(X)
#undef X
};

/* The functions of a kind of link. Implement it to bring your own; the link struct comes first in yours. */
struct berth_link_operations {
	/* Sends all n frames, which are borrowed for the call; one that cannot leave is lost and counted. */
	void (*send)(struct berth_link *link, const struct berth_frame_out *frames, unsigned n, berth_time now);
	/* The next frame that has arrived by `now`, with a reference for the caller; NULL: none now. */
	struct berth_frame *(*receive)(struct berth_link *link, berth_time now);
	/* When send or receive should be tried again by itself, BERTH_NEVER when only input can bring something. */
	berth_time (*deadline)(const struct berth_link *link);
	/* Ends the link (and what it wraps). */
	void (*free)(struct berth_link *link);
};

struct berth_link {
	const struct berth_link_operations *operations;
	unsigned capabilities; /* BERTH_LINK_CHECKSUM, BERTH_LINK_SEGMENT */
	uint32_t mtu;          /* largest IP packet of a segment that it carries */
	int fd;                /* readable when frames have arrived; -1 for none */
	bool ethernet;         /* carries Ethernet frames; otherwise bare IP packets */
	struct berth_link_counters counters;
};

static inline void berth_link_send(struct berth_link *link, const struct berth_frame_out *frames, unsigned n,
				   berth_time now)
{
	link->operations->send(link, frames, n, now);
}

static inline struct berth_frame *berth_link_receive(struct berth_link *link, berth_time now)
{
	return link->operations->receive(link, now);
}

static inline berth_time berth_link_deadline(const struct berth_link *link)
{
	return link->operations->deadline(link);
}

/* Accepts NULL, returns NULL. */
static inline struct berth_link *berth_link_free(struct berth_link *link)
{
	if (link)
		link->operations->free(link);
	return NULL;
}

/* A link that moves frames both ways between a host's interface and itself once: everything that has arrived goes in,
 * everything that has to leave goes out, until both are quiet at `now` or `n_max` frames have moved. How many moved.
 * For a host with one interface: frames that leave by another are lost, and counted as send_failed. */
unsigned berth_link_exchange(struct berth_link *link, struct berth_host *host, int interface, berth_time now,
			     unsigned n_max);

/* ---- memory pair ---- */

struct berth_memory_pair_config {
	size_t size;                       /* sizeof(struct berth_memory_pair_config) */
	const struct berth_memory *memory; /* frames come from here */
	uint32_t mtu;
	unsigned capabilities; /* CHECKSUM: partial checksums pass and arrive vouched for. SEGMENT: large frames
				* pass whole */
	bool complete; /* with CHECKSUM: the copy completes partial checksums and vouches for nothing, as a cable does
			*/
	bool ethernet;
	uint32_t queue_max; /* frames that may wait in each direction; more are lost and counted */
};
void berth_memory_pair_config_default(struct berth_memory_pair_config *config); /* libc, 1500, none, ethernet, 4096 */

/* Two ends of a cable in memory: what one sends the other receives, at once and in order. 0, or BERTH_EINVAL,
 * BERTH_ENOMEM. Either end may be freed first; what is then sent by the other is lost. */
int berth_link_memory_pair(const struct berth_memory_pair_config *config, struct berth_link **a, struct berth_link **b);

/* ---- the impaired wire ---- */

/* What happens to frames in one direction. Probabilities are 0 to 1. */
struct berth_wire_direction {
	berth_time delay;     /* each frame takes this long */
	berth_time jitter;    /* plus 0 to this, evenly spread; the order is kept */
	double loss;          /* lost altogether */
	double reorder;       /* overtakes the others: leaves without delay */
	double duplicate;     /* arrives twice */
	double corrupt;       /* one random bit is turned */
	uint64_t rate;        /* bits a second of the bottleneck; 0: no limit */
	uint32_t queue_max;   /* frames that may wait for the bottleneck; 0: 1000, or any number with queue_bytes */
	uint32_t queue_bytes; /* bytes that may wait for it; 0: any number */
	uint32_t ecn;         /* this many waiting frames are congestion: what comes then and can be marked so (RFC
			       * 3168), is; 0: nothing is marked */
	uint32_t mtu;         /* larger IP packets vanish without a word; 0: none do */
	uint32_t burst;       /* losses come in bursts of this many frames in the mean, `loss` of all frames in all, at
			       * most N in N + 1, and none goes on over a pause of 10 ms; 0: each by itself */
	double late;          /* arrives after others that were sent later */
	berth_time lateness;  /* by so much; 0: 10 ms */
};

struct berth_wire_config {
	struct berth_wire_direction out; /* from the host that the wire is around */
	struct berth_wire_direction in;  /* to it */
	uint64_t seed;
};

/* Reads "delay=10ms,loss=2%,seed=7": KEY=VALUE with commas between; keys delay, jitter, lateness (ns, us, ms, s), loss,
 * reorder, late, duplicate, corrupt (percent with %, or 0 to 1), rate (bit, kbit, mbit, gbit), queue, burst, ecn
 * (frames), queue_bytes, mtu (bytes), seed. They hold for
 * both directions; "out.loss=5%" and "in.loss=0" for one; the last word on a matter holds. 0, or BERTH_EINVAL: *at
 * (when not NULL) is the offset of the word that is wrong, and *why (when not NULL) says what is wrong with it, in
 * static text; *out is untouched. */
int berth_wire_parse(const char *spec, struct berth_wire_config *out, size_t *at, const char **why);

/* Puts a wire around `inner`, which it takes (also on failure). It has no capabilities: impairments fall on frames as
 * they are on the cable (berth_link_cable sees to that). What is delayed on the way out leaves in the first call of
 * send or receive when it is due; the deadline says when that is. 0, or BERTH_EINVAL (a probability outside 0 to 1),
 * BERTH_ENOMEM. */
int berth_link_wire(struct berth_link *inner, const struct berth_wire_config *config, const struct berth_memory *memory,
		    struct berth_link **out);

/* ---- splitting and joining ---- */

/* Puts the software path around `inner`, which it takes (also on failure), so that a host may hand it frames with
 * partial checksums and large segments whatever the link can do: what `inner` cannot do is done here, and the bytes are
 * the same. The other way, TCP segments that have arrived one right behind the other and differ in nothing but what has
 * to differ come out as one large frame (segment_size set, checksum VALID: each was looked at); all else comes out as
 * it arrived, and in order. No segment is kept back to wait for the next: those that have been taken from `inner` and
 * not handed on yet make the deadline 0. 0, or BERTH_ENOMEM. */
int berth_link_offload(struct berth_link *inner, const struct berth_memory *memory, struct berth_link **out);

/* Puts around `inner`, which it takes (also on failure), a link without capabilities whose frames in are what a cable
 * would have carried: coalesced frames are split again, and checksums that `inner` vouches for are in place. A link
 * without capabilities is a cable already and is handed back as it is. 0, or BERTH_ENOMEM. */
int berth_link_cable(struct berth_link *inner, const struct berth_memory *memory, struct berth_link **out);

#ifdef __cplusplus
}
#endif
#endif
