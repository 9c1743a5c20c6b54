#!/usr/bin/env python3
"""Counts the tests of a `meson test` run: test-summary.py build/meson-logs/testlog.json

A program that prints TAP counts by its lines; another counts as one test. What was skipped is listed with its reason,
what failed by name, and the last line is "N passed, N failed, N skipped". Status 1 when a test failed or none passed.
"""
import json
import re
import sys

LINE = re.compile(r"^(not )?ok\b(?:\s+\d+)?(?:\s+-?\s*(.*))?$")
SKIP = re.compile(r"#\s*skip\S*\s*(.*)", re.IGNORECASE)


def tap_results(text):
    """Yields (result, title, reason) for each TAP line of a test program's output."""
    for line in text.splitlines():
        plan = re.match(r"^1\.\.0\s*#\s*skip\S*\s*(.*)", line, re.IGNORECASE)
        if plan:
            yield "skipped", "", plan[1]
            continue
        found = LINE.match(line)
        if not found:
            continue
        title = found[2] or ""
        skip = SKIP.search(title)
        if skip:
            yield "skipped", title[: skip.start()].strip(), skip[1]
        else:
            yield "failed" if found[1] else "passed", title, ""


def last_words(test):
    """Why a program that prints no TAP was skipped: the last line it printed."""
    lines = (test.get("stderr", "") or test.get("stdout", "")).split("\n")
    words = [line.strip() for line in lines if line.strip()]
    return re.sub(r"^skipped:\s*", "", words[-1]) if words else "it does not say why"


def program_results(test):
    """The results of one program. One that failed without saying so in TAP adds a failure of its own."""
    results = list(tap_results(test.get("stdout", "")))
    outcome = test["result"]
    if outcome in ("OK", "EXPECTEDFAIL"):
        return results or [("passed", "", "")]
    if outcome == "SKIP":
        return [r for r in results if r[0] == "skipped"] or [("skipped", "", last_words(test))]
    if not any(result == "failed" for result, _, _ in results):
        results.append(("failed", f"the program as a whole: {outcome.lower()}", ""))
    return results


def main():
    if len(sys.argv) != 2:
        print("usage: test-summary.py TESTLOG.JSON", file=sys.stderr)
        return 2
    count = {"passed": 0, "failed": 0, "skipped": 0}
    with open(sys.argv[1], encoding="utf-8") as log:
        tests = [json.loads(line) for line in log if line.strip()]
    for test in tests:
        for result, title, reason in program_results(test):
            count[result] += 1
            if result != "passed":
                print(f"{result}: {test['name']}{': ' if title else ''}{title}{f' ({reason})' if reason else ''}")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**count))
    return 1 if count["failed"] or not count["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
