/* The options of a host, one a line, the first byte saying which: what is taken keeps to the limits, what is refused
 * changes nothing and says why. */
#include <string.h>

#include "host_options.h"

#include "fuzz.h"

static void check_address(const struct berth_address *a)
{
	CHECK(a->family == BERTH_IP4 || a->family == BERTH_IP6);
	CHECK(!berth_address_is_any(a) && !berth_address_is_multicast(a) && !berth_address_is_loopback(a));
	CHECK(a->scope ==
	      (a->family == BERTH_IP6 && a->bytes[0] == 0xfe && a->bytes[1] >> 6 == 2 ? HOST_INTERFACE : 0));
}

static void check(const struct host_options *options)
{
	CHECK(options->n_addresses <= HOST_ADDRESSES_MAX && options->n_dns <= HOST_DNS_MAX);
	for (unsigned i = 0; i < options->n_addresses; i++) {
		check_address(&options->addresses[i].address);
		CHECK(options->addresses[i].prefix <= (options->addresses[i].address.family == BERTH_IP4 ? 32 : 128));
	}
	for (unsigned i = 0; i < options->n_dns; i++)
		check_address(&options->dns[i]);
	CHECK(options->gateway4.family == BERTH_IP4 || !options->gateway4.family);
	CHECK(options->gateway6.family == BERTH_IP6 || !options->gateway6.family);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct host_options options = {0}, before;
	char *text = malloc(n + 1), *line = text, *end;

	CHECK(text);
	memcpy(text, data, n);
	text[n] = '\0';
	for (; line; line = end) {
		char why[HOST_OPTION_WHY] = "";
		int c = HOST_OPTION_LINK + ((line[0] & 7) | (line[0] & 16) >> 1);

		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		before = options;
		int r = host_option_parse(&options, c, line[0] ? line + 1 : line, why);
		CHECK(r == 0 || r == -1 || (r == BERTH_EINVAL && why[0]));
		CHECK(r == 0 || memcmp(&before, &options, sizeof(options)) == 0);
		check(&options);
	}
	char why[HOST_OPTION_WHY] = "";
	CHECK((host_options_validate(&options, why) == 0) == !why[0]);
	free(text);
	return 0;
}
