/* berth nc: what its files share. nc.c has the options and the order of things, reach.c finds the other side, pump.c
 * carries bytes between it and the standard streams. */
#ifndef NC_NC_H
#define NC_NC_H

#include "../host_setup.h"

#define NC_BUFFER 65536
/* Room for a name and an address. */
#define NC_FOREIGN_TEXT 512

struct direction {
	size_t n, off; /* buffer[off..n) is waiting */
	bool over;     /* nothing follows what is in the buffer */
	bool always;   /* the file is always ready: a plain file, which epoll does not take */
	bool watched;
	uint8_t buffer[NC_BUFFER];
};

struct nc {
	struct berth_loop_socket socket;
	struct host_options options;
	struct host_setup setup;
	bool listen, udp, verbose;
	uint8_t family;                      /* the only one wanted; 0: either */
	uint16_t port;                       /* local; 0: any */
	const char *name;                    /* to look up; NULL: the address was given */
	struct berth_resolver *resolver;     /* while that goes on */
	struct berth_socket_address foreign; /* family 0: nobody yet */
	berth_time ns_wait;                  /* 0: for ever */
	int listener, descriptor;            /* -1: none */
	bool connected, shut, finished;
	int status;
	struct direction in, out; /* from standard input, to standard output */
};

/* ---- pump.c ---- */

/* Ends the conversation with this exit status: the loop stops. */
void nc_finish(struct nc *nc, int status);

/* Who the other side is, in out[n]. Returns out. */
const char *nc_foreign_text(const struct nc *nc, char *out, size_t n);

/* Ends it with an error line about the other side. */
void nc_fail(struct nc *nc, int error);

/* Something moved: the clock of -w begins anew. */
void nc_touch(struct nc *nc);

/* The other side is there: nc->descriptor is connected to nc->foreign. */
void nc_begin(struct nc *nc);

/* Moves what can be moved. */
void nc_pump(struct nc *nc);

/* Takes the loop's watches away. */
void nc_stop(struct nc *nc);

/* ---- reach.c ---- */

/* What may be looked up: no address that is misspelt, no blanks. */
bool nc_is_name(const char *text);

/* Begins to look for the other side. TOOL_DONE, or another status and the error line is written. */
int nc_reach(struct nc *nc);

/* Gives up what is still looked for. */
void nc_reach_end(struct nc *nc);

#endif
