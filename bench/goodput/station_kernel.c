/* The machine's kernel as one end of a flow: a network namespace with a TAP device of which this process has the other
 * end.
 *
 * Method: namespace, device and settings are made here, then a process is forked that stays in the namespace and speaks
 * plain sockets; this process goes on to the next namespace, as its descriptors of the devices stay good. The other one
 * tells what it does in a page of memory that both share. Devices have no offloads: the kernel cuts what it sends into
 * frames of the MTU before they come to the wire, and is given single frames. Sockets and buffers are as the system has
 * them; only what it remembers of one connection for the next is turned off. Everything ends with this process. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <berth/platform.h>

#include "../bench.h"
#include "station.h"

#define CHUNK 65536
#define MS_LOOK 2 /* the sender's state is looked at as often */
/* tcpi_total_rto lies behind what older headers know of struct tcp_info (Linux 6.7). */
#define OFF_TOTAL_RTO (offsetof(struct tcp_info, tcpi_snd_wnd) + 12)

/* What the process tells. */
struct shared {
	_Atomic bool ready;  /* it listens, or waits for the word to connect */
	_Atomic bool failed; /* `failure` says why */
	_Atomic uint64_t n_received;
	_Atomic uint64_t cwnd, ssthresh, ns_srtt, ns_rto, n_retransmitted, n_timeouts;
	char failure[64];
};

struct station_kernel {
	struct station station;
	struct shared *shared;
	pid_t process;
	int go; /* a byte written here lets a sender connect */
};

static void tell_failure(struct shared *shared, const char *what)
{
	snprintf(shared->failure, sizeof(shared->failure), "%s: %s", what, strerror(errno));
	shared->failed = true;
	_exit(1);
}

static struct sockaddr_in address_of(unsigned last)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(STATION_PORT)};

	at.sin_addr.s_addr = htonl(0x0a000000u | last);
	return at;
}

/* ---- the processes ---- */

static void receive_all(struct shared *shared, unsigned last)
{
	static uint8_t sink[CHUNK];
	struct sockaddr_in at = address_of(last);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;
	ssize_t n;

	if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 1))
		tell_failure(shared, "receiver listens");
	shared->ready = true;
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		tell_failure(shared, "receiver accepts");
	while ((n = recv(fd, sink, sizeof(sink), 0)) > 0)
		shared->n_received += (uint64_t)n;
	tell_failure(shared, "receiver");
}

static void look(struct shared *shared, int fd)
{
	union {
		struct tcp_info info;
		uint8_t bytes[512];
	} u = {0};
	socklen_t n = sizeof(u);
	uint16_t n_rto = 0;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &u, &n))
		return;
	if (n >= OFF_TOTAL_RTO + sizeof(n_rto))
		memcpy(&n_rto, u.bytes + OFF_TOTAL_RTO, sizeof(n_rto));
	shared->cwnd = (uint64_t)u.info.tcpi_snd_cwnd * u.info.tcpi_snd_mss;
	shared->ssthresh = u.info.tcpi_snd_ssthresh >= 0x7fffffff
				   ? UINT64_MAX
				   : (uint64_t)u.info.tcpi_snd_ssthresh * u.info.tcpi_snd_mss;
	shared->ns_srtt = (uint64_t)u.info.tcpi_rtt * 1000;
	shared->ns_rto = (uint64_t)u.info.tcpi_rto * 1000;
	shared->n_retransmitted = u.info.tcpi_bytes_retrans;
	shared->n_timeouts = n_rto;
}

static void send_all(struct shared *shared, unsigned last, const char *congestion, int go)
{
	static const uint8_t source[CHUNK];
	struct sockaddr_in at = address_of(last);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	uint64_t next_look = 0;
	uint8_t byte;

	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion, (socklen_t)strlen(congestion)))
		tell_failure(shared, "TCP_CONGESTION");
	shared->ready = true;
	if (read(go, &byte, 1) != 1 || connect(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    fcntl(fd, F_SETFL, O_NONBLOCK))
		tell_failure(shared, "sender connects");
	for (;;) {
		struct pollfd room = {.fd = fd, .events = POLLOUT};

		poll(&room, 1, MS_LOOK);
		if (room.revents && send(fd, source, sizeof(source), MSG_NOSIGNAL) < 0 && errno != EAGAIN)
			tell_failure(shared, "sender");
		if (bench_now() < next_look)
			continue;
		look(shared, fd);
		next_look = bench_now() + MS_LOOK * 1000000;
	}
}

/* ---- namespaces ---- */

static bool file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done;
}

/* The right to make namespaces and devices, which others than root have in a user namespace of their own. */
static bool may_make_namespaces(void)
{
	char uids[64], gids[64];

	if (geteuid() == 0)
		return true;
	snprintf(uids, sizeof(uids), "0 %u 1", (unsigned)geteuid());
	snprintf(gids, sizeof(gids), "0 %u 1", (unsigned)getegid());
	return !unshare(CLONE_NEWUSER) && file_write("/proc/self/setgroups", "deny") &&
	       file_write("/proc/self/uid_map", uids) && file_write("/proc/self/gid_map", gids);
}

