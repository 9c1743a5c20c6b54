/* The queues of a UDP socket. Only udp reads this. */
#ifndef UDP_UDP_QUEUE_H
#define UDP_UDP_QUEUE_H

#include "udp.h"

/* One more may come in: as long as the limit is not reached, so that one datagram of any size always finds room. */
static inline bool udp_queue_has_room(const struct udp_queue *queue, uint32_t limit)
{
	return queue->charge < limit;
}

void udp_queue_push(struct udp_queue *queue, struct udp_datagram *datagram);
/* The first, taken out; NULL: none. */
struct udp_datagram *udp_queue_pop(struct udp_queue *queue);
void udp_queue_clear(struct udp_env *env, struct udp_queue *queue);

/* A datagram with n bytes of storage, which its charge counts. */
struct udp_datagram *udp_datagram_new(struct udp_env *env, const struct socket_pair *pair, uint32_t n);
/* It holds n bytes of memory besides. */
void udp_datagram_charge(struct udp_env *env, struct udp_datagram *d, uint32_t n);

/* A datagram for the receive queue: in the frame that it came in, or copied when the frame is much larger. NULL when
 * out of memory. */
struct udp_datagram *udp_datagram_keep(struct udp_env *env, const struct udp_arrival *arrival);

#endif
