/* Reading a saved snapshot: a line at a time, each an object of JSON with one key, which says what the line is about.
 *
 * Nothing in the file is believed: lines are bounded, every member is checked against the table of its kind for type
 * and range before it is used, a socket may only refer to what came before it, and a file without its end is an error.
 * What a later version may add, lines and keys that are not known, is skipped. */
#include "source/saved_fields.h"
#include "source/saved_value.h"

#include "index.h"

#include <berth/error.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	FILE *in;
	char *line; /* SAVED_LINE_MAX + 2 bytes */
	void (*on_head)(void *user, const struct saved_head *head);
	struct process_table *processes;
	struct users *users;
	struct keep *keep;
	const struct netstat_request *request;
	netstat_on_row *on_row;
	void *user;
	struct saved_error *error;
	struct index names;      /* text: const char *, in keep */
	struct index namespaces; /* id: struct netstat_namespace *, in keep */
	struct index pids;       /* of the processes that lines have told of */
	uint64_t n_sockets;
	bool has_head, has_end;
};

__attribute__((format(printf, 2, 3))) static int fail(struct reader *reader, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reader->error->text, sizeof(reader->error->text), format, arguments);
	va_end(arguments);
	return BERTH_EPROTO;
}

/* ---- members ---- */

/* A text that outlives its line; each is kept once. NULL: no memory. */
static const char *kept(struct reader *reader, const char *text)
{
	const char **entry = index_get(&reader->names, text, strlen(text), NULL);

	if (entry && !*entry)
		*entry = keep_text(reader->keep, text, strlen(text));
	return entry ? *entry : NULL;
}

static int read_fields(struct reader *reader, const struct saved_kind *kind, const cJSON *object, void *to);

static int read_tcp(struct reader *reader, const cJSON *item, struct saved_socket *socket)
{
	if (!cJSON_IsObject(item))
		return fail(reader, "'tcp' is no object");
	socket->row.tcp = &socket->tcp;
	return read_fields(reader, &saved_tcp_kind, item, &socket->tcp);
}

static int read_member(struct reader *reader, const struct saved_field *field, const cJSON *item, void *to)
{
	void *member = (char *)to + field->at;
	const char *text;
	bool good = false;

	switch ((enum saved_type)field->type) {
	case SAVED_NUMBER:
		good = saved_read_number(field, item, member);
		break;
	case SAVED_INT:
		good = saved_read_int(item, member);
		break;
	case SAVED_BOOL:
		good = cJSON_IsBool(item);
		*(bool *)member = cJSON_IsTrue(item);
		break;
	case SAVED_TEXT:
		*(const char **)member = saved_text_of(item);
		good = *(const char **)member != NULL;
		break;
	case SAVED_NAME:
		text = saved_text_of(item);
		good = text != NULL;
		if (good && !(*(const char **)member = kept(reader, text)))
			return BERTH_ENOMEM;
		break;
	case SAVED_CHARS:
		good = saved_read_chars(field, item, member);
		break;
	case SAVED_CHOICE:
		good = saved_read_choice(field, item, member);
		break;
	case SAVED_ADDRESS:
		good = cJSON_IsString(item) && berth_socket_address_parse(item->valuestring, member) == 0;
		break;
	case SAVED_TCP:
		return read_tcp(reader, item, to);
	}
	return good ? 0 : fail(reader, "the value of '%s' is not one that it can have", field->key);
}

/* The field of a key: most files have them in the table's order, so the search begins behind the last one. */
static const struct saved_field *field_of(const struct saved_kind *kind, const char *key, size_t *next)
{
	for (size_t i = 0; i < kind->n; i++) {
		size_t at = (*next + i) % kind->n;
		if (strcmp(kind->fields[at].key, key) == 0) {
			*next = at + 1;
			return &kind->fields[at];
		}
	}
	return NULL;
}

static int read_fields(struct reader *reader, const struct saved_kind *kind, const cJSON *object, void *to)
{
	uint64_t seen = 0;
	size_t next = 0;
	const cJSON *item;

	cJSON_ArrayForEach(item, object)
	{
		const struct saved_field *field = item->string ? field_of(kind, item->string, &next) : NULL;
		uint64_t bit;
		int status;

		if (!field)
			continue;
		bit = UINT64_C(1) << (field - kind->fields);
		if (seen & bit)
			return fail(reader, "'%s' is there twice", field->key);
		seen |= bit;
		if ((status = read_member(reader, field, item, to)) < 0)
			return status;
	}
	for (size_t i = 0; i < kind->n; i++)
		if (kind->fields[i].always && !(seen >> i & 1))
			return fail(reader, "'%s' is missing", kind->fields[i].key);
	return 0;
}

/* ---- lines ---- */

