/* The kernel's sockets: which protocols are asked for, in which order and how.
 *
 * Protocol by protocol, what listens first. Each is asked of inet_diag or unix_diag; where the kernel answers that it
 * has no such module, and has not sent a single socket, its lines in /proc/net are read instead. A protocol of which
 * the kernel knows nothing either way has no sockets.
 *
 * MPTCP has a table of its own, through which the kernel walks for 0.7 ms a question whatever is in it; whether there
 * is anything in it is counted elsewhere, and read first. */
#include <berth/error.h>
#include <linux/inet_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "source/census.h"
#include "source/diag.h"
#include "source/ends_code.h"
#include "source/inet_message.h"
#include "source/proc_net.h"
#include "source/source.h"
#include "source/state.h"
#include "source/unix_message.h"

/* How a protocol is asked for. */
struct protocol {
	int number;        /* of IP */
	const char *file;  /* in /proc/net; NULL: none, or several */
	const char *file6; /* of IPv6 */
	uint32_t first;    /* what comes first: states of which there are few, and which the kernel finds without a walk
			      through all connections */
	bool together;     /* save here: it walks through a large table whatever it is asked for, mostly in vain */
};

#define LISTEN NETSTAT_BIT(NETSTAT_STATE_LISTEN)
#define CLOSED NETSTAT_BIT(NETSTAT_STATE_CLOSED)

static const struct protocol protocols[NETSTAT_PROTOCOL_N] = {
	[NETSTAT_TCP] = {.number = IPPROTO_TCP, .file = "tcp", .file6 = "tcp6", .first = LISTEN},
	[NETSTAT_MPTCP] = {.number = IPPROTO_MPTCP, .first = LISTEN, .together = true},
	[NETSTAT_UDP] = {.number = IPPROTO_UDP, .file = "udp", .file6 = "udp6"},
	[NETSTAT_UDPLITE] = {.number = IPPROTO_UDPLITE, .file = "udplite", .file6 = "udplite6"},
	/* The kernel tells of idle endpoints only those who ask for both. */
	[NETSTAT_SCTP] = {.number = IPPROTO_SCTP, .first = LISTEN | CLOSED},
	[NETSTAT_DCCP] = {.number = IPPROTO_DCCP, .first = LISTEN},
	[NETSTAT_RAW] = {.number = IPPROTO_RAW, .file = "raw", .file6 = "raw6"},
	[NETSTAT_UNIX] = {.file = "unix", .first = LISTEN},
};

/* The whole of a kernel_rows. */
struct walk {
	const struct netstat_request *request;
	netstat_on_row *on_row;
	void *user;
	struct diag *diag; /* NULL: there is none, diag_error says why */
	int diag_error;
	/* Of what is being read. */
	enum netstat_protocol protocol;
	uint32_t states;   /* to be handed on now */
	uint32_t ask;      /* to be asked for */
	uint32_t families; /* to be asked for */
	uint8_t family;    /* of a file */
	bool any;          /* something has come, wanted or not */
	bool others;       /* sockets in other states have come */
	/* Of all of it. */
	bool asked;    /* there was something to ask for */
	bool answered; /* the kernel has said something, be it that there is nothing */
	int error;     /* the first; 0: none */
	int result;    /* on_row's, when it ended the walk */
};

static int hand_on(struct walk *walk, struct netstat_row *row)
{
	if (!(walk->states & NETSTAT_BIT(row->state))) {
		walk->others = true;
		return 0;
	}
	if (!netstat_wants(walk->request, row->protocol, row->family, row->state))
		return 0;
	return walk->result = walk->on_row(walk->user, row);
}

/* ---- asking ---- */

static int on_inet_message(void *user, const void *message, size_t n)
{
	struct walk *walk = user;
	struct netstat_row row;
	struct netstat_tcp tcp;

	walk->any = true;
	return inet_message_read(message, n, walk->protocol, &row, &tcp) ? hand_on(walk, &row) : 0;
}

