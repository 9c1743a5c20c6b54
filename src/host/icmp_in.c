/* ICMP in, what both families share: errors go to the socket whose packet they quote (RFC 1122 section 3.2.2, 4443
 * section 2.4 (d)).
 *
 * A quotation is what a stranger says that we sent. It is bounds-checked like any packet, its source must be an address
 * of this host, and a conversation of exactly these addresses and ports must be there; TCP then asks for a sequence
 * number in flight (RFC 5927). */
#include <string.h>

#include "error_queue.h"
#include "icmp.h"
#include "in.h"
#include "udp_header.h"

/* Where the quoted packet's transport begins; 0: not there. */
static size_t read_ip4(const uint8_t *p, size_t n, struct icmp_quote *out)
{
	struct ip4_header ip;

	if (!ip4_parse_quoted(p, n, &ip) || ip.off_fragment)
		return 0;
	out->pair = (struct socket_pair){.family = BERTH_IP4, .protocol = ip.protocol};
	memcpy(out->pair.local, ip.source, 4);
	memcpy(out->pair.foreign, ip.destination, 4);
	out->total_len = ip.total_len;
	return ip.len_header;
}

static size_t read_ip6(const uint8_t *p, size_t n, struct icmp_quote *out)
{
	struct ip6_payload payload;
	struct ip6_header ip;

	if (!ip6_parse_quoted(p, n, &ip, &payload))
		return 0;
	out->pair = (struct socket_pair){.family = BERTH_IP6, .protocol = payload.protocol};
	memcpy(out->pair.local, ip.source, 16);
	memcpy(out->pair.foreign, ip.destination, 16);
	out->total_len = (uint32_t)IP6_HEADER + ip.payload_len;
	return payload.off;
}

bool icmp_quote_read(const struct berth_host *host, unsigned scope, const uint8_t *p, size_t n, struct icmp_quote *out)
{
	size_t off = n == 0 ? 0 : p[0] >> 4 == 6 ? read_ip6(p, n, out) : read_ip4(p, n, out);
	struct ip local, foreign;

	/* RFC 792: the header and 8 bytes at least: ports, and the sequence number or the length. */
	if (off == 0 || n < off + 8)
		return false;
	if (out->pair.protocol != IP_PROTOCOL_TCP && out->pair.protocol != IP_PROTOCOL_UDP)
		return false;
	local = ip_of_bytes(out->pair.local, out->pair.family, scope);
	foreign = ip_of_bytes(out->pair.foreign, out->pair.family, scope);
	out->pair.scope = (uint8_t)(local.scope | foreign.scope);
	if (!host_is_own(host, &local))
		return false;
	out->pair.local_port = get_be16(p + off);
	out->pair.foreign_port = get_be16(p + off + 2);
	out->seq = get_be32(p + off + 4);
	out->off_data = off + (out->pair.protocol == IP_PROTOCOL_UDP ? UDP_HEADER : 0);
	return true;
}

/* The endpoint that sent the quoted packet; NULL, and counted: none, or a connection that is half open, which has been
 * told of the error. */
static struct endpoint *sender_of(struct berth_host *host, unsigned scope, const uint8_t *p, size_t n, bool hard,
				  struct icmp_quote *quote)
{
	bool ip6 = n > 0 && p[0] >> 4 == 6;
	struct icmp_counters *counters = ip6 ? &host->counters.icmp6 : &host->counters.icmp;
	struct endpoint *e;

	if (!icmp_quote_read(host, scope, p, n, quote)) {
		counters->bad_quote++;
		return NULL;
	}
	e = quote->pair.protocol == IP_PROTOCOL_UDP ? pairs_lookup(&host->pairs, &quote->pair)
						    : pairs_find(&host->pairs, &quote->pair);
	if (!e && !tcp_request_icmp(&host->tcp, &quote->pair, quote->seq, hard))
		counters->no_match++;
	return e;
}

void icmp_report_of(const struct ip_packet *packet, const struct icmp_message *message, struct icmp_report *report)
{
	report->offender = packet->source;
	report->detail = (struct berth_extended_error){
		.number = (uint32_t)-report->error,
		.origin = packet->family == BERTH_IP4 ? BERTH_ERROR_ICMP : BERTH_ERROR_ICMP6,
		.type = message->type,
		.code = message->code,
	};
}

