/* Findings: one small function each, over one row. Those about programs look at each owner that the row shows. */
#include "enrich/findings.h"

#include <string.h>

/* ---- about programs ---- */

/* Such a one is shown without the "/" that the kernel puts before it, as no file's path is (process_detail.c). */
static bool in_memory(const struct netstat_process *process)
{
	return process->executable && strncmp(process->executable, "memfd:", 6) == 0;
}

static bool is_deleted(const struct netstat_row *row, const struct netstat_owner *owner)
{
	return owner->process->executable_deleted && !in_memory(owner->process);
}

static bool is_writable(const struct netstat_row *row, const struct netstat_owner *owner)
{
	return owner->process->executable_writable && !in_memory(owner->process);
}

static bool is_in_memory(const struct netstat_row *row, const struct netstat_owner *owner)
{
	return in_memory(owner->process);
}

/* "..", "...", ". ": or with a blank at an end, that nobody sees. */
static bool misleads(const char *part, size_t n)
{
	return n && (part[0] == ' ' || part[n - 1] == ' ' || strspn(part, ". ") >= n);
}

/* Nix puts wrappers around its programs and a dot before their names. */
static bool is_hidden(const struct netstat_row *row, const struct netstat_owner *owner)
{
	const char *path = owner->process->executable;

	if (!path || in_memory(owner->process) || strncmp(path, "/nix/store/", 11) == 0)
		return false;
	for (;;) {
		size_t n = strcspn(path, "/");
		if (misleads(path, n) || (!path[n] && path[0] == '.'))
			return true;
		if (!path[n])
			return false;
		path += n + 1;
	}
}

/* Its descriptor 0 is this very socket; a berth host's descriptors are its own. One that listens is what starters hand
 * to a server written in such a language (FastCGI's convention); a Unix socket is how programs talk with the children
 * that they start. */
static bool is_shell(const struct netstat_row *row, const struct netstat_owner *owner)
{
	return row->protocol != NETSTAT_UNIX && !row->host && netstat_row_has_peer(row) && owner->descriptor == 0 &&
	       habits_is_interpreter(owner->process->program);
}

static const struct {
	enum finding finding;
	bool (*applies)(const struct netstat_row *row, const struct netstat_owner *owner);
} of_programs[] = {
	{FINDING_EXECUTABLE_DELETED, is_deleted},  {FINDING_EXECUTABLE_WRITABLE, is_writable},
	{FINDING_EXECUTABLE_MEMORY, is_in_memory}, {FINDING_EXECUTABLE_HIDDEN, is_hidden},
	{FINDING_SHELL_ON_SOCKET, is_shell},
};

static size_t n_shown(const struct netstat_row *row)
{
	return row->n_owners < NETSTAT_OWNERS_MAX ? row->n_owners : NETSTAT_OWNERS_MAX;
}

const struct netstat_process *findings_process(const struct netstat_row *row, enum finding finding)
{
	for (size_t i = 0; i < sizeof(of_programs) / sizeof(of_programs[0]); i++) {
		if (of_programs[i].finding != finding)
			continue;
		for (size_t j = 0; j < n_shown(row); j++) {
			if (of_programs[i].applies(row, &row->owners[j]))
				return row->owners[j].process;
		}
	}
	return NULL;
}

/* ---- about sockets ---- */

/* That an owner is another user's is known, though not which process: no finding, or an ordinary user would have
 * nothing else. Unix sockets on their way in a message, or not accepted yet, have no owner as a rule. */
static bool owner_unknown(const struct netstat_row *row)
{
	return row->protocol != NETSTAT_UNIX && !row->n_owners && row->unowned == NETSTAT_UNOWNED_ELSEWHERE;
}

static bool listener_unregistered(const struct netstat_row *row, const struct services *services)
{
	enum netstat_scope scope = netstat_scope(&row->local.address);
	bool datagrams = row->protocol == NETSTAT_UDP || row->protocol == NETSTAT_UDPLITE;

	if (row->protocol == NETSTAT_UNIX || row->protocol == NETSTAT_RAW || !netstat_row_waits(row) ||
	    !row->local.port)
		return false;
	/* A berth host's wildcard is no address at all. */
	if (scope != NETSTAT_SCOPE_ANY && scope != NETSTAT_SCOPE_PUBLIC && scope != NETSTAT_SCOPE_NONE)
		return false;
	if (datagrams && services_is_ephemeral(services, row->local.port))
		return false; /* somebody who has asked, and waits for the answer */
	return (datagrams || row->state == NETSTAT_STATE_LISTEN) &&
	       !services_name(services, row->protocol, row->local.port);
}

static bool listener_gone(const struct netstat_row *row)
{
	return row->direction == NETSTAT_DIRECTION_IN && row->n_owners && !row->listener &&
	       netstat_scope(&row->foreign.address) != NETSTAT_SCOPE_LOOPBACK;
}

uint64_t findings_of(const struct netstat_row *row, const struct habits *habits, const struct services *services)
{
	uint64_t set = 0;

	for (size_t i = 0; i < sizeof(of_programs) / sizeof(of_programs[0]); i++) {
		if (findings_process(row, of_programs[i].finding))
			set |= UINT64_C(1) << of_programs[i].finding;
	}
	if (owner_unknown(row))
		set |= UINT64_C(1) << FINDING_OWNER_UNKNOWN;
	if (listener_unregistered(row, services))
		set |= UINT64_C(1) << FINDING_LISTENER_UNREGISTERED;
	if (listener_gone(row))
		set |= UINT64_C(1) << FINDING_LISTENER_GONE;
	if (habits_unusual(habits, row))
		set |= UINT64_C(1) << FINDING_SERVICE_UNUSUAL;
	return set;
}
