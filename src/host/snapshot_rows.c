/* The tables of snapshot lines, and the words in them. */
#include "snapshot_rows.h"

#include <stddef.h>

/* ---- words ---- */

#define X(name, text) {text, BERTH_TCP_##name},
static const struct snapshot_word tcp_states[] = {BERTH_TCP_STATE_MAP(X){0}};
#undef X
#define X(name, text) {text, BERTH_TCP_RECOVERY_##name},
static const struct snapshot_word tcp_recoveries[] = {BERTH_TCP_RECOVERY_MAP(X){0}};
#undef X
#define X(name, text) {text, BERTH_ORIGIN_##name},
static const struct snapshot_word origins[] = {BERTH_ORIGIN_MAP(X){0}};
#undef X
#define X(name, text) {text, BERTH_ADDRESS_##name},
static const struct snapshot_word address_states[] = {BERTH_ADDRESS_STATE_MAP(X){0}};
#undef X
#define X(name, text) {text, BERTH_NEIGHBOUR_##name},
static const struct snapshot_word neighbour_states[] = {BERTH_NEIGHBOUR_STATE_MAP(X){0}};
#undef X
#define X(name, text) {text, BERTH_PREFERENCE_##name},
static const struct snapshot_word preferences[] = {BERTH_PREFERENCE_MAP(X){0}};
#undef X
static const struct snapshot_word protocols[] = {{"tcp", BERTH_PROTOCOL_TCP}, {"udp", BERTH_PROTOCOL_UDP}, {0}};

const char *berth_tcp_state_name(enum berth_tcp_state state)
{
	return (unsigned)state < BERTH_TCP_STATE_N ? tcp_states[state].text : "?";
}

const char *berth_origin_name(enum berth_origin origin)
{
	return (unsigned)origin < BERTH_ORIGIN_N ? origins[origin].text : "?";
}

const char *berth_address_state_name(enum berth_address_state state)
{
	return (unsigned)state < BERTH_ADDRESS_STATE_N ? address_states[state].text : "?";
}

const char *berth_neighbour_state_name(enum berth_neighbour_state state)
{
	return (unsigned)state < BERTH_NEIGHBOUR_STATE_N ? neighbour_states[state].text : "?";
}

const char *berth_preference_name(enum berth_preference preference)
{
	return (unsigned)preference < BERTH_PREFERENCE_N ? preferences[preference].text : "?";
}

/* ---- tables ---- */

#define MEMBER(member) .off = offsetof(struct ROW, member), .size = sizeof(((struct ROW *)NULL)->member)
#define NUMBER(name, member)                                                                                           \
	{                                                                                                              \
		.key = name, .form = SNAPSHOT_NUMBER, MEMBER(member)                                                   \
	}
#define REQUIRED_NUMBER(name, member)                                                                                  \
	{                                                                                                              \
		.key = name, .form = SNAPSHOT_NUMBER, .required = true, MEMBER(member)                                 \
	}
#define FLAG(name, member)                                                                                             \
	{                                                                                                              \
		.key = name, .form = SNAPSHOT_FLAG, MEMBER(member)                                                     \
	}
#define REMAINING(name, member)                                                                                        \
	{                                                                                                              \
		.key = name, .form = SNAPSHOT_NUMBER, .usual = BERTH_FOR_EVER, MEMBER(member)                          \
	}
#define NAME(name, member)                                                                                             \
	{                                                                                                              \
		.key = name, .form = SNAPSHOT_NAME, MEMBER(member)                                                     \
	}
#define WORD(name, texts, must, member)                                                                                \
	{                                                                                                              \
		.key = name, .form = SNAPSHOT_WORD, .required = must, .words = texts, MEMBER(member)                   \
	}
#define FORM(name, how, must, member)                                                                                  \
	{                                                                                                              \
		.key = name, .form = how, .required = must, MEMBER(member)                                             \
	}
#define PREFIX(name, member)                                                                                           \
	{                                                                                                              \
		.key = name, .form = SNAPSHOT_PREFIX, .required = true, .off_prefix = offsetof(struct ROW, prefix),    \
		MEMBER(member)                                                                                         \
	}
#define TABLE(text, list)                                                                                              \
	{                                                                                                              \
		.word = text, .fields = list, .n_fields = sizeof(list) / sizeof(list[0]),                              \
		.row_size = sizeof(struct ROW)                                                                         \
	}

