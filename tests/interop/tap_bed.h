/* What the tests against the kernel share: a user and network namespace of their own, and in it a TAP device on which
 * the kernel is 10.9.0.1 and fd00:9::1 and the other end 10.9.0.2 and fd00:9::2, with the MAC address mac_test.
 * Included once by each, after cmocka. */
#ifndef TESTS_TAP_BED_H
#define TESTS_TAP_BED_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <berth/platform.h>

#define SKIPPED 77 /* what meson takes for it */
#define DEVICE "berth0"

static const uint8_t mac_test[6] = {2, 0, 0, 0, 0, 2};

static bool file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done;
}

static bool namespace_enter(void)
{
	char uids[64], gids[64];

	snprintf(uids, sizeof(uids), "0 %u 1", (unsigned)geteuid());
	snprintf(gids, sizeof(gids), "0 %u 1", (unsigned)getegid());
	return !unshare(CLONE_NEWUSER | CLONE_NEWNET) && file_write("/proc/self/setgroups", "deny") &&
	       file_write("/proc/self/uid_map", uids) && file_write("/proc/self/gid_map", gids);
}

/* The addresses of both ends, in each family. */
#define KERNEL 1
#define TEST 2

static struct berth_address bed_address(uint8_t family, uint8_t end)
{
	struct berth_address ip6 = {.family = BERTH_IP6, .bytes = {0xfd, 0, 0, 9, [15] = end}};

	return family == BERTH_IP6 ? ip6 : berth_ip4(10, 9, 0, end);
}

/* For the kernel: an address of either family, and how long it is. */
struct bed_name {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
	socklen_t len;
};

static struct bed_name name_of(uint8_t family, uint8_t end, uint16_t port)
{
	struct berth_address address = bed_address(family, end);
	struct bed_name name = {.len = sizeof(name.in)};

	if (family == BERTH_IP6) {
		name.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
		memcpy(&name.in6.sin6_addr, address.bytes, 16);
		name.len = sizeof(name.in6);
	} else {
		name.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
		memcpy(&name.in.sin_addr, address.bytes, 4);
	}
	return name;
}

static int kernel_family(uint8_t family)
{
	return family == BERTH_IP6 ? AF_INET6 : AF_INET;
}

static void interface_set(int fd, unsigned long call, struct ifreq *request)
{
	snprintf(request->ifr_name, sizeof(request->ifr_name), DEVICE);
	if (ioctl(fd, call, request))
		fail_msg("ioctl %lx: %s", call, strerror(errno));
}

/* ---- IPv6 on the kernel's side, by rtnetlink ---- */

/* A request: the header, what it is about, and attributes behind it. */
struct bed_request {
	struct nlmsghdr header;
	union {
		struct ifaddrmsg address;
		struct ndmsg neighbour;
	};
	uint8_t attributes[64];
};

static void attribute_add(struct bed_request *request, uint16_t type, const void *value, uint16_t n)
{
	struct rtattr attribute = {.rta_type = type, .rta_len = (uint16_t)RTA_LENGTH(n)};
	uint8_t *at = (uint8_t *)request + NLMSG_ALIGN(request->header.nlmsg_len);

	memcpy(at, &attribute, sizeof(attribute));
	memcpy(at + RTA_LENGTH(0), value, n);
	request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(RTA_LENGTH(n));
}

/* Sends it and waits for the kernel to have done it. */
static void bed_ask(struct bed_request *request)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		uint8_t rest[256];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	assert_true(fd >= 0);
	request->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	assert_int_equal(send(fd, request, request->header.nlmsg_len, 0), request->header.nlmsg_len);
	assert_true(recv(fd, &answer, sizeof(answer), 0) > 0);
	assert_int_equal(answer.header.nlmsg_type, NLMSG_ERROR);
	if (answer.error.error)
		fail_msg("netlink: %s", strerror(-answer.error.error));
	close(fd);
}

