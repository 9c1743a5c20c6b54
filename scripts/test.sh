#!/bin/sh
# Installs what is missing (with root), builds, runs every test, and ends with "N passed, N failed, N skipped".
#
#     sh scripts/test.sh               in build/
#     sh scripts/test.sh --sanitize    in build-sanitize/, under the address and undefined-behaviour sanitizers
#
# Status 0: none failed and some passed. A second run builds only what has changed.
set -eu
cd "$(dirname "$0")/.."

build=build
options=
case ${1-} in
'') ;;
--sanitize)
	build=build-sanitize
	options='-Db_sanitize=address,undefined'
	export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
	;;
*)
	echo "usage: sh scripts/test.sh [--sanitize]" >&2
	exit 2
	;;
esac

sh scripts/packages.sh test
[ -f "$build/build.ninja" ] || meson setup "$build" $options
ninja -C "$build"
# Many tests wait for a kernel or a program most of the time: one more at a time than there are processors.
# Whether tests failed is in the log, with more detail than in the status.
meson test -C "$build" --no-rebuild --print-errorlogs --num-processes $(($(nproc) + 1)) --timeout-multiplier 2 || true
exec python3 scripts/test-summary.py "$build/meson-logs/testlog.json"
