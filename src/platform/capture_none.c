/* Packet capture where berth is built without libpcap: there is none. */
#include <berth/platform.h>

int berth_link_capture(struct berth_link *inner, const char *path, struct berth_link **out)
{
	berth_link_free(inner);
	return BERTH_EPROTONOSUPPORT;
}

int berth_link_capture_error(const struct berth_link *capture)
{
	return BERTH_EINVAL;
}
