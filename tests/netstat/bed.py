"""For tests of `berth netstat` beside the kernel: namespaces of their own, sockets in every state, netstat's rows.

A test program is a file of functions `test_...(t)` and, at its end, `bed.main()`, as in tests/interop/wire.py, whose
tools this uses. It starts itself again in user, network and mount namespaces of its own, in which only the loopback
device is up, so that every socket there is the test's.
"""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))

from wire import PATIENCE, Skip, Tools, need, run_all, wait_for  # noqa: E402  pylint: disable=wrong-import-position

__all__ = ["PATIENCE", "Skip", "Netstat", "main", "need", "wait_for"]


class Netstat(Tools):
    """What the tests of a program share: `t.netstat(...)` runs `berth netstat`."""

    def netstat(self, *arguments, status=0, **options):
        done = self.run(self.berth, "netstat", *arguments, **options)
        assert status is None or done.returncode == status, \
            f"{' '.join(arguments)}: status {done.returncode}, {done.stderr.decode()}"
        return done.stdout.decode()

    def rows(self, *arguments, columns="all", status=0):
        """The rows as dictionaries."""
        options = ["--columns", columns] if columns else []
        text = self.netstat("-n", "--json", *options, *arguments, status=status)
        return json.loads(text)

    def row(self, *arguments, **options):
        rows = self.rows(*arguments, **options)
        assert len(rows) == 1, rows
        return rows[0]


def why_not():
    try:
        probe = subprocess.run(["unshare", "-Urnm", "true"], capture_output=True, check=False)
    except OSError as error:
        return f"{error.filename} is not installed"
    return probe.stderr.decode().strip() if probe.returncode else None


def main(*more):
    """`more`: commands that set the namespace up further."""
    if os.environ.get("BERTH_TEST_NAMESPACE") != "1":
        reason = why_not()
        if reason:
            print("1..0 # SKIP " + reason)
            return
        os.environ["BERTH_TEST_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "-Urnm", sys.executable, *sys.argv])
    for command in ("ip link set lo up", *more):
        subprocess.run(command.split(), check=True)
    run_all(Netstat(os.path.abspath(sys.argv[1])))
