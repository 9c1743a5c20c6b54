#!/usr/bin/env python3
"""The registry against other people's copies of it: test_registry_sources.py BERTH

Every name that Wireshark's list and Debian's /etc/services have for a port and transport is asked of berth. Where they
rightly say something else, it is listed here, with the reason.
"""

import json
import subprocess
import sys

WIRESHARK = "/usr/share/wireshark/services"
# IANA has renamed these since Wireshark's list was made, and berth has the older name as an alias.
RENAMED = {"pearldoc-xact", "fox-skytale", "avi-nms", "avi-nms-disc", "qftest-licserve", "pmcdproxy"}
# These are pieces of descriptions.
MISREAD = {"Apple-Remote-De", "Escale-(Newton"}

DEBIAN = "/etc/services"
# After this line Debian's file has names that are not IANA's.
DEBIAN_END = "not as allocated by IANA"
# Before it, it has a few all the same: withdrawn or unofficial ones, and a name for each port of the range of x11.
DEBIAN_OWN = {"netstat", "fsp", "z3950", "datametrics", "sip-tls", "bbs"} | {f"x11-{i}" for i in range(1, 8)}


def ask(berth):
    """{(port, transport): [name, alias, ...]}, from berth."""
    output = subprocess.run([berth, "ports", "--json"], check=True, stdout=subprocess.PIPE).stdout
    names = {}
    for entry in json.loads(output)["ports"]:
        for port in range(entry["port"], entry["last"] + 1):
            for transport in entry["transports"]:
                names.setdefault((port, transport), []).append(entry["service"])
    return names


def lines(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if DEBIAN_END in line:
                return
            words = line.partition("#")[0].split()
            if words:
                yield words


def compare_wireshark(ours):
    """(names compared, complaints)"""
    compared, complaints = 0, []
    for name, where in lines(WIRESHARK):
        ports, *transports = where.split("/")
        first, _, last = ports.partition("-")
        for port in range(int(first), int(last or first) + 1) if name not in MISREAD else ():
            for transport in transports:
                compared += 1
                have = ours.get((port, transport), [])
                if name not in (have if name in RENAMED else have[:1]):
                    complaints.append(f"{port}/{transport} is {name} there and {have} here")
    return compared, complaints


def compare_debian(ours):
    compared, complaints = 0, []
    for name, where, *aliases in lines(DEBIAN):
        port, transport = where.split("/")
        if name in DEBIAN_OWN or transport == "ddp":
            continue
        compared += 1
        have = ours.get((int(port), transport), [])
        if not {n.lower() for n in have} & {n.lower() for n in [name] + aliases}:
            complaints.append(f"{where} is {name} there and {have} here")
    return compared, complaints


def is_debian():
    with open(DEBIAN, encoding="utf-8") as file:
        return DEBIAN_END in file.read()


def report(number, path, reason, compare, ours, least):
    if reason:
        print(f"ok {number} - {path} # SKIP {reason}")
        return
    compared, complaints = compare(ours)
    if compared < least:
        complaints.append(f"only {compared} names compared")
    print(f"{'not ok' if complaints else 'ok'} {number} - {path}: {compared} names")
    for complaint in complaints:
        print(f"# {complaint}")


def missing(path):
    try:
        with open(path, encoding="utf-8"):
            return None
    except OSError as error:
        return f"{path}: {error.strerror}"


def main():
    ours = ask(sys.argv[1])
    print("1..2")
    report(1, WIRESHARK, missing(WIRESHARK), compare_wireshark, ours, 11000)
    reason = missing(DEBIAN) or (None if is_debian() else f"{DEBIAN} is not Debian's")
    report(2, DEBIAN, reason, compare_debian, ours, 150)


main()
