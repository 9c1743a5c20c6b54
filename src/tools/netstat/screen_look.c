/* Looks for the screen: when they are taken, what becomes of their rows, and their order.
 *
 * The view is an array of rows of the last look and of those that have just gone. Only as much of it is brought in
 * order as is seen, unless the selection follows a socket, whose place has to be known. */
#include "screen.h"

#include <berth/error.h>
#include <stdlib.h>

enum {
	CLOSING_MAX = 1000, /* so many rows that have gone are shown for a while */
};

static void on_warn(void *user, const char *text)
{
	screen_message(user, "%s", text);
}

static int on_change(void *user, enum change change, const struct netstat_row *row)
{
	struct display *display = user;

	display->n_opened += change == CHANGE_OPENED;
	display->n_closed += change == CHANGE_CLOSED;
	return 0;
}

static int on_gone(void *user, enum change change, const struct netstat_row *row)
{
	struct display *display = user;

	return display->closing[0].n < CLOSING_MAX ? changes_keep(&display->closing[0], row) : 0;
}

static int on_row(void *user, struct netstat_row *row)
{
	struct display *display = user;

	return changes_row(display->changes, row);
}

/* ---- the view ---- */

static int view_reserve(struct netstat_rows *view, size_t n)
{
	if (n <= view->room)
		return 0;
	struct netstat_row **rows = reallocarray(view->rows, n, sizeof(struct netstat_row *));
	if (!rows)
		return BERTH_ENOMEM;
	view->rows = rows;
	view->room = n;
	return 0;
}

static void view_add(struct netstat_rows *view, const struct netstat_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		view->rows[view->n++] = rows->rows[i];
}

/* All rows, in no order yet. */
static int view_fill(struct display *display)
{
	const struct netstat_rows *last = changes_rows(display->changes);
	size_t n = last->n + display->closing[0].n + display->closing[1].n;

	display->n_rows = n;
	display->view.n = 0;
	if (view_reserve(&display->view, n) < 0)
		return BERTH_ENOMEM;
	view_add(&display->view, last);
	view_add(&display->view, &display->closing[0]);
	view_add(&display->view, &display->closing[1]);
	return 0;
}

static void count_states(struct display *display)
{
	const struct netstat_rows *last = changes_rows(display->changes);

	for (size_t s = 0; s < NETSTAT_STATE_N; s++)
		display->n_by_state[s] = 0;
	for (size_t i = 0; i < last->n; i++)
		display->n_by_state[last->rows[i]->state]++;
}

void screen_sort(struct display *display, size_t need)
{
	size_t top = need < display->n_rows / 4 ? need : 0;

	if (display->view.n == display->n_rows || (need && need <= display->view.n))
		return;
	int r = view_fill(display);
	if (r == 0 && display->order.n)
		r = order_apply(&display->order, &display->view, top);
	if (r < 0)
		screen_message(display, "out of memory; the rows are not in order");
}

const struct netstat_row *screen_selected(const struct display *display)
{
	return display->selected < display->view.n ? display->view.rows[display->selected] : NULL;
}

bool screen_is_closing(const struct display *display, const struct netstat_row *row)
{
	return changes_same(display->changes, row) != row;
}

/* ---- the selection through a look ---- */

static void pick(struct display *display)
{
	const struct netstat_row *row = screen_selected(display);

	netstat_rows_free(&display->picked);
	if (display->following && row)
		changes_keep(&display->picked, row);
}

/* Where the picked socket is now. One that has gone leaves the selection where it was. */
static void find_picked(struct display *display)
{
	const struct netstat_row *row = NULL;

	if (display->picked.n)
		row = changes_same(display->changes, display->picked.rows[0]);
	for (size_t i = 0; row && i < display->view.n; i++)
		if (display->view.rows[i] == row) {
			display->selected = i;
			break;
		}
	netstat_rows_free(&display->picked);
}

void screen_reorder(struct display *display)
{
	display->view.n = 0;
	display->n_rows = SIZE_MAX; /* not filled in yet */
	screen_sort(display, display->following ? 0 : display->first + screen_table_lines() + 1);
}

