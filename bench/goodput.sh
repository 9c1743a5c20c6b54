#!/bin/sh
# Measure what TCP gets across a bad wire, berth's beside the kernel's, and print the tables of bench/README.md.
#
#     sh bench/goodput.sh [--quick | --virtual] [goodput.py's options]
#
# Builds for speed in build-bench, or in the directory that GOODPUT_BUILD names. The kernel's half needs root or user
# namespaces, and /dev/net/tun; --virtual needs nothing.
set -eu

cd "$(dirname "$0")/.."
build=${GOODPUT_BUILD:-$PWD/build-bench}
for tool in meson ninja python3; do
	command -v $tool >/dev/null || {
		echo "bench/goodput.sh: no $tool here; install it first (apt-get install meson ninja-build python3)" >&2
		exit 3
	}
done
mkdir -p "$build"
if [ ! -f "$build/build.ninja" ]; then
	meson setup "$build" --buildtype=release -Dbench=true >"$build/goodput.log" 2>&1 || { cat "$build/goodput.log"; exit 3; }
fi
ninja -C "$build" goodput_benchmarks >"$build/goodput.log" 2>&1 || { tail -n 40 "$build/goodput.log"; exit 3; }
exec python3 bench/goodput.py "$build/bench/goodput_flows" "$@"