/* As the socket's program has it: v4-mapped where the socket is of IPv6. */
static struct berth_address offender_of(const struct icmp_report *report, uint8_t family)
{
	struct socket_pair pair = {.family = ip_family(&report->offender), .scope = (uint8_t)report->offender.scope};

	if (report->detail.origin == BERTH_ERROR_LOCAL)
		return (struct berth_address){.family = BERTH_ANY_FAMILY};
	ip_to_bytes(&report->offender, pair.foreign);
	return endpoint_foreign(&pair, family).address;
}

/* For the programs that want each error (IP_RECVERR, RFC 3542's sense of it). */
static void queue_error(struct berth_host *host, struct endpoint *e, const struct icmp_quote *quote,
			const uint8_t *quoted, size_t n, const struct icmp_report *report)
{
	struct error_entry entry = {
		.error = report->detail,
		.offender = offender_of(report, e->family),
		.foreign = endpoint_foreign(&quote->pair, e->family),
		.quoted = quoted + quote->off_data,
		.len = n - quote->off_data,
	};

	if (!e->recv_error || e->descriptor < 0)
		return;
	error_queue_push(&e->errors, &entry, host->memory);
	endpoints_tell(&host->endpoints, e, BERTH_FAILED);
}

void icmp_deliver(struct berth_host *host, unsigned scope, const uint8_t *quoted, size_t n,
		  const struct icmp_report *report)
{
	struct icmp_quote quote;
	struct endpoint *e = sender_of(host, scope, quoted, n, report->hard, &quote);
	uint64_t ignored = host->tcp.counters.icmp_ignored;

	if (!e)
		return;
	if (e->kind == ENDPOINT_UDP) {
		if (udp_icmp_error(&host->udp, udp_of_endpoint(e), report->error, report->hard))
			queue_error(host, e, &quote, quoted, n, report);
	} else if (e->kind == ENDPOINT_TCP && e->descriptor >= 0) {
		/* With a descriptor it is there still afterwards. */
		tcp_icmp_error(&host->tcp, tcp_of_endpoint(e), quote.seq, report->error, report->hard);
		if (host->tcp.counters.icmp_ignored == ignored)
			queue_error(host, e, &quote, quoted, n, report);
	} else if (e->kind == ENDPOINT_TCP) {
		tcp_icmp_error(&host->tcp, tcp_of_endpoint(e), quote.seq, report->error, report->hard);
	}
}

/* A program that does not let datagrams be cut is told what fits. To the others nothing happens: what they send leaves
 * in pieces from now on. (Linux makes an error for these, too, if connected; what they would do about it is done.) */
static void tell_too_big(struct berth_host *host, struct endpoint *e, const struct icmp_quote *quote,
			 const uint8_t *quoted, size_t n, struct icmp_report *report)
{
	bool told = e->recv_error || e->pmtu_mode == BERTH_PMTUDISC_DO || e->pmtu_mode == BERTH_PMTUDISC_PROBE;

	if (e->kind != ENDPOINT_UDP || !told || e->pmtu_mode == BERTH_PMTUDISC_DONT)
		return;
	report->error = BERTH_EMSGSIZE;
	report->detail.number = -BERTH_EMSGSIZE;
	if (udp_icmp_error(&host->udp, udp_of_endpoint(e), report->error, true))
		queue_error(host, e, quote, quoted, n, report);
}

void icmp_too_big(struct berth_host *host, unsigned scope, const uint8_t *quoted, size_t n, uint32_t mtu,
		  struct icmp_report *report)
{
	struct icmp_quote quote;
	struct endpoint *e = sender_of(host, scope, quoted, n, false, &quote);
	struct path_mtu_verdict verdict;
	struct ip destination;

	if (!e)
		return;
	destination = ip_of_bytes(quote.pair.foreign, quote.pair.family, scope);
	if (!path_mtu_judge(host, &destination, mtu, quote.total_len, &verdict))
		return;
	report->detail.info = verdict.mtu;
	tell_too_big(host, e, &quote, quoted, n, report);
	/* What TCP does not believe, the host does not either. */
	if (e->kind == ENDPOINT_TCP && !tcp_icmp_mtu(&host->tcp, tcp_of_endpoint(e), quote.seq, verdict.mtu))
		return;
	path_mtu_set(host, &destination, &verdict);
}
