/* netstat's tables, laid out and turned into JSON by libsmartcols.
 *
 * For people: a table a host, in the columns of the net-tools netstat. As JSON: one array for all hosts, with numbers
 * as numbers and addresses, ports and services apart. */
#include "netstat_table.h"

#include <inttypes.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The cells of a socket; a table for people has the first N_COLUMNS of them. */
enum column {
	COLUMN_PROTO,
	COLUMN_RECV_Q,
	COLUMN_SEND_Q,
	COLUMN_LOCAL,
	COLUMN_FOREIGN,
	COLUMN_STATE,
	N_COLUMNS,
	COLUMN_LOCAL_PORT = N_COLUMNS,
	COLUMN_LOCAL_SERVICE,
	COLUMN_FOREIGN_PORT,
	COLUMN_FOREIGN_SERVICE,
	COLUMN_HOST,
	COLUMN_PID,
	N_JSON_COLUMNS,
};

struct column_form {
	const char *name, *json_name;
	double width; /* at least, as net-tools has it */
	int flags;
	int json_type;
};

static const struct column_form socket_columns[] = {
	[COLUMN_PROTO] = {"Proto", "proto", 5, 0, SCOLS_JSON_STRING},
	[COLUMN_RECV_Q] = {"Recv-Q", "recv_q", 6, SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER},
	[COLUMN_SEND_Q] = {"Send-Q", "send_q", 6, SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER},
	[COLUMN_LOCAL] = {"Local Address", "local_address", 23, SCOLS_FL_STRICTWIDTH, SCOLS_JSON_STRING},
	[COLUMN_FOREIGN] = {"Foreign Address", "foreign_address", 23, SCOLS_FL_STRICTWIDTH, SCOLS_JSON_STRING},
	[COLUMN_STATE] = {"State", "state", 11, 0, SCOLS_JSON_STRING},
	[COLUMN_LOCAL_PORT] = {NULL, "local_port", 0, 0, SCOLS_JSON_NUMBER},
	[COLUMN_LOCAL_SERVICE] = {NULL, "local_service", 0, 0, SCOLS_JSON_STRING},
	[COLUMN_FOREIGN_PORT] = {NULL, "foreign_port", 0, 0, SCOLS_JSON_NUMBER},
	[COLUMN_FOREIGN_SERVICE] = {NULL, "foreign_service", 0, 0, SCOLS_JSON_STRING},
	[COLUMN_HOST] = {NULL, "host", 0, 0, SCOLS_JSON_STRING},
	[COLUMN_PID] = {NULL, "pid", 0, 0, SCOLS_JSON_NUMBER},
};

enum counter_column {
	COUNTER_VALUE,
	COUNTER_NAME,
	N_COUNTER_COLUMNS,
	COUNTER_HOST = N_COUNTER_COLUMNS,
	COUNTER_PID,
	N_JSON_COUNTER_COLUMNS,
};

static const struct column_form counter_columns[] = {
	[COUNTER_VALUE] = {"Value", "value", 12, SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER},
	[COUNTER_NAME] = {"Counter", "counter", 0, 0, SCOLS_JSON_STRING},
	[COUNTER_HOST] = {NULL, "host", 0, 0, SCOLS_JSON_STRING},
	[COUNTER_PID] = {NULL, "pid", 0, 0, SCOLS_JSON_NUMBER},
};

static struct libscols_table *table_new(const char *name, bool json, const struct column_form *forms, size_t n)
{
	struct libscols_table *table = scols_new_table();

	if (!table || scols_table_set_name(table, name) != 0)
		return table;
	scols_table_enable_json(table, json);
	/* A table wider than the terminal is still whole: nothing in it may be cut. */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	for (size_t i = 0; i < n; i++) {
		struct libscols_column *column = scols_table_new_column(
			table, json ? forms[i].json_name : forms[i].name, forms[i].width, forms[i].flags);
		if (column)
			scols_column_set_json_type(column, forms[i].json_type);
	}
	return table;
}

/* Both kinds of table are made of lines of text cells. */
static bool table_line(struct libscols_table *table, const char *const *cells, size_t n)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	for (size_t i = 0; line && i < n; i++)
		if (cells[i] && scols_line_set_data(line, i, cells[i]) != 0)
			return false;
	return line != NULL;
}

/* ---- sockets ---- */

