/* Whose processes could not be seen. Silence about them would look like an answer. */
#include "list.h"
#include "process/process_scan.h"
#include "tool.h"

#include <inttypes.h>
#include <unistd.h>

void netstat_count_unseen(struct unseen *unseen, const struct netstat_row *row)
{
	unseen->n_denied += row->unowned == NETSTAT_UNOWNED_DENIED;
	unseen->n_elsewhere += row->unowned == NETSTAT_UNOWNED_ELSEWHERE;
}

void netstat_note_unseen(const struct netstat_options *options, const struct unseen *unseen)
{
	if (options->format != WRITER_TABLE || options->seconds > 0 || options->query.read)
		return;
	if (unseen->n_denied)
		tool_fail("netstat", TOOL_DONE, "note: the programs of %" PRIu64 " socket%s may not be looked at%s",
			  unseen->n_denied, unseen->n_denied == 1 ? "" : "s",
			  geteuid() ? "; root sees them" : " (that needs CAP_SYS_PTRACE)");
	if (unseen->n_elsewhere && !process_namespace_is_first())
		tool_fail("netstat", TOOL_DONE,
			  "note: %" PRIu64 " socket%s no program here; those outside of this PID namespace cannot be "
			  "seen",
			  unseen->n_elsewhere, unseen->n_elsewhere == 1 ? " has" : "s have");
}
