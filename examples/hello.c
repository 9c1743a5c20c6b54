/* A host of its own at 192.168.1.7 and fd00::7 on the TAP device tap0 that greets whoever connects to its port 7000.
 *
 *     cc hello.c -o hello $(pkg-config --cflags --libs berth) */
#include <berth/berth.h>
#include <stdio.h>
#include <string.h>

/* Something has become true of a socket: here only the listener's are of interest. */
static void on_event(void *user, struct berth_host *host, const struct berth_event *event)
{
	struct berth_socket_address peer;
	char text[BERTH_ADDRESS_TEXT], line[96];
	int connection;

	if (event->descriptor < 0) /* news of the host's addresses */
		return;
	while ((connection = berth_accept(host, event->descriptor, &peer)) >= 0) {
		snprintf(line, sizeof(line), "hello, %s\n", berth_socket_address_format(&peer, text, sizeof(text)));
		berth_send(host, connection, line, strlen(line), 0);
		berth_close(host, connection); /* what is queued still goes */
	}
}

static int add_address(struct berth_host *host, int interface, const char *text)
{
	struct berth_address address;
	unsigned prefix;
	int r = berth_prefix_parse(text, &address, &prefix);

	return r < 0 ? r : berth_host_address_add(host, interface, &address, prefix);
}

static int run(void)
{
	struct berth_tap_config tap;
	struct berth_host_config config;
	struct berth_interface_config interface;
	struct berth_socket_address local = {.port = 7000}; /* at all addresses */
	struct berth_link *link;
	struct berth_host *host;
	struct berth_loop *loop = berth_loop_new();
	int r, number;

	berth_tap_config_default(&tap);
	strcpy(tap.name, "tap0");
	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth0");
	memcpy(interface.mac, "\2berth", 6); /* locally administered */
	if ((r = berth_link_tap(&tap, &link)) < 0 || (r = berth_host_config_real(&config)) < 0 ||
	    (r = berth_host_new(&config, &host)) < 0)
		return r;
	interface.mtu = link->mtu;
	interface.capabilities = link->capabilities;
	if ((r = number = berth_host_interface_add(host, &interface)) < 0 ||
	    (r = add_address(host, number, "192.168.1.7/24")) < 0 ||
	    (r = add_address(host, number, "fd00::7/64")) < 0 ||
	    (r = berth_loop_attach(loop, host, number, link, on_event, NULL)) < 0)
		return r;
	/* Such a socket takes connections of both families. */
	if ((r = number = berth_socket(host, BERTH_IP6, BERTH_STREAM)) < 0 ||
	    (r = berth_bind(host, number, &local)) < 0 || (r = berth_listen(host, number, 16)) < 0)
		return r;
	return berth_loop_run(loop);
}

int main(void)
{
	fprintf(stderr, "hello: %s\n", berth_error_text(run()));
	return 1;
}
