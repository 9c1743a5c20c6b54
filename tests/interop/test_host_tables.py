#!/usr/bin/env python3
"""What a host says of its interfaces, addresses, routes, neighbours, servers of names and counters, beside what the
kernel at the other end of the TAP device says of the same: test_host_tables.py BERTH"""
import ipaddress
import json
import subprocess

import wire


def table(t, *arguments):
    done = t.run(t.berth, "netstat", *arguments, "--host", "web", "--json")
    assert done.returncode == 0 and not done.stderr, done
    return json.loads(done.stdout)


def ip(*arguments):
    done = subprocess.run(["ip", "-j", "-s", *arguments], capture_output=True, check=True, timeout=wire.PATIENCE)
    return json.loads(done.stdout)


def serve(t, *arguments):
    return t.running("serve", "--echo", "7", "--name", "web", *arguments, ready="echo at")


def talk(t):
    with t.connect(7) as c:
        c.sendall(b"hello")
        assert c.recv(5) == b"hello"


def test_interfaces(t):
    with serve(t) as process:
        before = ip("link", "show", "tap0")[0]
        talk(t)
        rows = {row["interface"]: row for row in table(t, "-i")}
        link, after = rows.pop("eth0"), ip("link", "show", "tap0")[0]
        assert set(rows) == {"lo"} and rows["lo"]["flags"] == "LRU", rows
        assert (link["host"], link["pid"], link["index"], link["mtu"]) == ("web", process.pid, 1, before["mtu"]), link
        assert (link["state"], link["flags"]) == ("up", "BMRU"), link
        # What the kernel has sent there, the host has received, and the other way round.
        assert 3 <= link["rx_packets"] <= after["stats64"]["tx"]["packets"], (link, after)
        assert 3 <= link["tx_packets"] <= after["stats64"]["rx"]["packets"], (link, after)
        assert link["rx_bytes"] >= 3 * 54 and link["tx_bytes"] >= 3 * 54, link
        [mine] = [one for one in link["address_info"] if one["address"] == t.host]
        assert mine == {"address": t.host, "prefix_length": t.prefix, "state": "preferred", "origin": "static",
                        "valid_ms": None, "preferred_ms": None}, mine
        text = t.run(t.berth, "netstat", "-i").stdout.decode()
        lines = [line.split() for line in text.splitlines()]
        assert any(line[:1] == ["eth0"] and line[-1:] == ["web"] for line in lines), text
        assert any(line[:1] == ["tap0"] and line[-1:] == ["kernel"] for line in lines), text
        assert [f"{t.host}/{t.prefix}", "preferred", "static", "-", "-", "eth0", "web"] in lines, text
        assert max(len(line) for line in text.splitlines()) <= 80, text


def test_servers_of_names(t):
    with serve(t, "--dns", t.pc, "--dns", "fe80::53%eth0", "--dns", "192.0.2.53"):
        servers = [{"server": t.pc, "interface": None, "origin": "static", "expires_ms": None},
                   {"server": "fe80::53", "interface": "eth0", "origin": "static", "expires_ms": None},
                   {"server": "192.0.2.53", "interface": None, "origin": "static", "expires_ms": None}]
        rows = table(t, "-i")
        assert [(row["name_servers"], row["search_domains"]) for row in rows] == [(servers, []), (servers, [])], rows
        mine = [one for one in servers if (":" in one["server"]) == (t.family == 6)]
        assert [row["name_servers"] for row in table(t, f"-i{t.family}")] == [mine, mine]
        everybody = json.loads(t.run(t.berth, "netstat", "-i", "--json").stdout)
        assert {row["name_servers"] is None for row in everybody if row["host"] == "kernel"} == {True}, everybody
        text = t.run(t.berth, "netstat", "-i").stdout.decode()
        lines = [line.split() for line in text.splitlines()]
        at = lines.index(["Servers", "of", "names"])
        assert lines[at + 1:] == [["Server", "Origin", "Expires", "Iface", "Host"],
                                  [t.pc, "static", "-", "-", "web"],
                                  ["fe80::53", "static", "-", "eth0", "web"],
                                  ["192.0.2.53", "static", "-", "-", "web"]], text
        assert max(len(line) for line in text.splitlines()) <= 80, text


