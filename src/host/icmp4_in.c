/* ICMPv4 in: echo requests are answered, errors go to whom they are about (RFC 792, 1122 section 3.2.2).
 *
 * Redirects, address masks, timestamps and source quenches are not acted on (RFC 6633, 8504's reasons hold for IPv4).
 */
#include "icmp.h"
#include "in.h"

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

static void error_in(struct berth_host *host, unsigned interface, const struct icmp_message *message)
{
	struct meaning meaning = meaning_of(message);

	host->counters.icmp.errors_in++;
	/* About a packet of IPv4, whatever else this host has sent. */
	if (message->len_body == 0 || message->body[0] >> 4 != 4) {
		host->counters.icmp.bad_quote++;
		return;
	}
	/* RFC 1191: the next hop's MTU is in the lower half of the second word. */
	if (message->type == ICMP4_UNREACHABLE && message->code == ICMP4_TOO_BIG)
		icmp_too_big(host, interface, message->body, message->len_body, message->rest & 0xffff);
	else
		icmp_deliver(host, interface, message->body, message->len_body, meaning.error, meaning.hard);
}

void icmp4_in(struct berth_host *host, const struct ip_packet *packet)
{
	struct icmp_message message;

	host->counters.icmp.messages_in++;
	if (!icmp4_parse(packet->frame->data + packet->off_payload, packet->len_payload, &message)) {
		host->counters.icmp.bad++;
		return;
	}
	/* RFC 1122 section 3.2.2.6 leaves it to us; to answer would make an amplifier of every network. */
	if (packet->to_many) {
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
		error_in(host, packet->interface, &message);
		break;
	default:
		host->counters.icmp.ignored++;
	}
}
