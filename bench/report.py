#!/usr/bin/env python3
"""Run the benchmark programs in turn and print the tables of bench/README.md.

    report.py DIRECTORY    where the programs are; bench/run.sh builds them and calls this

Every figure is the median of several runs, with the least and the most beside it. Runs of berth and of its peer take
turns, so that a machine that slows down slows both. A program that is missing, or ends badly, is named and its row has "-".
"""
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile

RUNS = 9
MTU = "mtu=1512"  # segments carry 1460 bytes beside 12 of timestamps; lwIP has none of these and 1500
# callgrind counts a string instruction once for each byte: copies are to be done with vectors.
VECTOR_COPIES = {"GLIBC_TUNABLES": "glibc.cpu.x86_rep_movsb_threshold=1073741824"}
# A round trip at full speed, in nanoseconds: under callgrind it is fifty times as long.
TURN = "turn=100000"
BULK_GOAL = 2.0
LARGE_GOAL = 60.0
IDLE_GOAL = 1024

# Label, program, arguments.
SMALL = [
    ("berth", "bulk_berth", [MTU, "capabilities=0", "window=131400"]),
    ("berth, split and joined in software", "bulk_berth",
     [MTU, "offload=1", "capabilities=1", "complete=1", "window=131400"]),
    ("lwIP at its best", "bulk_lwip_best", []),
    ("lwIP, 64-bit checksum, -O2", "bulk_lwip_plain", []),
]
# The same over IPv6, whose header is 20 bytes longer: the MTU is, too, so that the payload is the same.
MTU6 = f"mtu={int(MTU.split('=')[1]) + 20}"
IP6 = [
    ("berth over IPv6", "bulk_berth", [MTU6, "capabilities=0", "window=131400", "family=6"]),
    ("the same, split and joined in software", "bulk_berth",
     [MTU6, "offload=1", "capabilities=1", "complete=1", "window=131400", "family=6"]),
]
LARGE = [
    ("berth, checksums made and verified", "bulk_berth",
     [MTU, "capabilities=3", "complete=1", "window=256k", "bytes=2g"]),
    ("berth, checksums left to the link", "bulk_berth", [MTU, "capabilities=3", "window=256k", "bytes=2g"]),
]


class Programs:
    def __init__(self, directory):
        self.directory = directory
        self.complaints = []

    def has(self, program):
        return os.access(os.path.join(self.directory, program), os.X_OK)

    def run(self, program, arguments, wrapper=(), environment=None):
        """One run's results as a dictionary, or None."""
        if not self.has(program):
            self.complain(f"{program} was not built")
            return None
        command = [*wrapper, os.path.join(self.directory, program), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120,
                                  env=dict(os.environ, **(environment or {})))
        except subprocess.TimeoutExpired:
            self.complain(f"{program} {' '.join(arguments)} took more than two minutes")
            return None
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or [""])[-1]
            self.complain(f"{program} {' '.join(arguments)} ended with status {done.returncode}: {last}")
            return None
        words = done.stdout.split()
        return {name: float(value) for name, value in zip(words[::2], words[1::2])}

    def complain(self, text):
        if text not in self.complaints:
            self.complaints.append(text)


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


def take_turns(programs, rows):
    """The results of each row's runs, the rows taking turns."""
    results = [[] for _ in rows]
    failed = set()
    for n in range(RUNS):
        for i, (label, program, arguments) in enumerate(rows):
            if i in failed:
                continue
            progress(f"run {n + 1} of {RUNS}: {label}")
            result = programs.run(program, arguments)
            if result is None:
                failed.add(i)
                results[i] = []
            else:
                results[i].append(result)
    progress("")
    return results


def middle(results, name):
    return statistics.median(r[name] for r in results)


def table(title, head, rows):
    """Text in columns, the first to the left and the others to the right."""
    print(f"\n{title}")
    rows = [head] + rows
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for n, row in enumerate(rows):
        print("  " + "  ".join([row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]).rstrip())
        if n == 0:
            print("  " + "  ".join("-" * w for w in widths))


def bulk_row(label, results, peers):
    if not results:
        return [label] + ["-"] * (6 + len(peers))
    rates = [r["gbit"] for r in results]
    row = [label, f"{statistics.median(rates):.1f}", f"{min(rates):.1f}", f"{max(rates):.1f}"]
    row += [f"{middle(results, 'ns_segment'):.0f}", f"{middle(results, 'segment'):.0f}"]
    row += [f"{middle(results, 'segments_per_ack'):.1f}"]
    return row + [f"{middle(results, 'gbit') / middle(p, 'gbit'):.2f}" if p else "-" for p in peers]


BULK_HEAD = ["", "Gbit/s", "least", "most", "ns/segment", "bytes", "segments/ACK"]


def bulk_small(programs):
    results = take_turns(programs, SMALL + IP6)
    rows = [bulk_row(row[0], r, [results[2], results[3]]) for row, r in zip(SMALL + IP6, results)]
    table(f"Bulk TCP, 1460-byte segments, checksums made and verified in software (goal: {BULK_GOAL:g} times lwIP)",
          BULK_HEAD + ["/ best lwIP", "/ -O2 lwIP"], rows)


def bulk_large(programs):
    rows = [bulk_row(row[0], r, []) for row, r in zip(LARGE, take_turns(programs, LARGE))]
    rows.append(["lwIP: no such segments"] + ["-"] * 6)
    table(f"Bulk TCP, segments up to 64 KiB (goal: {LARGE_GOAL:g} Gbit/s)", BULK_HEAD, rows)


