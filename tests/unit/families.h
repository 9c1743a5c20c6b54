/* Tests that run once for each family. */
#ifndef TESTS_FAMILIES_H
#define TESTS_FAMILIES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <berth/address.h>

static const uint8_t family_ip4 = BERTH_IP4, family_ip6 = BERTH_IP6;

/* The family, from the state that a test is given. */
static inline uint8_t family_of(void **state)
{
	return *(const uint8_t *)*state;
}

/* Two entries of a table of tests: `test` with the state of each family. */
/* clang-format off */
#define IN_FAMILY(test, name, family) {#test " over " name, test, NULL, NULL, (void *)(uintptr_t)&family}
/* clang-format on */
#define IN_BOTH_FAMILIES(test) IN_FAMILY(test, "IPv4", family_ip4), IN_FAMILY(test, "IPv6", family_ip6)

#endif