static int read_user(struct reader *reader, const cJSON *object)
{
	struct saved_user user = {0};
	int status = read_fields(reader, &saved_user_kind, object, &user);

	return status < 0 ? status : users_put(reader->users, user.uid, user.name);
}

static int read_process(struct reader *reader, const cJSON *object)
{
	struct netstat_process process = {.known = NETSTAT_NEED_OWNERS | NETSTAT_NEED_COMMAND |
						   NETSTAT_NEED_EXECUTABLE | NETSTAT_NEED_CGROUP};
	int status = read_fields(reader, &saved_process_kind, object, &process);

	if (status == 0 && process.pid <= 0)
		return fail(reader, "'pid' is no process");
	if (status == 0 && !index_get(&reader->pids, &process.pid, sizeof(process.pid), NULL))
		return BERTH_ENOMEM;
	return status < 0 ? status : process_table_put_process(reader->processes, &process);
}

/* A process is only looked for when the file has told of it: the table might look at this machine's. */
static int process_before(struct reader *reader, int pid)
{
	if (index_find(&reader->pids, &pid, sizeof(pid)))
		return 0;
	return fail(reader, "no line before it tells of process %d", pid);
}

static int read_owner(struct reader *reader, const cJSON *object)
{
	struct saved_owner owner = {0};
	int status = read_fields(reader, &saved_owner_kind, object, &owner);

	if (status == 0)
		status = process_before(reader, owner.pid);
	return status < 0 ? status
			  : process_table_put_owner(reader->processes, owner.inode, owner.pid, owner.descriptor);
}

static int read_namespace(struct reader *reader, const cJSON *object)
{
	struct saved_namespace line = {0};
	struct netstat_namespace *ns, **entry;
	int status = read_fields(reader, &saved_namespace_kind, object, &line);
	bool is_new;

	if (status < 0)
		return status;
	entry = index_get(&reader->namespaces, &line.id, sizeof(line.id), &is_new);
	if (!entry)
		return BERTH_ENOMEM;
	if (!is_new || line.id == 0)
		return fail(reader, "the namespace's 'id' is %s", is_new ? "0" : "another one's");
	ns = keep_bytes(reader->keep, sizeof(*ns));
	if (!ns || !(ns->name = kept(reader, line.name)))
		return BERTH_ENOMEM;
	ns->inode = line.inode;
	*entry = ns;
	return 0;
}

/* What the table cannot say: members that must go together. */
static int check_socket(struct reader *reader, const struct netstat_row *row)
{
	uint8_t local = row->local.address.family, foreign = row->foreign.address.family;

	if (row->protocol == NETSTAT_UNIX ? row->family != 0 : row->family != BERTH_IP4 && row->family != BERTH_IP6)
		return fail(reader, "'family' %u is none of the protocol's", row->family);
	if ((local && local != row->family) || (foreign && foreign != row->family))
		return fail(reader, "an address is not of the socket's family");
	return 0;
}

static int socket_namespace(struct reader *reader, struct saved_socket *socket)
{
	struct netstat_namespace **ns =
		index_find(&reader->namespaces, &socket->namespace_id, sizeof(socket->namespace_id));

	if (!ns)
		return fail(reader, "no line before it tells of namespace %" PRIu32, socket->namespace_id);
	socket->row.ns = *ns;
	return 0;
}

/* The process of a berth host's socket; other sockets have theirs by their inode. */
static int socket_owner(struct reader *reader, struct saved_socket *socket, struct netstat_owner *owner)
{
	int status = process_before(reader, socket->pid);

	if (status < 0)
		return status;
	owner->process = process_table_process(reader->processes, socket->pid, 0);
	owner->descriptor = socket->descriptor;
	if (!owner->process)
		return BERTH_ENOMEM;
	socket->row.owners = owner;
	socket->row.n_owners = 1;
	return 0;
}

static int read_socket(struct reader *reader, const cJSON *object)
{
	struct saved_socket socket = {0};
	struct netstat_owner owner;
	int status = read_fields(reader, &saved_socket_kind, object, &socket);

	if (status == 0)
		status = check_socket(reader, &socket.row);
	if (status < 0)
		return status;
	reader->n_sockets++;
	if (socket.namespace_id && (status = socket_namespace(reader, &socket)) < 0)
		return status;
	if (socket.pid && (status = socket_owner(reader, &socket, &owner)) < 0)
		return status;
	if (!netstat_wants(reader->request, socket.row.protocol, socket.row.family, socket.row.state))
		return 0;
	return reader->on_row(reader->user, &socket.row);
}

static int read_end(struct reader *reader, const cJSON *object)
{
	struct saved_end end = {0};
	int status = read_fields(reader, &saved_end_kind, object, &end);

	if (status < 0)
		return status;
	if (end.n_sockets != reader->n_sockets)
		return fail(reader, "it had %" PRIu64 " sockets when it was written, and has %" PRIu64, end.n_sockets,
			    reader->n_sockets);
	reader->has_end = true;
	return 0;
}

