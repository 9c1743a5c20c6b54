/* What columns say of addresses: where a socket is, where its peer is, and which service they speak.
 *
 * An address and its port are written as net-tools and ss write them: "0.0.0.0:80", and for IPv6 "[::]:80", in the
 * brackets of RFC 3986 section 3.2.2, without which nobody can tell where ":::80" has its port. The wildcard of either
 * family is written out, as "*" would hide which one it is. A port of 0, which is none, is "*".
 *
 * Rows of whole machines go through here, so the common case (no names) writes straight into the cell's buffer: the
 * longest address, brackets and port need 54 bytes of it. */
#include "address_text.h"
#include "say.h"

enum {
	NAME_MAX_LENGTH = 255,   /* RFC 1035 section 2.3.4: no host has a longer name */
	SERVICE_MAX_LENGTH = 63, /* RFC 6335 allows 15 */
};

char *cell_put_number(struct cell *cell, char *at, uint64_t number)
{
	char digits[20];

	return cell_put(cell, at, digits, (size_t)(address_text_number(number, digits) - digits));
}

/* An end of a row. */
struct end {
	const struct berth_socket_address *place;
	const char *name, *service;
};

static struct end local_end(const struct netstat_row *row)
{
	return (struct end){&row->local, row->local_name, row->local_service};
}

static struct end foreign_end(const struct netstat_row *row)
{
	return (struct end){&row->foreign, row->foreign_name, row->foreign_service};
}

/* Writes an address; one that is not set is the wildcard of the row's family. A scope is the interface's name, if that
 * is known and wanted. */
static char *put_address(const struct netstat_row *row, const struct berth_address *address, bool numeric, char *at)
{
	struct berth_address plain;

	if (address->family == BERTH_ANY_FAMILY) {
		plain = (struct berth_address){.family = row->family};
		return address_text_write(&plain, at);
	}
	if (numeric || !address->scope || !row->interface_name || address->scope != row->interface)
		return address_text_write(address, at);
	plain = *address;
	plain.scope = 0;
	at = address_text_write(&plain, at);
	*at++ = '%';
	size_t n = strnlen(row->interface_name, 15); /* IFNAMSIZ - 1 */
	memcpy(at, row->interface_name, n);
	return at + n;
}

static char *put_port(uint16_t port, char *at)
{
	*at++ = ':';
	if (port)
		return address_text_number(port, at);
	*at++ = '*';
	return at;
}

static char *put_bracketed(const struct netstat_row *row, const struct berth_address *address, bool numeric, char *at)
{
	bool brackets = (address->family ? address->family : row->family) == BERTH_IP6;

	if (brackets)
		*at++ = '[';
	at = put_address(row, address, numeric, at);
	if (brackets)
		*at++ = ']';
	return at;
}

/* A name that is too long to be one counts as none: numbers are never cut short. */
static bool is_usable(const char *name, size_t max)
{
	return name && *name && strnlen(name, max + 1) <= max;
}

/* The same with names: "host.example:https", "127.0.0.1:https". */
static void say_named(const struct netstat_row *row, struct end end, struct cell *cell)
{
	bool has_name = is_usable(end.name, NAME_MAX_LENGTH), has_service = is_usable(end.service, SERVICE_MAX_LENGTH);
	char *at = cell->buffer;

	if (has_name)
		at = cell_put_text(cell, at, end.name);
	else
		at = put_bracketed(row, &end.place->address, false, at);
	if (has_service) {
		at = cell_put_text(cell, at, ":");
		at = cell_put_text(cell, at, end.service);
	} else {
		at = put_port(end.place->port, at);
	}
	cell_done(cell, at, false);
}

static void say_place(const struct netstat_row *row, struct end end, bool numeric, struct cell *cell)
{
	if (!numeric && (end.name || end.service || row->interface_name)) {
		say_named(row, end, cell);
		return;
	}
	char *at = put_bracketed(row, &end.place->address, true, cell->buffer);
	cell_done(cell, put_port(end.place->port, at), true);
}

/* A Unix socket is at a path, and its peer has none of its own. */
void say_local(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	if (row->protocol == NETSTAT_UNIX)
		cell_text(cell, row->path);
	else
		say_place(row, local_end(row), numeric, cell);
}

void say_foreign(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	if (row->protocol == NETSTAT_UNIX)
		cell_none(cell);
	else
		say_place(row, foreign_end(row), numeric, cell);
}

