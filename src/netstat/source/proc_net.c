/* Lines of /proc/net.
 *
 * Their form has not changed in decades save by growing at the end, so each is read from its beginning, field by field,
 * by a cursor that once it has met what it did not expect stays there and says so at the end. */
#include "source/proc_net.h"

#include <berth/error.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/state.h"
#include "words.h"

enum {
	BUFFER = 64 * 1024,
	MS_TIMEWAIT = 60000, /* TCP_TIMEWAIT_LEN */
};

/* ---- fields ---- */

struct cursor {
	const char *at, *end;
	bool bad;
};

static void skip_spaces(struct cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
		cursor->at++;
}

static void expect(struct cursor *cursor, char c)
{
	if (cursor->at < cursor->end && *cursor->at == c)
		cursor->at++;
	else
		cursor->bad = true;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* Digits of a base, at most `max` of them, up to what is no digit. */
static uint64_t number(struct cursor *cursor, unsigned base, unsigned max)
{
	uint64_t value = 0;
	unsigned n = 0;

	for (; cursor->at < cursor->end && n < max; cursor->at++, n++) {
		unsigned digit = (unsigned)digit_of(*cursor->at);
		if (digit >= base)
			break;
		value = value * base + digit;
	}
	if (!n)
		cursor->bad = true;
	return value;
}

static uint64_t hex(struct cursor *cursor)
{
	skip_spaces(cursor);
	return number(cursor, 16, 16);
}

static uint64_t decimal(struct cursor *cursor)
{
	skip_spaces(cursor);
	if (cursor->at < cursor->end && *cursor->at == '-')
		cursor->at++; /* a -1 of the kernel's is of no field that is kept */
	return number(cursor, 10, 19);
}

/* A field that is not kept. */
static void skip(struct cursor *cursor)
{
	skip_spaces(cursor);
	const char *begin = cursor->at;
	while (cursor->at < cursor->end && *cursor->at != ' ' && *cursor->at != '\t')
		cursor->at++;
	if (cursor->at == begin)
		cursor->bad = true;
}

static void skip_fields(struct cursor *cursor, unsigned n)
{
	while (n-- && !cursor->bad)
		skip(cursor);
}

/* ---- IP sockets ---- */

/* The kernel prints each word of an address as a number of its own, in the machine's order. */
static void read_place(struct cursor *cursor, uint8_t family, struct berth_socket_address *out)
{
	unsigned n_words = family == BERTH_IP6 ? 4 : 1;

	skip_spaces(cursor);
	for (unsigned i = 0; i < n_words; i++) {
		const char *begin = cursor->at;
		uint32_t word = (uint32_t)number(cursor, 16, 8);
		cursor->bad |= cursor->at - begin != 8;
		memcpy(out->address.bytes + 4 * i, &word, sizeof(word));
	}
	out->address.family = family;
	expect(cursor, ':');
	out->port = (uint16_t)number(cursor, 16, 4);
}

static void timer_set(struct netstat_row *row, uint64_t timer, uint64_t ticks, uint64_t retransmissions,
		      uint64_t probes)
{
	/* Of what user space sees there are 100 in a second, whatever the kernel's own clock does. */
	enum { MS_TICK = 10 };
	static const uint8_t timers[] = {NETSTAT_TIMER_OFF, NETSTAT_TIMER_ON, NETSTAT_TIMER_KEEPALIVE,
					 NETSTAT_TIMER_TIMEWAIT, NETSTAT_TIMER_PROBE};

	if (!timer || timer >= sizeof(timers) || ticks > UINT32_MAX)
		return;
	row->timer = timers[timer];
	row->timer_count = (uint32_t)(row->timer == NETSTAT_TIMER_ON ? retransmissions : probes);
	row->ms_timer = ticks * MS_TICK;
	if (row->state == NETSTAT_STATE_TIME_WAIT && row->ms_timer <= MS_TIMEWAIT) {
		row->ms_age = MS_TIMEWAIT - row->ms_timer;
		row->has_age = true;
	}
}

static void owner_set(struct netstat_row *row, uint64_t uid, uint64_t inode)
{
	row->inode = inode;
	row->uid = (uint32_t)uid;
	row->has_uid = inode || uid;
	if (!inode)
		row->unowned = (uint8_t)kernel_state_unowned(row->protocol, row->state);
}

bool proc_net_inet_line(const char *line, size_t n, enum netstat_protocol protocol, uint8_t family,
			struct netstat_row *row)
{
	struct cursor cursor = {.at = line, .end = line + n};
	uint64_t timer, ticks, retransmissions, uid, probes;

	*row = (struct netstat_row){.protocol = (uint8_t)protocol, .family = family};
	skip(&cursor); /* its number */
	read_place(&cursor, family, &row->local);
	read_place(&cursor, family, &row->foreign);
	if (!kernel_state_read(protocol, (unsigned)hex(&cursor), &row->state))
		return false;
	row->send_q = hex(&cursor);
	expect(&cursor, ':');
	row->recv_q = hex(&cursor);
	timer = hex(&cursor);
	expect(&cursor, ':');
	ticks = hex(&cursor);
	retransmissions = hex(&cursor);
	uid = decimal(&cursor);
	probes = decimal(&cursor);
	owner_set(row, uid, decimal(&cursor));
	timer_set(row, timer, ticks, retransmissions, probes);
	if (protocol == NETSTAT_RAW)
		row->foreign.port = 0; /* the local one is the protocol's number */
	if (cursor.bad)
		return false;
	if (protocol != NETSTAT_TCP) {
		skip_fields(&cursor, 2);
		row->drops = decimal(&cursor);
		row->drops = cursor.bad ? 0 : row->drops; /* since Linux 2.6.27 */
	}
	return true;
}

/* ---- SCTP ---- */

static bool read_address(const char *text, size_t n, struct berth_address *out)
{
	char copy[BERTH_ADDRESS_TEXT];

	if (n >= sizeof(copy))
		return false;
	memcpy(copy, text, n);
	copy[n] = 0;
	return berth_address_parse(copy, out) == 0;
}

/* A list of addresses up to "<->" or a tab or the end: the one with a star (the primary one), else the first. */
static void read_addresses(struct cursor *cursor, struct berth_address *out)
{
	static const char arrow[] = "<->";
	bool any = false;

	while (cursor->at < cursor->end && *cursor->at != '\t') {
		const char *begin = cursor->at;
		while (cursor->at < cursor->end && *cursor->at != ' ' && *cursor->at != '\t')
			cursor->at++;
		size_t n = (size_t)(cursor->at - begin);
		if (cursor->at < cursor->end && *cursor->at == ' ')
			cursor->at++;
		if (n == strlen(arrow) && !memcmp(begin, arrow, n))
			break;
		bool star = n && *begin == '*';
		if ((!any || star) && n > star && read_address(begin + star, n - star, out))
			any = true;
	}
	cursor->bad |= !any;
}

bool proc_net_sctp_endpoint_line(const char *line, size_t n, struct netstat_row *row)
{
	struct cursor cursor = {.at = line, .end = line + n};
	uint64_t uid;

	*row = (struct netstat_row){.protocol = NETSTAT_SCTP};
	skip_fields(&cursor, 3); /* endpoint, socket, style */
	if (!kernel_state_read(NETSTAT_SCTP, (unsigned)decimal(&cursor), &row->state))
		return false;
	skip(&cursor);
	row->local.port = (uint16_t)decimal(&cursor);
	uid = decimal(&cursor);
	owner_set(row, uid, decimal(&cursor));
	skip_spaces(&cursor);
	read_addresses(&cursor, &row->local.address);
	row->family = row->foreign.address.family = row->local.address.family;
	/* One that has a state of its own to show; the others are associations, which have their own lines. */
	return !cursor.bad && (row->state == NETSTAT_STATE_LISTEN || row->state == NETSTAT_STATE_CLOSED);
}

bool proc_net_sctp_association_line(const char *line, size_t n, struct netstat_row *row)
{
	struct cursor cursor = {.at = line, .end = line + n};
	uint64_t uid;

	*row = (struct netstat_row){.protocol = NETSTAT_SCTP};
	skip_fields(&cursor, 4); /* association, socket, style, the socket's state */
	if (!kernel_state_read_association((unsigned)decimal(&cursor), &row->state))
		return false;
	skip_fields(&cursor, 2);
	row->send_q = decimal(&cursor);
	row->recv_q = decimal(&cursor);
	uid = decimal(&cursor);
	owner_set(row, uid, decimal(&cursor));
	row->local.port = (uint16_t)decimal(&cursor);
	row->foreign.port = (uint16_t)decimal(&cursor);
	skip_spaces(&cursor);
	read_addresses(&cursor, &row->local.address);
	read_addresses(&cursor, &row->foreign.address);
	row->family = row->foreign.address.family;
	return !cursor.bad;
}

/* ---- Unix sockets ---- */

static const char *path_read(const struct cursor *cursor, char *path)
{
	size_t n = (size_t)(cursor->end - cursor->at);

	if (n < 2 || *cursor->at != ' ')
		return NULL;
	n = n - 1 < PROC_NET_PATH_ROOM - 1 ? n - 1 : PROC_NET_PATH_ROOM - 1;
	for (size_t i = 0; i < n; i++)
		path[i] = words_printable(cursor->at[1 + i]);
	path[n] = 0;
	return path;
}

bool proc_net_unix_line(const char *line, size_t n, struct netstat_row *row, char *path)
{
	/* Those of linux/net.h: between connect and accept, and after. */
	enum { CONNECTING = 2, CONNECTED = 3, ACCEPTING = 1 << 16 };
	struct cursor cursor = {.at = line, .end = line + n};
	uint64_t flags, number_of_state;

	*row = (struct netstat_row){.protocol = NETSTAT_UNIX, .state = NETSTAT_STATE_OPEN};
	skip_fields(&cursor, 3); /* its number, references, protocol */
	flags = hex(&cursor);
	row->unix_type = (uint8_t)hex(&cursor);
	number_of_state = hex(&cursor);
	row->inode = decimal(&cursor);
	if (cursor.bad)
		return false;
	if (flags & ACCEPTING)
		row->state = NETSTAT_STATE_LISTEN;
	else if (number_of_state == CONNECTING || number_of_state == CONNECTED)
		row->state = NETSTAT_STATE_ESTABLISHED;
	if (number_of_state == CONNECTING)
		row->unowned = NETSTAT_UNOWNED_WAITING;
	row->path = path_read(&cursor, path);
	return true;
}

/* ---- files ---- */

/* Hands on the whole lines of buffer[n]; *kept is how many bytes at its beginning are left for the next round. */
static int lines_take(char *buffer, size_t n, size_t *kept, proc_net_on_line *on_line, void *user)
{
	const char *line = buffer, *end = buffer + n, *newline;

	while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
		if (on_line(user, line, (size_t)(newline - line)))
			return PROC_NET_STOPPED;
		line = newline + 1;
	}
	*kept = (size_t)(end - line);
	memmove(buffer, line, *kept);
	return 0;
}

