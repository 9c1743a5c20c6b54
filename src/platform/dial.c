/* Connecting to a name: happy eyeballs, RFC 8305.
 *
 * The lookup tells of each family as it becomes known. IPv6 addresses are tried as soon as there are some; IPv4 ones
 * wait a little for them (section 3). Addresses that have not been tried are kept in the order of RFC 6724, and the
 * next to be tried is the first of the family that was not tried last (section 4). An attempt begins when the one
 * before it has been alone long enough, or has failed (section 5). Attempts go on side by side until one is connected.
 *
 * What moves is one alarm of the loop; the lookup only notes and sets it. The program is called as the last thing, when
 * the dialer is gone. */
#include "resolver.h"

#include <stdlib.h>
#include <string.h>

#define FAR (BERTH_NEVER - 1)
#define NS_MS UINT64_C(1000000)

struct attempt {
	struct berth_loop_socket loop_socket;
	struct berth_dialer *dialer;
	struct berth_socket_address foreign;
	int descriptor; /* -1: over */
};

struct berth_dialer {
	struct berth_resolver *resolver;
	struct berth_dialer *next;
	struct berth_lookup *lookup; /* NULL: over */
	struct berth_dial_config config;
	berth_dial_done *on_done;
	void *user;
	uint16_t port;
	uint8_t last_family;                               /* of the attempt that began last */
	bool told;                                         /* addresses have come by parts */
	berth_time next_at;                                /* when the next attempt may begin */
	struct berth_address addresses[BERTH_RESOLVE_MAX]; /* not tried yet */
	size_t n_addresses;
	struct attempt attempts[BERTH_RESOLVE_MAX];
	size_t n_attempts, n_alive;
	int error;
	struct berth_socket_address foreign; /* that the error is of */
};

static void on_alarm(void *user);

static void alarm_set(struct berth_dialer *dialer, berth_time at)
{
	berth_loop_at(dialer->resolver->loop, at, on_alarm, dialer);
}

static berth_time now_of(const struct berth_dialer *dialer)
{
	return berth_loop_now(dialer->resolver->loop);
}

/* ---- ending ---- */

static void attempt_end(struct attempt *attempt)
{
	struct berth_linger linger = {.on = 1, .seconds = 0};
	struct berth_host *host = attempt->dialer->resolver->host;

	if (attempt->descriptor < 0)
		return;
	berth_setsockopt(host, attempt->descriptor, BERTH_SOL_SOCKET, BERTH_SO_LINGER, &linger, sizeof(linger));
	berth_close(host, attempt->descriptor);
	attempt->descriptor = -1;
	attempt->dialer->n_alive--;
}

struct berth_dialer *berth_dialer_cancel(struct berth_dialer *dialer)
{
	struct berth_dialer **at;

	if (!dialer)
		return NULL;
	at = &dialer->resolver->dialers;
	while (*at != dialer)
		at = &(*at)->next;
	*at = dialer->next;
	berth_lookup_cancel(dialer->lookup);
	for (size_t i = 0; i < dialer->n_attempts; i++)
		attempt_end(&dialer->attempts[i]);
	alarm_set(dialer, BERTH_NEVER);
	free(dialer);
	return NULL;
}

static void finish(struct berth_dialer *dialer, int descriptor, struct berth_socket_address foreign)
{
	berth_dial_done *on_done = dialer->on_done;
	void *user = dialer->user;

	berth_dialer_cancel(dialer);
	on_done(user, descriptor, &foreign);
}

/* ---- attempts ---- */

/* Whether an error says that the host has no way there, rather than what happened on the way. */
static bool is_own(int error)
{
	return error == BERTH_ENETUNREACH || error == BERTH_EADDRNOTAVAIL || error == BERTH_EAFNOSUPPORT;
}

static void note_error(struct berth_dialer *dialer, int error, const struct berth_socket_address *foreign)
{
	if (dialer->error && is_own(error) && !is_own(dialer->error))
		return;
	dialer->error = error;
	dialer->foreign = *foreign;
}

static void attempt_failed(struct attempt *attempt, int error)
{
	struct berth_dialer *dialer = attempt->dialer;

	attempt_end(attempt);
	note_error(dialer, error, &attempt->foreign);
	dialer->next_at = now_of(dialer);
}

static void attempt_won(struct attempt *attempt)
{
	struct berth_dialer *dialer = attempt->dialer;
	int descriptor = attempt->descriptor;

	attempt->descriptor = -1;
	berth_set_user(dialer->resolver->host, descriptor, NULL);
	finish(dialer, descriptor, attempt->foreign);
}

static void step(struct berth_dialer *dialer);

static void on_ready(struct berth_loop_socket *loop_socket, unsigned ready)
{
	struct attempt *attempt = (struct attempt *)loop_socket;
	struct berth_dialer *dialer = attempt->dialer;
	int error = 0;
	size_t n = sizeof(error);

	berth_getsockopt(dialer->resolver->host, attempt->descriptor, BERTH_SOL_SOCKET, BERTH_SO_ERROR, &error, &n);
	if (error) {
		attempt_failed(attempt, -error);
		step(dialer);
	} else if (ready & BERTH_WRITABLE) {
		attempt_won(attempt);
	}
}

static int attempt_connect(struct attempt *attempt)
{
	struct berth_dialer *dialer = attempt->dialer;
	struct berth_host *host = dialer->resolver->host;
	int r = berth_socket(host, attempt->foreign.address.family, BERTH_STREAM);

	if (r < 0)
		return r;
	attempt->descriptor = r;
	dialer->n_alive++;
	berth_set_user(host, r, &attempt->loop_socket);
	r = dialer->config.prepare ? dialer->config.prepare(dialer->user, host, attempt->descriptor) : 0;
	if (r == 0)
		r = berth_connect(host, attempt->descriptor, &attempt->foreign);
	return r == BERTH_EINPROGRESS ? 0 : r;
}