/* tap0 with 10.0.0.last/24, up. */
static bool device_up(unsigned last, uint32_t mtu)
{
	struct sockaddr_in at = address_of(last);
	struct ifreq request = {.ifr_name = "tap0"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool done;

	memcpy(&request.ifr_addr, &at, sizeof(at));
	done = fd >= 0 && !ioctl(fd, SIOCSIFADDR, &request);
	at.sin_addr.s_addr = htonl(0xffffff00u);
	memcpy(&request.ifr_netmask, &at, sizeof(at));
	done = done && !ioctl(fd, SIOCSIFNETMASK, &request);
	request.ifr_mtu = (int)mtu;
	done = done && !ioctl(fd, SIOCSIFMTU, &request);
	request.ifr_flags = IFF_UP;
	done = done && !ioctl(fd, SIOCSIFFLAGS, &request);
	if (fd >= 0)
		close(fd);
	return done;
}

/* Enters a new namespace with a device in it. NULL and *why: it is not allowed. */
static struct berth_link *namespace_enter(unsigned last, uint32_t mtu, const char **why)
{
	struct berth_tap_config config;
	struct berth_link *link;
	int error;

	if (unshare(CLONE_NEWNET)) {
		*why = "network namespaces need root, or user namespaces";
		return NULL;
	}
	/* Else the first frames would be the kernel's own, of IPv6. */
	file_write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	if (!file_write("/proc/sys/net/ipv4/tcp_no_metrics_save", "1")) {
		*why = "/proc/sys/net/ipv4/tcp_no_metrics_save cannot be set";
		return NULL;
	}
	berth_tap_config_default(&config);
	snprintf(config.name, sizeof(config.name), "tap0");
	config.offload = false;
	error = berth_link_tap(&config, &link);
	if (error) {
		*why = berth_error_text(error);
		return NULL;
	}
	if (device_up(last, mtu))
		return link;
	berth_link_free(link);
	*why = "the TAP device cannot be given an address";
	return NULL;
}

/* A process that stays in this namespace and ends with its parent. 0 in it. */
static pid_t process_begin(void)
{
	pid_t parent = getpid(), pid = fork();

	bench_require(pid >= 0, "a process can be forked");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	return 0;
}

/* ---- the station ---- */

static void kernel_start(struct station *station, berth_time now)
{
	struct station_kernel *s = (struct station_kernel *)station;

	bench_require(write(s->go, "", 1) == 1, "the sender can be told to begin");
}

static unsigned kernel_drive(struct station *station, berth_time now)
{
	return 0; /* its device is the hub's */
}

static berth_time kernel_deadline(const struct station *station)
{
	return BERTH_NEVER;
}

static void kernel_report(struct station *station, struct station_report *out)
{
	const struct shared *shared = ((struct station_kernel *)station)->shared;

	*out = (struct station_report){
		.n_received = shared->n_received,
		.n_retransmitted = shared->n_retransmitted,
		.n_timeouts = shared->n_timeouts,
		.cwnd = shared->cwnd,
		.ssthresh = shared->ssthresh,
		.ns_srtt = shared->ns_srtt,
		.ns_rto = shared->ns_rto,
	};
	if (shared->failed)
		memcpy(out->failure, shared->failure, sizeof(out->failure));
}

/* Its namespace's, a line of names and a line of values each. */
static void kernel_counters(struct station *station, const char *name)
{
	struct station_kernel *s = (struct station_kernel *)station;
	char path[64], names[8192], values[8192];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/net/netstat", (long)s->process);
	f = fopen(path, "r");
	while (f && fgets(names, sizeof(names), f) && fgets(values, sizeof(values), f)) {
		char *at_name, *at_value;
		const char *key = strtok_r(names, " \n", &at_name);
		const char *value = strtok_r(values, " \n", &at_value);

		while ((key = strtok_r(NULL, " \n", &at_name)) && (value = strtok_r(NULL, " \n", &at_value)))
			if (strcmp(value, "0") != 0)
				fprintf(stderr, "%s %s %s\n", name, key, value);
	}
	if (f)
		fclose(f);
}

static void kernel_free(struct station *station)
{
	struct station_kernel *s = (struct station_kernel *)station;

	if (s->process > 0) {
		kill(s->process, SIGKILL);
		waitpid(s->process, NULL, 0);
	}
	munmap(s->shared, sizeof(*s->shared));
	close(s->go);
	free(s);
}

static const struct station_operations kernel_operations = {
	.start = kernel_start,
	.drive = kernel_drive,
	.deadline = kernel_deadline,
	.report = kernel_report,
	.counters = kernel_counters,
	.free = kernel_free,
};

/* false and *why: namespace or device cannot be had. */
static bool process_up(struct station_kernel *s, const struct station_config *config, int go, const char **why)
{
	struct berth_link *link = namespace_enter(config->own, config->mtu, why);

	if (!link)
		return false;
	hub_add(config->hub, link);
	s->process = process_begin();
	if (s->process)
		return true;
	if (config->sends)
		send_all(s->shared, config->peer, config->congestion, go);
	else
		receive_all(s->shared, config->own);
	_exit(0);
}

static void wait_until_ready(const struct shared *shared)
{
	for (unsigned i = 0; !shared->ready && !shared->failed && i < 5000; i++)
		usleep(1000);
}

struct station *station_kernel(const struct station_config *config, const char **why)
{
	static char failure[64];
	static bool may;
	struct station_kernel *s = calloc(1, sizeof(*s));
	int go[2];

	bench_require(s && pipe2(go, O_CLOEXEC) == 0, "there is memory for a station");
	s->station.operations = &kernel_operations;
	s->go = go[1];
	s->shared = mmap(NULL, sizeof(*s->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bench_require(s->shared != MAP_FAILED, "memory can be shared");
	*why = "it needs root, or user namespaces";
	may = may || may_make_namespaces();
	if (may && process_up(s, config, go[0], why)) {
		wait_until_ready(s->shared);
		memcpy(failure, s->shared->failure, sizeof(failure));
		*why = failure;
	}
	close(go[0]);
	if (s->shared->ready)
		return &s->station;
	kernel_free(&s->station);
	return NULL;
}
