/* The difference between two looks: each look is an index from a socket's key to its row. The look before is walked for
 * what is gone, and freed. */
#include "changes.h"
#include "index.h"

#include <berth/error.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* How many sockets with the same key a look tells apart: without cookie and inode, several UDP sockets may share one
 * address. */
#define SAME_MAX 16u

struct key {
	size_t n;
	uint8_t bytes[160];
};

/* A socket of a look. */
struct socket {
	struct netstat_row *row; /* in the look's rows */
	uint64_t ns_opened;      /* when it was seen for the first time; 0: in the first look */
	unsigned looks;          /* how many looks since then; UINT_MAX: it was there before */
	bool shown_again;        /* by the look after */
	bool closed;             /* and told so */
};

struct look_rows {
	struct index sockets;
	struct netstat_rows rows;
	uint64_t ns;
};

struct changes {
	struct changes_config config;
	struct look_rows last, next;
	struct socket *expected; /* of the last look: the one behind the one that was met last; NULL: none */
	/* Keys, with a cookie in them, of what was told as closed lately: the kernel's word on a socket comes some time
	 * after it is gone from the lists, and it may be seen in TIME_WAIT after that word. [0]: since the last look,
	 * [1]: since the one before. */
	struct index gone[2];
	bool has_last;
};

const char *change_name(enum change change)
{
	static const char *const names[] = {
		[CHANGE_OPENED] = "opened",
		[CHANGE_CLOSED] = "closed",
		[CHANGE_CHANGED] = "changed",
	};

	return names[change];
}

/* ---- keys ---- */

static void put(struct key *key, const void *bytes, size_t n)
{
	if (n > sizeof(key->bytes) - key->n)
		n = sizeof(key->bytes) - key->n;
	memcpy(key->bytes + key->n, bytes, n);
	key->n += n;
}

static void put_address(struct key *key, const struct berth_socket_address *address)
{
	put(key, &address->address.family, sizeof(address->address.family));
	put(key, address->address.bytes, address->address.family == BERTH_IP6 ? 16 : 4);
	put(key, &address->address.scope, sizeof(address->address.scope));
	put(key, &address->port, sizeof(address->port));
}

/* `nth`: which of those with the same key. Keys with a number of the kernel's have few bytes, which is what makes them
 * fast. */
static struct key key_of(const struct changes *changes, const struct netstat_row *row, uint8_t nth)
{
	uint64_t ns = row->ns && row->ns->inode ? row->ns->inode : changes->config.own_namespace;
	struct key key = {.n = 0};
	uint8_t kind = row->cookie ? 'c' : row->inode ? 'i' : 'p';

	put(&key, &row->protocol, 1);
	put(&key, &kind, 1);
	put(&key, &nth, 1);
	if (row->host)
		put(&key, row->host, strnlen(row->host, 64));
	else
		put(&key, &ns, sizeof(ns));
	if (row->cookie) {
		put(&key, &row->cookie, sizeof(row->cookie));
	} else if (row->inode) {
		put(&key, &row->inode, sizeof(row->inode));
	} else {
		put_address(&key, &row->local);
		put_address(&key, &row->foreign);
		put(&key, "h", row->host != NULL);
	}
	return key;
}

/* The key of what has neither cookie nor inode. */
static struct key key_of_ends(const struct changes *changes, const struct netstat_row *row)
{
	struct netstat_row bare = *row;

	bare.cookie = bare.inode = 0;
	return key_of(changes, &bare, 0);
}

/* ---- copies of rows ---- */

static bool own_text(struct keep *keep, const char **text)
{
	return !*text || (*text = keep_text(keep, *text, strlen(*text)));
}

static bool own_listener(struct keep *keep, const struct berth_socket_address **listener)
{
	struct berth_socket_address *copy = *listener ? keep_bytes(keep, sizeof(*copy)) : NULL;

	if (copy)
		*copy = **listener;
	bool ok = copy || !*listener;
	*listener = copy;
	return ok;
}

