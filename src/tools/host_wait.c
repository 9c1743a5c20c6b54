/* Waiting for addresses.
 *
 * An address by hand may not be used at once: the host asks first whether somebody else has it (RFC 4862 section 5.4,
 * RFC 5227). One that the host finds by itself comes when a router or a server has answered. Link-local ones count for
 * nothing here: a host always makes one, and it says nothing about whether the network answers. */
#include "host_wait.h"
#include "tool.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NS_SECOND 1000000000ull
#define NS_TICK (NS_SECOND / 10)
/* Servers and routers that there are have answered by then; some try first whether an address is free, for seconds. */
#define NS_ANSWER (10 * NS_SECOND)
/* When what a server has given is in use by another station, the next is asked for ten seconds later (RFC 2131 section
 * 3.1.5). */
#define NS_DECLINED (15 * NS_SECOND)
/* With `auto`: one family has an address, the other is waited for as long, from the start. */
#define NS_OTHER (5 * NS_SECOND)
#define NS_QUIET NS_SECOND /* before anything is said */

/* ---- addresses ---- */

static bool is_link_local(const struct berth_address *a)
{
	return a->family == BERTH_IP6 && a->bytes[0] == 0xfe && a->bytes[1] >> 6 == 2;
}

static bool is_by_hand(const struct host_setup *setup, const struct berth_address *address)
{
	for (unsigned i = 0; i < setup->options->n_addresses; i++)
		if (berth_address_equal(&setup->options->addresses[i].address, address))
			return true;
	return false;
}

static bool is_usable(const struct berth_address_row *row)
{
	return row->state == BERTH_ADDRESS_PREFERRED || row->state == BERTH_ADDRESS_DEPRECATED;
}

/* The next address that the host has found and may use; in *cursor as berth_host_address_next. */
static bool next_found(const struct host_setup *setup, uint64_t *cursor, struct berth_address *out)
{
	struct berth_address_row row;

	while (berth_host_address_next(setup->host, berth_clock_now(), cursor, &row)) {
		if (!is_usable(&row) || is_link_local(&row.address) ||
		    (row.origin != BERTH_ORIGIN_DHCP && row.origin != BERTH_ORIGIN_ROUTER))
			continue;
		*out = row.address;
		return true;
	}
	return false;
}

static bool has_found(const struct host_setup *setup, enum berth_family family)
{
	struct berth_address address;
	uint64_t cursor = 0;

	while (next_found(setup, &cursor, &address))
		if (address.family == family)
			return true;
	return false;
}

static bool may_use(const struct host_setup *setup, const struct berth_address *address)
{
	struct berth_address_row row;
	uint64_t cursor = 0;

	while (berth_host_address_next(setup->host, berth_clock_now(), &cursor, &row))
		if (berth_address_equal(&row.address, address))
			return is_usable(&row);
	return false;
}

static bool may_use_all_by_hand(const struct host_setup *setup)
{
	for (unsigned i = 0; i < setup->options->n_addresses; i++)
		if (!may_use(setup, &setup->options->addresses[i].address))
			return false;
	return true;
}

unsigned host_addresses(const struct host_setup *setup, struct berth_address *out, unsigned n)
{
	const struct host_options *options = setup->options;
	struct berth_address address;
	uint64_t cursor = 0;
	unsigned n_out = 0;

	for (unsigned i = 0; i < options->n_addresses && n_out < n; i++)
		if (may_use(setup, &options->addresses[i].address))
			out[n_out++] = options->addresses[i].address;
	while (n_out < n && next_found(setup, &cursor, &address))
		out[n_out++] = address;
	return n_out;
}

/* ---- notices ---- */

static void note(const struct host_setup *setup, const struct berth_address *address, const char *format)
{
	char text[BERTH_ADDRESS_TEXT];

	if (!setup->arrived || !setup->talks || is_link_local(address) || is_by_hand(setup, address))
		return;
	tool_fail(setup->options->verb, TOOL_DONE, format, berth_address_format(address, text, sizeof(text)));
}

/* "192.168.1.7 is in use by another station, 02:00:00:00:00:01" */
static void conflict_text(const struct berth_notice *notice, char *out, size_t n)
{
	static const uint8_t none[6];
	const uint8_t *m = notice->mac;
	char text[BERTH_ADDRESS_TEXT];
	int written = snprintf(out, n, "%s is in use by another station",
			       berth_address_format(&notice->address, text, sizeof(text)));

	if (memcmp(m, none, sizeof(none)) != 0)
		snprintf(out + written, n - (size_t)written, ", %02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3],
			 m[4], m[5]);
}

