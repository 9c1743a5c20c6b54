/* How much of a bottleneck a TCP connection gets across a bad wire, and how connections share it.
 *
 * Scope: one measurement; goodput.py makes the tables. Method: the impaired wire of src/link lies between two hubs. The
 * ends of each flow, berth's hosts or the kernel in namespaces of its own, are stations at one hub and the other, so
 * that each frame crosses the one wire, whose bottleneck they share. One thread moves everything, on the real clock, or
 * with virtual=1 (berth alone) on virtual time, where a run takes no longer than its work and repeats.
 *
 *	goodput wire=SPEC flow=berth:cubic [flow=kernel:cubic ...] [ms=5000] [virtual=1] ...
 *
 * The flows begin gap=MS after each other. One line a flow comes out, "name value name value ...". With trace=MS a line
 * about each flow goes to standard error that often. Status 3: something is not to be had here, and standard error says
 * what. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <berth/berth.h>

#include "../bench.h"
#include "flow.h"

#define FLOWS_MAX 4
#define MS UINT64_C(1000000)

struct run {
	struct hub from, to;
	struct berth_link *wire; /* around `to` */
	struct flow *flows[FLOWS_MAX];
	const char *names[FLOWS_MAX]; /* "berth:cubic" */
	berth_time starts[FLOWS_MAX];
	struct flow_report begun[FLOWS_MAX]; /* when the last flow had begun and `settle` had passed */
	unsigned n_flows, n_started;
	bool virtual, counting;
	berth_time now, count_from, end, trace_at;
	uint64_t ns_trace; /* 0: none */
};

static void unavailable(const char *what, const char *why)
{
	fprintf(stderr, "goodput: %s: %s\n", what, why);
	exit(3);
}

static const char *text_argument(char **argv, const char *name, unsigned which)
{
	size_t n = strlen(name);

	for (char **p = argv + 1; *p; p++)
		if (!strncmp(*p, name, n) && (*p)[n] == '=' && which-- == 0)
			return *p + n + 1;
	return NULL;
}

/* ---- what there is ---- */

static void wire_up(struct run *run, const char *spec, uint64_t seed)
{
	struct berth_wire_config config;
	const char *why;
	size_t at;

	if (!spec || berth_wire_parse(spec, &config, &at, &why) != 0) {
		fprintf(stderr, "goodput: wire=%s: %s\n", spec ? spec : "", spec ? why : "it is wanted");
		exit(2);
	}
	config.seed = seed;
	bench_require(berth_link_wire(&run->to.link, &config, berth_memory_libc(), &run->wire) == 0,
		      "a wire can be made");
}

static void flow_up(struct run *run, const char *name, const struct flow_config *config)
{
	const char *why = "berth has no such congestion control";
	struct flow *flow = NULL;

	if (!strncmp(name, "berth:", 6))
		flow = flow_berth(config);
	else if (!run->virtual && !strncmp(name, "kernel:", 7))
		flow = flow_kernel(config, &why);
	else
		unavailable(name, "berth:NAME is wanted, or in real time kernel:NAME");
	if (!flow)
		unavailable(name, why);
	run->names[run->n_flows] = name;
	run->flows[run->n_flows++] = flow;
}

static void flows_up(struct run *run, char **argv)
{
	uint64_t gap = bench_argument(argv, "gap", 0) * MS;
	const char *name;

	for (unsigned i = 0; (name = text_argument(argv, "flow", i)); i++) {
		struct flow_config config = {
			.number = i,
			.seed = bench_argument(argv, "seed", 1),
			.mtu = (uint32_t)bench_argument(argv, "mtu", 1500),
			.buffer = (uint32_t)bench_argument(argv, "buffer", 0),
			.offload = bench_argument(argv, "offload", 1) != 0,
			.from = &run->from,
			.to = &run->to,
		};

		bench_require(i < FLOWS_MAX, "there are at most 4 flows");
		config.congestion = strchr(name, ':') ? strchr(name, ':') + 1 : "";
		flow_up(run, name, &config);
		run->starts[i] = run->now + gap * i;
	}
	bench_require(run->n_flows > 0, "there is a flow");
}

/* ---- moving on ---- */

/* Frames between the hubs, through the wire. */
static unsigned cross(struct run *run)
{
	struct berth_frame *frame;
	struct berth_frame_out out;
	unsigned n = 0;

	while ((frame = berth_link_receive(&run->from.link, run->now))) {
		berth_frame_borrow(frame, &out);
		berth_link_send(run->wire, &out, 1, run->now);
		berth_frame_unref(frame);
		n++;
	}
	while ((frame = berth_link_receive(run->wire, run->now))) {
		berth_frame_borrow(frame, &out);
		berth_link_send(&run->from.link, &out, 1, run->now);
		berth_frame_unref(frame);
		n++;
	}
	return n;
}

static void settle(struct run *run)
{
	unsigned n;

	do {
		n = cross(run);
		for (unsigned i = 0; i < run->n_started; i++)
			n += run->flows[i]->operations->drive(run->flows[i], run->now);
	} while (n);
}

static berth_time earlier(berth_time a, berth_time b)
{
	return a < b ? a : b;
}

static berth_time run_deadline(const struct run *run)
{
	berth_time at = earlier(berth_link_deadline(run->wire), berth_link_deadline(&run->from.link));

	for (unsigned i = 0; i < run->n_started; i++)
		at = earlier(at, run->flows[i]->operations->deadline(run->flows[i]));
	if (run->n_started < run->n_flows)
		at = earlier(at, run->starts[run->n_started]);
	if (!run->counting)
		at = earlier(at, run->count_from);
	return earlier(earlier(at, run->end), run->trace_at);
}

