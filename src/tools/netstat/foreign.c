/* What fingers know from other tools and netstat does another way, or not at all: the line that says so. Options that
 * would change nothing here are taken in options.c and need none. */
#include "foreign.h"

#include <stddef.h>
#include <string.h>

#define NO_FAMILY "no such sockets are listed; -A takes inet, inet6 and unix"

static const struct foreign {
	char letter; /* 0: none */
	const char *name, *text;
} foreign[] = {
	/* net-tools */
	{'C', "--cache", "Linux keeps no cache of routes; -r shows the routes"},
	{'M', "--masquerade",
	 "masqueraded connections are conntrack's: try 'conntrack -L --src-nat'; --mptcp lists MPTCP"},
	{'Z', "--context", "security contexts are not shown"},
	{0, "--ipx", NO_FAMILY},
	{0, "--ax25", NO_FAMILY},
	{0, "--x25", NO_FAMILY},
	{0, "--netrom", NO_FAMILY},
	{0, "--rose", NO_FAMILY},
	{0, "--ddp", NO_FAMILY},
	{0, "--bluetooth", NO_FAMILY},
	{'2', "--l2cap", NO_FAMILY},
	{0, "--rfcomm", NO_FAMILY},
	/* ss */
	{'K', NULL, "--kill ends the sockets that a filter fits"},
	{'E', "--events", "--watch shows what opens and closes"},
	{'O', "--oneline", "each socket has one line anyway; '--columns +rtt,cwnd' says more of it"},
	{'m', "--memory", "--columns recv_q,send_q,drops and others tell what is queued; 'help' lists them all"},
	{'D', "--diag", "--save FILE saves everything"},
	{0, "--info", "'--columns +rtt,cwnd,retransmitted' says how TCP is doing; 'help' lists all columns"},
	{0, "--summary", "--by state counts sockets"},
	{0, "--net", "--all-netns lists those of all; 'ip netns exec NAME berth netstat' looks from inside one"},
	{0, "--packet", NO_FAMILY},
	{'0', NULL, NO_FAMILY},
	{0, "--vsock", NO_FAMILY},
	{0, "--tipc", NO_FAMILY},
	{0, "--xdp", NO_FAMILY},
};

const char *foreign_option(const char *word, int letter)
{
	size_t n = strcspn(word, "=");

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		const struct foreign *option = &foreign[i];

		if (strncmp(word, "--", 2) != 0) {
			if (option->letter && option->letter == letter)
				return option->text;
		} else if (option->name && strlen(option->name) == n && strncmp(word, option->name, n) == 0) {
			return option->text;
		}
	}
	return NULL;
}
