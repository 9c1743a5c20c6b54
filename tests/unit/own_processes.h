/* A PID namespace of the test's own, so that what else runs on the machine, and how much, is nothing to it. */
#ifndef TESTS_OWN_PROCESSES_H
#define TESTS_OWN_PROCESSES_H

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OWN_PROCESSES_NONE = 77 };

/* How a child has ended, as a status to end with. */
static inline int own_processes_wait(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		return OWN_PROCESSES_NONE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* Goes on in a child that is the first process of a PID namespace, with a /proc and mounts of its own, and ends with
 * its status: true is returned there. false: that is not to be had, and this is the same process as before. */
static inline bool own_processes(void)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0)
			_exit(OWN_PROCESSES_NONE);
		child = fork();
		if (child != 0)
			_exit(own_processes_wait(child));
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("proc", "/proc", "proc", 0, NULL) < 0)
			_exit(OWN_PROCESSES_NONE);
		return true;
	}
	int status = own_processes_wait(child);
	if (status != OWN_PROCESSES_NONE)
		exit(status);
	return false;
}

#endif
