/* Makes TCP connections over loopback, to be listed: `sockets CONNECTIONS`. Both ends are on this machine, so that
 * there are twice as many sockets.
 *
 * The connections are spread over processes of at most PER_PROCESS descriptors each and over source addresses
 * 127.0.0.2, 127.0.0.3 ..., since one address has only so many ports. One process has the accepting ends of one
 * listener and the opening ends towards it. Prints "ready SOCKETS PROCESSES" when all stand, and keeps them until
 * standard input ends. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PER_PROCESS = 9000, /* connections: two descriptors each */
	FIRST_PORT = 5000,
	MAX_PROCESSES = 1000,
};

static void die(const char *what)
{
	fprintf(stderr, "sockets: %s: %s\n", what, strerror(errno));
	exit(3);
}

static struct sockaddr_in place(uint32_t last, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f000000 + last)};
}

static int listener_new(uint16_t port)
{
	struct sockaddr_in at = place(1, port);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 128) < 0)
		die("listener");
	return fd;
}

/* The opening end is bound to an address and, at connect, a port of its own. */
static void connection_new(int listener, uint16_t port, uint32_t source)
{
	struct sockaddr_in from = place(source, 0), to = place(1, port);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0)
		die("socket");
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0)
		die("bind");
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	if (accept(listener, NULL, NULL) < 0)
		die("accept");
}

static void child(unsigned i, unsigned n, int ready, int go_on)
{
	uint16_t port = (uint16_t)(FIRST_PORT + i);
	int listener = listener_new(port);
	char c = 0;

	for (unsigned j = 0; j < n; j++)
		connection_new(listener, port, 2 + i % 64);
	if (write(ready, &c, 1) != 1)
		die("pipe");
	while (read(go_on, &c, 1) > 0)
		;
	_exit(0);
}

static void raise_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 2 * PER_PROCESS + 100) {
		fprintf(stderr, "sockets: a process may have %lu descriptors, and needs %d\n",
			(unsigned long)limit.rlim_cur, 2 * PER_PROCESS + 100);
		exit(3);
	}
}

int main(int argc, char **argv)
{
	unsigned long n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned n_processes = (unsigned)((n + PER_PROCESS - 1) / PER_PROCESS);
	int ready[2], go_on[2];
	char c;

	if (n == 0 || n_processes > MAX_PROCESSES) {
		fprintf(stderr, "usage: sockets CONNECTIONS   (1 to %d)\n", MAX_PROCESSES * PER_PROCESS);
		return 2;
	}
	raise_limit();
	if (pipe(ready) < 0 || pipe(go_on) < 0)
		die("pipe");
	for (unsigned i = 0; i < n_processes; i++) {
		unsigned long left = n - (unsigned long)i * PER_PROCESS;
		pid_t pid = fork();
		if (pid < 0)
			die("fork");
		if (pid == 0) {
			close(ready[0]);
			close(go_on[1]);
			child(i, left < PER_PROCESS ? (unsigned)left : PER_PROCESS, ready[1], go_on[0]);
		}
	}
	close(ready[1]);
	close(go_on[0]);
	for (unsigned i = 0; i < n_processes; i++)
		if (read(ready[0], &c, 1) != 1) {
			fputs("sockets: a process ended early\n", stderr);
			return 3;
		}
	printf("ready %lu %u\n", 2 * n + n_processes, n_processes);
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	close(go_on[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}
