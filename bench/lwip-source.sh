#!/bin/sh
# Get the sources of Debian's lwIP and say where they are.
#
#     lwip-source.sh DIRECTORY
#
# They are unpacked into DIRECTORY once. apt-get fetches and checks them, by the machine's own Debian mirror, with lists of
# its own in DIRECTORY: the machine's package lists and sources stay as they are, and no privilege is needed. The last
# line of output is the directory of the sources; status 3 and one line on standard error when they cannot be had.
set -eu

fail()
{
	echo "lwip-source.sh: $1" >&2
	exit 3
}

found()
{
	for d in "$directory"/lwip-*/src; do
		[ -d "$d" ] && dirname "$d" && return 0
	done
	return 1
}

directory=$1
found && exit 0
for tool in apt-get dpkg-source; do
	command -v $tool >/dev/null || fail "no $tool here: lwIP's sources come with Debian's tools (package dpkg-dev)"
done
mkdir -p "$directory/lists/partial" "$directory/cache/archives/partial"
cd "$directory"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f $keyring ] && signed="[signed-by=$keyring] " || signed=
apt-get indextargets --format '$(COMPONENT) $(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
	while read -r component release uri; do
		case $component:$release in
		main:*-*) ;; # updates and security have no lwip
		main:*) echo "deb-src $signed$uri $release main" ;;
		esac
	done | sort -u >sources.list
[ -s sources.list ] || fail "apt-get knows no Debian mirror to get lwIP's sources from"
set -- -q -o "Dir::Etc::sourcelist=$PWD/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$PWD/lists" \
	-o "Dir::Cache=$PWD/cache" -o APT::Sandbox::User=
apt-get "$@" update >log 2>&1 || fail "apt-get update failed: see $PWD/log"
apt-get "$@" source --only-source lwip >>log 2>&1 || fail "apt-get source lwip failed: see $PWD/log"
rm -rf lists cache
found || fail "lwIP's sources are not where they were expected, in $PWD"
