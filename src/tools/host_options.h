/* The options of the verbs that put a host on a link.
 *
 * A verb keeps a struct host_options, has HOST_LONG_OPTIONS among its long options, gives each option that getopt
 * returns to host_options_take, and opens a struct host_setup (host_setup.h) with them. Reading an option is a pure
 * function of what was read before and its text; strings of the command line are borrowed for as long as the options
 * are used. */
#ifndef TOOLS_HOST_OPTIONS_H
#define TOOLS_HOST_OPTIONS_H

#include <berth/berth.h>
#include <getopt.h>

/* The host's one interface: its number, the scope of link-local addresses (RFC 4007), and its name. */
#define HOST_INTERFACE 1
#define HOST_INTERFACE_NAME "eth0"

#define HOST_ADDRESSES_MAX 16
#define HOST_DNS_MAX 4

/* An address and its network's prefix. */
struct host_network {
	struct berth_address address;
	unsigned prefix;
};

struct host_options {
	const char *verb;
	const char *tap;                                   /* the device's name; NULL: not given */
	struct host_network addresses[HOST_ADDRESSES_MAX]; /* given by hand; no two are the same */
	unsigned n_addresses;
	bool dhcp;                               /* an IPv4 address by DHCP */
	bool automatic;                          /* each family by what the link offers */
	struct berth_address gateway4, gateway6; /* family 0: not given */
	struct berth_address dns[HOST_DNS_MAX];  /* no two are the same */
	unsigned n_dns;
	bool has_wire;
	struct berth_wire_config wire;
	const char *pcap; /* NULL: none */
	const char *name; /* the host's; NULL: the verb's */
	bool no_offload;
	const char *congestion;  /* NULL: the host's default */
	bool has_ecn;            /* else the host's default */
	uint8_t ecn;             /* enum berth_ecn */
	uint32_t receive_buffer; /* 0: the host's default, and it grows */
};

enum host_option {
	HOST_OPTION_LINK = 0x100, /* beyond all characters */
	HOST_OPTION_ADDRESS,
	HOST_OPTION_GATEWAY,
	HOST_OPTION_DNS,
	HOST_OPTION_WIRE,
	HOST_OPTION_PCAP,
	HOST_OPTION_NAME,
	HOST_OPTION_NO_OFFLOAD,
	HOST_OPTION_CONGESTION,
	HOST_OPTION_ECN,
	HOST_OPTION_RECEIVE_BUFFER,
	HOST_OPTION_END, /* a verb's own long options begin here */
};

#define HOST_LONG_OPTIONS                                                                                              \
	{"link", required_argument, NULL, HOST_OPTION_LINK},                                                           \
		{"address", required_argument, NULL, HOST_OPTION_ADDRESS},                                             \
		{"gateway", required_argument, NULL, HOST_OPTION_GATEWAY},                                             \
		{"dns", required_argument, NULL, HOST_OPTION_DNS},                                                     \
		{"wire", required_argument, NULL, HOST_OPTION_WIRE},                                                   \
		{"pcap", required_argument, NULL, HOST_OPTION_PCAP},                                                   \
		{"name", required_argument, NULL, HOST_OPTION_NAME},                                                   \
		{"no-offload", no_argument, NULL, HOST_OPTION_NO_OFFLOAD},                                             \
		{"congestion", required_argument, NULL, HOST_OPTION_CONGESTION},                                       \
		{"ecn", required_argument, NULL, HOST_OPTION_ECN},                                                     \
	{                                                                                                              \
		"receive-buffer", required_argument, NULL, HOST_OPTION_RECEIVE_BUFFER                                  \
	}

#define HOST_USAGE                                                                                                     \
	"  --link tap:NAME     the TAP device to use; it is made when it does not exist\n"                             \
	"  --address A/P       an IPv4 or IPv6 address of the host and the length of its\n"                            \
	"                      network's prefix; or dhcp; or auto: what routers\n"                                     \
	"                      advertise, and DHCP; may be repeated\n"                                                 \
	"  --gateway A         the way to other networks; one of each family\n"                                        \
	"  --dns A             a server to ask for names; may be repeated\n"                                           \
	"  --wire SPEC         a bad wire: delay=10ms,loss=2%,seed=7 (see berth-serve(1))\n"                           \
	"  --pcap FILE         write all frames to FILE\n"                                                             \
	"  --name NAME         the host's name in 'berth netstat'\n"                                                   \
	"  --no-offload        the host makes checksums and segments, and not the kernel\n"                            \
	"  --congestion NAME   TCP's congestion control: cubic, reno or bbr\n"                                         \
	"  --ecn WHEN          TCP understands marks of congestion: off; accept: when the\n"                           \
	"                      peer asks; on: asks, too\n"                                                             \
	"  --receive-buffer N  bytes that a socket may hold unread; it does not grow then\n"

/* Room for what is wrong with an option. */
#define HOST_OPTION_WHY 512

/* Reads one option. 0; -1: not one of these; BERTH_EINVAL: *options is as it was, and why[HOST_OPTION_WHY] says what is
 * wrong and what to try. */
int host_option_parse(struct host_options *options, int c, const char *value, char *why);

/* Everything that is needed was given, and it goes together. 0, or BERTH_EINVAL and why[HOST_OPTION_WHY] says. */
int host_options_validate(const struct host_options *options, char *why);

/* What the options ask the host to find by itself: BERTH_AUTO_.... With `auto` that is what routers advertise, and an
 * IPv4 address by DHCP unless one was given by hand. */
unsigned host_options_how(const struct host_options *options);

/* There is an address of this family by hand. */
bool host_options_has(const struct host_options *options, enum berth_family family);

/* The two above with the error line written: TOOL_DONE, TOOL_USAGE, or -1. */
int host_options_take(struct host_options *options, int c, const char *value);
int host_options_check(const struct host_options *options);

/* An address as a person writes it: with %eth0 or %1 when it is link-local, or without, and IPv4 also as ::ffff:A. A
 * link-local address has the scope HOST_INTERFACE. 0; BERTH_EINVAL: no address; BERTH_ENOENT: another interface's. */
int host_address_parse(const char *text, struct berth_address *out);

/* ::ffff:a.b.c.d, as an IPv6 socket has it that speaks IPv4, becomes a.b.c.d. */
void host_address_unmap(struct berth_address *address);

/* A port by number or by its service's name, for a set of BERTH_TRANSPORT_...; no port 0. */
bool host_port_parse(const char *text, unsigned transports, uint16_t *out);

#endif
