/* Ends of conversations: from a filter to boxes, and from boxes to the kernel's code, which is run here as the kernel
 * runs it. */
#include "ask/filter.h"
#include "source/ends_code.h"

#include <linux/inet_diag.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

/* ---- the kernel's machine: net/ipv4/inet_diag.c ---- */

static bool prefix_fits(const struct inet_diag_hostcond *condition, const struct berth_address *address)
{
	struct berth_address prefix = {.family = condition->family == AF_INET ? BERTH_IP4 : BERTH_IP6};
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct berth_address ip4;

	memcpy(prefix.bytes, (const char *)condition + sizeof(*condition), condition->family == AF_INET ? 4 : 16);
	if (address->family == BERTH_IP6 && condition->family == AF_INET && memcmp(address->bytes, mapped, 12) == 0) {
		ip4 = berth_ip4(address->bytes[12], address->bytes[13], address->bytes[14], address->bytes[15]);
		address = &ip4;
	}
	return berth_address_in_prefix(&prefix, address, condition->prefix_len);
}

static bool fulfilled(const struct inet_diag_bc_op *op, const struct netstat_row *row)
{
	const struct inet_diag_hostcond *condition = (const void *)(op + 1);

	switch (op->code) {
	case INET_DIAG_BC_JMP:
		return false;
	case INET_DIAG_BC_S_GE:
		return row->local.port >= op[1].no;
	case INET_DIAG_BC_S_LE:
		return row->local.port <= op[1].no;
	case INET_DIAG_BC_D_GE:
		return row->foreign.port >= op[1].no;
	case INET_DIAG_BC_D_LE:
		return row->foreign.port <= op[1].no;
	case INET_DIAG_BC_S_COND:
		assert_int_equal(condition->port, -1);
		return prefix_fits(condition, &row->local.address);
	case INET_DIAG_BC_D_COND:
		assert_int_equal(condition->port, -1);
		return prefix_fits(condition, &row->foreign.address);
	default:
		fail_msg("instruction %u", op->code);
		return false;
	}
}

/* What the kernel demands of code before it takes it: each way leads forward, to an instruction, to the end or 4
 * beyond. */
static void audit(const unsigned char *code, size_t n)
{
	bool starts[ENDS_CODE_MAX + 8] = {false};
	size_t at;

	for (at = 0; at < n; at += ((const struct inet_diag_bc_op *)(code + at))->yes)
		starts[at] = true;
	assert_int_equal(at, n);
	starts[n] = starts[n + 4] = true;
	for (at = 0; at < n;) {
		const struct inet_diag_bc_op *op = (const void *)(code + at);
		assert_true(op->yes >= 4 && op->yes % 4 == 0);
		assert_true(op->no >= 4 && op->no % 4 == 0 && at + op->no <= n + 4 && starts[at + op->no]);
		at += op->yes;
	}
}

static bool run(const unsigned char *code, size_t n, const struct netstat_row *row)
{
	size_t at = 0;

	while (at < n) {
		const struct inet_diag_bc_op *op = (const void *)(code + at);
		at += fulfilled(op, row) ? op->yes : op->no;
	}
	return at == n;
}

/* ---- filters ---- */

static struct netstat_row row_of(const char *local, const char *foreign)
{
	struct netstat_row row = {.protocol = NETSTAT_TCP, .state = NETSTAT_STATE_ESTABLISHED};

	assert_int_equal(berth_socket_address_parse(local, &row.local), 0);
	assert_int_equal(berth_socket_address_parse(foreign, &row.foreign), 0);
	row.family = row.local.address.family;
	return row;
}

static struct filter *filter_of(const char *text, struct netstat_request *request)
{
	struct filter_error error;
	struct filter *filter;

	assert_int_equal(filter_parse(text, &filter, &error), 0);
	*request = (struct netstat_request){
		.protocols = NETSTAT_ALL_PROTOCOLS, .states = NETSTAT_ALL_STATES, .families = NETSTAT_ALL_FAMILIES};
	filter_narrow(filter, request);
	return filter;
}

