/* Messages of unix_diag: what is read is a row that others may use, and its path carries no control character. */
#include <string.h>

#include "fuzz.h"
#include "source/unix_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct netstat_row row;
	char path[UNIX_PATH_ROOM];

	memset(path, 'x', sizeof(path));
	if (!unix_message_read(data, n, &row, path))
		return 0;
	CHECK(row.protocol == NETSTAT_UNIX && !row.family && !row.tcp && !row.congestion);
	CHECK(row.state == NETSTAT_STATE_LISTEN || row.state == NETSTAT_STATE_ESTABLISHED ||
	      row.state == NETSTAT_STATE_OPEN);
	CHECK(!row.path || (row.path == path && strnlen(path, sizeof(path)) < sizeof(path) && *path));
	for (const char *c = row.path; c && *c; c++)
		CHECK((uint8_t)*c >= ' ' && *c != 0x7f);
	return 0;
}
