#!/usr/bin/env python3
"""Runs packetdrill scripts against berth_packetdrill.so: one line a script and version, "PASS" or "FAIL", path, version and
what went wrong, with tabs between. See docs/conformance.md.

PACKETDRILL names the program; PRELOAD, if set, what is to be loaded into it."""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

FOUR = ["--local_ip=192.168.0.1", "--gateway_ip=192.168.0.1", "--netmask_ip=255.255.0.0", "--remote_ip=192.0.2.1",
        "-DTFO_COOKIE=3021b9d889017eeb", "-DCODE=host_unreachable"]
SIX = ["--local_ip=fd3d:0a0b:17d6::1", "--gateway_ip=fd3d:0a0b:17d6:8888::1", "--remote_ip=fd3d:fa7b:d17d::1",
       "-DTFO_COOKIE=c1d1e9742a47a9bc"]
# Control data is named by the socket's family, not by that of its packets.
CONTROL_FOUR = ["-DCMSG_LEVEL_IP=SOL_IP", "-DCMSG_TYPE_RECVERR=IP_RECVERR"]
CONTROL_SIX = ["-DCMSG_LEVEL_IP=SOL_IPV6", "-DCMSG_TYPE_RECVERR=IPV6_RECVERR"]
FLAGS = {
    "ipv4": "local=192.168.0.1/16,gateway=192.168.0.1,remote=192.0.2.1",
    "ipv6": "local=fd3d:a0b:17d6::1/48,gateway=fd3d:a0b:17d6:8888::1,remote=fd3d:fa7b:d17d::1",
}


def versions_of(script, wanted):
    """The versions that a script asks for, or else those wanted that its name allows."""
    own = re.search(r"^--ip_version=(\S+)", script.read_text(errors="replace"), re.M)
    if own:
        return [own.group(1)]
    return [v for v in wanted if not (script.name.endswith("v6.pkt") and v != "ipv6")
            and not (script.name.endswith("v4.pkt") and v == "ipv6")]


def command(program, library, script, version):
    mtu = re.search(r"^--mtu=(\d+)", script.read_text(errors="replace"), re.M)
    # An IPv6 header is 20 bytes longer: with as much more room, scripts find the same MSS.
    n_mtu = int(mtu.group(1)) if mtu else 1520 if version == "ipv6" else 1500
    flags = FLAGS["ipv6" if version == "ipv6" else "ipv4"]
    arguments = (SIX if version == "ipv6" else FOUR) + (CONTROL_FOUR if version == "ipv4" else CONTROL_SIX)
    for name, value in re.findall(r"^--(local|remote)_ip=(\S+)", script.read_text(errors="replace"), re.M):
        if (":" in value) == (version == "ipv6"):
            arguments = [f"--{name}_ip={value}" if a.startswith(f"--{name}_ip=") else a for a in arguments]
            flags = re.sub(rf"\b{name}=[^,/]*", f"{name}={value}", flags)
    return [program, "--send_omit_free", f"--ip_version={version}", *arguments,
            f"--so_filename={library}", f"--so_flags=ip_version={version},{flags},mtu={n_mtu}", script.name]


def run(program, library, script, version, seconds):
    environment = dict(os.environ)
    if "PRELOAD" in os.environ:
        environment["LD_PRELOAD"] = os.environ["PRELOAD"]
    try:
        done = subprocess.run(command(program, library, script, version), cwd=script.parent, env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return f"FAIL\t{script}\t{version}\tno end after {seconds} s"
    if done.returncode == 0:
        return f"PASS\t{script}\t{version}"
    text = done.stdout.decode(errors="replace")
    why = re.search(r"\.pkt:(\d+: .*)", text)
    last = (text.strip().splitlines() or [""])[-1]
    return f"FAIL\t{script}\t{version}\t" + (f"line {why.group(1)}" if why else f"status {done.returncode}: {last}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=pathlib.Path)
    parser.add_argument("scripts", nargs="+", type=pathlib.Path, help="scripts, and directories of them")
    parser.add_argument("--versions", default="ipv4,ipv6,ipv4-mapped-ipv6")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=20, help="for one script")
    a = parser.parse_args()
    program = os.environ.get("PACKETDRILL")
    if not program:
        parser.error("set PACKETDRILL to the packetdrill program")
    scripts = sorted({s.resolve() for p in a.scripts for s in ([p] if p.is_file() else p.rglob("*.pkt"))})
    runs = [(program, a.library.resolve(), s, v, a.seconds) for s in scripts for v in versions_of(s, a.versions.split(","))]
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        results = list(pool.map(lambda r: run(*r), runs))
    print("\n".join(results))
    return 1 if any(r.startswith("FAIL") for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
