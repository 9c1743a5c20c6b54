/* SYN cookies (RFC 4987 section 3.6): under pressure the answer to a SYN carries in its sequence number all that has to
 * be remembered of it, so that nothing is kept; the peer's ACK brings it back. */
#ifndef TCP_SYNCOOKIE_H
#define TCP_SYNCOOKIE_H

#include <stdbool.h>
#include <stdint.h>

struct tcb;
struct tcp_env;
struct tcp_request;
struct tcp_segment;

/* Answers the SYN that r was filled from: r->iss becomes the cookie, and what cannot be brought back is not agreed to.
 */
void tcp_syncookie_send(struct tcp_env *env, struct tcp_request *r);

/* Low bits of the timestamp in a SYN-ACK with a cookie are replaced: what r has agreed to. */
uint32_t tcp_syncookie_timestamp(const struct tcp_request *r, uint32_t timestamp);

/* An ACK at a listener that has sent cookies lately. true and *r: it carries one of them. */
bool tcp_syncookie_check(struct tcp_env *env, struct tcb *listener, const struct tcp_segment *segment,
			 struct tcp_request *r);

/* The listener has sent cookies that may still come back. */
bool tcp_syncookie_expected(const struct tcp_env *env, const struct tcb *listener);

#endif
