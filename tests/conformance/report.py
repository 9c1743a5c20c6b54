#!/usr/bin/env python3
"""Makes the tables of docs/conformance.md of what run.py has printed (standard input) and of reasons.tsv.

usage: report.py ROOT [reasons.tsv] < results        ROOT: the directory that the scripts' names are to begin below"""
import collections
import pathlib
import re
import sys

VERSIONS = ["ipv4", "ipv6", "ipv4-mapped-ipv6"]


def read_results(lines, root):
    """{script: {version: None, or what went wrong}}"""
    results = collections.defaultdict(dict)
    for line in lines:
        fields = line.rstrip("\n").split("\t")
        if fields[0] not in ("PASS", "FAIL") or len(fields) < 3:
            continue
        name = fields[1].split(root.rstrip("/") + "/", 1)[-1]
        results[name][fields[2]] = None if fields[0] == "PASS" else (fields + [""])[3]
    return results


def read_reasons(path):
    """[(pattern of a script's name, kind, text)], the first that fits holds"""
    rows = [line.rstrip("\n").split("\t") for line in path.read_text().splitlines() if line and line[0] != "#"]
    return [(re.compile(r[0]), r[1], r[2]) for r in rows]


def counts(results):
    n = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0]))
    for name, versions in results.items():
        for version, why in versions.items():
            for place in (name.split("/")[0], "all"):
                n[place][version][0] += why is None
                n[place][version][1] += 1
    yield "| directory | " + " | ".join(VERSIONS) + " |"
    yield "|---" * (len(VERSIONS) + 1) + "|"
    for place in sorted(n, key=lambda p: (p == "all", p)):
        cells = [f"{n[place][v][0]}/{n[place][v][1]}" if n[place][v][1] else "" for v in VERSIONS]
        yield f"| {place} | " + " | ".join(cells) + " |"


def failures(results, reasons):
    yield "| script | versions | kind | reason |"
    yield "|---|---|---|---|"
    for name, versions in sorted(results.items()):
        failed = [v for v in VERSIONS if versions.get(v)]
        if not failed:
            continue
        where = "all" if len(failed) == len(versions) else ", ".join(failed)
        kind, text = next(((k, t) for p, k, t in reasons if p.search(name)), ("open", versions[failed[0]][:120]))
        yield f"| {name} | {where} | {kind} | {text.replace('|', '/')} |"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    reasons = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).with_name("reasons.tsv"))
    results = read_results(sys.stdin, sys.argv[1])
    print("\n".join(counts(results)), "\n", sep="\n")
    print("\n".join(failures(results, read_reasons(reasons))))


if __name__ == "__main__":
    main()
