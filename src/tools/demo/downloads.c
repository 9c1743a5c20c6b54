/* The downloads: a client each, whose bytes go through a pipe to sha256sum and are never kept.
 *
 * The client is curl when the kernel is the PC, and berth's own when a berth host is. */
#include "demo.h"
#include "../tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void on_digest(void *user)
{
	struct download *d = user;

	child_wait(&d->sum);
	if (d->curl > 0) {
		d->curl_status = child_wait(&d->curl);
		d->fetched = true;
	}
	if (d->reader.text)
		snprintf(d->found, sizeof(d->found), "%.*s", SHA256_TEXT - 1, d->reader.text);
	d->done = true;
	d->ended = berth_clock_now();
	demo_advance(d->demo);
}

static void on_client_end(void *user, int error)
{
	struct download *d = user;

	d->client_error = error;
	d->fetched = true;
}

static int start_curl(struct download *d, int out)
{
	char source[16], url[96], server[BERTH_ADDRESS_TEXT];
	char *const command[] = {
		"curl",         "-q",   "--globoff",     "--silent", "--show-error", "--fail", "--noproxy", "*",
		"--local-port", source, "--speed-limit", "1",        "--speed-time", "60",     url,         NULL};

	snprintf(source, sizeof(source), "%u", d->pc_address.port);
	snprintf(url, sizeof(url), "http://%s/%s",
		 berth_socket_address_format(&d->server_address, server, sizeof(server)), d->name);
	d->curl = child_start(command, -1, out);
	return d->curl < 0 ? BERTH_EIO : 0;
}

/* Takes out. */
static int start_client(struct download *d, int out)
{
	char path[64];
	struct client_config config = {
		.host = d->demo->network.pc,
		.local = d->pc_address,
		.foreign = d->server_address,
		.path = path,
		.out = out,
		.on_end = on_client_end,
		.user = d,
	};

	snprintf(path, sizeof(path), "/%s", d->name);
	return client_new(&config, &d->client);
}

static int start(struct download *d)
{
	char *const command[] = {"sha256sum", NULL};
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return BERTH_EIO;
	d->began = berth_clock_now();
	d->sum = reader_run(&d->reader, d->demo->network.loop, command, ends[0], on_digest, d);
	close(ends[0]);
	if (d->sum < 0) {
		close(ends[1]);
		return BERTH_EIO;
	}
	if (d->demo->network.pc)
		return start_client(d, ends[1]);
	int r = start_curl(d, ends[1]);
	close(ends[1]);
	return r;
}

int downloads_start(struct demo *demo)
{
	for (unsigned i = 0; i < N_DOWNLOADS; i++) {
		int r = start(&demo->downloads[i]);
		if (r < 0)
			return tool_fail("demo", TOOL_FAILED, "download from port %u: %s",
					 demo->downloads[i].server_address.port, berth_error_text(r));
	}
	return TOOL_DONE;
}

void downloads_stop(struct demo *demo)
{
	for (unsigned i = 0; i < N_DOWNLOADS; i++) {
		struct download *d = &demo->downloads[i];
		d->client = client_free(d->client);
		child_kill(&d->curl);
		child_kill(&d->sum);
		reader_stop(&d->reader);
	}
}
