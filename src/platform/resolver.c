/* The resolver: its servers and domains, and the alarm that moves everything.
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

void resolver_news(struct berth_resolver *resolver)
{
	if (!resolver->news)
		alarm_set(resolver, berth_loop_now(resolver->loop));
	resolver->news = true;
}

static void on_news(void *user)
{
	resolver_news(user);
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

void resolver_refresh(struct berth_resolver *resolver)
{
	if (!resolver->own_servers)
		read_servers(resolver);
	if (!resolver->own_domains)
		read_domains(resolver);
}

/* ---- the alarm ---- */

static void begin_waiting(struct berth_resolver *resolver)
{
	struct berth_lookup *waiting;

	while ((waiting = resolver->lookups[STAGE_WAITING].first)) {
		if (resolver->lookups[STAGE_ACTIVE].n >= LOOKUPS_ACTIVE_MAX ||
		    (resolver->dns && dns_count(resolver->dns) + N_PARTS > QUESTIONS_MAX))
			return;
		lookup_begin(waiting);
	}
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
			lookup_answer(answer.user, &answer);
	}
	begin_waiting(resolver);
	over = resolver->lookups[STAGE_OVER].first;
	if (over)
		resolver_news(resolver); /* there may be more of them */
	else if (!resolver->news && resolver->dns)
		alarm_set(resolver, dns_deadline(resolver->dns) < FAR ? dns_deadline(resolver->dns) : FAR);
	if (over)
		lookup_tell(over);
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
	for (unsigned stage = 0; stage < N_STAGES; stage++) {
		while (resolver->lookups[stage].first)
			berth_lookup_cancel(resolver->lookups[stage].first);
	}
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
