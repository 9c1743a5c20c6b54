/* Filters: what each text matches of a few crafted rows, what is said about texts that are none, and what a filter asks
 * for. */
#include "ask/filter.h"
#include "enrich/explain.h"
#include "finding.h"
#include "rng.h"

#include <berth/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter_rows.h"

static struct filter *parsed(const char *text)
{
	struct filter *filter = NULL;
	struct filter_error error;

	if (filter_parse(text, &filter, &error) < 0)
		fail_msg("'%s': at %zu, %zu: %s", text, error.at, error.length, error.text);
	return filter;
}

/* Letters of the rows that a filter matches: see filter_rows.h. */
static void check_matches(const char *text, const char *want)
{
	struct filter *filter = parsed(text);
	char got[FILTER_ROWS_N + 1] = "";
	size_t n = 0;

	for (size_t i = 0; i < FILTER_ROWS_N; i++)
		if (filter_match(filter, filter_rows_get(i)))
			got[n++] = (char)('a' + i);
	if (strcmp(got, want) != 0)
		fail_msg("'%s' matches %s, not %s", text, got, want);
	filter_free(filter);
}

static const struct {
	const char *text, *rows;
} match_cases[] = {
	/* states */
	{"state established", "adehj"},
	{"state ESTABLISHED", "adehj"},
	{"STATE Established", "adehj"},
	{"established", "adehj"},
	{"state = established", "adehj"},
	{"state != established", "bcfgik"},
	{"exclude established", "bcfgik"},
	{"not established", "bcfgik"},
	{"state established,time-wait", "acdehj"},
	{"state established state time-wait", "acdehj"},
	{"established time-wait", "acdehj"},
	{"state established and state time-wait", ""},
	{"TIME_WAIT", "c"},
	{"state FIN_WAIT2", "k"},
	{"fin-wait-2", "k"},
	{"listening", "bi"},
	{"state listen", "bi"},
	{"unconn", "fg"},
	{"state all", "abcdefghijk"},
	{"state connected", "acdehjk"},
	{"state connected exclude time-wait", "adehjk"},
	{"state bucket", "c"},
	{"state big", "abdefghijk"},
	{"synchronized", "acdehjk"},
	{"state syn-recv", ""},
	/* and, or, not */
	{"established and dport 443", "a"},
	{"established dport 443", "a"},
	{"established && dport 443", "a"},
	{"established & dport 443", "a"},
	{"listening or dport 443", "abi"},
	{"listening || dport 443", "abi"},
	{"listening|dport 443", "abi"},
	{"listening OR time-wait AND dport 443", "bi"},
	{"(listening or time-wait) and dport 443", ""},
	{"(listening or established) dport 443", "a"},
	{"not listening and not established", "cfgk"},
	{"!(listening or established)", "cfgk"},
	{"not not listening", "bi"},
	{"! ! listening", "bi"},
	{"((((listening))))", "bi"},
	{" \t\nlistening\r ", "bi"},
	/* ports */
	{"dport 443", "a"},
	{"dport = 443", "a"},
	{"dport == :443", "a"},
	{"dport eq 443", "a"},
	{"dport=:443", "a"},
	{"dport https", "a"},
	{"dport :https", "a"},
	{"dport HTTPS", "a"},
	{"dport != 443", "bcdefghijk"},
	{"dport neq https", "bcdefghijk"},
	{"sport 22", "bd"},
	{"sport ssh", "bd"},
	{"port 22", "bcd"},
	{"port ssh,https", "abcd"},
	{"port 22,443", "abcd"},
	{"port 400-500", "a"},
	{"dport < 443", "ce"},
	{"dport <= 443", "ace"},
	{"dport le 443", "ace"},
	{"dport > 443", "dhk"},
	{"dport>=443", "adhk"},
	{"dport gt :https", "dhk"},
	{"dport < 1", ""},
	{"dport >= 0", "acdehk"},
	{"dport > 65535", ""},
	{"dport 0", "bf"},
	{"dport *", "abcdefhk"},
	{"sport 1", ""}, /* a raw socket's protocol is no port */
	{"lport 22", "bd"},
	{"foreign-port 443", "a"},
	{"service ssh", "bcd"},
	{"service https", "a"},
	{"service domain", "ef"},
	{"not service 0-65535", "gij"},
	/* addresses */
	{"dst 93.184.216.34", "a"},
	{"dst 93.184.216.34:443", "a"},
	{"dst 93.184.216.34:https", "a"},
	{"dst 93.184.216.34:80", ""},
	{"dst = 93.184.216.0/24", "a"},
	{"dst 93.184.216.0/24:443", "a"},
	{"dst != 93.184.216.34", "bcdefghijk"},
	{"dst 93.184.216.34,127.0.0.53", "ae"},
	{"dst :443", "a"},
	{"dst *:443", "a"},
	{"dst *:*", "abcdefghijk"},
	{"src *", "abcdefghijk"},
	{"src 10.0.0.0/8", "ace"},
	{"src 10/8", "ace"},
	{"src 192.168/16", "h"},
	{"src 10.0.0.1:22", ""},
	{"host 10.0.0.9:22", "c"},
	{"host 10.0.0.5:22", ""}, /* address and port are of the same end */
	{"host 10.0.0.0/8", "ace"},
	{"src ::1", "d"},
	{"src [::1]", "d"},
	{"src [::1]:ssh", "d"},
	{"src [::1]:ssh,10/8", "acde"},
	{"src ::/0", "bdk"},
	{"src [fe80::]/10", "k"},
	{"src [fe80::/10]", "k"},
	{"src fe80::/10", "k"},
	{"src fe80::1%2", "k"},
	{"src fe80::1%3", ""},
	{"src 192.168.1.7", "h"}, /* v4-mapped */
	{"src ::ffff:192.168.1.7", "h"},
	{"src ::ffff:192.168.0.0/112", "h"},
	{"remote 127.0.0.53", "e"},
	{"local 0.0.0.0", "f"},
	/* scope, protocol, family */
	{"scope public", "a"},
	{"scope private", "cgh"},
	{"scope any", "bf"},
	{"scope none", "ij"},
	{"scope loopback", "de"},
	{"scope link", "k"},
	{"scope != loopback,link", "abcfghij"},
	{"proto tcp", "abcdhk"},
	{"tcp", "abcdhk"},
	{"proto tcp,udp", "abcdefhk"},
	{"protocol raw", "g"},
	{"unix", "ij"},
	{"family inet", "acefg"},
	{"inet6", "bdhk"},
	{"family 4", "acefg"},
	{"family 6", "bdhk"},
	{"family unix", "ij"},
	{"family != inet", "bdhijk"},
	/* processes */
	{"program firefox", "a"},
	{"program fire*", "a"},
	{"program sshd,firefox", "abd"},
	{"program 'ssh?'", "bd"},
	{"program \"[!a-e]*\"", "abdi"},
	{"program [!a-e]*", "abdi"},
	{"program != sshd", "acefghijk"},
	{"program *", "abdi"},
	{"not program *", "cefghjk"},
	{"program \"Web Content\"", "i"},
	{"pid 4242", "a"},
	{"pid 800,4242", "abd"},
	{"pid 4000-5000", "a"},
	{"pid > 4000", "a"},
	{"user alice", "a"},
	{"user 1000", "a"},
	{"user al*", "a"},
	{"user root", "bd"},
	{"user != root", "acefghijk"},
	{"command '*--profile*'", "a"},
	{"command '/usr/sbin/sshd -D'", "bd"},
	{"executable /usr/sbin/*", "bd"},
	{"unit ssh", "bd"},
	{"unit ssh.service", "bd"},
	{"unit ssh*", "bd"},
	{"unit session-4.scope", "a"},
	{"container *", "i"},
	{"container docker:0123456789ab", "i"},
	{"container 0123456789ab", "i"},
	{"container docker:*", "i"},
	{"container 0123*", "i"},
	{"cgroup /system.slice/*", "bd"},
	/* the rest */
	{"interface eth0", "ac"},
	{"dev eth*", "ac"},
	{"dev 2", "ac"},
	{"dev = eth0", "ac"},
	{"direction in", "d"},
	{"inbound", "d"},
	{"direction out,unknown", "ach"},
	{"outbound", "a"},
	{"direction none", "befgijk"},
	{"hostname WWW.example.com", "a"},
	{"hostname *.example.*", "a"},
	{"netns blue", "e"},
	{"netns 4026532000", "e"},
	{"netns b*", "e"},
	{"berth", "h"},
	{"berth web", "h"},
	{"on web", "h"},
	{"on w*", "h"},
	{"berth mail", ""},
	{"berth = mail", ""},
	{"berth != mail", "abcdefghijk"},
	{"berth and tcp", "h"},
	{"berth tcp", "h"},
	{"not berth", "abcdefgijk"},
	{"berth 'tcp'", ""},
	{"path /run/*", "i"},
	{"inode 7001", "a"},
	{"inode 0x1b59", "a"},
	{"recv-q > 0", "af"},
	{"recv_q >= 100", "f"},
	{"recv-q 1-99", "a"},
	{"send-q > 1k", "h"},
	{"send-q 2K", "h"},
	{"send-q 2KiB", "h"},
	{"send-q < 2k", "abcdefgijk"},
	{"bytes > 1M", "a"},
	{"bytes-sent 1000", "a"},
	{"received > 0", "a"},
	{"rtt > 10ms", "a"},
	{"rtt < 12.5ms", ""},
	{"rtt <= 12.5ms", "a"},
	{"rtt 12500us", "a"},
	{"rtt 12500\xc2\xb5s", "a"},
	{"rtt 1ms-1s", "a"},
	{"not rtt > 10ms", "bcdefghijk"},
	{"age < 1min", "c"},
	{"age 0.5min", "c"},
	{"retrans > 2", "a"},
	{"cwnd > 0", "a"},
	{"drops > 5", "f"},
	{"fwmark 0x10", "a"},
	{"mark != 0", "a"},
	{"timer timewait", "c"},
	{"timer on", "a"},
	{"congestion cubic", "a"},
	{"finding owner-unknown", "k"},
	{"finding any", "dk"},
	{"finding executable-deleted,shell-on-socket", "d"},
	{"unexplained", "dk"},
	{"explained", "abcefghij"},
	{"explained and scope public", "a"},
	{"not unexplained tcp", "abch"},
};