static void show(struct display *display)
{
	count_states(display);
	screen_reorder(display);
	find_picked(display);
	if (display->selected >= display->n_rows)
		display->selected = display->n_rows ? display->n_rows - 1 : 0;
	screen_detail_follow(display);
}

/* ---- looks ---- */

static void closing_forget(struct display *display)
{
	netstat_rows_free(&display->closing[0]);
	netstat_rows_free(&display->closing[1]);
}

static void closing_age(struct display *display)
{
	netstat_rows_free(&display->closing[1]);
	display->closing[1] = display->closing[0];
	display->closing[0] = (struct netstat_rows){0};
}

static void plan_next(struct display *display)
{
	uint64_t now = berth_clock_now(), ns = (uint64_t)(display->seconds * 1e9);

	display->ns_next = display->ns_next + ns > now ? display->ns_next + ns : now + ns;
}

static int run(struct display *display)
{
	int r = changes_begin(display->changes, berth_clock_now());

	if (r == 0)
		r = look_run(display->look, on_row, display);
	if (r != 0)
		return r;
	pick(display);
	display->n_opened = display->n_closed = 0;
	closing_age(display);
	return changes_end(display->changes);
}

void screen_look(struct display *display)
{
	int r = run(display);

	plan_next(display);
	if (r < 0) {
		screen_message(display, "the sockets could not be read: %s", berth_error_text(r));
		display->error = display->has_looked ? 0 : r;
		return;
	}
	display->has_looked = true;
	if (display->old_look)
		closing_forget(display);
	show(display);
	if (display->old_look && display->one_is_gone)
		screen_detail_drop(display);
	display->old_look = look_free(display->old_look);
}

/* ---- what is asked ---- */

static uint32_t needs_of_columns(const struct display *display, const struct columns *columns)
{
	return (display->numeric ? columns_needs_numeric(columns) : columns_needs(columns)) & ~display->unwanted;
}

static uint32_t needs_of(const struct display *display)
{
	uint32_t needs = order_needs(&display->order) | needs_of_columns(display, &display->columns);
	struct columns all = {0};
	size_t at, length;

	if (display->page == PAGE_DETAIL && columns_parse("all", &all, &at, &length) == 0)
		needs |= needs_of_columns(display, &all);
	return needs;
}

static int changes_renew(struct display *display)
{
	struct changes_config config = {
		.own_namespace = display->own_namespace,
		.on_change = on_change,
		.on_gone = on_gone,
		.user = display,
	};
	struct changes *changes = changes_new(&config);

	if (!changes)
		return BERTH_ENOMEM;
	changes_free(display->changes);
	display->changes = changes;
	closing_forget(display);
	display->view.n = display->n_rows = 0;
	display->selected = display->first = 0;
	display->following = false;
	display->old_look = look_free(display->old_look);
	return 0;
}

/* The rows there are borrow from the look that is replaced, or from the one before that when that brought none. */
static void replace_look(struct display *display, struct look *look)
{
	if (display->old_look || !display->has_looked || display->n_rows == 0)
		look_free(display->look);
	else
		display->old_look = display->look;
	display->look = look;
}

bool screen_look_renew(struct display *display, bool forget)
{
	struct look_query query = display->watch->query;
	struct look *look = NULL;

	query.filter = display->filter;
	query.which = display->which;
	query.numeric = display->numeric;
	query.needs = needs_of(display);
	query.names_stream = false;
	query.warn = on_warn;
	query.warn_user = display;
	int r = look_new(&query, &look);
	if (r == 0 && (forget || !display->changes))
		r = changes_renew(display);
	if (r < 0) {
		look_free(look);
		screen_message(display, "%s", berth_error_text(r));
		display->error = display->look ? 0 : r;
		return false;
	}
	replace_look(display, look);
	screen_look(display);
	return true;
}

void screen_look_close(struct display *display)
{
	closing_forget(display);
	free(display->view.rows);
	netstat_rows_free(&display->picked);
	netstat_rows_free(&display->one);
	netstat_rows_free(&display->doomed);
	changes_free(display->changes);
	look_free(display->look);
	look_free(display->old_look);
	filter_free(display->own_filter);
}
