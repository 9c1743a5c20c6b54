/* The sockets of one of many network namespaces.
 *
 * The kernel has one table of connections for all namespaces together: to list those of one it walks the whole of it,
 * which takes as long for a namespace with one socket as for one with all (36 ms at 100,000 sockets). Listeners have a
 * table of their own, which is small. So first the namespace's own counts are read (sockstat, in some 50 microseconds),
 * and nothing is asked of which it has none; then TCP's listeners, and when there are as many of them as there are
 * sockets, that was all. Nor is anything asked that the kernel does not speak at all: each such question could make it
 * look for a module. */
#include "source/namespace_read.h"

#include <stdio.h>

#include "net_file.h"
#include "source/census.h"

#define LISTEN NETSTAT_BIT(NETSTAT_STATE_LISTEN)
#define SYN_RECEIVED NETSTAT_BIT(NETSTAT_STATE_SYN_RECEIVED)
#define TCP NETSTAT_BIT(NETSTAT_TCP)

/* One namespace_read. */
struct reading {
	const struct netstat_request *request;
	netstat_on_row *on_row;
	void *user;
	struct namespace_census census;
	uint64_t listeners4, listeners6;
	bool answered; /* something could be read */
	int error;     /* the first; 0: none */
	int result;    /* on_row's, when it ended the walk */
};

uint32_t namespace_protocols(void)
{
	FILE *in = net_file_open("protocols");
	uint32_t spoken = 0;
	char line[512];

	while (in && fgets(line, sizeof(line), in))
		spoken |= NETSTAT_BIT(namespace_protocol_line(line));
	if (in)
		fclose(in);
	spoken &= NETSTAT_ALL_PROTOCOLS;
	return spoken ? spoken : NETSTAT_ALL_PROTOCOLS;
}

static int hand_on(void *user, struct netstat_row *row)
{
	struct reading *reading = user;

	return reading->result = reading->on_row(reading->user, row);
}

static int count_listener(void *user, struct netstat_row *row)
{
	struct reading *reading = user;

	if (row->family == BERTH_IP4)
		reading->listeners4++;
	else
		reading->listeners6++;
	return reading->request->states & LISTEN ? hand_on(reading, row) : 0;
}

/* Asks for protocols that have these families and states. */
static void ask(struct reading *reading, uint32_t protocols, uint32_t families, uint32_t states, netstat_on_row *on_row)
{
	struct netstat_request request = *reading->request;

	request.protocols = protocols;
	request.families &= families;
	request.states = states;
	if (!protocols || !request.families || !states || reading->result)
		return;
	int r = kernel_rows(&request, on_row, reading);
	reading->answered |= r == 0;
	if (r && !reading->error)
		reading->error = r;
}

/* Who asks for nothing but half-open connections gets to see them all. */
static void ask_tcp(struct reading *reading)
{
	uint32_t states = reading->request->states, families = reading->census.families[NETSTAT_TCP];

	if (states == SYN_RECEIVED) {
		ask(reading, TCP, families, states, hand_on);
		return;
	}
	ask(reading, TCP, families, LISTEN, count_listener);
	families &= namespace_census_connected(&reading->census, reading->listeners4, reading->listeners6);
	ask(reading, TCP, families, states & ~LISTEN, hand_on);
}

/* Neighbours with the same families in one question. */
static void ask_others(struct reading *reading, uint32_t wanted)
{
	uint32_t run = 0, families = 0;

	for (unsigned i = 0; i < NETSTAT_PROTOCOL_N; i++) {
		if (!(wanted & NETSTAT_BIT(i)))
			continue;
		if (reading->census.families[i] != families) {
			ask(reading, run, families, reading->request->states, hand_on);
			run = 0;
			families = reading->census.families[i];
		}
		run |= NETSTAT_BIT(i);
	}
	ask(reading, run, families, reading->request->states, hand_on);
}

int namespace_read(const struct netstat_request *request, uint32_t spoken, netstat_on_row *on_row, void *user)
{
	struct reading reading = {.request = request, .on_row = on_row, .user = user};
	uint32_t wanted = request->protocols & spoken;

	census_take(&reading.census, wanted & NETSTAT_BIT(NETSTAT_MPTCP));
	if (wanted & TCP)
		ask_tcp(&reading);
	ask_others(&reading, wanted & ~TCP);
	if (reading.result)
		return reading.result;
	return reading.answered ? 0 : reading.error;
}
