/* The words of an explanation: who, which way, what service, with whom, through what, and what of it is not explained.
 *
 *     nginx (812, www-data, nginx.service) answers https for 203.0.113.9:51544 (public), through its listener ...
 *     curl (4711, anna) asks https of example.net (public)
 *
 * One function a kind of row, and below them one a part of the sentence. */
#include "enrich/explain_text.h"

#include "enrich/findings.h"

#include <berth/ports.h>
#include <string.h>
#include <sys/socket.h>

/* ---- who ---- */

/* How many processes have it, of those that the row shows. */
static unsigned count_processes(const struct netstat_row *row)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < row->n_owners && i < NETSTAT_OWNERS_MAX; i++) {
		bool seen = false;
		for (uint32_t j = 0; j < i; j++)
			seen |= row->owners[j].process == row->owners[i].process;
		n += !seen;
	}
	return n;
}

static void others(struct plain *out, const struct netstat_row *row)
{
	unsigned n = count_processes(row);

	if (row->n_owners > NETSTAT_OWNERS_MAX) {
		plain_add(out, " and others");
	} else if (n > 1) {
		plain_add(out, " and ");
		plain_number(out, n - 1);
		plain_add(out, n == 2 ? " other" : " others");
	}
}

/* A berth host's process may be gone before its name was read. */
static void program(struct plain *out, const struct netstat_process *process)
{
	plain_word(out, process->program[0] ? process->program : "a process");
}

static void short_process(struct plain *out, const struct netstat_process *process)
{
	program(out, process);
	plain_add(out, " (");
	plain_number(out, (uint64_t)process->pid);
	plain_add(out, ")");
}

static void detail(struct plain *out, const char *text)
{
	if (text && *text) {
		plain_add(out, ", ");
		plain_word(out, text);
	}
}

/* A container's own scope says no more than the container: "docker-ID.scope". */
static bool is_of_container(const struct netstat_process *process)
{
	const char *id = process->container ? strchr(process->container, ':') : NULL;

	return id && id[1] && process->unit && strstr(process->unit, id + 1);
}

static void owner(struct plain *out, const struct netstat_row *row)
{
	const struct netstat_process *process = row->owners[0].process;

	program(out, process);
	plain_add(out, " (");
	plain_number(out, (uint64_t)process->pid);
	others(out, row);
	detail(out, row->user);
	if (!is_of_container(process))
		detail(out, process->unit);
	detail(out, process->container);
	plain_add(out, ")");
}

/* A row whose program cannot be shown: what is known instead. */
static void nobody(struct plain *out, const struct netstat_row *row)
{
	switch ((enum netstat_unowned)row->unowned) {
	case NETSTAT_UNOWNED_WAITING:
		if (row->listener_process) {
			short_process(out, row->listener_process);
			plain_add(out, ", yet to accept it,");
			return;
		}
		plain_add(out, "a listener that is yet to accept it");
		return;
	case NETSTAT_UNOWNED_TIMEWAIT:
	case NETSTAT_UNOWNED_CLOSED:
		plain_add(out, "a program that has closed it");
		return;
	case NETSTAT_UNOWNED_ELSEWHERE:
		plain_add(out, "the kernel or an unseen process");
		return;
	case NETSTAT_UNOWNED_DENIED:
	case NETSTAT_OWNED:
		break;
	}
	plain_add(out, "a program");
	if (row->user) {
		plain_add(out, " of ");
		plain_word(out, row->user);
	} else if (row->unowned == NETSTAT_UNOWNED_DENIED) {
		plain_add(out, " of another user");
	}
}

static void who(struct plain *out, const struct netstat_row *row)
{
	if (row->n_owners)
		owner(out, row);
	else if (!row->host)
		nobody(out, row);
	if (row->host) {
		plain_add(out, row->n_owners ? " on host " : "berth host ");
		plain_word(out, row->host);
	}
	if (row->ns && row->ns->name[0]) {
		plain_add(out, " in namespace ");
		plain_word(out, row->ns->name);
	}
}

