#!/usr/bin/env python3
"""Hosts that find their addresses: what radvd advertises, with and without dnsmasq's DHCP beside it, and addresses that
somebody has already: test_radvd.py BERTH"""
import contextlib
import ipaddress
import json
import os
import pty
import re
import signal
import socket
import subprocess
import threading

import wire

PREFIX = ipaddress.ip_network("fd00:1::/64")
OTHER = ipaddress.ip_network("fd00:2::/64")
# Of the kernel, in no network of the link's.
FAR = "fd00:9::1"
INTERFACE = """interface tap0 {{
	AdvSendAdvert on;
	MinRtrAdvInterval 3;
	MaxRtrAdvInterval 4;
	AdvDefaultLifetime 600;
	AdvLinkMTU 1400;
	AdvCurHopLimit 50;
{}	RDNSS fd00:1::53 {{ AdvRDNSSLifetime 300; }};
	DNSSL example.test {{ AdvDNSSLLifetime 300; }};
}};
"""


def prefix(network, preferred=600):
    return f"	prefix {network} {{ AdvValidLifetime 1200; AdvPreferredLifetime {preferred}; }};\n"


class Router:
    """radvd on the kernel's side."""

    def __init__(self, t, *prefixes):
        self.path = t.path("radvd.conf")
        self.write(*prefixes)
        log = t.path("radvd.log")
        self.process = subprocess.Popen(["radvd", "-n", "-C", self.path, "-p", t.path("radvd.pid"), "-m", "logfile",
                                         "-l", log], stderr=subprocess.DEVNULL)
        wire.wait_for(lambda: os.path.exists(log) and os.path.getsize(log), "radvd")

    def write(self, *prefixes):
        with open(self.path, "w", encoding="ascii") as f:
            f.write(INTERFACE.format("".join(prefixes)))

    def advertise(self, *prefixes):
        """From now on these."""
        self.write(*prefixes)
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        """It says that it is a router no longer."""
        self.process.terminate()
        self.process.wait()


@contextlib.contextmanager
def radvd(t, *prefixes):
    wire.need("radvd")
    wire.forward()
    for address, device in ((f"{FAR}/128", "lo"), (f"{PREFIX[1]}/64", "tap0"), (f"{OTHER[1]}/64", "tap0")):
        subprocess.run(["ip", "address", "replace", address, "dev", device, "nodad"], check=True)
    router = Router(t, *(prefixes or [prefix(PREFIX)]))
    try:
        yield router
    finally:
        router.stop()


def dhcp(t):
    return wire.dnsmasq("--port=0", "--no-ping", "--dhcp-range=192.168.1.100,192.168.1.110,255.255.255.0,120",
                        "--dhcp-leasefile=" + t.path("leases"), ready="sockets bound")


def auto(t, *arguments):
    return t.running("serve", "--echo", "7", "--pcap", t.path("capture"), "--address", "auto", *arguments,
                     link=["--link", "tap:tap0"], ready="echo at")


def told(process):
    """The addresses that it has told of, as the talk goes."""
    found = re.findall(r"echo at \[?([0-9a-f.:]+?)\]?:7, tcp", process.talk.decode())
    return [ipaddress.ip_address(one) for one in found]


def read_on(process):
    """What it says beyond the first line, from now on."""

    def read():
        with contextlib.suppress(ValueError):
            for line in process.stderr:
                process.talk += line

    threading.Thread(target=read, daemon=True).start()


def table(t, *arguments):
    done = t.run(t.berth, "netstat", *arguments, "--host", "serve", "--json")
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def addresses(t):
    """{address: state} of those that routers and DHCP have brought."""
    [eth0] = [row for row in table(t, "-i") if row["interface"] == "eth0"]
    return {ipaddress.ip_address(a["address"]): a["state"] for a in eth0["address_info"]
            if a["origin"] in ("router", "dhcp")}


def of(network, found):
    return [address for address in found if address in network]


def gateways(t):
    return [row["gateway"] for row in table(t, "-r6") if row["prefix_length"] == 0 and row["interface"] == "eth0"]


def ip(*arguments):
    done = subprocess.run(["ip", "-j", *arguments], capture_output=True, check=True)
    return next(row for row in json.loads(done.stdout) if row)


def kernel_mac():
    return ip("link", "show", "tap0")["address"]


