/* netstat's command line. The classic letters mean what net-tools' netstat means by them; words that are no options are
 * a filter. What the options say together is worked out at the end (options_settle.c), so that their order never
 * matters. */
#include "foreign.h"
#include "options_private.h"
#include "tool.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTION_HOST = 0x100,
	OPTION_NUMERIC_HOSTS,
	OPTION_NUMERIC_PORTS,
	OPTION_NUMERIC_USERS,
	OPTION_MPTCP,
	OPTION_DCCP,
	OPTION_COLUMNS,
	OPTION_SORT,
	OPTION_TOP,
	OPTION_BY,
	OPTION_JSONL,
	OPTION_CSV,
	OPTION_EXPLAIN,
	OPTION_UNEXPLAINED,
	OPTION_BASELINE,
	OPTION_SAVE_BASELINE,
	OPTION_SAVE,
	OPTION_READ,
	OPTION_ALL_NETNS,
	OPTION_DEADLINE,
	OPTION_DNS,
	OPTION_WATCH,
	OPTION_KILL,
	OPTION_YES,
	OPTION_METRICS,
	OPTION_FIND_BY,
	OPTION_KERNEL,
	OPTION_TRIM,
	OPTION_NEIGHBOURS,
};

static const struct option long_options[] = {
	{"all", no_argument, NULL, 'a'},
	{"all-netns", no_argument, NULL, OPTION_ALL_NETNS},
	{"baseline", required_argument, NULL, OPTION_BASELINE},
	{"by", required_argument, NULL, OPTION_BY},
	{"columns", required_argument, NULL, OPTION_COLUMNS},
	{"continuous", no_argument, NULL, 'c'},
	{"csv", no_argument, NULL, OPTION_CSV},
	{"dccp", no_argument, NULL, OPTION_DCCP},
	{"deadline", required_argument, NULL, OPTION_DEADLINE},
	{"dns", required_argument, NULL, OPTION_DNS},
	{"explain", no_argument, NULL, OPTION_EXPLAIN},
	{"extend", no_argument, NULL, 'e'},
	{"family", required_argument, NULL, 'A'},
	{"fib", no_argument, NULL, 'F'},
	{"find-by", required_argument, NULL, OPTION_FIND_BY},
	{"groups", no_argument, NULL, 'g'},
	{"help", no_argument, NULL, 'h'},
	{"host", required_argument, NULL, OPTION_HOST},
	{"inet", no_argument, NULL, '4'},
	{"inet6", no_argument, NULL, '6'},
	{"interfaces", no_argument, NULL, 'i'},
	{"ip", no_argument, NULL, '4'},
	{"ipv4", no_argument, NULL, '4'},
	{"ipv6", no_argument, NULL, '6'},
	{"json", no_argument, NULL, 'j'},
	{"jsonl", no_argument, NULL, OPTION_JSONL},
	{"kernel", no_argument, NULL, OPTION_KERNEL},
	{"kill", no_argument, NULL, OPTION_KILL},
	{"listening", no_argument, NULL, 'l'},
	{"mptcp", no_argument, NULL, OPTION_MPTCP},
	{"neighbors", no_argument, NULL, OPTION_NEIGHBOURS},
	{"neighbours", no_argument, NULL, OPTION_NEIGHBOURS},
	{"no-header", no_argument, NULL, 'H'},
	{"numeric", no_argument, NULL, 'n'},
	{"numeric-hosts", no_argument, NULL, OPTION_NUMERIC_HOSTS},
	{"numeric-ports", no_argument, NULL, OPTION_NUMERIC_PORTS},
	{"numeric-users", no_argument, NULL, OPTION_NUMERIC_USERS},
	{"openmetrics", required_argument, NULL, OPTION_METRICS},
	{"programs", no_argument, NULL, 'p'},
	{"protocol", required_argument, NULL, 'A'},
	{"raw", no_argument, NULL, 'w'},
	{"read", required_argument, NULL, OPTION_READ},
	{"route", no_argument, NULL, 'r'},
	{"save", required_argument, NULL, OPTION_SAVE},
	{"save-baseline", required_argument, NULL, OPTION_SAVE_BASELINE},
	{"sctp", no_argument, NULL, 'S'},
	{"sort", required_argument, NULL, OPTION_SORT},
	{"statistics", no_argument, NULL, 's'},
	{"symbolic", no_argument, NULL, 'N'},
	{"tcp", no_argument, NULL, 't'},
	{"tcpip", no_argument, NULL, '4'},
	{"timers", no_argument, NULL, 'o'},
	{"top", required_argument, NULL, OPTION_TOP},
	{"trim", no_argument, NULL, OPTION_TRIM},
	{"udp", no_argument, NULL, 'u'},
	{"udplite", no_argument, NULL, 'U'},
	{"unexplained", no_argument, NULL, OPTION_UNEXPLAINED},
	{"unix", no_argument, NULL, 'x'},
	{"verbose", no_argument, NULL, 'v'},
	{"version", no_argument, NULL, 'V'},
	{"watch", optional_argument, NULL, OPTION_WATCH},
	{"wide", no_argument, NULL, 'W'},
	{"yes", no_argument, NULL, OPTION_YES},
	{NULL, 0, NULL, 0},
};

