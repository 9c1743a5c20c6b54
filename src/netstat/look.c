/* A look: the stages in their order, and only those that the query needs.
 *
 * Rows go through one by one and nothing is kept, with two exceptions. Explanation compares a conversation with the
 * others, so all rows must have passed before the first can be explained. Names take their time, and their questions
 * are put when the sources are done: a source may be in another network namespace, where the resolver is not. */
#include "look.h"
#include "enrich/direction.h"
#include "enrich/listeners.h"
#include "enrich/second_look.h"
#include "index.h"

#include <berth/error.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct look {
	struct look_query query;
	uint32_t needs; /* of everybody, with what each of them needs in turn */
	struct process_table *processes;
	struct users *users;
	struct services *services;
	struct names *names;
	struct namespaces *namespaces;
	struct index interfaces; /* char[IF_NAMESIZE] by struct interface_key */
	struct keep keep;        /* what the rows of a saved snapshot borrow */
	struct saved_error read_error;
	struct saved_head read_head; /* of the saved snapshot that was read */
	bool has_read_head;
	/* Of the run under way. */
	struct listeners *listeners;
	struct explain *explain;
	struct netstat_rows kept;
	netstat_on_row *on_row;
	void *user;
};

void look_query_default(struct look_query *query)
{
	*query = (struct look_query){
		.protocols = NETSTAT_ALL_PROTOCOLS & ~NETSTAT_BIT(NETSTAT_UNIX),
		.families = NETSTAT_ALL_FAMILIES,
		.kernel = true,
		.hosts = true,
		.services = "/etc/services",
	};
	names_config_default(&query->names);
}

/* What is asked for, and what that in turn asks for. */
static uint32_t needs_of(const struct look_query *query)
{
	uint32_t needs = query->needs | (query->filter ? filter_needs(query->filter) : 0);

	if (needs & NETSTAT_NEED_EXPLANATION)
		needs |= EXPLAIN_NEEDS | (query->numeric ? 0 : NETSTAT_NEED_NAMES);
	if (needs & NETSTAT_NEED_DIRECTION)
		needs |= NETSTAT_NEED_TCP | NETSTAT_NEED_LISTENER;
	if (needs & NETSTAT_NEED_SERVICES)
		needs |= NETSTAT_NEED_LISTENER;
	if (needs & (NETSTAT_NEED_COMMAND | NETSTAT_NEED_EXECUTABLE | NETSTAT_NEED_CGROUP))
		needs |= NETSTAT_NEED_OWNERS;
	return needs;
}

static struct services *live_services(const struct look_query *query)
{
	uint16_t first, last;

	services_system_range(&first, &last);
	return services_new(query->services, first, last);
}

/* A berth that is built without names shows numbers, unless somebody says whom to ask. */
static int names_start_up(struct look *look)
{
	int r = names_new(&look->query.names, &look->names);

	if (r != BERTH_EOPNOTSUPP || look->query.names.servers)
		return r;
	look->needs &= ~(uint32_t)NETSTAT_NEED_NAMES;
	return 0;
}

int look_new(const struct look_query *query, struct look **out)
{
	struct look *look = calloc(1, sizeof(*look));
	int r = look ? index_init(&look->interfaces, IF_NAMESIZE) : BERTH_ENOMEM;

	if (r < 0) {
		free(look);
		return r;
	}
	look->query = *query;
	look->needs = needs_of(query);
	look->processes = process_table_new();
	look->users = users_new();
	look->services = live_services(query);
	look->namespaces = namespaces_new();
	if (!look->processes || !look->users || !look->services || !look->namespaces)
		r = BERTH_ENOMEM;
	else if (look->needs & NETSTAT_NEED_NAMES)
		r = names_start_up(look);
	if (r < 0) {
		look_free(look);
		return r;
	}
	*out = look;
	return 0;
}

struct look *look_free(struct look *look)
{
	if (!look)
		return NULL;
	names_free(look->names);
	explain_free(look->explain);
	listeners_free(look->listeners);
	netstat_rows_free(&look->kept);
	services_free(look->services);
	users_free(look->users);
	process_table_free(look->processes);
	namespaces_free(look->namespaces);
	index_deinit(&look->interfaces);
	keep_free(&look->keep);
	free(look);
	return NULL;
}

/* ---- one row ---- */

static bool is_wanted(const struct look *look, const struct netstat_row *row)
{
	enum look_which which = look->query.which;

	if (which == LOOK_ALL || (look->query.filter && filter_has_state(look->query.filter)))
		return true;
	if (row->protocol == NETSTAT_UNIX) /* net-tools' notion: a datagram socket is not a server's */
		return (row->state == NETSTAT_STATE_LISTEN) == (which == LOOK_LISTENING);
	if (row->state == NETSTAT_STATE_CLOSED)
		return false;
	return netstat_row_waits(row) == (which == LOOK_LISTENING);
}

struct interface_key {
	const struct netstat_namespace *ns;
	uint32_t number;
};

