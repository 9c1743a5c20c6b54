/* The address parsers on any text: what one accepts, it writes and reads again as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <berth/address.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			abort();                                                                                       \
	} while (0)

static void check_address(const char *text)
{
	struct berth_address a, again;
	char written[BERTH_ADDRESS_TEXT];

	if (berth_address_parse(text, &a))
		return;
	berth_address_format(&a, written, sizeof(written));
	CHECK(berth_address_parse(written, &again) == 0);
	CHECK(berth_address_equal(&a, &again));
}

static void check_prefix(const char *text)
{
	struct berth_address a;
	unsigned prefix;

	if (berth_prefix_parse(text, &a, &prefix))
		return;
	CHECK(prefix <= (a.family == BERTH_IP4 ? 32u : 128u));
	CHECK(berth_address_in_prefix(&a, &a, prefix));
}

static void check_socket_address(const char *text)
{
	struct berth_socket_address a, again;
	char written[BERTH_ADDRESS_TEXT];

	if (berth_socket_address_parse(text, &a))
		return;
	berth_socket_address_format(&a, written, sizeof(written));
	CHECK(berth_socket_address_parse(written, &again) == 0);
	CHECK(berth_address_equal(&a.address, &again.address) && a.port == again.port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1);

	if (!text)
		abort();
	memcpy(text, data, n);
	text[n] = 0;
	check_address(text);
	check_prefix(text);
	check_socket_address(text);
	free(text);
	return 0;
}
