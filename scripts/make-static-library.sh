#!/bin/sh
# Make a static library in which only the names of the public interface are global.
#
#     make-static-library.sh OUT IN LD OBJCOPY AR
#
# All objects of the archive IN become one, in which every name but berth_* is made local, and that one becomes the
# archive OUT. A program that links it can then use any name of its own.
set -eu

out=$1 in=$2 ld=$3 objcopy=$4 ar=$5
object=$out.tmp.o

"$ld" -r -o "$object" --whole-archive "$in"
"$objcopy" --wildcard --keep-global-symbol 'berth_*' "$object"
rm -f "$out"
# Inside the archive the object has a name of its own, whatever the build directory is called.
mkdir -p "$out.d"
mv "$object" "$out.d/berth.o"
"$ar" rcsD "$out" "$out.d/berth.o"
rm -r "$out.d"
