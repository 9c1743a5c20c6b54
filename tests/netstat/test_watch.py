#!/usr/bin/env python3
"""`berth netstat --watch`: events in a pipe, and a whole session on a terminal, which tmux plays: test_watch.py BERTH"""
import contextlib
import itertools
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import bed

INTERVAL = "0.2"
NUMBERS = itertools.count()


def listener(port=0, backlog=16):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", port))
    s.listen(backlog)
    return s


def port_of(s):
    return s.getsockname()[1]


# ---- events ----


class Stream:
    """Events as they come; each a dictionary, or a line of text."""

    def __init__(self, t, arguments, as_json=True):
        options = ["--jsonl"] if as_json else []
        command = [t.berth, "netstat", "-n", *options, *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.events = []
        self.as_json = as_json
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.talk = []
        threading.Thread(target=self.read_talk, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line) if self.as_json else line.decode())

    def read_talk(self):
        for line in self.process.stderr:
            self.talk.append(line.decode())

    def of(self, port):
        """What was told of the sockets with this local port, as words."""
        return [e["event"] for e in list(self.events) if e["local_port"] == port]

    def told_of(self, port):
        return any(f":{port} " in e for e in list(self.events)) if not self.as_json else bool(self.of(port))

    def warm_up(self, knock):
        """Until it is sure to have looked once: what is opened from then on is news. `knock` opens a socket for a
        moment and returns its port."""
        bed.wait_for(lambda: self.told_of(knock()), "a first event")


def knock_by_listening():
    with listener() as s:
        time.sleep(0.3)
        return port_of(s)


def connect(waiting):
    """Both ends of a connection."""
    return socket.create_connection(waiting.getsockname()), waiting.accept()[0]


def knock_at(waiting):
    def knock():
        out, taken = connect(waiting)
        with out, taken:
            time.sleep(0.3)
            return port_of(out)

    return knock


@contextlib.contextmanager
def stream(t, *arguments, seconds=INTERVAL, as_json=True):
    s = Stream(t, ["--watch", seconds, *arguments], as_json)
    try:
        yield s
    finally:
        s.process.kill()
        s.process.wait()


def test_opened_and_closed(t):
    with stream(t, "-a") as s:
        s.warm_up(knock_by_listening)
        with listener() as waiting:
            port = port_of(waiting)
            bed.wait_for(lambda: s.of(port) == ["opened"], "the listener opened")
        bed.wait_for(lambda: s.of(port) == ["opened", "closed"], "the listener closed")
        opened = next(e for e in s.events if e["local_port"] == port)
        assert opened["proto"] == "tcp" and opened["state"] == "LISTEN", opened
        assert list(opened)[:2] == ["time", "event"], opened
        assert opened["time"].endswith("Z") and opened["time"][10] == "T", opened


def test_changed(t):
    with stream(t, "-t") as s, listener() as waiting:
        s.warm_up(knock_at(waiting))
        out, taken = connect(waiting)
        with out, taken:
            port = port_of(out)
            bed.wait_for(lambda: s.of(port) == ["opened"], "the connection opened")
            taken.shutdown(socket.SHUT_WR)
            bed.wait_for(lambda: s.of(port) == ["opened", "changed"], "the half close")
            states = [e["state"] for e in s.events if e["local_port"] == port]
            assert states == ["ESTABLISHED", "CLOSE_WAIT"], states


def test_columns_that_change(t):
    with stream(t, "-t", "--columns", "local,recv_q") as s, listener() as waiting:
        s.warm_up(knock_at(waiting))
        out, taken = connect(waiting)
        with out, taken:
            port = port_of(out)
            bed.wait_for(lambda: s.of(port) == ["opened"], "the connection opened")
            taken.sendall(b"12345")
            bed.wait_for(lambda: s.of(port) == ["opened", "changed"], "the queue changed")
            changed = next(e for e in s.events if e["event"] == "changed" and e["local_port"] == port)
            assert changed["recv_q"] == 5, changed


