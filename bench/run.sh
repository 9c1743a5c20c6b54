#!/bin/sh
# Measure berth beside its peer and print the tables of bench/README.md.
#
#     sh bench/run.sh [meson options]
#
# Builds for speed in build-bench, with lwIP from Debian's source package when that can be had, and takes about a minute.
# Further options go to meson for both, for example -Db_lto=true.
set -eu

cd "$(dirname "$0")/.."
build=$PWD/build-bench peer=$PWD/build-bench-lwip
mkdir -p "$peer"
for tool in meson ninja python3; do
	command -v $tool >/dev/null || {
		echo "bench/run.sh: no $tool here; install it first (apt-get install meson ninja-build python3)" >&2
		exit 3
	}
done
lwip=$(sh bench/lwip-source.sh "$peer" | tail -n 1) || lwip=
mode=
[ -f "$build/build.ninja" ] && mode=--wipe
meson setup $mode "$build" --buildtype=release -Dbench=true -Dbench_lwip="$lwip" "$@" >"$peer/build.log" 2>&1 ||
	{ cat "$peer/build.log"; exit 3; }
ninja -C "$build" benchmarks >>"$peer/build.log" 2>&1 || { tail -n 40 "$peer/build.log"; exit 3; }
python3 bench/report.py "$build/bench"