static void test_matches(void **state)
{
	for (size_t i = 0; i < sizeof(match_cases) / sizeof(match_cases[0]); i++)
		check_matches(match_cases[i].text, match_cases[i].rows);
}

static void check_error(const char *text, size_t at, size_t length, const char *want)
{
	struct filter *filter = (struct filter *)&filter;
	struct filter_error error;

	if (filter_parse(text, &filter, &error) != BERTH_EINVAL)
		fail_msg("'%s' is no error", text);
	assert_ptr_equal(filter, &filter);
	if (error.at != at || error.length != length || strcmp(error.text, want) != 0)
		fail_msg("'%s': at %zu, %zu: %s\nwanted: at %zu, %zu: %s", text, error.at, error.length, error.text, at,
			 length, want);
}

static const struct {
	const char *text;
	size_t at, length;
	const char *error;
} error_cases[] = {
	{"", 0, 0, "a condition is missing; such are state, dport, src, program"},
	{"   ", 3, 0, "a condition is missing; such are state, dport, src, program"},
	{"established and", 15, 0, "a condition is missing; such are state, dport, src, program"},
	{"established and or tcp", 16, 2, "a condition is missing before 'or'; such are state, dport, src, program"},
	{"()", 1, 1, "a condition is missing before ')'; such are state, dport, src, program"},
	{"(tcp", 0, 1, "the '(' is not closed"},
	{"(tcp or (udp)", 0, 1, "the '(' is not closed"},
	{"tcp)", 3, 1, "this ')' closes nothing"},
	{"(tcp, udp)", 4, 1, "')' is missing before ','"},
	{"tcp, udp", 3, 1, "',' does not belong here; 'and', 'or' or the end of the filter does"},
	{"tcp = 1", 4, 1, "'=' does not belong here; 'and', 'or' or the end of the filter does"},
	{"port 400 - 500", 9, 1, "'-' is no condition; such are state, dport, src, program"},
	{"estabished", 0, 10, "'estabished' is no condition; did you mean 'established'?"},
	{"tcp and prot tcp", 8, 4, "'prot' is no condition; did you mean 'proto'?"},
	{"quux 1", 0, 4, "'quux' is no condition; such are state, dport, src, program"},
	{"443", 0, 3, "'443' stands alone; did you mean 'port 443'?"},
	{"tcp :443", 4, 4, "':443' stands alone; did you mean 'port :443'?"},
	{"10.0.0.0/8", 0, 10, "'10.0.0.0/8' stands alone; did you mean 'host 10.0.0.0/8'?"},
	{"https", 0, 5, "'https' stands alone; did you mean 'service https'?"},
	{"autobound", 0, 9, "ss's 'autobound' is not among berth's conditions"},
	{"\"tcp\"", 1, 3, "'tcp' stands alone; before it, what it is, such as program, is missing"},
	{"program \"nginx", 8, 6, "the quotation mark is not closed"},
	{"tcp \"nginx", 4, 6, "the quotation mark is not closed"},
	{"state", 5, 0, "'state' wants a state, such as established"},
	{"state )", 6, 1, "'state' wants a state, such as established, not ')'"},
	{"state and tcp", 6, 3, "'state' wants a state, such as established before 'and'"},
	{"program or", 8, 2, "'program' wants a program's name before 'or'"},
	{"state estblished", 6, 10, "'estblished' is not a state, such as established; did you mean 'established'?"},
	{"state x", 6, 1, "'x' is not a state, such as established"},
	{"state established,,tcp", 18, 1, "'state' wants a state, such as established, not ','"},
	{"state < established", 6, 1, "'state' has no order: '=' and '!=' are for it"},
	{"src > 10.0.0.1", 4, 1, "'src' has no order: '=' and '!=' are for it"},
	{"scope pubic", 6, 5, "'pubic' is not a scope, such as private; did you mean 'public'?"},
	{"family 5", 7, 1, "'5' is not a family: inet, inet6 or unix"},
	{"dport 65536", 6, 5, "'65536' is beyond the last port, 65535"},
	{"dport 99999999999999999999999", 6, 23, "'99999999999999999999999' is neither a port nor a service"},
	{"dport 20-10", 6, 5, "the range '20-10' ends before it begins"},
	{"dport htps", 6, 4, "'htps' is neither a port nor a service; did you mean 'https'?"},
	{"dport ''", 7, 0, "'' is not a port, a range of ports or a service"},
	{"dport < 80,443", 8, 2, "an order compares with one value, not with a list"},
	{"dport >", 7, 0, "'dport' wants a port, a range of ports or a service"},
	{"dst example.com", 4, 11, "'example.com' is not an address or a prefix; 'hostname' compares names"},
	{"dst /run/x", 4, 6, "'/run/x' is not an address or a prefix; 'path' compares those of Unix sockets"},
	{"dst fe80::1:443:x:", 4, 14,
	 "'fe80::1:443:x:' is not an address or a prefix; IPv6 with a port is written [fe80::1]:443"},
	{"dst 10.0.0.1/33", 4, 11, "'10.0.0.1/33' is not an address or a prefix"},
	{"dst [10.0.0.1]:80", 4, 13,
	 "'[10.0.0.1]:80' is not an address or a prefix; IPv6 with a port is written [fe80::1]:443"},
	{"dst 10.0.0.1:htps", 4, 13, "'htps' is neither a port nor a service; did you mean 'https'?"},
	{"pid x", 4, 1, "'x' is not a number"},
	{"pid -1", 4, 2, "'-1' is not a number"},
	{"pid 5-1", 4, 3, "'5-1' is not a number"},
	{"bytes 17q", 6, 3, "'17q' is not a number"},
	{"bytes 99999999999999999T", 6, 18, "'99999999999999999T' is not a number"},
	{"inode 0x", 6, 2, "'0x' is not a number"},
	{"inode 0x11111111111111111", 6, 19, "'0x11111111111111111' is not a number"},
	{"rtt > 10", 6, 2, "'10' is not a time with its unit, such as 10ms"},
	{"rtt > 10 ms", 6, 2, "'10' is not a time with its unit, such as 10ms"},
	{"rtt > 999999999999999d", 6, 16, "'999999999999999d' is not a time with its unit, such as 10ms"},
	{"finding owner-unknwn", 8, 12,
	 "'owner-unknwn' is not a finding, such as owner-unknown, or any; did you mean 'owner-unknown'?"},
	{"state \x1b[31m", 6, 5, "'?[31m' is not a state, such as established"},
	{"a-word-that-is-longer-than-any-word-that-a-message-has-room-for-altogether", 0, 74,
	 "'a-word-that-is-longer-than-any-word-that-a-m...' is no condition; such are state, dport, src, "
	 "program"},
};

