/* Control groups: what the path of one says about who runs the process. */
#ifndef NETSTAT_CGROUP_H
#define NETSTAT_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

enum { CGROUP_NAME_MAX = 128 };

struct cgroup {
	char unit[256];                       /* systemd's: "nginx.service"; "": none */
	char container[CGROUP_NAME_MAX + 16]; /* "docker:0123456789ab", "lxc:NAME"; "": none */
};

/* The path of a process's group in the text of /proc/PID/cgroup, text[n]: that of the unified hierarchy ("0::/path"),
 * or, where that is "/" or missing, the first other one that is not, systemd's own ("name=systemd") before the rest.
 * Points into text, *n_path is its length; NULL: the text has none. */
const char *cgroup_path(const char *text, size_t n, size_t *n_path);

/* What path[n] says. Control characters of names become '?'. */
void cgroup_parse(const char *path, size_t n, struct cgroup *out);

#endif