/* ---- the parts ---- */

static void say_address(const struct netstat_row *row, const struct berth_address *address, struct cell *cell)
{
	if (row->protocol == NETSTAT_UNIX)
		cell_none(cell);
	else
		cell_done(cell, put_address(row, address, true, cell->buffer), true);
}

void say_local_address(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	say_address(row, &row->local.address, cell);
}

void say_foreign_address(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	say_address(row, &row->foreign.address, cell);
}

static void say_port(const struct netstat_row *row, uint16_t port, struct cell *cell)
{
	if (row->protocol == NETSTAT_UNIX)
		cell_none(cell);
	else
		cell_number(cell, port);
}

void say_local_port(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	say_port(row, row->local.port, cell);
}

void say_foreign_port(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	say_port(row, row->foreign.port, cell);
}

/* Services cost nothing to look up, so whoever asks for this column gets them in a numeric listing, too. */
void say_local_service(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_text(cell, row->local_service);
}

void say_foreign_service(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_text(cell, row->foreign_service);
}

void say_local_name(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_text(cell, numeric ? NULL : row->local_name);
}

void say_foreign_name(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_text(cell, numeric ? NULL : row->foreign_name);
}

/* ---- what follows from them ---- */

void say_scope(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	const struct berth_socket_address *place = netstat_row_has_peer(row) ? &row->foreign : &row->local;
	struct berth_address any = {.family = row->family};

	if (row->protocol == NETSTAT_UNIX)
		cell_none(cell);
	else
		cell_word(cell, netstat_scope_name(netstat_scope(place->address.family ? &place->address : &any)));
}

void say_service(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	bool local;
	uint16_t port = netstat_row_service_port(row, &local);
	const char *name = local ? row->local_service : row->foreign_service;

	if (!port)
		cell_none(cell);
	else if (!numeric && name)
		cell_text(cell, name);
	else
		cell_done(cell, cell_put_number(cell, cell->buffer, port), true);
}

/* Where the listener waits: "0.0.0.0:80". */
void say_listener_place(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	if (!row->listener) {
		cell_none(cell);
		return;
	}
	char *at = put_bracketed(row, &row->listener->address, true, cell->buffer);
	cell_done(cell, put_port(row->listener->port, at), true);
}

/* And in whose hands it is, if that is known: "0.0.0.0:80 812/nginx". */
void say_listener(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	const struct netstat_process *process = row->listener_process;

	say_listener_place(row, numeric, cell);
	if (cell->kind == CELL_NONE || !process)
		return;
	char *at = cell_put_text(cell, cell->buffer + cell->length, " ");
	at = cell_put_number(cell, at, (uint64_t)process->pid);
	at = cell_put_text(cell, at, "/");
	cell_done(cell, cell_put(cell, at, process->program, strnlen(process->program, NAME_MAX_LENGTH)), false);
}

void say_listener_pid(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_number_known(cell, row->listener_process ? (uint64_t)row->listener_process->pid : 0);
}

void say_listener_program(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	cell_text(cell, row->listener_process ? row->listener_process->program : NULL);
}

/* ---- order ---- */

static int compare_places(const struct berth_socket_address *a, const struct berth_socket_address *b)
{
	if (a->address.family != b->address.family)
		return a->address.family < b->address.family ? -1 : 1;
	int order = memcmp(a->address.bytes, b->address.bytes, a->address.family == BERTH_IP4 ? 4 : 16);
	return order ? order : (a->port > b->port) - (a->port < b->port);
}

static bool is_unix(const struct netstat_row *row)
{
	return row->protocol == NETSTAT_UNIX;
}

/* Sockets that have no path come last. */
static int compare_paths(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : !a - !b;
}

/* Unix sockets come last, by their paths. */
int compare_local(const struct netstat_row *a, const struct netstat_row *b)
{
	if (is_unix(a) != is_unix(b))
		return is_unix(a) - is_unix(b);
	return is_unix(a) ? compare_paths(a->path, b->path) : compare_places(&a->local, &b->local);
}

int compare_foreign(const struct netstat_row *a, const struct netstat_row *b)
{
	if (is_unix(a) != is_unix(b))
		return is_unix(a) - is_unix(b);
	return is_unix(a) ? 0 : compare_places(&a->foreign, &b->foreign);
}
