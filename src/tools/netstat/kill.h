/* --kill: ends the sockets that a filter matches. */
#ifndef TOOLS_NETSTAT_KILL_H
#define TOOLS_NETSTAT_KILL_H

#include "options.h"

/* Shows them, asks unless --yes was given, and ends them. An exit status; TOOL_NO when there is none, or the answer was
 * no. */
int netstat_kill(const struct netstat_options *options, struct look *look);

#endif
