/* For tests of loss recovery: a connection whose round trip of 100 ms has been measured, and a flight of segments of
 * 1,000 bytes that are counted from 0. */
#ifndef TESTS_FLIGHT_H
#define TESTS_FLIGHT_H

#include "tcp_peer.h"

enum { MSS = 1000 };

#define RTT (100 * MS)

/* Where segment i begins; one went before them. */
static inline uint32_t at(uint32_t i)
{
	return 1 + MSS + i * MSS;
}

/* The peer's segments bring the timestamp that berth would send now. With them, its MSS is 12 bytes more. */
static inline void echo(struct peer *p)
{
	p->ts_ecr = p->setup.timestamps && p->t ? tcp_timestamp(&p->env, p->t) : 0;
}

static inline void flight_open(struct peer *p, const struct peer_setup *setup)
{
	peer_init(p, setup);
	peer_establish_active(p);
	assert_int_equal(peer_send(p, 1, MSS), MSS);
	echo(p);
	peer_advance(p, RTT);
	peer_in(p, TCP_ACK, 1, at(0), 0);
	assert_int_equal(p->t->ns_srtt, RTT);
	peer_clear(p);
}

/* n segments are in flight (at most ten leave), and a round trip has passed; timestamps that come are of their sending.
 */
static inline void flight_begin(struct peer *p, const struct peer_setup *setup, uint32_t n)
{
	flight_open(p, setup);
	assert_int_equal(peer_send(p, at(0), n * MSS), n * MSS);
	assert_int_equal(p->n_out, n < 10 ? n : 10);
	echo(p);
	peer_clear(p);
	peer_advance(p, RTT);
	peer_clear(p);
}

/* All below `ack` has arrived. */
static inline void acked(struct peer *p, uint32_t ack)
{
	peer_in(p, TCP_ACK, 1, at(ack), 0);
}

/* And first..end-1. */
static inline void sacked(struct peer *p, uint32_t ack, uint32_t first, uint32_t end)
{
	const uint32_t edges[2] = {at(first), at(end)};

	peer_in_sack(p, 1, at(ack), 1, edges);
}

/* And segment i arrived a second time (RFC 2883). */
static inline void dsacked(struct peer *p, uint32_t ack, uint32_t i)
{
	const uint32_t edges[2] = {at(i), at(i + 1)};

	peer_in_sack(p, 1, at(ack), 1, edges);
}

/* How often segment i left since the last peer_clear. */
static inline unsigned times(const struct peer *p, uint32_t i)
{
	unsigned n = 0;

	for (size_t k = 0; k < p->n_out; k++)
		n += p->out[k].len && p->out[k].seq <= at(i) && p->out[k].seq + p->out[k].len > at(i);
	return n;
}

/* All segments from first to end - 1 left since then, once each, and nothing else. */
static inline void only(const struct peer *p, uint32_t first, uint32_t end)
{
	size_t n = 0;

	for (size_t k = 0; k < p->n_out; k++)
		n += p->out[k].len != 0;
	for (uint32_t i = first; i < end; i++)
		assert_int_equal(times(p, i), 1);
	assert_int_equal(n, end - first);
}

#endif
