/* A TAP device of Linux as a link: what the kernel sends to the interface arrives here, and the other way round.
 *
 * Every frame has a virtio-net header before it (IFF_VNET_HDR), which carries what the kernel's network cards are told:
 * whether the transport checksum is still to be completed, and whether the frame stands for several segments. With
 * offload the kernel is told that we take such frames (TUNSETOFFLOAD), and it takes them from us; without, it completes
 * and splits them itself.
 *
 * Receiving reads into a small frame with a large one behind it, in one call: what fits the small one is handed on in
 * it, so that a small packet never pins 64 KiB; for what does not, the head is copied over into the large one, which
 * was read into behind a gap of just that size. The frame not handed on waits for the next call. Nothing blocks: a full
 * queue on the way out loses the frame, as a cable would. */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <berth/platform.h>

#include "errors.h"

#define VNET_HEADER ((int)sizeof(struct virtio_net_hdr_v1))
#define SMALL 2048
#define LARGE 66560 /* an IP packet of 65,535 bytes, its Ethernet header, and some room */
#define ETHERNET_HEADER 14
#define VLAN_TAG 4
#define WAIT_MS 2000

struct tap {
	struct berth_link link;
	const struct berth_memory *memory;
	struct berth_frame *small, *large; /* to be read into; NULL: to be made first */
	bool offload;
	bool wants_large; /* frames may be longer than SMALL */
};

/* ---- out ---- */

/* What the kernel is told about a frame. The fields are in the machine's byte order. */
static struct virtio_net_hdr_v1 header_make(const struct berth_frame_out *frame)
{
	struct virtio_net_hdr_v1 header = {.flags = 0, .gso_type = VIRTIO_NET_HDR_GSO_NONE};

	if (frame->checksum == BERTH_CHECKSUM_PARTIAL) {
		header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		header.csum_start = frame->off_transport;
		header.csum_offset = frame->off_checksum;
	}
	if (frame->segment_size) {
		const uint8_t *network = frame->header + frame->off_header + frame->off_network;
		const uint8_t *transport = frame->header + frame->off_header + frame->off_transport;

		header.gso_type = network[0] >> 4 == 6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
		if (transport[13] & 0x80)
			header.gso_type |= VIRTIO_NET_HDR_GSO_ECN; /* CWR, which the first segment alone has */
		header.gso_size = frame->segment_size;
		header.hdr_len = (uint16_t)(frame->off_transport + (transport[12] >> 4) * 4);
	}
	return header;
}

/* What the frame asks for the link can do, and its headers are where header_make looks for them. */
static bool takes(const struct tap *tap, const struct berth_frame_out *frame)
{
	if (!frame->segment_size && frame->checksum != BERTH_CHECKSUM_PARTIAL)
		return true;
	return tap->offload && (!frame->segment_size || frame->off_transport + 20u <= frame->len_header);
}

static bool tap_write(struct tap *tap, const struct berth_frame_out *frame)
{
	struct virtio_net_hdr_v1 header = header_make(frame);
	struct iovec parts[2 + BERTH_SLICES_MAX] = {{&header, sizeof(header)}};
	int n = 1;
	ssize_t written;

	if (frame->len_header)
		parts[n++] = (struct iovec){(void *)(uintptr_t)(frame->header + frame->off_header), frame->len_header};
	for (unsigned i = 0; i < frame->n_slices; i++)
		parts[n++] = (struct iovec){(void *)(uintptr_t)frame->slices[i].data, frame->slices[i].len};
	do
		written = writev(tap->link.fd, parts, n);
	while (written < 0 && errno == EINTR);
	return written >= 0;
}

static void tap_send(struct berth_link *link, const struct berth_frame_out *frames, unsigned n, berth_time now)
{
	struct tap *tap = (struct tap *)link;

	for (unsigned i = 0; i < n; i++) {
		if (!takes(tap, &frames[i]) || !tap_write(tap, &frames[i])) {
			link->counters.send_failed++;
			continue;
		}
		link->counters.sent++;
		link->counters.sent_bytes += frames[i].len;
	}
}

