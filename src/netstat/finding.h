/* Findings: what may be odd about a conversation, each with a name that stays what it is. */
#ifndef NETSTAT_FINDING_H
#define NETSTAT_FINDING_H

/* X(NAME, id, text): what may be found. The id is stable. docs/netstat-findings.md says of each when exactly it is
 * found, why it matters and what to do; enrich/findings.c decides. */
#define FINDING_MAP(X)                                                                                                 \
	X(OWNER_UNKNOWN, "owner-unknown", "no process that has it can be found")                                       \
	X(EXECUTABLE_DELETED, "executable-deleted", "the program's file has been deleted or replaced")                 \
	X(EXECUTABLE_WRITABLE, "executable-writable", "the program's file lies where everybody may write")             \
	X(EXECUTABLE_MEMORY, "executable-memory", "the program has no file and runs from memory")                      \
	X(EXECUTABLE_HIDDEN, "executable-hidden", "the program's file has a name that hides or misleads")              \
	X(LISTENER_UNREGISTERED, "listener-unregistered",                                                              \
	  "waits on a public address, for a service that nobody registered")                                           \
	X(LISTENER_GONE, "listener-gone", "it came in, and nobody listens on its port any more")                       \
	X(SHELL_ON_SOCKET, "shell-on-socket", "a shell or interpreter reads its commands from a socket")               \
	X(SERVICE_UNUSUAL, "service-unusual", "a service that does not go with the program's other conversations")

enum finding {
#define X(name, id, text) FINDING_##name,
	FINDING_MAP(X)
#undef X
		FINDING_N
};

const char *finding_id(enum finding finding);   /* static text */
const char *finding_text(enum finding finding); /* static text */

#endif
