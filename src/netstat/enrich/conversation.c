/* What a conversation is: told from its row alone. */
#include "enrich/conversation.h"

/* Its program has it now, or there is none that it could have. */
static bool is_current(const struct netstat_row *row)
{
	switch ((enum netstat_unowned)row->unowned) {
	case NETSTAT_UNOWNED_TIMEWAIT:
	case NETSTAT_UNOWNED_CLOSED:
	case NETSTAT_UNOWNED_WAITING:
		return false;
	case NETSTAT_OWNED:
	case NETSTAT_UNOWNED_DENIED:
	case NETSTAT_UNOWNED_ELSEWHERE:
		break;
	}
	return row->state != NETSTAT_STATE_TIME_WAIT && row->state != NETSTAT_STATE_CLOSED &&
	       row->state != NETSTAT_STATE_SYN_RECEIVED;
}

static bool has_direction(const struct netstat_row *row)
{
	return row->direction == NETSTAT_DIRECTION_IN || row->direction == NETSTAT_DIRECTION_OUT;
}

/* The service is at the local end. */
static bool is_served_here(const struct netstat_row *row, const struct services *services)
{
	bool local = services_is_ephemeral(services, row->local.port), is_local;
	bool foreign = services_is_ephemeral(services, row->foreign.port);

	if (has_direction(row))
		return row->direction == NETSTAT_DIRECTION_IN;
	if (local || foreign)
		return !local;
	netstat_row_service_port(row, &is_local);
	return is_local;
}

static bool is_picked(const struct netstat_row *row, const struct services *services,
		      const struct conversation *conversation)
{
	if (!services_is_ephemeral(services, conversation->port))
		return false;
	return conversation->kind != CONVERSATION_OUT || !has_direction(row) ||
	       netstat_scope(&row->foreign.address) == NETSTAT_SCOPE_LOOPBACK;
}

struct conversation conversation_of(const struct netstat_row *row, const struct services *services)
{
	struct conversation conversation = {.process = row->n_owners ? row->owners[0].process : NULL};

	if (row->protocol == NETSTAT_UNIX || row->protocol == NETSTAT_RAW || !is_current(row))
		return conversation;
	if (netstat_row_waits(row)) {
		conversation.port = row->local.port;
		conversation.kind = row->local.port ? CONVERSATION_LISTEN : CONVERSATION_NONE;
	} else if (netstat_row_has_peer(row)) {
		bool here = is_served_here(row, services);
		conversation.port = here ? row->local.port : row->foreign.port;
		conversation.kind = here ? CONVERSATION_IN : CONVERSATION_OUT;
	}
	conversation.picked = is_picked(row, services, &conversation);
	return conversation;
}
