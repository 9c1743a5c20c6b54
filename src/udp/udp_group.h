/* The groups of a UDP socket. Only udp reads this. */
#ifndef UDP_UDP_GROUP_H
#define UDP_UDP_GROUP_H

#include "udp.h"

/* s is no member of any group any more. */
void udp_leave_all(struct udp_env *env, struct udp_socket *s);

#endif
