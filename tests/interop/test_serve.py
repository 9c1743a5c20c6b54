#!/usr/bin/env python3
"""berth serve beside curl, nc, ping and raw sockets of the machine: test_serve.py BERTH"""
import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import time

import wire
from wire import receive_all

BIG = random.Random(1).randbytes(8_000_000)
SMALL = bytes(range(256)) * 4
# Of no network of the bed's.
FOREIGN = {4: "10.0.0.1", 6: "2001:db8::1"}


def serve(t, *arguments, **options):
    root = make_root(t)
    return t.running("serve", "--http", "80:" + root, "--echo", "7", *arguments, ready="echo at", **options)


def make_root(t):
    root = t.path("root")
    if not os.path.exists(root):
        t.file("secret", b"secret")
        t.file("root/big.bin", BIG)
        t.file("root/small.txt", SMALL)
        t.file("root/empty", b"")
        t.file("root/sub/a<b>&\"c'.html", b"<p>")
        t.file("root/sub/with space%41.txt", b"odd")
        os.symlink("../secret", t.path("root/out"))
        os.symlink("/etc", t.path("root/etc"))
        os.symlink("small.txt", t.path("root/in"))
        os.mkfifo(t.path("root/fifo"))
    return root


def curl(t, *arguments):
    return t.curl("--path-as-is", *arguments)


def ask(t, request, port=80):
    """Sends bytes, ends, and returns what comes back."""
    with t.connect(port) as c:
        c.sendall(request)
        return receive_all(c)


def status_of(t, request):
    answer = ask(t, request)
    assert answer.startswith(b"HTTP/1.1 "), answer[:100]
    return int(answer.split(b" ", 2)[1])


def get(target, extra=b""):
    return b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + extra + b"\r\n"


def test_ping(t):
    with serve(t):
        for size in ("0", "56", "1452", "1472", "8000"):
            r = t.ping("-c", "2", "-i", "0.2", "-s", size)
            assert r.returncode == 0 and b" 0% packet loss" in r.stdout, r.stdout.decode()


def test_curl_downloads(t):
    with serve(t):
        for name, content in (("big.bin", BIG), ("small.txt", SMALL), ("empty", b""), ("in", SMALL)):
            r = curl(t, "--fail", t.url("/" + name))
            assert r.returncode == 0, r.stderr
            assert hashlib.sha256(r.stdout).digest() == hashlib.sha256(content).digest(), name


def test_many_at_once(t):
    with serve(t):
        command = [*wire.CURL, "--fail", t.url("/big.bin")]
        many = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(8)]
        for process in many:
            data = process.communicate(timeout=wire.PATIENCE * 2)[0]
            assert process.returncode == 0 and data == BIG


def test_over_a_bad_wire(t):
    with serve(t, "--wire", "delay=1ms,loss=2%,reorder=1%,duplicate=1%,corrupt=0.5%,seed=7"):
        r = curl(t, "--fail", t.url("/big.bin"))
        assert r.returncode == 0 and r.stdout == BIG, r.stderr


def test_ranges(t):
    with serve(t):
        cases = [
            ("100-199", 206, SMALL[100:200]),
            ("1000-", 206, SMALL[1000:]),
            ("-24", 206, SMALL[-24:]),
            ("-5000", 206, SMALL),
            ("1000-5000", 206, SMALL[1000:]),
            ("0-0", 206, SMALL[:1]),
            ("0-1,5-6", 200, SMALL),
            ("7-3", 200, SMALL),
            ("x-y", 200, SMALL),
            ("99999999999999999999-", 200, SMALL),
        ]
        for text, status, content in cases:
            r = curl(t, "-H", "Range: bytes=" + text, "-w", "%{stderr}%{http_code}", t.url("/small.txt"))
            assert (int(r.stderr), r.stdout) == (status, content), (text, r.stderr)
        r = curl(t, "-i", "-r", "1024-", t.url("/small.txt"))
        assert b" 416 " in r.stdout and b"Content-Range: bytes */1024" in r.stdout, r.stdout
        assert status_of(t, get(b"/empty", b"Range: bytes=-1\r\n")) == 416
        r = ask(t, get(b"/small.txt", b"Range: bytes=0-3\r\nIf-Range: \"old\"\r\n"))
        assert r.startswith(b"HTTP/1.1 200 "), r


