/* Runs a command and tells what it used: `measure OUTPUT COMMAND...` writes its standard output into the file OUTPUT
 * and prints "STATUS USER SYSTEM WALL PEAK": its exit status, seconds of processor time and of wall-clock time, and the
 * largest amount of memory that it had, in KiB. A program of its own, because a child's peak is never less than what
 * its parent had when it was made. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	struct rusage used;
	pid_t pid;
	int status;

	if (argc < 3) {
		fputs("usage: measure OUTPUT COMMAND...\n", stderr);
		return 2;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	double begin = now();
	int error = posix_spawnp(&pid, argv[2], &actions, NULL, argv + 2, environ);
	if (error) {
		fprintf(stderr, "measure: %s: %s\n", argv[2], strerror(error));
		return 3;
	}
	if (wait4(pid, &status, 0, &used) < 0)
		return 3;
	printf("%d %.6f %.6f %.6f %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
	       seconds(used.ru_utime), seconds(used.ru_stime), now() - begin, used.ru_maxrss);
	return 0;
}
