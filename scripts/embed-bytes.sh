#!/bin/sh
# Prints a C header that has the bytes of a file as an array.
# usage: embed-bytes.sh NAME FILE
set -eu
echo "/* Generated from $(basename "$2"). */"
echo "#include <stdalign.h>"
echo "static const alignas(8) unsigned char $1[] = {"
od -A n -v -t x1 "$2" | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'
echo "};"