static int on_unix_message(void *user, const void *message, size_t n)
{
	struct walk *walk = user;
	struct netstat_row row;
	char path[UNIX_PATH_ROOM];

	walk->any = true;
	return unix_message_read(message, n, &row, path) ? hand_on(walk, &row) : 0;
}

/* What each socket costs more to tell is asked for only where it is needed. */
static uint8_t extensions(const struct walk *walk)
{
	const uint8_t memory = 1 << (INET_DIAG_SKMEMINFO - 1), info = 1 << (INET_DIAG_INFO - 1),
		      congestion = 1 << (INET_DIAG_CONG - 1);
	uint32_t needs = walk->request->needs;
	uint8_t set = 0;

	switch (walk->protocol) {
	case NETSTAT_TCP:
		/* A listener has no figures, but drops; those of a connection are rarely other than 0. */
		if (needs & NETSTAT_NEED_TCP)
			set |= walk->states & LISTEN ? memory : info;
		if (needs & NETSTAT_NEED_CONGESTION)
			set |= congestion;
		return set;
	case NETSTAT_UDP:
	case NETSTAT_UDPLITE:
	case NETSTAT_RAW:
		return memory; /* drops, of sockets that are never many */
	default:
		return 0;
	}
}

static int ask(struct walk *walk, int family)
{
	_Alignas(uint32_t) unsigned char code[ENDS_CODE_MAX];
	size_t n = 0;
	uint32_t show = UDIAG_SHOW_RQLEN | UDIAG_SHOW_UID, states = kernel_state_set(walk->protocol, walk->ask);

	if (!walk->diag)
		return walk->diag_error;
	if (walk->request->needs & NETSTAT_NEED_PEER)
		show |= UDIAG_SHOW_NAME | UDIAG_SHOW_PEER;
	if (family == AF_UNIX)
		return diag_unix(walk->diag, states, show, on_unix_message, walk);
	/* TCP's connections may be so many that the kernel had better pick them. */
	if (walk->protocol == NETSTAT_TCP && !(walk->states & LISTEN))
		n = ends_code(walk->request, code);
	if (family == AF_UNSPEC)
		return diag_tcp(walk->diag, states, extensions(walk), code, n, on_inet_message, walk);
	return diag_inet(walk->diag, family, protocols[walk->protocol].number, states, extensions(walk), code, n,
			 on_inet_message, walk);
}

/* ---- reading files ---- */

static int on_line(void *user, const char *line, size_t n)
{
	struct walk *walk = user;
	struct netstat_row row;
	char path[PROC_NET_PATH_ROOM];
	bool is_row;

	if (walk->protocol == NETSTAT_UNIX)
		is_row = proc_net_unix_line(line, n, &row, path);
	else if (walk->protocol == NETSTAT_SCTP && (walk->states & (LISTEN | CLOSED)))
		is_row = proc_net_sctp_endpoint_line(line, n, &row) && row.family == walk->family;
	else if (walk->protocol == NETSTAT_SCTP)
		is_row = proc_net_sctp_association_line(line, n, &row) && row.family == walk->family;
	else
		is_row = proc_net_inet_line(line, n, walk->protocol, walk->family, &row);
	walk->any = true;
	return is_row ? hand_on(walk, &row) : 0;
}

static int read_file(struct walk *walk, int family)
{
	const struct protocol *protocol = &protocols[walk->protocol];
	const char *name = family == AF_INET6 ? protocol->file6 : protocol->file;

	walk->family = family == AF_INET6 ? BERTH_IP6 : BERTH_IP4;
	if (walk->protocol == NETSTAT_SCTP)
		name = walk->states & (LISTEN | CLOSED) ? "sctp/eps" : "sctp/assocs";
	return name ? proc_net_walk(name, on_line, walk) : BERTH_ENOENT;
}

/* ---- the order ---- */

static void warn(const struct walk *walk, const char *whose, const char *why)
{
	char text[160];

	if (!walk->request->warn)
		return;
	snprintf(text, sizeof(text), "%s sockets: %s", whose, why);
	walk->request->warn(walk->request->warn_user, text);
}

