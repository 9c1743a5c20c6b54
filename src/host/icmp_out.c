/* ICMP out: answers to echo requests, and errors (RFC 792, 1122 section 3.2.2, 1812 section 4.3).
 *
 * Errors are limited by token buckets: one for all, and a smaller one for each of 64 groups of peers, so that no peer
 * uses up what the others need. Each error costs a random number of tokens: with a fixed limit, whoever can fill it
 * learns by the errors that are left which ports others talk to (SAD DNS, CVE-2020-25705). */
#include <string.h>

#include "checksum.h"
#include "icmp.h"
#include "in.h"
#include "out.h"

/* In hundredths of an error. */
#define TOKENS_ALL 20000
#define TOKENS_ALL_A_SECOND 20000
#define TOKENS_PEER 1000
#define TOKENS_PEER_A_SECOND 200
#define COST_LEAST 50
#define COST_SPREAD 100 /* so 1 on average */

/* RFC 1812 section 4.3.2.3: as much of the packet as fits 576 bytes. */
#define QUOTE_MAX (576 - IP4_HEADER - ICMP_HEADER)

static void refill(struct token_bucket *bucket, berth_time now, uint32_t tokens_max, uint32_t a_second)
{
	berth_time passed = now - bucket->at;
	uint64_t tokens;

	/* A bucket that has never been used stands at time 0 and fills up here. */
	if (passed > 3600 * HOST_SECOND)
		passed = 3600 * HOST_SECOND;
	tokens = bucket->tokens + passed / 1000 * a_second / 1000000;
	if (tokens == bucket->tokens)
		return; /* too soon: the time is not lost but counted next time */
	bucket->tokens = tokens < tokens_max ? (uint32_t)tokens : tokens_max;
	bucket->at = now;
}

void icmp_limit_init(struct berth_host *host)
{
	host->icmp_limit.all.tokens = TOKENS_ALL;
	for (unsigned i = 0; i < HOST_LIMIT_PEERS; i++)
		host->icmp_limit.peers[i].tokens = TOKENS_PEER;
}

static bool limit_allows(struct berth_host *host, uint32_t peer)
{
	uint64_t word = peer;
	struct token_bucket *all = &host->icmp_limit.all;
	struct token_bucket *one = &host->icmp_limit.peers[siphash13_words(host->key, &word, 1) % HOST_LIMIT_PEERS];
	uint32_t cost = COST_LEAST + (uint32_t)rng_below(&host->rng, COST_SPREAD + 1);

	refill(all, host->now, TOKENS_ALL, TOKENS_ALL_A_SECOND);
	refill(one, host->now, TOKENS_PEER, TOKENS_PEER_A_SECOND);
	if (all->tokens < cost || one->tokens < cost)
		return false;
	all->tokens -= cost;
	one->tokens -= cost;
	return true;
}

static void send(struct berth_host *host, const struct ip_packet *about, const struct icmp_message *message,
		 uint8_t *buffer, uint8_t tos)
{
	struct host_path *path = host_path(host, about->source);
	struct ip_send what = {
		/* RFC 1122 section 3.2.2: from the address that the packet came to. */
		.source = about->destination,
		.protocol = IP_PROTOCOL_ICMP4,
		.tos = tos,
		.ttl = host->config.ttl,
		.payload = buffer,
		.len = ICMP_HEADER + (uint32_t)message->len_body,
	};

	if (!path) {
		host->counters.ip.no_route++;
		return;
	}
	icmp4_emit(message, buffer);
	host->counters.icmp.messages_out++;
	ip_send(host, path, &what);
}

/* An ICMP message that is itself an error, or might be one. */
static bool is_icmp_error(const struct ip_packet *about)
{
	uint8_t type;

	if (about->header.protocol != IP_PROTOCOL_ICMP4)
		return false;
	if (about->len_payload == 0)
		return true;
	type = about->bytes[about->header.len_header];
	return type != ICMP4_ECHO_REPLY && type != ICMP4_ECHO_REQUEST && type != 13 && type != 14;
}

void icmp_error(struct berth_host *host, const struct ip_packet *about, uint8_t type, uint8_t code)
{
	uint8_t buffer[ICMP_HEADER + QUOTE_MAX];
	struct icmp_message message = {.type = type, .code = code, .body = about->bytes};

	/* RFC 1122 section 3.2.2: none about errors, about what went to many, or to a source that is not one host.
	 * Fragments other than the first never get as far as asking. */
	if (about->broadcast || is_icmp_error(about))
		return;
	if (!limit_allows(host, about->source)) {
		host->counters.icmp.errors_limited++;
		return;
	}
	message.len_body = about->header.total_len < QUOTE_MAX ? about->header.total_len : QUOTE_MAX;
	host->counters.icmp.errors_out++;
	/* RFC 1812 section 4.3.2.5: precedence internetwork control. */
	send(host, about, &message, buffer, 0xc0);
}

void icmp_echo_reply(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *request)
{
	struct icmp_message reply = *request;
	uint32_t n = ICMP_HEADER + (uint32_t)request->len_body;
	uint8_t *buffer = host->memory->alloc(host->memory->context, n);

	if (!buffer) {
		host->counters.ip.no_memory++;
		return;
	}
	reply.type = ICMP4_ECHO_REPLY;
	reply.code = 0;
	host->counters.icmp.echo_out++;
	send(host, packet, &reply, buffer, packet->header.tos);
	host->memory->free(host->memory->context, buffer, n);
}
