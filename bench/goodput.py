"""Runs goodput_flows over many wires and prints the tables of bench/README.md: how much of a bottleneck berth gets, and
the machine's kernel beside it across the same wire, and how two connections share it.

    goodput.py PROGRAM [--quick | --virtual] [--congestion NAME,...] [--only TEXT] [--buffer BYTES] [--offload 0]
               [--runs N] [--seconds S] [--jobs N]

--virtual measures berth alone, on virtual time: it repeats to the byte and takes some seconds. The exit status is 1
when something could not be measured.
"""
import argparse
import concurrent.futures
import os
import platform
import statistics
import subprocess
import sys

RATE = 100  # Mbit/s
ROUND_TRIPS = (1, 20, 100)  # ms
SECONDS = {1: 2, 20: 3, 100: 6}  # of a run in real time
QUEUE_MIN = 50  # frames
FRAME = 1514
# What happens to the data's frames; {late} is half a round trip.
IMPAIRMENTS = [
    ("nothing lost", ""),
    ("0.1 % lost", ",out.loss=0.1%"),
    ("1 % lost", ",out.loss=1%"),
    ("3 % lost", ",out.loss=3%"),
    ("5 % late", ",out.late=5%,out.lateness={late}us"),
    ("1 % in bursts of 8", ",out.loss=1%,out.burst=8"),
]


class Unavailable(Exception):
    """Something is not to be had here."""


def wire(ms_rtt, impairment):
    queue = max(QUEUE_MIN, round(RATE * 1e6 * ms_rtt / 1e3 / 8 / FRAME))
    late = impairment.format(late=ms_rtt * 500)
    return f"out.rate={RATE}mbit,out.queue={queue},delay={ms_rtt * 500}us{late}"


class Program:
    def __init__(self, path):
        self.path = path
        self.complaints = []

    def run(self, wire_spec, flows, seconds, seed, options=()):
        """A dictionary of results for each flow."""
        command = [self.path, f"wire={wire_spec}", f"ms={round(seconds * 1000)}", f"seed={seed}", *options]
        command += [f"flow={f}" for f in flows]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds * 3 + 60)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{' '.join(command)} took too long") from None
        talk = done.stderr.strip().splitlines()
        if done.returncode == 3:
            raise Unavailable(talk[-1])
        if done.returncode != 0:
            raise Unavailable(f"{' '.join(command)} ended with status {done.returncode}: {(talk or [''])[-1]}")
        results = []
        for line in done.stdout.splitlines():
            words = line.split()
            results.append({name: float(value) for name, value in zip(words[::2], words[1::2])})
        return results

    def complain(self, text):
        if text not in self.complaints:
            self.complaints.append(text)


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


def table(title, head, rows):
    """Text in columns, the first two to the left and the others to the right."""
    print(f"\n{title}")
    rows = [head] + rows
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for n, row in enumerate(rows):
        cells = [c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))]
        print(("  " + "  ".join(cells)).rstrip())
        if n == 0:
            print("  " + "  ".join("-" * w for w in widths))


def cells(only):
    """(name of the impairment, round trip in ms, wire) of each row."""
    for name, impairment in IMPAIRMENTS:
        for ms in ROUND_TRIPS:
            if only in f"{name} {ms} ms":
                yield name, ms, wire(ms, impairment)


def median(results, name):
    return statistics.median(r[name] for r in results)


def frames(n):
    return f"{n / 1000:.1f}k" if n >= 10000 else f"{n:.0f}"


VIRTUAL_HEAD = ["", "ms", "Mbit/s", "least", "most", "lost", "queue full", "sent again", "spurious", "recoveries", "timeouts"]


