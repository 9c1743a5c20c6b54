/* Questions to DNS servers over a host's sockets: what the resolver asks with (dns_cares.c), and what stands in its
 * place where berth is built without c-ares (dns_none.c).
 *
 * Nothing here calls back, but for on_news: answers are fetched. */
#ifndef PLATFORM_DNS_QUESTION_H
#define PLATFORM_DNS_QUESTION_H

#include <berth/resolver.h>

#define DNS_ADDRESSES_MAX 16 /* of one answer that are kept */

struct dns;
struct dns_question;

struct dns_config {
	struct berth_socket_address servers[BERTH_RESOLVER_SERVERS_MAX];
	size_t n_servers; /* 1 or more */
	unsigned ms;      /* until the next server is asked */
	unsigned n_tries; /* each */
};

struct dns_answer {
	void *user; /* the asker's */
	int n;      /* addresses, or an error of berth_resolve_done */
	struct berth_address addresses[DNS_ADDRESSES_MAX];
};

/* on_news(user) is called when dns_next has something, or dns_deadline has become earlier: from within any of the
 * functions below and from the loop. It must not call any of them. 0, or BERTH_ENOMEM, BERTH_EIO;
 * BERTH_EPROTONOSUPPORT: there is no c-ares. */
int dns_new(struct berth_host *host, void (*on_news)(void *user), void *user, struct dns **out);

/* Ends it and all questions. Accepts NULL, returns NULL. */
struct dns *dns_free(struct dns *dns);

/* Takes servers and times from now on; what is under way is asked anew. To be called before the first question. 0, or
 * BERTH_ENOMEM, BERTH_EIO and all is as before. */
int dns_configure(struct dns *dns, const struct dns_config *config);

/* Asks for the addresses of a name that is checked already. `user` is not NULL. The question is valid until its answer
 * has been fetched or it has been forgotten. NULL: out of memory. */
struct dns_question *dns_ask(struct dns *dns, const char *name, enum berth_family family, void *user);

/* Its answer is not wanted any more. */
void dns_forget(struct dns_question *question);

/* The next answer. false: none. */
bool dns_next(struct dns *dns, struct dns_answer *out);

/* How many questions there are, those that are forgotten but still under way among them. */
unsigned dns_count(const struct dns *dns);

/* When dns_run wants to be called, and that call. */
berth_time dns_deadline(const struct dns *dns);
void dns_run(struct dns *dns);

/* Whether this is the user pointer of one of its sockets. */
bool dns_has_socket(const struct dns *dns, const void *user);

#endif
