/* Which columns: a list of all there are, to be ticked. A new one comes last. */
#include "screen.h"

#include <curses.h>
#include <string.h>

static size_t lines(void)
{
	int n = getmaxy(stdscr) - 2;

	return n > 0 ? (size_t)n : 0;
}

static size_t place_of(const struct columns *columns, const struct column *column)
{
	size_t i = 0;

	while (i < columns->n && columns->columns[i] != column)
		i++;
	return i;
}

static void toggle(struct display *display, const struct column *column)
{
	struct columns *columns = &display->columns;
	size_t i = place_of(columns, column);

	if (i == columns->n) {
		columns_add(columns, column->name);
		return;
	}
	if (columns->n == 1) {
		screen_message(display, "one column has to stay");
		return;
	}
	for (columns->n--; i < columns->n; i++)
		columns->columns[i] = columns->columns[i + 1];
}

static void draw(struct display *display)
{
	size_t n = column_count(), room = lines();

	attron(A_BOLD);
	screen_print(0, 0, "Columns: Space to show or hide, Enter when done");
	attroff(A_BOLD);
	screen_list_scroll(n, room, display->list_selected, &display->list_first);
	for (size_t i = 0; i < room && display->list_first + i < n; i++) {
		const struct column *column = column_get(display->list_first + i);
		bool shown = place_of(&display->columns, column) < display->columns.n;

		attrset(display->list_first + i == display->list_selected ? A_REVERSE : A_NORMAL);
		screen_print((int)i + 1, 0, "[%c] %-20s %s", shown ? 'x' : ' ', column->name, column->help);
		attrset(A_NORMAL);
	}
	screen_put(getmaxy(stdscr) - 1, 0, sizeof(display->message), display->message, strlen(display->message));
}

static void done(struct display *display)
{
	display->page = PAGE_TABLE;
	display->first_column = 0;
	memset(display->widths, 0, sizeof(display->widths));
	screen_look_renew(display, false);
}

static void key(struct display *display, struct screen_key key)
{
	if (screen_list_key(key, column_count(), lines(), &display->list_selected))
		return;
	if (!key.is_function && key.code == ' ')
		toggle(display, column_get(display->list_selected));
	else if (SCREEN_ENTER(key) || (key.is_function && key.code == KEY_ENTER) ||
		 (!key.is_function && (key.code == SCREEN_ESCAPE || key.code == 'c' || key.code == 'q')))
		done(display);
}

void screen_columns_open(struct display *display)
{
	display->list_first = display->list_selected = 0;
	display->page = PAGE_COLUMNS;
}

const struct screen_page_functions screen_columns = {draw, key};
