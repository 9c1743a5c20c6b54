#!/usr/bin/env python3
"""What netstat says, to the byte: the cases of golden/cases, each asked of a saved snapshot, beside the files that have
its answers. Needs no network, no privilege and no namespace.

    test_golden.py BERTH [--update]

--update writes the files anew instead, and removes those that belong to no case: the difference is to be read before
it is committed, for each file is a promise.
"""
import glob
import os
import re
import shlex
import subprocess
import sys
import tempfile

from snapshots import GOLDEN, WIDTH, end, host, netstat, result

CASE = re.compile(r"(?P<name>[a-z0-9-]+)(?: =(?P<status>\d+))?:(?P<arguments>.*)")


class Case:
    def __init__(self, snapshot, name, status, arguments):
        self.snapshot, self.name, self.status, self.arguments = snapshot, name, status, arguments

    def paths(self):
        return [os.path.join(GOLDEN, self.name + suffix) for suffix in (".txt", ".err")]


def read_cases():
    cases, snapshot = [], None
    with open(os.path.join(GOLDEN, "cases"), encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            if line.startswith("["):
                snapshot = line.strip("[]")
                continue
            match = CASE.fullmatch(line)
            assert match and snapshot, f"golden/cases: {line}"
            cases.append(Case(snapshot, match["name"], int(match["status"] or 0), shlex.split(match["arguments"])))
    assert len({case.name for case in cases}) == len(cases), "golden/cases: a name stands there twice"
    return cases


def run(berth, directory, case, locale="C.UTF-8"):
    if case.snapshot.endswith(".host"):
        with host(directory, "host", case.snapshot):
            return netstat(berth, directory, None, *case.arguments, locale=locale)
    return netstat(berth, directory, case.snapshot, *case.arguments, locale=locale)


def golden(path):
    """A file's content; what says nothing has no file."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def difference(wanted, got, path):
    if wanted == got:
        return ""
    with tempfile.NamedTemporaryFile() as file:
        file.write(got)
        file.flush()
        done = subprocess.run(["diff", "-u", "-a", path if os.path.exists(path) else os.devnull, file.name],
                              capture_output=True, check=False)
    return done.stdout.decode(errors="backslashreplace")


def harmful(text):
    """Bytes that do more to a terminal than stand there, or are no UTF-8."""
    try:
        characters = text.decode()
    except UnicodeDecodeError as error:
        return str(error)
    bad = re.search(r"[^\n\r -~\u00a0-\U0010ffff]|\r(?!\n)|[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]", characters)
    return bad and f"{bad.group()!r} at {bad.start()}"


def update(berth, directory, cases):
    wanted = set()
    for case in cases:
        status, *texts = run(berth, directory, case)
        if status != case.status:
            print(f"{case.name}: status {status}, not {case.status}", file=sys.stderr)
        for path, text in zip(case.paths(), texts):
            if text:
                with open(path, "wb") as file:
                    file.write(text)
                wanted.add(path)
    for path in glob.glob(os.path.join(GOLDEN, "*.txt")) + glob.glob(os.path.join(GOLDEN, "*.err")):
        if path not in wanted:
            os.unlink(path)


def check_case(berth, directory, case):
    status, *texts = run(berth, directory, case)
    wrong = [f"status {status}, not {case.status}"] if status != case.status else []
    for path, text in zip(case.paths(), texts):
        wrong.append(difference(golden(path), text, path))
        # A label of OpenMetrics has the program's own name: a scrape is for machines, and has no way to write it otherwise.
        if harmful(text) and "--openmetrics" not in case.arguments:
            wrong.append(f"{os.path.basename(path)}: {harmful(text)}")
    # A C locale would show '?' for what is no ASCII; berth takes C.UTF-8 instead, so that nothing is lost.
    if run(berth, directory, case, locale="C") != (status, *texts):
        wrong.append("the locale C says something else than C.UTF-8")
    result(not any(wrong), f"{case.name}: {shlex.join(case.arguments)}", *filter(None, wrong))


def check_files(cases):
    paths = {path for case in cases for path in case.paths()}
    stray = [path for path in glob.glob(os.path.join(GOLDEN, "*.txt")) + glob.glob(os.path.join(GOLDEN, "*.err"))
             if path not in paths]
    result(not stray, "every file is a case's", *stray)


def check_columns(berth, directory, cases):
    """'all' is not enough: nobody sees a column among so many."""
    _, text, _ = netstat(berth, directory, None, "--columns", "help")
    known = [line.split()[0] for line in text.decode().splitlines()]
    shown = set()
    for case in cases:
        for option, value in zip(case.arguments, case.arguments[1:]):
            if option == "--columns" and case.status == 0:
                shown |= set(value.lstrip("+").split(","))
    lost = [name for name in known if name not in shown]
    result(len(known) > 50 and not lost, "every column is in a golden file", "missing: " + " ".join(lost))


def check_width(berth, directory):
    """The default list of what is ordinary, IPv4 by number, fits a terminal of 80 columns."""
    for arguments in (["-ant4", "--kernel"], ["-anu4"], ["-nt4"], ["-lnt4"]):
        _, text, _ = netstat(berth, directory, "machine.jsonl", *arguments, "not", "berth")
        wide = [line for line in text.decode().splitlines() if len(line) > WIDTH]
        result(text and not wide, f"{' '.join(arguments)} fits {WIDTH} columns", *wide)


def check_saved(berth, directory):
    """What is read and saved again is the same; owners and processes have no order of their own."""
    with open(os.path.join(GOLDEN, "machine.jsonl"), "rb") as file:
        before = file.read()
    status, after, _ = netstat(berth, directory, "machine.jsonl", "--save", "-")
    result(status == 0 and sorted(after.splitlines()) == sorted(before.splitlines()), "a snapshot saved again is the same",
           f"status {status}", *sorted(set(before.splitlines()) ^ set(after.splitlines())))

    wanted = netstat(berth, directory, "machine.jsonl", "-a", "--json", "--columns", "all")
    got = netstat(berth, directory, None, "--read", "-", "-a", "--json", "--columns", "all", data=after)
    result(got == wanted and wanted[0] == 0, "and says the same", got[2].decode())

    # What is hostile is made harmless once, and then stays as it is.
    status, once, _ = netstat(berth, directory, "odd.jsonl", "--save", "-")
    _, twice, _ = netstat(berth, directory, None, "--read", "-", "--save", "-", data=once)
    result(status == 0 and sorted(once.splitlines()) == sorted(twice.splitlines()) and not harmful(once),
           "odd texts are saved without harm", harmful(once))


def check_baseline(berth, directory):
    """What has just been recorded is nothing new, and nothing of it is gone."""
    for snapshot in ("machine.jsonl", "odd.jsonl"):
        _, recorded, _ = netstat(berth, directory, snapshot, "--save-baseline", "-")
        got = netstat(berth, directory, snapshot, "--baseline", "-", data=recorded)
        result(recorded and got == (0, b"", b""), f"the baseline of {snapshot} holds", *got)


def main():
    berth = os.path.abspath(sys.argv[1])
    cases = read_cases()
    with tempfile.TemporaryDirectory() as directory:
        if sys.argv[2:] == ["--update"]:
            update(berth, directory, cases)
            return
        for case in cases:
            check_case(berth, directory, case)
        check_files(cases)
        check_columns(berth, directory, cases)
        check_width(berth, directory)
        check_saved(berth, directory)
        check_baseline(berth, directory)
    end()


main()
