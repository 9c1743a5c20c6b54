/* The census: sockstat, sockstat6 and protocols, in some 50 microseconds. */
#include "source/census.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "net_file.h"

/* The kernel counts sockets of MPTCP, too: to ask for them is to walk a table of its own, some 3 ms for nothing. */
static bool counts_mptcp(void)
{
	unsigned major = 0, minor = 0;
	struct utsname system;

	return uname(&system) == 0 && sscanf(system.release, "%u.%u", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 2));
}

static void census_file(const char *name, struct namespace_census *census,
			void (*line_take)(const char *line, struct namespace_census *census))
{
	FILE *in = net_file_open(name);
	char line[512];

	while (in && fgets(line, sizeof(line), in))
		line_take(line, census);
	if (in)
		fclose(in);
}

void census_take(struct namespace_census *census, bool mptcp)
{
	namespace_census_init(census);
	census_file("sockstat", census, namespace_census_line);
	census_file("sockstat6", census, namespace_census_line);
	if (mptcp && counts_mptcp())
		census_file("protocols", census, namespace_census_protocol_line);
	namespace_census_end(census);
}

uint8_t census_mptcp(void)
{
	struct namespace_census census;

	namespace_census_init(&census);
	if (counts_mptcp())
		census_file("protocols", &census, namespace_census_protocol_line);
	return census.families[NETSTAT_MPTCP];
}
