/* The table: how many sockets there are, and each of them on a line, with a mark where it has come or gone lately. */
#include "screen.h"

#include <curses.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	MARK_LOOKS = 3,   /* a new row is marked for so many looks */
	ROOMY_LINES = 10, /* a terminal of so many has room for counts and hints */
};

/* ---- where things stand ---- */

static bool is_roomy(void)
{
	return getmaxy(stdscr) >= ROOMY_LINES;
}

/* Lines above the rows: the title, the counts, the headings. */
static int lines_above(void)
{
	return is_roomy() ? 3 : 2;
}

size_t screen_table_lines(void)
{
	int lines = getmaxy(stdscr) - lines_above() - 1;

	return lines > 0 ? (size_t)lines : 0;
}

/* ---- above and below the rows ---- */

static void draw_title(const struct display *display)
{
	size_t n = changes_rows(display->changes)->n;
	time_t now = time(NULL);
	struct tm local;
	char clock[16] = "";
	static const char *const which[] = {
		[LOOK_CONNECTED] = "connected",
		[LOOK_LISTENING] = "listening",
		[LOOK_ALL] = "all",
	};

	if (localtime_r(&now, &local))
		strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	attron(A_BOLD);
	screen_print(0, 0, "berth netstat  %s  %s%gs  %s  %zu socket%s  +%" PRIu64 " -%" PRIu64, clock,
		     display->paused ? "paused, every " : "every ", display->seconds, which[display->which], n,
		     n == 1 ? "" : "s", display->n_opened, display->n_closed);
	attroff(A_BOLD);
}

/* The filter, if there is one, and how many sockets are in each state. */
static void draw_counts(const struct display *display)
{
	char text[512];
	size_t n = 0;

	if (display->filter_text[0])
		n = (size_t)snprintf(text, sizeof(text), "filter: %.300s  ", display->filter_text);
	for (size_t s = 0; s < NETSTAT_STATE_N && n < sizeof(text); s++) {
		struct netstat_row row = {.state = (uint8_t)s};
		if (display->n_by_state[s])
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %" PRIu64 "  ",
					      s == NETSTAT_STATE_OPEN ? "open" : netstat_state_name(&row),
					      display->n_by_state[s]);
	}
	struct screen_text clean;
	screen_text_clean(text, n < sizeof(text) ? n : sizeof(text) - 1, &clean);
	screen_put(1, 0, clean.width, clean.bytes, clean.n);
}

static void draw_bottom(const struct display *display)
{
	static const char hints[] = "q quit  h help  / filter  c columns  s sort  Enter detail  k end  p pause";
	int y = getmaxy(stdscr) - 1;

	if (y < lines_above())
		return;
	attron(A_DIM);
	if (display->message[0])
		screen_put(y, 0, sizeof(display->message), display->message, strlen(display->message));
	else
		screen_put(y, 0, sizeof(hints), hints, strlen(hints));
	attroff(A_DIM);
}

/* ---- columns ---- */

/* At least the heading's, the column's own, and that of the widest cell that was seen, so that nothing jumps. */
static void grow_widths(struct display *display, size_t from, size_t to)
{
	for (size_t c = 0; c < display->columns.n; c++) {
		const struct column *column = display->columns.columns[c];
		size_t *width = &display->widths[c];

		if (*width < strlen(column->heading))
			*width = strlen(column->heading);
		if (*width < column->width)
			*width = column->width;
		for (size_t i = from; i < to; i++) {
			struct screen_text text;
			screen_text_cell(column, display->view.rows[i], display->numeric, &text);
			if (*width < text.width)
				*width = text.width;
		}
	}
}

static bool is_sorted_by(const struct display *display, const struct column *column)
{
	return display->order.n && display->order.keys[0] == column;
}

/* The last column may take what is left. */
static size_t column_room(const struct display *display, size_t c, int x)
{
	int left = getmaxx(stdscr) - x;

	if (c + 1 == display->columns.n && !display->columns.columns[c]->right)
		return left > 0 ? (size_t)left : 0;
	return display->widths[c];
}

