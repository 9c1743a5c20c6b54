/* Fast open, RFC 7413. The server's cookie is a keyed hash of both addresses, so that it keeps nothing of its clients;
 * the client keeps what servers have given it, for the servers used last. */
#include "tcb.h"

#include <string.h>

#define LEN_COOKIE 8
/* Room that is left for options on a SYN with data. */
#define OPTIONS_MAX 40
/* Section 4.1.3.1: data on SYNs that were lost a second time in a row is not tried again for a minute, then two ... */
#define NS_LOST 60000000000ull
#define LOST_MAX 10
/* Section 5.1. */
#define NS_RESET 60000000000ull

/* ---- the cache of cookies ---- */

void tcp_fast_open_init(struct tcp_env *env)
{
	static const uint8_t purpose[2][9] = {"fastopen0", "fastopen1"};

	env->fast_open.keys.now.k0 = siphash24(env->secret, purpose[0], sizeof(purpose[0]));
	env->fast_open.keys.now.k1 = siphash24(env->secret, purpose[1], sizeof(purpose[1]));
}

void tcp_fast_open_deinit(struct tcp_env *env)
{
	if (env->fast_open.entries)
		env->memory->free(env->memory->context, env->fast_open.entries,
				  TCP_FAST_OPEN_ENTRIES * sizeof(*env->fast_open.entries));
	env->fast_open.entries = NULL;
	env->fast_open.n = 0;
}

static struct tcp_fast_open_entry *find(const struct tcp_env *env, const struct socket_pair *pair)
{
	const struct tcp_fast_open_host *all = &env->fast_open;

	for (unsigned i = 0; i < all->n; i++) {
		struct tcp_fast_open_entry *e = &all->entries[i];

		if (e->family == pair->family && e->scope == pair->scope &&
		    memcmp(e->foreign, pair->foreign, 16) == 0 && memcmp(e->local, pair->local, 16) == 0)
			return e;
	}
	return NULL;
}

/* A place for another server: that of the one used longest ago when there is none left. NULL: out of memory. */
static struct tcp_fast_open_entry *place(struct tcp_env *env)
{
	struct tcp_fast_open_host *all = &env->fast_open;
	unsigned oldest = 0;

	if (!all->entries)
		all->entries = env->memory->alloc(env->memory->context, TCP_FAST_OPEN_ENTRIES * sizeof(*all->entries));
	if (!all->entries)
		return NULL;
	if (all->n < TCP_FAST_OPEN_ENTRIES)
		return &all->entries[all->n++];
	for (unsigned i = 1; i < all->n; i++)
		if (all->entries[i].used_at < all->entries[oldest].used_at)
			oldest = i;
	return &all->entries[oldest];
}

/* The SYN-ACK says what its server's MSS is, and maybe a cookie. */
static void keep(struct tcp_env *env, const struct tcb *t, const struct tcp_header *h)
{
	struct tcp_fast_open_entry *e = find(env, &t->e.pair);
	bool gives = h->has_fast_open && h->n_fast_open;

	if (!e && gives) {
		e = place(env);
		if (!e)
			return;
		*e = (struct tcp_fast_open_entry){.family = t->e.pair.family, .scope = t->e.pair.scope};
		memcpy(e->local, t->e.pair.local, 16);
		memcpy(e->foreign, t->e.pair.foreign, 16);
	}
	if (!e)
		return;
	e->mss = t->mss_peer;
	e->used_at = env->now;
	if (!gives)
		return;
	e->n_cookie = h->n_fast_open;
	memcpy(e->cookie, h->fast_open, h->n_fast_open);
	e->experimental = h->fast_open_experimental;
}

/* ---- the client ---- */

static bool is_black_hole(const struct tcp_env *env, const struct tcp_fast_open_entry *e)
{
	return e && e->n_lost > 1 && env->now - e->lost_at < NS_LOST << e->n_lost;
}

/* t's SYN may have data. */
static bool may_have_data(const struct tcp_env *env, const struct tcb *t)
{
	const struct tcp_fast_open_entry *e = find(env, &t->e.pair);

	return t->fast_open.asks && (t->fast_open.no_cookie || (e && e->n_cookie));
}

bool tcp_fast_open_begin(struct tcp_env *env, struct tcb *t, bool wanted)
{
	struct tcp_fast_open *f = &t->fast_open;
	struct tcp_fast_open_entry *e = find(env, &t->e.pair);

	f->has_data = f->deferred = f->taken = false;
	f->asks = (wanted || f->on_connect) && env->config.fast_open & BERTH_FAST_OPEN_CLIENT && !is_black_hole(env, e);
	if (e && f->asks) {
		e->used_at = env->now;
		t->mss_peer = e->mss;
		tcp_update_mss(t);
	}
	f->deferred = f->on_connect && may_have_data(env, t);
	return f->deferred;
}

/* Section 4.1.3: what the server's MSS was, or the least that any host takes. */
static uint32_t room(const struct tcb *t)
{
	uint32_t mss = tcp_mss_of_mtu(t);

	if (t->mss_peer < mss)
		mss = t->mss_peer;
	return mss > OPTIONS_MAX ? mss - OPTIONS_MAX : 0;
}