def test_shorter_than_the_interval(t):
    """The first look is the only one: what is told afterwards, the kernel's notices tell."""
    with stream(t, "-t", seconds="600") as s, listener() as waiting:

        def short():
            out, taken = connect(waiting)
            # A reset, so that nothing is left of it in TIME_WAIT.
            out.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            ports = [port_of(out), out.getpeername()[1]]
            out.close()
            taken.close()
            time.sleep(0.3)
            if any("CAP_NET_ADMIN" in line for line in s.talk):
                raise bed.Skip("the kernel does not tell of destroyed sockets here")
            return s.of(ports[0]) == ["opened", "closed"] and s.of(ports[1])

        bed.wait_for(short, "a connection that no look has seen")


def test_what_is_left_of_a_short_connection(t):
    """It stays in TIME_WAIT, where the next looks see it: that is nothing new."""
    with stream(t, "-t", seconds="0.2") as s, listener() as waiting:
        s.warm_up(knock_at(waiting))
        ports = []
        for _ in range(5):
            out, taken = connect(waiting)
            ports.append(port_of(out))
            out.close()
            taken.close()
        if any("CAP_NET_ADMIN" in line for line in s.talk):
            raise bed.Skip("the kernel does not tell of destroyed sockets here")
        bed.wait_for(lambda: all("closed" in s.of(port) for port in ports), "the word of each")
        time.sleep(1)
        told = [s.of(port) for port in ports]
        assert all(words.count("opened") == words.count("closed") == 1 for words in told), told


def test_lines_for_people(t):
    with stream(t, "-l", as_json=False) as s:
        s.warm_up(knock_by_listening)
        with listener() as waiting:
            end = f"127.0.0.1:{port_of(waiting)} "
            bed.wait_for(lambda: any(end in line for line in s.events), "the listener's line")
            words = next(line for line in s.events if end in line).split()
            assert words[0].endswith("Z") and words[1:3] == ["opened", "tcp"] and words[-1] == "LISTEN", words


def test_only_what_the_filter_wants(t):
    with listener() as one, listener() as other, stream(t, "-t", f"dport {port_of(one)}") as s:
        s.warm_up(knock_at(one))
        unwanted, wanted = connect(other), connect(one)
        bed.wait_for(lambda: s.of(port_of(wanted[0])), "the connection that is wanted")
        assert {e["foreign_port"] for e in s.events} == {port_of(one)}, s.events
        for end in (*unwanted, *wanted):
            end.close()


def test_ends_on_a_signal(t):
    for number in (signal.SIGINT, signal.SIGTERM):
        with stream(t, "-a") as s:
            s.warm_up(knock_by_listening)
            s.process.send_signal(number)
            assert s.process.wait(bed.PATIENCE) == 0


