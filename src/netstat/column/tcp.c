/* What columns say of how a TCP connection is doing. Nothing is said when the source knows nothing, and of what only
 * the kernel knows nothing in rows of berth hosts. */
#include "say.h"

#define SAY_OF_TCP(name, how)                                                                                          \
	void say_##name(const struct netstat_row *row, bool numeric, struct cell *cell)                                \
	{                                                                                                              \
		const struct netstat_tcp *tcp = row->tcp;                                                              \
                                                                                                                       \
		if (tcp)                                                                                               \
			how;                                                                                           \
		else                                                                                                   \
			cell_none(cell);                                                                               \
	}

static void duration_known(struct cell *cell, uint64_t ns)
{
	if (ns)
		cell_duration(cell, ns);
	else
		cell_none(cell);
}

/* What only the kernel tells. */
static void kernel_number(const struct netstat_row *row, struct cell *cell, uint64_t number, bool known)
{
	if (known && !row->host)
		cell_number(cell, number);
	else
		cell_none(cell);
}

static void kernel_duration_ms(const struct netstat_row *row, struct cell *cell, uint64_t ms)
{
	if (row->host)
		cell_none(cell);
	else
		cell_duration_ms(cell, ms);
}

SAY_OF_TCP(rtt, duration_known(cell, tcp->ns_srtt))
SAY_OF_TCP(rttvar, duration_known(cell, tcp->ns_rttvar))
SAY_OF_TCP(rto, duration_known(cell, tcp->ns_rto))
SAY_OF_TCP(cwnd, cell_number_known(cell, tcp->cwnd))
SAY_OF_TCP(ssthresh, cell_number_known(cell, tcp->ssthresh == UINT64_MAX ? 0 : tcp->ssthresh))
SAY_OF_TCP(mss, cell_number_known(cell, tcp->mss))
SAY_OF_TCP(snd_wnd, cell_number(cell, tcp->snd_wnd))
SAY_OF_TCP(rcv_wnd, cell_number(cell, tcp->rcv_wnd))
SAY_OF_TCP(bytes_sent, cell_number(cell, tcp->bytes_sent))
SAY_OF_TCP(bytes_received, cell_number(cell, tcp->bytes_received))
SAY_OF_TCP(bytes_acked, kernel_number(row, cell, tcp->bytes_acked, tcp->has_bytes))
SAY_OF_TCP(bytes_retransmitted, cell_number(cell, tcp->bytes_retransmitted))
SAY_OF_TCP(segments_sent, cell_number(cell, tcp->segments_sent))
SAY_OF_TCP(segments_received, cell_number(cell, tcp->segments_received))
SAY_OF_TCP(retransmitted, cell_number(cell, tcp->segments_retransmitted))
SAY_OF_TCP(notsent, kernel_number(row, cell, tcp->notsent, tcp->has_bytes))
SAY_OF_TCP(delivery_rate, cell_number_known(cell, tcp->delivery_rate))
SAY_OF_TCP(last_sent, kernel_duration_ms(row, cell, tcp->ms_last_sent))
SAY_OF_TCP(last_received, kernel_duration_ms(row, cell, tcp->ms_last_received))

/* Only who looks twice knows a rate (watch/changes.h). */
static void rate(const struct netstat_row *row, struct cell *cell, uint64_t value)
{
	if (row->has_rates)
		cell_number(cell, value);
	else
		cell_none(cell);
}

void say_rx_rate(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	rate(row, cell, row->rx_rate);
}

void say_tx_rate(const struct netstat_row *row, bool numeric, struct cell *cell)
{
	rate(row, cell, row->tx_rate);
}
