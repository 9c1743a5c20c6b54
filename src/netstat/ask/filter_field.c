/* What a filter can ask for: the table of its fields, and for each of them the test of a row.
 *
 * A test says no when a row knows nothing of what is asked, whatever the operator: `rtt < 10ms` is not true of a socket
 * without round-trip time, and `not rtt < 10ms` is. */
#include "ask/filter_name.h"
#include "enrich/explain.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

/* ---- sets ---- */

static bool has_bit(const struct filter_node *node, unsigned bit)
{
	return node->set >> bit & 1;
}

static bool test_state(const struct filter_node *node, const struct netstat_row *row)
{
	return has_bit(node, row->state);
}

static bool test_protocol(const struct filter_node *node, const struct netstat_row *row)
{
	return has_bit(node, row->protocol);
}

static bool test_family(const struct filter_node *node, const struct netstat_row *row)
{
	return (node->set & filter_family_bit(row->family)) != 0;
}

/* Of the peer; of a socket without one, of where it waits. As the column says it. */
static bool test_scope(const struct filter_node *node, const struct netstat_row *row)
{
	const struct berth_address *address = netstat_row_has_peer(row) ? &row->foreign.address : &row->local.address;

	if (address->family == BERTH_ANY_FAMILY && row->protocol != NETSTAT_UNIX)
		return has_bit(node, NETSTAT_SCOPE_ANY);
	return has_bit(node, netstat_scope(address));
}

static bool test_direction(const struct filter_node *node, const struct netstat_row *row)
{
	return has_bit(node, row->direction);
}

static bool test_timer(const struct filter_node *node, const struct netstat_row *row)
{
	return has_bit(node, row->timer);
}

static bool test_finding(const struct filter_node *node, const struct netstat_row *row)
{
	return (node->set & row->findings) != 0;
}

/* ---- ports and addresses ---- */

static bool within(const struct filter_node *node, uint64_t value)
{
	return node->range.least <= value && value <= node->range.most;
}

static bool has_ports(const struct netstat_row *row)
{
	return FILTER_PORT_PROTOCOLS >> row->protocol & 1;
}

static bool test_local_port(const struct filter_node *node, const struct netstat_row *row)
{
	return has_ports(row) && within(node, row->local.port);
}

static bool test_foreign_port(const struct filter_node *node, const struct netstat_row *row)
{
	return has_ports(row) && within(node, row->foreign.port);
}

static bool test_port(const struct filter_node *node, const struct netstat_row *row)
{
	return test_local_port(node, row) || test_foreign_port(node, row);
}

static bool test_service(const struct filter_node *node, const struct netstat_row *row)
{
	bool local;

	return has_ports(row) && within(node, netstat_row_service_port(row, &local));
}

static bool in_prefix(const struct filter_end *end, const struct berth_address *address)
{
	struct berth_address ip4;

	if (filter_unmap(address, &ip4))
		address = &ip4;
	if (end->address.scope && end->address.scope != address->scope)
		return false;
	return berth_address_in_prefix(&end->address, address, end->prefix);
}

static bool is_end(const struct filter_node *node, const struct netstat_row *row,
		   const struct berth_socket_address *address)
{
	const struct filter_end *end = &node->end;

	if (!end->any_port && !(has_ports(row) && end->first <= address->port && address->port <= end->last))
		return false;
	return end->address.family == BERTH_ANY_FAMILY || in_prefix(end, &address->address);
}

static bool test_local(const struct filter_node *node, const struct netstat_row *row)
{
	return is_end(node, row, &row->local);
}

static bool test_foreign(const struct filter_node *node, const struct netstat_row *row)
{
	return is_end(node, row, &row->foreign);
}

static bool test_host(const struct filter_node *node, const struct netstat_row *row)
{
	return test_local(node, row) || test_foreign(node, row);
}

/* ---- texts ---- */

static bool matches(const struct filter_node *node, const char *text)
{
	if (!text)
		return false;
	return node->pattern.wild ? fnmatch(node->pattern.text, text, 0) == 0 : strcmp(node->pattern.text, text) == 0;
}

/* Names of hosts have no case (RFC 4343). */
static bool matches_name(const struct filter_node *node, const char *text)
{
	if (!text)
		return false;
	return node->pattern.wild ? fnmatch(node->pattern.text, text, FNM_CASEFOLD) == 0
				  : strcasecmp(node->pattern.text, text) == 0;
}

