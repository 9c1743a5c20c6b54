/* Waiting for addresses.
 *
 * An address by hand is usable when a socket may have it: before, the host asks whether somebody else has it (RFC 4862
 * section 5.4, RFC 5227). One that the host finds by itself is told of by a notice. Link-local addresses count for
 * nothing here: a host always has one, and it says nothing about whether the network answers. */
#include "host_wait.h"
#include "tool.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NS_SECOND 1000000000ull
#define NS_TICK (NS_SECOND / 10)
/* Servers and routers that there are have answered by then; some try first whether an address is free, for seconds. */
#define NS_ANSWER (10 * NS_SECOND)
#define NS_QUIET NS_SECOND /* before anything is said */

/* ---- notices ---- */

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

static void forget(struct host_setup *setup, const struct berth_address *address)
{
	unsigned n = 0;

	for (unsigned i = 0; i < setup->n_addresses; i++)
		if (!berth_address_equal(&setup->addresses[i], address))
			setup->addresses[n++] = setup->addresses[i];
	setup->n_addresses = n;
}

static void remember(struct host_setup *setup, const struct berth_address *address)
{
	forget(setup, address);
	if (setup->n_addresses < HOST_KNOWN_MAX)
		setup->addresses[setup->n_addresses++] = *address;
}

static void on_found(struct host_setup *setup, const struct berth_address *address)
{
	char text[BERTH_ADDRESS_TEXT];

	if (is_by_hand(setup, address) || is_link_local(address))
		return;
	remember(setup, address);
	if (setup->arrived && setup->talks)
		tool_fail(setup->options->verb, TOOL_DONE, "note: the host has another address: %s",
			  berth_address_format(address, text, sizeof(text)));
}

static void on_gone(struct host_setup *setup, const struct berth_address *address)
{
	char text[BERTH_ADDRESS_TEXT];

	forget(setup, address);
	if (setup->arrived && setup->talks && !is_link_local(address))
		tool_fail(setup->options->verb, TOOL_DONE, "note: %s is the host's no longer: its time is over",
			  berth_address_format(address, text, sizeof(text)));
}

/* "192.168.1.7 is in use by another station, 02:00:00:00:00:01" */
static const char *conflict_text(const struct berth_notice *notice, char *out, size_t n)
{
	static const uint8_t none[6];
	const uint8_t *m = notice->mac;
	char text[BERTH_ADDRESS_TEXT];
	int written = snprintf(out, n, "%s is in use by another station",
			       berth_address_format(&notice->address, text, sizeof(text)));

	if (memcmp(m, none, sizeof(none)) != 0)
		snprintf(out + written, n - (size_t)written, ", %02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3],
			 m[4], m[5]);
	return out;
}

static void on_duplicate(struct host_setup *setup, const struct berth_notice *notice)
{
	char text[BERTH_ADDRESS_TEXT + 64];

	forget(setup, &notice->address);
	conflict_text(notice, text, sizeof(text));
	if (!is_by_hand(setup, &notice->address)) {
		tool_fail(setup->options->verb, TOOL_DONE, "note: %s; the host does not take it", text);
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
			on_found(setup, &notice.address);
			break;
		case BERTH_NOTICE_ADDRESS_GONE:
			on_gone(setup, &notice.address);
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

/* A socket may have the address. */
static bool usable(struct berth_host *host, const struct berth_address *address)
{
	struct berth_socket_address local = {*address, 0};
	int descriptor = berth_socket(host, address->family, BERTH_DATAGRAM);

	if (descriptor < 0)
		return false;
	int r = berth_bind(host, descriptor, &local);
	berth_close(host, descriptor);
	return r == 0;
}

static bool all_by_hand_usable(const struct host_setup *setup)
{
	for (unsigned i = 0; i < setup->options->n_addresses; i++)
		if (!usable(setup->host, &setup->options->addresses[i].address))
			return false;
	return true;
}

/* ---- waiting ---- */

/* Puts the first addresses in order: those by hand, as they were given, then those found. */
static void settle(struct host_setup *setup)
{
	const struct host_options *options = setup->options;
	struct berth_address found[HOST_KNOWN_MAX];
	unsigned n = setup->n_addresses;

	memcpy(found, setup->addresses, sizeof(found));
	setup->n_addresses = 0;
	for (unsigned i = 0; i < options->n_addresses; i++)
		remember(setup, &options->addresses[i].address);
	for (unsigned i = 0; i < n; i++)
		remember(setup, &found[i]);
	setup->arrived = true;
}

/* On a terminal, a line that says what for; cleared by the next. */
static void show_progress(const struct host_setup *setup, berth_time ns)
{
	if (ns < NS_QUIET || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\rberth %s: waiting whether the address is free, %d s ", setup->options->verb,
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

	while (!all_by_hand_usable(setup) && !setup->lost && !setup->signals.number && ns < NS_ANSWER) {
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
	else if (!all_by_hand_usable(setup))
		status = tool_fail(setup->options->verb, TOOL_FAILED,
				   "%s: whether the addresses are free is not known after %d s", setup->options->tap,
				   (int)(NS_ANSWER / NS_SECOND));
	if (status == TOOL_DONE)
		settle(setup);
	return status;
}
