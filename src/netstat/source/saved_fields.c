/* The tables of a saved snapshot's fields: key, kind and place of each. */
#include "source/saved_fields.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PLACE(of, member) .size = sizeof(((of *)0)->member), .at = offsetof(of, member)
#define FIELD(of, name, member, kind)                                                                                  \
	{                                                                                                              \
		.key = name, .type = kind, PLACE(of, member)                                                           \
	}
#define ALWAYS(of, name, member, kind)                                                                                 \
	{                                                                                                              \
		.key = name, .type = kind, .always = true, PLACE(of, member)                                           \
	}

static const char *const protocols[] = {
#define X(name, text) text,
	NETSTAT_PROTOCOL_MAP(X)
#undef X
};

/* Those of Unix sockets are the same here, and OPEN has a name. */
static const char *const states[] = {
#define X(name, text) text,
	BERTH_TCP_STATE_MAP(X)
#undef X
		"OPEN",
};

static const char *const timers[] = {
	[NETSTAT_TIMER_OFF] = "off",           [NETSTAT_TIMER_ON] = "on",       [NETSTAT_TIMER_KEEPALIVE] = "keepalive",
	[NETSTAT_TIMER_TIMEWAIT] = "timewait", [NETSTAT_TIMER_PROBE] = "probe",
};

static const char *const reasons[] = {
	[NETSTAT_OWNED] = "owned",           [NETSTAT_UNOWNED_TIMEWAIT] = "timewait",
	[NETSTAT_UNOWNED_CLOSED] = "closed", [NETSTAT_UNOWNED_WAITING] = "waiting",
	[NETSTAT_UNOWNED_DENIED] = "denied", [NETSTAT_UNOWNED_ELSEWHERE] = "elsewhere",
};

#define HEAD(name, member, kind) FIELD(struct saved_head, name, member, kind)
static const struct saved_field head_fields[] = {
	HEAD("time", s_time, SAVED_NUMBER),
	HEAD("machine", machine, SAVED_CHARS),
	HEAD("ephemeral_first", ephemeral_first, SAVED_NUMBER),
	HEAD("ephemeral_last", ephemeral_last, SAVED_NUMBER),
};

static const struct saved_field user_fields[] = {
	ALWAYS(struct saved_user, "uid", uid, SAVED_NUMBER),
	ALWAYS(struct saved_user, "name", name, SAVED_TEXT),
};

#define PROCESS(name, member, kind) FIELD(struct netstat_process, name, member, kind)
static const struct saved_field process_fields[] = {
	ALWAYS(struct netstat_process, "pid", pid, SAVED_INT),
	PROCESS("uid", uid, SAVED_NUMBER),
	ALWAYS(struct netstat_process, "program", program, SAVED_TEXT),
	PROCESS("command", command, SAVED_TEXT),
	PROCESS("executable", executable, SAVED_TEXT),
	PROCESS("executable_deleted", executable_deleted, SAVED_BOOL),
	PROCESS("executable_writable", executable_writable, SAVED_BOOL),
	PROCESS("stdin_socket", stdin_socket, SAVED_BOOL),
	PROCESS("cgroup", cgroup, SAVED_TEXT),
	PROCESS("unit", unit, SAVED_TEXT),
	PROCESS("container", container, SAVED_TEXT),
	PROCESS("started", s_started, SAVED_NUMBER),
};

static const struct saved_field owner_fields[] = {
	ALWAYS(struct saved_owner, "inode", inode, SAVED_NUMBER),
	ALWAYS(struct saved_owner, "pid", pid, SAVED_INT),
	FIELD(struct saved_owner, "fd", descriptor, SAVED_INT),
};

static const struct saved_field namespace_fields[] = {
	ALWAYS(struct saved_namespace, "id", id, SAVED_NUMBER),
	FIELD(struct saved_namespace, "inode", inode, SAVED_NUMBER),
	ALWAYS(struct saved_namespace, "name", name, SAVED_TEXT),
};

#define SOCKET(name, member, kind) FIELD(struct saved_socket, name, member, kind)
#define ROW(name, kind) FIELD(struct saved_socket, #name, row.name, kind)
#define ROW_CHOICE(name, must, list)                                                                                   \
	{                                                                                                              \
		.key = #name, .type = SAVED_CHOICE, .always = must, PLACE(struct saved_socket, row.name),              \
		.n_names = COUNT(list), .names = list                                                                  \
	}
