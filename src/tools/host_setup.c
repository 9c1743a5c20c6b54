/* A host on a link, from its options.
 *
 * The wrappers go around the TAP device in one order: capture, wire, offload. Capture and wire turn what the device
 * hands over, with the kernel's offloads, into frames as they are on a cable; so each of the file's frames has its
 * checksum, made by berth. The kernel's own software checksums would not do: where the sum is 0, Linux writes 0xffff
 * for TCP, too, which dissectors call wrong.
 */
#include "host_wait.h"
#include "tool.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NS_SECOND 1000000000ull
#define NS_WATCH NS_SECOND
/* Whether an address is free is asked quickly: the stations of a TAP device answer at once. */
#define MS_ACD 100
#define MS_DAD 250
/* What giving an address back to its server takes at most. */
#define NS_RELEASE (NS_SECOND / 4)
#define IP6_MTU 1280 /* RFC 8200 section 5 */
#define OFFLOADS (BERTH_LINK_CHECKSUM | BERTH_LINK_SEGMENT)

/* ---- links ---- */

static int tap_failed(const struct host_options *options, int error)
{
	const char *verb = options->verb, *tap = options->tap;

	switch (error) {
	case BERTH_ENOENT:
		return tool_fail(verb, TOOL_FAILED,
				 "%s: there is no /dev/net/tun; 'modprobe tun' as root loads the kernel's driver", tap);
	case BERTH_EACCES:
		return tool_fail(verb, TOOL_FAILED,
				 "%s: /dev/net/tun may not be opened; run as root, or let root give this user access",
				 tap);
	case BERTH_EPERM:
		return tool_fail(
			verb, TOOL_FAILED,
			"%s: making a device needs CAP_NET_ADMIN; as root, try 'ip tuntap add dev %s mode tap user "
			"%ld'",
			tap, tap, (long)getuid());
	case BERTH_EBUSY:
		return tool_fail(verb, TOOL_FAILED, "%s: another program uses the device; stop it or take another name",
				 tap);
	case BERTH_EINVAL:
		return tool_fail(verb, TOOL_FAILED, "%s is not a TAP device; take another name", tap);
	default:
		return tool_fail(verb, TOOL_FAILED, "%s: %s", tap, berth_error_text(error));
	}
}

/* A device that is down carries nothing, and the reason is hard to see: say it. */
static void note_down(const struct host_options *options)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", options->tap);
	if (ioctl(fd, SIOCGIFFLAGS, &request) == 0 && !(request.ifr_flags & IFF_UP))
		tool_fail(options->verb, TOOL_DONE, "note: %s is down; 'ip link set %s up' brings it up", options->tap,
			  options->tap);
	close(fd);
}

static int open_tap(struct host_setup *setup)
{
	const struct host_options *options = setup->options;
	struct berth_tap_config config;

	berth_tap_config_default(&config);
	snprintf(config.name, sizeof(config.name), "%s", options->tap);
	config.offload = !options->no_offload;
	int r = berth_link_tap(&config, &setup->link);
	if (r < 0)
		return tap_failed(options, r);
	note_down(options);
	return TOOL_DONE;
}

int host_capture_failed(const char *verb, const char *path, int error)
{
	switch (error) {
	case BERTH_EPROTONOSUPPORT:
		return tool_fail(verb, TOOL_FAILED, "--pcap: this berth was built without libpcap; build it with");
	case BERTH_ENOENT:
		return tool_fail(verb, TOOL_FAILED, "--pcap %s: no such directory; make it or name another file", path);
	default:
		return tool_fail(verb, TOOL_FAILED, "--pcap %s: %s; name another file", path, berth_error_text(error));
	}
}

static int wrap_failed(struct host_setup *setup, const char *what, int error)
{
	setup->link = NULL; /* the wrapper took it, and freed it when it failed */
	return tool_fail(setup->options->verb, TOOL_FAILED, "%s: %s", what, berth_error_text(error));
}