def virtual_row(program, congestion, name, ms, spec, args):
    results = []
    for seed in range(1, args.runs + 1):
        options = ["virtual=1", f"buffer={args.buffer}", f"offload={args.offload}"]
        results += program.run(spec, [f"berth:{congestion}"], args.seconds or 10, seed, options)
    for r in results:
        if r["failed"]:
            program.complain(f"{congestion}, {name}, {ms} ms: the connection failed")
    rates = [r["mbit"] for r in results]
    row = [name, str(ms), f"{statistics.median(rates):.1f}", f"{min(rates):.1f}", f"{max(rates):.1f}"]
    row += [frames(median(results, "lost")), frames(median(results, "queue_full"))]
    row += [frames(median(results, "retransmitted") / 1448), frames(median(results, "spurious"))]
    return row + [f"{median(results, n):.0f}" for n in ("recoveries", "timeouts")]


def virtual(program, args):
    for congestion in args.congestion:
        rows = []
        for name, ms, spec in cells(args.only):
            progress(f"{congestion}: {name}, {ms} ms")
            try:
                rows.append(virtual_row(program, congestion, name, ms, spec, args))
            except Unavailable as e:
                program.complain(str(e))
                break
        progress("")
        if rows:
            table(f"berth {congestion} on virtual time: {RATE} Mbit/s, {args.seconds or 10:g} s, median of {args.runs} seeds; "
                  "lost, sent again and spurious in frames", VIRTUAL_HEAD, rows)


class Bench:
    """Runs in real time, several at once, and what came of them."""

    def __init__(self, program, args):
        self.program = program
        self.args = args
        self.options = [f"buffer={args.buffer}", f"offload={args.offload}"]
        self.unavailable = {}

    def one(self, job):
        key, spec, flows, seconds, seed, options = job
        try:
            return key, self.program.run(spec, flows, seconds, seed, self.options + options)
        except Unavailable as e:
            return key, str(e)

    def all(self, jobs):
        """The results of each key's runs, as lists of lists of flows."""
        results = {}
        with concurrent.futures.ThreadPoolExecutor(self.args.jobs) as pool:
            for n, (key, result) in enumerate(pool.map(self.one, jobs)):
                progress(f"{n + 1} of {len(jobs)}: {' '.join(str(k) for k in key)}")
                if isinstance(result, str):
                    self.program.complain(result)
                    continue
                for r in result:
                    if r["failed"]:
                        self.program.complain(f"{' '.join(str(k) for k in key)}: a connection failed")
                results.setdefault(key, []).append(result)
        progress("")
        return results


SIDES = ("berth", "kernel")


def lone_rates(results, key):
    return [flows[0]["mbit"] for flows in results.get(key, [])]


def side_cells(results, name, ms, congestion):
    """Both sides' medians and their ratio."""
    rates = [lone_rates(results, (name, ms, f"{side}:{congestion}")) for side in SIDES]
    row = [f"{statistics.median(r):.1f}" if r else "-" for r in rates]
    return row + [f"{statistics.median(rates[0]) / statistics.median(rates[1]):.2f}" if all(rates) else "-"]


def cost_cells(results, name, ms, congestion):
    """What both sides sent again, in percent of what arrived, and their timeouts."""
    row = []
    for side in SIDES:
        runs = [flows[0] for flows in results.get((name, ms, f"{side}:{congestion}"), [])]
        row.append(f"{statistics.median(100 * r['retransmitted'] / max(r['received'], 1) for r in runs):.1f}" if runs else "-")
        row.append(f"{statistics.median(r['timeouts'] for r in runs):.0f}" if runs else "-")
    return row


def goodput(bench, args):
    jobs = []
    for run in range(1, args.runs + 1):
        for name, ms, spec in cells(args.only):
            for congestion in args.congestion:
                for side in SIDES:
                    flow = f"{side}:{congestion}"
                    jobs.append(((name, ms, flow), spec, [flow], args.seconds or SECONDS[ms], run, []))
    results = bench.all(jobs)
    rows, costs = [], []
    for name, ms, _ in cells(args.only):
        rows.append([name, str(ms)] + sum((side_cells(results, name, ms, c) for c in args.congestion), []))
        costs.append([name, str(ms)] + sum((cost_cells(results, name, ms, c) for c in args.congestion), []))
    head, cost_head = ["", "ms"], ["", "ms"]
    for c in args.congestion:
        head += [f"berth {c}", f"kernel {c}", "ratio"]
        cost_head += [f"berth {c}", "RTOs", f"kernel {c}", "RTOs"]
    table(f"Goodput across a bottleneck of {RATE} Mbit/s, Mbit/s (goal: a ratio of 0.9)", head, rows)
    table("Sent again, in percent of what arrived, and retransmission timeouts", cost_head, costs)


