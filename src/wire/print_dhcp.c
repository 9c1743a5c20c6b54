/* One line of text for a frame: what DHCP says. */
#include "dhcp_message.h"
#include "print_line.h"

static void print_ip4(struct print_line *line, const char *word, uint32_t ip)
{
	if (ip)
		print_add(line, " %s %u.%u.%u.%u", word, (unsigned)(ip >> 24), (unsigned)(ip >> 16 & 255),
			  (unsigned)(ip >> 8 & 255), (unsigned)(ip & 255));
}

void print_dhcp(struct print_line *line, const uint8_t *p, size_t n)
{
	struct dhcp_message m;

	if (dhcp_parse(p, n, &m) != DHCP_OK) {
		print_add(line, ", no DHCP message");
		return;
	}
	print_add(line, " %s xid %08x", dhcp_type_name(m.type), (unsigned)m.xid);
	print_ip4(line, "client", m.client);
	print_ip4(line, "yours", m.yours);
	if (m.has_requested)
		print_ip4(line, "wants", m.requested);
	if (m.has_server_id)
		print_ip4(line, "server", m.server_id);
	print_ip4(line, "relay", m.relay);
	for (unsigned i = 0; i < m.routers.n; i++)
		print_ip4(line, "router", m.routers.ip[i]);
	for (unsigned i = 0; i < m.dns.n; i++)
		print_ip4(line, "dns", m.dns.ip[i]);
	if (m.has_lease && m.s_lease == DHCP_FOREVER)
		print_add(line, " lease forever");
	else if (m.has_lease)
		print_add(line, " lease %us", (unsigned)m.s_lease);
	if (m.host_name[0])
		print_add(line, " name %s", m.host_name);
}
