/* Questions to DNS servers by c-ares, over the sockets of a berth host.
 *
 * c-ares does what RFC 1035 section 7 asks of a resolver: numbers, repetitions, other servers, TCP when an answer was
 * cut short; and it takes an answer only when number, question and server are those that it asked. Its sockets are
 * berth's by its socket functions, so that it opens none of the system's. As it need not know whom it talks to, its
 * servers are placeholders, 192.0.2.N (RFC 5737) for the Nth: a link-local server with its interface is one like any
 * other.
 *
 * It is told every setting, so that it looks for none on the machine: c-ares 1.18 then opens no file but /dev/urandom,
 * for the numbers of its questions. The ports are picked by the host (RFC 6056), with each socket anew; a socket is
 * closed when no question is under way.
 *
 * c-ares calls back in the middle of its work. What it brings is noted, and fetched when it is done. */
#include "dns_cares.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum {
	EDNS_SIZE = 1232, /* IPv6's least MTU of 1280 (RFC 8200 section 5) without its header and UDP's */
	CLASS_IN = 1,
	TYPE_A = 1,
	TYPE_AAAA = 28,
};

/* ---- questions ---- */

static void question_free(struct dns_question *question)
{
	struct dns *dns = question->dns;
	struct dns_question **at = &dns->questions;

	while (*at != question)
		at = &(*at)->next;
	*at = question->next;
	dns->n_questions--;
	free(question);
}

static int error_of(int status, uint8_t rcode)
{
	switch (status) {
	case ARES_ENODATA:
		return BERTH_ENODATA;
	case ARES_ENOTFOUND:
		return BERTH_ENOENT;
	case ARES_ETIMEOUT:
		return BERTH_ETIMEDOUT;
	case ARES_ECONNREFUSED:
		return rcode == DNS_REFUSED    ? BERTH_EACCES
		       : rcode == DNS_SERVFAIL ? BERTH_EIO
		       : rcode                 ? BERTH_EPROTO
					       : BERTH_ECONNREFUSED;
	case ARES_EREFUSED:
		return BERTH_EACCES;
	case ARES_ESERVFAIL:
		return BERTH_EIO;
	case ARES_ENOMEM:
		return BERTH_ENOMEM;
	case ARES_EBADNAME: /* newer ones take the letters of hosts' names alone */
		return BERTH_EINVAL;
	default:
		return BERTH_EPROTO;
	}
}

static void answer(struct dns_question *q, const struct dns_exchange *e)
{
	q->answer.n = e && e->n ? e->n : e ? BERTH_ENODATA : BERTH_EPROTO;
	if (e && e->n > 0)
		memcpy(q->answer.addresses, e->addresses, (size_t)e->n * sizeof(e->addresses[0]));
}

static void on_answer(void *user, int status, int timeouts, unsigned char *bytes, int n)
{
	struct dns_question *q = user;

	q->dns->news = true;
	/* When c-ares learns that a server knows no EDNS (RFC 6891 section 7) it asks again without, but only one of
	 * the questions that are under way. */
	if (status == ARES_EDESTRUCTION || (status == ARES_EFORMERR && !q->repeated)) {
		q->repeated = status == ARES_EFORMERR;
		q->state = DNS_AGAIN;
		return;
	}
	/* It has seen no records, and takes every answer for an empty one. */
	if (status == ARES_SUCCESS || status == ARES_ENODATA)
		answer(q, dns_exchange_of(q->dns, bytes, (size_t)n));
	else
		q->answer.n = error_of(status, q->exchange.rcode);
	q->state = DNS_DONE;
}

static void ask(struct dns_question *q)
{
	struct dns *dns = q->dns;

	q->state = DNS_ASKED;
	q->exchange.n_sent = 0;
	q->exchange.rcode = 0;
	dns->asking = q;
	ares_query(dns->channel, q->name, CLASS_IN, q->family == BERTH_IP4 ? TYPE_A : TYPE_AAAA, on_answer, q);
	dns->asking = NULL;
	dns->news = true;
}

/* on_answer notes and frees nothing, so that the list stays as it is. */
static void ask_again(struct dns *dns)
{
	for (struct dns_question *q = dns->questions, *next; q; q = next) {
		next = q->next;
		if (q->state == DNS_ASKED)
			continue;
		if (!q->answer.user)
			question_free(q);
		else if (q->state == DNS_AGAIN)
			ask(q);
	}
}

struct dns_question *dns_ask(struct dns *dns, const char *name, enum berth_family family, void *user)
{
	struct dns_question *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->dns = dns;
	q->family = family;
	q->answer.user = user;
	strncpy(q->name, name, sizeof(q->name) - 1);
	q->next = dns->questions;
	dns->questions = q;
	dns->n_questions++;
	ask(q);
	dns_leave(dns);
	return q;
}

