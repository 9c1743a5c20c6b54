/* HyStart++. See hystart.h. Names and constants are those of RFC 9406 sections 4.2 and 4.3. */
#include "hystart.h"

#define MIN_RTT_THRESH 4000u
#define MAX_RTT_THRESH 16000u
#define MIN_RTT_DIVISOR 8
#define N_RTT_SAMPLE 8
#define CSS_ROUNDS 5

static uint32_t threshold(uint32_t us_min_last)
{
	uint32_t us = us_min_last / MIN_RTT_DIVISOR;

	if (us < MIN_RTT_THRESH)
		return MIN_RTT_THRESH;
	return us < MAX_RTT_THRESH ? us : MAX_RTT_THRESH;
}

/* true: the last of the cautious rounds is over. */
static bool begin_round(struct hystart *h, uint64_t snd_nxt)
{
	h->round_end = snd_nxt;
	h->us_min_last = h->us_min;
	h->us_min = 0;
	h->n_samples = 0;
	return h->us_baseline && ++h->n_cautious >= CSS_ROUNDS;
}

static void take_sample(struct hystart *h, uint64_t ns_rtt)
{
	uint64_t us_rtt = ns_rtt / 1000 + !(ns_rtt / 1000);
	uint32_t us = us_rtt < UINT32_MAX ? (uint32_t)us_rtt : UINT32_MAX;

	if (!h->us_min || us < h->us_min)
		h->us_min = us;
	if (h->n_samples < N_RTT_SAMPLE)
		h->n_samples++;
}

/* With samples enough: do round trips grow, or was that they did a mistake? */
static void judge(struct hystart *h)
{
	if (!h->us_baseline) {
		if (h->us_min_last && h->us_min >= h->us_min_last + threshold(h->us_min_last)) {
			h->us_baseline = h->us_min;
			h->n_cautious = 0;
		}
	} else if (h->us_min < h->us_baseline) {
		h->us_baseline = 0;
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
	return h->us_baseline ? HYSTART_CAUTIOUS : HYSTART_SLOW_START;
}
