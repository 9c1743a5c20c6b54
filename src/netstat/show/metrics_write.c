/* The exposition of what was counted, family by family. Samples that are 0 are left away where their labels come from
 * an enumeration; a sum without labels is always there. */
#include "metrics_private.h"
#include "exposition.h"

#include <berth/error.h>
#include <stdlib.h>
#include <string.h>

#define LABELS(...)                                                                                                    \
	(const struct exposition_label[]){__VA_ARGS__},                                                                \
		sizeof((const struct exposition_label[]){__VA_ARGS__}) / sizeof(struct exposition_label)

static const char *protocol_text(size_t protocol)
{
	return netstat_protocol_name((enum netstat_protocol)protocol);
}

/* The column's names of states; what has no state there is "OPEN" here, as an empty label is none. */
static const char *state_text(size_t protocol, size_t state)
{
	struct netstat_row row = {.protocol = (uint8_t)protocol, .state = (uint8_t)state};

	return state == NETSTAT_STATE_OPEN ? "OPEN" : netstat_state_name(&row);
}

/* ---- sockets by protocol, family and state ---- */

static void write_sockets_of(FILE *out, const metrics_sockets *sockets, const char *host)
{
	static const char *const families[METRICS_FAMILY_N] = {"ipv4", "ipv6", "unix"};

	for (size_t p = 0; p < NETSTAT_PROTOCOL_N; p++)
		for (size_t f = 0; f < METRICS_FAMILY_N; f++)
			for (size_t s = 0; s < NETSTAT_STATE_N; s++)
				if ((*sockets)[p][f][s])
					exposition_sample(out, "berth_sockets", "",
							  LABELS({"protocol", protocol_text(p)},
								 {"family", families[f]}, {"state", state_text(p, s)},
								 {"host", host}),
							  (*sockets)[p][f][s]);
}

static void write_sockets(const struct metrics *metrics, FILE *out)
{
	const struct metrics_host *host = NULL;

	exposition_family(out, "berth_sockets", "gauge", NULL,
			  "Sockets by protocol, family and state; those of a berth host have its name as host.");
	write_sockets_of(out, &metrics->sockets, NULL);
	while ((host = index_next(&metrics->hosts, host)) != NULL)
		write_sockets_of(out, (const metrics_sockets *)&host->sockets, index_key(host, NULL));
}

/* ---- services and programs: the first, and the rest together ---- */

struct top_line {
	const char *name;
	uint64_t total;
	uint64_t n[NETSTAT_PROTOCOL_N][NETSTAT_STATE_N]; /* of a service */
};

static int by_total(const void *a, const void *b)
{
	const struct top_line *const *x = a, *const *y = b;

	if ((*x)->total != (*y)->total)
		return (*x)->total > (*y)->total ? -1 : 1;
	return strcmp((*x)->name, (*y)->name);
}

static void line_add(struct top_line *to, const struct top_line *line)
{
	to->total += line->total;
	for (size_t p = 0; p < NETSTAT_PROTOCOL_N; p++)
		for (size_t s = 0; s < NETSTAT_STATE_N; s++)
			to->n[p][s] += line->n[p][s];
}

/* The lines of an index by total, in an array for free(); *other is the sum of those beyond the first METRICS_TOP, and
 * of whatever is called so by itself, as no sample may be there twice. NULL: out of memory. */
static const struct top_line **top_of(const struct index *lines, size_t *n, struct top_line *other)
{
	const struct top_line **sorted = calloc(index_count(lines) + 1, sizeof(*sorted));
	const struct top_line *line = NULL;

	*n = 0;
	*other = (struct top_line){.name = METRICS_OTHER};
	if (!sorted)
		return NULL;
	while ((line = index_next(lines, line)) != NULL)
		if (strcmp(line->name, METRICS_OTHER) == 0)
			line_add(other, line);
		else
			sorted[(*n)++] = line;
	qsort(sorted, *n, sizeof(const struct top_line *), by_total);
	for (; *n > METRICS_TOP; (*n)--)
		line_add(other, sorted[*n - 1]);
	return sorted;
}

static void write_service(FILE *out, const struct top_line *line)
{
	for (size_t p = 0; p < NETSTAT_PROTOCOL_N; p++)
		for (size_t s = 0; s < NETSTAT_STATE_N; s++)
			if (line->n[p][s])
				exposition_sample(out, "berth_service_sockets", "",
						  LABELS({"service", line->name}, {"protocol", protocol_text(p)},
							 {"state", state_text(p, s)}),
						  line->n[p][s]);
}

