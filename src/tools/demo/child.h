/* Programs that the demo starts, and what they print. */
#ifndef DEMO_CHILD_H
#define DEMO_CHILD_H

#include <berth/berth.h>
#include <sys/types.h>

/* Starts a program found in PATH with `in` as its standard input and `out` as its standard output (-1: /dev/null); both
 * stay the caller's. It ends when the demo does. The process, or -1 and errno. */
pid_t child_start(char *const argv[], int in, int out);

/* Forks: in the child, which ends when the demo does, all descriptors from 3 on but `keep` are closed and signals are
 * as new; returns 0 there. */
pid_t child_fork(int keep);

/* Waits for a child that is at its end, and forgets it. Its exit status, 128 and more for a signal; 0 when *pid is 0.
 */
int child_wait(pid_t *pid);

/* Ends a child that still runs. */
void child_kill(pid_t *pid);

/* Runs a program to its end and puts the beginning of what it prints into out[n], NUL-terminated. Its exit status, or
 * -1. */
int child_text(char *const argv[], int in, char *out, size_t n);

/* Gathers what comes from a pipe until its end. */
struct reader {
	struct berth_loop *loop;
	int fd;     /* -1: at its end */
	char *text; /* NUL-terminated; NULL: nothing came */
	size_t n;
	void (*on_end)(void *user);
	void *user;
};

/* Begins; takes fd. 0 or the error of berth_loop_watch. */
int reader_start(struct reader *reader, struct berth_loop *loop, int fd, void (*on_end)(void *user), void *user);
void reader_stop(struct reader *reader);

/* Starts a program whose output is gathered. The process, or -1. `in` as above. */
pid_t reader_run(struct reader *reader, struct berth_loop *loop, char *const argv[], int in, void (*on_end)(void *user),
		 void *user);

#endif
