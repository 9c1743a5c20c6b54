#!/usr/bin/env python3
"""berth nc beside servers and clients of the machine: test_nc.py BERTH"""
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading

import wire
from wire import HOST, PC, LINK

DATA = random.Random(2).randbytes(1_000_000)


@contextlib.contextmanager
def echo_server():
    """A TCP echo service on the kernel's side."""
    with socket.create_server((PC, 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    c = server.accept()[0]
                    with c, contextlib.suppress(OSError):
                        while piece := c.recv(65536):
                            c.sendall(piece)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]


@contextlib.contextmanager
def udp_echo_server():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((PC, 0))

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    data, peer = server.recvfrom(70000)
                    server.sendto(data, peer)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def nc(t, *arguments, **options):
    return t.run(t.berth, "nc", *LINK, *arguments, **options)


def test_through_pipes(t):
    with echo_server() as port:
        r = nc(t, PC, str(port), input=DATA)
        assert (r.returncode, r.stderr) == (0, b"") and r.stdout == DATA, r.stderr


def test_through_files(t):
    source, target = t.file("source", DATA), t.path("target")
    with echo_server() as port, open(source, "rb") as i, open(target, "wb") as o:
        r = subprocess.run([t.berth, "nc", *LINK, PC, str(port)], stdin=i, stdout=o, timeout=wire.PATIENCE, check=False)
        assert r.returncode == 0
    with open(target, "rb") as f:
        assert f.read() == DATA


def test_over_a_bad_wire(t):
    with echo_server() as port:
        r = nc(t, "--wire", "delay=1ms,loss=3%,seed=3", PC, str(port), input=DATA)
        assert (r.returncode, r.stderr) == (0, b"") and r.stdout == DATA, r.stderr


def test_a_web_server_of_the_machine(t):
    t.file("www/page", DATA)
    command = [sys.executable, "-m", "http.server", "--bind", PC, "--directory", t.path("www"), "80"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wire.wait_for(lambda: socket.socket().connect_ex((PC, 80)) == 0, "the web server")
            # The port by its name; the answer follows the end of the question.
            r = nc(t, PC, "http", input=b"GET /page HTTP/1.0\r\n\r\n")
            assert r.returncode == 0 and r.stdout.endswith(b"\r\n\r\n" + DATA), (r.stderr, r.stdout[:200])
        finally:
            server.kill()


def test_udp(t):
    with udp_echo_server() as port:
        r = nc(t, "-u", PC, str(port), input=b"hello\n")
        assert (r.returncode, r.stdout, r.stderr) == (0, b"hello\n", b""), r


def test_source_port(t):
    with socket.create_server((PC, 0)) as server:
        process = t.start("nc", "-v", "-p", "1099", PC, str(server.getsockname()[1]))
        c, peer = server.accept()
        with c:
            assert peer == (HOST, 1099), peer
            c.sendall(b"hello")
        out, err = process.communicate(timeout=wire.PATIENCE)
        assert out == b"hello" and process.returncode == 0, err
        assert b"berth nc: connected to " in err


def test_listen(t):
    for arguments in (["-l", "7000"], ["-l", "-p", "7000"]):
        with t.running("nc", "-v", *arguments, ready="listening on", stdin=subprocess.PIPE) as process:
            with wire.connect(7000) as c:
                c.sendall(b"from the PC")
                c.shutdown(socket.SHUT_WR)
                writer = threading.Thread(target=lambda: (process.stdin.write(DATA), process.stdin.close()))
                writer.start()
                assert wire.receive_all(c) == DATA
                writer.join()
            assert process.stdout.read() == b"from the PC"
            assert process.wait(wire.PATIENCE) == 0


def test_listen_udp(t):
    with t.running("nc", "-v", "-l", "-u", "-w", "2", "7000", ready="listening on", stdin=subprocess.PIPE) as process:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(wire.PATIENCE)
            s.connect((HOST, 7000))
            s.send(b"question")
            assert os.read(process.stdout.fileno(), 100) == b"question"
            process.stdin.write(b"answer")
            process.stdin.flush()
            assert s.recv(100) == b"answer"
        assert process.wait(wire.PATIENCE) == 0


def test_failures(t):
    with socket.socket() as unused:
        unused.bind((PC, 0))
        port = unused.getsockname()[1]
    cases = [
        ([PC, str(port)], f"{PC}:{port}: connection refused; nothing listens on that port there"),
        (["-u", PC, str(port)], f"{PC}:{port}: connection refused; nothing listens on that port there"),
        (["192.168.1.99", "80"], "192.168.1.99:80: no route to host; nobody on the link answers for that address; "
         "is the device up and configured?"),
        (["10.0.0.1", "80"], "10.0.0.1:80: network is unreachable; it lies in another network; add --gateway"),
        (["-w", "1", "-l", "7000"], "port 7000: nobody came in 1 s; wait longer with -w"),
    ]
    for arguments, line in cases:
        r = nc(t, *arguments, input=b"x")
        assert (r.returncode, r.stderr.decode()) == (3, f"berth nc: {line}\n"), (arguments, r.returncode, r.stderr)


def test_a_peer_that_says_nothing(t):
    with socket.create_server((PC, 0)) as server:
        port = server.getsockname()[1]
        # Longer than the second after which a first ARP request, lost on a device just come up, is sent again.
        r = nc(t, "-w", "3", PC, str(port))
        assert (r.returncode, r.stderr.decode()) == (3, f"berth nc: {PC}:{port}: nothing moved for 3 s; wait longer with -w\n"), r


def test_a_peer_that_resets(t):
    with socket.create_server((PC, 0)) as server:
        port = server.getsockname()[1]
        with t.running("nc", PC, str(port), stdin=subprocess.PIPE) as process:
            c = server.accept()[0]
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            c.close()
            assert process.wait(wire.PATIENCE) == 3
            line = process.stderr.read().decode()
            assert line == f"berth nc: {PC}:{port}: connection reset by peer; the other side cut the conversation short\n", line


def test_a_reader_that_leaves(t):
    with socket.create_server((PC, 0)) as server:
        port = server.getsockname()[1]
        with t.running("nc", PC, str(port), stdin=subprocess.PIPE) as process:
            c = server.accept()[0]
            with c, contextlib.suppress(OSError):
                c.sendall(b"x" * 100)
                assert os.read(process.stdout.fileno(), 10) == b"x" * 10
                process.stdout.close()
                process.stdout = None
                for _ in range(1000):
                    c.sendall(b"x" * 10000)
            assert process.wait(wire.PATIENCE) == 0
            assert process.stderr.read() == b""


def test_a_full_disk(t):
    with echo_server() as port, open("/dev/full", "wb") as full:
        r = subprocess.run([t.berth, "nc", *LINK, PC, str(port)], input=b"x", stdout=full, stderr=subprocess.PIPE,
                           timeout=wire.PATIENCE, check=False)
        assert r.returncode == 3 and r.stderr == b"berth nc: standard output: No space left on device\n", r.stderr


def test_a_slow_reader_holds_back_the_writer(t):
    with socket.create_server((PC, 0)) as server:
        with t.running("nc", PC, str(server.getsockname()[1]), stdin=subprocess.PIPE) as process:
            c = server.accept()[0]
            with c:
                c.settimeout(1)
                n = 0
                try:
                    while True:
                        n += c.send(DATA)
                except TimeoutError:
                    pass
                assert n < 50_000_000, n
                c.settimeout(wire.PATIENCE)
                c.shutdown(socket.SHUT_WR)
                process.stdin.close()
                assert len(process.stdout.read()) == n
                assert process.wait(wire.PATIENCE) == 0


def test_interrupted(t):
    with socket.create_server((PC, 0)) as server:
        with t.running("nc", PC, str(server.getsockname()[1]), stdin=subprocess.PIPE) as process:
            c = server.accept()[0]
            with c:
                assert wire.stop(process, signal.SIGINT) == 3
                line = process.stderr.read()
                assert line == b"berth nc: ended by a signal before the conversation was over\n", line
                try:
                    c.recv(1)
                    raise AssertionError("the peer was not told")
                except ConnectionResetError:
                    pass


def test_two_berths_through_the_kernel(t):
    """A listener on one TAP device, a client on another; the kernel routes between them."""
    for command in ("ip tuntap add dev tap1 mode tap", "ip address add 192.168.2.5/24 dev tap1", "ip link set tap1 up"):
        subprocess.run(command.split(), check=True)
    with open("/proc/sys/net/ipv4/ip_forward", "w", encoding="ascii") as f:
        f.write("1")
    with open(t.path("out"), "wb") as out, t.running("nc", "-v", "--gateway", PC, "-l", "7000", ready="listening on",
                                                     stdout=out) as process:
        r = t.run(t.berth, "nc", "--link", "tap:tap1", "--address", "192.168.2.7/24", "--gateway", "192.168.2.5", HOST,
                  "7000", input=DATA)
        assert r.returncode == 0, r.stderr
        assert process.wait(wire.PATIENCE) == 0
    with open(t.path("out"), "rb") as f:
        assert f.read() == DATA


wire.main()
