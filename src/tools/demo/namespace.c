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

static bool bring_up(int fd, struct ifreq *request, const char *address, const char *mask)
{
	set_address(request, address);
	if (ioctl(fd, SIOCSIFADDR, request) < 0)
		return false;
	set_address(request, mask);
	if (ioctl(fd, SIOCSIFNETMASK, request) < 0 || ioctl(fd, SIOCGIFFLAGS, request) < 0)
		return false;
	request->ifr_flags |= IFF_UP | IFF_RUNNING;
	return ioctl(fd, SIOCSIFFLAGS, request) == 0;
}

int namespace_configure(const char *device, const char *address, const char *mask)
{
	struct ifreq request = {0};
	char path[96];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	/* The demo is about IPv4; without this the kernel looks for IPv6 routers now and then. It may fail. */
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", device);
	write_file(path, "1");
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	int r = bring_up(fd, &request, address, mask) ? 0 : -errno;
	close(fd);
	return r;
}
