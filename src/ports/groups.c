/* The three groups of port numbers, and their names.
 *
 * The borders are those of RFC 6335 section 6. */
#include <berth/ports.h>

#define WELL_KNOWN_LAST 1023
#define REGISTERED_LAST 49151

enum berth_port_group berth_port_group(uint16_t port)
{
	if (port <= WELL_KNOWN_LAST)
		return BERTH_PORT_WELL_KNOWN;
	return port <= REGISTERED_LAST ? BERTH_PORT_REGISTERED : BERTH_PORT_PRIVATE;
}

const char *berth_port_group_name(enum berth_port_group group)
{
	switch (group) {
	case BERTH_PORT_WELL_KNOWN:
		return "well-known";
	case BERTH_PORT_REGISTERED:
		return "registered";
	case BERTH_PORT_PRIVATE:
		return "private";
	}
	return "?";
}
