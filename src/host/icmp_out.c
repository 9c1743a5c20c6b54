/* ICMP out: answers to echo requests, and errors (RFC 792, 1122 section 3.2.2, 1812 section 4.3, 4443 section 2.4).
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

/* As much of the packet as fits 576 bytes (RFC 1812 section 4.3.2.3), or IPv6's least MTU (RFC 4443 section 2.4 (c)).
 */
#define QUOTE4_MAX (576 - IP4_HEADER - ICMP_HEADER)
#define QUOTE6_MAX (HOST_IP6_MTU - IP6_HEADER - ICMP_HEADER)

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

static bool limit_allows(struct berth_host *host, const struct ip *peer)
{
	uint64_t words[] = {peer->high, peer->low};
	struct token_bucket *all = &host->icmp_limit.all;
	struct token_bucket *one = &host->icmp_limit.peers[siphash13_words(host->key, words, 2) % HOST_LIMIT_PEERS];
	uint32_t cost = COST_LEAST + (uint32_t)rng_below(&host->rng, COST_SPREAD + 1);

	refill(all, host->now, TOKENS_ALL, TOKENS_ALL_A_SECOND);
	refill(one, host->now, TOKENS_PEER, TOKENS_PEER_A_SECOND);
	if (all->tokens < cost || one->tokens < cost)
		return false;
	all->tokens -= cost;
	one->tokens -= cost;
	return true;
}

static struct icmp_counters *counters_of(struct berth_host *host, const struct ip_packet *about)
{
	return about->family == BERTH_IP4 ? &host->counters.icmp : &host->counters.icmp6;
}

/* The address that the packet came to is the one to answer from (RFC 1122 section 3.2.2, 4443 section 2.2 (a)); a group
 * has none, and the path's own is taken. */
static struct ip source_of(const struct ip_packet *about)
{
	return about->to_many ? (struct ip){0} : about->destination;
}

static void send(struct berth_host *host, const struct ip_packet *about, const struct icmp_message *message,
		 uint8_t *buffer, uint8_t tos)
{
	struct host_path *path = host_path(host, &about->source);
	struct ip_send what = {
		.source = source_of(about),
		.protocol = about->family == BERTH_IP4 ? IP_PROTOCOL_ICMP4 : IP_PROTOCOL_ICMP6,
		.tos = tos,
		.payload = buffer,
		.len = ICMP_HEADER + (uint32_t)message->len_body,
	};
	uint8_t source[16], destination[16];

	if (!path) {
		host_counters_of(host, about->family)->no_route++;
		return;
	}
	if (ip_is_none(&what.source))
		what.source = path->source;
	if (about->family == BERTH_IP4) {
		icmp4_emit(message, buffer);
	} else {
		ip_to_bytes(&what.source, source);
		ip_to_bytes(&about->source, destination);
		icmp6_emit(message, source, destination, buffer);
	}
	counters_of(host, about)->messages_out++;
	ip_send(host, path, &what);
}

/* An ICMP message that is itself an error, or might be one. */
static bool is_icmp_error(const struct ip_packet *about)
{
	uint8_t type;

	if (about->protocol == IP_PROTOCOL_ICMP6 && about->family == BERTH_IP6)
		/* RFC 4443 section 2.1: errors have the high bit clear. A problem in the headers before the message
		 * leaves its place unknown. */
		return about->len_payload == 0 || about->frame->data[about->off_payload] < 128;
	if (about->protocol != IP_PROTOCOL_ICMP4 || about->family != BERTH_IP4)
		return false;
	if (about->len_payload == 0)
		return true;
	type = about->frame->data[about->off_payload];
	return type != ICMP4_ECHO_REPLY && type != ICMP4_ECHO_REQUEST && type != 13 && type != 14;
}

/* RFC 1122 section 3.2.2, 4443 section 2.4 (e): none about errors, about what went to many (but for the two cases that
 * IPv6 wants told all the same), or to a source that is not one host. Fragments other than the first never get as far
 * as asking. */
static bool may_tell(struct berth_host *host, const struct ip_packet *about, bool even_if_many)
{
	if ((about->to_many && !even_if_many) || is_icmp_error(about))
		return false;
	if (!ip_is_unicast(&about->source) && !ip_is_loopback(&about->source))
		return false;
	if (limit_allows(host, &about->source))
		return true;
	counters_of(host, about)->errors_limited++;
	return false;
}

/* A message about a packet, with as much of it as fits. */
static void send_error(struct berth_host *host, const struct ip_packet *about, struct icmp_message *message)
{
	uint8_t buffer[ICMP_HEADER + QUOTE6_MAX];
	uint32_t n_max = about->family == BERTH_IP4 ? QUOTE4_MAX : QUOTE6_MAX;

	message->body = about->bytes;
	message->len_body = about->len < n_max ? about->len : n_max;
	counters_of(host, about)->errors_out++;
	/* RFC 1812 section 4.3.2.5: precedence internetwork control. */
	send(host, about, message, buffer, about->family == BERTH_IP4 ? 0xc0 : 0);
}

void icmp_error(struct berth_host *host, const struct ip_packet *about, enum icmp_fault fault)
{
	static const struct {
		uint8_t type4, code4, type6, code6;
	} table[] = {
		[ICMP_PORT_UNREACHABLE] = {ICMP4_UNREACHABLE, ICMP4_PORT_UNREACHABLE, ICMP6_UNREACHABLE,
					   ICMP6_PORT_UNREACHABLE},
		[ICMP_PROTOCOL_UNREACHABLE] = {ICMP4_UNREACHABLE, ICMP4_PROTOCOL_UNREACHABLE, ICMP6_PARAMETER,
					       IP6_PROBLEM_NEXT_HEADER},
		[ICMP_REASSEMBLY_TIME] = {ICMP4_TIME_EXCEEDED, 1, ICMP6_TIME_EXCEEDED, 1},
	};
	bool ip4 = about->family == BERTH_IP4;
	struct icmp_message message = {
		.type = ip4 ? table[fault].type4 : table[fault].type6,
		.code = ip4 ? table[fault].code4 : table[fault].code6,
		/* RFC 4443 section 3.4: where the next header is that nobody knows. */
		.rest = !ip4 && fault == ICMP_PROTOCOL_UNREACHABLE ? about->off_protocol : 0,
	};

	if (may_tell(host, about, false))
		send_error(host, about, &message);
}

void icmp6_problem(struct berth_host *host, const struct ip_packet *about, const struct ip6_problem *problem)
{
	struct icmp_message message = {.type = ICMP6_PARAMETER, .code = problem->code, .rest = problem->off};

	if (may_tell(host, about, problem->multicast))
		send_error(host, about, &message);
}

void icmp_echo_reply(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *request)
{
	struct icmp_message reply = *request;
	uint32_t n = ICMP_HEADER + (uint32_t)request->len_body;
	uint8_t *buffer = host->memory->alloc(host->memory->context, n);

	if (!buffer) {
		host_counters_of(host, packet->family)->no_memory++;
		return;
	}
	reply.type = packet->family == BERTH_IP4 ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY;
	reply.code = 0;
	counters_of(host, packet)->echo_out++;
	send(host, packet, &reply, buffer, packet->tos);
	host->memory->free(host->memory->context, buffer, n);
}
