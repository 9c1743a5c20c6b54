/* The real world: clock, entropy, TAP devices, packet files, the event loop, the control socket.
 *
 * Everything here makes system calls; nothing in the core does. Errors are those of error.h; where a call of the system
 * failed, its errno is the cause. */
#ifndef BERTH_PLATFORM_H
#define BERTH_PLATFORM_H

#include "link.h"
#include "snapshot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The monotonic clock. */
berth_time berth_clock_now(void);

/* Fills out[n] with unguessable bytes. 0, or BERTH_EIO when the system has none to give. */
int berth_random(void *out, size_t n);

/* Defaults, a random secret and seed, and the memory of libc: what berth_host_new wants for a host in the real world.
 * 0, or BERTH_EIO. */
int berth_host_config_real(struct berth_host_config *config);

/* ---- TAP ---- */

struct berth_tap_config {
	size_t size;
	char name[BERTH_INTERFACE_NAME_MAX]; /* the device; made when it does not exist and the caller may */
	bool offload;                        /* use the kernel's checksum and segmentation offload where it has it */
	const struct berth_memory *memory;
};
void berth_tap_config_default(struct berth_tap_config *config); /* no name, offload, libc */

/* Opens a TAP device as a link. Its MTU is the device's. 0, or BERTH_ENOENT (no /dev/net/tun), BERTH_EACCES (it may not
 * be opened), BERTH_EPERM (the device does not exist and the caller may not make it, or it is another user's),
 * BERTH_EBUSY (in use), BERTH_EINVAL (the name is no interface name, or the device is not a TAP), BERTH_ENOMEM,
 * BERTH_EIO. */
int berth_link_tap(const struct berth_tap_config *config, struct berth_link **out);

/* ---- packet capture ---- */

/* Puts a capture around `inner`, which it takes (also on failure): every frame either way goes to a pcap file, with
 * nanosecond times of day. It has no capabilities, so that the file holds what a cable would. 0, or BERTH_EACCES,
 * BERTH_ENOENT, BERTH_ENOSPC, BERTH_EIO (the file), BERTH_EPROTONOSUPPORT (built without libpcap), BERTH_ENOMEM. When
 * the file fails later, the capture ends, the link goes on, and berth_link_capture_error tells. */
int berth_link_capture(struct berth_link *inner, const char *path, struct berth_link **out);

/* 0 while the capture's file is whole, else why it is not; BERTH_EINVAL when the link is no capture. */
int berth_link_capture_error(const struct berth_link *capture);

/* ---- event loop ---- */

struct berth_loop;

/* A loop on epoll. NULL when the system gives none. */
struct berth_loop *berth_loop_new(void);
/* Frees the loop, not what was added to it. Accepts NULL, returns NULL. */
struct berth_loop *berth_loop_free(struct berth_loop *loop);

/* What takes the events of a socket. Where a program is made of parts that do not know each other, each has one of
 * these as the first member of its own struct, and as the user pointer of its socket (berth_set_user). `ready` is what
 * is true now. The function may close the socket and free the struct. */
struct berth_loop_socket {
	void (*on_ready)(struct berth_loop_socket *socket, unsigned ready);
};

/* The loop moves frames between the host's interface and the link, runs the host's deadlines, and hands its events to
 * on_event (once for a host: the first attach of a host sets it). Both are borrowed until detached. on_event NULL: each
 * event goes to the struct berth_loop_socket that is the socket's user pointer, and nowhere when there is none. 0 or
 * BERTH_ENOMEM, BERTH_EIO. */
typedef void berth_loop_event(void *user, struct berth_host *host, const struct berth_event *event);
int berth_loop_attach(struct berth_loop *loop, struct berth_host *host, int interface, struct berth_link *link,
		      berth_loop_event *on_event, void *user);
/* What on_event NULL does, for an on_event that takes some events itself. The user pointer of the rest is NULL or a
 * struct berth_loop_socket. */
void berth_loop_dispatch(const struct berth_event *event);
void berth_loop_detach(struct berth_loop *loop, struct berth_host *host);

/* Watches one of the system's descriptors: on_ready(user, ready) with BERTH_READABLE, BERTH_WRITABLE, BERTH_HANGUP.
 * `wanted` 0 keeps it but waits for hang-up only. The same fd again changes what is wanted. 0, or BERTH_EPERM (a plain
 * file: always ready, so not watchable), BERTH_ENOMEM, BERTH_EIO. */
typedef void berth_loop_ready(void *user, unsigned ready);
int berth_loop_watch(struct berth_loop *loop, int fd, unsigned wanted, berth_loop_ready *on_ready, void *user);
void berth_loop_unwatch(struct berth_loop *loop, int fd);

/* Calls on_time(user) once, at `at` or just after. A second call with the same on_time and user moves it; BERTH_NEVER
 * takes it away. 0 or BERTH_ENOMEM. */
typedef void berth_loop_time(void *user);
int berth_loop_at(struct berth_loop *loop, berth_time at, berth_loop_time *on_time, void *user);

/* Runs until berth_loop_stop. 0, or BERTH_EIO when the system's wait failed. */
int berth_loop_run(struct berth_loop *loop);
/* One round: waits at most until `until`. 0 or BERTH_EIO. */
int berth_loop_once(struct berth_loop *loop, berth_time until);
/* Lets berth_loop_run return; may be called from a callback. */
void berth_loop_stop(struct berth_loop *loop);
/* The round's time: one reading of the clock serves all of it. */
berth_time berth_loop_now(const struct berth_loop *loop);

/* ---- control socket ---- */

/* The directory of control sockets: $XDG_RUNTIME_DIR/berth, /run/berth for root, else /tmp/berth-UID. Writes it into
 * out[n]; returns 0, or BERTH_EOVERFLOW. */
int berth_control_directory(char *out, size_t n);

/* Publishes the host under its name: whoever connects to DIRECTORY/NAME.PID.sock is sent a snapshot and the end. The
 * directory is made with mode 0700, must be the caller's own, and the socket is mode 0600. Served by the loop. 0 and
 * *out, or BERTH_EACCES, BERTH_EADDRINUSE, BERTH_EOVERFLOW (path too long), BERTH_EIO, BERTH_ENOMEM. */
struct berth_control;
int berth_control_new(struct berth_loop *loop, struct berth_host *host, struct berth_control **out);
/* Removes the socket. Accepts NULL, returns NULL. Before the host and the loop are freed. */
struct berth_control *berth_control_free(struct berth_control *control);

/* Reads the snapshots of all hosts that publish in `directory` (a path of berth_control_directory), one after the other
 * in the order of their names, and hands each item of them to on_item: `path` is the socket's, `kind` that of
 * berth_snapshot_parse and *item what goes with it, both borrowed for the call. What went wrong with one host is `kind`
 * as a negative error and item NULL, and the next host follows: BERTH_ETIMEDOUT (it sent nothing for a second),
 * BERTH_EPROTO (it sent no snapshot), BERTH_EPROTONOSUPPORT (of another version), BERTH_ECONNRESET (the snapshot was
 * cut short), BERTH_EACCES (the socket is not the caller's own), and those of the system. A socket that a dead process
 * left is skipped. How many hosts were read to their end; no directory is no hosts. BERTH_EACCES when the directory is
 * not the caller's own or others may enter it, BERTH_EIO, BERTH_ENOMEM. */
typedef void berth_control_item(void *user, const char *path, int kind, const struct berth_snapshot_item *item);
int berth_control_read(const char *directory, berth_control_item *on_item, void *user);

#ifdef __cplusplus
}
#endif
#endif
