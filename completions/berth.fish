# Completion of berth's command line for fish: installed as vendor_completions.d/berth.fish.

function __berth_columns
	berth netstat --columns help 2>/dev/null | string replace -r '\s+' '\t'
end

function __berth_list
	set -l before (string match -r '^(.*,)?[-+]?' -- (commandline -ct))[1]
	printf '%s\n' $before(__berth_columns)
end

function __berth_after
	test (commandline -opc)[-1] = $argv[1]
end

complete -c berth -f
complete -c berth -n __fish_use_subcommand -a demo -d 'show it all'
complete -c berth -n __fish_use_subcommand -a netstat -d 'show every conversation'
complete -c berth -n __fish_use_subcommand -a serve -d 'run a host with services'
complete -c berth -n __fish_use_subcommand -a nc -d 'talk to a host'
complete -c berth -n __fish_use_subcommand -a ports -d 'services and their ports'
complete -c berth -n __fish_use_subcommand -a help -d 'manual pages'
complete -c berth -n '__fish_seen_subcommand_from help' -a 'demo netstat serve nc ports'
complete -c berth -s h -l help -d help
complete -c berth -s V -l version -d version

set -l netstat '__fish_seen_subcommand_from netstat'
complete -c berth -n "$netstat" -s a -l all -d 'those that wait for a peer, too'
complete -c berth -n "$netstat" -s l -l listening -d 'only those that wait for one'
complete -c berth -n "$netstat" -s t -l tcp -d TCP
complete -c berth -n "$netstat" -s u -l udp -d UDP
complete -c berth -n "$netstat" -s U -l udplite -d UDP-Lite
complete -c berth -n "$netstat" -s x -l unix -d Unix
complete -c berth -n "$netstat" -s w -l raw -d raw
complete -c berth -n "$netstat" -s S -l sctp -d SCTP
complete -c berth -n "$netstat" -l mptcp -d MPTCP
complete -c berth -n "$netstat" -l dccp -d DCCP
complete -c berth -n "$netstat" -s 4 -l inet -l ip -l ipv4 -l tcpip -d IPv4
complete -c berth -n "$netstat" -s 6 -l inet6 -l ipv6 -d IPv6
complete -c berth -n "$netstat" -s A -s f -l protocol -l family -x -a 'inet inet6 unix tcp udp raw' -d families
complete -c berth -n "$netstat" -l host -x -d 'only berth hosts of this name'
complete -c berth -n "$netstat" -l kernel -d 'only the machine, no berth hosts'
complete -c berth -n "$netstat" -l all-netns -d 'of every network namespace'
complete -c berth -n "$netstat" -l read -rF -d 'of a saved snapshot'
complete -c berth -n "$netstat" -s n -l numeric -d 'numbers instead of names'
complete -c berth -n "$netstat" -l numeric-hosts -d 'no names of hosts'
complete -c berth -n "$netstat" -l numeric-ports -d 'no names of services'
complete -c berth -n "$netstat" -l numeric-users -d 'no names of users'
complete -c berth -n "$netstat" -s p -l programs -d 'PID and program'
complete -c berth -n "$netstat" -s e -l extend -d 'user and inode'
complete -c berth -n "$netstat" -s o -l timers -d timers
complete -c berth -n "$netstat" -l columns -x -a '(__berth_list) all help' -d 'these columns'
complete -c berth -n "$netstat" -s W -l wide -d 'never cut an address short'
complete -c berth -n "$netstat" -l trim -d 'cut long addresses short'
complete -c berth -n "$netstat" -s H -l no-header -d 'no headings'
complete -c berth -n "$netstat" -l sort -x -a '(__berth_list)' -d 'by columns'
complete -c berth -n "$netstat" -l top -x -d 'only the first'
complete -c berth -n "$netstat" -l by -x -a 'process remote (__berth_columns)' -d 'count by'
complete -c berth -n "$netstat" -l deadline -x -d 'seconds that names may take'
complete -c berth -n "$netstat" -l dns -x -d 'ask these for names'
complete -c berth -n "$netstat" -l find-by -x -a 'bpf proc' -d 'how processes are found'
complete -c berth -n "$netstat" -s j -l json -d 'an array of objects'
complete -c berth -n "$netstat" -l jsonl -d 'an object a line'
complete -c berth -n "$netstat" -l csv -d 'comma-separated values'
complete -c berth -n "$netstat" -l explain -d 'each in a line of plain words'
complete -c berth -n "$netstat" -l unexplained -d 'only those that something is odd about'
complete -c berth -n "$netstat" -l save-baseline -rF -d 'record what is there'
complete -c berth -n "$netstat" -l baseline -rF -d 'what is new and what is gone'
complete -c berth -n "$netstat" -s c -l continuous -d 'again and again'
complete -c berth -n "$netstat" -l watch -d live
complete -c berth -n "$netstat" -l kill -d 'end the sockets that the filter fits'
complete -c berth -n "$netstat" -l yes -d 'do not ask'
complete -c berth -n "$netstat" -l save -rF -d 'save everything'
complete -c berth -n "$netstat" -l openmetrics -rF -d 'for Prometheus'
complete -c berth -n "$netstat" -s r -l route -d routes
complete -c berth -n "$netstat" -s i -l interfaces -d interfaces
complete -c berth -n "$netstat" -s g -l groups -d 'multicast groups'
complete -c berth -n "$netstat" -l neighbours -d neighbours
complete -c berth -n "$netstat" -l neighbors -d neighbours
complete -c berth -n "$netstat" -s s -l statistics -d counters
complete -c berth -n "$netstat" -s v -l verbose -d nothing
complete -c berth -n "$netstat" -s N -l symbolic -d nothing
complete -c berth -n "$netstat" -s F -l fib -d nothing
complete -c berth -n "$netstat; and __berth_after state" -a 'established syn-sent syn-recv fin-wait-1 fin-wait-2 time-wait closed close-wait last-ack listening listen closing open unconnected all connected synchronized bucket big'
complete -c berth -n "$netstat; and __berth_after scope" -a 'loopback link private public multicast any none'
complete -c berth -n "$netstat; and __berth_after direction" -a 'in out unknown none'
complete -c berth -n "$netstat; and __berth_after proto" -a 'tcp mptcp udp udplite sctp dccp raw unix'
complete -c berth -n "$netstat; and __berth_after exclude" -a 'established syn-sent syn-recv fin-wait-1 fin-wait-2 time-wait closed close-wait last-ack listening listen closing open unconnected all connected synchronized bucket big'
complete -c berth -n "$netstat; and __berth_after family" -a 'inet inet6 unix'
complete -c berth -n "$netstat; and __berth_after timer" -a 'off on keepalive timewait probe'
complete -c berth -n "$netstat; and __berth_after user" -a '(__fish_complete_users)'
complete -c berth -n "$netstat" -a 'and or not state exclude proto protocol family sport lport local-port dport rport foreign-port port service src local dst foreign remote host scope direction program command executable pid user unit container cgroup interface dev hostname netns namespace berth on path inode mark fwmark drops recv-q send-q bytes sent received retrans cwnd rtt age timer congestion finding inbound outbound unexplained explained established time-wait listening tcp udp inet inet6 ipv4 ipv6 ip4 ip6' -d filter

