#!/usr/bin/env python3
"""Groups beside the kernel, which sends to them, asks for them and snoops on who has them: test_groups.py GROUP_MEMBER

The bridge is the kernel's switch: it asks in a router's stead in whichever version it is told, and its table of groups
(bridge mdb) has what it has understood of the answers."""
import contextlib
import json
import socket
import struct
import subprocess
import time

import wire

GROUPS = {4: ("239.7.7.7", "239.7.7.8"), 6: ("ff15::77", "ff15::78")}
HOST_ADDRESSES = ["192.168.1.7/24", "fd00::7/64", "fe80::7/64"]
PORT = 7000
MAC = b"\x02berth"
OURS = "eth.src == 02:62:65:72:74:68"


class Member:
    """A berth host that joins groups."""

    def __init__(self, t, device):
        self.t = t
        self.capture = t.path("groups.pcap")
        self.process = subprocess.Popen(
            [t.berth, device, self.capture, *HOST_ADDRESSES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.read() == "ready"

    def read(self):
        return self.process.stdout.readline().rstrip("\n")

    def tell(self, line):
        """Has the member do something; datagrams that it reads meanwhile are returned."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        heard = []
        while (answer := self.read()) != "done":
            assert answer[:2] in ("4 ", "6 "), f"{line}: {answer}"
            heard.append(answer)
        return heard

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(wire.PATIENCE) == 0
        self.process.stdout.close()


@contextlib.contextmanager
def member(t, device="tap0"):
    m = Member(t, device)
    try:
        yield m
        m.end()
        check_capture(t, m.capture)
    finally:
        if m.process.poll() is None:
            m.process.kill()
            m.process.wait()


def check_capture(t, path):
    """tshark finds nothing wrong, and what the host says of groups carries what it has to."""
    wire.need("tshark")
    found = t.run(*wire.TSHARK, "-r", path, "-Y", wire.WRONG)
    assert found.returncode == 0 and not found.stdout, found.stdout.decode() + found.stderr.decode()
    bad = (
        OURS + " && ((igmp && !(igmp.type == 0x12) && !(ip.opt.type == 148)) || (igmp && !(ip.ttl == 1)) || "
        "(icmpv6.type in {131, 132, 143} && (!(ipv6.hlim == 1) || !(ipv6.opt.type == 5))))"
    )
    found = t.run(*wire.TSHARK, "-r", path, "-Y", bad)
    assert found.returncode == 0 and not found.stdout, found.stdout.decode() + found.stderr.decode()


def count(t, path, filter_text):
    """How many frames of the member's match."""
    r = t.run(*wire.TSHARK, "-r", path, "-Y", f"{OURS} && {filter_text}")
    return len(r.stdout.splitlines())


def send_to_group(t, group, text, device="tap0"):
    with t.udp_socket() as s:
        index = socket.if_nametoindex(device)
        if t.family == 4:
            s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("4s4si", bytes(4), bytes(4), index))
        else:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        s.sendto(text.encode(), (group, PORT))


def test_datagrams_of_the_kernel(t):
    """Only what has been joined arrives, for as long as it is."""
    group, other = GROUPS[t.family]
    with member(t) as m:
        m.tell(f"join {group}")
        send_to_group(t, other, "not this")
        send_to_group(t, group, "hello")
        assert m.read() == f"{t.family} hello"
        m.tell(f"join {other}")
        send_to_group(t, other, "there")
        assert m.read() == f"{t.family} there"
        m.tell(f"leave {group}")
        send_to_group(t, group, "nor this")
        send_to_group(t, other, "still there")
        assert m.read() == f"{t.family} still there"


def group_socket(t, group, device="tap0"):
    """One of the kernel's that has joined the group."""
    s = t.udp_socket()
    index = socket.if_nametoindex(device)
    s.bind(("", PORT))
    if t.family == 4:
        s.setsockopt(
            socket.IPPROTO_IP,
            socket.IP_ADD_MEMBERSHIP,
            struct.pack("4s4si", socket.inet_aton(group), bytes(4), index),
        )
    else:
        s.setsockopt(
            socket.IPPROTO_IPV6,
            socket.IPV6_JOIN_GROUP,
            socket.inet_pton(socket.AF_INET6, group) + struct.pack("I", index),
        )
    return s


def test_datagrams_to_the_kernel(t):
    group = GROUPS[t.family][0]
    with member(t) as m, group_socket(t, group) as s:
        m.tell(f"send {group} hello")
        data, peer = s.recvfrom(100)
        assert (data, peer[0]) == (b"hello", t.host), (data, peer)


# ---- the kernel's switch ----


@contextlib.contextmanager
def switch(t, igmp, mld):
    """A bridge that asks, with tap1 as a port of it."""
    wire.need("bridge")
    made = t.run("ip", "link", "add", "br0", "type", "bridge", "mcast_querier", "1", "mcast_snooping", "1",
                 "mcast_igmp_version", str(igmp), "mcast_mld_version", str(mld), "mcast_query_response_interval", "100",
                 "mcast_startup_query_interval", "200", "mcast_query_interval", "300", "mcast_membership_interval", "700",
                 "mcast_last_member_interval", "50")  # fmt: skip
    if made.returncode:
        raise wire.Skip("no bridges that snoop here: " + made.stderr.decode().strip())
    wire.make_tap("tap1")
    try:
        wire.command("ip link set tap1 master br0")
        wire.command("ip address add 192.168.3.5/24 dev br0")
        wire.command("ip link set br0 up")
        yield
    finally:
        wire.command("ip link delete br0")
        wire.command("ip link delete tap1")


def snooped(t, group):
    """The switch sends the group's datagrams to the member's port."""
    r = t.run("bridge", "-j", "mdb", "show", "dev", "br0")
    assert r.returncode == 0, r.stderr
    entries = [e for table in json.loads(r.stdout) for e in table.get("mdb", [])]
    return any(e["grp"] == group and e["port"] == "tap1" for e in entries)


def snooping(t, igmp, mld):
    groups = [GROUPS[4][0], GROUPS[6][0]]
    with switch(t, igmp, mld), member(t, "tap1") as m:
        for group in groups:
            m.tell(f"join {group}")
        for _ in range(2):
            for group in groups:
                wire.wait_for(lambda g=group: snooped(t, g), f"{group} in the switch")
            # The switch asks every 3 seconds here, and after 7 has forgotten who does not answer.
            time.sleep(12)
        for group in groups:
            m.tell(f"leave {group}")
        for group in groups:
            wire.wait_for(lambda g=group: not snooped(t, g), f"{group} left the switch")
        path = m.capture
    newest = count(t, path, "igmp.type == 0x22"), count(t, path, "icmpv6.type == 143")
    older = count(t, path, "igmp.type == 0x16"), count(t, path, "icmpv6.type == 131")
    assert (older[0] > 0) == (igmp == 2) and (newest[0] > 0 or igmp == 2), (newest, older)
    assert (older[1] > 0) == (mld == 1) and newest[1] > 0, (newest, older)


@wire.once
def test_a_switch_of_today(t):
    snooping(t, 3, 2)


@wire.once
def test_a_switch_of_yesterday(t):
    snooping(t, 2, 1)


# ---- queries by hand ----


def internet_checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def igmp_query(version, code):
    message = struct.pack("!BBHI", 0x11, 0 if version == 1 else code, 0, 0)
    if version == 3:
        message += struct.pack("!BBH", 2, 125, 0)
    message = message[:2] + struct.pack("!H", internet_checksum(message)) + message[4:]
    options = b"" if version == 1 else b"\x94\x04\0\0"
    header = struct.pack("!BBHIBBH4s4s", 0x45 + len(options) // 4, 0xC0, 20 + len(options) + len(message), 0, 1, 2, 0,
                         socket.inet_aton("192.168.1.5"), socket.inet_aton("224.0.0.1")) + options  # fmt: skip
    header = header[:10] + struct.pack("!H", internet_checksum(header)) + header[12:]
    return b"\x01\0\x5e\0\0\x01\x02\0\0\0\0\x05\x08\0" + header + message


def mld_query(version, ms):
    source, all_nodes = (socket.inet_pton(socket.AF_INET6, a) for a in ("fe80::5", "ff02::1"))
    message = struct.pack("!BBHHH", 130, 0, 0, ms, 0) + bytes(16)
    if version == 2:
        message += struct.pack("!BBH", 2, 125, 0)
    pseudo = source + all_nodes + struct.pack("!II", len(message), 58)
    message = message[:2] + struct.pack("!H", internet_checksum(pseudo + message)) + message[4:]
    header = struct.pack("!IHBB", 0x60000000, 8 + len(message), 0, 1) + source + all_nodes
    return b"\x33\x33\0\0\0\x01\x02\0\0\0\0\x05\x86\xdd" + header + b"\x3a\0\x05\x02\0\0\x01\0" + message


def message_in(frame):
    """The member's message about groups in this frame: its type, and that of its first record. None: there is none."""
    if frame[6:12] != MAC:
        return None
    if frame[12:14] == b"\x08\x00" and frame[23] == 2:
        message = frame[14 + (frame[14] & 15) * 4 :]
    elif frame[12:14] == b"\x86\xdd" and frame[20] == 0 and frame[54] == 58:
        message = frame[62:]
    else:
        return None
    return message[0], message[8] if message[0] in (0x22, 143) else 0


def types_until(cable, wanted):
    """The types of the member's messages up to the first that is wanted, without it."""
    seen = set()
    cable.settimeout(wire.PATIENCE)
    while (message := message_in(cable.recv(2000))) != wanted:
        if message:
            seen.add(message[0])
    return seen


def test_every_version_is_answered(t):
    """The newest first: who has heard an old querier keeps to its version."""
    # As the state of a group is answered: mode EXCLUDE.
    versions = [(3, 0x22, 2), (2, 0x16, 0), (1, 0x12, 0)] if t.family == 4 else [(2, 143, 2), (1, 131, 0)]
    older = {report for _, report, _ in versions[1:]}
    with member(t) as m, socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as cable:
        cable.bind(("tap0", 0))
        m.tell(f"join {GROUPS[t.family][0]}")
        for version, report, record in versions:
            cable.send(igmp_query(version, 10) if t.family == 4 else mld_query(version, 1000))
            before = types_until(cable, (report, record))
            assert not before & older, (version, before)
            older.discard(report)


wire.FAMILIES = (4, 6)
wire.main()
