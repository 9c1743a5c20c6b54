/* What the BPF program writes: one record for each descriptor of a socket. Plain types, because the program is compiled
 * without any system header. */
#ifndef NETSTAT_PROCESS_SOCKETS_H
#define NETSTAT_PROCESS_SOCKETS_H

struct process_socket {
	unsigned long long inode;
	int pid; /* of the process, not of the thread; as the first PID namespace numbers it */
	unsigned descriptor;
};

#endif
