/* Collecting the snapshots of running hosts, item by item as they are read. */
#include "netstat_hosts.h"
#include "tool.h"

#include <stdlib.h>
#include <string.h>

/* Room for one more after n of them: arrays grow to the next power of two. NULL when out of memory; the array stays. */
static void *grown(void *array, size_t n, size_t size)
{
	if (n & (n - 1))
		return array;
	return reallocarray(array, n ? 2 * n : 1, size);
}

static bool add_host(struct netstat_hosts *hosts, const struct berth_snapshot_head *head)
{
	hosts->skipping = hosts->name && strcmp(hosts->name, head->host) != 0;
	if (hosts->skipping)
		return true;
	struct netstat_host *array = grown(hosts->hosts, hosts->n, sizeof(*array));
	if (!array)
		return false;
	hosts->hosts = array;
	array[hosts->n++] = (struct netstat_host){.head = *head};
	return true;
}

static bool add_row(struct netstat_host *host, const struct berth_socket_row *row)
{
	struct berth_socket_row *array = grown(host->rows, host->n_rows, sizeof(*array));

	if (!array)
		return false;
	host->rows = array;
	array[host->n_rows++] = *row;
	return true;
}

static bool add_counter(struct netstat_host *host, const struct berth_counter *counter)
{
	struct netstat_counter *array = grown(host->counters, host->n_counters, sizeof(*array));

	if (!array)
		return false;
	host->counters = array;
	array[host->n_counters].value = counter->value;
	array[host->n_counters].name = strdup(counter->name);
	return array[host->n_counters++].name != NULL;
}

static void on_item(void *user, const char *path, int kind, const struct berth_snapshot_item *item)
{
	struct netstat_hosts *hosts = user;
	struct netstat_host *host = hosts->n ? &hosts->hosts[hosts->n - 1] : NULL;
	bool ok = true;

	if (kind < 0) {
		tool_fail("netstat", TOOL_FAILED, "%s: %s; what it shows is not whole", path, berth_error_text(kind));
		hosts->failed = true;
		return;
	}
	if (kind == BERTH_SNAPSHOT_HEAD)
		ok = add_host(hosts, &item->head);
	else if (hosts->skipping || !host)
		return;
	else if (kind == BERTH_SNAPSHOT_SOCKET)
		ok = add_row(host, &item->row);
	else if (kind == BERTH_SNAPSHOT_COUNTER)
		ok = add_counter(host, &item->counter);
	hosts->no_memory |= !ok;
}

static int compare_places(const struct berth_socket_address *a, const struct berth_socket_address *b)
{
	int order = (int)a->port - (int)b->port;

	return order ? order : memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes));
}

/* By protocol and local port, those that wait for a peer first. */
static int compare_rows(const void *a, const void *b)
{
	const struct berth_socket_row *x = a, *y = b;
	int order = (int)x->protocol - (int)y->protocol;

	if (!order)
		order = (int)x->local.port - (int)y->local.port;
	if (!order)
		order = compare_places(&x->foreign, &y->foreign);
	return order ? order : compare_places(&x->local, &y->local);
}

int netstat_hosts_read(const char *name, struct netstat_hosts *out)
{
	char directory[512];

	*out = (struct netstat_hosts){.name = name};
	int r = berth_control_directory(directory, sizeof(directory));
	if (r == 0)
		r = berth_control_read(directory, on_item, out);
	if (r >= 0 && out->no_memory)
		r = BERTH_ENOMEM;
	if (r < 0) {
		tool_fail("netstat", TOOL_FAILED, "%s: %s", directory, berth_error_text(r));
		return r;
	}
	for (size_t i = 0; i < out->n; i++)
		if (out->hosts[i].n_rows)
			qsort(out->hosts[i].rows, out->hosts[i].n_rows, sizeof(struct berth_socket_row), compare_rows);
	return 0;
}

void netstat_hosts_free(struct netstat_hosts *hosts)
{
	for (size_t i = 0; i < hosts->n; i++) {
		struct netstat_host *host = &hosts->hosts[i];
		for (size_t j = 0; j < host->n_counters; j++)
			free(host->counters[j].name);
		free(host->counters);
		free(host->rows);
	}
	free(hosts->hosts);
}
