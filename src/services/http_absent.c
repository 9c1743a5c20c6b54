/* The HTTP service of a berth that was built without the HTTP parser: it says so. */
#include "http.h"

void http_config_default(struct http_config *config)
{
	*config = (struct http_config){0};
}

int http_server_new(const struct http_config *config, struct http_server **out)
{
	return BERTH_EPROTONOSUPPORT;
}

struct http_server *http_server_free(struct http_server *server)
{
	return NULL;
}