static void test_errors(void **state)
{
	for (size_t i = 0; i < sizeof(error_cases) / sizeof(error_cases[0]); i++)
		check_error(error_cases[i].text, error_cases[i].at, error_cases[i].length, error_cases[i].error);
}

/* n times `text`, then `end`. */
static char *repeated(const char *text, size_t n, const char *end)
{
	size_t length = strlen(text);
	char *out = malloc(n * length + strlen(end) + 1);

	assert_non_null(out);
	for (size_t i = 0; i < n; i++)
		memcpy(out + i * length, text, length);
	strcpy(out + n * length, end);
	return out;
}

static void check_bound(const char *text, size_t n_good, size_t n_bad, const char *end, const char *want)
{
	struct filter_error error;
	struct filter *filter;
	char *good = repeated(text, n_good, end), *bad = repeated(text, n_bad, end);

	filter_free(parsed(good));
	assert_int_equal(filter_parse(bad, &filter, &error), BERTH_EINVAL);
	assert_string_equal(error.text, want);
	assert_true(error.at + error.length <= strlen(bad));
	free(good);
	free(bad);
}

static void test_bounds(void **state)
{
	check_bound("!", 64, 65, "tcp", "more than 64 parentheses and nots within each other");
	check_bound("not ", 64, 4000, "tcp", "more than 64 parentheses and nots within each other");
	check_bound("tcp ", 2045, 2046, "tcp", "the filter has too many conditions");
	check_bound(" ", 16381, 16382, "tcp", "the filter is longer than 16384 bytes");
}