/* ---- what ---- */

/* "for https", "on port 4444": what a verb needs to speak of a service, or of a port without one. */
static void service(struct plain *out, const char *name, const char *before_name, const char *before_port,
		    uint16_t port)
{
	plain_add(out, name ? before_name : before_port);
	if (name) {
		plain_word(out, name);
	} else {
		plain_add(out, "port ");
		plain_number(out, port);
	}
}

static const char *local_name(const struct netstat_row *row, const struct explain_words *words)
{
	return words->numeric ? NULL : services_name(words->services, row->protocol, row->local.port);
}

static const char *foreign_name(const struct netstat_row *row, const struct explain_words *words)
{
	return words->numeric ? NULL : services_name(words->services, row->protocol, row->foreign.port);
}

/* ---- with whom ---- */

static void in_brackets(struct plain *out, const char *text)
{
	plain_add(out, " (");
	plain_add(out, text);
	plain_add(out, ")");
}

static void scope(struct plain *out, const struct berth_address *address)
{
	const char *name = netstat_scope_name(netstat_scope(address));

	if (*name)
		in_brackets(out, name);
}

static void socket_address(struct plain *out, const struct berth_socket_address *at)
{
	char text[BERTH_ADDRESS_TEXT];

	plain_word(out, berth_socket_address_format(at, text, sizeof(text)));
}

/* The foreign end, by name when there is one, with its port when that says something. */
static void peer(struct plain *out, const struct netstat_row *row, const struct explain_words *words, bool with_port)
{
	char text[BERTH_ADDRESS_TEXT];

	if (words->peer && words->peer->process) {
		short_process(out, words->peer->process);
		plain_add(out, " at ");
	}
	if (row->foreign_name && !words->numeric) {
		plain_word(out, row->foreign_name);
		if (with_port) {
			plain_add(out, ":");
			plain_number(out, row->foreign.port);
		}
	} else if (with_port) {
		socket_address(out, &row->foreign);
	} else {
		plain_word(out, berth_address_format(&row->foreign.address, text, sizeof(text)));
	}
	scope(out, &row->foreign.address);
}

static void at_local(struct plain *out, const struct netstat_row *row)
{
	bool any = netstat_scope(&row->local.address) == NETSTAT_SCOPE_ANY;
	char text[BERTH_ADDRESS_TEXT];

	if (any || row->local.address.family == BERTH_ANY_FAMILY) {
		bool only6 = row->family == BERTH_IP6 && row->v6only;
		plain_add(out, only6                             ? " at every IPv6 address"
			       : any && row->family == BERTH_IP4 ? " at every IPv4 address"
								 : " at every address");
	} else {
		plain_add(out, " at ");
		plain_word(out, berth_address_format(&row->local.address, text, sizeof(text)));
		scope(out, &row->local.address);
	}
	if (row->interface_name) {
		plain_add(out, " of ");
		plain_word(out, row->interface_name);
	}
}

/* ---- through what ---- */

static bool same_program(const struct netstat_row *row)
{
	const struct netstat_process *own = row->n_owners ? row->owners[0].process : row->listener_process;

	return own && row->listener_process && strcmp(own->program, row->listener_process->program) == 0;
}

static void through(struct plain *out, const struct netstat_row *row)
{
	if (!row->listener)
		return;
	plain_add(out, same_program(row) ? ", through its listener " : ", through the listener ");
	socket_address(out, row->listener);
	if (row->listener_process && !same_program(row)) {
		plain_add(out, " of ");
		short_process(out, row->listener_process);
	}
}

static void how_far(struct plain *out, const struct netstat_row *row)
{
	switch (row->state) {
	case NETSTAT_STATE_CLOSE_WAIT:
		plain_add(out, "; the peer has closed it, the program has not");
		break;
	case NETSTAT_STATE_FIN_WAIT_1:
	case NETSTAT_STATE_FIN_WAIT_2:
		plain_add(out, "; closed at this end, the peer has not");
		break;
	case NETSTAT_STATE_CLOSING:
	case NETSTAT_STATE_LAST_ACK:
		plain_add(out, "; closed at both ends, not acknowledged yet");
		break;
	default:
		break;
	}
}

