/* Names of ports, and which end of a conversation may have one.
 *
 * A port number says which service it is only at the service's end. The other end's was picked by a system from a range
 * in which services are registered too, so that a name there would be chance. Hence an end is named when it is the
 * service's for certain, or when its port is none that is picked:
 *
 *     the row                                 local end                        foreign end
 *     --------------------------------------  -------------------------------  --------------------------------
 *     waits, LISTEN                           named, in any range              has no port
 *     waits, any other (UDP)                  named unless ephemeral           has no port
 *     conversation, direction in              named, in any range              named unless opener's or ephemeral
 *     conversation, direction out             named unless opener's/ephemeral  named, in any range
 *     conversation, unknown, with a listener  named, in any range              named unless ephemeral
 *     conversation, unknown, no listener      named unless ephemeral           named unless ephemeral
 *
 * A UDP socket that waits at an ephemeral port is somebody who has asked something; one who serves has bound a port of
 * his own. "Unknown" is also every conversation that has no direction (UDP) or whose direction was not asked for, and
 * then one with both ports ephemeral has no name at either end.
 *
 * Ephemeral at the local end is what the caller says of this system. Of the foreign system nobody knows the range: it
 * is that one, Linux's (32768 to 60999) and IANA's (49152 to 65535, RFC 6335 section 6) together; and for the local end
 * of a berth host too, which has a range of its own (RFC 6056). Opener's are the reserved ports 600 to 1023 as well,
 * from which bindresvport(3) and the kernel's NFS pick when they open.
 *
 * Each transport has a table by port: a name is looked up once and then costs an access. Its pages that no port
 * touches stay the system's. */
#include "enrich/services.h"

#include "enrich/table_file.h"
#include "words.h"

#include <berth/error.h>
#include <berth/ports.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	N_PORTS = 65536,
	N_TRANSPORTS = 4,
	FILE_MAX = 16 * 1024 * 1024,
	NAME_MAX_BYTES = 64, /* a longer one is no service's; RFC 6335 section 5.1 allows 15 */
	LINUX_FIRST = 32768,
	LINUX_LAST = 60999,
	IANA_FIRST = 49152,
	RESERVED_FIRST = 600,
	RESERVED_LAST = 1023,
};

struct services {
	uint16_t first, last;
	const char **tables[N_TRANSPORTS]; /* by port; NULL: not looked up yet; `nameless`: has none */
	struct keep keep;                  /* names from the file */
};

static const struct {
	unsigned transport;
	const char *name; /* in /etc/services */
} transports[N_TRANSPORTS] = {
	{BERTH_TRANSPORT_TCP, "tcp"},
	{BERTH_TRANSPORT_UDP, "udp"},
	{BERTH_TRANSPORT_SCTP, "sctp"},
	{BERTH_TRANSPORT_DCCP, "dccp"},
};

static const char nameless[] = "";

/* ---- the file ---- */

/* As the index of `transports`; N_TRANSPORTS: another protocol. */
static unsigned transport_named(struct table_file_word name)
{
	unsigned i = 0;

	while (i < N_TRANSPORTS &&
	       (name.n != strlen(transports[i].name) || memcmp(name.text, transports[i].name, name.n) != 0))
		i++;
	return i;
}

/* "80/tcp" to port and index of transport. */
static bool parse_port(struct table_file_word word, uint16_t *port, unsigned *transport)
{
	uint32_t value = 0;
	size_t i = 0;

	for (; i < word.n && word.text[i] >= '0' && word.text[i] <= '9'; i++) {
		value = value * 10 + (uint32_t)(word.text[i] - '0');
		if (value >= N_PORTS)
			return false;
	}
	if (!value || i == word.n || word.text[i] != '/')
		return false;
	*port = (uint16_t)value;
	*transport = transport_named((struct table_file_word){word.text + i + 1, word.n - i - 1});
	return *transport < N_TRANSPORTS;
}

/* What is printed on a terminal and parsed from columns has no blanks and no control characters in it. */
static bool is_name(struct table_file_word word)
{
	for (size_t i = 0; i < word.n; i++) {
		if (word.text[i] <= ' ' || word.text[i] > '~')
			return false;
	}
	return word.n && word.n <= NAME_MAX_BYTES;
}

int services_read(struct services *services, const char *text, size_t n)
{
	struct table_file_line line;
	struct berth_service registered;
	unsigned transport;
	uint16_t port;

	while (table_file_next(&text, &n, &line)) {
		if (line.n_words < 2 || !is_name(line.words[0]) || !parse_port(line.words[1], &port, &transport))
			continue;
		const char **name = &services->tables[transport][port];
		if ((*name && *name != nameless) ||
		    berth_service_by_port(port, transports[transport].transport, &registered))
			continue;
		if (!(*name = keep_text(&services->keep, line.words[0].text, line.words[0].n)))
			return BERTH_ENOMEM;
	}
	return 0;
}

static int read_path(struct services *services, const char *path)
{
	char *text = NULL;
	size_t n = 0;
	int error = table_file_read(path, FILE_MAX, &text, &n);

	if (error == 0)
		error = services_read(services, text, n);
	free(text);
	return error == BERTH_ENOMEM ? error : 0;
}