static void on_duplicate(struct host_setup *setup, const struct berth_notice *notice)
{
	char text[BERTH_ADDRESS_TEXT + 64];

	setup->taken = notice->address;
	conflict_text(notice, text, sizeof(text));
	if (!is_by_hand(setup, &notice->address)) {
		tool_fail(setup->options->verb, TOOL_DONE, "note: %s; the host does not use it", text);
		return;
	}
	if (!setup->lost)
		tool_fail(setup->options->verb, TOOL_FAILED, "%s; take another address", text);
	setup->lost = true;
	berth_loop_stop(setup->loop);
}

void host_notices(struct host_setup *setup)
{
	struct berth_notice notice;

	while (berth_host_next_notice(setup->host, &notice)) {
		switch (notice.kind) {
		case BERTH_NOTICE_ADDRESS_READY:
			note(setup, &notice.address, "note: the host has another address: %s");
			break;
		case BERTH_NOTICE_ADDRESS_GONE:
			if (!berth_address_equal(&notice.address, &setup->taken))
				note(setup, &notice.address, "note: %s is the host's no longer");
			break;
		case BERTH_NOTICE_ADDRESS_DUPLICATE:
			on_duplicate(setup, &notice);
			break;
		default:
			break;
		}
	}
}

/* ---- what there is ---- */

/* What was asked for is there, so long after the start. */
static bool is_arrived(const struct host_setup *setup, berth_time ns)
{
	const struct host_options *options = setup->options;

	if (!may_use_all_by_hand(setup))
		return false;
	if (options->dhcp && !has_found(setup, BERTH_IP4))
		return false;
	if (!options->automatic)
		return true;
	/* One family by hand, or found, and the other has had its time. */
	bool has4 = host_options_has(options, BERTH_IP4) || has_found(setup, BERTH_IP4);
	bool has6 = has_found(setup, BERTH_IP6);
	return (has4 && has6) || ((has4 || has6) && ns >= NS_OTHER);
}

/* How long, from the start, what was asked for is waited for. */
static berth_time patience(const struct host_setup *setup)
{
	return setup->taken.family ? NS_ANSWER + NS_DECLINED : NS_ANSWER;
}

static int no_answer(const struct host_setup *setup)
{
	const struct host_options *options = setup->options;
	const char *verb = options->verb, *tap = options->tap;
	int seconds = (int)(patience(setup) / NS_SECOND);

	if (options->dhcp && !has_found(setup, BERTH_IP4))
		return tool_fail(verb, TOOL_FAILED,
				 "%s: no DHCP server has given an address in %d s; is one there, and the device up? "
				 "--address A/P gives one by hand",
				 tap, seconds);
	if (options->automatic && may_use_all_by_hand(setup))
		return tool_fail(verb, TOOL_FAILED,
				 "%s: no router has advertised a network and no DHCP server has given an address in "
				 "%d s; is one there, and the device up? --address A/P gives one by hand",
				 tap, seconds);
	return tool_fail(verb, TOOL_FAILED, "%s: whether the address is free was not to be learnt in %d s", tap,
			 seconds);
}

/* ---- waiting ---- */

/* On a terminal, a line that says what for; cleared by the next. */
static void show_progress(const struct host_setup *setup, berth_time ns)
{
	const struct host_options *options = setup->options;

	if (ns < NS_QUIET || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\rberth %s: waiting for %s, %d s ", options->verb,
		options->automatic ? "routers and DHCP"
		: options->dhcp    ? "DHCP"
				   : "the answer to whether the address is free",
		(int)(ns / NS_SECOND));
}

static void clear_progress(berth_time ns)
{
	if (ns >= NS_QUIET && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

int host_wait(struct host_setup *setup)
{
	berth_time start = berth_clock_now(), ns = 0;
	int status = TOOL_DONE;

	while (!is_arrived(setup, ns) && !setup->lost && !setup->signals.number && ns < patience(setup)) {
		show_progress(setup, ns);
		if (berth_loop_once(setup->loop, berth_clock_now() + NS_TICK) < 0)
			return tool_fail(setup->options->verb, TOOL_FAILED, "the event loop failed");
		ns = berth_clock_now() - start;
	}
	clear_progress(ns);
	if (setup->lost)
		status = TOOL_FAILED;
	else if (setup->signals.number)
		status = tool_fail(setup->options->verb, TOOL_FAILED,
				   "ended by a signal before the host had an address");
	else if (!is_arrived(setup, ns))
		status = no_answer(setup);
	setup->arrived = status == TOOL_DONE;
	return status;
}