/* True of one of the row's owners, `process` being it. */
#define OWNER_TEST(name, condition)                                                                                    \
	static bool test_##name(const struct filter_node *node, const struct netstat_row *row)                         \
	{                                                                                                              \
		size_t n = row->owners ? row->n_owners : 0;                                                            \
                                                                                                                       \
		for (size_t i = 0; i < n && i < NETSTAT_OWNERS_MAX; i++) {                                             \
			const struct netstat_process *process = row->owners[i].process;                                \
			if (process && (condition))                                                                    \
				return true;                                                                           \
		}                                                                                                      \
		return false;                                                                                          \
	}

/* With what kind it is, or without: "docker:0123456789ab", "0123456789ab". */
static bool matches_container(const struct filter_node *node, const char *text)
{
	const char *colon = text ? strchr(text, ':') : NULL;

	return matches(node, text) || (colon && matches(node, colon + 1));
}

OWNER_TEST(program, matches(node, process->program))
OWNER_TEST(command, matches(node, process->command))
OWNER_TEST(executable, matches(node, process->executable))
OWNER_TEST(unit, matches(node, process->unit))
OWNER_TEST(container, matches_container(node, process->container))
OWNER_TEST(cgroup, matches(node, process->cgroup))
OWNER_TEST(pid, within(node, process->pid < 0 ? 0 : (uint64_t)process->pid))

/* True of the row. */
#define ROW_TEST(name, condition)                                                                                      \
	static bool test_##name(const struct filter_node *node, const struct netstat_row *row)                         \
	{                                                                                                              \
		return condition;                                                                                      \
	}

ROW_TEST(user, matches(node, row->user))
ROW_TEST(uid, row->has_uid &&within(node, row->uid))
ROW_TEST(interface, matches(node, row->interface_name))
ROW_TEST(interface_number, within(node, row->interface))
ROW_TEST(hostname, matches_name(node, row->local_name) || matches_name(node, row->foreign_name))
ROW_TEST(namespace, row->ns &&matches(node, row->ns->name))
ROW_TEST(namespace_inode, row->ns &&within(node, row->ns->inode))
ROW_TEST(berth, matches(node, row->host))
ROW_TEST(path, matches(node, row->path))
ROW_TEST(congestion, matches(node, row->congestion))

/* ---- numbers ---- */

static uint64_t ns_of_ms(uint64_t ms)
{
	return ms > UINT64_MAX / 1000000 ? UINT64_MAX : ms * 1000000;
}

ROW_TEST(inode, within(node, row->inode))
ROW_TEST(recv_q, within(node, row->recv_q))
ROW_TEST(send_q, within(node, row->send_q))
ROW_TEST(drops, within(node, row->drops))
ROW_TEST(mark, within(node, row->mark))
ROW_TEST(age, row->has_age &&within(node, ns_of_ms(row->ms_age)))
ROW_TEST(bytes, row->tcp &&within(node, row->tcp->bytes_sent + row->tcp->bytes_received))
ROW_TEST(sent, row->tcp &&within(node, row->tcp->bytes_sent))
ROW_TEST(received, row->tcp &&within(node, row->tcp->bytes_received))
ROW_TEST(rtt, row->tcp && row->tcp->ns_srtt && within(node, row->tcp->ns_srtt))
ROW_TEST(cwnd, row->tcp && row->tcp->cwnd && within(node, row->tcp->cwnd))
ROW_TEST(retrans, row->tcp &&within(node, row->tcp->segments_retransmitted))

/* ---- the table ---- */

#define NEED_DIRECTION (NETSTAT_NEED_TCP | NETSTAT_NEED_LISTENER | NETSTAT_NEED_DIRECTION)

#define PORT_FIELD(function, sides, ...)                                                                               \
	{                                                                                                              \
		.names = {__VA_ARGS__}, .what = "a port, a range of ports or a service", .value = VALUE_PORT,          \
		.narrows = NARROWS_PORTS, .ends = sides, .test = function                                              \
	}
#define END_FIELD(function, sides, ...)                                                                                \
	{                                                                                                              \
		.names = {__VA_ARGS__}, .what = "an address or a prefix", .value = VALUE_END, .narrows = NARROWS_END,  \
		.ends = sides, .test = function                                                                        \
	}
#define OWNER_FIELD(function, text, need, ...)                                                                         \
	{                                                                                                              \
		.names = {__VA_ARGS__}, .what = text, .value = VALUE_PATTERN, .needs = NETSTAT_NEED_OWNERS | (need),   \
		.test = function                                                                                       \
	}
#define NUMBER_FIELD(function, need, ...)                                                                              \
	{                                                                                                              \
		.names = {__VA_ARGS__}, .what = "a number", .value = VALUE_NUMBER, .needs = need, .test = function     \
	}
