/* Interfaces: what the host is on its wires. A small array that is walked: a host has a handful. */
#include <string.h>

#include "dhcp.h"

void berth_interface_config_default(struct berth_interface_config *config)
{
	*config = (struct berth_interface_config){
		.size = sizeof(*config),
		.ethernet = true,
		.mtu = 1500,
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
	if (config->ms_acd > MS_PACE_MAX || config->capabilities & ~(BERTH_LINK_CHECKSUM | BERTH_LINK_SEGMENT))
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
		.ms_acd = config->ms_acd,
		.capabilities = config->capabilities,
	};
	memcpy(interface->name, config->name, sizeof(interface->name));
	memcpy(interface->mac, config->mac, sizeof(interface->mac));
	return (int)host->n_interfaces++;
}

int berth_host_interface_auto(struct berth_host *host, int interface, unsigned how)
{
	if (interface <= HOST_LOOPBACK || (uint32_t)interface >= host->n_interfaces || (how & ~BERTH_AUTO_DHCP))
		return BERTH_EINVAL;
	if (!host->interfaces[interface].ethernet && how)
		return BERTH_EINVAL;
	if (how & BERTH_AUTO_DHCP)
		return dhcp_start(host, (unsigned)interface);
	dhcp_stop(host, (unsigned)interface);
	return BERTH_OK;
}