PAIRS = [("berth:cubic", "berth:cubic"), ("berth:bbr", "berth:bbr"), ("berth:cubic", "kernel:cubic"),
         ("kernel:cubic", "berth:cubic"), ("kernel:cubic", "kernel:cubic"), ("kernel:bbr", "kernel:bbr")]


def fairness(bench, args):
    """The second connection begins a second after the first, and both are counted from two seconds later on."""
    seconds = args.seconds or (10 if args.quick else 30)
    spec = wire(20, "")
    jobs = [((first, second), spec, [first, second], seconds, 1, ["gap=1000", "settle=2000"])
            for first, second in PAIRS if first.split(":")[1] in args.congestion]
    results = bench.all(jobs)
    rows = []
    for key, *_ in jobs:
        if key not in results:
            rows.append([key[0], key[1], "-", "-", "-"])
            continue
        rates = [r["mbit"] for r in results[key][0]]
        share = 100 * rates[0] / max(sum(rates), 1e-9)
        rows.append([*key, *(f"{r:.1f}" for r in rates), f"{share:.0f}:{100 - share:.0f}"])
    table(f"Two connections through one bottleneck, 20 ms, {seconds:g} s, Mbit/s (goal: within 60:40)",
          ["first", "a second later", "first", "second", "shares"], rows)


def machine(args):
    def setting(name):
        try:
            with open(f"/proc/sys/net/ipv4/{name}", encoding="utf-8") as f:
                return " ".join(f.read().split())
        except OSError:
            return "unknown"

    print(f"system     {platform.system()} {platform.release()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    print(f"kernel     tcp_rmem {setting('tcp_rmem')}, tcp_wmem {setting('tcp_wmem')}, tcp_sack {setting('tcp_sack')}, "
          f"tcp_recovery {setting('tcp_recovery')}")
    print(f"berth      {f'buffers of {args.buffer} bytes' if args.buffer else 'buffers that size themselves'}")
    print(f"runs       median of {args.runs}, {args.jobs} at a time")


def main():
    parser = argparse.ArgumentParser(prog="goodput.py", description="What TCP gets across a bad wire.")
    parser.add_argument("program")
    parser.add_argument("--virtual", action="store_true", help="berth alone, on virtual time")
    parser.add_argument("--quick", action="store_true", help="one run of each, and 10 s for each pair")
    parser.add_argument("--congestion", default="cubic,bbr", help="names with commas between")
    parser.add_argument("--only", default="", help="rows whose name has this in it, such as \"1 %% lost 20 ms\"")
    parser.add_argument("--buffer", type=int, default=0, help="bytes of berth's socket buffers; the host sizes them")
    parser.add_argument("--offload", type=int, default=1, help="0: berth's hosts make frames of one segment")
    parser.add_argument("--runs", type=int, default=None, help="of each cell, with seeds from 1 on; 3")
    parser.add_argument("--seconds", type=float, default=None, help="of a run")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="runs in real time at once; 2")
    args = parser.parse_args()
    args.congestion = args.congestion.split(",")
    args.runs = args.runs or (1 if args.quick else 3)
    program = Program(args.program)
    if args.virtual:
        virtual(program, args)
    else:
        machine(args)
        bench = Bench(program, args)
        goodput(bench, args)
        if not args.only:
            fairness(bench, args)
    for text in program.complaints:
        print(f"\nnot measured: {text}")
    return 1 if program.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
