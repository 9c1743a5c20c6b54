/* Splitting and completing, both ways, of frames that are anything: nothing is read beyond a frame's end, and what
 * comes out is whole. The first eight bytes say what the frame claims to be, the rest is the frame. */
#include <string.h>

#include <berth/link.h>

#include "bytes.h"
#include "fuzz.h"

static void drain(struct berth_link *link, bool whole)
{
	struct berth_frame *frame;

	while ((frame = berth_link_receive(link, 0))) {
		CHECK(!whole || (frame->checksum == BERTH_CHECKSUM_FULL && !frame->segment_size));
		berth_frame_unref(frame);
	}
}

static void run(const struct berth_frame_out *frame, bool ethernet, unsigned capabilities)
{
	struct berth_memory_pair_config config;
	struct berth_link *a, *b;

	berth_memory_pair_config_default(&config);
	config.ethernet = ethernet;
	config.capabilities = capabilities;
	config.queue_max = 100000;
	CHECK(berth_link_memory_pair(&config, &a, &b) == 0);
	CHECK(berth_link_offload(a, berth_memory_libc(), &a) == 0);
	CHECK(berth_link_cable(b, berth_memory_libc(), &b) == 0);
	berth_link_send(a, frame, 1, 0);
	drain(b, true);
	berth_link_free(b);
	berth_link_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct berth_frame_out out = {.n_slices = 2};
	uint32_t len, len_header;

	if (n < 8 || n > 65535)
		return 0;
	len = (uint32_t)n - 8;
	len_header = data[6] % (BERTH_HEADER_MAX + 1);
	if (len_header > len)
		len_header = len;
	out.len = len;
	out.len_header = (uint8_t)len_header;
	out.off_network = data[0];
	out.off_transport = data[1];
	out.off_checksum = data[2];
	out.checksum = data[3] & 1 ? BERTH_CHECKSUM_PARTIAL : BERTH_CHECKSUM_FULL;
	out.segment_size = get_be16(data + 4);
	memcpy(out.header, data + 8, len_header);
	out.slices[0] = (struct berth_slice){data + 8 + len_header, (len - len_header) / 2};
	out.slices[1] =
		(struct berth_slice){data + 8 + len_header + out.slices[0].len, len - len_header - out.slices[0].len};
	for (unsigned capabilities = 0; capabilities < 4; capabilities++)
		run(&out, data[7] & 1, capabilities);
	return 0;
}
