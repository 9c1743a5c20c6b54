#!/bin/sh
# Every public header compiles alone, as C11 and as C++: test_headers.sh INCLUDE-DIRECTORY CC... [-- CXX...]
include=$1
shift
cc=''
cxx=''
for word in "$@"; do
	case $word in
	--) cxx=' ' ;;
	*) if [ -n "$cxx" ]; then cxx="$cxx $word"; else cc="$cc $word"; fi ;;
	esac
done

n=0
check() {
	title=$1
	shift
	n=$((n + 1))
	if log=$("$@" 2>&1); then
		echo "ok $n - $title"
	else
		echo "not ok $n - $title"
		echo "$log" | sed 's/^/# /'
	fi
}

for header in "$include"/berth/*.h; do
	name=berth/$(basename "$header")
	# Included twice: the guard works.
	source="#include <$name>
#include <$name>
int main(void);"
	compile() {
		echo "$source" | "$@" -Wall -Wextra -Werror -fsyntax-only -I "$include" -
	}
	check "$name as C11" compile $cc -std=c11 -Wpedantic -x c
	# Not pedantic: a flexible array is C, and an extension that every C++ compiler has.
	if [ -n "${cxx# }" ]; then
		check "$name as C++" compile $cxx -std=c++17 -x c++
	else
		n=$((n + 1))
		echo "ok $n - $name as C++ # SKIP no C++ compiler"
	fi
done
echo "1..$n"
