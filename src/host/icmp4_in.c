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

/* The codes of "destination unreachable": RFC 1122 sections 3.2.2.1 and 4.2.3.9, RFC 1812 section 5.2.7.1. The errors
 * are Linux's, and so is which of them are hard: those that will not pass by themselves (2 and 3 are RFC 9293's own,
 * section 3.9.2.2; 0, 1 and 5 never are, MUST-56). */
static const struct meaning unreachable[] = {
	{BERTH_ENETUNREACH, false},  /* 0 network */
	{BERTH_EHOSTUNREACH, false}, /* 1 host */
	{BERTH_ENOPROTOOPT, true},   /* 2 protocol */
	{BERTH_ECONNREFUSED, true},  /* 3 port */
	{BERTH_EMSGSIZE, false},     /* 4 too big: icmp_too_big's */
	{BERTH_EOPNOTSUPP, false},   /* 5 source route failed */
	{BERTH_ENETUNREACH, true},   /* 6 network unknown */
	{BERTH_EHOSTDOWN, true},     /* 7 host unknown */
	{BERTH_ENONET, true},        /* 8 source host isolated */
	{BERTH_ENETUNREACH, true},   /* 9 network administratively prohibited */
	{BERTH_EHOSTUNREACH, true},  /* 10 host administratively prohibited */
	{BERTH_ENETUNREACH, false},  /* 11 network, for this type of service */
	{BERTH_EHOSTUNREACH, false}, /* 12 host, likewise */
	{BERTH_EHOSTUNREACH, true},  /* 13 communication administratively prohibited */
	{BERTH_EHOSTUNREACH, true},  /* 14 host precedence violation */
	{BERTH_EHOSTUNREACH, true},  /* 15 precedence cut off */
};

static struct meaning meaning_of(const struct icmp_message *message)
{
	if (message->type == ICMP4_PARAMETER)
		return (struct meaning){BERTH_EPROTO, true};
	if (message->type == ICMP4_TIME_EXCEEDED)
		return (struct meaning){BERTH_EHOSTUNREACH, false};
	if (message->code < sizeof(unreachable) / sizeof(unreachable[0]))
		return unreachable[message->code];
	return (struct meaning){BERTH_EHOSTUNREACH, false};
}

static void error_in(struct berth_host *host, const struct ip_packet *packet, const struct icmp_message *message)
{
	struct meaning meaning = meaning_of(message);
	struct icmp_report report = {.error = meaning.error, .hard = meaning.hard};

	host->counters.icmp.errors_in++;
	/* About a packet of IPv4, whatever else this host has sent. */
	if (message->len_body == 0 || message->body[0] >> 4 != 4) {
		host->counters.icmp.bad_quote++;
		return;
	}
	icmp_report_of(packet, message, &report);
	/* RFC 1191: the next hop's MTU is in the lower half of the second word. */
	if (message->type == ICMP4_UNREACHABLE && message->code == ICMP4_TOO_BIG)
		icmp_too_big(host, packet->interface, message->body, message->len_body, message->rest & 0xffff,
			     &report);
	else
		icmp_deliver(host, packet->interface, message->body, message->len_body, &report);
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
		error_in(host, packet, &message);
		break;
	default:
		host->counters.icmp.ignored++;
	}
}
