#!/usr/bin/env python3
"""What netstat says of conversations, and finds unexplained: programs and sockets that are what they are found to be."""
import contextlib
import os
import re
import shutil
import socket
import subprocess

import bed

PRIVATE = "10.9.9.1"
PUBLIC = "203.0.113.1"
CLEAN = "/mnt"  # where nobody else writes


class Program:
    """A copy of sleep that has these sockets; ours are closed."""

    def __init__(self, path, *sockets, start=None):
        shutil.copy(shutil.which("sleep"), path)
        self.ports = [s.getsockname()[1] for s in sockets]
        self.process = subprocess.Popen([start or path, "1000"], pass_fds=[s.fileno() for s in sockets])
        bed.wait_for(lambda: os.readlink(f"/proc/{self.process.pid}/exe").startswith(("/memfd", path)), "it runs")
        for s in sockets:
            s.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def listening(port=8080, address="127.0.0.1"):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen(64)
    return s


def explained(t, port, *more):
    return t.row("-at", f"sport {port}", *more, columns="findings,explanation,pid,program")


def findings(t, port, *more):
    return set(explained(t, port, *more)["findings"] or [])


# ---- programs ----


def test_nothing_odd(t):
    with Program(CLEAN + "/server", listening()) as server:
        row = explained(t, 8080)
        assert row["findings"] in ([], None), row
        assert row["explanation"].startswith(f"server ({server.process.pid}, "), row
        assert " waits on port 8080 at 127.0.0.1 (loopback)" in row["explanation"], row
        text = t.netstat("-at", "--explain", "sport 8080")
        assert text.rstrip().endswith("waits for http-alt at 127.0.0.1 (loopback)"), text
        assert t.netstat("-at", "--unexplained", "sport 8080") == ""


def test_deleted(t):
    with Program(CLEAN + "/gone", listening()):
        os.unlink(CLEAN + "/gone")
        assert findings(t, 8080) == {"executable-deleted"}
        text = t.netstat("-ant", "--unexplained", status=1)
        assert len(text.splitlines()) == 1, text
        assert text.endswith("; NOT EXPLAINED: the program's file has been deleted or replaced (executable-deleted)\n"), text


def test_writable(t):
    with Program(CLEAN + "/open", listening()):
        os.chmod(CLEAN + "/open", 0o777)
        assert findings(t, 8080) == {"executable-writable"}
    os.mkdir(CLEAN + "/all")
    os.chmod(CLEAN + "/all", 0o1777)
    with Program(CLEAN + "/all/x", listening()):
        assert findings(t, 8080) == {"executable-writable"}


def test_memory(t):
    s = listening()
    fd = os.memfd_create("x", 0)
    with open(shutil.which("sleep"), "rb") as program:
        os.write(fd, program.read())
    with Program(CLEAN + "/x", s, start=f"/proc/{os.getpid()}/fd/{fd}"):
        assert findings(t, 8080) == {"executable-memory"}, explained(t, 8080)
    os.close(fd)


def test_hidden(t):
    with Program(CLEAN + "/.x", listening()):
        assert findings(t, 8080) == {"executable-hidden"}
    with Program(CLEAN + "/sshd ", listening()):
        assert findings(t, 8080) == {"executable-hidden"}


def test_a_name_that_breaks_lines(t):
    with Program(CLEAN + "/a\nb\x1b[2J", listening()):
        assert "\na?b?[2J (" in "\n" + t.netstat("-ant", "--explain", "sport 8080")


def test_a_shell(t):
    with listening() as server, socket.create_connection(server.getsockname()) as c:
        with server.accept()[0] as taken:
            shell = subprocess.Popen(["sh"], stdin=taken, stdout=subprocess.DEVNULL)
        try:
            assert "shell-on-socket" in findings(t, 8080, "and not state listening")
            assert "shell-on-socket" not in findings(t, c.getsockname()[1])
        finally:
            shell.kill()
            shell.wait()


def test_an_owner_that_is_not_seen(t):
    with listening():
        hidden = ["unshare", "-pf", "--mount-proc", t.berth, "netstat", "-ant", "--unexplained"]
        r = t.run(*hidden)
        if r.stderr.startswith(b"unshare"):
            raise bed.Skip(r.stderr.decode().strip())
        assert r.returncode == 1 and r.stdout.endswith(b"(owner-unknown)\n"), r
    r = t.run(*hidden)
    assert (r.returncode, r.stdout) == (0, b""), r


# ---- sockets ----


