/* The text of an impaired wire: what is taken is in its ranges and makes a wire that works; what is refused says where
 * and why. */
#include <string.h>

#include <berth/link.h>

#include "fuzz.h"

static void check_direction(const struct berth_wire_direction *d)
{
	const double chances[] = {d->loss, d->reorder, d->duplicate, d->corrupt, d->late};

	for (size_t i = 0; i < 5; i++)
		CHECK(chances[i] >= 0 && chances[i] <= 1);
	CHECK(d->delay <= UINT64_C(3600000000000) && d->jitter <= UINT64_C(3600000000000));
	CHECK(d->lateness <= UINT64_C(3600000000000));
	CHECK(d->queue_max <= 1000000 && d->ecn <= 1000000 && d->burst <= 1000000);
	CHECK(d->queue_bytes <= 1000000000 && d->mtu <= 1000000000);
}

/* Frames over the wire: it ends quiet, and gives no more than it was given and doubled. */
static void check_wire(const struct berth_wire_config *config)
{
	struct berth_memory_pair_config pair;
	/* An IPv4 packet that may be marked. */
	struct berth_frame_out out = {.len = 60, .len_header = 60, .header = {[12] = 8, [14] = 0x45, [15] = 2}};
	struct berth_link *a, *b;
	struct berth_frame *frame;
	berth_time now = 0;

	berth_memory_pair_config_default(&pair);
	CHECK(berth_link_memory_pair(&pair, &a, &b) == 0);
	CHECK(berth_link_wire(a, config, berth_memory_libc(), &a) == 0);
	for (unsigned i = 0; i < 8; i++) {
		berth_link_send(a, &out, 1, now += 1000);
		berth_link_send(b, &out, 1, now);
	}
	for (; berth_link_deadline(a) != BERTH_NEVER;
	     now = berth_link_deadline(a) > now ? berth_link_deadline(a) : now) {
		while ((frame = berth_link_receive(a, now)))
			berth_frame_unref(frame);
		if (berth_link_deadline(a) == BERTH_NEVER)
			break;
	}
	CHECK(a->counters.sent == 8);
	CHECK(a->counters.received + a->counters.lost_in + a->counters.lost_out + b->counters.received <=
	      16 + a->counters.duplicated);
	CHECK(a->counters.received + a->counters.lost_in >= 8);
	berth_link_free(a);
	berth_link_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *spec = malloc(n + 1);
	struct berth_wire_config config;
	const char *why = NULL;
	size_t at = SIZE_MAX;
	int error;

	CHECK(spec);
	memcpy(spec, data, n);
	spec[n] = 0;
	error = berth_wire_parse(spec, &config, &at, &why);
	if (error) {
		CHECK(error == BERTH_EINVAL && at <= strlen(spec) && why);
	} else {
		check_direction(&config.out);
		check_direction(&config.in);
		check_wire(&config);
	}
	free(spec);
	return 0;
}
