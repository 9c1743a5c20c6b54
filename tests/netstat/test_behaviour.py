#!/usr/bin/env python3
"""How `berth netstat` behaves towards people with habits, and towards scripts: options of other tools, output that
cannot be written, readers that leave, files that are none."""
import contextlib
import fcntl
import os
import pty
import signal
import socket
import struct
import subprocess
import termios
import urllib.request

import bed


def listener(port=0):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", port))
    s.listen(16)
    return s


def port_of(s):
    return s.getsockname()[1]


@contextlib.contextmanager
def running(*command, **options):
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()


# ---- habits ----

def test_long_forms_of_families(t):
    with listener() as s, socket.socket(socket.AF_INET6) as six:
        six.bind(("::1", 0))
        six.listen(1)
        for option in ("--inet", "--ip", "--ipv4", "--tcpip", "-finet", "-Ainet"):
            text = t.netstat("-tln", option)
            assert f":{port_of(s)} " in text and f":{port_of(six)} " not in text, (option, text)
        for option in ("--inet6", "--ipv6", "-Ainet6"):
            text = t.netstat("-tln", option)
            assert f":{port_of(s)} " not in text and f":{port_of(six)} " in text, (option, text)
        assert t.netstat("-ln", "-A", "tcp") == t.netstat("-lnt")


def test_options_that_change_nothing(t):
    with listener():
        assert t.netstat("-tlnvNF") == t.netstat("-tln") == t.netstat("-tln", "--verbose", "--symbolic", "--fib")


def first_lines(t, n, *arguments):
    with running(t.berth, "netstat", *arguments, stdout=subprocess.PIPE) as process:
        return [process.stdout.readline().decode() for _ in range(n)]


def test_seconds_at_the_end(t):
    with listener():
        lines = first_lines(t, 6, "-tlnc", "0.05")
        assert lines[:3] == lines[3:], lines
        lines = first_lines(t, 6, "-ctln", "0.05")
        assert lines[:3] == lines[3:], lines
        lines = first_lines(t, 7, "-i", "0.05")
        assert sum(line.startswith("Iface") for line in lines) >= 2, lines


def test_the_path_of_a_unix_socket_is_last(t):
    path = t.path("socket")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        s.listen()
        line = next(line for line in t.netstat("-xlpen").splitlines() if path in line)
        rows = [row for row in t.rows("-xl", columns=None) if row["path"] == path]
        assert len(rows) == 1 and rows[0]["type"] == "STREAM", rows
    assert line.endswith(path) and f" {os.getpid()}/" in line, line


def test_the_peer_of_a_unix_socket(t):
    a, b = socket.socketpair(socket.AF_UNIX)
    inodes = [os.fstat(s.fileno()).st_ino for s in (a, b)]
    lines = [line.split() for line in t.netstat().splitlines() if str(inodes[0]) in line]
    assert sorted(line[5:7] for line in lines) == sorted([str(i) for i in p] for p in (inodes, inodes[::-1])), lines
    a.close()
    b.close()


# ---- --top ----

def test_top_of_explanations(t):
    with listener(), listener():
        assert len(t.netstat("--explain", "-l").splitlines()) == 2
        assert len(t.netstat("--explain", "-l", "--top", "1").splitlines()) == 1
        assert len(t.netstat("--explain", "-l", "--top", "1", "--sort", "local_port").splitlines()) == 1


def test_top_of_what_is_ended(t):
    """What --top hides is not ended either."""
    with listener() as a, listener() as b:
        ports = sorted((port_of(a), port_of(b)))
        done = t.run(t.berth, "netstat", "--kill", "--yes", "-ln", "--sort", "local_port", "--top", "1", "proto tcp")
        lines = [line for line in done.stdout.decode().splitlines() if "LISTEN" in line]
        assert len(lines) == 1 and f":{ports[0]} " in lines[0], done
        assert b"1 sockets" in done.stderr or b"kernel does not end" in done.stderr, done
        assert f":{ports[1]} " in t.netstat("-ln")


# ---- output ----

def test_a_full_disk(t):
    with listener():
        for arguments in (["-tln"], ["-tln", "--json"], ["--explain"], ["-r", "-a"], ["--save", "-"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([t.berth, "netstat", *arguments], stdout=full, stderr=subprocess.PIPE, check=False)
            assert done.returncode == 3 and b"the output is not complete" in done.stderr, (arguments, done)
        for option in ("--save", "--save-baseline", "--openmetrics"):
            done = t.run(t.berth, "netstat", option, "/dev/full")
            assert done.returncode == 3, (option, done)
            assert done.stderr.startswith(b"berth netstat: /dev/full: "), (option, done)


def test_a_reader_that_leaves(t):
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(listener())
        for option in ("--jsonl", "--json", "--csv", "-W", "--explain"):
            with subprocess.Popen([t.berth, "netstat", "-tan", option], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) as process:
                process.stdout.readline()
                process.stdout.close()
                errors = process.stderr.read()
                status = process.wait()
            assert errors == b"" and status in (0, -signal.SIGPIPE), (option, status, errors)


def test_metrics_at_any_port(t):
    with running(t.berth, "netstat", "--openmetrics", "0", stderr=subprocess.PIPE, text=True) as process:
        line = process.stderr.readline()
        url = next(word for word in line.split() if word.startswith("http://"))
        with urllib.request.urlopen(url, timeout=bed.PATIENCE) as answer:
            text = answer.read().decode()
        assert text.endswith("# EOF\n") and process.wait() == 0, text[-100:]


def terminal(columns, *command):
    """What a command writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL) as process:
        os.close(theirs)
        text = b""
        with contextlib.suppress(OSError):  # EIO: nobody has the other end any more
            while piece := os.read(ours, 65536):
                text += piece
        process.wait()
    os.close(ours)
    return text.decode().replace("\r\n", "\n")


def test_sentences_fit_the_terminal(t):
    with listener() as s, socket.create_connection(s.getsockname()), s.accept()[0]:
        command = ["netstat", "-tn", "--explain", f"port {port_of(s)}"]
        whole = t.netstat(*command[1:])
        assert max(len(line) for line in whole.splitlines()) > 80, whole
        for columns in (41, 60, 80):
            lines = terminal(columns, t.berth, *command).splitlines()
            assert max(len(line) for line in lines) <= columns, lines
            assert " ".join(line.strip() for line in lines) == " ".join(whole.splitlines()), lines
        for columns in (0, 20, 500):
            assert terminal(columns, t.berth, *command) == whole


# ---- what cannot be seen ----

def test_outside_of_a_pid_namespace(t):
    """The test is outside of the namespace that netstat is in."""
    if t.run("unshare", "-pf", "--mount-proc", "true").returncode:
        raise bed.Skip("no PID namespace may be made here")
    with listener() as s:
        for arguments, status in ((["-tlp"], 0), (["-t", "--unexplained"], 1)):
            done = t.run("unshare", "-pf", "--mount-proc", t.berth, "netstat", *arguments, f"sport {port_of(s)}")
            assert done.returncode == status and b"outside of this PID namespace" in done.stderr, done
        assert b"note" not in t.run(t.berth, "netstat", "-tlp", f"sport {port_of(s)}").stderr


bed.main()
