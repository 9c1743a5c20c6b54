# For tests of the command line, read by `. tap.sh`: runs commands, compares, prints TAP.
#
#     expect TITLE STATUS STDOUT STDERR COMMAND...   the command ends with this status and writes exactly these texts
#     ok TITLE COMMAND...                            the command succeeds
#     skip TITLE REASON
#     plan                                           at the end
#
# Texts are given without their last newline; the empty text is no output at all.

tap_n=0
tap_directory=$(mktemp -d)
trap 'rm -rf "$tap_directory"' EXIT

tap_result() {
	tap_n=$((tap_n + 1))
	echo "$1 $tap_n - $2"
}

skip() {
	tap_result ok "$1 # SKIP $2"
}

ok() {
	tap_title=$1
	shift
	if "$@" >"$tap_directory/log" 2>&1; then
		tap_result ok "$tap_title"
	else
		tap_result 'not ok' "$tap_title"
		sed 's/^/# /' "$tap_directory/log"
	fi
}

tap_text() {
	[ -z "$1" ] || printf '%s\n' "$1"
}

tap_compare() {
	tap_text "$3" >"$tap_directory/stdout.expected"
	tap_text "$4" >"$tap_directory/stderr.expected"
	tap_failed=0
	[ "$1" = "$2" ] || { echo "exit status $1, expected $2"; tap_failed=1; }
	for tap_stream in stdout stderr; do
		diff -u "$tap_directory/$tap_stream.expected" "$tap_directory/$tap_stream" || tap_failed=1
	done
	return $tap_failed
}

expect() {
	tap_title=$1 tap_status=$2 tap_stdout=$3 tap_stderr=$4
	shift 4
	tap_real=0
	"$@" >"$tap_directory/stdout" 2>"$tap_directory/stderr" </dev/null || tap_real=$?
	ok "$tap_title" tap_compare "$tap_real" "$tap_status" "$tap_stdout" "$tap_stderr"
}

plan() {
	echo "1..$tap_n"
}
