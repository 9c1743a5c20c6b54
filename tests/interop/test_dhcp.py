#!/usr/bin/env python3
"""A host whose address comes by DHCP, opposite Debian's servers: test_dhcp.py BERTH

The servers are dnsmasq and busybox's udhcpd. What the host says of itself, what the server says of the host, what curl
gets, and what Wireshark's dissector finds on the wire must agree."""
import contextlib
import json
import os
import signal
import subprocess

import wire

LINK = ["--link", "tap:tap0", "--address", "dhcp"]
PC = wire.BED[4][0]


class Server:
    """dnsmasq on tap0 or another device: `log` is what it says."""

    def __init__(self, t, *options, addresses="192.168.1.50,192.168.1.59", device="tap0"):
        wire.need("dnsmasq")
        self.file = t.path("dnsmasq.log")
        self.leases = t.path("dnsmasq.leases")
        self.options = ["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--user=root", "--port=0",
                        f"--interface={device}", "--bind-interfaces", "--no-ping", "--dhcp-sequential-ip",
                        f"--dhcp-leasefile={self.leases}", f"--dhcp-range={addresses},2m", *options]

    def __enter__(self):
        # What another one has said before stays.
        with open(self.file, "ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen(self.options, stdin=subprocess.DEVNULL, stderr=log)
        wire.wait_for(lambda: b"sockets bound" in self.log()[begin:], "dnsmasq")
        return self

    def __exit__(self, *_):
        self.kill()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def log(self):
        with open(self.file, "rb") as f:
            return f.read()

    def count(self, word):
        """How many messages of this kind there have been, of the server or the client: DHCPACK..."""
        return self.log().count(word.encode() + b"(")

    def wait(self, word, n=1):
        wire.wait_for(lambda: self.count(word) >= n, f"{n} {word}")


def forget(t):
    for name in ("dnsmasq.log", "dnsmasq.leases", "udhcpd.leases", "wire.pcap"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(t.path(name))


def serve(t, *options):
    """A host with a web server and a capture."""
    t.file("www/small.txt", b"small" * 100)
    return t.running("serve", "--http", "80:" + t.path("www"), "--name", "web", "--pcap", t.path("wire.pcap"), *options,
                     link=LINK, ready="http://")


def netstat(t, *options):
    done = t.run(t.berth, "netstat", *options, "--host", "web", "--json")
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def eth0(t):
    [row] = [row for row in netstat(t, "-i") if row["interface"] == "eth0"]
    return row


def addresses(t):
    """Those of DHCP, in use."""
    return [a["address"] for a in eth0(t)["address_info"] if a["origin"] == "dhcp" and a["state"] == "preferred"]


def counter(t, name):
    [value] = [c["value"] for c in netstat(t, "-s") if c["name"] == name]
    return value


def get(t, address):
    r = t.curl("-m", str(wire.PATIENCE), f"http://{address}/small.txt")
    return r.stdout == b"small" * 100


def on_the_wire(t, what, *fields):
    """The lines of the fields of the packets that are so."""
    wire.need("tshark")
    r = t.run(*wire.TSHARK, "-r", t.path("wire.pcap"), "-Y", what, "-T", "fields",
              *[word for field in fields or ("frame.number",) for word in ("-e", field)])
    assert r.returncode == 0, r.stderr
    return r.stdout.decode().splitlines()


def check_wire(t):
    assert on_the_wire(t, wire.WRONG) == [], on_the_wire(t, wire.WRONG, "frame.number", "_ws.expert.message")
    assert on_the_wire(t, "dhcp") != []


OPTIONS = ["--domain=example.test", "--dhcp-option=option:dns-server,192.168.1.5,192.168.1.6",
           "--dhcp-option=option:mtu,1400", "--dhcp-option=option:router,192.168.1.5"]


@wire.only(4)
def test_a_lease(t):
    forget(t)
    with Server(t, *OPTIONS) as server:
        with serve(t) as process:
            [address] = addresses(t)
            assert address == "192.168.1.50", address
            assert get(t, address)
            row = eth0(t)
            assert row["mtu"] == 1400, row
            [info] = [a for a in row["address_info"] if a["address"] == address]
            assert info["prefix_length"] == 24 and 60_000 < info["valid_ms"] <= 120_000, info
            [default] = [r for r in netstat(t, "-r4") if r["prefix_length"] == 0]
            assert (default["gateway"], default["protocol"], default["interface"]) == (PC, "dhcp", "eth0"), default
            with open(server.leases, encoding="ascii") as f:
                lease = f.read().split()
            assert lease[2:4] == [address, "web"] and lease[4].startswith("ff:"), lease
            # So much is asked for as the MTU of the way says, and not more.
            r = t.run("ping", "-4", "-n", "-c", "1", "-s", "1372", "-M", "do", address)
            assert r.returncode == 0, r
            assert server.count("DHCPRELEASE") == 0
            wire.wait_for(lambda: counter(t, "acd_announcements_out") == 2, "the second announcement")
            assert wire.stop(process) == 0
        server.wait("DHCPRELEASE")
        # The first answer may be lost: a device that has just come up carries nothing for a moment.
        assert (server.count("DHCPREQUEST"), server.count("DHCPACK")) == (1, 1), server.log().decode()
        with open(server.leases, encoding="ascii") as f:
            assert f.read() == ""
    check_wire(t)
    # To all and from nobody, until there is an address; and that was asked for three times first.
    asked = on_the_wire(t, "dhcp.type == 1 && dhcp.option.dhcp != 7", "ip.src", "ip.dst", "eth.dst")
    assert len(asked) >= 2 and set(asked) == {"0.0.0.0\t255.255.255.255\tff:ff:ff:ff:ff:ff"}, asked
    assert on_the_wire(t, "dhcp.option.dhcp == 7", "ip.src", "ip.dst", "dhcp.ip.client") == \
        [f"192.168.1.50\t{PC}\t192.168.1.50"]
    assert len(on_the_wire(t, "arp.isprobe == 1 && arp.dst.proto_ipv4 == 192.168.1.50")) == 3
    assert len(on_the_wire(t, "arp.isannouncement == 1 && arp.src.proto_ipv4 == 192.168.1.50")) == 2


@wire.only(4)
def test_the_same_again(t):
    """A host with another MAC address is another client; dnsmasq gives what is free."""
    forget(t)
    with Server(t, *OPTIONS):
        for _ in range(2):
            with serve(t) as process:
                assert addresses(t) == ["192.168.1.50"]
                assert wire.stop(process, signal.SIGTERM) == 0


@wire.only(4)
def test_routes_and_domains(t):
    forget(t)
    with Server(t, *OPTIONS, "--dhcp-option=121,10.1.0.0/16,192.168.1.9,0.0.0.0/0,192.168.1.8",
                "--dhcp-option=option:domain-search,eng.example.test,example.test"):
        with serve(t) as process:
            rows = {f"{r['destination']}/{r['prefix_length']}": r for r in netstat(t, "-r4") if r["protocol"] == "dhcp"}
            assert {k: r["gateway"] for k, r in rows.items()} == \
                {"10.1.0.0/16": "192.168.1.9", "0.0.0.0/0": "192.168.1.8"}, rows
            assert wire.stop(process) == 0
    check_wire(t)


@wire.only(4)
def test_renewed(t):
    forget(t)
    with Server(t, *OPTIONS, "--dhcp-option=option:T1,3", "--dhcp-option=option:T2,60") as server:
        with serve(t) as process:
            [address] = addresses(t)
            server.wait("DHCPACK", 4)
            assert addresses(t) == [address] and get(t, address)
            assert process.poll() is None and server.count("DHCPDISCOVER") == 1
            assert wire.stop(process) == 0
    check_wire(t)
    renewals = on_the_wire(t, "dhcp.option.dhcp == 3 && dhcp.ip.client != 0.0.0.0", "ip.src", "ip.dst")
    assert len(renewals) >= 3 and set(renewals) == {f"{address}\t{PC}"}, renewals


@wire.only(4)
def test_a_server_that_comes_back(t):
    """It does not answer at T1, so at T2 all servers are asked; the address is used all the time."""
    forget(t)
    options = (*OPTIONS, "--dhcp-option=option:T1,3", "--dhcp-option=option:T2,6")
    with Server(t, *options) as server, serve(t) as process:
        [address] = addresses(t)
        server.kill()
        wire.wait_for(lambda: counter(t, "dhcp_requests_out") == 2, "a request at T1")
        with Server(t, *options) as server:
            server.wait("DHCPACK", 2)
            assert addresses(t) == [address] and get(t, address)
            assert server.count("DHCPDISCOVER") == 1
            assert wire.stop(process) == 0
    check_wire(t)
    extended = on_the_wire(t, "!icmp && dhcp.option.dhcp == 3 && dhcp.ip.client != 0.0.0.0", "ip.dst")
    assert extended[:2] == [PC, "255.255.255.255"], extended


@wire.only(4)
def test_a_server_that_refuses(t):
    """Another network: the address goes, another one comes, and the host is reached there."""
    forget(t)
    with Server(t, *OPTIONS, "--dhcp-option=option:T1,3") as server, serve(t) as process:
        [first] = addresses(t)
        server.kill()
        os.unlink(server.leases)
        with Server(t, *OPTIONS, "--dhcp-authoritative", addresses="192.168.1.70,192.168.1.79") as server:
            server.wait("DHCPNAK")
            wire.wait_for(lambda: addresses(t) == ["192.168.1.70"], "another address")
            assert first == "192.168.1.50" and get(t, "192.168.1.70")
            assert wire.stop(process) == 0
    check_wire(t)


@wire.only(4)
def test_a_conflict(t):
    """Another station has what the server gives: it is declined, and another address taken."""
    forget(t)
    wire.command("ip link add br0 type bridge")
    wire.command("ip address flush dev tap0")
    wire.command("ip address add 192.168.1.5/24 dev br0")
    try:
        with wire.Namespace() as other:
            other.cable("cable0", "eth0")
            other("ip address add 192.168.1.50/24 dev eth0")
            other("ip link set eth0 up")
            for device in ("tap0", "cable0"):
                wire.command(f"ip link set {device} master br0")
            wire.command("ip link set cable0 up")
            wire.command("ip link set br0 up")
            with Server(t, *OPTIONS, device="br0") as server:
                with serve(t) as process:
                    assert addresses(t) == ["192.168.1.51"] and get(t, "192.168.1.51")
                    assert b"192.168.1.50 is in use by another station" in process.talk, process.talk
                    assert server.count("DHCPDECLINE") == 1
                    assert wire.stop(process) == 0
        check_wire(t)
        assert on_the_wire(t, "ip.src == 192.168.1.50 || arp.src.proto_ipv4 == 192.168.1.50 && arp.opcode == 1") == []
    finally:
        wire.command("ip link del br0")
        wire.command("ip address add 192.168.1.5/24 dev tap0")


UDHCPD = """start 192.168.1.60
end 192.168.1.69
interface tap0
lease_file {leases}
pidfile {pid}
option subnet 255.255.255.0
option router 192.168.1.5
option dns 192.168.1.5
option domain example.test
option lease 120
"""


@wire.only(4)
def test_busybox(t):
    forget(t)
    wire.need("busybox")
    applets = t.run("busybox", "--list")
    if b"udhcpd" not in applets.stdout.split():
        raise wire.Skip("busybox has no udhcpd here")
    leases, pid = t.file("udhcpd.leases", b""), t.path("udhcpd.pid")
    config = t.file("udhcpd.conf", UDHCPD.format(leases=leases, pid=pid).encode())
    server = subprocess.Popen(["busybox", "udhcpd", "-f", config], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with serve(t) as process:
            [address] = addresses(t)
            assert address.startswith("192.168.1.6") and get(t, address), address
            assert wire.stop(process) == 0
    finally:
        server.kill()
        server.wait()
    check_wire(t)
    assert len(on_the_wire(t, "dhcp.option.dhcp == 7")) == 1


@wire.only(4)
def test_an_address_by_hand_that_is_taken(t):
    """The kernel has it: the host says so and does not take it."""
    forget(t)
    r = t.run(t.berth, "serve", "--link", "tap:tap0", "--address", PC + "/24", "--echo", "7", "--pcap",
              t.path("wire.pcap"))
    assert r.returncode == 3 and f"{PC} is in use by another station".encode() in r.stderr, r
    assert on_the_wire(t, f"arp.src.proto_ipv4 == {PC} && arp.opcode == 1") == []


@wire.only(4)
def test_a_second_host_with_the_address(t):
    """The other way round: the host has it, and says so to whoever probes for it."""
    wire.need("busybox")
    with wire.Namespace() as other:
        other.cable("cable0", "eth0")
        wire.command("ip link add br0 type bridge")
        try:
            for device in ("tap0", "cable0"):
                wire.command(f"ip link set {device} master br0")
            for device in ("br0", "cable0"):
                wire.command(f"ip link set {device} up")
            other("ip link set eth0 up")
            with t.running("serve", "--echo", "7", "--name", "web", ready="echo at"):
                # 1: somebody has it.
                wire.wait_for(lambda: t.run(*other.command(
                    f"busybox arping -D -q -c 1 -w 2 -I eth0 {t.host}")).returncode == 1, "a reply to the probe")
                free = t.run(*other.command("busybox arping -D -q -c 1 -w 2 -I eth0 192.168.1.77"))
                assert free.returncode == 0, free
                assert counter(t, "arp_conflicts") == 0
        finally:
            wire.command("ip link del br0")


@wire.only(4)
def test_nobody_there(t):
    forget(t)
    r = t.run(t.berth, "serve", *LINK, "--echo", "7")
    assert r.returncode == 3 and b"no DHCP server" in r.stderr and r.stderr.count(b"\n") == 1, r


wire.main()
