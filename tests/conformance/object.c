/* The object: made from packetdrill's flags, with a host that comes when it is first needed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

/* packetdrill_shell says nothing of whose command it is. packetdrill has one object a process. */
static struct object *latest;

static void die(const char *what)
{
	fprintf(stderr, "berth: %s\n", what);
	abort();
}

static void add_interface(struct object *o)
{
	struct berth_interface_config config;
	struct berth_address everywhere = {.family = o->local.family};

	berth_interface_config_default(&config);
	strcpy(config.name, "tun0");
	config.ethernet = false;
	config.mtu = o->mtu;
	config.ms_dad = 0;
	config.capabilities = BERTH_LINK_SEGMENT | BERTH_LINK_CHECKSUM;
	o->interface = berth_host_interface_add(o->host, &config);
	if (o->interface < 0 || berth_host_address_add(o->host, o->interface, &o->local, o->prefix))
		die("no such address");
	if (berth_host_route_add(o->host, &everywhere, 0, &o->gateway))
		die("no route");
}

void object_enter(struct object *o)
{
	pthread_mutex_lock(&o->mutex);
	if (o->host)
		return;
	if (berth_host_new(&o->config, &o->host))
		die("no host");
	add_interface(o);
}

long object_leave(struct object *o, long result)
{
	packets_pull(o);
	pthread_mutex_unlock(&o->mutex);
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

static void free_object(void *user)
{
	struct object *o = user;

	pthread_mutex_lock(&o->mutex);
	for (int i = 0; i < o->n_files; i++)
		file_free(o, &o->files[i]);
	packets_free(o);
	berth_host_free(o->host);
	pthread_mutex_unlock(&o->mutex);
	pthread_mutex_destroy(&o->mutex);
	pthread_cond_destroy(&o->done);
	if (latest == o)
		latest = NULL;
	free(o);
}

static void take_flag(struct object *o, const char *name, const char *value)
{
	if (strcmp(name, "local") == 0 && berth_prefix_parse(value, &o->local, &o->prefix))
		die("flag local: not ADDRESS/PREFIX");
	if (strcmp(name, "gateway") == 0 && berth_address_parse(value, &o->gateway))
		die("flag gateway: no address");
	if (strcmp(name, "mtu") == 0)
		o->mtu = (uint32_t)strtoul(value, NULL, 10);
}

static void take_flags(struct object *o, const char *flags)
{
	char *copy = strdup(flags), *save = NULL;

	for (char *word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value = '\0';
		take_flag(o, word, value + 1);
	}
	free(copy);
	/* packetdrill's default gateway over IPv4 is the host itself, which is no way to anywhere; and a script that
	 * has an address of its own leaves the gateway on another network. */
	if (berth_address_equal(&o->gateway, &o->local) ||
	    !berth_address_in_prefix(&o->gateway, &o->local, o->prefix)) {
		o->gateway = o->local;
		o->gateway.bytes[o->gateway.family == BERTH_IP4 ? 3 : 15] ^= 2;
	}
}

static void configure(struct berth_host_config *config)
{
	berth_host_config_default(config);
	strcpy(config->name, "packetdrill");
	config->seed = 7;
	memset(config->secret, 3, sizeof(config->secret));
}

static const struct packetdrill_interface table = {
	.free = free_object,
	.socket = sockets_socket,
	.bind = sockets_bind,
	.listen = sockets_listen,
	.accept = sockets_accept,
	.connect = sockets_connect,
	.read = transfer_read,
	.readv = transfer_readv,
	.recv = transfer_recv,
	.recvfrom = transfer_recvfrom,
	.recvmsg = transfer_recvmsg,
	.write = transfer_write,
	.writev = transfer_writev,
	.send = transfer_send,
	.sendto = transfer_sendto,
	.sendmsg = transfer_sendmsg,
	.fcntl = sockets_fcntl,
	.ioctl = sockets_ioctl,
	.close = sockets_close,
	.shutdown = sockets_shutdown,
	.getsockopt = options_get,
	.setsockopt = options_set,
	.poll = ready_poll,
	.netdev_send = packets_send,
	.netdev_receive = packets_receive,
	.usleep = clock_usleep,
	.gettimeofday = clock_gettimeofday,
	.epoll_create = ready_epoll_create,
	.epoll_ctl = ready_epoll_ctl,
	.epoll_wait = ready_epoll_wait,
	.pipe = pipes_pipe,
	.splice = pipes_splice,
};

__attribute__((visibility("default"))) void packetdrill_interface_init(const char *flags,
								       struct packetdrill_interface *interface)
{
	struct object *o = calloc(1, sizeof(*o));

	if (!o)
		die("out of memory");
	pthread_mutex_init(&o->mutex, NULL);
	pthread_cond_init(&o->done, NULL);
	o->main = pthread_self();
	o->now = 1000ull * 1000000000;
	o->last = &o->first;
	o->mtu = 1500;
	configure(&o->config);
	take_flags(o, flags);
	latest = o;
	*interface = table;
	interface->user = o;
}

__attribute__((visibility("default"))) int packetdrill_shell(const char *command)
{
	if (latest)
		sysctl_command(latest, command);
	return 0;
}
