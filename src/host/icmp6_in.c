/* ICMPv6 in: echo, errors, and neighbour discovery (RFC 4443, 4861). */
#include "discovery.h"
#include "icmp.h"
#include "in.h"
#include "mld.h"

struct meaning {
	int error;
	bool hard;
};

/* RFC 4443 section 3.1's codes, with Linux's errors. Hard is what will not pass by itself: a port without a socket, and
 * what somebody has forbidden (RFC 5461 section 3.2). */
static struct meaning meaning_of(const struct icmp_message *message)
{
	if (message->type == ICMP6_PARAMETER)
		return (struct meaning){BERTH_EPROTO, true};
	if (message->type == ICMP6_TIME_EXCEEDED)
		return (struct meaning){BERTH_EHOSTUNREACH, false};
	switch (message->code) {
	case ICMP6_PORT_UNREACHABLE:
		return (struct meaning){BERTH_ECONNREFUSED, true};
	case ICMP6_NO_ROUTE:
		return (struct meaning){BERTH_ENETUNREACH, false};
	case ICMP6_PROHIBITED:
	case ICMP6_POLICY:
	case ICMP6_REJECT_ROUTE:
		return (struct meaning){BERTH_EACCES, true};
	default:
		return (struct meaning){BERTH_EHOSTUNREACH, false};
	}
}

static void error_in(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *message)
{
	struct meaning meaning = meaning_of(message);
	struct icmp_report report = {.error = meaning.error, .hard = meaning.hard};

	host->counters.icmp6.errors_in++;
	/* RFC 4443 section 2.4 (c): about a packet of IPv6, whatever else this host has sent. */
	if (message->len_body == 0 || message->body[0] >> 4 != 6) {
		host->counters.icmp6.bad_quote++;
		return;
	}
	icmp_report_of(packet, message, &report);
	/* RFC 4443 section 3.2: the whole second word is the MTU. */
	if (message->type == ICMP6_TOO_BIG)
		icmp_too_big(host, packet->scope, message->body, message->len_body, message->rest, &report);
	else
		icmp_deliver(host, packet->scope, message->body, message->len_body, &report);
}

/* What is said to many is said to this host, too, in neighbour discovery; an echo request to a group is answered by
 * those who like being found (RFC 4443 section 4.2: may), and we would be an amplifier. */
static void echo_in(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *message)
{
	if (packet->to_many) {
		host->counters.icmp6.broadcast++;
		return;
	}
	host->counters.icmp6.echo_in++;
	icmp_echo_reply(host, packet, message);
}

void icmp6_in(struct berth_host *host, const struct ip_packet *packet)
{
	struct icmp_message message;

	host->counters.icmp6.messages_in++;
	if (!icmp6_parse(packet->frame->data + packet->off_payload, packet->len_payload, packet->bytes + IP6_OFF_SOURCE,
			 packet->bytes + IP6_OFF_DESTINATION, &message)) {
		host->counters.icmp6.bad++;
		return;
	}
	switch (message.type) {
	case ICMP6_ECHO_REQUEST:
		echo_in(host, packet, &message);
		break;
	case ICMP6_ECHO_REPLY:
		host->counters.icmp6.echo_replies_in++;
		break;
	case ICMP6_UNREACHABLE:
	case ICMP6_TOO_BIG:
	case ICMP6_TIME_EXCEEDED:
	case ICMP6_PARAMETER:
		error_in(host, packet, &message);
		break;
	case ICMP6_ROUTER_SOLICIT:
	case ICMP6_ROUTER_ADVERT:
	case ICMP6_NEIGHBOUR_SOLICIT:
	case ICMP6_NEIGHBOUR_ADVERT:
	case ICMP6_REDIRECT:
		nd_in(host, packet, &message);
		break;
	case ICMP6_MLD_QUERY:
	case ICMP6_MLD1_REPORT:
	case ICMP6_MLD1_DONE:
	case ICMP6_MLD2_REPORT:
		mld_in(host, packet, &message);
		break;
	default:
		host->counters.icmp6.ignored++;
	}
}