static void write_program(FILE *out, const struct top_line *line)
{
	if (line->total)
		exposition_sample(out, "berth_program_sockets", "", LABELS({"program", line->name}), line->total);
}

static int write_top(FILE *out, const struct index *lines, void (*write)(FILE *out, const struct top_line *line))
{
	struct top_line other;
	size_t n;
	const struct top_line **sorted = top_of(lines, &n, &other);

	if (!sorted)
		return BERTH_ENOMEM;
	for (size_t i = 0; i < n; i++)
		write(out, sorted[i]);
	write(out, &other);
	free(sorted);
	return 0;
}

static struct top_line *line_get(struct index *lines, const char *name)
{
	struct top_line *line = index_get(lines, name, strlen(name), NULL);

	if (line)
		line->name = index_key(line, NULL);
	return line;
}

/* Ports of one name become one line; without a name, the number is. */
static int collect_services(const struct metrics *metrics, struct index *lines)
{
	const struct metrics_service *service = NULL;

	while ((service = index_next(&metrics->services, service)) != NULL) {
		char number[8];
		snprintf(number, sizeof(number), "%u", service->port);
		struct top_line *line = line_get(lines, service->name ? service->name : number);
		if (!line)
			return BERTH_ENOMEM;
		for (size_t s = 0; s < NETSTAT_STATE_N; s++) {
			line->n[service->protocol][s] += service->n[s];
			line->total += service->n[s];
		}
	}
	return 0;
}

static int collect_programs(const struct metrics *metrics, struct index *lines)
{
	const struct metrics_program *program = NULL;

	while ((program = index_next(&metrics->programs, program)) != NULL) {
		const char *name = index_key(program, NULL);
		struct top_line *line = line_get(lines, *name ? name : METRICS_UNKNOWN);
		if (!line)
			return BERTH_ENOMEM;
		line->total += program->n;
	}
	return 0;
}

static int write_by_name(const struct metrics *metrics, FILE *out,
			 int (*collect)(const struct metrics *metrics, struct index *lines),
			 void (*write)(FILE *out, const struct top_line *line))
{
	struct index lines;
	int r = index_init(&lines, sizeof(struct top_line));

	if (r == 0)
		r = collect(metrics, &lines);
	if (r == 0)
		r = write_top(out, &lines, write);
	index_deinit(&lines);
	return r;
}

static int write_services(const struct metrics *metrics, FILE *out)
{
	exposition_family(out, "berth_service_sockets", "gauge", NULL,
			  "Sockets by service, protocol and state; a service without a name is its port.");
	return write_by_name(metrics, out, collect_services, write_service);
}

static int write_programs(const struct metrics *metrics, FILE *out)
{
	exposition_family(out, "berth_program_sockets", "gauge", NULL,
			  "Sockets by program; unknown: without an owner, or one that may not be looked at.");
	return write_by_name(metrics, out, collect_programs, write_program);
}

/* ---- queues ---- */

static void write_queue(const struct metrics *metrics, FILE *out, const char *name, const char *unit, const char *help,
			size_t offset)
{
	exposition_family(out, name, "gauge", unit, help);
	for (size_t p = 0; p < NETSTAT_PROTOCOL_N; p++) {
		const struct metrics_queues *queues = &metrics->queues[p];
		uint64_t value;

		memcpy(&value, (const char *)queues + offset, sizeof(value));
		if (queues->seen)
			exposition_sample(out, name, "", LABELS({"protocol", protocol_text(p)}), value);
	}
}

static void write_queues(const struct metrics *metrics, FILE *out)
{
	write_queue(metrics, out, "berth_receive_queue_bytes", "bytes", "Received and not read, over all sockets.",
		    offsetof(struct metrics_queues, recv));
	write_queue(metrics, out, "berth_send_queue_bytes", "bytes",
		    "Not sent or not acknowledged yet, over all sockets.", offsetof(struct metrics_queues, send));
	write_queue(metrics, out, "berth_accept_queue_connections", "connections",
		    "Connections that wait for accept, over all listeners.", offsetof(struct metrics_queues, waiting));
	write_queue(metrics, out, "berth_backlog_connections", "connections",
		    "Room for connections that wait for accept, over all listeners.",
		    offsetof(struct metrics_queues, backlog));
	write_queue(metrics, out, "berth_full_listeners", "listeners", "Listeners whose accept queue is full.",
		    offsetof(struct metrics_queues, full));
	write_queue(metrics, out, "berth_open_dropped_datagrams", "datagrams",
		    "What found the receive queue full, over all open sockets.",
		    offsetof(struct metrics_queues, drops));
}