int netstat_options_fail(const char *format, const char *a, const char *b)
{
	return tool_fail("netstat", TOOL_USAGE, format, a, b);
}

static int set_mode(struct netstat_options *options, struct pending *pending, enum netstat_mode mode, const char *name)
{
	if (pending->mode_option && options->mode != mode)
		return netstat_options_fail("%s and %s ask for different things; give one of them",
					    pending->mode_option, name);
	options->mode = mode;
	pending->mode_option = name;
	return TOOL_DONE;
}

static int set_file_mode(struct netstat_options *options, struct pending *pending, enum netstat_mode mode,
			 const char *name)
{
	options->file = optarg;
	return set_mode(options, pending, mode, name);
}

static int set_format(struct netstat_options *options, enum writer_format format)
{
	if (options->format != WRITER_TABLE && options->format != format)
		return tool_fail("netstat", TOOL_USAGE,
				 "--json, --jsonl and --csv are different forms; give one of them");
	options->format = format;
	return TOOL_DONE;
}

/* "0.2", "5": a time between a twentieth of a second and a day. */
static bool parse_seconds(const char *text, double *out)
{
	char *end;
	double seconds = strtod(text, &end);

	if (*text < '0' || *text > '9' || *end || !(seconds >= 0.05 && seconds <= 86400))
		return false;
	*out = seconds;
	return true;
}

/* The seconds of --watch and -c may follow as a word of their own. */
static int take_seconds(struct netstat_options *options, int argc, char **argv)
{
	options->seconds = 1;
	if (optarg)
		return parse_seconds(optarg, &options->seconds)
			       ? TOOL_DONE
			       : netstat_options_fail("--watch '%s' is no number of seconds from 0.05 to 86400%s",
						      optarg, "");
	if (optind < argc && parse_seconds(argv[optind], &options->seconds))
		optind++;
	return TOOL_DONE;
}

static int take_deadline(struct netstat_options *options)
{
	char *end;
	double seconds = strtod(optarg, &end);

	if (*optarg < '0' || *optarg > '9' || *end || !(seconds >= 0 && seconds <= 3600))
		return netstat_options_fail("--deadline '%s' is no number of seconds from 0 to 3600%s", optarg, "");
	options->query.names.ns_deadline = (uint64_t)(seconds * 1e9);
	return TOOL_DONE;
}

static enum netstat_protocol protocol_named(const char *name)
{
	for (enum netstat_protocol i = 0; i < NETSTAT_PROTOCOL_N; i++)
		if (strcmp(name, netstat_protocol_name(i)) == 0)
			return i;
	return NETSTAT_PROTOCOL_N;
}

static int take_family(struct pending *pending)
{
	enum netstat_protocol protocol;

	for (char *word = strtok(optarg, ","); word; word = strtok(NULL, ",")) {
		if (strcmp(word, "inet") == 0 || strcmp(word, "ip") == 0)
			pending->families |= NETSTAT_IP4;
		else if (strcmp(word, "inet6") == 0)
			pending->families |= NETSTAT_IP6;
		else if ((protocol = protocol_named(word)) != NETSTAT_PROTOCOL_N) /* as ss takes them */
			pending->protocols |= NETSTAT_BIT(protocol);
		else
			return netstat_options_fail(
				"--protocol '%s' is no family that netstat lists; take inet, inet6 or unix%s", word,
				"");
	}
	return TOOL_DONE;
}

static int take_metrics(struct netstat_options *options, struct pending *pending)
{
	uint64_t port;

	/* A file may be called 65536, but whoever means it may write ./65536. */
	if (optarg[0] && strspn(optarg, "0123456789") == strlen(optarg)) {
		if (!tool_number(optarg, 0, 65535, &port))
			return netstat_options_fail("--openmetrics '%s' is no port from 0 to 65535%s", optarg, "");
		options->port = (uint16_t)port;
		options->file = NULL;
		return set_mode(options, pending, MODE_METRICS, "--openmetrics");
	}
	return set_file_mode(options, pending, MODE_METRICS, "--openmetrics");
}

