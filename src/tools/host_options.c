/* Options for a host on a link.
 *
 * Each option is read into a copy, which becomes the options when all of it was good: what is refused leaves no trace.
 * What is wrong goes into a text of the caller's; only host_options_take and host_options_check write it out. */
#include "host_options.h"
#include "tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room for an address and the name of an interface, which are cut apart in it. */
#define TEXT_MAX (BERTH_ADDRESS_TEXT + BERTH_INTERFACE_NAME_MAX)

/* What SO_RCVBUF takes. */
#define RECEIVE_BUFFER_LEAST 4096u
#define RECEIVE_BUFFER_MOST 67108864u

static int wrong(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int wrong(char *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, HOST_OPTION_WHY, format, arguments);
	va_end(arguments);
	return BERTH_EINVAL;
}

/* ---- addresses ---- */

/* Text without its %INTERFACE, which is the host's. 0, BERTH_EINVAL: too long; BERTH_ENOENT: another interface. */
static int without_scope(const char *text, char out[TEXT_MAX])
{
	const char *percent = text + strcspn(text, "%/"), *after = percent;

	if (*percent == '%') {
		size_t n = strcspn(percent + 1, "/");
		bool by_number = n == 1 && percent[1] == '0' + HOST_INTERFACE;
		bool by_name = n == strlen(HOST_INTERFACE_NAME) && strncmp(percent + 1, HOST_INTERFACE_NAME, n) == 0;
		if (!by_number && !by_name)
			return BERTH_ENOENT;
		after = percent + 1 + n;
	}
	if ((size_t)(percent - text) + strlen(after) >= TEXT_MAX)
		return BERTH_EINVAL;
	snprintf(out, TEXT_MAX, "%.*s%s", (int)(percent - text), text, after);
	return 0;
}

static bool is_link_local(const struct berth_address *a)
{
	return a->family == BERTH_IP6 && a->bytes[0] == 0xfe && a->bytes[1] >> 6 == 2;
}

/* ::ffff:0:0/96, RFC 4291 section 2.5.5.2. */
static bool is_mapped(const struct berth_address *a)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	return a->family == BERTH_IP6 && memcmp(a->bytes, mapped, sizeof(mapped)) == 0;
}

/* Could be one host's on a link: no wildcard, group, loopback, broadcast or reserved address. */
static bool is_one_host(const struct berth_address *a)
{
	if (berth_address_is_any(a) || berth_address_is_multicast(a) || berth_address_is_loopback(a))
		return false;
	return a->family != BERTH_IP4 || (a->bytes[0] != 0 && a->bytes[0] < 240);
}

void host_address_unmap(struct berth_address *a)
{
	if (is_mapped(a))
		*a = berth_ip4(a->bytes[12], a->bytes[13], a->bytes[14], a->bytes[15]);
}

int host_address_parse(const char *text, struct berth_address *out)
{
	char plain[TEXT_MAX];
	struct berth_address address;
	int r = without_scope(text, plain);

	if (r == 0)
		r = berth_address_parse(plain, &address);
	if (r < 0)
		return r;
	if (strchr(text, '%') && !is_link_local(&address) && !berth_address_is_multicast(&address))
		return BERTH_EINVAL;
	host_address_unmap(&address);
	if (is_link_local(&address))
		address.scope = HOST_INTERFACE;
	*out = address;
	return 0;
}

static int wrong_interface(const char *option, const char *value, char *why)
{
	return wrong(why, "%s '%s': the host's interface is %s; leave what follows the %% away", option, value,
		     HOST_INTERFACE_NAME);
}

/* All bits behind the prefix are `bit`. */
static bool host_bits_are(const struct host_network *network, unsigned bit)
{
	unsigned n_bits = network->address.family == BERTH_IP4 ? 32 : 128;

	for (unsigned i = network->prefix; i < n_bits; i++)
		if ((network->address.bytes[i / 8] >> (7 - i % 8) & 1u) != bit)
			return false;
	return true;
}

/* What makes an address with its prefix nobody's own; NULL: nothing. Networks of two addresses have neither of these
 * (RFC 3021, RFC 6164), and those of one no others. */
static const char *special(const struct host_network *network)
{
	bool is_ip4 = network->address.family == BERTH_IP4;

	if (network->prefix >= (is_ip4 ? 31 : 127))
		return NULL;
	if (host_bits_are(network, 0)) /* RFC 1122 section 3.2.1.3; RFC 4291 section 2.6.1 */
		return is_ip4 ? "the network itself" : "all routers of the network";
	return is_ip4 && host_bits_are(network, 1) ? "all hosts of the network" : NULL;
}

static int check_network(const struct host_options *options, const struct host_network *network, const char *value,
			 char *why)
{
	if (!is_one_host(&network->address) || is_mapped(&network->address))
		return wrong(why, "--address '%s' is not one that a single host has; take one of the device's network",
			     value);
	if (special(network))
		return wrong(why, "--address '%s' stands for %s; take one of a single host", value, special(network));
	for (unsigned i = 0; i < options->n_addresses; i++)
		if (berth_address_equal(&options->addresses[i].address, &network->address))
			return wrong(why, "--address '%s' is given twice; once is enough", value);
	if (options->n_addresses == HOST_ADDRESSES_MAX)
		return wrong(why, "--address '%s': at most %d of them", value, HOST_ADDRESSES_MAX);
	return 0;
}

