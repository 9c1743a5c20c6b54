/* Frames: the counted frame in, and turning a frame out into one. */
#include <assert.h>
#include <string.h>

#include <berth/frame.h>

struct berth_frame *berth_frame_new(const struct berth_memory *memory, uint32_t capacity)
{
	struct berth_frame *frame = memory->alloc(memory->context, sizeof(*frame) + capacity);

	if (!frame)
		return NULL;
	*frame = (struct berth_frame){
		.data = frame->storage,
		.capacity = capacity,
		.n_refs = 1,
		.memory = memory,
	};
	return frame;
}

struct berth_frame *berth_frame_ref(struct berth_frame *frame)
{
	assert(frame->n_refs > 0);
	frame->n_refs++;
	return frame;
}

struct berth_frame *berth_frame_unref(struct berth_frame *frame)
{
	if (!frame)
		return NULL;
	assert(frame->n_refs > 0);
	if (--frame->n_refs == 0)
		frame->memory->free(frame->memory->context, frame, sizeof(*frame) + frame->capacity);
	return NULL;
}

void berth_frame_gather(const struct berth_frame_out *frame, uint8_t *to)
{
	memcpy(to, frame->header + frame->off_header, frame->len_header);
	to += frame->len_header;
	for (unsigned i = 0; i < frame->n_slices; i++) {
		memcpy(to, frame->slices[i].data, frame->slices[i].len);
		to += frame->slices[i].len;
	}
}

/* A checksum that was left to the link never crossed a wire that could break it: the receiver need not look (and, as
 * only the pseudo-header's sum is in place, must not). */
struct berth_frame *berth_frame_copy(const struct berth_frame_out *frame, const struct berth_memory *memory)
{
	struct berth_frame *copy = berth_frame_new(memory, frame->len);

	if (!copy)
		return NULL;
	berth_frame_gather(frame, copy->data);
	copy->len = frame->len;
	copy->segment_size = frame->segment_size;
	copy->checksum = frame->checksum == BERTH_CHECKSUM_PARTIAL ? BERTH_CHECKSUM_VALID : BERTH_CHECKSUM_FULL;
	return copy;
}

/* The bytes go out as they are: where the headers lie is not known here, so no work can be left to the link. */
void berth_frame_borrow(const struct berth_frame *frame, struct berth_frame_out *out)
{
	*out = (struct berth_frame_out){
		.len = frame->len,
		.n_slices = 1,
		.checksum = BERTH_CHECKSUM_FULL,
	};
	out->slices[0] = (struct berth_slice){.data = frame->data, .len = frame->len};
}
