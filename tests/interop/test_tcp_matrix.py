#!/usr/bin/env python3
"""Transfers between berth's TCP and the kernel's, however the two and the wire are set: test_tcp_matrix.py TCP_END"""
import tcp_bed
import wire
from tcp_bed import DATA, SEND, SLOW, TAKE, accepted, connect, end, from_kernel, to_kernel


def test_congestion_controls(t):
    for own in tcp_bed.CONGESTION:
        with end(t, "congestion=" + own) as host:
            for other in tcp_bed.CONGESTION:
                with connect(t, SEND, congestion=other) as c:
                    to_kernel(c, host)
                with accepted(t, host, "take", congestion=other) as c:
                    from_kernel(c, host)


def test_directions(t):
    with end(t) as host:
        tcp_bed.all_directions(t, host)


def test_offloads(t):
    """What berth leaves to the kernel is seen at the kernel alone; so there is no capture."""
    for own in (1, 0):
        with end(t, f"offload={own}", judge=False) as host:
            for kernel in (1, 0):
                tcp_bed.kernel_offloads(kernel)
                tcp_bed.all_directions(t, host)
        tcp_bed.kernel_offloads(1)


def test_mtu(t):
    for size in (1280, 9000, 65521):
        with tcp_bed.mtu(size), end(t, data=DATA[:1_000_000]) as host:
            tcp_bed.all_directions(t, host, n=1_000_000)
    with tcp_bed.mtu(65521), end(t, judge=False) as host:
        tcp_bed.all_directions(t, host)


def test_tiny_windows(t):
    """Of the kernel's receiver, of berth's, and readers that are slow."""
    n = 300_000
    with end(t, "receive_buffer=4096", data=DATA[:n]) as host:
        tcp_bed.all_directions(t, host, n, receive_buffer=2000)
        with connect(t, SEND, receive_buffer=2000) as c:
            to_kernel(c, host, n, pause=0.001, piece=3000)
        with connect(t, SLOW) as c:
            from_kernel(c, host, n, "slow")
    with end(t, data=DATA[:n]) as host:
        with connect(t, SLOW) as c:
            from_kernel(c, host, n, "slow")


# Each meets one control over IPv4 and another over IPv6.
WIRES = ("delay=1ms,loss=2%", "delay=2ms,reorder=5%", "delay=2ms,late=3%,lateness=5ms", "delay=1ms,duplicate=5%",
         "delay=1ms,loss=3%,burst=8", "delay=1ms,in.corrupt=1%", "delay=5ms,jitter=2ms,rate=100mbit,queue=40",
         "delay=1ms,loss=1%,reorder=2%,late=1%,duplicate=1%")


def test_wires(t):
    n = 1_000_000
    for i, spec in enumerate(WIRES):
        own = tcp_bed.CONGESTION[(i + t.family) % 3]
        with end(t, "congestion=" + own, f"wire={spec},seed=3", data=DATA[:n], lossy=True) as host:
            with connect(t, SEND) as c:
                to_kernel(c, host, n)
            with accepted(t, host, "take") as c:
                from_kernel(c, host, n)


wire.main()
