/* The settings of Linux that a script changes, as the host's configuration. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

/* "least default most": of three numbers these two. */
static void set_range(const char *value, uint32_t *initial, uint32_t *most)
{
	char *end;

	strtoul(value, &end, 0);
	*initial = (uint32_t)strtoul(end, &end, 0);
	*most = (uint32_t)strtoul(end, &end, 0);
}

static void set_rmem(struct object *o, const char *value)
{
	set_range(value, &o->config.receive_buffer, &o->config.receive_buffer_max);
}

static void set_wmem(struct object *o, const char *value)
{
	set_range(value, &o->config.send_buffer, &o->config.send_buffer_max);
}

static void set_congestion(struct object *o, const char *value)
{
	snprintf(o->config.congestion, sizeof(o->config.congestion), "%s", value);
}

static void set_recovery(struct object *o, const char *value)
{
	o->config.rack = strtoul(value, NULL, 0) & 1;
}

#define FLAG(member)                                                                                                   \
	static void set_##member(struct object *o, const char *value)                                                  \
	{                                                                                                              \
		o->config.member = strtoul(value, NULL, 0) != 0;                                                       \
	}

FLAG(mtu_probing)
FLAG(sack)
FLAG(timestamps)
FLAG(window_scaling)

/* The lowest bits are the host's; the others are what sockets do without being asked to. */
static void set_fast_open(struct object *o, const char *value)
{
	unsigned flags = (unsigned)strtoul(value, NULL, 0);

	o->config.fast_open = flags & (BERTH_FAST_OPEN_CLIENT | BERTH_FAST_OPEN_SERVER);
	o->fast_open = flags;
}

/* Four words in hexadecimal, least byte first, with dashes between. */
static void set_fast_open_key(struct object *o, const char *value)
{
	char *end = (char *)(uintptr_t)value;

	for (unsigned i = 0; i < 4; i++) {
		uint32_t word = (uint32_t)strtoul(value, &end, 16);

		for (unsigned k = 0; k < 4; k++)
			o->fast_open_key[4 * i + k] = (uint8_t)(word >> 8 * k);
		value = *end == '-' ? end + 1 : end;
	}
	o->has_fast_open_key = true;
}

/* 0: never, 1: asked for, 2: when the peer asks. */
static void set_ecn(struct object *o, const char *value)
{
	static const uint8_t modes[] = {BERTH_ECN_OFF, BERTH_ECN_ON, BERTH_ECN_ACCEPT};
	unsigned long n = strtoul(value, NULL, 0);

	if (n < sizeof(modes))
		o->config.ecn = modes[n];
}

static const struct setting {
	const char *name;
	void (*set)(struct object *o, const char *value);
} settings[] = {
	{"tcp_congestion_control", set_congestion},
	{"tcp_ecn", set_ecn},
	{"tcp_fastopen", set_fast_open},
	{"tcp_fastopen_key", set_fast_open_key},
	{"tcp_mtu_probing", set_mtu_probing},
	{"tcp_recovery", set_recovery},
	{"tcp_rmem", set_rmem},
	{"tcp_sack", set_sack},
	{"tcp_timestamps", set_timestamps},
	{"tcp_window_scaling", set_window_scaling},
	{"tcp_wmem", set_wmem},
};

/* A host that runs already follows for what begins from now on: it gets the settings of one that is made so. */
static void apply(struct object *o)
{
	struct berth_host *model;

	if (!o->host || berth_host_new(&o->config, &model))
		return;
	o->host->tcp.config = model->tcp.config;
	berth_host_free(model);
}

static void set(struct object *o, const char *name, const char *value)
{
	struct berth_host_config before = o->config;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (strcmp(settings[i].name, name) == 0)
			settings[i].set(o, value);
	if (berth_host_config_validate(&o->config, NULL))
		o->config = before;
	else
		apply(o);
}

/* Reads NAME=VALUE, VALUE in quotes or not. What follows, or NULL: that is none. */
static const char *take_setting(struct object *o, const char *at)
{
	char name[64], value[64];
	size_t n = strcspn(at, "= \t\n\"");
	char quote;

	if (at[n] != '=' || n >= sizeof(name))
		return NULL;
	memcpy(name, at, n);
	name[n] = '\0';
	at += n + 1;
	quote = *at == '"' || *at == '\'' ? *at++ : '\0';
	n = quote ? strcspn(at, (char[]){quote, '\0'}) : strcspn(at, " \t\n;");
	if (n >= sizeof(value))
		return NULL;
	memcpy(value, at, n);
	value[n] = '\0';
	set(o, name, value);
	return at + n;
}

/* What Google's suite of scripts expects where a script says nothing else (its defaults.sh): buffers and an algorithm
 * that differ from the host's own. */
static void set_defaults(struct object *o)
{
	set(o, "tcp_rmem", "4096 540000 15728640");
	set(o, "tcp_wmem", "4096 262144 4194304");
	set(o, "tcp_congestion_control", "cubic");
	set(o, "tcp_ecn", "0");
	set(o, "tcp_mtu_probing", "0");
	set(o, "tcp_timestamps", "1");
	set(o, "tcp_sack", "1");
	set(o, "tcp_fastopen", "0x70403");
	set(o, "tcp_fastopen_key", "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4");
}

void sysctl_command(struct object *o, const char *command)
{
	static const char *const roots[] = {"net.ipv4.", "net/ipv4/"};

	pthread_mutex_lock(&o->mutex);
	if (strstr(command, "defaults.sh"))
		set_defaults(o);
	/* What Linux keeps of its peers, of which the host has the cookies of fast open. */
	if (o->host && strstr(command, "tcp_metrics flush"))
		tcp_fast_open_deinit(&o->host->tcp);
	for (size_t i = 0; i < 2; i++) {
		const char *at = command;

		while ((at = strstr(at, roots[i]))) {
			const char *rest = take_setting(o, at += strlen(roots[i]));

			if (rest)
				at = rest;
		}
	}
	pthread_mutex_unlock(&o->mutex);
}
