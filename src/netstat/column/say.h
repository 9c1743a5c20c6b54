/* What the functions behind the columns share: how a cell is filled in, and what they are called. */
#ifndef NETSTAT_COLUMN_SAY_H
#define NETSTAT_COLUMN_SAY_H

#include "column.h"

#include <string.h>

/* ---- cells ---- */

static inline void cell_none(struct cell *cell)
{
	cell->kind = CELL_NONE;
	cell->text = "";
	cell->length = 0;
	cell->number = 0;
	cell->plain = true;
}

/* A text of this program's own, of known length: printable ASCII without quotes and backslashes. */
static inline void cell_plain(struct cell *cell, const char *text, size_t n)
{
	cell->kind = CELL_TEXT;
	cell->text = text;
	cell->length = n;
	cell->number = 0;
	cell->plain = true;
}

/* A text from outside, borrowed; NULL and "" say nothing. */
static inline void cell_text(struct cell *cell, const char *text)
{
	if (!text || !*text) {
		cell_none(cell);
		return;
	}
	cell_plain(cell, text, strlen(text));
	cell->plain = false;
}

/* A static text of this program's own; "" says nothing. */
static inline void cell_word(struct cell *cell, const char *text)
{
	if (*text)
		cell_plain(cell, text, strlen(text));
	else
		cell_none(cell);
}

static inline void cell_number(struct cell *cell, uint64_t number)
{
	cell->kind = CELL_NUMBER;
	cell->text = "";
	cell->length = 0;
	cell->number = number;
	cell->plain = true;
}

/* Where 0 means that it is not known. */
static inline void cell_number_known(struct cell *cell, uint64_t number)
{
	if (number)
		cell_number(cell, number);
	else
		cell_none(cell);
}

static inline void cell_duration(struct cell *cell, uint64_t ns)
{
	cell_number(cell, ns);
	cell->kind = CELL_DURATION;
}

/* As many milliseconds; what does not fit is the longest there is. */
static inline void cell_duration_ms(struct cell *cell, uint64_t ms)
{
	cell_duration(cell, ms <= UINT64_MAX / 1000000 ? ms * 1000000 : UINT64_MAX);
}

static inline void cell_bool(struct cell *cell, bool value)
{
	cell_number(cell, value);
	cell->kind = CELL_BOOL;
}

/* ---- texts that are put together in the cell's buffer ----
 *
 * `at` is where the next byte goes; each function returns the new one. What does not fit is left out. */

static inline char *cell_put(struct cell *cell, char *at, const char *text, size_t n)
{
	size_t room = (size_t)(cell->buffer + sizeof(cell->buffer) - at);

	n = n < room ? n : room;
	memcpy(at, text, n);
	return at + n;
}

static inline char *cell_put_text(struct cell *cell, char *at, const char *text)
{
	return cell_put(cell, at, text, strlen(text));
}

char *cell_put_number(struct cell *cell, char *at, uint64_t number);

static inline void cell_done(struct cell *cell, const char *at, bool plain)
{
	cell_plain(cell, cell->buffer, (size_t)(at - cell->buffer));
	cell->plain = plain;
}

/* ---- the functions ---- */

#define COLUMN_SAY_MAP(X)                                                                                              \
	X(proto)                                                                                                       \
	X(protocol)                                                                                                    \
	X(family)                                                                                                      \
	X(recv_q)                                                                                                      \
	X(send_q)                                                                                                      \
	X(local)                                                                                                       \
	X(foreign)                                                                                                     \
	X(local_address)                                                                                               \
	X(foreign_address)                                                                                             \
	X(local_port)                                                                                                  \
	X(foreign_port)                                                                                                \
	X(local_service)                                                                                               \
	X(foreign_service)                                                                                             \
	X(local_name)                                                                                                  \
	X(foreign_name)                                                                                                \
	X(state)                                                                                                       \
	X(scope)                                                                                                       \
	X(service)                                                                                                     \
	X(listener)                                                                                                    \
	X(listener_place)                                                                                              \
	X(listener_pid)                                                                                                \
	X(listener_program)                                                                                            \
	X(direction)                                                                                                   \
	X(process)                                                                                                     \
	X(pid)                                                                                                         \
	X(program)                                                                                                     \
	X(owners)                                                                                                      \
	X(pids)                                                                                                        \
	X(fd)                                                                                                          \
	X(unowned)                                                                                                     \
	X(user)                                                                                                        \
	X(uid)                                                                                                         \
	X(command)                                                                                                     \
	X(executable)                                                                                                  \
	X(executable_deleted)                                                                                          \
	X(cgroup)                                                                                                      \
	X(unit)                                                                                                        \
	X(container)                                                                                                   \
	X(host)                                                                                                        \
	X(namespace)                                                                                                   \
	X(interface)                                                                                                   \
	X(inode)                                                                                                       \
	X(cookie)                                                                                                      \
	X(timer)                                                                                                       \
	X(timer_kind)                                                                                                  \
	X(timer_ms)                                                                                                    \
	X(timer_count)                                                                                                 \
	X(age)                                                                                                         \
	X(drops)                                                                                                       \
	X(mark)                                                                                                        \
	X(v6only)                                                                                                      \
	X(type)                                                                                                        \
	X(path)                                                                                                        \
	X(peer)                                                                                                        \
	X(congestion)                                                                                                  \
	X(rtt)                                                                                                         \
	X(rttvar)                                                                                                      \
	X(rto)                                                                                                         \
	X(cwnd)                                                                                                        \
	X(ssthresh)                                                                                                    \
	X(mss)                                                                                                         \
	X(snd_wnd)                                                                                                     \
	X(rcv_wnd)                                                                                                     \
	X(bytes_sent)                                                                                                  \
	X(bytes_received)                                                                                              \
	X(bytes_acked)                                                                                                 \
	X(bytes_retransmitted)                                                                                         \
	X(segments_sent)                                                                                               \
	X(segments_received)                                                                                           \
	X(retransmitted)                                                                                               \
	X(notsent)                                                                                                     \
	X(delivery_rate)                                                                                               \
	X(rx_rate)                                                                                                     \
	X(tx_rate)                                                                                                     \
	X(last_sent)                                                                                                   \
	X(last_received)                                                                                               \
	X(findings)                                                                                                    \
	X(explanation)

#define X(name) void say_##name(const struct netstat_row *row, bool numeric, struct cell *cell);
COLUMN_SAY_MAP(X)
#undef X

/* ---- order, where it is not that of the cells ---- */

/* By family, value and port. */
int compare_local(const struct netstat_row *a, const struct netstat_row *b);
int compare_foreign(const struct netstat_row *a, const struct netstat_row *b);
/* By the first process's PID; by what the timer is for, then by when it expires. */
int compare_process(const struct netstat_row *a, const struct netstat_row *b);
int compare_timer(const struct netstat_row *a, const struct netstat_row *b);

#endif
