#!/usr/bin/env python3
"""berth serve --pcap under tshark, and with disks that are full: test_capture.py BERTH"""
import os
import socket
import threading

import wire

DATA = os.urandom(2_000_000)


def talk(t):
    """Some of everything: TCP, UDP with fragments, ICMP."""
    r = t.curl(t.url("/data"))
    assert r.stdout == DATA, r.stderr
    # Large segments of the kernel's, which the capture has as they would be on a cable.
    with t.connect(7) as c:
        sender = threading.Thread(target=lambda: (c.sendall(DATA), c.shutdown(socket.SHUT_WR)))
        sender.start()
        assert wire.receive_all(c) == DATA
        sender.join()
    with t.udp_socket(7) as s:
        for size in (0, 1, 1473, 9000):
            s.send(bytes(size))
        s.settimeout(0.5)
        try:
            while True:
                s.recv(10000)
        except TimeoutError:
            pass
    # Of several, as the bad wire may lose one.
    assert t.ping("-c", "5", "-i", "0.2").returncode == 0


def test_the_dissector_finds_nothing_wrong(t):
    wire.need("tshark")
    t.file("root/data", DATA)
    capture = t.path("capture.pcap")
    for extra in ([], ["--wire", "delay=2ms,loss=2%,seed=5"]):
        with t.running("serve", "--http", "80:" + t.path("root"), "--echo", "7", "--pcap", capture, *extra,
                       ready="echo at") as process:
            talk(t)
            assert wire.stop(process) == 0
        t.nothing_wrong(capture)
        text = t.tshark(capture, "-T", "fields", "-e", "_ws.col.Protocol", "-Y", ("ip" if t.family == 4 else "ipv6") + ".addr == " + t.host)
        assert {"TCP", "HTTP", "ICMP" if t.family == 4 else "ICMPv6", "ECHO"} <= set(text.split()), set(text.split())
        # The test would find what is wrong: all frames were looked at.
        assert t.tshark(capture, "-Y", "tcp.checksum.status == 1") != ""
        assert t.tshark(capture, "-Y", "frame.len > 1514") == ""


@wire.once
def test_a_disk_that_is_full(t):
    r = t.run(t.berth, "serve", *t.link, "--echo", "7", "--pcap", "/dev/full")
    assert r.returncode == 3, r
    assert r.stderr == b"berth serve: --pcap /dev/full: no space left on device; name another file\n", r.stderr


@wire.once
def test_a_disk_that_becomes_full(t):
    wire.need("curl")
    t.file("root/data", DATA)
    os.mkdir(t.path("tiny"))
    r = t.run("unshare", "-m", "sh", "-c", f"""
        mount -t tmpfs -o size=100k tmpfs {t.path("tiny")} || exit 77
        {t.berth} serve {" ".join(t.link)} --http 80:{t.path("root")} --pcap {t.path("tiny/capture")} 2>{t.path("talk")} &
        while ! grep -q http: {t.path("talk")}; do sleep 0.1; done
        curl -q -sS --noproxy '*' -o {t.path("got")} {t.url("/data")}
        sleep 1.5
        kill -INT $!
        wait $!
        """)
    if r.returncode == 77:
        raise wire.Skip("no tmpfs may be mounted")
    with open(t.path("talk"), encoding="utf-8") as f:
        lines = f.read().splitlines()
    assert r.returncode == 3 and len(lines) == 2, (r.returncode, lines, r.stderr)
    assert "capture: no space left on device; the capture ends here, the rest goes on" in lines[1], lines
    with open(t.path("got"), "rb") as f:
        assert f.read() == DATA


wire.main()
