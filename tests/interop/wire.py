"""For tests of berth beside the real kernel: namespaces, a TAP device, a running berth, TAP output.

A test program is a file of functions `test_...(t)` and, at its end, `wire.main()`. Its first argument is the berth
executable. The program starts itself again in user and network namespaces of its own, in which tap0 is a TAP device
with the kernel's address 192.168.1.5/24, and runs the functions in their order; an AssertionError fails one, wire.Skip
skips it. Where namespaces or TAP are not to be had, everything is skipped with the reason.
"""
import contextlib
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

PC = "192.168.1.5"
HOST = "192.168.1.7"
LINK = ["--link", "tap:tap0", "--address", HOST + "/24"]
# Under sanitizers and beside other tests everything takes longer; nothing is asserted about time.
PATIENCE = 60
# Wireshark's dissector with all checksums looked at, and the filter for what it must not find.
TSHARK = ["tshark", "-n"]
for _protocol in ("ip", "tcp", "udp"):
    TSHARK += ["-o", _protocol + ".check_checksum:TRUE"]
WRONG = " || ".join(["_ws.malformed"] + [p + ".checksum.status == 0" for p in ("ip", "tcp", "udp", "icmp")])


class Skip(Exception):
    """What a test needs is not there."""


class Tools:
    """What the tests of a program share."""

    def __init__(self, berth):
        self.berth = berth
        self.directory = tempfile.mkdtemp()
        # Control sockets of other tests are none of ours.
        os.environ["XDG_RUNTIME_DIR"] = self.directory

    def path(self, name):
        return os.path.join(self.directory, name)

    def file(self, name, content):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as out:
            out.write(content)
        return self.path(name)

    def run(self, *command, **options):
        """Runs a program to its end."""
        options.setdefault("stdin", subprocess.DEVNULL)
        if "input" in options:
            del options["stdin"]
        return subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False, **options)

    def start(self, verb, *arguments, ready=None, link=True, **options):
        """Starts `berth VERB` on tap0 and waits for a line on its standard error that has `ready` in it."""
        command = [self.berth, verb, *(LINK if link else []), *arguments]
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        process = subprocess.Popen(command, stderr=subprocess.PIPE, **options)
        process.talk = b""
        while ready and ready.encode() not in process.talk:
            line = process.stderr.readline()
            assert line, f"{command} ended: {process.talk.decode()}"
            process.talk += line
        return process

    @contextlib.contextmanager
    def running(self, verb, *arguments, **options):
        process = self.start(verb, *arguments, **options)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()


def stop(process, number=signal.SIGINT):
    """Sends a signal and returns the exit status."""
    process.send_signal(number)
    return process.wait(PATIENCE)


def connect(port, address=HOST):
    return socket.create_connection((address, port), timeout=PATIENCE)


def receive_all(connection):
    """Everything until the peer's end."""
    data = b""
    while True:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece


def wait_for(condition, what):
    for _ in range(PATIENCE * 10):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("not seen: " + what)


def need(program):
    if subprocess.run(["sh", "-c", f"command -v {program}"], capture_output=True, check=False).returncode:
        raise Skip(program + " is not installed")


# ---- namespaces ----


def why_not():
    """Why there can be no TAP device here; None when there can."""
    try:
        probe = subprocess.run(["unshare", "-Urn", sys.executable, __file__, "probe"], capture_output=True, check=False)
        ip = subprocess.run(["ip", "-V"], capture_output=True, check=False)
    except OSError as error:
        return f"{error.filename} is not installed"
    if ip.returncode:
        return "ip does not work"
    return probe.stderr.decode().strip().splitlines()[-1] if probe.returncode else None


def probe():
    """In a namespace: can a TAP device be made?"""
    try:
        tun = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"probe0", 0x1002))
    except OSError as error:
        sys.exit(f"/dev/net/tun: {error.strerror}")


def set_up():
    for command in (
        "ip link set lo up",
        "ip tuntap add dev tap0 mode tap",
        "ip address add 192.168.1.5/24 dev tap0",
        "ip link set tap0 up",
    ):
        subprocess.run(command.split(), check=True)


# ---- TAP ----


def run_test(number, name, function, tools):
    title = name[len("test_") :].replace("_", " ")
    try:
        function(tools)
    except Skip as reason:
        print(f"ok {number} - {title} # SKIP {reason}")
    except Exception:  # pylint: disable=broad-except
        print(f"not ok {number} - {title}")
        for line in traceback.format_exc().splitlines():
            print("# " + line)
    else:
        print(f"ok {number} - {title}")
    sys.stdout.flush()


def run_all(tools):
    """The program's tests, in their order."""
    tests = [(name, f) for name, f in vars(sys.modules["__main__"]).items() if name.startswith("test_")]
    print(f"1..{len(tests)}")
    try:
        for i, (name, function) in enumerate(tests):
            run_test(i + 1, name, function, tools)
    finally:
        subprocess.run(["rm", "-rf", tools.directory], check=False)


def main():
    if os.environ.get("BERTH_TEST_NAMESPACE") != "1":
        reason = why_not()
        if reason:
            print("1..0 # SKIP " + reason)
            return
        os.environ["BERTH_TEST_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "-Urn", sys.executable, *sys.argv])
    set_up()
    run_all(Tools(os.path.abspath(sys.argv[1])))


if __name__ == "__main__" and sys.argv[1:] == ["probe"]:
    probe()
