#!/bin/sh
# The libraries show the names of the public interface and no others: test_symbols.sh NM libberth.so libberth.a
nm=$1 shared=$2 static=$3
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

n=0
check() {
	n=$((n + 1))
	names=$(awk 'NF == 3 { print $3 }')
	others=$(echo "$names" | grep -v '^berth_')
	if [ -n "$names" ] && [ -z "$others" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "${others:-no names at all}" | sed 's/^/# /'
	fi
}

"$nm" --dynamic --defined-only "$shared" >"$directory/shared" || exit 1
check 'libberth.so exports berth_* alone' <"$directory/shared"
"$nm" --extern-only --defined-only "$static" >"$directory/shared" || exit 1
check 'libberth.a has no global names but berth_*' <"$directory/shared"

# Both have the same.
"$nm" --dynamic --defined-only "$shared" | awk 'NF == 3 { print $3 }' | sort >"$directory/shared"
"$nm" --extern-only --defined-only "$static" | awk 'NF == 3 { print $3 }' | sort >"$directory/static"
n=$((n + 1))
if differences=$(diff "$directory/shared" "$directory/static"); then
	echo "ok $n - they have the same names"
else
	echo "not ok $n - they have the same names"
	echo "$differences" | sed 's/^/# /'
fi
echo "1..$n"
