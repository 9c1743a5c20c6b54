/* The full screen of `--watch`: what its parts share. One part is one page: what it draws, and what its keys do.
 *
 *     watch_screen.c    the terminal, the loop, which page
 *     screen_look.c     looks, what is there, its order
 *     screen_table.c    the table              screen_detail.c    one socket
 *     screen_filter.c   the filter's prompt    screen_columns.c   which columns
 *     screen_kill.c     ending a socket        screen_help.c      keys
 *     screen_list.c     lists that are longer than the screen
 *     screen_text.c     texts from outside, made fit for the terminal
 */
#ifndef TOOLS_NETSTAT_SCREEN_H
#define TOOLS_NETSTAT_SCREEN_H

#include "signals.h"
#include "watch.h"
#include "watch/changes.h"

#include <wchar.h>

enum screen_page {
	PAGE_TABLE,
	PAGE_FILTER,
	PAGE_COLUMNS,
	PAGE_DETAIL,
	PAGE_KILL,
	PAGE_HELP,
	PAGE_N,
};

/* Pairs of colours. */
enum {
	COLOUR_NEW = 1,
	COLOUR_GONE,
};

enum {
	PROMPT_MAX = 256, /* characters of a filter */
};

struct screen_prompt {
	wchar_t text[PROMPT_MAX + 1];
	size_t n, cursor;
	struct filter_error error; /* text "": none; places are in the text as bytes */
};

struct display {
	const struct watch *watch;
	struct berth_loop *loop;
	struct signals signals;
	bool quit, colours, has_looked;
	int error; /* that ends it; 0: none */
	enum screen_page page;
	char message[256]; /* on the last line, until the next key */

	/* What is asked. */
	const struct filter *filter; /* own_filter, or the watch's */
	struct filter *own_filter;
	char filter_text[4 * PROMPT_MAX + 1];
	enum look_which which;
	struct columns columns;
	struct order order;
	uint32_t unwanted; /* needs of columns that are not to be looked up: of one kind of names only */
	bool numeric, paused;
	double seconds;
	uint64_t ns_next; /* look */

	/* What is there. Rows borrow from the look that brought them: `old_look` stays until none of its rows is left.
	 */
	struct look *look, *old_look;
	struct changes *changes;
	struct netstat_rows closing[2]; /* what the last look did not show any more, and the look before that */
	struct netstat_rows view;       /* both, in their order, up to what was needed; only its array is its own */
	size_t n_rows;                  /* of all of them */
	uint64_t n_by_state[NETSTAT_STATE_N];
	uint64_t n_opened, n_closed; /* since the look before */
	uint64_t own_namespace;

	/* The table. */
	size_t first, selected;     /* in the view */
	bool following;             /* the selection stays with its socket, else with its place */
	struct netstat_rows picked; /* a copy of the selected row, while a look is under way */
	size_t first_column;
	size_t widths[COLUMNS_MAX];

	/* The other pages. */
	struct screen_prompt prompt;
	size_t list_first, list_selected; /* of columns, of lines */
	size_t n_lines;                   /* of a detail */
	struct netstat_rows one;          /* a copy of the row that is shown in detail */
	bool one_is_gone;
	struct netstat_rows doomed; /* a copy of the row that is asked about */
	enum screen_page before;    /* the page below a question */
};

/* A key: a character, or one of curses' KEY_... */
struct screen_key {
	bool is_function;
	wint_t code;
};
#define SCREEN_ESCAPE 27
#define SCREEN_ENTER(key) (!(key).is_function && ((key).code == '\r' || (key).code == '\n'))

/* ---- pages ---- */

struct screen_page_functions {
	void (*draw)(struct display *display);
	void (*key)(struct display *display, struct screen_key key);
};
extern const struct screen_page_functions screen_table, screen_filter, screen_columns, screen_detail, screen_kill,
	screen_help;

void screen_filter_open(struct display *display);
void screen_columns_open(struct display *display);
void screen_detail_open(struct display *display, const struct netstat_row *row);
/* After a look: shows the row as it is now. */
void screen_detail_follow(struct display *display);
/* Its row has gone, and what it borrows from goes now: back to the table. */
void screen_detail_drop(struct display *display);
void screen_kill_open(struct display *display, const struct netstat_row *row);
void screen_help_open(struct display *display);

/* How many rows of the table there is room for. */
size_t screen_table_lines(void);

/* A list of `n` lines of which `room` are seen, one of them selected: what the keys for moving do. false: another key.
 */
bool screen_list_key(struct screen_key key, size_t n, size_t room, size_t *selected);
/* Scrolls so that the selected line is seen. */
void screen_list_scroll(size_t n, size_t room, size_t selected, size_t *first);

/* ---- looks ---- */

/* Makes a look for what is asked by now, and takes it. What was there is compared with what is, unless `forget`. What
 * goes wrong is the message, or ends all when nothing was there before. false: there is no such look, and the one from
 * before stays. */
bool screen_look_renew(struct display *display, bool forget);
void screen_look(struct display *display);
/* Brings the view in order, at least its first `need` rows. */
void screen_sort(struct display *display, size_t need);
/* All of it anew, by another order. */
void screen_reorder(struct display *display);
/* The selected row; NULL: there is none. */
const struct netstat_row *screen_selected(const struct display *display);
/* It is gone, and only shown for a little while. */
bool screen_is_closing(const struct display *display, const struct netstat_row *row);
void screen_look_close(struct display *display);

/* ---- texts ---- */

#define SCREEN_CELL_MAX 4096

struct screen_text {
	char bytes[SCREEN_CELL_MAX];
	size_t n, width; /* bytes, display cells */
};

/* A text from outside, cut at what there is room for. */
void screen_text_clean(const char *text, size_t n, struct screen_text *out);
/* What a column says of a row, for people. false: nothing. */
bool screen_text_cell(const struct column *column, const struct netstat_row *row, bool numeric,
		      struct screen_text *out);
/* Puts a clean text at y, x, at most `width` cells of it, and nothing beyond the screen. */
void screen_put(int y, int x, size_t width, const char *text, size_t n);
/* A line of this program's own words, formatted. */
void screen_print(int y, int x, const char *format, ...) __attribute__((format(printf, 3, 4)));

void screen_message(struct display *display, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
