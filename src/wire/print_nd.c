/* One line of text for a frame: what neighbour discovery says. */
#include <string.h>

#include "nd.h"
#include "print_line.h"

static void print_ip6(struct print_line *line, const uint8_t bytes[16])
{
	struct berth_address address = {.family = BERTH_IP6};
	char text[BERTH_ADDRESS_TEXT];

	memcpy(address.bytes, bytes, 16);
	print_add(line, "%s", berth_address_format(&address, text, sizeof(text)));
}

static void print_mac(struct print_line *line, const uint8_t mac[6])
{
	print_add(line, " mac %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static void print_lifetime(struct print_line *line, const char *word, uint32_t seconds)
{
	if (seconds == ND_FOREVER)
		print_add(line, " %s forever", word);
	else
		print_add(line, " %s %us", word, (unsigned)seconds);
}

static const char *preference_name(int8_t preference)
{
	if (preference == 0)
		return "";
	return preference < 0 ? " low" : " high";
}

static void print_prefix(struct print_line *line, const struct nd_prefix *prefix)
{
	print_add(line, " prefix ");
	print_ip6(line, prefix->prefix);
	print_add(line, "/%u%s%s", prefix->len, prefix->on_link ? " on-link" : "", prefix->autonomous ? " auto" : "");
	print_lifetime(line, "valid", prefix->s_valid);
	print_lifetime(line, "preferred", prefix->s_preferred);
}

static void print_route(struct print_line *line, const struct nd_route *route)
{
	print_add(line, " route ");
	print_ip6(line, route->prefix);
	print_add(line, "/%u%s", route->len, preference_name(route->preference));
	print_lifetime(line, "for", route->s_lifetime);
}

static void print_servers(struct print_line *line, const struct nd_dns_servers *servers)
{
	print_add(line, " dns");
	for (size_t i = 0; i < servers->n; i++) {
		print_add(line, " ");
		print_ip6(line, servers->addresses + 16 * i);
	}
	print_lifetime(line, "for", servers->s_lifetime);
}

static void print_names(struct print_line *line, struct nd_search_names names)
{
	char name[ND_NAME_MAX];

	print_add(line, " search");
	while (nd_name_next(&names, name))
		print_add(line, " %s", name);
	print_lifetime(line, "for", names.s_lifetime);
}

static void print_options(struct print_line *line, struct nd_options options)
{
	struct nd_option option;

	while (nd_option_next(&options, &option)) {
		if (option.type == ND_SOURCE_MAC || option.type == ND_TARGET_MAC)
			print_mac(line, option.mac);
		else if (option.type == ND_PREFIX)
			print_prefix(line, &option.prefix);
		else if (option.type == ND_MTU)
			print_add(line, " mtu %u", (unsigned)option.mtu);
		else if (option.type == ND_ROUTE)
			print_route(line, &option.route);
		else if (option.type == ND_DNS_SERVERS)
			print_servers(line, &option.servers);
		else if (option.type == ND_SEARCH_NAMES)
			print_names(line, option.names);
	}
}

static void print_neighbour(struct print_line *line, const struct nd_neighbour *nd)
{
	print_add(line, " ");
	print_ip6(line, nd->target);
	print_add(line, "%s%s%s", nd->flags & ND_ROUTER ? " router" : "", nd->flags & ND_SOLICITED ? " solicited" : "",
		  nd->flags & ND_OVERRIDE ? " override" : "");
	if (nd->has_mac)
		print_mac(line, nd->mac);
	if (nd->has_nonce)
		print_add(line, " nonce %02x%02x%02x%02x%02x%02x", nd->nonce[0], nd->nonce[1], nd->nonce[2],
			  nd->nonce[3], nd->nonce[4], nd->nonce[5]);
}

static void print_router(struct print_line *line, const struct nd_router *router)
{
	print_add(line, "%s%s%s", preference_name(router->preference), router->managed ? " managed" : "",
		  router->other ? " other" : "");
	print_lifetime(line, "for", router->s_lifetime);
	if (router->hop_limit)
		print_add(line, " hop limit %u", router->hop_limit);
	print_options(line, router->options);
}

static void print_redirect(struct print_line *line, const struct nd_redirect *redirect)
{
	print_add(line, " ");
	print_ip6(line, redirect->destination);
	print_add(line, " by ");
	print_ip6(line, redirect->target);
	print_options(line, redirect->options);
}

void print_nd(struct print_line *line, const struct icmp_message *m)
{
	struct nd_neighbour neighbour;
	struct nd_redirect redirect;
	struct nd_options options;
	struct nd_router router;

	if (nd_neighbour_parse(m, &neighbour))
		print_neighbour(line, &neighbour);
	else if (nd_router_parse(m, &router))
		print_router(line, &router);
	else if (nd_router_solicit_parse(m, &options))
		print_options(line, options);
	else if (nd_redirect_parse(m, &redirect))
		print_redirect(line, &redirect);
	else
		print_add(line, ": cut short, or with a bad option, code or target");
}
