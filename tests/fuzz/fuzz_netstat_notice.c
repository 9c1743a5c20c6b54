/* Notices of destroyed sockets: a row that comes of one is of TCP or UDP and can be said. */
#include "source/notice_message.h"

#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t *bytes = malloc(n ? n : 1);
	struct netstat_tcp tcp;
	struct netstat_row row;

	CHECK(bytes);
	if (n)
		memcpy(bytes, data, n);
	if (notice_message_read(bytes, n, &row, &tcp)) {
		CHECK(row.protocol == NETSTAT_TCP || row.protocol == NETSTAT_UDP);
		CHECK(row.family == BERTH_IP4 || row.family == BERTH_IP6);
		CHECK(row.local.address.family == row.family && row.foreign.address.family == row.family);
		CHECK(row.state < NETSTAT_STATE_N);
		CHECK(!row.tcp || (row.tcp == &tcp && row.protocol == NETSTAT_TCP));
		CHECK(row.send_q != UINT32_MAX);
		CHECK(row.unowned == NETSTAT_OWNED && !row.has_uid);
	}
	free(bytes);
	return 0;
}
