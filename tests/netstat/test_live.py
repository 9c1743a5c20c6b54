#!/usr/bin/env python3
"""`berth netstat` beside sockets that the test opens itself: every state, family and protocol, and who has them."""
import contextlib
import os
import shutil
import socket
import struct
import subprocess

import bed

NEAR = "10.9.9.1"
FAR = "10.9.9.2"  # routed to the loopback device, where nobody is this address and all that is sent to it is lost


def listener(address="127.0.0.1", port=0, family=socket.AF_INET, backlog=16):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen(backlog)
    return s


@contextlib.contextmanager
def pair(address="127.0.0.1", family=socket.AF_INET):
    """A connection: the end that opened it, the end that took it."""
    with listener(address, family=family) as waiting:
        with socket.create_connection(waiting.getsockname()[:2]) as out, waiting.accept()[0] as taken:
            yield out, taken


def port_of(s):
    return s.getsockname()[1]


def state_of(t, s):
    """The state of the socket that has this local port; None: no such socket."""
    rows = t.rows("-at", "sport", str(port_of(s)), "and not state listening", columns="state", status=None)
    return rows[0]["state"] if rows else None


def fill(s):
    """Writes until no more is taken."""
    s.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            s.send(b"x" * 65536)


# ---- what a row says ----


def test_a_listener(t):
    with listener(backlog=7) as s:
        with socket.create_connection(s.getsockname()):
            bed.wait_for(lambda: t.row("-lt", "sport", str(port_of(s)))["recv_q"] == 1, "one waits for accept")
            row = t.row("-lt", "sport", str(port_of(s)))
    assert row["proto"] == "tcp" and row["family"] == "ipv4" and row["state"] == "LISTEN", row
    assert row["local_address"] == "127.0.0.1" and row["foreign_address"] in ("0.0.0.0", None), row
    assert row["send_q"] == 7 and row["host"] == "kernel" and row["direction"] is None, row
    assert row["pid"] == os.getpid() and row["fd"] == s.fileno() or row["fd"] > 2, row
    assert row["scope"] == "loopback" and row["inode"] == int(os.fstat(s.fileno()).st_ino) if s.fileno() >= 0 else True


def test_both_ends_of_a_connection(t):
    with pair() as (out, taken):
        out.sendall(b"x" * 1000)
        bed.wait_for(lambda: t.row("sport", str(port_of(taken)), "and dport", str(port_of(out)))["recv_q"] == 1000,
                     "what was not read")
        at_out = t.row("sport", str(port_of(out)))
        at_taken = t.row("dport", str(port_of(out)))
    assert at_out["direction"] == "out" and at_taken["direction"] == "in", (at_out, at_taken)
    assert at_out["bytes_sent"] == 1000 and at_taken["bytes_received"] == 1000, (at_out, at_taken)
    assert at_out["state"] == at_taken["state"] == "ESTABLISHED"
    assert at_out["pid"] == at_taken["pid"] == os.getpid()
    assert at_taken["listener"].startswith(f"127.0.0.1:{at_taken['local_port']}"), at_taken
    assert at_out["congestion"] and at_out["rtt"] > 0 and at_out["mss"] > 0, at_out
    assert at_out["user"] and at_out["uid"] == 0 and at_out["inode"] > 0, at_out


def test_ip6_and_mapped_addresses(t):
    with pair("::1", socket.AF_INET6) as (out, _):
        row = t.row("-6", "sport", str(port_of(out)))
        assert row["family"] == "ipv6" and row["local_address"] == "::1" and row["direction"] == "out", row
        assert t.rows("-4", "sport", str(port_of(out)), status=1) == []
        assert f"[::1]:{port_of(out)}" in t.netstat("-n", "sport", str(port_of(out)))
    with listener("::", family=socket.AF_INET6) as waiting:
        with socket.create_connection(("127.0.0.1", port_of(waiting))) as out, waiting.accept()[0]:
            rows = t.rows("-6", "dport", str(port_of(out)))
            assert len(rows) == 1 and rows[0]["foreign_address"] == "::ffff:127.0.0.1", rows
            assert rows[0]["scope"] == "loopback" and rows[0]["direction"] == "in", rows
            assert len(t.rows("dst 127.0.0.0/8 and dport", str(port_of(out)))) == 1


