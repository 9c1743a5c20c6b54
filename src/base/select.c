/* Source and destination address selection, RFC 6724.
 *
 * Scope: the rules alone. Which addresses there are, and by which interface packets leave, the host knows. Method: a
 * rank for each address, see the header; only rule 9 of destinations needs two of them at once, as it compares within
 * a family. */
#include "select.h"

#define IP6(a, b) ((uint64_t)(a) << 48 | (uint64_t)(b) << 32)

static const struct select_policy rows[] = {
	{.prefix = {.low = 1}, .len = 128, .precedence = 50, .label = 0},
	{.prefix = {.low = IP4_MAPPED}, .len = 96, .precedence = 35, .label = 4},
	{.prefix = {.low = 0}, .len = 96, .precedence = 1, .label = 3},
	{.prefix = {.high = IP6(0x2001, 0)}, .len = 32, .precedence = 5, .label = 5},
	{.prefix = {.high = IP6(0x2002, 0)}, .len = 16, .precedence = 30, .label = 2},
	{.prefix = {.high = IP6(0x3ffe, 0)}, .len = 16, .precedence = 1, .label = 12},
	{.prefix = {.high = IP6(0xfec0, 0)}, .len = 10, .precedence = 1, .label = 11},
	{.prefix = {.high = IP6(0xfc00, 0)}, .len = 7, .precedence = 3, .label = 13},
	{.prefix = {.low = 0}, .len = 0, .precedence = 40, .label = 1},
};

const struct select_policies select_policies_default = {rows, sizeof(rows) / sizeof(rows[0])};

static struct select_policy policy_of(const struct select_policies *policies, const struct ip *ip)
{
	struct select_policy best = {.len = 0};
	bool found = false;

	for (size_t i = 0; i < policies->n; i++) {
		const struct select_policy *row = &policies->rows[i];

		if ((found && row->len <= best.len) || !ip_in_prefix(ip, &row->prefix, row->len))
			continue;
		best = *row;
		found = true;
	}
	return best;
}

uint8_t select_label(const struct select_policies *policies, const struct ip *ip)
{
	return policy_of(policies, ip).label;
}

static unsigned scope_of_ip4(uint32_t ip4)
{
	bool link = ip4 >> 24 == 127 || ip4 >> 16 == 0xa9fe;

	return link ? SELECT_SCOPE_LINK : SELECT_SCOPE_GLOBAL;
}

unsigned select_scope(const struct ip *ip)
{
	unsigned scope;

	if (ip_is_ip4(ip))
		return scope_of_ip4(ip_to_ip4(ip));
	if (ip_is_multicast(ip)) {
		scope = (unsigned)(ip->high >> 48 & 15);
		return scope ? scope : 1;
	}
	if (ip_is_link_local(ip) || ip_is_loopback(ip))
		return SELECT_SCOPE_LINK;
	return ip->high >> 54 == 0x3fb ? SELECT_SCOPE_SITE : SELECT_SCOPE_GLOBAL;
}

void select_target(const struct select_policies *policies, const struct ip *destination, uint32_t interface,
		   struct select_target *out)
{
	struct select_policy policy = policy_of(policies, destination);

	*out = (struct select_target){
		.ip = *destination,
		.interface = interface,
		.scope = (uint8_t)select_scope(destination),
		.label = policy.label,
		.precedence = policy.precedence,
	};
}

/* RFC 6724 section 2.2: no further than the source's prefix, as what lies behind it names a host. */
static unsigned common_prefix(const struct select_source *source, const struct ip *destination)
{
	unsigned n = ip_common_prefix(&source->ip, destination);

	return n < source->prefix ? n : source->prefix;
}

/* Section 4: the candidates. */
static bool is_candidate(const struct select_target *target, const struct select_source *source)
{
	if (ip_is_any(&source->ip) || ip_is_multicast(&source->ip) || ip_is_ip4(&source->ip) != ip_is_ip4(&target->ip))
		return false;
	if (target->interface == SELECT_NO_INTERFACE || source->interface == target->interface)
		return true;
	return !ip_is_link_local(&target->ip) && !ip_is_multicast(&target->ip);
}

/* Rule 2 as a number of five bits: best is the destination's own scope, then the next wider ones; all that are narrower
 * come behind these, the widest of them first. */
static uint32_t rank_of_scope(unsigned scope, unsigned wanted)
{
	return scope >= wanted ? 31 - scope : scope;
}

uint32_t select_source_rank(const struct select_target *target, const struct select_source *source)
{
	uint32_t rank = 1;

	if (!is_candidate(target, source))
		return 0;
	rank = rank << 1 | ip_equal(&source->ip, &target->ip);                      /* rule 1 */
	rank = rank << 5 | rank_of_scope(select_scope(&source->ip), target->scope); /* rule 2 */
	rank = rank << 1 | !source->deprecated;                                     /* rule 3 */
	rank = rank << 1 | !source->care_of;                                        /* rule 4 */
	rank = rank << 1 | (source->interface == target->interface);                /* rule 5 */
	rank = rank << 1 | source->by_next_hop;                                     /* rule 5.5 */
	rank = rank << 1 | (source->label == target->label);                        /* rule 6 */
	rank = rank << 1 | source->temporary;                                       /* rule 7 */
	return rank << 8 | common_prefix(source, &target->ip);                      /* rule 8 */
}

const struct select_source *select_source(const struct select_target *target, const struct select_source *sources,
					  size_t n)
{
	const struct select_source *best = NULL;
	uint32_t rank, rank_best = 0;

	for (size_t i = 0; i < n; i++) {
		rank = select_source_rank(target, &sources[i]);
		if (rank > rank_best) {
			best = &sources[i];
			rank_best = rank;
		}
	}
	return best;
}

/* Rules 1 to 8. */
static uint32_t rank_of_destination(const struct select_policies *policies, const struct select_destination *d)
{
	bool usable = !ip_is_any(&d->source.ip);
	struct select_policy own = policy_of(policies, &d->ip);
	unsigned scope = select_scope(&d->ip);
	uint32_t rank = usable;

	rank = rank << 1 | (usable && scope == select_scope(&d->source.ip)); /* rule 2 */
	rank = rank << 1 | !d->source.deprecated;                            /* rule 3 */
	rank = rank << 1 | !d->source.care_of;                               /* rule 4 */
	rank = rank << 1 | (usable && d->source.label == own.label);         /* rule 5 */
	rank = rank << 8 | own.precedence;                                   /* rule 6 */
	rank = rank << 1 | !d->tunnelled;                                    /* rule 7 */
	return rank << 4 | (15 - scope);                                     /* rule 8 */
}

static bool comes_before(const struct select_destination *a, const struct select_destination *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank;
	/* Rule 9. Where neither can be reached there is nothing to compare. */
	if (ip_is_ip4(&a->ip) != ip_is_ip4(&b->ip) || ip_is_any(&a->source.ip))
		return false;
	return common_prefix(&a->source, &a->ip) > common_prefix(&b->source, &b->ip);
}

void select_sort(const struct select_policies *policies, struct select_destination *destinations, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct select_destination d = destinations[i];
		size_t at = i;

		d.rank = rank_of_destination(policies, &d);
		for (; at > 0 && comes_before(&d, &destinations[at - 1]); at--)
			destinations[at] = destinations[at - 1];
		destinations[at] = d;
	}
}
