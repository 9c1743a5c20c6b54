/* Interfaces: what the host is on its wires. A small array that is walked: a host has a handful. */
#include <string.h>

#include "dhcp.h"
#include "discovery.h"

void berth_interface_config_default(struct berth_interface_config *config)
{
	*config = (struct berth_interface_config){
		.size = sizeof(*config),
		.ethernet = true,
		.mtu = 1500,
		.ms_dad = 1000,
	};
}

#define MS_PACE_MAX 60000

static bool mac_is_unicast(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return !(mac[0] & 1) && memcmp(mac, none, 6) != 0;
}

static bool config_is_good(const struct berth_interface_config *config)
{
	if (config->size != sizeof(*config) || config->mtu < 576 || config->mtu > 65535)
		return false;
	if (!config->name[0] || !memchr(config->name, 0, sizeof(config->name)))
		return false;
	if (config->ms_acd > MS_PACE_MAX || config->ms_dad > MS_PACE_MAX)
		return false;
	if (config->capabilities & ~(BERTH_LINK_CHECKSUM | BERTH_LINK_SEGMENT))
		return false;
	return !config->ethernet || mac_is_unicast(config->mac);
}

int berth_host_interface_add(struct berth_host *host, const struct berth_interface_config *config)
{
	struct host_interface *interface = &host->interfaces[host->n_interfaces];

	if (!config_is_good(config))
		return BERTH_EINVAL;
	for (unsigned i = 0; i < host->n_interfaces; i++) {
		if (strcmp(host->interfaces[i].name, config->name) == 0)
			return BERTH_EINVAL;
	}
	if (host->n_interfaces == HOST_INTERFACES_MAX + 1)
		return BERTH_ENOSPC;
	*interface = (struct host_interface){
		.ethernet = config->ethernet,
		.mtu = config->mtu,
		.mtu_link = config->mtu,
		.mtu_ip6 = config->mtu,
		.ms_acd = config->ms_acd,
		.ms_dad = config->ms_dad,
		.redirects = config->redirects,
		.capabilities = config->capabilities,
	};
	memcpy(interface->name, config->name, sizeof(interface->name));
	memcpy(interface->mac, config->mac, sizeof(interface->mac));
	return (int)host->n_interfaces++;
}

static bool auto_is_good(const struct host_interface *interface, unsigned how)
{
	if (how & ~(BERTH_AUTO_LINK_LOCAL | BERTH_AUTO_ROUTERS | BERTH_AUTO_DHCP))
		return false;
	if ((how & BERTH_AUTO_DHCP) && !interface->ethernet)
		return false;
	return !(how & (BERTH_AUTO_LINK_LOCAL | BERTH_AUTO_ROUTERS)) || interface->mtu_link >= HOST_IP6_MTU;
}

static void auto_ip6(struct berth_host *host, unsigned interface, unsigned how)
{
	if (how & BERTH_AUTO_ROUTERS)
		router_start(host, interface);
	else
		router_stop(host, interface);
	host->interfaces[interface].link_local = how & (BERTH_AUTO_LINK_LOCAL | BERTH_AUTO_ROUTERS);
	if (host->interfaces[interface].link_local)
		slaac_link_local(host, interface);
	else
		slaac_address_gone(host, interface);
}

int berth_host_interface_auto(struct berth_host *host, int interface, unsigned how)
{
	if (interface <= HOST_LOOPBACK || (uint32_t)interface >= host->n_interfaces ||
	    !auto_is_good(&host->interfaces[interface], how))
		return BERTH_EINVAL;
	auto_ip6(host, (unsigned)interface, how);
	if (how & BERTH_AUTO_DHCP)
		return dhcp_start(host, (unsigned)interface);
	dhcp_stop(host, (unsigned)interface);
	return BERTH_OK;
}
