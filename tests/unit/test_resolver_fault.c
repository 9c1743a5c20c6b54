/* Out of memory, once, at every place where memory is asked for while names are looked up and dialed: c-ares's, the
 * resolver's, the loop's, the hosts'. Whoever has asked is told, once, and nothing is left. */
#include "names_bed.h"

#include <ares.h>

static const struct zone_line zone[] = {
	{"both.test", DNS_A, "10.0.0.2", 0},        {"both.test", DNS_AAAA, "2001:db8::2", 0},
	{"truncated.test", ZONE_TRUNCATED, "", 0},  {"truncated.test", DNS_A, "10.0.0.2", 0},
	{"host.search.test", DNS_A, "10.0.0.2", 0},
};

static struct {
	bool counts;
	unsigned n;  /* allocations so far */
	unsigned at; /* the one that fails */
	bool failed;
} fault;

static bool fails(void)
{
	if (!fault.counts || fault.n++ != fault.at)
		return false;
	fault.failed = true;
	return true;
}

/* The linker puts these in the place of malloc and its like (--wrap). */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

struct outcome {
	bool done;
	int r;
	struct names_bed *bed;
};

static void on_resolved(void *user, int n, const struct berth_address *addresses)
{
	struct outcome *outcome = user;

	assert_false(outcome->done);
	outcome->done = true;
	outcome->r = n;
}

static void on_dialed(void *user, int descriptor, const struct berth_socket_address *foreign)
{
	struct outcome *outcome = user;

	on_resolved(user, descriptor, NULL);
	if (descriptor >= 0)
		berth_close(outcome->bed->client, descriptor);
}

/* What cannot begin is over at once. */
static void begun(struct outcome *outcome, int r)
{
	if (r == 0)
		return;
	assert_int_equal(r, BERTH_ENOMEM);
	outcome->done = true;
	outcome->r = r;
}

static int resolver_make(struct names_bed *bed)
{
	static const char *const domains[] = {"search.test"};
	struct berth_socket_address server = bed_address("10.0.0.2:53");
	int r = berth_resolver_new(bed->loop, bed->client, &bed->resolver);

	if (r == 0)
		r = berth_resolver_servers(bed->resolver, &server, 1);
	if (r == 0)
		r = berth_resolver_search(bed->resolver, domains, 1);
	return r == 0 ? berth_resolver_patience(bed->resolver, 30, 3) : r;
}

/* Everything, with the allocation of this number failing. false: there is none of this number. */
static bool run(unsigned at)
{
	static const char *const names[] = {"truncated.test", "host", "localhost"};
	struct names_bed bed;
	struct outcome outcomes[4] = {{0}};

	BED(zone);
	bed.resolver = berth_resolver_free(bed.resolver);
	fault.n = 0;
	fault.at = at;
	fault.failed = false;
	fault.counts = true;
	int r = resolver_make(&bed);
	if (r < 0) {
		assert_int_equal(r, BERTH_ENOMEM);
	} else {
		for (unsigned i = 0; i < 3; i++)
			begun(&outcomes[i], berth_resolve(bed.resolver, names[i], 0, on_resolved, &outcomes[i], NULL));
		outcomes[3].bed = &bed;
		begun(&outcomes[3], berth_dial(bed.resolver, "both.test", 53, NULL, on_dialed, &outcomes[3], NULL));
		for (unsigned i = 0; i < 4; i++)
			bed_run(&bed, &outcomes[i].done);
	}
	fault.counts = false;
	for (unsigned i = 0; r == 0 && !fault.failed && i < 4; i++)
		assert_true(outcomes[i].r >= 0);
	bed_deinit(&bed);
	return fault.failed;
}

static void test_every_allocation_fails(void **state)
{
	unsigned at = 0;

	while (run(at))
		at++;
	assert_in_range(at, 20, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation_fails),
	};

	int version;

	/* Whoever initializes the library later gets these. c-ares 1.18 bears it; 1.34 does not: it is spared. */
	ares_version(&version);
	if (version < 0x011300 &&
	    ares_library_init_mem(ARES_LIB_INIT_ALL, __wrap_malloc, free, __wrap_realloc) != ARES_SUCCESS)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (version < 0x011300)
		ares_library_cleanup();
	return failed;
}