/* An address that is used at once: the other end may not be there to say that it is free. */
static void kernel_address6(void)
{
	struct berth_address address = bed_address(BERTH_IP6, KERNEL);
	uint32_t flags = IFA_F_NODAD;
	struct bed_request request = {
		.header = {.nlmsg_type = RTM_NEWADDR, .nlmsg_len = NLMSG_LENGTH(sizeof(request.address))},
		.address = {.ifa_family = AF_INET6, .ifa_prefixlen = 64, .ifa_index = if_nametoindex(DEVICE)},
	};

	attribute_add(&request, IFA_LOCAL, address.bytes, 16);
	attribute_add(&request, IFA_FLAGS, &flags, sizeof(flags));
	bed_ask(&request);
}

/* The kernel takes packets to its address. */
static bool kernel_hears6(void)
{
	const char *const local = "fd000009000000000000000000000001 80";
	FILE *file = fopen("/proc/net/ipv6_route", "re");
	char line[256];
	bool found = false;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		found |= strstr(line, local) && strstr(line, DEVICE);
	fclose(file);
	return found;
}

/* That it does comes a moment after the address. */
static void kernel_wait6(void)
{
	for (unsigned n = 0; !kernel_hears6(); n++) {
		assert_true(n < 5000);
		usleep(1000);
	}
}

static void kernel_neighbour6(void)
{
	struct berth_address address = bed_address(BERTH_IP6, TEST);
	struct bed_request request = {
		.header = {.nlmsg_type = RTM_NEWNEIGH, .nlmsg_len = NLMSG_LENGTH(sizeof(request.neighbour))},
		.neighbour = {.ndm_family = AF_INET6,
			      .ndm_ifindex = (int)if_nametoindex(DEVICE),
			      .ndm_state = NUD_PERMANENT},
	};

	attribute_add(&request, NDA_DST, address.bytes, 16);
	attribute_add(&request, NDA_LLADDR, mac_test, 6);
	bed_ask(&request);
}

/* ---- the device ---- */

static void kernel_address4(int fd)
{
	struct bed_name own = name_of(BERTH_IP4, KERNEL, 0);
	struct sockaddr_in mask = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xffffff00)};
	struct ifreq request = {0};

	memcpy(&request.ifr_addr, &own.in, sizeof(own.in));
	interface_set(fd, SIOCSIFADDR, &request);
	memcpy(&request.ifr_netmask, &mask, sizeof(mask));
	interface_set(fd, SIOCSIFNETMASK, &request);
}

static void kernel_neighbour4(int fd)
{
	struct bed_name ours = name_of(BERTH_IP4, TEST, 0);
	struct arpreq arp = {.arp_flags = ATF_COM | ATF_PERM, .arp_dev = DEVICE};

	memcpy(&arp.arp_pa, &ours.in, sizeof(ours.in));
	arp.arp_ha.sa_family = ARPHRD_ETHER;
	memcpy(arp.arp_ha.sa_data, mac_test, 6);
	assert_int_equal(ioctl(fd, SIOCSARP, &arp), 0);
}

/* Gives the kernel's side its addresses, tells it our MAC address when `known`, and brings it up. Its own MAC address
 * goes to mac_kernel. */
static void device_up(uint8_t mac_kernel[6], bool known)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	kernel_address4(fd);
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	interface_set(fd, SIOCSIFFLAGS, &request);
	interface_set(fd, SIOCGIFHWADDR, &request);
	memcpy(mac_kernel, request.ifr_hwaddr.sa_data, 6);
	kernel_address6();
	if (known) {
		kernel_neighbour4(fd);
		kernel_neighbour6();
	}
	kernel_wait6();
	close(fd);
}

/* Enters the namespace and tries the device. false: not here, and why has been said. */
static bool bed_possible(void)
{
	struct berth_tap_config config;
	struct berth_link *link;
	int error;

	if (!namespace_enter()) {
		fprintf(stderr, "skipped: no user and network namespace: %s\n", strerror(errno));
		return false;
	}
	berth_tap_config_default(&config);
	snprintf(config.name, sizeof(config.name), DEVICE);
	error = berth_link_tap(&config, &link);
	if (error) {
		fprintf(stderr, "skipped: no TAP device: %s\n", berth_error_text(error));
		return false;
	}
	berth_link_free(link);
	return true;
}

#endif
