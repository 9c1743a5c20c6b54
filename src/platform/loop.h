/* The event loop's insides, shared by its two files: waiting and calling back (loop_epoll.c), and moving hosts' frames
 * (loop_hosts.c).
 *
 * What a callback removes is marked dead at once and freed at the end of the outermost round, so that whoever is
 * walking a list only has to look at the mark after calling back. */
#ifndef PLATFORM_LOOP_H
#define PLATFORM_LOOP_H

#include <berth/platform.h>

/* What an event of epoll points to. */
enum source_kind {
	SOURCE_WATCH,
	SOURCE_LINK,
};

struct source {
	enum source_kind kind;
	int fd;
	bool dead; /* removed; freed at the end of the outermost round */
};

struct watch {
	struct source source;
	struct watch *next_dead;
	unsigned wanted;
	berth_loop_ready *on_ready;
	void *user;
};

struct attachment {
	struct source source; /* dead: its host is */
	struct attachment *next;
	struct berth_link *link;
	int interface;
	bool readable; /* its fd said so, and receive has not come to an end since */
};

struct attached_host {
	struct attached_host *next;
	struct berth_host *host;
	struct attachment *attachments;
	berth_loop_event *on_event;
	void *user;
	bool dead;
};

struct alarm {
	struct alarm *next; /* by time */
	berth_time at;
	uint64_t round; /* in which it was set */
	berth_loop_time *on_time;
	void *user;
};

#define LOOP_BATCH 32

struct berth_loop {
	int epoll_fd;
	bool stopped;
	bool coarse;    /* the kernel has no epoll_pwait2 */
	bool busy;      /* a bound was reached: the next round must not wait */
	unsigned depth; /* rounds within callbacks of rounds */
	uint64_t round;
	berth_time now;
	struct watch **watches; /* by fd */
	size_t n_watches;
	struct watch *dead_watches;
	struct attached_host *hosts;
	struct alarm *alarms;
	struct berth_frame_out frames[LOOP_BATCH];
};

/* Adds, changes or removes a source in epoll. 0 or an error. */
int loop_source_set(struct berth_loop *loop, struct source *source, unsigned wanted);
void loop_source_remove(struct berth_loop *loop, struct source *source);

/* An attachment's fd had an event. */
void loop_link_ready(struct berth_loop *loop, struct attachment *attachment, bool readable);

/* Hands on the events that hosts have, and whatever may leave, until all are quiet or a bound is reached. */
void loop_hosts_run(struct berth_loop *loop);

/* When the hosts and their links want the next round. */
berth_time loop_hosts_deadline(const struct berth_loop *loop);

/* Frees the hosts' records that are dead; all of them when `all`. */
void loop_hosts_sweep(struct berth_loop *loop, bool all);

#endif