def test_udp(t):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waiting, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connected:
        waiting.bind(("127.0.0.1", 0))
        connected.connect(waiting.getsockname())
        connected.send(b"hello")
        row = t.row("-lu", "sport", str(port_of(waiting)))
        assert row["proto"] == "udp" and row["state"] in ("", None) and row["recv_q"] > 0, row
        row = t.row("-u", "sport", str(port_of(connected)))
        assert row["state"] == "ESTABLISHED" and row["foreign_port"] == port_of(waiting), row
        assert t.rows("-u", "sport", str(port_of(waiting)), status=1) == []


def test_unix(t):
    path = t.path("socket")
    with socket.socket(socket.AF_UNIX) as waiting, socket.socket(socket.AF_UNIX) as out, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as abstract:
        waiting.bind(path)
        waiting.listen()
        out.connect(path)
        abstract.bind("\0berth\1test")
        taken = waiting.accept()[0]
        rows = {row["inode"]: row for row in t.rows("-ax")}
        row = rows[os.fstat(waiting.fileno()).st_ino]
        assert row["state"] == "LISTENING" and row["path"] == path and row["type"].lower() == "stream", row
        row = rows[os.fstat(taken.fileno()).st_ino]
        assert row["state"] == "CONNECTED" and row["peer"] == os.fstat(out.fileno()).st_ino, row
        row = rows[os.fstat(abstract.fileno()).st_ino]
        assert row["path"] == "@berth?test" and row["type"].lower() == "dgram", row
        assert row["pid"] == os.getpid(), row
        taken.close()


def test_raw(t):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as s:
        rows = [r for r in t.rows("-aw") if r["inode"] == os.fstat(s.fileno()).st_ino]
        assert len(rows) == 1 and rows[0]["proto"] == "raw" and rows[0]["pid"] == os.getpid(), rows


# ---- TCP's states ----


def test_half_closed(t):
    with pair() as (out, taken):
        out.shutdown(socket.SHUT_WR)
        bed.wait_for(lambda: state_of(t, out) == "FIN_WAIT2", "FIN_WAIT2")
        row = t.row("dport", str(port_of(out)))
        assert row["state"] == "CLOSE_WAIT" and row["direction"] == "in", row
        assert t.row("sport", str(port_of(out)))["direction"] == "out"
        assert taken


def test_time_wait(t):
    with pair() as (out, taken):
        port = port_of(out)
        out.close()
        taken.close()
        bed.wait_for(lambda: t.rows("-at", "state time-wait and port", str(port), status=None), "TIME_WAIT")
        row = t.row("state time-wait and port", str(port))
    assert row["state"] == "TIME_WAIT" and row["pid"] is None and row["unowned"], row
    assert row["timer_kind"] == "timewait" and row["inode"] in (0, None), row



def test_fin_wait1_and_last_ack(t):
    """A FIN behind data that the peer does not take."""
    with pair() as (out, taken):
        fill(out)
        fill(taken)
        out.shutdown(socket.SHUT_WR)
        bed.wait_for(lambda: state_of(t, out) == "FIN_WAIT1", "FIN_WAIT1")
        assert t.row("sport", str(port_of(out)))["direction"] == "out"
    with pair() as (out, taken):
        out.shutdown(socket.SHUT_WR)
        fill(taken)
        taken.shutdown(socket.SHUT_WR)
        bed.wait_for(lambda: t.row("dport", str(port_of(out)))["state"] == "LAST_ACK", "LAST_ACK")


def test_syn_sent(t):
    with socket.socket() as s:
        s.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            s.connect((FAR, 80))
        bed.wait_for(lambda: t.rows("-t", "dst", FAR, "and state syn-sent", status=None), "SYN_SENT")
        row = t.row("dst", FAR)
    assert row["direction"] == "out" and row["pid"] == os.getpid() and row["scope"] == "private", row


