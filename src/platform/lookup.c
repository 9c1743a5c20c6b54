/* Looking names up: which questions a name needs, and what their answers mean together.
 *
 * A lookup asks for one name at a time, for both families at once when both are wanted. A name without a dot is looked
 * for in the search domains first, and as it is last; one with a dot only as it is, so that nobody's search list turns
 * a full name into another (RFC 1535). What one domain does not know, the next may. */
#include "resolver.h"

#include <stdlib.h>
#include <string.h>

/* ---- stages ---- */

static void list_remove(struct berth_lookup *lookup)
{
	struct lookup_list *list = &lookup->resolver->lookups[lookup->stage];

	if (lookup->previous)
		lookup->previous->next = lookup->next;
	else
		list->first = lookup->next;
	if (lookup->next)
		lookup->next->previous = lookup->previous;
	else
		list->last = lookup->previous;
	list->n--;
}

static void list_append(struct berth_lookup *lookup, enum stage stage)
{
	struct lookup_list *list = &lookup->resolver->lookups[stage];

	lookup->stage = stage;
	lookup->next = NULL;
	lookup->previous = list->last;
	if (list->last)
		list->last->next = lookup;
	else
		list->first = lookup;
	list->last = lookup;
	list->n++;
}

static void stage_set(struct berth_lookup *lookup, enum stage stage)
{
	list_remove(lookup);
	list_append(lookup, stage);
}

/* ---- what answers mean ---- */

static void lookup_over(struct berth_lookup *lookup, int error)
{
	stage_set(lookup, STAGE_OVER);
	lookup->error = error;
	resolver_news(lookup->resolver);
}

static bool has_addresses(const struct berth_lookup *lookup)
{
	for (unsigned i = 0; i < N_PARTS; i++) {
		if (lookup->parts[i].settled && lookup->parts[i].n > 0)
			return true;
	}
	return false;
}

static bool is_settled(const struct berth_lookup *lookup)
{
	for (unsigned i = 0; i < N_PARTS; i++) {
		if (lookup->parts[i].wanted && !lookup->parts[i].settled)
			return false;
	}
	return true;
}

/* The error of a name none of whose parts has addresses: that there is no such name is so for both (RFC 8020), and the
 * one that something went wrong with might have had some. */
static int candidate_error(const struct berth_lookup *lookup)
{
	int error = BERTH_ENODATA;

	for (unsigned i = 0; i < N_PARTS; i++) {
		const struct part *part = &lookup->parts[i];

		if (part->wanted && part->n == BERTH_ENOENT)
			return BERTH_ENOENT;
		if (part->wanted && part->n != BERTH_ENODATA)
			error = part->n;
	}
	return error;
}

/* Of what went wrong with several names: that something did before that there is nothing, and that a name has no
 * address before that there is no such name. */
static int worse_error(int a, int b)
{
	if (a == 0 || a == BERTH_ENOENT)
		return b;
	return a == BERTH_ENODATA && b != BERTH_ENOENT ? b : a;
}

/* Whether somebody has answered, so that a name in another domain is worth a question. */
static bool is_answer(int error)
{
	return error == BERTH_ENOENT || error == BERTH_ENODATA || error == BERTH_EACCES || error == BERTH_EIO ||
	       error == BERTH_EPROTO;
}

/* ---- asking ---- */

static void part_ask(struct part *part, const char *name)
{
	struct berth_resolver *resolver = part->lookup->resolver;
	enum berth_family family = part == &part->lookup->parts[PART_IP6] ? BERTH_IP6 : BERTH_IP4;

	part->settled = false;
	part->question = dns_ask(resolver->dns, name, family, part);
	if (!part->question) {
		part->settled = true;
		part->n = BERTH_ENOMEM;
	}
}

/* The next name to look for: in the next domain in which it is not too long, at last as it is. false: that was the
 * last.
 */
static bool candidate(struct berth_lookup *lookup, char out[NAME_BYTES])
{
	const struct berth_resolver *resolver = lookup->resolver;

	while (!lookup->absolute && lookup->i_domain < resolver->n_domains) {
		if (name_join(lookup->name, resolver->domains[lookup->i_domain++], out))
			return true;
	}
	if (lookup->bare)
		return false;
	lookup->bare = true;
	memcpy(out, lookup->name, NAME_BYTES);
	return true;
}

static void lookup_ask(struct berth_lookup *lookup)
{
	char name[NAME_BYTES];

	if (!candidate(lookup, name)) {
		lookup_over(lookup, lookup->error);
		return;
	}
	for (unsigned i = 0; i < N_PARTS; i++) {
		if (lookup->parts[i].wanted)
			part_ask(&lookup->parts[i], name);
	}
	if (is_settled(lookup))
		lookup_over(lookup, BERTH_ENOMEM);
}

void lookup_begin(struct berth_lookup *lookup)
{
	struct berth_resolver *resolver = lookup->resolver;

	stage_set(lookup, STAGE_ACTIVE);
	resolver_refresh(resolver);
	if (!resolver->dns)
		lookup_over(lookup, BERTH_EPROTONOSUPPORT);
	else if (!resolver->config.n_servers)
		lookup_over(lookup, BERTH_EDESTADDRREQ);
	else
		lookup_ask(lookup);
}

