#!/usr/bin/env python3
"""Who opened a connection: connections of which the test knows it, in every state that it can bring about."""
import contextlib
import ctypes
import resource
import socket
import struct
import threading
import time

import bed

COLUMNS = "local_address,local_port,foreign_address,foreign_port,state,direction"
IPPROTO_MPTCP = 262
TCP_FASTOPEN = 23
MSG_FASTOPEN = 0x20000000
SO_ATTACH_FILTER = 26
SO_DETACH_FILTER = 27


# ---- connections ----


class Connection:
    """Two ends, of which the test knows who opened it."""

    def __init__(self, out, taken, both=False):
        self.out, self.taken = out, taken
        self.here, self.there = out.getsockname()[:2], out.getpeername()[:2]
        far = (taken.getsockname()[:2], taken.getpeername()[:2]) if taken else (self.there, self.here)
        self.truth = {self.here + self.there: "out", far[0] + far[1]: "out" if both else "in"}

    def close(self):
        for end in (self.out, self.taken):
            if end:
                end.close()


class Server:
    """Listens, and connects with itself."""

    def __init__(self, family=socket.AF_INET, dual=False, protocol=0):
        self.family, self.protocol = family, protocol
        self.socket = socket.socket(socket.AF_INET6 if dual else family, socket.SOCK_STREAM, protocol)
        if dual:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        address = "::" if dual else "127.0.0.1" if family == socket.AF_INET else "::1"
        self.socket.bind((address, 0))
        self.socket.listen(64)
        self.at = ("127.0.0.1" if family == socket.AF_INET else "::1", self.socket.getsockname()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def connection(self):
        out = socket.socket(self.family, socket.SOCK_STREAM, self.protocol)
        out.connect(self.at)
        return Connection(out, self.socket.accept()[0])


SERVERS = (
    ("IPv4", {}),
    ("IPv6", {"family": socket.AF_INET6}),
    ("IPv4 on an IPv6 socket", {"dual": True}),
)


def drop(s, of_256=256):
    """Loses what comes to the socket: all, or so many of 256 segments."""
    program = [(0x20, 0, 0, 0xFFFFF000 + 56), (0x54, 0, 0, 0xFF), (0x35, 0, 1, of_256), (6, 0, 0, 0xFFFFFFFF),
               (6, 0, 0, 0)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *i) for i in program))
    s.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(program), ctypes.addressof(code)))


def drop_no_more(s):
    s.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


# ---- what netstat says ----


def seen(t):
    """(local, foreign) -> (state, direction)"""
    return {
        (r["local_address"], r["local_port"], r["foreign_address"], r["foreign_port"]): (r["state"], r["direction"])
        for r in t.rows("-at", columns=COLUMNS)
    }


def check(t, what, *connections, gone=()):
    """Every end is said to be what it is. `gone`: ends without a socket, "out" or "in"."""
    rows = seen(t)
    for c in connections:
        for pair, direction in c.truth.items():
            if direction not in gone:
                assert pair in rows, f"{what}: no {pair} ({direction})"
            if pair in rows:
                assert rows[pair][1] == direction, f"{what}: {pair} is {direction}, said to be {rows[pair]}"
    return [rows.get(pair, ("gone",))[0] for c in connections for pair in c.truth]


def wait_states(t, c, *states):
    """Until the ends that were opened and taken are in these states."""
    bed.wait_for(lambda: [seen(t).get(pair, ("gone",))[0] for pair in c.truth] == list(states), str(states))


# ---- many ----


def leave_idle(c):
    pass


def send_both(c):
    c.out.sendall(b"q" * 1000)
    c.taken.sendall(b"a" * 50_000)


def read_both(c):
    send_both(c)
    for end, n in ((c.taken, 1000), (c.out, 50_000)):
        end.recv(n, socket.MSG_WAITALL)


def close_out(c):
    c.out.sendall(b"q")
    c.out.shutdown(socket.SHUT_WR)


def close_taken(c):
    read_both(c)
    c.taken.shutdown(socket.SHUT_WR)


def send_to_who_has_closed(c):
    c.out.shutdown(socket.SHUT_WR)
    c.taken.sendall(b"a" * 100)


