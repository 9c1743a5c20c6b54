/* The file of services: whatever it says, a name is plain text, the registry goes before it, and port 0 has none. */
#include "enrich/services.h"

#include <string.h>

#include <berth/ports.h>

#include "fuzz.h"

static void check_name(const struct services *services, enum netstat_protocol protocol, unsigned transport,
		       uint16_t port)
{
	const char *name = services_name(services, protocol, port);
	struct berth_service registered;

	CHECK(name || !berth_service_by_port(port, transport, &registered));
	if (!name)
		return;
	CHECK(port && *name);
	for (const char *c = name; *c; c++)
		CHECK(*c > ' ' && *c <= '~');
	if (berth_service_by_port(port, transport, &registered))
		CHECK(!strcmp(name, registered.name));
	CHECK(name == services_name(services, protocol, port));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct services *services = services_new(NULL, 32768, 60999);
	char *text = malloc(n + 1);
	uint16_t first, last;

	CHECK(services && text);
	if (n)
		memcpy(text, data, n);
	CHECK(services_read(services, text, n) == 0);
	text[n] = 0;
	if (services_parse_range(text, &first, &last))
		CHECK(first <= last);
	/* Some of all ports, which ones depends on the input; the first and last always. */
	for (unsigned port = n % 251; port < 65536; port += 251) {
		check_name(services, NETSTAT_TCP, BERTH_TRANSPORT_TCP, (uint16_t)port);
		check_name(services, NETSTAT_UDP, BERTH_TRANSPORT_UDP, (uint16_t)port);
	}
	for (unsigned port = 1; port < 100; port++)
		check_name(services, NETSTAT_DCCP, BERTH_TRANSPORT_DCCP, (uint16_t)port);
	CHECK(!services_name(services, NETSTAT_TCP, 0));
	check_name(services, NETSTAT_TCP, BERTH_TRANSPORT_TCP, 65535);
	free(text);
	services_free(services);
	return 0;
}