/* A line that fills the buffer is given up; what is left of it will be no line that anybody knows. */
static int file_take(int fd, char *buffer, proc_net_on_line *on_line, void *user)
{
	size_t kept = 0;
	int r = 0;

	while (!r) {
		if (kept == BUFFER)
			kept = 0;
		ssize_t n = read(fd, buffer + kept, BUFFER - kept);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? BERTH_EIO : 0;
		r = lines_take(buffer, kept + (size_t)n, &kept, on_line, user);
	}
	return r;
}

static int open_error(int number)
{
	switch (number) {
	case ENOENT:
	case ENOTDIR:
		return BERTH_ENOENT;
	case EPERM:
	case EACCES:
		return BERTH_EPERM;
	case ENOMEM:
		return BERTH_ENOMEM;
	default:
		return BERTH_EIO;
	}
}

int proc_net_walk(const char *name, proc_net_on_line *on_line, void *user)
{
	char path[64];

	/* /proc/net is that of the first thread, and a thread may be in another network namespace. */
	snprintf(path, sizeof(path), "/proc/thread-self/net/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return open_error(errno);
	char *buffer = malloc(BUFFER);
	int r = buffer ? file_take(fd, buffer, on_line, user) : BERTH_ENOMEM;
	free(buffer);
	close(fd);
	return r;
}