USES = (leave_idle, send_both, read_both, close_out, close_taken, send_to_who_has_closed)


def test_two_thousand(t):
    """Half of the listeners are gone before the look, so that only the connection itself can tell."""
    wanted = 2 * 2000 + 100
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < wanted:
        raise bed.Skip(f"a process may have {most} descriptors only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    connections, truth = [], {}
    with contextlib.ExitStack() as stack:
        servers = [Server(**arguments) for _, arguments in SERVERS for _ in range(2)]
        for i in range(2000):
            c = servers[i % len(servers)].connection()
            stack.callback(c.close)
            USES[i // len(servers) % len(USES)](c)
            connections.append(c)
            truth.update(c.truth)
        for i, server in enumerate(servers):
            if i % 2:
                server.socket.close()
            else:
                stack.callback(server.socket.close)
        assert len(truth) == 4000
        check(t, "two thousand", *connections)
        rows = seen(t)
        right = sum(rows[pair][1] == direction for pair, direction in truth.items())
        print(f"# {right} of {len(truth)} ends are right")
        assert right == len(truth)


# ---- states ----


def each_server(function):
    """Runs the test over both families, with the listener and without it."""

    def test(t):
        for name, arguments in SERVERS:
            for gone in (False, True):
                with Server(**arguments) as server:
                    c = server.connection()
                    if gone:
                        server.socket.close()
                    try:
                        function(t, name, c)
                    finally:
                        c.close()

    return test


@each_server
def test_half_closed(t, name, c):
    c.out.sendall(b"x" * 1000)
    c.out.shutdown(socket.SHUT_WR)
    wait_states(t, c, "FIN_WAIT2", "CLOSE_WAIT")
    check(t, name, c)
    c.taken.sendall(b"y" * 100)
    check(t, name + ", used the other way", c)


@each_server
def test_nothing_is_acknowledged(t, name, c):
    drop(c.taken)
    c.out.sendall(b"x" * 500)
    check(t, name + ", data on its way", c)
    time.sleep(0.5)  # and sent again
    check(t, name + ", sent again", c)
    c.out.shutdown(socket.SHUT_WR)
    assert check(t, name + ", FIN on its way", c)[0] == "FIN_WAIT1"
    drop_no_more(c.taken)
    wait_states(t, c, "FIN_WAIT2", "CLOSE_WAIT")
    check(t, name + ", recovered", c)
    drop(c.out)
    c.taken.sendall(b"y" * 10)
    c.taken.shutdown(socket.SHUT_WR)
    assert check(t, name + ", the other FIN on its way", c) == ["FIN_WAIT2", "LAST_ACK"]


@each_server
def test_both_close(t, name, c):
    drop(c.out)
    drop(c.taken)
    c.out.shutdown(socket.SHUT_WR)
    c.taken.shutdown(socket.SHUT_WR)
    assert check(t, name, c) == ["FIN_WAIT1", "FIN_WAIT1"]
    drop_no_more(c.taken)
    wait_states(t, c, "FIN_WAIT1", "CLOSING")
    check(t, name, c)


@each_server
def test_closed_window(t, name, c):
    c.out.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            c.out.send(b"x" * 65536)
    time.sleep(0.3)
    check(t, name, c)
    c.out.shutdown(socket.SHUT_WR)
    assert check(t, name + ", a FIN behind it", c)[0] == "FIN_WAIT1"
    c.out.close()
    assert check(t, name + ", closed", c)[0] == "FIN_WAIT1"


@each_server
def test_loss(t, name, c):
    n = 100_000
    for end in (c.out, c.taken):
        drop(end, 60)

    def receive(end):
        left = n
        while left:
            left -= len(end.recv(65536))

    threads = [threading.Thread(target=end.sendall, args=(b"x" * n,)) for end in (c.out, c.taken)]
    threads += [threading.Thread(target=receive, args=(end,)) for end in (c.out, c.taken)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen(t)  # under way the numbers may not add up; the listener may be gone, too
        time.sleep(0.05)
    for end in (c.out, c.taken):
        drop_no_more(end)
    ports = {c.here[1], c.there[1]}
    bed.wait_for(lambda: not any(r["send_q"] for r in t.rows("-t", columns="local_port,send_q")
                                 if r["local_port"] in ports), "all is acknowledged")
    check(t, name, c)


# ---- other ways to begin ----


def test_multipath(t):
    try:
        with Server(protocol=IPPROTO_MPTCP) as server:
            c = server.connection()
            send_both(c)
            check(t, "subflows", c)
            c.close()
    except OSError as error:
        raise bed.Skip(f"no MPTCP: {error.strerror}") from error


def test_fast_open(t):
    try:
        with open("/proc/sys/net/ipv4/tcp_fastopen", "w", encoding="ascii") as setting:
            setting.write("3")
    except OSError as error:
        raise bed.Skip(f"tcp_fastopen: {error.strerror}") from error
    for family in (socket.AF_INET, socket.AF_INET6):
        with Server(family) as server:
            server.socket.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
            for _ in range(2):  # the first one brings a cookie, the second uses it
                out = socket.socket(family)
                out.sendto(b"d" * 100, MSG_FASTOPEN, server.at)
                c = Connection(out, server.socket.accept()[0])
                c.taken.sendall(b"r" * 50)
                check(t, "fast open", c)
                close_out(c)
                check(t, "fast open, half-closed", c)
                c.close()
            out = socket.socket(family)
            drop(out)
            out.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                out.sendto(b"d" * 100, MSG_FASTOPEN, server.at)
            taken = server.socket.accept()[0]
            taken.sendall(b"early")
            truth = {out.getsockname()[:2] + server.at: "out", server.at + out.getsockname()[:2]: "in"}
            rows = seen(t)
            assert {pair: rows[pair][1] for pair in truth} == truth, rows
            assert {rows[pair][0] for pair in truth} == {"SYN_SENT", "SYN_RECV"}, rows
            out.close()
            taken.close()


def test_not_open_yet(t):
    with Server() as server, socket.socket() as out:
        drop(out)
        out.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            out.connect(server.at)
        here = out.getsockname()[:2]
        rows = seen(t)
        assert rows[here + server.at] == ("SYN_SENT", "out"), rows
        assert rows[server.at + here] == ("SYN_RECV", "in"), rows


def test_with_itself(t):
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as s:
            s.bind((address, 0))
            at = s.getsockname()[:2]
            s.connect(at)
            assert seen(t)[at + at] == ("ESTABLISHED", "out")
            s.sendall(b"x" * 100)
            assert seen(t)[at + at] == ("ESTABLISHED", "out")


def test_opened_by_both(t):
    """A simultaneous open: the answer to the first SYN is lost, and so the second one crosses it."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as a, socket.socket(family) as b:
            a.bind((address, 0))
            b.bind((address, 0))
            drop(a)
            a.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                a.connect(b.getsockname()[:2])
            drop_no_more(a)
            b.connect(a.getsockname()[:2])
            c = Connection(b, None, both=True)
            check(t, "opened by both", c)
            a.setblocking(True)
            a.sendall(b"x" * 10)
            check(t, "opened by both, used", c)


def test_over(t):
    """In TIME_WAIT only the listeners are left to tell."""
    for first in ("out", "taken"):
        with Server() as server:
            c = server.connection()
            ends = (c.out, c.taken) if first == "out" else (c.taken, c.out)
            for end in ends:
                end.close()
            pair, direction = list(c.truth.items())[first == "taken"]
            bed.wait_for(lambda p=pair: seen(t).get(p, ("gone",))[0] == "TIME_WAIT", "TIME_WAIT")
            assert seen(t)[pair] == ("TIME_WAIT", direction)
        assert seen(t)[pair] == ("TIME_WAIT", "unknown")


def test_what_is_no_connection(t):
    with Server() as server, socket.socket(type=socket.SOCK_DGRAM) as a, socket.socket(type=socket.SOCK_DGRAM) as b:
        a.bind(("127.0.0.1", 0))
        b.connect(a.getsockname())
        rows = t.rows("-atu", columns="local_port,direction,proto")
        ports = {s.getsockname()[1] for s in (server.socket, a, b)}
        assert {r["local_port"]: r["direction"] for r in rows if r["local_port"] in ports} == dict.fromkeys(ports), rows


if __name__ == "__main__":
    bed.main()
