#!/usr/bin/env python3
"""Names, asked of Debian's unbound and dnsmasq, and connecting to them: test_names.py BERTH"""
import contextlib
import re
import socket
import threading

import wire
from wire import TSHARK, WRONG

# Beside the bed's: of unique local addresses RFC 6724 has those of IPv4 tried first.
PC4, HOST4 = wire.BED[4][:2]
PC6, HOST6 = "2001:db8:5::5", "2001:db8:5::7"
PC = {4: PC4, 6: PC6}
LINK = ["--link", "tap:tap0", "--address", f"{HOST4}/24", "--address", f"{HOST6}/64", "--gateway", PC4, "--gateway", PC6]
# Of these networks, and nobody has them.
HOLE4, HOLE6 = "192.168.1.99", "2001:db8:5::99"
HOLE = {4: HOLE4, 6: HOLE6}
# Of networks that are the kernel's as a whole. More addresses than fit a datagram of 512 bytes or 1232.
FAR = [f"198.51.100.{i}" for i in range(1, 101)]
CLOSED = {4: "198.51.100.200", 6: "2001:db8:6::1"}
# name: addresses
NAMES = {
    "pc.test": [PC4, PC6],
    "pc4.test": [PC4],
    "pc6.test": [PC6],
    "hole6.test": [PC4, HOLE6],
    "hole4.test": [HOLE4, PC6],
    "big.test": FAR,
    "_a-b_.test": [PC4, PC6],
}
# unbound does not follow them in a zone of its own.
ALIASES = [("alias.test", "second.test"), ("second.test", "third.test"), ("third.test", "pc.test")]


def network():
    """What the bed has not."""
    for what in (f"address replace {PC6}/64 dev tap0 nodad", "route replace local 198.51.100.0/24 dev lo",
                 "route replace local 2001:db8:6::/64 dev lo"):
        wire.command("ip " + what)


def kind(address):
    return "AAAA" if ":" in address else "A"


def unbound(t, *lines):
    """Knows all of test., and nothing else."""
    network()
    config = [
        "server:", "do-daemonize: no", "use-syslog: no", 'logfile: ""', "verbosity: 1", 'chroot: ""', 'username: ""',
        f'directory: "{t.directory}"', 'pidfile: ""', "module-config: iterator", f"interface: {PC4}", f"interface: {PC6}",
        "access-control: 0.0.0.0/0 allow", "access-control: ::/0 allow", "num-threads: 1", "rrset-roundrobin: no",
        'local-zone: "test." static', 'local-zone: "refused." refuse', 'local-zone: "." static', *lines,
    ]
    for name, addresses in NAMES.items():
        config += [f'local-data: "{name}. 60 IN {kind(a)} {a}"' for a in addresses]
    config.append("remote-control:\ncontrol-enable: no\n")
    path = t.file("unbound.conf", "\n".join(config).encode())
    return wire.server(["unbound", "-d", "-c", path], "start of service")


def dnsmasq(_, *arguments):
    """The same, as far as it goes."""
    network()
    options = ["--port=53", "--local=/test/", *arguments]
    for name, addresses in NAMES.items():
        options += [f"--host-record={name},{a}" for a in addresses]
    options += [f"--cname={name},{to}" for name, to in ALIASES]
    return wire.dnsmasq(*options)


SERVERS = {"unbound": unbound, "dnsmasq": dnsmasq}


@contextlib.contextmanager
def echo():
    """A TCP echo service at the kernel's addresses of both families; its port."""
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    c = server.accept()[0]
                    with c, contextlib.suppress(OSError):
                        while piece := c.recv(65536):
                            c.sendall(piece)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def nc(t, *arguments, before=(), server=None):
    """berth nc of a host of both families, that asks the kernel's server of the test's family."""
    return t.run(*before, t.berth, "nc", *LINK, "--dns", server or PC[t.family], *arguments, input=b"hello")


def answered(r):
    return (r.returncode, r.stdout, r.stderr) == (0, b"hello", b"")


def fields(t, capture, wanted, *names):
    """These fields of the packets that are wanted, a list of each packet."""
    wire.need("tshark")
    options = [word for name in names for word in ("-e", name)]
    r = t.run(*TSHARK, "-r", capture, "-Y", wanted, "-T", "fields", *options)
    assert r.returncode == 0, r.stderr
    return [line.split("\t") for line in r.stdout.decode().splitlines()]


def assert_all_well(t, capture):
    assert fields(t, capture, WRONG, "frame.number", "_ws.col.Info") == []


def captured(t, name, arguments, wanted):
    """How often what is wanted is on the cable while berth nc talks to the name."""
    capture = t.path("capture")
    with echo() as port:
        r = nc(t, "--pcap", capture, *arguments, name, str(port))
    assert answered(r), r
    assert_all_well(t, capture)
    return len(fields(t, capture, wanted, "frame.number"))


def each_server(function):
    """The test, with each of the servers at hand."""

    def test(t):
        for name, server in SERVERS.items():
            with server(t):
                try:
                    function(t)
                except AssertionError as error:
                    raise AssertionError(f"with {name}") from error

    return test


# ---- what is asked, and how it is answered ----


@each_server
def names_of_both_families(t):
    with echo() as port:
        for name in ("pc.test", "pc.test.", "PC.Test", "pc4.test", "pc6.test", "_a-b_.test"):
            r = nc(t, name, str(port))
            assert answered(r), (name, r)


test_names_of_both_families = names_of_both_families


def test_aliases(t):
    with echo() as port, dnsmasq(t):
        assert answered(nc(t, "alias.test", str(port)))


