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

DATA = random.Random(2).randbytes(1_000_000)
# In the bed's network, and of no network of the bed's.
NOBODY = {4: "192.168.1.99", 6: "fd00::99"}
FOREIGN = {4: "10.0.0.1", 6: "2001:db8::1"}
# A second network of the kernel's, as in wire.BED.
SECOND = {4: ("192.168.2.5", "192.168.2.7", 24), 6: ("fd00:2::5", "fd00:2::7", 64)}


@contextlib.contextmanager
def echo_server(t):
    """A TCP echo service on the kernel's side; its port."""
    server, port = t.listen()
    with server:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    c = server.accept()[0]
                    with c, contextlib.suppress(OSError):
                        while piece := c.recv(65536):
                            c.sendall(piece)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield port


@contextlib.contextmanager
def udp_echo_server(t):
    with t.udp_socket() as server:
        server.settimeout(None)
        server.bind((t.pc, 0))

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    data, peer = server.recvfrom(70000)
                    server.sendto(data, peer)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def nc(t, *arguments, **options):
    return t.run(t.berth, "nc", *t.link, *arguments, **options)


def reachable(address, port):
    try:
        socket.create_connection((address, port)).close()
    except OSError:
        return False
    return True


def test_through_pipes(t):
    with echo_server(t) as port:
        r = nc(t, t.pc, str(port), input=DATA)
        assert (r.returncode, r.stderr) == (0, b"") and r.stdout == DATA, r.stderr


def test_through_files(t):
    source, target = t.file("source", DATA), t.path("target")
    with echo_server(t) as port, open(source, "rb") as i, open(target, "wb") as o:
        r = subprocess.run([t.berth, "nc", *t.link, t.pc, str(port)], stdin=i, stdout=o, timeout=wire.PATIENCE, check=False)
        assert r.returncode == 0
    with open(target, "rb") as f:
        assert f.read() == DATA


def test_over_a_bad_wire(t):
    with echo_server(t) as port:
        r = nc(t, "--wire", "delay=1ms,loss=3%,seed=3", t.pc, str(port), input=DATA)
        assert (r.returncode, r.stderr) == (0, b"") and r.stdout == DATA, r.stderr


