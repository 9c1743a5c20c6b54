/* Rows: the names of what they say, what can be told from one alone, and keeping them. */
#include "row.h"

#include <berth/error.h>
#include <berth/ports.h>
#include <stdlib.h>
#include <string.h>

const char *netstat_protocol_name(enum netstat_protocol protocol)
{
	static const char *const names[] = {
#define X(name, text) text,
		NETSTAT_PROTOCOL_MAP(X)
#undef X
	};

	return protocol < NETSTAT_PROTOCOL_N ? names[protocol] : "?";
}

const char *netstat_state_name(const struct netstat_row *row)
{
	static const char *const names[] = {
#define X(name, text) text,
		NETSTAT_STATE_MAP(X)
#undef X
	};

	if (row->protocol == NETSTAT_UNIX && row->state == NETSTAT_STATE_LISTEN)
		return "LISTENING";
	if (row->protocol == NETSTAT_UNIX && row->state == NETSTAT_STATE_ESTABLISHED)
		return "CONNECTED";
	return row->state < NETSTAT_STATE_N ? names[row->state] : "?";
}

const char *netstat_direction_name(enum netstat_direction direction)
{
	static const char *const names[] = {
		[NETSTAT_DIRECTION_NONE] = "",
		[NETSTAT_DIRECTION_UNKNOWN] = "unknown",
		[NETSTAT_DIRECTION_IN] = "in",
		[NETSTAT_DIRECTION_OUT] = "out",
	};

	return names[direction];
}

const char *netstat_timer_name(enum netstat_timer timer)
{
	static const char *const names[] = {
		[NETSTAT_TIMER_OFF] = "off",
		[NETSTAT_TIMER_ON] = "on",
		[NETSTAT_TIMER_KEEPALIVE] = "keepalive",
		[NETSTAT_TIMER_TIMEWAIT] = "timewait",
		[NETSTAT_TIMER_PROBE] = "probe",
	};

	return names[timer];
}

const char *netstat_unowned_text(enum netstat_unowned why)
{
	static const char *const texts[] = {
		[NETSTAT_OWNED] = "",
		[NETSTAT_UNOWNED_TIMEWAIT] = "closed; the kernel waits for stray segments",
		[NETSTAT_UNOWNED_CLOSED] = "closed by its program; the kernel finishes it",
		[NETSTAT_UNOWNED_WAITING] = "not accepted yet; its listener has it",
		[NETSTAT_UNOWNED_DENIED] = "of a process that may not be looked at",
		[NETSTAT_UNOWNED_ELSEWHERE] = "of the kernel, or of another PID namespace",
	};

	return texts[why];
}

bool netstat_row_has_peer(const struct netstat_row *row)
{
	if (row->protocol == NETSTAT_UNIX)
		return row->state == NETSTAT_STATE_ESTABLISHED;
	return row->foreign.address.family != BERTH_ANY_FAMILY && !berth_address_is_any(&row->foreign.address);
}

bool netstat_row_waits(const struct netstat_row *row)
{
	return row->state == NETSTAT_STATE_LISTEN || (row->state == NETSTAT_STATE_OPEN && !netstat_row_has_peer(row));
}

static unsigned transport_of(const struct netstat_row *row)
{
	switch ((enum netstat_protocol)row->protocol) {
	case NETSTAT_TCP:
	case NETSTAT_MPTCP:
		return BERTH_TRANSPORT_TCP;
	case NETSTAT_UDP:
	case NETSTAT_UDPLITE:
		return BERTH_TRANSPORT_UDP;
	case NETSTAT_SCTP:
		return BERTH_TRANSPORT_SCTP;
	case NETSTAT_DCCP:
		return BERTH_TRANSPORT_DCCP;
	case NETSTAT_RAW:
	case NETSTAT_UNIX:
	case NETSTAT_PROTOCOL_N:
		break;
	}
	return 0;
}

static bool registered(const struct netstat_row *row, uint16_t port)
{
	struct berth_service service;
	unsigned transport = transport_of(row);

	return transport && port && berth_service_by_port(port, transport, &service);
}

/* Services have registered ports, and lower ones than those that systems choose from. */
static bool local_is_service(const struct netstat_row *row)
{
	bool local = registered(row, row->local.port), foreign = registered(row, row->foreign.port);

	return local != foreign ? local : row->local.port <= row->foreign.port;
}

uint16_t netstat_row_service_port(const struct netstat_row *row, bool *local)
{
	bool is_local = true;

	*local = true;
	if (row->protocol == NETSTAT_UNIX || row->protocol == NETSTAT_RAW)
		return 0;
	if (row->direction == NETSTAT_DIRECTION_OUT)
		is_local = false;
	else if (row->direction != NETSTAT_DIRECTION_IN && !row->listener && netstat_row_has_peer(row))
		is_local = local_is_service(row);
	*local = is_local;
	return is_local ? row->local.port : row->foreign.port;
}

