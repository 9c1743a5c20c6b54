#!/bin/sh
# The options of the verbs that run a host, right and wrong, without a device: test_hosts.sh BERTH
berth=$1
. "$(dirname "$0")/tap.sh"

XDG_RUNTIME_DIR=$tap_directory
export XDG_RUNTIME_DIR
here='--link tap:tap0 --address 192.168.1.7/24'

# wrong VERB LINE OPTIONS...: wrong usage, and this line says why.
wrong() {
	wrong_verb=$1 wrong_line=$2
	shift 2
	expect "$wrong_verb $*" 2 '' "berth $wrong_verb: $wrong_line" "$berth" "$wrong_verb" "$@"
}
names_itself() {
	"$berth" "$1" --help | head -n 1 | grep "^usage: berth $1 "
}
fits_80_columns() {
	"$berth" "$1" --help | expand | awk 'length > 80 { print; bad = 1 } END { exit bad }'
}

for verb in serve nc netstat demo; do
	ok "help of $verb" names_itself $verb
	ok "help of $verb fits a terminal" fits_80_columns $verb
	wrong $verb "unknown option '--frob'; 'berth $verb --help' lists the options" --frob
	wrong $verb "unknown option '-Q'; 'berth $verb --help' lists the options" -Q
	wrong $verb "option '--help' takes no value; leave '=1' away" --help=1
done

# What serve and nc share.
for verb in serve nc; do
	for option in link address gateway dns wire pcap name congestion ecn receive-buffer; do
		wrong $verb "option '--$option' needs a value; 'berth $verb --help' says which" --$option
	done
	for link in '' tap tap: eth0 mem:x 'tap:a b' tap:../x; do
		wrong $verb "--link '$link': a link is tap:NAME, such as tap:tap0" --link "$link"
	done
	wrong $verb "--link 'tap:sixteencharacter': the name of a device has at most 15 characters" --link tap:sixteencharacter
	for address in '' 192.168.1.7 192.168.1/24 192.168.1.256/24 192.168.1.7/33 192.168.1.7/ /24 host/24 fd00::7 \
		fd00::7/129 'fd00::7%1/64'; do
		wrong $verb "--address '$address' is no address with a prefix length, such as 192.168.1.7/24 or fd00::7/64; dhcp and auto find one" \
			--address "$address"
	done
	for address in 0.0.0.0/8 127.0.0.1/8 224.0.0.1/24 255.255.255.255/32 ::/64 ::1/128 ff02::1/64; do
		wrong $verb "--address '$address' is not one that a single host has; take one of the device's network" \
			--address "$address"
	done
	wrong $verb "--address '192.168.1.0/24' stands for the network itself; take one of a single host" --address 192.168.1.0/24
	wrong $verb "--address 'fd00::/64' stands for all routers of the network; take one of a single host" --address fd00::/64
	wrong $verb "--address 'fd00::7/48' is given twice; once is enough" --address fd00::7/64 --address fd00::7/48
	wrong $verb "--address 'fe80::7%tap0/64': the host's interface is eth0; leave what follows the % away" \
		--address fe80::7%tap0/64
	for gateway in '' 192.168.1 192.168.1.1/24 router; do
		wrong $verb "--gateway '$gateway' is no address, such as 192.168.1.1 or fe80::1" --gateway "$gateway"
	done
	wrong $verb "--gateway 'fe80::2': the one of its family is fe80::1%1 already; give one of each" --gateway fe80::1 \
		--gateway 192.168.1.1 --gateway fe80::2
	wrong $verb "--gateway '255.255.255.255' is not one that a single router has" --gateway 255.255.255.255
	for dns in '' dns.example 10.0.0.1:53; do
		wrong $verb "--dns '$dns' is no address, such as 192.168.1.1 or fd00::1" --dns "$dns"
	done
	wrong $verb "--dns '127.0.0.53' is not one that a single server has" --dns 127.0.0.53
	for name in '' a/b ../x 'a b' abcdefghijklmnopqrstuvwxyz0123456; do
		wrong $verb "--name '$name': a name has 1 to 31 letters, digits, '-' and '_'" --name "$name"
	done
done

