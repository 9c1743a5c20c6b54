/* The registry of services and the groups of ports: against the textbook's table, and against itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <berth/ports.h>
#include <string.h>

#define TCP BERTH_TRANSPORT_TCP
#define UDP BERTH_TRANSPORT_UDP
#define SCTP BERTH_TRANSPORT_SCTP
#define DCCP BERTH_TRANSPORT_DCCP
#define ALL BERTH_TRANSPORT_ALL

static const struct {
	uint16_t port;
	unsigned transport;
	const char *name, *description;
} textbook[] = {
	{20, TCP, "ftp-data", "File Transfer [Default Data]"},
	{21, TCP, "ftp", "File Transfer Protocol [Control]"},
	{22, TCP, "ssh", "The Secure Shell (SSH) Protocol"},
	{23, TCP, "telnet", "Telnet"},
	{25, TCP, "smtp", "Simple Mail Transfer"},
	{53, TCP, "domain", "Domain Name Server"},
	{53, UDP, "domain", "Domain Name Server"},
	{67, UDP, "bootps", "Bootstrap Protocol Server"},
	{68, UDP, "bootpc", "Bootstrap Protocol Client"},
	{69, UDP, "tftp", "Trivial File Transfer"},
	{80, TCP, "http", "World Wide Web HTTP"},
	{110, TCP, "pop3", "Post Office Protocol - Version 3"},
	{143, TCP, "imap", "Internet Message Access Protocol"},
	{161, UDP, "snmp", "SNMP"},
	{443, TCP, "https", "http protocol over TLS/SSL"},
	/* Names that differ by transport, ranges, the other transports. */
	{512, TCP, "exec", "remote process execution; authentication performed using passwords and UNIX login names"},
	{512, UDP, "comsat", ""},
	{80, SCTP, "http", "HTTP"},
	{9, DCCP, "discard", "Discard"},
	{6000, TCP, "x11", "X Window System"},
	{6063, UDP, "x11", "X Window System"},
	{11434, TCP, "ollama", "Ollama"},
};

static void test_textbook(void **state)
{
	struct berth_service service;

	for (size_t i = 0; i < sizeof(textbook) / sizeof(textbook[0]); i++) {
		assert_true(berth_service_by_port(textbook[i].port, textbook[i].transport, &service));
		assert_string_equal(service.name, textbook[i].name);
		assert_string_equal(service.description, textbook[i].description);
		assert_in_range(textbook[i].port, service.first, service.last);
		assert_true(service.transports & textbook[i].transport);
		assert_false(service.alias);

		assert_true(berth_service_by_name(textbook[i].name, textbook[i].transport, &service));
		assert_in_range(textbook[i].port, service.first, service.last);
	}
}

/* IANA's first name is the name; what it was called before, or also, is found by name alone. */
static void test_aliases(void **state)
{
	static const struct {
		const char *alias;
		uint16_t port;
		const char *name;
	} aliases[] = {
		{"www", 80, "http"},
		{"www-http", 80, "http"},
		{"nameserver", 42, "name"},
		{"whois++", 63, "whoispp"},
		{"cl/1", 172, "cl-1"},
		{"submissions", 465, "urd"},
		{"ipps", 631, "ipp"},
		{"turn", 3478, "stun"},
		{"pdl-datastream", 9100, "hp-pdl-datastr"},
		{"fox-skytale", 4319, "skytale"},
		{"shilp", 2049, "nfs"},
	};
	struct berth_service service;

	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		assert_true(berth_service_by_name(aliases[i].alias, TCP, &service));
		assert_true(service.alias);
		assert_int_equal(service.first, aliases[i].port);
		assert_true(berth_service_by_port(aliases[i].port, TCP, &service));
		assert_string_equal(service.name, aliases[i].name);
	}
}

static void test_not_there(void **state)
{
	static const struct {
		uint16_t port;
		unsigned transport;
	} free_ports[] = {{0, TCP},     {143, DCCP},  {5999, SCTP}, {6062, SCTP},
			  {49151, TCP}, {49152, TCP}, {65535, UDP}, {80, 0}};
	static const char *const no_names[] = {"", "htt", "https-not", "zzzzzzzz", "\x7f", "\xff\xff"};
	struct berth_service service = {.name = "untouched"};

	for (size_t i = 0; i < sizeof(free_ports) / sizeof(free_ports[0]); i++)
		assert_false(berth_service_by_port(free_ports[i].port, free_ports[i].transport, &service));
	for (size_t i = 0; i < sizeof(no_names) / sizeof(no_names[0]); i++)
		assert_false(berth_service_by_name(no_names[i], ALL, &service));
	assert_false(berth_service_by_name("imap", DCCP, &service));
	assert_false(berth_service_by_name("http", 0, &service));
	assert_false(berth_service_get(berth_service_count(), &service));
	assert_false(berth_service_get(SIZE_MAX, &service));
	assert_string_equal(service.name, "untouched");
}

