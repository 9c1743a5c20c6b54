#!/bin/sh
# Make a static library in which only the names of the public interface are global.
#
#     make-static-library.sh OUT IN OBJCOPY AR CC...
#
# All objects of the archive IN become one, in which every name but berth_* is made local, and that one becomes the
# archive OUT. A program that links it can then use any name of its own. The compiler, CC with its options, joins the
# objects, because where they are made for link-time optimisation only it can turn them into code.
set -eu

out=$1
in=$2
objcopy=$3
ar=$4
shift 4

# Inside the archive the object has a name of its own, whatever the build directory is called.
mkdir -p "$out.d"
"$@" -r -nostdlib -o "$out.d/berth.o" -Wl,--whole-archive "$in" -Wl,--no-whole-archive
"$objcopy" --wildcard --keep-global-symbol 'berth_*' "$out.d/berth.o"
rm -f "$out"
"$ar" rcsD "$out" "$out.d/berth.o"
rm -r "$out.d"