int changes_keep(struct netstat_rows *rows, const struct netstat_row *row)
{
	int r = netstat_rows_add(rows, row);

	if (r < 0)
		return r;
	struct netstat_row *copy = rows->rows[rows->n - 1];
	struct keep *keep = &rows->keep;
	bool ok = own_text(keep, &copy->user) && own_text(keep, &copy->interface_name) &&
		  own_text(keep, &copy->local_service) && own_text(keep, &copy->foreign_service) &&
		  own_text(keep, &copy->local_name) && own_text(keep, &copy->foreign_name) &&
		  own_text(keep, &copy->explanation) && own_listener(keep, &copy->listener);
	return ok ? 0 : BERTH_ENOMEM;
}

/* ---- looks ---- */

static int look_init(struct look_rows *look, uint64_t ns)
{
	*look = (struct look_rows){.ns = ns};
	return index_init(&look->sockets, sizeof(struct socket));
}

static void look_deinit(struct look_rows *look)
{
	index_deinit(&look->sockets);
	netstat_rows_free(&look->rows);
}

struct changes *changes_new(const struct changes_config *config)
{
	struct changes *changes = calloc(1, sizeof(*changes));

	if (!changes)
		return NULL;
	changes->config = *config;
	if (index_init(&changes->gone[0], 1) < 0 || index_init(&changes->gone[1], 1) < 0)
		return changes_free(changes);
	return changes;
}

struct changes *changes_free(struct changes *changes)
{
	if (!changes)
		return NULL;
	look_deinit(&changes->last);
	look_deinit(&changes->next);
	index_deinit(&changes->gone[0]);
	index_deinit(&changes->gone[1]);
	free(changes);
	return NULL;
}

static int tell(const struct changes *changes, enum change change, const struct netstat_row *row)
{
	return changes->config.on_change ? changes->config.on_change(changes->config.user, change, row) : 0;
}

int changes_begin(struct changes *changes, uint64_t ns_now)
{
	look_deinit(&changes->next);
	changes->expected = changes->has_last ? index_next(&changes->last.sockets, NULL) : NULL;
	return look_init(&changes->next, ns_now);
}

static bool has_key(const struct socket *socket, const struct key *key)
{
	size_t n;
	const void *bytes = index_key(socket, &n);

	return n == key->n && memcmp(bytes, key->bytes, n) == 0;
}

/* The socket of the last look with this key, or NULL. Sockets mostly come in the order of the look before, so that the
 * next one need not be searched for in a table that is too large for the processor's cache. */
static struct socket *meet(struct changes *changes, const struct key *key)
{
	struct socket *socket = changes->expected;

	if (!changes->has_last)
		return NULL;
	if (!socket || !has_key(socket, key))
		socket = index_find(&changes->last.sockets, key->bytes, key->n);
	if (socket)
		changes->expected = index_next(&changes->last.sockets, socket);
	return socket;
}

/* The socket that a row of the look is, made; its equal in the look before goes to *before. NULL: out of memory, or too
 * many of one key (*too_many). */
static struct socket *socket_new(struct changes *changes, const struct netstat_row *row, struct socket **before,
				 bool *too_many)
{
	bool is_new = false;

	*too_many = false;
	for (uint8_t nth = 0; nth < SAME_MAX; nth++) {
		struct key key = key_of(changes, row, nth);
		struct socket *socket = index_get(&changes->next.sockets, key.bytes, key.n, &is_new);
		if (!socket)
			return NULL;
		if (!is_new)
			continue;
		*before = meet(changes, &key);
		return socket;
	}
	*too_many = true;
	return NULL;
}