/* What a part has come to. false: the walk is over. */
static bool part_end(struct walk *walk, int r)
{
	if (walk->result)
		return false;
	if (r >= 0)
		walk->answered = true;
	else if (!walk->error)
		walk->error = r;
	const char *whose = netstat_protocol_name(walk->protocol);
	if (r == DIAG_INCOMPLETE)
		warn(walk, whose, "the kernel has dropped some from its answer");
	else if (r == DIAG_INTERRUPTED)
		warn(walk, whose, "they changed while the kernel listed them; some may be missing");
	else if (r < 0)
		warn(walk, whose, berth_error_text(r));
	return true;
}

/* The sockets of a protocol, family and set of states. false: the walk is over. */
static bool part_read(struct walk *walk, int family)
{
	walk->any = false;
	int r = ask(walk, family);
	if (r >= 0 || walk->any)
		return part_end(walk, r);
	int r_file = read_file(walk, family);
	if (r_file != BERTH_ENOENT)
		return part_end(walk, r_file);
	/* Without a way to ask and without a file nothing is known; other protocols will tell more. */
	if (!walk->diag)
		return true;
	return part_end(walk, r == BERTH_ENOENT ? 0 : r);
}

/* Both families at once, where the kernel can. */
static bool part_read_tcp(struct walk *walk)
{
	walk->any = false;
	int r = ask(walk, AF_UNSPEC);
	if (r >= 0 || walk->any)
		return part_end(walk, r);
	return part_read(walk, AF_INET) && part_read(walk, AF_INET6);
}

/* Hands on sockets in some states, asking for some more. */
static bool states_read(struct walk *walk, uint32_t states, uint32_t ask_for)
{
	uint32_t families = walk->families;

	if (!families || !kernel_state_set(walk->protocol, ask_for))
		return true;
	walk->states = states;
	walk->ask = ask_for;
	walk->asked = true;
	if (walk->protocol == NETSTAT_UNIX)
		return part_read(walk, AF_UNIX);
	/* Listeners are few: IPv4 first, as people know it. */
	if (walk->protocol == NETSTAT_TCP && families == NETSTAT_ALL_FAMILIES && !(states & LISTEN))
		return part_read_tcp(walk);
	return (!(families & NETSTAT_IP4) || part_read(walk, AF_INET)) &&
	       (!(families & NETSTAT_IP6) || part_read(walk, AF_INET6));
}

static bool protocol_read(struct walk *walk, enum netstat_protocol number)
{
	const struct protocol *protocol = &protocols[number];
	uint32_t first = walk->request->states & protocol->first, rest = walk->request->states & ~protocol->first;

	walk->protocol = number;
	walk->others = false;
	walk->families = walk->request->families;
	if (number == NETSTAT_MPTCP)
		walk->families &= census_mptcp();
	if (protocol->together && first)
		return states_read(walk, first, first | rest) && (!walk->others || states_read(walk, rest, rest));
	return states_read(walk, first, first ? protocol->first : 0) && states_read(walk, rest, rest);
}

/* Nothing could be read at all, and why. */
static int failed(const struct walk *walk)
{
	int error = walk->error ? walk->error : walk->diag_error;

	if (!walk->error)
		warn(walk, "the kernel's", berth_error_text(error));
	return error == BERTH_EPERM || error == BERTH_ENOMEM ? error : BERTH_EIO;
}

int kernel_rows(const struct netstat_request *request, netstat_on_row *on_row, void *user)
{
	struct walk walk = {.request = request, .on_row = on_row, .user = user};
	bool going = true;

	walk.diag_error = diag_new(&walk.diag);
	for (unsigned i = 0; i < NETSTAT_PROTOCOL_N && going; i++)
		if (request->protocols & NETSTAT_BIT(i))
			going = protocol_read(&walk, i);
	diag_free(walk.diag);
	if (walk.result)
		return walk.result;
	return walk.asked && !walk.answered ? failed(&walk) : 0;
}
