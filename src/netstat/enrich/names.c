/* Names of hosts: every distinct address once, what /etc/hosts does not know by a PTR question through c-ares.
 *
 *     names_want -> known from hosts ---------------------------> done
 *                -> queue -> window of questions under way -> answer, or the deadline
 *
 * c-ares neither waits nor starts threads: it says which sockets it wants watched, and names_run polls these. Every way
 * an address can take ends in settle(), which is where a name is checked: whoever owns an address chooses what name its
 * PTR record has, and a name goes to terminals and into files.
 *
 * Questions go by UDP only. A truncated answer (RFC 1035 section 4.1.1) is taken for what is in it, as one name of a
 * host with more names than a datagram holds is as good as another; EDNS (RFC 6891) makes that rare. */
#include "enrich/names.h"

#include "enrich/hosts_file.h"
#include "index.h"

/* What newer c-ares calls deprecated is there in all of its versions. */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <berth/error.h>
#include <berth/platform.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_MS UINT64_C(1000000)
#define NS_S UINT64_C(1000000000)

enum {
	EDNS_SIZE = 1232, /* IPv6's least MTU of 1280 (RFC 8200 section 5) without its header and UDP's */
	TRIES = 4,
	MS_TRY_MIN = 20,
	MS_TRY_MAX = 2000,
	N_READY = 16, /* sockets that one round serves */
	REPEATED = 4, /* answers in a row that came after a repetition, before the servers' order changes */
};

#define NS_DEADLINE_MAX (86400 * NS_S)
#define NS_ASK_AGAIN (60 * NS_S)
#define NS_PUMP NS_MS /* names_want looks for answers that often */
#define QUIET_DEADLINES 10

enum state {
	STATE_NEW,     /* not asked for yet */
	STATE_PENDING, /* in the queue, or under way */
	STATE_SETTLED, /* asked for, and answered or not */
	STATE_FIXED,   /* never asked for */
};

struct name {
	struct names *names;
	struct name *next; /* in the queue */
	const char *text;  /* NULL: none */
	uint64_t ns_settled;
	uint8_t state; /* enum state */
	uint8_t n;     /* of the key: 4 or 16 */
	uint8_t key[HOSTS_FILE_KEY_MAX];
};

struct names {
	struct hosts_file *hosts;
	struct index index; /* hosts_file_key to struct name */
	struct keep keep;   /* the texts */
	ares_channel channel;
	bool has_library, has_channel;

	unsigned window;
	uint64_t ns_deadline; /* how long a list may take */

	struct name *queue, *queue_last;
	size_t n_pending; /* in the queue and under way */
	unsigned n_under_way;
	uint64_t n_settled; /* ever */

	uint64_t ns_list_end; /* the deadline of the list that is pending */
	bool late;            /* the list's deadline is over; the next begins when names_run has said so */
	bool answered;        /* somebody has answered something in this list */
	bool turning;         /* what is cancelled now is asked again */
	unsigned n_turns;     /* of the servers' order in this list */
	unsigned n_repeated;  /* answers in a row that came after a repetition */
	uint64_t ns_quiet;    /* nobody is asked until then */
	uint64_t ns_now;      /* the last reading of the clock */
	uint64_t ns_pumped;   /* when sockets were looked at last */

	struct pollfd *polls; /* the sockets of c-ares */
	size_t n_polls, room_polls;
};

/* ---- sockets ---- */

static struct pollfd *poll_of(struct names *names, int fd)
{
	for (size_t i = 0; i < names->n_polls; i++) {
		if (names->polls[i].fd == fd)
			return &names->polls[i];
	}
	return NULL;
}

static struct pollfd *poll_add(struct names *names, int fd)
{
	if (names->n_polls == names->room_polls) {
		size_t room = names->room_polls ? 2 * names->room_polls : 8;
		struct pollfd *polls = realloc(names->polls, room * sizeof(*polls));
		if (!polls)
			return NULL;
		names->polls = polls;
		names->room_polls = room;
	}
	names->polls[names->n_polls] = (struct pollfd){.fd = fd};
	return &names->polls[names->n_polls++];
}

/* c-ares tells what it waits for on a socket; nothing when it closes it. Out of memory the socket is not watched, and
 * its questions run into the deadline. */