static const char *const filters[] = {
	"dport 443",
	"sport 443",
	"port 443",
	"dport 443 or sport 80",
	"dport 1000-2000 and sport 443",
	"not dport 443",
	"not (dport 443 or sport 443)",
	"dport != 443",
	"dport > 1024",
	"dport >= 1024 and dport < 5000",
	"dst 10.0.0.0/8",
	"src 10.0.0.0/8 and dst 192.168.1.0/24",
	"dst 10.0.0.1:443",
	"host 10.0.0.1",
	"dst fd00::/8",
	"dst ::1 or dst 127.0.0.1",
	"(dport 443 or sport 443) and dst 10.0.0.0/8",
	"dport 443 and dport 80",
	"dport 443 and program x",
	"dport 443 or program x",
	"dst 10.0.0.0/8 and dst 10.1.0.0/16 and dst 11.0.0.0/8",
	"dport 1 or dport 2 or dport 3 or dport 4 or dport 5 or dport 6 or dport 7 or dport 8 or dport 9",
	"(port 1 or port 443) and (port 2 or port 80) and (port 3 or port 5000)",
	"service https",
	"state established and dport 443 and not scope loopback",
};

static const char *const places[] = {
	"10.0.0.1:443", "10.1.2.3:80",           "192.168.1.9:5000", "127.0.0.1:1024", "[fd00::1]:443",
	"[::1]:1500",   "[::ffff:10.0.0.1]:443", "11.0.0.1:8",       "0.0.0.0:0",
};

/* Whatever a filter matches, its code lets pass. */
static void test_nothing_is_lost(void **state)
{
	const size_t n = sizeof(places) / sizeof(places[0]);

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		_Alignas(uint32_t) unsigned char code[ENDS_CODE_MAX];
		struct netstat_request request;
		struct filter *filter = filter_of(filters[i], &request);
		size_t length = ends_code(&request, code);

		assert_true(length <= sizeof(code));
		audit(code, length);
		for (size_t j = 0; j < n * n; j++) {
			struct netstat_row row = row_of(places[j / n], places[j % n]);
			if (filter_match(filter, &row) && length && !run(code, length, &row))
				fail_msg("'%s' loses %s %s", filters[i], places[j / n], places[j % n]);
		}
		filter_free(filter);
	}
}

/* What is only about ends is decided by the code alone. */
static void test_what_passes(void **state)
{
	static const char *const exact[] = {
		"dport 443",
		"port 443",
		"dport 1000-2000 and sport 443",
		"dst 10.0.0.0/8",
		"dst 10.0.0.1:443",
		"host 10.0.0.1",
		"dst fd00::/8",
		"(dport 443 or sport 443) and dst 10.0.0.0/8",
		"dport 443 and dport 80",
		"src 10.0.0.0/8 and dst 192.168.1.0/24",
	};
	const size_t n = sizeof(places) / sizeof(places[0]);

	for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++) {
		_Alignas(uint32_t) unsigned char code[ENDS_CODE_MAX];
		struct netstat_request request;
		struct filter *filter = filter_of(exact[i], &request);
		size_t length = ends_code(&request, code);

		assert_true(length > 0);
		for (size_t j = 0; j < n * n; j++) {
			struct netstat_row row = row_of(places[j / n], places[j % n]);
			if (filter_match(filter, &row) != run(code, length, &row))
				fail_msg("'%s' errs on %s %s", exact[i], places[j / n], places[j % n]);
		}
		filter_free(filter);
	}
}

static void test_what_says_nothing_of_ends(void **state)
{
	static const char too_many[] = "dport 1 or dport 2 or dport 3 or dport 4 or dport 5 or dport 6 or dport 7 or "
				       "dport 8 or dport 9";
	static const char *const texts[] = {"state established", "program x", "dport 443 or program x", "not dport 443",
					    too_many};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct netstat_request request;
		unsigned char code[ENDS_CODE_MAX];

		filter_free(filter_of(texts[i], &request));
		assert_int_equal(request.n_ends, 0);
		assert_int_equal(ends_code(&request, code), 0);
	}
}

static void test_the_longest_code(void **state)
{
	struct netstat_request request = {.n_ends = NETSTAT_ENDS_MAX};
	_Alignas(uint32_t) unsigned char code[ENDS_CODE_MAX];

	for (size_t i = 0; i < NETSTAT_ENDS_MAX; i++) {
		request.ends[i] = (struct netstat_ends){1, 2, 3, 4, .local_prefix = 128, .foreign_prefix = 128};
		assert_int_equal(berth_address_parse("fd00::1", &request.ends[i].local), 0);
		request.ends[i].foreign = request.ends[i].local;
	}
	size_t n = ends_code(&request, code);
	assert_int_equal(n, ENDS_CODE_MAX - 4);
	audit(code, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_lost),
		cmocka_unit_test(test_what_passes),
		cmocka_unit_test(test_what_says_nothing_of_ends),
		cmocka_unit_test(test_the_longest_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
