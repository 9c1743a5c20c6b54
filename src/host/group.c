/* The groups of the host's interfaces: a list for each that has some.
 *
 * A list is walked: it has a few entries where neighbour discovery alone has joined, and is bounded where programs
 * have. What begins and what ends goes to group_report.c, which tells routers of it. */
#include "group.h"

#include <string.h>

#include "group_report.h"

/* Groups of programs and of addresses, and some that have been left and not yet been told of. */
#define ITEMS_MAX 256
#define ITEMS_FIRST 4
_Static_assert(ITEMS_MAX > HOST_GROUPS_MAX + HOST_ADDRESSES_MAX, "whoever wants a group has an item");

static bool is_same(const struct ip *a, const struct ip *b)
{
	return a->high == b->high && a->low == b->low;
}

/* RFC 2236 section 6, 3810 section 6: joined from the beginning, for good, and in silence. */
static bool is_all_hosts(const struct ip *ip)
{
	static const struct ip all4 = {.low = IP4_MAPPED | 0xe0000001},
			       all6 = {.high = UINT64_C(0xff02) << 48, .low = 1};

	return is_same(ip, &all4) || is_same(ip, &all6);
}

/* RFC 4291 section 2.7: nothing is sent to a scope of 0. */
static bool may_join(const struct ip *ip)
{
	return ip_is_multicast(ip) && (ip_is_ip4(ip) || (ip->high >> 48 & 15) != 0);
}

struct host_groups *group_all(struct berth_host *host, unsigned interface)
{
	struct host_groups *groups = host->interfaces[interface].groups;

	if (groups)
		return groups;
	groups = host->memory->alloc(host->memory->context, sizeof(*groups));
	if (!groups)
		return NULL;
	*groups = (struct host_groups){.n = 0};
	group_reports_init(&groups->igmp, interface, BERTH_IP4);
	group_reports_init(&groups->mld, interface, BERTH_IP6);
	host->interfaces[interface].groups = groups;
	return groups;
}

struct host_group *group_find(const struct host_groups *groups, const struct ip *group)
{
	for (uint32_t i = 0; i < groups->n; i++) {
		if (is_same(&groups->items[i].ip, group))
			return &groups->items[i];
	}
	return NULL;
}

void group_remove(struct host_groups *groups, struct host_group *group)
{
	*group = groups->items[--groups->n];
}

bool group_joined(const struct berth_host *host, unsigned interface, const struct ip *group)
{
	const struct host_groups *groups = host->interfaces[interface].groups;
	const struct host_group *found = groups ? group_find(groups, group) : NULL;

	return found ? group_is_wanted(found) : is_all_hosts(group);
}

/* ---- items ---- */

static bool grow(struct berth_host *host, struct host_groups *groups)
{
	const struct berth_memory *memory = host->memory;
	uint32_t capacity = groups->capacity ? groups->capacity * 2 : ITEMS_FIRST;
	struct host_group *items = memory->alloc(memory->context, capacity * sizeof(*items));

	if (!items)
		return false;
	if (groups->items) {
		memcpy(items, groups->items, groups->n * sizeof(*items));
		memory->free(memory->context, groups->items, groups->capacity * sizeof(*items));
	}
	groups->items = items;
	groups->capacity = capacity;
	return true;
}

/* The list is full of groups that have been left: one of them is not told of again. */
static void make_room(struct host_groups *groups)
{
	for (uint32_t i = 0; i < groups->n; i++) {
		if (!group_is_wanted(&groups->items[i])) {
			group_remove(groups, &groups->items[i]);
			return;
		}
	}
}

/* The item of the group, made when there is none. NULL: out of memory. */
static struct host_group *item(struct berth_host *host, unsigned interface, const struct ip *group)
{
	struct host_groups *groups = group_all(host, interface);
	struct host_group *found = groups ? group_find(groups, group) : NULL;

	if (found || !groups)
		return found;
	if (groups->n == ITEMS_MAX)
		make_room(groups);
	if (groups->n == groups->capacity && !grow(host, groups))
		return NULL;
	found = &groups->items[groups->n++];
	*found = (struct host_group){.ip = {.high = group->high, .low = group->low}, .answer_at = BERTH_NEVER};
	return found;
}