static void on_socket(void *data, ares_socket_t fd, int readable, int writable)
{
	struct names *names = data;
	struct pollfd *at = poll_of(names, fd);

	if (!readable && !writable) {
		if (at)
			*at = names->polls[--names->n_polls];
		return;
	}
	if (!at && !(at = poll_add(names, fd)))
		return;
	at->events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
}

/* ---- questions ---- */

static void settle(struct name *name, const char *text)
{
	struct names *names = name->names;
	size_t n = text ? strnlen(text, HOSTS_FILE_NAME_MAX) : 0;

	name->state = STATE_SETTLED;
	name->ns_settled = names->ns_now;
	name->text = hosts_file_is_name(text, n) ? keep_text(&names->keep, text, n) : NULL;
}

/* Whether a status is what somebody answered, and not that nobody did. */
static bool is_answer(int status)
{
	switch (status) {
	case ARES_SUCCESS:
	case ARES_ENODATA:
	case ARES_EFORMERR:
	case ARES_ESERVFAIL:
	case ARES_ENOTFOUND:
	case ARES_ENOTIMP:
	case ARES_EREFUSED:
	case ARES_EBADRESP:
		return true;
	default:
		return false;
	}
}

static void enqueue(struct names *names, struct name *name)
{
	name->state = STATE_PENDING;
	name->next = NULL;
	if (names->queue)
		names->queue_last->next = name;
	else
		names->queue = name;
	names->queue_last = name;
	names->n_pending++;
}

static void on_answer(void *data, int status, int timeouts, struct hostent *host)
{
	struct name *name = data;
	struct names *names = name->names;

	names->n_under_way--;
	names->n_pending--;
	if (status == ARES_ECANCELLED && names->turning) {
		enqueue(names, name);
		return;
	}
	names->n_settled++;
	if (is_answer(status)) {
		names->answered = true;
		names->n_repeated = timeouts ? names->n_repeated + 1 : 0;
	}
	settle(name, status == ARES_SUCCESS && host ? host->h_name : NULL);
}

/* Puts the first server last. c-ares 1.18 begins every question with the first one, so that a silent one would
 * hold up each windowful anew. Servers can be set while no question is under way only: those are asked again. */
static void turn_servers(struct names *names)
{
	struct ares_addr_port_node *first = NULL, *last;
	unsigned n = 1;

	names->n_repeated = 0;
	if (ares_get_servers_ports(names->channel, &first) != ARES_SUCCESS || !first)
		return;
	for (last = first; last->next; last = last->next)
		n++;
	if (++names->n_turns < n) {
		names->turning = true;
		ares_cancel(names->channel);
		names->turning = false;
		last->next = first;
		last = first;
		first = first->next;
		last->next = NULL;
		ares_set_servers_ports(names->channel, first);
	}
	ares_free_data(first);
}

/* Questions from the queue into the window. on_answer may be called at once. */
static void ask(struct names *names)
{
	if (names->queue && names->n_repeated >= REPEATED)
		turn_servers(names);
	while (names->queue && names->n_under_way < names->window) {
		struct name *name = names->queue;
		names->queue = name->next;
		names->n_under_way++;
		ares_gethostbyaddr(names->channel, name->key, name->n, name->n == 4 ? AF_INET : AF_INET6, on_answer,
				   name);
	}
}

/* ---- time ---- */

/* The list's time is over: what is not known by now has no name. What was not asked at all may be in the next list. */
static void give_up(struct names *names)
{
	struct name *queue = names->queue;

	names->late = true;
	names->queue = NULL;
	ares_cancel(names->channel);
	for (; queue; queue = queue->next) {
		names->n_pending--;
		queue->state = STATE_NEW;
	}
	if (!names->answered)
		names->ns_quiet = names->ns_now + QUIET_DEADLINES * names->ns_deadline;
}

/* How long to wait for sockets: until c-ares wants to repeat a question, but not longer than ns_wait. */
static struct timespec wait_for(struct names *names, uint64_t ns_wait)
{
	struct timeval time;

	if (ares_timeout(names->channel, NULL, &time)) {
		uint64_t ns = (uint64_t)time.tv_sec * NS_S + (uint64_t)time.tv_usec * 1000;
		ns_wait = ns < ns_wait ? ns : ns_wait;
	}
	return (struct timespec){.tv_sec = (time_t)(ns_wait / NS_S), .tv_nsec = (long)(ns_wait % NS_S)};
}

