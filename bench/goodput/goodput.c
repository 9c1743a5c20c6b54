/* How much of a bottleneck a TCP connection gets across a bad wire, and how connections share it.
 *
 * Scope: one measurement; goodput.py makes the tables. Method: the impaired wire of src/link lies between two hubs. The
 * ends of each flow, berth's hosts or the kernel in namespaces of its own, are stations at one hub and the other, so
 * that each frame crosses the one wire, whose bottleneck they share. One thread moves everything, on the real clock, or
 * with virtual=1 (berth alone) on virtual time, where a run takes no longer than its work and repeats.
 *
 * A flow is FROM:CONTROL, or FROM-TO:CONTROL when its ends are not alike, FROM and TO berth or kernel.
 *
 *	goodput wire=SPEC flow=berth:cubic [flow=kernel:cubic ...] [ms=5000] [virtual=1] ...
 *
 * The flows begin gap=MS after each other. One line a flow comes out, "name value name value ...". With trace=MS a line
 * about each flow goes to standard error that often, with counters=1 what each TCP has counted. Status 3: something is
 *not to be had here, and standard error says what. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <berth/berth.h>

#include "../bench.h"
#include "station.h"

#define FLOWS_MAX 4
#define MS UINT64_C(1000000)

struct flow {
	const char *name; /* "berth:cubic" */
	struct station *from, *to;
	berth_time starts;
	uint64_t n_before; /* bytes received before counting began */
};

