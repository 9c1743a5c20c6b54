/* What passes between c-ares and the servers.
 *
 * c-ares is shown nothing of an answer but its header and question, by which it decides what to do next: that is all of
 * a packet from outside that it has to read, and a packet that answers none of its questions does not reach it. It
 * would look for itself, but 1.18 gives a question up when an empty datagram comes, newer ones when anything does that
 * they cannot read; and those read every record of a message, following each name's pointers however many there are.
 * What the answer holds is read here, in bounded time, and kept for when c-ares has taken it. */
#include "dns_answer.h"
#include "dns_cares.h"

#include <stdlib.h>
#include <string.h>

#define TYPE_A 1

/* ---- whose ---- */

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* The same number, and the same one question, letters of its name in either case (RFC 4343). The lengths of labels are
 * no letters. */
static bool is_answer(const struct dns_exchange *e, const uint8_t *packet, size_t n)
{
	if (!(packet[2] & 0x80) || n < e->n_sent || memcmp(packet, e->sent, 2) != 0 || packet[4] != 0 || packet[5] != 1)
		return false;
	for (size_t i = DNS_HEADER; i < e->n_sent; i++) {
		if (lower(packet[i]) != lower(e->sent[i]))
			return false;
	}
	return true;
}

/* attacks.md 22. Numbers alone are not enough: c-ares 1.18 gives the same one to different questions at times. */
struct dns_exchange *dns_exchange_of(const struct dns *dns, const uint8_t *packet, size_t n)
{
	if (n < DNS_HEADER)
		return NULL;
	for (struct dns_question *q = dns->questions; q; q = q->next) {
		if (q->state == DNS_ASKED && q->exchange.n_sent && is_answer(&q->exchange, packet, n))
			return &q->exchange;
	}
	return NULL;
}

/* ---- out ---- */

/* Where c-ares's packet is kept: with the question that it is sending for the first time, mostly; when it could not
 * then, with any that has none. */
static struct dns_exchange *exchange_free(struct dns *dns)
{
	if (dns->asking)
		return &dns->asking->exchange;
	for (struct dns_question *q = dns->questions; q; q = q->next) {
		if (q->state == DNS_ASKED && !q->exchange.n_sent)
			return &q->exchange;
	}
	return NULL;
}

/* c-ares sends a question alone in its packet, and each time the same. */
void dns_exchange_sent(struct dns *dns, const uint8_t *packet, size_t n)
{
	struct dns_exchange *e = exchange_free(dns);
	size_t at = DNS_HEADER;

	while (at < n && packet[at])
		at += 1 + packet[at];
	at += 1 + 4;
	if (!e || at > n || at > sizeof(e->sent))
		return;
	memcpy(e->sent, packet, at);
	e->n_sent = at;
	e->n = BERTH_EPROTO;
}

/* ---- in ---- */

/* Takes what an answer holds, and makes it what c-ares is to see. How long that is; 0: nothing. */
static size_t answer_take(struct dns *dns, uint8_t *packet, size_t n)
{
	struct dns_exchange *e = dns_exchange_of(dns, packet, n);
	uint8_t rcode;
	bool is_ip4;

	if (!e)
		return 0;
	rcode = packet[3] & 0xf;
	is_ip4 = e->sent[e->n_sent - 3] == TYPE_A;
	/* 1.18 does not tell a server that turned a question down from one that could not be reached. */
	if (rcode == DNS_SERVFAIL || rcode == DNS_NOTIMP || rcode == DNS_REFUSED)
		e->rcode = rcode;
	e->n = dns_answer_addresses(packet, n, is_ip4 ? BERTH_IP4 : BERTH_IP6, e->addresses, DNS_ADDRESSES_MAX);
	memset(packet + 6, 0, 6); /* no records */
	return e->n_sent;
}

static long receive_datagram(struct dns *dns, const struct dns_socket *socket, uint8_t *out, size_t n)
{
	size_t n_seen;
	long r;

	do {
		r = berth_recv(dns->host, socket->descriptor, out, n, 0);
		n_seen = r < 0 ? 0 : answer_take(dns, out, (size_t)r);
	} while (r >= 0 && !n_seen);
	return r < 0 ? r : (long)n_seen;
}

static size_t get16(const uint8_t *bytes)
{
	return (size_t)bytes[0] << 8 | bytes[1];
}

/* Reads on until a message is whole (RFC 1035 section 4.2.2). 1; or 0, or an error: there is no more for now. */
static long stream_fill(struct dns *dns, struct dns_socket *socket)
{
	struct dns_stream *stream = &socket->stream;

	if (!stream->in)
		stream->in = malloc(DNS_STREAM_MAX);
	if (!stream->in)
		return BERTH_ENOMEM;
	for (;;) {
		size_t n_wanted = stream->n_in < 2 ? 2 : 2 + get16(stream->in);

		if (stream->n_in == n_wanted)
			return 1;
		long r = berth_recv(dns->host, socket->descriptor, stream->in + stream->n_in, n_wanted - stream->n_in,
				    0);
		if (r <= 0)
			return r;
		stream->n_in += (size_t)r;
	}
}

static long receive_stream(struct dns *dns, struct dns_socket *socket, uint8_t *out, size_t n)
{
	struct dns_stream *stream = &socket->stream;

	while (stream->off_out == stream->n_out) {
		long r = stream_fill(dns, socket);

		if (r <= 0)
			return r;
		size_t n_seen = answer_take(dns, stream->in + 2, stream->n_in - 2);
		stream->n_in = 0;
		if (!n_seen)
			continue;
		stream->out[0] = (uint8_t)(n_seen >> 8);
		stream->out[1] = (uint8_t)n_seen;
		memcpy(stream->out + 2, stream->in + 2, n_seen);
		stream->off_out = 0;
		stream->n_out = 2 + n_seen;
	}
	if (n > stream->n_out - stream->off_out)
		n = stream->n_out - stream->off_out;
	memcpy(out, stream->out + stream->off_out, n);
	stream->off_out += n;
	return (long)n;
}

long dns_exchange_receive(struct dns *dns, struct dns_socket *socket, uint8_t *out, size_t n)
{
	return socket->is_stream ? receive_stream(dns, socket, out, n) : receive_datagram(dns, socket, out, n);
}