for verb in serve nc
	set -l seen "__fish_seen_subcommand_from $verb"
	complete -c berth -n "$seen" -l link -x -d 'the TAP device'
	complete -c berth -n "$seen" -l address -x -a 'dhcp auto' -d 'address and prefix length'
	complete -c berth -n "$seen" -l gateway -x -d 'the way to other networks'
	complete -c berth -n "$seen" -l dns -x -d 'a server to ask for names'
	complete -c berth -n "$seen" -l wire -x -d 'a bad wire'
	complete -c berth -n "$seen" -l pcap -rF -d 'write all frames to'
	complete -c berth -n "$seen" -l name -x -d "the host's name in netstat"
	complete -c berth -n "$seen" -l no-offload -d 'the host makes checksums and segments'
	complete -c berth -n "$seen" -l congestion -x -a 'cubic reno bbr' -d "TCP's congestion control"
	complete -c berth -n "$seen" -l ecn -x -a 'off accept on' -d 'TCP understands marks of congestion'
	complete -c berth -n "$seen" -l receive-buffer -x -d 'what a socket may hold unread'
end
complete -c berth -n '__fish_seen_subcommand_from serve' -l http -x -d 'serve files over HTTP'
complete -c berth -n '__fish_seen_subcommand_from serve' -l echo -x -d 'send back what comes'
complete -c berth -n '__fish_seen_subcommand_from nc' -s l -l listen -d 'wait for one connection'
complete -c berth -n '__fish_seen_subcommand_from nc' -s u -l udp -d UDP
complete -c berth -n '__fish_seen_subcommand_from nc' -s 4 -d 'IPv4 alone'
complete -c berth -n '__fish_seen_subcommand_from nc' -s 6 -d 'IPv6 alone'
complete -c berth -n '__fish_seen_subcommand_from nc' -s p -l port -x -d 'source port'
complete -c berth -n '__fish_seen_subcommand_from nc' -s N -d 'shut down at the end of input'
complete -c berth -n '__fish_seen_subcommand_from nc' -s w -l wait -x -d 'give up after'
complete -c berth -n '__fish_seen_subcommand_from nc' -s v -l verbose -d 'say what happens'
complete -c berth -n '__fish_seen_subcommand_from demo' -l size -x -d 'of the first file, MB'
complete -c berth -n '__fish_seen_subcommand_from demo' -l seed -x -d 'which frames are lost'
complete -c berth -n '__fish_seen_subcommand_from demo' -l wire -x -d 'the cable'
complete -c berth -n '__fish_seen_subcommand_from demo' -l pcap -rF -d 'write all frames to'
complete -c berth -n '__fish_seen_subcommand_from demo' -l memory -d 'without the kernel'
complete -c berth -n '__fish_seen_subcommand_from ports' -s g -l group -x -a 'well-known registered private' -d group
complete -c berth -n '__fish_seen_subcommand_from ports' -s t -l transport -x -a 'tcp udp sctp dccp' -d transports
complete -c berth -n '__fish_seen_subcommand_from ports' -s j -l json -d JSON
