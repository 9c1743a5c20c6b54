/* Which ends can match: the filter as a few boxes of ports and prefixes, so that the kernel need not tell of
 * connections that are in none of them.
 *
 * A leaf about one end is a box, one about either end two; `or` puts boxes side by side, `and` makes the common part of
 * each with each. Whatever says nothing of ends is the box that is everywhere, and so is what would need too many
 * boxes: a box may be too large, never too small. Negation is carried down to the leaves, and what is not at one place
 * is everywhere. */
#include "ask/filter_tree.h"

struct boxes {
	struct netstat_ends boxes[NETSTAT_ENDS_MAX];
	size_t n;
};

static const struct netstat_ends everywhere = {.local_last = UINT16_MAX, .foreign_last = UINT16_MAX};

static bool is_everywhere(const struct boxes *boxes)
{
	for (size_t i = 0; i < boxes->n; i++) {
		const struct netstat_ends *box = &boxes->boxes[i];
		if (box->local_first == 0 && box->local_last == UINT16_MAX && box->foreign_first == 0 &&
		    box->foreign_last == UINT16_MAX && box->local.family == BERTH_ANY_FAMILY &&
		    box->foreign.family == BERTH_ANY_FAMILY)
			return true;
	}
	return false;
}

static void boxes_add(struct boxes *boxes, const struct netstat_ends *box)
{
	if (boxes->n == NETSTAT_ENDS_MAX) {
		boxes->n = 0;
		box = &everywhere;
	}
	boxes->boxes[boxes->n++] = *box;
}

/* ---- leaves ---- */

static struct filter_end end_of(const struct filter_node *node)
{
	if (node->field->narrows == NARROWS_END)
		return node->end;
	/* No port is above 65535, so a number that is names none: 1 to 0. */
	if (node->range.least > UINT16_MAX)
		return (struct filter_end){.first = 1, .last = 0};
	return (struct filter_end){
		.first = (uint16_t)node->range.least,
		.last = node->range.most > UINT16_MAX ? UINT16_MAX : (uint16_t)node->range.most,
	};
}

static struct boxes boxes_of_leaf(const struct filter_node *node, bool negated)
{
	struct boxes boxes = {.boxes = {everywhere}, .n = 1};
	struct netstat_ends local = everywhere, foreign = everywhere;

	if (negated || !node->field->ends)
		return boxes;
	struct filter_end end = end_of(node);
	if (!end.any_port) {
		local.local_first = foreign.foreign_first = end.first;
		local.local_last = foreign.foreign_last = end.last;
	}
	local.local = foreign.foreign = end.address;
	local.local_prefix = foreign.foreign_prefix = end.prefix;
	boxes.n = 0;
	if (node->field->ends & FILTER_LOCAL)
		boxes_add(&boxes, &local);
	if (node->field->ends & FILTER_FOREIGN)
		boxes_add(&boxes, &foreign);
	return boxes;
}

/* ---- and, or ---- */

/* The narrower of two prefixes: when they have nothing in common, either is large enough. */
static void common_prefix(struct berth_address *address, uint8_t *prefix, const struct berth_address *other,
			  uint8_t other_prefix)
{
	if (other->family == BERTH_ANY_FAMILY || (address->family != BERTH_ANY_FAMILY && *prefix >= other_prefix))
		return;
	*address = *other;
	*prefix = other_prefix;
}

static uint16_t lesser(uint16_t a, uint16_t b)
{
	return a < b ? a : b;
}

static uint16_t greater(uint16_t a, uint16_t b)
{
	return a > b ? a : b;
}

/* false: they have no port in common. */
static bool common(const struct netstat_ends *a, const struct netstat_ends *b, struct netstat_ends *out)
{
	*out = *a;
	out->local_first = greater(a->local_first, b->local_first);
	out->local_last = lesser(a->local_last, b->local_last);
	out->foreign_first = greater(a->foreign_first, b->foreign_first);
	out->foreign_last = lesser(a->foreign_last, b->foreign_last);
	common_prefix(&out->local, &out->local_prefix, &b->local, b->local_prefix);
	common_prefix(&out->foreign, &out->foreign_prefix, &b->foreign, b->foreign_prefix);
	return out->local_first <= out->local_last && out->foreign_first <= out->foreign_last;
}

static struct boxes both(const struct boxes *a, const struct boxes *b)
{
	struct boxes boxes = {.n = 0};
	struct netstat_ends box;

	/* Too many to multiply: one of the two alone is large enough. */
	if (a->n * b->n > NETSTAT_ENDS_MAX)
		return is_everywhere(a) ? *b : *a;
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < b->n; j++)
			if (common(&a->boxes[i], &b->boxes[j], &box))
				boxes_add(&boxes, &box);
	return boxes;
}

static struct boxes boxes_of(const struct filter_node *nodes, uint16_t i, bool negated)
{
	const struct filter_node *node = &nodes[i];
	bool all = (node->kind == FILTER_AND) != negated;
	struct boxes boxes = {.boxes = {everywhere}, .n = all ? 1 : 0};

	if (node->kind == FILTER_LEAF)
		return boxes_of_leaf(node, negated);
	if (node->kind == FILTER_NOT)
		return boxes_of(nodes, node->first, !negated);
	for (i = node->first; i; i = nodes[i].next) {
		struct boxes child = boxes_of(nodes, i, negated);
		if (all)
			boxes = both(&boxes, &child);
		for (size_t j = 0; !all && j < child.n; j++)
			boxes_add(&boxes, &child.boxes[j]);
	}
	return boxes;
}

void filter_narrow_ends(const struct filter *filter, struct netstat_request *request)
{
	struct boxes boxes = boxes_of(filter->nodes, filter->root, false);

	request->n_ends = 0;
	if (is_everywhere(&boxes))
		return;
	/* Nothing can match: a box that nothing is in says so. */
	if (boxes.n == 0)
		boxes = (struct boxes){.boxes = {{.local_first = 1, .foreign_last = UINT16_MAX}}, .n = 1};
	for (size_t i = 0; i < boxes.n; i++)
		request->ends[request->n_ends++] = boxes.boxes[i];
}