static void test_needs(void **state)
{
	static const uint32_t direction = NETSTAT_NEED_TCP | NETSTAT_NEED_LISTENER | NETSTAT_NEED_DIRECTION;
	static const struct {
		const char *text;
		uint32_t needs;
		bool has_state;
	} cases[] = {
		{"tcp", 0, false},
		{"not state all", 0, true},
		{"tcp or (udp and not exclude listening)", 0, true},
		{"listening time-wait", 0, true},
		{"explained", EXPLAIN_NEEDS | NETSTAT_NEED_EXPLANATION, false},
		{"program x and user y", NETSTAT_NEED_OWNERS | NETSTAT_NEED_USER, false},
		{"user 0", 0, false},
		{"user 0,x", NETSTAT_NEED_USER, false},
		{"dev 2 or dev eth0", NETSTAT_NEED_INTERFACE, false},
		{"dev 2", 0, false},
		{"command x", NETSTAT_NEED_OWNERS | NETSTAT_NEED_COMMAND, false},
		{"executable x", NETSTAT_NEED_OWNERS | NETSTAT_NEED_EXECUTABLE, false},
		{"unit x or container x or cgroup x", NETSTAT_NEED_OWNERS | NETSTAT_NEED_CGROUP, false},
		{"direction in", direction, false},
		{"service ssh", direction, false},
		{"rtt > 1ms or retrans 0 or cwnd 0 or bytes 0", NETSTAT_NEED_TCP, false},
		{"hostname x", NETSTAT_NEED_NAMES, false},
		{"path x", NETSTAT_NEED_PEER, false},
		{"congestion x", NETSTAT_NEED_CONGESTION, false},
		{"pid 1", NETSTAT_NEED_OWNERS, false},
		{"src 10/8 port 1 scope any inode 1 netns x berth family 4", 0, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct filter *filter = parsed(cases[i].text);
		if (filter_needs(filter) != cases[i].needs || filter_has_state(filter) != cases[i].has_state)
			fail_msg("'%s' needs %x, has_state %d", cases[i].text, filter_needs(filter),
				 filter_has_state(filter));
		filter_free(filter);
	}
}

#define ALL NETSTAT_ALL_PROTOCOLS
#define PORTS (ALL & ~(NETSTAT_BIT(NETSTAT_RAW) | NETSTAT_BIT(NETSTAT_UNIX)))
#define UNIX NETSTAT_BIT(NETSTAT_UNIX)
#define STATES NETSTAT_ALL_STATES
#define LISTENING NETSTAT_BIT(NETSTAT_STATE_LISTEN)
#define ESTABLISHED NETSTAT_BIT(NETSTAT_STATE_ESTABLISHED)
#define BOTH NETSTAT_ALL_FAMILIES

static const struct {
	const char *text;
	uint32_t protocols, states, families;
} narrow_cases[] = {
	{"listening", ALL, LISTENING, BOTH},
	{"not listening", ALL, STATES & ~LISTENING, BOTH},
	{"exclude listening", ALL, STATES & ~LISTENING, BOTH},
	{"listening or established", ALL, LISTENING | ESTABLISHED, BOTH},
	{"listening and established", ALL, 0, BOTH},
	{"not (listening or established)", ALL, STATES & ~(LISTENING | ESTABLISHED), BOTH},
	{"not (listening and tcp)", ALL, STATES, BOTH},
	{"not (not listening or program x)", ALL, LISTENING, BOTH},
	{"listening or program x", ALL, STATES, BOTH},
	{"listening and not program x", ALL, LISTENING, BOTH},
	{"tcp and listening", NETSTAT_BIT(NETSTAT_TCP), LISTENING, BOTH},
	{"(tcp listening) or (udp established)", NETSTAT_BIT(NETSTAT_TCP) | NETSTAT_BIT(NETSTAT_UDP),
	 LISTENING | ESTABLISHED, BOTH},
	{"proto != unix", ALL & ~UNIX, STATES, BOTH},
	{"inet", ALL & ~UNIX, STATES, NETSTAT_IP4},
	{"family inet6", ALL & ~UNIX, STATES, NETSTAT_IP6},
	{"family != inet6", ALL, STATES, NETSTAT_IP4},
	{"family inet,unix", ALL, STATES, NETSTAT_IP4},
	{"family unix", UNIX, STATES, BOTH},
	{"family unix,inet and family unix,inet6", UNIX, STATES, BOTH},
	{"family unix and inet", 0, STATES, BOTH},
	{"dport 443", PORTS, STATES, BOTH},
	{"not dport 443", ALL, STATES, BOTH},
	{"dport 443 or unix", PORTS | UNIX, STATES, BOTH},
	{"src 10/8", ALL & ~UNIX, STATES, BOTH},
	{"src != 10/8", ALL, STATES, BOTH},
	{"src fe80::/10", ALL & ~UNIX, STATES, NETSTAT_IP6},
	{"src ::ffff:0:0/96", ALL & ~UNIX, STATES, BOTH},
	{"src [fe80::]/10:22", PORTS, STATES, NETSTAT_IP6},
	{"src *", ALL, STATES, BOTH},
	{"path /run/*", UNIX, STATES, BOTH},
	{"not path /run/*", ALL, STATES, BOTH},
	{"unexplained", ALL, STATES, BOTH},
};

static void test_narrow(void **state)
{
	for (size_t i = 0; i < sizeof(narrow_cases) / sizeof(narrow_cases[0]); i++) {
		struct netstat_request request = {.protocols = ALL, .states = STATES, .families = BOTH};
		struct filter *filter = parsed(narrow_cases[i].text);
		filter_narrow(filter, &request);
		if (request.protocols != narrow_cases[i].protocols || request.states != narrow_cases[i].states ||
		    request.families != narrow_cases[i].families)
			fail_msg("'%s': protocols %x, states %x, families %x", narrow_cases[i].text, request.protocols,
				 request.states, request.families);
		filter_free(filter);
	}
}

/* ---- random filters ---- */

/* Leaves; what they match is asked of them alone. The first are states. */
static const char *const leaves[] = {
	"state established",
	"listening",
	"time-wait",
	"state connected",
	"tcp",
	"udp",
	"unix",
	"inet6",
	"family inet",
	"port 22",
	"dport > 443",
	"src 10/8",
	"host [::1]",
	"scope public",
	"program sshd",
	"user root",
	"pid 4242",
	"direction in",
	"unexplained",
	"berth",
	"recv-q > 0",
	"path /run/*",
	"dev eth0",
	"exclude time-wait",
	"src fe80::/10",
	"service ssh",
	"family unix,inet",
};

enum {
	N_LEAVES = sizeof(leaves) / sizeof(leaves[0]),
	N_STATES = 4,
	TREE_TEXT = 1 << 14,
};

struct tree {
	struct rng rng;
	unsigned masks[N_LEAVES];
	char text[TREE_TEXT];
	size_t n;
	bool states; /* what was written last is states alone, which unite with others side by side */
};

static void put(struct tree *tree, const char *text)
{
	size_t n = strlen(text);

	assert_true(tree->n + n < sizeof(tree->text));
	memcpy(tree->text + tree->n, text, n + 1);
	tree->n += n;
}

static void put_one_of(struct tree *tree, const char *const *texts, size_t n)
{
	put(tree, texts[rng_below(&tree->rng, n)]);
}

static unsigned put_or(struct tree *tree, unsigned depth);

static unsigned put_not(struct tree *tree, unsigned depth)
{
	static const char *const nots[] = {"not ", "!", "NOT ", "! "};
	uint64_t choice = rng_below(&tree->rng, depth > 0 ? 4 : 1);
	unsigned mask;

	if (choice == 2) {
		put_one_of(tree, nots, 4);
		mask = ~put_not(tree, depth - 1);
		tree->states = false;
		return mask;
	}
	if (choice == 3) {
		put(tree, "(");
		mask = put_or(tree, depth - 1);
		put(tree, ")");
		return mask;
	}
	choice = rng_below(&tree->rng, N_LEAVES);
	put(tree, leaves[choice]);
	tree->states = choice < N_STATES;
	return tree->masks[choice];
}

static unsigned put_and(struct tree *tree, unsigned depth)
{
	static const char *const ands[] = {" and ", "&&", " & ", " AND ", " "};
	unsigned mask = put_not(tree, depth);

	for (uint64_t n = rng_below(&tree->rng, 3); n > 0; n--) {
		put_one_of(tree, ands, tree->states ? 4 : 5);
		mask &= put_not(tree, depth);
	}
	return mask;
}

static unsigned put_or(struct tree *tree, unsigned depth)
{
	static const char *const ors[] = {" or ", "||", " | ", " Or "};
	unsigned mask = put_and(tree, depth);

	for (uint64_t n = rng_below(&tree->rng, 3); n > 0; n--) {
		put_one_of(tree, ors, 4);
		mask |= put_and(tree, depth);
		tree->states = false;
	}
	return mask;
}

static unsigned matched(const struct filter *filter)
{
	unsigned mask = 0;

	for (size_t i = 0; i < FILTER_ROWS_N; i++)
		if (filter_match(filter, filter_rows_get(i)))
			mask |= 1u << i;
	return mask;
}

static bool prefix_holds(const struct berth_address *prefix, uint8_t length, const struct berth_address *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct berth_address ip4 = {.family = BERTH_IP4};

	if (prefix->family == BERTH_IP4 && address->family == BERTH_IP6 &&
	    memcmp(address->bytes, mapped, sizeof(mapped)) == 0) {
		memcpy(ip4.bytes, address->bytes + sizeof(mapped), 4);
		address = &ip4;
	}
	return prefix->family == BERTH_ANY_FAMILY || berth_address_in_prefix(prefix, address, length);
}

/* Only connections may be left out for their ends. */
static bool ends_hold(const struct netstat_request *request, const struct netstat_row *row)
{
	bool holds = request->n_ends == 0 || row->protocol != NETSTAT_TCP || row->state == NETSTAT_STATE_LISTEN;

	for (size_t i = 0; !holds && i < request->n_ends; i++) {
		const struct netstat_ends *ends = &request->ends[i];
		holds = ends->local_first <= row->local.port && row->local.port <= ends->local_last &&
			ends->foreign_first <= row->foreign.port && row->foreign.port <= ends->foreign_last &&
			prefix_holds(&ends->local, ends->local_prefix, &row->local.address) &&
			prefix_holds(&ends->foreign, ends->foreign_prefix, &row->foreign.address);
	}
	return holds;
}

/* Every row that a request wants and the filter matches is wanted by the narrowed request. */
static void check_narrowed(const struct filter *filter, struct rng *rng, const char *text)
{
	struct netstat_request request = {.protocols = ALL, .states = STATES, .families = BOTH}, narrowed;

	if (rng_below(rng, 2)) {
		request.protocols &= (uint32_t)rng_next(rng);
		request.states &= (uint32_t)rng_next(rng);
		request.families = 1 + (uint32_t)rng_below(rng, 3);
	}
	narrowed = request;
	filter_narrow(filter, &narrowed);
	assert_int_equal(narrowed.protocols & ~request.protocols, 0);
	assert_int_equal(narrowed.states & ~request.states, 0);
	assert_int_equal(narrowed.families & ~request.families, 0);
	for (size_t i = 0; i < FILTER_ROWS_N; i++) {
		const struct netstat_row *row = filter_rows_get(i);
		if (filter_match(filter, row) && netstat_wants(&request, row->protocol, row->family, row->state) &&
		    (!netstat_wants(&narrowed, row->protocol, row->family, row->state) || !ends_hold(&narrowed, row)))
			fail_msg("'%s' matches row %c, and its request does not want it", text, (char)('a' + i));
	}
}

static void test_random_filters(void **state)
{
	static struct tree tree;

	rng_init(&tree.rng, 20260601);
	for (size_t i = 0; i < N_LEAVES; i++) {
		struct filter *filter = parsed(leaves[i]);
		tree.masks[i] = matched(filter);
		filter_free(filter);
	}
	for (unsigned i = 0; i < 20000; i++) {
		tree.n = 0;
		unsigned want = put_or(&tree, (unsigned)rng_below(&tree.rng, 5)) & ((1u << FILTER_ROWS_N) - 1);
		struct filter *filter = parsed(tree.text);
		if (matched(filter) != want)
			fail_msg("'%s' matches %x, not %x", tree.text, matched(filter), want);
		check_narrowed(filter, &tree.rng, tree.text);
		filter_free(filter);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches), cmocka_unit_test(test_errors), cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_needs),   cmocka_unit_test(test_narrow), cmocka_unit_test(test_random_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
