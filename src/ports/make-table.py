#!/usr/bin/env python3
"""Turn services.tsv into the C table that registry.c searches: make-table.py services.tsv services_table.h

Texts lie in one blob, NUL-terminated, and are named by their offset; equal ones are stored once, and one that is the end of
another is stored inside it. Everything else is arrays of small numbers, so that nothing needs relocation or start-up work.
The table's order is that of the public interface: by first port, then names before other names.
"""

import sys

TRANSPORTS = {"tcp": 1, "udp": 2, "sctp": 4, "dccp": 8}
ALIAS = 16
NAME_MAX = 63


class Bad(Exception):
    pass


def parse_line(line):
    """(first, last, transports, [names], description); Bad says what is wrong."""
    fields = line.split("\t")
    if len(fields) != 5:
        raise Bad(f"{len(fields)} fields, not 5")
    ports, transports, name, aliases, description = fields
    first, _, last = ports.partition("-")
    first, last = int(first), int(last or first)
    if not 0 <= first <= last <= 65535:
        raise Bad(f"no range of ports: {ports}")
    unknown = set(transports.split(",")) - set(TRANSPORTS)
    if unknown:
        raise Bad(f"unknown transport: {', '.join(sorted(unknown))}")
    names = [name] + [alias for alias in aliases.split(",") if alias]
    for name in names:
        if not (name.isascii() and name.isprintable() and 0 < len(name) <= NAME_MAX):
            raise Bad(f"no name: '{name}'")
    return first, last, sum(TRANSPORTS[t] for t in transports.split(",")), names, description


def read(path):
    """[(first, last, flags, name, description)] in the table's order."""
    entries, named, range_end, previous = [], {}, -1, -1
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                first, last, transports, names, description = parse_line(line.rstrip("\n"))
                if first < previous or (first <= range_end and (first, last) != (previous, range_end)):
                    raise Bad("not sorted by port, or some ports but not all in common with the line before")
                here = named.setdefault((first, last), 0)
                if here & transports not in (0, transports):
                    raise Bad("a name for one transport and another name for another: make it two lines")
                is_alias = here != 0 and here & transports == transports
                named[first, last] |= transports
            except (Bad, ValueError) as error:
                sys.exit(f"{path}:{number}: {error}")
            previous, range_end = first, last
            for i, name in enumerate(names):
                flags = transports | (ALIAS if is_alias or i > 0 else 0)
                entries.append((first, last, flags, name, description))
    # Stable: what services.tsv says first stays first.
    entries.sort(key=lambda e: (e[0], e[2] & ALIAS))
    return entries


def pack(texts):
    """The blob and {text: offset}. Sorted by their reversed bytes, a text that ends another comes right before it."""
    blob, offsets, whole, whole_at = bytearray(), {}, b"", 0
    for text in sorted(set(texts), key=lambda t: t.encode()[::-1], reverse=True):
        data = text.encode()
        if not whole.endswith(data) or not blob:
            whole, whole_at = data, len(blob)
            blob += data + b"\0"
        offsets[text] = whole_at + len(whole) - len(data)
    return blob, offsets


def array(kind, name, values):
    text = ",".join(str(value) for value in values)
    lines = []
    while len(text) > 118:
        cut = text.rindex(",", 0, 118) + 1
        lines.append(text[:cut])
        text = text[cut:]
    lines.append(text)
    return f"static const {kind} {name}[] = {{\n" + "\n".join(lines) + "};\n"


def main(source, target):
    entries = read(source)
    blob, offsets = pack([e[3] for e in entries] + [e[4] for e in entries])
    by_name = sorted(range(len(entries)), key=lambda i: (entries[i][3].lower(), i))
    if len(entries) > 65535:
        sys.exit(f"{source}: {len(entries)} entries are more than 16 bits can number")
    with open(target, "w", encoding="ascii") as out:
        out.write("/* Made from services.tsv by make-table.py. */\n")
        out.write(f"#define SERVICE_N {len(entries)}\n")
        out.write(array("uint16_t", "service_first", (e[0] for e in entries)))
        out.write(array("uint16_t", "service_last", (e[1] for e in entries)))
        out.write(array("uint8_t", "service_flags", (e[2] for e in entries)))
        out.write(array("uint32_t", "service_name", (offsets[e[3]] for e in entries)))
        out.write(array("uint32_t", "service_description", (offsets[e[4]] for e in entries)))
        out.write(array("uint16_t", "service_by_name", by_name))
        out.write(array("unsigned char", "service_texts", blob))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: make-table.py services.tsv services_table.h")
    main(sys.argv[1], sys.argv[2])