/* ---- kinds of rows ---- */

static void say_waiting(struct plain *out, const struct netstat_row *row, const struct explain_words *words)
{
	bool datagrams = row->state != NETSTAT_STATE_LISTEN;

	who(out, row);
	if (!row->local.port) {
		plain_add(out, " has a socket without a port");
		return;
	}
	if (datagrams && services_is_ephemeral(words->services, row->local.port)) {
		plain_add(out, " waits for answers on ephemeral port ");
		plain_number(out, row->local.port);
	} else {
		service(out, local_name(row, words), " waits for ", " waits on ", row->local.port);
	}
	at_local(out, row);
}

static void say_in(struct plain *out, const struct netstat_row *row, const struct explain_words *words)
{
	who(out, row);
	service(out, local_name(row, words),
		row->state == NETSTAT_STATE_SYN_RECEIVED ? " is being asked for " : " answers ",
		row->state == NETSTAT_STATE_SYN_RECEIVED ? " is being asked on " : " answers on ", row->local.port);
	plain_add(out, row->state == NETSTAT_STATE_SYN_RECEIVED ? " by " : " for ");
	peer(out, row, words, true);
	through(out, row);
	how_far(out, row);
}

static void say_out(struct plain *out, const struct netstat_row *row, const struct explain_words *words)
{
	who(out, row);
	service(out, foreign_name(row, words), row->state == NETSTAT_STATE_SYN_SENT ? " tries to reach " : " asks ",
		row->state == NETSTAT_STATE_SYN_SENT ? " tries to reach " : " asks ", row->foreign.port);
	plain_add(out, " of ");
	peer(out, row, words, false);
	how_far(out, row);
}

/* Who began cannot be told, or nobody did: datagrams. */
static void say_exchange(struct plain *out, const struct netstat_row *row, const struct explain_words *words)
{
	bool local;
	uint16_t port = netstat_row_service_port(row, &local);
	const char *name = local ? local_name(row, words) : foreign_name(row, words);

	who(out, row);
	service(out, name, " exchanges ", local ? " exchanges data on " : " exchanges data with ", port);
	plain_add(out, !name && !local ? " of " : " with ");
	peer(out, row, words, local);
	if (row->direction == NETSTAT_DIRECTION_UNKNOWN)
		plain_add(out, "; which of them began cannot be told");
	how_far(out, row);
}

static void say_over(struct plain *out, const struct netstat_row *row, const struct explain_words *words)
{
	plain_add(out, "what ");
	if (row->direction == NETSTAT_DIRECTION_IN) {
		peer(out, row, words, true);
		service(out, local_name(row, words), " asked of ", " asked of ", row->local.port);
		plain_add(out, " here");
	} else if (row->direction == NETSTAT_DIRECTION_OUT) {
		service(out, foreign_name(row, words), "was asked of ", "was asked of ", row->foreign.port);
		plain_add(out, " at ");
		peer(out, row, words, false);
	} else {
		socket_address(out, &row->local);
		plain_add(out, " had with ");
		peer(out, row, words, true);
	}
	plain_add(out, " is over; the kernel waits for stray segments");
	if (row->host || (row->ns && row->ns->name[0])) {
		plain_add(out, row->host ? " on host " : " in namespace ");
		plain_word(out, row->host ? row->host : row->ns->name);
	}
}

/* Of IANA's protocol numbers, those that raw sockets are for; NULL: another. */
static const char *protocol_name(uint16_t number)
{
	switch (number) {
	case 1:
		return "ICMP";
	case 2:
		return "IGMP";
	case 6:
		return "TCP";
	case 17:
		return "UDP";
	case 47:
		return "GRE";
	case 50:
		return "ESP";
	case 51:
		return "AH";
	case 58:
		return "ICMPv6";
	case 89:
		return "OSPF";
	case 103:
		return "PIM";
	case 112:
		return "VRRP";
	case 132:
		return "SCTP";
	default:
		return NULL;
	}
}

