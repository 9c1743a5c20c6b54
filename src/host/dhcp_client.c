/* The states of a DHCP client, RFC 2131 section 4.4.
 *
 * The first good offer is taken as it comes (section 4.4.1 leaves that to the client): waiting for others would pay if
 * one could be better than another, and nothing in an offer says that it is.
 *
 * A transaction has a number that nobody on another link can guess, and keeps it over its repetitions, so that an
 * answer to any of them counts. Renewing is the exception: its repetitions are a minute apart and more, and a lease
 * counts from the moment at which it was asked for, so each has a number of its own. */
#include "dhcp_client.h"

#include <string.h>

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

static uint32_t draw_xid(struct dhcp_client *c)
{
	uint64_t count = c->n_drawn++;

	return (uint32_t)siphash24(c->config.key, &count, sizeof(count));
}

/* ---- times ---- */

/* RFC 2131 section 4.1: twice as long each time, give or take a part of the first. */
static berth_time retry_delay(const struct dhcp_client *c, struct rng *rng)
{
	uint64_t ms = c->config.ms_retry, spread = c->config.ms_retry / 4;

	for (unsigned i = 1; i < c->n_tries && ms < DHCP_MS_RETRY_MAX; i++)
		ms *= 2;
	if (ms > DHCP_MS_RETRY_MAX)
		ms = DHCP_MS_RETRY_MAX;
	return (ms - spread) * NS_PER_MS + rng_below(rng, 2 * spread * NS_PER_MS + 1);
}

/* RFC 2131 section 4.4.5: half of what is left, a minute at least; at `end` something else begins. */
static berth_time half_way(berth_time now, berth_time end)
{
	berth_time wait = (end - now) / 2;

	if (wait < DHCP_S_RENEW_LEAST * NS_PER_S)
		wait = DHCP_S_RENEW_LEAST * NS_PER_S;
	return wait < end - now ? now + wait : end;
}

static void set_times(struct dhcp_client *c)
{
	const struct dhcp_lease *lease = &c->lease;

	c->t1 = c->t2 = c->expires = BERTH_NEVER;
	if (lease->s_lease == DHCP_FOREVER)
		return;
	c->t1 = c->asked + lease->s_t1 * NS_PER_S;
	c->t2 = c->asked + lease->s_t2 * NS_PER_S;
	c->expires = c->asked + lease->s_lease * NS_PER_S;
}

/* ---- states ---- */

void dhcp_client_init(struct dhcp_client *c, const struct dhcp_client_config *config, berth_time now, struct rng *rng)
{
	*c = (struct dhcp_client){.config = *config, .state = DHCP_INIT};
	c->at = now + rng_below(rng, DHCP_MS_START_MAX * NS_PER_MS + 1);
}

static unsigned start_again(struct dhcp_client *c, berth_time at)
{
	bool had = dhcp_client_is_bound(c);

	c->state = DHCP_INIT;
	c->n_tries = 0;
	c->at = at;
	return had ? DHCP_DO_DROP : 0;
}

static unsigned discover(struct dhcp_client *c, berth_time now, struct rng *rng)
{
	if (c->state == DHCP_INIT) {
		c->state = DHCP_SELECTING;
		c->xid = draw_xid(c);
		c->began = now;
		c->n_tries = 0;
		c->told_silent = false;
	}
	if (c->n_tries < UINT8_MAX)
		c->n_tries++;
	c->at = now + retry_delay(c, rng);
	if (c->told_silent || now - c->began < DHCP_S_SILENT * NS_PER_S)
		return DHCP_DO_SEND;
	c->told_silent = true;
	return DHCP_DO_SEND | DHCP_DO_NO_ANSWER;
}

static unsigned request(struct dhcp_client *c, berth_time now, struct rng *rng)
{
	if (c->n_tries == DHCP_REQUESTS_MAX) {
		start_again(c, now);
		return discover(c, now, rng);
	}
	c->n_tries++;
	c->at = now + retry_delay(c, rng);
	return DHCP_DO_SEND;
}

/* Asks for more time, in RENEWING up to T2, in REBINDING up to the end. */
static unsigned extend(struct dhcp_client *c, berth_time now, enum dhcp_state state, berth_time until)
{
	if (c->state == DHCP_BOUND)
		c->began = now;
	c->state = (uint8_t)state;
	c->xid = draw_xid(c);
	c->asked = now;
	c->at = half_way(now, until);
	return DHCP_DO_SEND;
}

/* With an address. Whichever time has passed counts, also when nobody has looked for long. */
static unsigned bound_due(struct dhcp_client *c, berth_time now, struct rng *rng)
{
	if (now >= c->expires) {
		unsigned deeds = start_again(c, now);

		return deeds | discover(c, now, rng);
	}
	if (now >= c->t2)
		return extend(c, now, DHCP_REBINDING, c->expires);
	if (now >= c->t1)
		return extend(c, now, DHCP_RENEWING, c->t2);
	c->at = c->t1;
	return 0;
}

