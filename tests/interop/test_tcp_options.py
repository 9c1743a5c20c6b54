#!/usr/bin/env python3
"""What berth's TCP and the kernel's agree on, and do beside transferring: test_tcp_options.py TCP_END"""
import select
import socket

import tcp_bed
import wire
from tcp_bed import DATA, ECHO, SEND, TAKE, accepted, both_ways, connect, end, from_kernel, to_kernel

N = 300_000
MSG_FASTOPEN = 0x20000000


def look(t, condition, *fields):
    """Fields of the frames in the last capture that meet a condition."""
    arguments = []
    for field in fields or ("frame.number",):
        arguments += ["-e", field]
    return t.tshark(t.path("capture"), "-Y", condition, "-T", "fields", *arguments).splitlines()


def from_host(t):
    return f"{'ip' if t.family == 4 else 'ipv6'}.src == {t.host}"


# ---- ECN ----


def check_ecn(t, asks, answers):
    """Of the four connections the kernel has opened two, the host two."""
    ecn = "ip.dsfield.ecn" if t.family == 4 else "ipv6.tclass.ecn"
    source = "ip.src" if t.family == 4 else "ipv6.src"
    opened_by_host, marked, met, echoed, reduced = {}, set(), set(), set(), set()
    fields = ("tcp.stream", source, ecn, "tcp.flags", "tcp.len", "tcp.analysis.retransmission")
    for line in look(t, "tcp", *fields):
        stream, sender, mark, flags, n, again = line.split("\t")
        mark, flags, is_host = int(mark), int(flags, 16), sender == t.host
        opened_by_host.setdefault(stream, is_host)
        if mark and is_host:
            marked.add(stream)
            assert n != "0" and not flags & 2 and not again, line
        if flags & 2:
            continue
        for group, condition in ((met, mark == 3), (echoed, flags & 0x40), (reduced, flags & 0x80)):
            if condition:
                group.add(stream)
    # The host sends data on one of each two.
    expected = [False] * answers + [True] * asks
    assert sorted(opened_by_host[stream] for stream in marked) == expected, (opened_by_host, marked)
    # The marks of what the kernel sends are made behind the capture.
    assert met <= echoed == reduced and len(met) == answers + asks, (met, echoed, reduced)


def test_ecn(t):
    """Whoever asks; a queue on the wire marks what may be marked. Of berth: 0 never, 1 when asked, 2 asks; of the
    kernel: 0 never, 1 asks, 2 when asked."""
    for own, kernel in ((0, 1), (1, 1), (1, 2), (2, 0), (2, 2)):
        words = (f"ecn={own}", "wire=delay=2ms,rate=50mbit,queue=500,ecn=5")
        with tcp_bed.sysctl("net/ipv4/tcp_ecn", kernel), end(t, *words, data=DATA[:N], lossy=True) as host:
            with connect(t, SEND) as c:
                to_kernel(c, host, N)
            with connect(t, TAKE) as c:
                from_kernel(c, host, N)
            with accepted(t, host, "send") as c:
                to_kernel(c, host, N)
            with accepted(t, host, "take") as c:
                from_kernel(c, host, N)
        check_ecn(t, own == 2 and kernel != 0, own >= 1 and kernel == 1)


# ---- fast open ----


def data_on_syn(t, condition):
    return [int(n) for n in look(t, f"tcp.flags.syn == 1 && tcp.len > 0 && {condition}", "tcp.len")]


def test_fast_open_of_the_kernel(t):
    """The kernel asks for a cookie with the first connection and sends data with the SYN of the second."""
    with tcp_bed.sysctl("net/ipv4/tcp_fastopen", 3), end(t, "fast_open=3", data=DATA[:2000]) as host:
        for _ in range(3):
            with socket.socket(t.socket_family) as s:
                # Without a timeout; with one the call does not wait for the first connection.
                n = s.sendto(DATA[:500], MSG_FASTOPEN, (t.host, TAKE))
                s.settimeout(wire.PATIENCE)
                from_rest(s, host, n, 2000)
    assert data_on_syn(t, f"!({from_host(t)})") == [500, 500], data_on_syn(t, "tcp")
    # The answer to the SYN covers its data.
    assert set(look(t, f"tcp.flags.syn == 1 && tcp.flags.ack == 1 && {from_host(t)}", "tcp.ack")) == {"1", "501"}


def from_rest(s, host, sent, n):
    s.sendall(DATA[sent:n])
    s.shutdown(socket.SHUT_WR)
    assert tcp_bed.receive_check(s) == 0
    host.expect(f"take same {n}")


