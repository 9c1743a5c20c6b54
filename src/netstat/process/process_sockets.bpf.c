/* Runs in the kernel, once for each open file of each process, and writes down those that are sockets.
 *
 * Only what finds a process is written: its name and user are read from /proc, for those that are shown. The kernel
 * walks the threads of a process that share its table once; a thread with a table of its own counts as its process.
 *
 * Members are found by name in the types of the kernel that loads it (CO-RE), so that it is compiled once for all and
 * needs no kernel's headers. */
#include "process_sockets.h"

#define SECTION(name) __attribute__((section(name), used))
#define OF_KERNEL __attribute__((preserve_access_index))

enum {
	TYPE_MASK = 0170000,
	TYPE_SOCKET = 0140000,     /* S_IFSOCK */
	SOCKET_FILES = 0x534f434b, /* SOCKFS_MAGIC: a socket's path that was opened is not the socket */
	HELPER_SEQ_WRITE = 127,
};

struct seq_file;

struct super_block {
	unsigned long s_magic;
} OF_KERNEL;

struct inode {
	unsigned short i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
} OF_KERNEL;

struct file {
	struct inode *f_inode;
} OF_KERNEL;

struct task_struct {
	int tgid;
} OF_KERNEL;

struct bpf_iter_meta {
	struct seq_file *seq;
} OF_KERNEL;

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	unsigned fd;
	struct file *file;
} OF_KERNEL;

static long (*const seq_write)(struct seq_file *to, const void *data, unsigned n) = (void *)HELPER_SEQ_WRITE;

int process_sockets(struct bpf_iter__task_file *context);

SECTION("iter/task_file") int process_sockets(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct file *file = context->file;
	struct process_socket record;

	if (!task || !file) /* the end */
		return 0;
	struct inode *inode = file->f_inode;
	if ((inode->i_mode & TYPE_MASK) != TYPE_SOCKET || inode->i_sb->s_magic != SOCKET_FILES)
		return 0;
	record.inode = inode->i_ino;
	record.pid = task->tgid;
	record.descriptor = context->fd;
	/* A record for which there is no room is asked for again. */
	seq_write(context->meta->seq, &record, sizeof(record));
	return 0;
}

char process_sockets_license[] SECTION("license") = "Dual MIT/GPL";