def test_no_servers_of_names(t):
    with serve(t):
        assert {str(row[key]) for row in table(t, "-i") for key in ("name_servers", "search_domains")} == {"[]"}
        text = t.run(t.berth, "netstat", "-i").stdout.decode()
        assert "web" in text and "Servers" not in text and "Search" not in text, text


def test_routes(t):
    with serve(t, "--gateway", t.pc):
        rows = [row for row in table(t, f"-r{t.family}") if row["interface"] == "eth0"]
        [default] = [row for row in rows if row["prefix_length"] == 0]
        assert (default["gateway"], default["flags"], default["protocol"]) == (t.pc, "UG", "static"), default
        network = ipaddress.ip_network(f"{t.host}/{t.prefix}", strict=False)
        [network] = [row for row in rows if f"{row['destination']}/{row['prefix_length']}" == str(network)]
        assert network["protocol"] == "kernel", network
        assert (network["gateway"], network["flags"]) == (None, "U"), network
        text = t.run(t.berth, "netstat", "-rn").stdout.decode()
        assert any(t.pc in line and line.split()[-1] == "web" for line in text.splitlines()), text
        assert any(line.split()[-1:] == ["kernel"] for line in text.splitlines()), text


def test_groups(t):
    with serve(t):
        rows = {(row["interface"], row["group"], row["users"]) for row in table(t, f"-g{t.family}")}
        everybody = "224.0.0.1" if t.family == 4 else "ff02::1"
        assert {("lo", everybody, 1), ("eth0", everybody, 1)} <= rows, rows
        if t.family == 6:
            solicited = "ff02::1:ff00:" + t.host.rsplit(":", 1)[1]
            assert {users for interface, group, users in rows if (interface, group) == ("eth0", solicited)}, rows


def test_neighbours(t):
    with serve(t):
        talk(t)
        [link] = [row for row in table(t, "-i") if row["index"] == 1]
        [row] = [row for row in table(t, "--neighbours", f"-{t.family}") if row["address"] == t.pc]
        assert row["hardware_address"] == ip("link", "show", "tap0")[0]["address"], row
        assert (row["interface"], row["index"]) == ("eth0", 1) and row["state"] in ("REACHABLE", "STALE", "DELAY"), row
        # The other way round, in the same list.
        everybody = json.loads(t.run(t.berth, "netstat", "--neighbours", "--json").stdout)
        [kernel] = [row for row in everybody if (row["host"], row["address"]) == ("kernel", t.host)]
        assert (kernel["hardware_address"], kernel["interface"]) == (link["hardware_address"], "tap0"), kernel
        text = t.run(t.berth, "netstat", "--neighbours").stdout.decode()
        assert {line.split()[-1] for line in text.splitlines()[2:]} == {"web", "kernel"}, text


def test_counters(t):
    """What is the other family's alone is not there, and what both have is."""
    both, raw4, six = {"eth", "neighbour", "memory", "tcp", "udp"}, {"ip", "icmp", "igmp"}, {"nd", "ip6", "icmp6", "mld"}
    four = raw4 | {"arp", "acd", "dhcp"}
    groups = {"": both | four | six, "t": {"tcp"}, "u": {"udp"}, "w": raw4 | six, "4": both | four, "6": both | six,
              "tu4": {"tcp", "udp"}, "w6": six}
    with serve(t):
        talk(t)
        for options, wanted in groups.items():
            rows = table(t, "-s" + options)
            assert {row["group"] for row in rows} == wanted, options
        counters = {row["name"]: row["value"] for row in table(t, f"-s{t.family}")}
        mine, other = ("ip", "ip6") if t.family == 4 else ("ip6", "ip")
        assert counters[mine + "_packets_in"] >= 3 and counters["tcp_segments_in"] >= 3, counters
        assert other + "_packets_in" not in counters, counters


def test_a_station_that_is_not_there(t):
    nobody = {4: t.host.rsplit(".", 1)[0] + ".99", 6: t.host.rsplit(":", 1)[0] + ":99"}[t.family]
    with t.running("nc", "--name", "web", "-w", "5", nobody, "80"):
        wire.wait_for(lambda: [row for row in json.loads(t.run(t.berth, "netstat", "--neighbours", "--host", "web",
                                                               "--json").stdout or b"[]")
                               if (row["address"], row["state"], row["hardware_address"]) ==
                               (nobody, "INCOMPLETE", None)], "an entry that nobody has answered")


if __name__ == "__main__":
    wire.main()