#define TIME_FIELD(function, need, ...)                                                                                \
	{                                                                                                              \
		.names = {__VA_ARGS__}, .what = "a time with its unit, such as 10ms", .value = VALUE_TIME,             \
		.needs = need, .test = function                                                                        \
	}

enum {
	FIELD_STATE,
	FIELD_PROTOCOL,
	FIELD_FAMILY,
	FIELD_DIRECTION,
	FIELD_FINDING,
};

static const struct filter_field fields[] = {
	[FIELD_STATE] = {.names = {"state"},
			 .what = "a state, such as established",
			 .narrows = NARROWS_STATES,
			 .set = filter_states,
			 .test = test_state},
	[FIELD_PROTOCOL] = {.names = {"proto", "protocol"},
			    .what = "a protocol, such as tcp",
			    .narrows = NARROWS_PROTOCOLS,
			    .set = filter_protocols,
			    .test = test_protocol},
	[FIELD_FAMILY] = {.names = {"family"},
			  .what = "a family: inet, inet6 or unix",
			  .narrows = NARROWS_FAMILIES,
			  .set = filter_families,
			  .test = test_family},
	[FIELD_DIRECTION] = {.names = {"direction"},
			     .what = "a direction: in, out, unknown or none",
			     .needs = NEED_DIRECTION,
			     .set = filter_directions,
			     .test = test_direction},
	[FIELD_FINDING] = {.names = {"finding"},
			   .what = "a finding, such as owner-unknown, or any",
			   .needs = EXPLAIN_NEEDS | NETSTAT_NEED_EXPLANATION,
			   .set = filter_findings,
			   .test = test_finding},
	{.names = {"exclude"},
	 .what = "a state, such as time-wait",
	 .narrows = NARROWS_STATES,
	 .negated = true,
	 .set = filter_states,
	 .test = test_state},
	{.names = {"scope"}, .what = "a scope, such as private", .set = filter_scopes, .test = test_scope},
	{.names = {"timer"}, .what = "a timer, such as keepalive", .set = filter_timers, .test = test_timer},
	PORT_FIELD(test_local_port, FILTER_LOCAL, "sport", "lport", "local-port"),
	PORT_FIELD(test_foreign_port, FILTER_FOREIGN, "dport", "rport", "foreign-port"),
	PORT_FIELD(test_port, FILTER_LOCAL | FILTER_FOREIGN, "port"),
	{.names = {"service"},
	 .what = "a service, or its port",
	 .value = VALUE_PORT,
	 .narrows = NARROWS_PORTS,
	 .ends = FILTER_LOCAL | FILTER_FOREIGN,
	 .needs = NEED_DIRECTION,
	 .test = test_service},
	END_FIELD(test_local, FILTER_LOCAL, "src", "local"),
	END_FIELD(test_foreign, FILTER_FOREIGN, "dst", "foreign", "remote"),
	END_FIELD(test_host, FILTER_LOCAL | FILTER_FOREIGN, "host"),
	OWNER_FIELD(test_program, "a program's name", 0, "program"),
	OWNER_FIELD(test_command, "a command line, or a pattern for it", NETSTAT_NEED_COMMAND, "command"),
	OWNER_FIELD(test_executable, "a program's path", NETSTAT_NEED_EXECUTABLE, "executable"),
	{.names = {"unit"},
	 .what = "a unit of systemd's",
	 .value = VALUE_PATTERN,
	 .needs = NETSTAT_NEED_OWNERS | NETSTAT_NEED_CGROUP,
	 .suffix = ".service", /* systemctl's rule: a unit without a type is a service */
	 .test = test_unit},
	OWNER_FIELD(test_container, "a container's name", NETSTAT_NEED_CGROUP, "container"),
	OWNER_FIELD(test_cgroup, "a control group's path", NETSTAT_NEED_CGROUP, "cgroup"),
	NUMBER_FIELD(test_pid, NETSTAT_NEED_OWNERS, "pid"),
	{.names = {"user"},
	 .what = "a user's name or number",
	 .value = VALUE_PATTERN,
	 .needs = NETSTAT_NEED_USER,
	 .test = test_user,
	 .number_test = test_uid},
	{.names = {"interface", "dev"},
	 .what = "an interface's name or number",
	 .value = VALUE_PATTERN,
	 .needs = NETSTAT_NEED_INTERFACE,
	 .test = test_interface,
	 .number_test = test_interface_number},
	{.names = {"hostname"},
	 .what = "the name of a host",
	 .value = VALUE_PATTERN,
	 .needs = NETSTAT_NEED_NAMES,
	 .test = test_hostname},
	{.names = {"netns", "namespace"},
	 .what = "a network namespace's name or inode",
	 .value = VALUE_PATTERN,
	 .test = test_namespace,
	 .number_test = test_namespace_inode},
	{.names = {"berth", "on"},
	 .what = "a berth host's name",
	 .value = VALUE_PATTERN,
	 .optional = true,
	 .test = test_berth},
	{.names = {"path"},
	 .what = "a Unix socket's path",
	 .value = VALUE_PATTERN,
	 .narrows = NARROWS_UNIX,
	 .needs = NETSTAT_NEED_PEER,
	 .test = test_path},
	{.names = {"congestion"},
	 .what = "a congestion control's name",
	 .value = VALUE_PATTERN,
	 .needs = NETSTAT_NEED_CONGESTION,
	 .test = test_congestion},
	NUMBER_FIELD(test_inode, 0, "inode", "ino"),
	NUMBER_FIELD(test_recv_q, 0, "recv-q"),
	NUMBER_FIELD(test_send_q, 0, "send-q"),
	NUMBER_FIELD(test_drops, 0, "drops"),
	NUMBER_FIELD(test_mark, 0, "mark", "fwmark"),
	NUMBER_FIELD(test_bytes, NETSTAT_NEED_TCP, "bytes"),
	NUMBER_FIELD(test_sent, NETSTAT_NEED_TCP, "sent", "bytes-sent"),
	NUMBER_FIELD(test_received, NETSTAT_NEED_TCP, "received", "bytes-received"),
	NUMBER_FIELD(test_cwnd, NETSTAT_NEED_TCP, "cwnd"),
	NUMBER_FIELD(test_retrans, NETSTAT_NEED_TCP, "retrans"),
	TIME_FIELD(test_rtt, NETSTAT_NEED_TCP, "rtt"),
	TIME_FIELD(test_age, 0, "age"),
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

const struct filter_field *filter_field_by_word(const char *word)
{
	for (size_t i = 0; i < N_FIELDS; i++)
		for (size_t j = 0; j < FILTER_NAMES_PER_FIELD && fields[i].names[j]; j++)
			if (strcmp(fields[i].names[j], word) == 0)
				return &fields[i];
	return NULL;
}

/* Words that stand alone: of which field. Numbers of families do not. */
static const struct {
	const struct filter_name *set;
	unsigned field;
} bare_sets[] = {
	{filter_states, FIELD_STATE},
	{filter_protocols, FIELD_PROTOCOL},
	{filter_families, FIELD_FAMILY},
};

static const struct {
	const char *name;
	unsigned field;
	uint64_t bits;
	bool negated;
} bare_words[] = {
	{"inbound", FIELD_DIRECTION, NETSTAT_BIT(NETSTAT_DIRECTION_IN), false},
	{"outbound", FIELD_DIRECTION, NETSTAT_BIT(NETSTAT_DIRECTION_OUT), false},
	{"unexplained", FIELD_FINDING, FILTER_ANY_FINDING, false},
	{"explained", FIELD_FINDING, FILTER_ANY_FINDING, true},
};

#define N_BARE_SETS (sizeof(bare_sets) / sizeof(bare_sets[0]))
#define N_BARE_WORDS (sizeof(bare_words) / sizeof(bare_words[0]))

const struct filter_field *filter_field_by_bare_word(const char *word, uint64_t *bits, bool *negated)
{
	*negated = false;
	if (*word >= '0' && *word <= '9')
		return NULL;
	for (size_t i = 0; i < N_BARE_SETS; i++)
		if ((*bits = filter_set_bits(bare_sets[i].set, word)))
			return &fields[bare_sets[i].field];
	for (size_t i = 0; i < N_BARE_WORDS; i++)
		if (strcmp(bare_words[i].name, word) == 0) {
			*bits = bare_words[i].bits;
			*negated = bare_words[i].negated;
			return &fields[bare_words[i].field];
		}
	return NULL;
}

const char *filter_nearest_word(const char *word)
{
	struct nearest nearest = {.word = word};

	for (size_t i = 0; i < N_FIELDS; i++)
		for (size_t j = 0; j < FILTER_NAMES_PER_FIELD && fields[i].names[j]; j++)
			nearest_try(&nearest, fields[i].names[j]);
	for (size_t i = 0; i < N_BARE_SETS; i++)
		filter_set_nearest(bare_sets[i].set, &nearest);
	for (size_t i = 0; i < N_BARE_WORDS; i++)
		nearest_try(&nearest, bare_words[i].name);
	return nearest.name;
}
