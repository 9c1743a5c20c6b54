#!/bin/sh
# Installs what is missing (with root), builds berth, and runs `berth demo` with the options given.
set -eu
cd "$(dirname "$0")/.."

sh scripts/packages.sh demo
[ -f build/build.ninja ] || meson setup build >&2
ninja -C build berth >build/demo-build.log 2>&1 || {
	cat build/demo-build.log >&2
	exit 3
}
exec build/berth demo "$@"