def test_listeners(t):
    for address, port, want in (("0.0.0.0", 4, {"listener-unregistered"}), (PUBLIC, 4, {"listener-unregistered"}),
                                (PRIVATE, 4, set()), ("127.0.0.1", 4, set()), ("0.0.0.0", 443, set())):
        with Program(CLEAN + "/server", listening(port, address)):
            assert findings(t, port) == want, (address, port)
    for port, want in ((4, ["listener-unregistered"]), (53, []), (40000, [])):
        with socket.socket(type=socket.SOCK_DGRAM) as s:
            s.bind(("0.0.0.0", port))
            with Program(CLEAN + "/server", s):
                row = t.row("-au", columns="findings")
                assert (row["findings"] or []) == want, (port, row)


def test_a_listener_that_is_gone(t):
    server = listening(4444, PRIVATE)
    with socket.create_connection((PRIVATE, 4444)):
        with Program(CLEAN + "/server", server.accept()[0]):
            assert findings(t, 4444, "and not state listening") == set()
            server.close()
            assert findings(t, 4444) == {"listener-gone"}


def test_an_unusual_service(t):
    """Eight who are served, and one that is asked: at a public address, where it is this machine, too."""
    with contextlib.ExitStack() as stack:
        server, strange = stack.enter_context(listening(443, PUBLIC)), stack.enter_context(listening(4444, PUBLIC))
        served = []
        for _ in range(8):
            stack.enter_context(socket.create_connection((PUBLIC, 443)))
            served.append(server.accept()[0])
        asked = socket.create_connection((PUBLIC, 4444))
        stack.enter_context(strange.accept()[0])
        with Program(CLEAN + "/server", *served, asked) as program:
            assert findings(t, program.ports[-1]) == {"service-unusual"}
            for row in t.rows("-t", "sport 443", columns="findings"):
                assert not row["findings"], row


def test_the_other_end(t):
    with listening() as server:
        asked = socket.create_connection(server.getsockname())
        with Program(CLEAN + "/client", asked) as client, Program(CLEAN + "/server", server.accept()[0]) as other:
            text = explained(t, client.ports[0])["explanation"]
            assert f"asks port 8080 of server ({other.process.pid}) at 127.0.0.1 (loopback)" in text, text


def test_documented(t):
    """Every finding has its section."""
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    with open(os.path.join(root, "src/netstat/finding.h"), encoding="utf-8") as header:
        ids = re.findall(r'X\([A-Z_]+, "([a-z-]+)"', header.read())
    with open(os.path.join(root, "docs/netstat-findings.md"), encoding="utf-8") as page:
        sections = re.findall(r"^## ([a-z]+-[a-z-]+)$", page.read(), re.MULTILINE)
    assert len(ids) > 5 and sorted(ids) == sorted(sections), (ids, sections)


# ---- baselines ----


def test_baseline(t):
    baseline = t.path("baseline")
    server = Program(CLEAN + "/server", listening(443, "0.0.0.0"), listening(0))
    with server:
        t.netstat("-a", "--save-baseline", baseline)
        with open(baseline, encoding="utf-8") as file:
            entries = [line.split() for line in file if line[:1] not in "#\n"]
        path = CLEAN + "/server"
        assert [e[:7] + e[8:10] for e in entries] == [
            ["allow", "listen", "tcp", "443", "at", "any", "program", "user", entries[0][9]],
            ["allow", "listen", "tcp", "ephemeral", "at", "loopback", "program", "user", entries[0][9]],
        ] and entries[0][7] == entries[1][7] == path, entries
        assert t.netstat("-a", "--baseline", baseline) == ""
    # A restart is no change, and what is only gone no alarm.
    with Program(CLEAN + "/server", listening(443, "0.0.0.0"), listening(0)):
        assert t.netstat("-a", "--baseline", baseline) == ""
    text = t.netstat("-a", "--baseline", baseline)
    assert len(text.splitlines()) == 2 and text.count(path) == 2, text
    # Another program at the same port is one.
    with Program(CLEAN + "/other", listening(443, "0.0.0.0")):
        text = t.netstat("-a", "--baseline", baseline, status=1)
        assert re.search(r"allow +listen +tcp +443 +at +any +program +/mnt/other", text), text


def test_a_wrong_baseline(t):
    r = t.run(t.berth, "netstat", "--baseline", t.file("wrong", b"# x\nallow in tpc 443\n"))
    assert r.returncode in (2, 3) and r.stdout == b"", r
    assert b"wrong" in r.stderr and b"line 2, column 10" in r.stderr and b"expected a protocol" in r.stderr, r.stderr


if __name__ == "__main__":
    bed.main(f"ip address add {PRIVATE}/32 dev lo", f"ip address add {PUBLIC}/32 dev lo",
             f"mount -t tmpfs -o mode=755 none {CLEAN}")
