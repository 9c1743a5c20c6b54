#!/usr/bin/env python3
"""That docs/netstat.schema.json describes what `berth netstat --json` and --jsonl write: every column, no others, and
of each the type. With Python's jsonschema; without it, only the columns.

    test_schema.py BERTH SOURCE_ROOT
"""
import copy
import json
import os
import sys
import tempfile

from snapshots import end, host, netstat, result, skip

try:
    from jsonschema import Draft202012Validator
except ImportError:
    Draft202012Validator = None

# Said only while watching.
RATES = {"rx_rate", "tx_rate"}
ASKED = [
    ("machine.jsonl", "-a"),
    ("machine.jsonl", "-an"),
    ("machine.jsonl", "-ax"),
    ("odd.jsonl", "-a"),
    ("odd.jsonl", "-anx"),
]
TABLES = [
    (["-ra"], "route"),
    (["-ia"], "interface"),
    (["-g"], "group"),
    (["--neighbours", "-a"], "neighbour"),
    (["-s"], "counter"),
]


def check_columns(berth, directory, known):
    """Asked for one by one: a column is a member, or stands for several."""
    _, text, _ = netstat(berth, directory, None, "--columns", "help")
    columns = [line.split()[0] for line in text.decode().splitlines()]
    said = set()
    for column in columns:
        _, text, _ = netstat(berth, directory, "machine.jsonl", "-a", "--json", "--columns", column)
        said |= {key for row in json.loads(text) for key in row}
    result(len(columns) > 50 and said <= known, "every column is in the schema", "missing: " + " ".join(said - known))
    result(known <= said, "whatever is in the schema is a column", "no columns: " + " ".join(known - said))


def rows_of(berth, directory):
    for snapshot, which in ASKED:
        status, text, _ = netstat(berth, directory, snapshot, which, "--json", "--columns", "all")
        assert status == 0, (snapshot, which)
        rows = json.loads(text)
        _, lines, _ = netstat(berth, directory, snapshot, which, "--jsonl", "--columns", "all")
        result([json.loads(line) for line in lines.splitlines()] == rows, f"{snapshot} {which}: --jsonl has the same rows")
        yield f"{snapshot} {which}", rows


def check_rows(berth, directory, schema, known):
    validator = Draft202012Validator(schema)
    spoken = set()
    for title, rows in rows_of(berth, directory):
        wrong = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(rows)]
        result(rows and not wrong, f"{title}: as the schema says", *wrong[:10])
        spoken |= {key for row in rows for key, value in row.items() if value not in (None, [], "")}
    result(known - spoken == RATES, "every member says something in one of them", "silent: " + " ".join(known - spoken - RATES))

    status, text, said = netstat(berth, directory, None, "-an", "--json", "--columns", "all")
    if status > 1:
        skip("this machine's sockets: as the schema says", said.decode().strip())
    else:
        wrong = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(text))]
        result(not wrong, "this machine's sockets: as the schema says", *wrong[:10])


def check_tables(berth, directory, schema):
    """The small tables: of a host, and of the machine and hosts together."""
    for options, kind in TABLES:
        items = {"$schema": schema["$schema"], "$defs": schema["$defs"], "type": "array", "minItems": 1,
                 "items": {"$ref": f"#/$defs/{kind}"}}
        for more in (["--host", "harbour"], []):
            _, text, said = netstat(berth, directory, None, *options, *more, "--json")
            wrong = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(items).iter_errors(json.loads(text))]
            result(not wrong and not said, f"{' '.join(options + more)}: as the schema says", *wrong[:10], said.decode())


def check_refusals(berth, directory, schema):
    """What is wrong is not let through."""
    validator = Draft202012Validator(schema)
    _, text, _ = netstat(berth, directory, "machine.jsonl", "-nt", "--json", "--columns", "all", "dport", "443")
    rows = json.loads(text)
    for key, value in [("proto", None), ("recv_q", "0"), ("recv_q", -1), ("local_port", 65536), ("state", "OPENED"), ("pids", None),
                       ("pids", ["1"]), ("rtt", "1ms"), ("executable_deleted", "no"), ("findings", ["strange"]), ("colour", "red")]:
        wrong = copy.deepcopy(rows)
        wrong[0][key] = value
        result(not validator.is_valid(wrong) and validator.is_valid(rows), f"{key} is not {json.dumps(value)}")


def main():
    berth = os.path.abspath(sys.argv[1])
    with open(os.path.join(sys.argv[2], "docs", "netstat.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    known = set(schema["$defs"]["socket"]["properties"])
    with tempfile.TemporaryDirectory() as directory:
        check_columns(berth, directory, known)
        if not Draft202012Validator:
            skip("outputs are as the schema says", "python3-jsonschema is not installed")
        else:
            Draft202012Validator.check_schema(schema)
            check_rows(berth, directory, schema, known)
            check_refusals(berth, directory, schema)
            with host(directory, "harbour", "harbour.host"):
                check_tables(berth, directory, schema)
    end()


main()
