/* A host on a TAP device that joins groups as it is told: group_member DEVICE CAPTURE ADDRESS/PREFIX...
 *
 * Lines on standard input are "join GROUP", "leave GROUP" and "send GROUP TEXT"; each is answered by "done" or an
 * error's text. A datagram to port 7000 is a line "FAMILY TEXT". CAPTURE is the pcap file of everything on its cable.
 */
#include <berth/berth.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORT 7000

struct member {
	struct berth_loop *loop;
	struct berth_host *host;
	struct berth_link *link;
	int interface;
	int sockets[2]; /* of IPv4, of IPv6 */
	char line[512];
	size_t n_line;
};

static void on_event(void *user, struct berth_host *host, const struct berth_event *event)
{
	struct member *m = user;
	char text[512];
	long n;

	if (event->descriptor < 0)
		return;
	while ((n = berth_recv(host, event->descriptor, text, sizeof(text), 0)) >= 0)
		printf("%d %.*s\n", event->descriptor == m->sockets[0] ? 4 : 6, (int)n, text);
	fflush(stdout);
}

static int membership(struct member *m, const struct berth_address *group, bool joins)
{
	struct berth_membership what = {.group = *group, .interface = m->interface};

	if (group->family == BERTH_IP4)
		return berth_setsockopt(m->host, m->sockets[0], BERTH_SOL_IP,
					joins ? BERTH_IP_ADD_MEMBERSHIP : BERTH_IP_DROP_MEMBERSHIP, &what,
					sizeof(what));
	return berth_setsockopt(m->host, m->sockets[1], BERTH_SOL_IPV6,
				joins ? BERTH_IPV6_JOIN_GROUP : BERTH_IPV6_LEAVE_GROUP, &what, sizeof(what));
}

static int send_to(struct member *m, const struct berth_address *group, const char *text)
{
	struct berth_socket_address to = {*group, PORT};
	bool ip6 = group->family == BERTH_IP6;
	int r = berth_setsockopt(m->host, m->sockets[ip6], ip6 ? BERTH_SOL_IPV6 : BERTH_SOL_IP,
				 ip6 ? BERTH_IPV6_MULTICAST_IF : BERTH_IP_MULTICAST_IF, &m->interface,
				 sizeof(m->interface));
	long n = r ? r : berth_sendto(m->host, m->sockets[ip6], text, strlen(text), 0, &to);

	return n < 0 ? (int)n : 0;
}

static void obey(struct member *m)
{
	char *at = m->line, *verb = strtok_r(at, " ", &at), *name = strtok_r(at, " ", &at);
	struct berth_address group;
	int r;

	if (!name || berth_address_parse(name, &group))
		r = BERTH_EINVAL;
	else if (strcmp(verb, "send") == 0)
		r = send_to(m, &group, at);
	else
		r = membership(m, &group, strcmp(verb, "join") == 0);
	printf("%s\n", r ? berth_error_text(r) : "done");
	fflush(stdout);
}

static void on_input(void *user, unsigned ready)
{
	struct member *m = user;
	ssize_t n = read(STDIN_FILENO, m->line + m->n_line, sizeof(m->line) - 1 - m->n_line);
	char *end;

	if (n <= 0) {
		berth_loop_stop(m->loop);
		return;
	}
	m->n_line += (size_t)n;
	while ((end = memchr(m->line, '\n', m->n_line))) {
		size_t len = (size_t)(end + 1 - m->line);

		*end = '\0';
		obey(m);
		m->n_line -= len;
		memmove(m->line, m->line + len, m->n_line);
	}
}

static int add_host(struct member *m, char **addresses)
{
	struct berth_host_config config;
	struct berth_interface_config interface;
	int r = berth_host_config_real(&config);

	if (r || (r = berth_host_new(&config, &m->host)))
		return r;
	berth_interface_config_default(&interface);
	strcpy(interface.name, "eth0");
	memcpy(interface.mac, "\2berth", 6);
	interface.mtu = m->link->mtu;
	interface.ms_dad = 0;
	interface.capabilities = m->link->capabilities;
	m->interface = berth_host_interface_add(m->host, &interface);
	if (m->interface < 0)
		return m->interface;
	for (; *addresses; addresses++) {
		struct berth_address address;
		unsigned prefix;

		if ((r = berth_prefix_parse(*addresses, &address, &prefix)) ||
		    (r = berth_host_address_add(m->host, m->interface, &address, prefix)))
			return r;
	}
	return 0;
}

static int add_sockets(struct member *m)
{
	for (unsigned i = 0; i < 2; i++) {
		struct berth_socket_address any = {.address.family = i ? BERTH_IP6 : BERTH_IP4, .port = PORT};
		int on = 1, r;

		r = m->sockets[i] = berth_socket(m->host, any.address.family, BERTH_DATAGRAM);
		if (r < 0 ||
		    (i && (r = berth_setsockopt(m->host, r, BERTH_SOL_IPV6, BERTH_IPV6_V6ONLY, &on, sizeof(on)))) ||
		    (r = berth_bind(m->host, m->sockets[i], &any)))
			return r;
	}
	return 0;
}

static int run(struct member *m, const char *device, const char *capture, char **addresses)
{
	struct berth_tap_config tap;
	struct berth_link *link;
	int r;

	berth_tap_config_default(&tap);
	snprintf(tap.name, sizeof(tap.name), "%s", device);
	if ((r = berth_link_tap(&tap, &link)) || (r = berth_link_capture(link, capture, &m->link)))
		return r;
	m->loop = berth_loop_new();
	if (!m->loop)
		return BERTH_ENOMEM;
	if ((r = add_host(m, addresses)) || (r = add_sockets(m)) ||
	    (r = berth_loop_attach(m->loop, m->host, m->interface, m->link, on_event, m)) ||
	    (r = berth_loop_watch(m->loop, STDIN_FILENO, BERTH_READABLE, on_input, m)))
		return r;
	printf("ready\n");
	fflush(stdout);
	r = berth_loop_run(m->loop);
	berth_loop_detach(m->loop, m->host);
	berth_host_free(m->host);
	berth_link_free(m->link);
	berth_loop_free(m->loop);
	return r;
}

int main(int argc, char **argv)
{
	struct member m = {.n_line = 0};
	int r = argc < 4 ? BERTH_EINVAL : run(&m, argv[1], argv[2], argv + 3);

	if (r)
		fprintf(stderr, "group_member: %s\n", berth_error_text(r));
	return r ? 1 : 0;
}
