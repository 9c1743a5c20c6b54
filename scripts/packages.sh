#!/bin/sh
# The Debian packages that berth needs, and getting them.
#
#     sh scripts/packages.sh demo    to build berth and run `berth demo`
#     sh scripts/packages.sh test    to run all tests, too
#
# With root, installs what is missing. Without, prints it in one line and ends with status 3.
set -eu

build='gcc libc6-dev binutils meson ninja-build pkg-config python3'
build="$build libcmocka-dev libhttp-parser-dev libpcap-dev libsmartcols-dev"
build="$build libmnl-dev libcjson-dev libc-ares-dev libncurses-dev libbpf-dev"
demo='curl coreutils'
tests='clang tmux g++ netbase iproute2 iputils-ping netcat-openbsd tshark util-linux'
tests="$tests busybox python3-jsonschema python3-prometheus-client"
tests="$tests dnsmasq-base unbound radvd ndisc6 iputils-tracepath"
tests="$tests bind9-dnsutils iperf3 nginx-light socat"

case ${1-} in
demo) wanted="$build $demo" ;;
test) wanted="$build $demo $tests" ;;
*)
	echo "usage: sh scripts/packages.sh demo|test" >&2
	exit 2
	;;
esac

if ! command -v dpkg-query >/dev/null; then
	echo "note: this is no Debian; berth needs what these packages hold there: $wanted" >&2
	exit 0
fi

missing=
for package in $wanted; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "packages are missing; as root, run: apt-get install$missing" >&2
	exit 3
fi
echo "installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
{ apt-get -q update && apt-get -q install -y --no-install-recommends $missing; } >&2 || {
	echo "apt-get could not install$missing; what it says above tells why" >&2
	exit 3
}
