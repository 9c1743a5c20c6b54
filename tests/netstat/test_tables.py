#!/usr/bin/env python3
"""`berth netstat -r`, -i, -g, --neighbours and -s, and --all-netns, beside what iproute2 says of the same:
test_tables.py BERTH"""
import contextlib
import json
import socket
import struct
import subprocess
import sys

import bed

SETUP = (
    "ip link add v0 type veth peer name v1",
    "ip link add down0 type veth peer name down1",
    "ip addr add 192.0.2.2/24 dev v0",
    "ip addr add 192.0.2.5/24 dev v0 valid_lft 3000 preferred_lft 0",
    "ip addr add 2001:db8::2/64 dev v0 nodad",
    "ip link set v0 up",
    "ip link set v1 up",
    "ip route add default via 192.0.2.1",
    "ip route add 203.0.113.0/24 metric 7 nexthop via 192.0.2.3 dev v0 weight 2 nexthop via 192.0.2.4 dev v0",
    "ip route add blackhole 198.51.100.0/24",
    "ip route add 198.18.0.0/15 via 192.0.2.9 mtu 1300 advmss 1200 window 5000 rtt 20ms proto static",
    "ip route add 192.0.2.77 dev v0 src 192.0.2.2",
    "ip -6 route add default via 2001:db8::1",
    "ip -6 route add 2001:db8:2::/48 via 2001:db8::5 pref high expires 1000",
    "ip -6 route add 2001:db8:1::/48 metric 5 nexthop via 2001:db8::3 dev v0 nexthop via 2001:db8::4 dev v0",
)


def ip(*arguments):
    done = subprocess.run(["ip", "-j", *arguments], capture_output=True, check=True, timeout=bed.PATIENCE)
    return json.loads(done.stdout or "[]")


def table(t, *arguments):
    rows = json.loads(t.netstat(*arguments, "--json"))
    assert isinstance(rows, list) and all(isinstance(row, dict) for row in rows), rows
    return rows


# ---- routes ----

def from_ip(family, route):
    """A route of `ip route` as one tuple a next hop."""
    destination = route["dst"]
    if destination == "default":
        destination = "0.0.0.0/0" if family == 4 else "::/0"
    elif "/" not in destination:
        destination += "/32" if family == 4 else "/128"
    for hop in route.get("nexthops", [route]):
        if route.get("type") == "blackhole":
            hop = {}
        yield (destination, hop.get("gateway"), hop.get("dev"), route.get("metric", 0), route.get("protocol", "boot"),
               route.get("type", "unicast"), hop.get("weight") if "nexthops" in route else None, route.get("pref"))


def from_netstat(row):
    return (f"{row['destination']}/{row['prefix_length']}", row["gateway"], row["interface"], row["metric"],
            row["protocol"], row["type"], row["weight"], row["preference"])


def check_routes(t, family):
    theirs = sorted((x for r in ip(f"-{family}", "route", "show", "table", "main") for x in from_ip(family, r)), key=str)
    ours = sorted((from_netstat(row) for row in table(t, "-rn", f"-{family}")), key=str)
    assert ours == theirs, f"\n{ours}\n{theirs}"
    assert len(ours) >= 4, ours


def test_routes_ip4(t):
    check_routes(t, 4)


def test_routes_ip6(t):
    check_routes(t, 6)


def test_routes_say_all(t):
    row = [r for r in table(t, "-r") if r["destination"] == "198.18.0.0"][0]
    assert (row["mtu"], row["mss"], row["window"], row["irtt_ms"]) == (1300, 1200, 5000, 20), row
    assert (row["flags"], row["scope"], row["table"], row["family"]) == ("UG", "global", "main", "ipv4"), row
    row = [r for r in table(t, "-r") if r["destination"] == "192.0.2.77"][0]
    assert (row["flags"], row["source"], row["gateway"]) == ("UH", "192.0.2.2", None), row
    assert any(r["table"] == "local" for r in table(t, "-ra"))
    assert {(r["host"], r["pid"]) for r in table(t, "-ra")} == {("kernel", None)}
    row = [r for r in table(t, "-r") if r["destination"] == "2001:db8:2::"][0]
    assert 900000 < row["expires_ms"] <= 1000000 and row["preference"] == "high", row
    assert {r["expires_ms"] for r in table(t, "-r", "-4")} == {None}


def test_routes_for_people(t):
    lines = t.netstat("-rn").splitlines()
    assert lines[0] == "Kernel IP routing table"
    assert lines[1].split() == ["Destination", "Gateway", "Genmask", "Flags", "MSS", "Window", "irtt", "Iface"], lines[1]
    assert ["0.0.0.0", "192.0.2.1", "0.0.0.0", "UG", "0", "0", "0", "v0"] in [line.split() for line in lines], lines
    assert ["198.51.100.0", "0.0.0.0", "255.255.255.0", "!", "0", "0", "0", "*"] in [x.split() for x in lines], lines
    assert "Kernel IPv6 routing table" in lines
    assert ["::/0", "2001:db8::1", "UG", "1024", "v0"] in [line.split() for line in lines], lines
    assert max(len(line) for line in lines) <= 80, lines
    assert "default" in t.netstat("-r"), "a default route has a name"
    assert "Metric" in t.netstat("-re") and "default" not in t.netstat("-re", "-n")


