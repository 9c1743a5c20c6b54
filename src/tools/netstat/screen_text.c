/* Texts on the terminal. Whatever comes from outside goes through text_clean, so that no name of a program moves the
 * cursor, and nothing is put beyond the screen, however small it is. */
#include "screen.h"
#include "show/text.h"

#include <curses.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void screen_text_clean(const char *text, size_t n, struct screen_text *out)
{
	out->width = 0;
	out->n = text_clean(&text, text + n, out->bytes, sizeof(out->bytes), &out->width);
}

bool screen_text_cell(const struct column *column, const struct netstat_row *row, bool numeric, struct screen_text *out)
{
	struct cell cell;

	column->say(row, numeric, &cell);
	if (cell.kind == CELL_TEXT) {
		screen_text_clean(cell.text, cell.length, out);
	} else {
		out->n = (size_t)(text_of_cell(&cell, out->bytes) - out->bytes);
		out->width = out->n;
	}
	return cell.kind != CELL_NONE;
}

void screen_put(int y, int x, size_t width, const char *text, size_t n)
{
	int lines = getmaxy(stdscr), room = getmaxx(stdscr) - x;

	if (y < 0 || y >= lines || x < 0 || room <= 0)
		return;
	if (width > (size_t)room)
		width = (size_t)room;
	mvaddnstr(y, x, text, (int)text_cut(text, n, width));
}

void screen_print(int y, int x, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	screen_put(y, x, sizeof(text), text, strlen(text));
}

void screen_message(struct display *display, const char *format, ...)
{
	struct screen_text clean;
	char text[sizeof(display->message)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	screen_text_clean(text, strlen(text), &clean);
	snprintf(display->message, sizeof(display->message), "%.*s", (int)clean.n, clean.bytes);
}
