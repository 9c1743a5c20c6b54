"""For tests of what `berth netstat` says of the saved snapshots in golden/: netstat, always asked the same way, and TAP.
Hosts that say what stands in a file are there, too."""
import contextlib
import os
import socket
import subprocess
import threading

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
WIDTH = 80
# At the port of discard nobody answers, and nothing is waited for: no name comes from DNS.
# A berth that is built without names asks nobody anyway.
SILENCE = [] if os.environ.get("BERTH_NAMES") == "0" else ["--dns", "127.0.0.1:9", "--deadline", "0"]

_n = 0


def result(good, title, *details):
    global _n
    _n += 1
    print(f"{'ok' if good else 'not ok'} {_n} - {title}")
    for detail in details if not good else []:
        print("\n".join("# " + line for line in str(detail).splitlines()))


def skip(title, reason):
    global _n
    _n += 1
    print(f"ok {_n} - {title} # SKIP {reason}")


def end():
    print(f"1..{_n}")


def netstat(berth, directory, snapshot, *arguments, locale="C.UTF-8", data=b""):
    """Status, standard output and standard error; snapshot: a file of golden/, or None to read none. In `directory` no
    berth host is."""
    environment = dict(os.environ, LC_ALL=locale, LANG=locale, TZ="UTC", TERM="dumb", COLUMNS=str(WIDTH),
                       XDG_RUNTIME_DIR=directory)
    environment.pop("LANGUAGE", None)
    read = ["--read", snapshot] if snapshot else []
    done = subprocess.run([berth, "netstat", *read, *SILENCE, *arguments], cwd=GOLDEN, env=environment, input=data,
                          capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def answer(listener, text):
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        with peer:
            peer.sendall(text)


@contextlib.contextmanager
def host(directory, name, file):
    """A berth host `name` that publishes golden/FILE, for who looks for hosts in `directory`."""
    with open(os.path.join(GOLDEN, file), "rb") as snapshot:
        text = snapshot.read()
    os.makedirs(os.path.join(directory, "berth"), mode=0o700, exist_ok=True)
    path = os.path.join(directory, "berth", f"{name}.{os.getpid()}.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen()
        thread = threading.Thread(target=answer, args=(listener, text))
        thread.start()
        try:
            yield
        finally:
            os.unlink(path)
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
