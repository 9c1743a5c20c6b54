/* The host's servers of names and search domains.
 *
 * Two small arrays in the order in which they are used: by origin, and of one origin as they came. What has run out is
 * passed over, and makes room first. The resolver above asks for the list when it is told that it has changed. */
#include "dns.h"

#include <string.h>

static bool is_from(const struct host_dns_entry *e, enum host_origin origin, unsigned interface)
{
	return e->origin == origin && e->interface == interface;
}

/* One says a server or a domain, and so does the other. */
static bool is_same(const struct host_dns_entry *a, const struct host_dns_entry *b)
{
	return ip_equal(&a->server, &b->server) && strcmp(a->domain, b->domain) == 0;
}

/* One notice for all that changes before the program looks. */
static void tell(struct berth_host *host)
{
	const struct host_notices *q = &host->notices;

	if (q->n && q->items[(q->first + q->n - 1) % HOST_NOTICES_MAX].kind == BERTH_NOTICE_DNS)
		return;
	host_notice(host, &(struct berth_notice){.kind = BERTH_NOTICE_DNS});
}

static void remove_entry(struct host_dns_list *list, unsigned at)
{
	list->n--;
	memmove(&list->entries[at], &list->entries[at + 1], (list->n - at) * sizeof(list->entries[0]));
}

static int find(const struct host_dns_list *list, const struct host_dns_entry *like)
{
	for (unsigned i = 0; i < list->n; i++) {
		const struct host_dns_entry *e = &list->entries[i];

		if (e->origin == like->origin && e->interface == like->interface && is_same(e, like))
			return (int)i;
	}
	return -1;
}

static bool make_room(struct host_dns_list *list, uint8_t origin, berth_time now)
{
	for (unsigned i = list->n; i-- > 0 && list->n == HOST_DNS_MAX;) {
		if (list->entries[i].until <= now)
			remove_entry(list, i);
	}
	if (list->n == HOST_DNS_MAX && list->entries[list->n - 1].origin > origin)
		remove_entry(list, list->n - 1u);
	return list->n < HOST_DNS_MAX;
}

static void insert(struct host_dns_list *list, const struct host_dns_entry *entry)
{
	unsigned at = list->n++;

	for (; at > 0 && list->entries[at - 1].origin > entry->origin; at--)
		list->entries[at] = list->entries[at - 1];
	list->entries[at] = *entry;
}

static bool set(struct berth_host *host, struct host_dns_list *list, const struct host_dns_entry *entry)
{
	int at = find(list, entry);
	bool over = entry->until <= host->now;

	if (at >= 0 && !over) {
		list->entries[at].until = entry->until;
		return true;
	}
	if (at >= 0)
		remove_entry(list, (unsigned)at);
	else if (over || !make_room(list, entry->origin, host->now))
		return false;
	else
		insert(list, entry);
	tell(host);
	return !over;
}

bool host_dns_set(struct berth_host *host, enum host_origin origin, unsigned interface, const struct ip *server,
		  berth_time until)
{
	return set(host, &host->dns.servers,
		   &(struct host_dns_entry){
			   .server = *server,
			   .until = until,
			   .origin = (uint8_t)origin,
			   .interface = (uint8_t)interface,
		   });
}

bool host_search_set(struct berth_host *host, enum host_origin origin, unsigned interface, const char *domain,
		     berth_time until)
{
	struct host_dns_entry entry = {.until = until, .origin = (uint8_t)origin, .interface = (uint8_t)interface};

	if (strlen(domain) >= sizeof(entry.domain))
		return false;
	strcpy(entry.domain, domain);
	return set(host, &host->dns.domains, &entry);
}

static bool drop(struct host_dns_list *list, enum host_origin origin, unsigned interface)
{
	unsigned before = list->n;

	for (unsigned i = list->n; i-- > 0;) {
		if (is_from(&list->entries[i], origin, interface))
			remove_entry(list, i);
	}
	return list->n < before;
}

void host_dns_drop(struct berth_host *host, enum host_origin origin, unsigned interface)
{
	bool servers = drop(&host->dns.servers, origin, interface);

	if (drop(&host->dns.domains, origin, interface) || servers)
		tell(host);
}

/* ---- the program's side ---- */

int berth_host_dns_add(struct berth_host *host, const struct berth_address *server)
{
	struct host_dns_entry entry = {.server = ip_of_address(server), .origin = ORIGIN_HAND};

	if (server->family == BERTH_ANY_FAMILY || !(ip_is_unicast(&entry.server) || ip_is_loopback(&entry.server)))
		return BERTH_EINVAL;
	if (find(&host->dns.servers, &entry) >= 0)
		return BERTH_EADDRINUSE;
	return host_dns_set(host, ORIGIN_HAND, 0, &entry.server, BERTH_NEVER) ? BERTH_OK : BERTH_ENOSPC;
}

/* What another entry has said already counts once. */
static bool is_in_use(const struct host_dns_list *list, unsigned at, berth_time now)
{
	if (list->entries[at].until <= now)
		return false;
	for (unsigned i = 0; i < at; i++) {
		if (list->entries[i].until > now && is_same(&list->entries[i], &list->entries[at]))
			return false;
	}
	return true;
}

size_t berth_host_dns(const struct berth_host *host, struct berth_address *out, size_t n)
{
	const struct host_dns_list *list = &host->dns.servers;
	size_t found = 0;

	for (unsigned i = 0; i < list->n; i++) {
		if (!is_in_use(list, i, host->now))
			continue;
		if (found < n)
			out[found] = ip_to_address(&list->entries[i].server);
		found++;
	}
	return found;
}

bool berth_host_search(const struct berth_host *host, size_t i, char out[BERTH_DOMAIN_MAX])
{
	const struct host_dns_list *list = &host->dns.domains;

	for (unsigned at = 0; at < list->n; at++) {
		if (is_in_use(list, at, host->now) && i-- == 0) {
			strcpy(out, list->entries[at].domain);
			return true;
		}
	}
	return false;
}
