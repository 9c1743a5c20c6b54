/* What a connection knows of urgent data: where it ends, on its way in and on its way out. */
#ifndef TCP_URGENT_H
#define TCP_URGENT_H

#include "seq.h"

struct tcp_urgent {
	tcp_seq rcv_up; /* RCV.UP: the number after the urgent byte that is not read yet; 0: there is none */
	tcp_seq snd_up; /* SND.UP: likewise of ours, once sent and acknowledged a thing of the past; 0: never any */
};

#endif
