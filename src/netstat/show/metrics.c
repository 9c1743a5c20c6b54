/* Metrics: what is counted of rows and counters while they pass. Rows are not kept; the text is metrics_write.c's.
 *
 * How many samples there can be is bounded: protocols, states, families and scopes are few, of programs and services
 * only the first METRICS_TOP have a name, and hosts are the user's own. */
#include "metrics_private.h"

#include <berth/error.h>
#include <stdlib.h>
#include <string.h>

/* The bounds of the distribution of round-trip times. */
const struct metrics_bound metrics_rtt_bounds[METRICS_RTT_BOUNDS] = {
	{100000, "0.0001"},  {250000, "0.00025"}, {500000, "0.0005"},  {1000000, "0.001"},  {2500000, "0.0025"},
	{5000000, "0.005"},  {10000000, "0.01"},  {25000000, "0.025"}, {50000000, "0.05"},  {100000000, "0.1"},
	{250000000, "0.25"}, {500000000, "0.5"},  {1000000000, "1.0"}, {2500000000, "2.5"},
};

struct metrics *metrics_new(void)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		return NULL;
	if (index_init(&metrics->hosts, sizeof(struct metrics_host)) < 0 ||
	    index_init(&metrics->services, sizeof(struct metrics_service)) < 0 ||
	    index_init(&metrics->programs, sizeof(struct metrics_program)) < 0)
		return metrics_free(metrics);
	metrics->counters = calloc(metrics_counter_count(), sizeof(*metrics->counters));
	metrics->counted = calloc(metrics_counter_count(), sizeof(*metrics->counted));
	return metrics->counters && metrics->counted ? metrics : metrics_free(metrics);
}

struct metrics *metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return NULL;
	struct metrics_host *host = NULL;
	while ((host = index_next(&metrics->hosts, host)) != NULL) {
		free(host->counters);
		free(host->counted);
	}
	index_deinit(&metrics->hosts);
	index_deinit(&metrics->services);
	index_deinit(&metrics->programs);
	free(metrics->counters);
	free(metrics->counted);
	free(metrics);
	return NULL;
}

/* NULL: out of memory. */
static struct metrics_host *host_get(struct metrics *metrics, const char *name)
{
	struct metrics_host *host = index_get(&metrics->hosts, name, strlen(name), NULL);

	if (!host || host->counters)
		return host;
	host->counted = calloc(metrics_counter_count(), sizeof(*host->counted));
	host->counters = host->counted ? calloc(metrics_counter_count(), sizeof(*host->counters)) : NULL;
	if (!host->counters) {
		free(host->counted);
		host->counted = NULL;
	}
	return host->counters ? host : NULL;
}

static enum metrics_family family_of(const struct netstat_row *row)
{
	if (row->protocol == NETSTAT_UNIX)
		return METRICS_UNIX;
	return row->family == BERTH_IP6 ? METRICS_IP6 : METRICS_IP4;
}

static int add_state(struct metrics *metrics, const struct netstat_row *row)
{
	metrics_sockets *sockets = &metrics->sockets;

	if (row->host) {
		struct metrics_host *host = host_get(metrics, row->host);
		if (!host)
			return BERTH_ENOMEM;
		sockets = &host->sockets;
	}
	(*sockets)[row->protocol][family_of(row)][row->state]++;
	return 0;
}

/* The same port is another service to another protocol, and may have a name at one end and none at the other. */
static int add_service(struct metrics *metrics, const struct netstat_row *row)
{
	bool local;
	uint16_t port = netstat_row_service_port(row, &local);
	const char *name = local ? row->local_service : row->foreign_service;
	uint8_t key[4] = {row->protocol, name != NULL, (uint8_t)(port >> 8), (uint8_t)port};

	if (port == 0)
		return 0;
	struct metrics_service *service = index_get(&metrics->services, key, sizeof(key), NULL);
	if (!service)
		return BERTH_ENOMEM;
	if (name && !service->name)
		service->name = keep_text(&metrics->services.keep, name, strlen(name));
	if (name && !service->name)
		return BERTH_ENOMEM;
	service->protocol = row->protocol;
	service->port = port;
	service->n[row->state]++;
	return 0;
}

/* A socket that several processes share is its first owner's. */
static int add_program(struct metrics *metrics, const struct netstat_row *row)
{
	const char *name = row->n_owners && row->owners ? row->owners[0].process->program : METRICS_UNKNOWN;
	struct metrics_program *program = index_get(&metrics->programs, name, strlen(name), NULL);

	if (!program)
		return BERTH_ENOMEM;
	program->n++;
	return 0;
}

static void add_queues(struct metrics *metrics, const struct netstat_row *row)
{
	struct metrics_queues *queues = &metrics->queues[row->protocol];

	queues->seen = true;
	if (row->state == NETSTAT_STATE_LISTEN) {
		queues->waiting += row->recv_q;
		queues->backlog += row->send_q;
		queues->full += row->send_q && row->recv_q >= row->send_q;
	} else {
		queues->recv += row->recv_q;
		queues->send += row->send_q;
	}
	queues->drops += row->drops;
}

static size_t rtt_bucket(uint64_t ns)
{
	size_t i = 0;

	while (i < METRICS_RTT_BOUNDS && ns > metrics_rtt_bounds[i].ns)
		i++;
	return i;
}

static void add_tcp(struct metrics *metrics, const struct netstat_row *row)
{
	const struct netstat_tcp *tcp = row->tcp;

	if (row->direction != NETSTAT_DIRECTION_NONE)
		metrics->directions[row->direction]++;
	if (!tcp || row->state == NETSTAT_STATE_LISTEN)
		return;
	metrics->segments_sent += tcp->segments_sent;
	metrics->segments_retransmitted += tcp->segments_retransmitted;
	metrics->bytes_retransmitted += tcp->bytes_retransmitted;
	if (tcp->ns_srtt == 0)
		return; /* nothing was measured yet */
	struct metrics_rtt *rtt = &metrics->rtt[netstat_scope(&row->foreign.address)];
	rtt->buckets[rtt_bucket(tcp->ns_srtt)]++;
	rtt->n++;
	rtt->ns_sum += tcp->ns_srtt;
}

int metrics_add(struct metrics *metrics, const struct netstat_row *row)
{
	int r = add_state(metrics, row);

	if (r == 0)
		r = add_service(metrics, row);
	if (r == 0)
		r = add_program(metrics, row);
	if (r < 0)
		return r;
	add_queues(metrics, row);
	if (row->protocol == NETSTAT_TCP)
		add_tcp(metrics, row);
	return 0;
}

/* IPv6 has counters of its own for UDP, in a group of its own, that the exposition adds to those of IPv4. */
static const char *group_of(const char *group)
{
	return strcmp(group, "Udp6") == 0 ? "Udp" : group;
}

int metrics_counter(struct metrics *metrics, const char *host, const char *group, const char *name, uint64_t value)
{
	int i = host ? metrics_counter_find(NULL, name) : metrics_counter_find(group_of(group), name);
	uint64_t *counters = metrics->counters;
	bool *counted = metrics->counted;

	if (i < 0)
		return 0;
	if (host) {
		struct metrics_host *entry = host_get(metrics, host);
		if (!entry)
			return BERTH_ENOMEM;
		counters = entry->counters;
		counted = entry->counted;
	}
	counters[i] += value;
	counted[i] = true;
	return 0;
}
