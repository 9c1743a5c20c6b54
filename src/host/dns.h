/* Which servers of names the host uses, and in which domains it looks for names: by hand, from DHCP, from routers. */
#ifndef HOST_DNS_H
#define HOST_DNS_H

#include "host_private.h"

/* `server` is one from now until `until` (BERTH_NEVER: for good); a time that has passed takes it away. Who says so is
 * named by origin and interface: the same server may come from several. When there is no room, one of a later origin
 * goes (enum host_origin has them in the order of preference), or this one is not taken. true: it is in the list now.
 */
bool host_dns_set(struct berth_host *host, enum host_origin origin, unsigned interface, const struct ip *server,
		  berth_time until);
/* The same of a domain; less than BERTH_DOMAIN_MAX bytes, a name that can be printed. */
bool host_search_set(struct berth_host *host, enum host_origin origin, unsigned interface, const char *domain,
		     berth_time until);
/* Takes away all that came from there. */
void host_dns_drop(struct berth_host *host, enum host_origin origin, unsigned interface);

#endif
