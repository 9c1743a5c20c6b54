#!/usr/bin/env python3
"""That netstat's words are known wherever they should be: every option and column in the manual page, and in the
completions of bash, zsh and fish; and that the completions work in the shells that are here.

    test_netstat_words.py BERTH SOURCE_ROOT
"""
import os
import re
import shutil
import subprocess
import sys

berth, root = sys.argv[1], sys.argv[2]
number = 0


def read(*path):
    with open(os.path.join(root, *path), encoding="utf-8") as file:
        return file.read()


def result(good, title, *details):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} - {title}")
    for detail in details if not good else []:
        print(f"# {detail}")


def skip(title, reason):
    global number
    number += 1
    print(f"ok {number} - {title} # SKIP {reason}")


def missing(words, text, form):
    return [word for word in words if not re.search(form.format(re.escape(word)), text)]


def netstat(*arguments):
    return subprocess.run([berth, "netstat", *arguments], capture_output=True, text=True, check=True, timeout=30).stdout


options = re.findall(r'^\t\{"([a-z0-9-]+)", \w+, NULL,', read("src/tools/netstat/options.c"), re.MULTILINE)
columns = [line.split()[0] for line in netstat("--columns", "help").splitlines()]
manual = read("docs/man/berth-netstat.1").replace("\\-", "-")
usage = netstat("--help")

result(len(options) > 40, "netstat has options", f"only {len(options)} were found")
result(len(columns) > 50, "netstat has columns", f"only {len(columns)} were found")
for title, words, text, form in [
        ("options in the manual page", options, manual, r"Fl -{}\b"),
        ("columns in the manual page", columns, manual, r"\b{}\b"),
        ("options in bash's completion", options, read("completions/berth.bash"), r"--{}(?![\w-])"),
        ("options in zsh's completion", options, read("completions/_berth"), r"--{}(?![\w-])"),
        ("options in fish's completion", options, read("completions/berth.fish"), r"-l {}(?![\w-])")]:
    lost = missing(words, text, form)
    result(not lost, title, f"missing: {' '.join(lost)}")

# The first column of the table of conditions, and the states.
table = [line.split("|") for line in read("docs", "netstat-filters.md").splitlines() if line.startswith("| `")]
conditions = [word for cells in table for word in re.findall(r"`([a-z-]+)`", cells[1])]
states = [word for cells in table if "`state`" in cells[1] for word in re.findall(r"`([a-z0-9-]+)`", cells[2])]
result(len(conditions) > 40 and len(states) > 10, "filters have words", f"only {conditions} {states} were found")
for title, path in [("the manual page", "docs/man/berth-netstat.1"), ("bash's completion", "completions/berth.bash"),
                    ("zsh's completion", "completions/_berth"), ("fish's completion", "completions/berth.fish")]:
    lost = missing(conditions + states, read(path).replace("\\-", "-"), r"(?<![\w-]){}(?![\w-])")
    result(not lost, f"words of filters in {title}", f"missing: {' '.join(lost)}")

wide = [line for line in usage.expandtabs().splitlines() if len(line) > 80]
result(not wide, "the usage fits a terminal", *wide)


def bash(*words):
    """What bash offers for the last of the words."""
    script = f". {root}/completions/berth.bash; compopt() {{ :; }}; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); " \
             '_berth; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, timeout=30)
    return done.stdout.split()


if shutil.which("bash"):
    for words, wanted in [
            (("berth", "nets"), ["netstat"]),
            (("berth", "netstat", "--unexp"), ["--unexplained"]),
            ((berth, "netstat", "--columns", "proto,rt"), ["proto,rtt", "proto,rttvar", "proto,rto"]),
            ((berth, "netstat", "--sort", "-recv"), ["-recv_q"]),
            (("berth", "netstat", "state", "est"), ["established"]),
            (("berth", "ports", "-g", "pri"), ["private"]),
            (("netstat", "--numeric-h"), ["--numeric-hosts"])]:
        offered = bash(*words)
        result(set(wanted) <= set(offered) and all(w.startswith(words[-1]) for w in offered),
               f"bash completes {' '.join(words[1:])}", f"offered: {offered}")
else:
    skip("bash completes", "there is no bash")

for shell, file in (("zsh", "_berth"), ("fish", "berth.fish")):
    if not shutil.which(shell):
        skip(f"{shell} reads its completion", f"there is no {shell}")
        continue
    done = subprocess.run([shell, "-n", os.path.join(root, "completions", file)], capture_output=True, text=True, timeout=30)
    result(done.returncode == 0, f"{shell} reads its completion", done.stderr)

if shutil.which("fish"):
    script = f"source {root}/completions/berth.fish; complete -C 'berth netstat --unexp'"
    done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, timeout=30)
    result("--unexplained" in done.stdout, "fish completes --unexp", done.stdout, done.stderr)
else:
    skip("fish completes --unexp", "there is no fish")

print(f"1..{number}")
