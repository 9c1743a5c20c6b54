/* Writing a saved snapshot: JSON lines, field by field as the tables of saved_fields.c have them.
 *
 * Users, processes and namespaces are written when the first line needs them, so that whoever reads knows them by then;
 * owners and their processes all at the beginning, for they are known by then. */
#include "source/saved_fields.h"

#include "address_text.h"
#include "index.h"
#include "show/writer.h"

#include <berth/error.h>
#include <stdlib.h>
#include <string.h>

/* All that may be known of a process. */
#define PROCESS_NEEDS (NETSTAT_NEED_OWNERS | NETSTAT_NEED_COMMAND | NETSTAT_NEED_EXECUTABLE | NETSTAT_NEED_CGROUP)

struct saved_writer {
	FILE *out;
	struct process_table *processes;
	struct users *users;
	struct index written_users;      /* by UID */
	struct index written_processes;  /* by PID */
	struct index written_namespaces; /* by address: uint32_t, its id */
	uint64_t n_sockets;
};

/* ---- fields ---- */

static void put_text(FILE *out, const char *text)
{
	fputs_unlocked(text, out);
}

static void put_number(FILE *out, uint64_t number)
{
	bool quoted = number > SAVED_NUMBER_MAX;
	char text[24], *end = text;

	if (quoted)
		*end++ = '"';
	end = address_text_number(number, end);
	if (quoted)
		*end++ = '"';
	fwrite_unlocked(text, 1, (size_t)(end - text), out);
}

/* How much of a text is written: what takes at most SAVED_TEXT_MAX bytes, six for each that may have to be escaped. */
static size_t text_length(const char *text)
{
	size_t n = 0, room = SAVED_TEXT_MAX;

	for (; text[n]; n++) {
		size_t taken = text[n] >= ' ' && text[n] <= '~' && text[n] != '"' && text[n] != '\\' ? 1 : 6;
		if (taken > room)
			break;
		room -= taken;
	}
	if (!text[n])
		return n;
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--; /* not within a character of UTF-8 */
	return n;
}

/* Interfaces that the reader of addresses takes for a scope are those of link-local addresses; others are not written
 * with theirs, which row.interface has anyhow. */
static void put_address(FILE *out, const struct berth_socket_address *address)
{
	struct berth_socket_address copy = *address;
	char text[BERTH_ADDRESS_TEXT];

	berth_socket_address_format(&copy, text, sizeof(text));
	if (copy.address.scope && berth_socket_address_parse(text, &copy) < 0) {
		copy.address.scope = 0;
		berth_socket_address_format(&copy, text, sizeof(text));
	}
	putc_unlocked('"', out);
	put_text(out, text);
	putc_unlocked('"', out);
}

/* An unsigned member of any size. */
static uint64_t number_of(const struct saved_field *field, const void *member)
{
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	switch (field->size) {
	case 8:
		memcpy(&u64, member, sizeof(u64));
		return u64;
	case 4:
		memcpy(&u32, member, sizeof(u32));
		return u32;
	case 2:
		memcpy(&u16, member, sizeof(u16));
		return u16;
	default:
		return *(const uint8_t *)member;
	}
}

static bool address_is_unset(const struct berth_socket_address *address)
{
	return address->address.family == BERTH_ANY_FAMILY && address->port == 0;
}

/* The member says nothing. */
static bool is_zero(const struct saved_field *field, const void *member)
{
	switch ((enum saved_type)field->type) {
	case SAVED_NUMBER:
	case SAVED_CHOICE:
		return number_of(field, member) == 0;
	case SAVED_INT:
		return *(const int *)member == 0;
	case SAVED_BOOL:
		return !*(const bool *)member;
	case SAVED_TEXT:
	case SAVED_NAME:
		return !*(const char *const *)member;
	case SAVED_CHARS:
		return !*(const char *)member;
	case SAVED_ADDRESS:
		return address_is_unset(member);
	case SAVED_TCP:
		break;
	}
	return false;
}