/* ---- scope ---- */

/* ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2) is an IPv4 address. */
static bool mapped(const struct berth_address *address, struct berth_address *out)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	if (address->family != BERTH_IP6 || memcmp(address->bytes, prefix, sizeof(prefix)) != 0)
		return false;
	*out = berth_ip4(address->bytes[12], address->bytes[13], address->bytes[14], address->bytes[15]);
	return true;
}

static enum netstat_scope scope_ip4(const uint8_t *b)
{
	if (b[0] == 127)
		return NETSTAT_SCOPE_LOOPBACK;
	if (b[0] == 169 && b[1] == 254)
		return NETSTAT_SCOPE_LINK;
	if (b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168) ||
	    (b[0] == 100 && (b[1] & 0xc0) == 64))
		return NETSTAT_SCOPE_PRIVATE;
	return b[0] == 255 && b[1] == 255 && b[2] == 255 && b[3] == 255 ? NETSTAT_SCOPE_MULTICAST
									: NETSTAT_SCOPE_PUBLIC;
}

static enum netstat_scope scope_ip6(const uint8_t *b)
{
	if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
		return NETSTAT_SCOPE_LINK;
	return (b[0] & 0xfe) == 0xfc ? NETSTAT_SCOPE_PRIVATE : NETSTAT_SCOPE_PUBLIC;
}

enum netstat_scope netstat_scope(const struct berth_address *address)
{
	struct berth_address ip4;

	if (address->family == BERTH_ANY_FAMILY)
		return NETSTAT_SCOPE_NONE;
	if (mapped(address, &ip4))
		return netstat_scope(&ip4);
	if (berth_address_is_any(address))
		return NETSTAT_SCOPE_ANY;
	if (berth_address_is_loopback(address))
		return NETSTAT_SCOPE_LOOPBACK;
	if (berth_address_is_multicast(address))
		return NETSTAT_SCOPE_MULTICAST;
	return address->family == BERTH_IP4 ? scope_ip4(address->bytes) : scope_ip6(address->bytes);
}

const char *netstat_scope_name(enum netstat_scope scope)
{
	static const char *const names[] = {
		[NETSTAT_SCOPE_NONE] = "",
		[NETSTAT_SCOPE_ANY] = "any",
		[NETSTAT_SCOPE_LOOPBACK] = "loopback",
		[NETSTAT_SCOPE_LINK] = "link",
		[NETSTAT_SCOPE_PRIVATE] = "private",
		[NETSTAT_SCOPE_MULTICAST] = "multicast",
		[NETSTAT_SCOPE_PUBLIC] = "public",
	};

	return names[scope];
}

/* ---- kept rows ---- */

static bool copy_text(struct keep *keep, const char **text)
{
	return !*text || (*text = keep_text(keep, *text, strlen(*text)));
}

static bool copy_bytes(struct keep *keep, const void **bytes, size_t n)
{
	void *copy = *bytes && n ? keep_bytes(keep, n) : NULL;

	if (copy)
		memcpy(copy, *bytes, n);
	bool ok = copy || !*bytes || !n;
	*bytes = copy;
	return ok;
}

static struct netstat_row *row_copy(struct keep *keep, const struct netstat_row *row)
{
	struct netstat_row *copy = keep_bytes(keep, sizeof(*copy));
	size_t n_owners = row->n_owners < NETSTAT_OWNERS_MAX ? row->n_owners : NETSTAT_OWNERS_MAX;

	if (!copy)
		return NULL;
	*copy = *row;
	bool ok = copy_text(keep, &copy->path) && copy_text(keep, &copy->congestion) && copy_text(keep, &copy->host) &&
		  copy_bytes(keep, (const void **)&copy->tcp, sizeof(*copy->tcp)) &&
		  copy_bytes(keep, (const void **)&copy->owners, n_owners * sizeof(*copy->owners));
	return ok ? copy : NULL;
}

int netstat_rows_add(struct netstat_rows *rows, const struct netstat_row *row)
{
	if (rows->n == rows->room) {
		size_t room = rows->room ? 2 * rows->room : 64;
		struct netstat_row **array = reallocarray(rows->rows, room, sizeof(*array));
		if (!array)
			return BERTH_ENOMEM;
		rows->rows = array;
		rows->room = room;
	}
	rows->rows[rows->n] = row_copy(&rows->keep, row);
	if (!rows->rows[rows->n])
		return BERTH_ENOMEM;
	rows->n++;
	return 0;
}

void netstat_rows_free(struct netstat_rows *rows)
{
	free(rows->rows);
	keep_free(&rows->keep);
	*rows = (struct netstat_rows){0};
}