def tcp_segment(source, target, sport, dport, flags):
    def checksum(data):
        total = sum(struct.unpack(f"!{len(data) // 2}H", data))
        total = (total & 0xFFFF) + (total >> 16)
        return ~(total + (total >> 16)) & 0xFFFF

    header = struct.pack("!HHIIBBHHH", sport, dport, 7, 0, 5 << 4, flags, 1000, 0, 0)
    pseudo = socket.inet_aton(source) + socket.inet_aton(target) + struct.pack("!BBH", 0, 6, len(header))
    header = header[:16] + struct.pack("!H", checksum(pseudo + header)) + header[18:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(header), 1, 0, 64, 6, 0, socket.inet_aton(source), socket.inet_aton(target))
    return ip + header


def test_syn_received(t):
    """A SYN from where no answer arrives."""
    with listener(NEAR) as waiting, socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        raw.sendto(tcp_segment(FAR, NEAR, 4000, port_of(waiting), 2), (NEAR, 0))
        rows = t.rows("-t", "state syn-recv", status=None)
        if not rows:
            raise bed.Skip("this kernel takes no segment that claims to be from elsewhere")
    row = rows[0]
    assert row["foreign_address"] == FAR and row["foreign_port"] == 4000 and row["direction"] == "in", row
    assert row["pid"] is None and row["unowned"], row


# ---- beside others ----


def kernel_view():
    """Protocol, both ends and state as the kernel's own text files have them."""
    states = ["", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSED", "CLOSE_WAIT",
              "LAST_ACK", "LISTEN", "CLOSING"]
    found = set()
    for name, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        with open(f"/proc/net/{name}", encoding="ascii") as file:
            for line in file.readlines()[1:]:
                ends = []
                for text in line.split()[1:3]:
                    address, port = text.split(":")
                    words = b"".join(struct.pack("=I", int(address[i:i + 8], 16)) for i in range(0, len(address), 8))
                    ends.append((socket.inet_ntop(family, words), int(port, 16)))
                found.add((name[:3], *ends, states[int(line.split()[3], 16)]))
    return found


def berth_view(t):
    rows = t.rows("-at", columns="proto,local_address,local_port,foreign_address,foreign_port,state")
    return {(r["proto"], (r["local_address"], r["local_port"] or 0), (r["foreign_address"], r["foreign_port"] or 0), r["state"])
            for r in rows}


def test_the_same_as_proc_net_tcp(t):
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(pair())
            stack.enter_context(pair("::1", socket.AF_INET6))
        assert berth_view(t) == kernel_view()


def test_the_same_as_ss(t):
    bed.need("ss")
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(pair())
        lines = t.run("ss", "-Htan").stdout.decode().splitlines()
        theirs = sorted((line.split()[3], line.split()[4]) for line in lines)
        ours = sorted((line.split()[3], line.split()[4]) for line in t.netstat("-tanH").splitlines())
        assert [a for a, _ in theirs] == [a for a, _ in ours], (theirs, ours)


def test_thousands(t):
    with listener(backlog=4096) as waiting, contextlib.ExitStack() as stack:
        for _ in range(400):
            out = stack.enter_context(socket.create_connection(waiting.getsockname()))
            stack.enter_context(waiting.accept()[0])
            # They end with a reset: hundreds of ports in TIME_WAIT would turn up among the rows of the next tests.
            out.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        those = ["state", "established", "port", str(port_of(waiting))]
        assert len(t.rows("-tp", *those, columns="pid,state")) == 800
        text = t.netstat("-tnH", "--by", "state", *those)
        assert text.split()[0] == "800" and "ESTABLISHED" in text, text
        assert len(t.netstat("-tnH", "--top", "5").splitlines()) == 5


