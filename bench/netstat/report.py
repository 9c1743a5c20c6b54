#!/usr/bin/env python3
"""Measure berth netstat beside ss, netstat and lsof, and print the tables of bench/README.md.

    report.py DIRECTORY BERTH [--sockets N] [--quick]

DIRECTORY has the helpers sockets, bare and measure; bench/netstat/run.sh builds them and calls this. Everything happens
in a network namespace of its own, so that only the sockets made here are listed. --quick leaves out those runs of ss
and netstat that take more than a minute each.
"""
import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile

RUNS = 5


class Bench:
    def __init__(self, arguments):
        self.directory = arguments.directory
        self.berth = arguments.berth
        self.sockets = arguments.sockets
        self.quick = arguments.quick
        self.output = tempfile.NamedTemporaryFile(prefix="berth-bench-")
        self.complaints = []

    def complain(self, text):
        if text not in self.complaints:
            self.complaints.append(text)

    def measure(self, *command, timeout=300):
        """One run: (status, CPU seconds, wall seconds, KiB, lines), or None."""
        if not shutil.which(command[0]):
            self.complain(f"{command[0]} is not installed")
            return None
        program = os.path.join(self.directory, "measure")
        try:
            done = subprocess.run([program, self.output.name, *command], capture_output=True, text=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            self.complain(f"{' '.join(command)} took more than {timeout} s")
            return None
        if done.returncode != 0:
            self.complain(done.stderr.strip())
            return None
        status, user, system, wall, peak = done.stdout.split()
        with open(self.output.name, "rb") as out:
            lines = sum(1 for _ in out)
        return int(status), float(user) + float(system), float(wall), int(peak), lines

    def rounds(self, commands, runs=RUNS):
        """Each command `runs` times, in turns: a dictionary of lists of results."""
        results = {label: [] for label, _ in commands}
        for number in range(runs):
            for label, command in commands:
                progress(f"{label}, run {number + 1} of {runs}")
                result = self.measure(*command)
                if result is None:
                    continue
                if result[0] not in (0, 1):
                    self.complain(f"{' '.join(command)} ended with status {result[0]}")
                    continue
                results[label].append(result)
        progress("")
        return results


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def median(results, index):
    return statistics.median(r[index] for r in results) if results else None


def text(value, form):
    return format(value, form) if value is not None else "-"


def table(title, headings, rows):
    print(f"\n{title}\n")
    print("| " + " | ".join(headings) + " |")
    print("|---" + "|---:" * (len(headings) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def cpu_table(title, results, reference):
    base = median(results.get(reference, []), 1)
    rows = []
    for label, runs in results.items():
        cpu = median(runs, 1)
        spread = f"{min(r[1] for r in runs):.3f}-{max(r[1] for r in runs):.3f}" if runs else "-"
        rows.append([label, text(cpu, ".3f"), spread, text(cpu / base if cpu and base else None, ".2f"),
                     text(median(runs, 3) / 1024 if runs else None, ".1f"), text(median(runs, 4), ".0f")])
    table(title, ["", "CPU s", "least-most", f"times {reference}", "peak MB", "lines"], rows)


def make_sockets(bench, n):
    maker = subprocess.Popen([os.path.join(bench.directory, "sockets"), str(n // 2)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    progress(f"making {n} sockets")
    line = maker.stdout.readline().split()
    progress("")
    if not line or line[0] != "ready":
        sys.exit("report.py: the sockets could not be made; see the line above")
    return maker, int(line[1]), int(line[2])


def end_sockets(maker):
    maker.stdin.close()
    maker.wait()


def many(bench):
    maker, sockets, processes = make_sockets(bench, bench.sockets)
    bare = os.path.join(bench.directory, "bare")
    print(f"{sockets} TCP sockets of {processes} processes; output to a file; medians of {RUNS} runs")
    results = bench.rounds([
        ("bare dump", [bare]),
        ("berth netstat -ant", [bench.berth, "netstat", "-ant"]),
        ("ss -ant", ["ss", "-ant"]),
        ("netstat -ant", ["netstat", "-ant"]),
    ])
    cpu_table("All TCP sockets, numbers", results, "bare dump")

    owners = bench.rounds([
        ("berth netstat -antp, BPF", [bench.berth, "netstat", "-antp", "--find-by", "bpf"]),
        ("berth netstat -antp, /proc", [bench.berth, "netstat", "-antp", "--find-by", "proc"]),
    ], 3)
    if not bench.quick:
        owners.update(bench.rounds([("ss -antp", ["ss", "-antp"]), ("netstat -antp", ["netstat", "-antp"])], 1))
    cpu_table("With processes", owners, "berth netstat -antp, /proc")

    one_port = bench.rounds([
        ("berth netstat -tn dport 5003", [bench.berth, "netstat", "-tn", "dport", "5003"]),
        ("ss -tn dport = :5003", ["ss", "-tn", "dport", "=", ":5003"]),
    ])
    cpu_table("Those towards one port", one_port, "berth netstat -tn dport 5003")

    listening = bench.rounds([
        ("berth netstat -lnt", [bench.berth, "netstat", "-lnt"]),
        ("ss -lnt", ["ss", "-lnt"]),
        ("netstat -lnt", ["netstat", "-lnt"]),
    ])
    wall_table("Listening sockets only, among all these", listening)
    end_sockets(maker)


def wall_table(title, results):
    rows = []
    for label, runs in results.items():
        wall = [1000 * r[2] for r in runs]
        rows.append([label, text(statistics.median(wall) if wall else None, ".1f"),
                     f"{min(wall):.1f}-{max(wall):.1f}" if wall else "-", text(median(runs, 4), ".0f")])
    table(title, ["", "wall ms", "least-most", "lines"], rows)


def few(bench):
    maker, sockets, _ = make_sockets(bench, 20)
    results = bench.rounds([
        ("berth netstat -ant", [bench.berth, "netstat", "-ant"]),
        ("ss -ant", ["ss", "-ant"]),
        ("netstat -ant", ["netstat", "-ant"]),
        ("berth netstat -antp", [bench.berth, "netstat", "-antp"]),
        ("ss -antp", ["ss", "-antp"]),
        ("netstat -antp", ["netstat", "-antp"]),
    ], 21)
    wall_table(f"{sockets} sockets", results)
    end_sockets(maker)


def dead_resolver(bench):
    """Three connections to addresses that only DNS could name, and a server that never answers."""
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.53", 53))
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
        conf.write("nameserver 127.0.0.53\n")
        conf.flush()
        subprocess.run(["mount", "--bind", conf.name, "/etc/resolv.conf"], check=True)
        kept = []
        for last in (1, 2, 3):
            subprocess.run(["ip", "address", "add", f"192.0.2.{last}/32", "dev", "lo"], check=True)
            listener = socket.create_server((f"192.0.2.{last}", 8000))
            kept += [listener, socket.create_connection((f"192.0.2.{last}", 8000)), listener.accept()[0]]
        commands = [("berth netstat -t", [bench.berth, "netstat", "-t"])]
        if not bench.quick:
            commands += [("netstat -t", ["netstat", "-t"]), ("ss -tr", ["ss", "-tr"]),
                         ("lsof -i", ["lsof", "-i", "-sTCP:ESTABLISHED"])]
        wall_table("3 connections, names on, a resolver that never answers", bench.rounds(commands, 1))
        for s in kept:
            s.close()
        subprocess.run(["umount", "/etc/resolv.conf"], check=True)
    silent.close()


def in_namespace():
    """Starts this program again in namespaces of its own."""
    if os.environ.get("BERTH_BENCH_INSIDE"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    os.environ["BERTH_BENCH_INSIDE"] = "1"
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    os.execvp("unshare", ["unshare", "--net", "--mount", *user, sys.executable, *sys.argv])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("berth")
    parser.add_argument("--sockets", type=int, default=400000)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    in_namespace()
    bench = Bench(arguments)
    # The many come last: they leave as many as the kernel allows in TIME-WAIT.
    few(bench)
    dead_resolver(bench)
    many(bench)
    for complaint in bench.complaints:
        print(f"\nnot measured: {complaint}")
    sys.exit(1 if bench.complaints else 0)


main()
