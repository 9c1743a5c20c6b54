/* Where control sockets lie, and who may be trusted there. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "errors.h"

int berth_control_directory(char *out, size_t n)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char path[256];
	int len;

	if (runtime && runtime[0] == '/')
		len = snprintf(path, sizeof(path), "%s/berth", runtime);
	else if (!geteuid())
		len = snprintf(path, sizeof(path), "/run/berth");
	else
		len = snprintf(path, sizeof(path), "/tmp/berth-%lu", (unsigned long)geteuid());
	if (len < 0 || (size_t)len >= sizeof(path) || (size_t)len >= n)
		return BERTH_EOVERFLOW;
	memcpy(out, path, (size_t)len + 1);
	return 0;
}

int control_directory_check(const char *path)
{
	struct stat st;

	if (lstat(path, &st)) {
		if (errno == ENOENT || errno == ENOTDIR)
			return BERTH_ENOENT;
		return errno == EACCES ? BERTH_EACCES : BERTH_EIO;
	}
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return BERTH_EACCES;
	return 0;
}

int control_address(struct sockaddr_un *out, const char *directory, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", directory, name);

	if (len < 0 || (size_t)len >= sizeof(address.sun_path))
		return BERTH_EOVERFLOW;
	*out = address;
	return 0;
}

bool control_peer_trusted(int fd, bool or_root)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) || n != sizeof(peer))
		return false;
	return peer.uid == geteuid() || (or_root && !peer.uid);
}
