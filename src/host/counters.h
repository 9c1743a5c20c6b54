/* The host's own counters: a name for every verdict below TCP and UDP. */
#ifndef HOST_COUNTERS_H
#define HOST_COUNTERS_H

#include <stdint.h>

#include "dhcp_counters.h"

/* X(name, text). Counter "eth_NAME" of berth_host_counter. */
#define ETH_COUNTER_MAP(X)                                                                                             \
	X(frames_in, "frames received, on interfaces of every kind")                                                   \
	X(frames_out, "frames sent")                                                                                   \
	X(no_interface, "frames for an interface that the host has not")                                               \
	X(too_short, "frames shorter than their header")                                                               \
	X(bad_source, "frames whose source is a group address")                                                        \
	X(other_host, "frames for another station")                                                                    \
	X(unknown_type, "frames of a protocol that the host does not speak")

/* Counter "arp_NAME". */
#define ARP_COUNTER_MAP(X)                                                                                             \
	X(requests_in, "requests for this host received")                                                              \
	X(replies_in, "replies received")                                                                              \
	X(requests_out, "requests sent")                                                                               \
	X(replies_out, "replies sent")                                                                                 \
	X(bad, "packets that are short, or whose sender no station can be")                                            \
	X(not_for_us, "requests for others")                                                                           \
	X(unsolicited, "announcements and replies that nobody asked for")                                              \
	X(conflicts, "packets whose sender claims an address of this host")                                            \
	X(no_memory, "packets dropped for want of memory")

/* Counter "nd_NAME": neighbour discovery, RFC 4861. */
#define ND_COUNTER_MAP(X)                                                                                              \
	X(solicits_in, "solicitations for this host received")                                                         \
	X(adverts_in, "advertisements received")                                                                       \
	X(solicits_out, "solicitations sent")                                                                          \
	X(router_solicits_out, "questions for routers sent")                                                           \
	X(router_adverts_in, "advertisements of routers listened to")                                                  \
	X(redirected, "redirects believed")                                                                            \
	X(refused, "things in messages of routers that cannot be meant")                                               \
	X(full, "routes and addresses of routers not taken, or given up, for want of room")                            \
	X(dad_out, "questions whether somebody has an address")                                                        \
	X(dad_looped, "such questions that came back")                                                                 \
	X(duplicates, "addresses that somebody else has")                                                              \
	X(adverts_out, "advertisements sent")                                                                          \
	X(bad, "messages that RFC 4861 calls invalid")                                                                 \
	X(not_for_us, "solicitations for others")                                                                      \
	X(unanswered, "solicitations not answered, for want of room for who sent them")                                \
	X(unsolicited, "advertisements that nobody asked for")                                                         \
	X(ignored, "messages that this host has no use for")                                                           \
	X(conflicts, "messages that claim an address of this host")

/* Counter "neighbour_NAME": the table that ARP and neighbour discovery fill. */
#define NEIGHBOUR_COUNTER_MAP(X)                                                                                       \
	X(changed, "neighbours that changed their MAC address")                                                        \
	X(failed, "neighbours that did not answer")                                                                    \
	X(replaced, "neighbours forgotten to make room")                                                               \
	X(queue_full, "packets dropped while a neighbour was being asked for")                                         \
	X(no_memory, "packets or neighbours dropped for want of memory")

/* Counters "ip_NAME" of IPv4 and "ip6_NAME" of IPv6. */
#define IP_COUNTER_MAP(X)                                                                                              \
	X(packets_in, "packets received")                                                                              \
	X(packets_out, "packets sent")                                                                                 \
	X(delivered, "packets handed to TCP, UDP or ICMP")                                                             \
	X(looped, "packets from this host to itself")                                                                  \
	X(too_short, "packets shorter than their header")                                                              \
	X(bad_version, "packets of another IP version than the frame says")                                            \
	X(bad_length, "packets whose length does not fit header or frame")                                             \
	X(bad_option, "packets with an option that is not whole, or not to be passed over")                            \
	X(bad_fragment, "fragments whose offset or length cannot be")                                                  \
	X(martian_source, "packets from an address that no host can have")                                             \
	X(martian_destination, "packets to an address that may not be on a wire")                                      \
	X(not_for_us, "packets to other hosts")                                                                        \
	X(not_joined, "packets to multicast groups that the host has not joined")                                      \
	X(link_broadcast, "packets to one host in frames to all")                                                      \
	X(broadcast_refused, "packets to many of protocols for one peer")                                              \
	X(tunnelled, "packets with IP in IP")                                                                          \
	X(unknown_protocol, "packets of an unknown protocol")                                                          \
	X(bad_tcp_checksum, "segments with a bad checksum")                                                            \
	X(bad_tcp_header, "segments shorter than their header")                                                        \
	X(no_route, "packets without a route")                                                                         \
	X(lost_source, "packets from an address that the host no longer has")                                          \
	X(queue_full, "packets that found the queue to the link or the loopback full")                                 \
	X(no_memory, "packets dropped for want of memory")                                                             \
	X(fragments_in, "fragments received")                                                                          \
	X(fragments_out, "fragments sent")                                                                             \
	X(fragmented, "packets sent in fragments")                                                                     \
	X(reassembled, "packets put together from fragments")                                                          \
	X(reassembly_duplicates, "fragments that were there already")                                                  \
	X(reassembly_overlaps, "packets dropped because fragments overlap")                                            \
	X(reassembly_mismatches, "packets dropped because fragments disagree on the length")                           \
	X(reassembly_holes, "packets dropped because of too many holes")                                               \
	X(reassembly_dead, "fragments of packets that were dropped before")                                            \
	X(reassembly_evicted, "unfinished packets dropped to make room")                                               \
	X(reassembly_timeouts, "unfinished packets dropped after 30 seconds")                                          \
	X(mtu_lowered, "path MTUs learned")                                                                            \
	X(mtu_refused, "path MTUs too small to be true")