/* ---- in ---- */

static bool frames_ready(struct tap *tap)
{
	if (!tap->small)
		tap->small = berth_frame_new(tap->memory, SMALL);
	if (!tap->large && tap->wants_large)
		tap->large = berth_frame_new(tap->memory, LARGE);
	return tap->small && (tap->large || !tap->wants_large);
}

/* Reads one frame and its virtio header. Bytes of the frame, or -1 and errno. */
static long tap_read(struct tap *tap, struct virtio_net_hdr_v1 *header)
{
	struct iovec parts[3] = {{header, sizeof(*header)}, {tap->small->data, SMALL}};
	int n = 2;
	ssize_t got;

	if (tap->large)
		parts[n++] = (struct iovec){tap->large->data + SMALL, LARGE - SMALL};
	do
		got = readv(tap->link.fd, parts, n);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -1 : got < VNET_HEADER ? 0 : (long)got - VNET_HEADER;
}

/* The frame that `n` bytes were read into, which is no longer the tap's. */
static struct berth_frame *frame_take(struct tap *tap, uint32_t n)
{
	struct berth_frame *frame;

	if (n <= SMALL) {
		frame = tap->small;
		tap->small = NULL;
	} else {
		frame = tap->large;
		tap->large = NULL;
		memcpy(frame->data, tap->small->data, SMALL);
	}
	frame->len = n;
	return frame;
}

/* Without memory for a frame, the next one is lost: left where it is, it would wake the loop for ever. */
static void tap_lose(struct tap *tap)
{
	uint8_t scrap[64];

	if (read(tap->link.fd, scrap, sizeof(scrap)) >= 0)
		tap->link.counters.receive_failed++;
}

static struct berth_frame *tap_receive(struct berth_link *link, berth_time now)
{
	struct tap *tap = (struct tap *)link;
	struct virtio_net_hdr_v1 header;
	struct berth_frame *frame;
	long n;

	if (!frames_ready(tap)) {
		tap_lose(tap);
		return NULL;
	}
	n = tap_read(tap, &header);
	if (n <= 0)
		return NULL;
	frame = frame_take(tap, (uint32_t)n);
	if (header.flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID))
		frame->checksum = BERTH_CHECKSUM_VALID;
	if (header.gso_type != VIRTIO_NET_HDR_GSO_NONE)
		frame->segment_size = header.gso_size;
	link->counters.received++;
	link->counters.received_bytes += frame->len;
	return frame;
}

/* ---- the link ---- */

/* Only the descriptor tells of input. */
static berth_time tap_deadline(const struct berth_link *link)
{
	return BERTH_NEVER;
}

static void tap_free(struct berth_link *link)
{
	struct tap *tap = (struct tap *)link;
	const struct berth_memory *memory = tap->memory;

	if (link->fd >= 0)
		close(link->fd);
	berth_frame_unref(tap->small);
	berth_frame_unref(tap->large);
	memory->free(memory->context, tap, sizeof(*tap));
}

static const struct berth_link_operations tap_operations = {
	.send = tap_send,
	.receive = tap_receive,
	.deadline = tap_deadline,
	.free = tap_free,
};

void berth_tap_config_default(struct berth_tap_config *config)
{
	*config = (struct berth_tap_config){
		.size = sizeof(*config),
		.offload = true,
		.memory = berth_memory_libc(),
	};
}

/* A name that the kernel takes for an interface (its dev_valid_name), and no pattern such as "tap%d". */
static bool name_valid(const char *name)
{
	size_t n = strnlen(name, IFNAMSIZ);

	if (!n || n >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] == 0x7f || strchr("/:%", name[i]))
			return false;
	return true;
}

