/* berth ports: looks IANA's registry up, by number, by name and by text.
 *
 * The command line becomes a struct query without side effects; the registry's entries that match it become the lines
 * of a table, which libsmartcols prints, as text or as JSON. */
#include "nearest.h"
#include "tool.h"
#include "verbs.h"

#include <berth/ports.h>
#include <getopt.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char ports_usage[] = "usage: berth ports [PORT|RANGE|NAME|TEXT] [options]\n"
			   "\n"
			   "  PORT      80, or 80/tcp: its service, and the group of ports that it is in\n"
			   "  RANGE     20-25, or 20-25/udp: the services of these ports\n"
			   "  NAME      http, or http/tcp: the port of this service\n"
			   "  TEXT      services with this text in their name or description\n"
			   "  nothing   all services\n"
			   "\n"
			   "  -g, --group GROUP   only ports that are well-known (0-1023), registered (1024-49151)\n"
			   "                      or private (49152-65535)\n"
			   "  -t, --transport T   only services of tcp, udp, sctp or dccp; several with commas\n"
			   "  -j, --json          print JSON\n"
			   "  -h, --help          print this\n";

#define PORT_MAX 65535
#define N_GROUPS (BERTH_PORT_PRIVATE + 1)

enum query_kind {
	QUERY_ALL,
	QUERY_PORT,
	QUERY_RANGE,
	QUERY_NAME,
	QUERY_TEXT,
};

/* What is asked for. `text` is good for NAME and TEXT, first and last for the others. */
struct query {
	enum query_kind kind;
	uint16_t first, last;
	const char *text;
	unsigned transports; /* set of BERTH_TRANSPORT_... */
	unsigned groups;     /* bit 1 << enum berth_port_group */
	bool transport_given;
	bool json;
};

static const struct {
	const char *name;
	unsigned bit;
} transports[] = {
	{"tcp", BERTH_TRANSPORT_TCP},
	{"udp", BERTH_TRANSPORT_UDP},
	{"sctp", BERTH_TRANSPORT_SCTP},
	{"dccp", BERTH_TRANSPORT_DCCP},
};

#define N_TRANSPORTS (sizeof(transports) / sizeof(transports[0]))

/* Room for "tcp,udp,sctp,dccp". */
#define TRANSPORTS_TEXT 32

/* The transport whose name is text[n]; 0: none. */
static unsigned find_transport(const char *text, size_t n)
{
	for (size_t i = 0; i < N_TRANSPORTS; i++)
		if (strlen(transports[i].name) == n && strncasecmp(transports[i].name, text, n) == 0)
			return transports[i].bit;
	return 0;
}

/* "tcp,udp" to a set; 0: something in it is no transport. */
static unsigned parse_transports(const char *text)
{
	unsigned set = 0;

	for (;;) {
		size_t n = strcspn(text, ",");
		unsigned bit = find_transport(text, n);
		if (bit == 0)
			return 0;
		set |= bit;
		if (text[n] == '\0')
			return set;
		text += n + 1;
	}
}

/* A set to "tcp,udp", the names set apart by `separator`. */
static void format_transports(unsigned set, char separator, char out[TRANSPORTS_TEXT])
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < N_TRANSPORTS; i++) {
		if (!(set & transports[i].bit))
			continue;
		if (n > 0)
			out[n++] = separator;
		n += (size_t)snprintf(out + n, TRANSPORTS_TEXT - n, "%s", transports[i].name);
	}
}

static int parse_group(const char *text, struct query *query)
{
	for (unsigned group = 0; group < N_GROUPS; group++)
		if (strcasecmp(text, berth_port_group_name(group)) == 0) {
			query->groups = 1u << group;
			return TOOL_DONE;
		}
	return tool_fail("ports", TOOL_USAGE, "unknown group '%s'; the groups are well-known, registered and private",
			 text);
}

static int unknown_transport(const char *text)
{
	return tool_fail("ports", TOOL_USAGE, "unknown transport '%s'; the transports are tcp, udp, sctp and dccp",
			 text);
}

