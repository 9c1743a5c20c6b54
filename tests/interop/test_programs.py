#!/usr/bin/env python3
"""Programs that many people use beside berth serve and berth nc, with each congestion control: test_programs.py BERTH"""
import contextlib
import json
import os
import socket
import subprocess
import threading
import time

import wire

DATA = b"".join(b"%07x\n" % i for i in range(500_000))
CONGESTION = ("cubic", "reno", "bbr")


def serve(t, *arguments):
    t.file("root/data", DATA)
    return t.running("serve", "--http", "80:" + t.path("root"), "--echo", "7", "--pcap", t.path("capture"), *arguments,
                     ready="echo at")


def got(t, name="got"):
    with open(t.path(name), "rb") as f:
        return f.read()


def end_of(t, process):
    assert wire.stop(process) == 0
    t.nothing_wrong(t.path("capture"))


def test_curl(t):
    wire.need("curl")
    for name in CONGESTION:
        with serve(t, "--congestion", name, "--ecn", "on") as process:
            r = t.curl(t.url("/data"))
            assert r.stdout == DATA, r.stderr
            end_of(t, process)
    for arguments in (["--no-offload"], ["--receive-buffer", "4096"], ["--ecn", "off"]):
        with serve(t, *arguments) as process:
            r = t.curl("--fail", t.url("/data"))
            assert r.stdout == DATA, r.stderr


def test_busybox_wget(t):
    wire.need("busybox")
    with serve(t) as process:
        r = t.run("busybox", "wget", "-q", "-O", t.path("got"), t.url("/data"))
        assert r.returncode == 0 and got(t) == DATA, r.stderr
        end_of(t, process)


def test_socat(t):
    wire.need("socat")
    to = f"TCP{t.family}:{t.at(7)}"
    with serve(t) as process:
        r = t.run("socat", "-t", "30", "-", to, input=DATA)
        assert r.returncode == 0 and r.stdout == DATA, r.stderr
        r = t.run("socat", "-t", "1", "-", f"UDP{t.family}:{t.at(7)}", input=b"question")
        assert r.stdout == b"question", r
        end_of(t, process)


def test_dig(t):
    """A question over UDP and over TCP to a server that only repeats it: dig sees its own question come back."""
    wire.need("dig")
    with serve(t) as process:
        for way in ("+notcp", "+tcp"):
            r = t.run("dig", f"@{t.host}", "-p", "7", way, "+tries=1", "+timeout=5", "+noall", "+question", "+qr",
                      "example.test")
            assert b"example.test" in r.stdout and b"connection refused" not in r.stdout, r
        # Nobody is there, and that is said at once.
        r = t.run("dig", f"@{t.host}", "-p", "53", "+tries=1", "+timeout=5", "example.test")
        assert b"refused" in r.stdout + r.stderr, r
        assert wire.stop(process) == 0


def test_nginx(t):
    """berth asks, in all its ways."""
    wire.need("nginx")
    t.file("www/data", DATA)
    listen = t.at(8080, t.pc)
    os.chmod(t.directory, 0o755)
    config = t.file("nginx.conf", f"""
        daemon off; user root; worker_processes 1; pid {t.path("nginx.pid")}; error_log stderr;
        events {{ }}
        http {{ access_log off; server {{ listen {listen}; root {t.path("www")}; }} }}""".encode())
    request = b"GET /data HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with subprocess.Popen(["nginx", "-c", config, "-e", "stderr", "-p", t.directory], stderr=subprocess.PIPE) as nginx:
        try:
            wire.wait_for(lambda: b":8080" in t.run("ss", "-Hltn").stdout, "nginx")
            for arguments in (["--congestion", "bbr"], ["--receive-buffer", "8192"], ["--wire", "delay=1ms,loss=1%"]):
                with t.running("nc", *arguments, "--pcap", t.path("capture"), t.pc, "8080", stdin=subprocess.PIPE) as nc:
                    # nginx does not answer to the end those who have ended their side.
                    nc.stdin.write(request)
                    nc.stdin.flush()
                    answer = b""
                    while not answer.endswith(DATA[-100:]):
                        piece = os.read(nc.stdout.fileno(), 1 << 20)
                        assert piece, len(answer)
                        answer += piece
                    nc.stdin.close()
                    assert nc.wait(wire.PATIENCE) == 0
                assert answer.startswith(b"HTTP/1.1 200 OK") and answer.endswith(b"\r\n\r\n" + DATA), len(answer)
                # A dissector of HTTP finds fault with what the kernel sends again, which is not.
                t.nothing_wrong(t.path("capture"), but=f"{'ip' if t.family == 4 else 'ipv6'}.src == {t.pc}")
        finally:
            nginx.terminate()
            nginx.communicate()