static void test_case_does_not_matter(void **state)
{
	struct berth_service service;

	assert_true(berth_service_by_name("HTTP", ALL, &service));
	assert_int_equal(service.first, 80);
	assert_true(berth_service_by_name("ethernet-ip-1", ALL, &service));
	assert_string_equal(service.name, "EtherNet-IP-1");
}

/* Of several transports, and of several ports, the first entry is the answer. */
static void test_first_of_several(void **state)
{
	struct berth_service service;

	assert_true(berth_service_by_port(465, TCP | UDP, &service));
	assert_string_equal(service.name, "urd");
	assert_true(berth_service_by_port(465, UDP, &service));
	assert_string_equal(service.name, "igmpv3lite");
	assert_true(berth_service_by_name("mit-ml-dev", ALL, &service));
	assert_int_equal(service.first, 83);
}

static unsigned count_bits(unsigned set)
{
	unsigned n = 0;

	for (; set; set &= set - 1)
		n++;
	return n;
}

/* IANA has about 11,500 names: one for each port, or range of ports, and transport. */
static void test_complete(void **state)
{
	struct berth_service service;
	unsigned n_names = 0, n_aliases = 0;

	for (size_t i = 0; berth_service_get(i, &service); i++)
		*(service.alias ? &n_aliases : &n_names) += count_bits(service.transports);
	assert_in_range(n_names, 11500, 12500);
	assert_in_range(n_aliases, 150, 500);
}

static void test_sorted(void **state)
{
	struct berth_service before = {0}, service;

	for (size_t i = 0; berth_service_get(i, &service); i++) {
		assert_true(service.first <= service.last);
		assert_true(service.transports != 0 && (service.transports & ~ALL) == 0);
		assert_in_range(strlen(service.name), 1, 15);
		assert_true(before.first <= service.first);
		if (before.first == service.first && before.alias)
			assert_true(service.alias);
		before = service;
	}
}

static void check_found_by_port(const struct berth_service *service, uint16_t port)
{
	struct berth_service found;

	for (unsigned transport = TCP; transport <= DCCP; transport <<= 1) {
		if (!(service->transports & transport))
			continue;
		assert_true(berth_service_by_port(port, transport, &found));
		assert_int_equal(found.first, service->first);
		assert_int_equal(found.last, service->last);
		assert_false(found.alias);
		assert_int_equal(strcmp(found.name, service->name) == 0, !service->alias);
	}
}

static void test_found_again_by_port(void **state)
{
	struct berth_service service;

	for (size_t i = 0; berth_service_get(i, &service); i++) {
		check_found_by_port(&service, service.first);
		check_found_by_port(&service, service.last);
	}
}

/* By the long way: the first entry, in the registry's order, that has the name. */
static bool find_slowly(const char *name, unsigned transports, struct berth_service *out)
{
	for (size_t i = 0; berth_service_get(i, out); i++)
		if ((out->transports & transports) && strcasecmp(out->name, name) == 0)
			return true;
	return false;
}

static void test_found_again_by_name(void **state)
{
	struct berth_service service, slow, fast;

	for (size_t i = 0; berth_service_get(i, &service); i++) {
		assert_true(find_slowly(service.name, service.transports, &slow));
		assert_true(berth_service_by_name(service.name, service.transports, &fast));
		assert_ptr_equal(fast.name, slow.name);
		assert_int_equal(fast.first, slow.first);
		assert_int_equal(fast.transports, slow.transports);
		assert_int_equal(fast.alias, slow.alias);
	}
}

static void test_groups(void **state)
{
	static const struct {
		uint16_t port;
		enum berth_port_group group;
		const char *name;
	} ports[] = {
		{0, BERTH_PORT_WELL_KNOWN, "well-known"},    {1023, BERTH_PORT_WELL_KNOWN, "well-known"},
		{1024, BERTH_PORT_REGISTERED, "registered"}, {49151, BERTH_PORT_REGISTERED, "registered"},
		{49152, BERTH_PORT_PRIVATE, "private"},      {65535, BERTH_PORT_PRIVATE, "private"},
	};

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		assert_int_equal(berth_port_group(ports[i].port), ports[i].group);
		assert_string_equal(berth_port_group_name(ports[i].group), ports[i].name);
	}
	assert_string_equal(berth_port_group_name((enum berth_port_group)3), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_textbook),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_case_does_not_matter),
		cmocka_unit_test(test_first_of_several),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_sorted),
		cmocka_unit_test(test_found_again_by_port),
		cmocka_unit_test(test_found_again_by_name),
		cmocka_unit_test(test_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