/* ---- joining and leaving ---- */

int group_join(struct berth_host *host, unsigned interface, const struct ip *group)
{
	struct host_groups *groups;
	struct host_group *found;

	if (interface >= host->n_interfaces || !may_join(group))
		return BERTH_EINVAL;
	groups = group_all(host, interface);
	if (!groups)
		return BERTH_ENOMEM;
	found = group_find(groups, group);
	if ((!found || found->n_users == 0) && groups->n_programs == HOST_GROUPS_MAX)
		return BERTH_ENOBUFS;
	found = item(host, interface, group);
	if (!found)
		return BERTH_ENOMEM;
	if (found->n_users++ > 0)
		return BERTH_OK;
	groups->n_programs++;
	if (found->n_own == 0)
		group_changed(host, groups, found);
	return BERTH_OK;
}

int group_leave(struct berth_host *host, unsigned interface, const struct ip *group)
{
	struct host_groups *groups = interface < host->n_interfaces ? host->interfaces[interface].groups : NULL;
	struct host_group *found = groups ? group_find(groups, group) : NULL;

	if (!found || found->n_users == 0)
		return BERTH_EADDRNOTAVAIL;
	if (--found->n_users > 0)
		return BERTH_OK;
	groups->n_programs--;
	if (found->n_own == 0)
		group_changed(host, groups, found);
	return BERTH_OK;
}

/* RFC 4291 section 2.7.1. false: nobody will look for this address by neighbour discovery. */
static bool solicited_node(const struct berth_host *host, unsigned interface, const struct ip *address,
			   struct ip *group)
{
	if (ip_is_ip4(address) || !host->interfaces[interface].ethernet)
		return false;
	*group = (struct ip){.high = UINT64_C(0xff02) << 48, .low = UINT64_C(0x1ff000000) | (address->low & 0xffffff)};
	return true;
}

int group_own_join(struct berth_host *host, unsigned interface, const struct ip *address)
{
	struct host_group *found;
	struct ip group;

	if (!solicited_node(host, interface, address, &group))
		return BERTH_OK;
	found = item(host, interface, &group);
	if (!found)
		return BERTH_ENOMEM;
	if (found->n_own++ == 0 && found->n_users == 0)
		group_changed(host, host->interfaces[interface].groups, found);
	return BERTH_OK;
}

void group_own_leave(struct berth_host *host, unsigned interface, const struct ip *address)
{
	struct host_groups *groups = host->interfaces[interface].groups;
	struct host_group *found;
	struct ip group;

	if (!groups || !solicited_node(host, interface, address, &group))
		return;
	found = group_find(groups, &group);
	if (found && found->n_own > 0 && --found->n_own == 0 && found->n_users == 0)
		group_changed(host, groups, found);
}

void group_source_ready(struct berth_host *host, unsigned interface)
{
	struct host_groups *groups = host->interfaces[interface].groups;

	if (groups)
		group_tell_again(host, groups, &groups->mld);
}

/* ---- snapshots, the end ---- */

bool group_row(const struct berth_host *host, unsigned interface, size_t i, struct ip *group, uint32_t *users)
{
	const struct host_groups *groups = host->interfaces[interface].groups;

	for (uint32_t at = 0; groups && at < groups->n; at++) {
		const struct host_group *g = &groups->items[at];

		if (!group_is_wanted(g) || i-- > 0)
			continue;
		*group = g->ip;
		*users = g->n_users + g->n_own;
		return true;
	}
	return false;
}

void group_deinit(struct berth_host *host)
{
	const struct berth_memory *memory = host->memory;

	for (uint32_t i = 0; i < host->n_interfaces; i++) {
		struct host_groups *groups = host->interfaces[i].groups;

		if (!groups)
			continue;
		wheel_cancel(&host->wheel, &groups->igmp.timer.timer);
		wheel_cancel(&host->wheel, &groups->mld.timer.timer);
		if (groups->items)
			memory->free(memory->context, groups->items, groups->capacity * sizeof(*groups->items));
		memory->free(memory->context, groups, sizeof(*groups));
		host->interfaces[i].groups = NULL;
	}
}
