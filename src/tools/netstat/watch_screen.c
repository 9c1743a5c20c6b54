/* The full screen: the terminal, which it gives back as it was whatever ends it, and the loop between keys, looks and
 * signals. A key's page decides what it does; screen.h says which page is where. */
#include "screen.h"
#include "tool.h"

#include <berth/error.h>
#include <curses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ESCAPE_MS = 25, /* how long after an Esc the rest of a key's sequence may come */
};

static const struct screen_page_functions *page_of(const struct display *display)
{
	static const struct screen_page_functions *const pages[PAGE_N] = {
		[PAGE_TABLE] = &screen_table,   [PAGE_FILTER] = &screen_filter, [PAGE_COLUMNS] = &screen_columns,
		[PAGE_DETAIL] = &screen_detail, [PAGE_KILL] = &screen_kill,     [PAGE_HELP] = &screen_help,
	};

	return pages[display->page];
}

/* ---- the terminal ---- */

/* The terminal's own way of showing characters, once: https://no-color.org asks for the variable to be obeyed. */
static void use_colours(struct display *display)
{
	const char *no = getenv("NO_COLOR");

	if ((no && *no) || !has_colors() || start_color() == ERR)
		return;
	use_default_colors();
	init_pair(COLOUR_NEW, COLOR_GREEN, -1);
	init_pair(COLOUR_GONE, COLOR_RED, -1);
	display->colours = true;
}

static void terminal_close(SCREEN *terminal)
{
	endwin();
	delscreen(terminal);
}

/* The cursor can be moved on it; what cannot do that is no screen. */
static bool is_screen(void)
{
	const char *cup = tigetstr("cup");

	return cup && cup != (const char *)-1;
}

/* NULL: its kind is not known, or it is no screen. */
static SCREEN *terminal_open(struct display *display)
{
	SCREEN *terminal = newterm(NULL, stdout, stdin);

	if (!terminal)
		return NULL;
	if (!is_screen()) {
		terminal_close(terminal);
		return NULL;
	}
	set_escdelay(ESCAPE_MS);
	cbreak();
	noecho();
	nonl(); /* Enter is '\r', Ctrl-J is not */
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	use_colours(display);
	return terminal;
}

static void draw(struct display *display)
{
	erase();
	curs_set(display->page == PAGE_FILTER);
	page_of(display)->draw(display);
	refresh();
}

/* ---- what happens ---- */

static void read_keys(struct display *display)
{
	wint_t code;
	int kind;

	while (!display->quit && !display->error && (kind = get_wch(&code)) != ERR) {
		struct screen_key key = {.is_function = kind == KEY_CODE_YES, .code = code};
		if (key.is_function && key.code == KEY_RESIZE)
			continue;
		display->message[0] = '\0';
		page_of(display)->key(display, key);
	}
}

static void on_input(void *user, unsigned ready)
{
	struct display *display = user;

	/* The terminal is gone. Keys are read when the round is over. */
	if (ready & BERTH_HANGUP)
		display->quit = true;
}

static void on_time(void *user)
{
	struct display *display = user;

	if (!display->paused)
		screen_look(display);
}

static int run(struct display *display)
{
	int r = 0;

	while (r == 0 && !display->quit && !display->error && !display->signals.number) {
		draw(display);
		r = berth_loop_at(display->loop, display->paused ? BERTH_NEVER : display->ns_next, on_time, display);
		if (r == 0)
			r = berth_loop_once(display->loop, BERTH_NEVER);
		/* Also after a signal, that is a new size of the terminal. */
		read_keys(display);
	}
	return r ? r : display->error;
}

/* ---- begin and end ---- */

static uint64_t own_namespace(void)
{
	struct stat about;

	return stat("/proc/self/ns/net", &about) == 0 ? about.st_ino : 0;
}

static void take_query(struct display *display)
{
	const struct watch *watch = display->watch;

	display->filter = watch->query.filter;
	snprintf(display->filter_text, sizeof(display->filter_text), "%s",
		 watch->filter_text ? watch->filter_text : "");
	display->which = watch->query.which;
	display->numeric = watch->query.numeric;
	/* "Numbers for hosts only" is a query without that need; "numbers" is what the key changes. */
	display->unwanted = display->numeric ? 0 : columns_needs(&watch->columns) & ~watch->query.needs;
	display->order = watch->order;
	display->columns = watch->columns;
	if (!watch->columns_chosen) {
		columns_add(&display->columns, "rx_rate");
		columns_add(&display->columns, "tx_rate");
	}
	display->seconds = watch->seconds > 0 ? watch->seconds : 1;
	display->own_namespace = own_namespace();
}

static int watch_in(struct display *display)
{
	int r = signals_watch(&display->signals, display->loop);

	if (r == 0)
		r = berth_loop_watch(display->loop, STDIN_FILENO, BERTH_READABLE, on_input, display);
	if (r == 0) {
		screen_look_renew(display, true);
		r = display->error;
	}
	return r == 0 ? run(display) : r;
}

static int show(struct display *display)
{
	SCREEN *terminal = terminal_open(display);
	int r;

	if (!terminal)
		return tool_fail("netstat", TOOL_FAILED,
				 "there is no full screen on a terminal of the kind '%s'; TERM=xterm may serve, or "
				 "'--watch | cat' for events",
				 getenv("TERM") ? getenv("TERM") : "");
	/* It would leave the terminal as it is now. */
	signal(SIGQUIT, SIG_IGN);
	r = watch_in(display);
	terminal_close(terminal);
	if (r < 0)
		return tool_fail("netstat", TOOL_FAILED, "the sockets could not be read: %s", berth_error_text(r));
	return TOOL_DONE;
}

int watch_screen(const struct watch *watch)
{
	struct display *display = calloc(1, sizeof(*display));
	int status = TOOL_FAILED;

	if (display)
		display->loop = berth_loop_new();
	if (!display || !display->loop) {
		free(display);
		return tool_fail("netstat", TOOL_FAILED, "out of memory");
	}
	display->watch = watch;
	take_query(display);
	status = show(display);
	signals_unwatch(&display->signals);
	screen_look_close(display);
	berth_loop_free(display->loop);
	free(display);
	return status;
}
