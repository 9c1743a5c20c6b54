/* Lists on a screen that may be longer than it: keys that move in them, and which part of them is shown. */
#include "screen.h"

#include <curses.h>

bool screen_list_key(struct screen_key key, size_t n, size_t room, size_t *selected)
{
	size_t last = n ? n - 1 : 0, at = *selected, page = room > 1 ? room - 1 : 1;

	if (!key.is_function)
		return false;
	switch (key.code) {
	case KEY_UP:
		at -= at > 0;
		break;
	case KEY_DOWN:
		at += at < last;
		break;
	case KEY_PPAGE:
		at -= at < page ? at : page;
		break;
	case KEY_NPAGE:
		at = last - at < page ? last : at + page;
		break;
	case KEY_HOME:
		at = 0;
		break;
	case KEY_END:
		at = last;
		break;
	default:
		return false;
	}
	*selected = at;
	return true;
}

void screen_list_scroll(size_t n, size_t room, size_t selected, size_t *first)
{
	if (selected < *first)
		*first = selected;
	if (room && selected >= *first + room)
		*first = selected - room + 1;
	if (*first && n - *first < room)
		*first = n > room ? n - room : 0;
}
