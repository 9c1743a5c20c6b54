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

/* The service is at the local end. */
static bool is_served_here(const struct netstat_row *row, const struct services *services)
{
	bool local = services_is_ephemeral(services, row->local.port), is_local;
	bool foreign = services_is_ephemeral(services, row->foreign.port);

	if (row->direction == NETSTAT_DIRECTION_IN || row->direction == NETSTAT_DIRECTION_OUT)
		return row->direction == NETSTAT_DIRECTION_IN;
	if (local != foreign)
		return foreign;
	netstat_row_service_port(row, &is_local);
	return is_local;
}

struct conversation conversation_of(const struct netstat_row *row, const struct services *services)
{
	struct conversation conversation = {.process = process_of(row)};

	if (row->protocol == NETSTAT_UNIX || row->protocol == NETSTAT_RAW || is_over(row))
		return conversation;
	if (netstat_row_waits(row)) {
		conversation.port = row->local.port;
		conversation.kind = row->local.port ? CONVERSATION_LISTEN : CONVERSATION_NONE;
	} else if (netstat_row_has_peer(row)) {
		bool here = is_served_here(row, services);
		conversation.port = here ? row->local.port : row->foreign.port;
		conversation.kind = here ? CONVERSATION_IN : CONVERSATION_OUT;
	}
	return conversation;
}
