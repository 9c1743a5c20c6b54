/* Neighbours as rtnetlink tells them: messages built by hand, whole, cut short and hostile. */
#include "tables/neighbour_message.h"

#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct message {
	char bytes[512] __attribute__((aligned(8)));
	struct nlmsghdr *header;
};

static struct ndmsg *begin(struct message *message, uint8_t family, uint16_t neighbour_state)
{
	memset(message, 0, sizeof(*message));
	message->header = mnl_nlmsg_put_header(message->bytes);
	message->header->nlmsg_type = RTM_NEWNEIGH;
	struct ndmsg *neighbour = mnl_nlmsg_put_extra_header(message->header, sizeof(*neighbour));
	*neighbour = (struct ndmsg){.ndm_family = family, .ndm_ifindex = 4, .ndm_state = neighbour_state};
	return neighbour;
}

static void put_whole(struct message *message)
{
	const struct nda_cacheinfo info = {.ndm_confirmed = 1234};

	begin(message, AF_INET6, NUD_STALE)->ndm_flags = NTF_ROUTER;
	mnl_attr_put(message->header, NDA_DST, 16, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
	mnl_attr_put(message->header, NDA_LLADDR, 6, "\x02\xfc\0\0\0\1");
	mnl_attr_put(message->header, NDA_CACHEINFO, sizeof(info), &info);
}

static void test_whole(void **state)
{
	char text[BERTH_ADDRESS_TEXT];
	struct neighbour found;
	struct message message;

	put_whole(&message);
	assert_true(neighbour_message(message.header, &found));
	assert_string_equal(berth_address_format(&found.address, text, sizeof(text)), "fe80::1");
	assert_int_equal(found.interface, 4);
	assert_int_equal(found.state, NUD_STALE);
	assert_int_equal(found.flags, NTF_ROUTER);
	assert_int_equal(found.n_station, 6);
	assert_memory_equal(found.station, "\x02\xfc\0\0\0\1", 6);
	assert_true(found.ns_since == UINT64_C(12340000000));
}

/* Of one that did not answer nothing is known, not even since when. */
static void test_unanswered(void **state)
{
	const struct nda_cacheinfo info = {.ndm_confirmed = 1234};
	struct neighbour found;
	struct message message;

	begin(&message, AF_INET, NUD_FAILED);
	mnl_attr_put(message.header, NDA_DST, 4, "\xc0\0\2\1");
	mnl_attr_put(message.header, NDA_CACHEINFO, sizeof(info), &info);
	assert_true(neighbour_message(message.header, &found));
	assert_int_equal(found.n_station, 0);
	assert_true(found.ns_since == UINT64_MAX);
}

static void test_long_station(void **state)
{
	static const char bytes[64];
	struct neighbour found;
	struct message message;

	begin(&message, AF_INET, NUD_REACHABLE);
	mnl_attr_put(message.header, NDA_DST, 4, "\xc0\0\2\1");
	mnl_attr_put(message.header, NDA_LLADDR, sizeof(bytes), bytes);
	assert_true(neighbour_message(message.header, &found));
	assert_int_equal(found.n_station, sizeof(found.station));
}

static void test_what_is_no_neighbour(void **state)
{
	struct neighbour found = {.interface = 77};
	struct message message;

	begin(&message, AF_INET, NUD_STALE);
	assert_false(neighbour_message(message.header, &found));
	mnl_attr_put(message.header, NDA_DST, 16, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
	assert_false(neighbour_message(message.header, &found));
	begin(&message, AF_BRIDGE, NUD_STALE);
	mnl_attr_put(message.header, NDA_DST, 4, "\xc0\0\2\1");
	assert_false(neighbour_message(message.header, &found));
	begin(&message, AF_INET, NUD_STALE)->ndm_ifindex = -1;
	mnl_attr_put(message.header, NDA_DST, 4, "\xc0\0\2\1");
	assert_false(neighbour_message(message.header, &found));
	put_whole(&message);
	message.header->nlmsg_type = RTM_DELNEIGH;
	assert_false(neighbour_message(message.header, &found));
	assert_int_equal(found.interface, 77);
}

/* Cut at every length, in memory that ends there, so that a sanitizer sees a byte read too far. */
static void test_cut_short(void **state)
{
	struct message message;

	put_whole(&message);
	for (uint32_t n = MNL_NLMSG_HDRLEN; n < message.header->nlmsg_len; n++) {
		struct nlmsghdr *cut = malloc(n);
		struct neighbour found;
		assert_non_null(cut);
		memcpy(cut, message.bytes, n);
		cut->nlmsg_len = n;
		if (neighbour_message(cut, &found))
			assert_int_equal(found.address.bytes[0], 0xfe);
		free(cut);
	}
}

static void test_states(void **state)
{
	assert_string_equal(neighbour_state_name(NUD_REACHABLE), "REACHABLE");
	assert_string_equal(neighbour_state_name(NUD_PERMANENT), "PERMANENT");
	assert_string_equal(neighbour_state_name(NUD_NONE), "NONE");
	assert_string_equal(neighbour_state_name(UINT16_MAX), "NONE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),        cmocka_unit_test(test_unanswered),
		cmocka_unit_test(test_long_station), cmocka_unit_test(test_what_is_no_neighbour),
		cmocka_unit_test(test_cut_short),    cmocka_unit_test(test_states),
	};

	return cmocka_run_group_tests_name("netstat_neighbour_message", tests, NULL, NULL);
}
