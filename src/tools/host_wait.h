/* From the options to addresses that work: what the host's notices say of them, and waiting until there are some. */
#ifndef TOOLS_HOST_WAIT_H
#define TOOLS_HOST_WAIT_H

#include "host_setup.h"

/* Takes the host's notices and says what a person has to know. When somebody else has an address that was given by
 * hand, setup->lost is set and the loop stopped. */
void host_notices(struct host_setup *setup);

/* Runs the loop until the host has the addresses that the options ask for: all of those by hand, and the first of each
 * kind that it was to find. Shows progress on a terminal. TOOL_DONE, or TOOL_FAILED and the error line is written. */
int host_wait(struct host_setup *setup);

#endif
