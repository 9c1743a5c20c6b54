/* The verbs of berth, in the order in which help lists them.
 *
 * X(name, summary): name_main and name_usage are in name.c. */
#ifndef TOOLS_VERBS_H
#define TOOLS_VERBS_H

#define VERB_MAP(X) X(ports, "say which service a port stands for, and which port a service has")

#define X(name, summary)                                                                                               \
	int name##_main(int argc, char **argv);                                                                        \
	extern const char name##_usage[];
VERB_MAP(X)
#undef X

#endif
