"""Runs goodput_flows over many wires and prints the tables of bench/README.md: how much of a bottleneck berth gets.

    goodput.py PROGRAM --virtual [--congestion NAME,...] [--only TEXT] [--buffer BYTES] [--offload 0] [--seeds N]
               [--seconds S]

On virtual time a run repeats to the byte and takes no longer than its work. The exit status is 1 when something could
not be measured.
"""
import argparse
import statistics
import subprocess
import sys

RATE = 100  # Mbit/s
ROUND_TRIPS = (1, 20, 100)  # ms
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
    for seed in range(1, args.seeds + 1):
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
            table(f"berth {congestion} on virtual time: {RATE} Mbit/s, {args.seconds or 10:g} s, median of {args.seeds} seeds; "
                  "lost, sent again and spurious in frames", VIRTUAL_HEAD, rows)


def main():
    parser = argparse.ArgumentParser(prog="goodput.py", description="What TCP gets across a bad wire.")
    parser.add_argument("program")
    parser.add_argument("--virtual", action="store_true", required=True, help="on virtual time")
    parser.add_argument("--congestion", default="cubic,bbr", help="names with commas between")
    parser.add_argument("--only", default="", help="rows whose name has this in it, such as \"1 % lost 20 ms\"")
    parser.add_argument("--buffer", type=int, default=4 << 20, help="bytes of berth's socket buffers, 0: the host's own")
    parser.add_argument("--offload", type=int, default=1, help="0: berth's hosts make frames of one segment")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=None)
    args = parser.parse_args()
    args.congestion = args.congestion.split(",")
    program = Program(args.program)
    virtual(program, args)
    for text in program.complaints:
        print(f"\nnot measured: {text}")
    return 1 if program.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