static void say_raw(struct plain *out, const struct netstat_row *row, const struct explain_words *words)
{
	const char *name = words->numeric ? NULL : protocol_name(row->local.port);

	who(out, row);
	if (row->local.port == 255) { /* IPPROTO_RAW: raw(7) */
		plain_add(out, " may send IP packets of its own making");
		return;
	}
	plain_add(out, " gets a copy of IP packets of ");
	plain_add(out, name ? name : "protocol ");
	if (!name)
		plain_number(out, row->local.port);
	if (netstat_row_has_peer(row)) {
		plain_add(out, " from ");
		peer(out, row, words, false);
	} else {
		at_local(out, row);
	}
}

/* ---- Unix sockets ---- */

static void path_or(struct plain *out, const char *path, const char *otherwise)
{
	if (path) {
		plain_add(out, " at ");
		plain_word(out, path);
	} else {
		plain_add(out, otherwise);
	}
}

static void say_unix_connected(struct plain *out, const struct netstat_row *row, const struct peer *other)
{
	const char *path = row->path ? row->path : other ? other->path : NULL;

	plain_add(out, row->path ? " answers " : other && other->path ? " asks " : " is connected with ");
	if (other && other->process)
		short_process(out, other->process);
	else
		plain_add(out, "an unseen process");
	path_or(out, path, "");
}

static void say_unix(struct plain *out, const struct netstat_row *row, const struct explain_words *words)
{
	who(out, row);
	if (row->state == NETSTAT_STATE_LISTEN) {
		plain_add(out, " waits");
		path_or(out, row->path, " at an unnamed Unix socket");
	} else if (netstat_row_has_peer(row)) {
		say_unix_connected(out, row, words->peer);
	} else if (row->unix_type == SOCK_DGRAM) {
		plain_add(out, row->path ? " takes messages" : " may send messages");
		path_or(out, row->path, " from an unnamed Unix socket");
	} else {
		plain_add(out, " has an unconnected Unix socket");
		path_or(out, row->path, "");
	}
}

/* ---- the line ---- */

static void say_row(struct plain *out, const struct netstat_row *row, const struct explain_words *words)
{
	if (row->protocol == NETSTAT_UNIX)
		say_unix(out, row, words);
	else if (row->protocol == NETSTAT_RAW)
		say_raw(out, row, words);
	else if (row->state == NETSTAT_STATE_TIME_WAIT)
		say_over(out, row, words);
	else if (netstat_row_waits(row) || !netstat_row_has_peer(row))
		say_waiting(out, row, words);
	else if (row->direction == NETSTAT_DIRECTION_IN)
		say_in(out, row, words);
	else if (row->direction == NETSTAT_DIRECTION_OUT)
		say_out(out, row, words);
	else
		say_exchange(out, row, words);
}

/* Names the process when the line is not about that one. */
static void say_finding(struct plain *out, const struct netstat_row *row, enum finding finding)
{
	const struct netstat_process *process = findings_process(row, finding);

	plain_add(out, finding_text(finding));
	plain_add(out, " (");
	plain_add(out, finding_id(finding));
	if (process && process != row->owners[0].process) {
		plain_add(out, ": ");
		short_process(out, process);
	}
	plain_add(out, ")");
}

void explain_text(struct plain *out, const struct netstat_row *row, const struct explain_words *words)
{
	const char *before = "; NOT EXPLAINED: ";

	out->n = 0;
	out->text[0] = 0;
	say_row(out, row, words);
	for (int i = 0; i < FINDING_N; i++) {
		if (!(row->findings >> i & 1))
			continue;
		plain_add(out, before);
		say_finding(out, row, (enum finding)i);
		before = ", ";
	}
}