/* The device's name, unless a saved snapshot has told it. The source is in the row's namespace while it hands a row on.
 */
static int interface_enrich(struct look *look, struct netstat_row *row)
{
	struct interface_key key;
	bool is_new;

	if (row->interface == 0 || row->host || row->interface_name)
		return 0;
	memset(&key, 0, sizeof(key));
	key.ns = row->ns;
	key.number = row->interface;
	char *name = index_get(&look->interfaces, &key, sizeof(key), &is_new);
	if (!name)
		return BERTH_ENOMEM;
	if (is_new && (look->query.read || !if_indextoname(row->interface, name)))
		snprintf(name, IF_NAMESIZE, "if%u", row->interface);
	row->interface_name = name;
	return 0;
}

static int enrich(struct look *look, struct netstat_row *row)
{
	int r = 0;

	if (look->needs & NETSTAT_NEED_OWNERS)
		r = process_table_enrich(look->processes, row, look->needs);
	if (r == 0 && (look->needs & NETSTAT_NEED_LISTENER)) {
		r = listeners_add(look->listeners, row);
		listeners_enrich(look->listeners, row);
	}
	if (r == 0 && (look->needs & NETSTAT_NEED_INTERFACE))
		r = interface_enrich(look, row);
	if (r == 0 && (look->needs & NETSTAT_NEED_USER) && row->has_uid &&
	    !(row->user = users_name(look->users, row->uid)))
		r = BERTH_ENOMEM;
	if (look->needs & NETSTAT_NEED_DIRECTION)
		direction_enrich(row, true);
	if (look->needs & NETSTAT_NEED_SERVICES)
		services_enrich(look->services, row);
	return r;
}

static bool is_late(const struct look *look)
{
	return look->needs & (NETSTAT_NEED_NAMES | NETSTAT_NEED_EXPLANATION);
}

/* The filter asks for what is known only when all rows have passed. */
static bool filter_is_late(const struct look *look)
{
	return filter_needs(look->query.filter) & look->needs & (NETSTAT_NEED_NAMES | NETSTAT_NEED_EXPLANATION);
}

static int on_source_row(void *user, struct netstat_row *row)
{
	struct look *look = user;
	const struct filter *filter = look->query.filter;

	if (row->host && !look->query.hosts) /* a saved snapshot has them all the same */
		return 0;
	/* Listeners and explanation want to know of rows that nobody will see. */
	bool wanted = is_wanted(look, row);
	int r = wanted || (look->needs & (NETSTAT_NEED_LISTENER | NETSTAT_NEED_EXPLANATION)) ? enrich(look, row) : 0;

	if (r == 0 && look->explain)
		r = explain_look(look->explain, row);
	if (r != 0 || !wanted || (filter && !filter_is_late(look) && !filter_match(filter, row)))
		return r;
	return is_late(look) ? netstat_rows_add(&look->kept, row) : look->on_row(look->user, row);
}

/* ---- rows that had to wait ---- */

/* A name that a saved snapshot has told stays: it is the one of that time. */
static int names_start(struct look *look)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < look->kept.n; i++) {
		const struct netstat_row *row = look->kept.rows[i];
		if (!row->local_name)
			r = names_want(look->names, &row->local.address);
		if (r == 0 && !row->foreign_name)
			r = names_want(look->names, &row->foreign.address);
	}
	return r;
}

/* The names of a row that are known by now; false: one of them may still come. */
static bool names_enrich(struct look *look, struct netstat_row *row)
{
	bool local_pending = false, foreign_pending = false;

	if (!row->local_name)
		row->local_name = names_get(look->names, &row->local.address, &local_pending);
	if (!row->foreign_name)
		row->foreign_name = names_get(look->names, &row->foreign.address, &foreign_pending);
	return !local_pending && !foreign_pending;
}

static int hand_on_late(struct look *look, struct netstat_row *row)
{
	int r = look->explain ? explain_enrich(look->explain, row, look->query.numeric) : 0;

	if (r != 0 || (look->query.filter && filter_is_late(look) && !filter_match(look->query.filter, row)))
		return r;
	return look->on_row(look->user, row);
}

/* In the order in which they came, each as soon as its names are there or the deadline is over. */
static int run_late(struct look *look)
{
	static const uint64_t ns_wait = 100 * 1000 * 1000;
	bool pending = look->names != NULL;
	int r = pending ? names_start(look) : 0;

	while (r == 0 && pending && !look->query.names_stream)
		pending = names_run(look->names, ns_wait);
	for (size_t i = 0; r == 0 && i < look->kept.n; i++) {
		struct netstat_row *row = look->kept.rows[i];
		while (look->names && !names_enrich(look, row) && pending)
			pending = names_run(look->names, ns_wait);
		r = hand_on_late(look, row);
	}
	/* A list of names ends when it is said to; the next look begins another. */
	while (pending && r == 0)
		pending = names_run(look->names, ns_wait);
	return r;
}

/* ---- the run ---- */

