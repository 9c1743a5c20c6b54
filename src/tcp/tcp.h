/* TCP as the layers above see it: what host and socket may call. What is inside a connection is in tcb.h, which only
 * tcp reads.
 *
 * TCP never calls up. It leaves what it has to say in three places: endpoints->tx (this connection has something to
 * send), endpoints->news (this socket has become ready), and env->reply (a segment without a connection wants an
 * answer). */
#ifndef TCP_TCP_H
#define TCP_TCP_H

#include <berth/frame.h>
#include <berth/snapshot.h>
#include <berth/socket.h>
#include <berth/tcp_info.h>

#include "budget.h"
#include "fastopen.h"
#include "pairs.h"
#include "request.h"
#include "rng.h"
#include "tcp_header.h"
#include "wheel.h"

/* X(name, text). Counter "tcp_NAME" of berth_host_counter. */
#define TCP_COUNTER_MAP(X)                                                                                             \
	X(active_opens, "connections begun by this host")                                                              \
	X(passive_opens, "connections begun by peers")                                                                 \
	X(established, "connections that reached ESTABLISHED")                                                         \
	X(failed_opens, "connections that never reached ESTABLISHED")                                                  \
	X(resets_in, "connections reset by the peer")                                                                  \
	X(resets_out, "resets sent")                                                                                   \
	X(segments_in, "segments received")                                                                            \
	X(segments_out, "segments sent, large ones counted by their parts")                                            \
	X(bytes_in, "payload bytes taken in order")                                                                    \
	X(bytes_out, "payload bytes sent for the first time")                                                          \
	X(segments_retransmitted, "segments sent again")                                                               \
	X(bytes_retransmitted, "payload bytes sent again")                                                             \
	X(fast_recoveries, "losses found by acknowledgments")                                                          \
	X(timeouts, "retransmission timeouts")                                                                         \
	X(timeouts_spurious, "retransmission timeouts that were for nothing")                                          \
	X(rack_losses, "losses found by time (RACK)")                                                                  \
	X(lost_retransmits, "retransmissions found lost by acknowledgments")                                           \
	X(tail_probes, "tail loss probes sent")                                                                        \
	X(tail_probe_recoveries, "losses that a tail loss probe repaired")                                             \
	X(undos, "reductions of the window that were taken back")                                                      \
	X(reordering_seen, "segments seen to arrive out of order")                                                     \
	X(reneging, "peers that threw away what they had reported")                                                    \
	X(zero_window_probes, "zero-window probes sent")                                                               \
	X(keepalives, "keepalive probes sent")                                                                         \
	X(acks_delayed, "acknowledgments sent by the delayed-ACK timer")                                               \
	X(acks_challenge, "challenge acknowledgments sent")                                                            \
	X(challenge_limited, "challenge acknowledgments held back by their limit")                                     \
	X(out_of_order, "segments that arrived ahead of a gap")                                                        \
	X(duplicate, "segments whose data was there already")                                                          \
	X(dsacks_in, "duplicates reported by the peer")                                                                \
	X(urgent_in, "advances of the peer's urgent pointer")                                                          \
	X(urgent_out, "sends of urgent data")                                                                          \
	X(no_socket, "segments for no socket")                                                                         \
	X(bad_sequence, "segments outside the receive window")                                                         \
	X(bad_ack, "acknowledgments of what was never sent")                                                           \
	X(bad_flags, "segments whose flags do not fit the state")                                                      \
	X(paws, "segments older than the timestamp seen (PAWS)")                                                       \
	X(backlog_full, "connections refused room by a full backlog")                                                  \
	X(syn_cookies_out, "SYNs answered by a cookie, as too many connections were half open")                        \
	X(syn_cookies_in, "connections begun by a cookie that came back")                                              \
	X(syn_cookies_bad, "acknowledgments that should be a cookie and are none")                                     \
	X(fast_open_out, "connections begun whose data was taken with the SYN")                                        \
	X(fast_open_refused, "connections begun whose data on the SYN had to be sent again")                           \
	X(fast_open_in, "connections of peers that were let in by a cookie before their handshake was complete")       \
	X(fast_open_bad, "SYNs whose fast open cookie was not of this host")                                           \
	X(fast_open_full, "SYNs not let in as too many had been that have not proved themselves")                      \
	X(queue_full, "segments dropped for want of receive buffer or queue")                                          \
	X(no_memory, "segments or connections dropped for want of memory")                                             \
	X(timed_out, "connections given up after retransmissions or probes")                                           \
	X(time_wait, "connections that entered TIME-WAIT")                                                             \
	X(time_wait_recycled, "TIME-WAIT connections ended early to make room")                                        \
	X(icmp_ignored, "ICMP errors whose quoted sequence number is not in flight")                                   \
	X(mtu_lowered, "path MTU lowered by ICMP")                                                                     \
	X(ecn_agreed, "connections whose both sides know ECN")                                                         \
	X(ecn_marks_in, "segments that a router has marked (ECN)")                                                     \
	X(ecn_reductions, "windows reduced because the peer saw marks (ECN)")                                          \
	X(mtu_doubted, "ICMP errors about a size that has arrived before")                                             \
	X(mtu_black_holes, "packet sizes lowered because large ones vanished")                                         \
	X(mtu_probes, "segments sent to try a larger packet size")                                                     \
	X(mtu_raised, "packet sizes raised because such a segment arrived")

