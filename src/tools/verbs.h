/* The verbs of berth, in the order in which help lists them.
 *
 * X(name, summary): name_main and name_usage are in name.c. */
#ifndef TOOLS_VERBS_H
#define TOOLS_VERBS_H

#define VERB_MAP(X)                                                                                                    \
	X(demo, "show it all: downloads over a bad cable, and nothing lost")                                           \
	X(netstat, "show every conversation of this machine and of berth hosts, explained")                            \
	X(serve, "run a host with HTTP and echo services")                                                             \
	X(nc, "join standard input and output to a conversation of a host")                                            \
	X(ports, "say which service a port stands for, and which port a service has")

#define X(name, summary)                                                                                               \
	int name##_main(int argc, char **argv);                                                                        \
	extern const char name##_usage[];
VERB_MAP(X)
#undef X

#endif
