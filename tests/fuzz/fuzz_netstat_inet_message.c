/* Messages of inet_diag: the first byte is the protocol, the rest the message. What is read is a row that others may
 * use: known states, families and timers, texts with an end. */
#include <string.h>

#include "fuzz.h"
#include "source/inet_message.h"

static void check_row(const struct netstat_row *row, const struct netstat_tcp *tcp, enum netstat_protocol protocol)
{
	CHECK(row->protocol == protocol && row->state < NETSTAT_STATE_N && *netstat_protocol_name(protocol));
	CHECK(row->family == BERTH_IP4 || row->family == BERTH_IP6);
	CHECK(row->local.address.family == row->family && row->foreign.address.family == row->family);
	CHECK(*netstat_timer_name(row->timer));
	CHECK(netstat_unowned_text(row->unowned));
	CHECK(!row->congestion || (strlen(row->congestion) > 0 && strlen(row->congestion) < 16));
	CHECK(!row->has_age || row->ms_age <= 60000);
	CHECK(!row->tcp || (row->tcp == tcp && protocol == NETSTAT_TCP && row->state != NETSTAT_STATE_LISTEN));
	CHECK(!row->tcp || tcp->ns_srtt % 1000 == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct netstat_row row;
	struct netstat_tcp tcp;

	if (!n || data[0] >= NETSTAT_PROTOCOL_N)
		return 0;
	if (inet_message_read(data + 1, n - 1, data[0], &row, &tcp))
		check_row(&row, &tcp, data[0]);
	return 0;
}
