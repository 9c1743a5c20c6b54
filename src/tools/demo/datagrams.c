/* Numbered datagrams to an echo service and back.
 *
 * A datagram is its number and a fixed text; one that comes back is counted once, when it is what was sent. Both
 * clients, the one on the kernel's socket and the one on a berth host's, keep the same pace and wait as long for the
 * last answers. */
#include "datagrams.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS_PACE 5
#define NS_PACE (MS_PACE * 1000000ull)
/* Silence after which nothing more is expected. */
#define MS_LAST 1000
#define NS_LAST (MS_LAST * 1000000ull)

struct datagram {
	uint32_t number; /* network order */
	char text[60];
};

static void datagram_make(struct datagram *datagram, unsigned number)
{
	memset(datagram, 0, sizeof(*datagram));
	datagram->number = htonl(number);
	snprintf(datagram->text, sizeof(datagram->text), "berth demo, datagram %u", number);
}

/* Takes an answer. true: one of ours that was not seen before. */
static bool datagram_take(const struct datagram *answer, ssize_t n, unsigned n_sent, uint8_t *seen)
{
	struct datagram sent;
	unsigned number = ntohl(answer->number);

	if (n != (ssize_t)sizeof(*answer) || number >= n_sent || seen[number])
		return false;
	datagram_make(&sent, number);
	if (memcmp(&sent, answer, sizeof(sent)) != 0)
		return false;
	seen[number] = 1;
	return true;
}

/* ---- the kernel's socket ---- */

/* Takes answers until `ms` have passed (or, when `quiet`, until nothing has come for so long). How many were new. */
static unsigned take_answers(int fd, unsigned n_sent, uint8_t *seen, int ms, bool quiet)
{
	berth_time end = berth_clock_now() + (berth_time)ms * 1000000u;
	unsigned n_new = 0;

	for (;;) {
		berth_time now = berth_clock_now();
		struct pollfd p = {.fd = fd, .events = POLLIN};
		struct datagram answer;

		if (now >= end || poll(&p, 1, (int)((end - now + 999999) / 1000000)) < 1)
			return n_new;
		ssize_t n = recv(fd, &answer, sizeof(answer), MSG_DONTWAIT);
		n_new += n >= 0 && datagram_take(&answer, n, n_sent, seen);
		if (n >= 0 && quiet)
			end = now + (berth_time)ms * 1000000u;
	}
}

/* The child's whole life: prints how many were sent and how many came back. */
static void run_kernel_client(int out, unsigned n, const char *address, uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	uint8_t *seen = calloc(n, 1);
	unsigned n_sent = 0, n_back = 0;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &to.sin_addr);
	if (!seen || fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		_exit(1);
	for (unsigned i = 0; i < n; i++) {
		struct datagram datagram;
		datagram_make(&datagram, i);
		n_sent += send(fd, &datagram, sizeof(datagram), 0) == (ssize_t)sizeof(datagram);
		n_back += take_answers(fd, i + 1, seen, MS_PACE, false);
	}
	n_back += take_answers(fd, n, seen, MS_LAST, true);
	dprintf(out, "%u %u\n", n_sent, n_back);
	_exit(0);
}

static void finish(struct datagrams *d)
{
	d->ended = true;
	d->on_end(d->user);
}

static void on_kernel_end(void *user)
{
	struct datagrams *d = user;

	child_wait(&d->pid);
	d->failed = !d->reader.text || sscanf(d->reader.text, "%u %u", &d->n_sent, &d->n_back) != 2;
	finish(d);
}

int datagrams_start_kernel(struct datagrams *d, const char *address, uint16_t port)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return BERTH_EIO;
	d->pid = child_fork(ends[1]);
	if (d->pid == 0)
		run_kernel_client(ends[1], d->n, address, port);
	close(ends[1]);
	if (d->pid < 0) {
		close(ends[0]);
		return BERTH_EIO;
	}
	return reader_start(&d->reader, d->loop, ends[0], on_kernel_end, d);
}

/* ---- a berth host's socket ---- */

static void on_time(void *user)
{
	struct datagrams *d = user;

	if (d->n_sent == d->n) {
		finish(d);
		return;
	}
	struct datagram datagram;
	datagram_make(&datagram, d->n_sent);
	/* One that does not go now is tried again at the next beat. */
	if (berth_sendto(d->host, d->descriptor, &datagram, sizeof(datagram), 0, &d->foreign) == (long)sizeof(datagram))
		d->n_sent++;
	berth_loop_at(d->loop, berth_loop_now(d->loop) + (d->n_sent == d->n ? NS_LAST : NS_PACE), on_time, d);
}

static void on_ready(struct berth_loop_socket *socket, unsigned ready)
{
	struct datagrams *d = (struct datagrams *)((char *)socket - offsetof(struct datagrams, socket));

	for (;;) {
		struct datagram answer;
		long n = berth_recv(d->host, d->descriptor, &answer, sizeof(answer), 0);
		if (n < 0)
			return;
		d->n_back += datagram_take(&answer, n, d->n_sent, d->seen);
		if (d->n_sent == d->n && !d->ended)
			berth_loop_at(d->loop, berth_loop_now(d->loop) + NS_LAST, on_time, d);
	}
}

int datagrams_start_host(struct datagrams *d, struct berth_host *host, const struct berth_socket_address *foreign)
{
	d->host = host;
	d->foreign = *foreign;
	d->socket.on_ready = on_ready;
	d->seen = calloc(d->n, 1);
	int r = d->seen ? berth_socket(host, BERTH_IP4, BERTH_DATAGRAM) : BERTH_ENOMEM;
	if (r < 0)
		return r;
	d->descriptor = r;
	berth_set_user(host, r, &d->socket);
	r = berth_connect(host, d->descriptor, foreign);
	return r < 0 ? r : berth_loop_at(d->loop, berth_loop_now(d->loop), on_time, d);
}

void datagrams_stop(struct datagrams *d)
{
	if (d->loop)
		berth_loop_at(d->loop, BERTH_NEVER, on_time, d);
	if (d->host && d->descriptor >= 0)
		berth_close(d->host, d->descriptor);
	child_kill(&d->pid);
	reader_stop(&d->reader);
	free(d->seen);
	d->seen = NULL;
	d->host = NULL;
}