static void fill_in_rates(struct netstat_row *row, const struct netstat_row *before, uint64_t ns)
{
	if (!row->tcp || !before->tcp || ns == 0)
		return;
	uint64_t rx = row->tcp->bytes_received - before->tcp->bytes_received;
	uint64_t tx = row->tcp->bytes_sent - before->tcp->bytes_sent;
	row->has_rates = row->tcp->bytes_received >= before->tcp->bytes_received &&
			 row->tcp->bytes_sent >= before->tcp->bytes_sent;
	row->rx_rate = row->has_rates ? (uint64_t)((double)rx * 1e9 / (double)ns) : 0;
	row->tx_rate = row->has_rates ? (uint64_t)((double)tx * 1e9 / (double)ns) : 0;
}

static void fill_in_age(struct netstat_row *row, uint64_t ns_opened, uint64_t ns_now)
{
	if (row->has_age || ns_opened == 0 || ns_now < ns_opened)
		return;
	row->ms_age = (ns_now - ns_opened) / 1000000;
	row->has_age = true;
}

static bool differs(const struct changes *changes, const struct netstat_row *a, const struct netstat_row *b)
{
	const struct columns *columns = changes->config.compare;

	if (a->state != b->state)
		return true;
	for (size_t i = 0; columns && i < columns->n; i++)
		if (column_compare(columns->columns[i], a, b) != 0)
			return true;
	return false;
}

/* Was it told as closed lately? What is left of it is nothing new. */
static bool is_gone(const struct changes *changes, const struct key *key)
{
	return index_find(&changes->gone[0], key->bytes, key->n) || index_find(&changes->gone[1], key->bytes, key->n);
}

/* What the kernel keeps of a TCP connection whose socket it has destroyed. When nobody had looked at the socket before,
 * this has another cookie. */
static bool is_rest_of_gone(const struct changes *changes, const struct netstat_row *row)
{
	if (row->protocol != NETSTAT_TCP || row->inode ||
	    (row->state != NETSTAT_STATE_TIME_WAIT && row->state != NETSTAT_STATE_FIN_WAIT_2))
		return false;
	struct key key = key_of_ends(changes, row);
	return is_gone(changes, &key);
}

/* Tells of a socket that the look before has not, and of one that it has. */
static int tell_new(struct changes *changes, struct socket *socket)
{
	struct key key = key_of(changes, socket->row, 0);
	bool over = socket->row->state == NETSTAT_STATE_TIME_WAIT,
	     told = is_gone(changes, &key) || is_rest_of_gone(changes, socket->row);

	socket->looks = changes->has_last ? 0 : UINT_MAX;
	socket->ns_opened = changes->has_last ? changes->next.ns : 0;
	socket->closed = over || told;
	if (!changes->has_last || told)
		return 0;
	int r = tell(changes, CHANGE_OPENED, socket->row);
	return r == 0 && over ? tell(changes, CHANGE_CLOSED, socket->row) : r;
}

/* Without a number of the kernel's, a socket that was over and is not any more is another one at the same address. */
static bool is_another(const struct socket *socket, const struct socket *before)
{
	return before->closed && !socket->row->cookie && socket->row->state != NETSTAT_STATE_TIME_WAIT;
}

static int tell_known(struct changes *changes, struct socket *socket, struct socket *before)
{
	before->shown_again = true;
	if (is_another(socket, before))
		return tell_new(changes, socket);
	socket->looks = before->looks == UINT_MAX ? UINT_MAX : before->looks + (before->looks < UINT_MAX - 1);
	socket->ns_opened = before->ns_opened;
	socket->closed = before->closed || socket->row->state == NETSTAT_STATE_TIME_WAIT;
	if (before->closed)
		return 0;
	if (socket->closed)
		return tell(changes, CHANGE_CLOSED, socket->row);
	return differs(changes, before->row, socket->row) ? tell(changes, CHANGE_CHANGED, socket->row) : 0;
}

