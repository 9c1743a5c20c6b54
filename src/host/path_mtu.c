/* Path MTU discovery, RFC 1191 and 8201: what routers have said about paths that are narrower than the interface.
 *
 * A bounded cache by destination; the oldest makes room, and each entry is forgotten after ten minutes (RFC 1191
 * section 6.3, 8201 section 4), so that a path that has widened is tried again. An IPv4 path that claims less than 576
 * bytes, which every link in use carries, would make packets absurdly small: there the host goes down to 576 and lets
 * routers fragment (an attacker gains nothing, an honest path works). Every path of IPv6 carries 1280 bytes, and who
 * says less is not believed (RFC 8201 section 4). */
#include "host_private.h"

#define PATH_MTUS_MAX 256
#define PATH_MTU_LIFE (600 * HOST_SECOND)
/* RFC 791: every link carries a packet of 68 bytes; who says less is lying. */
#define MTU_LEAST 68
#define MTU_FLOOR 576

struct path_mtu {
	struct table_node node;
	struct list_node age;
	struct ip destination;
	uint32_t mtu;
	berth_time until;
	bool dont_fragment;
};

static uint64_t hash_of(const struct berth_host *host, const struct ip *destination)
{
	uint64_t words[] = {destination->high, destination->low, destination->scope};

	return siphash13_words(host->key, words, 3);
}

int path_mtu_init(struct berth_host *host)
{
	list_init(&host->path_mtus.by_age);
	return table_init(&host->path_mtus.table, host->memory);
}

static void forget(struct berth_host *host, struct path_mtu *m)
{
	table_remove(&host->path_mtus.table, &m->node);
	list_remove(&m->age);
	host->path_mtus.n--;
	host->memory->free(host->memory->context, m, sizeof(*m));
}

void path_mtu_deinit(struct berth_host *host)
{
	struct list_node *node;

	while ((node = list_first(&host->path_mtus.by_age)))
		forget(host, CONTAINER_OF(node, struct path_mtu, age));
	table_deinit(&host->path_mtus.table);
}

/* The entry of a destination, unless it is out of date. */
static struct path_mtu *find(struct berth_host *host, const struct ip *destination)
{
	uint64_t hash = hash_of(host, destination);
	struct table_node *node = table_first(&host->path_mtus.table, hash);

	for (; node; node = table_next(node, hash)) {
		struct path_mtu *m = CONTAINER_OF(node, struct path_mtu, node);

		if (!ip_equal(&m->destination, destination))
			continue;
		if (host->now < m->until)
			return m;
		forget(host, m);
		return NULL;
	}
	return NULL;
}

void path_mtu_apply(struct berth_host *host, struct host_path *path)
{
	struct path_mtu *m;

	if (host->path_mtus.n == 0)
		return;
	m = find(host, &path->destination);
	if (!m || m->mtu >= path->mtu)
		return;
	path->mtu = m->mtu;
	path->until = m->until;
	path->dont_fragment = m->dont_fragment;
}

/* What an old router must have meant that gives no MTU: the next plateau below the packet (RFC 1191 section 7.1). */
static uint32_t plateau_below(uint32_t total_len)
{
	static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68};

	for (unsigned i = 0; i < sizeof(plateaus) / sizeof(plateaus[0]); i++) {
		if (plateaus[i] < total_len)
			return plateaus[i];
	}
	return 0;
}

bool path_mtu_judge(struct berth_host *host, const struct ip *destination, uint32_t mtu, uint32_t total_len,
		    struct path_mtu_verdict *out)
{
	bool ip4 = ip_is_ip4(destination);
	struct host_path path;

	if (mtu == 0 && ip4)
		mtu = plateau_below(total_len);
	if (mtu < (ip4 ? MTU_LEAST : HOST_IP6_MTU) || !host_route(host, destination, &path) ||
	    path.reach != REACH_UNICAST) {
		host_ip_counters(host, destination)->mtu_refused++;
		return false;
	}
	out->mtu = ip4 && mtu < MTU_FLOOR ? MTU_FLOOR : mtu;
	out->dont_fragment = !ip4 || mtu >= MTU_FLOOR;
	/* No smaller than what we send already: an old message, or a made-up one. */
	return out->mtu < path.mtu || (path.dont_fragment && !out->dont_fragment);
}

static struct path_mtu *make(struct berth_host *host, const struct ip *destination)
{
	struct path_mtu *m;

	if (host->path_mtus.n == PATH_MTUS_MAX)
		forget(host, CONTAINER_OF(list_first(&host->path_mtus.by_age), struct path_mtu, age));
	m = host->memory->alloc(host->memory->context, sizeof(*m));
	if (!m)
		return NULL;
	*m = (struct path_mtu){.destination = *destination};
	table_add(&host->path_mtus.table, hash_of(host, destination), &m->node);
	host->path_mtus.n++;
	return m;
}

void path_mtu_set(struct berth_host *host, const struct ip *destination, const struct path_mtu_verdict *verdict)
{
	struct path_mtu *m = find(host, destination);

	if (!m)
		m = make(host, destination);
	if (!m) {
		host_ip_counters(host, destination)->no_memory++;
		return;
	}
	m->mtu = verdict->mtu;
	m->dont_fragment = verdict->dont_fragment;
	m->until = host->now + PATH_MTU_LIFE;
	list_remove(&m->age);
	list_push_back(&host->path_mtus.by_age, &m->age);
	host_ip_counters(host, destination)->mtu_lowered++;
	host_path_forget(host);
}
