/* berth, the tool: finds the verb and runs it.
 *
 * The verbs are the table in verbs.h; usage and `berth help` are made from it. What a verb does is in its own file. */
#include "nearest.h"
#include "tool.h"
#include "verbs.h"

#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct verb {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *summary;
	const char *usage;
};

static const struct verb verbs[] = {
#define X(name, summary) {#name, name##_main, summary, name##_usage},
	VERB_MAP(X)
#undef X
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static void print_usage(FILE *out)
{
	fputs("usage: berth VERB [options]\n\n", out);
	for (size_t i = 0; i < N_VERBS; i++)
		fprintf(out, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
	fputs("\n"
	      "  berth help VERB     the verb's manual page\n"
	      "  berth VERB --help   the verb's options\n"
	      "  berth --version     the version\n",
	      out);
}

static int unknown_verb(const char *name)
{
	const char *names[N_VERBS + 1];

	for (size_t i = 0; i < N_VERBS; i++)
		names[i] = verbs[i].name;
	names[N_VERBS] = "help";

	const char *near = nearest_word(name, names, N_VERBS + 1);
	if (near)
		return tool_fail(NULL, TOOL_USAGE, "unknown verb '%s'; did you mean 'berth %s'?", name, near);
	return tool_fail(NULL, TOOL_USAGE, "unknown verb '%s'; 'berth help' lists the verbs", name);
}

/* man is there and has the page. Quiet either way. */
static bool have_page(char *page)
{
	char *const command[] = {"man", "-w", page, NULL};
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t pid;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return false;
	bool started = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
		       posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO) == 0 &&
		       posix_spawnp(&pid, "man", &actions, NULL, command, environ) == 0;
	posix_spawn_file_actions_destroy(&actions);
	return started && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The manual page, or the usage text where there is no man or no page. */
static int show_manual(const struct verb *verb)
{
	char page[64];
	char *const command[] = {"man", page, NULL};

	snprintf(page, sizeof(page), "berth-%s", verb->name);
	if (have_page(page)) {
		signal(SIGPIPE, SIG_DFL);
		execvp(command[0], command);
		signal(SIGPIPE, SIG_IGN);
	}
	return tool_help(verb->usage);
}

static int help_main(int argc, char **argv)
{
	if (argc > 2)
		return tool_bad_argument("help", argv[2]);
	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		print_usage(stdout);
		return TOOL_DONE;
	}

	const struct verb *verb = find_verb(argv[1]);
	return verb ? show_manual(verb) : unknown_verb(argv[1]);
}

/* Options before the verb. A status, or -1: go on with the verb at optind. */
static int main_options(int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int c = getopt_long(argc, argv, "+:hV", options, NULL);

	switch (c) {
	case -1:
		return -1;
	case 'h':
		print_usage(stdout);
		return TOOL_DONE;
	case 'V':
		puts("berth " BERTH_VERSION);
		return TOOL_DONE;
	default:
		return tool_bad_option(NULL, argv, c);
	}
}

/* Through a link that is called netstat, berth is netstat. */
static const struct verb *verb_of_link(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return strcmp(name, "netstat") == 0 ? find_verb(name) : NULL;
}

static int run(int argc, char **argv, const struct verb **verb)
{
	*verb = verb_of_link(argv[0]);
	if (*verb)
		return (*verb)->main(argc, argv);

	int status = main_options(argc, argv);

	if (status >= 0)
		return status;
	if (optind == argc) {
		print_usage(stderr);
		return TOOL_USAGE;
	}

	argc -= optind;
	argv += optind;
	optind = 0; /* a new scan of another vector, in getopt's words */
	if (strcmp(argv[0], "help") == 0)
		return help_main(argc, argv);
	*verb = find_verb(argv[0]);
	return *verb ? (*verb)->main(argc, argv) : unknown_verb(argv[0]);
}

int main(int argc, char **argv)
{
	const struct verb *verb = NULL;

	signal(SIGPIPE, SIG_IGN);
	/* What we print is UTF-8. Where the user has set no locale, tables are still to count it in characters. */
	setlocale(LC_CTYPE, "");
	if (MB_CUR_MAX == 1)
		setlocale(LC_CTYPE, "C.UTF-8");

	int status = run(argc, argv, &verb);
	return tool_finish(verb ? verb->name : NULL, status);
}
