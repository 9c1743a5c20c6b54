/* What the tests against the kernel share: a user and network namespace of their own, and in it a TAP device on which
 * the kernel is 10.9.0.1 and the other end 10.9.0.2, with the MAC address mac_test. Included once by each, after
 * cmocka. */
#ifndef TESTS_TAP_BED_H
#define TESTS_TAP_BED_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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

static struct sockaddr_in address_of(const char *text, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
	return address;
}

static void interface_set(int fd, unsigned long call, struct ifreq *request)
{
	snprintf(request->ifr_name, sizeof(request->ifr_name), DEVICE);
	if (ioctl(fd, call, request))
		fail_msg("ioctl %lx: %s", call, strerror(errno));
}

/* Gives the kernel's side its address, tells it our MAC address, and brings it up. Its own MAC address goes to
 * mac_kernel. */
static void device_up(uint8_t mac_kernel[6])
{
	struct sockaddr_in own = address_of("10.9.0.1", 0), mask = address_of("255.255.255.0", 0);
	struct sockaddr_in ours = address_of("10.9.0.2", 0);
	struct arpreq arp = {.arp_flags = ATF_COM | ATF_PERM, .arp_dev = DEVICE};
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	memcpy(&request.ifr_addr, &own, sizeof(own));
	interface_set(fd, SIOCSIFADDR, &request);
	memcpy(&request.ifr_netmask, &mask, sizeof(mask));
	interface_set(fd, SIOCSIFNETMASK, &request);
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	interface_set(fd, SIOCSIFFLAGS, &request);
	interface_set(fd, SIOCGIFHWADDR, &request);
	memcpy(mac_kernel, request.ifr_hwaddr.sa_data, 6);
	memcpy(&arp.arp_pa, &ours, sizeof(ours));
	arp.arp_ha.sa_family = ARPHRD_ETHER;
	memcpy(arp.arp_ha.sa_data, mac_test, 6);
	assert_int_equal(ioctl(fd, SIOCSARP, &arp), 0);
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
