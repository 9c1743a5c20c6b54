/* The limit of acknowledgments that answer what looks like an attack or a stray: kept for each connection by itself. */
#ifndef TCP_CHALLENGE_H
#define TCP_CHALLENGE_H

#include <berth/frame.h>

struct tcp_challenge {
	berth_time next; /* none leaves before */
};

#endif
