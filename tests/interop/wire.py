"""For tests of berth beside the real kernel: namespaces, a TAP device, a running berth, TAP output.

A test program is a file of functions `test_...(t)` and, at its end, `wire.main()`. Its first argument is the berth
executable. The program starts itself again in user and network namespaces of its own, in which tap0 is a TAP device
with the kernel's addresses 192.168.1.5/24 and fd00::5/64, and runs the functions in their order; an AssertionError
fails one, wire.Skip skips it. Where namespaces or TAP are not to be had, everything is skipped with the reason.

Each function runs once over IPv4 and once over IPv6: t.pc and t.host are the two ends' addresses then, t.link the
options that put a berth host there, and t.url, t.at, t.connect and t.ping take care of the rest. One to which the
family makes no difference is marked @wire.once, one that is about a single family @wire.only(6).
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
import threading
import time
import traceback

# The kernel's address and berth's, and the length of their network's prefix.
BED = {4: ("192.168.1.5", "192.168.1.7", 24), 6: ("fd00::5", "fd00::7", 64)}
FAMILIES = (4, 6)
# Under sanitizers and beside other tests everything takes longer; nothing is asserted about time.
PATIENCE = 60
# Wireshark's dissector with all checksums looked at, and the filter for what it must not find.
TSHARK = ["tshark", "-n"]
for _protocol in ("ip", "tcp", "udp"):
    TSHARK += ["-o", _protocol + ".check_checksum:TRUE"]
_CHECKED = ("ip", "tcp", "udp", "icmp", "icmpv6", "igmp")
WRONG = " || ".join(["_ws.malformed", "_ws.expert.severity == error"] + [p + ".checksum.status == 0" for p in _CHECKED])


# Of this machine's files and proxies none, brackets as they are.
CURL = ["curl", "-q", "-g", "-sS", "--noproxy", "*"]


class Skip(Exception):
    """What a test needs is not there."""


class Tools:
    """What the tests of a program share."""

    def __init__(self, berth):
        self.berth = berth
        self.directory = tempfile.mkdtemp()
        # Control sockets of other tests are none of ours.
        os.environ["XDG_RUNTIME_DIR"] = self.directory
        self.use(4)

    def use(self, family):
        """What follows is about this family, 4 or 6."""
        self.family = family
        self.pc, self.host, self.prefix = BED[family]
        self.link = ["--link", "tap:tap0", "--address", f"{self.host}/{self.prefix}"]
        self.socket_family = socket.AF_INET if family == 4 else socket.AF_INET6
        # A host of both, and of two addresses of each.
        self.both = ["--link", "tap:tap0"]
        for _, host, prefix in BED.values():
            self.both += ["--address", f"{host}/{prefix}", "--address", f"{host}7/{prefix}"]
        self.second = self.host + "7"
        # The first words of a line of netstat's, and the wildcard there.
        self.tcp, self.udp = ("tcp", "udp") if family == 4 else ("tcp6", "udp6")
        self.anybody = at("0.0.0.0" if family == 4 else "::", "*")

    def at(self, port, address=None):
        """As berth writes a socket address; berth's own host when no address is given."""
        return at(address or self.host, port)

    def url(self, path="/", port=80, address=None):
        return f"http://{self.at(port, address)}{path}"

    def connect(self, port, address=None):
        return socket.create_connection((address or self.host, port), timeout=PATIENCE)

    def udp_socket(self, port=None):
        """One that is connected to a port of berth's host, or to nobody."""
        s = socket.socket(self.socket_family, socket.SOCK_DGRAM)
        s.settimeout(PATIENCE)
        if port:
            s.connect((self.host, port))
        return s

    def listen(self):
        """A TCP socket of the kernel's that takes connections, and its port."""
        server = socket.create_server((self.pc, 0), family=self.socket_family)
        server.settimeout(PATIENCE)
        return server, server.getsockname()[1]

    def tshark(self, capture, *arguments):
        """What Wireshark's dissector says of a file, with checksums looked at."""
        need("tshark")
        r = self.run(*TSHARK, "-r", capture, *arguments)
        assert r.returncode == 0, r
        return r.stdout.decode()

    def nothing_wrong(self, capture, but="frame.number == 0"):
        """It finds nothing malformed in a file, no wrong checksum and no error; `but`: frames that do not count."""
        assert self.tshark(capture) != "", "the capture is empty"
        found = self.tshark(capture, "-Y", f"({WRONG}) && !({but})")
        assert found == "", found

    def ping(self, *arguments, address=None):
        need("ping")
        return self.run("ping", f"-{self.family}", "-n", *arguments, address or self.host)

    def curl(self, *arguments):
        need("curl")
        return self.run(*CURL, *arguments)

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

    def start(self, verb, *arguments, ready=None, link=None, **options):
        """Starts `berth VERB`, with self.link unless other options are given, and waits for a line on its standard
        error that has `ready` in it."""
        command = [self.berth, verb, *(self.link if link is None else link), *arguments]
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
        except BaseException:
            process.kill()
            rest = b"" if process.stderr.closed else process.stderr.read()
            print(f"# {verb} said: {(process.talk + rest).decode()!r}")
            raise
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()


