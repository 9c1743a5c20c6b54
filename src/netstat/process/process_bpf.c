/* The BPF way: a program that the kernel runs for each open file of each process (an iterator, Linux 5.8 and later)
 * gives the sockets' inodes in one stream, ten times faster than /proc has them. It sees every process of the caller's
 * PID namespace, whatever the caller may look at; loading it takes CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN. */
#include "process/process_scan.h"

#include "process/process_sockets.h"
#include "process_sockets_object.h" /* made of process_sockets.bpf.c: process_sockets_object[] */

#include <berth/error.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	BUFFER = 4096,    /* records; the kernel gives at most 32 KiB at a time */
	BIT_PERFMON = 38, /* newer than some headers */
	BIT_BPF = 39,
};

struct process_bpf {
	struct bpf_object *object;
	struct bpf_link *link;
};

bool process_bpf_likely(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	uint64_t has = (uint64_t)data[1].effective << 32 | data[0].effective;
	bool may = has >> CAP_SYS_ADMIN & 1 || (has >> BIT_PERFMON & 1 && has >> BIT_BPF & 1);
	return may && process_namespace_is_first();
}

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return 0;
}

static int error_of(int error)
{
	return error == -ENOMEM ? BERTH_ENOMEM : error == -EPERM || error == -EACCES ? BERTH_EPERM : BERTH_EOPNOTSUPP;
}

static int load(struct process_bpf *bpf)
{
	struct bpf_program *program;
	int r;

	bpf->object = bpf_object__open_mem(process_sockets_object, sizeof(process_sockets_object), NULL);
	if (!bpf->object)
		return -errno;
	r = bpf_object__load(bpf->object);
	if (r < 0)
		return r;
	program = bpf_object__find_program_by_name(bpf->object, "process_sockets");
	if (!program)
		return -ENOENT;
	bpf->link = bpf_program__attach_iter(program, NULL);
	return bpf->link ? 0 : -errno;
}

int process_bpf_new(struct process_bpf **out)
{
	struct process_bpf *bpf;
	libbpf_print_fn_t print;
	int r;

	/* PIDs that the program sees are those of the first namespace; /proc must speak of the same. */
	if (!process_namespace_is_first())
		return BERTH_EOPNOTSUPP;
	if (!process_bpf_likely())
		return BERTH_EPERM;
	bpf = calloc(1, sizeof(*bpf));
	if (!bpf)
		return BERTH_ENOMEM;
	print = libbpf_set_print(quiet);
	r = load(bpf);
	libbpf_set_print(print);
	if (r < 0) {
		process_bpf_free(bpf);
		return error_of(r);
	}
	*out = bpf;
	return 0;
}

struct process_bpf *process_bpf_free(struct process_bpf *bpf)
{
	if (bpf) {
		bpf_link__destroy(bpf->link);
		bpf_object__close(bpf->object);
		free(bpf);
	}
	return NULL;
}

/* Hands on the whole records in `records`, n bytes of which have come, and moves what is left to the beginning. */
static int hand_on(struct process_socket *records, size_t *n, process_on_socket *on_socket, void *user)
{
	size_t whole = *n / sizeof(*records);
	int r = 0;

	for (size_t i = 0; r == 0 && i < whole; i++)
		r = on_socket(user, records[i].pid, (int)records[i].descriptor, records[i].inode);
	*n -= whole * sizeof(*records);
	memmove(records, records + whole, *n);
	return r;
}

static int read_records(int iterator, struct process_socket *records, process_on_socket *on_socket, void *user)
{
	size_t n = 0;

	for (;;) {
		ssize_t got = read(iterator, (char *)records + n, BUFFER * sizeof(*records) - n);
		int r;

		if (got == 0)
			return n ? BERTH_EIO : 0;
		if (got < 0 && errno != EINTR && errno != EAGAIN)
			return BERTH_EIO;
		n += got > 0 ? (size_t)got : 0;
		if ((r = hand_on(records, &n, on_socket, user)) != 0)
			return r;
	}
}

int process_bpf_scan(struct process_bpf *bpf, process_on_socket *on_socket, void *user)
{
	struct process_socket *records = malloc(BUFFER * sizeof(*records));
	int iterator, r;

	if (!records)
		return BERTH_ENOMEM;
	iterator = bpf_iter_create(bpf_link__fd(bpf->link));
	r = iterator < 0 ? error_of(-errno) : read_records(iterator, records, on_socket, user);
	if (iterator >= 0)
		close(iterator);
	free(records);
	return r;
}
