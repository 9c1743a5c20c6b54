/* Namespaces of the demo's own: a machine whose network nobody else sees. */
#ifndef DEMO_NAMESPACE_H
#define DEMO_NAMESPACE_H

#include <stdbool.h>

/* Moves the process into a new network namespace, and a new user namespace where that is allowed, so that no root is
 * needed. The user stays who it was. false: not allowed, nothing has changed, and *why says what was refused, in static
 * text. */
bool namespace_enter(const char **why);

/* Gives a device of the namespace an IPv4 address ("192.168.1.5", "255.255.255.0") and an IPv6 address ("fd00::5", 64),
 * and brings it up; both addresses are usable on return. NULL, or why not, in static text. */
const char *namespace_configure(const char *device, const char *address, const char *mask, const char *address6,
				unsigned prefix6);

#endif