struct run {
	struct hub from, to;
	struct berth_link *wire; /* around `to` */
	struct flow flows[FLOWS_MAX];
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

/* The station that the first n characters of `kind` name. */
static struct station *station_up(const struct run *run, const char *name, const char *kind, size_t n,
				  const struct station_config *config)
{
	const char *why = "berth or kernel is wanted, the latter in real time";
	struct station *station = NULL;

	if (n == 5 && !memcmp(kind, "berth", 5))
		station = station_berth(config, &why);
	else if (!run->virtual && n == 6 && !memcmp(kind, "kernel", 6))
		station = station_kernel(config, &why);
	if (!station)
		unavailable(name, why);
	return station;
}

static void flow_up(struct run *run, const char *name, struct station_config config)
{
	struct flow *flow = &run->flows[run->n_flows];
	size_t n = strcspn(name, ":"), n_from = strcspn(name, "-:");
	const char *to = n_from < n ? name + n_from + 1 : name;

	config.congestion = name[n] ? name + n + 1 : "";
	flow->name = name;
	config.own = (uint8_t)(2 * run->n_flows + 2);
	config.hub = &run->to;
	flow->to = station_up(run, name, to, (size_t)(name + n - to), &config);
	config.sends = true;
	config.peer = config.own--;
	config.hub = &run->from;
	flow->from = station_up(run, name, name, n_from, &config);
	run->n_flows++;
}

static void flows_up(struct run *run, char **argv)
{
	const char *name;

	for (unsigned i = 0; (name = text_argument(argv, "flow", i)); i++) {
		bench_require(i < FLOWS_MAX, "there are at most 4 flows");
		flow_up(run, name,
			(struct station_config){
				.seed = bench_argument(argv, "seed", 1),
				.mtu = run->to.link.mtu,
				.buffer = (uint32_t)bench_argument(argv, "buffer", 0),
				.offload = bench_argument(argv, "offload", 1) != 0,
			});
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

static unsigned station_drive(struct station *station, berth_time now)
{
	return station->operations->drive(station, now);
}

static void settle(struct run *run)
{
	unsigned n;

	do {
		n = cross(run);
		for (unsigned i = 0; i < run->n_started; i++)
			n += station_drive(run->flows[i].from, run->now) + station_drive(run->flows[i].to, run->now);
	} while (n);
}

static berth_time earlier(berth_time a, berth_time b)
{
	return a < b ? a : b;
}

static berth_time station_deadline(const struct station *station)
{
	return station->operations->deadline(station);
}

static berth_time run_deadline(const struct run *run)
{
	berth_time at = earlier(berth_link_deadline(run->wire), berth_link_deadline(&run->from.link));

	for (unsigned i = 0; i < run->n_started; i++)
		at = earlier(at, earlier(station_deadline(run->flows[i].from), station_deadline(run->flows[i].to)));
	if (run->n_started < run->n_flows)
		at = earlier(at, run->flows[run->n_started].starts);
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

/* What both ends know. */
static void flow_report(const struct flow *flow, struct station_report *out)
{
	struct station_report to;

	flow->from->operations->report(flow->from, out);
	flow->to->operations->report(flow->to, &to);
	out->n_received = to.n_received;
	out->n_known = to.n_known;
	if (!out->failure[0])
		memcpy(out->failure, to.failure, sizeof(out->failure));
}

static void trace(struct run *run)
{
	if (run->now < run->trace_at)
		return;
	for (unsigned i = 0; i < run->n_started; i++) {
		struct station_report r;

		flow_report(&run->flows[i], &r);
		fprintf(stderr,
			"%.3f %s received %" PRIu64 " cwnd %" PRIu64 " ssthresh %" PRId64 " srtt %.3f rto %.3f"
			" retransmitted %" PRIu64 " known %" PRIu64 " recoveries %" PRIu64 " timeouts %" PRIu64 "\n",
			(double)(run->now - run->flows[0].starts) / 1e9, run->flows[i].name, r.n_received, r.cwnd,
			(int64_t)r.ssthresh, (double)r.ns_srtt / 1e6, (double)r.ns_rto / 1e6, r.n_retransmitted,
			r.n_known, r.n_recoveries, r.n_timeouts);
	}
	run->trace_at = run->now + run->ns_trace;
}

static void count(struct run *run)
{
	struct station_report r;

	if (run->counting || run->now < run->count_from)
		return;
	for (unsigned i = 0; i < run->n_flows; i++) {
		flow_report(&run->flows[i], &r);
		run->flows[i].n_before = r.n_received;
	}
	run->counting = true;
}

static void print(struct run *run)
{
	const struct berth_link_counters *wire = &run->wire->counters;
	double seconds = (double)(run->now - run->count_from) / 1e9;

	for (unsigned i = 0; i < run->n_flows; i++) {
		struct station_report r;

		flow_report(&run->flows[i], &r);
		if (r.failure[0])
			fprintf(stderr, "goodput: %s: %s\n", run->flows[i].name, r.failure);
		bench_print("flow", i);
		bench_print("mbit", (double)(r.n_received - run->flows[i].n_before) * 8 / seconds / 1e6);
		bench_print("received", (double)r.n_received);
		bench_print("retransmitted", (double)r.n_retransmitted);
		bench_print("recoveries", (double)r.n_recoveries);
		bench_print("timeouts", (double)r.n_timeouts);
		bench_print("spurious", (double)r.n_known);
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
		while (run->n_started < run->n_flows && run->now >= run->flows[run->n_started].starts) {
			struct station *from = run->flows[run->n_started++].from;

			from->operations->start(from, run->now);
		}
		settle(run);
		count(run);
		trace(run);
		wait_until(run, run_deadline(run));
	}
}

static void counters(struct run *run)
{
	for (unsigned i = 0; i < run->n_flows; i++) {
		run->flows[i].from->operations->counters(run->flows[i].from, "sender");
		run->flows[i].to->operations->counters(run->flows[i].to, "receiver");
	}
}

static void down(struct run *run)
{
	for (unsigned i = 0; i < run->n_flows; i++) {
		run->flows[i].from->operations->free(run->flows[i].from);
		run->flows[i].to->operations->free(run->flows[i].to);
	}
	berth_link_free(run->wire);
	berth_link_free(&run->from.link);
}

static void times_set(struct run *run, char **argv)
{
	run->now = run->virtual ? 1000 * MS : bench_now();
	for (unsigned i = 0; i < run->n_flows; i++)
		run->flows[i].starts = run->now + bench_argument(argv, "gap", 0) * MS * i;
	run->count_from = run->flows[run->n_flows - 1].starts + bench_argument(argv, "settle", 0) * MS;
	run->end = run->count_from + bench_argument(argv, "ms", 5000) * MS;
	run->ns_trace = bench_argument(argv, "trace", 0) * MS;
	run->trace_at = run->ns_trace ? run->now : BERTH_NEVER;
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"wire", "flow",    "ms",     "gap", "settle", "virtual",
					    "seed", "offload", "buffer", "mtu", "trace",  "counters"};
	static struct run run;

	bench_arguments_check(argv, names, sizeof names / sizeof *names);
	run.virtual = bench_argument(argv, "virtual", 0) != 0;
	prctl(PR_SET_TIMERSLACK, 1); /* the wire's times are microseconds */
	hub_init(&run.from, (uint32_t)bench_argument(argv, "mtu", 1500));
	hub_init(&run.to, (uint32_t)bench_argument(argv, "mtu", 1500));
	wire_up(&run, text_argument(argv, "wire", 0), bench_argument(argv, "seed", 1));
	flows_up(&run, argv);
	times_set(&run, argv);
	go(&run);
	print(&run);
	if (bench_argument(argv, "counters", 0))
		counters(&run);
	down(&run);
	return 0;
}