def snapshot(t, process):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(t.path(f"berth/serve.{process.pid}.sock"))
        return wire.receive_all(s).decode().splitlines()


def echo(address, source=None):
    with socket.create_connection((str(address), 7), timeout=wire.PATIENCE, source_address=source) as c:
        c.sendall(b"hello")
        assert c.recv(5) == b"hello"


@wire.only(6)
def test_what_a_router_advertises(t):
    with radvd(t), auto(t) as process:
        [address] = told(process)
        assert address in PREFIX and addresses(t) == {address: "preferred"}, process.talk
        # RFC 7217: it tells nothing of the MAC address.
        assert address.packed[11:13] != b"\xff\xfe", address
        assert gateways(t)[0].split("%")[0] == wire.link_local() and len(gateways(t)) == 1, gateways(t)
        echo(address)
        # From another network, by way of the router.
        echo(address, (FAR, 0))
        assert t.ping("-c", "1", "-s", "3000", address=str(address)).returncode == 0
        lines = snapshot(t, process)
        assert any(line.startswith("dns ") and "fd00:1::53" in line for line in lines), lines
        assert any(line.startswith("search ") and "example.test" in line for line in lines), lines
        assert wire.stop(process) == 0
    # The MTU and the hop limit are those of the advertisement.
    capture, source = t.path("capture"), f"ipv6.src == {address}"
    assert t.tshark(capture, "-Y", "tcp.flags == 0x012", "-T", "fields", "-e", "tcp.options.mss_val").split()[0] == "1340"
    limits = t.tshark(capture, "-Y", f"{source} && (tcp || icmpv6.type == 129)", "-T", "fields", "-e", "ipv6.hlim")
    assert set(limits.split()) == {"50"}, limits
    assert t.tshark(capture, "-Y", f"{source} && frame.len > 1414") == ""
    t.nothing_wrong(t.path("capture"))


@wire.only(6)
def test_a_prefix_that_is_deprecated(t):
    with radvd(t) as router, auto(t) as process:
        [address] = told(process)
        router.advertise(prefix(PREFIX, preferred=0), prefix(OTHER))
        wire.wait_for(lambda: addresses(t).get(address) == "deprecated" and len(addresses(t)) == 2, "deprecation")
        [other] = of(OTHER, addresses(t))
        wire.wait_for(lambda: addresses(t)[other] == "preferred", "the other address")
        # Conversations that somebody begins go on working, at both.
        echo(address)
        echo(other)
        assert wire.stop(process) == 0
        assert f"note: the host has another address: {other}\n" in process.stderr.read().decode()
    t.nothing_wrong(t.path("capture"))


@wire.only(6)
def test_a_router_that_goes(t):
    with radvd(t) as router, auto(t) as process:
        [address] = told(process)
        assert len(gateways(t)) == 1
        router.stop()
        wire.wait_for(lambda: gateways(t) == [], "the end of the route")
        echo(address)
        assert wire.stop(process) == 0
    t.nothing_wrong(t.path("capture"))


@wire.only(6)
def test_several_prefixes(t):
    with radvd(t, prefix(PREFIX), prefix(OTHER)), auto(t) as process:
        wire.wait_for(lambda: len(addresses(t)) == 2, "two addresses")
        for address in addresses(t):
            echo(address)
        assert len(of(PREFIX, addresses(t))) == len(of(OTHER, addresses(t))) == 1
        assert wire.stop(process) == 0


@wire.once
def test_both_families(t):
    with radvd(t), dhcp(t), auto(t) as process:
        read_on(process)
        wire.wait_for(lambda: len(told(process)) == 2, "two lines")
        assert {address.version for address in told(process)} == {4, 6}, process.talk
        for address in told(process):
            echo(address)
        assert wire.stop(process) == 0
        # It has given back what it had.
        with open(t.path("leases"), encoding="ascii") as f:
            assert "192.168.1.1" not in f.read()
    t.nothing_wrong(t.path("capture"))


@wire.once
def test_dhcp_alone(t):
    """One family goes on when the other does not answer."""
    with dhcp(t), auto(t) as process:
        [address] = told(process)
        assert address.version == 4
        echo(address)
        assert wire.stop(process) == 0