@each_server
def both_questions_at_once(t):
    capture = t.path("capture")
    with echo() as port:
        assert answered(nc(t, "--pcap", capture, "pc.test", str(port)))
    questions = fields(t, capture, "dns.flags.response == 0", "dns.qry.type", "dns.id", "udp.srcport")
    assert sorted(q[0] for q in questions) == ["1", "28"] and questions[0][0] == "28", questions
    assert questions[0][1] != questions[1][1] and int(questions[0][2]) >= 49152, questions
    assert_all_well(t, capture)


test_both_questions_at_once = both_questions_at_once


def test_truncated_answers_over_tcp(t):
    for server in (unbound(t, "max-udp-size: 512"), dnsmasq(t, "--edns-packet-max=512")):
        with server:
            assert captured(t, "pc.test", [], "tcp.port == 53") == 0
            assert captured(t, "big.test", ["-4"], "dns.flags.truncated == 1 && udp") == 1
            assert captured(t, "big.test", ["-4"], "tcp.port == 53 && dns.count.answers > 32") == 1


def test_what_is_not_there(t):
    cases = [
        ("nosuch.test", "no such name"),
        ("nosuch", "no such name"),
        ("x.invalid", "no such name"),
        ("a.refused", "the DNS servers refuse to answer"),
    ]
    with unbound(t):
        for name, text in cases:
            r = nc(t, name, "80")
            assert r.returncode == 3 and r.stdout == b"", r
            assert r.stderr.decode().startswith(f"berth nc: {name}: {text}") and r.stderr.count(b"\n") == 1, r
        r = nc(t, "-6", "pc4.test", "80")
        assert r.returncode == 3 and b"pc4.test: the name has no address" in r.stderr, r
    r = nc(t, "pc.test", "80")
    assert r.returncode == 3 and b"no DNS server could be reached" in r.stderr, r


def test_the_next_server(t):
    with echo() as port, dnsmasq(t):
        for first in (HOLE[t.family], CLOSED[t.family]):
            r = nc(t, "--dns", PC[t.family], "pc.test", str(port), server=first)
            assert answered(r), (first, r)


# ---- happy eyeballs ----


@wire.once
def test_hole_of_ip6(t):
    """A name with both, and nothing comes back over IPv6."""
    capture = t.path("capture")
    with echo() as port, dnsmasq(t):
        r = nc(t, "--pcap", capture, "hole6.test", str(port))
    assert answered(r), r
    # Before the neighbour would be known; IPv4 has its turn a quarter of a second after.
    [first, *_] = fields(t, capture, f"icmpv6.type == 135 && icmpv6.nd.ns.target_address == {HOLE6}", "frame.time_epoch")
    [other, *_] = fields(t, capture, f"tcp.flags == 2 && ip.dst == {PC4}", "frame.time_epoch")
    later = float(other[0]) - float(first[0])
    print(f"# IPv4 was tried {later * 1000:.1f} ms after IPv6")
    assert later >= 0.249, later
    assert_all_well(t, capture)


@wire.once
def test_hole_of_ip4(t):
    """IPv6 comes first: of IPv4 nothing is ever tried."""
    capture = t.path("capture")
    with echo() as port, dnsmasq(t):
        assert answered(nc(t, "--pcap", capture, "hole4.test", str(port)))
    assert fields(t, capture, f"arp.dst.proto_ipv4 == {HOLE4}", "frame.number") == []


@wire.once
def test_refused_at_once(t):
    """A service of one family alone: the other refuses, and nobody waits."""
    for family, address in ((socket.AF_INET, PC4), (socket.AF_INET6, PC6)):
        with socket.create_server((address, 0), family=family) as server, dnsmasq(t):
            port = server.getsockname()[1]
            server.settimeout(wire.PATIENCE)
            with t.running("nc", "--dns", PC4, "pc.test", str(port), link=LINK) as process:
                try:
                    server.accept()[0].close()
                except TimeoutError:
                    process.kill()
                    raise AssertionError(process.stderr.read()) from None


# ---- where names come from ----


@wire.once
def test_a_servers_search_domain(t):
    """dnsmasq's DHCP says whom to ask, and in which domain."""
    lease = ["--dhcp-range=192.168.1.100,192.168.1.110,255.255.255.0,120", "--domain=test",
             "--dhcp-leasefile=" + t.path("leases"), "--no-ping"]
    with echo() as port, dnsmasq(t, *lease):
        for name in ("pc", "pc.test"):
            r = t.run(t.berth, "nc", "--link", "tap:tap0", "--address", "dhcp", name, str(port), input=b"hello")
            assert r.returncode == 0 and r.stdout == b"hello", r


@wire.once
def test_nothing_of_the_machine(t):
    """Neither its files nor its sockets."""
    wire.need("strace")
    trace = t.path("trace")
    strace = ["strace", "-f", "-o", trace, "-e", "trace=open,openat,socket"]
    with echo() as port, dnsmasq(t):
        r = nc(t, "pc.test", str(port), before=strace)
    if b"ptrace" in r.stderr:
        raise wire.Skip("strace may not trace here")
    assert answered(r), r
    with open(trace, encoding="utf-8", errors="replace") as f:
        calls = f.read()
    assert "/dev/net/tun" in calls
    for name in ("resolv.conf", "/etc/hosts", "nsswitch.conf", "host.conf", "AF_INET"):
        found = re.findall(".*" + re.escape(name) + ".*", calls)
        # The TAP device's MTU and the like are asked over a socket that carries nothing.
        assert not [line for line in found if "SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_IP" not in line], found


wire.main()