static void write_fields(FILE *out, const struct saved_kind *kind, const void *from, const char *comma);

static void write_text(FILE *out, const char *text)
{
	if (!text)
		text = "";
	json_text(out, text, text_length(text));
}

static void write_value(FILE *out, const struct saved_field *field, const void *member)
{
	switch ((enum saved_type)field->type) {
	case SAVED_NUMBER:
		put_number(out, number_of(field, member));
		break;
	case SAVED_INT:
		fprintf(out, "%d", *(const int *)member);
		break;
	case SAVED_BOOL:
		put_text(out, *(const bool *)member ? "true" : "false");
		break;
	case SAVED_TEXT:
	case SAVED_NAME:
		write_text(out, *(const char *const *)member);
		break;
	case SAVED_CHARS:
		write_text(out, member);
		break;
	case SAVED_CHOICE:
		write_text(out, field->names[*(const uint8_t *)member]);
		break;
	case SAVED_ADDRESS:
		put_address(out, member);
		break;
	case SAVED_TCP:
		putc_unlocked('{', out);
		write_fields(out, &saved_tcp_kind, member, "");
		putc_unlocked('}', out);
		break;
	}
}

/* The fields that say something, a comma between them and `comma` before the first. */
static void write_fields(FILE *out, const struct saved_kind *kind, const void *from, const char *comma)
{
	for (size_t i = 0; i < kind->n; i++) {
		const struct saved_field *field = &kind->fields[i];
		const void *member = (const char *)from + field->at;

		if (!field->always && is_zero(field, member))
			continue;
		if (field->type == SAVED_TCP && !((const struct saved_socket *)from)->row.tcp)
			continue;
		put_text(out, comma);
		putc_unlocked('"', out);
		put_text(out, field->key);
		put_text(out, "\":");
		write_value(out, field, member);
		comma = ",";
	}
}

static void write_line(FILE *out, const struct saved_kind *kind, const void *from)
{
	put_text(out, "{\"");
	put_text(out, kind->name);
	put_text(out, "\":{");
	write_fields(out, kind, from, "");
	put_text(out, "}}\n");
}

static void write_head(FILE *out, const struct saved_head *head)
{
	fprintf(out, "{\"%s\":%d", saved_head_kind.name, SAVED_VERSION);
	write_fields(out, &saved_head_kind, head, ",");
	put_text(out, "}\n");
}

/* ---- what sockets need ---- */

static int write_user(struct saved_writer *writer, uint32_t uid)
{
	struct saved_user user = {.uid = uid};
	bool is_new;

	if (!index_get(&writer->written_users, &uid, sizeof(uid), &is_new))
		return BERTH_ENOMEM;
	if (!is_new)
		return 0;
	user.name = users_name(writer->users, uid);
	if (!user.name)
		return BERTH_ENOMEM;
	write_line(writer->out, &saved_user_kind, &user);
	return 0;
}

/* `known` is what is known already, in case the process has ended. */
static int write_process(struct saved_writer *writer, const struct netstat_process *known)
{
	const struct netstat_process *process;
	int pid = known->pid, status;
	bool is_new;

	if (!index_get(&writer->written_processes, &pid, sizeof(pid), &is_new))
		return BERTH_ENOMEM;
	if (!is_new)
		return 0;
	process = process_table_process(writer->processes, pid, PROCESS_NEEDS);
	if (!process)
		process = known;
	status = write_user(writer, process->uid);
	if (status == 0)
		write_line(writer->out, &saved_process_kind, process);
	return status;
}

static int write_namespace(struct saved_writer *writer, const struct netstat_namespace *ns, uint32_t *id)
{
	struct saved_namespace line = {.inode = ns->inode, .name = ns->name};
	bool is_new;
	uint32_t *entry =
		index_get(&writer->written_namespaces, &ns, sizeof(const struct netstat_namespace *), &is_new);

	if (!entry)
		return BERTH_ENOMEM;
	if (is_new) {
		line.id = *entry = (uint32_t)index_count(&writer->written_namespaces);
		write_line(writer->out, &saved_namespace_kind, &line);
	}
	*id = *entry;
	return 0;
}

