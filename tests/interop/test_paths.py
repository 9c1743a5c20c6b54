#!/usr/bin/env python3
"""The way to and from a berth host: ping, tracepath, ndisc6's tools, a narrower link on the way: test_paths.py BERTH"""
import random
import re
import subprocess

import wire

DATA = random.Random(3).randbytes(2_000_000)
# Behind the kernel, by a link of MTU 1300: its own address there, and that of a machine.
FAR = {4: ("192.168.3.5", "192.168.3.9", 24), 6: ("fd00:3::5", "fd00:3::9", 64)}
NARROW = 1300


def echo(t, *arguments):
    return t.running("serve", "--echo", "7", *arguments, ready="echo at")


def test_tracepath(t):
    wire.need("tracepath")
    with echo(t, "--pcap", t.path("capture")) as process:
        text = t.run("tracepath", f"-{t.family}", "-n", t.host).stdout.decode()
        assert re.search(rf"^ 1: +{t.host} .*reached$", text, re.M) and "pmtu 1500 hops 1 back 1" in text, text
        assert wire.stop(process) == 0
    t.nothing_wrong(t.path("capture"))


@wire.only(6)
def test_traceroute6(t):
    wire.need("tracert6")
    with echo(t):
        for kind in ("-U", "-I"):
            text = t.run("tracert6", "-n", kind, t.host).stdout.decode()
            assert re.search(rf"^ 1  {t.host} ", text, re.M), text


@wire.only(6)
def test_ndisc6(t):
    wire.need("ndisc6")
    with echo(t, "--pcap", t.path("capture")) as process:
        text = t.run("ndisc6", "-1", t.host, "tap0").stdout.decode()
        mac = re.search(r"^Target link-layer address: (.*)$", text, re.M).group(1).lower()
        assert int(mac[:2], 16) & 3 == 2, text
        assert t.ping("-c", "1").returncode == 0
        known = t.run("ip", "-6", "neighbour", "show", t.host).stdout.decode()
        assert f"lladdr {mac} " in known, (mac, known)
        assert t.run("ndisc6", "-1", "-w", "500", "-r", "1", "fd00::77", "tap0").returncode != 0
        # A host does not answer those who look for a router.
        assert t.run("rdisc6", "-1", "-w", "500", "-r", "1", "tap0").returncode != 0
        assert wire.stop(process) == 0
    t.nothing_wrong(t.path("capture"))


def test_a_narrower_link_on_the_way(t):
    """The first segments are too large for the kernel's next link, and it says so."""
    pc, far, prefix = FAR[t.family]
    wire.forward()
    with wire.Namespace() as machine:
        machine.cable("narrow0", "narrow1")
        wire.command(f"ip address add {pc}/{prefix} dev narrow0" + (" nodad" if t.family == 6 else ""))
        machine(f"ip address add {far}/{prefix} dev narrow1" + (" nodad" if t.family == 6 else ""))
        wire.command(f"ip link set narrow0 mtu {NARROW} up")
        machine(f"ip link set narrow1 mtu {NARROW} up")
        # What the machine says that it takes is not what the way takes.
        machine(f"ip -{t.family} route add default via {pc} advmss 1440")
        with open(t.path("got"), "wb") as out:
            listener = subprocess.Popen(machine.command(f"nc -{t.family} -n -N -l {far} 7000"), stdout=out,
                                        stdin=subprocess.DEVNULL)
        try:
            wire.wait_for(lambda: b":7000" in t.run(*machine.command("ss -Hltn")).stdout, "the listener")
            r = t.run(t.berth, "nc", *t.link, "--gateway", t.pc, "--pcap", t.path("capture"), far, "7000", input=DATA)
            assert r.returncode == 0, r
            assert listener.wait(wire.PATIENCE) == 0
        finally:
            listener.kill()
            listener.wait()
    with open(t.path("got"), "rb") as f:
        assert f.read() == DATA
    too_big = "icmp.type == 3 && icmp.code == 4" if t.family == 4 else "icmpv6.type == 2"
    assert t.tshark(t.path("capture"), "-Y", too_big) != "", "nobody said that it is narrow"
    # What the kernel quotes there of large segments has a checksum that is not yet made.
    t.nothing_wrong(t.path("capture"), but=too_big)


wire.main()
