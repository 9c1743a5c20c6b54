/* HyStart++. See hystart.h. Names and constants are those of RFC 9406 sections 4.2 and 4.3. */
#include "hystart.h"

#define MIN_RTT_THRESH 4000000ull
#define MAX_RTT_THRESH 16000000ull
#define MIN_RTT_DIVISOR 8
#define N_RTT_SAMPLE 8
#define CSS_ROUNDS 5

static uint64_t threshold(uint64_t ns_min_last)
{
	uint64_t ns = ns_min_last / MIN_RTT_DIVISOR;

	if (ns < MIN_RTT_THRESH)
		return MIN_RTT_THRESH;
	return ns < MAX_RTT_THRESH ? ns : MAX_RTT_THRESH;
}

/* true: the last of the cautious rounds is over. */
static bool begin_round(struct hystart *h, uint64_t snd_nxt)
{
	h->round_end = snd_nxt;
	h->ns_min_last = h->ns_min;
	h->ns_min = 0;
	h->n_samples = 0;
	return h->ns_baseline && ++h->n_cautious >= CSS_ROUNDS;
}

static void take_sample(struct hystart *h, uint64_t ns_rtt)
{
	if (!h->ns_min || ns_rtt < h->ns_min)
		h->ns_min = ns_rtt;
	if (h->n_samples < N_RTT_SAMPLE)
		h->n_samples++;
}

/* With samples enough: do round trips grow, or was that they did a mistake? */
static void judge(struct hystart *h)
{
	if (!h->ns_baseline) {
		if (h->ns_min_last && h->ns_min >= h->ns_min_last + threshold(h->ns_min_last)) {
			h->ns_baseline = h->ns_min;
			h->n_cautious = 0;
		}
	} else if (h->ns_min < h->ns_baseline) {
		h->ns_baseline = 0;
	}
}

enum hystart_verdict hystart_ack(struct hystart *h, uint64_t snd_una, uint64_t snd_nxt, uint64_t ns_rtt)
{
	if (!h->round_end)
		h->round_end = snd_nxt;
	if (ns_rtt)
		take_sample(h, ns_rtt);
	if (ns_rtt && h->n_samples >= N_RTT_SAMPLE)
		judge(h);
	if (snd_una >= h->round_end && begin_round(h, snd_nxt))
		return HYSTART_DONE;
	return h->ns_baseline ? HYSTART_CAUTIOUS : HYSTART_SLOW_START;
}