/* ---- owners ---- */

/* The processes are gathered before any of them is looked at once more: that may change the table that is walked. */
struct gathered {
	struct index pids; /* const struct netstat_process * by PID */
};

static int gather_process(void *user, uint64_t inode, const struct netstat_process *process, int descriptor)
{
	struct gathered *gathered = user;
	const struct netstat_process **entry = index_get(&gathered->pids, &process->pid, sizeof(process->pid), NULL);

	if (!entry)
		return BERTH_ENOMEM;
	*entry = process;
	return 0;
}

static int write_owner(void *user, uint64_t inode, const struct netstat_process *process, int descriptor)
{
	struct saved_writer *writer = user;
	struct saved_owner owner = {inode, process->pid, descriptor};

	write_line(writer->out, &saved_owner_kind, &owner);
	return ferror(writer->out) ? BERTH_EIO : 0;
}

static int write_owners(struct saved_writer *writer)
{
	struct gathered gathered = {0};
	int status = index_init(&gathered.pids, sizeof(const struct netstat_process *));

	if (status == 0)
		status = process_table_each(writer->processes, gather_process, &gathered);
	if (status == 0)
		for (const struct netstat_process **entry = index_next(&gathered.pids, NULL); entry && status == 0;
		     entry = index_next(&gathered.pids, entry))
			status = write_process(writer, *entry);
	if (status == 0)
		status = process_table_each(writer->processes, write_owner, writer);
	index_deinit(&gathered.pids);
	return status;
}

/* ---- the writer ---- */

static void writer_free(struct saved_writer *writer)
{
	index_deinit(&writer->written_users);
	index_deinit(&writer->written_processes);
	index_deinit(&writer->written_namespaces);
	free(writer);
}

int saved_writer_new(FILE *out, const struct saved_head *head, struct process_table *processes, struct users *users,
		     struct saved_writer **writer)
{
	struct saved_writer *made = calloc(1, sizeof(*made));
	int status;

	if (!made)
		return BERTH_ENOMEM;
	made->out = out;
	made->processes = processes;
	made->users = users;
	status = index_init(&made->written_users, 1);
	if (status == 0)
		status = index_init(&made->written_processes, 1);
	if (status == 0)
		status = index_init(&made->written_namespaces, sizeof(uint32_t));
	if (status == 0) {
		write_head(out, head);
		status = write_owners(made);
	}
	if (status == 0 && ferror(out))
		status = BERTH_EIO;
	if (status < 0)
		writer_free(made);
	else
		*writer = made;
	return status;
}

int saved_writer_row(struct saved_writer *writer, const struct netstat_row *row)
{
	struct saved_socket line = {.row = *row};
	int status = row->has_uid ? write_user(writer, row->uid) : 0;

	if (row->tcp)
		line.tcp = *row->tcp;
	if (status == 0 && row->ns)
		status = write_namespace(writer, row->ns, &line.namespace_id);
	if (status == 0 && row->host && row->owners && row->n_owners > 0 && row->owners[0].process) {
		line.pid = row->owners[0].process->pid;
		line.descriptor = row->owners[0].descriptor;
		status = write_process(writer, row->owners[0].process);
	}
	if (status < 0)
		return status;
	write_line(writer->out, &saved_socket_kind, &line);
	writer->n_sockets++;
	return ferror(writer->out) ? BERTH_EIO : 0;
}

int saved_writer_end(struct saved_writer *writer)
{
	struct saved_end end = {writer->n_sockets};
	FILE *out = writer->out;

	write_line(out, &saved_end_kind, &end);
	writer_free(writer);
	return fflush(out) != 0 || ferror(out) ? BERTH_EIO : 0;
}