static void lookup_next(struct berth_lookup *lookup)
{
	int error = candidate_error(lookup);

	lookup->error = worse_error(lookup->error, error);
	if (is_answer(error))
		lookup_ask(lookup);
	else
		lookup_over(lookup, error);
}

void lookup_answer(struct part *part, const struct dns_answer *answer)
{
	struct berth_lookup *lookup = part->lookup;

	part->question = NULL;
	part->settled = true;
	part->n = answer->n;
	if (answer->n > 0)
		memcpy(part->addresses, answer->addresses, (size_t)answer->n * sizeof(answer->addresses[0]));
	if (has_addresses(lookup) && lookup->on_part)
		lookup->on_part(lookup->user, part);
	if (!is_settled(lookup))
		return;
	if (has_addresses(lookup))
		lookup_over(lookup, 0);
	else
		lookup_next(lookup);
}

/* ---- telling ---- */

void lookup_tell(struct berth_lookup *lookup)
{
	struct berth_address addresses[BERTH_RESOLVE_MAX];
	size_t n = 0;

	for (unsigned i = 0; i < N_PARTS; i++) {
		const struct part *part = &lookup->parts[i];

		if (!part->wanted || !part->settled || part->n <= 0)
			continue;
		memcpy(addresses + n, part->addresses, (size_t)part->n * sizeof(addresses[0]));
		n += (size_t)part->n;
	}
	list_remove(lookup);
	berth_host_sort_destinations(lookup->resolver->host, addresses, n);
	lookup->on_done(lookup->user, n ? (int)n : lookup->error, addresses);
	free(lookup);
}

/* ---- beginning and ending ---- */

/* Of an address as text. */
static int take_address(struct berth_lookup *lookup, const struct berth_address *address)
{
	struct part *part = &lookup->parts[address->family == BERTH_IP6 ? PART_IP6 : PART_IP4];

	if (!part->wanted)
		return BERTH_EAFNOSUPPORT;
	part->settled = true;
	part->n = 1;
	part->addresses[0] = *address;
	lookup_over(lookup, 0);
	return 0;
}

static int take_name(struct berth_lookup *lookup, const char *name)
{
	int r = name_check(name, lookup->name, &lookup->absolute);

	if (r < 0)
		return r;
	if (name_special(lookup->name, lookup->parts))
		lookup_over(lookup, BERTH_ENOENT); /* unless it has addresses */
	return 0;
}

int lookup_new(struct berth_resolver *resolver, const char *name, enum berth_family family, berth_resolve_done *on_done,
	       void *user, struct berth_lookup **out)
{
	struct berth_lookup *lookup = calloc(1, sizeof(*lookup));
	struct berth_address address;

	if (!lookup)
		return BERTH_ENOMEM;
	lookup->resolver = resolver;
	lookup->on_done = on_done;
	lookup->user = user;
	list_append(lookup, STAGE_WAITING);
	for (unsigned i = 0; i < N_PARTS; i++)
		lookup->parts[i].lookup = lookup;
	lookup->parts[PART_IP6].wanted = family != BERTH_IP4;
	lookup->parts[PART_IP4].wanted = family != BERTH_IP6;
	int r = berth_address_parse(name, &address) == 0 ? take_address(lookup, &address) : take_name(lookup, name);
	if (r < 0) {
		list_remove(lookup);
		free(lookup);
		return r;
	}
	resolver_news(resolver);
	*out = lookup;
	return 0;
}

int berth_resolve(struct berth_resolver *resolver, const char *name, enum berth_family family,
		  berth_resolve_done *on_done, void *user, struct berth_lookup **out)
{
	struct berth_lookup *lookup;
	int r = lookup_new(resolver, name, family, on_done, user, &lookup);

	if (r == 0 && out)
		*out = lookup;
	return r;
}

struct berth_lookup *berth_lookup_cancel(struct berth_lookup *lookup)
{
	if (!lookup)
		return NULL;
	for (unsigned i = 0; i < N_PARTS; i++) {
		if (lookup->parts[i].question)
			dns_forget(lookup->parts[i].question);
	}
	list_remove(lookup);
	resolver_news(lookup->resolver); /* others may have their turn */
	free(lookup);
	return NULL;
}

const char *berth_resolve_error_text(int error)
{
	switch (error) {
	case BERTH_ENOENT:
		return "no such name";
	case BERTH_ENODATA:
		return "the name has no address";
	case BERTH_EINVAL:
		return "neither an address nor a name";
	case BERTH_ETIMEDOUT:
		return "no DNS server has answered";
	case BERTH_ECONNREFUSED:
		return "no DNS server could be reached";
	case BERTH_EACCES:
		return "the DNS servers refuse to answer";
	case BERTH_EIO:
		return "the DNS servers failed to find the name";
	case BERTH_EPROTO:
		return "the DNS servers' answer makes no sense";
	case BERTH_EDESTADDRREQ:
		return "no DNS server is known";
	case BERTH_EPROTONOSUPPORT:
		return "built without c-ares, only addresses are understood";
	default:
		return berth_error_text(error);
	}
}