struct tcp_counters {
#define X(name, text) uint64_t name;
	TCP_COUNTER_MAP(X)
#undef X
};

struct tcb;
struct tcp_congestion;

struct tcp_config {
	uint32_t send_buffer, receive_buffer;         /* bytes, defaults of new sockets */
	uint32_t send_buffer_max, receive_buffer_max; /* what they grow to by themselves */
	bool mtu_probing;                             /* RFC 4821: in the dark, the size of packets is searched for */
	uint32_t ms_msl;
	uint32_t n_time_wait_max;
	uint32_t n_half_open_max;
	unsigned fast_open;                    /* BERTH_FAST_OPEN_... */
	bool sack, timestamps, window_scaling; /* offered, and agreed to */
	uint8_t ttl;
	bool rack; /* RFC 8985 finds losses; false: RFC 6675 */
	const struct tcp_congestion *congestion;
	uint8_t ecn; /* enum berth_ecn */
};

/* A segment that is to leave at once and not by tcp_output: a reset where no connection is (RFC 9293 section 3.10.7.1),
 * or an acknowledgment in the middle of a burst. `pair` is seen from this host. */
struct tcp_reply {
	bool wanted;
	struct socket_pair pair;
	struct tcp_header header;
	uint8_t tos, ttl; /* of the IP packet; ttl 0: the host's */
};

/* What TCP needs of its host. One a host; the host sets `now` before each call. */
struct tcp_env {
	berth_time now;
	const struct berth_memory *memory;
	struct pairs *pairs;
	struct endpoints *endpoints;
	struct tcp_config config;
	struct siphash_key secret; /* of initial sequence numbers and timestamp offsets */
	struct rng rng;
	struct wheel wheel;
	struct list time_wait; /* oldest first */
	uint32_t n_time_wait;
	struct budget *budget; /* of the memory of all queues, the host's */
	struct list ahead;     /* struct recvq_ahead of connections with a gap, oldest first */
	struct tcp_requests requests;
	struct tcp_fast_open_host fast_open;
	struct list ended; /* connections to free when the current call is over */
	struct tcp_reply reply;
	uint8_t ecn_out; /* the ECN bits of the packet for the segment that tcp_output has made */
	bool progress;   /* set when the peer has acknowledged or sent something new: both ways work. The host clears it
			  */
	struct tcp_counters counters;
};

