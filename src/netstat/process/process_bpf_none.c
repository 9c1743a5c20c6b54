/* The BPF way where it is not built in. */
#include "process/process_scan.h"

#include <berth/error.h>
#include <stddef.h>

bool process_bpf_likely(void)
{
	return false;
}

int process_bpf_new(struct process_bpf **out)
{
	return BERTH_EOPNOTSUPP;
}

struct process_bpf *process_bpf_free(struct process_bpf *bpf)
{
	return NULL;
}

int process_bpf_scan(struct process_bpf *bpf, process_on_socket *on_socket, void *user)
{
	return BERTH_EOPNOTSUPP;
}