uint32_t tcp_fast_open_len(const struct tcb *t)
{
	uint64_t n = t->sendq.right - t->sendq.left;

	return !t->fast_open.has_data ? 0 : n < room(t) ? (uint32_t)n : room(t);
}

long tcp_fast_open_send(struct tcp_env *env, struct tcb *t, const struct berth_vector *vectors, size_t n)
{
	size_t done = 0, left = room(t) < t->send_buffer ? room(t) : t->send_buffer;

	t->fast_open.deferred = false;
	t->syn_due = true;
	tcp_want_output(env, t);
	if (!may_have_data(env, t))
		left = 0;
	for (size_t i = 0; i < n && left > 0; i++) {
		size_t part = vectors[i].n < left ? vectors[i].n : left;
		size_t taken = part ? sendq_append(&t->sendq, vectors[i].data, part, env->memory) : 0;

		done += taken;
		left -= taken;
		if (taken < part)
			break;
	}
	t->fast_open.has_data = done > 0;
	tcp_memory_settle(env, t);
	return done ? (long)done : BERTH_EINPROGRESS;
}

/* Section 4.2.2: what the server did not take is sent again at once; it was not lost. */
static void send_rest(struct tcp_env *env, struct tcb *t)
{
	if (t->snd_nxt == t->snd_una)
		return;
	env->counters.fast_open_refused++;
	if (t->recovery == TCP_RECOVERY_NONE) { /* until it is acknowledged, what is marked lost begins no recovery */
		t->recovery = TCP_RECOVERY_TIMEOUT;
		t->recover = t->snd_nxt;
	}
	sent_mark_lost(&t->flight->sent, t->snd_una, t->snd_nxt, true, env->memory);
	tcp_want_output(env, t);
}

/* A SYN with data was answered in time. */
static void arrived(const struct tcp_env *env, const struct tcb *t)
{
	struct tcp_fast_open_entry *e = find(env, &t->e.pair);

	if (e)
		e->n_lost = 0;
}

void tcp_fast_open_answered(struct tcp_env *env, struct tcb *t, const struct tcp_header *h, uint64_t iss)
{
	struct tcp_fast_open *f = &t->fast_open;

	if (!f->asks)
		return;
	keep(env, t, h);
	if (!f->has_data)
		return;
	f->taken = t->snd_una > iss + 1;
	env->counters.fast_open_out += f->taken;
	if (!t->syn_retransmitted)
		arrived(env, t);
	send_rest(env, t);
}

void tcp_fast_open_too_big(struct tcp_env *env, struct tcb *t)
{
	if (t->state != BERTH_TCP_SYN_SENT || !t->fast_open.has_data || t->segments_retransmitted)
		return;
	t->syn_due = true;
	tcp_want_output(env, t);
}

void tcp_fast_open_timeout(struct tcp_env *env, struct tcb *t)
{
	struct tcp_fast_open_entry *e = t->fast_open.has_data && !t->n_backoff ? find(env, &t->e.pair) : NULL;

	if (!e)
		return;
	e->lost_at = env->now;
	if (e->n_lost < LOST_MAX)
		e->n_lost++;
}

/* ---- the server ---- */

static const struct tcp_fast_open_keys *keys_of(const struct tcp_env *env, const struct tcb *listener)
{
	const struct tcp_fast_open_pending *pending = listener ? &listener->listener->fast_open : NULL;

	return pending && pending->own_keys ? &pending->keys : &env->fast_open.keys;
}

/* As on Linux, so that servers of both kinds can share a key. */
static uint64_t cookie(struct siphash_key key, const struct socket_pair *pair)
{
	size_t n = pair->family == BERTH_IP6 ? 16 : 4;
	uint8_t bytes[32];

	memcpy(bytes, pair->foreign, n);
	memcpy(bytes + n, pair->local, n);
	return siphash24(key, bytes, 2 * n);
}

void tcp_fast_open_cookie(const struct tcp_env *env, const struct tcb *listener, const struct socket_pair *pair,
			  bool experimental, struct tcp_header *h)
{
	uint64_t value = cookie(keys_of(env, listener)->now, pair);

	h->has_fast_open = true;
	h->fast_open_experimental = experimental;
	h->n_fast_open = LEN_COOKIE;
	for (unsigned i = 0; i < LEN_COOKIE; i++)
		h->fast_open[i] = (uint8_t)(value >> 8 * i);
}

enum verdict {
	COOKIE_GOOD,
	COOKIE_OLD, /* of the key before: good, and another is given */
	COOKIE_BAD,
};

static enum verdict judge(const struct tcp_env *env, const struct tcb *listener, const struct tcp_segment *segment)
{
	const struct tcp_fast_open_keys *keys = keys_of(env, listener);
	const struct tcp_header *h = &segment->header;
	uint64_t value = 0;

	if (h->n_fast_open != LEN_COOKIE)
		return COOKIE_BAD;
	for (unsigned i = 0; i < LEN_COOKIE; i++)
		value |= (uint64_t)h->fast_open[i] << 8 * i;
	if (value == cookie(keys->now, &segment->pair))
		return COOKIE_GOOD;
	return keys->has_old && value == cookie(keys->old, &segment->pair) ? COOKIE_OLD : COOKIE_BAD;
}