static struct netstat_request request_of(const struct look *look)
{
	struct netstat_request request = {
		.protocols = look->query.protocols,
		.states = NETSTAT_ALL_STATES,
		.families = look->query.families,
		.needs = look->needs,
		.warn = look->query.warn,
		.warn_user = look->query.warn_user,
	};
	bool by_state = look->query.filter && filter_has_state(look->query.filter);

	if (!by_state && look->query.which == LOOK_CONNECTED)
		request.states &= ~NETSTAT_BIT(NETSTAT_STATE_LISTEN);
	if (!by_state && look->query.which == LOOK_LISTENING)
		request.states = NETSTAT_BIT(NETSTAT_STATE_LISTEN) | NETSTAT_BIT(NETSTAT_STATE_OPEN);
	/* What a program has besides is part of what explains a conversation, so then the filter narrows nothing. */
	if (look->needs & NETSTAT_NEED_EXPLANATION)
		request.states = NETSTAT_ALL_STATES;
	else if (look->query.filter)
		filter_narrow(look->query.filter, &request);
	if (look->needs & NETSTAT_NEED_LISTENER)
		request.states |= NETSTAT_BIT(NETSTAT_STATE_LISTEN);
	return request;
}

static void on_saved_head(void *user, const struct saved_head *head)
{
	struct look *look = user;

	look->read_head = *head;
	look->has_read_head = true;
	services_use_range(look->services, head->ephemeral_first, head->ephemeral_last);
}

static int run_saved(struct look *look, const struct netstat_request *request)
{
	bool standard_input = strcmp(look->query.read, "-") == 0;
	FILE *in = standard_input ? stdin : fopen(look->query.read, "re");
	int r;

	look->read_error = (struct saved_error){0};
	if (!in) {
		snprintf(look->read_error.text, sizeof(look->read_error.text), "%s", strerror(errno));
		return BERTH_EIO;
	}
	r = saved_read(in, on_saved_head, look->processes, look->users, &look->keep, request, on_source_row, look,
		       &look->read_error);
	if (!standard_input)
		fclose(in);
	return r;
}

static int run_live(struct look *look, const struct netstat_request *request)
{
	size_t n_hosts;
	int r = 0;

	if (look->needs & NETSTAT_NEED_OWNERS)
		r = process_table_scan(look->processes, look->query.process_way);
	if (r == 0 && look->query.hosts)
		r = hosts_rows(request, look->query.host, on_source_row, look, &n_hosts);
	if (r == 0 && look->query.kernel && look->query.all_namespaces)
		r = namespaces_rows(look->namespaces, request, on_source_row, look);
	else if (r == 0 && look->query.kernel)
		r = kernel_rows(request, on_source_row, look);
	return r;
}

/* The kernel's sockets once more, for the second look: what could not be read has been said. */
static int kernel_again(void *source, netstat_on_row *on_row, void *user)
{
	struct look *look = source;
	struct netstat_request request = request_of(look);

	request.needs = 0;
	request.warn = NULL;
	return look->query.all_namespaces ? namespaces_rows(look->namespaces, &request, on_row, user)
					  : kernel_rows(&request, on_row, user);
}

static int on_found(void *user, struct netstat_row *row)
{
	struct look *look = user;

	return look->explain ? explain_look(look->explain, row) : 0;
}

/* An explanation says when nobody has a socket, so that has to be true. */
static int run_second(struct look *look)
{
	if (!(look->needs & NETSTAT_NEED_EXPLANATION) || look->query.read || !look->query.kernel)
		return 0;
	return second_look(&look->kept, look->processes, look->query.process_way, look->needs, kernel_again, look,
			   on_found, look);
}

static int run_begin(struct look *look)
{
	netstat_rows_free(&look->kept);
	look->listeners = listeners_free(look->listeners);
	look->explain = explain_free(look->explain);
	if ((look->needs & NETSTAT_NEED_LISTENER) && !(look->listeners = listeners_new()))
		return BERTH_ENOMEM;
	if ((look->needs & NETSTAT_NEED_EXPLANATION) && !(look->explain = explain_new(look->services)))
		return BERTH_ENOMEM;
	return 0;
}

int look_run(struct look *look, netstat_on_row *on_row, void *user)
{
	struct netstat_request request = request_of(look);
	int r = run_begin(look);

	look->on_row = on_row;
	look->user = user;
	if (r == 0)
		r = look->query.read ? run_saved(look, &request) : run_live(look, &request);
	if (r == 0)
		r = run_second(look);
	if (r == 0 && is_late(look))
		r = run_late(look);
	return r;
}

const struct saved_error *look_read_error(const struct look *look)
{
	return &look->read_error;
}

const struct saved_head *look_read_head(const struct look *look)
{
	return look->has_read_head ? &look->read_head : NULL;
}

struct process_table *look_processes(struct look *look)
{
	return look->processes;
}

struct users *look_users(struct look *look)
{
	return look->users;
}

const struct services *look_services(const struct look *look)
{
	return look->services;
}
