/* Interfaces and addresses: what the host is on its wires, and which addresses are its own.
 *
 * Both are small arrays that are walked: a host has a handful, and the walk over two or three entries costs less than
 * any table. */
#include <string.h>

#include "host_private.h"

void berth_interface_config_default(struct berth_interface_config *config)
{
	*config = (struct berth_interface_config){
		.size = sizeof(*config),
		.ethernet = true,
		.mtu = 1500,
	};
}

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
		.capabilities = config->capabilities,
	};
	memcpy(interface->name, config->name, sizeof(interface->name));
	memcpy(interface->mac, config->mac, sizeof(interface->mac));
	return (int)host->n_interfaces++;
}

static uint32_t prefix_mask(unsigned prefix)
{
	return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

/* The first and the last address of a network stand for the network and for all its hosts; networks of 31 bits and more
 * have neither (RFC 3021). */
static bool names_a_host(uint32_t ip, uint32_t mask)
{
	uint32_t host_bits = ip & ~mask;

	return ip_is_unicast(ip) && (~mask <= 1 || (host_bits != 0 && host_bits != ~mask));
}

int berth_host_address_add(struct berth_host *host, int interface, const struct berth_address *address, unsigned prefix)
{
	uint32_t ip, mask;

	if (address->family == BERTH_IP6)
		return BERTH_EAFNOSUPPORT;
	if (interface < 0 || (uint32_t)interface >= host->n_interfaces || address->family != BERTH_IP4 || prefix > 32)
		return BERTH_EINVAL;
	ip = get_be32(address->bytes);
	mask = prefix_mask(prefix);
	if (!names_a_host(ip, mask))
		return BERTH_EINVAL;
	if (host_address_find(host, ip))
		return BERTH_EADDRINUSE;
	if (host->n_addresses == HOST_ADDRESSES_MAX + 1)
		return BERTH_ENOSPC;
	host->addresses[host->n_addresses++] = (struct host_address){
		.ip = ip,
		.mask = mask,
		.interface = (uint8_t)interface,
	};
	host_route_insert(host, &(struct host_route){
					.destination = ip & mask,
					.mask = mask,
					.interface = (uint8_t)interface,
				});
	return BERTH_OK;
}

const struct host_address *host_address_find(const struct berth_host *host, uint32_t ip)
{
	/* Number 0 is the loopback's, and what comes by wire is hardly ever for that. */
	for (unsigned i = host->n_addresses; i-- > 0;) {
		if (host->addresses[i].ip == ip)
			return &host->addresses[i];
	}
	return NULL;
}

bool host_is_own(const struct berth_host *host, uint32_t ip)
{
	return ip_is_loopback(ip) || host_address_find(host, ip);
}

bool host_is_broadcast(const struct berth_host *host, unsigned interface, uint32_t ip)
{
	if (ip == UINT32_MAX)
		return true;
	for (unsigned i = 0; i < host->n_addresses; i++) {
		const struct host_address *a = &host->addresses[i];

		if (a->interface == interface && ~a->mask > 1 && ip == (a->ip | ~a->mask))
			return true;
	}
	return false;
}

const struct host_address *host_address_towards(const struct berth_host *host, unsigned interface, uint32_t ip)
{
	const struct host_address *first = NULL;

	for (unsigned i = 0; i < host->n_addresses; i++) {
		const struct host_address *a = &host->addresses[i];

		if (a->interface != interface)
			continue;
		if ((a->ip & a->mask) == (ip & a->mask))
			return a;
		first = first ? first : a;
	}
	return first;
}