def number(result, name, form="{:.0f}"):
    return form.format(result[name]) if result and name in result else "-"


def idle(programs):
    progress("idle connections")
    berth = programs.run("idle_berth", [])
    lwip = programs.run("idle_lwip", [])
    progress("")
    rows = []
    for when, suffix in (("just established", ""), ("after 200 bytes each way", "_used")):
        rows.append([f"berth, {when}"] + [number(berth, n + suffix) for n in ("client", "server", "resident")] + [number(berth, "n")])
    rows.append(["lwIP, just established", number(lwip, "bytes"), number(lwip, "bytes"), number(lwip, "resident"),
                 number(lwip, "n")])
    table(f"Idle established connection, bytes for one end (goal: {IDLE_GOAL} in all)",
          ["", "connecting", "accepting", "resident", "connections"], rows)


def lookups(programs):
    progress("lookups")
    rows = []
    for n in (10, 1000, 100000, 1000000):
        result = programs.run("lookup_berth", [f"n={n}"])
        rows.append([f"{n:,}", number(result, "ns_hot", "{:.1f}"), number(result, "ns_any", "{:.1f}")])
    progress("")
    table("Socket-pair lookup in berth, ns", ["connections", "ten of them", "any of them"], rows)
    return result


def instructions(programs, program, arguments):
    """Instructions a segment: what 4 and 12 MB cost under callgrind, their difference over that of the segments."""
    seen = []
    for size in ("4m", "12m"):
        progress(f"callgrind: {program} {size}")
        with tempfile.TemporaryDirectory() as d:
            out = os.path.join(d, "out")
            wrapper = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
            bulk = [a for a in arguments if not a.startswith("bytes=")] + ([TURN] if "berth" in program else [])
            result = programs.run(program, bulk + ["warm=0", f"bytes={size}"], wrapper, VECTOR_COPIES)
            if result is None:
                return None
            with open(out, encoding="utf-8") as f:
                total = re.search(r"^(?:summary|totals): (\d+)", f.read(), re.M)
        seen.append((float(total.group(1)), result["segments"]))
    progress("")
    return (seen[1][0] - seen[0][0]) / (seen[1][1] - seen[0][1])


def have_valgrind():
    try:
        return subprocess.run(["valgrind", "--version"], capture_output=True, text=True).stdout.strip()
    except OSError:
        return None


def instruction_table(programs):
    rows = []
    for label, program, arguments in SMALL + IP6 + [("berth, segments of 64 KiB", *LARGE[0][1:])]:
        n = instructions(programs, program, arguments) if have_valgrind() else None
        rows.append([label, f"{n:.0f}" if n is not None else "-"])
    table("Instructions a segment, both ends (callgrind)", ["", "instructions"], rows)


def checksums(programs):
    """The program prints its own table."""
    if not programs.has("checksum"):
        programs.complain("checksum was not built")
        return
    progress("checksums")
    done = subprocess.run([os.path.join(programs.directory, "checksum")], capture_output=True, text=True, timeout=120)
    progress("")
    print("\nThe Internet checksum, made alone and while copying, beside a plain loop")
    print("".join(f"  {line}\n" for line in done.stdout.splitlines()), end="")


def sizes(lookup, idle_lwip):
    table("Control block, bytes", ["", "sizeof"], [["berth", number(lookup, "tcb")], ["lwIP", number(idle_lwip, "pcb")]])


def first_line(path, pattern):
    try:
        with open(path, encoding="utf-8") as f:
            return re.search(pattern, f.read(), re.M).group(1).strip()
    except (OSError, AttributeError):
        return "unknown"


def machine(directory):
    builddir = os.path.dirname(os.path.abspath(directory))
    options = first_line(os.path.join(builddir, "meson-logs/meson-log.txt"), r"^(?:User defined options|Build Options): *(.*)$")
    compiler = first_line(os.path.join(builddir, "meson-logs/meson-log.txt"), r"^C compiler for the host machine: (.*)$")
    lwip = first_line(os.path.join(builddir, "meson-logs/meson-log.txt"), r"bench_lwip=\S*?(lwip-[0-9][^/\s']*)")
    print(f"processor  {first_line('/proc/cpuinfo', r'^model name.*?: (.*)$')}, {os.cpu_count()} processors")
    print(f"system     {platform.system()} {platform.release()}")
    print(f"compiler   {compiler}")
    print(f"options    {options}")
    print(f"peer       {lwip}")
    print(f"runs       {RUNS} of each, in turn; median, least and most")


def main():
    if len(sys.argv) != 2 or not os.path.isdir(sys.argv[1]):
        sys.exit("report.py: give the directory of the benchmark programs; sh bench/run.sh does it all")
    programs = Programs(sys.argv[1])
    machine(sys.argv[1])
    bulk_small(programs)
    bulk_large(programs)
    idle(programs)
    lookup = lookups(programs)
    sizes(lookup, programs.run("idle_lwip", ["n=100"]))
    instruction_table(programs)
    checksums(programs)
    if programs.has("bulk_lwip_best") and programs.run("bulk_lwip_best", ["corrupt=1", "bytes=1m", "warm=0"]):
        print("\nlwIP drops a segment with one bit turned: its checksums are looked at.")
    for text in programs.complaints:
        print(f"\nnot measured: {text}")
    return 1 if programs.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