static int parse_options(int argc, char **argv, struct query *query, bool *help)
{
	static const struct option options[] = {
		{"group", required_argument, NULL, 'g'},
		{"transport", required_argument, NULL, 't'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c, status = TOOL_DONE;

	while (status == TOOL_DONE && !*help && (c = getopt_long(argc, argv, ":g:t:jh", options, NULL)) != -1) {
		switch (c) {
		case 'g':
			status = parse_group(optarg, query);
			break;
		case 't':
			query->transports = parse_transports(optarg);
			query->transport_given = true;
			if (query->transports == 0)
				status = unknown_transport(optarg);
			break;
		case 'j':
			query->json = true;
			break;
		case 'h':
			*help = true;
			break;
		default:
			status = tool_bad_option("ports", argv, c);
		}
	}
	return status;
}

/* `part` of the argument is no number of a port; where it is nothing or has a dash, the whole is no range. */
static int bad_port(const char *part, const char *argument)
{
	if (*part == '\0' || strchr(part, '-'))
		return tool_fail("ports", TOOL_USAGE, "'%s' is no range of ports; a range is two ports, as in 20-25",
				 argument);
	return tool_fail("ports", TOOL_USAGE, "'%s' is no port; ports are numbers from 0 to 65535", part);
}

/* "80" or "20-25", which are digits and '-' alone. */
static int parse_numbers(const char *text, struct query *query)
{
	char from[24], to[24];
	const char *dash = strchr(text, '-');
	uint64_t first, last;

	snprintf(from, sizeof(from), "%.*s", dash ? (int)(dash - text) : (int)strlen(text), text);
	snprintf(to, sizeof(to), "%s", dash ? dash + 1 : from);
	if (!tool_number(from, 0, PORT_MAX, &first))
		return bad_port(from, text);
	if (!tool_number(to, 0, PORT_MAX, &last))
		return bad_port(to, text);
	if (first > last)
		return tool_fail("ports", TOOL_USAGE, "the range '%s' ends before it begins; try '%s-%s'", text, to,
				 from);
	query->kind = dash ? QUERY_RANGE : QUERY_PORT;
	query->first = (uint16_t)first;
	query->last = (uint16_t)last;
	return TOOL_DONE;
}

/* Cuts "/tcp" off the end when it names a transport. Names of services may hold a slash ("cl/1"), numbers may not. */
static int parse_suffix(char *text, struct query *query)
{
	char *slash = strrchr(text, '/');

	if (!slash)
		return TOOL_DONE;

	unsigned set = parse_transports(slash + 1);
	if (set == 0)
		return strspn(text, "0123456789-") == (size_t)(slash - text) && slash > text
			       ? unknown_transport(slash + 1)
			       : TOOL_DONE;
	if (query->transport_given && (query->transports & set) != set)
		return tool_fail("ports", TOOL_USAGE,
				 "'%s' and --transport ask for different transports; leave one away", text);
	query->transports = set;
	query->transport_given = true;
	*slash = '\0';
	return TOOL_DONE;
}

/* The argument, which is cut to pieces. */
static int parse_argument(char *text, struct query *query)
{
	struct berth_service service;
	int status = parse_suffix(text, query);

	if (status != TOOL_DONE)
		return status;
	if (*text == '\0')
		return tool_fail("ports", TOOL_USAGE,
				 "an empty text is no port and no service; try 'berth ports 80' or 'berth ports http'");
	if (text[strspn(text, "0123456789-")] == '\0' && strpbrk(text, "0123456789"))
		return parse_numbers(text, query);
	query->text = text;
	query->kind = berth_service_by_name(text, BERTH_TRANSPORT_ALL, &service) ? QUERY_NAME : QUERY_TEXT;
	return TOOL_DONE;
}

static bool entry_matches(const struct query *query, const struct berth_service *service)
{
	if (!(service->transports & query->transports))
		return false;
	if (!(query->groups & (1u << berth_port_group(service->first))))
		return false;
	switch (query->kind) {
	case QUERY_ALL:
		return true;
	case QUERY_PORT:
	case QUERY_RANGE:
		return service->first <= query->last && query->first <= service->last;
	case QUERY_NAME:
		return strcasecmp(service->name, query->text) == 0;
	case QUERY_TEXT:
		return strcasestr(service->name, query->text) || strcasestr(service->description, query->text);
	}
	return false;
}

/* The columns; the numbers are their places in a line. JSON has some that a table writes into others. */
enum column {
	COLUMN_PORT,
	COLUMN_TRANSPORT,
	COLUMN_SERVICE,
	COLUMN_GROUP,
	COLUMN_DESCRIPTION,
	N_COLUMNS,
	COLUMN_LAST = N_COLUMNS,
	COLUMN_ALIAS_OF,
	N_JSON_COLUMNS,
};

static const struct {
	const char *name, *json_name;
	int json_type;
} columns[] = {
	[COLUMN_PORT] = {"PORT", "port", SCOLS_JSON_NUMBER},
	[COLUMN_TRANSPORT] = {"TRANSPORT", "transports", SCOLS_JSON_ARRAY_STRING},
	[COLUMN_SERVICE] = {"SERVICE", "service", SCOLS_JSON_STRING},
	[COLUMN_GROUP] = {"GROUP", "group", SCOLS_JSON_STRING},
	[COLUMN_DESCRIPTION] = {"DESCRIPTION", "description", SCOLS_JSON_STRING},
	[COLUMN_LAST] = {NULL, "last", SCOLS_JSON_NUMBER},
	[COLUMN_ALIAS_OF] = {NULL, "alias_of", SCOLS_JSON_STRING},
};

static struct libscols_table *new_table(bool json)
{
	struct libscols_table *table = scols_new_table();

	if (!table || scols_table_set_name(table, "ports") != 0)
		return table;
	scols_table_enable_json(table, json);
	for (size_t i = 0; i < (json ? N_JSON_COLUMNS : N_COLUMNS); i++) {
		/* Only the description gives way when the terminal is narrow. */
		int flags = i == COLUMN_DESCRIPTION         ? SCOLS_FL_TRUNC
			    : i == COLUMN_TRANSPORT && json ? SCOLS_FL_WRAP
							    : 0;
		struct libscols_column *column =
			scols_table_new_column(table, json ? columns[i].json_name : columns[i].name, 0, flags);
		if (!column)
			continue; /* the lines' cells find no room then, which is noticed */
		scols_column_set_json_type(column, columns[i].json_type);
		/* The members of an array are lines of its cell. */
		if (columns[i].json_type == SCOLS_JSON_ARRAY_STRING)
			scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
	}
	return table;
}

/* The names whose alias the entry is: one, or one for each of its transports. */
static void format_alias_of(const struct berth_service *service, char *out, size_t n)
{
	struct berth_service named;
	const char *last = "";
	size_t length = 0;

	out[0] = '\0';
	for (size_t i = 0; service->alias && i < N_TRANSPORTS; i++) {
		if (!(service->transports & transports[i].bit) ||
		    !berth_service_by_port(service->first, transports[i].bit, &named) || strcmp(named.name, last) == 0)
			continue;
		int written = snprintf(out + length, n - length, "%s%s", length ? "," : "", named.name);
		if (written < 0 || (size_t)written >= n - length)
			return;
		length += (size_t)written;
		last = named.name;
	}
}

/* Adds a line for a service; one without a name is a port that none has. false: out of memory. */
static bool add_line(struct libscols_table *table, const struct berth_service *service, bool json)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char port[16], last[16], transport[TRANSPORTS_TEXT], alias_of[256], description[1024];

	snprintf(last, sizeof(last), "%u", service->last);
	snprintf(port, sizeof(port), !json && service->first != service->last ? "%u-%u" : "%u", service->first,
		 service->last);
	format_transports(service->transports, json ? '\n' : ',', transport);
	format_alias_of(service, alias_of, sizeof(alias_of));
	if (!json && service->alias)
		snprintf(description, sizeof(description), "alias of %s%s%s", alias_of,
			 service->description[0] ? ": " : "", service->description);
	else
		snprintf(description, sizeof(description), "%s", service->description);

	return line && scols_line_set_data(line, COLUMN_PORT, port) == 0 &&
	       scols_line_set_data(line, COLUMN_TRANSPORT, transport) == 0 &&
	       scols_line_set_data(line, COLUMN_SERVICE, service->name) == 0 &&
	       scols_line_set_data(line, COLUMN_GROUP, berth_port_group_name(berth_port_group(service->first))) == 0 &&
	       scols_line_set_data(line, COLUMN_DESCRIPTION, description) == 0 &&
	       (!json || (scols_line_set_data(line, COLUMN_LAST, last) == 0 &&
			  scols_line_set_data(line, COLUMN_ALIAS_OF, alias_of) == 0));
}

/* A name that the text was probably meant to be, or NULL. */
static const char *near_name(const char *text)
{
	struct nearest nearest = {.word = text};
	struct berth_service service;

	for (size_t i = 0; berth_service_get(i, &service); i++)
		nearest_try(&nearest, service.name);
	return nearest.name;
}

/* Says that nothing matches, and why that may be. Returns TOOL_NO. */
static int nothing_found(const struct query *query)
{
	static const char *const hints[2][2] = {
		{"", " for this transport; try another"},
		{" in this group; try without --group", " in this group for this transport; try others"},
	};
	bool group_given = query->groups != (1u << N_GROUPS) - 1;
	const char *hint = hints[group_given][query->transport_given];

	switch (query->kind) {
	case QUERY_ALL:
		return tool_fail("ports", TOOL_NO, "no service%s", hint);
	case QUERY_PORT:
		return tool_fail("ports", TOOL_NO, "port %u has no service%s", query->first, hint);
	case QUERY_RANGE:
		return tool_fail("ports", TOOL_NO, "ports %u-%u have no service%s", query->first, query->last, hint);
	case QUERY_NAME:
		return tool_fail("ports", TOOL_NO, "'%s' is no service%s", query->text, hint);
	case QUERY_TEXT:
		break;
	}
	if (*hint)
		return tool_fail("ports", TOOL_NO, "no service with '%s' in its name or description%s", query->text,
				 hint);

	const char *near = near_name(query->text);
	return tool_fail("ports", TOOL_NO, "no service with '%s' in its name or description; %s%s%s", query->text,
			 near ? "did you mean '" : "try a shorter text", near ? near : "", near ? "'?" : "");
}

/* A line for a port that has no service for any of the transports asked for. */
static bool add_unnamed(struct libscols_table *table, const struct query *query)
{
	const struct berth_service unnamed = {
		.name = query->json ? NULL : "-",
		.description = "IANA names no service for this port",
		.first = query->first,
		.last = query->last,
		.transports = query->transports,
	};
	return add_line(table, &unnamed, query->json);
}

/* Fills the table. How many entries match, or -1: out of memory. */
static long add_matches(struct libscols_table *table, const struct query *query)
{
	struct berth_service service;
	long n = 0;

	for (size_t i = 0; berth_service_get(i, &service); i++) {
		if (!entry_matches(query, &service))
			continue;
		if (!add_line(table, &service, query->json))
			return -1;
		n++;
	}
	return n;
}

static int print_matches(const struct query *query)
{
	struct libscols_table *table = new_table(query->json);
	long n = table ? add_matches(table, query) : -1;
	bool unnamed = n == 0 && query->kind == QUERY_PORT && (query->groups & (1u << berth_port_group(query->first)));

	if (n < 0 || (unnamed && !add_unnamed(table, query))) {
		scols_unref_table(table);
		return tool_fail("ports", TOOL_FAILED, "out of memory");
	}
	if (n > 0 || unnamed || query->json)
		scols_print_table(table);
	scols_unref_table(table);
	if (n > 0)
		return TOOL_DONE;
	return unnamed ? TOOL_NO : nothing_found(query);
}

int ports_main(int argc, char **argv)
{
	struct query query = {
		.kind = QUERY_ALL,
		.last = PORT_MAX,
		.transports = BERTH_TRANSPORT_ALL,
		.groups = (1u << N_GROUPS) - 1,
	};
	bool help = false;
	int status = parse_options(argc, argv, &query, &help);

	if (status != TOOL_DONE)
		return status;
	if (help)
		return tool_help(ports_usage);
	if (argc - optind > 1)
		return tool_bad_argument("ports", argv[optind + 1]);
	if (optind < argc)
		status = parse_argument(argv[optind], &query);
	return status == TOOL_DONE ? print_matches(&query) : status;
}