static int wrap_link(struct host_setup *setup)
{
	const struct host_options *options = setup->options;
	int r;

	if (options->pcap) {
		r = berth_link_capture(setup->link, options->pcap, &setup->link);
		if (r < 0) {
			setup->link = NULL;
			return host_capture_failed(options->verb, options->pcap, r);
		}
		setup->capture = setup->link;
	}
	if (options->has_wire) {
		r = berth_link_wire(setup->link, &options->wire, berth_memory_libc(), &setup->link);
		if (r < 0)
			return wrap_failed(setup, "--wire", r);
		setup->wire = setup->link;
	}
	if ((setup->link->capabilities & OFFLOADS) != OFFLOADS) {
		r = berth_link_offload(setup->link, berth_memory_libc(), &setup->link);
		if (r < 0)
			return wrap_failed(setup, "link", r);
	}
	return TOOL_DONE;
}

/* ---- host ---- */

static int add_interface(struct host_setup *setup)
{
	struct berth_interface_config config;

	berth_interface_config_default(&config);
	snprintf(config.name, sizeof(config.name), HOST_INTERFACE_NAME);
	config.ethernet = setup->link->ethernet;
	config.mtu = setup->link->mtu;
	config.capabilities = setup->link->capabilities;
	config.ms_acd = MS_ACD;
	config.ms_dad = MS_DAD;
	int r = berth_random(config.mac, sizeof(config.mac));
	/* IEEE 802: unicast, locally administered. */
	config.mac[0] = (uint8_t)((config.mac[0] & 0xfc) | 0x02);
	return r < 0 ? r : berth_host_interface_add(setup->host, &config);
}

static int add_address(struct host_setup *setup, const struct host_network *network)
{
	char text[BERTH_ADDRESS_TEXT];
	int r = berth_host_address_add(setup->host, HOST_INTERFACE, &network->address, network->prefix);

	if (r < 0 && network->address.family == BERTH_IP6 && setup->link->mtu < IP6_MTU)
		return tool_fail(setup->options->verb, TOOL_FAILED,
				 "--address %s/%u: IPv6 needs an MTU of %d, and %s has %u; 'ip link set %s mtu 1500' "
				 "widens it",
				 berth_address_format(&network->address, text, sizeof(text)), network->prefix, IP6_MTU,
				 setup->options->tap, (unsigned)setup->link->mtu, setup->options->tap);
	if (r < 0)
		return tool_fail(setup->options->verb, TOOL_FAILED, "--address %s/%u: %s; take another address",
				 berth_address_format(&network->address, text, sizeof(text)), network->prefix,
				 berth_error_text(r));
	return TOOL_DONE;
}

static int add_gateway(struct host_setup *setup, const struct berth_address *gateway)
{
	struct berth_address any = {.family = gateway->family};
	char text[BERTH_ADDRESS_TEXT];

	if (!gateway->family)
		return TOOL_DONE;
	int r = berth_host_route_add(setup->host, &any, 0, gateway);
	if (r < 0)
		return tool_fail(setup->options->verb, TOOL_FAILED,
				 "--gateway %s: %s; a gateway lies in the network of --address",
				 berth_address_format(gateway, text, sizeof(text)), berth_error_text(r));
	return TOOL_DONE;
}

static int add_dns(struct host_setup *setup, const struct berth_address *server)
{
	char text[BERTH_ADDRESS_TEXT];
	int r = berth_host_dns_add(setup->host, server);

	if (r < 0)
		return tool_fail(setup->options->verb, TOOL_FAILED, "--dns %s: %s; take another server",
				 berth_address_format(server, text, sizeof(text)), berth_error_text(r));
	return TOOL_DONE;
}

/* What the host finds by itself, from now on. */
static int find_addresses(struct host_setup *setup)
{
	unsigned how = host_options_how(setup->options);
	int r = how ? berth_host_interface_auto(setup->host, HOST_INTERFACE, how) : 0;

	if (r == 0)
		return TOOL_DONE;
	if (setup->link->mtu < IP6_MTU && setup->options->automatic)
		return tool_fail(setup->options->verb, TOOL_FAILED,
				 "--address auto: IPv6 needs an MTU of %d, and %s has %u; 'ip link set %s mtu 1500' "
				 "widens it",
				 IP6_MTU, setup->options->tap, (unsigned)setup->link->mtu, setup->options->tap);
	return tool_fail(setup->options->verb, TOOL_FAILED, "--address %s: %s",
			 setup->options->automatic ? "auto" : "dhcp", berth_error_text(r));
}