static const struct saved_field socket_fields[] = {
	ROW_CHOICE(protocol, true, protocols),
	ROW_CHOICE(state, true, states),
	ROW(family, SAVED_NUMBER),
	ROW(v6only, SAVED_BOOL),
	ROW(unix_type, SAVED_NUMBER),
	ROW(local, SAVED_ADDRESS),
	ROW(foreign, SAVED_ADDRESS),
	ROW(recv_q, SAVED_NUMBER),
	ROW(send_q, SAVED_NUMBER),
	ROW(inode, SAVED_NUMBER),
	ROW(cookie, SAVED_NUMBER),
	ROW(has_uid, SAVED_BOOL),
	ROW(uid, SAVED_NUMBER),
	ROW_CHOICE(unowned, false, reasons),
	ROW(drops, SAVED_NUMBER),
	ROW(cgroup_id, SAVED_NUMBER),
	ROW(interface, SAVED_NUMBER),
	ROW(interface_name, SAVED_NAME),
	ROW(mark, SAVED_NUMBER),
	ROW_CHOICE(timer, false, timers),
	ROW(timer_count, SAVED_NUMBER),
	ROW(ms_timer, SAVED_NUMBER),
	ROW(has_age, SAVED_BOOL),
	ROW(ms_age, SAVED_NUMBER),
	ROW(congestion, SAVED_TEXT),
	ROW(path, SAVED_TEXT),
	ROW(peer_inode, SAVED_NUMBER),
	SOCKET("namespace", namespace_id, SAVED_NUMBER),
	ROW(host, SAVED_TEXT),
	SOCKET("pid", pid, SAVED_INT),
	SOCKET("fd", descriptor, SAVED_INT),
	ROW(local_name, SAVED_NAME),
	ROW(foreign_name, SAVED_NAME),
	SOCKET("tcp", tcp, SAVED_TCP),
};

#define TCP(name, kind) FIELD(struct netstat_tcp, #name, name, kind)
static const struct saved_field tcp_fields[] = {
	TCP(ns_srtt, SAVED_NUMBER),
	TCP(ns_rttvar, SAVED_NUMBER),
	TCP(ns_rto, SAVED_NUMBER),
	TCP(cwnd, SAVED_NUMBER),
	TCP(ssthresh, SAVED_NUMBER),
	TCP(snd_wnd, SAVED_NUMBER),
	TCP(rcv_wnd, SAVED_NUMBER),
	TCP(mss, SAVED_NUMBER),
	TCP(bytes_sent, SAVED_NUMBER),
	TCP(bytes_received, SAVED_NUMBER),
	TCP(bytes_retransmitted, SAVED_NUMBER),
	TCP(bytes_acked, SAVED_NUMBER),
	TCP(segments_sent, SAVED_NUMBER),
	TCP(segments_received, SAVED_NUMBER),
	TCP(segments_retransmitted, SAVED_NUMBER),
	TCP(notsent, SAVED_NUMBER),
	TCP(ms_last_sent, SAVED_NUMBER),
	TCP(ms_last_received, SAVED_NUMBER),
	TCP(delivery_rate, SAVED_NUMBER),
	TCP(has_bytes, SAVED_BOOL),
};

static const struct saved_field end_fields[] = {
	ALWAYS(struct saved_end, "sockets", n_sockets, SAVED_NUMBER),
};

const struct saved_kind saved_head_kind = {"berth_netstat", head_fields, COUNT(head_fields)};
const struct saved_kind saved_user_kind = {"user", user_fields, COUNT(user_fields)};
const struct saved_kind saved_process_kind = {"process", process_fields, COUNT(process_fields)};
const struct saved_kind saved_owner_kind = {"owner", owner_fields, COUNT(owner_fields)};
const struct saved_kind saved_namespace_kind = {"namespace", namespace_fields, COUNT(namespace_fields)};
const struct saved_kind saved_socket_kind = {"socket", socket_fields, COUNT(socket_fields)};
const struct saved_kind saved_tcp_kind = {"tcp", tcp_fields, COUNT(tcp_fields)};
const struct saved_kind saved_end_kind = {"end", end_fields, COUNT(end_fields)};