static bool is_full(struct tcp_env *env, const struct tcb *listener)
{
	struct tcp_fast_open_pending *pending = &listener->listener->fast_open;

	if (pending->n_reset && env->now >= pending->reset_until)
		pending->n_reset = 0;
	return pending->n + pending->n_reset >= listener->fast_open.n_max;
}

/* Section 4.2.2: the connection is the user's before its handshake is complete. */
static bool let_in(struct tcp_env *env, struct tcb *listener, const struct tcp_segment *segment, struct tcp_request *r)
{
	struct tcb *t = tcp_listener_child(env, listener, &segment->pair, r->iss, segment->mtu);

	if (!t)
		return false;
	env->counters.passive_opens++;
	env->counters.fast_open_in++;
	tcp_take_syn(env, t, &segment->header);
	t->fast_open.child = true;
	t->fast_open.gives = r->fast_open_gives;
	t->fast_open.experimental = r->fast_open_experimental;
	t->connected = true;
	listener->listener->fast_open.n++;
	if (segment->len) {
		t->fast_open.taken = true;
		tcp_take_text(env, t, segment, t->rcv_nxt, false);
		tcp_memory_settle(env, t);
	}
	tcp_listener_ready(env, t);
	tcp_want_output(env, t);
	return true;
}

bool tcp_fast_open_take(struct tcp_env *env, struct tcb *listener, const struct tcp_segment *segment,
			struct tcp_request *r)
{
	const struct tcp_header *h = &segment->header;
	bool no_cookie = listener->fast_open.no_cookie && segment->len;
	enum verdict verdict = COOKIE_GOOD;

	if (!(env->config.fast_open & BERTH_FAST_OPEN_SERVER) || !listener->fast_open.n_max ||
	    !(h->has_fast_open || no_cookie))
		return false;
	if (is_full(env, listener)) {
		env->counters.fast_open_full++;
		return false;
	}
	r->fast_open_experimental = h->has_fast_open && h->fast_open_experimental;
	if (!no_cookie)
		verdict = judge(env, listener, segment);
	r->fast_open_gives = verdict != COOKIE_GOOD;
	if (verdict == COOKIE_BAD) {
		env->counters.fast_open_bad += h->n_fast_open > 0;
		return false;
	}
	return let_in(env, listener, segment, r);
}

/* The listener that let t in, or one that has taken its place; NULL: nobody listens there any more. */
static const struct tcb *listener_of(const struct tcp_env *env, const struct tcb *t)
{
	struct endpoint *e = pairs_find_waiting(env->pairs, &t->e.pair);
	struct tcb *listener = e && e->kind == ENDPOINT_TCP_LISTENER ? tcp_of_endpoint(e) : NULL;

	return listener && listener->listener ? listener : NULL;
}

static struct tcp_fast_open_pending *pending_of(const struct tcp_env *env, const struct tcb *t)
{
	const struct tcb *listener = listener_of(env, t);

	return listener ? &listener->listener->fast_open : NULL;
}

void tcp_fast_open_proved(struct tcp_env *env, struct tcb *t)
{
	struct tcp_fast_open_pending *pending = pending_of(env, t);

	if (pending && pending->n)
		pending->n--;
}

void tcp_fast_open_reset(struct tcp_env *env, struct tcb *t)
{
	struct tcp_fast_open_pending *pending = pending_of(env, t);

	if (!pending)
		return;
	pending->n_reset++;
	pending->reset_until = env->now + NS_RESET;
}

int tcp_fast_open_set_key(struct tcb *t, const void *value, size_t n)
{
	struct tcp_fast_open_keys keys = {0};
	const uint8_t *bytes = value;

	if (!t->listener || (n != 16 && n != 32))
		return BERTH_EINVAL;
	keys.now = siphash_key(bytes);
	if (n == 32) {
		keys.old = siphash_key(bytes + 16);
		keys.has_old = true;
	}
	t->listener->fast_open.own_keys = true;
	t->listener->fast_open.keys = keys;
	return 0;
}

/* ---- both ---- */

void tcp_fast_open_option(const struct tcp_env *env, const struct tcb *t, bool again, struct tcp_header *h)
{
	const struct tcp_fast_open *f = &t->fast_open;
	const struct tcp_fast_open_entry *e;

	if (t->state != BERTH_TCP_SYN_SENT) {
		if (f->child && f->gives)
			tcp_fast_open_cookie(env, listener_of(env, t), &t->e.pair, f->experimental, h);
		return;
	}
	/* Section 4.1.3.1: what is sent again is a SYN like others, in case the option was the reason. */
	if (!f->asks || again || (f->no_cookie && f->has_data))
		return;
	e = find(env, &t->e.pair);
	h->has_fast_open = true;
	h->fast_open_experimental = e && e->experimental;
	h->n_fast_open = e ? e->n_cookie : 0;
	if (h->n_fast_open)
		memcpy(h->fast_open, e->cookie, h->n_fast_open);
}
