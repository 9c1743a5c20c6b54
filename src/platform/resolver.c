/* Looking names up: which questions a name needs, and what their answers mean together.
 *
 * A lookup asks for one name at a time, for both families at once when both are wanted. A name without a dot is looked
 * for in the search domains first, and as it is last; one with a dot only as it is, so that nobody's search list turns
 * a full name into another (RFC 1535). What one domain does not know, the next may.
 *
 * All that happens happens in one alarm of the loop, which is set for now when there is news: answers are fetched,
 * lookups go on, and one that is over is told, as the last thing, since the program may free anything then. The alarm
 * is always set, if only for the end of time, so that moving it needs no memory. */
#include "resolver.h"

#include <stdlib.h>
#include <string.h>

#define FAR (BERTH_NEVER - 1)

static void on_alarm(void *user);

static void alarm_set(struct berth_resolver *resolver, berth_time at)
{
	berth_loop_at(resolver->loop, at, on_alarm, resolver);
}

static void on_news(void *user)
{
	struct berth_resolver *resolver = user;

	if (!resolver->news)
		alarm_set(resolver, berth_loop_now(resolver->loop));
	resolver->news = true;
}

/* ---- what answers mean ---- */

static void lookup_over(struct berth_lookup *lookup, int error)
{
	lookup->stage = STAGE_OVER;
	lookup->error = error;
	on_news(lookup->resolver);
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

/* ---- the host's servers and domains ---- */

static int configure(struct berth_resolver *resolver, const struct dns_config *config)
{
	int r = resolver->dns && config->n_servers ? dns_configure(resolver->dns, config) : 0;

	if (r == 0)
		resolver->config = *config;
	return r;
}

static bool same_servers(const struct dns_config *a, const struct dns_config *b)
{
	for (size_t i = 0; i < a->n_servers && i < b->n_servers; i++) {
		if (!berth_address_equal(&a->servers[i].address, &b->servers[i].address) ||
		    a->servers[i].port != b->servers[i].port)
			return false;
	}
	return a->n_servers == b->n_servers;
}

/* Those of the host change by DHCP, by what routers say, and by time. Out of memory it stays with those it has. */
static void read_servers(struct berth_resolver *resolver)
{
	struct berth_address servers[BERTH_RESOLVER_SERVERS_MAX];
	struct dns_config config = resolver->config;
	size_t n = berth_host_dns(resolver->host, servers, BERTH_RESOLVER_SERVERS_MAX);

	config.n_servers = n < BERTH_RESOLVER_SERVERS_MAX ? n : BERTH_RESOLVER_SERVERS_MAX;
	for (size_t i = 0; i < config.n_servers; i++)
		config.servers[i] = (struct berth_socket_address){servers[i], 53};
	if (!same_servers(&config, &resolver->config))
		configure(resolver, &config);
}

static void read_domains(struct berth_resolver *resolver)
{
	char domain[BERTH_DOMAIN_MAX];
	bool absolute;

	resolver->n_domains = 0;
	for (size_t i = 0;
	     resolver->n_domains < BERTH_RESOLVER_DOMAINS_MAX && berth_host_search(resolver->host, i, domain); i++) {
		if (name_check(domain, resolver->domains[resolver->n_domains], &absolute) == 0)
			resolver->n_domains++;
	}
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

/* With a name that is no special one. */
static void lookup_begin(struct berth_lookup *lookup)
{
	struct berth_resolver *resolver = lookup->resolver;

	lookup->stage = STAGE_ACTIVE;
	if (!resolver->own_servers)
		read_servers(resolver);
	if (!resolver->own_domains)
		read_domains(resolver);
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

static void part_answer(struct part *part, const struct dns_answer *answer)
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

/* Takes a lookup out of the list. */
static void lookup_unlink(struct berth_lookup *lookup)
{
	struct berth_lookup **at = &lookup->resolver->lookups;

	while (*at != lookup)
		at = &(*at)->next;
	*at = lookup->next;
}

static void lookup_tell(struct berth_lookup *lookup)
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
	lookup_unlink(lookup);
	berth_host_sort_destinations(lookup->resolver->host, addresses, n);
	lookup->on_done(lookup->user, n ? (int)n : lookup->error, addresses);
	free(lookup);
}

/* ---- the alarm ---- */

static void begin_waiting(struct berth_resolver *resolver)
{
	unsigned n_active = 0;

	for (const struct berth_lookup *l = resolver->lookups; l; l = l->next)
		n_active += l->stage == STAGE_ACTIVE;
	for (struct berth_lookup *l = resolver->lookups; l; l = l->next) {
		if (n_active >= LOOKUPS_ACTIVE_MAX ||
		    (resolver->dns && dns_count(resolver->dns) + N_PARTS > QUESTIONS_MAX))
			return;
		if (l->stage != STAGE_WAITING)
			continue;
		lookup_begin(l);
		n_active++;
	}
}

static struct berth_lookup *find_over(const struct berth_resolver *resolver)
{
	struct berth_lookup *lookup = resolver->lookups;

	while (lookup && lookup->stage != STAGE_OVER)
		lookup = lookup->next;
	return lookup;
}

static void on_alarm(void *user)
{
	struct berth_resolver *resolver = user;
	struct berth_lookup *over;
	struct dns_answer answer;

	alarm_set(resolver, FAR);
	resolver->news = false;
	if (resolver->dns) {
		dns_run(resolver->dns);
		while (dns_next(resolver->dns, &answer))
			part_answer(answer.user, &answer);
	}
	begin_waiting(resolver);
	over = find_over(resolver);
	if (over)
		on_news(resolver); /* there may be more of them */
	else if (!resolver->news && resolver->dns)
		alarm_set(resolver, dns_deadline(resolver->dns) < FAR ? dns_deadline(resolver->dns) : FAR);
	if (over)
		lookup_tell(over);
}

/* ---- lookups ---- */

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
	struct berth_lookup *lookup = calloc(1, sizeof(*lookup)), **end = &resolver->lookups;
	struct berth_address address;

	if (!lookup)
		return BERTH_ENOMEM;
	lookup->resolver = resolver;
	lookup->on_done = on_done;
	lookup->user = user;
	for (unsigned i = 0; i < N_PARTS; i++)
		lookup->parts[i].lookup = lookup;
	lookup->parts[PART_IP6].wanted = family != BERTH_IP4;
	lookup->parts[PART_IP4].wanted = family != BERTH_IP6;
	int r = berth_address_parse(name, &address) == 0 ? take_address(lookup, &address) : take_name(lookup, name);
	if (r < 0) {
		free(lookup);
		return r;
	}
	while (*end)
		end = &(*end)->next;
	*end = lookup;
	on_news(resolver);
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
	lookup_unlink(lookup);
	on_news(lookup->resolver); /* others may have their turn */
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

/* ---- the resolver ---- */

int berth_resolver_new(struct berth_loop *loop, struct berth_host *host, struct berth_resolver **out)
{
	struct berth_resolver *resolver = calloc(1, sizeof(*resolver));

	if (!resolver)
		return BERTH_ENOMEM;
	resolver->loop = loop;
	resolver->host = host;
	resolver->config.ms = 2000;
	resolver->config.n_tries = 3;
	int r = dns_new(host, on_news, resolver, &resolver->dns);
	if (r == 0 || r == BERTH_EPROTONOSUPPORT)
		r = berth_loop_at(loop, FAR, on_alarm, resolver);
	if (r < 0) {
		dns_free(resolver->dns);
		free(resolver);
		return r;
	}
	*out = resolver;
	return 0;
}

struct berth_resolver *berth_resolver_free(struct berth_resolver *resolver)
{
	if (!resolver)
		return NULL;
	while (resolver->dialers)
		berth_dialer_cancel(resolver->dialers);
	while (resolver->lookups)
		berth_lookup_cancel(resolver->lookups);
	dns_free(resolver->dns);
	berth_loop_at(resolver->loop, BERTH_NEVER, on_alarm, resolver);
	free(resolver);
	return NULL;
}

int berth_resolver_servers(struct berth_resolver *resolver, const struct berth_socket_address *servers, size_t n)
{
	struct dns_config config = resolver->config;
	int r;

	if (n > BERTH_RESOLVER_SERVERS_MAX)
		return BERTH_ENOSPC;
	config.n_servers = servers ? n : 0;
	for (size_t i = 0; i < config.n_servers; i++) {
		if (berth_address_is_any(&servers[i].address) || !servers[i].port)
			return BERTH_EINVAL;
		config.servers[i] = servers[i];
	}
	r = configure(resolver, &config);
	if (r < 0)
		return r;
	resolver->own_servers = servers != NULL;
	if (!servers)
		read_servers(resolver);
	return 0;
}

int berth_resolver_search(struct berth_resolver *resolver, const char *const *domains, size_t n)
{
	char checked[BERTH_RESOLVER_DOMAINS_MAX][NAME_BYTES] = {{0}};
	bool absolute;

	if (n > BERTH_RESOLVER_DOMAINS_MAX)
		return BERTH_ENOSPC;
	for (size_t i = 0; domains && i < n; i++) {
		if (name_check(domains[i], checked[i], &absolute) < 0)
			return BERTH_EINVAL;
	}
	memcpy(resolver->domains, checked, sizeof(checked));
	resolver->n_domains = domains ? n : 0;
	resolver->own_domains = domains != NULL;
	return 0;
}

static unsigned between(unsigned least, unsigned n, unsigned most)
{
	return n < least ? least : n > most ? most : n;
}

int berth_resolver_patience(struct berth_resolver *resolver, unsigned ms, unsigned n_tries)
{
	struct dns_config config = resolver->config;

	config.ms = between(10, ms, 60000);
	config.n_tries = between(1, n_tries, 10);
	return configure(resolver, &config);
}

bool berth_resolver_event(struct berth_resolver *resolver, const struct berth_event *event)
{
	if (!event->user || !((resolver->dns && dns_has_socket(resolver->dns, event->user)) ||
			      dialer_has_socket(resolver->dialers, event->user)))
		return false;
	berth_loop_dispatch(event);
	return true;
}
