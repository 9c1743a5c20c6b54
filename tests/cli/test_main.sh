#!/bin/sh
# berth without a verb, with help, with what it does not know: test_main.sh BERTH VERSION
berth=$1 version=$2
. "$(dirname "$0")/tap.sh"

# A place without manual pages, so that help is what the program itself says.
export MANPATH=/nonexistent

first_line_of_usage() {
	"$berth" "$@" | head -n 1 | grep -x 'usage: berth VERB \[options\]'
}
usage_names_verb() {
	"$berth" help | grep "^  $1  *[a-z]"
}

expect 'version' 0 "berth $version" '' "$berth" --version
expect 'short version' 0 "berth $version" '' "$berth" -V
ok 'help lists the verbs' first_line_of_usage help
ok 'so does --help' first_line_of_usage --help
ok 'and -h' first_line_of_usage -h
ok 'ports is one of them' usage_names_verb ports
expect 'help of a verb is its usage where no manual is' 0 "$("$berth" ports --help)" '' "$berth" help ports
expect 'no verb: the usage, as an error' 2 '' "$("$berth" --help)" "$berth"
expect 'a mistyped verb' 2 '' "berth: unknown verb 'prots'; did you mean 'berth ports'?" "$berth" prots
expect 'a mistyped help' 2 '' "berth: unknown verb 'hlep'; did you mean 'berth help'?" "$berth" hlep
expect 'an unknown verb' 2 '' "berth: unknown verb 'abracadabra'; 'berth help' lists the verbs" "$berth" abracadabra
expect 'an empty verb' 2 '' "berth: unknown verb ''; 'berth help' lists the verbs" "$berth" ''
expect 'help of an unknown verb' 2 '' "berth: unknown verb 'port'; did you mean 'berth ports'?" "$berth" help port
expect 'help of two verbs' 2 '' "berth help: 'ports' is one argument too many; 'berth help --help' says which it takes" \
	"$berth" help ports ports
expect 'an unknown option' 2 '' "berth: unknown option '--frob'; 'berth --help' lists the options" "$berth" --frob=1 ports
expect 'an unknown short option' 2 '' "berth: unknown option '-x'; 'berth --help' lists the options" "$berth" -x
expect 'a value that is not wanted' 2 '' "berth: option '--version' takes no value; leave '=2' away" "$berth" --version=2
expect 'an error stays one line, and does not steer the terminal' 2 '' \
	"berth: unknown verb 'a?b?[31m'; 'berth help' lists the verbs" "$berth" "$(printf 'a\nb\033[31m')"
expect 'a full disk' 3 '' 'berth: standard output: No space left on device; the output is not complete' \
	sh -c "'$berth' help >/dev/full"
expect 'a closed standard output' 3 '' 'berth: standard output: Bad file descriptor; the output is not complete' \
	sh -c "'$berth' help >&-"
reader_leaves() {
	{ "$berth" ports && echo done >&2; } 2>"$tap_directory/reader" | head -c 4 && grep -qx done "$tap_directory/reader"
}
ok 'a reader that leaves early is no error' reader_leaves
plan