def test_fast_open_of_berth(t):
    n = 2000
    with tcp_bed.sysctl("net/ipv4/tcp_fastopen", 3), end(t, "fast_open=3", data=DATA[:n]) as host:
        with socket.socket(t.socket_family) as listener:
            listener.settimeout(wire.PATIENCE)
            listener.bind((t.pc, 0))
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 8)
            listener.listen()
            for _ in range(3):
                host.tell("fast", listener.getsockname()[1])
                with listener.accept()[0] as c:
                    to_kernel(c, host, n)
    on_syn = data_on_syn(t, from_host(t))
    assert len(on_syn) == 2 and min(on_syn) > 1000, on_syn


# ---- options of the handshake ----


def test_cookies_of_the_kernel(t):
    """It remembers nothing of a SYN: all that was agreed on comes back in the ACK."""
    with tcp_bed.sysctl("net/ipv4/tcp_syncookies", 2), end(t, data=DATA[:N]) as host:
        with accepted(t, host, "send") as c:
            to_kernel(c, host, N)
        with accepted(t, host, "take") as c:
            from_kernel(c, host, N)


BAD = "wire=delay=1ms,loss=2%,reorder=1%"


def test_a_kernel_without(t):
    for name in ("tcp_timestamps", "tcp_sack", "tcp_window_scaling"):
        with tcp_bed.sysctl("net/ipv4/" + name, 0), end(t, BAD, data=DATA[:N], lossy=True) as host:
            tcp_bed.all_directions(t, host, N)
    assert not look(t, f"{from_host(t)} && tcp.flags.syn == 1 && tcp.flags.ack == 1 && tcp.options.wscale")


def test_berth_without(t):
    for word in ("timestamps=0", "sack=0", "window_scaling=0", "rack=0"):
        with end(t, word, BAD, data=DATA[:N], lossy=True) as host:
            tcp_bed.all_directions(t, host, N)


# ---- beside data ----


def test_keepalive(t):
    """Each asks the other whether it is still there, and is answered."""
    with end(t, "keepalive=1") as host:
        with accepted(t, host, "echo") as c, connect(t, ECHO) as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            other.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
            other.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
            # Nothing comes while they ask, above all no end.
            assert not select.select([c, other], [], [], 2.5)[0]
            both_ways(c, host, 1000)
            both_ways(other, host, 1000)
    assert look(t, f"tcp.analysis.keep_alive && {from_host(t)}"), "berth did not ask"
    assert look(t, f"tcp.analysis.keep_alive_ack && {from_host(t)}"), "berth did not answer"


def test_a_peer_that_does_not_answer_keepalive(t):
    with end(t, "keepalive=1") as host, accepted(t, host, "echo"):
        wire.command("ip link set tap0 down")
        try:
            host.expect("echo failed connection timed out")
        finally:
            wire.command("ip link set tap0 up")


def test_a_black_hole(t):
    """Large packets vanish without a word on the way out; and on the way in, which is the kernel's to find out."""
    with tcp_bed.sysctl("net/ipv4/tcp_mtu_probing", 1), end(t, "wire=mtu=1300", data=DATA[:N], lossy=True) as host:
        with connect(t, SEND) as c:
            to_kernel(c, host, N)
        with accepted(t, host, "send") as c:
            to_kernel(c, host, N)
        with connect(t, TAKE) as c:
            from_kernel(c, host, N)


def test_urgent_data(t):
    n = 2000
    with end(t, "urgent=1", data=DATA[:n]) as host:
        with accepted(t, host, "send") as c:
            c.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
            assert tcp_bed.receive_check(c) == n
            c.close()
            host.expect("send same 0")
        with accepted(t, host, "send") as c:
            assert select.select([], [], [c], wire.PATIENCE)[2]
            assert c.recv(1, socket.MSG_OOB) == DATA[n - 2 : n - 1]
            assert wire.receive_all(c) == DATA[: n - 2] + DATA[n - 1 : n]
            c.close()
            host.expect("send same 0")
        with connect(t, TAKE) as c:
            c.sendall(DATA[:1000])
            c.send(DATA[1000:1001], socket.MSG_OOB)
            c.sendall(DATA[1001:n])
            c.shutdown(socket.SHUT_WR)
            host.expect("urgent 1000")
            host.expect(f"take same {n}")
            assert tcp_bed.receive_check(c) == 0


def test_many_connections(t):
    """At once, of both sides."""
    n = 20_000
    with end(t, data=DATA[:n]) as host:
        many = [connect(t, ECHO) for _ in range(50)]
        for c in many:
            c.sendall(DATA[:n])
            c.shutdown(socket.SHUT_WR)
        for c in many:
            assert tcp_bed.receive_check(c) == n
            c.close()
            host.expect(f"echo same {n}")


wire.main()
