/* Names of hosts, in a build without c-ares: there is nobody to ask. */
#include "enrich/names.h"

#include <berth/error.h>

int names_new(const struct names_config *config, struct names **out)
{
	return BERTH_EOPNOTSUPP;
}

struct names *names_free(struct names *names)
{
	return NULL;
}

int names_want(struct names *names, const struct berth_address *address)
{
	return 0;
}

const char *names_get(const struct names *names, const struct berth_address *address, bool *pending)
{
	if (pending)
		*pending = false;
	return NULL;
}

bool names_run(struct names *names, uint64_t ns_wait)
{
	return false;
}
