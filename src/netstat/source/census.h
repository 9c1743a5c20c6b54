/* What a network namespace's own files tell of the sockets in it, so that nothing is asked of which there is none. */
#ifndef NETSTAT_CENSUS_H
#define NETSTAT_CENSUS_H

#include "source/namespace_text.h"

/* The census of the namespace that the calling thread is in; MPTCP's sockets are counted only if asked for. What cannot
 * be read says nothing: then there may be sockets of all kinds. */
void census_take(struct namespace_census *census, bool mptcp);

/* The families in which there may be sockets of MPTCP: a set of NETSTAT_IP4 and NETSTAT_IP6. */
uint8_t census_mptcp(void);

#endif
