#!/usr/bin/env python3
"""`berth netstat --openmetrics`: into a file, and as one answer by HTTP: test_metrics.py BERTH"""
import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys

import bed

PORT = 9464
TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def samples(text):
    """Name with labels to value."""
    assert text.endswith("# EOF\n"), text[-100:]
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


@contextlib.contextmanager
def conversation():
    with socket.create_server(("127.0.0.1", 8080)) as server:
        with socket.create_connection(server.getsockname()) as out, server.accept()[0] as taken:
            yield out, taken


def test_standard_output(t):
    with conversation():
        seen = samples(t.netstat("-a", "--openmetrics", "-"))
        assert seen['berth_sockets{protocol="tcp",family="ipv4",state="ESTABLISHED"}'] == "2", seen
        assert seen['berth_sockets{protocol="tcp",family="ipv4",state="LISTEN"}'] == "1", seen
        assert seen['berth_tcp_connections{direction="in"}'] == "1", seen
        assert seen['berth_tcp_connections{direction="out"}'] == "1", seen
        assert seen['berth_tcp_rtt_seconds_gcount{scope="loopback"}'] == "2", seen
        assert int(seen["berth_tcp_active_opens_total"]) >= 1, seen
        assert any(name.startswith('berth_program_sockets{program="python') for name in seen), seen


READ = """import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as families
print(json.dumps({f.name: f.type for f in families(sys.stdin.read())}))
"""


def python_with(module):
    """A Python that has the module: this one, or the system's."""
    for python in (sys.executable, "/usr/bin/python3"):
        if os.access(python, os.X_OK) and not subprocess.run([python, "-c", f"import {module}"], capture_output=True,
                                                             check=False).returncode:
            return python
    return None


def test_prometheus_reads_it(t):
    python = python_with("prometheus_client")
    if not python:
        raise bed.Skip("python3-prometheus-client is not installed")
    with conversation():
        text = t.netstat("-a", "--openmetrics", "-")
    done = subprocess.run([python, "-c", READ], input=text.encode(), capture_output=True, timeout=bed.PATIENCE, check=False)
    assert done.returncode == 0, done.stderr.decode()
    types = json.loads(done.stdout)
    assert types["berth_sockets"] == "gauge", types
    assert types["berth_tcp_rtt_seconds"] == "gaugehistogram", types
    assert types["berth_tcp_retransmitted_segments"] == "counter", types


@contextlib.contextmanager
def server(t):
    command = [t.berth, "netstat", "-a", "--openmetrics", str(PORT)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            line = process.stderr.readline().decode()
            assert f"http://127.0.0.1:{PORT}/metrics" in line, line
            yield process
        finally:
            process.kill()


def ask(method="GET", path="/metrics", host=None):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=bed.PATIENCE)
    try:
        connection.request(method, path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read().decode()
    finally:
        connection.close()


def test_one_answer(t):
    with server(t) as process:
        status, kind, text = ask()
        assert (status, kind) == (200, TYPE)
        assert samples(text)['berth_sockets{protocol="tcp",family="ipv4",state="LISTEN"}'] == "1", text
        assert process.wait(bed.PATIENCE) == 0


def test_other_requests(t):
    with server(t) as process:
        assert ask("HEAD")[0] == 405
        assert ask("POST")[0] == 405
        assert ask(path="/etc/passwd")[0] == 404
        assert ask(host="evil.example")[0] == 421
        for request in (b"GARBAGE\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/2.0\r\n\r\n",
                        b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"x" * 9000):
            with socket.create_connection(("127.0.0.1", PORT), timeout=bed.PATIENCE) as s:
                s.sendall(request)
                assert s.recv(100).startswith(b"HTTP/1.1 400 "), request
        assert process.poll() is None
        assert ask(path="/?x=1", host="localhost")[0] == 200
        assert process.wait(bed.PATIENCE) == 0


def test_a_silent_client_does_not_keep_it(t):
    with server(t) as process:
        with socket.create_connection(("127.0.0.1", PORT)), socket.create_connection(("127.0.0.1", PORT)) as half:
            half.sendall(b"GET /metrics")
            assert ask()[0] == 200
        assert process.wait(bed.PATIENCE) == 0


def test_only_the_loopback(t):
    with server(t):
        for address in ("127.0.0.2", "::1"):
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection((address, PORT)):
                raise AssertionError(address + " answered")


def test_a_port_that_is_taken(t):
    with socket.create_server(("127.0.0.1", PORT)):
        done = t.run(t.berth, "netstat", "--openmetrics", str(PORT))
        assert done.returncode == 3 and f"port {PORT}".encode() in done.stderr, done


if __name__ == "__main__":
    bed.main()
