/* What asking for names is like unless somebody wants it otherwise. */
#include "enrich/names.h"

void names_config_default(struct names_config *config)
{
	*config = (struct names_config){.window = 64, .ns_deadline = UINT64_C(1000000000), .hosts = "/etc/hosts"};
}
