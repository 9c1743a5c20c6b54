/* The resolver's insides, shared by the resolver (resolver.c), lookups (lookup.c), names as text (name.c) and dialing
 * (dial.c). */
#ifndef PLATFORM_RESOLVER_H
#define PLATFORM_RESOLVER_H

#include "dns_question.h"

#define NAME_BYTES 256 /* 253 of a name, a dot, the end */
#define LOOKUPS_ACTIVE_MAX 32
#define QUESTIONS_MAX (2 * LOOKUPS_ACTIVE_MAX)

enum {
	PART_IP6,
	PART_IP4,
	N_PARTS,
};

/* What is known of a name's addresses of one family. */
struct part {
	struct berth_lookup *lookup;
	struct dns_question *question; /* NULL: not under way */
	bool wanted;
	bool settled;
	int n; /* when settled: addresses, or an error */
	struct berth_address addresses[DNS_ADDRESSES_MAX];
};

enum stage {
	STAGE_WAITING, /* for its turn */
	STAGE_ACTIVE,
	STAGE_OVER, /* to be told */
	N_STAGES,
};

struct berth_lookup {
	struct berth_resolver *resolver;
	struct berth_lookup *next, *previous; /* of its stage, in the order in which they came to it */
	enum stage stage;
	char name[NAME_BYTES]; /* without a dot at the end */
	bool absolute;         /* not to be looked for in search domains */
	size_t i_domain;       /* the next that it is looked for in */
	bool bare;             /* it has been looked for as it is */
	struct part parts[N_PARTS];
	int error; /* of the names looked for before; when over: if no part has addresses */
	/* For a dialer: a part has settled, and one has addresses. It must not call the resolver. */
	void (*on_part)(void *user, const struct part *part);
	berth_resolve_done *on_done;
	void *user;
};

struct lookup_list {
	struct berth_lookup *first, *last;
	unsigned n;
};

struct berth_resolver {
	struct berth_loop *loop;
	struct berth_host *host;
	struct dns *dns; /* NULL: there is no c-ares */
	struct dns_config config;
	bool own_servers, own_domains; /* set by the program; otherwise they are the host's */
	char domains[BERTH_RESOLVER_DOMAINS_MAX][NAME_BYTES];
	size_t n_domains;
	struct lookup_list lookups[N_STAGES];
	struct berth_dialer *dialers;
	bool news; /* the loop's alarm has been set for now */
};

/* ---- name.c ---- */

/* A name without a dot at the end to out; *absolute: it ends in one, or has one inside. 0, or BERTH_EINVAL: it is none.
 */
int name_check(const char *text, char out[NAME_BYTES], bool *absolute);

/* NAME.DOMAIN to out. false: that would be too long. */
bool name_join(const char *name, const char *domain, char out[NAME_BYTES]);

/* A name that no server is asked for: fills in what it means, parts[N_PARTS]. false: it is an ordinary one. */
bool name_special(const char *name, struct part *parts);

/* ---- resolver.c ---- */

/* Something is to be done as soon as the loop comes round. */
void resolver_news(struct berth_resolver *resolver);

/* Takes the host's servers and domains, where the program has set none. */
void resolver_refresh(struct berth_resolver *resolver);

/* ---- lookup.c ---- */

/* As berth_resolve. */
int lookup_new(struct berth_resolver *resolver, const char *name, enum berth_family family, berth_resolve_done *on_done,
	       void *user, struct berth_lookup **out);

/* Asks, for one that is waiting. */
void lookup_begin(struct berth_lookup *lookup);

/* An answer has come. */
void lookup_answer(struct part *part, const struct dns_answer *answer);

/* Tells the program how one that is over has ended, and frees it. The resolver may be gone after that. */
void lookup_tell(struct berth_lookup *lookup);

/* ---- dial.c ---- */

bool dialer_has_socket(const struct berth_dialer *dialers, const void *user);

#endif