/* Counter "acd_NAME": RFC 5227. */
#define ACD_COUNTER_MAP(X)                                                                                             \
	X(probes_out, "probes sent for addresses that are about to be used")                                           \
	X(announcements_out, "announcements of addresses that have come into use")                                     \
	X(taken, "addresses not used because somebody has them")                                                       \
	X(defended, "claims of others answered with an announcement")                                                  \
	X(given_up, "addresses given up because somebody else insists")

/* Counter "ip_NAME": IPv4 alone. */
#define IP4_COUNTER_MAP(X)                                                                                             \
	X(bad_header, "packets whose header length is under 20")                                                       \
	X(bad_checksum, "packets with a bad header checksum")                                                          \
	X(source_routed, "packets with a source route")

/* Counter "ip6_NAME": IPv6 alone. */
#define IP6_COUNTER_MAP(X)                                                                                             \
	X(too_many_headers, "packets with more extension headers or options than anybody needs")                       \
	X(bad_order, "packets with a hop-by-hop header that is not the first")                                         \
	X(headers_cut, "first fragments that do not hold all headers")                                                 \
	X(routed, "packets with a routing header that has somewhere else to go")

/* Counters "icmp_NAME" and "icmp6_NAME". */
#define ICMP_COUNTER_MAP(X)                                                                                            \
	X(messages_in, "messages received")                                                                            \
	X(messages_out, "messages sent")                                                                               \
	X(bad, "messages that are short or have a bad checksum")                                                       \
	X(echo_in, "echo requests received")                                                                           \
	X(echo_out, "echo replies sent")                                                                               \
	X(echo_replies_in, "echo replies received")                                                                    \
	X(broadcast, "messages to a broadcast address, not answered")                                                  \
	X(ignored, "messages of a type that the host does not act on")                                                 \
	X(errors_in, "errors received")                                                                                \
	X(errors_out, "errors sent")                                                                                   \
	X(errors_limited, "errors held back by their limit")                                                           \
	X(bad_quote, "errors whose quotation is cut off or not this host's")                                           \
	X(no_match, "errors about a conversation that is not there")

/* Counters "igmp_NAME" and "mld_NAME". */
#define GROUP_COUNTER_MAP(X)                                                                                           \
	X(queries_in, "queries of routers received")                                                                   \
	X(reports_in, "reports of other hosts received")                                                               \
	X(reports_out, "reports sent")                                                                                 \
	X(leaves_out, "messages sent that a group has been left, where these are not reports")                         \
	X(suppressed, "reports not sent because another host had sent one")                                            \
	X(bad, "messages that are short, or have a bad checksum, length or group")                                     \
	X(invalid, "messages that do not come from this link, by their hop limit, source, destination or options")     \
	X(ignored, "messages that are not for hosts")

#define X(name, text) uint64_t name;
struct ip_counters {
	IP_COUNTER_MAP(X)
};
struct icmp_counters {
	ICMP_COUNTER_MAP(X)
};
struct group_counters {
	GROUP_COUNTER_MAP(X)
};
struct host_counters {
	struct {
		ETH_COUNTER_MAP(X)
	} eth;
	struct {
		ARP_COUNTER_MAP(X)
	} arp;
	struct {
		ACD_COUNTER_MAP(X)
	} acd;
	struct dhcp_counters dhcp;
	struct {
		ND_COUNTER_MAP(X)
	} nd;
	struct {
		NEIGHBOUR_COUNTER_MAP(X)
	} neighbour;
	struct ip_counters ip, ip6;
	struct {
		IP4_COUNTER_MAP(X)
	} ip4_only;
	struct {
		IP6_COUNTER_MAP(X)
	} ip6_only;
	struct icmp_counters icmp, icmp6;
	struct group_counters igmp, mld;
};
#undef X

#endif