static int read_head(struct reader *reader, const cJSON *line)
{
	const cJSON *version = cJSON_GetObjectItemCaseSensitive(line, saved_head_kind.name);
	struct saved_head head = {0};
	uint64_t number;
	int status;

	if (!version || !saved_number_of(version, UINT64_MAX, &number) || number == 0)
		return fail(reader, "this is no saved snapshot: the first line has no \"berth_netstat\"");
	if (number > SAVED_VERSION) {
		fail(reader, "it is of version %" PRIu64 ", and this berth reads up to %d", number, SAVED_VERSION);
		return BERTH_EPROTONOSUPPORT;
	}
	status = read_fields(reader, &saved_head_kind, line, &head);
	if (status < 0)
		return status;
	status = process_table_use_saved(reader->processes);
	if (status < 0)
		return status;
	reader->has_head = true;
	if (reader->on_head)
		reader->on_head(reader->user, &head);
	return 0;
}

static int read_kind(struct reader *reader, const cJSON *item)
{
	static const struct {
		const struct saved_kind *kind;
		int (*read)(struct reader *reader, const cJSON *object);
	} kinds[] = {
		{&saved_socket_kind, read_socket},       {&saved_owner_kind, read_owner},
		{&saved_process_kind, read_process},     {&saved_user_kind, read_user},
		{&saved_namespace_kind, read_namespace}, {&saved_end_kind, read_end},
	};

	for (size_t i = 0; item && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind->name, item->string) == 0)
			return cJSON_IsObject(item) ? kinds[i].read(reader, item)
						    : fail(reader, "'%s' is no object", item->string);
	return 0;
}

static int read_line(struct reader *reader, size_t n)
{
	cJSON *line;
	int status;

	if (memchr(reader->line, 0, n))
		return fail(reader, "a NUL is in the line");
	if (strspn(reader->line, " \t\r") == n)
		return 0;
	if (reader->has_end)
		return fail(reader, "something follows the end");
	line = cJSON_ParseWithLengthOpts(reader->line, n + 1, NULL, true);
	if (!cJSON_IsObject(line))
		status = fail(reader, reader->has_head ? "the line is no object of JSON"
						       : "this is no saved snapshot: its first line is no JSON");
	else
		status = reader->has_head ? read_kind(reader, line->child) : read_head(reader, line);
	cJSON_Delete(line);
	return status;
}

/* ---- the file ---- */

/* The next line, without its newline, NUL-terminated: true and *n, which is greater than SAVED_LINE_MAX when the line
 * is too long. false: there is none. */
static bool next_line(struct reader *reader, size_t *n)
{
	int c;

	*n = 0;
	while ((c = getc_unlocked(reader->in)) != EOF && c != '\n' && *n <= SAVED_LINE_MAX)
		reader->line[(*n)++] = (char)c;
	reader->line[*n] = 0;
	return c != EOF || *n > 0;
}

static int read_lines(struct reader *reader)
{
	size_t n;

	while (next_line(reader, &n)) {
		int status;

		reader->error->line++;
		if (n > SAVED_LINE_MAX)
			return fail(reader, "the line is longer than %d bytes", SAVED_LINE_MAX);
		if ((status = read_line(reader, n)) != 0)
			return status;
	}
	if (ferror(reader->in))
		return BERTH_EIO;
	if (!reader->has_head)
		return fail(reader, "this is no saved snapshot: it is empty");
	if (!reader->has_end)
		return fail(reader, "it was cut short: its end is missing");
	return 0;
}

int saved_read(FILE *in, void (*on_head)(void *user, const struct saved_head *head), struct process_table *processes,
	       struct users *users, struct keep *keep, const struct netstat_request *request, netstat_on_row *on_row,
	       void *user, struct saved_error *error)
{
	struct reader reader = {
		.in = in,
		.line = malloc(SAVED_LINE_MAX + 2),
		.on_head = on_head,
		.processes = processes,
		.users = users,
		.keep = keep,
		.request = request,
		.on_row = on_row,
		.user = user,
		.error = error,
	};
	int status = reader.line ? 0 : BERTH_ENOMEM;

	*error = (struct saved_error){0};
	if (status == 0)
		status = index_init(&reader.names, sizeof(const char *));
	if (status == 0)
		status = index_init(&reader.namespaces, sizeof(struct netstat_namespace *));
	if (status == 0)
		status = index_init(&reader.pids, 1);
	if (status == 0)
		status = read_lines(&reader);
	index_deinit(&reader.pids);
	index_deinit(&reader.names);
	index_deinit(&reader.namespaces);
	free(reader.line);
	return status;
}