static int add_addresses(struct host_setup *setup)
{
	const struct host_options *options = setup->options;
	int status = TOOL_DONE;

	for (unsigned i = 0; status == TOOL_DONE && i < options->n_addresses; i++)
		status = add_address(setup, &options->addresses[i]);
	if (status == TOOL_DONE)
		status = add_gateway(setup, &options->gateway4);
	if (status == TOOL_DONE)
		status = add_gateway(setup, &options->gateway6);
	for (unsigned i = 0; status == TOOL_DONE && i < options->n_dns; i++)
		status = add_dns(setup, &options->dns[i]);
	return status == TOOL_DONE ? find_addresses(setup) : status;
}

static void on_event(void *user, struct berth_host *host, const struct berth_event *event)
{
	if (event->descriptor < 0)
		host_notices(user);
	else
		berth_loop_dispatch(event);
}

static void configure_tcp(struct berth_host_config *config, const struct host_options *options)
{
	if (options->congestion)
		snprintf(config->congestion, sizeof(config->congestion), "%s", options->congestion);
	if (options->has_ecn)
		config->ecn = options->ecn;
	if (options->receive_buffer)
		config->receive_buffer = config->receive_buffer_max = options->receive_buffer;
}

static int make_host(struct host_setup *setup)
{
	const struct host_options *options = setup->options;
	struct berth_host_config config;

	int r = berth_host_config_real(&config);
	snprintf(config.name, sizeof(config.name), "%s", options->name ? options->name : options->verb);
	configure_tcp(&config, options);
	if (r == 0)
		r = berth_host_new(&config, &setup->host);
	if (r == 0)
		r = add_interface(setup);
	if (r < 0)
		return tool_fail(options->verb, TOOL_FAILED, "no host: %s", berth_error_text(r));
	r = add_addresses(setup);
	if (r != TOOL_DONE)
		return r;
	setup->loop = berth_loop_new();
	r = setup->loop ? berth_loop_attach(setup->loop, setup->host, HOST_INTERFACE, setup->link, on_event, setup)
			: BERTH_EIO;
	if (r < 0)
		return tool_fail(options->verb, TOOL_FAILED, "no event loop: %s", berth_error_text(r));
	return TOOL_DONE;
}

/* netstat shows a host that is published. One that cannot be works all the same. */
static void publish(struct host_setup *setup)
{
	char directory[256] = "its directory";
	int r = berth_control_new(setup->loop, setup->host, &setup->control);

	if (r == 0)
		return;
	berth_control_directory(directory, sizeof(directory));
	tool_fail(setup->options->verb, TOOL_DONE, "note: 'berth netstat' will not see this host: %s: %s", directory,
		  berth_error_text(r));
}

/* ---- signals, capture ---- */

static int watch_signals(struct host_setup *setup)
{
	int r = signals_watch(&setup->signals, setup->loop);

	if (r < 0)
		return tool_fail(setup->options->verb, TOOL_FAILED, "signals cannot be watched: %s",
				 berth_error_text(r));
	return TOOL_DONE;
}

static bool capture_failed(struct host_setup *setup)
{
	int error = setup->capture ? berth_link_capture_error(setup->capture) : 0;

	if (error == 0)
		return false;
	if (!setup->capture_told)
		tool_fail(setup->options->verb, TOOL_FAILED,
			  "%s: %s; the capture ends here, the rest goes on; make room or name another file",
			  setup->options->pcap, berth_error_text(error));
	setup->capture_told = true;
	return true;
}

/* What may go wrong while all is quiet: the capture's disk is full, the device is taken away. */
static void watch_over(void *user)
{
	struct host_setup *setup = user;

	capture_failed(setup);
	if (if_nametoindex(setup->options->tap) == 0) {
		setup->lost = true;
		tool_fail(setup->options->verb, TOOL_FAILED, "%s: the device is gone; make it again and start anew",
			  setup->options->tap);
		berth_loop_stop(setup->loop);
		return;
	}
	berth_loop_at(setup->loop, berth_loop_now(setup->loop) + NS_WATCH, watch_over, setup);
}

/* ---- all of it ---- */

int host_setup_open(struct host_setup *setup, const struct host_options *options)
{
	*setup = (struct host_setup){.options = options, .talks = setup->talks};

	int status = open_tap(setup);
	if (status == TOOL_DONE)
		status = wrap_link(setup);
	if (status == TOOL_DONE)
		status = make_host(setup);
	if (status == TOOL_DONE)
		status = watch_signals(setup);
	if (status == TOOL_DONE) {
		publish(setup);
		watch_over(setup);
		status = host_wait(setup);
	}
	return status == TOOL_DONE ? TOOL_DONE : host_setup_close(setup, status);
}

