/* The kernel's sockets, from /proc/net/tcp and /proc/net/udp (proc(5)): what stands beside berth's own view in the
 * demo. */
#include "kernel_view.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>

struct place {
	uint32_t address; /* as the kernel has it in memory */
	unsigned port;
};

static const char *place_text(const struct place *place, char *out, size_t n)
{
	struct in_addr address = {place->address};
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &address, text, sizeof(text));
	snprintf(out, n, "%s:%u", text, place->port);
	return out;
}

static const char *state_text(unsigned state)
{
	/* The numbers of include/net/tcp_states.h in Linux. */
	static const char *const names[] = {"",           "ESTABLISHED", "SYN_SENT",  "SYN_RECV",
					    "FIN_WAIT1",  "FIN_WAIT2",   "TIME_WAIT", "CLOSE",
					    "CLOSE_WAIT", "LAST_ACK",    "LISTEN",    "CLOSING"};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

/* One line of the file; a heading or a socket without a peer is passed over. */
static bool print_line(const char *protocol, const char *line, FILE *out)
{
	struct place local, foreign;
	unsigned state, send_queue, recv_queue;
	char local_text[32], foreign_text[32];

	if (sscanf(line, " %*u: %x:%x %x:%x %x %x:%x", &local.address, &local.port, &foreign.address, &foreign.port,
		   &state, &send_queue, &recv_queue) != 7 ||
	    foreign.port == 0)
		return false;
	fprintf(out, "%-5s %6u %6u %-23s %-23s %s\n", protocol, recv_queue, send_queue,
		place_text(&local, local_text, sizeof(local_text)),
		place_text(&foreign, foreign_text, sizeof(foreign_text)), state_text(state));
	return true;
}

static int print_file(const char *path, const char *protocol, FILE *out)
{
	FILE *in = fopen(path, "re");
	char line[512];
	int n = 0;

	while (in && fgets(line, sizeof(line), in))
		n += print_line(protocol, line, out);
	if (in)
		fclose(in);
	return n;
}

int kernel_view_print(FILE *out)
{
	fprintf(out, "%-5s %6s %6s %-23s %-23s %s\n", "Proto", "Recv-Q", "Send-Q", "Local Address", "Foreign Address",
		"State");
	return print_file("/proc/self/net/tcp", "tcp", out) + print_file("/proc/self/net/udp", "udp", out);
}
