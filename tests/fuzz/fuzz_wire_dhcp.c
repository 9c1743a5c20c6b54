/* DHCP messages: whatever is read is written and read again the same, and is within its bounds; and of whatever is
 * believed of a lease the same holds. */
#include <string.h>

#include "dhcp_lease.h"
#include "fuzz.h"

static void check_name(const char *name)
{
	char copy[DHCP_NAME_MAX];

	CHECK(strlen(name) < DHCP_NAME_MAX);
	CHECK(dhcp_name((const uint8_t *)name, strlen(name), copy));
	CHECK(strcmp(name, copy) == 0);
}

static void check_bounds(const struct dhcp_message *m)
{
	CHECK(m->routers.n <= DHCP_IPS_MAX && m->dns.n <= DHCP_IPS_MAX);
	CHECK(m->n_routes <= DHCP_ROUTES_MAX && m->n_client_id <= DHCP_CLIENT_ID_MAX);
	CHECK(m->n_parameters <= DHCP_PARAMETERS_MAX);
	if (m->host_name[0])
		check_name(m->host_name);
	if (m->domain[0])
		check_name(m->domain);
	for (unsigned i = 0; i < m->n_search; i++) {
		CHECK(dhcp_search(m, i) < m->search + DHCP_SEARCH_MAX);
		check_name(dhcp_search(m, i));
	}
}

static void check_same(const struct dhcp_message *a, const struct dhcp_message *b)
{
	CHECK(a->op == b->op && a->type == b->type && a->broadcast == b->broadcast && a->secs == b->secs);
	CHECK(a->xid == b->xid && a->client == b->client && a->yours == b->yours && a->server == b->server);
	CHECK(a->relay == b->relay && memcmp(a->mac, b->mac, 6) == 0);
	CHECK(memcmp(&a->has_requested, &b->has_requested, 9) == 0);
	CHECK(memcmp(&a->requested, &b->requested, 7 * sizeof(a->requested)) == 0);
	CHECK(a->mtu == b->mtu && a->largest == b->largest);
	CHECK(memcmp(&a->routers, &b->routers, sizeof(a->routers)) == 0);
	CHECK(memcmp(&a->dns, &b->dns, sizeof(a->dns)) == 0);
	CHECK(a->n_routes == b->n_routes && a->n_search == b->n_search && a->n_client_id == b->n_client_id);
	CHECK(a->n_parameters == b->n_parameters);
	CHECK(memcmp(a->routes, b->routes, a->n_routes * sizeof(a->routes[0])) == 0);
	CHECK(memcmp(a->client_id, b->client_id, a->n_client_id) == 0);
	CHECK(memcmp(a->parameters, b->parameters, a->n_parameters) == 0);
	CHECK(strcmp(a->host_name, b->host_name) == 0 && strcmp(a->domain, b->domain) == 0);
	for (unsigned i = 0; i < a->n_search; i++)
		CHECK(strcmp(dhcp_search(a, i), dhcp_search(b, i)) == 0);
}

static void check_lease(const struct dhcp_message *m)
{
	struct dhcp_lease lease;

	if (!dhcp_lease_read(m, &lease))
		return;
	CHECK(lease.prefix >= 1 && lease.prefix <= 32);
	CHECK(lease.s_lease >= DHCP_LEASE_LEAST_S);
	CHECK(lease.s_lease == DHCP_FOREVER ||
	      (0 < lease.s_t1 && lease.s_t1 < lease.s_t2 && lease.s_t2 < lease.s_lease));
	CHECK(lease.mtu == 0 || lease.mtu >= DHCP_MTU_LEAST);
	CHECK(lease.dns.n <= DHCP_IPS_MAX && lease.n_routes <= DHCP_ROUTES_MAX);
	for (unsigned i = 0; i < lease.n_routes; i++)
		CHECK(lease.routes[i].prefix <= 32 && lease.routes[i].gateway != lease.ip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dhcp_message m, back;
	enum dhcp_verdict verdict = dhcp_parse(data, n, &m);
	uint8_t *bytes;
	size_t len;

	CHECK((verdict == DHCP_SHORT) == (n < DHCP_HEADER));
	if (verdict != DHCP_OK)
		return 0;
	check_bounds(&m);
	check_lease(&m);
	len = dhcp_len(&m);
	CHECK(len >= DHCP_LEN_MIN);
	bytes = malloc(len);
	CHECK(bytes);
	CHECK(dhcp_emit(&m, bytes) == bytes + len);
	CHECK(dhcp_parse(bytes, len, &back) == DHCP_OK);
	CHECK(back.n_bad == 0 && back.n_cut == 0);
	check_same(&m, &back);
	free(bytes);
	return 0;
}
