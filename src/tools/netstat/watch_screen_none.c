/* Built without ncurses: there is no full screen. */
#include "tool.h"
#include "watch.h"

int watch_screen(const struct watch *watch)
{
	return tool_fail("netstat", TOOL_FAILED,
			 "this berth was built without ncurses, so that --watch has no full screen; 'berth netstat "
			 "--watch | cat' prints events, and -c repeats the list");
}
