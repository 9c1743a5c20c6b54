/* What a conversation is: told from its row alone. */
#include "enrich/conversation.h"

static bool is_over(const struct netstat_row *row)
{
	return row->state == NETSTAT_STATE_TIME_WAIT || row->state == NETSTAT_STATE_CLOSED ||
	       row->unowned == NETSTAT_UNOWNED_TIMEWAIT || row->unowned == NETSTAT_UNOWNED_CLOSED;
}

static const struct netstat_process *process_of(const struct netstat_row *row)
{
	if (row->n_owners)
		return row->owners[0].process;
	return row->unowned == NETSTAT_UNOWNED_WAITING ? row->listener_process : NULL;
}

struct conversation conversation_of(const struct netstat_row *row)
{
	struct conversation conversation = {.process = process_of(row)};
	bool local;

	if (row->protocol == NETSTAT_UNIX || row->protocol == NETSTAT_RAW || is_over(row))
		return conversation;
	if (netstat_row_waits(row)) {
		conversation.port = row->local.port;
		conversation.kind = row->local.port ? CONVERSATION_LISTEN : CONVERSATION_NONE;
	} else if (netstat_row_has_peer(row)) {
		conversation.port = netstat_row_service_port(row, &local);
		conversation.kind = local ? CONVERSATION_IN : CONVERSATION_OUT;
	}
	return conversation;
}
