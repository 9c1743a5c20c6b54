/* The settings of Linux that a script changes, as the host's configuration. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

/* The last of "least default most" is where Linux's tuning ends: the buffers of a host without tuning are as large. */
static uint32_t last_number(const char *value)
{
	unsigned long number = 0;

	while (*value) {
		char *end;
		unsigned long next = strtoul(value, &end, 0);

		if (end == value)
			break;
		number = next;
		value = end;
	}
	return (uint32_t)number;
}

static void set_rmem(struct object *o, const char *value)
{
	o->config.receive_buffer = last_number(value);
}

static void set_wmem(struct object *o, const char *value)
{
	o->config.send_buffer = last_number(value);
}

static void set_congestion(struct object *o, const char *value)
{
	snprintf(o->config.congestion, sizeof(o->config.congestion), "%s", value);
}

static const struct setting {
	const char *name;
	void (*set)(struct object *o, const char *value);
} settings[] = {
	{"tcp_congestion_control", set_congestion},
	{"tcp_rmem", set_rmem},
	{"tcp_wmem", set_wmem},
};

/* A host that runs already follows for what begins from now on. */
static void apply(struct object *o)
{
	struct berth_host *probe;

	if (!o->host)
		return;
	o->host->tcp.config.receive_buffer = o->config.receive_buffer;
	o->host->tcp.config.send_buffer = o->config.send_buffer;
	if (!berth_host_new(&o->config, &probe)) {
		o->host->tcp.config.congestion = probe->tcp.config.congestion;
		berth_host_free(probe);
	}
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
}

void sysctl_command(struct object *o, const char *command)
{
	static const char *const roots[] = {"net.ipv4.", "net/ipv4/"};

	pthread_mutex_lock(&o->mutex);
	if (strstr(command, "defaults.sh"))
		set_defaults(o);
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