struct services *services_new(const char *path, uint16_t first, uint16_t last)
{
	struct services *services = calloc(1, sizeof(*services));

	if (!services)
		return NULL;
	services_use_range(services, first, last);
	for (unsigned i = 0; i < N_TRANSPORTS; i++) {
		if (!(services->tables[i] = calloc(N_PORTS, sizeof(*services->tables[i]))))
			return services_free(services);
	}
	return path && read_path(services, path) < 0 ? services_free(services) : services;
}

struct services *services_free(struct services *services)
{
	if (!services)
		return NULL;
	for (unsigned i = 0; i < N_TRANSPORTS; i++)
		free(services->tables[i]);
	keep_free(&services->keep);
	free(services);
	return NULL;
}

/* ---- ranges ---- */

static bool parse_number(const char **text, uint16_t *out)
{
	uint64_t value = 0;
	const char *at = *text + strspn(*text, " \t");
	size_t n = words_digits(at, strlen(at), N_PORTS - 1, &value);

	*text = at + n;
	*out = (uint16_t)value;
	return n > 0;
}

void services_use_range(struct services *services, uint16_t first, uint16_t last)
{
	services->first = first;
	services->last = last;
}

bool services_parse_range(const char *text, uint16_t *first, uint16_t *last)
{
	uint16_t from, to;

	if (!parse_number(&text, &from) || !parse_number(&text, &to) || text[strspn(text, " \t\n")] || from > to)
		return false;
	*first = from;
	*last = to;
	return true;
}

void services_system_range(uint16_t *first, uint16_t *last)
{
	char text[64] = "";
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	*first = LINUX_FIRST;
	*last = LINUX_LAST;
	if (!file)
		return;
	if (fgets(text, sizeof(text), file))
		services_parse_range(text, first, last);
	fclose(file);
}

bool services_is_ephemeral(const struct services *services, uint16_t port)
{
	return port >= services->first && port <= services->last;
}

static bool is_ephemeral_anywhere(const struct services *services, uint16_t port)
{
	return port >= IANA_FIRST || (port >= LINUX_FIRST && port <= LINUX_LAST) ||
	       services_is_ephemeral(services, port);
}

/* ---- names ---- */

/* As the index of `transports`; N_TRANSPORTS: a protocol without ports. */
static unsigned transport_of(enum netstat_protocol protocol)
{
	switch (protocol) {
	case NETSTAT_TCP:
	case NETSTAT_MPTCP:
		return 0;
	case NETSTAT_UDP:
	case NETSTAT_UDPLITE:
		return 1;
	case NETSTAT_SCTP:
		return 2;
	case NETSTAT_DCCP:
		return 3;
	case NETSTAT_RAW:
	case NETSTAT_UNIX:
	case NETSTAT_PROTOCOL_N:
		break;
	}
	return N_TRANSPORTS;
}

static const char *look_up(unsigned transport, uint16_t port)
{
	struct berth_service service;

	return berth_service_by_port(port, transports[transport].transport, &service) ? service.name : nameless;
}

const char *services_name(const struct services *services, enum netstat_protocol protocol, uint16_t port)
{
	unsigned transport = transport_of(protocol);

	if (transport == N_TRANSPORTS || !port)
		return NULL;
	const char **name = &services->tables[transport][port];
	if (!*name)
		*name = look_up(transport, port);
	return *name == nameless ? NULL : *name;
}

/* How sure it is that an end is the service's. */
enum end {
	END_SERVICE, /* it is */
	END_OPENER,  /* it is not: the other one is */
	END_EITHER,  /* only the port's number tells */
};

static enum end local_end(const struct netstat_row *row)
{
	if (row->state == NETSTAT_STATE_LISTEN || row->direction == NETSTAT_DIRECTION_IN)
		return END_SERVICE;
	if (row->direction == NETSTAT_DIRECTION_OUT)
		return END_OPENER;
	return row->listener ? END_SERVICE : END_EITHER;
}

static enum end foreign_end(const struct netstat_row *row)
{
	if (row->direction == NETSTAT_DIRECTION_OUT)
		return END_SERVICE;
	return row->direction == NETSTAT_DIRECTION_IN ? END_OPENER : END_EITHER;
}

static bool is_named(enum end end, uint16_t port, bool ephemeral)
{
	switch (end) {
	case END_SERVICE:
		return true;
	case END_OPENER:
		return !ephemeral && !(port >= RESERVED_FIRST && port <= RESERVED_LAST);
	case END_EITHER:
		break;
	}
	return !ephemeral;
}

void services_enrich(const struct services *services, struct netstat_row *row)
{
	uint16_t local = row->local.port, foreign = row->foreign.port;
	bool local_ephemeral =
		row->host ? is_ephemeral_anywhere(services, local) : services_is_ephemeral(services, local);
	bool foreign_ephemeral = is_ephemeral_anywhere(services, foreign);

	row->local_service =
		is_named(local_end(row), local, local_ephemeral) ? services_name(services, row->protocol, local) : NULL;
	row->foreign_service = is_named(foreign_end(row), foreign, foreign_ephemeral)
				       ? services_name(services, row->protocol, foreign)
				       : NULL;
}
