#!/usr/bin/env python3
"""berth demo, small: test_demo.py BERTH"""
import os
import re
import shutil
import signal
import subprocess
import time

import wire


def demo(t, *arguments, **options):
    options.setdefault("env", {**os.environ, "TMPDIR": t.directory})
    return t.run(t.berth, "demo", "--size", "4", *arguments, **options)


def leftovers(t):
    return [name for name in os.listdir(t.directory) if name.startswith("berth-demo")]


def check_output(text):
    assert text.count("SHA-256 equal") == 2, text
    assert re.search(r"^echo +1000 datagrams sent, \d+ came back", text, re.M), text
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for line in (
        "tcp 0 128 192.168.1.7:http 0.0.0.0:* LISTEN",
        "tcp 0 128 192.168.1.7:80 0.0.0.0:* LISTEN",
        "tcp6 0 128 [fd00::7]:8080 [::]:* LISTEN",
    ):
        assert line in lines, (line, text)
    for server, pc in (("192.168.1.7:80", "192.168.1.5:1099"), ("[fd00::7]:8080", "[fd00::5]:1305")):
        assert any(f"{server} {pc} " in line for line in lines), text
        assert any(f"{pc} {server} " in line for line in lines), text
    for family, port in ((4, 80), (6, 8080)):
        assert re.search(rf"^port {port} +\d+ bytes over IPv{family} .* SHA-256 equal$", text, re.M), text


@wire.once
def test_with_the_kernel(t):
    for program in ("curl", "tshark"):
        wire.need(program)
    capture = t.path("demo.pcap")
    r = demo(t, "--pcap", capture)
    text = r.stdout.decode()
    assert (r.returncode, r.stderr) == (0, b""), (r.returncode, r.stderr, text)
    assert "A TAP device is the cable" in text, text
    check_output(text)
    assert leftovers(t) == []
    t.nothing_wrong(capture)


@wire.once
def test_in_memory(t):
    r = demo(t, "--memory", "--seed", "7")
    text = r.stdout.decode()
    assert (r.returncode, r.stderr) == (0, b""), (r.returncode, r.stderr, text)
    assert "because --memory asks for it." in text and "(seed 7)" in text, text
    check_output(text)
    assert leftovers(t) == []


def in_memory_because(t, setup, why):
    """The demo where something is missing: in memory, and it says what."""
    r = t.run("unshare", "-m", "sh", "-c", setup + ' || exit 77; exec "$0" demo --size 4', t.berth,
              env={**os.environ, "TMPDIR": t.directory})
    if r.returncode == 77:
        raise wire.Skip(f"'{setup}' is not allowed")
    text = r.stdout.decode()
    assert r.returncode == 0 and f"because {why}." in text, (text, r.stderr)
    check_output(text)


@wire.once
def test_without_tun(t):
    in_memory_because(t, "mount -t tmpfs tmpfs /dev/net", "there is no /dev/net/tun")


@wire.once
def test_without_namespaces(t):
    in_memory_because(t, "cd /proc/sys/user && echo 0 >max_net_namespaces && echo 0 >max_user_namespaces",
                      "no more user namespaces are allowed (user.max_user_namespaces)")


@wire.once
def test_without_curl(t):
    os.makedirs(t.path("bin"), exist_ok=True)
    os.symlink(shutil.which("sha256sum"), t.path("bin/sha256sum"))
    r = demo(t, env={**os.environ, "TMPDIR": t.directory, "PATH": t.path("bin")})
    assert r.returncode == 0 and b"because curl is not installed." in r.stdout, r


@wire.once
def test_a_reader_that_leaves(t):
    process = subprocess.Popen([t.berth, "demo", "--memory"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, "TMPDIR": t.directory})
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(wire.PATIENCE) == 0 and process.stderr.read() == b""
    process.stderr.close()
    assert leftovers(t) == []


@wire.once
def test_interrupted(t):
    for arguments in ([], ["--memory"]):
        process = subprocess.Popen([t.berth, "demo", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env={**os.environ, "TMPDIR": t.directory})
        process.stdout.readline()
        time.sleep(1)
        assert wire.stop(process, signal.SIGINT) == 3
        lines = process.stderr.read().decode()
        assert lines == "berth demo: ended by a signal before the downloads were\n", lines
        assert leftovers(t) == [] and os.listdir(t.path("berth")) == []
        process.stdout.close()
        process.stderr.close()


@wire.once
def test_a_full_disk(t):
    r = demo(t, "--memory", "--pcap", "/dev/full")
    assert r.returncode == 3 and r.stderr == b"berth demo: --pcap /dev/full: no space left on device; name another file\n", r


@wire.once
def test_nowhere_to_put_the_files(t):
    r = demo(t, env={**os.environ, "TMPDIR": "/nonexistent"})
    assert r.returncode == 3 and b"TMPDIR names another place" in r.stderr and r.stderr.count(b"\n") == 1, r.stderr


wire.main()