int changes_row(struct changes *changes, struct netstat_row *row)
{
	struct socket *before = NULL;
	bool too_many;
	struct socket *socket = socket_new(changes, row, &before, &too_many);

	if (!socket)
		return too_many ? 0 : BERTH_ENOMEM;
	if (before)
		fill_in_rates(row, before->row, changes->next.ns - changes->last.ns);
	fill_in_age(row, before ? before->ns_opened : changes->has_last ? changes->next.ns : 0, changes->next.ns);
	int r = changes_keep(&changes->next.rows, row);
	if (r < 0)
		return r;
	socket->row = changes->next.rows.rows[changes->next.rows.n - 1];
	return before ? tell_known(changes, socket, before) : tell_new(changes, socket);
}

/* Those told as closed since the last look become those from before it. */
static int gone_forget(struct changes *changes)
{
	struct index empty;
	int r = index_init(&empty, 1);

	if (r < 0)
		return r;
	index_deinit(&changes->gone[1]);
	changes->gone[1] = changes->gone[0];
	changes->gone[0] = empty;
	return 0;
}

static int gone_add(struct changes *changes, const struct netstat_row *row)
{
	struct key key = key_of(changes, row, 0);

	return !row->cookie || index_get(&changes->gone[0], key.bytes, key.n, NULL) ? 0 : BERTH_ENOMEM;
}

static int close_missing(struct changes *changes)
{
	struct socket *socket = NULL;

	while ((socket = index_next(&changes->last.sockets, socket)) != NULL) {
		if (socket->shown_again)
			continue;
		int r = gone_add(changes, socket->row);
		if (r == 0 && !socket->closed)
			r = tell(changes, CHANGE_CLOSED, socket->row);
		if (r == 0 && changes->config.on_gone)
			r = changes->config.on_gone(changes->config.user, CHANGE_CLOSED, socket->row);
		if (r != 0)
			return r;
	}
	return 0;
}

int changes_end(struct changes *changes)
{
	int r = gone_forget(changes);

	if (r == 0 && changes->has_last)
		r = close_missing(changes);
	look_deinit(&changes->last);
	changes->last = changes->next;
	changes->next = (struct look_rows){0};
	changes->expected = NULL;
	changes->has_last = true;
	return r;
}

int changes_destroyed(struct changes *changes, struct netstat_row *row, uint64_t ns_now)
{
	struct key key = key_of(changes, row, 0);
	struct socket *socket = changes->has_last ? index_find(&changes->last.sockets, key.bytes, key.n) : NULL;

	if (!changes->has_last || is_gone(changes, &key) || (socket && socket->closed))
		return 0;
	if (socket) {
		socket->closed = true;
		fill_in_age(socket->row, socket->ns_opened, ns_now);
		return tell(changes, CHANGE_CLOSED, socket->row);
	}
	struct key ends = key_of_ends(changes, row);
	int r = gone_add(changes, row);
	if (r == 0 && !index_get(&changes->gone[0], ends.bytes, ends.n, NULL))
		r = BERTH_ENOMEM;
	if (r == 0)
		r = tell(changes, CHANGE_OPENED, row);
	return r == 0 ? tell(changes, CHANGE_CLOSED, row) : r;
}

struct netstat_rows *changes_rows(struct changes *changes)
{
	return &changes->last.rows;
}

/* Of several with one key, the one that is this very row. */
static const struct socket *socket_find(const struct changes *changes, const struct netstat_row *row)
{
	const struct socket *first = NULL;

	for (uint8_t nth = 0; changes->has_last && nth < SAME_MAX; nth++) {
		struct key key = key_of(changes, row, nth);
		const struct socket *socket = index_find(&changes->last.sockets, key.bytes, key.n);
		if (!socket || socket->row == row)
			return socket ? socket : first;
		first = first ? first : socket;
	}
	return first;
}

unsigned changes_looks_since_opened(const struct changes *changes, const struct netstat_row *row)
{
	const struct socket *socket = socket_find(changes, row);

	return socket && socket->row == row ? socket->looks : UINT_MAX;
}

const struct netstat_row *changes_same(const struct changes *changes, const struct netstat_row *row)
{
	const struct socket *socket = socket_find(changes, row);

	return socket ? socket->row : NULL;
}
