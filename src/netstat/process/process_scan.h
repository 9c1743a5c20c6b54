/* The two ways of finding out which process holds which socket: by reading /proc, or by a BPF program that walks the
 * same tables inside the kernel. */
#ifndef NETSTAT_PROCESS_SCAN_H
#define NETSTAT_PROCESS_SCAN_H

#include "process/process_unseen.h"

#include <stdbool.h>
#include <stdint.h>

/* One socket that a process holds; called in the order of PIDs and, within one, of descriptors, as far as the way
 * allows. 0 to go on; anything else ends the scan, which returns it. */
typedef int process_on_socket(void *user, int pid, int descriptor, uint64_t inode);

enum { PROCESS_SCAN_MANY = 1 }; /* there are more descriptors than the limit */

/* Reads /proc/PID/fd of every process. 0; PROCESS_SCAN_MANY as soon as it would have to look at more than `limit`
 * descriptors; what on_socket returned; BERTH_EIO: there is no /proc. */
int process_scan_proc(uint64_t limit, process_on_socket *on_socket, void *user, struct process_unseen *unseen);

/* A BPF program that is loaded and ready to run. */
struct process_bpf;

/* It is built in, and this process has the privileges that loading it takes. Cheap. */
bool process_bpf_likely(void);
/* 0 and *out; BERTH_EPERM; BERTH_EOPNOTSUPP: not built in, or not for this kernel; BERTH_ENOMEM. */
int process_bpf_new(struct process_bpf **out);
struct process_bpf *process_bpf_free(struct process_bpf *bpf);
/* Every socket of every process of this PID namespace. 0; what on_socket returned; BERTH_EIO, BERTH_ENOMEM,
 * BERTH_EPERM, BERTH_EOPNOTSUPP. */
int process_bpf_scan(struct process_bpf *bpf, process_on_socket *on_socket, void *user);

/* The caller is in the machine's first PID namespace, in which all processes are. */
bool process_namespace_is_first(void);

#endif
