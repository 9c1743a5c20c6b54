# Completion of berth's command line for bash: installed as bash-completion/completions/berth, or read by
# `. completions/berth.bash`. It also serves a link that is called netstat, when `complete -F _berth netstat` says so.

_berth_columns() {
	"$_berth_command" netstat --columns help 2>/dev/null | cut -d ' ' -f 1
}

# A list with commas: what stands before the last comma is kept.
_berth_list() {
	local before= sign= last=$cur
	case $cur in
	*,*) before=${cur%,*}, last=${cur##*,} ;;
	esac
	case $last in
	[-+]*) sign=${last:0:1} last=${last:1} ;;
	esac
	COMPREPLY=($(compgen -P "$before$sign" -W "$1" -- "$last"))
	compopt -o nospace
}

_berth_words() {
	COMPREPLY=($(compgen -W "$1" -- "$cur"))
}

_berth_hosts() {
	local directory=${XDG_RUNTIME_DIR:-/run}/berth
	compgen -G "$directory/*.sock" | sed 's,.*/,,; s,\.[0-9]*\.sock$,,'
}

_berth_netstat() {
	case $prev in
	--columns) _berth_list "all help $(_berth_columns)"; return ;;
	--sort) _berth_list "$(_berth_columns)"; return ;;
	--by) _berth_words "process remote $(_berth_columns)"; return ;;
	--read | --save | --baseline | --save-baseline | --openmetrics) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	-A | -f | --protocol | --family) _berth_list 'inet inet6 unix tcp udp raw'; return ;;
	--find-by) _berth_words 'bpf proc'; return ;;
	--host) _berth_words "$(_berth_hosts)"; return ;;
	--deadline | --dns | --top) return ;;
	state | exclude) _berth_list 'established syn-sent syn-recv fin-wait-1 fin-wait-2 time-wait closed close-wait last-ack listening listen closing open unconnected all connected synchronized bucket big'; return ;;
	scope) _berth_list 'loopback link private public multicast any none'; return ;;
	direction) _berth_words 'in out unknown none'; return ;;
	proto | protocol) _berth_list 'tcp mptcp udp udplite sctp dccp raw unix'; return ;;
	dport | rport | foreign-port | sport | lport | local-port | port | service) _berth_words "$(cut -d ' ' -f 1 /etc/services 2>/dev/null | grep '^[a-z]')"; return ;;
	family) _berth_list 'inet inet6 unix'; return ;;
	timer) _berth_list 'off on keepalive timewait probe'; return ;;
	user) COMPREPLY=($(compgen -u -- "$cur")); return ;;
	esac
	case $cur in
	-*) _berth_words '-a --all -l --listening -t --tcp -u --udp -U --udplite -x --unix -w --raw -S --sctp --mptcp --dccp
		-4 --inet --ip --ipv4 --tcpip -6 --inet6 --ipv6 -A -f --protocol --family --host --kernel --all-netns --read -n --numeric --numeric-hosts --numeric-ports
		--numeric-users -p --programs -e --extend -o --timers --columns -W --wide --trim -H --no-header --sort --top
		--by --deadline --dns --find-by -j --json --jsonl --csv --explain --unexplained --save-baseline --baseline
		-c --continuous --watch --kill --yes --save --openmetrics -r --route -i --interfaces -g --groups
		--neighbours --neighbors -s --statistics -v --verbose -N --symbolic -F --fib -h --help -V --version' ;;
	*) _berth_words 'and or not state exclude proto protocol family sport lport local-port dport rport foreign-port port
		service src local dst foreign remote host scope direction program command executable pid user unit
		container cgroup interface dev hostname netns namespace berth on path inode mark fwmark drops recv-q
		send-q bytes sent received retrans cwnd rtt age timer congestion finding inbound outbound
		unexplained explained established time-wait listening tcp udp inet inet6 ipv4 ipv6 ip4 ip6' ;;
	esac
}

_berth_host_options='--link --address --gateway --dns --wire --pcap --name --no-offload --congestion --ecn'
_berth_host_options="$_berth_host_options --receive-buffer -h --help"

_berth_other() {
	case $prev in
	--pcap) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--address) _berth_words 'dhcp auto'; return ;;
	--congestion) _berth_words 'cubic reno bbr'; return ;;
	--ecn) _berth_words 'off accept on'; return ;;
	--link) _berth_words "$(ls /sys/class/net 2>/dev/null | sed 's/^/tap:/')"; return ;;
	-g | --group) _berth_words 'well-known registered private'; return ;;
	-t | --transport) [ "$1" = ports ] && _berth_list 'tcp udp sctp dccp' && return ;;
	esac
	case $1 in
	serve) _berth_words "--http --echo $_berth_host_options" ;;
	nc) _berth_words "-l --listen -u --udp -4 -6 -p --port -N -w --wait -v --verbose $_berth_host_options" ;;
	demo) _berth_words '--size --seed --wire --pcap --memory -h --help' ;;
	ports) _berth_words '-g --group -t --transport -j --json -h --help' ;;
	help) _berth_words "$(_berth_verbs)" ;;
	esac
}

_berth_verbs() {
	echo demo netstat serve nc ports
}

_berth() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]}
	local _berth_command=${COMP_WORDS[0]}
	COMPREPLY=()
	if [ "${_berth_command##*/}" = netstat ]; then
		_berth_command=berth
		_berth_netstat
	elif [ "$COMP_CWORD" -eq 1 ]; then
		_berth_words "$(_berth_verbs) help --help --version"
	elif [ "$verb" = netstat ]; then
		_berth_netstat
	else
		_berth_other "$verb"
	fi
}

complete -F _berth berth
