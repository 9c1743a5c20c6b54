/* What a filter's tree says: of a row, and of all rows that it can match.
 *
 * A tree is walked along its indices; how deep is bounded by the parser. For narrowing, each node has bounds: sets of
 * protocols, states and families outside of which it matches nothing. Negation is carried down to the leaves (De
 * Morgan), as only there it is known what the opposite is: the other states for a set of states, everything for an
 * address. */
#include "ask/filter_tree.h"

/* ---- matching ---- */

static bool match(const struct filter_node *nodes, uint16_t i, const struct netstat_row *row)
{
	const struct filter_node *node = &nodes[i];
	bool all = node->kind == FILTER_AND;

	if (node->kind == FILTER_LEAF)
		return node->test(node, row);
	if (node->kind == FILTER_NOT)
		return !match(nodes, node->first, row);
	for (i = node->first; i; i = nodes[i].next)
		if (match(nodes, i, row) != all)
			return !all;
	return all;
}

bool filter_match(const struct filter *filter, const struct netstat_row *row)
{
	return match(filter->nodes, filter->root, row);
}

/* ---- what it asks for ---- */

/* Walks all leaves below node i. */
static uint32_t needs(const struct filter_node *nodes, uint16_t i)
{
	const struct filter_node *node = &nodes[i];
	uint32_t set = 0;

	if (node->kind == FILTER_LEAF)
		return node->test == node->field->number_test ? 0 : node->field->needs;
	for (i = node->first; i; i = nodes[i].next)
		set |= needs(nodes, i);
	return set;
}

uint32_t filter_needs(const struct filter *filter)
{
	return needs(filter->nodes, filter->root);
}

bool filter_has_state(const struct filter *filter)
{
	/* Also those that were united with another: they are states, too. */
	for (size_t i = 1; i < filter->n_nodes; i++)
		if (filter->nodes[i].kind == FILTER_LEAF && filter->nodes[i].field->narrows == NARROWS_STATES)
			return true;
	return false;
}

/* ---- narrowing ---- */

#define ALL_FAMILIES (NETSTAT_ALL_FAMILIES | FILTER_FAMILY_UNIX)
#define NOT_UNIX (NETSTAT_ALL_PROTOCOLS & ~NETSTAT_BIT(NETSTAT_UNIX))

struct bounds {
	uint32_t protocols, states, families; /* families: with FILTER_FAMILY_UNIX */
};

static const struct bounds everything = {NETSTAT_ALL_PROTOCOLS, NETSTAT_ALL_STATES, ALL_FAMILIES};

static struct bounds bounds_of_end(const struct filter_end *end)
{
	struct bounds bounds = everything;

	if (!end->any_port)
		bounds.protocols = FILTER_PORT_PROTOCOLS;
	if (end->address.family != BERTH_ANY_FAMILY) {
		bounds.protocols &= NOT_UNIX;
		/* An IPv4 address may be an IPv6 socket's, mapped. */
		bounds.families = end->address.family == BERTH_IP6 ? NETSTAT_IP6 : NETSTAT_ALL_FAMILIES;
	}
	return bounds;
}

static struct bounds bounds_of_leaf(const struct filter_node *node, bool negated)
{
	struct bounds bounds = everything;
	uint32_t set = (uint32_t)(negated ? ~node->set : node->set);

	switch ((enum filter_narrows)node->field->narrows) {
	case NARROWS_NOTHING:
		break;
	case NARROWS_STATES:
		bounds.states &= set;
		break;
	case NARROWS_PROTOCOLS:
		bounds.protocols &= set;
		break;
	case NARROWS_FAMILIES:
		bounds.families &= set;
		break;
	case NARROWS_PORTS:
		bounds.protocols = negated ? bounds.protocols : FILTER_PORT_PROTOCOLS;
		break;
	case NARROWS_END:
		bounds = negated ? everything : bounds_of_end(&node->end);
		break;
	case NARROWS_UNIX:
		bounds.protocols = negated ? bounds.protocols : NETSTAT_BIT(NETSTAT_UNIX);
		break;
	}
	return bounds;
}

static struct bounds bounds_of(const struct filter_node *nodes, uint16_t i, bool negated)
{
	const struct filter_node *node = &nodes[i];
	bool all = (node->kind == FILTER_AND) != negated;
	struct bounds bounds = all ? everything : (struct bounds){0};

	if (node->kind == FILTER_LEAF)
		return bounds_of_leaf(node, negated);
	if (node->kind == FILTER_NOT)
		return bounds_of(nodes, node->first, !negated);
	for (i = node->first; i; i = nodes[i].next) {
		struct bounds child = bounds_of(nodes, i, negated);
		if (all) {
			bounds.protocols &= child.protocols;
			bounds.states &= child.states;
			bounds.families &= child.families;
		} else {
			bounds.protocols |= child.protocols;
			bounds.states |= child.states;
			bounds.families |= child.families;
		}
	}
	return bounds;
}

/* A request has no bit for the family of Unix sockets, but wants some family whenever it wants any socket. */
void filter_narrow(const struct filter *filter, struct netstat_request *request)
{
	struct bounds bounds = bounds_of(filter->nodes, filter->root, false);
	uint32_t families = request->families & bounds.families;

	request->states &= bounds.states;
	request->protocols &= bounds.protocols;
	if (!(bounds.families & FILTER_FAMILY_UNIX))
		request->protocols &= NOT_UNIX;
	if (families)
		request->families = families;
	else
		request->protocols &= NETSTAT_BIT(NETSTAT_UNIX);
	filter_narrow_ends(filter, request);
}