unsigned dhcp_client_due(struct dhcp_client *c, berth_time now, struct rng *rng)
{
	if (now < c->at)
		return 0;
	switch ((enum dhcp_state)c->state) {
	case DHCP_INIT:
	case DHCP_SELECTING:
		return discover(c, now, rng);
	case DHCP_REQUESTING:
		return request(c, now, rng);
	case DHCP_PROBING:
		break;
	case DHCP_BOUND:
	case DHCP_RENEWING:
	case DHCP_REBINDING:
		return bound_due(c, now, rng);
	}
	c->at = BERTH_NEVER;
	return 0;
}

/* ---- answers ---- */

static unsigned offer_in(struct dhcp_client *c, const struct dhcp_message *m, berth_time now, struct rng *rng,
			 struct dhcp_counters *counters)
{
	struct dhcp_lease lease;

	counters->offers_in++;
	if (!dhcp_lease_read(m, &lease)) {
		counters->refused++;
		return 0;
	}
	c->lease = lease;
	c->state = DHCP_REQUESTING;
	c->n_tries = 0;
	c->asked = now;
	return request(c, now, rng);
}

/* The acknowledgement says what counts (RFC 2131 section 4.4.1); but it is of the address that was asked for, and, as
 * long as one server is asked, from that. */
static bool ack_is_good(const struct dhcp_client *c, const struct dhcp_lease *lease)
{
	return lease->ip == c->lease.ip && (c->state == DHCP_REBINDING || lease->server == c->lease.server);
}

/* The lease is good, unless it has ended before anybody looked. */
static unsigned use(struct dhcp_client *c, berth_time now)
{
	c->state = DHCP_BOUND;
	if (now >= c->expires)
		return start_again(c, now);
	c->at = c->t1;
	return DHCP_DO_APPLY;
}

static unsigned ack_in(struct dhcp_client *c, const struct dhcp_message *m, berth_time now,
		       struct dhcp_counters *counters)
{
	struct dhcp_lease lease;

	counters->acks_in++;
	if (!dhcp_lease_read(m, &lease) || !ack_is_good(c, &lease)) {
		counters->refused++;
		return 0;
	}
	counters->ignored += lease.n_ignored;
	c->lease = lease;
	set_times(c);
	if (c->state == DHCP_REQUESTING) {
		c->state = DHCP_PROBING;
		c->at = BERTH_NEVER;
		return DHCP_DO_PROBE;
	}
	return use(c, now);
}

/* RFC 2131 section 3.1.4: from the beginning. Not at once for ever: a server that says no again and again is asked less
 * and less. */
static unsigned nak_in(struct dhcp_client *c, const struct dhcp_message *m, berth_time now,
		       struct dhcp_counters *counters)
{
	unsigned doubled = c->n_naks < 6 ? c->n_naks : 6;

	counters->naks_in++;
	if (!m->has_server_id || (c->state != DHCP_REBINDING && m->server_id != c->lease.server)) {
		counters->refused++;
		return 0;
	}
	if (c->n_naks < UINT8_MAX)
		c->n_naks++;
	return start_again(c, now + (NS_PER_S << doubled));
}

static uint8_t client_id(const struct dhcp_client *c, uint8_t out[DHCP_CLIENT_ID_MAX]);

/* The message is an answer to what this client has last said. */
static bool is_answer(const struct dhcp_client *c, const struct dhcp_message *m)
{
	uint8_t id[DHCP_CLIENT_ID_MAX], n = client_id(c, id);

	if (m->op != DHCP_TO_CLIENT || m->xid != c->xid || memcmp(m->mac, c->config.mac, 6) != 0)
		return false;
	/* RFC 6842 section 3. */
	return m->n_client_id == 0 || (m->n_client_id == n && memcmp(m->client_id, id, n) == 0);
}

static bool awaits_ack(const struct dhcp_client *c)
{
	return c->state == DHCP_REQUESTING || c->state == DHCP_RENEWING || c->state == DHCP_REBINDING;
}

unsigned dhcp_client_in(struct dhcp_client *c, const struct dhcp_message *m, berth_time now, struct rng *rng,
			struct dhcp_counters *counters)
{
	if (!is_answer(c, m)) {
		counters->not_for_us++;
		return 0;
	}
	counters->ignored += m->n_bad + m->n_cut;
	if (m->type == DHCP_OFFER && c->state == DHCP_SELECTING)
		return offer_in(c, m, now, rng, counters);
	if (m->type == DHCP_ACK && awaits_ack(c))
		return ack_in(c, m, now, counters);
	if (m->type == DHCP_NAK && awaits_ack(c))
		return nak_in(c, m, now, counters);
	counters->unexpected++;
	return 0;
}

