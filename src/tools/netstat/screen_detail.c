/* One socket: all that can be said of it, a line each, long ones on several; its explanation first. While it is shown,
 * looks bring everything. */
#include "screen.h"
#include "show/text.h"

#include <curses.h>
#include <string.h>

enum {
	LABEL_WIDTH = 18, /* and a third of a narrow terminal */
};

static int label_width(void)
{
	int third = getmaxx(stdscr) / 3;

	return third < LABEL_WIDTH ? third : LABEL_WIDTH;
}

/* Where the next line goes. */
struct page {
	size_t line, first, room; /* the number of the line, of the first that is seen, and how many are */
};

static size_t lines(void)
{
	int n = getmaxy(stdscr) - 2;

	return n > 0 ? (size_t)n : 0;
}

/* The screen's line for the page's next one; -1: it is not seen. */
static int next_line(struct page *page)
{
	size_t line = page->line++;

	return line >= page->first && line - page->first < page->room ? (int)(line - page->first) + 1 : -1;
}

/* As many bytes as go on a line, cut at a blank where there is one. */
static size_t line_of(const char *text, size_t n, size_t width)
{
	size_t fits = text_cut(text, n, width), blank = fits;

	if (fits == n)
		return n;
	while (blank && text[blank] != ' ')
		blank--;
	if (blank)
		return blank + 1;
	return fits ? fits : n; /* a terminal narrower than a character shows what it can */
}

static void draw_text(struct page *page, const char *label, const struct screen_text *text)
{
	int indent = label_width(), left = getmaxx(stdscr) - indent;
	size_t width = left > 0 ? (size_t)left : 1, at = 0;

	do {
		size_t n = line_of(text->bytes + at, text->n - at, width);
		int y = next_line(page);

		if (y >= 0 && at == 0) {
			attron(A_BOLD);
			screen_put(y, 0, indent > 0 ? (size_t)indent - 1 : 0, label, strlen(label));
			attroff(A_BOLD);
		}
		if (y >= 0)
			screen_put(y, indent, width, text->bytes + at, n);
		at += n;
	} while (at < text->n);
}

static void draw_column(const struct display *display, struct page *page, const struct column *column)
{
	struct screen_text text;

	if (screen_text_cell(column, display->one.rows[0], display->numeric, &text))
		draw_text(page, column->heading, &text);
}

static void draw(struct display *display)
{
	const struct column *explanation = column_by_name("explanation");
	struct page page = {.first = display->list_first, .room = lines()};
	struct columns all = {0};
	size_t at, length;

	attron(A_BOLD);
	screen_print(0, 0, "One socket%s",
		     display->one_is_gone ? ": it is gone, and this is how it was last seen" : "");
	attroff(A_BOLD);
	if (explanation)
		draw_column(display, &page, explanation);
	columns_parse("all", &all, &at, &length);
	for (size_t i = 0; i < all.n; i++)
		if (all.columns[i] != explanation)
			draw_column(display, &page, all.columns[i]);
	/* It may have become shorter. */
	if (page.line <= page.first)
		display->list_first = page.line ? page.line - 1 : 0;
	display->n_lines = page.line;
	attron(A_DIM);
	if (display->message[0])
		screen_put(getmaxy(stdscr) - 1, 0, sizeof(display->message), display->message,
			   strlen(display->message));
	else
		screen_print(getmaxy(stdscr) - 1, 0, "Esc back  k end it  arrows scroll");
	attroff(A_DIM);
}

static void leave(struct display *display)
{
	display->page = PAGE_TABLE;
	netstat_rows_free(&display->one);
	display->one_is_gone = false;
}

void screen_detail_drop(struct display *display)
{
	leave(display);
	screen_message(display, "this socket is gone");
}

static void scroll_text(struct display *display, struct screen_key key)
{
	size_t n = display->n_lines, room = lines(), most = n > room ? n - room : 0;
	size_t line = display->list_first;

	if (!screen_list_key(key, n, room, &line))
		return;
	display->list_first = line < most ? line : most;
}

static void key(struct display *display, struct screen_key key)
{
	bool back = SCREEN_ENTER(key) || (key.is_function && (key.code == KEY_ENTER || key.code == KEY_LEFT)) ||
		    (!key.is_function && (key.code == SCREEN_ESCAPE || key.code == 'q'));

	if (back) {
		leave(display);
		screen_look_renew(display, false);
	} else if (!key.is_function && key.code == 'k' && display->one_is_gone) {
		screen_message(display, "this socket is gone already");
	} else if (!key.is_function && key.code == 'k') {
		screen_kill_open(display, display->one.rows[0]);
	} else {
		scroll_text(display, key);
	}
}

void screen_detail_open(struct display *display, const struct netstat_row *row)
{
	netstat_rows_free(&display->one);
	if (changes_keep(&display->one, row) < 0) {
		netstat_rows_free(&display->one);
		screen_message(display, "out of memory");
		return;
	}
	display->one_is_gone = false;
	display->list_first = 0;
	display->page = PAGE_DETAIL;
	screen_look_renew(display, false);
}

void screen_detail_follow(struct display *display)
{
	struct netstat_rows now = {0};
	const struct netstat_row *row;

	if (display->one.n == 0)
		return;
	row = changes_same(display->changes, display->one.rows[0]);
	display->one_is_gone = row == NULL;
	if (!row)
		return;
	if (changes_keep(&now, row) < 0) {
		netstat_rows_free(&now);
		display->one_is_gone = true;
		return;
	}
	netstat_rows_free(&display->one);
	display->one = now;
}

const struct screen_page_functions screen_detail = {draw, key};
