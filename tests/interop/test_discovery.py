#!/usr/bin/env python3
"""A host that finds out by itself what it is, beside radvd, the kernel and ndisc6: test_discovery.py AUTO_HOST"""
import contextlib
import ipaddress
import json
import queue
import subprocess
import threading

import wire

MAC = "02:62:65:72:74:68"
PREFIX = ipaddress.ip_network("2001:db8:1::/64")
LINK_LOCAL = ipaddress.ip_network("fe80::/64")
RADVD = """interface tap0 {
    AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvDefaultLifetime 9000;
    AdvLinkMTU 1400; AdvCurHopLimit 63;
    prefix 2001:db8:1::/64 { AdvValidLifetime 86400; AdvPreferredLifetime 14400; };
    route 2001:db8:2::/48 { AdvRouteLifetime 600; };
    RDNSS 2001:db8:1::53 { AdvRDNSSLifetime 1200; };
    DNSSL example.test sub.example.test { AdvDNSSLLifetime 1200; };
};
"""


class Host:
    """A running auto_host, and the lines that it has said."""

    def __init__(self, t, secret, *addresses):
        self.capture = t.path("discovery.pcap")
        self.process = subprocess.Popen(
            [t.berth, "tap0", self.capture, str(secret), *addresses],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self.lines = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            self.lines.put(line.split())

    def hear(self, word, network=None):
        """The next line that begins with this word, about an address in the network; its other words."""
        while True:
            said = self.lines.get(timeout=wire.PATIENCE)
            if said[0] == word and (not network or ipaddress.ip_interface(said[1]).ip in network):
                return said[1:]

    def address(self, network):
        """The one that is ready in this network."""
        return str(ipaddress.ip_interface(self.hear("ready", network)[0]).ip)

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(wire.PATIENCE) == 0


@contextlib.contextmanager
def host(t, *arguments):
    """One on tap0; when it has ended, tshark finds nothing wrong with what was said."""
    h = Host(t, *arguments)
    try:
        yield h
        h.end()
        check_capture(t, h.capture)
    finally:
        if h.process.poll() is None:
            h.process.kill()
            h.process.wait()


def check_capture(t, path):
    wire.need("tshark")
    bad = f"{wire.WRONG} || (icmpv6.type in {{133..137}} && ipv6.hlim != 255)"
    found = t.run(*wire.TSHARK, "-r", path, "-Y", bad)
    assert found.returncode == 0 and not found.stdout, found.stdout.decode() + found.stderr.decode()


def count(t, path, filter_text):
    found = t.run(*wire.TSHARK, "-r", path, "-Y", f"eth.src == {MAC} && {filter_text}")
    assert found.returncode == 0, found.stderr.decode()
    return len(found.stdout.splitlines())


@contextlib.contextmanager
def radvd(t):
    """The kernel is a router and says so."""
    wire.need("radvd")
    wire.forward()
    wire.command("ip address replace 2001:db8:1::1/64 dev tap0 nodad")
    config = t.file("radvd.conf", RADVD.encode())
    process = subprocess.Popen(
        ["radvd", "-n", "-C", config, "-p", t.path("radvd.pid"), "-m", "stderr"], stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            wire.stop(process)


def of_tap0(what, *words):
    """What ip says of tap0, as JSON."""
    said = subprocess.run(["ip", "-j", *words, "show", "dev", "tap0"], capture_output=True, check=True)
    return json.loads(said.stdout)[0][what]


def router_address():
    """The kernel's link-local address on tap0."""
    addresses = of_tap0("addr_info", "-6", "address")
    return next(a["local"] for a in addresses if a["scope"] == "link")


@wire.once
def test_addresses_and_router(t):
    """All that radvd advertises, and the kernel reaches what the host has made of it."""
    with radvd(t) as router, host(t, 1) as h:
        link_local = h.address(LINK_LOCAL)
        address = h.address(PREFIX)
        assert address.split(":")[4:] != link_local.split(":")[2:], "one identifier in two networks"
        assert t.run("ping", "-6", "-n", "-c3", "-i0.2", address).returncode == 0
        assert t.run("ping", "-6", "-n", "-c1", "-s", "3000", f"{link_local}%tap0").returncode == 0
        # radvd takes itself back when it ends.
        wire.stop(router)
        gone = h.hear("router-gone")[0]
        assert gone.split("%", maxsplit=1)[0] == router_address(), gone
    assert count(t, h.capture, "icmpv6.type == 133") > 0
    # The MTU of the link is the router's; so is the hop limit.
    assert count(t, h.capture, "ipv6.fraghdr.more == 1 && ipv6.plen > 1360") == 0
    assert count(t, h.capture, "ipv6.fraghdr && ipv6.hlim == 63") > 0


@wire.once
def test_names(t):
    with radvd(t), host(t, 1) as h:
        said = h.hear("dns")
        while len(said) < 4:
            said = h.hear("dns")
        assert said == ["2001:db8:1::53", "domains", "example.test", "sub.example.test"], said


@wire.once
def test_stable(t):
    """The same address for the same secret, and another one for another (RFC 7217)."""
    with radvd(t):
        seen = []
        for secret in (1, 1, 2):
            with host(t, secret) as h:
                seen.append(h.address(PREFIX))
    assert seen[0] == seen[1] != seen[2], seen


@wire.once
def test_found_by_ndisc6(t):
    wire.need("ndisc6")
    with host(t, 1, "fd00::7/64") as h:
        h.hear("ready", ipaddress.ip_network("fd00::7/128"))
        found = t.run("ndisc6", "-1", "fd00::7", "tap0")
        assert MAC.encode().upper() in found.stdout.upper(), found
        assert t.run("ndisc6", "-1", "-r1", "-w500", "fd00::8", "tap0").returncode != 0


@wire.once
def test_kernel_has_the_address(t):
    """The host says so and does not take it; the kernel keeps it."""
    mac = of_tap0("address", "link")
    with host(t, 1, "fd00::5/64", "fd00::7/64") as h:
        assert h.hear("duplicate")[:2] == ["fd00::5/64", mac]
        h.hear("ready", ipaddress.ip_network("fd00::7/128"))
        assert t.run("ping", "-6", "-n", "-c1", "-I", "fd00::5", "fd00::7").returncode == 0
    assert count(t, h.capture, "ipv6.src == fd00::5") == 0


@wire.once
def test_host_has_the_address(t):
    """The kernel asks, and hears that it is taken."""
    wire.sysctl("net/ipv6/conf/tap0/accept_dad", 1)
    wire.sysctl("net/ipv6/conf/tap0/dad_transmits", 1)
    try:
        with host(t, 1, "fd00::7/64") as h:
            h.hear("ready", ipaddress.ip_network("fd00::7/128"))
            wire.command("ip address add fd00::7/64 dev tap0")
            failed = ["ip", "-6", "address", "show", "dev", "tap0", "dadfailed"]
            wire.wait_for(lambda: b"fd00::7" in t.run(*failed).stdout, "the kernel gives the address up")
            wire.command("ip address del fd00::7/64 dev tap0")
            assert t.run("ping", "-6", "-n", "-c1", "fd00::7").returncode == 0
    finally:
        wire.sysctl("net/ipv6/conf/tap0/accept_dad", 0)
        wire.sysctl("net/ipv6/conf/tap0/dad_transmits", 0)


if __name__ == "__main__":
    wire.main()