# ---- interfaces ----

def test_interfaces(t):
    theirs = {link["ifname"]: link for link in ip("-s", "link")}
    ours = {row["interface"]: row for row in table(t, "-ia")}
    assert ours.keys() == theirs.keys(), ours
    for name, link in theirs.items():
        row = ours[name]
        assert (row["index"], row["mtu"]) == (link["ifindex"], link["mtu"]), row
        assert row["state"] == link["operstate"].lower(), row
        assert row["hardware_address"] == link["address"], row
        for way in ("rx", "tx"):
            # What the kernel itself sends meanwhile (router solicitations) may have come between.
            assert 0 <= link["stats64"][way]["packets"] - row[way + "_packets"] + 5 <= 10, (row, link)
            assert row[way + "_errors"] == link["stats64"][way]["errors"], row
    assert ours["v0"]["kind"] == "veth" and ours["lo"]["kind"] is None


def test_interface_addresses(t):
    theirs = {link["ifname"]: sorted(f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"]) for link in ip("addr")}
    ours = {row["interface"]: sorted(row["addresses"]) for row in table(t, "-ia")}
    assert ours == theirs, (ours, theirs)
    assert "192.0.2.2/24" in t.netstat("-ie") and "192.0.2.2/24" not in t.netstat("-i")
    assert {len(row["addresses"]) for row in table(t, "-i", "-4") if row["interface"] == "v0"} == {2}


def test_address_info(t):
    """States and lifetimes, as `ip addr` says them."""
    infinite = 2 ** 32 - 1
    theirs = {link["ifname"]: link["addr_info"] for link in ip("addr")}
    states = set()
    for row in table(t, "-ia"):
        for one in row["address_info"]:
            his = [a for a in theirs[row["interface"]] if a["local"] == one["address"]][0]
            tentative = "tentative" in his and "optimistic" not in his
            state = "deprecated" if his.get("deprecated") else "tentative" if tentative else "preferred"
            assert one["state"] == state, (one, his)
            assert (one["valid_ms"] is None) == (his["valid_life_time"] == infinite), (one, his)
            assert (one["preferred_ms"] is None) == (his["preferred_life_time"] == infinite), (one, his)
            if one["valid_ms"] is not None:
                assert abs(one["valid_ms"] / 1000 - his["valid_life_time"]) <= 5, (one, his)
            states.add((state, one["origin"]))
    assert {("preferred", "loopback"), ("preferred", "static"), ("deprecated", None)} <= states, states


def test_interfaces_for_people(t):
    lines = t.netstat("-i").splitlines()
    assert lines[0] == "Kernel Interface table"
    assert lines[1].split() == "Iface MTU RX-OK RX-ERR RX-DRP RX-OVR TX-OK TX-ERR TX-DRP TX-OVR Flg".split(), lines[1]
    names = {line.split()[0]: line.split()[-1] for line in lines[2:]}
    assert set(names) == {"lo", "v0", "v1"}, names
    assert (names["lo"], names["v0"]) == ("LRU", "BMRU"), names
    assert max(len(line) for line in lines) <= 80, lines
    assert {"down0", "down1"} <= {line.split()[0] for line in t.netstat("-ia").splitlines()}


# ---- groups ----

def test_groups(t):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as four, \
            socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six:
        four.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                        socket.inet_aton("239.1.2.3") + socket.inet_aton("192.0.2.2"))
        six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                       socket.inet_pton(socket.AF_INET6, "ff02::1:2:3") + struct.pack("I", socket.if_nametoindex("v0")))
        rows = table(t, "-g")
        assert {"interface": "v0", "index": socket.if_nametoindex("v0"), "users": 1, "group": "239.1.2.3",
                "family": "ipv4", "host": "kernel", "pid": None} in rows, rows
        assert {"interface": "v0", "index": socket.if_nametoindex("v0"), "users": 1, "group": "ff02::1:2:3",
                "family": "ipv6", "host": "kernel", "pid": None} in rows, rows
        assert {r["family"] for r in table(t, "-g", "-6")} == {"ipv6"}
        lines = [line.split() for line in t.netstat("-gn").splitlines()]
        assert lines[:2] == [["IPv6/IPv4", "Group", "Memberships"], ["Interface", "RefCnt", "Group"]], lines
        assert ["v0", "1", "239.1.2.3"] in lines, lines


def test_all_groups(t):
    theirs = {(link["ifname"], one["address"], int(one.get("users", 1))) for link in ip("maddr") for one in link["maddr"]
              if one.get("family") in ("inet", "inet6")}
    ours = {(row["interface"], row["group"], row["users"]) for row in table(t, "-g")}
    assert ours == theirs and len(ours) >= 4, (ours, theirs)


# ---- neighbours ----

