/* Pacing: data leaves at a rate and not in windows. It costs nothing unless the congestion control or the user asks for
 * it.
 *
 * `next` is when what has left will have passed at that rate. Data may leave while that is not further away than a
 * quantum takes; then a timer waits until half of it has passed, so that a host that is a little late loses nothing.
 * One that is later, as a program is that waits for a processor, makes up for up to 4 ms: else the rate that is
 * measured falls short of the rate that was chosen, and the next one is chosen by it. */
#ifndef TCP_PACE_H
#define TCP_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include <berth/frame.h>

struct tcb;
struct tcp_env;

struct tcp_pace {
	berth_time next;
};

/* Bytes a second, 0: data is not paced. */
uint64_t tcp_pace_rate(const struct tcb *t);
/* The most that leaves at once: what passes in a millisecond, 2 segments to 64 KiB (draft-ietf-ccwg-bbr section
 * 5.6.3). */
uint32_t tcp_pace_quantum(uint64_t rate, uint32_t mss);
/* A segment of data may leave, and *payload_max is made small enough; false: it has to wait, and a timer is armed. */
bool tcp_pace_allows(struct tcp_env *env, struct tcb *t, uint32_t *payload_max);
/* len bytes have left. */
void tcp_pace_sent(const struct tcp_env *env, struct tcb *t, uint32_t len);

#endif