wire_is_wrong() {
	"$berth" "$1" --wire "$2" 2>"$tap_directory/wire"
	[ $? -eq 2 ] && [ "$(wc -l <"$tap_directory/wire")" -eq 1 ] && grep -F -- "berth $1: --wire '$2', at '$3': " "$tap_directory/wire"
}
for verb in serve nc demo; do
	ok "$verb: a wire with an unknown key" wire_is_wrong $verb speed=3 speed=3
	ok "$verb: a wire with a bad value" wire_is_wrong $verb delay=1ms,loss=200% loss=200%
	ok "$verb: a wire without a unit" wire_is_wrong $verb delay=10 delay=10
done

wrong serve 'no link; add --link tap:NAME, such as --link tap:tap0'
wrong serve 'no address; add --address A/P, such as 192.168.1.7/24, or --address auto' --link tap:tap0
wrong serve 'nothing to serve; add --http PORT:DIR or --echo PORT' $here
wrong serve "'x' is one argument too many; 'berth serve --help' says which it takes" $here --echo 7 x
for http in '' 80 80: :/srv; do
	case $http in
	:*) line="--http '$http': '' is no port from 1 to 65535 and no service's name" ;;
	*) line="--http '$http' is not PORT:DIR, such as 80:/srv/www" ;;
	esac
	wrong serve "$line" --http "$http"
done
for port in 0 65536 -1 8x nosuchservice 99999999999999999999; do
	wrong serve "--http '$port:/srv': '$port' is no port from 1 to 65535 and no service's name" --http "$port:/srv"
	wrong serve "--echo '$port' is no port from 1 to 65535 and no service's name" --echo "$port"
done
many=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do many="$many --echo $i"; done
wrong serve "--echo '17': at most 16 of them" $many --echo 17

wrong nc 'whom to talk to? HOST and PORT are needed, or -l PORT to listen'
wrong nc 'whom to talk to? HOST and PORT are needed, or -l PORT to listen' 192.168.1.5
wrong nc "'x' is one argument too many; 'berth nc --help' says which it takes" 192.168.1.5 80 x
for name in '' 'a b' fd00::g 192.168.1.256 10.1 http://pc.test; do
	wrong nc "'$name' is neither an address nor a name" "$name" 80
done
wrong nc "'fe80::1%tap0': the host's interface is eth0; leave what follows the % away" fe80::1%tap0 80
wrong nc "'192.168.1.5' is no IPv6 address; leave -6 away" -6 192.168.1.5 80
wrong nc "'fd00::5' is no IPv4 address; leave -4 away" -4 fd00::5 80
wrong nc '--gateway 192.168.1.1: DHCP says which it is; leave it away, or add --address A/P' --link tap:tap0 --address dhcp \
	--gateway 192.168.1.1 fd00::5 80
wrong nc '--gateway fe80::1%1: routers say which it is; leave it away, or add --address A/P' --link tap:tap0 --address auto \
	--gateway fe80::1 fd00::5 80
wrong nc "--gateway 192.168.1.1: the host has no IPv4 address; add --address A/P, such as 192.168.1.7/24" --link tap:tap0 \
	--address fd00::7/64 --gateway 192.168.1.1 fd00::5 80
wrong serve "--gateway fe80::1%1: the host has no IPv6 address; add --address A/P, such as fd00::7/64" $here --gateway fe80::1
wrong nc "'0' is no port from 1 to 65535 and no tcp service's name; try 'berth ports 0'" 192.168.1.5 0
wrong nc "'htpt' is no port from 1 to 65535 and no udp service's name; try 'berth ports htpt'" -u 192.168.1.5 htpt
wrong nc "no port to listen on; try 'berth nc -l ... 7000'" -l
wrong nc "'80' is one argument too many; 'berth nc --help' says which it takes" -l -p 70 80
wrong nc "'70000' is no port from 1 to 65535 and no tcp service's name; try 'berth ports 70000'" -p 70000 192.168.1.5 80
wrong nc "--wait '0' is not a number from 1 to 86400" -w 0
wrong nc "--wait 'x' is not a number from 1 to 86400" --wait=x
wrong nc "option '-p' needs a value; 'berth nc --help' says which" -p
wrong nc 'no link; add --link tap:NAME, such as --link tap:tap0' 192.168.1.5 80