struct berth_address host_listen_address(const struct host_options *options)
{
	bool single = options->n_addresses == 1 && !options->dhcp && !options->automatic;

	return single ? options->addresses[0].address : (struct berth_address){0};
}

/* A connection that still has to bring something across. */
static bool is_busy(const struct berth_socket_row *row)
{
	return row->protocol == BERTH_PROTOCOL_TCP && row->state != BERTH_TCP_LISTEN &&
	       row->state != BERTH_TCP_TIME_WAIT && row->state != BERTH_TCP_CLOSED;
}

static bool host_busy(struct berth_host *host)
{
	struct berth_socket_row row;
	uint64_t cursor = 0;

	while (berth_host_snapshot_next(host, &cursor, &row))
		if (is_busy(&row))
			return true;
	return false;
}

void host_settle(struct berth_loop *loop, struct berth_host *host, berth_time ns)
{
	berth_time end = berth_clock_now() + ns, now;

	/* At least one round, for what was queued last. */
	do {
		now = berth_clock_now();
		if (berth_loop_once(loop, now + NS_SECOND / 100) < 0)
			return;
	} while (now < end && host_busy(host));
}

/* Somebody's MAC address is being asked for, and packets wait for it. */
static bool awaits_neighbour(const struct host_setup *setup)
{
	struct berth_neighbour_row row;
	uint64_t cursor = 0;

	while (berth_host_neighbour_next(setup->host, berth_clock_now(), &cursor, &row))
		if (row.state == BERTH_NEIGHBOUR_INCOMPLETE)
			return true;
	return false;
}

/* An address of DHCP goes back to its server (RFC 2131 section 4.4.6). */
static void release(struct host_setup *setup)
{
	berth_time end = berth_clock_now() + NS_RELEASE;

	setup->arrived = false; /* nothing is said of what goes now */
	if (!(host_options_how(setup->options) & BERTH_AUTO_DHCP) || !setup->loop || !setup->host || setup->lost)
		return;
	berth_host_interface_auto(setup->host, HOST_INTERFACE, 0);
	do {
		if (berth_loop_once(setup->loop, berth_clock_now() + NS_SECOND / 100) < 0)
			return;
	} while (berth_clock_now() < end && awaits_neighbour(setup));
}

int host_setup_close(struct host_setup *setup, int status)
{
	if ((capture_failed(setup) || setup->lost) && status == TOOL_DONE)
		status = TOOL_FAILED;
	release(setup);
	setup->control = berth_control_free(setup->control);
	signals_unwatch(&setup->signals);
	if (setup->loop && setup->host)
		berth_loop_detach(setup->loop, setup->host);
	setup->loop = berth_loop_free(setup->loop);
	setup->host = berth_host_free(setup->host);
	setup->link = berth_link_free(setup->link);
	setup->capture = setup->wire = NULL;
	return status;
}

/* Nothing leads there: because there is no address to speak from, or no way. */
static const char *unreachable_hint(const struct host_setup *setup, enum berth_family family)
{
	struct berth_address addresses[HOST_ADDRESSES_MAX];
	unsigned n = host_addresses(setup, addresses, HOST_ADDRESSES_MAX);

	for (unsigned i = 0; i < n; i++)
		if (addresses[i].family == family)
			return "it lies in another network; add --gateway";
	return family == BERTH_IP6 ? "the host has no IPv6 address; add --address"
				   : "the host has no IPv4 address; add --address";
}

const char *host_error_hint(const struct host_setup *setup, enum berth_family family, int error)
{
	switch (error) {
	case BERTH_ECONNREFUSED:
		return "nothing listens on that port there";
	case BERTH_ETIMEDOUT:
		return "is the other side up, and the address right?";
	case BERTH_EHOSTUNREACH:
		return "nobody on the link answers for that address; is the device up and configured?";
	case BERTH_ENETUNREACH:
		return unreachable_hint(setup, family);
	case BERTH_EADDRNOTAVAIL:
		return "the host no longer has the address that it spoke from";
	case BERTH_ECONNRESET:
		return "the other side cut the conversation short";
	case BERTH_EADDRINUSE:
		return "take another port";
	default:
		return "see 'berth netstat -s' for what the host counted";
	}
}
