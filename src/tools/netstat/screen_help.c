/* Keys, and what the marks mean. */
#include "screen.h"

#include <curses.h>

static const char *const text[] = {
	"arrows, PgUp, PgDn, Home, End   choose a socket; left and right scroll columns",
	"Enter      all about the chosen socket, with its explanation",
	"/          filter; empty shows everything again",
	"a          connected, listening, all sockets",
	"c          choose columns",
	"s > <      sort by the next column, or the one before; r turns the order round",
	"n          numbers, or names of hosts, services and users",
	"p          pause",
	"+ -        look less often, more often",
	"k          end the chosen socket; asks first",
	"q          quit",
	"",
	"+ before a row: opened lately; - : gone, and will disappear.",
	"Numbers in the title: sockets opened and closed since the look before.",
};

enum {
	N_LINES = sizeof(text) / sizeof(text[0]),
};

static size_t lines(void)
{
	int n = getmaxy(stdscr) - 2;

	return n > 0 ? (size_t)n : 0;
}

static void draw(struct display *display)
{
	attron(A_BOLD);
	screen_print(0, 0, "berth netstat --watch: keys");
	attroff(A_BOLD);
	for (size_t i = 0; i < lines() && display->list_first + i < N_LINES; i++)
		screen_print((int)i + 1, 0, "%s", text[display->list_first + i]);
	attron(A_DIM);
	screen_print(getmaxy(stdscr) - 1, 0, "any other key: back");
	attroff(A_DIM);
}

static void key(struct display *display, struct screen_key key)
{
	size_t most = N_LINES > lines() ? N_LINES - lines() : 0, line = display->list_first;

	if (!screen_list_key(key, N_LINES, lines(), &line))
		display->page = PAGE_TABLE;
	display->list_first = line < most ? line : most;
}

void screen_help_open(struct display *display)
{
	display->list_first = 0;
	display->page = PAGE_HELP;
}

const struct screen_page_functions screen_help = {draw, key};