/* Sets the open device up. 0 or an error. */
static int tap_setup(struct tap *tap, const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	unsigned offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
	int size = VNET_HEADER;

	memcpy(request.ifr_name, name, strlen(name));
	if (ioctl(tap->link.fd, TUNSETIFF, &request))
		return error_from_errno(errno);
	if (ioctl(tap->link.fd, TUNSETVNETHDRSZ, &size))
		return BERTH_EIO;
	tap->offload = tap->offload && !ioctl(tap->link.fd, TUNSETOFFLOAD, offloads);
	/* A persistent device keeps what its last user set. */
	if (!tap->offload && ioctl(tap->link.fd, TUNSETOFFLOAD, 0))
		return BERTH_EIO;
	tap->link.capabilities = tap->offload ? BERTH_LINK_CHECKSUM | BERTH_LINK_SEGMENT : 0;
	return 0;
}

/* The kernel uses a device some time after it was opened: until then what it sends to it is lost, the answer to a first
 * question among it. A device that is not up is not waited for, nor any for long. 0 or an error. */
static int tap_wait(const struct tap *tap, int asker, struct ifreq *request)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	for (unsigned i = 0; i < WAIT_MS; i++) {
		if (ioctl(asker, SIOCGIFFLAGS, request))
			return error_from_errno(errno);
		if (!(request->ifr_flags & IFF_UP) || request->ifr_flags & IFF_RUNNING)
			break;
		nanosleep(&pause, NULL);
	}
	/* Answered only when the kernel has done with what it had begun. */
	return ioctl(tap->link.fd, TUNGETIFF, request) ? error_from_errno(errno) : 0;
}

static int tap_mtu(int asker, struct ifreq *request, uint32_t *out)
{
	if (ioctl(asker, SIOCGIFMTU, request))
		return error_from_errno(errno);
	if (request->ifr_mtu < 576 || request->ifr_mtu > 65535)
		return BERTH_EINVAL;
	*out = (uint32_t)request->ifr_mtu;
	return 0;
}

/* Asks the device, by any socket, for its MTU, and waits until it is in use; 0 or an error. */
static int tap_ask(struct tap *tap, const char *name)
{
	struct ifreq request = {0};
	int asker = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error;

	if (asker < 0)
		return error_from_errno(errno);
	memcpy(request.ifr_name, name, strlen(name));
	error = tap_mtu(asker, &request, &tap->link.mtu);
	if (!error)
		error = tap_wait(tap, asker, &request);
	close(asker);
	return error;
}

static int tap_open(struct tap *tap, const char *name)
{
	int error;

	tap->link.fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tap->link.fd < 0) {
		/* A device node without a driver behind it is no device either. */
		if (errno == ENXIO || errno == ENODEV)
			return BERTH_ENOENT;
		return errno == EPERM ? BERTH_EACCES : error_from_errno(errno);
	}
	error = tap_setup(tap, name);
	if (!error)
		error = tap_ask(tap, name);
	/* The MTU may be changed while the link is in use, but seldom is from below to beyond this. */
	tap->wants_large = tap->offload || tap->link.mtu + ETHERNET_HEADER + VLAN_TAG > SMALL;
	return error;
}

int berth_link_tap(const struct berth_tap_config *config, struct berth_link **out)
{
	struct tap *tap;
	int error;

	if (config->size != sizeof(*config) || !config->memory || !name_valid(config->name))
		return BERTH_EINVAL;
	tap = config->memory->alloc(config->memory->context, sizeof(*tap));
	if (!tap)
		return BERTH_ENOMEM;
	memset(tap, 0, sizeof(*tap));
	tap->memory = config->memory;
	tap->offload = config->offload;
	tap->link.operations = &tap_operations;
	tap->link.ethernet = true;
	error = tap_open(tap, config->name);
	if (error) {
		tap_free(&tap->link);
		return error;
	}
	*out = &tap->link;
	return 0;
}