static void draw_headings(const struct display *display, int y)
{
	int x = 2;

	for (size_t c = display->first_column; c < display->columns.n && x < getmaxx(stdscr); c++) {
		const struct column *column = display->columns.columns[c];
		size_t n = strlen(column->heading), width = display->widths[c];
		bool sorted = is_sorted_by(display, column);

		attron(sorted ? A_BOLD | A_REVERSE : A_UNDERLINE);
		screen_print(y, x, "%*s", (int)width, "");
		screen_put(y, x + (column->right ? (int)(width - n) : 0), n, column->heading, n);
		attroff(A_BOLD | A_REVERSE | A_UNDERLINE);
		if (sorted)
			screen_print(y, x + (int)width, "%c", display->order.descending[0] ? 'v' : '^');
		x += (int)width + 1;
	}
}

/* ---- rows ---- */

/* What stands before a row, and how the row is shown. */
static char mark_of(const struct display *display, const struct netstat_row *row, attr_t *attributes)
{
	if (screen_is_closing(display, row)) {
		*attributes = A_DIM | (display->colours ? (attr_t)COLOR_PAIR(COLOUR_GONE) : 0);
		return '-';
	}
	if (changes_looks_since_opened(display->changes, row) < MARK_LOOKS) {
		*attributes = A_BOLD | (display->colours ? (attr_t)COLOR_PAIR(COLOUR_NEW) : 0);
		return '+';
	}
	*attributes = A_NORMAL;
	return ' ';
}

static void draw_row(const struct display *display, int y, const struct netstat_row *row, bool selected)
{
	attr_t attributes;
	char mark = mark_of(display, row, &attributes);
	int x = 2;

	attrset(attributes | (selected ? A_REVERSE : 0));
	screen_print(y, 0, "%c%*s", mark, selected ? getmaxx(stdscr) - 1 : 0, "");
	for (size_t c = display->first_column; c < display->columns.n && x < getmaxx(stdscr); c++) {
		const struct column *column = display->columns.columns[c];
		size_t room = column_room(display, c, x);
		struct screen_text text;

		screen_text_cell(column, row, display->numeric, &text);
		int indent = column->right && text.width < room ? (int)(room - text.width) : 0;
		screen_put(y, x + indent, room, text.bytes, text.n);
		x += (int)display->widths[c] + 1;
	}
	attrset(A_NORMAL);
}

static void draw(struct display *display)
{
	size_t lines = screen_table_lines(), above = (size_t)lines_above();

	draw_title(display);
	if (is_roomy())
		draw_counts(display);
	screen_list_scroll(display->n_rows, lines, display->selected, &display->first);
	screen_sort(display, display->first + lines);
	size_t to = display->first + lines < display->view.n ? display->first + lines : display->view.n;
	grow_widths(display, display->first < to ? display->first : to, to);
	draw_headings(display, (int)above - 1);
	for (size_t i = display->first; i < to; i++)
		draw_row(display, (int)(above + i - display->first), display->view.rows[i], i == display->selected);
	if (display->n_rows == 0)
		screen_print((int)above, 2, "no socket%s", display->filter ? " matches the filter" : "");
	draw_bottom(display);
}

/* ---- keys ---- */

static void sort_by(struct display *display, size_t i)
{
	const struct column *column = display->columns.columns[i];

	display->order = (struct order){.keys = {column}, .n = 1};
	/* Of what can be counted, the greatest first. */
	display->order.descending[0] = column->kind == CELL_NUMBER || column->kind == CELL_DURATION;
	screen_reorder(display);
}

/* By the column that is `step` columns after the one it is sorted by now; by the first, when it is by none of them. */
static void sort_by_other(struct display *display, size_t step)
{
	size_t n = display->columns.n, i = 0;

	while (i < n && !is_sorted_by(display, display->columns.columns[i]))
		i++;
	if (n)
		sort_by(display, i == n ? 0 : (i + step) % n);
}

