/* Gateways that do not answer (RFC 1122 section 3.3.1.4, 4861 section 6.3.6, 4191 sections 3.2 and 3.5).
 *
 * A neighbour who does not answer may be a gateway. Its routes are then suspect: they count only where there are no
 * others, and stand behind their equals, so that several of that sort are tried in turn. Once a minute each such
 * gateway is asked; when one answers, whatever makes it do so, its routes count again. */
#include "discovery.h"
#include "neighbour.h"

#define ASK_EVERY (60 * HOST_SECOND)

static bool is_by(const struct host_route *r, unsigned interface, const struct ip *gateway)
{
	return r->interface == interface && ip_equal(&r->gateway, gateway);
}

static bool are_equals(const struct host_route *a, const struct host_route *b)
{
	return a->prefix == b->prefix && a->preference == b->preference;
}

static void put_behind_equals(struct berth_host *host, unsigned i)
{
	for (; i + 1 < host->n_routes && are_equals(&host->routes[i], &host->routes[i + 1]); i++) {
		struct host_route r = host->routes[i];

		host->routes[i] = host->routes[i + 1];
		host->routes[i + 1] = r;
	}
}

/* A question for each suspect gateway. One with several routes is asked once: the first question is still open. */
static void ask(struct berth_host *host, struct host_timer *timer)
{
	unsigned n = 0;

	for (unsigned i = 0; i < host->n_routes; i++) {
		const struct host_route *r = &host->routes[i];

		if (!r->suspect)
			continue;
		n++;
		neighbour_seek(host, r->interface, &r->gateway);
	}
	if (n)
		host_arm(host, timer, host->now + ASK_EVERY);
}

void gateway_init(struct berth_host *host)
{
	host->suspects.due = ask;
}

void gateway_silent(struct berth_host *host, unsigned interface, const struct ip *ip)
{
	bool found = false;

	for (unsigned i = host->n_routes; i-- > 0;) {
		if (!is_by(&host->routes[i], interface, ip))
			continue;
		found = true;
		host->routes[i].suspect = true;
		put_behind_equals(host, i);
	}
	if (!found)
		return;
	host->has_suspects = true;
	host_path_forget(host);
	if (!wheel_armed(&host->suspects.timer))
		host_arm(host, &host->suspects, host->now + ASK_EVERY);
}

void gateway_answers(struct berth_host *host, unsigned interface, const struct ip *ip)
{
	host->has_suspects = false;
	for (unsigned i = 0; i < host->n_routes; i++) {
		struct host_route *r = &host->routes[i];

		if (r->suspect && is_by(r, interface, ip)) {
			r->suspect = false;
			host_path_forget(host);
		}
		host->has_suspects |= r->suspect;
	}
}
