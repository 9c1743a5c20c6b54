/* A berth host behind packetdrill's table: what the files of this directory share.
 *
 * One mutex guards everything. Time is virtual: it moves when packetdrill sleeps, reads the clock or waits for a
 * packet, and with it go the host's deadlines. Calls that may block come on a second thread; the one that waits is
 * tried again after every step of the host. */
#ifndef CONFORMANCE_OBJECT_H
#define CONFORMANCE_OBJECT_H

#include <pthread.h>

#include "interface.h"
#include "socket_private.h"

/* Descriptors that packetdrill sees: apart from those of its own process. */
#define FILE_FIRST 1000
#define FILE_MAX 2048

/* Bits of Linux's tcp_fastopen beside the host's own. */
#define FAST_OPEN_CLIENT_NO_COOKIE 0x4u
#define FAST_OPEN_SERVER_NO_COOKIE 0x200u
#define FAST_OPEN_ALL_LISTENERS 0x400u

enum file_kind {
	FILE_CLOSED,
	FILE_SOCKET,
	FILE_EPOLL,
	FILE_PIPE,
};

/* What an epoll descriptor watches. */
struct watch {
	struct watch *next;
	int fd;
	uint32_t events;
	uint64_t data;
	bool spent; /* EPOLLONESHOT, and it has told */
};

/* Bytes on their way through a pipe; both of its ends point here. */
struct pipe_bytes {
	unsigned n_ends;
	size_t n;
	uint8_t bytes[65536];
};

struct file {
	enum file_kind kind;
	int descriptor; /* a socket: the host's */
	int domain;     /* a socket: AF_INET, AF_INET6 */
	bool nonblock;
	bool news;              /* something has happened since it was last reported (EPOLLET) */
	uint8_t n_key, key[32]; /* TCP_FASTOPEN_KEY, said before listen() */
	struct watch *watches;
	struct pipe_bytes *pipe;
};

/* A packet that has left the host and that packetdrill has not seen. */
struct packet {
	struct packet *next;
	berth_time left_at;
	size_t n;
	uint8_t bytes[];
};

struct object;

/* A call: what it returns, or BERTH_EAGAIN when it has to wait. It may be tried any number of times. */
typedef long call_try(struct object *o, void *arguments);

/* The call that waits on the second thread. */
struct waiting_call {
	call_try *try; /* NULL: none waits */
	void *arguments;
	berth_time limit; /* then it is tried for the last time */
	long result;
	berth_time done_at;
};

struct object {
	pthread_mutex_t mutex;
	pthread_cond_t done; /* the waiting call is over */
	pthread_t main;

	struct berth_host_config config;
	struct berth_host *host; /* NULL: not made yet, so that commands before may change the configuration */
	int interface;
	berth_time now;
	struct berth_address local, gateway;
	unsigned prefix;
	uint32_t mtu;

	/* Linux's settings that are here those of each socket. */
	unsigned fast_open; /* FAST_OPEN_... */
	bool has_fast_open_key;
	uint8_t fast_open_key[16];

	struct file files[FILE_MAX];
	int n_files;
	struct packet *first, **last;
	struct waiting_call waiting;
	bool ended; /* a call that waited is over, and its thread may not have said so yet */
};

/* Locks, and makes the host when there is none. */
void object_enter(struct object *o);
/* Takes what the host has to say, unlocks; -1 and errno for a BERTH_E... number, all else as it is. */
long object_leave(struct object *o, long result);

/* ---- clock.c ---- */
/* Time goes on up to `until`, deadline by deadline. */
void clock_step(struct object *o, berth_time until);
/* The next thing that happens by itself; BERTH_NEVER. */
berth_time clock_next(const struct object *o);
/* The calling thread's next look at the clock shows this: when its call was over, which is before it came to run. */
void clock_override(berth_time at);
int clock_usleep(void *user, useconds_t us);
int clock_gettimeofday(void *user, struct timeval *tv, struct timezone *tz);

/* ---- packets.c ---- */
/* Collects the packets that leave now and the news of sockets, and tries the waiting call again. */
void packets_pull(struct object *o);
void packets_free(struct object *o);
int packets_send(void *user, const void *bytes, size_t n);
int packets_receive(void *user, void *bytes, size_t *n, long long *us);