def test_a_web_server_of_the_machine(t):
    t.file("www/page", DATA)
    command = [sys.executable, "-m", "http.server", "--bind", t.pc, "--directory", t.path("www"), "80"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wire.wait_for(lambda: reachable(t.pc, 80), "the web server")
            # The port by its name; the answer follows the end of the question.
            r = nc(t, t.pc, "http", input=b"GET /page HTTP/1.0\r\n\r\n")
            assert r.returncode == 0 and r.stdout.endswith(b"\r\n\r\n" + DATA), (r.stderr, r.stdout[:200])
        finally:
            server.kill()


def test_udp(t):
    with udp_echo_server(t) as port:
        r = nc(t, "-u", t.pc, str(port), input=b"hello\n")
        assert (r.returncode, r.stdout, r.stderr) == (0, b"hello\n", b""), r


def names(*arguments):
    """A DNS server at the kernel's addresses, that knows the kernel by its name, and by one of each family."""
    if os.environ.get("BERTH_NAMES") == "0":
        raise wire.Skip("this berth looks up no names")
    (pc4, _, _), (pc6, _, _) = wire.BED.values()
    return wire.dnsmasq("--port=53", "--local=/test/", f"--host-record=pc.test,{pc4},{pc6}", f"--host-record=pc4.test,{pc4}",
                        f"--host-record=pc6.test,{pc6}", *arguments)


def test_by_name(t):
    with echo_server(t) as port, names():
        for arguments in ([f"-{t.family}", "pc.test"], [f"pc{t.family}.test"], ["pc.test."]):
            # The server listens on one family alone; of both, the other is tried in vain.
            r = t.run(t.berth, "nc", *t.both, "--dns", t.pc, "-v", *arguments, str(port), input=DATA)
            name = arguments[-1]
            line = f"berth nc: connected to {name} ({t.at(port, t.pc)})\n"
            assert (r.returncode, r.stderr.decode()) == (0, line) and r.stdout == DATA, r.stderr


def test_by_name_from_a_port(t):
    server, port = t.listen()
    with server, names(), t.running("nc", "--dns", t.pc, "-p", "1099", "pc.test", str(port), link=t.both):
        c, peer = server.accept()
        c.close()
        assert peer[:2] in ((t.host, 1099), (t.second, 1099)), peer


def test_udp_by_name(t):
    with udp_echo_server(t) as port, names():
        r = nc(t, "-u", "--dns", t.pc, f"pc{t.family}.test", str(port), input=b"hello\n")
        assert (r.returncode, r.stdout, r.stderr) == (0, b"hello\n", b""), r


def test_names_that_lead_nowhere(t):
    other = 10 - t.family
    with socket.socket(t.socket_family) as unused, names():
        unused.bind((t.pc, 0))
        port = unused.getsockname()[1]
        here = ["--dns", t.pc]
        cases = [
            (here + ["nosuch.test"], "nosuch.test: no such name; is it spelt right?"),
            (here + [f"-{t.family}", f"pc{other}.test"],
             f"pc{other}.test: the name has no address; leave -4 or -6 away"),
            (here + [f"pc{t.family}.test"],
             f"pc{t.family}.test ({t.at(port, t.pc)}): connection refused; nothing listens on that port there"),
            (["pc.test"], "pc.test: no DNS server is known; add --dns A; --address dhcp and auto find one"),
        ]
        for arguments, line in cases:
            for udp in ([], ["-u", "-w", "5"]):
                if udp and "refused" in line:
                    continue
                r = nc(t, *udp, *arguments, str(port), input=b"x")
                assert (r.returncode, r.stderr.decode()) == (3, f"berth nc: {line}\n"), (arguments, r)
    r = nc(t, "--dns", t.pc, "-w", "1", "pc.test", "80", input=b"x")
    assert r.returncode == 3 and r.stderr.count(b"\n") == 1 and r.stderr.startswith(b"berth nc: pc.test:"), r


def test_source_port(t):
    server, port = t.listen()
    with server:
        process = t.start("nc", "-v", "-p", "1099", t.pc, str(port))
        c, peer = server.accept()
        with c:
            assert peer[:2] == (t.host, 1099), peer
            c.sendall(b"hello")
        out, err = process.communicate(timeout=wire.PATIENCE)
        assert out == b"hello" and process.returncode == 0, err
        assert b"berth nc: connected to " in err


def test_listen(t):
    for arguments in (["-l", "7000"], ["-l", "-p", "7000"]):
        with t.running("nc", "-v", *arguments, ready="listening on", stdin=subprocess.PIPE) as process:
            with t.connect(7000) as c:
                c.sendall(b"from the PC")
                c.shutdown(socket.SHUT_WR)
                writer = threading.Thread(target=lambda: (process.stdin.write(DATA), process.stdin.close()))
                writer.start()
                assert wire.receive_all(c) == DATA
                writer.join()
            assert process.stdout.read() == b"from the PC"
            assert process.wait(wire.PATIENCE) == 0


def test_listen_on_both_families(t):
    options = {"link": t.both, "ready": "listening on *:7000"}
    with t.running("nc", "-v", "-l", "7000", **options) as process:
        with t.connect(7000) as c:
            peer = t.at(c.getsockname()[1], t.pc)
            c.sendall(DATA)
            c.shutdown(socket.SHUT_WR)
            assert process.stdout.read() == DATA
            assert wire.receive_all(c) == b""
        assert process.wait(wire.PATIENCE) == 0
        assert process.stderr.read().decode() == f"berth nc: conversation with {peer}\n"


def test_listen_on_one_family(t):
    other = 10 - t.family
    with t.running("nc", "-v", f"-{t.family}", "-l", "7000", link=t.both, ready="listening on"):
        try:
            socket.create_connection((wire.BED[other][1], 7000), timeout=wire.PATIENCE)
            raise AssertionError("it listens on the other family, too")
        except ConnectionRefusedError:
            t.connect(7000).close()


def test_listen_udp_on_both_families(t):
    with t.running("nc", "-v", "-l", "-u", "-w", "2", "7000", ready="listening on", link=t.both,
                   stdin=subprocess.PIPE) as process:
        with t.udp_socket(7000) as s:
            s.send(b"question")
            assert os.read(process.stdout.fileno(), 100) == b"question"
            process.stdin.write(b"answer")
            process.stdin.flush()
            assert s.recv(100) == b"answer"
        assert process.wait(wire.PATIENCE) == 0


def test_listen_udp(t):
    with t.running("nc", "-v", "-l", "-u", "-w", "2", "7000", ready="listening on", stdin=subprocess.PIPE) as process:
        with t.udp_socket(7000) as s:
            s.send(b"question")
            assert os.read(process.stdout.fileno(), 100) == b"question"
            process.stdin.write(b"answer")
            process.stdin.flush()
            assert s.recv(100) == b"answer"
        assert process.wait(wire.PATIENCE) == 0


@wire.only(6)
def test_link_local(t):
    """With the name of the host's interface, its number, or neither."""
    pc = wire.link_local()
    with socket.create_server((pc, 0, 0, socket.if_nametoindex("tap0")), family=socket.AF_INET6) as server:
        server.settimeout(wire.PATIENCE)
        port = server.getsockname()[1]
        for name in (pc, pc + "%eth0", pc + "%1"):
            with t.running("nc", "-v", name, str(port)) as process:
                c, peer = server.accept()
                with c:
                    assert peer[0].startswith("fe80::") and peer[3] == socket.if_nametoindex("tap0"), peer
                    c.sendall(b"hello")
                assert process.stdout.read() == b"hello" and process.wait(wire.PATIENCE) == 0
                assert process.stderr.read().decode() == f"berth nc: connected to [{pc}%1]:{port}\n"


def test_failures(t):
    with socket.socket(t.socket_family) as unused:
        unused.bind((t.pc, 0))
        port = unused.getsockname()[1]
    nobody, foreign = NOBODY[t.family], FOREIGN[t.family]
    cases = [
        ([t.pc, str(port)], f"{t.at(port, t.pc)}: connection refused; nothing listens on that port there"),
        (["-u", t.pc, str(port)], f"{t.at(port, t.pc)}: connection refused; nothing listens on that port there"),
        ([nobody, "80"], f"{t.at(80, nobody)}: no route to host; nobody on the link answers for that address; "
         "is the device up and configured?"),
        ([foreign, "80"], f"{t.at(80, foreign)}: network is unreachable; it lies in another network; add --gateway"),
        ([wire.BED[10 - t.family][0], "80"],
         f"{t.at(80, wire.BED[10 - t.family][0])}: network is unreachable; the host has no IPv{10 - t.family} address; "
         "add --address"),
        (["-w", "1", "-l", "7000"], "port 7000: nobody came in 1 s; wait longer with -w"),
    ]
    for arguments, line in cases:
        r = nc(t, *arguments, input=b"x")
        assert (r.returncode, r.stderr.decode()) == (3, f"berth nc: {line}\n"), (arguments, r.returncode, r.stderr)


def test_a_peer_that_says_nothing(t):
    server, port = t.listen()
    with server:
        # Longer than the second after which a first ARP request, lost on a device just come up, is sent again.
        r = nc(t, "-w", "3", t.pc, str(port))
        line = f"berth nc: {t.at(port, t.pc)}: nothing moved for 3 s; wait longer with -w\n"
        assert (r.returncode, r.stderr.decode()) == (3, line), r


def test_a_peer_that_resets(t):
    server, port = t.listen()
    with server:
        with t.running("nc", t.pc, str(port), stdin=subprocess.PIPE) as process:
            c = server.accept()[0]
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            c.close()
            assert process.wait(wire.PATIENCE) == 3
            line, peer = process.stderr.read().decode(), t.at(port, t.pc)
            assert line == f"berth nc: {peer}: connection reset by peer; the other side cut the conversation short\n", line


def test_a_reader_that_leaves(t):
    server, port = t.listen()
    with server:
        with t.running("nc", t.pc, str(port), stdin=subprocess.PIPE) as process:
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


@wire.once
def test_a_full_disk(t):
    with echo_server(t) as port, open("/dev/full", "wb") as full:
        r = subprocess.run([t.berth, "nc", *t.link, t.pc, str(port)], input=b"x", stdout=full, stderr=subprocess.PIPE,
                           timeout=wire.PATIENCE, check=False)
        assert r.returncode == 3 and r.stderr == b"berth nc: standard output: No space left on device\n", r.stderr


def test_a_slow_reader_holds_back_the_writer(t):
    server, port = t.listen()
    with server:
        with t.running("nc", t.pc, str(port), stdin=subprocess.PIPE) as process:
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
    server, port = t.listen()
    with server:
        with t.running("nc", t.pc, str(port), stdin=subprocess.PIPE) as process:
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
    pc, host, prefix = SECOND[t.family]
    wire.make_tap("tap1", f"{pc}/{prefix}")
    wire.forward()
    # A router of IPv6 is known by its link-local address as well.
    gateway = t.pc if t.family == 4 else wire.link_local()
    with open(t.path("out"), "wb") as out, t.running("nc", "-v", "--gateway", gateway, "-l", "7000",
                                                     ready="listening on", stdout=out) as process:
        r = t.run(t.berth, "nc", "--link", "tap:tap1", "--address", f"{host}/{prefix}", "--gateway", pc, t.host,
                  "7000", input=DATA)
        assert r.returncode == 0, r.stderr
        assert process.wait(wire.PATIENCE) == 0
    with open(t.path("out"), "rb") as f:
        assert f.read() == DATA
    wire.command("ip link del tap1")


wire.main()