#define ROW berth_socket_row
static const struct snapshot_field socket_fields[] = {
	WORD("proto", protocols, true, protocol),
	{.key = "state", .form = SNAPSHOT_TCP_STATE, .words = tcp_states, MEMBER(state)},
	FORM("fd", SNAPSHOT_DESCRIPTOR, false, descriptor),
	FORM("local", SNAPSHOT_SOCKET_ADDRESS, true, local),
	FORM("foreign", SNAPSHOT_SOCKET_ADDRESS, true, foreign),
	NUMBER("recvq", recv_queue),
	NUMBER("sendq", send_queue),
	NUMBER("snd_wnd", snd_wnd),
	NUMBER("rcv_wnd", rcv_wnd),
	NUMBER("cwnd", cwnd),
	NUMBER("ssthresh", ssthresh),
	NUMBER("srtt_ns", ns_srtt),
	NUMBER("rttvar_ns", ns_rttvar),
	NUMBER("rto_ns", ns_rto),
	NUMBER("mss", mss),
	NUMBER("bytes_sent", bytes_sent),
	NUMBER("bytes_received", bytes_received),
	NUMBER("segments_sent", segments_sent),
	NUMBER("segments_received", segments_received),
	NUMBER("segments_retransmitted", segments_retransmitted),
	NUMBER("bytes_retransmitted", bytes_retransmitted),
	NUMBER("drops", drops),
	NUMBER("notsent", not_sent),
	NUMBER("in_flight", in_flight),
	NUMBER("sacked", sacked),
	NUMBER("lost", lost),
	NUMBER("mss_advertised", mss_advertised),
	NUMBER("mtu", mtu),
	NUMBER("rtt_min_ns", ns_rtt_min),
	NUMBER("delivery_rate", delivery_rate),
	FLAG("timestamps", timestamps),
	FLAG("sack", sack),
	FLAG("window_scale", window_scale),
	FLAG("ecn", ecn),
	NUMBER("snd_wscale", snd_wscale),
	NUMBER("rcv_wscale", rcv_wscale),
	WORD("recovery", tcp_recoveries, false, recovery),
	NAME("congestion", congestion),
};
const struct snapshot_table snapshot_socket = TABLE("socket", socket_fields);
#undef ROW

#define ROW berth_interface_row
static const struct snapshot_field interface_fields[] = {
	REQUIRED_NUMBER("index", index),
	NAME("name", name),
	FORM("mac", SNAPSHOT_MAC, false, mac),
	FLAG("up", up),
	FLAG("ethernet", ethernet),
	NUMBER("hop_limit", hop_limit),
	NUMBER("mtu", mtu),
	NUMBER("frames_in", frames_in),
	NUMBER("bytes_in", bytes_in),
	NUMBER("multicast_in", multicast_in),
	NUMBER("errors_in", errors_in),
	NUMBER("drops_in", drops_in),
	NUMBER("frames_out", frames_out),
	NUMBER("bytes_out", bytes_out),
	NUMBER("drops_out", drops_out),
};
const struct snapshot_table snapshot_interface = TABLE("interface", interface_fields);
#undef ROW

#define ROW berth_address_row
static const struct snapshot_field address_fields[] = {
	REQUIRED_NUMBER("index", index),
	NAME("interface", interface),
	PREFIX("address", address),
	WORD("state", address_states, true, state),
	WORD("origin", origins, true, origin),
	REMAINING("valid_ns", ns_valid),
	REMAINING("preferred_ns", ns_preferred),
};
const struct snapshot_table snapshot_address = TABLE("address", address_fields);
#undef ROW

#define ROW berth_route_row
static const struct snapshot_field route_fields[] = {
	REQUIRED_NUMBER("index", index),
	NAME("interface", interface),
	PREFIX("destination", destination),
	FORM("gateway", SNAPSHOT_ADDRESS, false, gateway),
	FORM("source", SNAPSHOT_ADDRESS, false, source),
	WORD("origin", origins, true, origin),
	WORD("preference", preferences, false, preference),
	NUMBER("mtu", mtu),
	REMAINING("remaining_ns", ns_remaining),
};
const struct snapshot_table snapshot_route = TABLE("route", route_fields);
#undef ROW

#define ROW berth_group_row
static const struct snapshot_field group_fields[] = {
	REQUIRED_NUMBER("index", index),
	NAME("interface", interface),
	FORM("group", SNAPSHOT_ADDRESS, true, group),
	NUMBER("users", users),
};
const struct snapshot_table snapshot_group = TABLE("group", group_fields);
#undef ROW

#define ROW berth_neighbour_row
static const struct snapshot_field neighbour_fields[] = {
	REQUIRED_NUMBER("index", index),
	NAME("interface", interface),
	FORM("address", SNAPSHOT_ADDRESS, true, address),
	FORM("mac", SNAPSHOT_MAC, false, mac),
	WORD("state", neighbour_states, true, state),
	FLAG("router", router),
	REMAINING("since_ns", ns_since),
};
const struct snapshot_table snapshot_neighbour = TABLE("neighbour", neighbour_fields);
#undef ROW

#define ROW berth_dns_row
static const struct snapshot_field dns_fields[] = {
	FORM("server", SNAPSHOT_ADDRESS, true, server),
	WORD("origin", origins, true, origin),
	REMAINING("remaining_ns", ns_remaining),
};
const struct snapshot_table snapshot_dns = TABLE("dns", dns_fields);
#undef ROW

#define ROW berth_search_row
static const struct snapshot_field search_fields[] = {
	{.key = "domain", .form = SNAPSHOT_NAME, .required = true, MEMBER(domain)},
	WORD("origin", origins, true, origin),
	REMAINING("remaining_ns", ns_remaining),
};
const struct snapshot_table snapshot_search = TABLE("search", search_fields);
#undef ROW