static bool has_peer(const struct berth_socket_row *row)
{
	return row->foreign.address.family != BERTH_ANY_FAMILY && !berth_address_is_any(&row->foreign.address);
}

/* A socket without a peer waits for whoever comes: a TCP listener, an unconnected UDP socket. */
static bool is_waiting(const struct berth_socket_row *row)
{
	return row->protocol == BERTH_PROTOCOL_TCP ? row->state == BERTH_TCP_LISTEN : !has_peer(row);
}

static bool is_wanted(const struct netstat_query *query, const struct berth_socket_row *row)
{
	if ((query->tcp || query->udp) && !(row->protocol == BERTH_PROTOCOL_TCP ? query->tcp : query->udp))
		return false;
	if (row->protocol == BERTH_PROTOCOL_TCP && row->state == BERTH_TCP_CLOSED)
		return query->all && !query->listening;
	return query->all || query->listening == is_waiting(row);
}

static const char *state_text(const struct berth_socket_row *row)
{
	if (row->protocol == BERTH_PROTOCOL_TCP)
		return berth_tcp_state_name(row->state);
	return has_peer(row) ? "ESTABLISHED" : "";
}

/* The name of the port, or NULL. */
static const char *service_name(const struct berth_socket_row *row, uint16_t port)
{
	struct berth_service service;
	unsigned transport = row->protocol == BERTH_PROTOCOL_TCP ? BERTH_TRANSPORT_TCP : BERTH_TRANSPORT_UDP;

	return port && berth_service_by_port(port, transport, &service) ? service.name : NULL;
}

static const char *address_text(const struct berth_socket_address *address, char *out, size_t n)
{
	if (berth_address_is_any(&address->address))
		snprintf(out, n, "*");
	else
		berth_address_format(&address->address, out, n);
	return out;
}

/* "192.168.1.7:http", "*:*". */
static const char *place_text(const struct netstat_query *query, const struct berth_socket_row *row,
			      const struct berth_socket_address *place, char *out, size_t n)
{
	char address[BERTH_ADDRESS_TEXT];
	const char *name = query->numeric ? NULL : service_name(row, place->port);
	bool brackets = place->address.family == BERTH_IP6 && !berth_address_is_any(&place->address);

	address_text(place, address, sizeof(address));
	const char *format = brackets ? "[%s]:" : "%s:";
	int at = snprintf(out, n, format, address);
	if (name)
		snprintf(out + at, n - (size_t)at, "%s", name);
	else if (place->port)
		snprintf(out + at, n - (size_t)at, "%u", place->port);
	else
		snprintf(out + at, n - (size_t)at, "*");
	return out;
}

static bool add_socket(struct libscols_table *table, const struct netstat_query *query, const struct netstat_host *host,
		       const struct berth_socket_row *row)
{
	char local[BERTH_ADDRESS_TEXT + 32], foreign[BERTH_ADDRESS_TEXT + 32];
	char recv_q[24], send_q[24], local_port[8], foreign_port[8], pid[24];
	const char *cells[N_JSON_COLUMNS] = {
		[COLUMN_PROTO] = row->protocol == BERTH_PROTOCOL_TCP ? "tcp" : "udp",
		[COLUMN_RECV_Q] = recv_q,
		[COLUMN_SEND_Q] = send_q,
		[COLUMN_LOCAL] = local,
		[COLUMN_FOREIGN] = foreign,
		[COLUMN_STATE] = state_text(row),
		[COLUMN_LOCAL_PORT] = local_port,
		[COLUMN_LOCAL_SERVICE] = query->json ? service_name(row, row->local.port) : NULL,
		[COLUMN_FOREIGN_PORT] = foreign_port,
		[COLUMN_FOREIGN_SERVICE] = query->json ? service_name(row, row->foreign.port) : NULL,
		[COLUMN_HOST] = host->head.host,
		[COLUMN_PID] = pid,
	};

	snprintf(recv_q, sizeof(recv_q), "%" PRIu64, row->recv_queue);
	snprintf(send_q, sizeof(send_q), "%" PRIu64, row->send_queue);
	snprintf(local_port, sizeof(local_port), "%u", row->local.port);
	snprintf(foreign_port, sizeof(foreign_port), "%u", row->foreign.port);
	snprintf(pid, sizeof(pid), "%ld", host->head.pid);
	if (query->json) {
		address_text(&row->local, local, sizeof(local));
		address_text(&row->foreign, foreign, sizeof(foreign));
	} else {
		place_text(query, row, &row->local, local, sizeof(local));
		place_text(query, row, &row->foreign, foreign, sizeof(foreign));
	}
	return table_line(table, cells, query->json ? N_JSON_COLUMNS : N_COLUMNS);
}

