/* A host on a TAP device that finds out by itself what it is: auto_host DEVICE CAPTURE SECRET [ADDRESS/PREFIX...]
 *
 * What becomes of it is told on standard output, a line for each notice: "ready ADDRESS/PREFIX", "duplicate
 * ADDRESS/PREFIX MAC", "gone ADDRESS/PREFIX", "router ADDRESS", "router-gone ADDRESS", "dns ADDRESS... domains
 * NAME...". SECRET is a number of which the host's secret is made. CAPTURE is the pcap file of everything on its cable.
 * The host ends with its standard input.
 */
#include <berth/berth.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct automatic {
	struct berth_loop *loop;
	struct berth_host *host;
	struct berth_link *link;
};

static void print_names(struct berth_host *host)
{
	struct berth_address servers[8];
	size_t n = berth_host_dns(host, servers, 8);
	char text[BERTH_ADDRESS_TEXT], domain[BERTH_DOMAIN_MAX];

	printf("dns");
	for (size_t i = 0; i < n && i < 8; i++)
		printf(" %s", berth_address_format(&servers[i], text, sizeof(text)));
	printf(" domains");
	for (size_t i = 0; berth_host_search(host, i, domain); i++)
		printf(" %s", domain);
	printf("\n");
}

static void print_notice(struct berth_host *host, const struct berth_notice *n)
{
	char text[BERTH_ADDRESS_TEXT];

	berth_address_format(&n->address, text, sizeof(text));
	if (n->kind == BERTH_NOTICE_ADDRESS_READY)
		printf("ready %s/%u\n", text, n->prefix);
	else if (n->kind == BERTH_NOTICE_ADDRESS_GONE)
		printf("gone %s/%u\n", text, n->prefix);
	else if (n->kind == BERTH_NOTICE_ADDRESS_DUPLICATE)
		printf("duplicate %s/%u %02x:%02x:%02x:%02x:%02x:%02x\n", text, n->prefix, n->mac[0], n->mac[1],
		       n->mac[2], n->mac[3], n->mac[4], n->mac[5]);
	else if (n->kind == BERTH_NOTICE_ROUTER)
		printf("router %s\n", text);
	else if (n->kind == BERTH_NOTICE_ROUTER_GONE)
		printf("router-gone %s\n", text);
	else if (n->kind == BERTH_NOTICE_DNS)
		print_names(host);
}

static void on_event(void *user, struct berth_host *host, const struct berth_event *event)
{
	struct berth_notice notice;

	(void)user;
	(void)event;
	while (berth_host_next_notice(host, &notice))
		print_notice(host, &notice);
	fflush(stdout);
}

static void on_input(void *user, unsigned ready)
{
	struct automatic *a = user;
	char bytes[64];

	(void)ready;
	if (read(STDIN_FILENO, bytes, sizeof(bytes)) <= 0)
		berth_loop_stop(a->loop);
}

static int add_host(struct automatic *a, const char *secret, char **addresses)
{
	struct berth_host_config config;
	struct berth_interface_config interface;
	int r = berth_host_config_real(&config);

	memset(config.secret, atoi(secret), sizeof(config.secret));
	if (r || (r = berth_host_new(&config, &a->host)))
		return r;
	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth0");
	memcpy(interface.mac, "\2berth", 6);
	interface.mtu = a->link->mtu;
	interface.capabilities = a->link->capabilities;
	r = berth_host_interface_add(a->host, &interface);
	for (; r == 1 && *addresses; addresses++) {
		struct berth_address address;
		unsigned prefix;
		int error = berth_prefix_parse(*addresses, &address, &prefix);

		if (error || (error = berth_host_address_add(a->host, 1, &address, prefix)))
			return error;
	}
	return r < 0 ? r : berth_host_interface_auto(a->host, 1, BERTH_AUTO_ROUTERS);
}

static int run(struct automatic *a, char **arguments)
{
	struct berth_tap_config tap;
	struct berth_link *device;
	int r;

	berth_tap_config_default(&tap);
	snprintf(tap.name, sizeof(tap.name), "%s", arguments[0]);
	if ((r = berth_link_tap(&tap, &device)) || (r = berth_link_capture(device, arguments[1], &a->link)))
		return r;
	a->loop = berth_loop_new();
	if (!a->loop)
		return BERTH_ENOMEM;
	if ((r = add_host(a, arguments[2], arguments + 3)) ||
	    (r = berth_loop_attach(a->loop, a->host, 1, a->link, on_event, a)) ||
	    (r = berth_loop_watch(a->loop, STDIN_FILENO, BERTH_READABLE, on_input, a)))
		return r;
	r = berth_loop_run(a->loop);
	berth_loop_detach(a->loop, a->host);
	berth_host_free(a->host);
	berth_link_free(a->link);
	berth_loop_free(a->loop);
	return r;
}

int main(int n, char **arguments)
{
	struct automatic a = {0};
	int r = n < 4 ? BERTH_EINVAL : run(&a, arguments + 1);

	if (r)
		fprintf(stderr, "auto_host: %s\n", berth_error_text(r));
	return r != 0;
}