static int take_find_by(struct netstat_options *options)
{
	if (strcmp(optarg, "bpf") == 0)
		options->query.process_way = PROCESS_BPF;
	else if (strcmp(optarg, "proc") == 0)
		options->query.process_way = PROCESS_PROC;
	else
		return netstat_options_fail("--find-by '%s': processes are found by bpf or by proc%s", optarg, "");
	return TOOL_DONE;
}

static int take_top(struct netstat_options *options)
{
	uint64_t top;
	int status = tool_option_number("netstat", "--top", optarg, 1, 1000000000, &top);

	if (status == TOOL_DONE)
		options->top = (size_t)top;
	return status;
}

/* The protocol that a letter stands for, or NETSTAT_PROTOCOL_N. */
static enum netstat_protocol protocol_of(int c)
{
	static const struct {
		int c;
		enum netstat_protocol protocol;
	} letters[] = {
		{'t', NETSTAT_TCP},  {'u', NETSTAT_UDP},  {'U', NETSTAT_UDPLITE},        {'w', NETSTAT_RAW},
		{'x', NETSTAT_UNIX}, {'S', NETSTAT_SCTP}, {OPTION_MPTCP, NETSTAT_MPTCP}, {OPTION_DCCP, NETSTAT_DCCP},
	};

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].c == c)
			return letters[i].protocol;
	return NETSTAT_PROTOCOL_N;
}

/* Options without a value. false: it is none of them. */
static bool take_flag(struct netstat_options *options, struct pending *pending, int c)
{
	const struct {
		int c;
		bool *flag;
	} flags[] = {
		{'a', &pending->all},
		{'l', &pending->listening},
		{'n', &pending->numeric},
		{'p', &pending->programs},
		{'e', &options->extend},
		{'o', &pending->timers},
		{OPTION_NUMERIC_HOSTS, &pending->numeric_hosts},
		{OPTION_NUMERIC_PORTS, &pending->numeric_ports},
		{OPTION_NUMERIC_USERS, &pending->numeric_users},
		{OPTION_ALL_NETNS, &options->query.all_namespaces},
		{OPTION_TRIM, &options->trim},
		{OPTION_YES, &options->yes},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].c == c)
			return *flags[i].flag = true;
	if (protocol_of(c) != NETSTAT_PROTOCOL_N)
		return pending->protocols |= NETSTAT_BIT(protocol_of(c)), true;
	if (c == '4' || c == '6')
		return pending->families |= c == '4' ? NETSTAT_IP4 : NETSTAT_IP6, true;
	if (c == 'v' || c == 'N' || c == 'F') /* net-tools': here they are the default, or there is nothing to say */
		return true;
	if (c == 'W') /* the default, and net-tools' way to ask for it */
		return options->trim = false, true;
	if (c == 'H')
		return options->headings = false, true;
	if (c == OPTION_KERNEL)
		return options->query.hosts = false, true;
	return false;
}

/* Options that choose what is done. -1: it is none of them. */
static int take_mode(struct netstat_options *options, struct pending *pending, int c, int argc, char **argv)
{
	int status;

	switch (c) {
	case 'r':
		return set_mode(options, pending, MODE_ROUTES, "-r");
	case 'i':
		return set_mode(options, pending, MODE_INTERFACES, "-i");
	case 'g':
		return set_mode(options, pending, MODE_GROUPS, "-g");
	case 's':
		return set_mode(options, pending, MODE_COUNTERS, "-s");
	case OPTION_NEIGHBOURS:
		return set_mode(options, pending, MODE_NEIGHBOURS, "--neighbours");
	case OPTION_UNEXPLAINED:
		options->only_unexplained = true;
		return set_mode(options, pending, MODE_EXPLAIN, "--unexplained");
	case OPTION_EXPLAIN:
		return set_mode(options, pending, MODE_EXPLAIN, "--explain");
	case OPTION_BASELINE:
		return set_file_mode(options, pending, MODE_BASELINE, "--baseline");
	case OPTION_SAVE_BASELINE:
		return set_file_mode(options, pending, MODE_SAVE_BASELINE, "--save-baseline");
	case OPTION_SAVE:
		return set_file_mode(options, pending, MODE_SAVE, "--save");
	case OPTION_KILL:
		return set_mode(options, pending, MODE_KILL, "--kill");
	case OPTION_METRICS:
		return take_metrics(options, pending);
	case OPTION_WATCH:
		status = set_mode(options, pending, MODE_WATCH, "--watch");
		return status == TOOL_DONE ? take_seconds(options, argc, argv) : status;
	default:
		return -1;
	}
}

