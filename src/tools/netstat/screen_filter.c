/* The filter's prompt: a line to edit, and when it is no filter, why not, with a mark under the word. */
#include "screen.h"
#include "show/text.h"

#include <curses.h>
#include <berth/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

static const char label[] = "filter: ";

/* ---- the line ---- */

static void take_text(struct screen_prompt *prompt, const char *text)
{
	size_t n = mbstowcs(prompt->text, text, PROMPT_MAX);

	prompt->n = n == (size_t)-1 ? 0 : n;
	prompt->text[prompt->n] = L'\0';
	prompt->cursor = prompt->n;
}

/* Characters [0, n) as bytes; how many these are. */
static size_t give_text(const struct screen_prompt *prompt, size_t n, char *out, size_t room)
{
	wchar_t part[PROMPT_MAX + 1];

	wmemcpy(part, prompt->text, n);
	part[n] = L'\0';
	size_t bytes = wcstombs(out, part, room - 1);
	if (bytes == (size_t)-1)
		bytes = 0;
	out[bytes] = '\0';
	return bytes;
}

static void insert(struct screen_prompt *prompt, wchar_t c)
{
	if (prompt->n == PROMPT_MAX)
		return;
	wmemmove(prompt->text + prompt->cursor + 1, prompt->text + prompt->cursor, prompt->n - prompt->cursor + 1);
	prompt->text[prompt->cursor++] = c;
	prompt->n++;
}

static void erase_at(struct screen_prompt *prompt, size_t i)
{
	if (i >= prompt->n)
		return;
	wmemmove(prompt->text + i, prompt->text + i + 1, prompt->n - i);
	prompt->n--;
}

static void backspace(struct screen_prompt *prompt)
{
	if (prompt->cursor)
		erase_at(prompt, --prompt->cursor);
}

/* ---- what is typed ---- */

/* NULL is no filter; taken, and the one from before is freed. */
static void set_filter(struct display *display, struct filter *filter, const char *text)
{
	const struct filter *filter_before = display->filter;
	struct filter *own_before = display->own_filter;

	display->filter = display->own_filter = filter;
	if (!screen_look_renew(display, true)) {
		display->filter = filter_before;
		display->own_filter = own_before;
		filter_free(filter);
		return;
	}
	filter_free(own_before);
	snprintf(display->filter_text, sizeof(display->filter_text), "%s", text);
}

static void apply(struct display *display)
{
	struct screen_prompt *prompt = &display->prompt;
	struct filter *filter = NULL;
	char text[sizeof(display->filter_text)];
	int r = 0;

	give_text(prompt, prompt->n, text, sizeof(text));
	prompt->error = (struct filter_error){0};
	if (text[strspn(text, " ")])
		r = filter_parse(text, &filter, &prompt->error);
	else
		text[0] = '\0';
	if (r < 0) {
		if (!prompt->error.text[0])
			snprintf(prompt->error.text, sizeof(prompt->error.text), "%s", berth_error_text(r));
		return;
	}
	display->page = PAGE_TABLE;
	set_filter(display, filter, text);
}

static bool edit(struct screen_prompt *prompt, struct screen_key key)
{
	if (key.is_function && key.code == KEY_LEFT)
		prompt->cursor -= prompt->cursor > 0;
	else if (key.is_function && key.code == KEY_RIGHT)
		prompt->cursor += prompt->cursor < prompt->n;
	else if (key.is_function && key.code == KEY_HOME)
		prompt->cursor = 0;
	else if (key.is_function && key.code == KEY_END)
		prompt->cursor = prompt->n;
	else if (key.is_function && key.code == KEY_DC)
		erase_at(prompt, prompt->cursor);
	else if (key.is_function ? key.code == KEY_BACKSPACE : key.code == 127 || key.code == '\b')
		backspace(prompt);
	else if (!key.is_function && key.code == 'U' - '@') /* Ctrl-U: all of it */
		prompt->n = prompt->cursor = 0;
	else if (!key.is_function && iswprint(key.code))
		insert(prompt, (wchar_t)key.code);
	else
		return false;
	prompt->text[prompt->n] = L'\0';
	return true;
}

static void key(struct display *display, struct screen_key key)
{
	if (SCREEN_ENTER(key) || (key.is_function && key.code == KEY_ENTER))
		apply(display);
	else if (!key.is_function && key.code == SCREEN_ESCAPE)
		display->page = PAGE_TABLE;
	else if (edit(&display->prompt, key))
		display->prompt.error.text[0] = '\0';
}

/* ---- drawing ---- */

/* The mark under what is wrong, `x` cells from the left, and the reason: behind the mark, or where there is room. */
static void draw_error(const struct filter_error *error, const char *text, int y, int x)
{
	size_t n = strlen(text), at = error->at < n ? error->at : n;
	size_t length = error->length < n - at ? error->length : n - at;
	int column = x + (int)text_width(text, at), width = length ? (int)text_width(text + at, length) : 1;
	int n_error = (int)strlen(error->text);

	move(y, 0);
	clrtoeol();
	for (int i = 0; i < width && column + i >= 0; i++)
		screen_put(y, column + i, 1, "^", 1);
	if (column + width + 1 + n_error <= getmaxx(stdscr))
		screen_print(y, column + width + 1, "%s", error->text);
	else if (column - 1 - n_error >= 0)
		screen_print(y, column - 1 - n_error, "%s", error->text);
	else if (y >= 2) {
		move(y - 2, 0);
		clrtoeol();
		screen_print(y - 2, 0, "%s", error->text);
	}
}

static void draw(struct display *display)
{
	const struct screen_prompt *prompt = &display->prompt;
	char text[sizeof(display->filter_text)], left[sizeof(text)];
	int y = getmaxy(stdscr) - 2, room = getmaxx(stdscr) - (int)strlen(label) - 1;

	screen_table.draw(display);
	size_t n = give_text(prompt, prompt->n, text, sizeof(text));
	size_t n_left = give_text(prompt, prompt->cursor, left, sizeof(left));
	int cursor = (int)text_width(left, n_left), x = (int)strlen(label), hidden = 0;
	if (y < 0 || room <= 0)
		return;
	/* A long line moves to the left, so that the cursor is seen. */
	size_t skip = 0;
	while (cursor - hidden > room && skip < n_left) {
		size_t step = (size_t)mblen(left + skip, n_left - skip);
		step = step && step <= n_left - skip ? step : 1;
		hidden += (int)text_width(left + skip, step);
		skip += step;
	}
	move(y, 0);
	clrtobot();
	attron(A_BOLD);
	screen_print(y, 0, "%s", label);
	attroff(A_BOLD);
	screen_put(y, x, (size_t)room, text + skip, n - skip);
	if (prompt->error.text[0])
		draw_error(&prompt->error, text, y + 1, x - hidden);
	else
		screen_print(y + 1, 0, "Enter sets it, empty clears it, Esc leaves it as it was");
	move(y, x + cursor - hidden);
}

void screen_filter_open(struct display *display)
{
	display->prompt = (struct screen_prompt){0};
	take_text(&display->prompt, display->filter_text);
	display->page = PAGE_FILTER;
}

const struct screen_page_functions screen_filter = {draw, key};