def neighbour_of(row):
    return (row["address"], row["interface"], row["hardware_address"], row["state"], row["router"])


def test_neighbours(t):
    for command in ("ip neigh add 192.0.2.50 lladdr 02:00:00:00:00:50 dev v0 nud permanent",
                    "ip neigh add 192.0.2.51 lladdr 02:00:00:00:00:51 dev v0 nud stale",
                    "ip neigh add 192.0.2.52 dev v0 nud failed",
                    "ip neigh add 2001:db8::50 lladdr 02:00:00:00:00:52 dev v0 router nud reachable",
                    "ip neigh add 2001:db8::51 lladdr 02:00:00:00:00:53 dev v0 nud noarp"):
        subprocess.run(command.split(), check=True, timeout=bed.PATIENCE)
    for family in ("-4", "-6"):
        theirs = {(n["dst"], n["dev"], n.get("lladdr"), n["state"][0], "router" in n) for n in ip(family, "neigh")}
        ours = {neighbour_of(row) for row in table(t, "--neighbours", family)}
        assert ours == theirs, (ours, theirs)
        theirs |= {(n["dst"], n["dev"], n.get("lladdr"), "NOARP", False) for n in ip(family, "neigh", "show", "nud", "noarp")}
        assert {neighbour_of(row) for row in table(t, "--neighbors", family, "-a")} == theirs
    rows = {row["address"]: row for row in table(t, "--neighbours")}
    assert rows["2001:db8::50"]["router"] and 0 <= rows["2001:db8::50"]["confirmed_ms"] < 60000, rows
    assert rows["192.0.2.52"]["confirmed_ms"] is None and rows["192.0.2.50"]["confirmed_ms"] is None, rows
    assert {(row["host"], row["pid"], row["index"]) for row in rows.values()} == \
        {("kernel", None, socket.if_nametoindex("v0"))}, rows


def test_neighbours_for_people(t):
    lines = t.netstat("--neighbours", "-n").splitlines()
    assert lines[0] == "Kernel Neighbour table", lines
    assert lines[1].split() == ["Address", "HWaddress", "State", "Flags", "Confirmed", "Iface"], lines
    assert ["192.0.2.50", "02:00:00:00:00:50", "PERMANENT", "-", "v0"] in [line.split() for line in lines], lines
    assert max(len(line) for line in lines) <= 80, lines


# ---- counters ----

def nstat():
    done = subprocess.run(["nstat", "-asz", "-j"], capture_output=True, check=True, timeout=bed.PATIENCE)
    return json.loads(done.stdout)["kernel"]


def test_counters(t):
    with socket.create_server(("127.0.0.1", 8080)) as server:
        with socket.create_connection(server.getsockname()), server.accept()[0]:
            pass
    try:
        before = nstat()
    except FileNotFoundError as error:
        raise bed.Skip("nstat is not installed") from error
    ours = {row["group"] + row["name"]: row["value"] for row in table(t, "-s") if row["host"] == "kernel"}
    after = nstat()
    common = before.keys() & ours.keys() & after.keys()
    assert len(common) >= 100, sorted(common)
    wrong = [name for name in common if not before[name] <= ours[name] <= after[name]]
    assert not wrong, [(name, before[name], ours[name], after[name]) for name in wrong]
    assert ours["TcpActiveOpens"] >= 1 and "Ip6InReceives" in ours


def test_counters_for_people(t):
    text = t.netstat("-s")
    assert "Tcp:" in text.splitlines(), text
    assert not [line for line in text.splitlines() if line.split()[:1] == ["0"]], text
    assert [line for line in t.netstat("-sa").splitlines() if line.split()[:1] == ["0"]]
    assert "connections that this machine opened" in text, text
    assert max(len(line) for line in text.splitlines()) <= 80, text


def test_counters_of_some(t):
    assert {row["group"] for row in table(t, "-st")} >= {"Tcp", "TcpExt"}
    assert not {row["group"] for row in table(t, "-st")} & {"Udp", "Ip", "Icmp"}
    assert {row["group"] for row in table(t, "-su")} >= {"Udp", "Udp6"}
    assert not {row["group"] for row in table(t, "-su")} & {"Tcp", "Ip"}


# ---- all namespaces ----

HOLDER = """
import socket, sys
s = socket.create_server(("0.0.0.0", 4711))
print("ready", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def elsewhere():
    """A process that listens in a network namespace of its own."""
    command = ["unshare", "-n", sys.executable, "-c", HOLDER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()


def test_all_namespaces(t):
    with elsewhere() as process, socket.create_server(("0.0.0.0", 4711)):
        assert len(t.rows("-lt", "sport 4711")) == 1
        rows = t.rows("-lt", "--all-netns", "sport 4711")
        assert len(rows) == 2, rows
        assert sorted(row["namespace"] or "" for row in rows) == ["", f"pid:{process.pid}"], rows


if __name__ == "__main__":
    try:
        bed.main(*SETUP)
    except (OSError, subprocess.CalledProcessError) as trouble:
        print(f"1..0 # SKIP no interfaces and routes to look at: {trouble}")
