/* Addresses out of DNS answers: any bytes give an answer or an error, and no more than there is room for. */
#include <string.h>

#include <berth/error.h>

#include "dns_answer.h"
#include "fuzz.h"

#define KEPT 4

static void check(const uint8_t *data, size_t n, enum berth_family family)
{
	struct berth_address out[KEPT + 1], again[1];
	int r;

	memset(out, 0xa5, sizeof(out));
	r = dns_answer_addresses(data, n, family, out, KEPT);
	CHECK(r == BERTH_EPROTO || (r >= 0 && r <= KEPT));
	for (int i = 0; i < r; i++) {
		CHECK(out[i].family == family && out[i].scope == 0);
		CHECK(n >= 12 + 1 + 4 + 11 + (family == BERTH_IP4 ? 4 : 16));
	}
	CHECK(out[KEPT].family == 0xa5);
	/* The first are kept. */
	CHECK(dns_answer_addresses(data, n, family, again, 1) == (r > 1 ? 1 : r));
	CHECK(r < 1 || berth_address_equal(&again[0], &out[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	check(data, n, BERTH_IP4);
	check(data, n, BERTH_IP6);
	return 0;
}