def test_head(t):
    with serve(t):
        r = curl(t, "-I", t.url("/big.bin"))
        assert b"Content-Length: 8000000\r\n" in r.stdout and r.stdout.startswith(b"HTTP/1.1 200 OK"), r.stdout
        answer = ask(t, get(b"/small.txt").replace(b"GET", b"HEAD"))
        assert answer.endswith(b"\r\n\r\n") and b"Content-Length: 1024" in answer
        assert ask(t, get(b"/nothing").replace(b"GET", b"HEAD")).endswith(b"\r\n\r\n")
        assert ask(t, get(b"/").replace(b"GET", b"HEAD")).endswith(b"\r\n\r\n")


def test_keep_alive_and_pipelining(t):
    with serve(t):
        r = curl(t, "-w", "%{stderr}%{num_connects} ", t.url("/small.txt"), t.url("/small.txt"), t.url("/empty"))
        assert r.stderr.split() == [b"1", b"0", b"0"], r.stderr
        request = b"GET /small.txt HTTP/1.1\r\nHost: x\r\n\r\n"
        answer = ask(t, request * 50 + get(b"/big.bin"))
        assert answer.count(b"HTTP/1.1 200 OK\r\n") == 51 and answer.endswith(BIG)
        # A request that arrives byte by byte.
        with t.connect(80) as c:
            c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in get(b"/empty"):
                c.send(bytes([byte]))
            assert receive_all(c).startswith(b"HTTP/1.1 200 OK")


def test_listing(t):
    with serve(t):
        page = curl(t, t.url("/")).stdout.decode()
        assert 'href="./small.txt"' in page and 'href="./sub/"' in page, page
        assert 'href="./in"' in page
        for hidden in ("./out", "./etc", "./fifo", "secret"):
            assert hidden not in page, page
        page = curl(t, t.url("/sub/")).stdout.decode()
        assert "a&lt;b&gt;&amp;&quot;c&#39;.html" in page and "a<b>" not in page, page
        assert "a%3Cb%3E%26%22c%27.html" in page and "with%20space%2541.txt" in page, page
        assert curl(t, t.url("/sub/with%20space%2541.txt")).stdout == b"odd"
        r = curl(t, "-i", t.url("/sub"))
        assert b" 301 " in r.stdout and b"Location: /sub/\r\n" in r.stdout, r.stdout
        assert b"text/html" in curl(t, "-I", t.url("/sub/a%3Cb%3E%26%22c%27.html")).stdout


def test_nothing_outside_the_root(t):
    with serve(t):
        for target in (
            b"/../secret",
            b"/%2e%2e/secret",
            b"/..%2fsecret",
            b"/%2e%2e%2fsecret",
            b"/sub/../../secret",
            b"/sub/%2e%2e/%2e%2e/secret",
            b"/out",
            b"/etc/passwd",
            b"/etc/",
            b"//etc/hostname",
            b"/%2fetc/hostname",
            b"http://x/../secret",
            b"/fifo",
        ):
            assert status_of(t, get(target)) in (400, 403, 404), target