/* ---- TCP ---- */

static void write_sum(FILE *out, const char *name, const char *unit, const char *help, uint64_t value)
{
	exposition_family(out, name, "gauge", unit, help);
	exposition_sample(out, name, "", NULL, 0, value);
}

static void write_rtt_of(FILE *out, const char *name, const struct metrics_rtt *rtt, const char *scope)
{
	uint64_t sum = 0;

	for (size_t i = 0; i <= METRICS_RTT_BOUNDS; i++) {
		const char *bound = i < METRICS_RTT_BOUNDS ? metrics_rtt_bounds[i].seconds : "+Inf";

		sum += rtt->buckets[i];
		exposition_sample(out, name, "_bucket", LABELS({"scope", scope}, {"le", bound}), sum);
	}
	exposition_sample(out, name, "_gcount", LABELS({"scope", scope}), rtt->n);
	exposition_seconds(out, name, "_gsum", LABELS({"scope", scope}), rtt->ns_sum);
}

static void write_tcp(const struct metrics *metrics, FILE *out)
{
	static const char rtt_name[] = "berth_tcp_rtt_seconds";

	exposition_family(out, "berth_tcp_connections", "gauge", NULL, "TCP connections by who opened them.");
	for (size_t i = NETSTAT_DIRECTION_UNKNOWN; i < METRICS_DIRECTIONS; i++)
		exposition_sample(out, "berth_tcp_connections", "",
				  LABELS({"direction", netstat_direction_name((enum netstat_direction)i)}),
				  metrics->directions[i]);
	/* Of the connections that there are now: it may shrink, so that it is no histogram. */
	exposition_family(out, rtt_name, "gaugehistogram", "seconds",
			  "Smoothed round-trip times of open TCP connections, by the scope of the peer.");
	for (size_t i = 0; i < METRICS_SCOPES; i++)
		if (metrics->rtt[i].n)
			write_rtt_of(out, rtt_name, &metrics->rtt[i], netstat_scope_name((enum netstat_scope)i));
	write_sum(out, "berth_tcp_open_sent_segments", "segments", "Segments that open TCP connections have sent.",
		  metrics->segments_sent);
	write_sum(out, "berth_tcp_open_retransmitted_segments", "segments",
		  "Segments that open TCP connections have sent again.", metrics->segments_retransmitted);
	write_sum(out, "berth_tcp_open_retransmitted_bytes", "bytes",
		  "Payload that open TCP connections have sent again.", metrics->bytes_retransmitted);
}

/* ---- counters ---- */

static bool counted(const struct metrics *metrics, size_t i)
{
	const struct metrics_host *host = NULL;

	if (metrics->counted[i])
		return true;
	while ((host = index_next(&metrics->hosts, host)) != NULL)
		if (host->counted[i])
			return true;
	return false;
}

static void write_counter(const struct metrics *metrics, FILE *out, size_t i)
{
	const struct metrics_counter *counter = metrics_counter_get(i);
	const struct metrics_host *host = NULL;

	if (!counted(metrics, i))
		return;
	exposition_family(out, counter->family, "counter", NULL, counter->help);
	if (metrics->counted[i])
		exposition_sample(out, counter->family, "_total", NULL, 0, metrics->counters[i]);
	while ((host = index_next(&metrics->hosts, host)) != NULL)
		if (host->counted[i])
			exposition_sample(out, counter->family, "_total", LABELS({"host", index_key(host, NULL)}),
					  host->counters[i]);
}

int metrics_write(const struct metrics *metrics, FILE *out)
{
	write_sockets(metrics, out);
	int r = write_services(metrics, out);
	if (r == 0)
		r = write_programs(metrics, out);
	if (r < 0)
		return r;
	write_queues(metrics, out);
	write_tcp(metrics, out);
	for (size_t i = 0; i < metrics_counter_count(); i++)
		write_counter(metrics, out, i);
	exposition_end(out);
	return fflush(out) == 0 && !ferror(out) ? 0 : BERTH_EIO;
}