/* Fills env. `congestion` by name ("cubic", "reno", "bbr"). 0, or BERTH_EINVAL: no such congestion control,
 * BERTH_ENOMEM. The pairs, endpoints and budget are borrowed. */
int tcp_env_init(struct tcp_env *env, const struct berth_host_config *config, struct pairs *pairs,
		 struct endpoints *endpoints, struct budget *budget, berth_time now);

/* Frees every TCP endpoint without a word to its peer. */
void tcp_env_deinit(struct tcp_env *env);

/* 0 when there is a congestion control of that name. */
int tcp_congestion_check(const char *name);

/* A segment that arrived whole and with a good checksum. */
struct tcp_segment {
	struct socket_pair pair; /* local: where it was sent to; foreign: who sent it */
	struct tcp_header header;
	struct berth_frame *frame; /* borrowed; tcp takes a reference when it keeps the payload, and then owns next,
				    * mark, off_wanted and len_wanted of the frame */
	uint32_t off, len;         /* payload, from frame->data */
	uint32_t mtu;              /* of the path back to the peer */
	uint8_t ecn;               /* the two bits of the IP header (RFC 3168 section 5) */
	bool reuses;               /* tcp's own: the SYN takes over a pair from TIME-WAIT, whose numbers ended before */
	uint32_t isn_after;        /* this one */
};

/* Takes the segment to its connection or listener. Afterwards the host looks at env->reply and, when it is wanted,
 * sends it and clears `wanted`. */
void tcp_segment_in(struct tcp_env *env, struct tcp_segment *segment);

/* Runs the timers that are due at env->now. */
void tcp_expire(struct tcp_env *env);

/* The next segment of t, if it has one to send now: writes the TCP header at out->header[64] (checksum 0) and sets
 * off_header, len_header, slices, n_slices, len and segment_size; the host puts the IP header before it. payload_max:
 * most payload bytes in one frame (65,535 less headers where the link segments; the host passes 0 where it does not,
 * and segments are single). true: a segment is there, and there may be more; false: nothing (now). */
bool tcp_output(struct tcp_env *env, struct tcb *t, uint32_t payload_max, struct berth_frame_out *out);

/* An ICMP error quoted a segment that t sent, with this sequence number (RFC 5927 section 4: it must be in flight to
 * count). `error` is a BERTH_E number; `hard`: protocol or port unreachable (ends a connection in SYN-SENT; RFC 1122
 * section 4.2.3.9, 5461). */
void tcp_icmp_error(struct tcp_env *env, struct tcb *t, uint32_t seq, int error, bool hard);

/* The path to t's peer carries packets of at most `mtu` bytes (RFC 1191), says a router that quotes a segment with this
 * sequence number. false: it is not to be believed, or not yet. */
bool tcp_icmp_mtu(struct tcp_env *env, struct tcb *t, uint32_t seq, uint32_t mtu);

/* The same for a connection that is half open and a listener's as yet; `hard` ends it. false: there is none of that
 * pair. */
bool tcp_request_icmp(struct tcp_env *env, const struct socket_pair *pair, uint32_t seq, bool hard);

/* The next SYN-ACK that is to be sent again (env->requests.due) is in env->reply; false: there is none now. */
bool tcp_request_output(struct tcp_env *env);

/* Connections that are half open, by id: the first with a greater one, or NULL; and as a row of a snapshot, all of it.
 * Returns its id. */
struct tcp_request *tcp_request_after(struct tcp_env *env, uint64_t id);
uint64_t tcp_request_row(struct tcp_env *env, struct tcp_request *r, struct berth_socket_row *row);

/* The local address of this pair is the host's no more: those half open are forgotten. */
void tcp_requests_address_gone(struct tcp_env *env, const struct socket_pair *local);

/* t's local address is the host's no more (RFC 5227 section 2.4, RFC 2131 section 4.4.5): t ends with
 * BERTH_EADDRNOTAVAIL. Its peer is not told, as that would be one more packet from the address; whoever has it now says
 * what there is to say. A listener stays. */