void dns_forget(struct dns_question *question)
{
	question->answer.user = NULL;
	if (question->state != DNS_ASKED)
		question_free(question);
}

bool dns_next(struct dns *dns, struct dns_answer *out)
{
	struct dns_question *q = dns->questions;

	while (q && q->state != DNS_DONE)
		q = q->next;
	if (!q)
		return false;
	*out = q->answer;
	question_free(q);
	return true;
}

berth_time dns_deadline(const struct dns *dns)
{
	struct timeval time;

	if (!dns->channel || !ares_timeout(dns->channel, NULL, &time))
		return BERTH_NEVER;
	return berth_clock_now() + (berth_time)time.tv_sec * 1000000000 + (berth_time)time.tv_usec * 1000;
}

unsigned dns_count(const struct dns *dns)
{
	return dns->n_questions;
}

void dns_run(struct dns *dns)
{
	if (!dns->channel)
		return;
	dns_pump(dns);
	ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	ask_again(dns);
	dns_leave(dns);
}

/* ---- settings ---- */

static int channel_new(struct dns *dns, const struct dns_config *config, ares_channel *out)
{
	char lookups[] = "b", resolv_conf[] = "/dev/null";
	struct ares_options options = {
		.flags = ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
		.timeout = (int)config->ms,
		.tries = (int)config->n_tries,
		.ndots = 1,
		.udp_port = 53,
		.tcp_port = 53,
		.lookups = lookups,
		.ednspsz = EDNS_SIZE,
		.resolvconf_path = resolv_conf,
		.sock_state_cb = dns_socket_interest,
		.sock_state_cb_data = dns,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_UDP_PORT |
		   ARES_OPT_TCP_PORT | ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_SORTLIST |
		   ARES_OPT_EDNSPSZ | ARES_OPT_NOROTATE | ARES_OPT_RESOLVCONF | ARES_OPT_SOCK_STATE_CB;

#ifdef ARES_OPT_UDP_MAX_QUERIES
	/* Each question has a port of its own (RFC 5452 section 9.2). */
	options.udp_max_queries = 1;
	mask |= ARES_OPT_UDP_MAX_QUERIES;
#endif
#ifdef ARES_OPT_QUERY_CACHE
	mask |= ARES_OPT_QUERY_CACHE; /* for 0 seconds: none */
#endif
	int status = ares_init_options(out, &options, mask);
	return status == ARES_SUCCESS ? 0 : status == ARES_ENOMEM ? BERTH_ENOMEM : BERTH_EIO;
}

static int channel_set(struct dns *dns, ares_channel channel, const struct dns_config *config)
{
	struct ares_addr_port_node nodes[BERTH_RESOLVER_SERVERS_MAX] = {{0}};

	for (size_t i = 0; i < config->n_servers; i++) {
		nodes[i].next = i + 1 < config->n_servers ? &nodes[i + 1] : NULL;
		nodes[i].family = AF_INET;
		nodes[i].addr.addr4.s_addr = htonl(DNS_PLACEHOLDERS + (uint32_t)i);
		nodes[i].udp_port = nodes[i].tcp_port = 53;
	}
	ares_set_socket_functions(channel, &dns_socket_functions, dns);
	int status = ares_set_servers_ports(channel, nodes);
	return status == ARES_SUCCESS ? 0 : status == ARES_ENOMEM ? BERTH_ENOMEM : BERTH_EIO;
}

/* A channel takes no other settings while questions are under way, so that there is a new one: the old one gives them
 * back when it ends. */
int dns_configure(struct dns *dns, const struct dns_config *config)
{
	ares_channel channel;
	int r = channel_new(dns, config, &channel);

	if (r < 0)
		return r;
	r = channel_set(dns, channel, config);
	if (r < 0) {
		ares_destroy(channel);
		return r;
	}
	if (dns->channel)
		ares_destroy(dns->channel);
	dns->channel = channel;
	dns->config = *config;
	ask_again(dns);
	dns_leave(dns);
	return 0;
}

int dns_new(struct berth_host *host, void (*on_news)(void *user), void *user, struct dns **out)
{
	struct dns *dns = calloc(1, sizeof(*dns));

	if (!dns)
		return BERTH_ENOMEM;
	*dns = (struct dns){.host = host, .on_news = on_news, .user = user};
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		free(dns);
		return BERTH_EIO;
	}
	*out = dns;
	return 0;
}

struct dns *dns_free(struct dns *dns)
{
	if (!dns)
		return NULL;
	if (dns->channel)
		ares_destroy(dns->channel);
	ares_library_cleanup();
	while (dns->questions)
		question_free(dns->questions);
	dns_leave(dns);
	free(dns);
	return NULL;
}