static void sort_by_next(struct display *display)
{
	sort_by_other(display, 1);
}

static void sort_by_previous(struct display *display)
{
	sort_by_other(display, display->columns.n - 1);
}

static void sort_reverse(struct display *display)
{
	if (display->order.n == 0) {
		sort_by_next(display);
		return;
	}
	display->order.descending[0] = !display->order.descending[0];
	screen_reorder(display);
}

static void change_seconds(struct display *display, bool longer)
{
	static const double steps[] = {0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60};
	size_t n = sizeof(steps) / sizeof(steps[0]);
	double found = display->seconds;

	for (size_t i = 0; i < n; i++) {
		double step = steps[longer ? n - 1 - i : i];
		if (longer ? step > display->seconds : step < display->seconds)
			found = step;
	}
	display->seconds = found;
	display->ns_next = berth_clock_now() + (uint64_t)(found * 1e9);
}

static void look_less_often(struct display *display)
{
	change_seconds(display, true);
}

static void look_more_often(struct display *display)
{
	change_seconds(display, false);
}

static void toggle_numeric(struct display *display)
{
	display->numeric = !display->numeric;
	memset(display->widths, 0, sizeof(display->widths));
	screen_look_renew(display, false);
}

static void next_which(struct display *display)
{
	static const enum look_which next[] = {
		[LOOK_CONNECTED] = LOOK_LISTENING,
		[LOOK_LISTENING] = LOOK_ALL,
		[LOOK_ALL] = LOOK_CONNECTED,
	};

	display->which = next[display->which];
	screen_look_renew(display, true);
}

static void pause_looks(struct display *display)
{
	display->paused = !display->paused;
	display->ns_next = berth_clock_now();
}

static void scroll_columns(struct display *display, bool right)
{
	if (right && display->first_column + 1 < display->columns.n)
		display->first_column++;
	else if (!right && display->first_column)
		display->first_column--;
}

static void open_row(struct display *display, void (*open)(struct display *display, const struct netstat_row *row))
{
	const struct netstat_row *row = screen_selected(display);

	if (!row)
		screen_message(display, "there is no socket to choose");
	else if (screen_is_closing(display, row))
		screen_message(display, "this socket is gone already");
	else
		open(display, row);
}

static void end_selected(struct display *display)
{
	open_row(display, screen_kill_open);
}

static void quit(struct display *display)
{
	display->quit = true;
}

static void character(struct display *display, wint_t code)
{
	static const struct {
		const char *characters;
		void (*act)(struct display *display);
	} keys[] = {
		{"q", quit},
		{"/", screen_filter_open},
		{"c", screen_columns_open},
		{"k", end_selected},
		{"s>", sort_by_next},
		{"<", sort_by_previous},
		{"r", sort_reverse},
		{"p", pause_looks},
		{"+", look_less_often},
		{"-", look_more_often},
		{"n", toggle_numeric},
		{"a", next_which},
		{"h?", screen_help_open},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (code > 0 && code < 128 && strchr(keys[i].characters, (int)code)) {
			keys[i].act(display);
			return;
		}
}

static void key(struct display *display, struct screen_key key)
{
	if (screen_list_key(key, display->n_rows, screen_table_lines(), &display->selected)) {
		display->following = display->selected > 0;
		screen_sort(display, display->following ? 0 : 1);
	} else if (SCREEN_ENTER(key) || (key.is_function && key.code == KEY_ENTER)) {
		open_row(display, screen_detail_open);
	} else if (!key.is_function) {
		character(display, key.code);
	} else if (key.code == KEY_LEFT || key.code == KEY_RIGHT) {
		scroll_columns(display, key.code == KEY_RIGHT);
	} else if (key.code == KEY_F(1)) {
		screen_help_open(display);
	}
}

const struct screen_page_functions screen_table = {draw, key};
