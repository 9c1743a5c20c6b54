/* User and network namespaces, and an address for a device in them, by the kernel's own calls: no other program is
 * needed. */
#include "namespace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What may pass before the kernel has an address ready. */
#define USABLE_MS 2000

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t n = strlen(text);

	if (fd < 0)
		return false;
	bool ok = write(fd, text, n) == (ssize_t)n;
	close(fd);
	return ok;
}

/* The user and group outside are the same inside (user_namespaces(7)). */
static bool map_ids(uid_t uid, gid_t gid)
{
	char map[64];

	if (!write_file("/proc/self/setgroups", "deny"))
		return false;
	snprintf(map, sizeof(map), "%ld %ld 1", (long)uid, (long)uid);
	if (!write_file("/proc/self/uid_map", map))
		return false;
	snprintf(map, sizeof(map), "%ld %ld 1", (long)gid, (long)gid);
	return write_file("/proc/self/gid_map", map);
}

bool namespace_enter(const char **why)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (uid == 0 && unshare(CLONE_NEWNET) == 0)
		return true;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) {
		if (map_ids(uid, gid))
			return true;
		*why = "the user could not be mapped into a new user namespace";
		return false;
	}
	*why = errno == ENOSPC   ? "no more user namespaces are allowed (user.max_user_namespaces)"
	       : errno == EINVAL ? "the kernel has no user namespaces"
				 : "user namespaces are forbidden here";
	return false;
}

static void set_address(struct ifreq *request, const char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	inet_pton(AF_INET, text, &address.sin_addr);
	memcpy(&request->ifr_addr, &address, sizeof(address));
}

static bool bring_up(const char *device, const char *address, const char *mask)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	set_address(&request, address);
	bool ok = ioctl(fd, SIOCSIFADDR, &request) == 0;
	set_address(&request, mask);
	ok = ok && ioctl(fd, SIOCSIFNETMASK, &request) == 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0;
	request.ifr_flags |= IFF_UP | IFF_RUNNING;
	ok = ok && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	close(fd);
	return ok;
}

/* netdevice(7) has it, and no header that goes with those of the C library. */
struct in6_request {
	struct in6_addr address;
	uint32_t prefix;
	int interface;
};

/* An address is usable when a socket can be bound to it: the kernel sees to that in a thread of its own. */
static bool wait_usable(int fd, const struct in6_addr *address)
{
	const struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = *address};

	for (unsigned i = 0; i < USABLE_MS; i++) {
		if (bind(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
			return true;
		usleep(1000);
	}
	return false;
}

static bool add_address6(const char *device, const char *address, unsigned prefix)
{
	struct in6_request request = {.prefix = prefix, .interface = (int)if_nametoindex(device)};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	inet_pton(AF_INET6, address, &request.address);
	bool ok = ioctl(fd, SIOCSIFADDR, &request) == 0 && wait_usable(fd, &request.address);
	close(fd);
	return ok;
}

/* The cable is the demo's own: nobody has to be asked whether an address is free, and there is no router to look for.
 */
static void expect_nobody(const char *device)
{
	static const char *const settings[] = {"accept_dad", "dad_transmits", "router_solicitations", "accept_ra"};
	char path[96];

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", device, settings[i]);
		write_file(path, "0");
	}
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", device);
	write_file(path, "0");
}

const char *namespace_configure(const char *device, const char *address, const char *mask, const char *address6,
				unsigned prefix6)
{
	expect_nobody(device);
	if (!bring_up(device, address, mask))
		return "the TAP device could not be configured";
	return add_address6(device, address6, prefix6) ? NULL : "the kernel has no IPv6 here";
}