def test_ends_when_nobody_reads(t):
    with subprocess.Popen([t.berth, "netstat", "--watch", INTERVAL, "-a"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:
        process.stdout.close()
        assert process.wait(bed.PATIENCE) == 0


# ---- the screen ----


class Terminal:
    """A terminal of tmux's with a shell in it; berth runs there as people run it."""

    def __init__(self, t, columns=120, lines=24, environment=""):
        if os.environ.get("BERTH_SCREEN") == "0":
            raise bed.Skip("this berth is built without the screen")
        bed.need("tmux")
        # A server of its own, which the one that is just ending does not disturb.
        self.command = ["tmux", "-u", "-S", t.path(f"tmux-{next(NUMBERS)}"), "-f", "/dev/null"]
        size = ["-x", str(columns), "-y", str(lines)]
        shell = f"env {environment} PS1='ready> ' sh"
        self.tmux("new-session", "-d", "-s", "s", *size, shell)
        bed.wait_for(lambda: "ready>" in self.text(), "the shell")

    def tmux(self, *arguments):
        done = subprocess.run([*self.command, *arguments], capture_output=True, timeout=bed.PATIENCE, check=False)
        if done.returncode:
            raise bed.Skip("tmux does not work here: " + done.stderr.decode().strip())
        return done.stdout.decode()

    def text(self, *options):
        return self.tmux("capture-pane", "-p", "-t", "s", *options)

    def lines(self, part):
        return [line for line in self.text().splitlines() if part in line]

    def keys(self, *keys):
        self.tmux("send-keys", "-t", "s", *keys)

    def type(self, text):
        self.tmux("send-keys", "-t", "s", "-l", text)

    def see(self, part, seen=True):
        bed.wait_for(lambda: (part in self.text()) == seen, f"{part!r} {'seen' if seen else 'gone'}:\n{self.text()}")

    def resize(self, columns, lines):
        self.tmux("resize-window", "-t", "s", "-x", str(columns), "-y", str(lines))

    def start(self, t, *arguments):
        self.type(" ".join([t.berth, "netstat", "--watch", INTERVAL, "-n", *arguments]) + "; echo status=$?")
        self.keys("Enter")
        self.see("berth netstat  ")

    def has_ended(self):
        """The shell has the terminal again, as it was."""
        self.see("status=0")
        self.see("berth netstat  ", seen=False)
        self.type("stty -a")
        self.keys("Enter")
        self.see(" icanon")
        assert " -echo " not in self.text(), self.text()

    def end(self):
        subprocess.run([*self.command, "kill-server"], capture_output=True, check=False)


@contextlib.contextmanager
def screen(t, *arguments, **options):
    terminal = Terminal(t, **options)
    try:
        terminal.start(t, *arguments)
        yield terminal
    finally:
        terminal.end()


def test_a_row_comes_and_goes(t):
    with screen(t, "-l") as s:
        with listener() as waiting:
            place = f"127.0.0.1:{port_of(waiting)} "
            s.see(place)
            bed.wait_for(lambda: s.lines(place)[0].startswith("+ tcp"), "the mark of a new row")
            bed.wait_for(lambda: s.lines(place)[0].startswith("  tcp"), "the mark to go")
        bed.wait_for(lambda: not s.lines(place) or s.lines(place)[0].startswith("- tcp"), "the mark of a row that went")
        s.see(place, seen=False)
        s.keys("q")
        s.has_ended()


def test_filter(t):
    with listener() as one, listener() as other, screen(t, "-l") as s:
        mine, others = f"127.0.0.1:{port_of(one)} ", f"127.0.0.1:{port_of(other)} "
        s.see(mine)
        s.see(others)
        s.keys("/")
        s.see("filter:")
        s.type(f"sport {port_of(one)} nad")
        s.keys("Enter")
        s.see("^^^")
        prompt, mark = s.text().rstrip("\n").splitlines()[-2:]
        assert prompt.index("nad") == mark.index("^^^"), (prompt, mark)
        for _ in range(4):
            s.keys("BSpace")
        s.keys("Enter")
        s.see(others, seen=False)
        s.see(mine)
        s.see(f"filter: sport {port_of(one)}")
        s.keys("/", "C-u", "Enter")
        s.see(others)
        s.keys("/")
        s.type("nonsense")
        s.keys("Escape")
        s.see("nonsense", seen=False)
        s.see(others)
        s.keys("q")
        s.has_ended()


def test_columns_and_order(t):
    with listener(backlog=3) as one, listener(backlog=7) as other, screen(t, "-lt", "--columns", "local") as s:
        places = {port_of(one): 3, port_of(other): 7}
        s.see(f"127.0.0.1:{port_of(one)}")
        s.keys("c")
        s.see("Space to show or hide")
        s.keys("Down", "Down", "Down", "Space")
        s.see("[x] send_q")
        s.keys("Enter")
        s.see("Send-Q")
        s.keys("s", "s")
        s.see("Send-Qv")

        def order():
            rows = [line.split() for line in s.lines("127.0.0.1:")]
            return [int(row[-1]) for row in rows if int(row[-2].split(":")[1]) in places]

        bed.wait_for(lambda: order() == [7, 3], "the greatest first")
        s.keys("r")
        bed.wait_for(lambda: order() == [3, 7], "the least first")
        s.keys("q")
        s.has_ended()


def test_detail(t):
    with listener() as waiting, screen(t, "-lt", "sport", str(port_of(waiting))) as s:
        s.see(f"127.0.0.1:{port_of(waiting)} ")
        s.keys("Enter")
        s.see("Explanation")
        s.see(f"{os.getpid()}/")
        s.see("python")
        waiting.close()
        s.see("it is gone")
        s.keys("Escape")
        s.see("no socket matches")
        s.keys("q")
        s.has_ended()


def test_ending_a_socket(t):
    with listener() as waiting, socket.create_connection(waiting.getsockname()) as out:
        with waiting.accept()[0] as taken, screen(t, "-t", "sport", str(port_of(out))) as s:
            place = f"127.0.0.1:{port_of(out)} "
            s.see(place)
            s.keys("k")
            s.see("End this socket? y/n")
            s.keys("n")
            s.see("not ended")
            s.see(place)
            s.keys("k")
            s.see("End this socket? y/n")
            s.keys("y")
            s.see("ended")
            if s.lines("not ended"):
                raise bed.Skip("sockets cannot be ended here: " + s.lines("not ended")[0])
            taken.settimeout(bed.PATIENCE)
            with contextlib.suppress(ConnectionResetError):
                assert taken.recv(1) == b""
            s.keys("q")
            s.has_ended()


def test_pause_and_help(t):
    with screen(t, "-l") as s:
        s.keys("p")
        s.see("paused")
        with listener() as waiting:
            time.sleep(0.5)
            s.see(f"127.0.0.1:{port_of(waiting)} ", seen=False)
            s.keys("p")
            s.see(f"127.0.0.1:{port_of(waiting)} ")
        s.keys("h")
        s.see("keys")
        s.keys("x")
        s.see("keys", seen=False)
        s.keys("+")
        s.see("every 0.5s")
        s.keys("-", "-")
        s.see("every 0.1s")
        s.keys("q")
        s.has_ended()


def test_sizes(t):
    with listener() as waiting, screen(t, "-l", columns=200, lines=50) as s:
        place = f"127.0.0.1:{port_of(waiting)}"
        for columns, lines in ((20, 5), (1, 1), (3, 2), (80, 24)):
            s.resize(columns, lines)
            for keys in (("Down", "Up", "End", "Home"), ("/", "a", "é", "漢", "Escape"), ("c", "Down", "Escape"),
                         ("h", "Down", "x"), ("Enter", "NPage", "Escape"), ("k", "n")):
                s.keys(*keys)
        s.see(place)
        s.keys("q")
        s.has_ended()


def test_the_terminal_comes_back_after_a_signal(t):
    for number in (signal.SIGTERM, signal.SIGINT):
        with screen(t, "-l") as s:
            pids = subprocess.run(["pgrep", "-f", f"{t.berth} netstat --watch"], capture_output=True, check=True)
            os.kill(int(pids.stdout.split()[-1]), number)
            s.has_ended()


def test_no_color(t):
    for environment, coloured in (("NO_COLOR=1", False), ("", True)):
        with listener(), screen(t, "-l", environment=environment) as s:
            with listener() as waiting:
                place = f"127.0.0.1:{port_of(waiting)}"
                s.see(place)
                line = next(line for line in s.text("-e").splitlines() if place in line)
                assert ("[32m" in line or ";32m" in line) == coloured, line
            s.keys("q")
            s.has_ended()


def test_names_from_outside(t):
    """A program whose name steers terminals and has wide characters."""
    code = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); " \
           "print(s.getsockname()[1], flush=True); time.sleep(600)"
    with subprocess.Popen(["漢字\x1b[31mé\u202e\n", "-c", code], executable=sys.executable,
                          stdout=subprocess.PIPE) as other:
        try:
            port = int(other.stdout.readline())
            with screen(t, "-lt", "--columns", "local,state,command") as s:
                s.see(f"127.0.0.1:{port} ")
                assert "漢字?[31mé??" in s.lines(f"127.0.0.1:{port} ")[0], s.text()
                assert "\x1b[31m" not in s.text("-e"), s.text("-e")
                s.keys("q")
                s.has_ended()
        finally:
            other.kill()


if __name__ == "__main__":
    bed.main()