static int parse_address(struct host_options *options, const char *value, char *why)
{
	char plain[TEXT_MAX];
	struct host_network network;

	if (strcmp(value, "dhcp") == 0) {
		options->dhcp = true;
		return 0;
	}
	if (strcmp(value, "auto") == 0) {
		options->automatic = true;
		return 0;
	}
	int r = without_scope(value, plain);
	if (r == BERTH_ENOENT)
		return wrong_interface("--address", value, why);
	if (r < 0 || !strchr(plain, '/') || berth_prefix_parse(plain, &network.address, &network.prefix) != 0 ||
	    (strchr(value, '%') && !is_link_local(&network.address)))
		return wrong(why,
			     "--address '%s' is no address with a prefix length, such as 192.168.1.7/24 or fd00::7/64; "
			     "dhcp and auto find one",
			     value);
	if (is_link_local(&network.address))
		network.address.scope = HOST_INTERFACE;
	r = check_network(options, &network, value, why);
	if (r == 0)
		options->addresses[options->n_addresses++] = network;
	return r;
}

static int parse_gateway(struct host_options *options, const char *value, char *why)
{
	struct berth_address address, *gateway;
	char text[BERTH_ADDRESS_TEXT];
	int r = host_address_parse(value, &address);

	if (r == BERTH_ENOENT)
		return wrong_interface("--gateway", value, why);
	if (r < 0)
		return wrong(why, "--gateway '%s' is no address, such as 192.168.1.1 or fe80::1", value);
	if (!is_one_host(&address))
		return wrong(why, "--gateway '%s' is not one that a single router has", value);
	gateway = address.family == BERTH_IP4 ? &options->gateway4 : &options->gateway6;
	if (gateway->family)
		return wrong(why, "--gateway '%s': the one of its family is %s already; give one of each", value,
			     berth_address_format(gateway, text, sizeof(text)));
	*gateway = address;
	return 0;
}

static int parse_dns(struct host_options *options, const char *value, char *why)
{
	struct berth_address address;
	int r = host_address_parse(value, &address);

	if (r == BERTH_ENOENT)
		return wrong_interface("--dns", value, why);
	if (r < 0)
		return wrong(why, "--dns '%s' is no address, such as 192.168.1.1 or fd00::1", value);
	if (!is_one_host(&address))
		return wrong(why, "--dns '%s' is not one that a single server has", value);
	for (unsigned i = 0; i < options->n_dns; i++)
		if (berth_address_equal(&options->dns[i], &address))
			return wrong(why, "--dns '%s' is given twice; once is enough", value);
	if (options->n_dns == HOST_DNS_MAX)
		return wrong(why, "--dns '%s': at most %d of them", value, HOST_DNS_MAX);
	options->dns[options->n_dns++] = address;
	return 0;
}

/* ---- the others ---- */

static int parse_link(struct host_options *options, const char *value, char *why)
{
	if (strncmp(value, "tap:", 4) != 0 || value[4] == '\0' || strchr(value + 4, '/') || strchr(value + 4, ' '))
		return wrong(why, "--link '%s': a link is tap:NAME, such as tap:tap0", value);
	if (strlen(value + 4) >= BERTH_INTERFACE_NAME_MAX)
		return wrong(why, "--link '%s': the name of a device has at most %d characters", value,
			     BERTH_INTERFACE_NAME_MAX - 1);
	options->tap = value + 4;
	return 0;
}

static int parse_wire(struct host_options *options, const char *value, char *why)
{
	const char *complaint = "not understood";
	size_t at = 0;

	if (berth_wire_parse(value, &options->wire, &at, &complaint) != 0)
		return wrong(why, "--wire '%s', at '%.20s': %s; try delay=10ms,loss=2%%", value,
			     at <= strlen(value) ? value + at : "", complaint);
	options->has_wire = true;
	return 0;
}

static int parse_name(struct host_options *options, const char *value, char *why)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	size_t n = strlen(value);

	if (n == 0 || n >= BERTH_HOST_NAME_MAX || strspn(value, plain) != n)
		return wrong(why, "--name '%s': a name has 1 to %d letters, digits, '-' and '_'", value,
			     BERTH_HOST_NAME_MAX - 1);
	options->name = value;
	return 0;
}

static int parse_congestion(struct host_options *options, const char *value, char *why)
{
	struct berth_host_config config;

	berth_host_config_default(&config);
	snprintf(config.congestion, sizeof(config.congestion), "%s", value);
	if (strlen(value) >= sizeof(config.congestion) || berth_host_config_validate(&config, NULL) != 0)
		return wrong(why, "--congestion '%s': no such congestion control; cubic, reno and bbr are there",
			     value);
	options->congestion = value;
	return 0;
}