def test_bad_requests(t):
    with serve(t):
        cases = [
            (get(b"/nothing"), 404),
            (get(b"/small.txt/"), 404),
            (get(b"/" + b"a" * 300), 404),
            (get(b"/%"), 400),
            (get(b"/%4"), 400),
            (get(b"/%zz"), 400),
            (get(b"/%00"), 400),
            (get(b"/a%0ab"), 400),
            (get(b"small.txt"), 400),
            (b"GET / HTTP/1.1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            (b"nonsense\r\n\r\n", 400),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
            (b"DELETE /small.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
            (b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
            (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
            (get(b"/" + b"a" * 5000), 414),
            (get(b"/", b"X: " + b"a" * 20000 + b"\r\n"), 431),
            (get(b"/", b"X: a\r\n" * 10000), 431),
            (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
            (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + bytes(100000), 413),
            (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400),
            (b"GET /small.txt HTTP/1.0\r\n\r\n", 200),
            (b"GET /small.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", 200),
            (get(b"/small.txt?query=%zz#x"), 200),
            (get(b"http://x/small.txt"), 200),
        ]
        for request, status in cases:
            real = status_of(t, request)
            assert real == status, (request[:60], real, status)
        answer = ask(t, b"DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"\r\nAllow: GET, HEAD\r\n" in answer, answer


def test_echo_tcp(t):
    with serve(t):
        data = BIG[:1_000_000]
        with t.connect(7) as c:
            # Both directions at once: what echo sends back must not stop it from reading.
            child = os.fork()
            if child == 0:
                c.sendall(data)
                c.shutdown(socket.SHUT_WR)
                os._exit(0)
            assert receive_all(c) == data
            os.waitpid(child, 0)
        with t.connect(7) as c:
            c.shutdown(socket.SHUT_WR)
            assert receive_all(c) == b""


def test_echo_udp(t):
    with serve(t), t.udp_socket(7) as s:
        for size in (0, 1, 2, 1472, 1473, 4000, 65507):
            s.send(BIG[:size])
            assert s.recv(70000) == BIG[:size], size


def test_a_host_of_both_families(t):
    """Each service is at each address, and answers from the one that was asked."""
    with serve(t, link=t.both) as process:
        for address in (t.host, t.second):
            assert f"http://{t.at(80, address)}/ serves ".encode() in process.talk, process.talk
            assert curl(t, t.url("/small.txt", address=address)).stdout == SMALL
            with t.udp_socket() as s:
                s.connect((address, 7))
                s.send(b"to " + address.encode())
                assert s.recv(100) == b"to " + address.encode()
        assert process.talk.count(b"http://") == 4


@wire.only(6)
def test_a_link_local_address(t):
    with serve(t, "--address", "fe80::7%eth0/64", link=["--link", "tap:tap0"]) as process:
        assert b"http://[fe80::7]:80/ serves " in process.talk, process.talk
        assert curl(t, "http://[fe80::7%25tap0]/small.txt").stdout == SMALL


def test_nc_of_the_machine(t):
    wire.need("nc")
    with serve(t):
        r = t.run("nc", "-N", t.host, "7", input=BIG[:300_000])
        assert r.returncode == 0 and r.stdout == BIG[:300_000], r.stderr
        r = t.run("nc", "-u", "-w", "1", t.host, "7", input=b"hello\n")
        assert r.stdout == b"hello\n", r.stderr
        r = t.run("nc", "-z", "-v", t.host, "81")
        assert r.returncode == 1 and b"refused" in r.stderr, r.stderr
        r = t.run("nc", "-z", "-v", "-u", "-w", "1", t.host, "81")
        assert r.returncode == 1, (r.stdout, r.stderr)


def test_netstat(t):
    with serve(t, "--name", "web") as process, t.connect(80) as c:
        pc_port = c.getsockname()[1]
        c.sendall(b"GET /small.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        assert len(c.recv(65536)) > 0
        text = t.run(t.berth, "netstat", "-ap", "--numeric-hosts").stdout.decode()
        lines = [" ".join(line.split()) for line in text.splitlines()]
        assert "Active Internet connections (servers and established)" in lines, text
        assert "Proto Recv-Q Send-Q Local Address Foreign Address State PID/Program name Host" in lines, text
        assert f"{t.tcp} 0 128 {t.at('http')} {t.anybody} LISTEN {process.pid}/berth web" in lines, text
        assert f"{t.udp} 0 0 {t.at('echo')} {t.anybody} {process.pid}/berth web" in lines, text
        assert any(line.startswith(f"{t.tcp} 0 ") and f"{t.at('http')} {t.at(pc_port, t.pc)} ESTABLISHED" in line
                   for line in lines), text
        # The kernel's end of the same conversation is in the same list.
        assert any(f"{t.at(pc_port, t.pc)} {t.at('http')} ESTABLISHED" in line and line.endswith(" kernel")
                   for line in lines), text
        text = t.run(t.berth, "netstat", "-n", "--host", "web").stdout.decode()
        assert t.at(80) in text and "LISTEN" not in text, text
        text = t.run(t.berth, "netstat", "-lnt", "--host", "web").stdout.decode()
        assert "LISTEN" in text and "ESTABLISHED" not in text and "udp" not in text, text
        rows = json.loads(t.run(t.berth, "netstat", "-a", "--json", "--columns", "+host").stdout)
        expected = {"proto": "tcp", "family": f"ipv{t.family}", "local_port": 80, "local_service": "http",
                    "state": "LISTEN", "host": "web"}
        assert expected.items() <= rows[[r["local_port"] for r in rows].index(80)].items(), rows
        counters = json.loads(t.run(t.berth, "netstat", "-s", "--json", "--host", "web").stdout)
        values = {c["name"]: c["value"] for c in counters}
        assert values["tcp_passive_opens"] >= 1 and values["tcp_segments_in"] >= 3, values
        assert "tcp_passive_opens" in t.run(t.berth, "netstat", "-s").stdout.decode()
        r = t.run(t.berth, "netstat", "--host", "nobody")
        assert r.returncode == 1 and b"tcp" not in r.stdout and r.stderr.count(b"\n") == 1, r
        r = t.run(t.berth, "netstat", "--host", "nobody", "--json")
        assert r.returncode == 1 and json.loads(r.stdout) == [], r


def test_a_peer_that_vanishes(t):
    wire.need("curl")
    with serve(t) as process:
        for _ in range(3):
            command = [*wire.CURL, "--limit-rate", "500k", "-o", "/dev/null", t.url("/big.bin")]
            curl_process = subprocess.Popen(command)
            time.sleep(0.3)
            curl_process.kill()
            curl_process.wait()
        # One that is not even there to send a reset.
        with t.connect(80) as c:
            c.sendall(get(b"/big.bin"))
            c.recv(100)
            subprocess.run(["ip", "link", "set", "tap0", "down"], check=True)
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        subprocess.run(["ip", "link", "set", "tap0", "up"], check=True)
        assert curl(t, t.url("/small.txt")).stdout == SMALL
        assert process.poll() is None


def test_a_silent_reader_holds_nobody_up(t):
    with serve(t), t.connect(80) as c:
        c.sendall(get(b"/big.bin"))
        assert curl(t, t.url("/big.bin")).stdout == BIG


def test_signals(t):
    for number in (signal.SIGINT, signal.SIGTERM):
        with serve(t) as process:
            with t.connect(80) as c:
                c.sendall(b"GET /small.txt HTTP/1.1\r\nHost: x\r\n\r\n")
                c.recv(1)
                control = t.path(f"berth/serve.{process.pid}.sock")
                assert os.stat(control).st_mode & 0o7777 == 0o600
                assert wire.stop(process, number) == 0
                assert not os.path.exists(control)
            assert process.stderr.read() == b""


def test_what_cannot_be(t):
    root = make_root(t)
    with serve(t):
        r = t.run(t.berth, "serve", *t.link, "--echo", "7")
        assert r.returncode == 3, r
        assert r.stderr == b"berth serve: tap0: another program uses the device; stop it or take another name\n", r.stderr
    cases = [
        (["--http", "80:/nonexistent"], "--http /nonexistent: no such directory; make it or name another"),
        (["--http", "80:" + root + "/empty"], f"--http {root}/empty: not a directory; name the one whose files to serve"),
        (["--echo", "7", "--echo", "7"], "--echo 7: the port is in use by another service; take another"),
        (["--echo", "7", "--gateway", FOREIGN[t.family]],
         f"--gateway {FOREIGN[t.family]}: network is unreachable; a gateway lies in the network of --address"),
        (["--echo", "7", "--pcap", "/nonexistent/file"], "--pcap /nonexistent/file: no such directory; make it or name another file"),
    ]
    for arguments, line in cases:
        r = t.run(t.berth, "serve", *t.link, *arguments)
        assert r.returncode == 3 and r.stderr.decode().splitlines()[-1] == "berth serve: " + line, r.stderr
    r = t.run(t.berth, "serve", "--link", "tap:lo", "--address", f"{t.host}/{t.prefix}", "--echo", "7")
    assert r.returncode == 3 and r.stderr == b"berth serve: lo is not a TAP device; take another name\n", r.stderr


@wire.once
def test_without_tun(t):
    r = t.run("unshare", "-m", "sh", "-c", 'mount -t tmpfs tmpfs /dev/net || exit 77; exec "$@"', "sh", t.berth, "serve",
              *t.link, "--echo", "7")
    if r.returncode == 77:
        raise wire.Skip("no tmpfs may be mounted")
    line = b"berth serve: tap0: there is no /dev/net/tun; 'modprobe tun' as root loads the kernel's driver\n"
    assert (r.returncode, r.stderr) == (3, line), r


@wire.once
def test_a_device_that_goes_away(t):
    with serve(t) as process:
        subprocess.run(["ip", "link", "del", "tap0"], check=True)
        assert process.wait(wire.PATIENCE) == 3
        line = process.stderr.read()
        assert line == b"berth serve: tap0: the device is gone; make it again and start anew\n", line
    wire.set_up()


wire.main()
