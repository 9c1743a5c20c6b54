/* What the demo shows while it runs: `berth netstat` of the server, with names and with numbers, and of the PC, which
 * is another berth host or the machine's kernel.
 *
 * netstat is a process of its own that asks the demo's hosts through their control sockets, so the loop runs on
 * meanwhile. */
#include "demo.h"

#include <string.h>

struct view {
	const char *title;
	char *arguments[4]; /* of netstat */
};

static const struct view server_names = {"The server, berth: berth netstat -a", {"-a", "--host", DEMO_SERVER_NAME}};
static const struct view server_numbers = {"The server, berth: berth netstat -an", {"-an", "--host", DEMO_SERVER_NAME}};
static const struct view pc_berth = {"The PC, another berth host: berth netstat -n", {"-n", "--host", DEMO_PC_NAME}};
static const struct view pc_kernel = {"The PC, the kernel: berth netstat -tun --kernel", {"-tun", "--kernel"}};

static const struct view *view_of(const struct demo *demo, unsigned i)
{
	const struct view *const views[] = {&server_names, &server_numbers, demo->network.pc ? &pc_berth : &pc_kernel};

	return i < sizeof(views) / sizeof(views[0]) ? views[i] : NULL;
}

static void show_next(struct demo *demo);

static void on_end(void *user)
{
	struct demo *demo = user;
	struct views *views = &demo->views;

	child_wait(&views->pid);
	report_progress_end(demo);
	printf("\n%s\n%s", view_of(demo, views->i_next)->title, views->reader.text ? views->reader.text : "");
	fflush(stdout);
	reader_stop(&views->reader);
	views->i_next++;
	show_next(demo);
}

static void end(struct demo *demo)
{
	putchar('\n');
	fflush(stdout);
	demo->views.running = false;
	demo->views.done = true;
	demo_advance(demo);
}

static void show_next(struct demo *demo)
{
	const struct view *view = view_of(demo, demo->views.i_next);

	if (!view) {
		end(demo);
		return;
	}
	char *const *arguments = view->arguments;
	char *const command[] = {"/proc/self/exe", "netstat", arguments[0], arguments[1], arguments[2], NULL};
	demo->views.pid = reader_run(&demo->views.reader, demo->network.loop, command, -1, on_end, demo);
	if (demo->views.pid < 0)
		end(demo);
}

void views_start(struct demo *demo)
{
	demo->views.running = true;
	show_next(demo);
}

void views_stop(struct demo *demo)
{
	child_kill(&demo->views.pid);
	reader_stop(&demo->views.reader);
}
