/* The curated counters: those that say how TCP and UDP are doing. The kernel has some 250 of them; the others are in
 * `berth netstat -s`. */
#include "metrics_counters.h"

#include <string.h>

static const struct metrics_counter counters[] = {
	{"berth_tcp_active_opens", "Connections begun by this side.", "Tcp", "ActiveOpens", "tcp_active_opens"},
	{"berth_tcp_passive_opens", "Connections begun by peers.", "Tcp", "PassiveOpens", "tcp_passive_opens"},
	{"berth_tcp_failed_opens", "Connections that were never established.", "Tcp", "AttemptFails",
	 "tcp_failed_opens"},
	{"berth_tcp_established_resets", "Established connections that ended with a reset.", "Tcp", "EstabResets",
	 NULL},
	{"berth_tcp_resets_received", "Connections reset by the peer.", NULL, NULL, "tcp_resets_in"},
	{"berth_tcp_resets_sent", "Resets sent.", "Tcp", "OutRsts", "tcp_resets_out"},
	{"berth_tcp_received_segments", "Segments received.", "Tcp", "InSegs", "tcp_segments_in"},
	{"berth_tcp_sent_segments", "Segments sent, those sent again not counted by the kernel.", "Tcp", "OutSegs",
	 "tcp_segments_out"},
	{"berth_tcp_retransmitted_segments", "Segments sent again.", "Tcp", "RetransSegs",
	 "tcp_segments_retransmitted"},
	{"berth_tcp_bad_segments", "Segments received that were not right.", "Tcp", "InErrs", NULL},
	{"berth_tcp_bad_checksums", "Segments with a bad checksum.", "Tcp", "InCsumErrors", "ip_bad_tcp_checksum"},
	{"berth_tcp_timeouts", "Retransmission timeouts.", "TcpExt", "TCPTimeouts", "tcp_timeouts"},
	{"berth_tcp_spurious_timeouts", "Retransmission timeouts that turned out to be wrong.", "TcpExt",
	 "TCPSpuriousRTOs", NULL},
	{"berth_tcp_fast_retransmits", "Segments sent again because acknowledgments told of a loss.", "TcpExt",
	 "TCPFastRetrans", NULL},
	{"berth_tcp_fast_recoveries", "Losses found by selective acknowledgments.", "TcpExt", "TCPSackRecovery",
	 "tcp_fast_recoveries"},
	{"berth_tcp_lost_retransmits", "Segments sent again that got lost again.", "TcpExt", "TCPLostRetransmit", NULL},
	{"berth_tcp_syn_retransmits", "SYN and SYN,ACK segments sent again.", "TcpExt", "TCPSynRetrans", NULL},
	{"berth_tcp_loss_probes", "Tail loss probes sent.", "TcpExt", "TCPLossProbes", NULL},
	{"berth_tcp_window_probes", "Probes of a closed window sent.", "TcpExt", "TCPWinProbe",
	 "tcp_zero_window_probes"},
	{"berth_tcp_keepalive_probes", "Keepalive probes sent.", "TcpExt", "TCPKeepAlive", "tcp_keepalives"},
	{"berth_tcp_out_of_order_segments", "Segments that arrived ahead of a gap.", "TcpExt", "TCPOFOQueue",
	 "tcp_out_of_order"},
	{"berth_tcp_duplicate_reports", "Duplicates reported by peers (D-SACK).", "TcpExt", "TCPDSACKRecv",
	 "tcp_dsacks_in"},
	{"berth_tcp_challenge_acks", "Challenge acknowledgments sent.", "TcpExt", "TCPChallengeACK",
	 "tcp_acks_challenge"},
	{"berth_tcp_old_segments", "Segments of a connection older than the timestamp seen (PAWS).", "TcpExt",
	 "PAWSEstab", "tcp_paws"},
	{"berth_tcp_listen_overflows", "Connections that found a listener's accept queue full.", "TcpExt",
	 "ListenOverflows", "tcp_backlog_full"},
	{"berth_tcp_listen_drops", "SYN segments to listeners that were dropped.", "TcpExt", "ListenDrops", NULL},
	{"berth_tcp_syncookies_sent", "SYN cookies sent because a SYN queue was full.", "TcpExt", "SyncookiesSent",
	 NULL},
	{"berth_tcp_syncookies_failed", "SYN cookies that came back wrong.", "TcpExt", "SyncookiesFailed", NULL},
	{"berth_tcp_receive_queue_drops", "Segments dropped because a receive buffer or queue was full.", "TcpExt",
	 "TCPRcvQDrop", "tcp_queue_full"},
	{"berth_tcp_backlog_drops", "Segments dropped because a socket was busy and its backlog full.", "TcpExt",
	 "TCPBacklogDrop", NULL},
	{"berth_tcp_zero_window_drops", "Segments dropped because the receive window was closed.", "TcpExt",
	 "TCPZeroWindowDrop", NULL},
	{"berth_tcp_prunes", "Times that a receive queue was pruned for want of memory.", "TcpExt", "PruneCalled",
	 NULL},
	{"berth_tcp_memory_pressures", "Times that TCP came under memory pressure.", "TcpExt", "TCPMemoryPressures",
	 NULL},
	{"berth_tcp_memory_aborts", "Connections ended for want of memory.", "TcpExt", "TCPAbortOnMemory", NULL},
	{"berth_tcp_timed_out", "Connections given up after retransmissions or probes.", "TcpExt", "TCPAbortOnTimeout",
	 "tcp_timed_out"},
	{"berth_tcp_time_wait_overflows", "Connections that found no room among those in TIME-WAIT.", "TcpExt",
	 "TCPTimeWaitOverflow", "tcp_time_wait_recycled"},
	{"berth_udp_received_datagrams", "Datagrams handed to sockets.", "Udp", "InDatagrams", "udp_datagrams_in"},
	{"berth_udp_sent_datagrams", "Datagrams sent.", "Udp", "OutDatagrams", "udp_datagrams_out"},
	{"berth_udp_unreachable_ports", "Datagrams for no socket.", "Udp", "NoPorts", "udp_no_socket"},
	{"berth_udp_receive_queue_drops", "Datagrams that found the receive queue full.", "Udp", "RcvbufErrors",
	 "udp_queue_full"},
	{"berth_udp_send_queue_drops", "Datagrams that found the send queue full.", "Udp", "SndbufErrors", NULL},
	{"berth_udp_bad_checksums", "Datagrams with a bad checksum.", "Udp", "InCsumErrors", "udp_bad_checksum"},
};

size_t metrics_counter_count(void)
{
	return sizeof(counters) / sizeof(counters[0]);
}

const struct metrics_counter *metrics_counter_get(size_t i)
{
	return &counters[i];
}

int metrics_counter_find(const char *group, const char *name)
{
	for (size_t i = 0; i < metrics_counter_count(); i++) {
		const struct metrics_counter *counter = &counters[i];

		if (!group && counter->host && strcmp(counter->host, name) == 0)
			return (int)i;
		if (group && counter->group && strcmp(counter->group, group) == 0 && strcmp(counter->name, name) == 0)
			return (int)i;
	}
	return -1;
}
