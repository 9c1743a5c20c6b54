/* ICMP in: echo requests are answered; errors go to the socket whose packet they quote (RFC 792, 1122 section 3.2.2).
 *
 * A quotation is what a stranger says that we sent. It is bounds-checked like any packet, its source must be an address
 * of this host, and a conversation of exactly these addresses and ports must be there; TCP then asks for a sequence
 * number in flight (RFC 5927). Redirects, address masks, timestamps and source quenches are not acted on (RFC 6633,
 * 8504's reasons hold for IPv4). */
#include <string.h>

#include "icmp.h"
#include "in.h"

/* What an error quotes. */
struct quotation {
	struct socket_pair pair; /* as seen from this host, which sent it */
	uint32_t seq;            /* TCP */
	uint16_t total_len;
};

static bool read_quotation(const struct berth_host *host, const uint8_t *p, size_t n, struct quotation *out)
{
	struct ip4_header ip;

	if (!ip4_parse_quoted(p, n, &ip) || ip.off_fragment || !host_is_own(host, get_be32(ip.source)))
		return false;
	/* RFC 792: the header and 8 bytes at least: ports, and the sequence number or the length. */
	if (n < (size_t)ip.len_header + 8 || (ip.protocol != IP_PROTOCOL_TCP && ip.protocol != IP_PROTOCOL_UDP))
		return false;
	*out = (struct quotation){.pair = {.family = BERTH_IP4, .protocol = ip.protocol}, .total_len = ip.total_len};
	memcpy(out->pair.local, ip.source, 4);
	memcpy(out->pair.foreign, ip.destination, 4);
	p += ip.len_header;
	out->pair.local_port = get_be16(p);
	out->pair.foreign_port = get_be16(p + 2);
	out->seq = get_be32(p + 4);
	return true;
}

/* The endpoint that sent the quoted packet; NULL, and counted: none. */
static struct endpoint *sender_of(struct berth_host *host, const uint8_t *p, size_t n, struct quotation *quotation)
{
	struct endpoint *e;

	if (!read_quotation(host, p, n, quotation)) {
		host->counters.icmp.bad_quote++;
		return NULL;
	}
	e = quotation->pair.protocol == IP_PROTOCOL_UDP ? pairs_lookup(&host->pairs, &quotation->pair)
							: pairs_find(&host->pairs, &quotation->pair);
	if (!e)
		host->counters.icmp.no_match++;
	return e;
}

void icmp_deliver(struct berth_host *host, const uint8_t *quote, size_t n, int error, bool hard)
{
	struct quotation quotation;
	struct endpoint *e = sender_of(host, quote, n, &quotation);

	if (!e)
		return;
	if (e->kind == ENDPOINT_UDP)
		udp_icmp_error(&host->udp, udp_of_endpoint(e), error, hard);
	else if (e->kind == ENDPOINT_TCP)
		tcp_icmp_error(&host->tcp, tcp_of_endpoint(e), quotation.seq, error, hard);
}

/* RFC 1191: the next hop's MTU is in the lower half of the second word. */
static void too_big(struct berth_host *host, const struct icmp_message *message)
{
	struct quotation quotation;
	struct endpoint *e = sender_of(host, message->body, message->len_body, &quotation);
	struct path_mtu_verdict verdict;
	uint32_t destination;

	if (!e)
		return;
	destination = get_be32(quotation.pair.foreign);
	if (!path_mtu_judge(host, destination, message->rest & 0xffff, quotation.total_len, &verdict))
		return;
	if (e->kind == ENDPOINT_TCP) {
		uint64_t ignored = host->tcp.counters.icmp_ignored;

		tcp_icmp_mtu(&host->tcp, tcp_of_endpoint(e), quotation.seq, verdict.mtu);
		/* What TCP does not believe, the host does not either. */
		if (host->tcp.counters.icmp_ignored != ignored)
			return;
	}
	path_mtu_set(host, destination, &verdict);
}

struct meaning {
	int error;
	bool hard;
};

/* RFC 1122 sections 3.2.2.1 and 4.2.3.9, and 1812's codes: what will not pass by itself is hard. */
static struct meaning meaning_of(const struct icmp_message *message)
{
	if (message->type == ICMP4_PARAMETER)
		return (struct meaning){BERTH_EPROTO, true};
	if (message->type == ICMP4_TIME_EXCEEDED)
		return (struct meaning){BERTH_EHOSTUNREACH, false};
	switch (message->code) {
	case ICMP4_PROTOCOL_UNREACHABLE:
		return (struct meaning){BERTH_EPROTONOSUPPORT, true};
	case ICMP4_PORT_UNREACHABLE:
		return (struct meaning){BERTH_ECONNREFUSED, true};
	case ICMP4_NET_UNREACHABLE:
	case 6:  /* network unknown */
	case 11: /* network unreachable for this type of service */
		return (struct meaning){BERTH_ENETUNREACH, false};
	case 9:  /* network administratively prohibited */
	case 10: /* host administratively prohibited */
	case 13: /* communication administratively prohibited */
		return (struct meaning){BERTH_EACCES, false};
	default:
		return (struct meaning){BERTH_EHOSTUNREACH, false};
	}
}

static void error_in(struct berth_host *host, const struct icmp_message *message)
{
	struct meaning meaning = meaning_of(message);

	host->counters.icmp.errors_in++;
	if (message->type == ICMP4_UNREACHABLE && message->code == ICMP4_TOO_BIG)
		too_big(host, message);
	else
		icmp_deliver(host, message->body, message->len_body, meaning.error, meaning.hard);
}

void icmp_in(struct berth_host *host, const struct ip_packet *packet)
{
	struct icmp_message message;

	host->counters.icmp.messages_in++;
	if (!icmp4_parse(packet->frame->data + packet->off_payload, packet->len_payload, &message)) {
		host->counters.icmp.bad++;
		return;
	}
	/* RFC 1122 section 3.2.2.6 leaves it to us; to answer would make an amplifier of every network. */
	if (packet->broadcast) {
		host->counters.icmp.broadcast++;
		return;
	}
	switch (message.type) {
	case ICMP4_ECHO_REQUEST:
		host->counters.icmp.echo_in++;
		icmp_echo_reply(host, packet, &message);
		break;
	case ICMP4_ECHO_REPLY:
		host->counters.icmp.echo_replies_in++;
		break;
	case ICMP4_UNREACHABLE:
	case ICMP4_TIME_EXCEEDED:
	case ICMP4_PARAMETER:
		error_in(host, &message);
		break;
	default:
		host->counters.icmp.ignored++;
	}
}