/* Takes the address to try next out of those not tried yet. */
static struct berth_address address_pop(struct berth_dialer *dialer)
{
	struct berth_address address;
	size_t i = 0;

	while (i < dialer->n_addresses && dialer->addresses[i].family == dialer->last_family)
		i++;
	if (i == dialer->n_addresses)
		i = 0;
	address = dialer->addresses[i];
	dialer->n_addresses--;
	memmove(dialer->addresses + i, dialer->addresses + i + 1, (dialer->n_addresses - i) * sizeof(address));
	return address;
}

static void attempt_begin(struct berth_dialer *dialer)
{
	struct attempt *attempt = &dialer->attempts[dialer->n_attempts++];

	*attempt = (struct attempt){
		.loop_socket.on_ready = on_ready,
		.dialer = dialer,
		.foreign = {address_pop(dialer), dialer->port},
		.descriptor = -1,
	};
	dialer->last_family = attempt->foreign.address.family;
	dialer->next_at = now_of(dialer) + dialer->config.ms_attempt * NS_MS;
	int r = attempt_connect(attempt);
	if (r < 0)
		attempt_failed(attempt, r);
}

/* Begins what may begin now; ends when there is nothing left. */
static void step(struct berth_dialer *dialer)
{
	while (dialer->n_addresses && dialer->n_attempts < BERTH_RESOLVE_MAX && dialer->next_at <= now_of(dialer))
		attempt_begin(dialer);
	if (dialer->n_attempts == BERTH_RESOLVE_MAX)
		dialer->n_addresses = 0;
	if (!dialer->lookup && !dialer->n_addresses && !dialer->n_alive)
		finish(dialer, dialer->error, dialer->foreign);
	else
		alarm_set(dialer, dialer->n_addresses ? dialer->next_at : FAR);
}

static void on_alarm(void *user)
{
	struct berth_dialer *dialer = user;

	alarm_set(dialer, FAR); /* always set, so that moving it needs no memory */
	step(dialer);
}

/* ---- addresses ---- */

static void addresses_add(struct berth_dialer *dialer, const struct berth_address *addresses, int n)
{
	for (int i = 0; i < n && dialer->n_addresses < BERTH_RESOLVE_MAX; i++)
		dialer->addresses[dialer->n_addresses++] = addresses[i];
	berth_host_sort_destinations(dialer->resolver->host, dialer->addresses, dialer->n_addresses);
}

/* A family is known. When attempts have begun, their pace stays; else IPv4 may have to wait for IPv6. */
static void on_part(void *user, const struct part *part)
{
	struct berth_dialer *dialer = user;
	const struct part *ip6 = &part->lookup->parts[PART_IP6];
	bool waits = ip6->wanted && !ip6->settled;

	dialer->told = true;
	if (part->n > 0)
		addresses_add(dialer, part->addresses, part->n);
	if (!dialer->n_attempts)
		dialer->next_at = now_of(dialer) + (waits ? dialer->config.ms_family * NS_MS : 0);
	alarm_set(dialer, dialer->n_addresses ? dialer->next_at : FAR);
}

static void on_addresses(void *user, int n, const struct berth_address *addresses)
{
	struct berth_dialer *dialer = user;

	dialer->lookup = NULL;
	if (n < 0) {
		dialer->error = n;
	} else if (!dialer->told) {
		addresses_add(dialer, addresses, n);
		dialer->next_at = now_of(dialer);
	}
	step(dialer);
}

/* ---- beginning ---- */

void berth_dial_config_default(struct berth_dial_config *config)
{
	*config = (struct berth_dial_config){.size = sizeof(*config), .ms_family = 50, .ms_attempt = 250};
}

int berth_dial(struct berth_resolver *resolver, const char *name, uint16_t port, const struct berth_dial_config *config,
	       berth_dial_done *on_done, void *user, struct berth_dialer **out)
{
	struct berth_dialer *dialer;
	int r;

	if (!port || (config && config->size != sizeof(*config)))
		return BERTH_EINVAL;
	dialer = calloc(1, sizeof(*dialer));
	if (!dialer)
		return BERTH_ENOMEM;
	dialer->resolver = resolver;
	dialer->port = port;
	dialer->on_done = on_done;
	dialer->user = user;
	if (config)
		dialer->config = *config;
	else
		berth_dial_config_default(&dialer->config);
	if (dialer->config.ms_attempt < 10) /* RFC 8305 section 5 */
		dialer->config.ms_attempt = 10;
	r = berth_loop_at(resolver->loop, FAR, on_alarm, dialer);
	if (r == 0)
		r = lookup_new(resolver, name, dialer->config.family, on_addresses, dialer, &dialer->lookup);
	if (r < 0) {
		alarm_set(dialer, BERTH_NEVER);
		free(dialer);
		return r;
	}
	dialer->lookup->on_part = on_part;
	dialer->next = resolver->dialers;
	resolver->dialers = dialer;
	if (out)
		*out = dialer;
	return 0;
}

bool dialer_has_socket(const struct berth_dialer *dialers, const void *user)
{
	for (const struct berth_dialer *d = dialers; d; d = d->next) {
		if ((const char *)user >= (const char *)d->attempts &&
		    (const char *)user < (const char *)(d->attempts + d->n_attempts))
			return true;
	}
	return false;
}
