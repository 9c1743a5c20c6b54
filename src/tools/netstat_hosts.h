/* What netstat knows of the berth hosts that run: their snapshots, read from their control sockets. */
#ifndef TOOLS_NETSTAT_HOSTS_H
#define TOOLS_NETSTAT_HOSTS_H

#include <berth/berth.h>

struct netstat_counter {
	char *name;
	uint64_t value;
};

struct netstat_host {
	struct berth_snapshot_head head;
	struct berth_socket_row *rows;
	size_t n_rows;
	struct netstat_counter *counters;
	size_t n_counters;
};

struct netstat_hosts {
	struct netstat_host *hosts;
	size_t n;
	const char *name; /* only hosts of this name; NULL: all */
	bool skipping;    /* the host being read is another */
	bool no_memory;
	bool failed; /* a host could not be read, and a line says so */
};

/* Reads the snapshots of this user's running hosts, or of those named `name`, in the order of their names, with their
 * sockets sorted. 0 (though there may be none), or an error about which a line is written. A host that cannot be read
 * is a line and the others follow. Free *out in any case. */
int netstat_hosts_read(const char *name, struct netstat_hosts *out);

void netstat_hosts_free(struct netstat_hosts *hosts);

#endif
