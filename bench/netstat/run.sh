#!/bin/sh
# Measure `berth netstat` beside ss, netstat and lsof and print the tables of bench/README.md.
#
#     sh bench/netstat/run.sh [--sockets N] [--quick]
#
# Builds for speed in build-bench, makes 400,000 sockets in a network namespace of its own, and takes about six minutes,
# of which ss and netstat looking for processes are five (--quick leaves these out). Wants root for the BPF row.
set -eu

cd "$(dirname "$0")/../.."
build=$PWD/build-bench
for tool in meson ninja python3 unshare ip; do
	command -v $tool >/dev/null || {
		echo "bench/netstat/run.sh: no $tool here; install it first" >&2
		exit 3
	}
done
mkdir -p "$build"
[ -f "$build/build.ninja" ] || meson setup "$build" --buildtype=release -Dbench=true >"$build/setup.log" 2>&1 ||
	{ cat "$build/setup.log"; exit 3; }
ninja -C "$build" berth netstat_benchmarks >"$build/netstat.log" 2>&1 || { tail -n 40 "$build/netstat.log"; exit 3; }
exec python3 bench/netstat/report.py "$build/bench" "$build/berth" "$@"