static long add_sockets(struct libscols_table *table, const struct netstat_query *query,
			const struct netstat_host *host)
{
	long n = 0;

	for (size_t i = 0; i < host->n_rows; i++) {
		if (!is_wanted(query, &host->rows[i]))
			continue;
		if (!add_socket(table, query, host, &host->rows[i]))
			return -1;
		n++;
	}
	return n;
}

static void print_heading(const struct netstat_query *query, const struct netstat_host *host)
{
	const char *which = query->listening ? "only servers" : query->all ? "servers and established" : "w/o servers";

	if (query->statistics)
		printf("Counters of host %s (pid %ld)\n", host->head.host, host->head.pid);
	else
		printf("Connections of host %s (pid %ld), %s\n", host->head.host, host->head.pid, which);
}

/* What the two kinds of table differ in. */
struct form {
	const char *name;
	const struct column_form *columns;
	size_t n_columns, n_json_columns;
	long (*add)(struct libscols_table *table, const struct netstat_query *query, const struct netstat_host *host);
};

static long print_json(const struct form *form, const struct netstat_query *query, const struct netstat_hosts *hosts)
{
	struct libscols_table *table = table_new(form->name, true, form->columns, form->n_json_columns);
	long n = table ? 0 : -1;

	for (size_t i = 0; n >= 0 && i < hosts->n; i++) {
		long added = form->add(table, query, &hosts->hosts[i]);
		n = added < 0 ? -1 : n + added;
	}
	if (n == 0)
		printf("{\n   \"%s\": []\n}\n", form->name);
	else if (n > 0)
		scols_print_table(table);
	scols_unref_table(table);
	return n;
}

static long print_host(const struct form *form, const struct netstat_query *query, const struct netstat_host *host,
		       bool first)
{
	struct libscols_table *table = table_new(form->name, false, form->columns, form->n_columns);
	long n = table ? form->add(table, query, host) : -1;

	if (n > 0) {
		if (!first)
			putchar('\n');
		print_heading(query, host);
		scols_print_table(table);
	}
	scols_unref_table(table);
	return n;
}

static long print_tables(const struct form *form, const struct netstat_query *query, const struct netstat_hosts *hosts)
{
	long n = 0;

	if (query->json)
		return print_json(form, query, hosts);
	for (size_t i = 0; i < hosts->n; i++) {
		long added = print_host(form, query, &hosts->hosts[i], n == 0);
		if (added < 0)
			return -1;
		n += added;
	}
	return n;
}

long netstat_print_sockets(const struct netstat_query *query, const struct netstat_hosts *hosts)
{
	static const struct form form = {"sockets", socket_columns, N_COLUMNS, N_JSON_COLUMNS, add_sockets};

	return print_tables(&form, query, hosts);
}

/* ---- counters ---- */

static long add_counters(struct libscols_table *table, const struct netstat_query *query,
			 const struct netstat_host *host)
{
	for (size_t i = 0; i < host->n_counters; i++) {
		char value[24], pid[24];
		const char *cells[N_JSON_COUNTER_COLUMNS] = {
			[COUNTER_VALUE] = value,
			[COUNTER_NAME] = host->counters[i].name,
			[COUNTER_HOST] = host->head.host,
			[COUNTER_PID] = pid,
		};
		snprintf(value, sizeof(value), "%" PRIu64, host->counters[i].value);
		snprintf(pid, sizeof(pid), "%ld", host->head.pid);
		if (!table_line(table, cells, query->json ? N_JSON_COUNTER_COLUMNS : N_COUNTER_COLUMNS))
			return -1;
	}
	return (long)host->n_counters;
}

long netstat_print_counters(const struct netstat_query *query, const struct netstat_hosts *hosts)
{
	static const struct form form = {"counters", counter_columns, N_COUNTER_COLUMNS, N_JSON_COUNTER_COLUMNS,
					 add_counters};

	return print_tables(&form, query, hosts);
}
