/* Interfaces' names, from the kernel. */
#include "interface_names.h"

#include <net/if.h>
#include <stdio.h>

const char *interface_name(struct index *names, uint32_t number)
{
	bool is_new;
	char *name = index_get(names, &number, sizeof(number), &is_new);

	if (name && is_new && !if_indextoname(number, name))
		snprintf(name, INTERFACE_NAME, "%u", number);
	return name;
}
