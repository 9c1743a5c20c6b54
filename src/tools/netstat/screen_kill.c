/* Ending a socket: asks first, and says why not when it cannot be done. */
#include "screen.h"

#include <berth/error.h>
#include <curses.h>
#include <string.h>

static const char *reason_not(const struct display *display, const struct netstat_row *row)
{
	if (row->host)
		return "it is a berth host's, and the kernel cannot end it";
	if (display->watch->query.read)
		return "it is of a saved snapshot";
	if (row->ns && row->ns->inode && row->ns->inode != display->own_namespace)
		return "it is in another network namespace; 'ip netns exec' or nsenter get there";
	return NULL;
}

static void say_error(struct display *display, int error)
{
	switch (error) {
	case BERTH_EPERM:
		screen_message(display, "not ended: that needs CAP_NET_ADMIN (root)");
		break;
	case BERTH_ENOENT:
		screen_message(display, "this socket is gone already");
		break;
	case BERTH_EOPNOTSUPP:
		screen_message(display, "not ended: the kernel cannot end sockets of this kind");
		break;
	default:
		screen_message(display, "not ended: %s", berth_error_text(error));
	}
}

static void answer(struct display *display, bool yes)
{
	display->page = display->before;
	if (!yes) {
		screen_message(display, "not ended");
		return;
	}
	int r = kernel_destroy(display->doomed.rows[0]);
	screen_look(display);
	if (r < 0)
		say_error(display, r);
	else
		screen_message(display, "ended");
}

static void key(struct display *display, struct screen_key key)
{
	if (!key.is_function && (key.code == 'y' || key.code == 'Y'))
		answer(display, true);
	else if (!key.is_function && (key.code == 'n' || key.code == 'N' || key.code == 'q' ||
				      key.code == SCREEN_ESCAPE || SCREEN_ENTER(key)))
		answer(display, false);
}

static void draw(struct display *display)
{
	const struct netstat_row *row = display->doomed.rows[0];
	struct screen_text local, foreign;
	int y = getmaxy(stdscr) - 1;

	(display->before == PAGE_DETAIL ? screen_detail : screen_table).draw(display);
	screen_text_cell(column_by_name("local"), row, true, &local);
	screen_text_cell(column_by_name("foreign"), row, true, &foreign);
	move(y, 0);
	clrtoeol();
	attron(A_BOLD);
	screen_print(y, 0, "End this socket? y/n  %s %.*s %.*s %s",
		     netstat_protocol_name((enum netstat_protocol)row->protocol), (int)local.n, local.bytes,
		     (int)foreign.n, foreign.bytes, netstat_state_name(row));
	attroff(A_BOLD);
}

void screen_kill_open(struct display *display, const struct netstat_row *row)
{
	const char *reason = reason_not(display, row);

	if (reason) {
		screen_message(display, "not ended: %s", reason);
		return;
	}
	netstat_rows_free(&display->doomed);
	if (changes_keep(&display->doomed, row) < 0) {
		netstat_rows_free(&display->doomed);
		screen_message(display, "out of memory");
		return;
	}
	/* It may outlive the look that it came from. */
	struct netstat_row *doomed = display->doomed.rows[0];
	doomed->owners = NULL;
	doomed->n_owners = 0;
	doomed->listener_process = NULL;
	doomed->ns = NULL;
	display->before = display->page;
	display->page = PAGE_KILL;
}

const struct screen_page_functions screen_kill = {draw, key};