/* ---- call.c ---- */
/* Runs a call; `blocks`: on the second thread it waits while it would block, until `limit`. As object_leave. */
long call_run(struct object *o, call_try *try, void *arguments, bool blocks, berth_time limit);
/* The waiting call is tried. true: it is over. */
bool call_retry(struct object *o);
bool call_may_wait(const struct object *o);

/* ---- files.c ---- */
/* NULL: not open, or not of that kind (FILE_CLOSED: any kind). */
struct file *file_get(struct object *o, int fd, enum file_kind kind);
/* A descriptor, BERTH_EMFILE. */
int file_new(struct object *o, struct file file);
void file_free(struct object *o, struct file *f);
void file_forget_watches(struct object *o, int fd);

/* ---- address.c ---- */
/* 0, BERTH_EAFNOSUPPORT, BERTH_EINVAL. */
int address_take(const struct sockaddr *from, socklen_t n, struct berth_socket_address *to);
/* In the form of a socket of `domain`; `to` or `n` may be NULL. */
void address_give(const struct berth_socket_address *from, int domain, struct sockaddr *to, socklen_t *n);

/* ---- sockets.c, transfer.c, options.c, ready.c, pipes.c: the table's calls ---- */
int sockets_socket(void *user, int domain, int type, int protocol);
int sockets_bind(void *user, int fd, const struct sockaddr *address, socklen_t n);
int sockets_listen(void *user, int fd, int backlog);
int sockets_accept(void *user, int fd, struct sockaddr *address, socklen_t *n);
int sockets_connect(void *user, int fd, const struct sockaddr *address, socklen_t n);
/* How an open has ended: 0, an error, or BERTH_EAGAIN while it goes on. */
long sockets_opened(struct object *o, const struct file *f);
int sockets_shutdown(void *user, int fd, int how);
int sockets_close(void *user, int fd);
int sockets_fcntl(void *user, int fd, int command, ...);
int sockets_ioctl(void *user, int fd, unsigned long request, ...);

ssize_t transfer_read(void *user, int fd, void *bytes, size_t n);
ssize_t transfer_readv(void *user, int fd, const struct iovec *vectors, int n);
ssize_t transfer_recv(void *user, int fd, void *bytes, size_t n, int flags);
ssize_t transfer_recvfrom(void *user, int fd, void *bytes, size_t n, int flags, struct sockaddr *from, socklen_t *len);
ssize_t transfer_recvmsg(void *user, int fd, struct msghdr *message, int flags);
ssize_t transfer_write(void *user, int fd, const void *bytes, size_t n);
ssize_t transfer_writev(void *user, int fd, const struct iovec *vectors, int n);
ssize_t transfer_send(void *user, int fd, const void *bytes, size_t n, int flags);
ssize_t transfer_sendto(void *user, int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to,
			socklen_t len);
ssize_t transfer_sendmsg(void *user, int fd, const struct msghdr *message, int flags);

/* control.c: flags and control data of a received message, as `domain` has them. */
void control_give(const struct berth_message *from, int domain, struct msghdr *message);

int options_get(void *user, int fd, int level, int option, void *value, socklen_t *n);
int options_set(void *user, int fd, int level, int option, const void *value, socklen_t n);

int ready_poll(void *user, struct pollfd *fds, nfds_t n, int ms);
int ready_epoll_create(void *user, int size);
int ready_epoll_ctl(void *user, int epoll, int operation, int fd, struct epoll_event *event);
int ready_epoll_wait(void *user, int epoll, struct epoll_event *events, int n, int ms);

int pipes_pipe(void *user, int fds[2]);
ssize_t pipes_splice(void *user, int in, loff_t *off_in, int out, loff_t *off_out, size_t n, unsigned flags);

/* ---- sysctl.c ---- */
/* Does what a shell command of a script means for the host: `sysctl ... net.ipv4.tcp_NAME=VALUE`, or the suite's script
 * of defaults. All else is nothing to it. */
void sysctl_command(struct object *o, const char *command);

#endif