/* c-ares opens and closes sockets while it handles one, so that those that are ready are noted before. The rest of many
 * is still ready in the next round. */
static void serve(struct names *names)
{
	struct pollfd ready[N_READY];
	size_t n = 0;

	for (size_t i = 0; i < names->n_polls && n < N_READY; i++) {
		if (names->polls[i].revents)
			ready[n++] = names->polls[i];
	}
	for (size_t i = 0; i < n; i++) {
		bool broken = ready[i].revents & (POLLERR | POLLHUP | POLLNVAL);
		ares_process_fd(names->channel, (ready[i].revents & POLLIN) || broken ? ready[i].fd : ARES_SOCKET_BAD,
				(ready[i].revents & POLLOUT) ? ready[i].fd : ARES_SOCKET_BAD);
	}
	if (!n)
		ares_process_fd(names->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

/* One round: what is ready within ns_wait is taken, and what then has room in the window is asked. false: a signal came
 * first. */
static bool pump(struct names *names, uint64_t ns_wait)
{
	struct timespec wait = wait_for(names, ns_wait);
	int n = ppoll(names->polls, names->n_polls, &wait, NULL);

	names->ns_now = names->ns_pumped = berth_clock_now();
	if (n < 0)
		return false;
	serve(names);
	ask(names);
	return true;
}

/* ---- what is wanted ---- */

static bool is_local(const struct name *name)
{
	static const uint8_t loopback[16] = {[15] = 1};

	if (name->n == 4)
		return name->key[0] == 127;
	return memcmp(name->key, loopback, sizeof(loopback)) == 0 ||
	       (name->key[0] == 0xfe && (name->key[1] & 0xc0) == 0x80);
}

/* Takes the time and what it brings: answers, or the end of the list. */
static void look_around(struct names *names)
{
	names->ns_now = berth_clock_now();
	if (names->n_pending && names->ns_now - names->ns_pumped >= NS_PUMP)
		pump(names, 0);
	if (names->n_pending && names->ns_now >= names->ns_list_end)
		give_up(names);
}

/* By DNS, in this list, unless it is too late for that or nobody would answer: then it is left to a later list. */
static void want_from_dns(struct names *names, struct name *name)
{
	look_around(names);
	if (names->late || names->ns_now < names->ns_quiet)
		return;
	if (!names->n_pending) {
		names->ns_list_end = names->ns_now + names->ns_deadline;
		names->answered = false;
		names->n_turns = names->n_repeated = 0;
	}
	enqueue(names, name);
	ask(names);
}

static void name_init(struct names *names, struct name *name, const struct berth_address *address)
{
	name->names = names;
	name->n = (uint8_t)hosts_file_key(address, name->key);
	name->text = hosts_file_name(names->hosts, address);
	if (name->text || is_local(name))
		name->state = STATE_FIXED;
}

int names_want(struct names *names, const struct berth_address *address)
{
	uint8_t key[HOSTS_FILE_KEY_MAX];
	size_t n = hosts_file_key(address, key);
	bool is_new;

	if (!n)
		return 0;
	struct name *name = index_get(&names->index, key, n, &is_new);
	if (!name)
		return BERTH_ENOMEM;
	if (is_new)
		name_init(names, name, address);
	if (name->state == STATE_NEW ||
	    (name->state == STATE_SETTLED && !name->text && berth_clock_now() - name->ns_settled >= NS_ASK_AGAIN))
		want_from_dns(names, name);
	return 0;
}

const char *names_get(const struct names *names, const struct berth_address *address, bool *pending)
{
	uint8_t key[HOSTS_FILE_KEY_MAX];
	size_t n = hosts_file_key(address, key);
	const struct name *name = n ? index_find(&names->index, key, n) : NULL;

	if (pending)
		*pending = name && name->state == STATE_PENDING;
	return name ? name->text : NULL;
}

bool names_run(struct names *names, uint64_t ns_wait)
{
	uint64_t now = berth_clock_now(), n_settled = names->n_settled;
	uint64_t end = ns_wait < UINT64_MAX - now ? now + ns_wait : UINT64_MAX;

	if (end > names->ns_list_end)
		end = names->ns_list_end;
	while (names->n_pending) {
		bool in_time = pump(names, end > now ? end - now : 0);
		now = names->ns_now;
		if (names->n_pending && now >= names->ns_list_end)
			give_up(names);
		if (!in_time || names->n_settled != n_settled || now >= end)
			break;
	}
	if (!names->n_pending)
		names->late = false;
	return names->n_pending > 0;
}

/* ---- making ---- */

static int error_of(int status)
{
	return status == ARES_ENOMEM ? BERTH_ENOMEM : BERTH_EIO;
}

/* Reads "ADDRESS" or "ADDRESS:PORT" of text[n] and writes it to out[n_out] as c-ares has it, a comma behind it. What
 * was written, or BERTH_EINVAL. */
static int server_text(const char *text, size_t n, char *out, size_t n_out)
{
	struct berth_socket_address server = {.port = 53};
	char item[2 * BERTH_ADDRESS_TEXT], address[BERTH_ADDRESS_TEXT];

	if (n >= sizeof(item))
		return BERTH_EINVAL;
	memcpy(item, text, n);
	item[n] = 0;
	if (berth_address_parse(item, &server.address) < 0 && berth_socket_address_parse(item, &server) < 0)
		return BERTH_EINVAL;
	if (berth_address_is_any(&server.address) || !server.port)
		return BERTH_EINVAL;
	berth_socket_address_format(&server, address, sizeof(address));
	int written = snprintf(out, n_out, "%s,", address);
	return written > 0 && (size_t)written < n_out ? written : BERTH_EINVAL;
}

/* c-ares takes odd texts for no servers at all: only what was understood reaches it. */
static int set_servers(struct names *names, const char *servers)
{
	char text[1024];
	size_t n = 0;

	while (servers) {
		const char *comma = strchrnul(servers, ',');
		int written = server_text(servers, (size_t)(comma - servers), text + n, sizeof(text) - n);
		if (written < 0)
			return written;
		n += (size_t)written;
		servers = *comma ? comma + 1 : NULL;
	}
	text[n - 1] = 0;
	int status = ares_set_servers_ports_csv(names->channel, text);
	return status == ARES_SUCCESS ? 0 : error_of(status);
}

/* A question is repeated to the next server after an eighth of the deadline, and with longer pauses from round to
 * round, so that two silent servers before one that answers leave most of the time to that one. An answer that comes
 * after its repetition counts. */
static int ms_try(uint64_t ns_deadline)
{
	uint64_t ms = ns_deadline / 8 / NS_MS;

	return ms < MS_TRY_MIN ? MS_TRY_MIN : ms > MS_TRY_MAX ? MS_TRY_MAX : (int)ms;
}

static int channel_init(struct names *names)
{
	char lookups[] = "b"; /* DNS alone: /etc/hosts is hosts.c's */
	struct ares_options options = {
		.flags = ARES_FLAG_IGNTC | ARES_FLAG_EDNS,
		.ednspsz = EDNS_SIZE,
		.timeout = ms_try(names->ns_deadline),
		.tries = TRIES,
		.lookups = lookups,
		.sock_state_cb = on_socket,
		.sock_state_cb_data = names,
	};
	int status = ares_init_options(&names->channel, &options,
				       ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
					       ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_NOROTATE);

	names->has_channel = status == ARES_SUCCESS;
	return names->has_channel ? 0 : error_of(status);
}

static int init(struct names *names, const struct names_config *config)
{
	names->window = config->window ? config->window : 1;
	names->ns_deadline = config->ns_deadline < NS_DEADLINE_MAX ? config->ns_deadline : NS_DEADLINE_MAX;
	if (!(names->hosts = hosts_file_new(config->hosts)) || index_init(&names->index, sizeof(struct name)) < 0)
		return BERTH_ENOMEM;
	int status = ares_library_init(ARES_LIB_INIT_ALL);
	if (status != ARES_SUCCESS)
		return error_of(status);
	names->has_library = true;
	int error = channel_init(names);
	return error == 0 && config->servers ? set_servers(names, config->servers) : error;
}

int names_new(const struct names_config *config, struct names **out)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		return BERTH_ENOMEM;
	int error = init(names, config);
	if (error < 0) {
		names_free(names);
		return error;
	}
	*out = names;
	return 0;
}

struct names *names_free(struct names *names)
{
	if (!names)
		return NULL;
	if (names->has_channel)
		ares_destroy(names->channel);
	if (names->has_library)
		ares_library_cleanup();
	hosts_file_free(names->hosts);
	index_deinit(&names->index);
	keep_free(&names->keep);
	free(names->polls);
	free(names);
	return NULL;
}
