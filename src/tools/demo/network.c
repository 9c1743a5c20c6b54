/* Building the demo's network.
 *
 * The kernel is the PC when the process may have namespaces, a TAP device and curl; otherwise a second berth host is,
 * over a link in memory. Either way the server's end of the cable is wrapped in the same order: capture, tally, wire,
 * tally, offload. */
#include "network.h"
#include "../host_setup.h"
#include "../tool.h"
#include "child.h"
#include "namespace.h"
#include "service.h"

#include <stdio.h>
#include <string.h>

#define TAP_NAME "cable0"

/* A berth host at one end of the cable. */
struct end {
	const char *name, *address, *address6;
	uint8_t mac; /* the last byte of it */
};

static const struct end server_end = {DEMO_SERVER_NAME, DEMO_SERVER, DEMO_SERVER6, 7};
static const struct end pc_end = {DEMO_PC_NAME, DEMO_PC, DEMO_PC6, 5};

static const char *find_curl(void)
{
	char *const command[] = {"curl", "--version", NULL};
	char text[16];

	return child_text(command, -1, text, sizeof(text)) == 0 ? NULL : "curl is not installed";
}

static const char *tap_reason(int error)
{
	switch (error) {
	case BERTH_ENOENT:
		return "there is no /dev/net/tun";
	case BERTH_EACCES:
		return "/dev/net/tun may not be opened";
	case BERTH_EPERM:
		return "a TAP device may not be made here";
	default:
		return berth_error_text(error);
	}
}

/* The kernel as the PC. NULL, or why not. */
static const char *open_kernel(struct berth_link **out)
{
	struct berth_tap_config config;
	const char *why = find_curl();

	if (why || !namespace_enter(&why))
		return why;
	berth_tap_config_default(&config);
	snprintf(config.name, sizeof(config.name), TAP_NAME);
	int r = berth_link_tap(&config, out);
	if (r < 0)
		return tap_reason(r);
	why = namespace_configure(TAP_NAME, DEMO_PC, DEMO_MASK, DEMO_PC6, DEMO_PREFIX6);
	if (why)
		*out = berth_link_free(*out);
	return why;
}

static int failed(const char *what, int error)
{
	return tool_fail("demo", TOOL_FAILED, "%s: %s", what, berth_error_text(error));
}

static int wrap_server_link(struct network *network, const struct network_config *config)
{
	const struct berth_memory *memory = berth_memory_libc();
	struct berth_link **link = &network->server_link;
	int r;

	if (config->pcap) {
		r = berth_link_capture(*link, config->pcap, link);
		if (r < 0) {
			*link = NULL;
			return host_capture_failed("demo", config->pcap, r);
		}
		network->capture = *link;
	}
	r = tally_link(*link, &network->after, link);
	if (r == 0)
		r = berth_link_wire(*link, &config->wire, memory, link);
	network->wire = r < 0 ? NULL : *link;
	if (r == 0)
		r = tally_link(*link, &network->before, link);
	if (r == 0)
		r = berth_link_offload(*link, memory, link);
	if (r == 0)
		return TOOL_DONE;
	/* A wrapper that failed has freed what it was to wrap. */
	network->server_link = NULL;
	return failed("cable", r);
}

static int open_links(struct network *network, const struct network_config *config)
{
	struct berth_memory_pair_config pair;

	network->why = config->memory ? "--memory asks for it" : open_kernel(&network->server_link);
	if (network->why) {
		berth_memory_pair_config_default(&pair);
		int r = berth_link_memory_pair(&pair, &network->server_link, &network->pc_link);
		if (r == 0)
			r = berth_link_offload(network->pc_link, berth_memory_libc(), &network->pc_link);
		if (r < 0) {
			network->pc_link = NULL;
			return failed("link in memory", r);
		}
	}
	return wrap_server_link(network, config);
}

static int add_interface(struct berth_host *host, const struct berth_link *link, uint8_t last)
{
	struct berth_interface_config config;

	berth_interface_config_default(&config);
	snprintf(config.name, sizeof(config.name), "eth0");
	memcpy(config.mac, (const uint8_t[6]){0x02, 0, 0, 0, 0, last}, 6);
	config.mtu = link->mtu;
	config.capabilities = link->capabilities;
	config.ms_dad = 0; /* the cable is the demo's own: nobody else has its addresses */
	config.ms_dad = 0; /* nobody else is on this wire */
	return berth_host_interface_add(host, &config);
}

static int add_address(struct berth_host *host, int interface, const char *text, unsigned prefix)
{
	struct berth_address address;

	berth_address_parse(text, &address);
	return berth_host_address_add(host, interface, &address, prefix);
}

static int open_host(struct network *network, const struct end *end, struct berth_link *link, struct berth_host **out)
{
	struct berth_host_config config;

	int r = berth_host_config_real(&config);
	snprintf(config.name, sizeof(config.name), "%s", end->name);
	if (r == 0)
		r = berth_host_new(&config, out);
	if (r == 0)
		r = add_interface(*out, link, end->mac);
	int interface = r;
	if (r >= 0)
		r = add_address(*out, interface, end->address, DEMO_PREFIX);
	if (r >= 0)
		r = add_address(*out, interface, end->address6, DEMO_PREFIX6);
	if (r >= 0)
		r = berth_loop_attach(network->loop, *out, interface, link, NULL, NULL);
	return r < 0 ? failed("host", r) : TOOL_DONE;
}

/* Without its control socket a host works, and netstat has nothing to show. */
static int publish(struct network *network, struct berth_host *host, struct berth_control **out)
{
	char directory[256] = "control socket";
	int r = berth_control_new(network->loop, host, out);

	if (r == 0)
		return TOOL_DONE;
	berth_control_directory(directory, sizeof(directory));
	return tool_fail("demo", TOOL_FAILED, "%s: %s; netstat finds hosts there", directory, berth_error_text(r));
}

int network_open(struct network *network, const struct network_config *config)
{
	*network = (struct network){0};
	int status = open_links(network, config);

	if (status == TOOL_DONE && !(network->loop = berth_loop_new()))
		status = tool_fail("demo", TOOL_FAILED, "no event loop: the system gives none");
	if (status == TOOL_DONE)
		status = open_host(network, &server_end, network->server_link, &network->server);
	if (status == TOOL_DONE)
		status = publish(network, network->server, &network->server_control);
	if (status == TOOL_DONE && network->pc_link)
		status = open_host(network, &pc_end, network->pc_link, &network->pc);
	if (status == TOOL_DONE && network->pc_link)
		status = publish(network, network->pc, &network->pc_control);
	return status;
}

void network_close(struct network *network)
{
	network->server_control = berth_control_free(network->server_control);
	network->pc_control = berth_control_free(network->pc_control);
	if (network->loop && network->server)
		berth_loop_detach(network->loop, network->server);
	if (network->loop && network->pc)
		berth_loop_detach(network->loop, network->pc);
	network->loop = berth_loop_free(network->loop);
	network->server = berth_host_free(network->server);
	network->pc = berth_host_free(network->pc);
	network->server_link = berth_link_free(network->server_link);
	network->pc_link = berth_link_free(network->pc_link);
}

uint64_t network_counter(const struct berth_host *host, const char *name)
{
	struct berth_counter counter;

	for (size_t i = 0; berth_host_counter(host, i, &counter); i++)
		if (strcmp(counter.name, name) == 0)
			return counter.value;
	return 0;
}