def test_filters_by_ends(t):
    """The kernel is asked for some ports and prefixes only, and brings neither less nor more than the filter says."""
    with contextlib.ExitStack() as stack:
        for address, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6), ("127.1.2.3", socket.AF_INET)):
            for _ in range(5):
                stack.enter_context(pair(address, family))
        waiting = stack.enter_context(listener("::", family=socket.AF_INET6))
        out = stack.enter_context(socket.create_connection(("127.0.0.1", port_of(waiting))))
        stack.enter_context(waiting.accept()[0])
        rows = t.rows("-t", "established")
        middle = sorted(r["local_port"] for r in rows)[len(rows) // 2]
        loopback = [r for r in rows if r["foreign_address"].replace("::ffff:", "").startswith("127.")]
        for text, wanted in (
                (f"dport {port_of(out)}", [r for r in rows if r["foreign_port"] == port_of(out)]),
                (f"port {port_of(out)}", [r for r in rows if port_of(out) in (r["local_port"], r["foreign_port"])]),
                (f"sport < {middle}", [r for r in rows if r["local_port"] < middle]),
                (f"not sport < {middle}", [r for r in rows if r["local_port"] >= middle]),
                ("dst 127.0.0.0/8", loopback),
                (f"dst 127.0.0.0/8 and sport >= {middle}", [r for r in loopback if r["local_port"] >= middle]),
                ("dst ::1 or dst 127.1.2.3", [r for r in rows if r["foreign_address"] in ("::1", "127.1.2.3")]),
                (f"( dport = :{middle} or sport = :{middle} )",
                 [r for r in rows if middle in (r["local_port"], r["foreign_port"])])):
            found = t.rows("-t", f"established and ({text})", status=None)
            assert sorted(r["inode"] for r in found) == sorted(r["inode"] for r in wanted) and wanted, (text, found, wanted)


# ---- processes ----


def test_a_deleted_executable(t):
    sleeper = t.path("sleeper")
    shutil.copy(shutil.which("python3"), sleeper)
    os.chmod(sleeper, 0o755)
    script = "import socket,sys; s=socket.create_server(('127.0.0.1',0)); print(s.getsockname()[1],flush=True); sys.stdin.read()"
    with subprocess.Popen([sleeper, "-S", "-E", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            port = process.stdout.readline().decode().strip()
            if not port:
                raise bed.Skip("a copy of Python does not run here")
            os.unlink(sleeper)
            row = t.row("-l", "sport", port)
            done = t.netstat("--unexplained", "-n", "sport", port, status=1)
        finally:
            process.kill()
    assert row["executable"] == sleeper and row["executable_deleted"] is True, row
    assert "executable-deleted" in done, done


def test_a_shell_on_a_socket(t):
    with pair() as (out, taken), subprocess.Popen(["sh"], stdin=taken, stdout=taken) as shell:
        try:
            bed.wait_for(lambda: shell.pid in t.row("dport", str(port_of(out)))["pids"], "the shell has the socket")
            taken.close()
            text = t.netstat("--unexplained", "-n", "dport", str(port_of(out)), status=1)
            row = t.row("dport", str(port_of(out)))
        finally:
            shell.kill()
    assert "shell-on-socket" in text and row["pid"] == shell.pid, (text, row)


def test_everything_of_our_own_is_found(t):
    with pair() as (out, taken):
        text = t.netstat("-tnp", "port", str(port_of(out)))
        assert text.count(f"{os.getpid()}/") == 2, text
        assert taken


# ---- how it behaves ----


def test_no_match_is_status_1(t):
    done = t.run(t.berth, "netstat", "-n", "dport", "1")
    assert done.returncode == 1 and b"dport 1" in done.stderr, done


def test_a_wrong_filter_points_at_the_word(t):
    done = t.run(t.berth, "netstat", "state", "establishd")
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 2 and len(lines) == 3, done
    assert lines[1] == "  state establishd" and lines[2] == "        ^^^^^^^^^^", lines


def test_a_closed_pipe(t):
    """More than a pipe holds, and a reader that wants one line."""
    with listener(backlog=256) as waiting, contextlib.ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(socket.create_connection(waiting.getsockname()))
        assert len(t.netstat("-tn", "--columns", "all")) > 65536
        done = subprocess.run(["bash", "-c", f"set -o pipefail; {t.berth} netstat -tn --columns all | head -n 1"],
                              capture_output=True, check=False)
    assert done.returncode == 0 and not done.stderr, done


def test_killing(t):
    with pair() as (out, taken):
        text = t.netstat("--kill", "-n", "sport", str(port_of(out)), status=2)
        assert str(port_of(out)) in text
        done = t.run(t.berth, "netstat", "--kill", "--yes", "-n", "sport", str(port_of(out)))
        if b"kernel does not end" in done.stderr:
            raise bed.Skip("this kernel ends no sockets on request")
        assert done.returncode == 0, done
        try:
            out.send(b"x")
            raise AssertionError("the socket lives")
        except OSError:
            pass
        assert taken


def test_saved_and_read(t):
    with pair() as (out, _):
        file = t.path("saved.jsonl")
        t.netstat("--save", file)
        live = t.row("sport", str(port_of(out)), columns="proto,local,foreign,state,process,direction,uid,command,unit")
        read = t.row("--read", file, "sport", str(port_of(out)),
                     columns="proto,local,foreign,state,process,direction,uid,command,unit")
        assert live == read, (live, read)
        assert oct(os.stat(file).st_mode & 0o777) == "0o600"


def test_saved_programs(t):
    """All that may be known of a program is in the file, though nobody asked for it when it was written."""
    columns = "process,pids,command,executable,executable_deleted,cgroup,unit,container,user,findings,explanation"
    file = t.path("programs.jsonl")
    with pair() as (out, taken), subprocess.Popen(["sh"], stdin=taken, stdout=taken) as shell:
        try:
            port = str(port_of(out))
            bed.wait_for(lambda: shell.pid in t.row("dport", port)["pids"], "the shell has the socket")
            taken.close()
            t.netstat("--save", file)
            live = t.row("dport", port, columns=columns)
            explained = t.netstat("--explain", "-n", "dport", port, status=None)
        finally:
            shell.kill()
    read = t.row("--read", file, "dport", port, columns=columns)
    assert live == read and read["command"] == "sh" and read["findings"] == ["shell-on-socket"], (live, read)
    assert t.netstat("--read", file, "--explain", "-n", "dport", port, status=None) == explained


def test_a_baseline(t):
    file = t.path("baseline")
    with listener() as s:
        t.netstat("--save-baseline", file)
        assert t.netstat("--baseline", file) == ""
        with listener(port=8099) as new:
            text = t.netstat("--baseline", file, status=1)
            assert text.startswith("new ") and "8099" in text and text.count("\n") == 1, text
            assert new
        assert s
    # A port that the system chose is no entry of its own, so that only what was written down can be gone.
    assert "new " not in t.netstat("--baseline", file, status=None)


def test_names_come_from_hosts_and_services(t):
    with listener(port=5432) as waiting, socket.create_connection(waiting.getsockname()):
        text = t.netstat("-t", "dport", "5432")
        assert ":postgresql " in text, text


def test_metrics(t):
    with pair():
        text = t.netstat("--openmetrics", "-")
    assert text.endswith("# EOF\n") and 'state="ESTABLISHED"' in text, text


def test_again_and_again(t):
    with subprocess.Popen([t.berth, "netstat", "-ln", "-c", "0.05"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            seen = 0
            while seen < 3:
                line = process.stdout.readline()
                assert line, "it ended"
                seen += b"Active Internet" in line
            process.stdout.close()
            assert process.wait(bed.PATIENCE) in (0, 1)
        finally:
            process.kill()


def test_other_namespaces(t):
    with subprocess.Popen(["unshare", "-n", "sh", "-c", "ip link set lo up; exec nc -l 127.0.0.1 7777 >/dev/null"],
                          stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        bed.need("nc")
        try:
            bed.wait_for(lambda: t.rows("-lt", "--all-netns", "sport 7777", status=None), "the other namespace's listener")
            rows = t.rows("-lt", "--all-netns", "sport 7777")
            assert len(rows) == 1 and rows[0]["namespace"] and rows[0]["pid"] == process.pid, rows
            assert t.rows("-lt", "sport 7777", status=1) == []
        finally:
            process.kill()


bed.main(f"ip address add {NEAR}/32 dev lo", f"ip route add {FAR}/32 dev lo")