wrong netstat "option '--host' needs a value; 'berth netstat --help' says which" --host
wrong netstat "--sort: 'recvq' is no column; did you mean 'recv_q'?" --sort recvq
wrong netstat "--columns: 'nonsense' is no column; --columns help lists them" --columns proto,nonsense
wrong netstat "--by: 'stat' is no column; did you mean 'state'?" --by stat
wrong netstat "--top '0' is not a number from 1 to 1000000000" --top 0
wrong netstat "--deadline 'x' is no number of seconds from 0 to 3600" --deadline x
wrong netstat "--watch '0' is no number of seconds from 0.05 to 86400" --watch=0
wrong netstat "--protocol 'ipx' is no family that netstat lists; take inet, inet6 or unix" -A ipx
wrong netstat "--find-by 'magic': processes are found by bpf or by proc" --find-by magic
wrong netstat "-r and -s ask for different things; give one of them" -r -s
wrong netstat "--json, --jsonl and --csv are different forms; give one of them" --json --csv
wrong netstat "--kill needs a filter that says which sockets, such as 'dport 443'" --kill
wrong netstat "--yes goes with --kill" --yes
wrong netstat '--top has no meaning for --save; leave it away' --save x --top 3
wrong netstat '--top has no meaning for --watch; leave it away' --watch --top 3
wrong netstat '--columns has no meaning for --by; leave it away' --by state --columns rtt
wrong netstat '--sort has no meaning for -r; leave it away' -r --sort state
wrong netstat 'of the forms for programs -i has --json only' -i --csv
wrong netstat '--watch does not end, so that of the forms for programs it has --jsonl only' --watch --json
wrong netstat '--baseline has a form of its own; leave --json, --jsonl and --csv away' --baseline x --json
wrong netstat '--unexplained and --by ask for different things; give one of them' --unexplained --by state
wrong netstat "unknown option '-M': masqueraded connections are conntrack's: try 'conntrack -L --src-nat'; --mptcp lists MPTCP" -tM
wrong netstat "unknown option '--cache': Linux keeps no cache of routes; -r shows the routes" --cache
wrong netstat "unknown option '--x25': no such sockets are listed; -A takes inet, inet6 and unix" --x25
wrong netstat "unknown option '-K': --kill ends the sockets that a filter fits" -K dport 443
wrong netstat "unknown option '-q'; 'berth netstat --help' lists the options" -q
wrong netstat "what is '443'? 'port 443' lists the sockets of a port, '-c 443' repeats every so many seconds" -t 443
wrong netstat "'dport': -s lists no sockets that a filter could choose from" -s dport 443
wrong netstat "'eth0': -i lists no sockets that a filter could choose from" -i eth0
wrong netstat "--openmetrics '65536' is no port from 0 to 65535" --openmetrics 65536
expect 'a filter with characters that no terminal should see' 2 '' "berth netstat: filter: 'fo?[31m' is no condition; such are state, dport, src, program
  dport 443 and?fo?[31m
                ^^^^^^^" "$berth" netstat "$(printf 'dport 443 and\nfo\033[31m')"
expect 'a filter that is longer than a line' 2 '' "berth netstat: filter: 'foo' is no condition; such are state, dport, src, program
  t 1 or port 1 or port 1 or port 1 or port 1 or  foo and dport 443
                                                  ^^^" "$berth" netstat "$(printf 'port 1 or %.0s' 1 2 3 4 5 6 7 8 9)" foo and dport 443
expect 'a directory is no snapshot' 3 '' 'berth netstat: /: it could not be read' "$berth" netstat --read /
wrong netstat "--read: a saved snapshot has no -r to show" --read x -r
expect 'a snapshot that is not there' 3 '' 'berth netstat: /nowhere/file: No such file or directory' \
	"$berth" netstat --read /nowhere/file
expect 'a host that does not run' 1 'Active Internet connections (w/o servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State' \
	"berth netstat: no such socket of a berth host 'web' of this user; 'berth netstat -a' lists all" \
	"$berth" netstat --host web
expect 'a host that does not run, as JSON' 1 '[]' '' "$berth" netstat --host web --json
ln -s "$(realpath "$berth")" "$tap_directory/netstat"
expect 'through a link called netstat' 2 '' "berth netstat: --yes goes with --kill" "$tap_directory/netstat" --yes

wrong demo "'x' is one argument too many; 'berth demo --help' says which it takes" x
wrong demo "--size '0' is not a number from 1 to 2000" --size 0
wrong demo "--seed '-1' is not a number from 0 to 18446744073709551615" --seed -1
plan
