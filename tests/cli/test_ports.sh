#!/bin/sh
# berth ports: test_ports.sh BERTH
berth=$1
. "$(dirname "$0")/tap.sh"

expect 'a port' 0 'PORT TRANSPORT SERVICE  GROUP      DESCRIPTION
80   tcp,udp   http     well-known World Wide Web HTTP
80   sctp      http     well-known HTTP
80   tcp,udp   www      well-known alias of http: World Wide Web HTTP
80   tcp,udp   www-http well-known alias of http: World Wide Web HTTP' '' "$berth" ports 80

expect 'a port and transport' 0 'PORT TRANSPORT SERVICE GROUP      DESCRIPTION
53   tcp,udp   domain  well-known Domain Name Server' '' "$berth" ports 53/udp

expect 'a range' 0 'PORT TRANSPORT SERVICE  GROUP      DESCRIPTION
20   tcp,udp   ftp-data well-known File Transfer [Default Data]
20   sctp      ftp-data well-known FTP
21   tcp,udp   ftp      well-known File Transfer Protocol [Control]
21   sctp      ftp      well-known FTP
22   tcp,udp   ssh      well-known The Secure Shell (SSH) Protocol
22   sctp      ssh      well-known SSH
23   tcp,udp   telnet   well-known Telnet
25   tcp,udp   smtp     well-known Simple Mail Transfer' '' "$berth" ports 20-25

expect 'a port inside a registered range' 0 'PORT      TRANSPORT SERVICE GROUP      DESCRIPTION
6000-6063 tcp,udp   x11     registered X Window System' '' "$berth" ports 6005

expect 'a name, in any case' 0 'PORT TRANSPORT SERVICE GROUP      DESCRIPTION
22   tcp,udp   ssh     well-known The Secure Shell (SSH) Protocol
22   sctp      ssh     well-known SSH' '' "$berth" ports SSH

expect 'a name with a slash in it, and a transport' 0 'PORT TRANSPORT SERVICE GROUP      DESCRIPTION
172  tcp,udp   cl/1    well-known alias of cl-1: Network Innovations CL/1' '' "$berth" ports cl/1/tcp

expect 'a text in descriptions' 0 'PORT TRANSPORT SERVICE GROUP      DESCRIPTION
69   tcp,udp   tftp    well-known Trivial File Transfer
1818 tcp,udp   etftp   registered Enhanced Trivial File Transfer Protocol' '' "$berth" ports 'trivial file'

expect 'a text in descriptions, of one group' 0 'PORT TRANSPORT SERVICE GROUP      DESCRIPTION
1818 tcp,udp   etftp   registered Enhanced Trivial File Transfer Protocol' '' \
	"$berth" ports -g registered 'trivial file'

expect 'one transport of a range' 0 'PORT TRANSPORT         SERVICE GROUP      DESCRIPTION
9    tcp,udp,sctp,dccp discard well-known Discard' '' "$berth" ports 1-10 -t sctp

expect 'two transports' 0 'PORT TRANSPORT         SERVICE GROUP      DESCRIPTION
9    tcp,udp,sctp,dccp discard well-known Discard' '' "$berth" ports 1-10 --transport=sctp,DCCP

expect 'a port without a service: its group, and no' 1 'PORT  TRANSPORT         SERVICE GROUP   DESCRIPTION
50000 tcp,udp,sctp,dccp -       private IANA names no service for this port' '' "$berth" ports 50000

expect 'a port without a service for a transport' 1 'PORT TRANSPORT SERVICE GROUP      DESCRIPTION
22   dccp      -       well-known IANA names no service for this port' '' "$berth" ports 22/dccp

for border in 0:well-known 1023:well-known 1024:registered 49151:registered 49152:private 65535:private; do
	ok "port ${border%:*} is ${border#*:}" sh -c "'$berth' ports ${border%:*} | grep -q ' ${border#*:} '"
done

expect 'JSON' 0 '{
   "ports": [
      {
         "port": 6000,
         "transports": [
             "tcp", "udp"
         ],
         "service": "x11",
         "group": "registered",
         "description": "X Window System",
         "last": 6063,
         "alias_of": null
      }
   ]
}' '' "$berth" ports 6000 --json

expect 'JSON of an alias' 0 '{
   "ports": [
      {
         "port": 465,
         "transports": [
             "tcp"
         ],
         "service": "submissions",
         "group": "well-known",
         "description": "Message Submission over TLS protocol",
         "last": 465,
         "alias_of": "urd"
      }
   ]
}' '' "$berth" ports -j submissions

expect 'JSON of a port without a service' 1 '{
   "ports": [
      {
         "port": 50000,
         "transports": [
             "udp"
         ],
         "service": null,
         "group": "private",
         "description": "IANA names no service for this port",
         "last": 50000,
         "alias_of": null
      }
   ]
}' '' "$berth" ports -j 50000/udp

