/* Servers of names and search domains (-i), as snapshots of berth hosts tell them. */
#include "name_servers.h"

#include "show/writer.h"

#include <string.h>

enum name_cell {
	CELL_HOST,
	CELL_SERVER,
	CELL_DOMAIN,
	CELL_ORIGIN,
	CELL_EXPIRES,
	CELL_INTERFACE,
	N_CELLS,
};

static const struct layout_column server_columns[] = {
	{CELL_SERVER, "Server", 26, false, 0},      {CELL_ORIGIN, "Origin", 10, false, 0},
	{CELL_EXPIRES, "Expires", 7, true, 0},      {CELL_INTERFACE, "Iface", 5, false, 0},
	{CELL_HOST, "Host", 6, false, TABLES_HOST},
};

static const struct layout_column domain_columns[] = {
	{CELL_DOMAIN, "Domain", 26, false, 0},
	{CELL_ORIGIN, "Origin", 10, false, 0},
	{CELL_EXPIRES, "Expires", 7, true, 0},
	{CELL_HOST, "Host", 6, false, TABLES_HOST},
};

static bool is_server(const struct host_row *row, const struct tables_query *query)
{
	return row->kind == BERTH_SNAPSHOT_DNS && tables_wants(query, row->dns.server.family);
}

/* Where a link-local server is; NULL: anywhere. */
static const char *interface_of(const struct host_rows *hosts, const struct host_row *row,
				char out[BERTH_INTERFACE_NAME_MAX])
{
	const char *name = "";

	if (!row->dns.server.scope)
		return NULL;
	for (size_t i = 0; i < hosts->n; i++) {
		const struct host_row *other = &hosts->rows[i];
		if (other->kind == BERTH_SNAPSHOT_INTERFACE && other->number == row->number &&
		    other->interface.index == row->dns.server.scope)
			name = other->interface.name;
	}
	return host_rows_interface(name, row->dns.server.scope, out);
}

/* ---- people ---- */

static int print_server(struct layout *layout, const struct host_rows *hosts, const struct host_row *row)
{
	char server[BERTH_ADDRESS_TEXT], expires[24], name[BERTH_INTERFACE_NAME_MAX];
	const char *interface = interface_of(hosts, row, name);
	const char *cells[N_CELLS] = {
		[CELL_HOST] = row->host,
		[CELL_SERVER] = host_rows_address(&row->dns.server, server),
		[CELL_ORIGIN] = berth_origin_name(row->dns.origin),
		[CELL_EXPIRES] = tables_duration(row->dns.ns_remaining, expires),
		[CELL_INTERFACE] = interface ? interface : "-",
	};

	return layout_line(layout, cells);
}

static int print_domain(struct layout *layout, const struct host_row *row)
{
	char expires[24];
	const char *cells[N_CELLS] = {
		[CELL_HOST] = row->host,
		[CELL_DOMAIN] = row->search.domain,
		[CELL_ORIGIN] = berth_origin_name(row->search.origin),
		[CELL_EXPIRES] = tables_duration(row->search.ns_remaining, expires),
	};

	return layout_line(layout, cells);
}

int name_servers_print(struct layout *layout, const struct host_rows *hosts, const struct tables_query *query)
{
	unsigned shows = host_rows_shows(hosts, query);
	int r = layout_section(layout, "Servers of names", server_columns,
			       sizeof(server_columns) / sizeof(server_columns[0]), shows);

	for (size_t i = 0; r == 0 && i < hosts->n; i++)
		if (is_server(&hosts->rows[i], query))
			r = print_server(layout, hosts, &hosts->rows[i]);
	if (r == 0)
		r = layout_section(layout, "Search domains", domain_columns,
				   sizeof(domain_columns) / sizeof(domain_columns[0]), shows);
	for (size_t i = 0; r == 0 && i < hosts->n; i++)
		if (hosts->rows[i].kind == BERTH_SNAPSHOT_SEARCH)
			r = print_domain(layout, &hosts->rows[i]);
	return r;
}

/* ---- programs ---- */

static void json_end(FILE *out, uint8_t origin, uint64_t ns_remaining)
{
	char text[24];
	const char *expires = tables_milliseconds(ns_remaining, text);

	fprintf(out, ",\"origin\":\"%s\",\"expires_ms\":%s}", berth_origin_name(origin), expires ? expires : "null");
}

static void json_server(FILE *out, const struct host_rows *hosts, const struct host_row *row)
{
	char server[BERTH_ADDRESS_TEXT], name[BERTH_INTERFACE_NAME_MAX];
	const char *interface = interface_of(hosts, row, name);

	fprintf(out, "{\"server\":\"%s\",\"interface\":", host_rows_address(&row->dns.server, server));
	if (interface)
		json_text(out, interface, strlen(interface));
	else
		fputs("null", out);
	json_end(out, row->dns.origin, row->dns.ns_remaining);
}

void name_servers_json(FILE *out, const struct host_rows *hosts, const struct tables_query *query, uint32_t host)
{
	const char *comma = "";

	fputc('[', out);
	for (size_t i = 0; i < hosts->n; i++) {
		const struct host_row *row = &hosts->rows[i];
		if (row->number != host || !is_server(row, query))
			continue;
		fputs(comma, out);
		json_server(out, hosts, row);
		comma = ",";
	}
	fputc(']', out);
}

void search_domains_json(FILE *out, const struct host_rows *hosts, uint32_t host)
{
	const char *comma = "";

	fputc('[', out);
	for (size_t i = 0; i < hosts->n; i++) {
		const struct host_row *row = &hosts->rows[i];
		if (row->number != host || row->kind != BERTH_SNAPSHOT_SEARCH)
			continue;
		fprintf(out, "%s{\"domain\":", comma);
		json_text(out, row->search.domain, strlen(row->search.domain));
		json_end(out, row->search.origin, row->search.ns_remaining);
		comma = ",";
	}
	fputc(']', out);
}
