/* The steps of address conflict detection, RFC 5227 sections 2.1.1, 2.3 and 2.4. */
#include "acd_machine.h"

#define NS_PER_MS UINT64_C(1000000)

static berth_time units(const struct acd *acd, unsigned n)
{
	return n * acd->ms_pace * NS_PER_MS;
}

/* Evenly between two numbers of units. */
static berth_time between(const struct acd *acd, unsigned least, unsigned most, struct rng *rng)
{
	return units(acd, least) + rng_below(rng, units(acd, most - least) + 1);
}

void acd_start(struct acd *acd, berth_time now, uint32_t ms_pace, struct rng *rng)
{
	*acd = (struct acd){.phase = ACD_PROBING, .ms_pace = ms_pace};
	acd->at = now + between(acd, 0, ACD_PROBE_WAIT, rng);
}

void acd_watch(struct acd *acd)
{
	*acd = (struct acd){.phase = ACD_WATCHING, .at = BERTH_NEVER, .keeps = true};
}

static enum acd_deed probe(struct acd *acd, berth_time now, struct rng *rng)
{
	if (acd->n_sent == ACD_PROBE_NUM) {
		acd->phase = ACD_ANNOUNCING;
		acd->n_sent = 1;
		acd->at = now + units(acd, ACD_ANNOUNCE_INTERVAL);
		return ACD_USE;
	}
	acd->n_sent++;
	if (acd->n_sent == ACD_PROBE_NUM)
		acd->at = now + units(acd, ACD_ANNOUNCE_WAIT);
	else
		acd->at = now + between(acd, ACD_PROBE_MIN, ACD_PROBE_MAX, rng);
	return ACD_PROBE;
}

static enum acd_deed announce(struct acd *acd, berth_time now)
{
	acd->n_sent++;
	acd->at = now + units(acd, ACD_ANNOUNCE_INTERVAL);
	if (acd->n_sent >= ACD_ANNOUNCE_NUM) {
		acd->phase = ACD_WATCHING;
		acd->at = BERTH_NEVER;
	}
	return ACD_ANNOUNCE;
}

enum acd_deed acd_due(struct acd *acd, berth_time now, struct rng *rng)
{
	if (now < acd->at)
		return ACD_NOTHING;
	switch ((enum acd_phase)acd->phase) {
	case ACD_PROBING:
		return probe(acd, now, rng);
	case ACD_ANNOUNCING:
		return announce(acd, now);
	case ACD_OFF:
	case ACD_WATCHING:
		break;
	}
	acd->at = BERTH_NEVER;
	return ACD_NOTHING;
}

static enum acd_verdict end(struct acd *acd, enum acd_verdict verdict)
{
	*acd = (struct acd){.phase = ACD_OFF, .at = BERTH_NEVER};
	return verdict;
}

/* RFC 5227 section 2.4 (b): conversations outlive one conflict, which may be a stray packet of a station that has just
 * been plugged in; two in a short time are somebody who means it. Not (a), which gives every station the power to end
 * all conversations with one packet. An address whose owner did not ask for any of this is defended as in (c), at most
 * every ten seconds, and kept: what was never looked for is not taken away for being found. */
enum acd_verdict acd_conflict(struct acd *acd, berth_time now)
{
	if (acd->phase == ACD_OFF)
		return ACD_IGNORED;
	if (acd->phase == ACD_PROBING)
		return end(acd, ACD_TAKEN);
	if (acd->has_defended && now - acd->defended < ACD_DEFEND_INTERVAL_NS)
		return acd->keeps ? ACD_IGNORED : end(acd, ACD_GIVE_UP);
	acd->has_defended = true;
	acd->defended = now;
	return ACD_DEFEND;
}