ok 'JSON of everything is JSON' sh -c "'$berth' ports --json | python3 -c '
import json, sys
ports = json.load(sys.stdin)[\"ports\"]
assert len(ports) > 6000, len(ports)
assert all(type(p[\"port\"]) is int and type(p[\"last\"]) is int for p in ports)
assert all(set(p[\"transports\"]) <= {\"tcp\", \"udp\", \"sctp\", \"dccp\"} and p[\"transports\"] for p in ports)'"
ok 'JSON of nothing is JSON' sh -c "'$berth' ports --json 50000-50001 2>/dev/null | python3 -c '
import json, sys
assert json.load(sys.stdin) == {\"ports\": []}'"

long='512  udp       biff    well-known alias of comsat: used by mail system to notify users of new mail received; currently receives messages only from processes on the same machine'
ok 'a description is whole in a pipe' sh -c "'$berth' ports 512 | grep -Fqx '$long'"
if ! script -qec true /dev/null </dev/null >/dev/null 2>&1; then
	skip 'and is cut to 80 columns on a terminal' 'script(1) is missing or can make no terminal'
else
	script -qec "stty cols 80; '$berth' ports 512" /dev/null </dev/null | tr -d '\r' >"$tap_directory/terminal"
	ok 'and is cut to 80 columns on a terminal' sh -c "grep -x '.\{80\}' '$tap_directory/terminal' &&
		! grep -x '.\{81,\}' '$tap_directory/terminal'"
fi
ok 'characters beyond ASCII come through without a locale' sh -c "LC_ALL=C '$berth' ports 4413/tcp | grep -q FORTÉ"

expect 'port 65536' 2 '' "berth ports: '65536' is no port; ports are numbers from 0 to 65535" "$berth" ports 65536
expect 'a port beyond 64 bits' 2 '' \
	"berth ports: '99999999999999999999999' is no port; ports are numbers from 0 to 65535" \
	"$berth" ports 99999999999999999999999
expect 'a range that ends beyond the last port' 2 '' \
	"berth ports: '65536' is no port; ports are numbers from 0 to 65535" "$berth" ports 1-65536
expect 'a range backwards' 2 '' "berth ports: the range '80-20' ends before it begins; try '20-80'" "$berth" ports 80-20
expect 'half a range' 2 '' "berth ports: '20-' is no range of ports; a range is two ports, as in 20-25" "$berth" ports 20-
expect 'a range of three' 2 '' "berth ports: '1-2-3' is no range of ports; a range is two ports, as in 20-25" \
	"$berth" ports 1-2-3
expect 'an unknown transport of a port' 2 '' \
	"berth ports: unknown transport 'xtp'; the transports are tcp, udp, sctp and dccp" "$berth" ports 80/xtp
expect 'an unknown transport' 2 '' \
	"berth ports: unknown transport 'tcp,'; the transports are tcp, udp, sctp and dccp" "$berth" ports -t tcp, 80
expect 'two transports at odds' 2 '' \
	"berth ports: '80/tcp' and --transport ask for different transports; leave one away" "$berth" ports -t udp 80/tcp
expect 'an unknown group' 2 '' \
	"berth ports: unknown group 'public'; the groups are well-known, registered and private" \
	"$berth" ports --group public
expect 'an empty argument' 2 '' \
	"berth ports: an empty text is no port and no service; try 'berth ports 80' or 'berth ports http'" "$berth" ports ''
expect 'an argument too many' 2 '' \
	"berth ports: '443' is one argument too many; 'berth ports --help' says which it takes" "$berth" ports 80 443
expect 'an unknown option' 2 '' "berth ports: unknown option '--frob'; 'berth ports --help' lists the options" \
	"$berth" ports --frob 80
expect 'an option without its value' 2 '' \
	"berth ports: option '--group' needs a value; 'berth ports --help' says which" "$berth" ports --group

expect 'an empty range' 1 '' 'berth ports: ports 50000-50010 have no service' "$berth" ports 50000-50010
expect 'a port of another group' 1 '' 'berth ports: port 80 has no service in this group; try without --group' \
	"$berth" ports 80 --group private
expect 'a name for another transport' 1 '' "berth ports: 'imap' is no service for this transport; try another" \
	"$berth" ports imap/dccp
expect 'a mistyped name' 1 '' \
	"berth ports: no service with 'htpts' in its name or description; did you mean 'https'?" "$berth" ports htpts
expect 'a text that is nowhere' 1 '' \
	"berth ports: no service with 'qqqqqqqqqqqq' in its name or description; try a shorter text" \
	"$berth" ports qqqqqqqqqqqq
expect 'a full disk' 3 '' 'berth ports: standard output: No space left on device; the output is not complete' \
	sh -c "'$berth' ports >/dev/full"
plan