@contextlib.contextmanager
def server(command, ready):
    """One of the machine's servers, once it has said that it is ready."""
    need(command[0])
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            talk = b""
            while ready.encode() not in talk:
                line = process.stderr.readline()
                assert line, f"{command} ended: {talk.decode()}"
                talk += line
            reader = threading.Thread(target=process.stderr.read)
            reader.start()
            yield process
        finally:
            process.terminate()
            process.wait()
        reader.join()


def dnsmasq(*arguments, ready="dnsmasq: started"):
    """dnsmasq on the kernel's side of tap0."""
    return server(["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--user=root", "--group=", "--no-hosts",
                   "--no-resolv", "--interface=tap0", "--bind-interfaces", *arguments], ready)


def stop(process, number=signal.SIGINT):
    """Sends a signal and returns the exit status."""
    process.send_signal(number)
    return process.wait(PATIENCE)


def at(address, port):
    """A socket address."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def only(family):
    """The test is about one family."""

    def mark(function):
        function.families = (family,)
        return function

    return mark


def once(function):
    """The test is the same for both families."""
    function.families = ()
    return function


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


class Namespace:
    """Another machine: a network namespace beside that of the test, in a `with`."""

    def __enter__(self):
        self.process = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        own = os.readlink("/proc/self/ns/net")
        wait_for(lambda: os.readlink(f"/proc/{self.process.pid}/ns/net") != own, "a namespace")
        self("ip link set lo up")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def command(self, text):
        """The words that run a program there."""
        return ["nsenter", "-t", str(self.process.pid), "-n", *text.split()]

    def __call__(self, text):
        subprocess.run(self.command(text), check=True)

    def cable(self, device, other):
        """A cable from `device` here to `other` there; both still down."""
        command(f"ip link add {device} type veth peer name {other} netns {self.process.pid}")
        for name, value in QUIET:
            sysctl(f"net/ipv6/conf/{device}/{name}", value)
            self(f"sysctl -q -e net.ipv6.conf.{other}.{name}={value}")


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


# The kernel neither asks nor listens on a device of the bed's, and keeps the addresses that it has there.
QUIET = (("accept_ra", 0), ("accept_dad", 0), ("dad_transmits", 0), ("keep_addr_on_down", 1))


def link_local(device="tap0"):
    """The kernel's link-local address there, which it makes when the device is first in use."""
    done = subprocess.run(["ip", "-6", "-o", "address", "show", "dev", device, "scope", "link"], capture_output=True,
                          check=True)
    return done.stdout.decode().split()[3].split("/")[0]


def forward():
    """The kernel becomes a router of both families."""
    sysctl("net/ipv4/ip_forward", 1)
    sysctl("net/ipv6/conf/all/forwarding", 1)


def sysctl(name, value):
    """name: net/ipv6/conf/tap0/accept_ra. False: the kernel has no such thing."""
    try:
        with open("/proc/sys/" + name, "w", encoding="ascii") as f:
            f.write(str(value))
    except OSError:
        return False
    return True


def make_tap(device, *addresses):
    """A TAP device with addresses of the kernel's, which are used at once and without asking whether they are free."""
    command(f"ip tuntap add dev {device} mode tap")
    for name, value in QUIET:
        sysctl(f"net/ipv6/conf/{device}/{name}", value)
    for address in addresses:
        if has_ip6() or ":" not in address:
            command(f"ip address add {address} dev {device}" + (" nodad" if ":" in address else ""))
    command(f"ip link set {device} up")


def command(text):
    subprocess.run(text.split(), check=True)


def has_ip6():
    return os.path.exists("/proc/sys/net/ipv6")


def set_up():
    command("ip link set lo up")
    make_tap("tap0", *(f"{pc}/{prefix}" for pc, _, prefix in BED.values()))


# ---- TAP ----


def give_up(*_):
    raise AssertionError(f"nothing has happened for {3 * PATIENCE} s")


def run_test(number, title, function, tools):
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(3 * PATIENCE)
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
    signal.alarm(0)
    sys.stdout.flush()


def run_of(family, function):
    """The test over this family."""

    def run(tools):
        if family == 6 and not has_ip6():
            raise Skip("the kernel has no IPv6")
        tools.use(family)
        function(tools)

    return run


def run_all(tools, families=()):
    """The program's tests, in their order, and each over these families."""
    tests = []
    for name, function in vars(sys.modules["__main__"]).items():
        title = name[len("test_") :].replace("_", " ")
        if not name.startswith("test_"):
            continue
        of_test = getattr(function, "families", families)
        tests += [(f"{title} (IPv{family})", run_of(family, function)) for family in of_test]
        if not of_test:
            tests.append((title, run_of(4, function)))
    print(f"1..{len(tests)}")
    try:
        for i, (title, function) in enumerate(tests):
            run_test(i + 1, title, function, tools)
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
    run_all(Tools(os.path.abspath(sys.argv[1])), FAMILIES)


if __name__ == "__main__" and sys.argv[1:] == ["probe"]:
    probe()
