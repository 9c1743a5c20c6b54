/* The demo as a whole: what runs, and how it went. */
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H

#include "client.h"
#include "datagrams.h"
#include "echo.h"
#include "http.h"
#include "network.h"
#include "../signals.h"

#include <stdio.h>

#define N_DOWNLOADS 2
#define SHA256_TEXT 65

struct demo;

/* A file, the service that it is fetched from, and how that goes. */
struct download {
	struct demo *demo;
	const char *name; /* of the file */
	uint64_t size;
	struct berth_socket_address pc_address, server_address;
	char expected[SHA256_TEXT], found[SHA256_TEXT];
	struct http_server *server;
	pid_t curl, sum;       /* the programs that fetch and digest it */
	struct client *client; /* what fetches it when the PC is a berth host */
	struct reader reader;  /* of sum's output */
	int curl_status, client_error;
	bool fetched, done; /* the client has ended; the digest is there, too */
	uint64_t n_bytes;   /* that the PC has acknowledged, for progress */
	berth_time began, ended;
};

/* What is shown while it runs: several pieces, one after the other. */
struct views {
	unsigned i_next;
	bool running, done;
	pid_t pid;
	struct reader reader;
};

struct demo {
	struct network_config config;
	struct network network;
	struct signals signals;
	char directory[128]; /* of the files; "": none */
	struct download downloads[N_DOWNLOADS];
	struct datagrams datagrams;
	struct echo_server *echo;
	struct views views;
	bool progress;     /* standard error is a terminal */
	size_t n_progress; /* characters of the line there */
	bool unheard;      /* standard output is gone */
	berth_time began, ended;
};

/* files.c: makes the files and their digests in a new directory. 0, or an exit status and the error line is written. */
int files_make(struct demo *demo);
void files_remove(struct demo *demo);

/* downloads.c: begins all downloads. As above. */
int downloads_start(struct demo *demo);
void downloads_stop(struct demo *demo);

/* views.c: begins to show netstat and the other side's view. */
void views_start(struct demo *demo);
void views_stop(struct demo *demo);

/* report.c: the line of progress; what the demo is; how it went, and the exit status that follows. */
void report_progress(struct demo *demo);
void report_progress_end(struct demo *demo);
void report_begin(const struct demo *demo);
int report_end(struct demo *demo);

/* demo.c: something has ended. */
void demo_advance(struct demo *demo);

#endif