/* Options with a value, and the forms of output. -1: it is none of them. */
static int take_value(struct netstat_options *options, struct pending *pending, int c, int argc, char **argv)
{
	switch (c) {
	case 'A':
	case 'f': /* ss's and BSD's */
		return take_family(pending);
	case 'c':
		return take_seconds(options, argc, argv);
	case 'j':
		return set_format(options, WRITER_JSON);
	case OPTION_JSONL:
		return set_format(options, WRITER_JSONL);
	case OPTION_CSV:
		return set_format(options, WRITER_CSV);
	case OPTION_HOST:
		options->query.host = optarg;
		options->query.kernel = false;
		return TOOL_DONE;
	case OPTION_READ:
		options->query.read = optarg;
		return TOOL_DONE;
	case OPTION_DNS:
		options->query.names.servers = optarg;
		return TOOL_DONE;
	case OPTION_COLUMNS:
		pending->columns = optarg;
		return TOOL_DONE;
	case OPTION_SORT:
		pending->sort = optarg;
		return TOOL_DONE;
	case OPTION_BY:
		options->by = optarg;
		return set_mode(options, pending, MODE_GROUP, "--by");
	case OPTION_TOP:
		return take_top(options);
	case OPTION_DEADLINE:
		return take_deadline(options);
	case OPTION_FIND_BY:
		return take_find_by(options);
	default:
		return -1;
	}
}

static int bad_option(char **argv, int c)
{
	const char *word = argv[optind - 1], *instead = foreign_option(word ? word : "", optopt);
	bool is_long = word && strncmp(word, "--", 2) == 0;

	if (c != '?' || !instead)
		return tool_bad_option("netstat", argv, c);
	if (is_long)
		return tool_fail("netstat", TOOL_USAGE, "unknown option '%.*s': %s", (int)strcspn(word, "="), word,
				 instead);
	return tool_fail("netstat", TOOL_USAGE, "unknown option '-%c': %s", optopt, instead);
}

static int take_option(struct netstat_options *options, struct pending *pending, int c, int argc, char **argv)
{
	int status;

	if (take_flag(options, pending, c))
		return TOOL_DONE;
	status = take_mode(options, pending, c, argc, argv);
	if (status == -1)
		status = take_value(options, pending, c, argc, argv);
	return status == -1 ? bad_option(argv, c) : status;
}

/* A number at the end is the seconds of -c and --watch, and as net-tools has it, those of the small tables without -c,
 * too. Of a list of sockets it may as well be a port that is meant, so that it has to be said. */
static int take_delay(struct netstat_options *options, int argc, char **argv)
{
	double seconds;

	if (optind + 1 != argc || !parse_seconds(argv[optind], &seconds))
		return TOOL_DONE;
	if (options->seconds == 0 && options->mode < MODE_ROUTES)
		return tool_fail("netstat", TOOL_USAGE,
				 "what is '%s'? 'port %s' lists the sockets of a port, '-c %s' repeats every so many "
				 "seconds",
				 argv[optind], argv[optind], argv[optind]);
	options->seconds = seconds;
	optind++;
	return TOOL_DONE;
}

static void warn(void *user, const char *text)
{
	tool_fail("netstat", TOOL_DONE, "note: %s", text);
}

int netstat_options_parse(struct netstat_options *out, int argc, char **argv)
{
	struct pending pending = {0};
	int c, status = TOOL_DONE;

	*out = (struct netstat_options){.headings = true};
	look_query_default(&out->query);
	out->query.warn = warn;
	while (status == TOOL_DONE &&
	       (c = getopt_long(argc, argv, ":aA:cef:FghHijlnNoprsStuUvVwWx46", long_options, NULL)) != -1) {
		if (c == 'h')
			return -1;
		if (c == 'V')
			return -2;
		if (c == OPTION_COLUMNS && strcmp(optarg, "help") == 0)
			return -3;
		status = take_option(out, &pending, c, argc, argv);
	}
	if (status == TOOL_DONE)
		status = take_delay(out, argc, argv);
	if (status == TOOL_DONE)
		status = netstat_options_filter(out, &pending, argc, argv);
	return status == TOOL_DONE ? netstat_options_settle(out, &pending) : status;
}

void netstat_options_free(struct netstat_options *options)
{
	filter_free(options->filter);
	free(options->filter_text);
}