static unsigned hub_descriptors(const struct hub *hub, struct pollfd *fds)
{
	unsigned n = 0;

	for (unsigned i = 0; i < hub->n_ports; i++)
		if (hub->ports[i]->fd >= 0)
			fds[n++] = (struct pollfd){.fd = hub->ports[i]->fd, .events = POLLIN};
	return n;
}

/* Lets time pass until the deadline, or until the kernel has sent something. */
static void wait_until(struct run *run, berth_time deadline)
{
	struct pollfd fds[2 * HUB_PORTS_MAX];
	struct timespec left = {0, 0};
	unsigned n = hub_descriptors(&run->from, fds);

	if (run->virtual) {
		run->now = deadline > run->now ? deadline : run->now + 1;
		return;
	}
	n += hub_descriptors(&run->to, fds + n);
	run->now = bench_now();
	if (deadline > run->now)
		left = (struct timespec){(time_t)((deadline - run->now) / 1000000000),
					 (long)((deadline - run->now) % 1000000000)};
	ppoll(fds, n, &left, NULL);
	run->now = bench_now();
}

/* ---- what is told ---- */

static void trace(struct run *run)
{
	if (run->now < run->trace_at)
		return;
	for (unsigned i = 0; i < run->n_started; i++) {
		struct flow_report r;

		run->flows[i]->operations->report(run->flows[i], &r);
		fprintf(stderr,
			"%.3f %s received %" PRIu64 " cwnd %" PRIu64 " ssthresh %" PRId64 " srtt %.3f rto %.3f"
			" retransmitted %" PRIu64 " recoveries %" PRIu64 " timeouts %" PRIu64 " pacing %" PRIu64 "\n",
			(double)(run->now - run->starts[0]) / 1e9, run->names[i], r.n_received, r.cwnd,
			(int64_t)r.ssthresh, (double)r.ns_srtt / 1e6, (double)r.ns_rto / 1e6, r.n_retransmitted,
			r.n_recoveries, r.n_timeouts, r.pacing_rate);
	}
	run->trace_at = run->now + run->ns_trace;
}

static void count(struct run *run)
{
	if (run->counting || run->now < run->count_from)
		return;
	for (unsigned i = 0; i < run->n_flows; i++)
		run->flows[i]->operations->report(run->flows[i], &run->begun[i]);
	run->counting = true;
}

static void print(struct run *run)
{
	const struct berth_link_counters *wire = &run->wire->counters;
	double seconds = (double)(run->now - run->count_from) / 1e9;

	for (unsigned i = 0; i < run->n_flows; i++) {
		struct flow_report r;

		run->flows[i]->operations->report(run->flows[i], &r);
		if (r.failure[0])
			fprintf(stderr, "goodput: %s: %s\n", run->names[i], r.failure);
		bench_print("flow", i);
		bench_print("mbit", (double)(r.n_received - run->begun[i].n_received) * 8 / seconds / 1e6);
		bench_print("received", (double)r.n_received);
		bench_print("retransmitted", (double)r.n_retransmitted);
		bench_print("recoveries", (double)r.n_recoveries);
		bench_print("timeouts", (double)r.n_timeouts);
		bench_print("spurious", (double)r.n_spurious);
		bench_print("failed", r.failure[0] != 0);
		bench_print("srtt_ms", (double)r.ns_srtt / 1e6);
		bench_print("frames", (double)wire->sent);
		bench_print("lost", (double)(wire->lost_out - wire->queue_full));
		bench_print("queue_full", (double)wire->queue_full);
		bench_end();
	}
}

static void go(struct run *run)
{
	while (run->now < run->end) {
		while (run->n_started < run->n_flows && run->now >= run->starts[run->n_started]) {
			run->flows[run->n_started]->operations->start(run->flows[run->n_started], run->now);
			run->n_started++;
		}
		settle(run);
		count(run);
		trace(run);
		wait_until(run, run_deadline(run));
	}
}

static void down(struct run *run)
{
	for (unsigned i = 0; i < run->n_flows; i++)
		run->flows[i]->operations->free(run->flows[i]);
	berth_link_free(run->wire);
	berth_link_free(&run->from.link);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"wire", "flow",    "ms",     "gap", "settle", "virtual",
					    "seed", "offload", "buffer", "mtu", "trace"};
	static struct run run;
	uint64_t settle_time;

	bench_arguments_check(argv, names, sizeof names / sizeof *names);
	run.virtual = bench_argument(argv, "virtual", 0) != 0;
	prctl(PR_SET_TIMERSLACK, 1); /* the wire's times are microseconds */
	hub_init(&run.from, (uint32_t)bench_argument(argv, "mtu", 1500));
	hub_init(&run.to, (uint32_t)bench_argument(argv, "mtu", 1500));
	wire_up(&run, text_argument(argv, "wire", 0), bench_argument(argv, "seed", 1));
	run.now = run.virtual ? 1000 * MS : bench_now();
	flows_up(&run, argv);
	settle_time = bench_argument(argv, "settle", 0) * MS;
	run.count_from = run.starts[run.n_flows - 1] + settle_time;
	run.end = run.count_from + bench_argument(argv, "ms", 5000) * MS;
	run.ns_trace = bench_argument(argv, "trace", 0) * MS;
	run.trace_at = run.ns_trace ? run.now : BERTH_NEVER;
	go(&run);
	print(&run);
	down(&run);
	return 0;
}
