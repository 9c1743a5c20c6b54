/* Whose processes could not be seen. Silence about them would look like an answer. */
#include "list.h"
#include "tool.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

/* The machine's own PID namespace has this inode in every Linux since 3.8 (PROC_PID_INIT_INO). */
#define FIRST_PID_NAMESPACE UINT64_C(0xeffffffc)

void netstat_count_unseen(struct unseen *unseen, const struct netstat_row *row)
{
	unseen->n_denied += row->unowned == NETSTAT_UNOWNED_DENIED;
	unseen->n_elsewhere += row->unowned == NETSTAT_UNOWNED_ELSEWHERE;
}

static bool is_within_pid_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) == 0 && status.st_ino != FIRST_PID_NAMESPACE;
}

void netstat_note_unseen(const struct netstat_options *options, const struct unseen *unseen)
{
	if (options->format != WRITER_TABLE || options->seconds > 0 || options->query.read)
		return;
	if (unseen->n_denied)
		tool_fail("netstat", TOOL_DONE, "note: the programs of %" PRIu64 " socket%s may not be looked at%s",
			  unseen->n_denied, unseen->n_denied == 1 ? "" : "s",
			  geteuid() ? "; root sees them" : " (that needs CAP_SYS_PTRACE)");
	if (unseen->n_elsewhere && is_within_pid_namespace())
		tool_fail("netstat", TOOL_DONE,
			  "note: %" PRIu64 " socket%s no program here; those outside of this PID namespace cannot be "
			  "seen",
			  unseen->n_elsewhere, unseen->n_elsewhere == 1 ? " has" : "s have");
}