static int parse_ecn(struct host_options *options, const char *value, char *why)
{
	static const char *const words[] = {
		[BERTH_ECN_OFF] = "off", [BERTH_ECN_ACCEPT] = "accept", [BERTH_ECN_ON] = "on"};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(value, words[i]) != 0)
			continue;
		options->has_ecn = true;
		options->ecn = (uint8_t)i;
		return 0;
	}
	return wrong(why, "--ecn '%s' is none of off, accept and on", value);
}

static int parse_receive_buffer(struct host_options *options, const char *value, char *why)
{
	uint64_t n;

	if (!tool_number(value, RECEIVE_BUFFER_LEAST, RECEIVE_BUFFER_MOST, &n))
		return wrong(why, "--receive-buffer '%s' is no number of bytes from %u to %u", value,
			     RECEIVE_BUFFER_LEAST, RECEIVE_BUFFER_MOST);
	options->receive_buffer = (uint32_t)n;
	return 0;
}

/* How the host's TCP is to be. */
static int parse_tcp(struct host_options *options, int c, const char *value, char *why)
{
	switch (c) {
	case HOST_OPTION_CONGESTION:
		return parse_congestion(options, value, why);
	case HOST_OPTION_ECN:
		return parse_ecn(options, value, why);
	case HOST_OPTION_RECEIVE_BUFFER:
		return parse_receive_buffer(options, value, why);
	default:
		return -1;
	}
}

static int parse(struct host_options *options, int c, const char *value, char *why)
{
	switch (c) {
	case HOST_OPTION_LINK:
		return parse_link(options, value, why);
	case HOST_OPTION_ADDRESS:
		return parse_address(options, value, why);
	case HOST_OPTION_GATEWAY:
		return parse_gateway(options, value, why);
	case HOST_OPTION_DNS:
		return parse_dns(options, value, why);
	case HOST_OPTION_WIRE:
		return parse_wire(options, value, why);
	case HOST_OPTION_PCAP:
		options->pcap = value;
		return 0;
	case HOST_OPTION_NAME:
		return parse_name(options, value, why);
	case HOST_OPTION_NO_OFFLOAD:
		options->no_offload = true;
		return 0;
	default:
		return parse_tcp(options, c, value, why);
	}
}

int host_option_parse(struct host_options *options, int c, const char *value, char *why)
{
	struct host_options read = *options;
	int r = parse(&read, c, value, why);

	if (r == 0)
		*options = read;
	return r;
}

/* ---- all of them ---- */

bool host_options_has(const struct host_options *options, enum berth_family family)
{
	for (unsigned i = 0; i < options->n_addresses; i++)
		if (options->addresses[i].address.family == family)
			return true;
	return false;
}

unsigned host_options_how(const struct host_options *options)
{
	bool dhcp = options->dhcp || (options->automatic && !host_options_has(options, BERTH_IP4));

	return (options->automatic ? BERTH_AUTO_ROUTERS : 0) | (dhcp ? BERTH_AUTO_DHCP : 0);
}

/* A gateway by hand goes with an address by hand: whoever else gives the address names the gateway, too. */
static int validate_gateway(const struct host_options *options, const struct berth_address *gateway, char *why)
{
	char text[BERTH_ADDRESS_TEXT];
	bool is_ip4 = gateway->family == BERTH_IP4;

	if (!gateway->family || host_options_has(options, gateway->family))
		return 0;
	berth_address_format(gateway, text, sizeof(text));
	if (options->automatic || (is_ip4 && options->dhcp))
		return wrong(why, "--gateway %s: %s which it is; leave it away, or add --address A/P", text,
			     is_ip4 ? "DHCP says" : "routers say");
	return wrong(why, "--gateway %s: the host has no %s address; add --address A/P, such as %s", text,
		     is_ip4 ? "IPv4" : "IPv6", is_ip4 ? "192.168.1.7/24" : "fd00::7/64");
}

int host_options_validate(const struct host_options *options, char *why)
{
	if (!options->tap)
		return wrong(why, "no link; add --link tap:NAME, such as --link tap:tap0");
	if (options->n_addresses == 0 && !options->dhcp && !options->automatic)
		return wrong(why, "no address; add --address A/P, such as 192.168.1.7/24, or --address auto");
	int r = validate_gateway(options, &options->gateway4, why);
	return r == 0 ? validate_gateway(options, &options->gateway6, why) : r;
}

int host_options_take(struct host_options *options, int c, const char *value)
{
	char why[HOST_OPTION_WHY];
	int r = host_option_parse(options, c, value, why);

	return r == BERTH_EINVAL ? tool_fail(options->verb, TOOL_USAGE, "%s", why) : r == 0 ? TOOL_DONE : -1;
}

int host_options_check(const struct host_options *options)
{
	char why[HOST_OPTION_WHY];

	if (host_options_validate(options, why) == 0)
		return TOOL_DONE;
	return tool_fail(options->verb, TOOL_USAGE, "%s", why);
}

bool host_port_parse(const char *text, unsigned transports, uint16_t *out)
{
	struct berth_service service;
	uint64_t number;

	if (tool_number(text, 1, UINT16_MAX, &number)) {
		*out = (uint16_t)number;
		return true;
	}
	if (!berth_service_by_name(text, transports, &service) || service.first == 0)
		return false;
	*out = service.first;
	return true;
}
