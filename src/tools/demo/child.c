/* Starting programs, ending them, and reading what they say without keeping the event loop waiting. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* More than any program of the demo has to say; what is beyond it is left away. */
#define TEXT_MAX (1u << 20)

static void close_from(int first, int last)
{
	syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0);
}

/* In the child: what every child begins with. */
static void become_child(pid_t parent)
{
	sigset_t none;

	/* Nobody is left to clean up after a demo that was killed: its children end by themselves. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* The terminal's ^C is for the demo, which then ends its children. */
	setpgid(0, 0);
}

pid_t child_fork(int keep)
{
	pid_t parent = getpid();

	fflush(NULL);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	become_child(parent);
	if (keep > 3)
		close_from(3, keep - 1);
	close_from(keep < 3 ? 3 : keep + 1, -1);
	return 0;
}

pid_t child_start(char *const argv[], int in, int out)
{
	pid_t parent = getpid();
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid = null < 0 ? -1 : fork();

	if (pid != 0) {
		if (null >= 0)
			close(null);
		return pid;
	}
	become_child(parent);
	dup2(in < 0 ? null : in, STDIN_FILENO);
	dup2(out < 0 ? null : out, STDOUT_FILENO);
	close_from(3, -1);
	execvp(argv[0], argv);
	_exit(127);
}

int child_wait(pid_t *pid)
{
	int status = 0;

	if (*pid <= 0)
		return 0;
	while (waitpid(*pid, &status, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void child_kill(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGKILL);
	child_wait(pid);
}

static void on_readable(void *user, unsigned ready)
{
	struct reader *reader = user;
	char buffer[4096];
	ssize_t n = read(reader->fd, buffer, sizeof(buffer));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		berth_loop_unwatch(reader->loop, reader->fd);
		close(reader->fd);
		reader->fd = -1;
		reader->on_end(reader->user);
		return;
	}
	char *text = reader->n < TEXT_MAX ? realloc(reader->text, reader->n + (size_t)n + 1) : NULL;
	if (!text)
		return;
	memcpy(text + reader->n, buffer, (size_t)n);
	reader->text = text;
	reader->n += (size_t)n;
	text[reader->n] = '\0';
}

int reader_start(struct reader *reader, struct berth_loop *loop, int fd, void (*on_end)(void *user), void *user)
{
	*reader = (struct reader){.loop = loop, .fd = fd, .on_end = on_end, .user = user};
	int r = berth_loop_watch(loop, fd, BERTH_READABLE, on_readable, reader);
	if (r < 0) {
		close(fd);
		reader->fd = -1;
	}
	return r;
}

void reader_stop(struct reader *reader)
{
	if (reader->loop && reader->fd >= 0) {
		berth_loop_unwatch(reader->loop, reader->fd);
		close(reader->fd);
	}
	free(reader->text);
	*reader = (struct reader){.fd = -1};
}

pid_t reader_run(struct reader *reader, struct berth_loop *loop, char *const argv[], int in, void (*on_end)(void *user),
		 void *user)
{
	int ends[2];

	*reader = (struct reader){.fd = -1};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = child_start(argv, in, ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return -1;
	}
	if (reader_start(reader, loop, ends[0], on_end, user) < 0) {
		child_kill(&pid);
		return -1;
	}
	return pid;
}

int child_text(char *const argv[], int in, char *out, size_t n)
{
	int ends[2];
	size_t n_read = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = child_start(argv, in, ends[1]);
	close(ends[1]);
	while (pid > 0 && n_read + 1 < n) {
		ssize_t r = read(ends[0], out + n_read, n - 1 - n_read);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			break;
		n_read += (size_t)r;
	}
	out[n_read] = '\0';
	close(ends[0]);
	return pid > 0 ? child_wait(&pid) : -1;
}