unsigned dhcp_client_probed(struct dhcp_client *c, bool is_free, berth_time now)
{
	if (c->state != DHCP_PROBING)
		return 0;
	if (!is_free)
		return dhcp_client_conflict(c, now);
	c->n_naks = c->n_conflicts = 0;
	return use(c, now);
}

unsigned dhcp_client_conflict(struct dhcp_client *c, berth_time now)
{
	unsigned wait = c->n_conflicts < DHCP_CONFLICTS_MAX ? DHCP_S_DECLINED : DHCP_S_CONFLICTS;

	if (c->n_conflicts < UINT8_MAX)
		c->n_conflicts++;
	return DHCP_DO_DECLINE | start_again(c, now + wait * NS_PER_S);
}

/* ---- what is said ---- */

/* RFC 4361 section 6.1: 255, the interface's number, and the machine's; here of the MAC address both, as there is no
 * memory for any other (a DUID-LL, RFC 8415 section 11.4). So a host that comes back is known, and gets what it had. */
static uint8_t client_id(const struct dhcp_client *c, uint8_t out[DHCP_CLIENT_ID_MAX])
{
	static const uint8_t duid_ll_ethernet[] = {0, 3, 0, 1};
	uint8_t *to = out;

	*to++ = 255;
	memcpy(to, c->config.mac + 2, 4);
	to += 4;
	memcpy(to, duid_ll_ethernet, sizeof(duid_ll_ethernet));
	to += sizeof(duid_ll_ethernet);
	memcpy(to, c->config.mac, 6);
	return (uint8_t)(to + 6 - out);
}

static void begin_message(const struct dhcp_client *c, enum dhcp_type type, struct dhcp_message *out)
{
	memset(out, 0, sizeof(*out));
	out->op = DHCP_TO_SERVER;
	out->type = (uint8_t)type;
	out->xid = c->xid;
	memcpy(out->mac, c->config.mac, 6);
	out->n_client_id = client_id(c, out->client_id);
}

/* Of DISCOVER and REQUEST. Classless routes stand before routers, as RFC 3442 wants. Not asked for: the broadcast
 * address, which follows from the mask. */
static void add_wishes(const struct dhcp_client *c, berth_time now, struct dhcp_message *out)
{
	static const uint8_t wanted[] = {
		DHCP_OPTION_MASK,   DHCP_OPTION_ROUTES, DHCP_OPTION_ROUTERS, DHCP_OPTION_DNS, DHCP_OPTION_HOST_NAME,
		DHCP_OPTION_DOMAIN, DHCP_OPTION_SEARCH, DHCP_OPTION_MTU,     DHCP_OPTION_T1,  DHCP_OPTION_T2,
	};
	uint64_t s = (now - c->began) / NS_PER_S;

	out->secs = (uint16_t)(s < UINT16_MAX ? s : UINT16_MAX);
	out->has_largest = true;
	out->largest = c->config.largest;
	memcpy(out->parameters, wanted, sizeof(wanted));
	out->n_parameters = sizeof(wanted);
	dhcp_name((const uint8_t *)c->config.name, strlen(c->config.name), out->host_name);
}

/* RFC 2131 table 5. The broadcast flag stays 0: this host takes an answer to an address that it has not got yet, which
 * saves all others on the link the trouble. */
void dhcp_client_message(const struct dhcp_client *c, berth_time now, struct dhcp_message *out)
{
	begin_message(c, c->state == DHCP_SELECTING ? DHCP_DISCOVER : DHCP_REQUEST, out);
	add_wishes(c, now, out);
	if (c->state == DHCP_REQUESTING) {
		out->has_requested = out->has_server_id = true;
		out->requested = c->lease.ip;
		out->server_id = c->lease.server;
	} else if (c->state != DHCP_SELECTING) {
		out->client = c->lease.ip;
	}
}

void dhcp_client_decline(struct dhcp_client *c, struct dhcp_message *out)
{
	c->xid = draw_xid(c);
	begin_message(c, DHCP_DECLINE, out);
	out->has_requested = out->has_server_id = true;
	out->requested = c->lease.ip;
	out->server_id = c->lease.server;
}

bool dhcp_client_release(struct dhcp_client *c, struct dhcp_message *out)
{
	if (!dhcp_client_is_bound(c))
		return false;
	c->xid = draw_xid(c);
	begin_message(c, DHCP_RELEASE, out);
	out->client = c->lease.ip;
	out->has_server_id = true;
	out->server_id = c->lease.server;
	return true;
}
