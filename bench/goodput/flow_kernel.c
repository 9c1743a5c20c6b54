/* A flow between two of the machine's kernels: the same one, in two network namespaces, each with a TAP device of which
 * this process has the other end.
 *
 * Method: namespace, device and settings are made here, then a process is forked that stays in the namespace and speaks
 * plain sockets; this process goes on to the next namespace, as its descriptors of the devices stay good. The processes
 * tell what they do in a page of memory that all share. Devices have no offloads: the kernel cuts what it sends into
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
#include "flow.h"

#define PORT 5001
#define CHUNK 65536
#define MS_LOOK 2 /* the sender's state is looked at as often */
/* tcpi_total_rto lies behind what older headers know of struct tcp_info (Linux 6.7). */
#define OFF_TOTAL_RTO (offsetof(struct tcp_info, tcpi_snd_wnd) + 12)

/* What the processes of a flow tell. Whoever writes a member is its only writer. */
struct shared {
	_Atomic bool listening;
	_Atomic bool failed; /* `failure` says why */
	_Atomic uint64_t n_received;
	_Atomic uint64_t cwnd, ssthresh, ns_srtt, ns_rto, n_retransmitted, n_timeouts, n_spurious, pacing_rate;
	char failure[64];
};

struct flow_kernel {
	struct flow flow;
	struct shared *shared;
	pid_t sender, receiver;
	int go; /* a byte written here lets the sender connect */
};

static void tell_failure(struct shared *shared, const char *what)
{
	snprintf(shared->failure, sizeof(shared->failure), "%s: %s", what, strerror(errno));
	shared->failed = true;
	_exit(1);
}

static struct sockaddr_in address_of(unsigned last)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT)};

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
	shared->listening = true;
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
	shared->n_spurious = u.info.tcpi_dsack_dups;
	shared->n_timeouts = n_rto;
	shared->pacing_rate = u.info.tcpi_pacing_rate;
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

/* ---- the flow ---- */

static void kernel_start(struct flow *flow, berth_time now)
{
	struct flow_kernel *f = (struct flow_kernel *)flow;

	bench_require(write(f->go, "", 1) == 1, "the sender can be told to begin");
}

static unsigned kernel_drive(struct flow *flow, berth_time now)
{
	return 0; /* its devices are the hubs' */
}

static berth_time kernel_deadline(const struct flow *flow)
{
	return BERTH_NEVER;
}

static void kernel_report(struct flow *flow, struct flow_report *out)
{
	const struct shared *shared = ((struct flow_kernel *)flow)->shared;

	*out = (struct flow_report){
		.n_received = shared->n_received,
		.n_retransmitted = shared->n_retransmitted,
		.n_timeouts = shared->n_timeouts,
		.n_spurious = shared->n_spurious,
		.cwnd = shared->cwnd,
		.ssthresh = shared->ssthresh,
		.ns_srtt = shared->ns_srtt,
		.ns_rto = shared->ns_rto,
		.pacing_rate = shared->pacing_rate,
	};
	if (shared->failed)
		memcpy(out->failure, shared->failure, sizeof(out->failure));
}

static void process_end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void kernel_free(struct flow *flow)
{
	struct flow_kernel *f = (struct flow_kernel *)flow;

	process_end(f->sender);
	process_end(f->receiver);
	munmap(f->shared, sizeof(*f->shared));
	close(f->go);
	free(f);
}

static const struct flow_operations kernel_operations = {
	.start = kernel_start,
	.drive = kernel_drive,
	.deadline = kernel_deadline,
	.report = kernel_report,
	.free = kernel_free,
};

/* One end: a namespace, its device at the hub, and a process. -1 and *why: it cannot be had. */
static pid_t end_up(struct flow_kernel *f, const struct flow_config *config, bool sends, int go, const char **why)
{
	unsigned to = 2 * config->number + 2;
	struct berth_link *link = namespace_enter(sends ? to - 1 : to, config->mtu, why);
	pid_t pid;

	if (!link)
		return -1;
	hub_add(sends ? config->from : config->to, link);
	pid = process_begin();
	if (pid)
		return pid;
	if (sends)
		send_all(f->shared, to, config->congestion, go);
	else
		receive_all(f->shared, to);
	_exit(0);
}

static void wait_until_ready(const struct shared *shared)
{
	for (unsigned i = 0; !shared->listening && !shared->failed && i < 5000; i++)
		usleep(1000);
	bench_require(shared->listening, "the kernel's receiver listens");
}

struct flow *flow_kernel(const struct flow_config *config, const char **why)
{
	static bool may;
	struct flow_kernel *f = calloc(1, sizeof(*f));
	int go[2];

	bench_require(f && pipe2(go, O_CLOEXEC) == 0, "there is memory for a flow");
	f->flow.operations = &kernel_operations;
	f->go = go[1];
	f->shared = mmap(NULL, sizeof(*f->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bench_require(f->shared != MAP_FAILED, "memory can be shared");
	*why = "it needs root, or user namespaces";
	may = may || may_make_namespaces();
	f->receiver = may ? end_up(f, config, false, go[0], why) : -1;
	f->sender = f->receiver > 0 ? end_up(f, config, true, go[0], why) : -1;
	close(go[0]);
	if (f->sender > 0) {
		wait_until_ready(f->shared);
		return &f->flow;
	}
	kernel_free(&f->flow);
	return NULL;
}