def test_busybox_nc(t):
    """It waits for the other side's end, whatever its own."""
    wire.need("busybox")
    with t.running("nc", "-v", "-l", "7000", "--congestion", "reno", ready="listening on", stdin=subprocess.PIPE) as nc:
        with subprocess.Popen(["busybox", "nc", t.host, "7000"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            writer = threading.Thread(target=lambda: (other.stdin.write(DATA), other.stdin.flush()))
            writer.start()
            assert nc.stdout.read(len(DATA)) == DATA
            writer.join()
            nc.stdin.write(DATA[:1000])
            nc.stdin.close()
            assert other.stdout.read() == DATA[:1000]
            other.stdin.close()
        assert nc.wait(wire.PATIENCE) == 0


# A second network of the kernel's, as in wire.BED.
SECOND = {4: ("192.168.2.5", "192.168.2.7", 24), 6: ("fd00:2::5", "fd00:2::7", 64)}


@contextlib.contextmanager
def relay(t, port):
    """A port of the loopback whose first connection is carried on by a berth on tap0, and the second by one on tap1."""
    pc, host, prefix = SECOND[t.family]
    ways = [(t.pc, t.link), (pc, ["--link", "tap:tap1", "--address", f"{host}/{prefix}"])]
    started = []

    def carry(listener):
        for pc, link in ways:
            connection = listener.accept()[0]
            with connection:
                started.append(subprocess.Popen([t.berth, "nc", *link, pc, str(port)], stdin=connection, stdout=connection,
                                                stderr=subprocess.PIPE))

    wire.make_tap("tap1", f"{pc}/{prefix}")
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(wire.PATIENCE)
            thread = threading.Thread(target=carry, args=(listener,))
            thread.start()
            yield listener.getsockname()[1]
            thread.join()
    finally:
        # The server resets the connection that had the data.
        for process in started:
            process.kill()
            process.communicate()
        wire.command("ip link del tap1")


def test_iperf3(t):
    """Its client and its server, with berths on both of its connections."""
    wire.need("iperf3")
    with subprocess.Popen(["iperf3", "-s", "-1", "-p", "5201"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        try:
            wire.wait_for(lambda: b":5201" in t.run("ss", "-Hltn").stdout, "iperf3")
            with relay(t, 5201) as port:
                r = t.run("iperf3", "-c", "127.0.0.1", "-p", str(port), "-n", "20M", "-J")
                assert r.returncode == 0, r.stdout
                result = json.loads(r.stdout)["end"]
                assert result["sum_sent"]["bytes"] >= 20 << 20, result
        finally:
            server.kill()
            server.communicate()


def test_a_stream_of_datagrams(t):
    """As many as go, each echoed; those that are lost are lost in the kernel's queues, none is changed."""
    with serve(t) as process, t.udp_socket(7) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        n, seen = 5000, set()

        def read():
            try:
                while len(seen) < n:
                    data = s.recv(2000)
                    assert data[4:] == bytes(1000), data
                    seen.add(int.from_bytes(data[:4], "big"))
            except TimeoutError:
                pass

        s.settimeout(2)
        reader = threading.Thread(target=read)
        reader.start()
        for i in range(n):
            s.send(i.to_bytes(4, "big") + bytes(1000))
            if i % 50 == 0:
                time.sleep(0.02)
        reader.join()
        assert len(seen) > n // 10, len(seen)
        end_of(t, process)


wire.main()
