/* Packet capture: a link that writes every frame, either way, to a pcap file through libpcap.
 *
 * Frames are taken as they would be on a cable (berth_link_cable on the way in, no capabilities on the way out), so
 * that every checksum in the file is whole. Times are of day, in nanoseconds, read for each frame. The file is written
 * through to the system whenever the link has nothing to receive, so that what is quiet is also on the disk. When
 * writing fails the capture ends with what it has, and the frames go on. */
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <berth/platform.h>

#include "errors.h"

#define FRAME_MAX 65600

struct capture {
	struct berth_link link;
	struct berth_link *inner;
	pcap_t *pcap;
	pcap_dumper_t *dumper; /* NULL: the file has failed */
	bool unwritten;        /* frames since the last flush */
	int error;
	uint8_t bytes[FRAME_MAX]; /* where a gather list is put together */
};

/* Ends the capture with the cause in `number`, an errno. */
static void capture_fail(struct capture *capture, int number)
{
	capture->error = error_from_errno(number);
	pcap_dump_close(capture->dumper);
	capture->dumper = NULL;
}

static void capture_flush(struct capture *capture)
{
	if (!capture->dumper || !capture->unwritten)
		return;
	capture->unwritten = false;
	if (pcap_dump_flush(capture->dumper))
		capture_fail(capture, errno);
}

static void capture_write(struct capture *capture, const uint8_t *data, uint32_t len)
{
	struct pcap_pkthdr header = {.caplen = len < FRAME_MAX ? len : FRAME_MAX, .len = len};
	struct timespec now;

	if (!capture->dumper)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	/* The file's times are in nanoseconds, and so is the member that is named for microseconds. */
	header.ts.tv_sec = now.tv_sec;
	header.ts.tv_usec = now.tv_nsec;
	errno = 0;
	pcap_dump((u_char *)capture->dumper, &header, data);
	capture->unwritten = true;
	if (ferror(pcap_dump_file(capture->dumper)))
		capture_fail(capture, errno);
}

static void capture_out(struct capture *capture, const struct berth_frame_out *frame)
{
	if (frame->len > FRAME_MAX)
		return;
	berth_frame_gather(frame, capture->bytes);
	capture_write(capture, capture->bytes, frame->len);
}

/* Hands on a run of frames, after they are written. */
static void capture_pass(struct capture *capture, const struct berth_frame_out *frames, unsigned n, berth_time now)
{
	for (unsigned i = 0; i < n; i++) {
		capture_out(capture, &frames[i]);
		capture->link.counters.sent++;
		capture->link.counters.sent_bytes += frames[i].len;
	}
	berth_link_send(capture->inner, frames, n, now);
}

static bool is_whole(const struct berth_frame_out *frame)
{
	return frame->checksum != BERTH_CHECKSUM_PARTIAL && !frame->segment_size;
}

static void capture_send(struct berth_link *link, const struct berth_frame_out *frames, unsigned n, berth_time now)
{
	struct capture *capture = (struct capture *)link;

	for (unsigned first = 0, end; first < n; first = end) {
		bool whole = is_whole(&frames[first]);

		for (end = first + 1; end < n && is_whole(&frames[end]) == whole; end++)
			;
		if (whole)
			capture_pass(capture, frames + first, end - first, now);
		else
			link->counters.send_failed += end - first;
	}
}

static struct berth_frame *capture_receive(struct berth_link *link, berth_time now)
{
	struct capture *capture = (struct capture *)link;
	struct berth_frame *frame = berth_link_receive(capture->inner, now);

	if (!frame) {
		capture_flush(capture);
		return NULL;
	}
	capture_write(capture, frame->data, frame->len);
	link->counters.received++;
	link->counters.received_bytes += frame->len;
	return frame;
}

static berth_time capture_deadline(const struct berth_link *link)
{
	return berth_link_deadline(((const struct capture *)link)->inner);
}

static void capture_free(struct berth_link *link)
{
	struct capture *capture = (struct capture *)link;

	if (capture->dumper)
		pcap_dump_close(capture->dumper);
	if (capture->pcap)
		pcap_close(capture->pcap);
	berth_link_free(capture->inner);
	free(capture);
}

static const struct berth_link_operations capture_operations = {
	.send = capture_send,
	.receive = capture_receive,
	.deadline = capture_deadline,
	.free = capture_free,
};

/* Opens the file and writes its header through to the system. 0 or an error. */
static int capture_open(struct capture *capture, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");

	if (!file) {
		int error = error_from_errno(errno);

		if (fd >= 0)
			close(fd);
		return error;
	}
	capture->pcap = pcap_open_dead_with_tstamp_precision(capture->link.ethernet ? DLT_EN10MB : DLT_RAW, FRAME_MAX,
							     PCAP_TSTAMP_PRECISION_NANO);
	capture->dumper = capture->pcap ? pcap_dump_fopen(capture->pcap, file) : NULL;
	if (!capture->dumper) {
		fclose(file);
		return BERTH_ENOMEM;
	}
	return pcap_dump_flush(capture->dumper) ? error_from_errno(errno) : 0;
}

int berth_link_capture(struct berth_link *inner, const char *path, struct berth_link **out)
{
	struct capture *capture;
	int error = berth_link_cable(inner, berth_memory_libc(), &inner);

	if (error)
		return error;
	capture = calloc(1, sizeof(*capture));
	if (!capture) {
		berth_link_free(inner);
		return BERTH_ENOMEM;
	}
	capture->link.operations = &capture_operations;
	capture->link.mtu = inner->mtu;
	capture->link.fd = inner->fd;
	capture->link.ethernet = inner->ethernet;
	capture->inner = inner;
	error = capture_open(capture, path);
	if (error) {
		capture_free(&capture->link);
		return error;
	}
	*out = &capture->link;
	return 0;
}

int berth_link_capture_error(const struct berth_link *capture)
{
	if (capture->operations != &capture_operations)
		return BERTH_EINVAL;
	return ((const struct capture *)capture)->error;
}