void tcp_address_gone(struct tcp_env *env, struct tcb *t);

/* ---- for the socket layer; t is always a TCP endpoint with a descriptor ---- */

/* A new endpoint in CLOSED, added to env->endpoints. NULL when out of memory. */
struct tcb *tcp_new(struct tcp_env *env, enum berth_family family);

struct endpoint *tcp_endpoint(struct tcb *t);
struct tcb *tcp_of_endpoint(struct endpoint *e);

/* t is bound (endpoint->bound). 0, BERTH_EINVAL (not CLOSED or LISTEN), BERTH_EADDRINUSE, BERTH_ENOMEM. Called again: a
 * new backlog. */
int tcp_listen(struct tcp_env *env, struct tcb *t, int backlog);

/* The next established connection of a listener, its endpoint without descriptor; NULL: none. */
struct tcb *tcp_accept(struct tcp_env *env, struct tcb *listener);

/* A connection is waiting for tcp_accept. */
bool tcp_can_accept(const struct tcb *t);

/* Active open to pair.foreign from pair.local, both addresses set. mtu: of the path. 0: SYN-SENT; BERTH_EADDRINUSE,
 * BERTH_EADDRNOTAVAIL, BERTH_EISCONN, BERTH_EALREADY, BERTH_EINVAL (LISTEN), BERTH_ENOMEM, or the pending error. */
int tcp_connect(struct tcp_env *env, struct tcb *t, uint32_t mtu);

/* The same with data on the SYN, where fast open can (RFC 7413): how many bytes it takes, BERTH_EINPROGRESS (none: the
 * SYN asks for a cookie), BERTH_EOPNOTSUPP (the host does without fast open), or an error of tcp_connect. */
long tcp_connect_send(struct tcp_env *env, struct tcb *t, uint32_t mtu, const struct berth_vector *vectors, size_t n);

/* tcp_connect has succeeded, but nothing leaves before there is data to send (TCP_FASTOPEN_CONNECT). */
bool tcp_connect_is_deferred(const struct tcb *t);

/* As berth_send and berth_recv. Vectors are checked by the caller (sizes do not overflow). */
long tcp_send(struct tcp_env *env, struct tcb *t, const struct berth_vector *vectors, size_t n, unsigned flags);
long tcp_recv(struct tcp_env *env, struct tcb *t, const struct berth_vector *vectors, size_t n, unsigned flags);

/* What goes beside the data that tcp_recv has just given: the members that a program has asked for. */
void tcp_control(const struct tcb *t, struct berth_control *control);

/* As berth_ioctl. */
int tcp_query(const struct tcb *t, unsigned request, int *value);

/* 0, BERTH_ENOTCONN. */
int tcp_shutdown(struct tcp_env *env, struct tcb *t, enum berth_shutdown how);

/* The user is gone: t belongs to TCP from here on. */
void tcp_close(struct tcp_env *env, struct tcb *t);

/* BERTH_READABLE ... as they are now. */
unsigned tcp_ready(const struct tcb *t);

/* The next byte to read is the urgent one. */
bool tcp_at_mark(const struct tcb *t);

/* Connected, or has been: it has a peer. */
bool tcp_has_peer(const struct tcb *t);

/* Levels BERTH_SOL_TCP and BERTH_SOL_SOCKET (SO_ERROR, SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE, SO_LINGER, SO_ACCEPTCONN).
 * As berth_setsockopt and berth_getsockopt. */
int tcp_setsockopt(struct tcp_env *env, struct tcb *t, int level, int option, const void *value, size_t n);
int tcp_getsockopt(struct tcp_env *env, struct tcb *t, int level, int option, void *value, size_t *n);

/* t as a row of a snapshot: everything but the descriptor and addresses. */
void tcp_row(const struct tcp_env *env, const struct tcb *t, struct berth_socket_row *row);

#endif