@wire.once
def test_by_hand_and_auto(t):
    """An IPv4 address by hand is in the place of DHCP's."""
    with radvd(t), auto(t, "--address", "192.168.1.7/24") as process:
        read_on(process)
        wire.wait_for(lambda: len(told(process)) == 2, "two lines")
        assert str(told(process)[0]) == "192.168.1.7" and told(process)[1] in PREFIX, process.talk
        assert wire.stop(process) == 0
    assert t.tshark(t.path("capture"), "-Y", "dhcp") == ""


@wire.once
def test_nobody_answers(t):
    for how, who in (("auto", "no router has advertised a network and no DHCP server has given an address"),
                     ("dhcp", "no DHCP server has given an address")):
        r = t.run(t.berth, "serve", "--link", "tap:tap0", "--address", how, "--echo", "7")
        line = f"berth serve: tap0: {who} in 10 s; is one there, and the device up? --address A/P gives one by hand\n"
        assert (r.returncode, r.stderr.decode()) == (3, line), r
        assert r.stdout == b""


@wire.once
def test_progress_on_a_terminal(t):
    """And none of it is left when there is an error to read."""
    master, slave = pty.openpty()
    process = subprocess.Popen([t.berth, "serve", "--link", "tap:tap0", "--address", "dhcp", "--echo", "7"], stderr=slave)
    os.close(slave)
    text = b""
    with contextlib.suppress(OSError):
        while piece := os.read(master, 1000):
            text += piece
    os.close(master)
    assert process.wait(wire.PATIENCE) == 3
    assert b"\rberth serve: waiting for DHCP, 1 s \rberth serve: waiting for DHCP, 1 s " in text, text
    assert b"\r\x1b[Kberth serve: tap0: no DHCP server has given an address" in text, text


@wire.once
def test_interrupted_while_waiting(t):
    process = t.start("serve", "--echo", "7", "--address", "auto", link=["--link", "tap:tap0"])
    wire.wait_for(lambda: t.run("ip", "link", "show", "tap0").stdout.count(b"LOWER_UP"), "the device in use")
    assert wire.stop(process) == 3
    assert process.stderr.read() == b"berth serve: ended by a signal before the host had an address\n"
    process.stdout.close()
    process.stderr.close()


def test_an_address_that_somebody_has(t):
    """The kernel had it first: berth says so, and never speaks from it."""
    r = t.run(t.berth, "serve", "--link", "tap:tap0", "--address", f"{t.pc}/{t.prefix}", "--echo", "7", "--pcap",
              t.path("capture"))
    line = f"berth serve: {t.pc} is in use by another station, {kernel_mac()}; take another address\n"
    assert (r.returncode, r.stderr.decode()) == (3, line), r
    source = f"{'arp.src.proto_ipv4' if t.family == 4 else 'ipv6.src'} == {t.pc} && eth.src != {kernel_mac()}"
    assert t.tshark(t.path("capture"), "-Y", source) == ""
    asked = "arp.isprobe" if t.family == 4 else "icmpv6.type == 135 && ipv6.src == ::"
    assert t.tshark(t.path("capture"), "-Y", f"{asked} && eth.src != {kernel_mac()}") != ""
    t.nothing_wrong(t.path("capture"))


def announce(address):
    """A station that is none claims an IPv4 address by ARP."""
    mac, ip4 = b"\2other", socket.inet_aton(address)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("tap0", 0))
        s.send(b"\xff" * 6 + mac + b"\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01" + mac + ip4 + bytes(6) + ip4)


@wire.only(4)
def test_an_address_that_somebody_takes(t):
    """The first claim is answered, by the second the address is given up (RFC 5227 section 2.4)."""
    with t.running("serve", "--echo", "7", "--pcap", t.path("capture"), ready="echo at") as process:
        announce(t.host)
        wire.wait_for(lambda: t.ping("-c", "1").returncode == 0, "the host")
        announce(t.host)
        assert process.wait(wire.PATIENCE) == 3
        line = f"berth serve: {t.host} is in use by another station, 02:6f:74:68:65:72; take another address\n"
        assert process.stderr.read().decode() == line
    claims = f"arp.isannouncement && arp.src.proto_ipv4 == {t.host} && eth.src != 02:6f:74:68:65:72"
    assert t.tshark(t.path("capture"), "-Y", claims).count("\n") >= 2


wire.main()
