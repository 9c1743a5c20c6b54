"""For tests of berth's TCP opposite the kernel's: a host with ports that send and take, the kernel's ends of its
connections, and what a dissector says of their capture. See tcp_end.c for the host."""
import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import threading
import time

import wire

# Random bytes would look like this or that protocol to a dissector.
DATA = b"".join(b"%07x\n" % i for i in range(500_000))
ECHO, TAKE, SLOW, SEND = 7, 9, 11, 19
CONGESTION = ("cubic", "reno", "bbr")
# linux/ethtool.h: checksums out, segmentation out in hardware and in software, joining in, scatter and gather.
OFFLOADS = (0x17, 0x1F, 0x24, 0x2C, 0x19)
class End:
    """tcp_end as a process."""

    def __init__(self, t, process):
        self.t, self.process = t, process

    def line(self):
        line = self.process.stdout.readline().decode().strip()
        assert line, f"tcp_end ended: {self.process.stderr.read().decode()}"
        return line

    def expect(self, line):
        said = self.line()
        assert said == line, f"{said!r} instead of {line!r}"

    def tell(self, verb, port):
        self.process.stdin.write(f"{verb} {self.t.pc} {port}\n".encode())
        self.process.stdin.flush()


@contextlib.contextmanager
def end(t, *words, data=DATA, judge=True, lossy=False):
    """A host; and when it has ended, the judgement of its capture."""
    capture, file = t.path("capture"), t.file("data", data)
    words = list(words) + ([f"pcap={capture}"] if judge else [])
    command = [t.berth, "tap0", f"{t.host}/{t.prefix}", file, *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        # A process that hangs must not hang the test.
        timer = threading.Timer(2 * wire.PATIENCE, process.kill)
        timer.start()
        try:
            host = End(t, process)
            host.expect("ready")
            yield host
            process.stdin.close()
            assert process.wait(wire.PATIENCE) == 0, process.stderr.read()
        finally:
            process.kill()
            timer.cancel()
    if judge:
        nothing_suspect(t, capture, lossy)


# Warnings of Wireshark's that say nothing against the sender of the frame they stand at: a buffer is full, a reset is
# meant, and something has arrived twice.
INNOCENT = "tcp.analysis.window_full || tcp.analysis.zero_window || tcp.connection.rst || tcp.options.sack.dsack"
# And on a wire that loses or reorders.
OF_THE_WIRE = " || tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment || tcp.analysis.out_of_order"


def nothing_suspect(t, capture, lossy):
    """No error of anybody's, and no warning at a frame of berth's."""
    source = f"{'ip' if t.family == 4 else 'ipv6'}.src == {t.host}"
    innocent = INNOCENT + (OF_THE_WIRE if lossy else "")
    found = t.tshark(capture, "-Y", f"({wire.WRONG}) || ({source} && _ws.expert.severity >= 6291456 && !({innocent}))", "-T",
                     "fields", "-e", "frame.number", "-e", "_ws.expert.message")
    assert os.path.getsize(capture) > 200, "the capture is empty"
    assert found == "", found


def receive_check(connection, pause=0, piece=65536):
    """Takes everything; it is DATA or its beginning. How many bytes."""
    n = 0
    while True:
        data = connection.recv(piece)
        if not data:
            return n
        assert DATA[n : n + len(data)] == data, f"what comes after {n} bytes is something else"
        n += len(data)
        time.sleep(pause)


def set_up(connection, congestion=None, receive_buffer=None, **_):
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if congestion:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, congestion.encode())
        except OSError as error:
            raise wire.Skip(f"the kernel has no {congestion}") from error


def connect(t, port, **options):
    """A connection of the kernel's to the host."""
    s = socket.socket(t.socket_family)
    s.settimeout(wire.PATIENCE)
    set_up(s, **options)
    s.connect((t.host, port))
    return s


@contextlib.contextmanager
def accepted(t, host, verb, **options):
    """A connection of the host's to the kernel."""
    with socket.socket(t.socket_family) as listener:
        listener.settimeout(wire.PATIENCE)
        set_up(listener, **options)
        listener.bind((t.pc, 0))
        listener.listen()
        host.tell(verb, listener.getsockname()[1])
        connection = listener.accept()[0]
        connection.settimeout(wire.PATIENCE)
        with connection:
            yield connection


def send(connection, data):
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def from_kernel(connection, host, n=len(DATA), name="take"):
    send(connection, DATA[:n])
    assert receive_check(connection) == 0
    host.expect(f"{name} same {n}")


def to_kernel(connection, host, n=len(DATA), **reading):
    got = receive_check(connection, **reading)
    connection.close()
    assert got == n, got
    host.expect("send same 0")


def both_ways(connection, host, n=len(DATA)):
    """The host sends back while it takes."""
    sender = threading.Thread(target=send, args=(connection, DATA[:n]))
    sender.start()
    got = receive_check(connection)
    sender.join()
    assert got == n, got
    host.expect(f"echo same {n}")


def all_directions(t, host, n=len(DATA), **options):
    """Data either way and both ways, of connections that either side opens."""
    with connect(t, SEND, **options) as c:
        to_kernel(c, host, n)
    with connect(t, TAKE, **options) as c:
        from_kernel(c, host, n)
    with accepted(t, host, "send", **options) as c:
        to_kernel(c, host, n)
    with accepted(t, host, "take", **options) as c:
        from_kernel(c, host, n)
    with connect(t, ECHO, **options) as c:
        both_ways(c, host, n)


@contextlib.contextmanager
def sysctl(name, value):
    """In this namespace, for a while."""
    path = "/proc/sys/" + name
    if not os.path.exists(path):
        raise wire.Skip(f"the kernel has no {name}")
    with open(path, encoding="ascii") as f:
        before = f.read().strip()
    wire.sysctl(name, value)
    try:
        yield
    finally:
        wire.sysctl(name, before)


@contextlib.contextmanager
def mtu(size):
    wire.command(f"ip link set tap0 mtu {size}")
    try:
        yield
    finally:
        wire.command("ip link set tap0 mtu 1500")


def kernel_offloads(on):
    """As ethtool -K sets them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for number in OFFLOADS:
            value = ctypes.create_string_buffer(struct.pack("II", number, on), 8)
            fcntl.ioctl(s, 0x8946, struct.pack("16sP16x", b"tap0", ctypes.addressof(value)))
